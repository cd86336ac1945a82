// ONNX files on disk.
import { writeFileAtomically } from "../../data/atomic.node.ts";
import { explain } from "../../data/file.node.ts";
import { text } from "../../engine/checks.ts";
import type { Model } from "../../nn/model.ts";
import { type ExportOnnxOptions, exportOnnx } from "./export/export.ts";

/**
 * Writes a model to an ONNX file, whole or not at all; missing folders are made. See `exportOnnx` for what is in it.
 * @throws as `exportOnnx`, before anything is written; Error naming a file that can't be written.
 * @example
 * ```ts
 * const { mkdtempSync, readdirSync } = await import("node:fs");
 * const folder = mkdtempSync("/tmp/onnx-");
 * const model = new Sequential([new Dense(2)], { inputShape: [3] });
 * await saveOnnx(model, `${folder}/model.onnx`);
 * readdirSync(folder); // ["model.onnx"]
 * ```
 */
export async function saveOnnx(model: Model, path: string, options: ExportOnnxOptions = {}): Promise<void> {
  text("saveOnnx", "the path", path);
  const bytes = exportOnnx(model, options);
  try {
    await writeFileAtomically(path, bytes);
  } catch (error) {
    throw new Error(`saveOnnx: ${path} can't be written: ${explain(error)}`, { cause: error });
  }
}
