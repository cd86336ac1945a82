// What every thread does for the native engine: its parts of a matrix product, each handed to the library and finished by a kernel.
// Worker threads run this file's one function from its source text, so it may use nothing but its arguments.
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

export interface Parts {
  readonly float32: Multiply;
  readonly float64: Multiply | null;
  /** Runs a part of the task whose words are in memory. */
  run(part: number): void;
}

/** What a thread needs to run steps of oneDNN, as numbers: memory objects, stream, and three numbers a step. */
export const STEPS = { words: 32, inputA: 0, inputB: 1, output: 2, stream: 3, count: 4, first: 5 } as const;

/** The exports of the kernels' module that parts use. */
export type PartKernels = Record<
  "finishProduct_f32" | "finishProduct_f64",
  (m: number, n: number, c: number, cRow: number, bias: number, activation: number) => void
>;

/** Words of a task, from TASK_ARGUMENTS of kernels/parallel.ts on. A part is a rectangle of one product, or some products of a batch. */
export const TASK = {
  address: 512,
  words: 32,
  /** What the parts are: float32 products, float64 products, or images to convolve. */
  kind: 0,
  m: 1,
  n: 2,
  k: 3,
  transposeA: 4,
  a: 5,
  lda: 6,
  transposeB: 7,
  b: 8,
  ldb: 9,
  accumulate: 10,
  c: 11,
  bias: 12,
  activation: 13,
  /** Size of a rectangle, and rectangles side by side. */
  rows: 14,
  columns: 15,
  columnParts: 16,
  /** Products, how many make a part (0: parts are rectangles), and the bytes from one to the next. */
  batch: 17,
  items: 18,
  nextA: 19,
  nextB: 20,
  nextC: 21,
  /** An error code of any part, 0 for none. */
  error: 22,
  /** Elements of a convolution's part, to which the activation is applied. */
  elements: 23,
  /** Kinds. */
  float32Product: 0,
  float64Product: 1,
  convolution: 2,
} as const;

export const LAYOUTS = { task: TASK, steps: STEPS } as const;

/**
 * Binds the libraries to this thread. `base` is the address of the engine's memory in the process, `row` what this
 * thread's steps are read from.
 */
export function makeParts(
  koffi: Koffi,
  libraries: NativeLibraries,
  base: number,
  buffer: ArrayBufferLike,
  row: Float64Array,
  kernels: PartKernels,
  { task: layout, steps: stepLayout }: typeof LAYOUTS,
): Parts {
  const load = (native: NativeLibrary): ForeignLibrary => {
    const library = koffi.load(native.file);
    if (native.oneThread !== null) library.func(native.oneThread, "void", ["int"])(1);
    return library;
  };
  const oneDnn = (library: ForeignLibrary): Multiply => {
    const size = "int64_t";
    const gemm = library.func("dnnl_sgemm", "int", [
      ...["char", "char", size, size, size],
      ...["float", "size_t", size, "size_t", size, "float", "size_t", size],
    ]);
    return (ta, tb, m, n, k, a, lda, b, ldb, accumulate, c, ldc) =>
      gemm(ta ? 84 : 78, tb ? 84 : 78, m, n, k, 1, base + a, lda, base + b, ldb, accumulate, base + c, ldc);
  };
  const blas = (library: ForeignLibrary, name: string, scalar: string): Multiply => {
    const gemm = library.func(name, "void", [
      ...["int", "int", "int", "int", "int", "int"],
      ...[scalar, "size_t", "int", "size_t", "int", scalar, "size_t", "int"],
    ]);
    return (ta, tb, m, n, k, a, lda, b, ldb, accumulate, c, ldc) => {
      gemm(101, ta ? 112 : 111, tb ? 112 : 111, m, n, k, 1, base + a, lda, base + b, ldb, accumulate, base + c, ldc);
      return 0;
    };
  };
  const first = load(libraries.float32);
  const float32 = libraries.float32.kind === "onednn" ? oneDnn(first) : blas(first, "cblas_sgemm", "float");
  const float64 = libraries.float64 && blas(load(libraries.float64), "cblas_dgemm", "double");
  const oneDnnOf = (name: string, types: string[]): ((...values: number[]) => number) | null =>
    libraries.float32.kind === "onednn" ? first.func(name, "int", types) : null;
  const setAddress = oneDnnOf("dnnl_memory_set_data_handle", ["size_t", "size_t"]);
  const execute = oneDnnOf("dnnl_primitive_execute", ["size_t", "size_t", "int", "size_t"]);
  const task = new Uint32Array(buffer, layout.address, layout.words);
  const word = (index: number): number => task[index]!;

  const rectangle = (a: number, b: number, c: number, i: number, j: number, rows: number, columns: number): void => {
    const wide = word(layout.kind) === layout.float64Product;
    const size = wide ? 8 : 4;
    const [transposeA, transposeB, k] = [word(layout.transposeA), word(layout.transposeB), word(layout.k)];
    const [lda, ldb, ldc] = [word(layout.lda), word(layout.ldb), word(layout.n)];
    const multiply = wide ? float64! : float32;
    const fromA = a + size * i * (transposeA ? 1 : lda);
    const fromB = b + size * j * (transposeB ? ldb : 1);
    const to = c + size * (i * ldc + j);
    const accumulate = word(layout.accumulate);
    const error = multiply(transposeA, transposeB, rows, columns, k, fromA, lda, fromB, ldb, accumulate, to, ldc);
    if (error !== 0) task[layout.error] = error;
    const bias = word(layout.bias);
    const activation = word(layout.activation);
    if (bias !== 0 || activation !== 0) {
      const finish = wide ? kernels.finishProduct_f64 : kernels.finishProduct_f32;
      finish(rows, columns, to, ldc, bias === 0 ? 0 : bias + size * j, activation);
    }
  };

  const convolve = (part: number): void => {
    setAddress!(row[stepLayout.inputA]!, base + word(layout.a) + part * word(layout.nextA));
    if (row[stepLayout.inputB] !== 0)
      setAddress!(row[stepLayout.inputB]!, base + word(layout.b) + part * word(layout.nextB));
    const to = word(layout.c) + part * word(layout.nextC);
    setAddress!(row[stepLayout.output]!, base + to);
    const stream = row[stepLayout.stream]!;
    for (let step = 0; step < row[stepLayout.count]!; step++) {
      const at = stepLayout.first + 3 * step;
      const error = execute!(row[at]!, stream, row[at + 1]!, row[at + 2]!);
      if (error !== 0) task[layout.error] = error;
    }
    const activation = word(layout.activation);
    const elements = word(layout.elements);
    if (activation !== 0) kernels.finishProduct_f32(1, elements, to, elements, 0, activation);
  };

  const run = (part: number): void => {
    if (word(layout.kind) === layout.convolution) {
      convolve(part);
      return;
    }
    const [m, n, items] = [word(layout.m), word(layout.n), word(layout.items)];
    const [a, b, c] = [word(layout.a), word(layout.b), word(layout.c)];
    if (items === 0) {
      const i = Math.floor(part / word(layout.columnParts)) * word(layout.rows);
      const j = (part % word(layout.columnParts)) * word(layout.columns);
      rectangle(a, b, c, i, j, Math.min(word(layout.rows), m - i), Math.min(word(layout.columns), n - j));
      return;
    }
    const end = Math.min(word(layout.batch), (part + 1) * items);
    for (let item = part * items; item < end; item++) {
      const [nextA, nextB, nextC] = [word(layout.nextA), word(layout.nextB), word(layout.nextC)];
      rectangle(a + item * nextA, b + item * nextB, c + item * nextC, 0, 0, m, n);
    }
  };
  return { float32, float64, run };
}
