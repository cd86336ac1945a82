// A model as safetensors bytes: its parameters by name, its architecture as metadata.
import type { Bytes } from "../engine/dtype.ts";
import { type ModelConfig, Sequential } from "../nn/sequential.ts";
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
  const tensors: Record<string, Tensor> = {};
  for (const parameter of model.parameters) tensors[parameter.name] = parameter.tensor;
  return writeSafetensors(tensors, { ...metadata, format: "nabla", architecture: JSON.stringify(model.config()) });
}

/**
 * The model from bytes that `saveModel` gave.
 * @param name what to call the file in errors.
 * @throws Error if the bytes are damaged, hold no architecture, or hold other parameters than it has.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2)], { inputShape: [3], seed: 1 });
 * const again = loadModel(saveModel(model));
 * const x = ones([1, 3]);
 * again.call(x).equal(model.call(x)).toArray(); // [[true, true]]
 * ```
 */
export function loadModel(bytes: Uint8Array, name = "model file"): Sequential {
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
    const model = Sequential.fromConfig(config);
    loadParameters(model, file, name);
    return model;
  });
}

/**
 * Fills a model's parameters from a file's tensors of the same names and shapes.
 * @param name what to call the file in errors.
 * @throws Error naming the first parameter that is missing; RangeError or TypeError for one of another shape or dtype.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(1)], { inputShape: [2] });
 * const tensors = { "0.dense.weights": tensor([[1], [2]]), "0.dense.bias": tensor([3]) };
 * loadParameters(model, { tensors, metadata: {} });
 * model.call(tensor([[1, 1]])).toArray(); // [[6]]
 * ```
 */
export function loadParameters(model: Sequential, file: SafetensorsFile, name = "file"): void {
  for (const parameter of model.parameters) {
    if (!Object.hasOwn(file.tensors, parameter.name)) {
      const names = Object.keys(file.tensors);
      const more = names.length > 20 ? `, and ${names.length - 20} more` : "";
      throw new Error(
        `${name}: has no parameter ${parameter.name}; it belongs to another architecture (it has ${names.slice(0, 20).join(", ")}${more})`,
      );
    }
  }
  for (const parameter of model.parameters) parameter.assign(file.tensors[parameter.name]);
}
