// Element-by-element work on all threads: a row loop over up to four arrays is called on stretches of a fixed length.
// An array's step is its element's size in bytes, or 0 for what is the same everywhere (a single element, a number).
import { setWord, word } from "./lanes";
import { chunkOf, parallelFor, TASK_ARGUMENTS } from "./parallel";

/** A loop over n elements of up to four arrays. What a loop does not need may be any number, with a step of 0. */
export type Row = (a: usize, b: usize, c: usize, d: usize, n: i32) => void;

/** A function's place in the module's table, for call_indirect. */
// @ts-ignore: decorator
@inline
export function tableIndex(row: Row): u32 {
  return load<u32>(changetype<usize>(row));
}

/**
 * Calls `row` on stretches of `grain` elements; a, b, c and d advance by their steps for each element. Words 0 to 9 of
 * the task's arguments are taken; the others and the doubles are free for numbers that the row loop reads itself.
 */
export function split(
  row: Row, grain: i32, n: i32,
  a: usize, aStep: i32, b: usize, bStep: i32, c: usize, cStep: i32, d: usize, dStep: i32,
): void {
  setWord(0, tableIndex(row));
  setWord(1, grain);
  setWord(2, a);
  setWord(3, aStep);
  setWord(4, b);
  setWord(5, bStep);
  setWord(6, c);
  setWord(7, cStep);
  setWord(8, d);
  setWord(9, dStep);
  parallelFor(stretches, TASK_ARGUMENTS, n, chunkOf(n, grain));
}

function stretches(args: usize, start: i32, end: i32): void {
  const row = word(args, 0);
  const grain = word(args, 1);
  const a = word(args, 2);
  const aStep = word(args, 3);
  const b = word(args, 4);
  const bStep = word(args, 5);
  const c = word(args, 6);
  const cStep = word(args, 7);
  const d = word(args, 8);
  const dStep = word(args, 9);
  for (let i = start; i < end; i += grain) {
    const count = min(grain, end - i);
    call_indirect<void>(row, a + i * aStep, b + i * bStep, c + i * cStep, d + i * dStep, count);
  }
}
