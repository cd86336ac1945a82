// Automated search for hyper-parameters, written by hand: over a grid, at random (Bergstra & Bengio 2012), and by Bayesian optimisation with a
// Gaussian process and expected improvement (Snoek, Larochelle & Adams 2012). A search proposes points of the unit cube and is told their scores.
import type { Random } from "../../random.ts";

/** One hyper-parameter: its range, and whether equal factors count as equal steps. */
export interface Dimension {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly scale: "linear" | "log";
}

/** A point of the unit cube, one number from 0 to 1 for each dimension. */
export type Point = readonly number[];

export interface Told {
  readonly point: Point;
  /** Larger is better. */
  readonly score: number;
}

/** The next point to try after those told; undefined: there is none. */
export type Proposer = (told: readonly Told[]) => Point | undefined;

/** The values of the hyper-parameters at a point. */
export function valuesAt(space: readonly Dimension[], point: Point): Record<string, number> {
  return Object.fromEntries(
    space.map(({ name, low, high, scale }, i) => [
      name,
      scale === "linear" ? low + point[i] * (high - low) : low * (high / low) ** point[i],
    ]),
  );
}

/** Every combination of `perSide` values in the middle of equal cells, in random order. */
export function gridSearch(dimensions: number, perSide: number, random: Random): Proposer {
  const points = Array.from(
    { length: perSide ** dimensions },
    (_, index): Point =>
      Array.from({ length: dimensions }, (_, d) => ((Math.floor(index / perSide ** d) % perSide) + 0.5) / perSide),
  );
  random.shuffle(points);
  return (told) => points[told.length];
}

export function randomSearch(dimensions: number, random: Random): Proposer {
  return () => Array.from({ length: dimensions }, () => random.uniform());
}

/** The first `start` points at random, then where a Gaussian process expects most improvement. */
export function bayesianSearch(dimensions: number, random: Random, start = 5, candidates = 400): Proposer {
  return (told) => {
    if (told.length < start) return Array.from({ length: dimensions }, () => random.uniform());
    const process = fitProcess(told);
    const best = told.reduce((a, b) => (b.score > a.score ? b : a));
    const propose = (count: number, around?: Point): Point[] =>
      Array.from({ length: count }, () =>
        Array.from({ length: dimensions }, (_, d) =>
          around === undefined ? random.uniform() : Math.min(1, Math.max(0, around[d] + random.normal(0, 0.05))),
        ),
      );
    const gain = (point: Point): number => expectedImprovement(process.at(point), best.score);
    // Everywhere first, then near the best point and near the most promising candidate.
    let chosen = maximise(propose(candidates), gain);
    chosen = maximise([chosen, ...propose(candidates / 4, best.point), ...propose(candidates / 4, chosen)], gain);
    return chosen;
  };
}

function maximise(points: readonly Point[], f: (point: Point) => number): Point {
  let best = { point: points[0], value: Number.NEGATIVE_INFINITY };
  for (const point of points) {
    const value = f(point);
    if (value > best.value) best = { point, value };
  }
  return best.point;
}

export interface Prediction {
  readonly mean: number;
  readonly deviation: number;
}

/** E[max(0, f - best)] for f ~ N(mean, deviation^2): (mean - best) Phi(z) + deviation phi(z) with z = (mean - best) / deviation. */
export function expectedImprovement({ mean, deviation }: Prediction, best: number): number {
  if (deviation <= 0) return Math.max(0, mean - best);
  const z = (mean - best) / deviation;
  return (mean - best) * normalShare(z) + (deviation * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}

/** The standard normal distribution function, to 2e-7 (Abramowitz & Stegun 26.2.17). */
function normalShare(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const polynomial = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
  return z > 0 ? 1 - tail : tail;
}

export interface GaussianProcess {
  /** Mean and deviation of the function (without noise) at a point, in units of the scores. */
  at(point: Point): Prediction;
  /** Logarithm of the probability of the scores, up to a constant. */
  readonly evidence: number;
  /** One length scale a dimension: how far one has to go for the function to be another. */
  readonly lengths: readonly number[];
  readonly noise: number;
}

/** Matern 5/2, in distances over the length scales: as smooth as a function needs to be to have two derivatives. */
function kernel(a: Point, b: Point, lengths: readonly number[]): number {
  const squared = a.reduce((sum, value, i) => sum + ((value - b[i]) / lengths[i]) ** 2, 0);
  const r = Math.sqrt(5 * squared);
  return (1 + r + (r * r) / 3) * Math.exp(-r);
}

/** The process of the likeliest length scales and noise: from a small table, one after the other, twice. */
export function fitProcess(told: readonly Told[]): GaussianProcess {
  let best = processOf(told, new Array<number>(told[0].point.length).fill(0.4), 1e-2);
  const attempt = (lengths: readonly number[], noise: number): void => {
    const process = processOf(told, lengths, noise);
    if (process.evidence > best.evidence) best = process;
  };
  for (let sweep = 0; sweep < 2; sweep++) {
    for (const noise of [1e-4, 1e-3, 1e-2, 1e-1]) attempt(best.lengths, noise);
    for (const d of best.lengths.keys()) {
      for (const length of [0.1, 0.2, 0.4, 0.8, 1.6, 3.2]) attempt(best.lengths.with(d, length), best.noise);
    }
  }
  return best;
}

/** Posterior given the scores, centred and scaled to deviation 1; `noise` is a variance in those units. */
export function processOf(told: readonly Told[], lengths: readonly number[], noise: number): GaussianProcess {
  const n = told.length;
  const mean = told.reduce((sum, { score }) => sum + score, 0) / n;
  const scale = Math.sqrt(told.reduce((sum, { score }) => sum + (score - mean) ** 2, 0) / n) || 1;
  const y = told.map(({ score }) => (score - mean) / scale);
  const lower = cholesky(
    told.map((a, i) => told.map((b, j) => kernel(a.point, b.point, lengths) + (i === j ? noise : 0))),
  );
  const alpha = solveUpper(lower, solveLower(lower, y));
  const logDeterminant = 2 * lower.reduce((sum, row, i) => sum + Math.log(row[i]), 0);
  const fit = y.reduce((sum, value, i) => sum + value * alpha[i], 0);
  return {
    lengths,
    noise,
    evidence: -(fit + logDeterminant) / 2,
    at(point) {
      const k = told.map((each) => kernel(each.point, point, lengths));
      const v = solveLower(lower, k);
      const variance = 1 - v.reduce((sum, value) => sum + value * value, 0);
      return {
        mean: mean + scale * k.reduce((sum, value, i) => sum + value * alpha[i], 0),
        deviation: scale * Math.sqrt(Math.max(0, variance)),
      };
    },
  };
}

/** L with L L^T = a, for a symmetric and positive definite. */
function cholesky(a: readonly (readonly number[])[]): number[][] {
  const lower = a.map((row) => row.map(() => 0));
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = a[i][j];
      for (let k = 0; k < j; k++) rest -= lower[i][k] * lower[j][k];
      lower[i][j] = i === j ? Math.sqrt(rest) : rest / lower[j][j];
    }
  }
  return lower;
}

function solveLower(lower: readonly (readonly number[])[], b: readonly number[]): number[] {
  const x = [...b];
  for (let i = 0; i < x.length; i++) {
    for (let k = 0; k < i; k++) x[i] -= lower[i][k] * x[k];
    x[i] /= lower[i][i];
  }
  return x;
}

/** Solves L^T x = b. */
function solveUpper(lower: readonly (readonly number[])[], b: readonly number[]): number[] {
  const x = [...b];
  for (let i = x.length - 1; i >= 0; i--) {
    for (let k = i + 1; k < x.length; k++) x[i] -= lower[k][i] * x[k];
    x[i] /= lower[i][i];
  }
  return x;
}

/** Asks and tells `trials` times; fewer where the search has no more points. */
export async function search(
  proposer: Proposer,
  trials: number,
  score: (point: Point) => Promise<number>,
): Promise<Told[]> {
  const told: Told[] = [];
  while (told.length < trials) {
    const point = proposer(told);
    if (point === undefined) break;
    told.push({ point, score: await score(point) });
  }
  return told;
}

/** The best score after each trial. */
export function bestSoFar(told: readonly Told[]): number[] {
  let best = Number.NEGATIVE_INFINITY;
  return told.map(({ score }) => (best = Math.max(best, score)));
}
