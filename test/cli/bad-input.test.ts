// Bad input: a clear message, exit code 1 (2 for wrong usage), no stack trace unless --debug, nothing half-written.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { crc32, gzipSync } from "node:zlib";
import { encode } from "fast-png";
import { beforeAll, describe, expect, test } from "vitest";
import { drawDigits } from "../../src/data/digits.ts";
import { writeIdx } from "../../src/data/idx.ts";
import { nabla, type Outcome, startNabla, temporaryFolder } from "./run.ts";

const folder = temporaryFolder();

function expectError(result: Outcome, status: number, message: RegExp): void {
  expect(result.stderr).toMatch(message);
  expect(result.stderr).not.toMatch(/^\s+at /m);
  expect(result.stdout).toBe("");
  expect(result.status).toBe(status);
}

describe("wrong usage exits with 2 and suggests the nearest option", () => {
  const cases: [string[], RegExp][] = [
    [["train", "--epoch", "3"], /unknown option '--epoch'[\s\S]*--epochs/],
    [["trian"], /unknown command 'trian'[\s\S]*train/],
    [
      ["train", "--activation", "sigmiod"],
      /'--activation <name>' argument 'sigmiod' is invalid.*Did you mean sigmoid\?/,
    ],
    [["train", "--loss", "crossentropy"], /Did you mean cross-entropy\?/],
    [["train", "--optimizer", "adma"], /Did you mean adam\?/],
    [["train", "--engine", "wams"], /Did you mean wasm\?/],
    [["train", "--init", "hee"], /Did you mean he\?/],
    [["train", "--lr", "fast"], /'--lr <rate>' argument 'fast' is invalid.*number above 0/],
    [["train", "--lr", "-1"], /number above 0/],
    [["train", "--lr", "0"], /number above 0/],
    [["train", "--epochs", "2.5"], /whole number from 1 on/],
    [["train", "--epochs", "-1"], /whole number from 1 on/],
    [["train", "--batch", "0"], /whole number from 1 on/],
    [["train", "--hidden", "100,x"], /100 or 100,30, or none/],
    [["train", "--hidden", "-5"], /100 or 100,30, or none/],
    [["train", "--dropout", "1"], /from 0 on and below 1/],
    [["train", "--l2", "-0.1"], /from 0 on/],
    [["train", "--seed", "-1"], /whole number from 0 on/],
    [["train", "--split", "many"], /whole number from 1 on/],
    [["train", "--threads", "0"], /whole number from 1 on/],
    [["train", "--resume", "x", "--lr", "3"], /leave out --lr/],
    [["predict"], /missing required argument 'folder'/],
    [["data", "get", "mnits"], /Did you mean mnist\?/],
  ];
  test.each(cases)("%j", (words, message) => {
    expectError(nabla(folder, words), 2, message);
  });
});

test("--debug shows where an error came from", () => {
  const result = nabla(folder, ["train", "--resume", "nowhere", "--debug"]);
  expect(result.stderr).toMatch(/there is no folder nowhere/);
  expect(result.stderr).toMatch(/^\s+at /m);
});

describe("a data set's folder", () => {
  const set = drawDigits(50, 1);
  const names = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
  ];

  function dataFolder(name: string, change: (files: Record<string, Uint8Array>) => void): string {
    const images = writeIdx({ type: "uint8", shape: [50, 28, 28], data: set.images });
    const labels = writeIdx({ type: "uint8", shape: [50], data: set.labels });
    const files: Record<string, Uint8Array> = {
      [names[0]]: images,
      [names[1]]: labels,
      [names[2]]: images.slice(),
      [names[3]]: labels.slice(),
    };
    change(files);
    mkdirSync(join(folder, name), { recursive: true });
    for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, name, file), bytes);
    return name;
  }

  const train = (name: string): Outcome =>
    nabla(folder, ["train", "--dataset", name, "--epochs", "1", "--hidden", "4", "--out", `run-${name}`]);

  test("good files train, plain or gzip", () => {
    expect(train(dataFolder("good", () => {})).status).toBe(0);
    const zipped = dataFolder("zipped", (files) => {
      for (const name of names) {
        files[`${name}.gz`] = gzipSync(files[name]);
        delete files[name];
      }
    });
    expect(train(zipped).status).toBe(0);
  });

  const bad: [string, (files: Record<string, Uint8Array>) => void, RegExp][] = [
    ["a missing file", (f) => delete f[names[3]], /t10k-labels-idx1-ubyte/],
    ["a wrong magic number", (f) => f[names[0]].set([9, 9]), /train-images-idx3-ubyte.*(magic|IDX)/],
    ["an unknown type code", (f) => f[names[0]].set([0, 0, 7]), /train-images-idx3-ubyte.*type/],
    [
      "a truncated file",
      (f) => (f[names[0]] = f[names[0]].slice(0, -100)),
      /train-images-idx3-ubyte.*100 are missing.*damaged or incomplete/,
    ],
    ["trailing bytes", (f) => (f[names[1]] = Uint8Array.of(...f[names[1]], 1, 2)), /train-labels-idx1-ubyte/],
    [
      "sizes that differ",
      (f) => (f[names[1]] = writeIdx({ type: "uint8", shape: [49], data: set.labels.slice(0, 49) })),
      /49 labels, but .*holds 50 images/,
    ],
    ["a label far above the others", (f) => f[names[1]].set([200], 8 + 5), /no image of class 10, 11.*position 5/],
  ];
  test.each(bad)("%s is named, and no run is begun", (what, change, message) => {
    const name = dataFolder(`bad-${what.replace(/\W+/g, "-")}`, change);
    expectError(train(name), 1, message);
    expect(existsSync(join(folder, `run-${name}`))).toBe(false);
  });

  test("a missing folder, with the nearest name", () => {
    expectError(train("mnits"), 1, /there is no data set and no folder mnits\. Did you mean mnist\?/);
  });

  test("MNIST asked for where it is not", () => {
    expectError(train("mnist"), 1, /main\.js data get mnist/);
  });

  test("a failed checksum: nothing is left behind", async () => {
    const server = createServer((_, response) =>
      response.end(gzipSync(writeIdx({ type: "uint8", shape: [2], data: Uint8Array.of(1, 2) }))),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    // Not spawnSync: the server answers from this process.
    const result = await startNabla(folder, ["data", "get", "mnist", "--mirror", mirror]).ended;
    server.close();
    expectError(result, 1, /cannot download train-images-idx3-ubyte[\s\S]*checksum differs/);
    const cache = join(folder, "cache/mnist");
    expect(existsSync(cache) ? readdirSync(cache) : []).toEqual([]);
  });

  test("--split beyond the data", () => {
    expectError(
      nabla(folder, ["train", "--dataset", "good", "--split", "51", "--out", "run-split"]),
      1,
      /--split 51 is more than the 50 training images/,
    );
  });
});

describe("output and runs", () => {
  test("an output folder that can't be written to", () => {
    writeFileSync(join(folder, "file"), "");
    expectError(
      nabla(folder, ["train", "--dataset", "digits", "--out", "file/run"]),
      1,
      /cannot write to the output folder file\/run.*--out/,
    );
  });

  test.skipIf(process.getuid?.() === 0)("a read-only folder", () => {
    mkdirSync(join(folder, "locked"));
    chmodSync(join(folder, "locked"), 0o500);
    expectError(nabla(folder, ["train", "--dataset", "digits", "--out", "locked/run"]), 1, /cannot write/);
  });

  // A mount of its own, which a process of its own name space may make without being root.
  const mounts = spawnSync("unshare", ["-rm", "true"]).status === 0;
  test.runIf(mounts).each([
    [
      "train --dataset digits --out disk/run",
      /cannot write to the output folder disk\/run: the file system is read-only/,
    ],
    ["text train text.txt --out disk/run", /cannot write to the output folder disk\/run: the file system is read-only/],
    ["book run zero/1-and --out disk/run", /cannot write to the output folder disk\/run: the file system is read-only/],
    ["book run zero/1-and --out disk", /cannot write to the output folder disk: the file system is read-only/],
    ["book verify zero/1-and --out disk", /cannot write to the output folder disk: the file system is read-only/],
    [
      "book report --quick --out disk/a/b",
      /cannot write to the output folder disk\/a\/b: the file system is read-only/,
    ],
  ])("on a disk that is mounted read-only: %s", (command, message) => {
    mkdirSync(join(folder, "disk"), { recursive: true });
    writeFileSync(join(folder, "text.txt"), "to be or not to be\n".repeat(200));
    const mount = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o ro none disk && exec "$@"', "sh"];
    expectError(nabla(folder, command.split(" "), {}, mount), 1, message);
  });

  test("a folder that holds a run already is not overwritten", () => {
    mkdirSync(join(folder, "taken"));
    writeFileSync(join(folder, "taken/config.json"), "{}");
    expectError(
      nabla(folder, ["train", "--dataset", "digits", "--out", "taken"]),
      2,
      /holds a run already.*--resume taken/,
    );
  });

  test("resuming what is no run", () => {
    mkdirSync(join(folder, "empty"));
    expectError(nabla(folder, ["train", "--resume", "empty"]), 1, /is not the folder of a run/);
    mkdirSync(join(folder, "odd"));
    writeFileSync(join(folder, "odd/config.json"), "{oops");
    expectError(nabla(folder, ["train", "--resume", "odd"]), 1, /config\.json is damaged/);
  });
});

describe("checkpoints", () => {
  const good = ["train", "--dataset", "digits", "--hidden", "4", "--batch", "100", "--epochs", "1"];
  const checkpoint = (run: string): string => {
    const names = readdirSync(join(folder, run, "checkpoints")).sort();
    return join(folder, run, "checkpoints", names.at(-1)!);
  };
  beforeAll(() => {
    expect(nabla(folder, [...good, "--out", "cp"]).status).toBe(0);
    expect(nabla(folder, [...good, "--out", "other", "--hidden", "6"]).status).toBe(0);
  });

  test("one of another architecture", () => {
    nabla(folder, [...good, "--out", "mixed"]);
    copyFileSync(checkpoint("other"), checkpoint("mixed"));
    expectError(nabla(folder, ["train", "--resume", "mixed", "--epochs", "2"]), 1, /belongs to another architecture/);
  });

  test("a damaged one: truncated, or not one at all", () => {
    nabla(folder, [...good, "--out", "damaged"]);
    const path = checkpoint("damaged");
    writeFileSync(path, readFileSync(path).subarray(0, 2000));
    const resume = (): Outcome => nabla(folder, ["train", "--resume", "damaged", "--epochs", "2", "--json"]);
    expectError(resume(), 1, /damaged.*No other checkpoint is whole\. Delete damaged\/checkpoints/);
    writeFileSync(path, "nothing");
    expectError(resume(), 1, /damaged.*No other checkpoint is whole\. Delete damaged\/checkpoints/);
  });

  test("a damaged model for predict: a checkpoint that is whole is used, and said", () => {
    nabla(folder, [...good, "--out", "model"]);
    writeFileSync(join(folder, "model/model.safetensors"), new Uint8Array(40).fill(255));
    writeFileSync(
      join(folder, "one.png"),
      encode({ width: 2, height: 2, channels: 1, data: new Uint8Array([0, 255, 255, 255]) }),
    );
    const result = nabla(folder, ["predict", "model", "one.png"]);
    expect(result.stderr).toMatch(/model\.safetensors: .*damaged[\s\S]*using its checkpoint after epoch 1/);
    expect(result.stdout).toMatch(/^one\.png: \d/);
    expect(result.status).toBe(0);
    rmSync(join(folder, "model/checkpoints"), { recursive: true });
    expectError(nabla(folder, ["predict", "model", "one.png"]), 1, /model\.safetensors: .*damaged/);
  });
});

test("a loss that is not finite stops at that step, names it, keeps the last checkpoint, suggests a lower rate", () => {
  const words = [
    "train",
    "--dataset",
    "digits",
    "--hidden",
    "8",
    "--activation",
    "relu",
    "--loss",
    "softmax",
    "--optimizer",
    "sgd",
  ];
  const result = nabla(folder, [...words, "--lr", "1e38", "--out", "diverged"]);
  expect(result.status).toBe(1);
  expect(result.stderr).toMatch(
    /the loss became (NaN|Infinity) in epoch 1, step \d+;.*learning rate 1e\+38 is too large: try --lr 0\.1\. No epoch was complete/,
  );
  expect(existsSync(join(folder, "diverged/model.safetensors"))).toBe(false);
  expect(readFileSync(join(folder, "diverged/history.jsonl"), "utf8")).toBe('{"status":"failed"}\n');
});

describe("pictures", () => {
  beforeAll(() => {
    expect(
      nabla(folder, [
        "train",
        "--dataset",
        "digits",
        "--hidden",
        "8",
        "--batch",
        "100",
        "--epochs",
        "1",
        "--out",
        "reader",
      ]).status,
    ).toBe(0);
  });
  const predict = (...images: string[]): Outcome => nabla(folder, ["predict", "reader", ...images]);

  test("a missing, an unreadable, a blank and a damaged one", () => {
    expectError(predict("none.png"), 1, /none\.png/);
    mkdirSync(join(folder, "directory.png"), { recursive: true });
    expectError(predict("directory.png"), 1, /directory\.png is a folder/);
    writeFileSync(join(folder, "text.png"), "hello");
    expectError(predict("text.png"), 1, /text\.png.*(PNG|JPEG)/);
    const blank = encode({ width: 30, height: 30, channels: 1, data: new Uint8Array(900).fill(255) });
    writeFileSync(join(folder, "blank.png"), blank);
    expectError(predict("blank.png"), 1, /blank\.png.*(blank|no ink)/);
    writeFileSync(join(folder, "cut.png"), blank.subarray(0, 60));
    expectError(predict("cut.png"), 1, /cut\.png/);
  });

  test("a huge one is refused before it is decoded", () => {
    const header = encode({ width: 4, height: 4, channels: 1, data: new Uint8Array(16) }).slice();
    new DataView(header.buffer).setUint32(16, 60_000);
    new DataView(header.buffer).setUint32(20, 60_000);
    new DataView(header.buffer).setUint32(29, crc32(header.subarray(12, 29)));
    writeFileSync(join(folder, "huge.png"), header);
    expectError(predict("huge.png"), 1, /huge\.png.*(60000|60,000)/);
  });

  test("one bad picture does not hide the others", () => {
    const set = drawDigits(1, 5);
    const bytes = encode({ width: 28, height: 28, channels: 1, data: set.images.slice(0, 784) });
    writeFileSync(join(folder, "fine.png"), bytes);
    const result = predict("none.png", "fine.png");
    expect(result.status).toBe(1);
    expect(result.stdout).toMatch(/^fine\.png: \d {2}\(/);
    expect(result.stderr).toMatch(/none\.png/);
  });

  test("a run without a complete epoch", () => {
    mkdirSync(join(folder, "young/checkpoints"), { recursive: true });
    copyFileSync(join(folder, "reader/config.json"), join(folder, "young/config.json"));
    expectError(nabla(folder, ["predict", "young", "fine.png"]), 1, /no epoch was complete.*--resume young/);
  });
});
