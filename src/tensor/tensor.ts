// The tensor: a window (offset, shape, strides) on a storage. Views share storage; operations make new tensors. Arithmetic is added to this
// class by src/ops/methods.ts, so that `x.add(y)` and `add(x, y)` are the same thing.
import { callable, isHoles } from "../engine/checks.ts";
import { bytesOf, type DType, isFloat, type TypedArray } from "../engine/dtype.ts";
import { type ArrayView, engine } from "../engine/engine.ts";
import { beginScope, finishScope, keepStorage, moveOut, type Scope, type Storage } from "../engine/storage.ts";
import { Node } from "./graph.ts";
import { formatArray } from "./print.ts";
import {
  checkShape,
  formatShape,
  isContiguous,
  MAXIMUM_RANK,
  rankError,
  rowMajorStrides,
  type Shape,
} from "./shape.ts";

/** Numbers or booleans nested to any depth, as `toArray` gives them. */
export type NestedArray = number | boolean | NestedArray[];

/**
 * An array of numbers of one dtype with any number of axes, and what automatic differentiation must know of it.
 * `tensor(...)` and the other creation functions make it; operations are methods and functions alike: `x.add(y)` is
 * `add(x, y)`.
 *
 * It is a view of elements in memory: `reshape`, `transpose`, `slice` and the like share them and copy nothing.
 * @example
 * ```ts
 * const x = tensor([[1, 2], [3, 4]]);
 * x.T.matmul(x).sum(1).toArray(); // [24, 34]
 * String(x); // "[[1. 2.]\n [3. 4.]]"
 * ```
 */
export class Tensor implements ArrayView {
  /**
   * @internal
   */
  readonly storage: Storage;
  /** Place of the first element in the memory that views share, in elements. */
  readonly offset: number;
  /** Lengths of its axes. */
  readonly shape: Shape;
  /** Number of elements: the product of the lengths. */
  readonly size: number;
  /** Type of the elements. */
  readonly dtype: DType;
  /** Whether the elements lie row-major and without gaps. */
  readonly contiguous: boolean;
  /**
   * The operation that made this tensor, when it was recorded.
   * @internal
   */
  node: Node | null = null;
  private stridesIfKnown: readonly number[] | null;

  /**
   * `tensor(...)` and the other creation functions make tensors. `strides` null means row-major.
   * @internal
   */
  constructor(
    storage: Storage,
    dtype: DType,
    shape: Shape,
    size: number,
    offset = 0,
    strides: readonly number[] | null = null,
  ) {
    if (shape.length > MAXIMUM_RANK) throw rankError(storage.label, shape);
    this.storage = storage;
    this.dtype = dtype;
    this.shape = shape;
    this.size = size;
    this.offset = offset;
    this.stridesIfKnown = strides;
    this.contiguous = strides === null || isContiguous(shape, strides);
  }

  /** Distance in elements between neighbours along each axis. */
  get strides(): readonly number[] {
    this.stridesIfKnown ??= rowMajorStrides(this.shape);
    return this.stridesIfKnown;
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** Number of axes, by NumPy's name. */
  get ndim(): number {
    return this.shape.length;
  }

  /**
   * Length of the first axis.
   * @throws TypeError for a scalar.
   */
  get length(): number {
    if (this.shape.length === 0) throw new TypeError("length: a scalar has no first axis");
    return this.shape[0];
  }

  /**
   * The elements, row-major, as a typed array of the caller's own. Waits until they are there; `data()` does not.
   * @throws Error if the tensor's scope has ended.
   */
  dataSync(): TypedArray {
    return engine().read(this);
  }

  /**
   * The elements, row-major, as a typed array of the caller's own.
   * @throws Error if the tensor's scope has ended.
   */
  data(): Promise<TypedArray> {
    return engine().readAsync(this);
  }

  /**
   * The only element's value; booleans as 0 and 1.
   * @throws RangeError if there is not exactly one.
   */
  item(): number {
    if (this.size !== 1) {
      throw new RangeError(
        `item: shape ${formatShape(this.shape)} has ${this.size} elements, not one; index first, or use toArray()`,
      );
    }
    return engine().readElement(this, 0);
  }

  /**
   * Nested arrays of numbers, or of booleans for bool; a number for a scalar.
   * @throws Error if the tensor's scope has ended; RangeError where they would have more than 134,217,728 elements in all.
   */
  toArray(): NestedArray {
    checkLists(this.shape);
    const values = this.dataSync();
    const bool = this.dtype === "bool";
    let position = 0;
    const build = (axis: number): NestedArray => {
      if (axis === this.shape.length) {
        const value = values[position++];
        return bool ? value !== 0 : value;
      }
      return Array.from({ length: this.shape[axis] }, () => build(axis + 1));
    };
    return build(0);
  }

  /** As Python's print shows a NumPy array. */
  toString(): string {
    return formatArray(this.dataSync(), this.shape, this.dtype, undefined, "str");
  }

  /**
   * What `JSON.stringify` writes of it: the values as `toArray` gives them, which `tensor(...)` takes again (without the
   * dtype; NaN and infinities become null, as everywhere in JSON).
   * @throws Error if the tensor's scope has ended.
   */
  toJSON(): NestedArray {
    return this.toArray();
  }

  /** What Node's console shows: NumPy's repr, with `tensor(` for `array(`. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    if (this.storage.address === 0)
      return `tensor(<its scope has ended>, shape=${formatShape(this.shape)}, dtype=${this.dtype})`;
    return formatArray(this.dataSync(), this.shape, this.dtype, undefined, "repr");
  }

  /** Whether gradients with respect to this tensor, or through it, are followed. */
  get tracked(): boolean {
    return this.node !== null;
  }

  /** The gradient that `backward` collected here, or null. */
  get gradient(): Tensor | null {
    const slot = this.node?.slot;
    return slot && !slot.fresh ? slot.tensor : null;
  }

  /**
   * Asks for gradients with respect to this tensor: operations on it are recorded, and `backward` collects its gradient
   * in `.gradient`. Returns the tensor itself.
   * @throws TypeError for a dtype without gradients; Error for the result of a recorded operation.
   */
  requireGradient(): this {
    if (!isFloat(this.dtype)) {
      throw new TypeError(`requireGradient: ${this.dtype} has no gradient; only float32 and float64 have`);
    }
    if (this.node !== null && this.node.rule !== null) {
      throw new Error(
        "requireGradient: this tensor is the result of a recorded operation and has its gradient already",
      );
    }
    this.node ??= new Node("variable", [], null);
    return this;
  }
}

/** Anything an operation takes as an operand beside a tensor. */
export type TensorLike = Tensor | number;

/**
 * A new tensor with undefined content. `label` names its maker in memory reports.
 * @throws RangeError if a length is not a whole number from 0 on, whatever the operation let through, or memory is exhausted.
 */
export function empty(label: string, shape: Shape, dtype: DType): Tensor {
  let size = 1;
  for (let i = 0; i < shape.length; i++) {
    if (shape[i] >>> 0 !== shape[i]) throw noShape(label, shape);
    size *= shape[i];
  }
  return emptyOf(label, shape, size, dtype);
}

/** The same in the shape of `x`, which has been looked at when x was made. */
export function emptyLike(label: string, x: Tensor, dtype: DType): Tensor {
  return emptyOf(label, x.shape, x.size, dtype);
}

/** The same with its number of elements, by whoever has looked at the lengths. */
export function emptyOf(label: string, shape: Shape, size: number, dtype: DType): Tensor {
  const bytes = dtype === "bool" ? size : dtype === "float64" ? size * 8 : size * 4;
  return new Tensor(engine().allocate(bytes, label, dtype, shape), dtype, shape, size);
}

/** Elements of all arrays that `toArray` makes: as many as V8's longest has, 1 GiB. A program that asks for more is ended, not told. */
const MOST_LISTED = 2 ** 27;

function checkLists(shape: Shape): void {
  let [elements, lists] = [1, 0];
  for (const length of shape) {
    elements *= length;
    lists += elements;
  }
  if (lists <= MOST_LISTED) return;
  throw new RangeError(
    `toArray: the arrays of shape ${formatShape(shape)} have ${lists} elements, and JavaScript holds ${MOST_LISTED}; ` +
      "take dataSync(), which is one typed array, or a part: slice(0, 1000).toArray()",
  );
}

// Errors are made apart from where they are thrown: a function that is short enough runs as part of its caller.

function noShape(label: string, shape: Shape): RangeError {
  return new RangeError(
    `${label}: ${formatShape(shape)} is no shape; an argument of the operation is not a whole number, or out of range`,
  );
}

/**
 * A window of another shape on the memory of `x`; strides null means row-major.
 * @throws RangeError if it would reach beyond that memory, or a number is not whole: the operations that make windows check their arguments,
 * and what slips through must not become an address.
 */
export function windowOf(x: Tensor, shape: Shape, offset: number, strides: readonly number[] | null): Tensor {
  let size = 1;
  let lowest = offset;
  let highest = offset;
  let whole = offset >>> 0 === offset;
  for (let i = 0; i < shape.length; i++) {
    const length = shape[i];
    if (length >>> 0 !== length) whole = false;
    size *= length;
    if (strides === null) continue;
    const far = (length - 1) * strides[i];
    if (far < 0) lowest += far;
    else highest += far;
  }
  if (strides === null) highest += size - 1;
  if (!whole || (size > 0 && !liesWithin(x.storage.bytes / bytesOf(x.dtype), lowest, highest))) {
    throw outside(x, shape, offset, strides);
  }
  return new Tensor(x.storage, x.dtype, shape, size, offset, strides);
}

/** Whether two places are whole numbers, and places of so many elements. */
function liesWithin(elements: number, lowest: number, highest: number): boolean {
  return lowest >>> 0 === lowest && highest >>> 0 === highest && highest < elements;
}

function outside(x: Tensor, shape: Shape, offset: number, strides: readonly number[] | null): RangeError {
  return new RangeError(
    `view: offset ${offset}, shape ${formatShape(shape)}${strides ? ` and strides ${formatShape(strides)}` : ""} ` +
      `lead outside the ${x.storage.bytes / bytesOf(x.dtype)} elements that the view is of; ` +
      "an argument of the operation is not a whole number, or out of range",
  );
}

/** No engine's memory is larger. */
const MOST_BYTES = 2 ** 32;

/** Refuses a result that no memory holds before tables as long as its axes are made. */
export function checkRoom(operation: string, shape: Shape, dtype: DType): void {
  const bytes = checkShape(operation, shape) * bytesOf(dtype);
  if (bytes <= MOST_BYTES) return;
  throw new RangeError(
    `${operation}: a result of shape ${formatShape(shape)} takes ${bytes} bytes, and an engine has at most ${MOST_BYTES}; ask for less at a time`,
  );
}

/** `x` itself if it is row-major, else a row-major copy (not recorded). */
export function packed(x: Tensor): Tensor {
  if (x.contiguous) return x;
  const copy = emptyLike("copy", x, x.dtype);
  if (x.size > 0) engine().copy(x, copy);
  return copy;
}

/** Calls `visit` for every tensor in arrays, plain objects, maps and sets, to any depth. */
export function forEachTensor(value: unknown, visit: (x: Tensor) => void): void {
  if (value instanceof Tensor) {
    visitTensor(value, visit);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  // Not by calling itself: what is nested deep would fill the stack. The next one comes last.
  const seen = new Set<unknown>();
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (next instanceof Tensor) visitTensor(next, visit);
    else if (typeof next === "object" && next !== null && !seen.has(next)) {
      seen.add(next);
      const elements = elementsOf(next);
      for (let i = elements.length - 1; i >= 0; i--) if (typeof elements[i] === "object") open.push(elements[i]);
    }
  }
}

function visitTensor(x: Tensor, visit: (x: Tensor) => void): void {
  visit(x);
  const slot = x.node?.slot;
  if (slot) visit(slot.tensor);
}

function elementsOf(value: object): readonly unknown[] {
  if (Array.isArray(value)) return isHoles(value) ? Object.values(value) : value;
  if (value instanceof Map || value instanceof Set) return [...value];
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? Object.values(value) : [];
}

/**
 * Runs `body` and frees every tensor made in it, except those in what it returns (a tensor, or arrays, objects, maps
 * and sets of tensors) and those given to `keep`. Scopes nest; what leaves an inner one belongs to the outer.
 * @throws TypeError if `body` is asynchronous: a scope ends when `body` returns, before its promise does.
 * @example
 * ```ts
 * const y = scope(() => {
 *   const x = tensor([1, 2, 3]);
 *   return x.mul(x).sum();
 * });
 * y.item(); // 14
 * ```
 */
export function scope<R>(body: () => R): R {
  callable("scope", "the argument", body);
  // Functions that call themselves in a scope go as deep as the stack: what lies on it meanwhile is as little as can be.
  const own = beginScope();
  try {
    return released(body(), own);
  } finally {
    finishScope(own);
  }
}

/** The result of a scope's function, which takes its tensors along. */
function released<R>(result: R, own: Scope): R {
  if (result instanceof Promise) {
    throw new TypeError(
      "scope: the function is asynchronous, and its tensors would be freed before it has finished; " +
        "use a scope for each synchronous part, and keep(tensor) for what crosses an await",
    );
  }
  const storages: Storage[] = [];
  forEachTensor(result, (x) => storages.push(x.storage));
  moveOut(storages, own);
  return result;
}

/**
 * Takes a tensor, or all tensors in arrays, objects, maps and sets, out of every scope: they live as long as something
 * refers to them. Returns what it was given.
 * @example
 * ```ts
 * let best = tensor(0);
 * scope(() => {
 *   best = keep(tensor(1).add(1));
 * });
 * best.item(); // 2
 * ```
 */
export function keep<T>(value: T): T {
  forEachTensor(value, (x) => keepStorage(x.storage));
  return value;
}
