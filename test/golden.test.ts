// No family of the oracle goes untested: every file has its suite, and none of them leaves a case out. The count is printed.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { expectClose, goldenFamilies, goldenFound, readGolden } from "./golden.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

test.skipIf(!goldenFound)("every family of the oracle has a suite", () => {
  const sources = ["src", "test"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => readFileSync(join(root, folder, name), "utf8")),
  );
  let total = 0;
  for (const family of goldenFamilies()) {
    const used = sources.some((text) => new RegExp(`(describeGolden|readGolden)[^;]{0,80}"${family}"`).test(text));
    expect(used, `a suite for ${family}.json`).toBe(true);
    const { cases } = readGolden<{ cases: unknown[] }>(family);
    total += cases.length;
    console.log(`${family}: ${cases.length} cases`);
  }
  console.log(`${total} cases, each in float32 and float64`);
  // A skipped or focused case would hide in a green run.
  for (const text of sources) expect(text).not.toMatch(/\b(?:test|it|describe)\.(?:only|todo|skip)\(/);
});

test("expectClose holds infinities and NaN to be exact, and finite numbers to 1e-5 + 1e-4 |b|", () => {
  const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN];
  const close = (a: number, b: number): void => expectClose([a], [b], "x");
  for (const [a, b] of [
    [inf, inf],
    [-inf, -inf],
    [nan, nan],
    [1.00005, 1],
    [0, 9e-6],
    [-0, 0],
  ]) {
    expect(() => close(a, b)).not.toThrow();
  }
  for (const [a, b] of [
    [1e300, inf],
    [-inf, inf],
    [nan, inf],
    [inf, nan],
    [0, nan],
    [inf, 1],
    [nan, 1],
    [1.001, 1],
  ]) {
    expect(() => close(a, b), `${a} for ${b}`).toThrow("x, element 0");
  }
});
