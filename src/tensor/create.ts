// Making tensors: from JavaScript values, and filled by a rule.
import { finite, integer, knownOptions, numeric } from "../engine/checks.ts";
import { asElement, checkDType, type DType, type TypedArray, typedArray } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import { checkTensor } from "./check.ts";
import { checkShape, formatShape, MAXIMUM_RANK, type Shape, sizeOf } from "./shape.ts";
import { empty, emptyLike, emptyOf, type NestedArray, packed, Tensor } from "./tensor.ts";

function dtypeOfTyped(values: ArrayBufferView): DType | undefined {
  if (values instanceof Float32Array) return "float32";
  if (values instanceof Float64Array) return "float64";
  if (values instanceof Int32Array) return "int32";
  if (
    values instanceof Uint8Array ||
    values instanceof Uint8ClampedArray ||
    values instanceof Int8Array ||
    values instanceof Int16Array ||
    values instanceof Uint16Array
  ) {
    return "int32";
  }
  return undefined;
}

/** The lengths along the first elements. */
function shapeOfNested(values: NestedArray): number[] {
  const shape: number[] = [];
  let level: NestedArray = values;
  while (Array.isArray(level)) {
    // An array that holds itself would go on for ever.
    if (shape.length === MAXIMUM_RANK) {
      throw new RangeError(`tensor: arrays are nested deeper than the ${MAXIMUM_RANK} axes that a tensor may have`);
    }
    shape.push(level.length);
    if (level.length === 0) break;
    level = level[0];
  }
  return shape;
}

/** Appends the elements; false where a row differs from the shape in length or depth, or an element is no number. */
function flattened(part: NestedArray, shape: Shape, axis: number, into: (number | boolean)[]): boolean {
  if (axis === shape.length) {
    if (typeof part !== "number" && typeof part !== "boolean") return false;
    into.push(part);
    return true;
  }
  if (!Array.isArray(part) || part.length !== shape[axis]) return false;
  for (let i = 0; i < part.length; i++) if (!flattened(part[i], shape, axis + 1, into)) return false;
  return true;
}

/** Throws for the first element that makes `flattened` say no, with its place. */
function refuseNested(part: NestedArray, shape: Shape, axis = 0, path = ""): void {
  if (axis === shape.length) {
    if (typeof part === "number" || typeof part === "boolean") return;
    if (path === "") {
      throw new TypeError(`tensor: takes a number, nested arrays, a typed array or a tensor, got ${quote(part)}`);
    }
    const what = Array.isArray(part) ? "an array where a number was expected" : quote(part);
    throw new TypeError(
      `tensor: element ${path} is ${what}; nested arrays must be rectangular and hold numbers or booleans`,
    );
  }
  if (!Array.isArray(part) || part.length !== shape[axis]) {
    const got = Array.isArray(part) ? `${part.length} elements` : quote(part);
    throw new RangeError(
      `tensor: nested arrays are not rectangular: element ${path} has ${got} where ${shape[axis]} elements were expected`,
    );
  }
  for (let i = 0; i < part.length; i++) refuseNested(part[i], shape, axis + 1, `${path}[${i}]`);
}

function areBooleans(elements: readonly (number | boolean)[]): boolean {
  return elements.length > 0 && elements.every((value) => typeof value === "boolean");
}

/** Copies any numbers into a typed array of the dtype, each as `asElement` has it. */
function convert(values: ArrayLike<number | boolean>, dtype: DType): TypedArray {
  const result = typedArray(dtype, values.length);
  for (let i = 0; i < values.length; i++) result[i] = asElement(Number(values[i]), dtype);
  return result;
}

const OPTIONS = ["dtype", "shape"];

/**
 * Makes a tensor from a number, nested arrays, a typed array or another tensor; the values are copied.
 *
 * The dtype is the given one, else that of a typed array (8- and 16-bit integers become int32) or tensor, bool for
 * booleans, and float32 for numbers. What int32 does not hold goes to its ends, as in `cast`. The shape is the given one, else that of the nested arrays, or [length] for a
 * typed array.
 * @param options a dtype, or `{ dtype, shape }`; a shape orders flat values row-major.
 * @throws RangeError if nested arrays are not rectangular or the shape does not hold as many elements as there are;
 * TypeError for an unknown dtype or elements that are neither numbers nor booleans.
 * @example
 * ```ts
 * tensor([[1, 2], [3, 4]]).shape; // [2, 2]
 * tensor([1.5, 2.5], "float64").dtype; // "float64"
 * tensor(new Int32Array([1, 2, 3, 4]), { shape: [2, 2] }).toArray(); // [[1, 2], [3, 4]]
 * ```
 */
export function tensor(
  values: NestedArray | ArrayBufferView | Tensor,
  options: DType | { dtype?: DType; shape?: Shape } = {},
): Tensor {
  const { dtype: wanted, shape: given } =
    typeof options === "string" ? { dtype: options, shape: undefined } : knownOptions("tensor", options, OPTIONS);
  if (wanted !== undefined) checkDType("tensor", wanted);
  if (given !== undefined) checkShape("tensor", given);
  if (values instanceof Tensor) {
    return tensor(values.dataSync(), { dtype: wanted ?? values.dtype, shape: given ?? values.shape });
  }
  let flat: ArrayLike<number | boolean>;
  let dtype: DType;
  let shape: Shape;
  if (ArrayBuffer.isView(values)) {
    const own = dtypeOfTyped(values);
    if (own === undefined)
      throw new TypeError(`tensor: ${quote(values)} is not supported; use a Float32Array, Float64Array or Int32Array`);
    flat = values as unknown as ArrayLike<number>;
    dtype = wanted ?? own;
    shape = given ?? [flat.length];
  } else {
    const nested = shapeOfNested(values);
    const elements: (number | boolean)[] = [];
    if (!flattened(values, nested, 0, elements)) refuseNested(values, nested);
    flat = elements;
    dtype = wanted ?? (areBooleans(elements) ? "bool" : "float32");
    shape = given ?? nested;
  }
  if (sizeOf(shape) !== flat.length) {
    throw new RangeError(
      `tensor: shape ${formatShape(shape)} holds ${sizeOf(shape)} elements, but ${flat.length} values were given`,
    );
  }
  const result = empty("tensor", [...shape], dtype);
  const same = dtype !== "bool" && flat.constructor === typedArray(dtype, 0).constructor;
  engine().write(result, same ? (flat as unknown as TypedArray) : convert(flat, dtype));
  return result;
}

function checkedEmpty(operation: string, shape: Shape, dtype: DType): Tensor {
  const size = checkShape(operation, shape);
  checkDType(operation, dtype);
  return emptyOf(operation, shape.slice(), size, dtype);
}

/**
 * A tensor of the shape with every element `value`, converted to the dtype.
 * @throws RangeError for lengths that are not whole numbers from 0 on; TypeError for an unknown dtype.
 * @example
 * ```ts
 * full([2, 2], 7).toArray(); // [[7, 7], [7, 7]]
 * ```
 */
export function full(shape: Shape, value: number, dtype: DType = "float32"): Tensor {
  const result = checkedEmpty("full", shape, dtype);
  numeric("full", "the value", value);
  engine().fill(result, value);
  return result;
}

/**
 * A tensor of zeros.
 * @throws RangeError for lengths that are not whole numbers from 0 on; TypeError for an unknown dtype.
 * @example
 * ```ts
 * zeros([2, 3]).toArray(); // [[0, 0, 0], [0, 0, 0]]
 * ```
 */
export function zeros(shape: Shape, dtype: DType = "float32"): Tensor {
  const result = checkedEmpty("zeros", shape, dtype);
  const own = engine();
  if (own.isZeros?.(result.storage) !== true) own.fill(result, 0);
  return result;
}

/**
 * A tensor of ones.
 * @throws RangeError for lengths that are not whole numbers from 0 on; TypeError for an unknown dtype.
 * @example
 * ```ts
 * ones([3]).toArray(); // [1, 1, 1]
 * ```
 */
export function ones(shape: Shape, dtype: DType = "float32"): Tensor {
  return full(shape, 1, dtype);
}

/**
 * Zeros in the shape of x, and in its dtype unless another is given.
 * @throws TypeError for an unknown dtype.
 * @example
 * ```ts
 * zerosLike(tensor([1, 2])).toArray(); // [0, 0]
 * ```
 */
export function zerosLike(x: Tensor, dtype: DType = x?.dtype): Tensor {
  checkTensor("zerosLike", x);
  return full(x.shape, 0, dtype);
}

/**
 * Ones in the shape of x, and in its dtype unless another is given.
 * @throws TypeError for an unknown dtype.
 * @example
 * ```ts
 * onesLike(tensor([1, 2])).toArray(); // [1, 1]
 * ```
 */
export function onesLike(x: Tensor, dtype: DType = x?.dtype): Tensor {
  checkTensor("onesLike", x);
  return full(x.shape, 1, dtype);
}

/**
 * `value` in the shape of x, and in its dtype unless another is given.
 * @throws TypeError for an unknown dtype.
 * @example
 * ```ts
 * fullLike(tensor([1, 2]), 5).toArray(); // [5, 5]
 * ```
 */
export function fullLike(x: Tensor, value: number, dtype: DType = x?.dtype): Tensor {
  checkTensor("fullLike", x);
  return full(x.shape, value, dtype);
}

/**
 * Ones on a diagonal of a [rows, columns] matrix, 0 elsewhere; without `offset` and `columns` the identity.
 * @param offset how far above (positive) or below the main diagonal.
 * @throws RangeError for lengths that are not whole numbers from 0 on; TypeError for an unknown dtype.
 * @example
 * ```ts
 * eye(2).toArray(); // [[1, 0], [0, 1]]
 * eye(2, 3, 1).toArray(); // [[0, 1, 0], [0, 0, 1]]
 * ```
 */
export function eye(rows: number, columns: number = rows, offset = 0, dtype: DType = "float32"): Tensor {
  integer("eye", "the offset", offset);
  const result = zeros([rows, columns], dtype);
  const values = result.dataSync();
  for (let i = 0; i < rows; i++) {
    const j = i + offset;
    if (j >= 0 && j < columns) values[i * columns + j] = 1;
  }
  engine().write(result, values);
  return result;
}

/**
 * Values from `start` (inclusive) to `stop` (exclusive) in steps: start + i step. Shape: [ceil((stop - start) / step)].
 * `arange(n)` counts from 0.
 * @throws RangeError if the step is 0 or a bound is not finite; TypeError for bool or an unknown dtype.
 * @example
 * ```ts
 * arange(3).toArray(); // [0, 1, 2]
 * arange(1, 7, 2).toArray(); // [1, 3, 5]
 * ```
 */
export function arange(start: number, stop?: number, step = 1, dtype: DType = "float32"): Tensor {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (!Number.isFinite(from) || !Number.isFinite(to) || !Number.isFinite(step) || step === 0) {
    throw new RangeError(
      `arange: bounds and step must be finite numbers and the step not 0, got start ${quote(from)}, stop ${quote(to)}, step ${quote(step)}`,
    );
  }
  if (dtype === "bool") throw new TypeError("arange: bool has no steps; use int32 and compare");
  const result = checkedEmpty("arange", [Math.max(0, Math.ceil((to - from) / step))], dtype);
  if (result.size > 0) engine().arange(result, from, step);
  return result;
}

/**
 * `count` values evenly spaced from `start` to `stop`, both included: start + i (stop - start) / (count - 1). Shape:
 * [count].
 * @throws RangeError if `count` is not a whole number from 0 on; TypeError for an unknown dtype.
 * @example
 * ```ts
 * linspace(0, 1, 5).toArray(); // [0, 0.25, 0.5, 0.75, 1]
 * ```
 */
export function linspace(start: number, stop: number, count = 50, dtype: DType = "float32"): Tensor {
  finite("linspace", "start", start);
  finite("linspace", "stop", stop);
  const result = checkedEmpty("linspace", [count], dtype);
  const values = typedArray(dtype, count);
  for (let i = 0; i < count; i++)
    values[i] = asElement(i === count - 1 && count > 1 ? stop : between(start, stop, i / (count - 1 || 1)), dtype);
  engine().write(result, values);
  return result;
}

/** a + (b - a) share, also where b - a overflows. */
function between(a: number, b: number, share: number): number {
  const distance = b - a;
  return Number.isFinite(distance) ? a + distance * share : a * (1 - share) + b * share;
}

/** A copy with memory of its own, not recorded. Internal; `clone` in ops is the differentiable one. */
export function copyOf(x: Tensor, label = "clone"): Tensor {
  const result = emptyLike(label, x, x.dtype);
  if (x.size > 0) engine().copy(packed(x), result);
  return result;
}
