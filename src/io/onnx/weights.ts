// The weights of an ONNX file as tensors, without its graph.
import { bytesOfFile, knownOptions, text } from "../../engine/checks.ts";
import { tensor } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { furtherFiles, type OnnxReadOptions } from "./further-files.ts";
import { readTensorProto } from "./onnx-tensor.ts";
import { damagedFile, readModelProto } from "./proto/file.ts";

/** What an ONNX file holds beside its graph. */
export interface OnnxWeights {
  /** By the names that they have in the graph. Floats narrower than 32 bits have become float32. */
  tensors: Record<string, Tensor>;
  metadata: Record<string, string>;
  /** Constants of other types: whole numbers, truth values, texts. */
  left: readonly string[];
}

/**
 * The weights of an ONNX file by name: its constants of floating point. Those that Nabla wrote as they were have the names of the model's
 * parameters.
 * @throws Error naming the file and what is wrong with it, or the further file that holds a weight and is not given.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2)], { inputShape: [3] });
 * Object.keys(onnxWeights(exportOnnx(model)).tensors); // ["0.dense.weights", "0.dense.bias"]
 * ```
 */
export function onnxWeights(bytes: Uint8Array, options: OnnxReadOptions = {}): OnnxWeights {
  knownOptions("onnxWeights", options, ["name", "externalData"]);
  bytesOfFile("onnxWeights", bytes);
  const { name = "ONNX file" } = options;
  text("onnxWeights", "name", name);
  const damaged = damagedFile(name);
  const external = furtherFiles("onnxWeights", name, options.externalData);
  const { graph, metadataProps } = readModelProto(bytes, name);
  const tensors: Record<string, Tensor> = Object.create(null);
  const left: string[] = [];
  for (const proto of graph.initializer) {
    const { shape, data } = readTensorProto(proto, damaged, external);
    const key = proto.name ?? "";
    if (data instanceof Float32Array || data instanceof Float64Array)
      tensors[key] = tensor(data, { shape: [...shape] });
    else left.push(key);
  }
  const metadata = Object.fromEntries(metadataProps.map(({ key = "", value = "" }) => [key, value]));
  return { tensors, metadata, left };
}
