// Random numbers from Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
// A block of four words is a function of the key and a counter, so element i depends on nothing but the key, the
// counter of the call and i. A call uses the counters from its own on, so many:
//   uniform_f32, normal_f32, integers, bernoulli (every type) and permutation: ceil(n / 4);
//   uniform_f64 and normal_f64: ceil(n / 2).
import { copyBytes, double, setDouble, setWord, word } from "./lanes";
import { cosTurns_v32, log_v32, sinTurns_v32 } from "./math32";
import { cosTurns_v64, log_v64, sinTurns_v64 } from "./math64";
import { parallelFor, scratch, TASK_ARGUMENTS } from "./parallel";

/** Turns the 16 words of a group into elements at `out`: 16 of them, or 8 where an element takes two words. */
type Convert = (words: usize, out: usize) => void;

/** Groups that a thread takes at once; four such portions are worth waking the others. */
const GRAIN = 128;

const MULTIPLIER_0: i32 = 0xd2511f53;
const MULTIPLIER_1: i32 = 0xcd9e8d57;
const WEYL_0: i32 = 0x9e3779b9;
const WEYL_1: i32 = 0xbb67ae85;

// ---- The generator

/** Ten rounds on four blocks at once, word i of all blocks in c_i. Writes the blocks one after the other. */
function rounds(c0: v128, c1: v128, c2: v128, c3: v128, key0: v128, key1: v128, out: usize): void {
  const multiplier0 = i32x4.splat(MULTIPLIER_0);
  const multiplier1 = i32x4.splat(MULTIPLIER_1);
  for (let round = 0; round < 10; round++) {
    const low0 = i64x2.extmul_low_i32x4_u(c0, multiplier0);
    const high0 = i64x2.extmul_high_i32x4_u(c0, multiplier0);
    const low1 = i64x2.extmul_low_i32x4_u(c2, multiplier1);
    const high1 = i64x2.extmul_high_i32x4_u(c2, multiplier1);
    c0 = v128.xor(v128.xor(i32x4.shuffle(low1, high1, 1, 3, 5, 7), c1), key0);
    c2 = v128.xor(v128.xor(i32x4.shuffle(low0, high0, 1, 3, 5, 7), c3), key1);
    c1 = i32x4.shuffle(low1, high1, 0, 2, 4, 6);
    c3 = i32x4.shuffle(low0, high0, 0, 2, 4, 6);
    key0 = i32x4.add(key0, i32x4.splat(WEYL_0));
    key1 = i32x4.add(key1, i32x4.splat(WEYL_1));
  }
  const low01 = i32x4.shuffle(c0, c1, 0, 4, 1, 5);
  const low23 = i32x4.shuffle(c2, c3, 0, 4, 1, 5);
  const high01 = i32x4.shuffle(c0, c1, 2, 6, 3, 7);
  const high23 = i32x4.shuffle(c2, c3, 2, 6, 3, 7);
  v128.store(out, i64x2.shuffle(low01, low23, 0, 2));
  v128.store(out, i64x2.shuffle(low01, low23, 1, 3), 16);
  v128.store(out, i64x2.shuffle(high01, high23, 0, 2), 32);
  v128.store(out, i64x2.shuffle(high01, high23, 1, 3), 48);
}

/** The 16 words of blocks `counter` to `counter` + 3. */
// @ts-ignore: decorator
@inline
function group(counter: i64, keyLo: i32, keyHi: i32, out: usize): void {
  const first = i64x2.add(i64x2.splat(counter), i64x2(0, 1));
  const second = i64x2.add(i64x2.splat(counter), i64x2(2, 3));
  const c0 = i32x4.shuffle(first, second, 0, 2, 4, 6);
  const c1 = i32x4.shuffle(first, second, 1, 3, 5, 7);
  const zero = i32x4.splat(0);
  rounds(c0, c1, zero, zero, i32x4.splat(keyLo), i32x4.splat(keyHi), out);
}

/** One block for any 128-bit counter: four words at `out`. */
export function philoxBlock(out: usize, keyLo: i32, keyHi: i32, c0: i32, c1: i32, c2: i32, c3: i32): void {
  rounds(
    i32x4.splat(c0), i32x4.splat(c1), i32x4.splat(c2), i32x4.splat(c3), i32x4.splat(keyLo), i32x4.splat(keyHi), scratch,
  );
  v128.store(out, v128.load(scratch));
}

// @ts-ignore: decorator
@inline
function counterOf(low: i32, high: i32): i64 {
  // Not <u32>low: the optimiser makes a signed load of it when `low` comes from memory.
  return (<i64>high << 32) | (<i64>low & 0xffffffff);
}

/** Fills `out` with n elements, `perGroup` from a group. The conversion finds its numbers in the task's doubles. */
function generate(
  convert: Convert, perGroup: i32, size: i32, out: usize, n: i32,
  keyLo: i32, keyHi: i32, counterLo: i32, counterHi: i32,
): void {
  setWord(0, load<u32>(changetype<usize>(convert)));
  setWord(1, perGroup);
  setWord(2, size);
  setWord(3, out);
  setWord(4, n);
  setWord(5, keyLo);
  setWord(6, keyHi);
  setWord(7, counterLo);
  setWord(8, counterHi);
  const groups = <i32>((<i64>n + perGroup - 1) / perGroup);
  parallelFor(generateTask, TASK_ARGUMENTS, groups, groups > 4 * GRAIN ? GRAIN : max(1, groups));
}

function generateTask(args: usize, start: i32, end: i32): void {
  const convert = word(args, 0);
  const perGroup = word(args, 1);
  const size = word(args, 2);
  const n = word(args, 4);
  const keyLo = word(args, 5);
  const keyHi = word(args, 6);
  const counter = counterOf(word(args, 7), word(args, 8));
  for (let index = start; index < end; index++) {
    group(counter + 4 * <i64>index, keyLo, keyHi, scratch);
    const out = word(args, 3) + index * perGroup * size;
    const left = n - index * perGroup;
    if (left >= perGroup) {
      call_indirect<void>(convert, scratch, out);
    } else {
      call_indirect<void>(convert, scratch, scratch + 64);
      copyBytes(scratch + 64, out, left * size);
    }
  }
}

// ---- Uniform: [low, high)

/** The largest number of the type below x. */
function before32(x: f32): f32 {
  if (x == 0) return reinterpret<f32>(0x80000001);
  return reinterpret<f32>(reinterpret<i32>(x) + (x > 0 ? -1 : 1));
}
function before64(x: f64): f64 {
  if (x == 0) return reinterpret<f64>(0x8000000000000001);
  return reinterpret<f64>(reinterpret<i64>(x) + (x > 0 ? -1 : 1));
}

/** Four numbers k / 2^24 from the upper 24 bits of four words. */
// @ts-ignore: decorator
@inline
function fractions32(words: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(words, 8)), f32x4.splat(5.9604644775390625e-8));
}

/** Two numbers k / 2^53: 27 bits of the first word of each pair and 26 of the second. */
// @ts-ignore: decorator
@inline
function fractions64(words: v128): v128 {
  // A whole number below 2^52, set into the mantissa of 2^52.
  const mantissa = i64x2.splat(0x4330000000000000);
  const upper = v128.or(i64x2.shr_u(i64x2.shl(words, 32), 37), mantissa);
  const lower = v128.or(i64x2.shr_u(words, 38), mantissa);
  const base = f64x2.splat(4503599627370496);
  return f64x2.add(
    f64x2.mul(f64x2.sub(upper, base), f64x2.splat(7.450580596923828e-9)),
    f64x2.mul(f64x2.sub(lower, base), f64x2.splat(1.1102230246251565e-16)),
  );
}

function uniform32(words: usize, out: usize): void {
  const low = f32x4.splat(<f32>double(TASK_ARGUMENTS, 0));
  const width = f32x4.splat(<f32>double(TASK_ARGUMENTS, 1));
  const last = f32x4.splat(<f32>double(TASK_ARGUMENTS, 2));
  for (let i = 0; i < 64; i += 16) {
    const value = f32x4.add(low, f32x4.mul(width, fractions32(v128.load(words + i))));
    v128.store(out + i, f32x4.pmin(value, last));
  }
}

function uniform64(words: usize, out: usize): void {
  const low = f64x2.splat(double(TASK_ARGUMENTS, 0));
  const width = f64x2.splat(double(TASK_ARGUMENTS, 1));
  const last = f64x2.splat(double(TASK_ARGUMENTS, 2));
  for (let i = 0; i < 64; i += 16) {
    const value = f64x2.add(low, f64x2.mul(width, fractions64(v128.load(words + i))));
    v128.store(out + i, f64x2.pmin(value, last));
  }
}

/** low + (high - low) k / 2^24, kept below `high`, which the sum's rounding could reach. */
export function uniform_f32(
  out: usize, n: i32, keyLo: i32, keyHi: i32, counterLo: i32, counterHi: i32, low: f64, high: f64,
): void {
  setDouble(0, low);
  setDouble(1, high - low);
  setDouble(2, high > low ? max<f32>(<f32>low, before32(<f32>high)) : Infinity);
  generate(uniform32, 16, 4, out, n, keyLo, keyHi, counterLo, counterHi);
}

/** low + (high - low) k / 2^53, kept below `high`. */
export function uniform_f64(
  out: usize, n: i32, keyLo: i32, keyHi: i32, counterLo: i32, counterHi: i32, low: f64, high: f64,
): void {
  setDouble(0, low);
  setDouble(1, high - low);
  setDouble(2, high > low ? max<f64>(low, before64(high)) : Infinity);
  generate(uniform64, 8, 8, out, n, keyLo, keyHi, counterLo, counterHi);
}

// ---- Normal, by Box and Muller: sqrt(-2 ln u) cos(2 pi v) and sqrt(-2 ln u) sin(2 pi v), u in (0, 1], v in [0, 1)

function normal32(words: usize, out: usize): void {
  const mean = f32x4.splat(<f32>double(TASK_ARGUMENTS, 0));
  const deviation = f32x4.splat(<f32>double(TASK_ARGUMENTS, 1));
  for (let i = 0; i < 64; i += 32) {
    const a = v128.load(words + i);
    const b = v128.load(words + i, 16);
    const u = f32x4.add(fractions32(i32x4.shuffle(a, b, 0, 2, 4, 6)), f32x4.splat(5.9604644775390625e-8));
    const v = fractions32(i32x4.shuffle(a, b, 1, 3, 5, 7));
    const radius = f32x4.mul(deviation, f32x4.sqrt(f32x4.mul(f32x4.splat(-2), log_v32(u))));
    const x = f32x4.add(mean, f32x4.mul(radius, cosTurns_v32(v)));
    const y = f32x4.add(mean, f32x4.mul(radius, sinTurns_v32(v)));
    v128.store(out + i, i32x4.shuffle(x, y, 0, 4, 1, 5));
    v128.store(out + i, i32x4.shuffle(x, y, 2, 6, 3, 7), 16);
  }
}

function normal64(words: usize, out: usize): void {
  const mean = f64x2.splat(double(TASK_ARGUMENTS, 0));
  const deviation = f64x2.splat(double(TASK_ARGUMENTS, 1));
  for (let i = 0; i < 64; i += 32) {
    const a = fractions64(v128.load(words + i));
    const b = fractions64(v128.load(words + i, 16));
    const u = f64x2.add(i64x2.shuffle(a, b, 0, 2), f64x2.splat(1.1102230246251565e-16));
    const v = i64x2.shuffle(a, b, 1, 3);
    const radius = f64x2.mul(deviation, f64x2.sqrt(f64x2.mul(f64x2.splat(-2), log_v64(u))));
    const x = f64x2.add(mean, f64x2.mul(radius, cosTurns_v64(v)));
    const y = f64x2.add(mean, f64x2.mul(radius, sinTurns_v64(v)));
    v128.store(out + i, i64x2.shuffle(x, y, 0, 2));
    v128.store(out + i, i64x2.shuffle(x, y, 1, 3), 16);
  }
}

export function normal_f32(
  out: usize, n: i32, keyLo: i32, keyHi: i32, counterLo: i32, counterHi: i32, mean: f64, deviation: f64,
): void {
  setDouble(0, mean);
  setDouble(1, deviation);
  generate(normal32, 16, 4, out, n, keyLo, keyHi, counterLo, counterHi);
}

export function normal_f64(
  out: usize, n: i32, keyLo: i32, keyHi: i32, counterLo: i32, counterHi: i32, mean: f64, deviation: f64,
): void {
  setDouble(0, mean);
  setDouble(1, deviation);
  generate(normal64, 8, 8, out, n, keyLo, keyHi, counterLo, counterHi);
}

// ---- Integers: [low, high), low + the upper word of word * (high - low)

function integers32(words: usize, out: usize): void {
  const low = i32x4.splat(load<i32>(TASK_ARGUMENTS, 256));
  const range = i32x4.splat(load<i32>(TASK_ARGUMENTS, 260));
  for (let i = 0; i < 64; i += 16) {
    const value = v128.load(words + i);
    const first = i64x2.extmul_low_i32x4_u(value, range);
    const second = i64x2.extmul_high_i32x4_u(value, range);
    v128.store(out + i, i32x4.add(low, i32x4.shuffle(first, second, 1, 3, 5, 7)));
  }
}

/** No value's probability is off by more than 2^-32. */
export function integers_i32(
  out: usize, n: i32, keyLo: i32, keyHi: i32, counterLo: i32, counterHi: i32, low: i32, high: i32,
): void {
  store<i32>(TASK_ARGUMENTS, low, 256);
  store<i32>(TASK_ARGUMENTS, high - low, 260);
  generate(integers32, 16, 4, out, n, keyLo, keyHi, counterLo, counterHi);
}

// ---- Bernoulli: `value` with the given probability, else 0

/** Masks of four words that hit: word < probability * 2^32. */
// @ts-ignore: decorator
@inline
function hits(words: usize): v128 {
  const threshold = load<u64>(TASK_ARGUMENTS, 256);
  if (threshold > 0xffffffff) return i32x4.splat(-1);
  return i32x4.lt_u(v128.load(words), i32x4.splat(<i32>threshold));
}

function bernoulli32(words: usize, out: usize): void {
  const value = f32x4.splat(<f32>double(TASK_ARGUMENTS, 1));
  for (let i = 0; i < 64; i += 16) v128.store(out + i, v128.and(value, hits(words + i)));
}

function bernoulli64(words: usize, out: usize): void {
  const value = f64x2.splat(double(TASK_ARGUMENTS, 1));
  for (let i = 0; i < 64; i += 16) {
    const mask = hits(words + i);
    v128.store(out + 2 * i, v128.and(value, i64x2.extend_low_i32x4_s(mask)));
    v128.store(out + 2 * i, v128.and(value, i64x2.extend_high_i32x4_s(mask)), 16);
  }
}

function bernoulli8(words: usize, out: usize): void {
  const value = i8x16.splat(<u8>(<i32>double(TASK_ARGUMENTS, 1)));
  const first = v128.narrow<i32>(hits(words), hits(words + 16));
  const second = v128.narrow<i32>(hits(words + 32), hits(words + 48));
  v128.store(out, v128.and(value, v128.narrow<i16>(first, second)));
}

/** Probability and value as the conversions read them. */
function setBernoulli(probability: f64, value: f64): void {
  const limited = probability > 0 ? min<f64>(probability, 1) : 0;
  store<u64>(TASK_ARGUMENTS, <u64>nearest<f64>(limited * 4294967296), 256);
  setDouble(1, value);
}

export function bernoulli_f32(
  out: usize, n: i32, keyLo: i32, keyHi: i32, counterLo: i32, counterHi: i32, probability: f64, value: f64,
): void {
  setBernoulli(probability, value);
  generate(bernoulli32, 16, 4, out, n, keyLo, keyHi, counterLo, counterHi);
}

export function bernoulli_f64(
  out: usize, n: i32, keyLo: i32, keyHi: i32, counterLo: i32, counterHi: i32, probability: f64, value: f64,
): void {
  setBernoulli(probability, value);
  generate(bernoulli64, 16, 8, out, n, keyLo, keyHi, counterLo, counterHi);
}

export function bernoulli_u8(
  out: usize, n: i32, keyLo: i32, keyHi: i32, counterLo: i32, counterHi: i32, probability: f64, value: f64,
): void {
  setBernoulli(probability, value);
  generate(bernoulli8, 16, 1, out, n, keyLo, keyHi, counterLo, counterHi);
}

// ---- Permutation

/** 0 to n - 1 in random order (Fisher and Yates): from the last place down, each changes with one at or before it. */
export function permutation_i32(out: usize, n: i32, keyLo: i32, keyHi: i32, counterLo: i32, counterHi: i32): void {
  const counter = counterOf(counterLo, counterHi);
  for (let i = 0; i < n; i++) store<i32>(out + 4 * i, i);
  for (let used = 0; used < n - 1; used++) {
    if (used % 16 == 0) group(counter + used / 4, keyLo, keyHi, scratch);
    const i = n - 1 - used;
    const j = <i32>((<u64>load<u32>(scratch + 4 * (used % 16)) * <u64>(i + 1)) >> 32);
    const kept = load<i32>(out + 4 * i);
    store<i32>(out + 4 * i, load<i32>(out + 4 * j));
    store<i32>(out + 4 * j, kept);
  }
}
