// Accuracy of our exponentials, logarithms, circular functions and what is made of them, in units in the last place.
// float32 is swept over the bit patterns of the whole range and compared with float64; float64 is compared with JavaScript's
// Math where that has the function, and otherwise with sums worked out in integers of 400 bits.
import { describe, expect, it } from "vitest";
import { loadKernels } from "./load.ts";

type Floats = Float32Array | Float64Array;
const kernels = loadKernels("strict", 128);
const SLOTS = 1 << 20;
const slotX = kernels.reserve(8 * SLOTS);
const slotY = kernels.reserve(8 * SLOTS);
const slotOut = kernels.reserve(8 * SLOTS);

/** The kernel's results for x, in an array of x's type that the next call overwrites. */
function run<T extends Floats>(name: string, x: T): T {
  const single = x instanceof Float32Array;
  const view = single ? kernels.f32 : kernels.f64;
  view(slotX, x.length).set(x);
  kernels.exports[`${name}_${single ? "f32" : "f64"}`]!(slotX, slotOut, x.length);
  return view(slotOut, x.length) as T;
}

/** The nonlinearities of a recurrent layer, by the number its kernel has for them: the first step of an RNN, without a state before it. */
const GATES = { sigmoid: 1, tanh: 2 } as const;
const GATE_UNITS = 64;

function runGate(name: keyof typeof GATES, x: Float32Array): Float32Array {
  const rows = Math.ceil(x.length / GATE_UNITS);
  const padded = kernels.f32(slotX, rows * GATE_UNITS).fill(0);
  padded.set(x);
  const [weights, firstState, mask, panels] = [0, 0, 0, slotY];
  kernels.exports["rnnForward_f32"]!(
    ...[weights, firstState, mask, slotX, panels],
    ...[1, rows, GATE_UNITS, 0, GATES[name]],
  );
  return padded.subarray(0, x.length);
}

/** As `run`, for pow and atan2. */
function runPair<T extends Floats>(name: string, x: T, y: T): T {
  const single = x instanceof Float32Array;
  const view = single ? kernels.f32 : kernels.f64;
  view(slotX, x.length).set(x);
  view(slotY, y.length).set(y);
  kernels.exports[`${name}_${single ? "f32" : "f64"}`]!(0, slotX, slotY, slotOut, x.length);
  return view(slotOut, x.length) as T;
}

// Distances

const word = new Float32Array(1);
const wordBits = new Int32Array(word.buffer);
const double = new Float64Array(1);
const doubleBits = new BigInt64Array(double.buffer);

/** Position of a float32 among all of them; both zeros are at 0. */
function rank32(x: number): number {
  word[0] = x;
  const bits = wordBits[0];
  return bits < 0 ? -(bits & 0x7fffffff) : bits;
}

function rank64(x: number): bigint {
  double[0] = x;
  const bits = doubleBits[0];
  return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits;
}

/** How many float32 lie between y and the value, rounded to float32. NaN is next to NaN only, -0 is not 0. */
function distance32(y: number, value: number): number {
  if (Number.isNaN(y) || Number.isNaN(value)) return Object.is(y, value) ? 0 : Infinity;
  const rounded = Math.fround(value);
  if (y === 0 && rounded === 0) return Object.is(y, rounded) ? 0 : Infinity;
  return Math.abs(rank32(y) - rank32(rounded));
}

function distance64(y: number, value: number): number {
  if (Number.isNaN(y) || Number.isNaN(value)) return Object.is(y, value) ? 0 : Infinity;
  if (y === 0 && value === 0) return Object.is(y, value) ? 0 : Infinity;
  if (y === value) return 0;
  const d = rank64(y) - rank64(value);
  return Number(d < 0n ? -d : d);
}

/** The greatest distance, and where, so that a failure tells its argument. */
function worst(x: Floats, y: Floats, value: (x: number) => number): { distance: number; at: number } {
  const distance = x instanceof Float32Array ? distance32 : distance64;
  const result = { distance: 0, at: NaN };
  for (let i = 0; i < x.length; i++) {
    const d = distance(y[i], value(x[i]));
    if (d > result.distance) Object.assign(result, { distance: d, at: x[i] });
  }
  return result;
}

// Arguments

/** Every `step`-th float32 of all 2^32, and the neighbourhood of numbers where functions change their ways. */
function sweep(step: number): Float32Array {
  const special = [
    0,
    2e-8,
    0.5,
    Math.LN2,
    0.75,
    0.9,
    1,
    Math.SQRT1_2,
    Math.SQRT2,
    Math.PI / 4,
    Math.PI / 2,
    Math.PI,
    4,
    8.66,
  ];
  special.push(
    9.01,
    10,
    13.2,
    14.6,
    17.3,
    20,
    87.33655,
    88.02969,
    88.72284,
    89.41599,
    103.97208,
    126,
    127.99999,
    149,
    150,
    1048576,
  );
  special.push(1.1754944e-38, 3.4028235e38);
  const dense = 256;
  const count = Math.ceil(2 ** 32 / step);
  const x = new Float32Array(count + special.length * 2 * dense);
  const bits = new Uint32Array(x.buffer);
  for (let i = 0; i < count; i++) bits[i] = i * step;
  let at = count;
  for (const value of special) {
    const middle = rank32(value);
    for (let k = 0; k < dense; k++) {
      const pattern = Math.max(0, middle + k - dense / 2);
      bits[at++] = pattern;
      bits[at++] = pattern + 2 ** 31;
    }
  }
  return x;
}

/** A fixed sequence of numbers that look random, in [0, 1). */
function sequence(): () => number {
  let state = 12345;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

/** `count` numbers of [low, high), and as many whose exponents are spread evenly over all that float64 has. */
function spread(low: number, high: number, count = 20_000): Float64Array {
  const random = sequence();
  const x = new Float64Array(2 * count);
  for (let i = 0; i < count; i++) x[i] = low + (high - low) * (random() + random() * 2 ** -32);
  for (let i = count; i < 2 * count; i++) x[i] = (random() - 0.5) * 2 ** (2000 * (random() - 0.5));
  return x;
}

// What JavaScript's Math lacks

const sigmoid = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));

/** e^(a^2) erfc(a) for a >= 2, by its continued fraction. */
function scaledErfc(a: number): number {
  let tail = 0;
  for (let k = 60; k > 0; k--) tail = k / 2 / (a + tail);
  return 1 / (a + tail) / Math.sqrt(Math.PI);
}

/** erf by the series of e^(-a^2) sum 2^k a^(2k+1) / (1 3 5 ...), whose terms are positive. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (!(a <= 6)) return Math.sign(x);
  if (a > 3) return Math.sign(x) * (1 - Math.exp(-a * a) * scaledErfc(a));
  let term = x;
  let sum = x;
  for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k++) {
    term *= (2 * a * a) / (2 * k + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-a * a) * sum;
}

function gelu(x: number): number {
  if (x > -3) return 0.5 * x * (1 + erf(x * Math.SQRT1_2));
  if (x < -40) return -0;
  return 0.5 * x * Math.exp(-0.5 * x * x) * scaledErfc(-x * Math.SQRT1_2);
}

/** x n / (n + 2) with n = e^x (e^x + 2). */
function mish(x: number): number {
  if (x === -Infinity) return -0;
  const n = Math.exp(Math.min(x, 20)) * (Math.exp(Math.min(x, 20)) + 2);
  return x > 20 ? x : x * (n / (n + 2));
}

const geluTanh = (x: number): number =>
  x === -Infinity ? -0 : x * sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3));
const selu = (x: number): number => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x));
const logSigmoid = (x: number): number => -(Math.max(-x, 0) + Math.log1p(Math.exp(-Math.abs(x))));
const softsign = (x: number): number => (Math.abs(x) === Infinity ? Math.sign(x) : x / (1 + Math.abs(x)));

/** erfinv x for x from 0 on, to the last digit, by mpmath; 1 - 2^-53 is the last float64 below 1. */
const ERFINV: readonly (readonly [number, number])[] = [
  [5e-324, 5e-324],
  [1e-300, 8.86226925452758e-301],
  [1e-100, 8.86226925452758e-101],
  [1e-20, 8.86226925452758e-21],
  [1e-8, 8.86226925452758e-9],
  [9.5367431640625e-7, 8.451718573121729e-7],
  [0.001, 0.0008862271574665521],
  [0.01, 0.008862501280950598],
  [0.1, 0.08885599049425769],
  [0.25, 0.2253120550121781],
  [0.4, 0.37080715859355795],
  [0.5, 0.4769362762044699],
  [0.6, 0.5951160814499948],
  [0.7, 0.7328690779592167],
  [0.75, 0.8134198475976185],
  [0.8, 0.9061938024368233],
  [0.85, 1.0179024648320276],
  [0.9, 1.1630871536766743],
  [0.95, 1.3859038243496777],
  [0.97, 1.5344856217777179],
  [0.99, 1.8213863677184494],
  [0.995, 1.984872612615532],
  [0.999, 2.3267537655135246],
  [0.99903, 2.332806469869509],
  [0.9991, 2.34763277982449],
  [0.9995, 2.461266457171732],
  [0.9999, 2.75106390571208],
  [0.99999, 3.123413274341571],
  [0.999999, 3.458910737275499],
  [0.9999997615814209, 3.6533224239902435],
  [0.9999998807907104, 3.7439211627767994],
  [0.9999999403953552, 3.832506856900711],
  [0.9999999701976776, 3.919205843636722],
  [0.9999999990686774, 4.328028275800946],
  [0.9999999999990905, 5.05125408524939],
  [0.9999999999999716, 5.377767781541279],
  [0.9999999999999991, 5.686128441310391],
  [0.9999999999999998, 5.805018683193453],
  [0.9999999999999999, 5.8635847487551676],
];

// ---- float32

interface Function32 {
  name: string;
  value: (x: number) => number;
  /** Greatest distance from the rounded float64. */
  within: number;
  /** Step of the sweep where the reference is slow. */
  step?: number;
}

const functions32: Function32[] = [
  { name: "exp", value: Math.exp, within: 1 },
  { name: "exp2", value: (x) => 2 ** x, within: 1 },
  { name: "expm1", value: Math.expm1, within: 1 },
  { name: "log", value: Math.log, within: 1 },
  { name: "log2", value: Math.log2, within: 1 },
  { name: "log10", value: Math.log10, within: 1 },
  { name: "log1p", value: Math.log1p, within: 1 },
  { name: "sin", value: Math.sin, within: 1 },
  { name: "cos", value: Math.cos, within: 1 },
  { name: "tan", value: Math.tan, within: 1 },
  { name: "asin", value: Math.asin, within: 1 },
  { name: "acos", value: Math.acos, within: 1 },
  { name: "atan", value: Math.atan, within: 1 },
  { name: "sinh", value: Math.sinh, within: 1 },
  { name: "cosh", value: Math.cosh, within: 1 },
  { name: "tanh", value: Math.tanh, within: 1 },
  { name: "sigmoid", value: sigmoid, within: 1 },
  { name: "softplus", value: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), within: 2 },
  { name: "silu", value: (x) => (x === -Infinity ? -0 : x * sigmoid(x)), within: 1 },
  { name: "gaussian", value: (x) => Math.exp(-x * x), within: 1 },
  { name: "erf", value: erf, within: 1, step: 65537 },
  { name: "gelu", value: gelu, within: 1, step: 65537 },
  { name: "asinh", value: Math.asinh, within: 1 },
  { name: "acosh", value: Math.acosh, within: 1 },
  { name: "atanh", value: Math.atanh, within: 1 },
  { name: "mish", value: mish, within: 1 },
  { name: "geluTanh", value: geluTanh, within: 1 },
  { name: "selu", value: selu, within: 2 },
  { name: "logSigmoid", value: logSigmoid, within: 2 },
  { name: "softsign", value: softsign, within: 1 },
  { name: "hardSigmoid", value: (x) => Math.min(Math.max(Math.fround(x + 3), 0), 6) / 6, within: 1 },
];

describe("float32, over all bit patterns", () => {
  const sweeps = new Map([4099, 65537].map((step) => [step, sweep(step)]));
  it.each(functions32)("$name lies within $within units in the last place", ({ name, value, within, step = 4099 }) => {
    const x = sweeps.get(step)!;
    const found = worst(x, run(name, x), value);
    expect(found.distance, `${name}(${found.at})`).toBeLessThanOrEqual(within);
  });

  it("the sigmoid and tanh of recurrent layers lie within 3 units in the last place, the sigmoid down to e^-87", () => {
    // The product with a state that there is not is added: -0 becomes 0.
    const x = sweeps.get(4099)!.map((each) => each + 0);
    for (const [name, value] of [
      ["sigmoid", (z: number) => sigmoid(Math.max(z, -87))],
      ["tanh", Math.tanh],
    ] as const) {
      const found = worst(x, runGate(name, x), value);
      expect(found.distance, `${name}(${found.at})`).toBeLessThanOrEqual(3);
    }
  });

  it("x^y lies within 1 unit in the last place", () => {
    const random = sequence();
    const count = 200_000;
    const x = new Float32Array(count);
    const y = new Float32Array(count);
    const anyX = new Uint32Array(x.buffer);
    const anyY = new Uint32Array(y.buffer);
    for (let i = 0; i < count; i++) {
      if (i % 4 === 0) {
        anyX[i] = random() * 2 ** 32;
        anyY[i] = random() * 2 ** 32;
        continue;
      }
      x[i] = [Math.exp(200 * (random() - 0.5)), 1 + (random() - 0.5) * 2 ** (-20 * random()), -10 * random()][
        (i % 4) - 1
      ];
      y[i] = i % 4 === 3 ? Math.round(60 * (random() - 0.5)) : (210 * (random() - 0.5)) / Math.log(x[i]);
    }
    const out = runPair("pow", x, y);
    const far = [...out.keys()].filter((i) => !(distance32(out[i], x[i] ** y[i]) <= 1));
    expect(
      far.filter((i) => !(Math.abs(x[i]) === 1 || Number.isNaN(x[i]) || Number.isNaN(y[i]))).map((i) => [x[i], y[i]]),
    ).toEqual([]);
  });
});

// ---- float64

interface Function64 {
  name: string;
  value: (x: number) => number;
  low: number;
  high: number;
}

const functions64: Function64[] = [
  { name: "exp", value: Math.exp, low: -746, high: 710 },
  { name: "exp2", value: (x) => 2 ** x, low: -1076, high: 1025 },
  { name: "expm1", value: Math.expm1, low: -2, high: 2 },
  { name: "log", value: Math.log, low: 0.3, high: 3 },
  { name: "log2", value: Math.log2, low: 0.3, high: 3 },
  { name: "log10", value: Math.log10, low: 0.3, high: 3 },
  { name: "log1p", value: Math.log1p, low: -1, high: 3 },
  { name: "sin", value: Math.sin, low: -1000, high: 2_000_000 },
  { name: "cos", value: Math.cos, low: -1000, high: 2_000_000 },
  { name: "tan", value: Math.tan, low: -1000, high: 2_000_000 },
  { name: "asin", value: Math.asin, low: -1, high: 1 },
  { name: "acos", value: Math.acos, low: -1, high: 1 },
  { name: "atan", value: Math.atan, low: -5, high: 5 },
  { name: "sinh", value: Math.sinh, low: -3, high: 3 },
  { name: "cosh", value: Math.cosh, low: -711, high: 711 },
  { name: "tanh", value: Math.tanh, low: -3, high: 3 },
  { name: "asinh", value: Math.asinh, low: -5, high: 5 },
  { name: "acosh", value: Math.acosh, low: 1, high: 5 },
  { name: "atanh", value: Math.atanh, low: -1, high: 1 },
  { name: "selu", value: selu, low: -3, high: 3 },
];

/** Fractional bits of the integers that stand for numbers below. */
const BITS = 400n;
const ONE = 1n << BITS;

function fixed(x: number): bigint {
  if (x === 0) return 0n;
  const exponent = Math.max(-1022, Math.floor(Math.log2(Math.abs(x)))) - 52;
  const mantissa = BigInt(x / 2 ** exponent);
  const shift = BITS + BigInt(exponent);
  return shift >= 0n ? mantissa << shift : mantissa >> -shift;
}

/** The quotient as a float64: its integer part carries some 200 bits. */
function quotient(a: bigint, b: bigint): number {
  if (a === 0n) return 0;
  const shift = BigInt(200 + b.toString(2).length - a.toString(2).length);
  const digits = shift >= 0n ? (a << shift) / b : a / (b << -shift);
  const half = Number(shift) / 2;
  return Number(digits) * 2 ** -Math.ceil(half) * 2 ** -Math.floor(half);
}

const times = (a: bigint, b: bigint): bigint => (a * b) >> BITS;

/** e^x for x >= 0. */
function fixedExp(x: bigint): bigint {
  let term = ONE;
  let sum = ONE;
  for (let k = 1n; term > 0n; k++) {
    term = times(term, x) / k;
    sum += term;
  }
  return sum;
}

/** 2 x sum (-1)^k x^(2k) / (k! (2k + 1)), which is sqrt(pi) erf x. */
function fixedErf(x: bigint): bigint {
  const square = times(x, x);
  let power = x;
  let sum = x;
  for (let k = 1n; power !== 0n; k++) {
    power = -times(power, square) / k;
    sum += power / (2n * k + 1n);
  }
  return 2n * sum;
}

function root(a: bigint): bigint {
  let r = 1n << BigInt(Math.ceil(a.toString(2).length / 2));
  for (;;) {
    const next = (r + a / r) >> 1n;
    if (next >= r) return r;
    r = next;
  }
}

/** arctan(1 / n) by its series. */
function arctanOfInverse(n: bigint): bigint {
  let power = ONE / n;
  let sum = power;
  for (let k = 1n; power > 0n; k++) {
    power /= n * n;
    sum += (k % 2n === 0n ? power : -power) / (2n * k + 1n);
  }
  return sum;
}

const PI = 4n * (4n * arctanOfInverse(5n) - arctanOfInverse(239n));
const ROOT_PI = root(PI << BITS);
const HALF_ROOT_TWO = root(ONE << (BITS - 1n));

/** Functions of x by integers: numerator and denominator. */
const exact: { name: string; within: number; limit: number; ratio: (x: number) => [bigint, bigint] }[] = [
  { name: "exp", within: 1, limit: 30, ratio: (x) => (x < 0 ? [ONE, fixedExp(fixed(-x))] : [fixedExp(fixed(x)), ONE]) },
  {
    name: "sigmoid",
    within: 3,
    limit: 40,
    ratio: (x) => {
      const e = fixedExp(fixed(Math.abs(x)));
      return [x < 0 ? ONE : e, ONE + e];
    },
  },
  {
    name: "silu",
    within: 4,
    limit: 40,
    ratio: (x) => {
      const e = fixedExp(fixed(Math.abs(x)));
      return [times(fixed(x), x < 0 ? ONE : e), ONE + e];
    },
  },
  {
    name: "tanh",
    within: 3,
    limit: 20,
    ratio: (x) => {
      const e = fixedExp(2n * fixed(Math.abs(x)));
      return x < 0 ? [ONE - e, ONE + e] : [e - ONE, ONE + e];
    },
  },
  { name: "gaussian", within: 2, limit: 9, ratio: (x) => [ONE, fixedExp(times(fixed(x), fixed(x)))] },
  { name: "erf", within: 2, limit: 7, ratio: (x) => [fixedErf(fixed(x)), ROOT_PI] },
  {
    name: "gelu",
    within: 7,
    limit: 8,
    ratio: (x) => [times(fixed(x), ROOT_PI + fixedErf(times(fixed(x), HALF_ROOT_TWO))), 2n * ROOT_PI],
  },
];

describe("float64", () => {
  it.each(functions64)("$name lies within 4 units in the last place of Math's", ({ name, value, low, high }) => {
    const x = spread(low, high);
    const found = worst(x, run(name, x), value);
    expect(found.distance, `${name}(${found.at})`).toBeLessThanOrEqual(4);
  });

  it.each(exact)(
    "$name lies within $within units in the last place of sums in whole numbers",
    ({ name, within, limit, ratio }) => {
      const random = sequence();
      const x = Float64Array.from({ length: 300 }, (_, i) => (random() - 0.5) * 2 * limit * (i % 3 === 0 ? 0.01 : 1));
      const found = worst(x, run(name, x), (v) => quotient(...ratio(v)));
      expect(found.distance, `${name}(${found.at})`).toBeLessThanOrEqual(within);
    },
  );

  it("erfinv lies within 3 units in the last place of mpmath's, and is odd", () => {
    const x = Float64Array.from(ERFINV, ([argument]) => argument);
    const value = new Map(ERFINV);
    const found = worst(x, run("erfinv", x), (argument) => value.get(argument)!);
    expect(found.distance, `erfinv(${found.at})`).toBeLessThanOrEqual(3);
    const negative = run(
      "erfinv",
      x.map((argument) => -argument),
    ).slice();
    expect([...negative]).toEqual([...run("erfinv", x)].map((y) => -y));
  });

  it("erf undoes erfinv, to its own rounding, over the whole range", () => {
    const x = spread(-1, 1).filter((argument) => Math.abs(argument) < 1);
    const back = run("erf", run("erfinv", x).slice());
    const far = x.findIndex((argument, i) => Math.abs(back[i] - argument) > 1e-15 * Math.abs(argument));
    expect(far, `erf(erfinv(${x[far]}))`).toBe(-1);
  });

  it("in float32 erfinv, asinh, acosh and atanh are float64's rounded once", () => {
    const x = sweep(65537);
    for (const name of ["erfinv", "asinh", "acosh", "atanh"]) {
      const single = run(name, x).slice();
      const double = run(name, Float64Array.from(x));
      expect(single.findIndex((y, i) => !Object.is(y, Math.fround(double[i])))).toBe(-1);
    }
  });

  it("softplus x - softplus -x = x", () => {
    const x = spread(-700, 700, 2000).filter((v) => Math.abs(v) < 700);
    const positive = run("softplus", x).slice();
    const negative = run(
      "softplus",
      x.map((v) => -v),
    );
    for (let i = 0; i < x.length; i++) {
      expect(Math.abs(positive[i] - negative[i] - x[i])).toBeLessThanOrEqual(4e-16 * Math.max(1, Math.abs(x[i])));
    }
  });

  it("x^y: powers of ten, squares, inverses and roots", () => {
    const tens = Float64Array.from({ length: 617 }, (_, i) => i - 308);
    const powers = runPair(
      "pow",
      tens.map(() => 10),
      tens,
    );
    expect(Math.max(...tens.map((e, i) => distance64(powers[i], Number(`1e${e}`))))).toBeLessThanOrEqual(1);
    const x = spread(0, 5).map(Math.abs);
    const facts: [number, (x: number) => number][] = [
      [2, (v) => v * v],
      [-1, (v) => 1 / v],
      [0.5, Math.sqrt],
      [1, (v) => v],
    ];
    for (const [y, value] of facts) {
      const found = worst(
        x,
        runPair(
          "pow",
          x,
          x.map(() => y),
        ),
        value,
      );
      expect(found.distance, `${found.at}^${y}`).toBeLessThanOrEqual(1);
    }
    // (1 + 2^-52)^(k 2^52) = e^k (1 - k 2^-53): it is here that errors of the logarithm show most.
    const k = Float64Array.from({ length: 700 }, (_, i) => i + 1);
    const base = k.map(() => 1 + 2 ** -52);
    const exponent = k.map((v) => v * 2 ** 52);
    const found = worst(k, runPair("pow", base, exponent), (v) => Math.exp(v) * (1 - v * 2 ** -53));
    expect(found.distance, `e^${found.at}`).toBeLessThanOrEqual(2);
  });
});

// ---- Special values

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const halfPi = Math.PI / 2;
/** The function at -inf, -0, 0, inf. */
const limits: Record<string, [number, number, number, number]> = {
  exp: [0, 1, 1, inf],
  exp2: [0, 1, 1, inf],
  expm1: [-1, -0, 0, inf],
  log: [nan, -inf, -inf, inf],
  log2: [nan, -inf, -inf, inf],
  log10: [nan, -inf, -inf, inf],
  log1p: [nan, -0, 0, inf],
  sin: [nan, -0, 0, nan],
  cos: [nan, 1, 1, nan],
  tan: [nan, -0, 0, nan],
  asin: [nan, -0, 0, nan],
  acos: [nan, halfPi, halfPi, nan],
  atan: [-halfPi, -0, 0, halfPi],
  sinh: [-inf, -0, 0, inf],
  cosh: [inf, 1, 1, inf],
  tanh: [-1, -0, 0, 1],
  sigmoid: [0, 0.5, 0.5, 1],
  softplus: [0, Math.LN2, Math.LN2, inf],
  silu: [-0, -0, 0, inf],
  gelu: [-0, -0, 0, inf],
  erf: [-1, -0, 0, 1],
  gaussian: [0, 1, 1, 0],
  asinh: [-inf, -0, 0, inf],
  acosh: [nan, nan, nan, inf],
  atanh: [nan, -0, 0, nan],
  erfinv: [nan, -0, 0, nan],
  mish: [-0, -0, 0, inf],
  geluTanh: [-0, -0, 0, inf],
  softsign: [-1, -0, 0, 1],
  selu: [-1.0507009873554805 * 1.6732632423543772, -0, 0, inf],
  logSigmoid: [-inf, -Math.LN2, -Math.LN2, -0],
  hardSigmoid: [0, 0.5, 0.5, 1],
};

describe.each(["f32", "f64"] as const)("special values, %s", (type) => {
  const make = (values: number[]): Floats => (type === "f32" ? Float32Array.from(values) : Float64Array.from(values));

  it.each(Object.entries(limits))("%s at -inf, -0, 0 and inf", (name, values) => {
    expect([...run(name, make([-inf, -0, 0, inf]))]).toEqual([...make(values)]);
  });

  it.each(Object.keys(limits))("%s of NaN is NaN", (name) => {
    expect([...run(name, make([nan, -nan]))]).toEqual([nan, nan]);
  });

  it.each(["expm1", "log1p", "sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "softsign"])(
    "%s of a denormal number is that number",
    (name) => {
      const unit = type === "f32" ? 2 ** -149 : 2 ** -1074;
      const x = make([unit, -unit, 7 * unit, -12345 * unit]);
      expect([...run(name, x)]).toEqual([...x]);
    },
  );

  it("exact results: logarithms of powers, e^0, arcsin and arccos at +-1", () => {
    expect([...run("log2", make([0.125, 1, 2, 1024, 2 ** 60]))]).toEqual([-3, 0, 1, 10, 60]);
    expect([...run("log10", make([1, 10, 100, 1000, 1e10]))]).toEqual([0, 1, 2, 3, 10]);
    expect([...run("exp2", make([-126, -3, 0, 1, 127]))]).toEqual([2 ** -126, 0.125, 1, 2, 2 ** 127]);
    expect([...run("log", make([1]))]).toEqual([0]);
    expect([...run("asin", make([-1, 1, 1.5]))]).toEqual([...make([-halfPi, halfPi, nan])]);
    expect([...run("acos", make([-1, 1, -1.5]))]).toEqual([...make([Math.PI, 0, nan])]);
    expect([...run("erfinv", make([-1, 1, 1.5]))]).toEqual([-inf, inf, nan]);
    expect([...run("atanh", make([-1, 1, -1.5]))]).toEqual([-inf, inf, nan]);
    expect([...run("acosh", make([1, 0.5, -9]))]).toEqual([0, nan, nan]);
  });

  it("x^y as C defines it", () => {
    const cases: [number, number, number][] = [
      [nan, 0, 1],
      [nan, -0, 1],
      [1, nan, 1],
      [1, inf, 1],
      [1, -inf, 1],
      [-1, inf, 1],
      [-1, -inf, 1],
      [nan, 1, nan],
      [2, nan, nan],
      [-1, nan, nan],
      [0, nan, nan],
      [inf, nan, nan],
      [0, 3, 0],
      [-0, 3, -0],
      [-0, 2, 0],
      [-0, 0.5, 0],
      [0, -1, inf],
      [-0, -1, -inf],
      [-0, -2, inf],
      [-0, -0.5, inf],
      [-2, 3, -8],
      [-2, 2, 4],
      [-2, -1, -0.5],
      [-2, 0.5, nan],
      [-8, 1 / 3, nan],
      [-2, 0, 1],
      [inf, 2, inf],
      [inf, -2, 0],
      [-inf, 3, -inf],
      [-inf, 2, inf],
      [-inf, -3, -0],
      [-inf, 0.5, inf],
      [-inf, -0.5, 0],
      [2, inf, inf],
      [2, -inf, 0],
      [0.5, inf, 0],
      [0.5, -inf, inf],
      [-2, inf, inf],
      [-0.5, inf, 0],
      [0, inf, 0],
      [0, -inf, inf],
      [inf, inf, inf],
      [inf, -inf, 0],
      [3, 4, 81],
      [10, 3, 1000],
      [2, -3, 0.125],
    ];
    const out = runPair("pow", make(cases.map(([x]) => x)), make(cases.map(([, y]) => y)));
    for (const [i, [x, y, value]] of cases.entries()) expect(out[i], `${x}^${y}`).toBe(value);
  });

  it("atan2(y, x) as C defines it, and in all octants", () => {
    const values = [0, -0, 1, -1, inf, -inf, nan, 1e-30, -1e-30, 1e30, -1e30, 2, -2, 3, 0.4, -0.4];
    const pairs = values.flatMap((y) => values.map((x) => [y, x] as const));
    const y = make(pairs.map(([v]) => v));
    const x = make(pairs.map(([, v]) => v));
    const out = runPair("atan2", y, x);
    const distance = type === "f32" ? distance32 : distance64;
    for (const [i, pair] of pairs.entries()) {
      expect(distance(out[i], Math.atan2(y[i], x[i])), `${pair}`).toBeLessThanOrEqual(2);
    }
  });
});
