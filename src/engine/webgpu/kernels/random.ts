// Random numbers from Philox, the same as the CPU's kernels draw: element i depends on the key, the call's counter and i. A thread has one block
// of four words.
import type { DType } from "../../dtype.ts";
import { type KernelText, once } from "../shader.ts";
import type { Calls, NamedEntry } from "./named.ts";

/** A thread's block as `words`, and a line for each of its elements `e` at place i. */
function blocks(name: string, numbers: string, lines: string): KernelText {
  return {
    name,
    parameters: `out n keyLow keyHigh counterLow counterHigh ${numbers}`,
    body: `
  let block = (wid.y * groups.x + wid.x) * 64u + lid.x;
  let first = block * 4u;
  if (first >= p.n) { return; }
  let low = p.counterLow + block;
  let high = p.counterHigh + select(0u, 1u, low < block);
  let words = philox(low, high, p.keyLow, p.keyHigh);
  for (var e = 0u; e < min(4u, p.n - first); e += 1u) {
    let i = first + e;
    ${lines}
  }`,
  };
}

/** A number k / 2^24 from a word. */
const FRACTION = "f32(WORD >> 8u) * 5.9604644775390625e-8";
const fraction = (word: string): string => `(${FRACTION.replace("WORD", word)})`;

// The product is rounded before it is added, as on the CPU.
const UNIFORM = blocks(
  "uniform",
  "start:f32 width:f32 last:f32",
  `let part = rounded(p.width * ${fraction("words[e]")});
    store(p.out + i, smaller(p.start + part, p.last));`,
);

const NORMAL = blocks(
  "normal",
  "mean:f32 deviation:f32",
  `let pair = e & 2u;
    let u = ${fraction("words[pair]")} + 5.9604644775390625e-8;
    let radius = p.deviation * root(-2.0 * logarithm(u));
    let part = rounded(radius * turn(${fraction("words[pair + 1u]")}, select(1, 0, (e & 1u) != 0u)));
    store(p.out + i, p.mean + part);`,
);

const INTEGERS = blocks(
  "integers",
  "start:i32 range",
  "storeInt(p.out + i, p.start + i32(multiplyWide(words[e], p.range).y));",
);

const bernoulliText = once(
  (dtype: DType): KernelText =>
    blocks(
      `bernoulli_${dtype}`,
      `threshold always value:${dtype === "float32" ? "f32" : "i32"}`,
      `let hit = p.always != 0u || words[e] < p.threshold;
    mem[p.out + i] = select(0u, bitcast<u32>(p.value), hit);`,
    ),
);

/** The largest float32 below x. */
function before(x: number): number {
  const value = new Float32Array([x]);
  const bits = new Int32Array(value.buffer);
  if (x === 0) return -(2 ** -149);
  bits[0] += x > 0 ? -1 : 1;
  return value[0];
}

function run(calls: Calls, text: KernelText, values: readonly number[]): void {
  calls.each(text, values, Math.ceil(values[1] / 4));
}

export const RANDOM: Readonly<Record<string, NamedEntry>> = {
  uniform: {
    dtypes: ["float32"],
    run(calls, values) {
      const [low, high] = values.slice(6).map(Math.fround);
      const last = values[7] > values[6] ? Math.max(low, before(high)) : Number.POSITIVE_INFINITY;
      run(calls, UNIFORM, [...values.slice(0, 6), low, values[7] - values[6], last]);
    },
  },
  normal: { dtypes: ["float32"], run: (calls, values) => run(calls, NORMAL, values) },
  integers: {
    dtypes: ["int32"],
    run: (calls, values) => run(calls, INTEGERS, [...values.slice(0, 7), values[7] - values[6]]),
  },
  bernoulli: {
    dtypes: ["float32", "bool"],
    run(calls, values, dtype) {
      const [probability, value] = values.slice(6);
      // To the nearest, halves to the even one; as the kernel does.
      const scaled = Math.min(Math.max(probability, 0), 1) * 4294967296;
      const floor = Math.floor(scaled);
      const threshold = scaled - floor > 0.5 || (scaled - floor === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
      const always = threshold > 0xffffffff ? 1 : 0;
      run(calls, bernoulliText(dtype), [...values.slice(0, 6), always ? 0 : threshold, always, value]);
    },
  },
};
