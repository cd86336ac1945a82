// Files of PyTorch on disk.
import { readRegularFile } from "../data/file.node.ts";
import { knownOptions, text } from "../engine/checks.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { MOST_TENSOR_BYTES } from "./npy.node.ts";
import { PYTORCH_READ_OPTIONS, type PyTorchFile, type PyTorchReadOptions, readPyTorch } from "./pytorch.ts";
import { type PyTorchWriteOptions, writePyTorch } from "./pytorch-write.ts";
import { writeNamed } from "./safetensors.node.ts";

/**
 * What `torch.save` wrote to a file: see `readPyTorch`.
 * @throws Error naming the file and what is wrong.
 * @example
 * ```ts
 * const weightsOf = async (path: string) => (await loadPyTorch(path)).tensors;
 * ```
 */
export async function loadPyTorch(path: string, options: PyTorchReadOptions = {}): Promise<PyTorchFile> {
  text("loadPyTorch", "the path", path);
  knownOptions("loadPyTorch", options, PYTORCH_READ_OPTIONS);
  return readPyTorch(await readRegularFile(path, MOST_TENSOR_BYTES), path, options);
}

/**
 * Writes tensors by name for `torch.load(path, weights_only=True)`, whole or not at all: see `writePyTorch`.
 * @throws what `writePyTorch` throws; Error naming the path where it can't be written.
 * @example
 * ```ts
 * const save = (path: string) => savePyTorch(path, { "fc.weight": tensor([[1, 2]]) });
 * ```
 */
export async function savePyTorch(
  path: string,
  tensors: Readonly<Record<string, Tensor>>,
  options: PyTorchWriteOptions = {},
): Promise<void> {
  text("savePyTorch", "the path", path);
  await writeNamed(path, writePyTorch(tensors, options));
}
