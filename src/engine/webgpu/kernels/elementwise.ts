// Element by element: out[i] = f(x[i]), f(a[i], b[i]) with broadcasting, f with a number on one side. The functions are those of functions.ts
// where a device's own can't be trusted; a NaN stays one wherever the CPU's kernels keep it.
import type { DType } from "../../dtype.ts";
import { EACH, type KernelText, once } from "../shader.ts";

/** How a thread reads and writes an element of a type; a bool is a word that is 0 or 1. */
export const LOAD: Record<DType, string> = { float32: "load", int32: "loadInt", bool: "loadInt", float64: "" };
export const STORE: Record<DType, string> = { float32: "store", int32: "storeInt", bool: "storeInt", float64: "" };
export const NUMBER: Record<DType, string> = { float32: "f32", int32: "i32", bool: "i32", float64: "" };

/** x where it is finite, put through a function; what is not is its own result. */
const ofFinite = (f: string): string => `select(${f}(x), x, isSpecial(x))`;

/** Expressions in x, and the numbers p.a and p.b. */
const FLOAT_UNARY: Readonly<Record<string, string>> = {
  neg: "negated(x)",
  abs: "magnitude(x)",
  sign: "select(select(select(-1.0, 1.0, above(x, 0.0)), 0.0, isZero(x)), x, isNan(x))",
  floor: ofFinite("floor"),
  ceil: ofFinite("ceil"),
  round: ofFinite("round"),
  trunc: ofFinite("trunc"),
  square: "x * x",
  sqrt: "root(x)",
  rsqrt: "quotient(1.0, root(x))",
  reciprocal: "quotient(1.0, x)",
  relu: "select(select(0.0, x, above(x, 0.0)), x, isNan(x))",
  step: "select(0.0, 1.0, above(x, 0.0))",
  leakyRelu: "select(p.a * x, x, above(x, 0.0))",
  clip: "clipped(x, p.a, p.b)",
  exp: "exponential(x)",
  exp2: "powerOf2(x)",
  expm1: "expMinusOne(x)",
  log: "logarithm(x)",
  log2: "logBase2(x)",
  log10: "logBase10(x)",
  log1p: "logOnePlus(x)",
  sin: "sine(x)",
  cos: "cosine(x)",
  tan: "tangent(x)",
  asin: "arcsine(x)",
  acos: "arccosine(x)",
  atan: "arctangent(x)",
  sinh: "hyperbolicSine(x)",
  cosh: "hyperbolicCosine(x)",
  tanh: "hyperbolicTangent(x)",
  asinh: "areaSine(x)",
  acosh: "areaCosine(x)",
  atanh: "areaTangent(x)",
  erf: "errorFunction(x)",
  erfinv: "inverseError(x)",
  gaussian: "bell(x)",
  sigmoid: "logistic(x)",
  softplus: "softPlus(x)",
  silu: "swish(x)",
  gelu: "gaussianUnit(x)",
  geluTanh: "gaussianUnitByTanh(x)",
  mish: "softTanh(x)",
  softsign: "softSign(x)",
  elu: "select(p.a * expMinusOne(x), x, above(x, 0.0))",
  selu: "select(1.7580993408473766 * expMinusOne(x), 1.0507009873554805 * x, above(x, 0.0))",
  logSigmoid: "negated(softPlus(negated(x)))",
  hardSigmoid: "clipped(x + 3.0, 0.0, 6.0) / 6.0",
};

const FLOAT_TESTS: Readonly<Record<string, string>> = {
  isNan: "select(0, 1, isNan(x))",
  isInf: "select(0, 1, isInf(x))",
  isFinite: "select(1, 0, isSpecial(x))",
};

const INT_UNARY: Readonly<Record<string, string>> = {
  neg: "0 - x",
  abs: "abs(x)",
  sign: "sign(x)",
  square: "x * x",
  clip: "min(max(x, toInt(ceil(p.a))), toInt(floor(p.b)))",
};

const FLOAT_BINARY: Readonly<Record<string, string>> = {
  add: "x + y",
  sub: "x - y",
  mul: "x * y",
  div: "quotient(x, y)",
  maximum: "larger(x, y)",
  minimum: "smaller(x, y)",
  sigmoidGradient: "(x * y) * (1.0 - y)",
  tanhGradient: "x * (1.0 - y * y)",
  reluGradient: "select(x, 0.0, notBelow(0.0, y))",
  pow: "power(x, y)",
  atan2: "arctangent2(x, y)",
  hypot: "hypotenuse(x, y)",
  floorDivide: "floorQuotient(x, y)",
  remainder: "moduloFloat(x, y)",
};

const INT_BINARY: Readonly<Record<string, string>> = {
  add: "x + y",
  sub: "x - y",
  mul: "x * y",
  maximum: "max(x, y)",
  minimum: "min(x, y)",
  floorDivide: "divideInt(x, y)",
  remainder: "moduloInt(x, y)",
  pow: "powInt(x, y)",
};

const FLOAT_COMPARISON: Readonly<Record<string, string>> = {
  equal: "same(x, y)",
  notEqual: "!same(x, y)",
  less: "above(y, x)",
  lessEqual: "notBelow(y, x)",
  greater: "above(x, y)",
  greaterEqual: "notBelow(x, y)",
};

const INT_COMPARISON: Readonly<Record<string, string>> = {
  equal: "x == y",
  notEqual: "x != y",
  less: "x < y",
  lessEqual: "x <= y",
  greater: "x > y",
  greaterEqual: "x >= y",
};

const BOOL_LOGIC: Readonly<Record<string, string>> = {
  logicalAnd: "x != 0 && y != 0",
  logicalOr: "x != 0 || y != 0",
  logicalXor: "(x != 0) != (y != 0)",
};

const OWN_FUNCTIONS: Readonly<Record<string, string>> = {
  clipped: `fn clipped(x: f32, low: f32, high: f32) -> f32 {
  let raised = select(x, low, above(low, x));
  return select(raised, high, above(raised, high));
}`,
  swish: `fn swish(x: f32) -> f32 {
  if (x < -87.0) { return -0.0; }
  return x * logistic(x);
}`,
  gaussianUnitByTanh: `fn gaussianUnitByTanh(x: f32) -> f32 {
  if (x < -100.0) { return -0.0; }
  return x * logistic(x * (1.5957691216057308 + 0.07135481627260025 * x * x));
}`,
  softTanh: `fn softTanh(x: f32) -> f32 {
  if (isNan(x) || x > 20.0) { return x; }
  if (x < -87.0) { return -0.0; }
  let w = exponential(x);
  let n = w * (w + 2.0);
  return x * (n / (n + 2.0));
}`,
  softSign: `fn softSign(x: f32) -> f32 {
  if (isInf(x)) { return withSign(1.0, x); }
  return quotient(x, 1.0 + magnitude(x));
}`,
};

/** Functions of this file that an expression calls. */
function ownFunctions(expression: string): string {
  return Object.entries(OWN_FUNCTIONS)
    .filter(([name]) => expression.includes(`${name}(`))
    .map(([, code]) => code)
    .join("\n");
}

/** out = op(x); undefined if there is no such operation of the type. */
export const unaryText = once((op: string, dtype: DType): KernelText | undefined => {
  const test = dtype === "float32" ? FLOAT_TESTS[op] : op === "logicalNot" && dtype === "bool" ? "1 - x" : undefined;
  const expression = test ?? (dtype === "float32" ? FLOAT_UNARY : dtype === "int32" ? INT_UNARY : {})[op];
  if (expression === undefined) return undefined;
  return {
    name: `${op}_${dtype}`,
    parameters: "x out n a:f32 b:f32",
    outside: ownFunctions(expression),
    body: `${EACH}
  let x = ${LOAD[dtype]}(p.x + i);
  ${STORE[test === undefined ? dtype : "bool"]}(p.out + i, ${expression});`,
  };
});

/** op(x, y) of float32 as an expression in x and y; undefined if there is no such operation with float32 results. */
export function floatFormula(op: string): string | undefined {
  return FLOAT_BINARY[op];
}

/** What an operation of two elements x and y of a type is, and whether it gives a bool. */
function binaryExpression(op: string, dtype: DType): { expression: string; truth: boolean } | undefined {
  const arithmetic = (dtype === "float32" ? FLOAT_BINARY : dtype === "int32" ? INT_BINARY : {})[op];
  if (arithmetic !== undefined) return { expression: arithmetic, truth: false };
  const truth =
    (dtype === "float32" ? FLOAT_COMPARISON : INT_COMPARISON)[op] ?? (dtype === "bool" ? BOOL_LOGIC[op] : undefined);
  return truth === undefined ? undefined : { expression: `select(0, 1, ${truth})`, truth: true };
}

/** Lines that walk through axes: `at0`, `at1`... are places in operands with the strides named by their letters. */
export function walk(rank: number, letters: readonly string[]): string {
  const lines = ["  var left = i;", ...letters.map((letter) => `  var at_${letter} = i32(p.${letter});`)];
  for (let axis = rank - 1; axis >= 0; axis--) {
    if (axis > 0) lines.push(`  let k${axis} = i32(left % p.s${axis}); left = left / p.s${axis};`);
    else lines.push("  let k0 = i32(left);");
    for (const letter of letters) lines.push(`  at_${letter} += k${axis} * p.${letter}${axis};`);
  }
  return lines.join("\n");
}

/** The numbers of such axes, in the order of `axisValues`. */
export function axisParameters(rank: number, letters: readonly string[]): string {
  const words = [];
  for (let axis = 0; axis < rank; axis++) words.push(`s${axis}`, ...letters.map((letter) => `${letter}${axis}:i32`));
  return words.join(" ");
}

/** Values for `axisParameters`. */
export function axisValues(shape: readonly number[], strides: readonly (readonly number[])[]): number[] {
  return shape.flatMap((length, axis) => [length, ...strides.map((list) => list[axis])]);
}

/** out = op(x, y) over collapsed axes, out contiguous. */
export const binaryText = once((op: string, dtype: DType, rank: number): KernelText | undefined => {
  const found = binaryExpression(op, dtype);
  if (found === undefined) return undefined;
  return {
    name: `${op}_${dtype}_${rank}`,
    parameters: `out n x y ${axisParameters(rank, ["x", "y"])}`,
    body: `${EACH}
${walk(rank, ["x", "y"])}
  let x = ${LOAD[dtype]}(u32(at_x));
  let y = ${LOAD[dtype]}(u32(at_y));
  ${STORE[found.truth ? "bool" : dtype]}(p.out + i, ${found.expression});`,
  };
});

/** out = op(x, number), or op(number, x). */
export const scalarText = once((op: string, dtype: DType, numberFirst: boolean): KernelText | undefined => {
  const found = binaryExpression(op, dtype);
  if (found === undefined) return undefined;
  const [x, y] = numberFirst ? ["p.number", "value"] : ["value", "p.number"];
  return {
    name: `${op}_${dtype}_${numberFirst ? "number" : "by"}`,
    parameters: `x out n number:${NUMBER[dtype]}`,
    body: `${EACH}
  let value = ${LOAD[dtype]}(p.x + i);
  let x = ${x};
  let y = ${y};
  ${STORE[found.truth ? "bool" : dtype]}(p.out + i, ${found.expression});`,
  };
});
