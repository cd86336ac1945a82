// Whether figures have become worse, and two builds measured in turn.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { UserError } from "../errors.ts";
import type { Figure } from "./figures.ts";

/** By how much a figure may be worse before it counts as slower. */
export const TOLERANCE = 0.1;

/** How many times faster the first is; of times the smaller is faster. */
export function faster(unit: string, now: number, before: number): number {
  return unit === "ns" ? before / now : now / before;
}

/** Whether so many times as fast is slower than chance explains. */
export const isSlower = (times: number): boolean => times < 1 / (1 + TOLERANCE);

export const better = (unit: string, a: number, b: number): number => (faster(unit, a, b) >= 1 ? a : b);

/** A figure of two builds, the best of several rounds each. */
export interface Pair {
  readonly key: string;
  readonly here: number;
  readonly there: number;
}

/** Rounds in which two builds take turns. */
const ROUNDS = 3;

/**
 * The command of a build.
 * @throws UserError if there is none.
 */
export function mainOf(folder: string): string {
  const main = join(resolve(folder), "dist", "cli", "main.js");
  if (existsSync(main)) return main;
  throw new UserError(
    `${resolve(folder)} holds no build of Nabla: there is no dist/cli/main.js; name the folder of an installed package, or of a checkout after npm run build`,
  );
}

/**
 * Two builds measured in turn, each in processes of its own.
 * @param words what both are told: engine, threads
 * @throws UserError if one fails.
 */
export function measurePaired(
  mains: readonly [here: string, there: string],
  words: readonly string[],
  unitOf: (key: string) => string,
): Pair[] {
  // Neither sees the history, nor adds to it.
  const cache = mkdtempSync(join(tmpdir(), "nabla-bench-"));
  const best: Record<string, number>[] = [{}, {}];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      mains.forEach((main, side) => {
        for (const [key, value] of Object.entries(measure(main, words, cache))) {
          const before = best[side][key];
          best[side][key] = before === undefined ? value : better(unitOf(key), value, before);
        }
      });
    }
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
  return Object.keys(best[0])
    .filter((key) => key in best[1])
    .map((key) => ({ key, here: best[0][key], there: best[1][key] }));
}

function measure(main: string, words: readonly string[], cache: string): Record<string, number> {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, "bench", "--json", ...words], {
    encoding: "utf8",
    env: { ...process.env, NABLA_CACHE_DIR: cache },
  });
  if (status !== 0) throw new UserError(`${main} bench failed: ${stderr.trim()}`);
  const found = JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as Record<string, unknown>;
  const isFigure = (entry: [string, unknown]): entry is [string, number] =>
    typeof entry[1] === "number" && entry[0] !== "threads";
  return Object.fromEntries(Object.entries(found).filter(isFigure));
}

/** A figure beside what it was. */
export interface Slower {
  readonly figure: Figure;
  readonly before: number;
}

/** Figures that are worse than before; each is measured again first, as often as `again`, since a busy machine is slow for a moment. */
export async function slowerThan(
  before: Readonly<Record<string, number>>,
  figures: Figure[],
  measure: readonly (() => Promise<Figure>)[],
  again = 2,
): Promise<Slower[]> {
  const found: Slower[] = [];
  for (const [i, figure] of figures.entries()) {
    const last = before[figure.key];
    if (last === undefined) continue;
    const slow = (): boolean => isSlower(faster(figure.unit, figure.value, last));
    for (let k = 0; k < again && slow(); k++) {
      figure.value = better(figure.unit, (await measure[i]()).value, figure.value);
    }
    if (slow()) found.push({ figure, before: last });
  }
  return found;
}
