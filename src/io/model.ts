// A model as safetensors bytes: its parameters by name, its architecture as metadata.
import { bytesOfFile, fields, knownOptions, text } from "../engine/checks.ts";
import type { Bytes, DType } from "../engine/dtype.ts";
import type { Parameter } from "../nn/parameters.ts";
import { checkModel, type ModelConfig, Sequential } from "../nn/sequential.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { scope } from "../tensor/tensor.ts";
import { readSafetensors, type SafetensorsFile, writeSafetensors } from "./safetensors.ts";

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
export function saveModel(model: Sequential, metadata: Readonly<Record<string, string>> = {}): Bytes {
  checkModel("saveModel", model);
  const tensors: Record<string, Tensor> = {};
  for (const parameter of model.parameters) tensors[parameter.name] = parameter.tensor;
  return writeSafetensors(tensors, { ...metadata, format: "nabla", architecture: JSON.stringify(model.config()) });
}

/**
 * The model from bytes that `saveModel` gave.
 * @param name what to call the file in errors.
 * @throws Error if the bytes are damaged, hold no architecture, or hold other parameters than it has, or parameters that are NaN or
 * infinite (unless `options.allowNonFinite`).
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2)], { inputShape: [3], seed: 1 });
 * const again = loadModel(saveModel(model));
 * const x = ones([1, 3]);
 * again.call(x).equal(model.call(x)).toArray(); // [[true, true]]
 * ```
 */
export function loadModel(bytes: Uint8Array, name = "model file", options: LoadOptions = {}): Sequential {
  knownOptions("loadModel", options, ["allowNonFinite"]);
  bytesOfFile("loadModel", bytes);
  text("loadModel", "name", name);
  return scope(() => {
    const file = readSafetensors(bytes, name);
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
    let model: Sequential;
    try {
      // Nothing is reserved for parameters that the file does not hold.
      model = Sequential.fromConfig(config, 0, (parameters, dtype) => {
        known = true;
        checkParameters(parameters, dtype, file, name, options);
      });
    } catch (cause) {
      if (known) throw cause;
      throw new Error(`${name}: its architecture can't be built: ${(cause as Error).message}`, { cause });
    }
    for (const parameter of model.parameters) parameter.assign(file.tensors[parameter.name]);
    return model;
  });
}

/** What `loadModel` and `loadParameters` may be told. */
export interface LoadOptions {
  /** Take parameters that are NaN or infinite, with which a model answers NaN. Default false: they are refused. */
  allowNonFinite?: boolean;
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
export function loadParameters(
  model: Sequential,
  file: SafetensorsFile,
  name = "file",
  options: LoadOptions = {},
): void {
  knownOptions("loadParameters", options, ["allowNonFinite"]);
  checkModel("loadParameters", model);
  fields("loadParameters", "the file's tensors", fields("loadParameters", "the file", file).tensors);
  text("loadParameters", "name", name);
  // All are looked at before any is taken: a file that does not fit leaves the model as it was.
  checkParameters(model.parameters, model.dtype, file, name, options);
  for (const parameter of model.parameters) parameter.assign(file.tensors[parameter.name]);
}

function checkParameters(
  parameters: readonly Parameter[],
  dtype: DType,
  file: SafetensorsFile,
  name: string,
  options: LoadOptions,
): void {
  for (const parameter of parameters) checkParameter(parameter, dtype, file, name, options);
}

function checkParameter(
  parameter: Parameter,
  dtype: DType,
  file: SafetensorsFile,
  name: string,
  { allowNonFinite }: LoadOptions,
): void {
  const owner = `${name}: parameter ${parameter.name}`;
  if (!Object.hasOwn(file.tensors, parameter.name)) {
    const names = Object.keys(file.tensors);
    const more = names.length > 20 ? `, and ${names.length - 20} more` : "";
    throw new Error(
      `${name}: has no parameter ${parameter.name}; it belongs to another architecture (it has ${names.slice(0, 20).join(", ")}${more})`,
    );
  }
  const values = file.tensors[parameter.name];
  if (!sameShape(values.shape, parameter.shape)) {
    throw new RangeError(
      `${owner} has shape ${formatShape(values.shape)}, the model's ${formatShape(parameter.shape)}; it belongs to another architecture`,
    );
  }
  if (values.dtype !== dtype) {
    throw new TypeError(`${owner} is ${values.dtype}, the model's ${dtype}; make the model with that dtype`);
  }
  if (allowNonFinite === true) return;
  const numbers = values.dataSync() as Float32Array | Float64Array;
  const bad = numbers.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new RangeError(
      `${owner} holds ${String(numbers[bad])} (element ${bad}), with which a model answers what is no number; load a file from before training went wrong, or set allowNonFinite`,
    );
  }
}
