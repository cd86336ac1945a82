// Perturbations and their sizes. The sizes hold exactly, not to rounding: what is read back from the perturbed float32 inputs lies within the ball.

import { philoxStream } from "../data/philox.ts";

/** How a perturbation is measured: by its largest element, or by the root of its sum of squares. */
export type PerturbationNorm = "inf" | "2";

/** Inputs as JavaScript holds them. */
export type Floats = Float32Array | Float64Array;

/** A range, or null for none. */
export type Range = readonly [number, number] | null;

const buffer = new DataView(new ArrayBuffer(8));

/** The neighbour of a float32 or float64 number, towards 0 from `from`'s side: one step down in value, or up. */
function neighbour(value: number, up: boolean, single: boolean): number {
  if (value === 0) return up ? (single ? 2 ** -149 : Number.MIN_VALUE) : single ? -(2 ** -149) : -Number.MIN_VALUE;
  const away = value > 0 === up;
  if (single) {
    buffer.setFloat32(0, value);
    buffer.setInt32(0, buffer.getInt32(0) + (away ? 1 : -1));
    return buffer.getFloat32(0);
  }
  buffer.setFloat64(0, value);
  buffer.setBigInt64(0, buffer.getBigInt64(0) + (away ? 1n : -1n));
  return buffer.getFloat64(0);
}

/** `x` plus `change` as the array rounds it, and no further from x than `most`. */
function moved(x: number, change: number, most: number, single: boolean): number {
  let y = single ? Math.fround(x + change) : x + change;
  // Rounding may have gone beyond by a step or two.
  for (let k = 0; Math.abs(y - x) > most && k < 4; k++) y = neighbour(y, y < x, single);
  return Math.abs(y - x) > most ? x : y;
}

const bounded = (value: number, range: Range): number =>
  range === null ? value : Math.min(range[1], Math.max(range[0], value));

/** The norm of the difference of two samples, in float64. */
export function distance(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  norm: PerturbationNorm,
  start = 0,
  end = a.length,
): number {
  let sum = 0;
  let largest = 0;
  for (let i = start; i < end; i++) {
    const d = Math.abs(a[i] - b[i]);
    if (d > largest) largest = d;
    sum += d * d;
  }
  return norm === "inf" ? largest : Math.sqrt(sum);
}

/**
 * Brings each sample of `moved` (rows of `size` numbers) back into the ball of radius epsilon about the same sample of `from`, and into the range. `from`
 * lies in the range.
 */
export function project(
  to: Floats,
  from: Floats,
  size: number,
  epsilon: number,
  norm: PerturbationNorm,
  range: Range,
): void {
  const single = to instanceof Float32Array;
  for (let start = 0; start < to.length; start += size) {
    const end = start + size;
    // Coordinates that are brought into the range come nearer to `from`.
    for (let i = start; i < end; i++) to[i] = bounded(to[i], range);
    if (norm === "inf") {
      for (let i = start; i < end; i++) {
        const x = from[i];
        to[i] = moved(x, Math.min(epsilon, Math.max(-epsilon, to[i] - x)), epsilon, single);
      }
      continue;
    }
    let length = distance(to, from, "2", start, end);
    // Scaled, rounded, looked at: at most a few times.
    for (let k = 0; length > epsilon; k++) {
      const factor = (epsilon / length) * (k === 0 ? 1 : 1 - 2 ** (k - (single ? 26 : 54)));
      for (let i = start; i < end; i++) to[i] = from[i] + (to[i] - from[i]) * factor;
      length = distance(to, from, "2", start, end);
    }
  }
}

/**
 * Noise within the range. "inf": every input moves by epsilon, up or down by chance; where the range does not let it, the other way, or as far as it
 * goes. "2": a direction of chance, scaled so that what is left of it within the range has length epsilon, or the largest there is.
 */
export function addNoise(
  x: Floats,
  size: number,
  epsilon: readonly number[] | number,
  norm: PerturbationNorm,
  range: Range,
  seed: number,
): Floats {
  const to = x.slice() as Floats;
  const single = x instanceof Float32Array;
  const stream = philoxStream(seed);
  const rows = x.length / size;
  for (let row = 0; row < rows; row++) {
    stream.seek(row, 0);
    const radius = typeof epsilon === "number" ? epsilon : epsilon[row];
    const start = row * size;
    if (norm === "inf") {
      for (let i = start; i < start + size; i++) {
        const sign = stream.uniform() < 0.5 ? -1 : 1;
        const first = bounded(moved(x[i], sign * radius, radius, single), range);
        const other = bounded(moved(x[i], -sign * radius, radius, single), range);
        to[i] = Math.abs(other - x[i]) > Math.abs(first - x[i]) ? other : first;
      }
      continue;
    }
    const direction = Float64Array.from({ length: size }, () => stream.bell());
    const at = (scale: number): number => {
      let sum = 0;
      for (let i = 0; i < size; i++) {
        const d = bounded(x[start + i] + scale * direction[i], range) - x[start + i];
        sum += d * d;
      }
      return Math.sqrt(sum);
    };
    if (radius === 0) continue;
    let [low, high] = [0, radius / Math.sqrt(size)];
    for (let k = 0; at(high) < radius && k < 60; k++) [low, high] = [high, high * 2];
    for (let k = 0; k < 60; k++) {
      const middle = (low + high) / 2;
      if (at(middle) > radius) high = middle;
      else low = middle;
    }
    for (let i = 0; i < size; i++) to[start + i] = bounded(x[start + i] + low * direction[i], range);
  }
  if (norm === "2") {
    for (let row = 0; row < rows; row++) {
      const radius = typeof epsilon === "number" ? epsilon : epsilon[row];
      project(
        to.subarray(row * size, (row + 1) * size) as Floats,
        x.subarray(row * size, (row + 1) * size),
        size,
        radius,
        "2",
        null,
      );
    }
  }
  return to;
}

/** A random place of each sample's ball, within the range; `first` is the number of the first sample, so that batches of any size give the same. */
export function randomPlace(
  x: Floats,
  size: number,
  epsilon: number,
  norm: PerturbationNorm,
  range: Range,
  seed: number,
  first: number,
): Floats {
  const to = x.slice() as Floats;
  const stream = philoxStream(seed);
  for (let row = 0; row * size < x.length; row++) {
    stream.seek(first + row, 1);
    const start = row * size;
    if (norm === "inf") {
      for (let i = start; i < start + size; i++) to[i] += epsilon * (2 * stream.uniform() - 1);
      continue;
    }
    const direction = Float64Array.from({ length: size }, () => stream.bell());
    const length = Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0));
    const radius = epsilon * stream.uniform() ** (1 / size);
    for (let i = 0; i < size; i++) to[start + i] += (direction[i] / length) * radius;
  }
  project(to, x, size, epsilon, norm, range);
  return to;
}
