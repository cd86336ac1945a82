// `nabla train --dataset PATH` on every layout that data come in, built here in small, and what is told of those that are wrong.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { encode } from "fast-png";
import jpeg from "jpeg-js";
import { describe, expect, test } from "vitest";
import { drawDigits } from "../../src/data/digits.ts";
import { writeIdx } from "../../src/data/idx.ts";
import { nabla, type Outcome, temporaryFolder } from "./run.ts";

const folder = temporaryFolder();
const digits = drawDigits(40, 1);

function put(name: string, content: Uint8Array | string): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

const train = (dataset: string, ...words: string[]): Outcome => {
  const small = ["--epochs", "1", "--hidden", "4", "--threads", "1", "--out", `run-${dataset.replaceAll("/", "-")}`];
  return nabla(folder, ["train", "--dataset", dataset, ...small, "--json", ...words]);
};

/** The layers of a run that went well, and what it said. */
function trained(result: Outcome): { layers: unknown; said: string } {
  expect(result.stderr).not.toContain("error");
  expect(result.status, result.stderr).toBe(0);
  return { layers: result.json()["layers"], said: result.stderr };
}

/** The four IDX files under names that `name` makes. */
function putIdx(name: (part: string) => string, labels = digits.labels, height = 28, width = 28): void {
  const images = writeIdx({
    type: "uint8",
    shape: [40, height, width],
    data: digits.images.subarray(0, 40 * height * width),
  });
  for (const set of ["train", "test"]) {
    put(name(`${set}-images-idx3-ubyte`), images);
    put(name(`${set}-labels-idx1-ubyte`), writeIdx({ type: "uint8", shape: [40], data: labels }));
  }
}

describe("IDX", () => {
  test("with dots, a prefix and compressed", () => {
    putIdx((part) => `dots/my-${part.replace("-idx", ".idx")}`);
    expect(trained(train("dots")).layers).toEqual([784, 4, 10]);
  });

  test("each file in a folder of its own name, t10k", () => {
    putIdx((part) => {
      const name = part.replace("test", "t10k");
      return `kaggle/${name}/${name}`;
    });
    expect(trained(train("kaggle")).layers).toEqual([784, 4, 10]);
  });

  test("EMNIST letters, chosen by prefix: 26 classes from 1, turned upright unless told not to", () => {
    const letters = Uint8Array.from({ length: 40 }, (_, k) => 1 + (k % 26));
    putIdx((part) => `gzip/emnist-letters-${part}`, letters, 4, 7);
    putIdx((part) => `gzip/emnist-digits-${part}`);
    const { layers, said } = trained(train("gzip/emnist-letters"));
    expect(layers).toEqual([28, 4, 26]);
    expect(said).toContain("The labels begin at 1: 1 to 26 became 0 to 25.");
    expect(said).toContain("The pictures were turned over");
    const upright = trained(train("gzip/emnist-letters", "--no-transpose", "--out", "upright"));
    expect(upright.said).not.toContain("turned over");
    expect(JSON.parse(readFileSync(join(folder, "upright/config.json"), "utf8"))).toMatchObject({
      transpose: false,
      classes: 26,
    });
    expect(nabla(folder, ["train", "--resume", "upright", "--epochs", "2"]).status).toBe(0);
    const both = train("gzip");
    expect([both.status, both.stderr]).toEqual([
      1,
      expect.stringContaining("holds several data sets: emnist-digits, emnist-letters"),
    ]);
  });

  test("--transpose", () => {
    putIdx((part) => `plain/${part}`, digits.labels, 14, 20);
    expect(trained(train("plain", "--transpose")).said).toContain("The pictures were turned over");
    expect(readFileSync(join(folder, "run-plain/report.html"), "utf8")).toContain("--transpose");
  });
});

describe("a folder of pictures a class", () => {
  const colour = (value: number, size = 5): Uint8Array =>
    encode({ width: size, height: size, channels: 3, data: new Uint8Array(3 * size * size).fill(value) });

  test("train and test, PNG and JPEG, in colour", () => {
    for (let k = 0; k < 4; k++) {
      put(`pets/train/cat/${k}.png`, colour(k));
      const data = new Uint8Array(100).fill(200 + k);
      put(`pets/train/dog/${k}.jpeg`, jpeg.encode({ width: 5, height: 5, data }, 90).data);
    }
    put("pets/test/cat/1.png", colour(9));
    put("pets/test/dog/1.png", colour(209));
    expect(trained(train("pets")).layers).toEqual([75, 4, 2]);
    const report = readFileSync(join(folder, "run-pets/report.html"), "utf8");
    expect(report).toContain("dog");
  });

  test("without a test folder, brought to one size", () => {
    for (let k = 0; k < 5; k++) for (const name of ["a", "b", "c"]) put(`mixed/${name}/${k}.png`, colour(k, 5 + k));
    const unequal = train("mixed");
    expect([unequal.status, unequal.stdout]).toEqual([1, ""]);
    expect(unequal.stderr).toMatch(
      /mixed\/a\/\d\.png: \dx\d pixels \(width x height\), but .* --size 32x32 brings them to one/,
    );
    expect(existsSync(join(folder, "run-mixed"))).toBe(false);
    const { layers, said } = trained(train("mixed", "--size", "6x4"));
    expect(layers).toEqual([72, 4, 3]);
    expect(said).toContain("3 of 15 pictures, the same share of every class, are kept for testing");
  });

  test("a class without a picture and a damaged picture are named, and no run is begun", () => {
    put("holes/a/1.png", colour(1));
    put("holes/b/readme.txt", "no picture");
    const empty = train("holes");
    expect([empty.status, empty.stderr]).toEqual([
      1,
      expect.stringMatching(/holes\/b: holds no PNG, JPEG, GIF or WebP picture/),
    ]);
    for (const name of ["a/2", "b/1", "b/2"]) put(`holes/${name}.png`, colour(1));
    put("holes/b/3.png", colour(1).subarray(0, 50));
    const damaged = train("holes");
    expect([damaged.status, damaged.stderr]).toEqual([
      1,
      expect.stringMatching(/holes\/b\/3\.png: damaged PNG picture/),
    ]);
    expect(existsSync(join(folder, "run-holes"))).toBe(false);
  });
});

test("CIFAR in its binary form", () => {
  const records = (labels: readonly number[]) =>
    Uint8Array.from(labels.flatMap((label) => [label, ...new Uint8Array(3072).fill(label * 20)]));
  put("cifar/cifar-10-batches-bin/data_batch_1.bin", records([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  put("cifar/cifar-10-batches-bin/test_batch.bin", records([3, 4]));
  const { layers, said } = trained(train("cifar"));
  expect(layers).toEqual([3072, 4, 10]);
  expect(said).toContain("data_batch_5.bin of CIFAR-10 are not there");
});

describe("CSV", () => {
  const lines = Array.from({ length: 40 }, (_, k) =>
    [digits.labels[k], ...digits.images.subarray(784 * k, 784 * (k + 1))].join(","),
  );
  const header = `label,${Array.from({ length: 784 }, (_, k) => `pixel${k}`).join(",")}`;

  test("pictures as Kaggle has MNIST: train.csv, and a test.csv without labels", () => {
    put("mnist-csv/train.csv", [header, ...lines].join("\n"));
    put("mnist-csv/test.csv", [header.slice(6), ...lines.map((line) => line.slice(2))].join("\n"));
    const { layers, said } = trained(train("mnist-csv"));
    expect(layers).toEqual([784, 4, 10]);
    expect(said).toContain("test.csv has no labels (as Kaggle's)");
    put("named/mnist_train.csv", lines.join("\n"));
    put("named/mnist_test.csv", lines.slice(0, 7).join("\n"));
    expect(trained(train("named")).said).toContain("40 images, 7 for testing");
  });

  test("a table of numbers and words, compressed, with missing values", () => {
    const rows = Array.from(
      { length: 30 },
      (_, k) => `${k % 3 === 0 ? "" : k},${k % 2 ? "red" : "green"},${k % 3 ? "pear" : "fig"}`,
    );
    put("fruit.csv.gz", gzipSync(["size;colour;kind", ...rows.map((row) => row.replaceAll(",", ";"))].join("\r\n")));
    const { layers, said } = trained(train("fruit.csv.gz"));
    expect(layers).toEqual([3, 4, 2]);
    expect(said).toContain("The class to tell is the column kind: fig, pear; 3 numbers tell it");
    expect(said).toContain("24 rows, 6 for testing");
    expect(trained(train("fruit.csv.gz", "--label", "colour", "--out", "by-colour")).layers).toEqual([3, 4, 2]);
    const none = train("fruit.csv.gz", "--label", "weight", "--out", "none");
    expect(none.stderr).toMatch(/fruit\.csv\.gz: there is no column weight; there are size, colour, kind/);
  });

  test("a ragged row is named by its line, and no run is begun", () => {
    put("ragged.csv", "a,b,label\n1,2,x\n3,y\n");
    const result = train("ragged.csv");
    expect([result.status, result.stderr]).toEqual([
      1,
      expect.stringMatching(/ragged\.csv, line 3: 2 fields, but there are 3 columns/),
    ]);
    expect(existsSync(join(folder, "run-ragged.csv"))).toBe(false);
  });
});

describe("what is no data set", () => {
  test.each<[string, string[], RegExp]>([
    ["an empty folder", ["empty"], /empty: holds no data set: no IDX files .*no CSV file/],
    ["a file of another kind", ["notes.txt"], /notes\.txt: holds no data set/],
    ["a folder that is not there", ["somewhere/else"], /there is no data set and no folder somewhere\/else/],
    ["--transpose on digits", ["digits", "--transpose"], /--transpose is for data of your own, not for digits/],
    ["--label on pictures", ["dots", "--label", "x"], /--label is for tables in CSV, and .*dots holds pictures/],
    ["--size on IDX", ["dots", "--size", "9"], /size is for folders of pictures a class/],
    ["a size that is none", ["dots", "--size", "big"], /height and width in pixels such as 32 or 32x48/],
  ])("%s", (_, [dataset, ...words], message) => {
    mkdirSync(join(folder, "empty"), { recursive: true });
    put("notes.txt", "nothing");
    const result = train(dataset, ...words, "--out", "wrong");
    expect(result.stderr).toMatch(message);
    expect(result.stderr).not.toMatch(/^\s+at /m);
    expect(result.status).toBeGreaterThan(0);
    expect(existsSync(join(folder, "wrong"))).toBe(false);
  });
});
