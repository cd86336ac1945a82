// CIFAR's binary files, built here record by record.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findCifar, loadCifar } from "./cifar.node.ts";
import { readCifar } from "./cifar.ts";

/** Records of the labels, each with pixels of one value a plane. */
function records(labels: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from(
    labels.flatMap((label, k) => [...label, ...Array.from({ length: 3072 }, (_, p) => k + 10 * Math.floor(p / 1024))]),
  );
}

describe("readCifar", () => {
  it("reads planes and labels", () => {
    const { images, labels, ...rest } = readCifar(records([[3], [9]]));
    expect(rest).toEqual({ count: 2, height: 32, width: 32, classes: 10, channels: 3 });
    expect([...labels]).toEqual([3, 9]);
    expect([images.length, images[3072], images[3072 + 1024], images[3072 + 2048]]).toEqual([6144, 1, 11, 21]);
  });

  it("CIFAR-100 has two labels", () => {
    const bytes = records([
      [4, 61],
      [19, 99],
    ]);
    expect([...readCifar(bytes, { set: "cifar-100" }).labels]).toEqual([61, 99]);
    const coarse = readCifar(bytes, { set: "cifar-100", labels: "coarse" });
    expect([[...coarse.labels], coarse.classes]).toEqual([[4, 19], 20]);
  });

  it("names what is damaged", () => {
    expect(() => readCifar(records([[3]]).subarray(0, 3000), {}, "a.bin")).toThrow(
      "a.bin: 3000 bytes are no whole number of records of 3073 bytes",
    );
    expect(() => readCifar(new Uint8Array(0))).toThrow("0 bytes are no whole number of records");
    expect(() => readCifar(records([[3], [10]]))).toThrow("label 10 at picture 1 (counted from 0) is not below 10");
    expect(() => readCifar(records([[3, 100]]), { set: "cifar-100" })).toThrow("label 100 at picture 0");
    expect(() => readCifar("x" as never)).toThrow("readCifar: needs the bytes of a file");
  });
});

describe("loadCifar", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "nabla-cifar-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("reads a folder of either, with the classes' names, also inside the archive's own folder", async () => {
    const ten = join(folder, "ten/cifar-10-batches-bin");
    await mkdir(ten, { recursive: true });
    await writeFile(join(ten, "data_batch_1.bin"), records([[1], [2]]));
    await writeFile(join(ten, "data_batch_3.bin"), records([[3]]));
    await writeFile(join(ten, "test_batch.bin"), records([[0]]));
    const names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
    await writeFile(join(ten, "batches.meta.txt"), `${names.join("\n")}\n\n`);
    expect(await findCifar(join(folder, "ten"))).toEqual({ folder: ten, set: "cifar-10" });
    const { train, test, notes } = await loadCifar(join(folder, "ten"));
    expect([[...train.labels], [...test.labels], train.classNames]).toEqual([[1, 2, 3], [0], names]);
    expect(notes).toEqual(["data_batch_2.bin, data_batch_4.bin, data_batch_5.bin of CIFAR-10 are not there."]);

    const hundred = join(folder, "hundred");
    await mkdir(hundred);
    await writeFile(join(hundred, "train.bin"), records([[4, 61]]));
    await writeFile(join(hundred, "test.bin"), records([[5, 62]]));
    expect((await loadCifar(hundred)).test.labels[0]).toBe(62);
    expect((await loadCifar(hundred, { labels: "coarse" })).train).toMatchObject({ classes: 20, count: 1 });
  });

  it("names what is missing or damaged", async () => {
    const bad = join(folder, "bad");
    await mkdir(bad);
    await expect(loadCifar(bad)).rejects.toThrow(`${bad}: no CIFAR in its binary form; a folder of CIFAR holds`);
    await writeFile(join(bad, "data_batch_1"), "");
    await expect(loadCifar(bad)).rejects.toThrow("it seems to be the Python version");
    await writeFile(join(bad, "data_batch_1.bin"), records([[1]]));
    await expect(loadCifar(bad)).rejects.toThrow(`${join(bad, "test_batch.bin")}: there is no such file`);
    await writeFile(join(bad, "test_batch.bin"), records([[11]]));
    await expect(loadCifar(bad)).rejects.toThrow(`${join(bad, "test_batch.bin")}: label 11 at picture 0`);
    await expect(loadCifar(join(folder, "none"))).rejects.toThrow("there is no such file or folder");
  });
});
