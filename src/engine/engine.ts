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

/** A call that a program makes. */
export interface EngineStep {
  /** Makes it on an engine; `numbers` are those of this run. */
  readonly call: (on: Engine, numbers: readonly number[]) => unknown;
  /** How many numbers differ from run to run, if some do. */
  readonly numbers?: number;
  /** What it has to answer. */
  readonly answer?: number;
  /** Whether it calls a function that is no engine's. */
  readonly beside?: boolean;
}

/** Calls that are made again and again, in their order. */
export interface StepsToCompile {
  readonly steps: readonly EngineStep[];
  /** Storages whose places are told with every run. */
  readonly inputs: readonly Storage[];
  /** Stands in the calls for room that every run has of its own, so many bytes, where it leaves what is read later. */
  readonly row?: Storage;
  readonly rowBytes: number;
  /** The most runs that are asked for at once. */
  readonly rows: number;
  /** Where the rows lie: as many bytes as `rowStride` says, for each. Default: memory of their own. */
  readonly address?: number;
}

/** Bytes from a row to the next: its cells of eight bytes, for inputs and numbers, and what a run leaves behind them. */
export function rowStride({ steps, inputs, rowBytes }: Pick<StepsToCompile, "steps" | "inputs" | "rowBytes">): number {
  let cells = inputs.length;
  for (const { numbers } of steps) cells += numbers ?? 0;
  return Math.max(64, Math.ceil((8 * cells + rowBytes) / 64) * 64);
}

/** Calls in the engine's own code. Every run has a row of memory, which tells what is its own and takes what it leaves. */
export interface CompiledSteps {
  /** Tells in which cell the numbers of a step begin; inputs have the first ones. */
  cellOf(step: EngineStep): number;
  /** Puts an input's address, or a number. */
  put(row: number, cell: number, value: number): void;
  /** An element that a run has left, so many bytes behind the first. */
  left(row: number, at: number, dtype: DType): number;
  /** Runs the first rows; how many came to their end: where a call answers otherwise than it has to, the run stops there. */
  run(count: number): number;
  /** How many rows of a run that threw came to their end. */
  reached(): number;
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
  /** Ends what works for it. */
  close?(): void;
  /** Bytes of memory the engine holds, and the most that were in use. */
  memory(): { heldBytes: number; peakBytes: number };

  /** What the workspace of a convolution follows from beside its shape. Absent: nothing. */
  readonly workspaceKey?: string;

  /**
   * Whether values come back later than they are asked for: `read`, `readElement` and `window` throw, and a check of indices answers that all
   * is well; what it found is thrown by the next `readAsync`. Absent: no.
   */
  readonly asynchronous?: boolean;
  /** Reads the storages of views: until something is written to them, `read` and `readElement` answer for them. Absent: they always do. */
  prefetch?(views: readonly ArrayView[]): Promise<void>;
  /**
   * Optimisers' updates do nothing from here on if the value is not finite, and neither do those after them, until `goOn`: so a loss may be looked at
   * when later steps have been asked for already. Absent where values are there at once.
   */
  haltUnlessFinite?(value: ArrayView): void;
  goOn?(): void;
  /**
   * Copies all that is in its memory to JavaScript, so that the tensors of this moment survive the device: see `moveTo`. Absent where tensors can't be
   * lost, or nobody asked for it.
   */
  keepMoment?(): Promise<void>;
  /** Tensors go to another engine, as they were at the last moment that was kept; those made since are lost. */
  moveTo?(other: Engine): void;
  /** Calls that another may wait for, to be done together with them: programs use memory again only after so many. Absent: none waits. */
  readonly delay?: number;
  /** Bytes a storage takes that has so many on a CPU. Absent: as many. */
  bytesFor?(bytes: number, dtype: DType): number;

  /**
   * Runs a function whose results are not differentiated: an engine may keep what it makes in a layout of its own until somebody looks at it, and at
   * the end what has not ended. The function tells of storages that end as far as it is concerned, though they stay where they are. Absent: no layout
   * is better.
   */
  answering?<R>(body: (ended: (storage: Storage) => void) => R): R;

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
  /** Whether a storage that was made last is zeros without being filled. Absent: no engine's business. */
  isZeros?(storage: Storage): boolean;
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

  /** Makes calls one function; null where that can't be done. Absent: nowhere. The engine is not to be another one's wrapping. */
  compile?(steps: StepsToCompile): CompiledSteps | null;

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
