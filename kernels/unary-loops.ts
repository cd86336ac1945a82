// Loops over the elements of one array: an operation is a class with one method on vectors and no fields; a loop is
// compiled once for each class, with the method inlined. `out` may be x itself.
import { copyBytes, double, lanes, setDouble, setWord, word } from "./lanes";
import { chunkOf, parallelFor, scratch, TASK_ARGUMENTS, worthSharing } from "./parallel";

// Elements that a thread takes at once: of operations that wait for memory, and of those that compute.
export const LIGHT = 32768;
export const HEAVY = 8192;

/** The operation itself. It has no fields, so that no object need exist. */
// @ts-ignore: decorator
@inline
function apply<T, Op>(x: v128): v128 {
  return changetype<Op>(0).run<T>(x);
}

/**
 * n elements on this thread. Two vectors a round, because compilers load an operation's constants in every round. What
 * remains takes the same way through scratch memory, so that an element's result does not depend on where it stands.
 */
function stretch<T, Op>(x: usize, out: usize, n: i32): void {
  const count = 2 * lanes<T>();
  for (; n >= count; n -= count) {
    const first = apply<T, Op>(v128.load(x));
    const second = apply<T, Op>(v128.load(x, 16));
    v128.store(out, first);
    v128.store(out, second, 16);
    x += 32;
    out += 32;
  }
  if (n <= 0) return;
  copyBytes(x, scratch, n * sizeof<T>());
  stretch<T, Op>(scratch, scratch, count);
  copyBytes(scratch, out, n * sizeof<T>());
}

/** n elements on all threads, in portions of `grain`. */
export function map<T, Op>(x: usize, out: usize, n: i32, grain: i32): void {
  if (!worthSharing(n, grain)) {
    stretch<T, Op>(x, out, n);
    return;
  }
  setWord(0, x);
  setWord(1, out);
  const task = (args: usize, start: i32, end: i32): void => {
    const offset = <usize>start * sizeof<T>();
    stretch<T, Op>(<usize>word(args, 0) + offset, <usize>word(args, 1) + offset, end - start);
  };
  parallelFor(task, TASK_ARGUMENTS, n, chunkOf(n, grain));
}

/** As `stretch`, of an operation with two numbers. */
function stretchWith<T, Op>(x: usize, out: usize, n: i32, a: f64, b: f64): void {
  const count = 2 * lanes<T>();
  const first = v128.splat<T>(changetype<Op>(0).first<T>(a));
  const second = v128.splat<T>(changetype<Op>(0).second<T>(b));
  for (; n >= count; n -= count) {
    const y1 = changetype<Op>(0).run<T>(v128.load(x), first, second);
    const y2 = changetype<Op>(0).run<T>(v128.load(x, 16), first, second);
    v128.store(out, y1);
    v128.store(out, y2, 16);
    x += 32;
    out += 32;
  }
  if (n <= 0) return;
  copyBytes(x, scratch, n * sizeof<T>());
  stretchWith<T, Op>(scratch, scratch, count, a, b);
  copyBytes(scratch, out, n * sizeof<T>());
}

/** As `map`, of an operation with two numbers. */
export function mapWith<T, Op>(x: usize, out: usize, n: i32, a: f64, b: f64, grain: i32): void {
  if (!worthSharing(n, grain)) {
    stretchWith<T, Op>(x, out, n, a, b);
    return;
  }
  setWord(0, x);
  setWord(1, out);
  setDouble(0, a);
  setDouble(1, b);
  const task = (args: usize, start: i32, end: i32): void => {
    const offset = <usize>start * sizeof<T>();
    const from = <usize>word(args, 0) + offset;
    stretchWith<T, Op>(from, <usize>word(args, 1) + offset, end - start, double(args, 0), double(args, 1));
  };
  parallelFor(task, TASK_ARGUMENTS, n, chunkOf(n, grain));
}

/** n elements on this thread to bytes 0 or 1, of an operation that sets all bits of a lane or none. */
function testStretch<T, Op>(x: usize, out: usize, n: i32): void {
  for (; n >= 16; n -= 16) {
    v128.store(out, v128.and(sixteenMasks<T, Op>(x), i8x16.splat(1)));
    x += 16 * sizeof<T>();
    out += 16;
  }
  for (; n > 0; n--) {
    store<u8>(out, u8(v128.any_true(apply<T, Op>(v128.load_splat<T>(x)))));
    x += sizeof<T>();
    out += 1;
  }
}

/** The masks of sixteen elements, a byte each. */
// @ts-ignore: decorator
@inline
function sixteenMasks<T, Op>(x: usize): v128 {
  if (sizeof<T>() == 1) return apply<T, Op>(v128.load(x));
  const size: usize = 4 * sizeof<T>();
  const lower = i16x8.narrow_i32x4_s(fourMasks<T, Op>(x), fourMasks<T, Op>(x + size));
  const upper = i16x8.narrow_i32x4_s(fourMasks<T, Op>(x + 2 * size), fourMasks<T, Op>(x + 3 * size));
  return i8x16.narrow_i16x8_s(lower, upper);
}

/** The masks of four elements, a word each. */
// @ts-ignore: decorator
@inline
function fourMasks<T, Op>(x: usize): v128 {
  const first = apply<T, Op>(v128.load(x));
  if (sizeof<T>() == 4) return first;
  return v128.shuffle<i32>(first, apply<T, Op>(v128.load(x, 16)), 0, 2, 4, 6);
}

/** As `map`, to bytes. */
export function test<T, Op>(x: usize, out: usize, n: i32): void {
  if (n <= 2 * LIGHT) {
    testStretch<T, Op>(x, out, n);
    return;
  }
  setWord(0, x);
  setWord(1, out);
  const task = (args: usize, start: i32, end: i32): void => {
    const from = <usize>word(args, 0) + <usize>start * sizeof<T>();
    testStretch<T, Op>(from, <usize>word(args, 1) + start, end - start);
  };
  parallelFor(task, TASK_ARGUMENTS, n, LIGHT);
}
