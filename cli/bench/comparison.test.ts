import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { faster, isSlower, measurePaired, slowerThan } from "./comparison.ts";
import type { Figure } from "./figures.ts";

const folder = mkdtempSync(join(tmpdir(), "nabla-comparison-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const figure = (key: string, value: number, unit = "GB/s"): Figure => ({ key, name: key, value, unit, meaning: "" });

test("of rates the larger is faster, of times the smaller; a tenth is chance", () => {
  expect(faster("GB/s", 12, 10)).toBeCloseTo(1.2);
  expect(faster("ns", 12, 10)).toBeCloseTo(1 / 1.2);
  expect(isSlower(faster("ns", 109, 100))).toBe(false);
  expect(isSlower(faster("ns", 111, 100))).toBe(true);
  expect(isSlower(faster("GB/s", 92, 100))).toBe(false);
  expect(isSlower(faster("GB/s", 90, 100))).toBe(true);
});

describe("slowerThan", () => {
  test("measures what is slow again, keeps the best, and names what stays slow", async () => {
    const figures = [figure("steady", 100), figure("late", 50), figure("gone", 50), figure("time", 100, "ns")];
    const asked: string[] = [];
    const again = (key: string, values: number[], unit?: string) => async (): Promise<Figure> => {
      asked.push(key);
      return figure(key, values.shift()!, unit);
    };
    const measure = [
      again("steady", []),
      again("late", [60, 99]),
      again("gone", [70, 60]),
      again("time", [90, 95], "ns"),
    ];
    const found = await slowerThan({ steady: 101, late: 100, gone: 100, time: 80, other: 1 }, figures, measure);
    expect(found.map(({ figure, before }) => [figure.key, figure.value, before])).toEqual([
      ["gone", 70, 100],
      ["time", 90, 80],
    ]);
    expect(asked).toEqual(["late", "late", "gone", "gone", "time", "time"]);
    expect(figures.map(({ value }) => value)).toEqual([100, 99, 70, 90]);
  });

  test("a figure that was not measured then is not compared", async () => {
    expect(await slowerThan({}, [figure("new", 1)], [])).toEqual([]);
  });
});

describe("measurePaired", () => {
  /** A command that gives one pair of figures after another, and keeps count in a file of its own. */
  function command(name: string, rounds: readonly (readonly [number, number])[]): string {
    const main = join(folder, `${name}.mjs`);
    writeFileSync(
      main,
      `import { appendFileSync, existsSync, readFileSync } from "node:fs";
      const order = ${JSON.stringify(join(folder, "order"))};
      const mine = existsSync(order) ? readFileSync(order, "utf8").split("\\n").filter((line) => line.startsWith(${JSON.stringify(name)})).length : 0;
      appendFileSync(order, [${JSON.stringify(name)}, ...process.argv.slice(2), process.env.NABLA_CACHE_DIR].join(" ") + "\\n");
      const [rate, nanoseconds] = ${JSON.stringify(rounds)}[mine];
      console.log("something else");
      console.log(JSON.stringify({ engine: "wasm", threads: 2, relaxedSimd: true, rate, nanoseconds }));`,
    );
    return main;
  }

  test("takes turns, and the best round of each counts", () => {
    const here = command("here", [
      [5, 30],
      [7, 20],
      [6, 25],
    ]);
    const there = command("there", [
      [9, 11],
      [8, 10],
      [8, 12],
    ]);
    const unitOf = (key: string): string => (key === "nanoseconds" ? "ns" : "");
    expect(measurePaired([here, there], ["--threads", "1"], unitOf)).toEqual([
      { key: "rate", here: 7, there: 9 },
      { key: "nanoseconds", here: 20, there: 10 },
    ]);
    const lines = readFileSync(join(folder, "order"), "utf8").trimEnd().split("\n");
    expect(lines.map((line) => line.split(" ").slice(0, -1).join(" "))).toEqual(
      ["here", "there", "here", "there", "here", "there"].map((name) => `${name} bench --json --threads 1`),
    );
  });

  test("a build that fails is named", () => {
    const broken = join(folder, "broken.mjs");
    writeFileSync(broken, "console.error('no engine'); process.exit(1);");
    expect(() => measurePaired([broken, broken], [], () => "")).toThrow(/broken.mjs bench failed: no engine/);
  });
});
