// Trainings of one's own in folders: what stands in them, what is seen inside, how they end, and what is refused.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { Dense, digits, fit, runEpochs, Sequential, Trainer, tensor, toSamples } from "../node.ts";
import { lockFolder } from "./folder-lock.node.ts";
import type { Look } from "./look.ts";
import { looksOf, superfluous } from "./look-files.node.ts";
import { report, STOP_FILE } from "./report.node.ts";

const parent = mkdtempSync(join(tmpdir(), "nabla-report-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));
let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(parent, "run-")), "run");
});

const { train, test: held } = digits({ train: 100, test: 40, seed: 1 });
const classifier = () =>
  new Sequential([new Dense(8, { activation: "relu" }), new Dense(10, { activation: "softmax" })], {
    inputShape: [784],
    seed: 1,
  });
const lines = (): Record<string, unknown>[] =>
  readFileSync(join(folder, "history.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const config = (): Record<string, unknown> =>
  JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as Record<string, unknown>;
const lookAfter = (epoch: number): Look =>
  JSON.parse(readFileSync(join(folder, "looks", `epoch-${String(epoch).padStart(5, "0")}.json`), "utf8")) as Look;

describe("report", () => {
  test("keeps settings, every epoch, and what is inside after the last", async () => {
    const model = classifier();
    const settings = { note: "small", augmented: false, seed: 1, rest: null };
    const history = await fit(model, toSamples(train), {
      epochs: 3,
      batchSize: 20,
      learningRate: 0.01,
      validation: toSamples(held),
      metrics: ["f1"],
      callbacks: [report({ folder, settings })],
    });
    expect(config()).toMatchObject({
      format: "nabla-program-run",
      epochs: 3,
      samples: 100,
      parameters: 785 * 8 + 90,
      batch: 20,
      loss: "softmaxCrossEntropy",
      optimizer: "adam",
      lr: 0.01,
      ...settings,
    });
    const [, , third, end] = lines();
    expect(lines()).toHaveLength(4);
    expect(third).toEqual(JSON.parse(JSON.stringify(history.epochs[2])));
    expect(third).toHaveProperty("metrics.f1");
    expect(end).toEqual({ status: "finished" });
    // Nobody holds the folder any more.
    expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);

    const look = lookAfter(3);
    const [weights] = model.block.parameters.map(({ tensor }) => tensor.dataSync() as Float32Array);
    const mean = weights.reduce((sum, value) => sum + value, 0) / weights.length;
    expect(look.weights.map(({ name, count }) => [name, count])).toEqual([
      ["0.dense.weights", 784 * 8],
      ["0.dense.bias", 8],
      ["1.dense.weights", 80],
      ["1.dense.bias", 10],
    ]);
    expect(look.weights[0].mean).toBeCloseTo(mean, 6);
    expect(look.gradients).toHaveLength(4);
    expect(look.gradients[2].deviation).toBeGreaterThan(0);
    expect(look.gradients[0].counts.reduce((sum, n) => sum + n, 0)).toBe(784 * 8);
    // 784 inputs are taken for a picture.
    expect(look.filters).toMatchObject({ layer: "0.dense", channels: 1, height: 28, width: 28, count: 8 });
    expect(atob(look.filters!.pixels[0])).toHaveLength(784);
    const right = look.confusion!.reduce((sum, row, i) => sum + row[i], 0);
    expect(right / 40).toBeCloseTo(history.epochs[2].validationAccuracy!, 10);
    const { all, pictures } = look.mistakes!;
    expect(all).toHaveLength(Math.min(24, 40 - right));
    expect(pictures!.pixels).toHaveLength(all.length);
    for (const { index, label, answer } of all) {
      expect(held.labels[index]).toBe(label);
      expect(answer).not.toBe(label);
    }
  });

  test("a regression has histograms alone; looks are left out where they are not wanted", async () => {
    const data = { x: tensor([[1], [2], [3]]), y: tensor([[1], [2], [3]]) };
    const options = { epochs: 2, loss: "meanSquaredError" as const, validation: data };
    await fit(new Sequential([new Dense(1)], { inputShape: [1], seed: 1 }), data, {
      ...options,
      callbacks: [report({ folder })],
    });
    expect(Object.keys(lookAfter(2)).sort()).toEqual(["epoch", "gradients", "weights"]);
    const other = `${folder}-2`;
    await fit(new Sequential([new Dense(1)], { inputShape: [1], seed: 1 }), data, {
      ...options,
      callbacks: [report({ folder: other, looks: false })],
    });
    expect(existsSync(join(other, "looks"))).toBe(false);
    expect(existsSync(join(other, "history.jsonl"))).toBe(true);
  });

  test("a file asks it to end: epochs that are complete are kept, and the run is interrupted", async () => {
    const model = classifier();
    const asking = {
      onEpochEnd: ({ epoch }: { epoch: number }) => {
        if (epoch === 2) writeFileSync(join(folder, STOP_FILE), "");
      },
    };
    const history = await fit(model, toSamples(train), { epochs: 1e6, callbacks: [report({ folder }), asking] });
    expect(history.ended).toBe("stopped");
    expect(lines().at(-1)).toEqual({ status: "interrupted" });
    expect(lines()).toHaveLength(history.epochs.length + 1);
    expect(existsSync(join(folder, STOP_FILE))).toBe(false);
  });

  test.each([
    ["deleted", () => rmSync(folder, { recursive: true })],
    [
      "another's",
      () => {
        renameSync(folder, `${folder}-moved`);
        mkdirSync(folder);
        writeFileSync(join(folder, "history.jsonl"), "1\n");
      },
    ],
  ])("a folder that is %s in between ends the training, and nothing is written to it", async (_, take) => {
    const taking = {
      onEpochEnd: ({ epoch }: { epoch: number }) => {
        if (epoch === 2) take();
      },
    };
    const training = fit(classifier(), toSamples(train), {
      epochs: 1e6,
      callbacks: [report({ folder, looks: false }), taking],
    });
    await expect(training).rejects.toThrow("was deleted while the training went on, or another one has its place now");
    const left = join(folder, "history.jsonl");
    if (existsSync(folder)) expect(readFileSync(left, "utf8")).toBe("1\n");
    rmSync(`${folder}-moved`, { recursive: true, force: true });
  });

  test("a history that was replaced is written anew", async () => {
    const replacing = {
      onEpochEnd: ({ epoch }: { epoch: number }) => {
        if (epoch !== 2) return;
        rmSync(join(folder, "history.jsonl"));
        writeFileSync(join(folder, "history.jsonl"), "1\n");
      },
    };
    await fit(classifier(), toSamples(train), { epochs: 3, callbacks: [report({ folder, looks: false }), replacing] });
    expect(lines()).toHaveLength(4);
    expect(lines()[0]).toMatchObject({ epoch: 1 });
  });

  test("a training that fails says so, and gives the folder free", async () => {
    const data = { x: tensor([[1e20], [2]]), y: tensor([[1], [2]]) };
    const model = new Sequential([new Dense(1)], { inputShape: [1], seed: 1 });
    const training = fit(model, data, {
      epochs: 3,
      loss: "meanSquaredError",
      optimizer: "sgd",
      learningRate: 1e9,
      callbacks: [report({ folder })],
    });
    await expect(training).rejects.toThrow("loss became");
    expect(lines().at(-1)).toEqual({ status: "failed" });
    (await lockFolder(folder, "test")).release();
  });

  test("goes on in its folder with the epochs before", async () => {
    const model = classifier();
    const callback = report({ folder });
    const first = await fit(model, toSamples(train), { epochs: 2, callbacks: [callback] });
    const trainer = new Trainer(model, toSamples(train));
    trainer.restore({ ...trainer.state(), epoch: 2 }, trainer.tensors());
    await runEpochs(trainer, { epochs: 4, records: first.epochs, callbacks: [report({ folder })] });
    expect(
      lines()
        .map(({ epoch }) => epoch)
        .filter(Boolean),
    ).toEqual([1, 2, 3, 4]);
  });

  test("a folder that holds a run, and one that another process has, are refused before anything is trained", async () => {
    const once = (callbacks: ReturnType<typeof report>[]) =>
      fit(classifier(), toSamples(train), { epochs: 1, callbacks });
    await once([report({ folder })]);
    await expect(once([report({ folder })])).rejects.toThrow(`report: ${folder} holds a run already; name another`);
    const other = `${folder}-held`;
    await once([report({ folder: other })]);
    rmSync(join(other, "config.json"));
    const lock = await lockFolder(other, "another program");
    await expect(once([report({ folder: other })])).rejects.toThrow(/in use by process \d+ \(another program\)/);
    lock.release();
  });

  test("without a folder it takes the first free one in runs/", async () => {
    const before = process.cwd();
    const place = mkdtempSync(join(parent, "cwd-"));
    const program = process.argv[1];
    process.chdir(place);
    process.argv[1] = "/somewhere/learn.ts";
    try {
      for (let i = 0; i < 2; i++) await fit(classifier(), toSamples(train), { epochs: 1, callbacks: [report()] });
    } finally {
      process.chdir(before);
      process.argv[1] = program;
    }
    expect(readdirSync(join(place, "runs")).sort()).toEqual(["learn-1", "learn-2"]);
  });

  test("wrong options are named", () => {
    expect(() => report({ dir: "x" } as never)).toThrow("report: there is no option dir");
    expect(() => report({ folder: "" })).toThrow("folder must not be empty");
    expect(() => report({ settings: { rate: Number.NaN } })).toThrow("settings.rate must be");
    expect(() => report({ picture: [28, 28] as never })).toThrow("[channels, height, width]");
    expect(() => report({ looks: 1 as never })).toThrow("looks");
    expect(() => report({ data: {} as never })).toThrow("report");
  });
});

describe("looks", () => {
  test("the closest neighbours go, never the first and the last", () => {
    expect(superfluous([1, 2, 3, 10, 20], 4)).toEqual([2]);
    expect(superfluous([1, 2], 1)).toEqual([]);
    // Over a long run they stay spread over it.
    let kept: number[] = [];
    for (let epoch = 1; epoch <= 1000; epoch++) {
      kept.push(epoch);
      const gone = superfluous(kept, 20);
      kept = kept.filter((each) => !gone.includes(each));
    }
    expect(kept).toHaveLength(20);
    expect([kept[0], kept.at(-1)]).toEqual([1, 1000]);
    const widest = Math.max(...kept.slice(1).map((epoch, i) => epoch - kept[i]));
    expect(widest).toBeLessThan(150);
  });

  test("a folder without any has none", () => {
    expect(looksOf(folder)).toEqual([]);
  });
});
