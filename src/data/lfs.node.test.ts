// Whoever has a file of Git LFS without its content is told so, whatever the file was to be.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { inFolder } from "../../test/python.ts";
import * as onnx from "../io/onnx/index.node.ts";
import * as nabla from "../node.ts";

const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"4d".repeat(32)}\nsize 12345\n`;
const bytes = new TextEncoder().encode(pointer);
const said = "a Git LFS pointer instead of the file itself, which has 12345 bytes; fetch it with git lfs pull";
const tfjs = '{"weightsManifest":[{"paths":["w.bin"],"weights":[{"name":"w","shape":[1],"dtype":"float32"}]}]}';

test.each<[string, (path: string) => unknown]>([
  ["a.safetensors", nabla.loadSafetensors],
  ["a.safetensors.index.json", nabla.loadSafetensors],
  ["a.npy", nabla.loadNpy],
  ["a.npz", nabla.loadNpz],
  ["a.pt", nabla.loadPyTorch],
  ["a.keras", nabla.loadKeras],
  ["a.weights.h5", nabla.loadKeras],
  ["model.json", nabla.loadTfjs],
  ["a.onnx", onnx.loadOnnx],
  ["a.wav", nabla.loadWav],
  ["a.png", nabla.readImageFile],
  ["a.csv", async (path) => (await nabla.Dataset.from(nabla.csvFileRows(path)).toArray()).length],
  ["bank/train.txt", (path) => nabla.loadSst({ folder: dirname(path) })],
])("in the place of %s", async (name, read) => {
  await inFolder(async (folder) => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    for (const part of ["dev", "test"]) writeFileSync(join(dirname(path), `${part}.txt`), "(2 a)\n");
    writeFileSync(path, pointer);
    await expect((async () => read(path))()).rejects.toThrow(`${path}: ${said}`);
  });
});

test("in the place of what another file names: the weights of a model.json", async () => {
  expect(() => nabla.readTfjs(tfjs, [bytes], "model.json")).toThrow(`model.json: w.bin: ${said}`);
  await inFolder(async (folder) => {
    writeFileSync(join(folder, "model.json"), tfjs);
    writeFileSync(join(folder, "w.bin"), pointer);
    await expect(nabla.loadTfjs(join(folder, "model.json"))).rejects.toThrow(`w.bin: ${said}`);
  });
});
