// Safetensors on disk: single tensors, models in several files, and what is wrong with either.
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inFolder } from "../../test/python.ts";
import {
  loadSafetensors,
  openSafetensors,
  readSafetensorsIndex,
  saveSafetensors,
  tensor,
  writeSafetensors,
} from "../node.ts";

const first = { a: tensor([[1, 2, 3]]), b: tensor([true, false]) };
const second = { c: tensor([4], "int32"), d: tensor([], { shape: [0, 2] }) };

function writeShards(folder: string, map: Record<string, unknown>): string {
  writeFileSync(join(folder, "model-00001-of-00002.safetensors"), writeSafetensors(first, { format: "pt" }));
  writeFileSync(join(folder, "model-00002-of-00002.safetensors"), writeSafetensors(second));
  const index = join(folder, "model.safetensors.index.json");
  writeFileSync(index, JSON.stringify({ metadata: { total_size: 18 }, weight_map: map }));
  return index;
}
const [one, two] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
const map = { a: one, b: one, c: two, d: two };

test("a file, as it was saved; the folder is made", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "new/model.safetensors");
    await saveSafetensors(path, { ...first, ...second }, { note: "x" }, { floats: "float16" });
    await saveSafetensors(path, { ...first, ...second }, { note: "x" });
    const { tensors, metadata } = await loadSafetensors(path);
    expect(metadata).toEqual({ note: "x" });
    expect(tensors["a"].toArray()).toEqual([[1, 2, 3]]);
    expect(tensors["b"].toArray()).toEqual([true, false]);
    expect(tensors["c"].toArray()).toEqual([4]);
    expect(tensors["d"].shape).toEqual([0, 2]);
  });
});

test("single tensors: only they are read", async () => {
  const bytes = writeSafetensors({ ...first, ...second });
  const asked: number[] = [];
  const source = {
    size: bytes.length,
    read: (start: number, stop: number) => {
      asked.push(stop - start);
      return Promise.resolve(bytes.subarray(start, stop));
    },
  };
  const file = await openSafetensors(source, "a.safetensors");
  expect(file.entries.find(({ name }) => name === "a")).toEqual({ name: "a", shape: [1, 3], dtype: "F32" });
  asked.length = 0;
  expect((await file.read("c")).toArray()).toEqual([4]);
  expect(asked).toEqual([4]);
  await expect(file.read("z")).rejects.toThrow('a.safetensors: has no tensor "z"; it has');
  const blob = await openSafetensors(new Blob([bytes]));
  expect((await blob.readAll()).tensors["b"].toArray()).toEqual([true, false]);
  await expect(openSafetensors(7 as never)).rejects.toThrow(
    "openSafetensors: needs bytes, a Blob, or an object with size",
  );
});

test("a model in several files: by its index, by its folder, and single tensors of it", async () => {
  await inFolder(async (folder) => {
    const index = writeShards(folder, map);
    for (const path of [index, folder]) {
      const { tensors, metadata } = await loadSafetensors(path);
      expect(Object.keys(tensors).sort()).toEqual(["a", "b", "c", "d"]);
      expect(tensors["c"].toArray()).toEqual([4]);
      expect(metadata).toEqual({ format: "pt" });
    }
    const file = await openSafetensors(index);
    expect((await file.read("b")).toArray()).toEqual([true, false]);
    await file.close();
  });
});

test("what is wrong with an index is said", async () => {
  await inFolder(async (folder) => {
    let index = writeShards(folder, { ...map, e: two });
    await expect(loadSafetensors(index)).rejects.toThrow(
      `${index}: tensor "e" should be in ${two}, and is not; the files are not of one model`,
    );
    index = writeShards(folder, { ...map, e: "gone.safetensors" });
    await expect(loadSafetensors(index)).rejects.toThrow(/gone\.safetensors: there is no such file/);
    for (const outside of ["../x.safetensors", "/etc/passwd", "a\\b", "..", 7]) {
      index = writeShards(folder, { a: outside });
      await expect(loadSafetensors(index)).rejects.toThrow("which is no name of a file beside the index");
    }
    writeShards(folder, map);
    writeFileSync(join(folder, two), writeSafetensors({ ...second, a: tensor([0]) }));
    await expect(loadSafetensors(index)).rejects.toThrow(/holds tensor "a", as .*00001-of-00002\.safetensors does/);
  });
  expect(() => readSafetensorsIndex("{", "i.json")).toThrow("i.json: is not JSON");
  expect(() => readSafetensorsIndex("[]", "i.json")).toThrow("i.json: has no weight_map");
});

test("folders without one, with several, and files that are cut or none", async () => {
  await inFolder(async (folder) => {
    await expect(loadSafetensors(folder)).rejects.toThrow("a folder without a .safetensors file");
    await saveSafetensors(join(folder, "a.safetensors"), first);
    await saveSafetensors(join(folder, "b.safetensors"), second);
    await expect(loadSafetensors(folder)).rejects.toThrow(
      'a folder of 2 of them ("a.safetensors", "b.safetensors"); name the one that is meant',
    );
    const path = join(folder, "a.safetensors");
    truncateSync(path, 100);
    await expect(loadSafetensors(path)).rejects.toThrow(/a\.safetensors: /);
    await expect(loadSafetensors(join(folder, "none"))).rejects.toThrow("none: there is no such file or folder");
    mkdirSync(join(folder, "taken"));
    await expect(saveSafetensors(join(folder, "taken"), first)).rejects.toThrow(/taken: /);
    writeFileSync(
      join(folder, "lfs"),
      `version https://git-lfs.github.com/spec/v1\noid sha256:${"4d".repeat(32)}\nsize 12345\n`,
    );
    await expect(openSafetensors(join(folder, "lfs"))).rejects.toThrow(
      "lfs: a Git LFS pointer instead of the file itself",
    );
  });
});
