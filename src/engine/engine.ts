// What an engine does: it owns storage and runs loops over it. Operations (src/ops) know shapes and gradients, engines know neither.
// Engines differ in how, never in what. Unless a method says otherwise, operands are contiguous and of one dtype.
import type { DType, TypedArray } from "./dtype.ts";
import type { Storage } from "./storage.ts";

/** A strided window on a storage: what a tensor is to an engine. */
export interface ArrayView {
  readonly storage: Storage;
  /** First element, counted in elements from the storage's start. */
  readonly offset: number;
  readonly shape: readonly number[];
  /** Elements between neighbours along each axis; 0 repeats, negative runs backwards. */
  readonly strides: readonly number[];
  readonly size: number;
  readonly dtype: DType;
  /** Row-major without gaps. */
  readonly contiguous: boolean;
}

/** Activation fused into a matrix product. */
export type FusedActivation = "none" | "sigmoid" | "tanh" | "relu";

/** A matrix operand: address of its first element and the distances between rows and between columns, in elements. */
export interface MatrixView {
  readonly view: ArrayView;
  readonly offset: number;
  readonly rowStride: number;
  readonly columnStride: number;
  /** Elements between the matrices of a batch; 0 uses one matrix for all. */
  readonly batchStride: number;
}

/** What else a matrix product does. */
export interface MatmulOptions {
  /** Adds to what is there. */
  accumulate?: boolean;
  /** Added to every row. */
  bias?: ArrayView;
  /** Applied at the end. */
  activation?: FusedActivation;
}

/** What an engine is and has. */
export interface EngineStatus {
  /** Its name. */
  engine: string;
  /** Threads it works with, the calling one included. Those that turned out not to start, and those that died, are not among them. */
  threads: number;
  /** Worker threads that have started; the rest join when they are up. */
  threadsReady: number;
  /** Whether it uses instructions whose rounding depends on the processor. */
  relaxedSimd: boolean;
  /** Whether its memory can be shared with other threads; without, it has one. */
  sharedMemory: boolean;
  /** Whether the bits are the same on every machine. */
  deterministic: boolean;
}

/** Storage and the loops over it; see the head of this file. */
export interface Engine {
  readonly name: string;
  status(): EngineStatus;
  /** Bytes of memory the engine holds, and the most that were in use. */
  memory(): { heldBytes: number; peakBytes: number };

  /** A new storage, its content undefined. */
  allocate(bytes: number, label: string, dtype: DType, shape: readonly number[]): Storage;
  /** A copy of a view's elements in JavaScript, row-major. */
  read(view: ArrayView): TypedArray;
  /** The same without stopping the caller, for engines whose memory is elsewhere. */
  readAsync(view: ArrayView): Promise<TypedArray>;
  /** One element, by its distance from the view's first. */
  readElement(view: ArrayView, offset: number): number;
  /** Copies values of the view's dtype into a contiguous view. */
  write(view: ArrayView, values: TypedArray): void;
  /** The memory of a contiguous view itself, for what fills it from a file. Good until the next allocation. */
  window(view: ArrayView): Uint8Array;

  /** dst[...] = src[...], any strides. */
  copy(src: ArrayView, dst: ArrayView): void;
  fill(out: ArrayView, value: number): void;
  cast(x: ArrayView, out: ArrayView): void;
  /** out[i] = start + i step. */
  arange(out: ArrayView, start: number, step: number): void;

  /** out = op(x); `a`, `b` are the operation's parameters. */
  unary(op: string, x: ArrayView, out: ArrayView, a?: number, b?: number): void;
  /** out = op(a, b), broadcasting; a and b any strides. */
  binary(op: string, a: ArrayView, b: ArrayView, out: ArrayView): void;
  /** out = op(a, b) with a number on one side. */
  binaryScalar(op: string, a: ArrayView, b: number, out: ArrayView, numberFirst: boolean): void;
  where(condition: ArrayView, a: ArrayView, b: ArrayView, out: ArrayView): void;

  /** out[outer, inner] = op over n of x[outer, n, inner]. */
  reduce(op: string, x: ArrayView, out: ArrayView, outer: number, n: number, inner: number): void;

  /** c[m, n] (+)= a[m, k] b[k, n] (+ bias[n]), then the activation; c contiguous, `batch` times. */
  matmul(
    a: MatrixView,
    b: MatrixView,
    c: ArrayView,
    m: number,
    n: number,
    k: number,
    batch: number,
    options?: MatmulOptions,
  ): void;

  /** Any other kernel by name, its operands' addresses and numbers in the order of its definition in kernels/. */
  kernel(name: string, dtype: DType, ...values: (ArrayView | number | null)[]): number;
}

let current: Engine | undefined;
let makeDefault: (() => Engine) | undefined;

/** The engine operations run on; the default is made at first use. */
export function engine(): Engine {
  if (current === undefined) {
    if (makeDefault === undefined) throw new Error("engine: none is installed; import nabla's entry file");
    current = makeDefault();
  }
  return current;
}

/** Says how to make the engine that is used when nobody asked for another. */
export function setDefaultEngine(make: () => Engine): void {
  makeDefault = make;
}

/** Makes operations run on another engine from now on. */
export function setEngine(value: Engine): void {
  current = value;
}
