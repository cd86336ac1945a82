// Folders of pictures a class: what is found in them, how pictures are fitted, and what is wrong by name.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { encode as encodePng } from "fast-png";
import jpeg from "jpeg-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Group } from "../engine/group.ts";
import { memory } from "../index.ts";
import { classFolders, isClassFolder, loadClassFolders, loadClassFoldersTogether } from "./class-folder.node.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nabla-classes-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function put(name: string, content: Uint8Array | string = ""): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
}

/** A picture of one colour. */
function png(colour: readonly number[], width = 2, height = 2): Uint8Array {
  const data = Uint8Array.from({ length: width * height * colour.length }, (_, k) => colour[k % colour.length]);
  return encodePng({ width, height, channels: colour.length as 1 | 2 | 3 | 4, data });
}

describe("classFolders", () => {
  it("reads train and test by the sorted names of classes", async () => {
    await put("train/dog/b.png", png([50]));
    await put("train/dog/a.PNG", png([40]));
    await put("train/cat/1.png", png([10]));
    await put("test/dog/x.png", png([255]));
    await put("train/cat/.hidden.png", "no picture");
    await put("train/cat/Thumbs.db", "no picture");
    expect(await isClassFolder(folder)).toBe(true);
    const { train, test, notes } = await loadClassFolders(folder);
    expect([...train.images]).toEqual([10, 40, 50].flatMap((value) => [value, value, value, value]));
    expect([...train.labels]).toEqual([0, 1, 1]);
    expect(train).toMatchObject({ classes: 2, classNames: ["cat", "dog"], channels: 1, height: 2, width: 2 });
    expect([test.count, test.labels[0], notes]).toEqual([1, 1, []]);
    const data = await classFolders(folder);
    const [batch] = await data.train.batch(3).toArray();
    expect([batch.x.shape, batch.y.toArray(), batch.y.dtype]).toEqual([[3, 1, 2, 2], [0, 1, 1], "int32"]);
    expect(batch.x.get(1).get(0).get(0).get(0).item()).toBeCloseTo(40 / 255, 6);
    const [first] = await data.train.toArray();
    expect([first.x.shape, first.y.item()]).toEqual([[1, 2, 2], 0]);
  });

  it("without a test folder keeps a share of each class, the same every time", async () => {
    for (let k = 0; k < 10; k++) {
      await put(`a/${k}.png`, png([k]));
      await put(`b/${k}.png`, png([100 + k]));
    }
    const { train, test, notes } = await loadClassFolders(folder, { testShare: 0.3 });
    expect([train.count, test.count]).toEqual([14, 6]);
    expect([...test.labels]).toEqual([0, 0, 0, 1, 1, 1]);
    expect(notes).toEqual([
      "There is no folder of test pictures: 6 of 20 pictures, the same share of every class, are kept for testing.",
    ]);
    expect((await loadClassFolders(folder, { testShare: 0.3 })).test.images).toEqual(test.images);
  });

  it("colours: planes, grey by weights, transparency on white", async () => {
    await put("a/1.png", png([200, 100, 0, 255]));
    await put("a/2.png", png([200, 100, 0, 0]));
    await put("b/1.png", png([77]));
    await put("b/2.jpg", jpeg.encode({ width: 2, height: 2, data: new Uint8Array(16).fill(255) }, 95).data);
    const { train, test } = await loadClassFolders(folder, { testShare: 0.5, channels: 3 });
    const pictures = [...train.images, ...test.images];
    expect(pictures).toHaveLength(4 * 12);
    const planes = [0, 1, 2, 3].map((k) => pictures.slice(12 * k, 12 * k + 12).filter((_, p) => p % 4 === 0));
    expect(planes).toContainEqual([200, 100, 0]);
    expect(planes).toContainEqual([77, 77, 77]);
    expect(planes.filter((plane) => plane.every((value) => value === 255))).toHaveLength(2);
    const grey = await loadClassFolders(folder, { testShare: 0.5, channels: 1 });
    expect([...grey.train.images, ...grey.test.images]).toContain(Math.round(0.299 * 200 + 0.587 * 100));
  });

  it("sizes: all one, or brought to one", async () => {
    await put("a/1.png", png([0], 4, 2));
    await put("a/2.png", png([255], 4, 2));
    const odd = await put("b/1.png", png([9], 2, 2));
    await put("b/2.png", png([9], 4, 2));
    await expect(loadClassFolders(folder)).rejects.toThrow(`${odd}: 2x2 pixels (width x height), but`);
    const { train } = await loadClassFolders(folder, { size: [3, 5] });
    expect(train).toMatchObject({ height: 3, width: 5, count: 2 });
    expect(new Set(train.images.subarray(15))).toEqual(new Set([9]));
  });

  it("a class without a picture, no class, a file for a folder, a test class that is unknown", async () => {
    const path = await put("a/1.png", png([1]));
    await mkdir(join(folder, "b"));
    await expect(loadClassFolders(folder)).rejects.toThrow(
      `${join(folder, "b")}: holds no PNG, JPEG, GIF or WebP picture;`,
    );
    const other = await put("b/1.tif");
    await expect(loadClassFolders(folder)).rejects.toThrow(`holds no PNG, JPEG, GIF or WebP picture (but ${other})`);
    await expect(loadClassFolders(join(folder, "a"))).rejects.toThrow(
      "holds no folders; put the pictures of each class",
    );
    await expect(loadClassFolders(path)).rejects.toThrow(`${path}: a part of the path is a file`);
    await expect(loadClassFolders(join(folder, "none"))).rejects.toThrow(
      "there is no such file or folder; give a folder",
    );
    await rm(join(folder, "b"), { recursive: true });
    await expect(loadClassFolders(folder)).rejects.toThrow("no class has two samples");
    await put("set/train/a/1.png", png([1]));
    await put("set/test/c/1.png", png([1]));
    await expect(loadClassFolders(join(folder, "set"))).rejects.toThrow(
      /c: a class that .*train has no folder for; there are a/,
    );
    await rm(join(folder, "set/test/c"), { recursive: true });
    await expect(loadClassFolders(join(folder, "set"))).rejects.toThrow(
      /test: holds no PNG, JPEG, GIF or WebP picture/,
    );
    expect([await isClassFolder(path), await isClassFolder(join(folder, "none"))]).toEqual([false, false]);
  });

  it("a damaged picture is named, in the middle of a pass, and nothing stays behind", async () => {
    for (let k = 0; k < 4; k++) await put(`train/a/${k}.png`, png([k]));
    const bad = await put("train/a/4.png", png([1]).subarray(0, 40));
    await put("test/a/0.png", png([1]));
    await expect(loadClassFolders(folder)).rejects.toThrow(`${bad}: damaged PNG picture`);
    const { train } = await classFolders(folder);
    const before = memory().tensors;
    const seen: number[] = [];
    const pass = train.prefetch(2).forEach(({ y }) => {
      seen.push(y.item());
    });
    await expect(pass).rejects.toThrow(`${bad}: damaged PNG picture`);
    expect(seen).toHaveLength(4);
    await expect(train.batch(5).forEach(() => {})).rejects.toThrow(bad);
    expect(memory().tensors).toBe(before);
  });

  it("one in colour after a grey one, and files that are no pictures, are told", async () => {
    await put("train/a/1.png", png([1]));
    const coloured = await put("train/a/2.png", png([1, 2, 3]));
    const text = await put("train/a/notes.txt");
    await put("test/a/0.png", png([1]));
    await expect(loadClassFolders(folder)).rejects.toThrow(`${coloured}: is in colour, but`);
    const { notes } = await loadClassFolders(folder, { channels: 3 });
    expect(notes).toEqual([`1 file that is no picture (PNG, JPEG, GIF, WebP) was left out, such as ${text}.`]);
  });

  it("wrong options", async () => {
    const wrong = (options: object) => loadClassFolders(folder, options as never);
    await expect(wrong({ size: "big" })).rejects.toThrow("size must be a number of pixels, or [height, width]");
    await expect(wrong({ size: [0, 3] })).rejects.toThrow("size must be a whole number of at least 1, got 0");
    await expect(wrong({ channels: 4 })).rejects.toThrow("channels must be one of 1, 3, got 4");
    await expect(wrong({ imageSize: 3 })).rejects.toThrow("there is no option imageSize (here it is size)");
  });
});

describe("loadClassFoldersTogether", () => {
  /** One of two ranks, the other of which sends `bytes`. */
  function rankOfTwo(rank: number, lengths: number[], bytes: (length: number) => Uint8Array): Group {
    let calls = 0;
    const gather = (values: Float64Array): Float64Array => {
      // Lengths first, then what is as long, for each of the two sets.
      const other = new Float64Array(values.length);
      if (calls % 2 === 0) other[0] = lengths[calls / 2];
      else new Uint8Array(other.buffer).set(bytes(lengths[(calls - 1) / 2]));
      calls += 1;
      return Float64Array.from(rank === 0 ? [...values, ...other] : [...other, ...values]);
    };
    return { rank, size: 2, gather, enter() {}, leave() {} } as unknown as Group;
  }

  beforeEach(async () => {
    for (const part of ["train", "test"]) {
      await put(`${part}/a/1.png`, png([10], 1, 1));
      await put(`${part}/b/1.png`, png([20], 1, 1));
      await put(`${part}/b/2.png`, png([30], 1, 1));
    }
  });

  it("reads a rank's files alone, and takes the others' pictures as they are sent", async () => {
    // The other's are not even pictures.
    for (const part of ["train", "test"]) await put(`${part}/b/2.png`, "damaged");
    const group = rankOfTwo(0, [1, 1], () => Uint8Array.of(77));
    const { train, test } = await loadClassFoldersTogether(group, folder, { size: 1, channels: 1 });
    expect([...train.images]).toEqual([10, 20, 77]);
    expect([...test.images]).toEqual([10, 20, 77]);
    expect([...train.labels]).toEqual([0, 1, 1]);
    const second = rankOfTwo(1, [2, 2], () => Uint8Array.of(5, 6));
    await expect(loadClassFoldersTogether(second, folder, { size: 1, channels: 1 })).rejects.toThrow(/b.2\.png/);
  });

  it("names the rank whose folder holds something else", async () => {
    const group = rankOfTwo(0, [3, 1], () => Uint8Array.of(1, 2, 3));
    await expect(loadClassFoldersTogether(group, folder, { size: 1, channels: 1 })).rejects.toThrow(
      "other pictures on this machine than on that of rank 1; give all machines the same files",
    );
  });
});
