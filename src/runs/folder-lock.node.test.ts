// Who holds a run's folder: a process that lives, and nobody else.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { FolderInUse, type Holder, lockFolder, startOf } from "./folder-lock.node.ts";

const parent = mkdtempSync(join(tmpdir(), "nabla-lock-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(parent, "run-"));
});

/** This process's own entry, changed. */
async function leaveBehind(change: Partial<Holder>): Promise<void> {
  const lock = await lockFolder(folder, "nabla test");
  const path = join(folder, ".lock-1");
  const holder = JSON.parse(readFileSync(path, "utf8")) as Holder;
  lock.release();
  writeFileSync(path, JSON.stringify({ ...holder, token: "another", ...change }));
}

test("of many that ask at once exactly one gets it; when it is released, the next does, and nothing is left", async () => {
  const asked = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder, "nabla test")));
  const got = asked.filter((each) => each.status === "fulfilled");
  expect(got).toHaveLength(1);
  for (const each of asked) if (each.status === "rejected") expect(each.reason).toBeInstanceOf(FolderInUse);
  got[0].value.release();
  const next = await lockFolder(folder, "nabla test");
  expect(next.held).toBe(true);
  next.release();
  expect(readdirSync(folder)).toEqual([]);
});

test("the refusal names folder, process, command and time", async () => {
  const lock = await lockFolder(folder, "nabla test");
  await expect(lockFolder(folder, "nabla test")).rejects.toThrow(
    new RegExp(`${folder} is in use by process ${process.pid} \\(nabla.*\\), since 20\\d\\d-`),
  );
  lock.release();
});

test("a process that was killed holds nothing, from the moment it is dead", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  const started = startOf(child.pid!);
  await leaveBehind({ pid: child.pid!, started });
  await expect(lockFolder(folder, "nabla test")).rejects.toThrow(`process ${child.pid}`);
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
  const lock = await lockFolder(folder, "nabla test", 1e9);
  expect(lock.held).toBe(true);
  lock.release();
  expect(readdirSync(folder)).toEqual([]);
});

test.skipIf(process.platform === "win32")("a later process with the same number is not the holder", async () => {
  await leaveBehind({ pid: process.pid, started: "1" });
  const lock = await lockFolder(folder, "nabla test", 1e9);
  expect(lock.held).toBe(true);
  lock.release();
});

test("a holder in another container or on another machine holds it while it gives signs of life", async () => {
  await leaveBehind({ pid: process.pid, world: "elsewhere", host: "far-away" });
  const path = join(folder, ".lock-1");
  const beat = setInterval(() => utimesSync(path, new Date(), new Date()), 30);
  await expect(lockFolder(folder, "nabla test", 2000)).rejects.toThrow(`process ${process.pid} on far-away`);
  clearInterval(beat);
  const lock = await lockFolder(folder, "nabla test", 300);
  expect(lock.held).toBe(true);
  lock.release();
});

test("a lock that was cut off while it was written is nobody's", async () => {
  writeFileSync(join(folder, ".lock-7"), '{"tok');
  const before = new Date(Date.now() - 60_000);
  utimesSync(join(folder, ".lock-7"), before, before);
  const lock = await lockFolder(folder, "nabla test");
  expect(readdirSync(folder)).toEqual([".lock-8"]);
  lock.release();
});

test("a holder whose folder was deleted or taken knows", async () => {
  const lock = await lockFolder(folder, "nabla test");
  rmSync(join(folder, ".lock-1"));
  expect(lock.held).toBe(false);
  await leaveBehind({});
  expect(lock.held).toBe(false);
  lock.release();
  expect(readdirSync(folder)).toEqual([".lock-1"]);
});
