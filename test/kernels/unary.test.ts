// Element-by-element kernels: the plain operations against JavaScript, and what holds for all of them: a result depends on
// its element only (not on position, length, alignment or build), nothing but out[0..n) is written, and out may be x.
import { describe, expect, it } from "vitest";
import { loadKernels } from "./load.ts";

type Type = "f32" | "f64" | "i32" | "u8";
const arrays = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u8: Uint8Array };

/** The kernels of a build, with room for arguments and results. */
function prepare(build: "strict" | "relaxed") {
  const kernels = loadKernels(build);
  return { ...kernels, x: kernels.reserve(1 << 21), out: kernels.reserve(1 << 21) };
}
const strict = prepare("strict");
const relaxed = prepare("relaxed");

/** Results for x, as plain numbers. */
function run(
  name: string,
  type: Type,
  x: number[],
  numbers: number[] = [],
  outType = type,
  kernels = strict,
): number[] {
  const { memory, exports } = kernels;
  new arrays[type](memory.buffer, kernels.x, x.length).set(x);
  exports[`${name}_${type}`]!(kernels.x, kernels.out, x.length, ...numbers);
  return Array.from(new arrays[outType](memory.buffer, kernels.out, x.length));
}

/** What `type` makes of values. */
const rounded = (type: Type, values: number[]): number[] => Array.from(arrays[type].from(values));

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const floats = [0, -0, 1, -1, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 0.49999997, -0.3, 3.7, -3.7, 100.25, 1e30, -1e30, 0.1];
floats.push(8388607.5, -8388609, 4503599627370495.5, 1e-40, -1e-40, 3e-320, inf, -inf, nan, 2.25, 16, 1e-310);
const integers = [0, 1, -1, 7, -7, 46340, -46341, 2147483647, -2147483648, 123456789];

/** Halves to the even neighbour. */
function halfToEven(x: number): number {
  const y = Math.round(x);
  const even = Math.abs(x % 1) === 0.5 && y % 2 !== 0 ? y - 1 : y;
  return even === 0 && (x < 0 || Object.is(x, -0)) ? -0 : even;
}

interface Plain {
  name: string;
  value: (x: number) => number;
  numbers?: number[];
}

/** Operations whose result in float32 is the float64 result rounded once. */
const exactOnFloats: Plain[] = [
  { name: "neg", value: (x) => -x },
  { name: "abs", value: Math.abs },
  { name: "sign", value: (x) => Math.sign(x) + 0 },
  { name: "floor", value: Math.floor },
  { name: "ceil", value: Math.ceil },
  { name: "round", value: halfToEven },
  { name: "trunc", value: Math.trunc },
  { name: "square", value: (x) => x * x },
  { name: "sqrt", value: Math.sqrt },
  { name: "reciprocal", value: (x) => 1 / x },
  { name: "relu", value: (x) => (x > 0 || Number.isNaN(x) ? x : 0) },
  { name: "step", value: (x) => (x > 0 ? 1 : 0) },
  { name: "leakyRelu", value: (x) => (x > 0 ? x : 0.25 * x), numbers: [0.25] },
  { name: "clip", value: (x) => (x < -1.5 ? -1.5 : Math.min(x, 2.25)), numbers: [-1.5, 2.25] },
  { name: "clip", value: (x) => (Number.isNaN(x) ? x : 1), numbers: [3, 1] },
];

describe.each(["f32", "f64"] as const)("%s", (type) => {
  const x = rounded(type, floats);

  it.each(exactOnFloats)("$name $numbers is exact", ({ name, value, numbers }) => {
    expect(run(name, type, x, numbers)).toEqual(rounded(type, x.map(value)));
  });

  it("1 / sqrt x is exact where the root is", () => {
    expect(run("rsqrt", type, [4, 0.25, 0, -0, inf, -1, nan])).toEqual([0.5, 2, inf, -inf, 0, nan, nan]);
  });

  it("elu is x above 0 and alpha (e^x - 1) below", () => {
    const values = [2, 0, -0, -1e-30, -1, -50, inf, -inf, nan];
    const below = run("expm1", type, values);
    const expected = values.map((v, i) => (v > 0 ? v : 1.5 * below[i]));
    expect(run("elu", type, values, [1.5])).toEqual(rounded(type, expected));
  });

  it("isNan, isInf and isFinite give bytes", () => {
    expect(run("isNan", type, x, [], "u8")).toEqual(x.map((v) => Number(Number.isNaN(v))));
    expect(run("isInf", type, x, [], "u8")).toEqual(x.map((v) => Number(Math.abs(v) === inf)));
    expect(run("isFinite", type, x, [], "u8")).toEqual(x.map((v) => Number(Number.isFinite(v))));
  });
});

describe("i32 and u8", () => {
  it.each([
    { name: "neg", value: (x: number) => -x | 0 },
    { name: "abs", value: (x: number) => Math.abs(x) | 0 },
    { name: "sign", value: Math.sign },
    { name: "square", value: (x: number) => Math.imul(x, x) },
  ])("$name of integers, modulo 2^32", ({ name, value }) => {
    expect(run(name, "i32", integers)).toEqual(rounded("i32", integers.map(value)));
  });

  it("clip of integers to the integers within the bounds, of which any may be infinite", () => {
    expect(run("clip", "i32", [-9, -2, -1, 0, 3, 4, 9], [-1.5, 3.5])).toEqual([-1, -1, -1, 0, 3, 3, 3]);
    expect(run("clip", "i32", integers, [-inf, 5])).toEqual(integers.map((v) => Math.min(v, 5)));
    expect(run("clip", "i32", integers, [-5, 1e300])).toEqual(integers.map((v) => Math.max(v, -5)));
  });

  it("logicalNot is 1 for 0 and 0 for the rest", () => {
    const x = Array.from({ length: 37 }, (_, i) => (i % 3 === 0 ? 0 : i * 7));
    expect(run("logicalNot", "u8", x)).toEqual(x.map((v) => Number(v === 0)));
  });
});

// ---- What holds for every kernel

const smooth =
  "exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh sigmoid softplus silu gelu";
const names =
  `neg abs sign floor ceil round trunc square sqrt rsqrt reciprocal relu step ${smooth} erf gaussian mish softsign selu logSigmoid hardSigmoid geluTanh asinh acosh atanh erfinv`.split(
    " ",
  );
const every: { name: string; type: Type; numbers: number[]; out: Type }[] = [];
for (const type of ["f32", "f64"] as const) {
  for (const name of names) every.push({ name, type, numbers: [], out: type });
  for (const name of ["leakyRelu", "elu"]) every.push({ name, type, numbers: [0.3], out: type });
  every.push({ name: "clip", type, numbers: [-0.7, 1.1], out: type });
  for (const name of ["isNan", "isInf", "isFinite"]) every.push({ name, type, numbers: [], out: "u8" });
}
for (const name of ["neg", "abs", "sign", "square"]) every.push({ name, type: "i32", numbers: [], out: "i32" });
every.push({ name: "clip", type: "i32", numbers: [-5, 9], out: "i32" });
every.push({ name: "logicalNot", type: "u8", numbers: [], out: "u8" });

/** Arguments of all sizes, some beyond what the fast reduction of angles takes, none NaN: its bits are nobody's business. */
function argumentsOf(type: Type, count: number): InstanceType<(typeof arrays)[Type]> {
  const x = new arrays[type](count);
  for (let i = 0; i < count; i++) {
    const size = [1, 0.3, 20, 1e-3, 90, 1e7, 1e-39][i % 7];
    x[i] = type === "f32" || type === "f64" ? size * Math.sin(i * i + 1) : Math.imul(i, 2654435761) >> (i % 31);
  }
  return x;
}

/** Bytes of the results, with every NaN made the same. */
function bytesOf(type: Type, memory: WebAssembly.Memory, address: number, length: number): Uint8Array {
  const values = new arrays[type](memory.buffer, address, length).slice();
  for (const [i, v] of values.entries()) if (Number.isNaN(v)) values[i] = nan;
  return new Uint8Array(values.buffer);
}

const LENGTH = 53;

describe.each(every)("$name of $type", ({ name, type, numbers, out }) => {
  const x = argumentsOf(type, LENGTH);
  const size = x.BYTES_PER_ELEMENT;
  const outSize = arrays[out].BYTES_PER_ELEMENT;
  const kernel = `${name}_${type}`;

  /** Results of the kernel for `count` elements from `first` on, read and written `shift` elements past an aligned address. */
  function compute(kernels: typeof strict, first: number, count: number, shift: number): Uint8Array {
    const { memory, exports } = kernels;
    const from = kernels.x + shift * size;
    const to = kernels.out + shift * outSize;
    new arrays[type](memory.buffer, from, count).set(x.subarray(first, first + count));
    const around = new Uint8Array(memory.buffer, to - outSize, (count + 2) * outSize);
    around.fill(0xa5);
    exports[kernel]!(from, to, count, ...numbers);
    expect([...around.subarray(0, outSize), ...around.subarray(-outSize)]).toEqual(Array(2 * outSize).fill(0xa5));
    return bytesOf(out, memory, to, count);
  }
  const whole = compute(strict, 0, LENGTH, 16);

  it("gives the same bits for any position, length and alignment, and writes nothing else", () => {
    for (let count = 0; count <= 19; count++) {
      const first = (count * 5) % 23;
      const expected = whole.subarray(first * outSize, (first + count) * outSize);
      expect(compute(strict, first, count, 1 + (count % 5))).toEqual(expected);
    }
  });

  it("gives the same bits in the strict and the relaxed build", () => {
    expect(compute(relaxed, 0, LENGTH, 16)).toEqual(whole);
  });

  it("gives the same bits where the array is long enough to be shared out", () => {
    const count = 65536 + 8192 + 5;
    const long = new arrays[type](strict.memory.buffer, strict.x, count);
    for (let at = 0; at < count; at += LENGTH) long.set(x.subarray(0, Math.min(LENGTH, count - at)), at);
    strict.exports[kernel]!(strict.x, strict.out, count, ...numbers);
    for (const at of [0, LENGTH * 700, LENGTH * Math.floor(count / LENGTH - 1)]) {
      expect(bytesOf(out, strict.memory, strict.out + at * outSize, LENGTH)).toEqual(whole);
    }
  });
});

it.each(every.filter(({ type, out }) => type === out))("$name of $type works in place", ({ name, type, numbers }) => {
  const x = Array.from(argumentsOf(type, LENGTH));
  const expected = run(name, type, x, numbers);
  new arrays[type](strict.memory.buffer, strict.x, LENGTH).set(x);
  strict.exports[`${name}_${type}`]!(strict.x, strict.x, LENGTH, ...numbers);
  expect(Array.from(new arrays[type](strict.memory.buffer, strict.x, LENGTH))).toEqual(expected);
});
