// Chapter 4, more inputs: crosses and towers with two hidden layers, and round towers that need only one.
import { type HiddenNeuron, sigmoid } from "./universality.ts";

/** A step along input `axis` of `inputs`: the weights of the other inputs are 0. */
export function stepAlong(inputs: number, axis: number, s: number, w: number, out = 1): HiddenNeuron {
  return { weights: Array.from({ length: inputs }, (_, i) => (i === axis ? w : 0)), bias: -w * s, out };
}

/** Height h where `from <= x[axis] <= to`, and 0 elsewhere. */
export function bumpAlong(
  inputs: number,
  axis: number,
  [from, to]: readonly [number, number],
  h: number,
  w: number,
): HiddenNeuron[] {
  return [stepAlong(inputs, axis, from, w, h), stepAlong(inputs, axis, to, w, -h)];
}

/** Two hidden layers: 2 neurons an input make a bump along each axis, and one neuron after them asks whether all are there. */
export class Tower {
  readonly first: readonly HiddenNeuron[];
  /** Of the thresholding neuron. */
  readonly bias: number;

  /** The bias that the book finds is (-m + 1/2) h for m inputs, -3h/2 for two. */
  constructor(
    box: readonly (readonly [number, number])[],
    h: number,
    w: number,
    bias: number = (-box.length + 0.5) * h,
  ) {
    this.first = box.flatMap((side, axis) => bumpAlong(box.length, axis, side, h, w));
    this.bias = bias;
  }

  /** The sum of the bumps: h a bump that is there. */
  sum(x: readonly number[]): number {
    let sum = 0;
    for (const { weights, bias, out } of this.first) {
      let z = bias;
      for (let i = 0; i < weights.length; i++) z += weights[i] * x[i];
      sum += out * sigmoid(z);
    }
    return sum;
  }

  /** About 1 inside the box, about 0 outside. */
  output(x: readonly number[]): number {
    return sigmoid(this.sum(x) + this.bias);
  }
}

/** A sum of towers, each with a height of its own. */
export class ManyTowers {
  readonly towers: readonly { readonly tower: Tower; readonly height: number }[];

  constructor(towers: readonly { readonly tower: Tower; readonly height: number }[]) {
    this.towers = towers;
  }

  weightedSum(x: readonly number[]): number {
    let sum = 0;
    for (const { tower, height } of this.towers) sum += height * tower.output(x);
    return sum;
  }

  output(x: readonly number[]): number {
    return sigmoid(this.weightedSum(x));
  }
}

/**
 * n * n towers over the unit square, each as high as `target` at its middle. With `families` above 1 there are so many
 * sets of towers for target / families each, shifted along the diagonal by a part of a tower.
 */
export function towers(
  target: (x: number, y: number) => number,
  n: number,
  h: number,
  w: number,
  families = 1,
): ManyTowers {
  const list: { tower: Tower; height: number }[] = [];
  const inside = (value: number) => Math.min(1, Math.max(0, value));
  for (let m = 0; m < families; m++) {
    const shift = m / families;
    const first = m === 0 ? 0 : -1;
    for (let i = first; i < n; i++) {
      for (let j = first; j < n; j++) {
        const [x, y] = [(i + shift) / n, (j + shift) / n];
        const box = [
          [x, x + 1 / n],
          [y, y + 1 / n],
        ] as const;
        const height = target(inside(x + 0.5 / n), inside(y + 0.5 / n)) / families;
        list.push({ tower: new Tower(box, h, w), height });
      }
    }
  }
  return new ManyTowers(list);
}

/** A smooth function of two inputs between 0.15 and 0.85 to approximate; the book draws its own without a formula. */
export function hills(x: number, y: number): number {
  return 0.5 + 0.35 * Math.sin(2 * Math.PI * x) * Math.cos(Math.PI * y);
}

/** A step in any direction: 0 on one side of the line cos(angle) x + sin(angle) y = s, 1 on the other. */
export function stepTowards(angle: number, s: number, w: number, out = 1): HiddenNeuron {
  return { weights: [w * Math.cos(angle), w * Math.sin(angle)], bias: -w * s, out };
}

/** A strip of half width r around the line through (x, y) that `angle` stands on. */
export function stripTowards(
  angle: number,
  [x, y]: readonly [number, number],
  r: number,
  w: number,
  out: number,
): HiddenNeuron[] {
  const middle = Math.cos(angle) * x + Math.sin(angle) * y;
  return [stepTowards(angle, middle - r, w, out), stepTowards(angle, middle + r, w, -out)];
}

/** Directions spread evenly over half a turn. */
function angles(count: number): number[] {
  return Array.from({ length: count }, (_, k) => (Math.PI * k) / count);
}

/**
 * Strips in many directions through one point: 1 within r of it. Outside it falls off slowly: at distance d the share of
 * directions whose strip holds the point is 2/pi asin(r / d).
 */
export function crossingStrips(
  centre: readonly [number, number],
  r: number,
  directions: number,
  w: number,
  height = 1,
): HiddenNeuron[] {
  return angles(directions).flatMap((angle) => stripTowards(angle, centre, r, w, height / directions));
}

/**
 * Weights of strips of half width spacing, 2 spacing, ... whose sum has a given height at each distance spacing/2,
 * 3 spacing/2, ...: the wider strips, with negative weights, take away what crossing strips leave outside the tower.
 */
export function ringWeights(heights: readonly number[]): number[] {
  const share = (r: number, d: number) => (r >= d ? 1 : (2 / Math.PI) * Math.asin(r / d));
  const rows = heights.map((height, i) => [...heights.map((_, j) => share(j + 1, i + 0.5)), height]);
  return solve(rows);
}

/** A round tower with one hidden layer: `profile` is its height by distance from the centre, up to `reach`. */
export function roundTower(
  centre: readonly [number, number],
  weights: readonly number[],
  spacing: number,
  directions: number,
  w: number,
  height = 1,
): HiddenNeuron[] {
  return weights.flatMap((weight, j) => crossingStrips(centre, (j + 1) * spacing, directions, w, weight * height));
}

/**
 * Any function of two inputs with one hidden layer: round towers with soft edges over a grid that reaches `margin` cells
 * beyond the unit square, each as high as the target at its centre.
 */
export function roundTowers(target: (x: number, y: number) => number, n: number, directions: number): HiddenNeuron[] {
  const [margin, soft] = [2, 0.7];
  const spacing = 1 / n;
  // From the farthest centre to the opposite corner of the square.
  const rings = Math.ceil(Math.SQRT2 * (n + margin));
  // A Gaussian of 0.7 cells: the towers of a grid add up to 1 within 0.0002.
  const heights = Array.from(
    { length: rings },
    (_, i) => Math.exp(-((i + 0.5) ** 2) / (2 * soft ** 2)) / (2 * Math.PI * soft ** 2),
  );
  const weights = ringWeights(heights);
  const inside = (value: number) => Math.min(1, Math.max(0, value));
  const neurons: HiddenNeuron[] = [];
  for (let i = -margin; i < n + margin; i++) {
    for (let j = -margin; j < n + margin; j++) {
      const centre = [(i + 0.5) / n, (j + 0.5) / n] as const;
      // Steps as wide as a cell, so that the rings run into one another.
      neurons.push(
        ...roundTower(centre, weights, spacing, directions, 4 * n, target(inside(centre[0]), inside(centre[1]))),
      );
    }
  }
  return neurons;
}

/** Gauss elimination with row exchange; each row ends in its right-hand side. */
function solve(rows: number[][]): number[] {
  const n = rows.length;
  for (let i = 0; i < n; i++) {
    const best = rows.slice(i).reduce((at, row, k) => (Math.abs(row[i]) > Math.abs(rows[at][i]) ? i + k : at), i);
    [rows[i], rows[best]] = [rows[best], rows[i]];
    for (let k = i + 1; k < n; k++) {
      const factor = rows[k][i] / rows[i][i];
      for (let j = i; j <= n; j++) rows[k][j] -= factor * rows[i][j];
    }
  }
  const x = new Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    x[i] = rows[i].slice(i + 1, n).reduce((rest, value, k) => rest - value * x[i + 1 + k], rows[i][n]) / rows[i][i];
  }
  return x;
}
