// `nabla tree`: a small treebank is learnt, looked at, gone on with; what is wrong with one is named.
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { StudioRuns } from "../../cli/studio/runs.ts";
import { readSafetensors, tensor, writeSafetensors } from "../../src/node.ts";
import { nabla, printed, startNabla, temporaryFolder } from "./run.ts";

const folder = temporaryFolder();
const GOOD = ["good", "fine", "great"];
const BAD = ["bad", "poor", "dull"];
const NOUNS = ["film", "plot", "story"];

/** (label (2 a) (label (label adjective) (2 noun))), with "not" before it now and then, which turns it round. */
function sentences(count: number): string {
  return Array.from({ length: count }, (_, i) => {
    const good = i % 2 === 0;
    const adjective = (good ? GOOD : BAD)[(i >> 1) % 3];
    const label = good ? 4 : 0;
    const phrase = `(${label} (${label} ${adjective}) (2 ${NOUNS[(i >> 2) % 3]}))`;
    return i % 3 === 0 ? `(${4 - label} (1 not) ${phrase})` : phrase;
  }).join("\n");
}

beforeAll(() => {
  mkdirSync(join(folder, "bank"));
  for (const [part, count] of [
    ["train", 120],
    ["dev", 24],
    ["test", 24],
  ] as const)
    writeFileSync(join(folder, "bank", `${part}.txt`), `${sentences(count)}\n`);
});

const train = ["tree", "train", "--data", "bank", "--threads", "1", "--width", "8"];

describe("a run", () => {
  test("learns, reports, and shows sentences: plain words, brackets, one word, words it does not know", () => {
    const options = [
      "--epochs",
      "25",
      "--patience",
      "25",
      "--learning-rate",
      "0.02",
      "--parser-epochs",
      "2",
      "--out",
      "one",
      "--json",
    ];
    const result = nabla(folder, [...train, ...options, "--dropout", "0", "--phrase-dropout", "0"]);
    expect(result.stderr).toContain("on 120 sentences, 24 to choose by, 24 to test with");
    expect(result.status).toBe(0);
    const { best, status } = result.json() as { best: { test: { root: number } }; status: string };
    expect(status).toBe("finished");
    expect(best.test.root).toBeGreaterThan(0.9);
    for (const name of [
      "config.json",
      "words.json",
      "history.jsonl",
      "model.safetensors",
      "parser.safetensors",
      "report.html",
    ])
      expect(existsSync(join(folder, "one", name)), name).toBe(true);
    const shown = nabla(folder, ["tree", "show", "--run", "one", "not good plot", "--json"]);
    expect(shown.status).toBe(0);
    const bracketed = nabla(folder, [
      "tree",
      "show",
      "--run",
      "one",
      "--out",
      "new/t.svg",
      "(not (good plot))",
      "--json",
    ]);
    expect(bracketed.json()).toMatchObject({ words: ["not", "good", "plot"], unknown: [] });
    expect((bracketed.json()["classes"] as number[]).at(-1)).toBe(0);
    expect(readFileSync(join(folder, "new/t.svg"), "utf8")).toContain(">plot</text>");
    const plain = nabla(folder, ["tree", "show", "--run", "one", "not poor film"]);
    expect(plain.stdout).toMatch(/^\(4 .*not.*\n(very )?positive/);
    const strange = nabla(folder, ["tree", "show", "--run", "one", "wonderful"]);
    expect(strange.stdout).toContain("read as unknown: wonderful");
    expect(strange.status).toBe(0);
  });

  test("is shown by the studio as other runs are", async () => {
    const runs = new StudioRuns([join(folder, "one")], "");
    const [key] = [...runs.folders().keys()];
    const state = (await runs.state(key))!;
    expect(state).toMatchObject({ status: "finished", report: true, resumable: true });
    const last = state.records.at(-1) as unknown as { testAccuracy: number; metrics: Record<string, number> };
    expect(last.testAccuracy).toBeGreaterThan(0.9);
    expect(last.metrics["test.root"]).toBe(last.testAccuracy);
    expect(Object.keys(last.metrics)).toHaveLength(8);
  });

  test("is gone on with after some epochs to the same figures as without a break", () => {
    const options = ["--parser-epochs", "0", "--patience", "9"];
    expect(nabla(folder, [...train, ...options, "--epochs", "4", "--out", "whole"]).status).toBe(0);
    expect(nabla(folder, [...train, ...options, "--epochs", "2", "--out", "parts"]).status).toBe(0);
    const path = join(folder, "parts/config.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"epochs": 2', '"epochs": 4'));
    const again = nabla(folder, ["tree", "train", "--resume", "parts", "--threads", "1"]);
    expect(again.stdout).toContain("resuming parts after 2 epochs");
    const lines = (name: string): unknown[] =>
      readFileSync(join(folder, name, "history.jsonl"), "utf8")
        .trim()
        .split("\n")
        .map((line) => ({ ...(JSON.parse(line) as object), seconds: 0 }));
    expect(lines("parts")).toEqual(lines("whole"));
  });
});

describe("unlucky moments", () => {
  const plain = [...train, "--parser-epochs", "0"];
  const text = (...names: string[]): string => readFileSync(join(folder, ...names), "utf8");

  test("a disk that takes no more is told; the run goes on, ends with exit code 1, and what was written stays whole", () => {
    // Files may not grow beyond 8 KiB: the network fits, a checkpoint with its optimiser does not.
    const words = [...train, "--width", "25", "--parser-epochs", "0", "--epochs", "2", "--out", "full"];
    const result = nabla(folder, words, {}, ["sh", "-c", 'ulimit -f 16; exec "$@"', "sh"]);
    expect(result.stdout).toMatch(/cannot save epoch 1: files may not grow that large here\. The run goes on/);
    expect(result.stdout).toMatch(/epoch 2 {2}loss/);
    expect(result.stderr).toMatch(
      /^error: the run came to its end and can't be saved: files may not grow that large here\. Make room or permission, and go on with: .*tree train --resume full\n$/,
    );
    expect(result.status).toBe(1);
    const resumed = nabla(folder, ["tree", "train", "--resume", "full", "--threads", "1"]);
    expect(resumed.status, resumed.stderr).toBe(0);
    expect(existsSync(join(folder, "full/report.html"))).toBe(true);
  });

  test("a second process is refused; a folder that goes away is written anew, and the run says so", async () => {
    const { child, ended } = startNabla(folder, [
      ...plain,
      "--epochs",
      "1000000",
      "--patience",
      "1000000",
      "--out",
      "gone",
    ]);
    await printed(child.stdout!, "epoch 2 ");
    const second = nabla(folder, ["tree", "train", "--resume", "gone"]);
    expect(second.stderr).toContain(`gone is in use by process ${child.pid}`);
    expect(second.status).toBe(1);
    // At one stroke, for the run may add files meanwhile.
    renameSync(join(folder, "gone"), join(folder, "gone-removed"));
    await printed(child.stdout!, "config.json was deleted while the run went on; it is written anew");
    child.kill("SIGINT");
    expect((await ended).status).toBe(130);
    for (const name of ["config.json", "words.json", "model.safetensors", "checkpoint.safetensors"])
      expect(existsSync(join(folder, "gone", name)), name).toBe(true);
    expect(JSON.parse(text("gone", "history.jsonl").split("\n")[0])).toMatchObject({ epoch: 1 });
  });

  test("what is missing, damaged or no number is named with what to do, before it is used", () => {
    expect(nabla(folder, [...plain, "--epochs", "2", "--out", "sound"]).status).toBe(0);
    const resumed = (change: (path: (name: string) => string) => void): string => {
      rmSync(join(folder, "damaged"), { recursive: true, force: true });
      cpSync(join(folder, "sound"), join(folder, "damaged"), { recursive: true });
      change((name) => join(folder, "damaged", name));
      const result = nabla(folder, ["tree", "train", "--resume", "damaged"]);
      expect(result.status).toBe(1);
      expect(result.stderr).not.toMatch(/NaN:|undefined|Cannot read|run again with --debug/);
      return result.stderr;
    };
    const again = "Restore it, or delete damaged/checkpoint.safetensors, and --resume begins again.";
    expect(resumed((path) => rmSync(path("history.jsonl")))).toContain(
      `history.jsonl has the figures of 0 epochs, and 2 are complete: which network was the best is not known. ${again}`,
    );
    expect(resumed((path) => writeFileSync(path("history.jsonl"), '{"epoch":1}\n'))).toContain(
      `line 1, is damaged: loss is missing: a value of type number is expected. ${again}`,
    );
    expect(resumed((path) => rmSync(path("model.safetensors")))).toContain(
      `model.safetensors is gone, the best network of 2 epochs. ${again}`,
    );
    const config = (path: (name: string) => string): void =>
      writeFileSync(path("config.json"), text("sound", "config.json").replace('"width": 8', '"width": 80000'));
    expect(resumed(config)).toMatch(/^error: .*at most 2147483647 are possible\n$/);
    const unsound = (path: (name: string) => string): void => {
      const { tensors, metadata } = readSafetensors(readFileSync(path("checkpoint.safetensors")));
      const bias = tensor([Number.NaN, 0, 0, 0, 0]);
      writeFileSync(path("checkpoint.safetensors"), writeSafetensors({ ...tensors, "classes.bias": bias }, metadata));
    };
    expect(resumed(unsound)).toContain("is of no use: classes.bias holds NaN at position 0. Delete");
  });
});

describe("a learning rate that is too high", () => {
  const learn = (out: string, rate: string) =>
    nabla(folder, [...train, "--epochs", "2", "--parser-epochs", "0", "--learning-rate", rate, "--out", out]);

  test("a loss that has exploded is remarked on, with a rate to try, in the report too", () => {
    const result = learn("exploded", "1e6");
    expect(result.status, result.stderr).toBe(0);
    const remark =
      /The loss has exploded: it is [\d.e+]+ after epoch 2, where guessing has 1\.61\. The learning rate 1000000 is too large; try --learning-rate 0\.001/;
    expect(result.stdout).toMatch(remark);
    expect(readFileSync(join(folder, "exploded/report.html"), "utf8")).toMatch(remark);
  });

  test("one that is not finite ends the run, once with what is to be tried", () => {
    const result = learn("infinite", "1e30");
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(
      /^error: the loss became (NaN|Infinity) in epoch 1, step \d+;.* The learning rate 1e\+30 is too large: try --learning-rate 0\.001\. No epoch was complete\.\n$/,
    );
  });
});

test.each([
  ["lines of a damaged treebank", "(3 (2 a) (2 b)", "train.txt, line 1, column 1: a bracket is not closed"],
  ["labels out of range", "(7 a)", 'the label "7" is not a whole number from 0 to 4'],
  ["an empty file", "", "need at least one tree each"],
])("%s are named, and no folder is left", (_, content, message) => {
  mkdirSync(join(folder, "wrong"), { recursive: true });
  for (const part of ["train", "dev", "test"]) writeFileSync(join(folder, "wrong", `${part}.txt`), content);
  const result = nabla(folder, ["tree", "train", "--data", "wrong", "--out", "none"]);
  expect(result.status).toBe(1);
  expect(result.stderr).toContain(message);
  expect(existsSync(join(folder, "none"))).toBe(false);
  rmSync(join(folder, "wrong"), { recursive: true });
});

test("wrong usage and what is missing", () => {
  const says = (words: string[], status: number, message: string): void => {
    const result = nabla(folder, words);
    expect(result.stderr, words.join(" ")).toContain(message);
    expect(result.status, words.join(" ")).toBe(status);
  };
  says(["tree", "train"], 1, "set NABLA_DATA_DIR to a folder that holds sst/");
  says([...train, "--units", "3"], 2, "--units is for --kind lstm");
  says(["tree", "train", "--resume", "nowhere"], 1, "there is no folder nowhere");
  says(["tree", "train", "--resume", "x", "--width", "3"], 2, "--width does not go with --resume");
  says(["tree", "train", "--data", "nowhere"], 1, "no train.txt, no dev.txt, no test.txt");
  says(["tree", "show", "a film"], 1, "there is no trained run in runs/");
  says(["tree", "show", "--run", "nowhere", "a film"], 1, "there is no folder nowhere");
});

test("a sentence whose brackets are wrong, and none at all", () => {
  const show = (sentence: string) => nabla(folder, ["tree", "show", "--run", "one", sentence]);
  expect(show("((not bad film)").stderr).toContain("a node has 3 children");
  expect(show("((not bad) film").stderr).toContain("not closed");
  expect(show("  ").stderr).toContain("the sentence is empty");
});
