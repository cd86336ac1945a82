// What a run's folder holds is checked before anything of it is used: what is wrong is named by file, field and value.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { readSafetensors, tensor, writeSafetensors } from "../src/node.ts";
import type { TrainerState } from "../src/train/trainer-state.ts";
import { type Fit, RunFolder } from "./run-folder.ts";
import { CLASSIFIER_RUN } from "./run-kind.ts";
import { networkOf } from "./run-network.ts";
import type { ClassifierFolder } from "./train.ts";

const parent = mkdtempSync(join(tmpdir(), "nabla-run-folder-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));
let folder: ClassifierFolder;
beforeEach(() => {
  folder = new RunFolder(mkdtempSync(join(parent, "run-")), CLASSIFIER_RUN);
});

type Values = Record<string, unknown>;

describe("config.json", () => {
  const config: Values = {
    ...{ format: "nabla-run", version: 2, dataset: "digits", hidden: [16], activation: "relu", loss: "softmax" },
    ...{ optimizer: "adam", lr: 0.001, batch: 20, epochs: 2, l2: 0, dropout: 0, init: "auto", split: null, seed: 3 },
    ...{ engine: "wasm", threads: null },
  };
  const write = (value: unknown): void => writeFileSync(folder.file("config.json"), JSON.stringify(value));

  test("a whole one is read, of version 1 too", () => {
    write(config);
    expect(folder.readConfig()).toEqual(config);
    write({ ...config, version: 1 });
    expect(folder.readConfig()).toMatchObject({ version: 1, epochs: 2 });
  });

  test.each<[string, unknown, string]>([
    ["epochs", "abc", 'epochs is "abc": a value of type number is expected'],
    ["epochs", undefined, "epochs is missing"],
    ["epochs", 0, "epochs is 0: more than 0 is expected"],
    ["epochs", 4.5, "epochs is 4.5: a whole number is expected"],
    ["batch", -1, "batch is -1"],
    ["lr", null, "lr is null"],
    ["dropout", 1, "dropout is 1: less than 1 is expected"],
    ["hidden", [16, "x"], 'hidden.1 is "x"'],
    ["activation", "constructor", 'activation is "constructor": one of sigmoid, tanh, relu is expected'],
    ["optimizer", "__proto__", 'optimizer is "__proto__": one of sgd, momentum, adam is expected'],
    ["seed", -1, "seed is -1"],
    ["version", 0, "version is 0"],
  ])("%s: %j", (field, value, message) => {
    write({ ...config, [field]: value });
    expect(() => folder.readConfig()).toThrow(`config.json is damaged: ${message}`);
    expect(() => folder.readConfig()).toThrow(/Mend it, or begin another run/);
  });

  test.each([
    ['{\n  "format": "nabla-run",\n  "lr" 0.1\n}', "it is no JSON from line 3, column 8 on. Mend it"],
    ['{\n  "format": "nabla-run",\n', "it ends too early, at line 3, column 1. Mend it"],
    ["", "it ends too early, at line 1, column 1. Mend it"],
  ])("what is no JSON is told by file and place: %j", (text, message) => {
    writeFileSync(join(folder.path, "config.json"), text);
    expect(() => folder.readConfig()).toThrow(`${join(folder.path, "config.json")} is damaged: ${message}`);
  });

  test("a network that none of the run's files can hold is not built", () => {
    write({ ...config, hidden: [30_000, 30_000] });
    writeFileSync(join(folder.path, "model.safetensors"), "some bytes");
    expect(() => networkOf(folder.readConfig(), { inputs: 784, picture: [1, 28, 28], classes: 10 }, folder)).toThrow(
      "is another one than its config.json asks for: that one takes 3695520040 bytes, and the largest file of the run has 10",
    );
  });

  test("one of a newer version is told from a damaged one", () => {
    write({ ...config, version: 99, epochs: "many" });
    expect(() => folder.readConfig()).toThrow("its version is 99, this one knows up to 2. Update Nabla.");
  });
});

describe("history.jsonl", () => {
  const record: Values = {
    ...{ epoch: 1, loss: 0.5, accuracy: 0.75, learningRate: 0.1, seconds: 1, samplesPerSecond: 100 },
    ...{ testLoss: 0.25, testAccuracy: 0.875 },
  };
  const write = (...lines: unknown[]): void =>
    writeFileSync(folder.file("history.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));

  test("what a kill cut off at its end is no part of it", () => {
    writeFileSync(folder.file("history.jsonl"), `${JSON.stringify(record)}\n{"epoch":2,"lo`);
    expect(folder.readHistory()).toEqual({ records: [record], ending: undefined });
  });

  test.each<[Values | null, string]>([
    [{ ...record, loss: null }, "line 2, is damaged: loss is null"],
    [{ ...record, epoch: 3 }, "line 2, is damaged: epoch is 3: 2 is expected"],
    [{ ...record, epoch: -3 }, "line 2, is damaged: epoch is -3"],
    [{ ...record, testAccuracy: 17 }, "line 2, is damaged: testAccuracy is 17: at most 1 is expected"],
    [{ status: "constructor" }, 'line 2, is damaged: status is "constructor"'],
    [null, "line 2, is damaged: it is null"],
  ])("%j", (line, message) => {
    write(record, line);
    expect(() => folder.readHistory()).toThrow(message);
  });
});

describe("a checkpoint", () => {
  const fit: Fit = { architecture: "[]", optimizer: "sgd", batch: 10, steps: 5 };
  const random = { seed: 1, counter: 0 };

  beforeEach(() => mkdirSync(folder.file("checkpoints")));

  async function save(epoch: number, values = [0]): Promise<void> {
    const optimizer = { type: "sgd", config: { l1: 0 }, iterations: 5 * epoch, learningRate: 0.1 };
    const state: TrainerState = { epoch, step: 0, lossSum: 0, correct: 0, seen: 0, shuffle: random, random, optimizer };
    await folder.writeCheckpoint({ w: tensor(values) }, state, "[]");
  }

  const cases: [string, (state: Values) => unknown, RegExp][] = [
    ["null", () => null, /state, is damaged: it is null/],
    ["no random state", (s) => delete s["random"], /random is missing/],
    ["epoch -3", (s) => (s["epoch"] = -3), /epoch is -3: at least 0 is expected/],
    ["epoch 4.5", (s) => (s["epoch"] = 4.5), /epoch is 4\.5: a whole number is expected/],
    ["step 1.5", (s) => (s["step"] = 1.5), /step is 1\.5/],
    ["another epoch", (s) => (s["epoch"] = 7), /its state is of epoch 7, step 0, its name says epoch 2/],
    ["samples seen before a step", (s) => (s["seen"] = 4), /seen is 4: 0 is expected after 0 steps of 10 samples/],
    ["too many right", (s) => (s["correct"] = 1), /correct is 1: at most 0 is expected/],
    ["a sum of text", (s) => (s["lossSum"] = "x"), /lossSum is "x"/],
    ["a negative counter", (s) => (s["shuffle"] = { seed: 1, counter: -1 }), /shuffle\.counter is -1/],
    ["no optimiser", (s) => (s["optimizer"] = null), /optimizer is null/],
    [
      "another optimiser",
      (s) => ((s["optimizer"] as Values)["type"] = "constructor"),
      /type is constructor: sgd is exp/,
    ],
    [
      "other steps",
      (s) => ((s["optimizer"] as Values)["iterations"] = 3),
      /iterations is 3: 10 is expected after 2 ep/,
    ],
  ];
  test.each(cases)("with %s is named, and the one before it counts", async (what, change, message) => {
    await save(1);
    await save(2);
    const path = folder.file("checkpoints/epoch-00002.safetensors");
    const { tensors, metadata } = readSafetensors(readFileSync(path));
    const state = JSON.parse(metadata["state"]) as Values;
    const changed = what === "null" ? null : state;
    change(state);
    writeFileSync(path, writeSafetensors(tensors, { ...metadata, state: JSON.stringify(changed) }));
    const told: string[] = [];
    expect(folder.readNewestCheckpoint(fit, (problem) => told.push(problem))?.state.epoch).toBe(1);
    expect(told).toEqual([expect.stringMatching(message)]);
    expect(told[0]).toContain(path);
    rmSync(folder.file("checkpoints/epoch-00001.safetensors"));
    expect(() => folder.readNewestCheckpoint(fit, () => {})).toThrow(/No other checkpoint is whole\. Delete/);
  });

  test.each([NaN, Infinity])("with %s in a parameter is refused unless asked", async (value) => {
    await save(1, [0, value]);
    expect(() => folder.readNewestCheckpoint(fit, () => {})).toThrow(`is of no use: w holds ${value} at position 1`);
    expect(folder.readNewestCheckpoint({ ...fit, allowNonFinite: true }, () => {})?.state.epoch).toBe(1);
  });

  test("of another architecture is refused", async () => {
    await save(1);
    expect(() => folder.readNewestCheckpoint({ ...fit, architecture: "[1]" }, () => {})).toThrow(
      "belongs to another architecture",
    );
  });
});
