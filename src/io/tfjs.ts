// Weights of TensorFlow.js: model.json with a list of what there is, and files of numbers beside it, one after the other, on which the list goes by. Numbers may be
// quantised to 8 or 16 bits.
// Source: tfjs-core's io/types.ts and io_utils.ts, 4.22.
import { refuseLfsPointer } from "../data/lfs.ts";
import { bytesOfFile, list, text } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape, MAXIMUM_RANK, sizeOf } from "../tensor/shape.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { decodeElements, STORED_TYPES } from "./elements.ts";
import type { TensorFile } from "./safetensors.ts";
import type { Damaged } from "./zip.ts";

/** One tensor of the list. */
interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32" | "bool";
  readonly quantization:
    | { readonly dtype: "uint8" | "uint16" | "float16"; readonly scale: number; readonly min: number }
    | undefined;
}

interface Group {
  readonly paths: readonly string[];
  readonly weights: readonly Weight[];
}

/**
 * The files that a model.json of TensorFlow.js asks for, in the order in which `readTfjs` takes them; relative to where it lies.
 * @param json its text.
 * @param name what to call it in errors.
 * @throws Error for what is no such file, or names files elsewhere.
 * @example
 * ```ts
 * const json = '{"weightsManifest":[{"paths":["group1-shard1of1.bin"],"weights":[{"name":"w","shape":[1],"dtype":"float32"}]}]}';
 * tfjsFiles(json); // ["group1-shard1of1.bin"]
 * ```
 */
export function tfjsFiles(json: string, name = "model.json"): string[] {
  text("tfjsFiles", "the first argument", json);
  text("tfjsFiles", "name", name);
  return manifestOf(json, name).groups.flatMap(({ paths }) => paths);
}

/**
 * The weights of a model of TensorFlow.js, layers or graph, quantised ones (uint8, uint16, float16) as float32.
 * `loadParameters(model, file, { from: "keras" })` takes those of layers, and `kerasModel` makes the model.
 * @param json the text of model.json.
 * @param files the bytes of the files that it names, in the order of `tfjsFiles`.
 * @param name what to call it in errors.
 * @throws Error naming the file and what is wrong: more or fewer bytes than the weights take, dtypes that are not supported.
 * @example
 * ```ts
 * const json = '{"weightsManifest":[{"paths":["a.bin"],"weights":[{"name":"w","shape":[2],"dtype":"float32"}]}]}';
 * const { tensors } = readTfjs(json, [new Uint8Array(Float32Array.of(1, 2).buffer)]);
 * tensors["w"].toArray(); // [1, 2]
 * ```
 */
export function readTfjs(json: string, files: readonly Uint8Array[], name = "model.json"): TensorFile {
  const owner = "readTfjs";
  text(owner, "the first argument", json);
  text(owner, "name", name);
  for (const file of list(owner, "the files", files)) bytesOfFile(owner, file);
  const { groups, metadata, damaged } = manifestOf(json, name);
  const wanted = groups.reduce((sum, { paths }) => sum + paths.length, 0);
  if (files.length !== wanted)
    throw new Error(`${name}: names ${wanted} files of weights, and ${files.length} are given`);
  groups.flatMap(({ paths }) => paths).forEach((path, i) => void refuseLfsPointer(`${name}: ${path}`, files[i]));
  return scope(() => {
    const tensors: Record<string, Tensor> = Object.create(null);
    let at = 0;
    for (const { paths, weights } of groups) {
      const bytes = joined(files.slice(at, at + paths.length));
      at += paths.length;
      let offset = 0;
      for (const weight of weights) {
        if (Object.hasOwn(tensors, weight.name)) throw damaged(`two weights are called ${quote(weight.name)}`);
        const size = bytesOfWeight(weight);
        if (!(offset + size <= bytes.length)) {
          throw damaged(
            `weight ${quote(weight.name)} of shape ${formatShape(weight.shape)} ends beyond the ${bytes.length} bytes of ${paths.map(quote).join(", ")}`,
          );
        }
        tensors[weight.name] = tensorOf(weight, bytes.subarray(offset, offset + size));
        offset += size;
      }
      if (offset < bytes.length)
        throw damaged(`${bytes.length - offset} bytes follow the last weight in ${paths.map(quote).join(", ")}`);
    }
    return { tensors, metadata };
  });
}

function bytesOfWeight({ shape, dtype, quantization }: Weight): number {
  const size = STORED_TYPES[quantization?.dtype ?? dtype].bytes;
  return shape.includes(0) ? 0 : sizeOf(shape) * size;
}

function tensorOf({ shape, dtype, quantization }: Weight, bytes: Uint8Array): Tensor {
  if (quantization === undefined) return tensor(decodeElements(dtype, bytes), { dtype, shape });
  const codes = decodeElements(quantization.dtype, bytes);
  if (quantization.dtype === "float16") return tensor(codes, { dtype, shape });
  const { scale, min } = quantization;
  const values = new Float64Array(codes.length);
  for (let i = 0; i < codes.length; i++)
    values[i] = dtype === "int32" ? Math.round(codes[i] * scale + min) : codes[i] * scale + min;
  return tensor(values, { dtype, shape });
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function manifestOf(
  json: string,
  name: string,
): { groups: Group[]; metadata: Record<string, string>; damaged: Damaged } {
  const damaged: Damaged = (what) =>
    new Error(`${name}: ${what}; the file is damaged or no model.json of TensorFlow.js`);
  refuseLfsPointer(name, json);
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    throw damaged("is not JSON");
  }
  const model = (typeof parsed === "object" && parsed !== null ? parsed : {}) as Record<string, unknown>;
  // A bare manifest is a list; a model has it among other things.
  const manifest: unknown = Array.isArray(parsed) ? parsed : model["weightsManifest"];
  if (!Array.isArray(manifest)) throw damaged("has no weightsManifest");
  const metadata: Record<string, string> = Object.create(null);
  for (const key of ["format", "generatedBy", "convertedBy"]) {
    const value = model[key];
    if (typeof value === "string") metadata[key] = value;
  }
  // The architecture, which `kerasModel` reads. A graph model has nodes of TensorFlow there.
  const topology = model["modelTopology"];
  if (model["format"] !== "graph-model" && typeof topology === "object" && topology !== null)
    metadata["config"] = JSON.stringify(topology);
  const groups = (manifest as unknown[]).map((group) => {
    const { paths, weights } = (typeof group === "object" && group !== null ? group : {}) as Record<string, unknown>;
    if (!Array.isArray(paths) || !Array.isArray(weights)) throw damaged("a group of weights without paths or weights");
    return {
      paths: (paths as unknown[]).map((path) => pathOf(path, damaged)),
      weights: (weights as unknown[]).map((weight) => weightOf(weight, damaged)),
    };
  });
  return { groups, metadata, damaged };
}

function pathOf(path: unknown, damaged: Damaged): string {
  if (typeof path !== "string" || path === "" || /^([/\\]|[A-Za-z]:)|\\|(^|\/)\.\.(\/|$)/.test(path)) {
    throw damaged(`weights in ${quote(path)}, which is no path of a file below`);
  }
  return path.replace(/^(\.\/)+/, "");
}

function weightOf(value: unknown, damaged: Damaged): Weight {
  const { name, shape, dtype, quantization } = (typeof value === "object" && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  if (typeof name !== "string") throw damaged("a weight without a name");
  const wrong: Damaged = (what) => damaged(`weight ${quote(name)}: ${what}`);
  const counts =
    Array.isArray(shape) && shape.every((n): n is number => Number.isSafeInteger(n) && n >= 0 && n < 2 ** 31);
  if (!counts) throw wrong(`the shape is ${shape === undefined ? "missing" : quote(shape)}, not a list of sizes`);
  if (shape.length > MAXIMUM_RANK) throw wrong(`${shape.length} axes, and at most ${MAXIMUM_RANK} are supported`);
  if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool") {
    throw wrong(`dtype ${dtype === undefined ? "missing" : quote(dtype)} is not supported (float32, int32, bool are)`);
  }
  if (quantization === undefined || quantization === null) return { name, shape, dtype, quantization: undefined };
  const { dtype: stored, scale, min } = quantization as Record<string, unknown>;
  if (stored === "float16" && dtype === "float32")
    return { name, shape, dtype, quantization: { dtype: stored, scale: 1, min: 0 } };
  if ((stored !== "uint8" && stored !== "uint16") || dtype === "bool") {
    throw wrong(
      `${quote(dtype)} quantised to ${stored === undefined ? "nothing named" : quote(stored)} is not supported (uint8, uint16, and float32 to float16 are)`,
    );
  }
  if (typeof scale !== "number" || !Number.isFinite(scale) || typeof min !== "number" || !Number.isFinite(min)) {
    throw wrong("quantised without scale and min");
  }
  return { name, shape, dtype, quantization: { dtype: stored, scale, min } };
}
