// One case: a file made and damaged by its number, given to a reader, and what came of it judged.
import { Random } from "./random.mjs";
import { results, run } from "./readers/command.mjs";
import { cifar, configs, csv, layout, pictures } from "./readers/datasets.mjs";
import { gif, webp } from "./readers/gif-webp.mjs";
import { folder, gzip } from "./readers/gzip.mjs";
import { idx } from "./readers/idx.mjs";
import { jpeg } from "./readers/jpeg.mjs";
import { keras } from "./readers/keras.mjs";
import { kerasArchitecture } from "./readers/keras-model.mjs";
import { npy, npz } from "./readers/npy.mjs";
import { onnx } from "./readers/onnx.mjs";
import { png } from "./readers/png.mjs";
import { pytorch } from "./readers/pytorch.mjs";
import { model, safetensors } from "./readers/safetensors.mjs";
import { tfjs } from "./readers/tfjs.mjs";
import { wav } from "./readers/wav.mjs";

/** Most that one file may take. */
export const LIMITS = { milliseconds: 2000, bytes: 256 * 2 ** 20 };

/** By name: `make(random)` gives a whole file, `damage(bytes, random)` a broken one, `read(bytes)` a value or an error; `named` is what errors must tell. */
const OWN = { csv, cifar, pictures, layout, configs };
export const READERS = {
  png,
  jpeg,
  gif,
  webp,
  gzip,
  idx,
  folder,
  ...OWN,
  safetensors,
  model,
  npy,
  npz,
  onnx,
  pytorch,
  tfjs,
  keras,
  "keras-model": kerasArchitecture,
  wav,
  results,
  run,
};

/** Every so many cases the file is left whole, and must be read. */
const WHOLE_EVERY = 16;

/** What only the language or a library says: whoever reads it learns nothing of the file. */
const RAW =
  /Cannot (read|set|convert|destructure|assign|mix|create|access|use|define)|(?<!got |type |dtype )undefined|is not (a function|iterable|a constructor|defined)|outside the bounds|Invalid (typed )?array|Invalid count|call stack|allocation failed|(?<!holds )\bNaN\b(?! or)|\[object |out of (bounds|range)|null \(reading|multiple of \d|BYTES_PER_ELEMENT/;

/** @returns `outcome`: read or refused; `failure`: what is wrong with that, if anything; `milliseconds` */
export async function runCase(name, seed, number) {
  const reader = READERS[name];
  const random = new Random(seed, number);
  const whole = reader.make(random);
  const intact = number % WHOLE_EVERY === 0;
  const bytes = intact ? whole : reader.damage(whole, random);
  const began = performance.now();
  let outcome = "read";
  let failure;
  try {
    const complaint = await reader.read(bytes);
    if (complaint !== undefined) failure = `read, but ${complaint}`;
  } catch (error) {
    outcome = "refused";
    failure = intact ? `a whole file was refused: ${error?.message}` : complaintAbout(error, reader.named);
  }
  const milliseconds = performance.now() - began;
  if (Object.keys(Object.prototype).length > 0) failure = `Object.prototype was given ${Object.keys(Object.prototype)}`;
  return { outcome, failure, milliseconds };
}

function complaintAbout(error, named) {
  if (!(error instanceof Error)) return `threw ${String(error)}`;
  if (!error.message.includes(named)) return `the error does not name the file: ${error.name}: ${error.message}`;
  // What a message quotes of the file is not the language's.
  if (RAW.test(error.message.replace(/"(?:[^"\\]|\\.)*"/g, "")))
    return `the error is the language's own: ${error.name}: ${error.message}`;
  if (error.message.length > 2000) return `the error is ${error.message.length} characters long`;
  return undefined;
}
