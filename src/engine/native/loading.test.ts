// Threads are not ended while they load.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ModuleKind, ScriptTarget, transpileModule } from "typescript";
import { afterAll, expect, test } from "vitest";
import { closeGate, LOADING, loadBehind, makeGate } from "./loading.ts";

const folder = mkdtempSync(join(tmpdir(), "nabla-loading-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("what is behind a closed gate is not loaded; an open one lets through once, whatever comes of it", () => {
  const gate = makeGate();
  expect(loadBehind(gate, LOADING, () => 7)).toBe(7);
  expect(gate[0]).toBe(LOADING.done);
  closeGate(gate);
  expect(gate[0]).toBe(LOADING.done);

  const closed = makeGate();
  closeGate(closed);
  expect(loadBehind(closed, LOADING, () => expect.unreachable())).toBeUndefined();

  const failing = makeGate();
  const fail = (): never => {
    throw new Error("not found");
  };
  expect(() => loadBehind(failing, LOADING, fail)).toThrow("not found");
  closeGate(failing);
  expect(failing[0]).toBe(LOADING.done);
});

/** A thread's program: it loads for half a second, and writes down that it began and ended. */
const SLOW = `
  const { writeFileSync } = require("node:fs");
  const { workerData } = require("node:worker_threads");
  const loadBehind = ${loadBehind};
  loadBehind(workerData.gate, workerData.words, () => {
    writeFileSync("begun", "");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    writeFileSync("ended", "");
  });
`;

test.each([
  ["the process exits", "process.exit(3)"],
  ["the process has nothing more to do", "process.exitCode = 3"],
  ["who started it ends it", "closeGate(gate); process.exit(existsSync('ended') ? 3 : 1)"],
])("%s while a thread loads: only after that", (_, end) => {
  const typescript = readFileSync(new URL("./loading.ts", import.meta.url), "utf8");
  const { outputText } = transpileModule(typescript, {
    compilerOptions: { module: ModuleKind.ESNext, target: ScriptTarget.ES2022 },
  });
  writeFileSync(join(folder, "loading.mjs"), outputText);
  for (const name of ["begun", "ended"]) rmSync(join(folder, name), { force: true });
  const program = `
    import { existsSync } from "node:fs";
    import { Worker } from "node:worker_threads";
    import { closeGate, LOADING, makeGate } from "./loading.mjs";
    const gate = makeGate();
    const workerData = { gate, words: LOADING };
    new Worker(${JSON.stringify(SLOW)}, { eval: true, workerData }).unref();
    const timer = setInterval(() => {
      if (!existsSync("begun")) return;
      clearInterval(timer);
      ${end};
    }, 1);`;
  writeFileSync(join(folder, "program.mjs"), program);
  const { status, stderr } = spawnSync(process.execPath, ["program.mjs"], { cwd: folder, encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 3, stderr: "" });
  expect(existsSync(join(folder, "ended"))).toBe(true);
});
