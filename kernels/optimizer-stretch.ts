// What updates of parameters share: numbers that are the same for all elements, the gradient with weight decay, running
// means, and how a row loop gets its vectors: on all threads, a tail in copies that fill one.
import { copyBytes, double } from "./lanes";
import { scratch, TASK_ARGUMENTS, worthSharing } from "./parallel";
import { Row, split, tableIndex } from "./split";

/** Elements that a thread takes at once; four such portions are worth waking the others. */
export const CHEAP = 32768;
export const COSTLY = 8192;

/** Number `index` of the task in every lane. The first one is the weight decay (AdamW: the factor of p it makes). */
// @ts-ignore: decorator
@inline
export function number<T>(index: i32): v128 {
  return v128.splat<T>(<T>double(TASK_ARGUMENTS, index));
}

/** A gradient with weight decay. A decay of 0 is left out: times an infinite parameter it would make NaN. */
// @ts-ignore: decorator
@inline
export function decayed<T>(gradient: v128, x: v128, decays: bool, decay: v128): v128 {
  return decays ? v128.add<T>(gradient, v128.mul<T>(decay, x)) : gradient;
}

/** The gradient at g with weight decay. */
// @ts-ignore: decorator
@inline
export function gradientOf<T>(g: usize, x: v128, decays: bool, decay: v128): v128 {
  return decayed<T>(v128.load(g), x, decays, decay);
}

/** kept * decay + fresh * rest. */
// @ts-ignore: decorator
@inline
export function average<T>(kept: v128, decay: v128, fresh: v128, rest: v128): v128 {
  return v128.add<T>(v128.mul<T>(decay, kept), v128.mul<T>(rest, fresh));
}

/** Runs a row loop on the n elements that do not fill a vector, in copies that do. 0 stands for an array not used. */
export function padded(row: Row, size: i32, a: usize, b: usize, c: usize, d: usize, n: i32): void {
  const zero = f64x2.splat(0);
  for (let i = 0; i < 64; i += 16) v128.store(scratch + i, zero);
  const bytes = n * size;
  copyBytes(a, scratch, bytes);
  if (b != 0) copyBytes(b, scratch + 16, bytes);
  if (c != 0) copyBytes(c, scratch + 32, bytes);
  if (d != 0) copyBytes(d, scratch + 48, bytes);
  call_indirect<void>(tableIndex(row), scratch, scratch + 16, scratch + 32, scratch + 48, 16 / size);
  copyBytes(scratch, a, bytes);
  if (c != 0) copyBytes(scratch + 32, c, bytes);
  if (d != 0) copyBytes(scratch + 48, d, bytes);
}

// @ts-ignore: decorator
@inline
export function update<T>(row: Row, grain: i32, a: usize, b: usize, c: usize, d: usize, n: i32): void {
  const size: i32 = sizeof<T>();
  if (worthSharing(n, grain)) split(row, grain, n, a, size, b, b == 0 ? 0 : size, c, c == 0 ? 0 : size, d, d == 0 ? 0 : size);
  else call_indirect<void>(tableIndex(row), a, b, c, d, n);
}
