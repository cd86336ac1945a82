import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const script = new URL("../../scripts/one-at-a-time.mjs", import.meta.url).href;
let folder: string;
let lock: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "one-"));
  lock = join(folder, "lock");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A process that takes the lock, reads a number, sleeps, and writes one more. */
function counting(): Promise<number | null> {
  const code = `
    import { readFileSync, writeFileSync } from "node:fs";
    import { oneAtATime } from ${JSON.stringify(script)};
    oneAtATime(${JSON.stringify(lock)});
    const file = ${JSON.stringify(join(folder, "count"))};
    const count = Number(readFileSync(file, "utf8"));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150);
    writeFileSync(file, String(count + 1));`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], { stdio: "inherit" });
  return new Promise((done) => child.once("exit", done));
}

describe("a lock between processes", () => {
  test("of five that begin together, each has it alone, and nothing of it stays", async () => {
    writeFileSync(join(folder, "count"), "0");
    expect(await Promise.all(Array.from({ length: 5 }, counting))).toEqual([0, 0, 0, 0, 0]);
    expect(readFileSync(join(folder, "count"), "utf8")).toBe("5");
    expect(existsSync(lock)).toBe(false);
  });

  test("what a process left that is no more is taken away", async () => {
    writeFileSync(join(folder, "count"), "0");
    const { pid } = spawnSync(process.execPath, ["--version"]);
    writeFileSync(lock, String(pid));
    expect(await counting()).toBe(0);
    expect(existsSync(lock)).toBe(false);
  });

  test("one of yesterday too, though a process has its number now", async () => {
    writeFileSync(join(folder, "count"), "0");
    writeFileSync(lock, String(process.pid));
    const yesterday = new Date(Date.now() - 24 * 3600_000);
    utimesSync(lock, yesterday, yesterday);
    expect(await counting()).toBe(0);
  });
});
