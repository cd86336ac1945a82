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

/**
 * The same values in another dtype. Shape: that of x. To int32 fractions are cut off, numbers beyond its range go to
 * its ends and NaN to 0; to bool everything but 0 is true.
 *
 * Gradient: dy in the dtype of x, between float32 and float64.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * cast(tensor([1.7, -1.7]), "int32").toArray(); // [1, -1]
 * ```
 */
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

/**
 * Sum: y = a + b. Shapes broadcast; the dtype is the later one of bool (which counts as int32 here), int32, float32,
 * float64.
 *
 * Gradients: dy, dy, each summed over the axes along which its operand was repeated.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * add(tensor([1, 2]), 1).toArray(); // [2, 3]
 * add(tensor([[1], [2]]), tensor([10, 20])).toArray(); // [[11, 21], [12, 22]]
 * ```
 */
export function add(a: TensorLike, b: TensorLike): Tensor {
  return binary(
    "add",
    a,
    b,
    (dy) => dy,
    (dy) => dy,
  );
}

/**
 * Difference: y = a - b. Shapes and dtypes as in `add`.
 *
 * Gradients: dy, -dy.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * sub(1, tensor([1, 2])).toArray(); // [0, -1]
 * ```
 */
export function sub(a: TensorLike, b: TensorLike): Tensor {
  return binary(
    "sub",
    a,
    b,
    (dy) => dy,
    (dy) => neg(dy),
  );
}

/**
 * Product, element by element: y = a b. Shapes and dtypes as in `add`. For matrices see `matmul`.
 *
 * Gradients: dy b, dy a.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * mul(tensor([1, 2]), tensor([3, 4])).toArray(); // [3, 8]
 * ```
 */
export function mul(a: TensorLike, b: TensorLike): Tensor {
  return binary(
    "mul",
    a,
    b,
    (dy, _, right) => mul(dy, right),
    (dy, left) => mul(dy, left),
  );
}

/**
 * Quotient: y = a / b. Shapes broadcast; int32 and bool become float32.
 *
 * Gradients: dy / b, -dy a / b^2.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * div(tensor([1, 2]), 2).toArray(); // [0.5, 1]
 * ```
 */
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

/**
 * Largest whole number not above a / b. Shapes and dtypes as in `add`; an int32 divided by 0 gives 0, as in NumPy.
 *
 * No gradient: the function is constant by pieces.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * floorDivide(tensor([7, -7]), 2).toArray(); // [3, -4]
 * ```
 */
export function floorDivide(a: TensorLike, b: TensorLike): Tensor {
  const dtype = dtypeOfPair("floorDivide", a, b);
  return combineAs("floorDivide", a, b, dtype === "bool" ? "int32" : dtype);
}

/**
 * Remainder with the sign of b: y = a - b floor(a / b). Shapes and dtypes as in `add`.
 *
 * Gradients: dy, -dy floor(a / b).
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * remainder(tensor([7, -7]), 3).toArray(); // [1, 2]
 * ```
 */
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
 * Power: y = a^b. Shapes and dtypes as in `add`; an int32 to a negative power is 0 unless it is 1 or -1.
 *
 * Gradients: dy b a^(b - 1), dy a^b ln a (0 where a is 0).
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * pow(tensor([2, 3]), 2).toArray(); // [4, 9]
 * ```
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

/**
 * The larger of a and b, element by element; NaN wins. Shapes and dtypes as in `add`.
 *
 * Gradient: dy to the larger one, half to each where they are equal.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * maximum(tensor([1, 5]), 3).toArray(); // [3, 5]
 * ```
 */
export function maximum(a: TensorLike, b: TensorLike): Tensor {
  return binary(
    "maximum",
    a,
    b,
    (dy, x, y) => mul(dy, share(greater(x, y), x, y, dy)),
    (dy, x, y) => mul(dy, share(less(x, y), x, y, dy)),
  );
}

/**
 * The smaller of a and b, element by element; NaN wins. Shapes and dtypes as in `add`.
 *
 * Gradient: dy to the smaller one, half to each where they are equal.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * minimum(tensor([1, 5]), 3).toArray(); // [1, 3]
 * ```
 */
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

/**
 * Angle of the point (x, y) in radians, from -pi to pi. Shapes broadcast; int32 and bool become float32.
 *
 * Gradients by y and x: dy x / (x^2 + y^2), -dy y / (x^2 + y^2).
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * atan2(tensor([1]), tensor([-1])).toArray(); // [2.3561945]
 * ```
 */
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

/**
 * Negative: y = -x. Shape: that of x; int32 stays int32, bool becomes float32.
 *
 * Gradient: -dy.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * neg(tensor([1, -2])).toArray(); // [-1, 2]
 * ```
 */
export function neg(x: Tensor): Tensor {
  checkTensor("neg", x);
  if (x.dtype === "int32") return run("neg", x);
  return differentiable("neg", x, (dy) => neg(dy));
}

/**
 * Absolute value: y = |x|. Shape: that of x; int32 stays int32, bool becomes float32.
 *
 * Gradient: dy sign(x).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * abs(tensor([1, -2])).toArray(); // [1, 2]
 * ```
 */
export function abs(x: Tensor): Tensor {
  checkTensor("abs", x);
  if (x.dtype === "int32") return run("abs", x);
  return differentiable("abs", x, (dy, input) => mul(dy, sign(input)));
}

/**
 * Sign: -1, 0 or 1. Shape: that of x; int32 stays int32, bool becomes float32.
 *
 * No gradient: the function is constant by pieces.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * sign(tensor([-3, 0, 2])).toArray(); // [-1, 0, 1]
 * ```
 */
export function sign(x: Tensor): Tensor {
  checkTensor("sign", x);
  return x.dtype === "int32" ? run("sign", x) : constantByPieces("sign", x);
}

/**
 * Largest whole number not above x. Shape: that of x; int32 and bool become float32.
 *
 * No gradient: the function is constant by pieces.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * floor(tensor([1.5, -1.5])).toArray(); // [1, -2]
 * ```
 */
export function floor(x: Tensor): Tensor {
  return constantByPieces("floor", x);
}

/**
 * Smallest whole number not below x. Shape: that of x; int32 and bool become float32.
 *
 * No gradient: the function is constant by pieces.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * ceil(tensor([1.5, -1.5])).toArray(); // [2, -1]
 * ```
 */
export function ceil(x: Tensor): Tensor {
  return constantByPieces("ceil", x);
}

/**
 * Nearest whole number, the even one at a half. Shape: that of x; int32 and bool become float32.
 *
 * No gradient: the function is constant by pieces.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * round(tensor([0.5, 1.5, 2.4])).toArray(); // [0, 2, 2]
 * ```
 */
export function round(x: Tensor): Tensor {
  return constantByPieces("round", x);
}

/**
 * x without its fraction. Shape: that of x; int32 and bool become float32.
 *
 * No gradient: the function is constant by pieces.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * trunc(tensor([1.7, -1.7])).toArray(); // [1, -1]
 * ```
 */
export function trunc(x: Tensor): Tensor {
  return constantByPieces("trunc", x);
}

/**
 * Square: y = x^2. Shape: that of x; int32 stays int32, bool becomes float32.
 *
 * Gradient: 2 x dy.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * square(tensor([3, -1])).toArray(); // [9, 1]
 * ```
 */
export function square(x: Tensor): Tensor {
  checkTensor("square", x);
  if (x.dtype === "int32") return run("square", x);
  return differentiable("square", x, (dy, input) => mul(mul(dy, input), 2));
}

/**
 * Square root, NaN below 0. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy / (2 y).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * sqrt(tensor([9, 2])).toArray(); // [3, 1.4142135]
 * ```
 */
export function sqrt(x: Tensor): Tensor {
  return differentiable("sqrt", x, (dy, _, y) => div(mul(dy, 0.5), y));
}

/**
 * Reciprocal of the square root: y = 1 / sqrt(x). Shape: that of x; int32 and bool become float32.
 *
 * Gradient: -dy y^3 / 2.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * rsqrt(tensor([4])).toArray(); // [0.5]
 * ```
 */
export function rsqrt(x: Tensor): Tensor {
  return differentiable("rsqrt", x, (dy, _, y) => mul(mul(dy, mul(y, square(y))), -0.5));
}

/**
 * Reciprocal: y = 1 / x. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: -dy y^2.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * reciprocal(tensor([4, -0.5])).toArray(); // [0.25, -2]
 * ```
 */
export function reciprocal(x: Tensor): Tensor {
  return differentiable("reciprocal", x, (dy, _, y) => neg(mul(dy, square(y))));
}

// Exponentials and logarithms

/**
 * Exponential function: y = e^x. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy y.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * exp(tensor([0, 1])).toArray(); // [1, 2.7182817]
 * ```
 */
export function exp(x: Tensor): Tensor {
  return differentiable("exp", x, (dy, _, y) => mul(dy, y));
}

/**
 * Power of two: y = 2^x. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy y ln 2.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * exp2(tensor([3, -1])).toArray(); // [8, 0.5]
 * ```
 */
export function exp2(x: Tensor): Tensor {
  return differentiable("exp2", x, (dy, _, y) => mul(mul(dy, y), Math.LN2));
}

/**
 * y = e^x - 1, exact near 0. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy e^x.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * expm1(tensor([0, 1e-10])).toArray(); // [0, 1e-10]
 * ```
 */
export function expm1(x: Tensor): Tensor {
  return differentiable("expm1", x, (dy, _, y) => mul(dy, add(y, 1)));
}

/**
 * Natural logarithm: -Infinity at 0, NaN below. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy / x.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * log(tensor([1, 2])).toArray(); // [0, 0.6931472]
 * ```
 */
export function log(x: Tensor): Tensor {
  return differentiable("log", x, (dy, input) => div(dy, input));
}

/**
 * Logarithm to base 2: -Infinity at 0, NaN below. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy / (x ln 2).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * log2(tensor([8, 0.5])).toArray(); // [3, -1]
 * ```
 */
export function log2(x: Tensor): Tensor {
  return differentiable("log2", x, (dy, input) => div(dy, mul(input, Math.LN2)));
}

/**
 * Logarithm to base 10: -Infinity at 0, NaN below. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy / (x ln 10).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * log10(tensor([100])).toArray(); // [2]
 * ```
 */
export function log10(x: Tensor): Tensor {
  return differentiable("log10", x, (dy, input) => div(dy, mul(input, Math.LN10)));
}

/**
 * y = ln(1 + x), exact near 0; -Infinity at -1, NaN below. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy / (1 + x).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * log1p(tensor([0, 1e-10])).toArray(); // [0, 1e-10]
 * ```
 */
export function log1p(x: Tensor): Tensor {
  return differentiable("log1p", x, (dy, input) => div(dy, add(input, 1)));
}

// Trigonometric and hyperbolic functions (radians)

/**
 * Sine of x in radians. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy cos(x).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * sin(tensor([0, Math.PI / 2])).toArray(); // [0, 1]
 * ```
 */
export function sin(x: Tensor): Tensor {
  return differentiable("sin", x, (dy, input) => mul(dy, cos(input)));
}

/**
 * Cosine of x in radians. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: -dy sin(x).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * cos(tensor([0, Math.PI])).toArray(); // [1, -1]
 * ```
 */
export function cos(x: Tensor): Tensor {
  return differentiable("cos", x, (dy, input) => neg(mul(dy, sin(input))));
}

/**
 * Tangent of x in radians. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy (1 + y^2).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * tan(tensor([0, Math.PI / 4])).toArray(); // [0, 1]
 * ```
 */
export function tan(x: Tensor): Tensor {
  return differentiable("tan", x, (dy, _, y) => mul(dy, add(square(y), 1)));
}

/**
 * Inverse sine in radians, from -pi/2 to pi/2; NaN outside -1 to 1. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy / sqrt(1 - x^2).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * asin(tensor([0, 1])).toArray(); // [0, 1.5707964]
 * ```
 */
export function asin(x: Tensor): Tensor {
  return differentiable("asin", x, (dy, input) => mul(dy, rsqrt(sub(1, square(input)))));
}

/**
 * Inverse cosine in radians, from 0 to pi; NaN outside -1 to 1. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: -dy / sqrt(1 - x^2).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * acos(tensor([1, 0])).toArray(); // [0, 1.5707964]
 * ```
 */
export function acos(x: Tensor): Tensor {
  return differentiable("acos", x, (dy, input) => neg(mul(dy, rsqrt(sub(1, square(input))))));
}

/**
 * Inverse tangent in radians, between -pi/2 and pi/2. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy / (1 + x^2).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * atan(tensor([0, 1])).toArray(); // [0, 0.7853982]
 * ```
 */
export function atan(x: Tensor): Tensor {
  return differentiable("atan", x, (dy, input) => div(dy, add(square(input), 1)));
}

/**
 * Hyperbolic sine: y = (e^x - e^-x) / 2. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy cosh(x).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * sinh(tensor([0, 1])).toArray(); // [0, 1.1752012]
 * ```
 */
export function sinh(x: Tensor): Tensor {
  return differentiable("sinh", x, (dy, input) => mul(dy, cosh(input)));
}

/**
 * Hyperbolic cosine: y = (e^x + e^-x) / 2. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy sinh(x).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * cosh(tensor([0, 1])).toArray(); // [1, 1.5430807]
 * ```
 */
export function cosh(x: Tensor): Tensor {
  return differentiable("cosh", x, (dy, input) => mul(dy, sinh(input)));
}

/**
 * Gauss's error function: y = 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x. Shape: that of x; int32 and bool
 * become float32.
 *
 * Gradient: dy 2/sqrt(pi) e^(-x^2).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * erf(tensor([0, 1])).toArray(); // [0, 0.8427008]
 * ```
 */
export function erf(x: Tensor): Tensor {
  return differentiable("erf", x, (dy, input) => mul(mul(dy, gaussian(input)), 2 / Math.sqrt(Math.PI)));
}

// Activations

/**
 * Logistic function: y = 1 / (1 + e^-x). Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy y (1 - y).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * sigmoid(tensor([0, 2])).toArray(); // [0.5, 0.8807971]
 * ```
 */
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

/**
 * Hyperbolic tangent: y = (e^x - e^-x) / (e^x + e^-x). Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy (1 - y^2).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * tanh(tensor([0, 1])).toArray(); // [0, 0.7615942]
 * ```
 */
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

/**
 * Rectifier: y = max(0, x). Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy where x > 0, else 0.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * relu(tensor([-1, 2])).toArray(); // [0, 2]
 * ```
 */
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

/**
 * Leaky rectifier: x where x > 0, else alpha x (Maas et al. 2013). Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy where x > 0, else alpha dy.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * leakyRelu(tensor([-100, 2])).toArray(); // [-1, 2]
 * ```
 */
export function leakyRelu(x: Tensor, alpha = 0.01): Tensor {
  return differentiable("leakyRelu", x, (dy, input) => where(greater(input, 0), dy, mul(dy, alpha)), alpha);
}

/**
 * Exponential linear unit: x where x > 0, else alpha (e^x - 1) (Clevert et al. 2016). Shape: that of x; int32 and bool
 * become float32.
 *
 * Gradient: dy where x > 0, else dy (y + alpha).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * elu(tensor([-1, 2])).toArray(); // [-0.6321205, 2]
 * ```
 */
export function elu(x: Tensor, alpha = 1): Tensor {
  return differentiable("elu", x, (dy, input, y) => where(greater(input, 0), dy, mul(dy, add(y, alpha))), alpha);
}

/**
 * Smooth rectifier: y = ln(1 + e^x), without overflow. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy sigmoid(x).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * softplus(tensor([0, 100])).toArray(); // [0.6931472, 100]
 * ```
 */
export function softplus(x: Tensor): Tensor {
  return differentiable("softplus", x, (dy, input) => mul(dy, sigmoid(input)));
}

/**
 * Sigmoid linear unit, also called swish: y = x sigmoid(x) (Elfwing et al. 2018). Shape: that of x; int32 and bool
 * become float32.
 *
 * Gradient: dy s (1 + x (1 - s)) with s = sigmoid(x).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * silu(tensor([0, 1])).toArray(); // [0, 0.7310586]
 * ```
 */
export function silu(x: Tensor): Tensor {
  return differentiable("silu", x, (dy, input) => {
    const s = sigmoid(input);
    return mul(dy, mul(s, add(mul(input, sub(1, s)), 1)));
  });
}

/**
 * Gaussian error linear unit: y = x Phi(x) with Phi the normal distribution function, exact, by erf (Hendrycks & Gimpel
 * 2016). Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy (Phi(x) + x phi(x)) with phi the normal density.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * gelu(tensor([0, 1])).toArray(); // [0, 0.8413448]
 * ```
 */
export function gelu(x: Tensor): Tensor {
  return differentiable("gelu", x, (dy, input) => {
    const distribution = mul(add(erf(mul(input, Math.SQRT1_2)), 1), 0.5);
    const density = mul(exp(mul(square(input), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return mul(dy, add(distribution, mul(input, density)));
  });
}

/**
 * Bell curve: y = e^(-x^2). Shape: that of x; int32 and bool become float32.
 *
 * Gradient: -2 x y dy.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * gaussian(tensor([0, 1])).toArray(); // [1, 0.3678795]
 * ```
 */
export function gaussian(x: Tensor): Tensor {
  return differentiable("gaussian", x, (dy, input, y) => mul(mul(mul(dy, y), input), -2));
}

/**
 * Step function, the perceptron's activation: 1 where x > 0, else 0. Shape: that of x; int32 and bool become float32.
 *
 * No gradient: the function is constant by pieces.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * step(tensor([-1, 0, 2])).toArray(); // [0, 0, 1]
 * ```
 */
export function step(x: Tensor): Tensor {
  return constantByPieces("step", x);
}

/**
 * y = min(max(x, low), high). Shape: that of x; int32 stays int32, bool becomes float32.
 *
 * Gradient: dy where low <= x <= high, else 0.
 * @throws RangeError if low > high or one of them is NaN; TypeError if x is not a tensor.
 * @example
 * ```ts
 * clip(tensor([-2, 0, 9]), -1, 1).toArray(); // [-1, 0, 1]
 * ```
 */
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

/**
 * Whether a = b, element by element. NaN equals nothing. Shapes broadcast; the result is bool and has no gradient.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * equal(tensor([1, 2]), 2).toArray(); // [false, true]
 * ```
 */
export function equal(a: TensorLike, b: TensorLike): Tensor {
  return compare("equal", a, b);
}

/**
 * Whether a differs from b, element by element. NaN differs from everything. Shapes broadcast; the result is bool and
 * has no gradient.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * notEqual(tensor([1, 2]), 2).toArray(); // [true, false]
 * ```
 */
export function notEqual(a: TensorLike, b: TensorLike): Tensor {
  return compare("notEqual", a, b);
}

/**
 * Whether a < b, element by element. Shapes broadcast; the result is bool and has no gradient.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * less(tensor([1, 2]), 2).toArray(); // [true, false]
 * ```
 */
export function less(a: TensorLike, b: TensorLike): Tensor {
  return compare("less", a, b);
}

/**
 * Whether a <= b, element by element. Shapes broadcast; the result is bool and has no gradient.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * lessEqual(tensor([1, 3]), 2).toArray(); // [true, false]
 * ```
 */
export function lessEqual(a: TensorLike, b: TensorLike): Tensor {
  return compare("lessEqual", a, b);
}

/**
 * Whether a > b, element by element. Shapes broadcast; the result is bool and has no gradient.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * greater(tensor([1, 3]), 2).toArray(); // [false, true]
 * ```
 */
export function greater(a: TensorLike, b: TensorLike): Tensor {
  return compare("greater", a, b);
}

/**
 * Whether a >= b, element by element. Shapes broadcast; the result is bool and has no gradient.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * greaterEqual(tensor([1, 2]), 2).toArray(); // [false, true]
 * ```
 */
export function greaterEqual(a: TensorLike, b: TensorLike): Tensor {
  return compare("greaterEqual", a, b);
}

function logical(operation: string, a: Tensor, b: Tensor): Tensor {
  checkTensor(operation, a);
  checkTensor(operation, b);
  return combine(operation, cast(a, "bool"), cast(b, "bool"), "bool");
}

/**
 * Whether both are true (not 0), element by element. Shapes broadcast; the result is bool and has no gradient.
 * @throws RangeError if the shapes do not broadcast; TypeError unless both are tensors.
 * @example
 * ```ts
 * logicalAnd(tensor([true, true]), tensor([true, false])).toArray(); // [true, false]
 * ```
 */
export function logicalAnd(a: Tensor, b: Tensor): Tensor {
  return logical("logicalAnd", a, b);
}

/**
 * Whether at least one is true (not 0), element by element. Shapes broadcast; the result is bool and has no gradient.
 * @throws RangeError if the shapes do not broadcast; TypeError unless both are tensors.
 * @example
 * ```ts
 * logicalOr(tensor([true, false]), tensor([false, false])).toArray(); // [true, false]
 * ```
 */
export function logicalOr(a: Tensor, b: Tensor): Tensor {
  return logical("logicalOr", a, b);
}

/**
 * Whether exactly one is true (not 0), element by element. Shapes broadcast; the result is bool and has no gradient.
 * @throws RangeError if the shapes do not broadcast; TypeError unless both are tensors.
 * @example
 * ```ts
 * logicalXor(tensor([true, true]), tensor([true, false])).toArray(); // [false, true]
 * ```
 */
export function logicalXor(a: Tensor, b: Tensor): Tensor {
  return logical("logicalXor", a, b);
}

/**
 * Whether x is false (0), element by element. Shape: that of x; the result is bool and has no gradient.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * logicalNot(tensor([true, false])).toArray(); // [false, true]
 * ```
 */
export function logicalNot(x: Tensor): Tensor {
  return run("logicalNot", cast(x, "bool"));
}

function classify(operation: string, x: Tensor): Tensor {
  return run(operation, real(operation, x), undefined, undefined, "bool");
}

/**
 * Whether an element is NaN. Shape: that of x; the result is bool and has no gradient.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * isnan(tensor([1, NaN])).toArray(); // [false, true]
 * ```
 */
export function isnan(x: Tensor): Tensor {
  return classify("isNan", x);
}

/**
 * Whether an element is infinite, of either sign. Shape: that of x; the result is bool and has no gradient.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * isinf(tensor([1, -Infinity])).toArray(); // [false, true]
 * ```
 */
export function isinf(x: Tensor): Tensor {
  return classify("isInf", x);
}

/**
 * Whether an element is neither infinite nor NaN. Shape: that of x; the result is bool and has no gradient.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * isfinite(tensor([1, NaN])).toArray(); // [true, false]
 * ```
 */
export function isfinite(x: Tensor): Tensor {
  return classify("isFinite", x);
}

/**
 * a where the condition is true (not 0), else b. All three shapes broadcast; the dtype is the later one of bool, int32,
 * float32, float64 (float32 for two numbers).
 *
 * Gradients: dy where the operand was chosen, else 0.
 * @throws RangeError if the shapes do not broadcast; TypeError if the condition is not a tensor.
 * @example
 * ```ts
 * where(tensor([true, false]), tensor([1, 2]), 0).toArray(); // [1, 0]
 * ```
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
  const strides = shape.map((_, i) => (i < lead || x.shape[i - lead] === 1 ? 0 : x.strides[i - lead]));
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
