// Vectors of 128 bits of any element type: how many lanes, and how to read and write the part that ends an array.
// A tail goes through the same operations as the rest, so an element's result does not depend on where it stands.
import { TASK_ARGUMENTS } from "./parallel";

/** Elements of type T in a vector. */
// @ts-ignore: decorator
@inline
export function lanes<T>(): i32 {
  return 16 / sizeof<T>();
}

/** The first `count` elements (fewer than a vector holds) and zeros after them. T has 4 or 8 bytes. */
// @ts-ignore: decorator
@inline
export function loadPart<T>(pointer: usize, count: i32): v128 {
  if (sizeof<T>() == 8) return v128.load64_zero(pointer);
  return loadWords(pointer, count);
}

function loadWords(pointer: usize, count: i32): v128 {
  if (count == 1) return v128.load32_zero(pointer);
  const pair = v128.load64_zero(pointer);
  return count == 2 ? pair : v128.load32_lane(pointer, pair, 2, 8);
}

/** Writes the first `count` lanes (fewer than a vector holds). */
// @ts-ignore: decorator
@inline
export function storePart<T>(pointer: usize, value: v128, count: i32): void {
  if (sizeof<T>() == 8) v128.store64_lane(pointer, value, 0);
  else storeWords(pointer, value, count);
}

function storeWords(pointer: usize, value: v128, count: i32): void {
  if (count == 1) {
    v128.store32_lane(pointer, value, 0);
    return;
  }
  v128.store64_lane(pointer, value, 0);
  if (count == 3) v128.store32_lane(pointer, value, 2, 8);
}

/** Word `index` (0 to 63) of the running task's arguments: pointers, sizes, table indices. */
// @ts-ignore: decorator
@inline
export function setWord(index: i32, value: usize): void {
  store<u32>(TASK_ARGUMENTS + 4 * index, <u32>value);
}

// @ts-ignore: decorator
@inline
export function word(args: usize, index: i32): i32 {
  return load<i32>(args + 4 * index);
}

/** Double `index` (0 to 31) of the running task's arguments. */
// @ts-ignore: decorator
@inline
export function setDouble(index: i32, value: f64): void {
  store<f64>(TASK_ARGUMENTS + 256 + 8 * index, value);
}

// @ts-ignore: decorator
@inline
export function double(args: usize, index: i32): f64 {
  return load<f64>(args + 256 + 8 * index);
}

/** Copies between places that do not overlap (or are the same); a short run without the cost of a call. */
export function copyBytes(from: usize, to: usize, bytes: i32): void {
  if (bytes > 512) {
    memory.copy(to, from, bytes);
    return;
  }
  const end = to + bytes;
  for (; to + 16 <= end; to += 16, from += 16) v128.store(to, v128.load(from));
  if (end - to >= 8) {
    store<u64>(to, load<u64>(from));
    to += 8;
    from += 8;
  }
  if (end - to >= 4) {
    store<u32>(to, load<u32>(from));
    to += 4;
    from += 4;
  }
  for (; to < end; to++, from++) store<u8>(to, load<u8>(from));
}
