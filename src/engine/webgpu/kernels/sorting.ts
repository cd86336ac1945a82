// Sorting along rows: ascending, stable, NaN last. Sorted runs of one element are merged to runs of two, four and so on: every element finds its
// place among those of the other run by halving, and so the threads need not wait for each other within a merge.
import type { DType } from "../../dtype.ts";
import { EACH, type KernelText, once } from "../shader.ts";
import { COPY_WORDS } from "./movement.ts";
import type { Calls, NamedEntry } from "./named.ts";

/** A number in the order of elements: NaN behind all others, both zeros alike. */
const KEYS: Readonly<Record<string, string>> = {
  float32: `fn key(word: u32) -> i32 { let x = bitcast<f32>(word); if (isNan(x)) { return 0x7fffffff; } return rank(x); }`,
  int32: "fn key(word: u32) -> i32 { return bitcast<i32>(word); }",
};

/**
 * Merges runs of `run` elements of each row of n: of words themselves, or of their positions in `keys`.
 */
const mergeText = once(
  (dtype: DType, positions: boolean): KernelText => ({
    name: `merge_${dtype}_${positions ? "positions" : "values"}`,
    parameters: "x out n length run keys",
    outside: `${KEYS[dtype]}
fn keyAt(row: u32, at: u32) -> i32 { return key(${positions ? "mem[p.keys + row * p.length + mem[at]]" : "mem[at]"}); }`,
    body: `${EACH}
  let row = i / p.length;
  let column = i % p.length;
  let base = p.x + row * p.length;
  let own = keyAt(row, base + column);
  let pair = (column / (2u * p.run)) * 2u * p.run;
  let isSecond = column >= pair + p.run;
  let start = select(min(pair + p.run, p.length), pair, isSecond);
  let end = select(min(pair + 2u * p.run, p.length), min(pair + p.run, p.length), isSecond);
  // How many of the other run come before: of equal ones those of the first run.
  var low = start;
  var high = end;
  while (low < high) {
    let middle = (low + high) / 2u;
    let other = keyAt(row, base + middle);
    let before = select(other < own, other <= own, isSecond);
    if (before) { low = middle + 1u; } else { high = middle; }
  }
  let inRun = column - select(pair, pair + p.run, isSecond);
  mem[p.out + row * p.length + pair + inRun + (low - start)] = mem[base + column];`,
  }),
);

/** out[i] = i mod length. */
const POSITIONS: KernelText = {
  name: "positions",
  parameters: "out n length",
  body: `${EACH}
  mem[p.out + i] = i % p.length;`,
};

/** Merges until a row is one run; what `x` holds ends in `out`. */
function merge(calls: Calls, text: KernelText, x: number, out: number, n: number, length: number, keys: number): void {
  const rounds = Math.ceil(Math.log2(Math.max(1, length)));
  if (rounds === 0) {
    if (x !== out) calls.each(COPY_WORDS, [x, out, n], n);
    return;
  }
  const spare = calls.scratch(n);
  let from = x;
  for (let round = 0; round < rounds; round++) {
    const to = (rounds - round) % 2 === 1 ? out : spare;
    calls.each(text, [from, to, n, length, 2 ** round, keys], n);
    from = to;
  }
}

const TYPES: readonly DType[] = ["float32", "int32"];

export const SORTING: Readonly<Record<string, NamedEntry>> = {
  sort: {
    dtypes: TYPES,
    run: (calls, [x, out, rows, n], dtype) => merge(calls, mergeText(dtype, false), x, out, rows * n, n, 0),
  },
  argsort: {
    dtypes: TYPES,
    run(calls, [x, order, rows, n], dtype) {
      const first = calls.scratch(rows * n);
      calls.each(POSITIONS, [first, rows * n, n], rows * n);
      merge(calls, mergeText(dtype, true), first, order, rows * n, n, x);
    },
  },
};
