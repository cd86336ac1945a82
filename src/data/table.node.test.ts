// Tables and pictures from CSV: numbers, categories, missing values, Kaggle's MNIST, and files that are read piece by piece.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { csvRows } from "./csv.ts";
import { csvFileRows } from "./csv-file.node.ts";
import { drawDigits } from "./digits.ts";
import { imagesFromCsv } from "./pixel-csv.ts";
import { TableEncoder, type TableOptions } from "./table-encoder.ts";

const text = "size,colour,kind\n1,red,pear\n,green,apple\n3,NA,apple\n";
const fit = (options: TableOptions = {}, from = text) => TableEncoder.fit(csvRows(from), options);
async function encoded(encoder: TableEncoder, from = text) {
  return (await csvRows(from).toArray()).map((row) => encoder.encode(row)).map(({ x, y }) => [Array.from(x), y]);
}

describe("TableEncoder", () => {
  test("numbers, categories, missing values; what was learnt comes back from JSON", async () => {
    const encoder = await fit({ target: "kind", missing: "mean" });
    expect([encoder.features, encoder.classNames]).toEqual([
      ["size", "colour=", "colour=green", "colour=red"],
      ["apple", "pear"],
    ]);
    const wanted = [
      [[1, 0, 0, 1], 1],
      [[2, 0, 1, 0], 0],
      [[3, 1, 0, 0], 0],
    ];
    expect(await encoded(encoder)).toEqual(wanted);
    expect(await encoded(TableEncoder.fromConfig(JSON.parse(JSON.stringify(encoder.config()))))).toEqual(wanted);
    // Columns in another order, and none for the target.
    expect(await encoded(encoder, "colour,size\nred,7\n")).toEqual([[[7, 0, 0, 1], undefined]]);
  });

  test("kinds that are asked for, values as targets, class numbers in their order", async () => {
    const table = "a,b,y\n5,u,10\n6,v,9\n5,u,2\n";
    const encoder = await fit({ target: "y", columns: { a: "index", b: "skip" } }, table);
    expect([encoder.features, encoder.classNames]).toEqual([["a"], ["2", "9", "10"]]);
    expect(await encoded(encoder, table)).toEqual([
      [[0], 2],
      [[1], 1],
      [[0], 0],
    ]);
    const values = await fit({ target: "y", task: "value" }, table);
    expect((await encoded(values, table))[0]).toEqual([[5, 1, 0], 10]);
    expect((await fit({ target: "y" }, "x,y\n1,0.5\n")).classNames).toBeUndefined();
  });

  test("what is wrong is named by line and column", async () => {
    await expect(fit()).rejects.toThrow('line 3: size is missing; say what stands for it, missing: "mean" or a number');
    await expect(fit({ target: "king" })).rejects.toThrow(
      'there is no column "king"; there are "size", "colour", "kind"',
    );
    await expect(fit({ target: "colour", missing: 0 })).rejects.toThrow('line 4: the target "colour" is missing');
    await expect(fit({ columns: { kind: "number" }, missing: 0 })).rejects.toThrow(
      'column "kind" holds values that are no numbers',
    );
    const names = Array.from({ length: 1001 }, (_, k) => `n${k}`).join("\n");
    await expect(fit({}, `name\n${names}`)).rejects.toThrow('column "name" has more than 1000 different values');
    const encoder = await fit({ target: "kind", missing: 0 });
    await expect(encoded(encoder, "size,colour\n1,blue\n")).rejects.toThrow(
      'line 2: colour is "blue", which is none of the 3 known ones: "", "green", "red"',
    );
    await expect(encoded(encoder, "size,colour\nbig,red\n")).rejects.toThrow(
      'line 2: size is "big", which is no number',
    );
    await expect(encoded(encoder, "size\n1\n")).rejects.toThrow('the row has no column "colour"; it has "size"');
    const lenient = await fit({ missing: 0, unknown: "ignore", columns: { kind: "index" } });
    expect(await encoded(lenient, "size,colour,kind\n1,blue,fig\n")).toEqual([[[1, 0, 0, 0, 2], undefined]]);
    const fresh = await fit({ missing: 0 });
    expect(() => fresh.encode({ line: 1 } as never)).toThrow("TableEncoder.encode: the row's names must be an array");
    expect(() => TableEncoder.fromConfig({ columns: [{}] } as never)).toThrow(
      "TableEncoder.fromConfig: unknown must be",
    );
  });
});

describe("pictures in CSV", () => {
  const set = drawDigits(12, 3);
  const lines = Array.from({ length: set.count }, (_, k) =>
    [set.labels[k], ...set.images.subarray(784 * k, 784 * (k + 1))].join(","),
  );
  const header = `label,${Array.from({ length: 784 }, (_, k) => `pixel${k}`).join(",")}`;

  test("Kaggle's MNIST, with and without names of columns", async () => {
    const read = await imagesFromCsv(csvRows(`${header}\n${lines.join("\r\n")}\n`));
    expect({ ...read, classes: 10 }).toEqual({ ...set, classes: 10 });
    expect((await imagesFromCsv(csvRows(lines.join("\n"), { header: false }))).images).toEqual(set.images);
  });

  test("a pixel that is none, no square, no label, nothing", async () => {
    const bad = lines.with(3, lines[3].replace(/,\d+$/, ",256"));
    await expect(imagesFromCsv(csvRows(`${header}\n${bad.join("\n")}`), "m.csv")).rejects.toThrow(
      'm.csv, line 5: pixel783 is "256"; pixels and labels must be whole numbers from 0 to 255',
    );
    await expect(imagesFromCsv(csvRows("a,b\n1,2"), "m.csv")).rejects.toThrow(
      "m.csv, line 2: 2 columns, which are no label and the pixels of a square picture",
    );
    const unlabelled = lines.map((line) => line.replace(/^\d+,/, "")).join("\n");
    await expect(imagesFromCsv(csvRows(unlabelled, { header: false }))).rejects.toThrow(
      "784 columns, which hold no label",
    );
    await expect(imagesFromCsv(csvRows(header))).rejects.toThrow("holds no pictures");
    await expect(imagesFromCsv([] as never)).rejects.toThrow("must be a Dataset of CSV rows");
  });
});

describe("csvFileRows", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "nabla-csv-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("plain and compressed, pass after pass", async () => {
    const rows = Array.from({ length: 20_000 }, (_, k) => `${k},"text, ${k}"`);
    const content = `n,t\n${rows.join("\n")}`;
    await writeFile(join(folder, "a.csv"), content);
    await writeFile(join(folder, "b.csv"), gzipSync(content));
    for (const name of ["a.csv", "b.csv"]) {
      const data = csvFileRows(join(folder, name));
      for (let pass = 0; pass < 2; pass++) {
        const read = await data.toArray();
        expect([read.length, read[19_999]]).toEqual([
          20_000,
          { names: ["n", "t"], values: ["19999", "text, 19999"], line: 20_001 },
        ]);
      }
      expect((await data.take(1).toArray())[0].values[0]).toBe("0");
    }
  });

  test("names the file that is missing, a folder, damaged or ragged", async () => {
    const path = join(folder, "bad.csv");
    await expect(csvFileRows(path).toArray()).rejects.toThrow(`${path}: there is no such file or folder`);
    await expect(csvFileRows(folder).toArray()).rejects.toThrow(`${folder}: is a folder, not a file`);
    await writeFile(path, "a,b\n1\n");
    await expect(csvFileRows(path).toArray()).rejects.toThrow(`${path}, line 2: 1 field, but there are 2 columns`);
    await writeFile(path, gzipSync("a,b\n".repeat(1000)).subarray(0, 40));
    await expect(csvFileRows(path).toArray()).rejects.toThrow(`${path}: damaged or incomplete gzip data`);
  });
});
