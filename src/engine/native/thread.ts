// What the threads of the native engine have in common: the task that all read, the library's functions bound to a thread, and what a
// thread's part of the work is made from. Worker threads run these functions from their source text, so a function named here or in
// the files beside may use nothing but its arguments.
import type { ForeignLibrary, Koffi } from "./koffi.ts";
import type { NativeLibraries, NativeLibrary } from "./library.ts";

/**
 * C[m,n] = A[m,k] B[k,n], or C + A B with `accumulate`; row-major, A or B transposed where its flag is 1. Addresses in the engine's memory, the
 * leading dimensions in elements. Returns the library's error code, 0 for none.
 */
export type Multiply = (
  transposeA: number,
  transposeB: number,
  m: number,
  n: number,
  k: number,
  a: number,
  lda: number,
  b: number,
  ldb: number,
  accumulate: number,
  c: number,
  ldc: number,
) => number;

/** The libraries' functions on one thread; null where the library has none. */
export interface Calls {
  readonly float32: Multiply;
  readonly float64: Multiply | null;
  /** oneDNN: tells a memory object where its data is, as an address in the engine's memory. */
  readonly setAddress: ((memory: number, address: number) => number) | null;
  /** oneDNN: runs a primitive on so many operands. */
  readonly execute: ((primitive: number, stream: number, count: number, operands: number) => number) | null;
}

/** The exports of the kernels' module that parts call. */
export interface PartKernels {
  finishProduct_f32(m: number, n: number, c: number, cRow: number, bias: number, activation: number): void;
  finishProduct_f64(m: number, n: number, c: number, cRow: number, bias: number, activation: number): void;
  patchAddress(): number;
  unfold_f32(...values: number[]): void;
  fold_f32(...values: number[]): void;
  finishRows_f32(out: number, rows: number, n: number, bias: number, relu: number): void;
  winogradTake(): number;
  winogradLoad(part: number, step: number, slot: number): number;
  winogradWeights(part: number, slot: number): number;
  winogradTiles(part: number, step: number): number;
  winogradSteps(part: number): number;
  winogradResults(slot: number): number;
  winogradDepth(step: number): number;
  winogradAdds(step: number): number;
  winogradStore(part: number, step: number, slot: number): void;
  winogradRelease(slot: number): void;
  rnnStep_f32(...values: number[]): void;
  rnnStepGradient_f32(...values: number[]): void;
  lstmStep_f32(...values: number[]): void;
  lstmStepGradient_f32(...values: number[]): void;
  gruGates_f32(...values: number[]): void;
  gruState_f32(...values: number[]): void;
  gruStateGradient_f32(...values: number[]): void;
  gruResetGradient_f32(...values: number[]): void;
}

/**
 * Words of a task, from TASK_ARGUMENTS of kernels/parallel.ts on. The first two are every task's: which of the kinds,
 * and an error code of any part; the others belong to their kind.
 */
export const TASK = {
  address: 512,
  words: 128,
  kind: 0,
  error: 1,
  kinds: {
    float32Product: 0,
    float64Product: 1,
    blocked: 2,
    patchesForward: 3,
    patchesInputGradient: 4,
    patchesWeightGradient: 5,
    lstmForward: 6,
    lstmBackward: 7,
    winograd: 8,
    gruForward: 9,
    gruBackward: 10,
    rnnForward: 11,
    rnnBackward: 12,
  },
} as const;

/** What a thread needs to run steps of oneDNN, as numbers: its stream, the memory objects of the operands, and three numbers a step. */
export const STEPS = {
  words: 32,
  stream: 0,
  /** How many steps, and how many operands. */
  count: 1,
  operands: 2,
  /** The memory objects, at most nine. */
  object: 3,
  first: 12,
} as const;

/** What a thread makes its parts from. */
export interface Thread {
  readonly calls: Calls;
  /** The task's words. */
  readonly task: Uint32Array;
  /** Steps of oneDNN for this thread. */
  readonly steps: Float64Array;
  readonly kernels: PartKernels;
}

/** Runs a part of the task by its number. */
export type RunPart = (part: number) => void;

/** Signals that come from outside at any time, by their numbers on Linux: from hang-up and interrupt to profiling and a window's new size. */
export const SIGNALS = [1, 2, 3, 10, 12, 13, 14, 15, 17, 18, 20, 23, 26, 27, 28, 29] as const;

/**
 * Binds the libraries to the calling thread. `base` is the address of the engine's memory in the process.
 *
 * Small products of oneDNN (2.6: 40x64x100 is one) move the stack pointer into memory of their own; a signal's handler
 * then writes over what lies below, and the process ends with a corrupted heap. So a thread that calls oneDNN does not
 * take signals: the system hands them to another thread of the process, and Node hears of them as ever.
 */
export function bindCalls(koffi: Koffi, libraries: NativeLibraries, base: number, signals: readonly number[]): Calls {
  const refuseSignals = (): void => {
    if (process.platform !== "linux") return;
    const set = new Uint8Array(128);
    for (const signal of signals) set[(signal - 1) >> 3]! |= 1 << ((signal - 1) & 7);
    const block = 0;
    const mask = koffi.load(null).func("pthread_sigmask", "int", ["int", "uint8_t *", "size_t"]);
    (mask as (...values: unknown[]) => number)(block, set, 0);
  };
  const load = (native: NativeLibrary): ForeignLibrary => {
    const library = koffi.load(native.file);
    if (native.oneThread !== null) library.func(native.oneThread, "void", ["int"])(1);
    return library;
  };
  // Kernels hand over addresses as signed words: those above 2 GiB come out negative.
  const at = (address: number): number => base + (address >>> 0);
  const oneDnn = (library: ForeignLibrary): Multiply => {
    const size = "int64_t";
    const gemm = library.func("dnnl_sgemm", "int", [
      ...["char", "char", size, size, size],
      ...["float", "size_t", size, "size_t", size, "float", "size_t", size],
    ]);
    return (ta, tb, m, n, k, a, lda, b, ldb, accumulate, c, ldc) =>
      gemm(ta ? 84 : 78, tb ? 84 : 78, m, n, k, 1, at(a), lda, at(b), ldb, accumulate, at(c), ldc);
  };
  const blas = (library: ForeignLibrary, name: string, scalar: string): Multiply => {
    const gemm = library.func(name, "void", [
      ...["int", "int", "int", "int", "int", "int"],
      ...[scalar, "size_t", "int", "size_t", "int", scalar, "size_t", "int"],
    ]);
    return (ta, tb, m, n, k, a, lda, b, ldb, accumulate, c, ldc) => {
      gemm(101, ta ? 112 : 111, tb ? 112 : 111, m, n, k, 1, at(a), lda, at(b), ldb, accumulate, at(c), ldc);
      return 0;
    };
  };
  const first = load(libraries.float32);
  const float64 = libraries.float64 && blas(load(libraries.float64), "cblas_dgemm", "double");
  if (libraries.float32.kind !== "onednn") {
    return { float32: blas(first, "cblas_sgemm", "float"), float64, setAddress: null, execute: null };
  }
  refuseSignals();
  const setHandle = first.func("dnnl_memory_set_data_handle", "int", ["size_t", "size_t"]);
  return {
    float32: oneDnn(first),
    float64,
    setAddress: (memory, address) => setHandle(memory, at(address)),
    execute: first.func("dnnl_primitive_execute", "int", ["size_t", "size_t", "int", "size_t"]),
  };
}
