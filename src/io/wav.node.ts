// WAV on disk.
import { readRegularFile } from "../data/file.node.ts";
import { text } from "../engine/checks.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { MOST_TENSOR_BYTES } from "./npy.node.ts";
import { writeNamed } from "./safetensors.node.ts";
import { readWav, type Wav, type WavWriteOptions, writeWav } from "./wav.ts";

/**
 * The sound in a WAV file: see `readWav`.
 * @throws Error naming the file and what is wrong.
 * @example
 * ```ts
 * const samplesOf = async (path: string) => (await loadWav(path)).samples;
 * ```
 */
export async function loadWav(path: string): Promise<Wav> {
  text("loadWav", "the path", path);
  return readWav(await readRegularFile(path, MOST_TENSOR_BYTES), path);
}

/**
 * Writes a sound to a WAV file, whole or not at all: see `writeWav`.
 * @throws what `writeWav` throws; Error naming the path where it can't be written.
 * @example
 * ```ts
 * const save = (path: string) => saveWav(path, tensor([[0, 0.5]]), { sampleRate: 8000 });
 * ```
 */
export async function saveWav(path: string, samples: Tensor, options: WavWriteOptions = {}): Promise<void> {
  text("saveWav", "the path", path);
  await writeNamed(path, writeWav(samples, options));
}
