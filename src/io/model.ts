// A model as safetensors bytes: its parameters by name, its architecture as metadata.
import { bytesOfFile, fields, knownOptions, text } from "../engine/checks.ts";
import type { Bytes } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import { checkModel, type Model, type ModelConfig } from "../nn/model.ts";
import { modelFromConfig } from "../nn/model-config.ts";
import { checkParameters, type LoadOptions } from "../nn/parameters.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { scope } from "../tensor/tensor.ts";
import { readSafetensors, type SafetensorsFile, writeSafetensors } from "./safetensors.ts";

/** What this version writes; it reads files of up to this version. */
const VERSION = 1;

/** The texts that say what model a file holds. */
export function modelTexts(model: Model): Record<string, string> {
  return { format: "nabla", version: String(VERSION), architecture: JSON.stringify(model.config()) };
}

/** Throws for a file that was written by a newer version. Those of before it was written have none. */
export function checkVersion(name: string, { version, format }: Readonly<Record<string, string>>): void {
  if (format !== "nabla" || version === undefined) return;
  if (!/^[1-9][0-9]{0,8}$/.test(version))
    throw new Error(`${name}: its version is ${quote(version)}; the file is damaged`);
  if (Number(version) <= VERSION) return;
  throw new Error(
    `${name}: was written by a newer Nabla, its version is ${version} and this one reads up to ${VERSION}; update Nabla`,
  );
}

/**
 * The model as safetensors bytes, parameters and architecture, with text beside them (class names, training figures).
 * Equal models give equal bytes.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2)], { inputShape: [3], seed: 1 });
 * const bytes = saveModel(model, { classes: "cat, dog" });
 * loadModel(bytes).parameterCount; // 8
 * readSafetensors(bytes).metadata["classes"]; // "cat, dog"
 * ```
 */
export function saveModel(model: Model, metadata: Readonly<Record<string, string>> = {}): Bytes {
  checkModel("saveModel", model);
  const tensors: Record<string, Tensor> = {};
  for (const { name, parameter } of model.named) tensors[name] = parameter.tensor;
  return writeSafetensors(tensors, { ...metadata, ...modelTexts(model) });
}

/**
 * The model from bytes that `saveModel` or `saveTraining` gave. Layers of your own have to be registered before, `registerLayer`.
 * @param name what to call the file in errors.
 * @throws Error if the bytes are damaged, were written by a newer version, hold no architecture, or hold other parameters than it has, or parameters that are NaN or
 * infinite (unless `options.allowNonFinite`).
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2)], { inputShape: [3], seed: 1 });
 * const again = loadModel(saveModel(model));
 * const x = ones([1, 3]);
 * again.call(x).equal(model.call(x)).toArray(); // [[true, true]]
 * ```
 */
export function loadModel(bytes: Uint8Array, name = "model file", options: LoadOptions = {}): Model {
  knownOptions("loadModel", options, ["allowNonFinite"]);
  bytesOfFile("loadModel", bytes);
  text("loadModel", "name", name);
  return scope(() => modelOf(name, readSafetensors(bytes, name), options));
}

/** The model that a file holds. */
export function modelOf(name: string, file: SafetensorsFile, options: LoadOptions): Model {
  checkVersion(name, file.metadata);
  const architecture = file.metadata["architecture"];
  if (architecture === undefined) {
    throw new Error(`${name}: holds tensors but no architecture; build the model yourself and use loadParameters`);
  }
  let config: ModelConfig;
  try {
    config = JSON.parse(architecture) as ModelConfig;
  } catch {
    throw new Error(`${name}: the architecture is not JSON; the file is damaged`);
  }
  let known = false;
  let model: Model;
  try {
    // Nothing is reserved for parameters that the file does not hold.
    model = modelFromConfig(config, 0, (parameters, dtype) => {
      known = true;
      checkParameters(name, parameters, dtype, file.tensors, options);
    });
  } catch (cause) {
    if (known) throw cause;
    throw new Error(`${name}: its architecture can't be built: ${(cause as Error).message}`, { cause });
  }
  for (const each of model.named) each.parameter.assign(file.tensors[each.name]);
  return model;
}

/**
 * Fills a model's parameters from a file's tensors of the same names and shapes.
 * @param name what to call the file in errors.
 * @throws Error naming the first parameter that is missing; RangeError for one of another shape, or that is NaN or infinite (unless
 * `options.allowNonFinite`); TypeError for one of another dtype. The model is then as it was.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(1)], { inputShape: [2] });
 * const tensors = { "0.dense.weights": tensor([[1], [2]]), "0.dense.bias": tensor([3]) };
 * loadParameters(model, { tensors, metadata: {} });
 * model.call(tensor([[1, 1]])).toArray(); // [[6]]
 * ```
 */
export function loadParameters(model: Model, file: SafetensorsFile, name = "file", options: LoadOptions = {}): void {
  knownOptions("loadParameters", options, ["allowNonFinite"]);
  checkModel("loadParameters", model);
  fields("loadParameters", "the file's tensors", fields("loadParameters", "the file", file).tensors);
  text("loadParameters", "name", name);
  // All are looked at before any is taken: a file that does not fit leaves the model as it was.
  checkParameters(name, model.named, model.dtype, file.tensors, options);
  for (const each of model.named) each.parameter.assign(file.tensors[each.name]);
}
