// ONNX files from disk, with the files beside them in which large models keep their weights.
import { dirname, isAbsolute, join, normalize, sep } from "node:path";
import { readRegularFile } from "../../data/file.node.ts";
import { knownOptions, text } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import { type ImportOnnxOptions, importOnnx, type OnnxModel } from "./import/model.ts";
import { readModelProto } from "./proto/file.ts";
import type { GraphProto, TensorProto } from "./proto/messages.ts";

/** Most that a file of a model may hold. */
const MOST_BYTES = 2 ** 33;

/** Every array in a graph and in the graphs within it. */
function* tensorsOf(graph: GraphProto): Generator<TensorProto> {
  yield* graph.initializer;
  for (const node of graph.node) {
    for (const { t, tensors, g } of node.attribute) {
      if (t !== undefined) yield t;
      yield* tensors;
      if (g !== undefined) yield* tensorsOf(g);
    }
  }
}

/**
 * Reads a network from an ONNX file on disk as a model: see `importOnnx`. Weights that the model keeps in other files are read from its
 * folder.
 * @throws as `importOnnx`; Error naming a file that can't be read, or one that would lie outside the model's folder.
 * @example
 * ```ts
 * const { mkdtempSync } = await import("node:fs");
 * const path = `${mkdtempSync("/tmp/onnx-")}/model.onnx`;
 * await saveOnnx(new Sequential([new Dense(1, { weights: "ones" })], { inputShape: [2] }), path);
 * predict(await loadOnnx(path), tensor([[1, 2]])).item(); // 3
 * ```
 */
export async function loadOnnx(
  path: string,
  options: Omit<ImportOnnxOptions, "name" | "externalData"> = {},
): Promise<OnnxModel> {
  text("loadOnnx", "the path", path);
  knownOptions("loadOnnx", options, ["parameters", "batch"]);
  const bytes = await readRegularFile(path, MOST_BYTES);
  return importOnnx(bytes, { ...options, name: path, externalData: await readFurtherFiles(path, bytes) });
}

/** The files beside an ONNX file in which it keeps weights, by the names that it has for them. */
export async function readFurtherFiles(path: string, bytes: Uint8Array): Promise<Record<string, Uint8Array>> {
  const externalData: Record<string, Uint8Array> = Object.create(null);
  for (const { name, dataLocation, externalData: entries } of tensorsOf(readModelProto(bytes, path).graph)) {
    if (dataLocation !== 1) continue;
    const location = entries.find(({ key }) => key === "location")?.value;
    if (location === undefined || Object.hasOwn(externalData, location)) continue;
    // A file from elsewhere must not make this one read what is not its own.
    const plain = normalize(location);
    if (isAbsolute(plain) || plain === ".." || plain.startsWith(`..${sep}`)) {
      throw new Error(`${path}: tensor ${quote(name ?? "")} is in ${quote(location)}, outside the model's folder`);
    }
    externalData[location] = await readRegularFile(join(dirname(path), plain), MOST_BYTES);
  }
  return externalData;
}
