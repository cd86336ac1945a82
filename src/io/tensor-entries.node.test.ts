// What a file of weights holds, by its first bytes.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inFolder } from "../../test/python.ts";
import { listTensors, tensor, writeNpy, writeNpz, writePyTorch, writeSafetensors } from "../node.ts";

const x = tensor([[1, 2]]);

test.each<[string, Uint8Array, string, string, string]>([
  ["a.safetensors", writeSafetensors({ x }), "safetensors", "x", "F32"],
  ["a.npy", writeNpy(x), "npy", "", "float32"],
  ["a.npz", writeNpz({ x }), "npz", "x", "float32"],
  ["a.pth", writePyTorch({ x }, { floats: "bfloat16" }), "pytorch", "x", "bfloat16"],
  ["pytorch_model.bin", writePyTorch({ x }), "pytorch", "x", "float32"],
])("%s", async (file, bytes, format, name, dtype) => {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, file), bytes);
    expect(await listTensors(join(folder, file))).toMatchObject({ format, entries: [{ name, shape: [1, 2], dtype }] });
  });
});

test("model.json of TensorFlow.js, and what is none of these", async () => {
  const { cases } = JSON.parse(
    readFileSync(new URL("../../test/oracle/tfjs-models.json", import.meta.url), "utf8"),
  ) as {
    cases: Record<string, { json: string; weights: string }>;
  };
  await inFolder(async (folder) => {
    writeFileSync(join(folder, "model.json"), cases["dense"].json);
    writeFileSync(join(folder, "model.weights.bin"), Buffer.from(cases["dense"].weights, "base64"));
    const { format, entries, metadata } = await listTensors(join(folder, "model.json"));
    expect(format).toBe("tfjs");
    expect(entries[0]).toMatchObject({ name: "dense_Dense1/kernel", shape: [3, 4] });
    expect(metadata["format"]).toBe("layers-model");
    writeFileSync(join(folder, "a.pt"), "hello");
    await expect(listTensors(join(folder, "a.pt"))).rejects.toThrow("a.pt: does not begin as PyTorch's files do");
    await expect(listTensors(join(folder, "none"))).rejects.toThrow("there is no such file or folder");
  });
});
