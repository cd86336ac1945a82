// N ranks train to what one process trains to: within float32's tolerance, and with `deterministic` to the same bits.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { LAUNCHERS, type Launcher, program, runRanks } from "./launch.ts";

interface Found {
  loss: number;
  accuracy: number | null;
  validationLoss: number | null;
  /** Of heads, and metrics. */
  figures: Record<string, number>;
  numbers: number[];
  digest: string;
}

interface Told {
  rank: number;
  size: number;
  found: Record<string, Found>;
  /** Validation pictures of `fixedMetrics` that the rank has made. */
  pictures: number;
}

const TIME = 240_000;

/** Runs the trainings; what each rank has found. */
async function find(launcher: Launcher | null, size: number, names: readonly string[] = []): Promise<Told[]> {
  const folder = mkdtempSync(join(tmpdir(), "nabla-ranks-"));
  try {
    const { code, stderr } = await runRanks(launcher, size, [program("trainings.mjs"), ...names], {
      env: { FOUND: folder },
    });
    // Neither the library nor the launcher complains.
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const read = (name: string): Told => JSON.parse(readFileSync(join(folder, name), "utf8")) as Told;
    return readdirSync(folder)
      .map(read)
      .sort((a, b) => a.rank - b.rank);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

let single: Promise<Told> | undefined;

/** What one process finds, without a launcher. */
function alone(): Promise<Told> {
  single ??= find(null, 1).then(([told]) => told);
  return single;
}

/** Trainings whose result does not depend on how many train, but for rounding. */
const SAME = [
  "dense",
  "accumulated",
  "gathered",
  "averaged",
  "tinyBatches",
  "dataset",
  "weighed",
  "masked",
  "float64",
  "synchronized",
  "eager",
];
/** Trainings that do, as they should: other numbers travel, other rows are normalised together, other units are dropped. */
const OTHER = ["bfloat16", "ownStatistics", "dropout"];

function expectNear(actual: Found, expected: Found, tolerance: number, what: string): void {
  const pairs: [number | null, number | null][] = [
    [actual.loss, expected.loss],
    [actual.validationLoss, expected.validationLoss],
    ...actual.numbers.map((value, i): [number, number] => [value, expected.numbers[i]]),
    ...Object.entries(expected.figures).map(([name, value]): [number, number] => [actual.figures[name], value]),
  ];
  for (const [a, b] of pairs) {
    if (a === null || b === null) expect(a, what).toBe(b);
    else expect(Math.abs(a - b), `${what}: ${a} and ${b}`).toBeLessThanOrEqual(tolerance * (1 + Math.abs(b)));
  }
}

test("one process finds the same with distributed: true as ever", { timeout: TIME }, async () => {
  const { size, found } = await alone();
  expect(size).toBe(1);
  expect((await alone()).pictures).toBe(40);
  // Replayed or not, the bits are the same.
  expect(found["eager"].digest).toBe(found["dense"].digest);
  // Micro-batches only round differently.
  expectNear(found["fixedDense"], found["dense"], 1e-5, "fixedDense");
  expectNear(found["fixedWeighed"], found["weighed"], 1e-5, "fixedWeighed");
  expectNear(found["fixedMasked"], found["masked"], 1e-5, "fixedMasked");
  // Each of these was there to be compared.
  const measured = (name: string): string[] => Object.keys(found[name].figures);
  expect(measured("fixedMetrics")).toEqual(["perplexity", "top5Accuracy", "f1", "surest", "mostAtOnce"]);
  expect(measured("fixedHeadMetrics")).toEqual(
    expect.arrayContaining(["kind.f1", "kind.accuracy", "value.r2", "value.meanAbsoluteError"]),
  );
  expect(measured("fixedMaskedMetrics")).toEqual(["accuracy", "f1", "mostAtOnce"]);
});

for (const launcher of LAUNCHERS) {
  describe(launcher.name, () => {
    for (const size of [2, 3]) {
      test(`${size} ranks train to what one process trains to`, { timeout: TIME }, async () => {
        const one = await alone();
        const told = await find(launcher, size);
        expect(told.map(({ rank }) => rank)).toEqual(Array.from({ length: size }, (_, rank) => rank));
        for (const each of told) {
          expect(each.size).toBe(size);
          // All ranks end with the same bits, always.
          expect(each.found).toEqual(told[0].found);
        }
        // 40 pictures in batches of 7: the first is everybody's, of the others each reads its own.
        expect(told.map(({ pictures }) => pictures)).toEqual(size === 2 ? [21, 26] : [14, 21, 19]);
        const { found } = told[0];
        for (const name of SAME) expectNear(found[name], one.found[name], 2e-5, name);
        for (const [name, expected] of Object.entries(one.found)) {
          if (name.startsWith("fixed")) expect(found[name], name).toEqual(expected);
        }
        for (const name of OTHER) {
          expect(found[name].digest, name).not.toBe(one.found[name].digest);
          expect(Math.abs(found[name].loss - one.found[name].loss), name).toBeLessThan(0.3);
        }
        // Three decimal digits of every gradient: close, but not the same.
        expectNear(found["bfloat16"], one.found["bfloat16"], 2e-2, "bfloat16");
      });
    }
  });
}

test.runIf(LAUNCHERS.length > 0)("4 ranks train to the same bits, too", { timeout: TIME }, async () => {
  const names = ["fixedConvolution", "fixedWeighed", "fixedTiny"];
  const [one, told] = [await alone(), await find(LAUNCHERS[0], 4, names)];
  expect(told.length).toBe(4);
  for (const { found } of told) for (const name of names) expect(found[name], name).toEqual(one.found[name]);
});
