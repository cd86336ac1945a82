// Reductions of [outer, n, inner] over n. Elements that lie side by side along n are a row (rows.ts); else each column is a thread's. A long n
// with few results is first reduced in stretches, whose results are reduced again. Sums are taken in blocks of 32, so that their error grows
// with the number of blocks only.
import type { DType } from "../../dtype.ts";
import { EACH, type KernelText, once } from "../shader.ts";
import { floatFormula, LOAD, NUMBER, STORE } from "./elementwise.ts";
import { type Join, rowKernel } from "./rows.ts";

/** What is folded: of which elements, how, from what, and what becomes of it. */
interface Fold {
  /** The element's part, an expression in x. */
  of: string;
  join: "add" | "larger" | "smaller" | "multiply";
  start: string;
  /** The operation that folds results of stretches. */
  again: string;
}

const FLOAT_FOLDS: Readonly<Record<string, Fold>> = {
  sum: { of: "x", join: "add", start: "0.0", again: "sum" },
  sumSquares: { of: "x * x", join: "add", start: "0.0", again: "sum" },
  sumAbs: { of: "magnitude(x)", join: "add", start: "0.0", again: "sum" },
  max: { of: "x", join: "larger", start: "negated(infinity())", again: "max" },
  min: { of: "x", join: "smaller", start: "infinity()", again: "min" },
  prod: { of: "x", join: "multiply", start: "1.0", again: "prod" },
};

/** Expressions in `total` and x; a bool is 0 or 1. */
const INT_FOLDS: Readonly<Record<string, { start: string; step: string; join: Join; again: string }>> = {
  "sum int32": { start: "0", step: "total + x", join: "addInt", again: "sum" },
  "max int32": { start: "i32(0x80000000u)", step: "max(total, x)", join: "largerInt", again: "max" },
  "min int32": { start: "2147483647", step: "min(total, x)", join: "smallerInt", again: "min" },
  "prod int32": { start: "1", step: "total * x", join: "multiplyInt", again: "prod" },
  "any bool": { start: "0", step: "max(total, x)", join: "largerInt", again: "any" },
  "all bool": { start: "1", step: "min(total, x)", join: "smallerInt", again: "all" },
  "countNonZero bool": { start: "0", step: "total + x", join: "addInt", again: "sum" },
};

/** A norm of norms is the norm of all, and so is the logarithm of a sum of exponentials. */
const AGAIN: Readonly<Record<string, string>> = { norm: "norm", logSumExp: "logSumExp" };

/** Whether stretches of n may be reduced apart, and with what their results are. */
export function foldedAgain(op: string, dtype: DType): string | undefined {
  return dtype === "float32" ? (FLOAT_FOLDS[op]?.again ?? AGAIN[op]) : INT_FOLDS[`${op} ${dtype}`]?.again;
}

/** Whether a fold may take a number along: see `foldText`. */
export function takesNumber(op: string, dtype: DType): boolean {
  return dtype === "float32" && FLOAT_FOLDS[op] !== undefined;
}

const PARAMETERS = "x out rows n inner stretch all";
/** Where results go after an operation with a number. */
const SCALED = "also number:f32";

/** A column's place: `row` counts [outer, stretches, inner], and a stretch is at most `stretch` long of `all` elements. */
const PLACE = `
  let column = row % p.inner;
  let piece = (row / p.inner) % p.stretch;
  let first = (row / p.inner / p.stretch) * p.all + piece * p.n;
  let count = min(p.n, p.all - min(p.all, piece * p.n));
  let x0 = p.x + first * p.inner + column;`;

/** Adds up in blocks. */
function blockLoop(of: string, load: string): string {
  return `
  var total = 0.0;
  var block = 0.0;
  var steps = 0u;
  for (var k = lane; k < count; k += LANES) {
    let x = load(${load});
    block += ${of};
    steps += 1u;
    if ((steps & 31u) == 0u) { total += block; block = 0.0; }
  }
  total += block;`;
}

const AT = "x0 + k * p.inner";

/**
 * The kernel of a float32 fold, one that can be folded again; with `scaling`, results also go elsewhere after this operation with a number, its first
 * operand or its second.
 */
export const foldText = once((op: string, lanes: 1 | 64, scaling: string, first: boolean): KernelText => {
  const { of, join, start } = FLOAT_FOLDS[op];
  const step = { add: "", larger: "larger(total, part)", smaller: "smaller(total, part)", multiply: "total * part" }[
    join
  ];
  const loop =
    join === "add"
      ? blockLoop(of, AT)
      : `
  var total = ${start};
  for (var k = lane; k < count; k += LANES) {
    let x = load(${AT});
    let part = ${of};
    total = ${step};
  }`;
  const scaled = `
    let ${first ? "x" : "y"} = result;
    let ${first ? "y" : "x"} = p.number;
    store(p.also + row, ${floatFormula(scaling)});`;
  const end = `
  let result = together_${join}(total, lane);
  if (lane == 0u) {
    store(p.out + row, result);${scaling === "" ? "" : scaled}
  }`;
  const name = scaling === "" ? `${op}_float32` : `${op}_${scaling}_${first ? "first" : "second"}`;
  return rowKernel(name, scaling === "" ? PARAMETERS : `${PARAMETERS} ${SCALED}`, lanes, [join], PLACE + loop + end);
});

/** The kernel of a reduction; undefined if there is no such operation of the type. */
export const reduceText = once((op: string, dtype: DType, lanes: 1 | 64): KernelText | undefined => {
  const name = `${op}_${dtype}`;
  if (dtype === "float32" && FLOAT_FOLDS[op] !== undefined) return foldText(op, lanes, "", true);
  if (dtype === "float32" && op === "logSumExp") {
    const body = `${PLACE}
  var most = negated(infinity());
  for (var k = lane; k < count; k += LANES) { most = larger(most, load(${AT})); }
  most = together_larger(most, lane);
  var sum = 0.0;
  if (!isSpecial(most)) {
    for (var k = lane; k < count; k += LANES) { sum += exponential(load(${AT}) - most); }
  }
  sum = together_add(sum, lane);
  if (lane == 0u) { store(p.out + row, select(most + logarithm(max(sum, 1.0)), most, isSpecial(most))); }`;
    return rowKernel(name, PARAMETERS, lanes, ["larger", "add"], body);
  }
  if (dtype === "float32" && op === "norm") {
    const body = `${PLACE}
  var most = 0.0;
  for (var k = lane; k < count; k += LANES) { most = larger(most, magnitude(load(${AT}))); }
  most = together_larger(most, lane);
  // Scaled by a power of two near the largest: no square overflows or vanishes.
  let e = clamp(i32(bitcast<u32>(most) >> 23u) - 127, -120, 120);
  let factor = powerOfTwo(-e);
  ${blockLoop("(x * factor) * (x * factor)", AT)}
  total = together_add(total, lane);
  if (lane == 0u) { store(p.out + row, select(root(total) * powerOfTwo(e), most, isSpecial(most))); }`;
    return rowKernel(name, PARAMETERS, lanes, ["larger", "add"], body);
  }
  if ((op === "argmax" || op === "argmin") && (dtype === "float32" || dtype === "int32")) {
    const better = op === "argmax" ? "above(x, best)" : "above(best, x)";
    const intBetter = op === "argmax" ? "x > best" : "x < best";
    const test = dtype === "float32" ? `!isNan(best) && (isNan(x) || ${better})` : intBetter;
    const body = `${PLACE}
  var best = ${LOAD[dtype]}(x0 + lane * p.inner);
  var at = lane;
  for (var k = lane + LANES; k < count; k += LANES) {
    let x = ${LOAD[dtype]}(${AT});
    if (${test}) { best = x; at = k; }
  }
  at = firstOfBest(best, at, lane);
  if (lane == 0u) { storeInt(p.out + row, i32(at)); }`;
    return rowKernel(name, PARAMETERS, lanes, [], body, firstOfBestText(NUMBER[dtype], test, lanes));
  }
  const ints = INT_FOLDS[`${op} ${dtype}`];
  if (ints === undefined) return undefined;
  const body = `${PLACE}
  var total = ${ints.start};
  for (var k = lane; k < count; k += LANES) {
    let x = loadInt(${AT});
    total = ${ints.step};
  }
  total = together_${ints.join}(total, lane);
  if (lane == 0u) { storeInt(p.out + row, total); }`;
  return rowKernel(name, PARAMETERS, lanes, [ints.join], body);
});

/** `firstOfBest(best, at, lane)`: where the best of all threads' elements stands, the first of equal ones. `test`: x is better than best. */
function firstOfBestText(type: string, test: string, lanes: 1 | 64): string {
  if (lanes === 1) return `fn firstOfBest(best: ${type}, at: u32, lane: u32) -> u32 { return at; }`;
  return `var<workgroup> values: array<${type}, ${lanes}>;
var<workgroup> places: array<u32, ${lanes}>;
fn isBetter(x: ${type}, best: ${type}) -> bool { return ${test}; }
fn firstOfBest(best: ${type}, at: u32, lane: u32) -> u32 {
  values[lane] = best;
  places[lane] = at;
  workgroupBarrier();
  for (var step = ${lanes / 2}u; step > 0u; step = step >> 1u) {
    if (lane < step) {
      let x = values[lane + step];
      let other = places[lane + step];
      let worse = isBetter(values[lane], x);
      if (isBetter(x, values[lane]) || (!worse && other < places[lane])) {
        values[lane] = x;
        places[lane] = other;
      }
    }
    workgroupBarrier();
  }
  return places[0];
}`;
}

/** Running sums and products along n; a column is a thread's. */
export const runningText = once((op: string, dtype: DType): KernelText | undefined => {
  if ((op !== "cumsum" && op !== "cumprod") || (dtype !== "float32" && dtype !== "int32")) return undefined;
  const float = dtype === "float32";
  const one = op === "cumsum" ? "0" : "1";
  // A float's total with its rounding error beside it: the CPU's is a float64.
  const sum = `
    let term = x - lost;
    let next = rounded(total + term);
    lost = rounded(next - total) - term;
    total = select(next, total + x, isSpecial(next));
    lost = select(lost, 0.0, isSpecial(next));`;
  return {
    name: `${op}_${dtype}`,
    parameters: "x out n count inner",
    body: `${EACH}
  let start = (i / p.inner) * p.count * p.inner + i % p.inner;
  var total = ${float ? `${one}.0` : one};
  ${float ? "var lost = 0.0;" : ""}
  for (var k = 0u; k < p.count; k += 1u) {
    let x = ${LOAD[dtype]}(p.x + start + k * p.inner);
    ${float && op === "cumsum" ? sum : op === "cumsum" ? "total = total + x;" : "total = total * x;"}
    ${STORE[dtype]}(p.out + start + k * p.inner, total);
  }`,
  };
});

/** Sum of (x - mean)^2 along n over a divisor, or its root: `mean` is [outer, inner]. */
export const spreadText = once((op: string, lanes: 1 | 64): KernelText => {
  const end = op === "variance" ? "quotient(total, p.divisor)" : "root(quotient(total, p.divisor)) * powerOfTwo(e)";
  const scale = `
  var most = 0.0;
  for (var k = lane; k < count; k += LANES) { most = larger(most, magnitude(load(${AT}) - centre)); }
  most = together_larger(most, lane);
  let e = clamp(i32(bitcast<u32>(most) >> 23u) - 127, -120, 120);
  let factor = powerOfTwo(-e);`;
  const plain = op === "variance" ? "\n  let factor = 1.0;" : scale;
  return rowKernel(
    op,
    "x mean out rows count inner divisor:f32",
    lanes,
    op === "variance" ? ["add"] : ["larger", "add"],
    `
  let x0 = p.x + (row / p.inner) * p.count * p.inner + row % p.inner;
  let count = p.count;
  let centre = load(p.mean + row);${plain}
  ${blockLoop("((x - centre) * factor) * ((x - centre) * factor)", AT)}
  total = together_add(total, lane);
  if (lane == 0u) { store(p.out + row, ${end}); }`,
  );
});
