// `nabla bench`: its figures are there and positive. How large they are is no matter of a test.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nabla, temporaryFolder } from "./run.ts";

const folder = temporaryFolder();

test("prints one row a figure, each with what it means", () => {
  const result = nabla(folder, ["bench", "--threads", "1", "--engine", "wasm"]);
  expect(result.stderr).toBe("");
  expect(result.status).toBe(0);
  const rows = result.stdout.trimEnd().split("\n");
  expect(rows.map((row) => row.split(/ {2,}/)[0])).toEqual([
    "engine",
    "matrix product",
    "training",
    "elementwise",
    "overhead",
  ]);
  expect(rows[0]).toMatch(/wasm, 1 thread /);
  for (const row of rows) expect(row.split(/ {2,}/)[2]).toMatch(/\w{3}/);
});

test("--json ends with one object: engine, threads and positive figures", () => {
  const figures = nabla(folder, ["bench", "--json"]).json();
  expect(Object.keys(figures)).toEqual([
    "engine",
    "threads",
    "relaxedSimd",
    "matrixProductGflops",
    "trainingImagesPerSecond",
    "elementwiseGigabytesPerSecond",
    "overheadNanoseconds",
  ]);
  const { engine, relaxedSimd, ...numbers } = figures;
  expect(["wasm", "native"]).toContain(engine);
  expect(typeof relaxedSimd).toBe("boolean");
  for (const [key, value] of Object.entries(numbers)) expect(value, key).toBeGreaterThan(0);
});

test("keeps what it finds, and says what has become slower since the last time", () => {
  const own = temporaryFolder();
  const file = join(own, "cache", "bench.jsonl");
  expect(nabla(own, ["bench", "--history"]).stdout).toContain("Nothing was measured yet");
  const first = nabla(own, ["bench", "--threads", "1"]);
  expect([first.status, first.stderr]).toEqual([0, ""]);
  const [kept] = readFileSync(file, "utf8").trimEnd().split("\n");
  const before = JSON.parse(kept) as { figures: Record<string, number>; build: string };
  expect(Object.keys(before.figures)).toHaveLength(4);
  // As if it had been a thousand times faster once, in another build; a line that breaks off and one of another machine are passed over.
  const once = { ...before, build: "000000000000", version: "0.0.9", date: "2026-01-02T03:04:05.678Z" };
  const lines = [
    { ...once, figures: { overheadNanoseconds: before.figures["overheadNanoseconds"] / 1000 } },
    { ...once, processor: "another", figures: { overheadNanoseconds: 1e9 } },
  ];
  mkdirSync(join(own, "cache"), { recursive: true });
  writeFileSync(file, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n{"date": "2026\n`);
  const second = nabla(own, ["bench", "--threads", "1", "--json"]);
  expect(second.status).toBe(0);
  expect(second.stderr).toMatch(/^Slower than on 2026-01-02, measured three times:\n {2}overhead: \d+% slower, /);
  expect(second.stderr).toContain("another build, version 0.0.9");
  expect(second.stderr).toMatch(/bench --against FOLDER measures both in turn/);
  expect(second.json()["overheadNanoseconds"]).toBeGreaterThan(0);
  const rows = nabla(own, ["bench", "--history"]).stdout.trimEnd().split("\n");
  expect(rows).toHaveLength(4);
  expect(rows[1]).toMatch(/^2026-01-02 03:04 {2}0\.0\.9 {2,}0000000 {2}/);
  expect(nabla(own, ["bench", "--history", "--json"]).stdout.trim().startsWith("[")).toBe(true);
});

test("--against a folder without a build says what to name", () => {
  const { status, stderr } = nabla(folder, ["bench", "--against", "."]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/holds no build of Nabla.*installed package/);
});

test("an unknown engine and threads that are no number are usage errors", () => {
  const engine = nabla(folder, ["bench", "--engine", "gpu"]);
  expect(engine.status).toBe(2);
  expect(engine.stderr).toMatch(/argument 'gpu' is invalid.*auto, wasm, native/);
  const threads = nabla(folder, ["bench", "--threads", "0"]);
  expect(threads.status).toBe(2);
  expect(threads.stderr).toMatch(/whole number from 1 on/);
});
