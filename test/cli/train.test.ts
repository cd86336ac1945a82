// `nabla train` from the outside: what it prints, what it leaves behind, and that interrupted work is not lost.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nabla, startNabla, temporaryFolder } from "./run.ts";

const folder = temporaryFolder();
const small = ["--dataset", "digits", "--hidden", "16", "--batch", "20", "--seed", "3"];

function files(run: string): string[] {
  return readdirSync(join(folder, run)).sort();
}

function historyOf(run: string): Record<string, unknown>[] {
  const lines = readFileSync(join(folder, run, "history.jsonl"), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

function model(run: string): Buffer {
  return readFileSync(join(folder, run, "model.safetensors"));
}

describe("a run", () => {
  test("ends with one JSON line and a folder with config, history, model, checkpoints and report", () => {
    const result = nabla(folder, ["train", ...small, "--epochs", "2", "--out", "a", "--json"]);
    expect(result.stderr).toContain("epoch 2/2");
    expect(result.status).toBe(0);
    const json = result.json();
    expect(json).toMatchObject({
      dataset: "digits",
      layers: [784, 16, 10],
      epochs: 2,
      engine: expect.stringMatching(/^(wasm|native)$/),
      seed: 3,
      status: "finished",
    });
    for (const key of ["trainLoss", "testAccuracy", "secondsPerEpoch", "samplesPerSecond", "threads"]) {
      expect(json[key], key).toBeTypeOf("number");
    }
    expect(json["testAccuracy"]).toBeGreaterThan(0.85);
    expect(json["out"]).toBe(join(folder, "a"));
    expect(files("a")).toEqual([
      "checkpoints",
      "config.json",
      "history.jsonl",
      "looks",
      "model.safetensors",
      "report.html",
    ]);
    const history = historyOf("a");
    expect(history.map(({ epoch }) => epoch)).toEqual([1, 2, undefined]);
    expect(history.at(-1)).toEqual({ status: "finished" });
    const report = readFileSync(join(folder, "a/report.html"), "utf8");
    expect(report).toContain("784-16-10 on digits");
    expect(report.match(/(?:src|href)="https?:/g)).toBeNull();
  });

  test("without --json, human lines go to standard output", () => {
    const result = nabla(folder, ["train", ...small, "--epochs", "1", "--out", "human"]);
    expect(result.stdout).toMatch(/training 784-16-10 on digits: 20000 images, 4000 for testing/);
    expect(result.stdout).toMatch(/epoch 1\/1 {2}loss \d\.\d{4} {2}accuracy \d\d\.\d\d% {2}test \d\d\.\d\d%/);
    expect(result.stdout).toContain(join("human", "report.html"));
  });

  test("threads do not change a bit", () => {
    nabla(folder, ["train", ...small, "--epochs", "1", "--threads", "1", "--out", "one"]);
    nabla(folder, ["train", ...small, "--epochs", "1", "--threads", "2", "--out", "two"]);
    expect(model("one").equals(model("two"))).toBe(true);
  });

  test("--split keeps the rest for validation", () => {
    const result = nabla(folder, ["train", ...small, "--epochs", "1", "--split", "15000", "--out", "split", "--json"]);
    expect(result.stderr).toContain("15000 images, 5000 for validation, 4000 for testing");
    expect(result.json()["validationAccuracy"]).toBeTypeOf("number");
  });

  test("--profile says where the time went and writes a trace", () => {
    const result = nabla(folder, ["train", ...small, "--epochs", "1", "--profile", "--out", "profiled"]);
    expect(result.stdout).toMatch(
      /operation +calls +ms +share +us a call\n[\s\S]*matmul +[\d,]+ +[\d.]+ +[\d.]+% +[\d.]+[\s\S]*outside kernels/,
    );
    const { traceEvents } = JSON.parse(readFileSync(join(folder, "profiled/profile.json"), "utf8")) as {
      traceEvents: { name: string; ph: string; dur: number }[];
    };
    expect(traceEvents.some(({ name, ph }) => name === "adam" && ph === "X")).toBe(true);
  });

  test("every choice of loss, activation, optimiser and initialisation learns", () => {
    const choices = [
      ["--loss", "quadratic", "--activation", "sigmoid", "--optimizer", "sgd", "--lr", "3", "--init", "normal"],
      ["--loss", "cross-entropy", "--activation", "tanh", "--optimizer", "momentum", "--init", "xavier", "--l2", "1"],
      [
        "--loss",
        "cross-entropy",
        "--activation",
        "sigmoid",
        "--optimizer",
        "sgd",
        "--lr",
        "0.5",
        "--init",
        "scaled",
        "--dropout",
        "0.2",
      ],
      ["--loss", "softmax", "--activation", "relu", "--optimizer", "adam", "--init", "he", "--hidden", "20,10"],
      ["--hidden", "none", "--loss", "softmax", "--init", "zeros"],
    ];
    choices.forEach((choice, i) => {
      const result = nabla(folder, [
        "train",
        ...small,
        "--epochs",
        "1",
        "--split",
        "8000",
        ...choice,
        "--out",
        `choice-${i}`,
        "--json",
      ]);
      expect(result.status, result.stderr).toBe(0);
      expect(result.json()["testAccuracy"], choice.join(" ")).toBeGreaterThan(0.5);
    });
  });

  test("without MNIST on the machine it takes digits, says so, and says how to get MNIST", () => {
    const result = nabla(folder, ["train", "--hidden", "8", "--epochs", "1", "--batch", "100", "--out", "default"]);
    expect(result.status).toBe(0);
    expect(result.stdout).toMatch(/MNIST is not on this machine.*main\.js data get mnist/);
    expect(result.stdout).toContain("on digits");
  });
});

describe("interrupted work is not lost", () => {
  const run = ["train", ...small, "--epochs", "6", "--dropout", "0.1", "--optimizer", "adam"];

  test("killed with SIGKILL at random moments and resumed, a run ends with the same bytes as one left alone", async () => {
    const many = run.with(run.indexOf("6"), "20");
    const begin = performance.now();
    expect(nabla(folder, [...many, "--out", "alone"]).status).toBe(0);
    // A few epochs far, however fast the machine is.
    const reach = (performance.now() - begin) / 5;
    let started = false;
    let resumedFromCheckpoint = 0;
    for (let kills = 0; kills < 10; kills++) {
      const words = started ? ["train", "--resume", "killed"] : [...many, "--out", "killed"];
      const { child, ended } = startNabla(folder, words);
      // From the first output on: the moment falls into loading, training, testing or saving.
      await new Promise<void>((resolve) => {
        child.stdout!.once("data", () => resolve());
        child.once("close", () => resolve());
      });
      await new Promise((resolve) => setTimeout(resolve, Math.random() * reach));
      child.kill("SIGKILL");
      if ((await ended).stdout.includes("resuming killed after")) resumedFromCheckpoint += 1;
      started = existsSync(join(folder, "killed/config.json"));
    }
    expect(resumedFromCheckpoint).toBeGreaterThan(0);
    const last = nabla(
      folder,
      started ? ["train", "--resume", "killed", "--json"] : [...many, "--out", "killed", "--json"],
    );
    expect(last.status, last.stderr).toBe(0);
    expect(model("killed").equals(model("alone"))).toBe(true);
    const [a, b] = ["alone", "killed"].map((name) => {
      return historyOf(name).map(({ loss, accuracy, testLoss, testAccuracy }) => ({
        loss,
        accuracy,
        testLoss,
        testAccuracy,
      }));
    });
    expect(b).toEqual(a);
    expect(readdirSync(join(folder, "killed/checkpoints")).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("Ctrl-C finishes the step, saves, says how to resume; the resumed run ends with the same bytes", async () => {
    const { child, ended } = startNabla(folder, [...run, "--out", "stopped"]);
    await new Promise<void>((resolve) =>
      child.stdout!.on("data", (chunk: Buffer) => chunk.toString().includes("epoch 2/6") && resolve()),
    );
    await new Promise((resolve) => setTimeout(resolve, 60));
    child.kill("SIGINT");
    const result = await ended;
    expect(result.status).toBe(130);
    expect(result.stdout).toMatch(
      /interrupted in epoch \d after \d+ steps; everything is saved\. Continue with: node \S+main\.js train --resume stopped/,
    );
    expect(existsSync(join(folder, "stopped/model.safetensors"))).toBe(false);
    const resumed = nabla(folder, ["train", "--resume", "stopped"]);
    expect(resumed.stdout).toContain("resuming stopped after");
    expect(resumed.status).toBe(0);
    expect(nabla(folder, [...run, "--out", "whole"]).status).toBe(0);
    expect(model("stopped").equals(model("whole"))).toBe(true);
  });

  test("on a finished run --resume says so and exits 0; with more --epochs it goes on", () => {
    nabla(folder, ["train", ...small, "--epochs", "1", "--out", "done"]);
    const again = nabla(folder, ["train", "--resume", "done"]);
    expect(again.status).toBe(0);
    expect(again.stdout).toContain("done is finished: 1 epochs");
    const more = nabla(folder, ["train", "--resume", "done", "--epochs", "2", "--json"]);
    expect(more.status).toBe(0);
    expect(more.json()["epochs"]).toBe(2);
    nabla(folder, ["train", ...small, "--epochs", "2", "--out", "both"]);
    expect(model("done").equals(model("both"))).toBe(true);
  });
});
