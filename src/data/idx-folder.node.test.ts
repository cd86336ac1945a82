// Folders of IDX files as they are found in the wild.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { imageBytes, labelBytes, names, small, writeFolder } from "../../test/image-folder.ts";
import { writeIdx } from "./idx.ts";
import { loadImageFolder } from "./idx-folder.node.ts";
import { idxName } from "./idx-names.ts";
import type { ImageSet } from "./image-set.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nabla-folder-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("loadImageFolder", () => {
  it("reads four IDX files, plain, compressed, or with a dot in the name", async () => {
    await writeFolder(folder, { trainImages: null, testLabels: null });
    await writeFile(join(folder, `${names.trainImages}.gz`), gzipSync(imageBytes(small.train)));
    await writeFile(join(folder, "t10k-labels.idx1-ubyte"), labelBytes(small.test));
    const { train, test } = await loadImageFolder(folder);
    expect(train).toEqual(small.train);
    expect(test).toEqual(small.test);
  });

  const damage: [string, Parameters<typeof writeFolder>[1], string][] = [
    ["missing file", { testLabels: null }, "no t10k-labels-idx1-ubyte; a data folder holds"],
    [
      "truncated file",
      { trainImages: imageBytes(small.train).subarray(0, 9000) },
      "train-images-idx3-ubyte: the header says uint8 of shape (20, 28, 28), which takes 15696 bytes, but there are 9000",
    ],
    ["wrong magic", { testImages: new Uint8Array(100).fill(7) }, "t10k-images-idx3-ubyte: not an IDX file"],
    [
      "labels in place of images",
      { trainImages: labelBytes(small.train) },
      "train-images-idx3-ubyte: holds uint8 of shape (20), expected uint8 of shape (count, height, width)",
    ],
    [
      "images in place of labels",
      { testLabels: imageBytes(small.test) },
      "t10k-labels-idx1-ubyte: holds uint8 of shape (10, 28, 28), expected uint8 of shape (count)",
    ],
    [
      "numbers that are no bytes",
      { trainLabels: writeIdx({ type: "int32", shape: [20], data: new Int32Array(20) }) },
      "train-labels-idx1-ubyte: holds int32",
    ],
    [
      "other number of labels than images",
      { trainLabels: labelBytes(small.test) },
      "train-labels-idx1-ubyte: 10 labels, but",
    ],
    [
      "label far above the others",
      { trainLabels: labelBytes({ ...small.train, labels: small.train.labels.map((v, k) => (k === 7 ? 11 : v)) }) },
      "train-labels-idx1-ubyte: no image of class 10, though the labels go up to 11 (at position 7, counted from 0)",
    ],
    [
      "test images of another size",
      { testImages: writeIdx({ type: "uint8", shape: [10, 2, 3], data: new Uint8Array(60) }) },
      "t10k-images-idx3-ubyte: images of 2x3, but those of",
    ],
    [
      "no images",
      {
        trainImages: writeIdx({ type: "uint8", shape: [0, 28, 28], data: new Uint8Array(0) }),
        trainLabels: writeIdx({ type: "uint8", shape: [0], data: new Uint8Array(0) }),
      },
      "train-images-idx3-ubyte: holds no images",
    ],
  ];
  it.each(damage)("%s", async (_, replaced, message) => {
    await writeFolder(folder, replaced);
    await expect(loadImageFolder(folder)).rejects.toThrow(message);
  });

  it("missing folder, and a file in place of a folder", async () => {
    const path = join(folder, "nowhere");
    await expect(loadImageFolder(path)).rejects.toThrow(`${path}: there is no such file or folder; give a folder`);
    await writeFile(path, "");
    await expect(loadImageFolder(path)).rejects.toThrow(`${path}: is a file; give the folder`);
  });

  it("more classes where there are more", async () => {
    const labels = small.train.labels.map((label) => label + 2);
    await writeFolder(folder, { trainLabels: labelBytes({ ...small.train, labels }) });
    const { train } = await loadImageFolder(folder, { classes: 12 });
    expect([train.classes, Math.max(...train.labels)]).toEqual([12, 11]);
  });
});

describe("names in the wild", () => {
  it.each([
    ["train-images-idx3-ubyte", "", "trainImages"],
    ["t10k-labels.idx1-ubyte.gz", "", "testLabels"],
    ["train.labels.idx1.ubyte", "", "trainLabels"],
    ["emnist-letters-test-images-idx3-ubyte.gz", "emnist-letters", "testImages"],
    ["Kuzushiji_train-images-idx3-ubyte", "Kuzushiji", "trainImages"],
    ["test-images-idx3-ubyte", "", "testImages"],
  ])("%s", (file, prefix, part) => {
    expect(idxName(file)).toEqual({ prefix, part });
  });

  it.each([
    "emnist-letters-mapping.txt",
    "train-images.png",
    "images-idx3-ubyte",
    "strain-images-idx3-ubyte",
    ".DS_Store",
  ])("%s plays no part", (file) => {
    expect(idxName(file)).toBeUndefined();
  });

  /** The four files under names that `name` gives. */
  async function write(place: string, sets: { train: ImageSet; test: ImageSet }, name: (part: string) => string) {
    const content: Record<string, Uint8Array> = {
      "train-images-idx3": imageBytes(sets.train),
      "train-labels-idx1": labelBytes(sets.train),
      "test-images-idx3": imageBytes(sets.test),
      "test-labels-idx1": labelBytes(sets.test),
    };
    for (const [part, bytes] of Object.entries(content)) {
      const path = join(place, name(part));
      await mkdir(join(path, ".."), { recursive: true });
      await writeFile(path, path.endsWith(".gz") ? gzipSync(bytes) : bytes);
    }
  }

  it("a prefix, test for t10k, compressed", async () => {
    await write(folder, small, (part) => `my-digits-${part}-ubyte.gz`);
    const { train, test, notes } = await loadImageFolder(folder);
    expect([train, test, notes]).toEqual([small.train, small.test, undefined]);
  });

  it("each file in a folder of its own name, as Kaggle's archive has them", async () => {
    await write(folder, small, (part) => {
      const name = `${part.replace("test", "t10k")}-ubyte`;
      return join(name, name);
    });
    // A plain file beside its folder goes first.
    await writeFile(join(folder, "train-labels.idx1-ubyte"), labelBytes(small.train));
    expect((await loadImageFolder(folder)).train).toEqual(small.train);
  });

  it("EMNIST letters: labels from 1 are moved, pictures turned upright, and it is said", async () => {
    const letters = (count: number): ImageSet => {
      const images = Uint8Array.from({ length: count * 6 }, (_, k) => k % 251);
      return {
        images,
        labels: Uint8Array.from({ length: count }, (_, k) => 1 + (k % 26)),
        count,
        height: 2,
        width: 3,
        classes: 27,
      };
    };
    await write(folder, { train: letters(52), test: letters(5) }, (part) => `emnist-letters-${part}-ubyte`);
    const { train, notes } = await loadImageFolder(folder);
    expect([train.classes, train.labels[0], train.height, train.width]).toEqual([26, 0, 3, 2]);
    expect([...train.images.subarray(0, 6)]).toEqual([0, 3, 1, 4, 2, 5]);
    expect(notes).toEqual([
      "The labels begin at 1: 1 to 26 became 0 to 25.",
      "The pictures were turned over: their rows are the columns of the files, as in EMNIST.",
    ]);
    const upright = await loadImageFolder(folder, { transpose: false });
    expect([...upright.train.images.subarray(0, 6)]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("several data sets in one folder are chosen by prefix", async () => {
    await write(folder, small, (part) => `a-${part}-ubyte`);
    await write(folder, { train: small.test, test: small.test }, (part) => `b-${part}-ubyte`);
    await expect(loadImageFolder(folder)).rejects.toThrow(
      `${folder}: holds several data sets: a, b; choose one by its prefix, as ${join(folder, "a")}`,
    );
    expect((await loadImageFolder(folder, { prefix: "b" })).train).toEqual(small.test);
    expect((await loadImageFolder(join(folder, "a"))).train).toEqual(small.train);
    await expect(loadImageFolder(folder, { prefix: "c" })).rejects.toThrow(
      "no c-train-images-idx3-ubyte, no c-train-labels-idx1-ubyte, no c-t10k-images-idx3-ubyte, no c-t10k-labels-idx1-ubyte",
    );
    await expect(loadImageFolder(folder, { prefix: "c" })).rejects.toThrow("whole data sets in it: a, b");
  });

  it("a test label that no training image has", async () => {
    const test = { ...small.test, labels: small.test.labels.map((label, k) => (k === 3 ? 77 : label)) };
    await write(folder, { train: small.train, test }, (part) => `${part}-ubyte`);
    await expect(loadImageFolder(folder)).rejects.toThrow("test-labels-idx1-ubyte: label 77 at position 3");
  });
});
