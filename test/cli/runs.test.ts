// Runs that meet: two in one folder, a folder that vanishes, data that changes, files that are damaged, an output that closes. Nothing is mixed, nothing
// is lost, and what is wrong is named.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { drawDigits } from "../../src/data/digits.ts";
import { writeIdx } from "../../src/data/idx.ts";
import { readSafetensors, writeSafetensors } from "../../src/node.ts";
import { environment, nabla, type Outcome, startNabla, temporaryFolder } from "./run.ts";

const folder = temporaryFolder();
const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const path = (...names: string[]): string => join(folder, ...names);
const text = (...names: string[]): string => readFileSync(path(...names), "utf8");

/** A folder of IDX files, so small that an epoch takes no time. */
function drawData(name: string, count = 200): string {
  const set = drawDigits(count, 1);
  mkdirSync(path(name), { recursive: true });
  for (const part of ["train", "t10k"]) {
    const images = writeIdx({ type: "uint8", shape: [count, 28, 28], data: set.images });
    const labels = writeIdx({ type: "uint8", shape: [count], data: set.labels });
    writeFileSync(path(name, `${part}-images-idx3-ubyte`), images);
    writeFileSync(path(name, `${part}-labels-idx1-ubyte`), labels);
  }
  return name;
}

const quick = ["train", "--dataset", "data", "--hidden", "4", "--batch", "20"];
/** So many epochs that it is still running when it is ended. */
const long = [...quick, "--epochs", "1000000"];

function train(out: string, ...more: string[]): Outcome {
  return nabla(folder, [...quick, "--out", out, ...more]);
}

/** Resolves when a run has printed this. */
function printed(stream: NodeJS.ReadableStream, what: string): Promise<void> {
  return new Promise((resolve) => {
    let seen = "";
    stream.on("data", (chunk: Buffer) => {
      seen += chunk.toString();
      if (seen.includes(what)) resolve();
    });
  });
}

beforeAll(() => {
  drawData("data");
  expect(train("whole", "--epochs", "3").status).toBe(0);
});

/** Takes a folder away from a run that writes there: at one stroke, for it may add files meanwhile. */
function remove(run: string): void {
  renameSync(path(run), path(`${run}-removed`));
}

/** A copy of the finished run, to be damaged. */
function copy(name: string): string {
  cpSync(path("whole"), path(name), { recursive: true });
  return name;
}

describe("one process at a time", () => {
  test("a folder where a run goes on is refused to a second, and free once its holder is killed", async () => {
    const first = startNabla(folder, [...long, "--out", "held"]);
    await printed(first.child.stdout!, "epoch       2/");
    for (const words of [
      ["train", "--resume", "held"],
      [...quick, "--out", "held"],
    ]) {
      const second = nabla(folder, words);
      expect(second.status).not.toBe(0);
      expect(second.stderr).toMatch(/held is in use: process \d+ has been training there|held holds a run already/);
    }
    expect(nabla(folder, ["train", "--resume", "held"]).stderr).toContain(`process ${first.child.pid}`);
    first.child.kill("SIGKILL");
    await first.ended;
    const config = JSON.parse(text("held", "config.json")) as { epochs: number };
    writeFileSync(path("held", "config.json"), JSON.stringify({ ...config, epochs: 1 }));
    const third = nabla(folder, ["train", "--resume", "held"]);
    expect(third.stderr + third.stdout).toMatch(/resuming held after \d+ epochs/);
    expect(third.status).toBe(0);
    expect(readdirSync(path("held")).filter((name) => name.startsWith(".lock"))).toEqual([]);
  });

  test("runs that start at once without --out take a folder each", async () => {
    const runs = [1, 2, 3].map((seed) =>
      startNabla(folder, [...quick, "--epochs", "2", "--seed", String(seed), "--json"]),
    );
    const outs: string[] = [];
    for (const { ended } of runs) {
      const result = await ended;
      expect(result.status, result.stderr).toBe(0);
      outs.push(result.json()["out"] as string);
    }
    expect(new Set(outs).size).toBe(3);
    outs.forEach((out, i) => {
      expect((JSON.parse(readFileSync(join(out, "config.json"), "utf8")) as { seed: number }).seed).toBe(i + 1);
    });
  });

  test("a name that is empty is no folder", () => {
    expect(train("").stderr).toMatch(/'--out <folder>' argument '' is invalid. It must name a folder/);
  });
});

describe("an output that closes", () => {
  test("train | head -1 saves and ends as after Ctrl-C", () => {
    const command = `"${process.execPath}" "${main}" ${long.join(" ")} --out piped | head -1; echo "\${PIPESTATUS[0]}"`;
    const result = spawnSync("bash", ["-c", command], {
      cwd: folder,
      env: environment(folder),
      encoding: "utf8",
      timeout: 60_000,
    });
    expect(result.stdout).toMatch(/^training 784-4-10 on data[^\n]*\n130\n$/);
    expect(result.stderr).toMatch(
      /the output was closed: interrupted in epoch \d+ .*everything is saved.*--resume piped/,
    );
    expect(text("piped", "history.jsonl").trimEnd().split("\n").at(-1)).toBe('{"status":"interrupted"}');
    expect(readdirSync(path("piped", "checkpoints")).length).toBeGreaterThan(0);
  });

  test.skipIf(!existsSync("/dev/full"))("an output that is full is named", () => {
    const result = spawnSync("bash", ["-c", `"${process.execPath}" "${main}" data list > /dev/full`], {
      ...{ cwd: folder, env: environment(folder), encoding: "utf8" },
    });
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/^error: cannot write to standard output: ENOSPC[^\n]*\n$/);
  });

  test("a closed standard error changes nothing", () => {
    const command = `"${process.execPath}" "${main}" ${quick.join(" ")} --epochs 1 --out mute --json 2>&-`;
    const result = spawnSync("bash", ["-c", command], { cwd: folder, env: environment(folder), encoding: "utf8" });
    expect(result.status).toBe(0);
    expect(JSON.parse(result.stdout)).toMatchObject({ status: "finished" });
  });
});

describe("the data of a run is pinned", () => {
  test("a run goes on from another folder, and refuses data that has changed", () => {
    drawData("pinned");
    expect(nabla(folder, [...quick.with(2, "pinned"), "--epochs", "1", "--out", "pin"]).status).toBe(0);
    mkdirSync(path("elsewhere"), { recursive: true });
    const away = (...more: string[]): Outcome =>
      nabla(path("elsewhere"), ["train", "--resume", path("pin"), "--epochs", "2", ...more]);
    const labels = path("pinned", "train-labels-idx1-ubyte");
    const bytes = readFileSync(labels);
    bytes[8] = (bytes[8] + 1) % 10;
    writeFileSync(labels, bytes);
    const refused = away();
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/its training labels have changed[\s\S]*--accept-changed-data/);
    const accepted = away("--accept-changed-data");
    expect(accepted.status, accepted.stderr).toBe(0);
    expect(away().stdout).toContain("is finished: 2 epochs");
  });

  test("a data set that moved is named with --dataset", () => {
    drawData("before");
    nabla(folder, [...quick.with(2, "before"), "--epochs", "1", "--out", "moved"]);
    cpSync(path("before"), path("after"), { recursive: true });
    rmSync(path("before"), { recursive: true });
    expect(nabla(folder, ["train", "--resume", "moved", "--epochs", "2"]).stderr).toMatch(
      /no data set and no folder .*before/,
    );
    expect(nabla(folder, ["train", "--resume", "moved", "--epochs", "2", "--dataset", "after"]).status).toBe(0);
  });
});

describe("a folder that goes away", () => {
  test("is written anew, and the run says so", async () => {
    const { child, ended } = startNabla(folder, [...long, "--out", "gone"]);
    await printed(child.stdout!, "epoch       2/");
    remove("gone");
    await printed(child.stdout!, "was deleted while the run went on; it is written anew");
    child.kill("SIGINT");
    expect((await ended).status).toBe(130);
    expect(readdirSync(path("gone")).sort()).toEqual(["checkpoints", "config.json", "history.jsonl", "report.html"]);
    const lines = text("gone", "history.jsonl").trimEnd().split("\n");
    expect(JSON.parse(lines[0])).toMatchObject({ epoch: 1 });
  });

  test("that can't be written for a while: the run goes on, and saves when it can", async () => {
    const { child, ended } = startNabla(folder, [...long, "--out", "blocked"]);
    await printed(child.stdout!, "epoch       2/");
    // A file in the place of the folder: also root can't write through it.
    remove("blocked");
    writeFileSync(path("blocked"), "");
    await printed(child.stdout!, "The run goes on, and tries again after the next epoch");
    rmSync(path("blocked"));
    await printed(child.stdout!, "saved again");
    child.kill("SIGINT");
    expect((await ended).status).toBe(130);
    const epochs = text("blocked", "history.jsonl").trimEnd().split("\n").slice(0, -1);
    expect(epochs.map((line) => (JSON.parse(line) as { epoch: number }).epoch)).toEqual(epochs.map((_, i) => i + 1));
  });
});

describe("many epochs", () => {
  test("checkpoints beyond epoch 99,999 are found, and an epoch's history costs its line only", () => {
    copy("old");
    const name = (epoch: number) => `epoch-${String(epoch).padStart(5, "0")}.safetensors`;
    const { tensors, metadata } = readSafetensors(readFileSync(path("old", "checkpoints", name(3))), "checkpoint");
    const state = JSON.stringify({ ...JSON.parse(metadata["state"]), epoch: 100_000 });
    for (const epoch of [1, 2, 3]) rmSync(path("old", "checkpoints", name(epoch)), { force: true });
    writeFileSync(path("old", "checkpoints", name(99_999)), "older");
    writeFileSync(path("old", "checkpoints", name(100_000)), writeSafetensors(tensors, { ...metadata, state }));
    const before = statSync(path("whole", "history.jsonl")).size;
    const result = nabla(folder, ["train", "--resume", "old", "--epochs", "100001"]);
    expect(result.stdout).toContain("resuming old after 100000 epochs");
    expect(result.status, result.stderr).toBe(0);
    expect(readdirSync(path("old", "checkpoints"))).toContain(name(100_001));
    expect(statSync(path("old", "history.jsonl")).size).toBeLessThan(before);
    expect(metadata["records"]).toBeUndefined();
  });
});

describe("what is damaged is named before anything is used", () => {
  const config = (change: (config: Record<string, unknown>) => void): ((run: string) => void) => {
    return (run) => {
      const value = JSON.parse(text(run, "config.json")) as Record<string, unknown>;
      change(value);
      writeFileSync(path(run, "config.json"), JSON.stringify(value));
    };
  };
  const cases: [string, (run: string) => void, RegExp][] = [
    [
      "epochs that are text",
      config((c) => (c["epochs"] = "abc")),
      /config\.json is damaged: epochs is "abc": a value of type number is expected/,
    ],
    ["epochs that are missing", config((c) => delete c["epochs"]), /config\.json is damaged: epochs is missing/],
    ["a newer version", config((c) => (c["version"] = 99)), /written by a newer Nabla: its version is 99/],
    ["a batch of 1.5", config((c) => (c["batch"] = 1.5)), /config\.json is damaged: batch is 1\.5: a whole number/],
    [
      "an optimiser of the language",
      config((c) => (c["optimizer"] = "constructor")),
      /optimizer is "constructor": one of sgd/,
    ],
    ["hidden layers of text", config((c) => (c["hidden"] = ["4"])), /hidden\.0 is "4"/],
    ["no object", (run) => writeFileSync(path(run, "config.json"), "null"), /is not the configuration of a Nabla run/],
    [
      "a history with a wrong epoch",
      (run) => writeFileSync(path(run, "history.jsonl"), text(run, "history.jsonl").replace('"epoch":2', '"epoch":-3')),
      /history\.jsonl, line 2, is damaged: epoch is -3/,
    ],
    [
      "a history with a loss of null",
      (run) =>
        writeFileSync(path(run, "history.jsonl"), text(run, "history.jsonl").replace(/"loss":[^,]+/, '"loss":null')),
      /history\.jsonl, line 1, is damaged: loss is null/,
    ],
  ];
  test.each(cases)("%s", (what, change, message) => {
    const run = copy(`damaged-${what.replace(/\W+/g, "-")}`);
    change(run);
    const result = nabla(folder, ["train", "--resume", run, "--epochs", "4"]);
    expect(result.stderr).toMatch(message);
    expect(result.stderr).not.toMatch(/^\s+at |NaN|undefined/m);
    expect(result.status).toBe(1);
  });

  /** Changes the newest checkpoint's state. */
  function rewrite(run: string, change: (state: Record<string, unknown>) => void): void {
    const file = path(run, "checkpoints", "epoch-00003.safetensors");
    const { tensors, metadata } = readSafetensors(readFileSync(file), file);
    const state = JSON.parse(metadata["state"]) as Record<string, unknown>;
    change(state);
    writeFileSync(file, writeSafetensors(tensors, { ...metadata, state: JSON.stringify(state) }));
  }
  const states: [string, (state: Record<string, unknown>) => unknown, RegExp][] = [
    ["epoch 4.5", (s) => (s["epoch"] = 4.5), /state, is damaged: epoch is 4\.5/],
    ["epoch -3", (s) => (s["epoch"] = -3), /epoch is -3/],
    ["step 1.5", (s) => (s["step"] = 1.5), /step is 1\.5/],
    ["no random state", (s) => delete s["random"], /random is missing/],
    ["a null state of the shuffling", (s) => (s["shuffle"] = null), /shuffle is null/],
    ["a null optimiser", (s) => (s["optimizer"] = null), /optimizer is null/],
  ];
  test.each(states)(
    "a checkpoint with %s is passed over for the one before it, which is said",
    (what, change, message) => {
      const run = copy(`state-${what.replace(/\W+/g, "-")}`);
      rewrite(run, (state) => void change(state));
      const result = nabla(folder, ["train", "--resume", run, "--epochs", "4"]);
      expect(result.stdout).toMatch(message);
      expect(result.stdout).toMatch(/going on from the checkpoint before it[\s\S]*after 2 epochs/);
      expect(result.stdout).not.toMatch(/NaN|undefined/);
      expect(result.status, result.stderr).toBe(0);
    },
  );

  test("parameters that are not numbers are refused", () => {
    const run = copy("nan");
    const file = path(run, "checkpoints", "epoch-00003.safetensors");
    const bytes = readFileSync(file);
    // The last four bytes belong to the last tensor: a NaN.
    bytes.set([0, 0, 192, 127], bytes.length - 4);
    writeFileSync(file, bytes);
    const result = nabla(folder, ["train", "--resume", run, "--epochs", "4"]);
    expect(result.stdout).toMatch(/is of no use: .* holds NaN/);
    expect(result.status).toBe(0);
  });
});

describe("predict takes the newest whole state", () => {
  test("of a run that was extended and killed, and says so", async () => {
    copy("extended");
    const { child, ended } = startNabla(folder, ["train", "--resume", "extended", "--epochs", "1000000"]);
    await printed(child.stdout!, "epoch       5/");
    child.kill("SIGKILL");
    await ended;
    writeFileSync(path("blank.txt"), "");
    const result = nabla(folder, ["predict", "extended", "blank.txt"]);
    expect(result.stderr).toMatch(
      /extended went on after .*model\.safetensors was written: using its checkpoint after epoch \d+/,
    );
  });

  test("a network of another form than config.json asks for is refused", () => {
    const run = copy("other-form");
    const value = JSON.parse(text(run, "config.json")) as Record<string, unknown>;
    writeFileSync(path(run, "config.json"), JSON.stringify({ ...value, classes: 784 }));
    expect(nabla(folder, ["predict", run, "blank.txt"]).stderr).toMatch(/another one than its config\.json asks for/);
  });
});

test("a loss that has exploded without becoming infinite is remarked on, with a rate to try", () => {
  const result = train("exploded", "--epochs", "2", "--lr", "1e6", "--optimizer", "sgd");
  expect(result.status).toBe(0);
  expect(result.stdout).toMatch(
    /The loss has exploded: it is [\d.e+]+ after epoch 2, where guessing has 2\.30\. The learning rate 1000000 is too large; try --lr 0\.1/,
  );
  expect(text("exploded", "report.html")).toContain("The loss has exploded");
});

test("runs of version 1 go on", () => {
  const run = copy("first-version");
  const value = JSON.parse(text(run, "config.json")) as Record<string, unknown>;
  const { data: _, classes: __, ...rest } = value;
  writeFileSync(path(run, "config.json"), JSON.stringify({ ...rest, version: 1 }));
  const epochs = text(run, "history.jsonl")
    .trimEnd()
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);
  rmSync(path(run, "history.jsonl"));
  writeFileSync(path(run, "history.json"), JSON.stringify({ status: "finished", epochs }));
  const result = nabla(folder, ["train", "--resume", run, "--epochs", "4"]);
  expect(result.status, result.stderr).toBe(0);
  expect(text(run, "history.jsonl").trimEnd().split("\n")).toHaveLength(5);
  expect(existsSync(path(run, "history.json"))).toBe(false);
});
