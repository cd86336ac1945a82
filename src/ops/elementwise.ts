// Operations on each element by itself, with broadcasting. Every function shows its value and, beside it, its gradient rule; rules are
// written in operations, so that gradients have gradients.
import { type DType, isFloat, promote } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { fullLike } from "../tensor/create.ts";
import { anyTracked, record, tracked } from "../tensor/graph.ts";
import { broadcastShapes, formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import { empty, packed, Tensor, type TensorLike } from "../tensor/tensor.ts";
import { sumTo } from "./reduce.ts";

// How operations run

/** Throws unless `x` is a tensor: the usual slip is a plain array. */
export function checkTensor(operation: string, x: unknown): asserts x is Tensor {
  if (x instanceof Tensor) return;
  const what = Array.isArray(x) ? "an array; wrap it in tensor(...)" : x === null ? "null" : `${typeof x} ${String(x)}`;
  throw new TypeError(`${operation}: needs a tensor, got ${what}`);
}

/** Same values in another dtype. Gradient: the same, cast back. @example cast(tensor([1.7]), "int32").item(); // 1 */
export function cast(x: Tensor, dtype: DType): Tensor {
  checkTensor("cast", x);
  if (x.dtype === dtype) return x;
  const y = empty("cast", x.shape, dtype);
  if (x.size > 0) engine().cast(packed(x), y);
  return tracked(x) && isFloat(dtype) ? record("cast", y, [x], (dy) => [cast(dy, x.dtype)]) : y;
}

/** int32 and bool operands of a function with real values become float32. */
function real(operation: string, x: Tensor): Tensor {
  checkTensor(operation, x);
  return isFloat(x.dtype) ? x : cast(x, "float32");
}

function run(operation: string, x: Tensor, a?: number, b?: number, dtype: DType = x.dtype): Tensor {
  const y = empty(operation, x.shape, dtype);
  if (x.size > 0) engine().unary(operation, packed(x), y, a, b);
  return y;
}

type UnaryRule = (dy: Tensor, x: Tensor, y: Tensor) => Tensor;

/** A function of real values with a derivative. */
function differentiable(operation: string, x: Tensor, rule: UnaryRule, a?: number, b?: number): Tensor {
  const input = real(operation, x);
  const y = run(operation, input, a, b);
  return tracked(input) ? record(operation, y, [input], (dy) => [rule(dy, input, y)]) : y;
}

/** A function whose derivative is 0 wherever it has one. */
function constantByPieces(operation: string, x: Tensor): Tensor {
  return run(operation, real(operation, x));
}

/** Brings a number on either side into the dtype of the tensor on the other; a fraction makes an int32 or bool tensor float32. */
function dtypeOfPair(operation: string, a: TensorLike, b: TensorLike): DType {
  if (typeof a === "number") {
    if (typeof b === "number")
      throw new TypeError(
        `${operation}: at least one operand must be a tensor; for numbers use JavaScript's own arithmetic`,
      );
    return dtypeWithNumber(operation, b, a);
  }
  if (typeof b === "number") return dtypeWithNumber(operation, a, b);
  checkTensor(operation, a);
  checkTensor(operation, b);
  return a.dtype === b.dtype ? a.dtype : promote(a.dtype, b.dtype);
}

function dtypeWithNumber(operation: string, x: Tensor, value: number): DType {
  checkTensor(operation, x);
  if (isFloat(x.dtype)) return x.dtype;
  return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? "int32" : "float32";
}

/** Runs a binary kernel with operands already in `dtype`. */
function combine(operation: string, a: TensorLike, b: TensorLike, result: DType): Tensor {
  if (typeof a === "number") {
    const y = empty(operation, (b as Tensor).shape, result);
    if (y.size > 0) engine().binaryScalar(operation, packed(b as Tensor), a, y, true);
    return y;
  }
  if (typeof b === "number") {
    const y = empty(operation, a.shape, result);
    if (y.size > 0) engine().binaryScalar(operation, packed(a), b, y, false);
    return y;
  }
  const shape = sameShape(a.shape, b.shape) ? a.shape : broadcastShapes(operation, a.shape, b.shape);
  const y = empty(operation, shape, result);
  if (y.size > 0) engine().binary(operation, a, b, y);
  return y;
}

type BinaryRule = (dy: Tensor, a: TensorLike, b: TensorLike, y: Tensor) => Tensor;

/** A differentiable function of two operands; a rule is asked only for the operand whose gradient is followed. */
function binary(
  operation: string,
  a: TensorLike,
  b: TensorLike,
  ruleA: BinaryRule,
  ruleB: BinaryRule,
  floatOnly = false,
): Tensor {
  let dtype = dtypeOfPair(operation, a, b);
  if (dtype === "bool" || (floatOnly && dtype === "int32")) dtype = floatOnly ? "float32" : "int32";
  const left = typeof a === "number" || a.dtype === dtype ? a : cast(a, dtype);
  const right = typeof b === "number" || b.dtype === dtype ? b : cast(b, dtype);
  const y = combine(operation, left, right, dtype);
  if (typeof left === "number") {
    if (!tracked(right as Tensor)) return y;
    const input = right as Tensor;
    return record(operation, y, [input], (dy) => [ruleB(dy, left, input, y)]);
  }
  if (typeof right === "number") {
    if (!tracked(left)) return y;
    return record(operation, y, [left], (dy) => [ruleA(dy, left, right, y)]);
  }
  if (!anyTracked(left, right)) return y;
  return record(operation, y, [left, right], (dy) => [
    left.node ? sumTo(ruleA(dy, left, right, y), left.shape) : undefined,
    right.node ? sumTo(ruleB(dy, left, right, y), right.shape) : undefined,
  ]);
}

function compare(operation: string, a: TensorLike, b: TensorLike): Tensor {
  const dtype = dtypeOfPair(operation, a, b);
  const left = typeof a === "number" || a.dtype === dtype ? a : cast(a, dtype);
  const right = typeof b === "number" || b.dtype === dtype ? b : cast(b, dtype);
  return combine(operation, left, right, "bool");
}

// Arithmetic

/** a + b, broadcasting. Gradients: dy, dy. @throws RangeError if the shapes don't broadcast. @example add(tensor([1, 2]), 1).toArray(); // [2, 3] */
export function add(a: TensorLike, b: TensorLike): Tensor {
  return binary(
    "add",
    a,
    b,
    (dy) => dy,
    (dy) => dy,
  );
}

/** a - b, broadcasting. Gradients: dy, -dy. @example sub(1, tensor([1, 2])).toArray(); // [0, -1] */
export function sub(a: TensorLike, b: TensorLike): Tensor {
  return binary(
    "sub",
    a,
    b,
    (dy) => dy,
    (dy) => neg(dy),
  );
}

/** a b element by element, broadcasting. Gradients: dy b, dy a. @example mul(tensor([1, 2]), tensor([3, 4])).toArray(); // [3, 8] */
export function mul(a: TensorLike, b: TensorLike): Tensor {
  return binary(
    "mul",
    a,
    b,
    (dy, _, right) => mul(dy, right),
    (dy, left) => mul(dy, left),
  );
}

/** a / b; int32 operands become float32. Gradients: dy / b, -dy a / b^2. @example div(tensor([1, 2]), 2).toArray(); // [0.5, 1] */
export function div(a: TensorLike, b: TensorLike): Tensor {
  return binary(
    "div",
    a,
    b,
    (dy, _, right) => div(dy, right),
    (dy, __, right, y) => neg(div(mul(dy, y), right)),
    true,
  );
}

/** Largest whole number not above a / b. No gradient. @example floorDivide(tensor([7, -7]), 2).toArray(); // [3, -4] */
export function floorDivide(a: TensorLike, b: TensorLike): Tensor {
  const dtype = dtypeOfPair("floorDivide", a, b);
  return combineAs("floorDivide", a, b, dtype === "bool" ? "int32" : dtype);
}

/** a - b floor(a / b): the remainder with the sign of b. Gradients: dy, -dy floor(a / b). @example remainder(tensor([7, -7]), 3).toArray(); // [1, 2] */
export function remainder(a: TensorLike, b: TensorLike): Tensor {
  return binary(
    "remainder",
    a,
    b,
    (dy) => dy,
    (dy, left, right) => neg(mul(dy, floorDivide(left, right))),
  );
}

function combineAs(operation: string, a: TensorLike, b: TensorLike, dtype: DType): Tensor {
  return combine(
    operation,
    typeof a === "number" ? a : cast(a, dtype),
    typeof b === "number" ? b : cast(b, dtype),
    dtype,
  );
}

/**
 * a^b. Gradients: dy b a^(b-1), dy a^b ln a (0 where a is 0).
 * @example pow(tensor([2, 3]), 2).toArray(); // [4, 9]
 */
export function pow(a: TensorLike, b: TensorLike): Tensor {
  return binary(
    "pow",
    a,
    b,
    (dy, left, right) => mul(dy, mul(right, pow(left, typeof right === "number" ? right - 1 : sub(right, 1)))),
    (dy, left, _, y) => {
      if (typeof left === "number") return mul(dy, mul(y, left === 0 ? 0 : Math.log(left)));
      return mul(dy, where(equal(left, 0), 0, mul(y, log(left))));
    },
  );
}

/** The larger of a and b; NaN wins. Gradient: to the larger one, half to each where they are equal. @example maximum(tensor([1, 5]), 3).toArray(); // [3, 5] */
export function maximum(a: TensorLike, b: TensorLike): Tensor {
  return binary(
    "maximum",
    a,
    b,
    (dy, x, y) => mul(dy, share(greater(x, y), x, y, dy)),
    (dy, x, y) => mul(dy, share(less(x, y), x, y, dy)),
  );
}

/** The smaller of a and b; NaN wins. Gradient: to the smaller one, half to each where they are equal. @example minimum(tensor([1, 5]), 3).toArray(); // [1, 3] */
export function minimum(a: TensorLike, b: TensorLike): Tensor {
  return binary(
    "minimum",
    a,
    b,
    (dy, x, y) => mul(dy, share(less(x, y), x, y, dy)),
    (dy, x, y) => mul(dy, share(greater(x, y), x, y, dy)),
  );
}

/** 1 where this operand wins, a half where both are equal. */
function share(wins: Tensor, a: TensorLike, b: TensorLike, like: Tensor): Tensor {
  return add(cast(wins, like.dtype), mul(cast(equal(a, b), like.dtype), 0.5));
}

/** Angle of the point (x, y), in (-pi, pi]. Gradients: dy x / (x^2 + y^2), -dy y / (x^2 + y^2). @example atan2(tensor([1]), tensor([0])).item(); // 1.5707963705062866 */
export function atan2(y: TensorLike, x: TensorLike): Tensor {
  const squares = (p: TensorLike, q: TensorLike): Tensor => add(mulAny(p, p), mulAny(q, q));
  return binary(
    "atan2",
    y,
    x,
    (dy, a, b) => mul(dy, div(b, squares(a, b))),
    (dy, a, b) => neg(mul(dy, div(a, squares(a, b)))),
    true,
  );
}

function mulAny(a: TensorLike, b: TensorLike): TensorLike {
  return typeof a === "number" && typeof b === "number" ? a * b : mul(a, b);
}

/** -x. Gradient: -dy. @example neg(tensor([1, -2])).toArray(); // [-1, 2] */
export function neg(x: Tensor): Tensor {
  checkTensor("neg", x);
  if (x.dtype === "int32") return run("neg", x);
  return differentiable("neg", x, (dy) => neg(dy));
}

/** |x|. Gradient: dy sign(x). @example abs(tensor([1, -2])).toArray(); // [1, 2] */
export function abs(x: Tensor): Tensor {
  checkTensor("abs", x);
  if (x.dtype === "int32") return run("abs", x);
  return differentiable("abs", x, (dy, input) => mul(dy, sign(input)));
}

/** -1, 0 or 1; no gradient. @example sign(tensor([-3, 0, 2])).toArray(); // [-1, 0, 1] */
export function sign(x: Tensor): Tensor {
  checkTensor("sign", x);
  return x.dtype === "int32" ? run("sign", x) : constantByPieces("sign", x);
}

/** Largest whole number not above x; no gradient. @example floor(tensor([1.5, -1.5])).toArray(); // [1, -2] */
export function floor(x: Tensor): Tensor {
  return constantByPieces("floor", x);
}

/** Smallest whole number not below x; no gradient. @example ceil(tensor([1.5, -1.5])).toArray(); // [2, -1] */
export function ceil(x: Tensor): Tensor {
  return constantByPieces("ceil", x);
}

/** Nearest whole number, the even one at a half; no gradient. @example round(tensor([0.5, 1.5, 2.4])).toArray(); // [0, 2, 2] */
export function round(x: Tensor): Tensor {
  return constantByPieces("round", x);
}

/** x without its fraction; no gradient. @example trunc(tensor([1.7, -1.7])).toArray(); // [1, -1] */
export function trunc(x: Tensor): Tensor {
  return constantByPieces("trunc", x);
}

/** x^2. Gradient: 2 x dy. @example square(tensor([3])).item(); // 9 */
export function square(x: Tensor): Tensor {
  checkTensor("square", x);
  if (x.dtype === "int32") return run("square", x);
  return differentiable("square", x, (dy, input) => mul(mul(dy, input), 2));
}

/** Square root. Gradient: dy / (2 sqrt(x)). @example sqrt(tensor([9])).item(); // 3 */
export function sqrt(x: Tensor): Tensor {
  return differentiable("sqrt", x, (dy, _, y) => div(mul(dy, 0.5), y));
}

/** 1 / sqrt(x). Gradient: -dy y^3 / 2. @example rsqrt(tensor([4])).item(); // 0.5 */
export function rsqrt(x: Tensor): Tensor {
  return differentiable("rsqrt", x, (dy, _, y) => mul(mul(dy, mul(y, square(y))), -0.5));
}

/** 1 / x. Gradient: -dy y^2. @example reciprocal(tensor([4])).item(); // 0.25 */
export function reciprocal(x: Tensor): Tensor {
  return differentiable("reciprocal", x, (dy, _, y) => neg(mul(dy, square(y))));
}

// Exponentials and logarithms

/** e^x. Gradient: dy y. @example exp(tensor([0])).item(); // 1 */
export function exp(x: Tensor): Tensor {
  return differentiable("exp", x, (dy, _, y) => mul(dy, y));
}

/** 2^x. Gradient: dy y ln 2. @example exp2(tensor([3])).item(); // 8 */
export function exp2(x: Tensor): Tensor {
  return differentiable("exp2", x, (dy, _, y) => mul(mul(dy, y), Math.LN2));
}

/** e^x - 1, exact near 0. Gradient: dy e^x. @example expm1(tensor([0])).item(); // 0 */
export function expm1(x: Tensor): Tensor {
  return differentiable("expm1", x, (dy, _, y) => mul(dy, add(y, 1)));
}

/** Natural logarithm. Gradient: dy / x. @example log(tensor([1])).item(); // 0 */
export function log(x: Tensor): Tensor {
  return differentiable("log", x, (dy, input) => div(dy, input));
}

/** Logarithm to base 2. Gradient: dy / (x ln 2). @example log2(tensor([8])).item(); // 3 */
export function log2(x: Tensor): Tensor {
  return differentiable("log2", x, (dy, input) => div(dy, mul(input, Math.LN2)));
}

/** Logarithm to base 10. Gradient: dy / (x ln 10). @example log10(tensor([100])).item(); // 2 */
export function log10(x: Tensor): Tensor {
  return differentiable("log10", x, (dy, input) => div(dy, mul(input, Math.LN10)));
}

/** ln(1 + x), exact near 0. Gradient: dy / (1 + x). @example log1p(tensor([0])).item(); // 0 */
export function log1p(x: Tensor): Tensor {
  return differentiable("log1p", x, (dy, input) => div(dy, add(input, 1)));
}

// Trigonometric and hyperbolic functions (radians)

/** Sine. Gradient: dy cos(x). @example sin(tensor([0])).item(); // 0 */
export function sin(x: Tensor): Tensor {
  return differentiable("sin", x, (dy, input) => mul(dy, cos(input)));
}

/** Cosine. Gradient: -dy sin(x). @example cos(tensor([0])).item(); // 1 */
export function cos(x: Tensor): Tensor {
  return differentiable("cos", x, (dy, input) => neg(mul(dy, sin(input))));
}

/** Tangent. Gradient: dy (1 + y^2). @example tan(tensor([0])).item(); // 0 */
export function tan(x: Tensor): Tensor {
  return differentiable("tan", x, (dy, _, y) => mul(dy, add(square(y), 1)));
}

/** Inverse sine of x in [-1, 1]. Gradient: dy / sqrt(1 - x^2). @example asin(tensor([0])).item(); // 0 */
export function asin(x: Tensor): Tensor {
  return differentiable("asin", x, (dy, input) => mul(dy, rsqrt(sub(1, square(input)))));
}

/** Inverse cosine of x in [-1, 1]. Gradient: -dy / sqrt(1 - x^2). @example acos(tensor([1])).item(); // 0 */
export function acos(x: Tensor): Tensor {
  return differentiable("acos", x, (dy, input) => neg(mul(dy, rsqrt(sub(1, square(input))))));
}

/** Inverse tangent. Gradient: dy / (1 + x^2). @example atan(tensor([0])).item(); // 0 */
export function atan(x: Tensor): Tensor {
  return differentiable("atan", x, (dy, input) => div(dy, add(square(input), 1)));
}

/** Hyperbolic sine. Gradient: dy cosh(x). @example sinh(tensor([0])).item(); // 0 */
export function sinh(x: Tensor): Tensor {
  return differentiable("sinh", x, (dy, input) => mul(dy, cosh(input)));
}

/** Hyperbolic cosine. Gradient: dy sinh(x). @example cosh(tensor([0])).item(); // 1 */
export function cosh(x: Tensor): Tensor {
  return differentiable("cosh", x, (dy, input) => mul(dy, sinh(input)));
}

/** Gauss's error function 2/sqrt(pi) int_0^x e^(-t^2) dt. Gradient: dy 2/sqrt(pi) e^(-x^2). @example erf(tensor([0])).item(); // 0 */
export function erf(x: Tensor): Tensor {
  return differentiable("erf", x, (dy, input) => mul(mul(dy, gaussian(input)), 2 / Math.sqrt(Math.PI)));
}

// Activations

/** 1 / (1 + e^-x). Gradient: dy y (1 - y). @example sigmoid(tensor([0])).item(); // 0.5 */
export function sigmoid(x: Tensor): Tensor {
  return differentiable("sigmoid", x, (dy, _, y) => sigmoidGradient(dy, y));
}

/** dy y (1 - y), in one pass. Internal: the gradient of sigmoid from its result. */
export function sigmoidGradient(dy: Tensor, y: Tensor): Tensor {
  return binary(
    "sigmoidGradient",
    dy,
    y,
    (g, _, v) => sigmoidGradient(g, v as Tensor),
    (g, u, v) => mul(mul(g, u), sub(1, mul(v, 2))),
  );
}

/** Hyperbolic tangent. Gradient: dy (1 - y^2). @example tanh(tensor([0])).item(); // 0 */
export function tanh(x: Tensor): Tensor {
  return differentiable("tanh", x, (dy, _, y) => tanhGradient(dy, y));
}

/** dy (1 - y^2), in one pass. Internal: the gradient of tanh from its result. */
export function tanhGradient(dy: Tensor, y: Tensor): Tensor {
  return binary(
    "tanhGradient",
    dy,
    y,
    (g, _, v) => tanhGradient(g, v as Tensor),
    (g, u, v) => mul(mul(mul(g, u), v), -2),
  );
}

/** max(0, x). Gradient: dy where x > 0, else 0. @example relu(tensor([-1, 2])).toArray(); // [0, 2] */
export function relu(x: Tensor): Tensor {
  return differentiable("relu", x, (dy, _, y) => reluGradient(dy, y));
}

/** dy where y > 0, else 0. Internal: the gradient of relu from its result. */
export function reluGradient(dy: Tensor, y: Tensor): Tensor {
  return binary(
    "reluGradient",
    dy,
    y,
    (g, _, v) => reluGradient(g, v as Tensor),
    (g) => fullLike(g, 0),
  );
}

/** x where x > 0, else alpha x. Gradient: dy or alpha dy. @example leakyRelu(tensor([-100, 2])).toArray(); // [-1, 2] */
export function leakyRelu(x: Tensor, alpha = 0.01): Tensor {
  return differentiable("leakyRelu", x, (dy, input) => where(greater(input, 0), dy, mul(dy, alpha)), alpha);
}

/** x where x > 0, else alpha (e^x - 1). Gradient: dy or dy (y + alpha). @example elu(tensor([2])).item(); // 2 */
export function elu(x: Tensor, alpha = 1): Tensor {
  return differentiable("elu", x, (dy, input, y) => where(greater(input, 0), dy, mul(dy, add(y, alpha))), alpha);
}

/** ln(1 + e^x), without overflow. Gradient: dy sigmoid(x). @example softplus(tensor([100])).item(); // 100 */
export function softplus(x: Tensor): Tensor {
  return differentiable("softplus", x, (dy, input) => mul(dy, sigmoid(input)));
}

/** x sigmoid(x). Gradient: dy s (1 + x (1 - s)) with s = sigmoid(x). @example silu(tensor([0])).item(); // 0 */
export function silu(x: Tensor): Tensor {
  return differentiable("silu", x, (dy, input) => {
    const s = sigmoid(input);
    return mul(dy, mul(s, add(mul(input, sub(1, s)), 1)));
  });
}

/** x Phi(x), Phi the normal distribution function (exact, by erf). Gradient: dy (Phi(x) + x phi(x)). @example gelu(tensor([0])).item(); // 0 */
export function gelu(x: Tensor): Tensor {
  return differentiable("gelu", x, (dy, input) => {
    const distribution = mul(add(erf(mul(input, Math.SQRT1_2)), 1), 0.5);
    const density = mul(exp(mul(square(input), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return mul(dy, add(distribution, mul(input, density)));
  });
}

/** e^(-x^2). Gradient: -2 x y dy. @example gaussian(tensor([0])).item(); // 1 */
export function gaussian(x: Tensor): Tensor {
  return differentiable("gaussian", x, (dy, input, y) => mul(mul(mul(dy, y), input), -2));
}

/** 1 where x > 0, else 0: the perceptron's activation; no gradient. @example step(tensor([-1, 0, 2])).toArray(); // [0, 0, 1] */
export function step(x: Tensor): Tensor {
  return constantByPieces("step", x);
}

/** min(max(x, low), high). Gradient: dy where low <= x <= high, else 0. @throws RangeError if low > high. @example clip(tensor([-2, 0, 9]), -1, 1).toArray(); // [-1, 0, 1] */
export function clip(x: Tensor, low: number, high: number): Tensor {
  checkTensor("clip", x);
  if (!(low <= high)) throw new RangeError(`clip: the lower bound ${low} must not be above the upper bound ${high}`);
  if (x.dtype === "int32") return run("clip", x, low, high);
  return differentiable(
    "clip",
    x,
    (dy, input) => mul(dy, cast(logicalAnd(greaterEqual(input, low), lessEqual(input, high)), dy.dtype)),
    low,
    high,
  );
}

// Comparison, logic, choice

/** a == b as bool. @example equal(tensor([1, 2]), 2).toArray(); // [false, true] */
export function equal(a: TensorLike, b: TensorLike): Tensor {
  return compare("equal", a, b);
}

/** a != b as bool. @example notEqual(tensor([1, 2]), 2).toArray(); // [true, false] */
export function notEqual(a: TensorLike, b: TensorLike): Tensor {
  return compare("notEqual", a, b);
}

/** a < b as bool. @example less(tensor([1, 2]), 2).toArray(); // [true, false] */
export function less(a: TensorLike, b: TensorLike): Tensor {
  return compare("less", a, b);
}

/** a <= b as bool. @example lessEqual(tensor([1, 3]), 2).toArray(); // [true, false] */
export function lessEqual(a: TensorLike, b: TensorLike): Tensor {
  return compare("lessEqual", a, b);
}

/** a > b as bool. @example greater(tensor([1, 3]), 2).toArray(); // [false, true] */
export function greater(a: TensorLike, b: TensorLike): Tensor {
  return compare("greater", a, b);
}

/** a >= b as bool. @example greaterEqual(tensor([1, 2]), 2).toArray(); // [false, true] */
export function greaterEqual(a: TensorLike, b: TensorLike): Tensor {
  return compare("greaterEqual", a, b);
}

function logical(operation: string, a: Tensor, b: Tensor): Tensor {
  checkTensor(operation, a);
  checkTensor(operation, b);
  return combine(operation, cast(a, "bool"), cast(b, "bool"), "bool");
}

/** Both are true (not 0). @example logicalAnd(tensor([true, true]), tensor([true, false])).toArray(); // [true, false] */
export function logicalAnd(a: Tensor, b: Tensor): Tensor {
  return logical("logicalAnd", a, b);
}

/** At least one is true. @example logicalOr(tensor([true, false]), tensor([false, false])).toArray(); // [true, false] */
export function logicalOr(a: Tensor, b: Tensor): Tensor {
  return logical("logicalOr", a, b);
}

/** Exactly one is true. @example logicalXor(tensor([true, true]), tensor([true, false])).toArray(); // [false, true] */
export function logicalXor(a: Tensor, b: Tensor): Tensor {
  return logical("logicalXor", a, b);
}

/** true where x is false (0). @example logicalNot(tensor([true, false])).toArray(); // [false, true] */
export function logicalNot(x: Tensor): Tensor {
  return run("logicalNot", cast(x, "bool"));
}

function classify(operation: string, x: Tensor): Tensor {
  return run(operation, real(operation, x), undefined, undefined, "bool");
}

/** true where x is NaN. @example isnan(tensor([1, NaN])).toArray(); // [false, true] */
export function isnan(x: Tensor): Tensor {
  return classify("isNan", x);
}

/** true where x is infinite. @example isinf(tensor([1, -Infinity])).toArray(); // [false, true] */
export function isinf(x: Tensor): Tensor {
  return classify("isInf", x);
}

/** true where x is neither infinite nor NaN. @example isfinite(tensor([1, NaN])).toArray(); // [true, false] */
export function isfinite(x: Tensor): Tensor {
  return classify("isFinite", x);
}

/**
 * a where the condition is true, else b, all three broadcast. Gradients: dy to the chosen one.
 * @example where(tensor([true, false]), tensor([1, 2]), 0).toArray(); // [1, 0]
 */
export function where(condition: Tensor, a: TensorLike, b: TensorLike): Tensor {
  checkTensor("where", condition);
  const dtype = typeof a === "number" && typeof b === "number" ? "float32" : dtypeOfPair("where", a, b);
  const left = typeof a === "number" ? scalar(a, dtype) : cast(a, dtype);
  const right = typeof b === "number" ? scalar(b, dtype) : cast(b, dtype);
  const shape = broadcastShapes("where", condition.shape, broadcastShapes("where", left.shape, right.shape));
  const chooser = expand(cast(condition, "bool"), shape);
  const y = empty("where", shape, dtype);
  if (y.size > 0) engine().where(chooser, expand(left, shape), expand(right, shape), y);
  if (!anyTracked(left, right)) return y;
  return record("where", y, [left, right], (dy) => [
    left.node ? sumTo(where(condition, dy, 0), left.shape) : undefined,
    right.node ? sumTo(where(condition, 0, dy), right.shape) : undefined,
  ]);
}

/** A 0-d tensor. Internal. */
export function scalar(value: number, dtype: DType): Tensor {
  const x = empty("scalar", [], dtype);
  engine().fill(x, value);
  return x;
}

/** A row-major copy broadcast to `shape`; not recorded. */
function expand(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return packed(x);
  const lead = shape.length - x.shape.length;
  const strides = shape.map((_, i) => (i < lead || x.shape[i - lead] === 1 ? 0 : x.strides[i - lead]!));
  const size = shape.reduce((product, length) => product * length, 1);
  return packed(new Tensor(x.storage, x.dtype, shape, size, x.offset, strides));
}

/** Throws unless the tensors have one shape. */
export function checkSameShape(operation: string, a: Tensor, b: Tensor, roles: string): void {
  if (!sameShape(a.shape, b.shape)) {
    throw new RangeError(
      `${operation}: ${roles} must have the same shape, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
}
