// A run whose rank is killed goes on from its last checkpoint, with any number of ranks, to the bits of a run that nothing happened to.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "fast-png";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dist, LAUNCHERS, type Launcher, runRanks } from "./launch.ts";

const TIME = 240_000;
const folder = mkdtempSync(join(tmpdir(), "nabla-resume-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const main = join(dist, "cli/main.js");
const EPOCHS = 8;
const SETTINGS = [
  ...["--dataset", "points", "--layers", "dense 12, batchnorm, dense 6", "--batch", "13", "--epochs", String(EPOCHS)],
  ...["--lr", "0.01", "--deterministic", "--save-every", "2", "--engine", "wasm"],
];

const train = (
  launcher: Launcher | null,
  size: number,
  words: readonly string[],
  watch?: (out: string, pid: number) => void,
) => runRanks(launcher, size, [main, "train", ...words], { cwd: folder, watch });

const model = (run: string): Buffer => readFileSync(join(folder, run, "model.safetensors"));

/** Node processes below a launcher, the first rank's first. */
function ranksBelow(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      const fields = readFileSync(`/proc/${name}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ");
      parents.set(Number(name), Number(fields[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  const below = (child: number): boolean => {
    for (let up = parents.get(child); up !== undefined && up > 1; up = parents.get(up)) if (up === pid) return true;
    return false;
  };
  return [...parents.keys()]
    .filter((each) => below(each) && readFileSync(`/proc/${each}/cmdline`, "utf8").startsWith(`${process.execPath}\0`))
    .sort((a, b) => a - b);
}

describe.runIf(LAUNCHERS.length > 0 && process.platform === "linux")("mpirun nabla train", () => {
  beforeAll(async () => {
    // Two classes that a line does not part.
    const rows = Array.from({ length: 260 }, (_, i) => {
      const [a, b] = [Math.sin(i * 12.9898), Math.sin(i * 78.233)];
      return `${a.toFixed(6)},${b.toFixed(6)},${a * b > 0 ? "same" : "other"}`;
    });
    mkdirSync(join(folder, "points"));
    writeFileSync(join(folder, "points", "train.csv"), ["a,b,class", ...rows].join("\n"));
    writeFileSync(join(folder, "points", "test.csv"), ["a,b,class", ...rows.slice(0, 60)].join("\n"));
    const { code, stderr } = await train(null, 1, [...SETTINGS, "--out", "whole"]);
    expect([code, stderr]).toEqual([0, ""]);
  }, TIME);

  for (const launcher of LAUNCHERS) {
    test(`${launcher.name}: one rank is killed, and three go on`, { timeout: TIME }, async () => {
      const out = launcher.name;
      const checkpoints = join(folder, out, "checkpoints");
      let killed = 0;
      const kill = (pid: number): void => {
        if (killed > 0) return;
        const ranks = ranksBelow(pid);
        if (ranks.length < 2) return;
        killed = ranks[1];
        process.kill(killed, "SIGKILL");
      };
      // As soon as it stands within an epoch behind the second.
      const looking = (pid: number): boolean => {
        if (!existsSync(checkpoints)) return false;
        const within = readdirSync(checkpoints).some((name) => /^epoch-0000[2-6]-step-\d+\.safetensors$/.test(name));
        if (within) kill(pid);
        return within;
      };
      let timer: NodeJS.Timeout | undefined;
      const first = await train(launcher, 2, [...SETTINGS, "--out", out], (_, pid) => {
        timer ??= setInterval(() => looking(pid), 3);
      });
      clearInterval(timer);
      expect(killed).toBeGreaterThan(0);
      expect(first.code).toBe(launcher.name === "openmpi" ? 137 : 9);
      expect(existsSync(join(folder, out, "model.safetensors"))).toBe(false);

      const second = await train(launcher, 3, ["--resume", out]);
      expect(second.code, second.stderr).toBe(0);
      expect(second.stdout).toMatch(/resuming .* after \d+ epochs( and \d+ steps)?\n/);
      expect(second.stdout).toContain("on each of 3 ranks");
      expect(model(out).equals(model("whole"))).toBe(true);
      // One wrote: a history of all epochs, once each.
      const lines = readFileSync(join(folder, out, "history.jsonl"), "utf8")
        .trimEnd()
        .split("\n");
      const epochs = lines.map((line) => (JSON.parse(line) as { epoch?: number }).epoch).filter((n) => n !== undefined);
      expect(epochs).toEqual(Array.from({ length: EPOCHS }, (_, i) => i + 1));

      const again = await train(launcher, 2, ["--resume", out]);
      expect(again.code, again.stderr).toBe(0);
      expect(again.stdout).toContain("Nothing to do");
    });
  }

  test("a folder of pictures is read by its ranks together, to the bits of one that reads it alone", {
    timeout: TIME,
  }, async () => {
    for (const [part, count] of [
      ["train", 11],
      ["test", 4],
    ] as const)
      for (const [label, name] of ["flat", "steep"].entries())
        for (let k = 0; k < count; k++) {
          const place = join(folder, "pictures", part, name);
          mkdirSync(place, { recursive: true });
          const data = Uint8Array.from({ length: 16 }, (_, i) => ((label === 0 ? i >> 2 : i & 3) * (40 + k)) % 256);
          writeFileSync(join(place, `${k}.png`), encode({ width: 4, height: 4, channels: 1, data }));
        }
    const words = ["--dataset", "pictures", "--hidden", "4", "--epochs", "2", "--batch", "6", "--deterministic"];
    const alone = await train(null, 1, [...words, "--engine", "wasm", "--out", "read-alone"]);
    expect([alone.code, alone.stderr]).toEqual([0, ""]);
    for (const launcher of LAUNCHERS) {
      const out = `read-${launcher.name}`;
      const { code, stderr } = await train(launcher, 3, [...words, "--engine", "wasm", "--out", out]);
      expect([code, stderr]).toEqual([0, ""]);
      expect(model(out).equals(model("read-alone"))).toBe(true);
    }
    // Gradients of two batches make one update: that of a batch of both.
    const updates = ["--dataset", "pictures", "--hidden", "4", "--epochs", "2", "--optimizer", "sgd", "--json"];
    const lossOf = async (launcher: Launcher | null, size: number, ...more: string[]): Promise<number> => {
      const { code, stdout, stderr } = await train(launcher, size, [...updates, ...more]);
      expect(code, stderr).toBe(0);
      return (JSON.parse(stdout.trim().split("\n").at(-1)!) as { testLoss: number }).testLoss;
    };
    const batches = await lossOf(null, 1, "--batch", "6", "--out", "batches");
    expect(await lossOf(null, 1, "--batch", "3", "--accumulate", "2", "--out", "accumulated")).toBeCloseTo(batches, 5);
    expect(await lossOf(LAUNCHERS[0], 2, "--batch", "3", "--accumulate", "2", "--out", "both")).toBeCloseTo(batches, 5);
    expect(await lossOf(null, 1, "--batch", "3", "--out", "single")).not.toBeCloseTo(batches, 3);
    // The last file is the last rank's: it says so, and ends the others.
    writeFileSync(join(folder, "pictures", "train", "steep", "9.png"), "no picture");
    const damaged = await train(LAUNCHERS[0], 2, [...words, "--out", "damaged"]);
    expect(damaged.code).not.toBe(0);
    expect(damaged.stderr.match(/steep.9\.png/g)).toHaveLength(1);
    expect(damaged.stderr).toContain("rank 1 of 2");
    expect(existsSync(join(folder, "damaged"))).toBe(false);
  });

  test("what is wrong is told once, by the first rank", { timeout: TIME }, async () => {
    const { code, stderr } = await train(LAUNCHERS[0], 3, [...SETTINGS, "--out", "whole"]);
    expect(code).toBe(2);
    expect(stderr.match(/holds a run already/g)).toHaveLength(1);
    const missing = await train(LAUNCHERS[0], 2, ["--resume", "nowhere"]);
    expect(missing.code).toBe(1);
    expect(missing.stderr.match(/there is no folder nowhere/g)).toHaveLength(1);
  });

  test("a loss that is no number ends all ranks with one message and a report", { timeout: TIME }, async () => {
    const words = [
      "--dataset",
      "points",
      "--hidden",
      "5",
      "--optimizer",
      "sgd",
      "--lr",
      "1e38",
      "--epochs",
      "2",
      "--out",
      "nan",
    ];
    const { code, stderr } = await train(LAUNCHERS[0], 2, words);
    expect(code).toBe(1);
    expect(stderr.match(/the loss became/g)).toHaveLength(1);
    expect(existsSync(join(folder, "nan", "report.html"))).toBe(true);
  });

  test("Ctrl-C ends the run after the step and saves it; one process goes on to the same bits", {
    timeout: TIME,
  }, async () => {
    // Of Open MPI ranks get a second to end, which is told by its mpirun; Hydra waits for them.
    for (const launcher of LAUNCHERS) {
      const out = `interrupted-${launcher.name}`;
      let sent = false;
      await train(launcher, 2, [...SETTINGS, "--out", out], (said, pid) => {
        if (sent || !said.includes("epoch 2/")) return;
        sent = true;
        process.kill(pid, "SIGINT");
      });
      expect(sent).toBe(true);
      const { code, stderr } = await train(null, 1, ["--resume", out]);
      expect([code, stderr]).toEqual([0, ""]);
      expect(model(out).equals(model("whole"))).toBe(true);
    }
  });

  test("options of several ranks that exclude each other", { timeout: TIME }, async () => {
    const wrong = async (...words: string[]): Promise<string> => {
      const { code, stderr } = await train(null, 1, ["--dataset", "points", ...words]);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await wrong("--micro-batches", "4")).toContain("--deterministic");
    expect(await wrong("--deterministic", "--gradients", "bfloat16")).toContain("leave one out");
    expect(await wrong("--deterministic", "--batch-normalization", "synchronized")).toContain(
      "leave --batch-normalization out",
    );
  });
});
