// The engine `native`: memory, kernels and threads of the engine `wasm`, with matrix products handed to a library of the machine, which works
// on the same bytes. Where the library can't take an operand as it lies, or gains nothing, the kernel computes it.
import type { NativeProvider } from "../configure.ts";
import { bytesOf, type DType } from "../dtype.ts";
import type { ArrayView, EngineStatus, FusedActivation, MatrixView } from "../engine.ts";
import { endedError } from "../storage.ts";
import { WasmEngine, type WasmOptions } from "../wasm/engine.ts";
import { CONVOLUTIONS, Convolutions, type Host } from "./convolution.ts";
import { type Koffi, loadKoffi, memoryAddress } from "./koffi.ts";
import { missingMessage, missingReason, type NativeLibraries, type NativeLibrary, nativeLibraries } from "./library.ts";
import { LAYOUTS, makeParts, type PartKernels, type Parts, STEPS, TASK } from "./parts.ts";
import { withNativeWorkers } from "./workers.ts";

const ACTIVATION: Record<FusedActivation, number> = { none: 0, sigmoid: 1, tanh: 2, relu: 3 };

/** Multiply-adds from which the library is faster than the kernel, the call included. */
const SMALLEST_PRODUCT = 16384;
/** Multiply-adds of the smallest part worth giving to another thread: two microseconds. */
const PART_WORK = 250_000;
/** Multiply-adds from which a product is cut fine enough for many threads. */
const LARGE_WORK = 64 * PART_WORK;
/** What finishing an element costs, in multiply-adds of the library. */
const FINISH_WORK: Record<FusedActivation, number> = { none: 8, relu: 8, sigmoid: 250, tanh: 250 };
/** Parts begin at multiples of the tiles that libraries compute at once. */
const [ROW_UNIT, COLUMN_UNIT] = [8, 48];

/** `EngineStatus`, and the library. */
export interface NativeStatus extends EngineStatus {
  /** Name, version and instructions of the library. */
  library: string;
  libraryFile: string;
}

export interface NativeOptions extends WasmOptions {
  /**
   * Hand convolutions to oneDNN too. Off: in long training with batches gathered anew at every step, oneDNN 2.6 was seen to refuse one with status 2,
   * and the cause is not found; the kernels take them instead.
   */
  convolutions?: boolean;
  /** Multiply-adds from which products go to the library; default: where it begins to be faster than the kernel. */
  smallestProduct?: number;
}

/** The exports of kernels/native.ts. */
interface NativeKernels extends PartKernels {
  threadCount(): number;
  forkOutside(chunks: number): number;
  nextOutside(): number;
}

/**
 * Distance between the rows of a matrix as it lies in memory, negative if it lies transposed; 0 if neither its rows nor its columns are
 * contiguous. A single row or column has any distance.
 */
export function leadingDimension(rows: number, columns: number, rowStride: number, columnStride: number): number {
  if (columnStride === 1 || columns === 1) {
    if (rows === 1) return columns;
    if (rowStride >= columns) return rowStride;
  }
  if (rowStride === 1 || rows === 1) {
    if (columns === 1) return -rows;
    if (columnStride >= rows) return -columnStride;
  }
  return 0;
}

/** Address of a view's first element, or of the element at an offset of its own. */
function place(operation: string, { storage, offset }: ArrayView, bytes: number, at = offset): number {
  if (storage.address === 0) throw endedError(operation, storage);
  return storage.address + at * bytes;
}

export class NativeEngine extends WasmEngine {
  override readonly name: string = "native";
  readonly libraries: NativeLibraries;
  private readonly parts: Parts;
  private readonly kernels: NativeKernels;
  private readonly task: Uint32Array;
  private readonly smallestProduct: number;
  private readonly convolutions: Convolutions | undefined;

  /** Throws an Error that says what was tried and what to install if no library can be used. */
  static make(options: NativeOptions = {}): NativeEngine {
    const libraries = nativeLibraries();
    if (libraries === null) throw new Error(missingMessage());
    const loaded = loadKoffi();
    const steps: number[] = [];
    return withNativeWorkers(loaded, libraries, steps, () => new NativeEngine(options, loaded.koffi, libraries, steps));
  }

  private constructor(options: NativeOptions, koffi: Koffi, libraries: NativeLibraries, workerSteps: number[]) {
    super(options);
    this.libraries = libraries;
    this.smallestProduct = options.smallestProduct ?? SMALLEST_PRODUCT;
    this.kernels = this["byName"] as unknown as NativeKernels;
    const memory = this["memoryObject"];
    const base = memoryAddress(koffi, memory);
    const steps = workerSteps.map((at) => new Float64Array(memory.buffer, at, STEPS.words));
    steps.unshift(new Float64Array(STEPS.words));
    this.parts = makeParts(koffi, libraries, base, memory.buffer, steps[0]!, this.kernels, LAYOUTS);
    this.task = new Uint32Array(memory.buffer, TASK.address, TASK.words);
    if (options.convolutions && libraries.float32.kind === "onednn" && process.arch === "x64") {
      const host = this.convolutionHost(steps, base);
      this.convolutions = new Convolutions(koffi, libraries.float32, host, options.smallestProduct);
    }
  }

  override status(): NativeStatus {
    const { float32, float64 } = this.libraries;
    const second = float64 === null || float64 === float32 ? "" : `; float64 by ${float64.title}`;
    return { ...super.status(), library: float32.title + second, libraryFile: float32.file };
  }

  private convolutionHost(steps: readonly Float64Array[], base: number): Host {
    return {
      parts: this.parts,
      task: this.task,
      steps,
      base,
      allocate: (bytes) => this.allocateBytes(bytes),
      release: (address, bytes) => this.releaseBytes(address, bytes),
      copy: (from, to, bytes) => this["u8"].copyWithin(to, from, from + bytes),
      sumRows: (x, rows, elements, out) => this["byType"].float32["sum"]!(x, out, 1, rows, elements),
      fork: (parts) => this.fork(parts),
    };
  }

  override kernel(name: string, dtype: DType, ...values: (ArrayView | number | null)[]): number {
    if (this.convolutions !== undefined && dtype === "float32" && name in CONVOLUTIONS) {
      const numbers = values.map((value) =>
        typeof value === "number" ? value : value === null ? 0 : place(name, value, 4),
      );
      if (this.convolutions.run(name, numbers)) return 0;
    }
    return super.kernel(name, dtype, ...values);
  }

  override matmul(
    a: MatrixView,
    b: MatrixView,
    c: ArrayView,
    m: number,
    n: number,
    k: number,
    batch: number,
    options: { accumulate?: boolean; bias?: ArrayView; activation?: FusedActivation } = {},
  ): void {
    const multiply = c.dtype === "float32" ? this.parts.float32 : c.dtype === "float64" ? this.parts.float64 : null;
    const lda = leadingDimension(m, k, a.rowStride, a.columnStride);
    const ldb = leadingDimension(k, n, b.rowStride, b.columnStride);
    const work = m * n * k;
    const backwards = a.batchStride < 0 || b.batchStride < 0;
    if (multiply === null || lda === 0 || ldb === 0 || work < this.smallestProduct || backwards) {
      super.matmul(a, b, c, m, n, k, batch, options);
      return;
    }
    const bytes = bytesOf(c.dtype);
    const fromA = place("matmul", a.view, bytes, a.offset);
    const fromB = place("matmul", b.view, bytes, b.offset);
    const to = place("matmul", c, bytes);
    const bias = options.bias ? place("matmul", options.bias, bytes) : 0;
    const activation = ACTIVATION[options.activation ?? "none"];
    const finishing = bias !== 0 || activation !== 0;
    const total = batch * (finishing ? work + m * n * FINISH_WORK[options.activation ?? "none"] : work);
    const accumulate = options.accumulate ? 1 : 0;
    const [transposeA, transposeB] = [lda < 0 ? 1 : 0, ldb < 0 ? 1 : 0];
    const library = this.libraries[bytes === 8 ? "float64" : "float32"]!;
    const wanted = library.splits ? partsFor(total) : 1;
    if (wanted < 2 && batch === 1) {
      const [a, b] = [fromA, fromB];
      const error = multiply(transposeA, transposeB, m, n, k, a, Math.abs(lda), b, Math.abs(ldb), accumulate, to, n);
      if (error !== 0) throw refused(library, error);
      if (finishing) {
        this.kernels[bytes === 8 ? "finishProduct_f64" : "finishProduct_f32"](m, n, to, n, bias, activation);
      }
      return;
    }
    const { task } = this;
    task[TASK.kind] = bytes === 8 ? TASK.float64Product : TASK.float32Product;
    task[TASK.m] = m;
    task[TASK.n] = n;
    task[TASK.k] = k;
    task[TASK.transposeA] = transposeA;
    task[TASK.a] = fromA;
    task[TASK.lda] = Math.abs(lda);
    task[TASK.transposeB] = transposeB;
    task[TASK.b] = fromB;
    task[TASK.ldb] = Math.abs(ldb);
    task[TASK.accumulate] = accumulate;
    task[TASK.c] = to;
    task[TASK.bias] = bias;
    task[TASK.activation] = activation;
    task[TASK.batch] = batch;
    task[TASK.nextA] = a.batchStride * bytes;
    task[TASK.nextB] = b.batchStride * bytes;
    task[TASK.nextC] = m * n * bytes;
    task[TASK.error] = 0;
    if (batch >= wanted) {
      task[TASK.items] = Math.ceil(batch / wanted);
      this.fork(Math.ceil(batch / task[TASK.items]!));
    } else {
      task[TASK.items] = 0;
      const parts = this.cut(m, n, wanted);
      for (let item = 0; item < batch; item++) {
        this.fork(parts);
        task[TASK.a]! += task[TASK.nextA]!;
        task[TASK.b]! += task[TASK.nextB]!;
        task[TASK.c]! += task[TASK.nextC]!;
      }
    }
    if (task[TASK.error] !== 0) throw refused(library, task[TASK.error]!);
  }

  /** Cuts a product into about `wanted` rectangles: across the side that is longer, for each part copies what it needs of both factors. */
  private cut(m: number, n: number, wanted: number): number {
    let [rowParts, columnParts] = [1, 1];
    while (rowParts * columnParts < wanted) {
      const rows = m / rowParts;
      const columns = n / columnParts;
      const [tall, wide] = [rows >= 2 * ROW_UNIT, columns >= 2 * COLUMN_UNIT];
      if (!tall && !wide) break;
      if (tall && (!wide || rows >= columns)) rowParts *= 2;
      else columnParts *= 2;
    }
    const rows = Math.ceil(m / rowParts / ROW_UNIT) * ROW_UNIT;
    const columns = Math.ceil(n / columnParts / COLUMN_UNIT) * COLUMN_UNIT;
    this.task[TASK.rows] = rows;
    this.task[TASK.columns] = columns;
    this.task[TASK.columnParts] = Math.ceil(n / columns);
    return Math.ceil(m / rows) * Math.ceil(n / columns);
  }

  /** Runs the task's parts on all threads. */
  private fork(parts: number): void {
    const { kernels } = this;
    if (parts === 1 || kernels.threadCount() === 1) {
      for (let part = 0; part < parts; part++) this.parts.run(part);
      return;
    }
    try {
      for (let part = kernels.forkOutside(parts); part !== -1; part = kernels.nextOutside()) this.parts.run(part);
    } catch (error) {
      this["checkWorkers"]();
      throw error;
    }
  }
}

/**
 * Into how many parts a product is cut. It depends on the work alone, never on the threads that are there: a library rounds differently for
 * another shape, and one thread must give the same bits as many.
 */
function partsFor(work: number): number {
  const most = work >= LARGE_WORK ? 16 : 4;
  return Math.max(1, Math.min(most, Math.floor(work / PART_WORK)));
}

function refused(library: NativeLibrary, error: number): Error {
  return new Error(`matmul: ${library.title} refused the product with error ${error}`);
}

export const nativeProvider: NativeProvider = {
  problem: () => (nativeLibraries() === null ? { reason: missingReason(), message: missingMessage() } : null),
  make: (options) => NativeEngine.make(options),
};
