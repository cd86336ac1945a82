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
import { encode } from "fast-png";
import { beforeAll, describe, expect, test } from "vitest";
import { drawDigits } from "../../src/data/digits.ts";
import { writeIdx } from "../../src/data/idx.ts";
import { readSafetensors, tensor, writeSafetensors } from "../../src/node.ts";
import { environment, nabla, type Outcome, printed, startNabla, temporaryFolder } from "./run.ts";

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

/** What lies in a run's folder, but for the looks inside it: whether there was time for one depends on the machine. */
const listed = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name !== "looks")
    .sort();

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
      expect(second.stderr).toMatch(
        /held is in use by process \d+ \(nabla train .*, since 20|held holds a run already/,
      );
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
      timeout: 300_000,
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
      /before: there is no such file or folder/,
    );
    expect(nabla(folder, ["train", "--resume", "moved", "--epochs", "2", "--dataset", "after"]).status).toBe(0);
  });
});

describe("a folder that goes away", () => {
  test("is written anew, and the run says so", async () => {
    const { child, ended } = startNabla(folder, [...long, "--out", "gone"]);
    await printed(child.stdout!, "epoch       2/");
    remove("gone");
    // A checkpoint that was being written makes the folder itself again: then it is not among what is missing.
    await printed(child.stdout!, "config.json, history.jsonl was deleted while the run went on; it is written anew");
    child.kill("SIGINT");
    expect((await ended).status).toBe(130);
    expect(listed(path("gone"))).toEqual(["checkpoints", "config.json", "history.jsonl", "report.html"]);
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

describe("a part of the folder that goes away", () => {
  test.each(["config.json", "history.jsonl"])("%s is written anew, and the run says so", async (name) => {
    const out = `without-${name}`;
    const { child, ended } = startNabla(folder, [...long, "--out", out]);
    await printed(child.stdout!, "epoch       2/");
    rmSync(path(out, name));
    await printed(child.stdout!, `${out}: ${name} was deleted while the run went on; it is written anew`);
    child.kill("SIGINT");
    expect((await ended).status).toBe(130);
    expect(listed(path(out))).toEqual(["checkpoints", "config.json", "history.jsonl", "report.html"]);
    expect(JSON.parse(text(out, "history.jsonl").split("\n")[0])).toMatchObject({ epoch: 1 });
  });

  test("where another run has begun in the place of the folder, the first one stops, and touches nothing of it", async () => {
    // Epochs that take long beside saving them, and a moment that is not within: what is being written goes to its end.
    const words = ["train", "--dataset", "digits", "--hidden", "200", "--epochs", "1000000", "--out", "taken"];
    const { child, ended } = startNabla(folder, words);
    await printed(child.stdout!, "epoch       2/");
    copy("successor");
    const saved = (): boolean => {
      const epochs = text("taken", "history.jsonl").trimEnd().split("\n").length;
      const name = `epoch-${String(epochs).padStart(5, "0")}.safetensors`;
      return readdirSync(path("taken", "checkpoints")).at(-1) === name;
    };
    for (;;) {
      // Stopped, so that the folder is not made anew between the two. Where it had just begun to save, it finds out when it opens the history.
      child.kill("SIGSTOP");
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (saved()) break;
      child.kill("SIGCONT");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    renameSync(path("taken"), path("taken-removed"));
    renameSync(path("successor"), path("taken"));
    child.kill("SIGCONT");
    const result = await ended;
    expect(result.stderr).toMatch(/taken was deleted while this run went on, and another run has its place now/);
    expect(result.status).toBe(1);
    expect(text("taken", "history.jsonl")).toBe(text("whole", "history.jsonl"));
    expect(listed(path("taken"))).toEqual(listed(path("whole")));
  });
});

describe("a disk that takes no more", () => {
  test("is said; the run goes on, ends with exit code 1, and what was written stays whole", () => {
    // Files may not grow beyond 48 KiB: a network of 100 hidden neurons does not fit, its history does.
    const words = [...quick.with(4, "100"), "--epochs", "2", "--out", "full"];
    const command = `ulimit -f 96; exec "${process.execPath}" "${main}" ${words.join(" ")}`;
    const options = { cwd: folder, env: environment(folder), encoding: "utf8" } as const;
    const result = spawnSync("sh", ["-c", command], options);
    expect(result.stdout).toMatch(/cannot save epoch 1: files may not grow that large here\. The run goes on/);
    expect(result.stdout).toMatch(/epoch 2\/2/);
    expect(result.stderr).toMatch(/came to its end and can't be saved: .*No checkpoint could be written/);
    expect(result.status).toBe(1);
    expect(listed(path("full"))).toEqual(["checkpoints", "config.json", "history.jsonl"]);
    expect(readdirSync(path("full", "checkpoints"))).toEqual([]);
    // With room, it begins anew.
    const resumed = nabla(folder, ["train", "--resume", "full"]);
    expect(resumed.status, resumed.stderr).toBe(0);
    const epochs = text("full", "history.jsonl").trimEnd().split("\n").slice(0, -1);
    expect(epochs.map((line) => (JSON.parse(line) as { epoch: number }).epoch)).toEqual([1, 2]);
  });
});

describe("many epochs", () => {
  test("checkpoints beyond epoch 99,999 are found, and an epoch's history costs its line only", () => {
    copy("old");
    const name = (epoch: number) => `epoch-${String(epoch).padStart(5, "0")}.safetensors`;
    const { tensors, metadata } = readSafetensors(readFileSync(path("old", "checkpoints", name(3))), "checkpoint");
    const third = JSON.parse(metadata["state"]) as { optimizer: Record<string, unknown> };
    const optimizer = { ...third.optimizer, iterations: 10 * 100_000 };
    const state = JSON.stringify({ ...third, epoch: 100_000, optimizer });
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
  test("by file, field and value, whoever reads it", () => {
    const run = copy("damaged-config");
    config((c) => (c["epochs"] = "abc"))(run);
    for (const words of [
      ["train", "--resume", run],
      ["predict", run, "a.png"],
    ]) {
      const result = nabla(folder, words);
      expect(result.stderr).toMatch(
        /^error: .*config\.json is damaged: epochs is "abc": a value of type number is expected/,
      );
      expect(result.stderr).not.toMatch(/^\s+at |NaN|undefined/m);
      expect(result.status).toBe(1);
    }
  });

  test("a history: an error; deleted, the run goes on without the figures of the epochs before", () => {
    const run = copy("damaged-history");
    const file = path(run, "history.jsonl");
    writeFileSync(file, text(run, "history.jsonl").replace(/"seconds":[^,]+/, '"seconds":"NaN"'));
    const result = nabla(folder, ["train", "--resume", run, "--epochs", "4"]);
    expect(result.stderr).toMatch(/history\.jsonl, line 1, is damaged: seconds is "NaN".*Delete the file/);
    expect(result.status).toBe(1);
    rmSync(file);
    const without = nabla(folder, ["train", "--resume", run, "--epochs", "4"]);
    expect(without.stdout).toMatch(
      /figures of epochs 1 to 3 are not in the history[\s\S]*test accuracy \d+\.\d\d% after 4 epochs/,
    );
    expect(without.status, without.stderr).toBe(0);
    expect(text(run, "report.html")).not.toMatch(/NaN|undefined/);
  });

  /** Changes the newest checkpoint's state. */
  function rewrite(run: string, change: (state: Record<string, unknown>) => void): void {
    const file = path(run, "checkpoints", "epoch-00003.safetensors");
    const { tensors, metadata } = readSafetensors(readFileSync(file), file);
    const state = JSON.parse(metadata["state"]) as Record<string, unknown>;
    change(state);
    writeFileSync(file, writeSafetensors(tensors, { ...metadata, state: JSON.stringify(state) }));
  }
  test("a checkpoint is set aside for the one before it, which is said", () => {
    const run = copy("damaged-state");
    rewrite(run, (state) => (state["step"] = 1.5));
    const result = nabla(folder, ["train", "--resume", run, "--epochs", "4"]);
    expect(result.stdout).toMatch(
      /epoch-00003.*step is 1\.5.*set aside as .*\.damaged; going on from the checkpoint before it[\s\S]*after 2 epochs/,
    );
    expect(result.stdout).not.toMatch(/NaN|undefined/);
    expect(result.status, result.stderr).toBe(0);
    expect(readdirSync(path(run, "checkpoints"))).toContain("epoch-00003.safetensors.damaged");
  });

  test("parameters that are not numbers are refused", () => {
    const run = copy("nan");
    const file = path(run, "checkpoints", "epoch-00003.safetensors");
    const { tensors, metadata } = readSafetensors(readFileSync(file), file);
    writeFileSync(file, writeSafetensors({ ...tensors, "0.dense.bias": tensor([NaN, 0, 0, 0]) }, metadata));
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
    writeFileSync(path(run, "config.json"), JSON.stringify({ ...value, hidden: [4, 784] }));
    expect(nabla(folder, ["predict", run, "blank.txt"]).stderr).toMatch(/another one than its config\.json asks for/);
    // 6.5 GB, which are not reserved.
    writeFileSync(path(run, "config.json"), JSON.stringify({ ...value, hidden: [40_000, 40_000] }));
    expect(nabla(folder, ["predict", run, "blank.txt"]).stderr).toMatch(
      /another one than its config\.json asks for: that one takes 65\d{8} bytes, and the largest file of the run has \d{5}\./,
    );
    writeFileSync(path(run, "config.json"), JSON.stringify({ ...value, hidden: [100_000, 100_000] }));
    expect(nabla(folder, ["predict", run, "blank.txt"]).stderr).toMatch(
      /^error: .*config\.json asks for what can't be: .*at most 2147483647 are possible\n$/,
    );
  });

  test("one with NaN is refused unless asked, where there is no checkpoint to take", () => {
    const run = copy("poisoned");
    const picture = encode({ width: 28, height: 28, channels: 1, data: drawDigits(1, 5).images.slice(0, 784) });
    writeFileSync(path("a.png"), picture);
    const file = path(run, "model.safetensors");
    const { tensors, metadata } = readSafetensors(readFileSync(file), file);
    writeFileSync(file, writeSafetensors({ ...tensors, "0.dense.bias": tensor([NaN, 0, 0, 0]) }, metadata));
    const mended = nabla(folder, ["predict", run, "a.png"]);
    expect(mended.stderr).toMatch(/0\.dense\.bias holds NaN[\s\S]*using its checkpoint after epoch 3/);
    expect(mended.stdout).toMatch(/^a\.png: \d {2}\(/);
    rmSync(path(run, "checkpoints"), { recursive: true });
    const refused = nabla(folder, ["predict", run, "a.png"]);
    expect(refused.stderr).toMatch(/model\.safetensors is of no use: 0\.dense\.bias holds NaN at position 0/);
    expect(refused.status).toBe(1);
    const asked = nabla(folder, ["predict", run, "a.png", "--allow-non-finite", "--json"]);
    expect(asked.status, asked.stderr).toBe(0);
    expect(asked.json()).toMatchObject({ predictions: [{ digit: null, probability: null }] });
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
