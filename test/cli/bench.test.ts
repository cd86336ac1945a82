// `nabla bench`: its figures are there and positive. How large they are is no matter of a test.
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

test("an unknown engine and threads that are no number are usage errors", () => {
  const engine = nabla(folder, ["bench", "--engine", "gpu"]);
  expect(engine.status).toBe(2);
  expect(engine.stderr).toMatch(/argument 'gpu' is invalid.*auto, wasm, native/);
  const threads = nabla(folder, ["bench", "--threads", "0"]);
  expect(threads.status).toBe(2);
  expect(threads.stderr).toMatch(/whole number from 1 on/);
});
