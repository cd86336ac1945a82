// Files that hold networks, or weights of networks, opened by what they are: runs, Nabla's models, tensors by name, ONNX.
import { existsSync, statSync } from "node:fs";
import { readRegularFile } from "../src/data/file.node.ts";
import { kerasModel } from "../src/io/keras/model.ts";
import { loadKeras, loadTfjs } from "../src/io/keras.node.ts";
import { modelOf } from "../src/io/model.ts";
import { loadNpz } from "../src/io/npy.node.ts";
import { readFurtherFiles } from "../src/io/onnx/load.node.ts";
import { loadPyTorch } from "../src/io/pytorch.node.ts";
import { loadSafetensors } from "../src/io/safetensors.node.ts";
import { listTensors } from "../src/io/tensor-entries.node.ts";
import type { Model } from "../src/nn/model.ts";
import { scope, type Tensor } from "../src/tensor/tensor.ts";
import { UserError } from "./errors.ts";
import { RunFolder } from "./run-folder.ts";
import { kindOfRun } from "./run-kind.ts";
import { newestNetwork } from "./run-newest.ts";

/** A tensor in a file, with its type there. */
export interface TensorEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** What a file turned out to be. */
export type ModelFile =
  | {
      readonly kind: "model";
      readonly format: "run" | "nabla" | "keras" | "tfjs";
      readonly model: Model;
      /** Texts beside the model. */
      readonly metadata: Readonly<Record<string, string>>;
      /** Tensors that are no parameters: what an optimiser remembers. */
      readonly more: readonly string[];
    }
  | {
      readonly kind: "tensors";
      readonly format: string;
      readonly entries: readonly TensorEntry[];
      /** Empty where names were all that was asked for. */
      readonly tensors: Readonly<Record<string, Tensor>>;
      readonly metadata: Readonly<Record<string, string>>;
      /** Why it is not read as a model, where it says that it is one. */
      readonly remark?: string;
    }
  | {
      readonly kind: "onnx";
      readonly format: "onnx";
      readonly bytes: Uint8Array;
      readonly externalData: Readonly<Record<string, Uint8Array>>;
    };

/** Texts of Nabla's own in a file. */
const OWN_TEXTS = new Set(["format", "version", "architecture", "state", "records", "training"]);

/** Texts in which Keras and TensorFlow.js have the architecture, and how it was trained. */
const KERAS_TEXTS = ["config", "model_config"];
const KERAS_OWN = new Set([...KERAS_TEXTS, "training_config", "metadata"]);

/** The largest ONNX file: what the format allows. */
const LARGEST = 2 ** 31;

interface TensorReader {
  readonly format: string;
  read(path: string): Promise<{ tensors: Record<string, Tensor>; metadata: Record<string, string> }>;
}

const pytorch: TensorReader = {
  format: "pytorch",
  read: async (path) => {
    const { tensors, metadata } = await loadPyTorch(path);
    return { tensors, metadata };
  },
};

const keras: TensorReader = { format: "keras", read: (path) => loadKeras(path) };

const TENSOR_READERS: Readonly<Record<string, TensorReader>> = {
  ...{ ".pt": pytorch, ".pth": pytorch, ".bin": pytorch, ".ckpt": pytorch },
  ...{ ".h5": keras, ".hdf5": keras, ".keras": keras },
  ".json": { format: "tfjs", read: loadTfjs },
  ".npz": { format: "npz", read: loadNpz },
  ".safetensors": { format: "safetensors", read: loadSafetensors },
};

/** Endings of files that can be read. */
export const READABLE = [
  ".safetensors",
  ".onnx",
  ...Object.keys(TENSOR_READERS).filter((ending) => ending !== ".safetensors"),
];

/** The ending of a path, in small letters. */
export function endingOf(path: string): string {
  return /\.[^./\\]*$/.exec(path)?.[0].toLowerCase() ?? "";
}

/**
 * Opens what lies at a path. With `namesOnly` tensors that are no model's are listed, not read.
 * @throws UserError if there is nothing, it is of a kind that is not known, or it is damaged.
 */
export async function openModelFile(
  path: string,
  say: (line: string) => void,
  { namesOnly = false } = {},
): Promise<ModelFile> {
  if (!existsSync(path)) throw new UserError(`there is no file ${path}`);
  if (statSync(path).isDirectory()) return openRun(path, say);
  const ending = endingOf(path);
  try {
    if (ending === ".onnx") {
      const bytes = await readRegularFile(path, LARGEST);
      return {
        kind: "onnx",
        format: "onnx",
        bytes,
        externalData: namesOnly ? {} : await readFurtherFiles(path, bytes),
      };
    }
    const reader = TENSOR_READERS[ending];
    if (reader !== undefined && namesOnly) {
      const { entries, metadata, format } = await listTensors(path);
      if (metadata["architecture"] === undefined && !hasKerasArchitecture(reader.format, metadata))
        return { kind: "tensors", format, entries, tensors: {}, metadata };
    }
    if (reader !== undefined) return modelOrTensors(path, reader.format, await reader.read(path), say);
  } catch (error) {
    throw error instanceof UserError ? error : new UserError(messageOf(path, error), { cause: error });
  }
  throw new UserError(
    `${path}: a file of this kind is not known; there are ${READABLE.join(", ")}, told by their endings, and folders of runs`,
  );
}

/** What went wrong, with the file's name. */
export function messageOf(path: string, error: unknown): string {
  const { message } = error as Error;
  return message.includes(path) ? message : `${path}: ${message}`;
}

function openRun(path: string, say: (line: string) => void): ModelFile {
  const { model, metadata } = newestNetwork(new RunFolder(path, kindOfRun(path)), say);
  return { kind: "model", format: "run", model, metadata: withoutOwn(metadata), more: [] };
}

function withoutOwn(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => !OWN_TEXTS.has(key)));
}

function modelOrTensors(
  path: string,
  format: string,
  { tensors, metadata }: { tensors: Record<string, Tensor>; metadata: Record<string, string> },
  say: (line: string) => void,
): ModelFile {
  const entries = Object.entries(tensors).map(([name, { shape, dtype }]) => ({ name, shape, dtype }));
  if (hasKerasArchitecture(format, metadata)) {
    const texts = Object.fromEntries(Object.entries(metadata).filter(([key]) => !KERAS_OWN.has(key)));
    try {
      const { model, notes } = kerasModel({ tensors, metadata }, { name: path, allowNonFinite: true });
      for (const note of notes) say(`${path}: ${note}`);
      return { kind: "model", format, model, metadata: texts, more: [] };
    } catch (error) {
      const remark = (error as Error).message;
      return { kind: "tensors", format, entries, tensors, metadata: texts, remark };
    }
  }
  if (metadata["architecture"] === undefined) return { kind: "tensors", format, entries, tensors, metadata };
  try {
    const model = scope(() => modelOf(path, { tensors, metadata }, { allowNonFinite: true }));
    const own = new Set(model.named.map(({ name }) => name));
    const more = Object.keys(tensors).filter((name) => !own.has(name));
    return { kind: "model", format: "nabla", model, metadata: withoutOwn(metadata), more };
  } catch (error) {
    const remark = (error as Error).message;
    return { kind: "tensors", format, entries, tensors, metadata: withoutOwn(metadata), remark };
  }
}

/** Whether a file of Keras or TensorFlow.js says what its weights belong to. */
function hasKerasArchitecture(format: string, metadata: Readonly<Record<string, string>>): format is "keras" | "tfjs" {
  return (format === "keras" || format === "tfjs") && KERAS_TEXTS.some((key) => metadata[key] !== undefined);
}
