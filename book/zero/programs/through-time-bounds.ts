// Why gradients vanish and explode on their way back: |delta_k| <= |delta_t| (beta_W beta_f)^(t-k), and the remedy that the text names, a
// threshold. What is not finite any more is reported as the explosion that it is, with the step that made it.
import { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import { readSequence, type TimeLayer } from "./through-time.ts";

/** beta_W: the largest factor by which W stretches a vector, its largest singular value, by multiplying with W^T W again and again. */
export function spectralNorm(W: Matrix, rounds = 2000): number {
  let v = Matrix.fill(W.columns, 1, (i) => 1 / (i + 1));
  let stretched = 0;
  for (let i = 0; i < rounds; i++) {
    v = v.map((value) => value / v.norm());
    v = W.transposed.dot(W.dot(v));
    stretched = v.norm();
    if (stretched === 0) return 0;
  }
  return Math.sqrt(stretched);
}

/** (beta_W beta_f)^(steps): what is left of a gradient after so many steps back, at most. */
export function bound(betaW: number, betaF: number, steps: number): number {
  return (betaW * betaF) ** steps;
}

/** A rotation, or a rotation and a reflection: random columns made orthonormal one after the other (Gram and Schmidt). It stretches nothing. */
export function orthogonal(size: number, random: Random): Matrix {
  const columns: Matrix[] = [];
  while (columns.length < size) {
    let column = Matrix.fill(size, 1, () => random.normal());
    for (const done of columns) column = column.minus(done.times(done.transposed.dot(column).values[0]));
    columns.push(column.times(1 / column.norm()));
  }
  return Matrix.fill(size, size, (i, j) => columns[j].values[i]);
}

/** The length of all gradients together. */
export function gradientNorm(gradients: readonly Matrix[]): number {
  return Math.hypot(...gradients.map((gradient) => gradient.norm()));
}

function checkThreshold(owner: string, threshold: number): void {
  if (!(threshold > 0 && Number.isFinite(threshold))) {
    throw new RangeError(`${owner}: the threshold must be a finite number above 0, got ${threshold}`);
  }
}

/** Scales gradients whose length is above the threshold back to it, in place: their direction stays. Returns the length before. */
export function clipByNorm(gradients: readonly Matrix[], threshold: number): number {
  checkThreshold("clipByNorm", threshold);
  const length = gradientNorm(gradients);
  if (length <= threshold || !Number.isFinite(length)) return length;
  for (const { values } of gradients) for (let i = 0; i < values.length; i++) values[i] *= threshold / length;
  return length;
}

/** Cuts every number to [-threshold, threshold], in place: the direction may change. */
export function clipByValue(gradients: readonly Matrix[], threshold: number): void {
  checkThreshold("clipByValue", threshold);
  for (const { values } of gradients) {
    for (let i = 0; i < values.length; i++) values[i] = Math.max(-threshold, Math.min(threshold, values[i]));
  }
}

/** A gradient is infinite or no number any more. */
export class ExplosionError extends Error {
  override readonly name = "ExplosionError";
  /** The update, from 1, whose gradient it was. */
  readonly step: number;

  constructor(step: number, what: string, value: number) {
    super(
      `step ${step}: the gradient of ${what} is ${value}, training has exploded; clip the gradients, or lower the learning rate`,
    );
    this.step = step;
  }
}

export type Clipping = "none" | { readonly norm: number } | { readonly value: number };

/**
 * Trains a layer to end a sequence in `target`, E = 1/2 |s_T - target|^2, and returns E before every update, in `errors` where that is given.
 * @throws ExplosionError at the first update whose gradient is not finite; the weights are those before it.
 */
export function trainLastState(
  layer: TimeLayer,
  xs: readonly Matrix[],
  target: Matrix,
  updates: number,
  clipping: Clipping,
  errors: number[] = [],
): number[] {
  for (let step = 1; step <= updates; step++) {
    readSequence(layer, xs);
    const off = layer.outputs[layer.times - 1].minus(target);
    errors.push(off.norm() ** 2 / 2);
    layer.backward(off);
    for (const { name, gradient } of layer.parameters) {
      const wrong = gradient.values.find((value) => !Number.isFinite(value));
      if (wrong !== undefined) throw new ExplosionError(step, name, wrong);
    }
    const gradients = layer.parameters.map(({ gradient }) => gradient);
    if (clipping !== "none" && "norm" in clipping) clipByNorm(gradients, clipping.norm);
    if (clipping !== "none" && "value" in clipping) clipByValue(gradients, clipping.value);
    layer.update();
  }
  return errors;
}
