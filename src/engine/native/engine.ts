// The engine `native`: memory, kernels and threads of the engine `wasm`, with matrix products handed to a library of the machine, which works
// on the same bytes. Where the library can't take an operand as it lies, or gains nothing, the kernel computes it.
import type { NativeProvider } from "../configure.ts";
import { bytesOf, type DType } from "../dtype.ts";
import type { ArrayView, EngineStatus, FusedActivation, MatmulOptions, MatrixView } from "../engine.ts";
import { endedError, keptStorage, type Storage } from "../storage.ts";
import { FEWEST_CHANNELS, WasmEngine, type WasmOptions } from "../wasm/engine.ts";
import { Answers, IN_BLOCKS } from "./answers.ts";
import { CONVOLUTIONS, Convolutions } from "./convolution.ts";
import type { Host } from "./host.ts";
import { type Koffi, loadKoffi, memoryAddress } from "./koffi.ts";
import { missingMessage, missingReason, type NativeLibraries, type NativeLibrary, nativeLibraries } from "./library.ts";
import { cutProduct, leadingDimension, PRODUCT, partsFor } from "./products.ts";
import { isRecurrentKernel, runRecurrent } from "./recurrent.ts";
import { bindCalls, type Calls, type PartKernels, type RunPart, SIGNALS, STEPS, TASK } from "./thread.ts";
import { makeRunner, withNativeWorkers } from "./workers.ts";

const ACTIVATION: Record<FusedActivation, number> = { none: 0, sigmoid: 1, tanh: 2, relu: 3 };

/** Multiply-adds from which the library is faster than the kernel, the call included. */
const SMALLEST_PRODUCT = 16384;
/** What finishing an element costs, in multiply-adds of the library. */
const FINISH_WORK: Record<FusedActivation, number> = { none: 8, relu: 8, sigmoid: 250, tanh: 250 };

/** Vectors of 16 numbers make the library's own convolutions faster, but not the kernels' transforms. */
const FEWEST_CHANNELS_AVX512 = 64;

/** Parts that can be offered to the threads at a time: see kernels/parallel.ts. */
const MOST_CHUNKS = 0xffff;

/** `EngineStatus`, and the library. */
export interface NativeStatus extends EngineStatus {
  /** Name, version and instructions of the library. */
  library: string;
  libraryFile: string;
}

export interface NativeOptions extends WasmOptions {
  /** Multiply-adds from which products go to the library; default: where it begins to be faster than the kernel. */
  smallestProduct?: number;
}

/** Exports of the kernels' module beside kernels. */
interface NativeKernels extends PartKernels {
  threadCount(): number;
  forkOutside(first: number, chunks: number): number;
  nextOutside(): number;
  patchBytes(): number;
  winogradBegin(...values: number[]): number;
  winogradEnd(kind: number, result: number, how: number, size: number): void;
  addRows_f32(x: number, rows: number, n: number, out: number): void;
}

/** Address of a view's first element, or of the element at an offset of its own. */
function place(operation: string, { storage, offset }: ArrayView, bytes: number, at = offset): number {
  if (storage.address === 0) throw endedError(operation, storage);
  return storage.address + at * bytes;
}

export class NativeEngine extends WasmEngine {
  override readonly name: string = "native";
  readonly libraries: NativeLibraries;
  private readonly calls: Calls;
  private readonly kernels: NativeKernels;
  private readonly task: Uint32Array;
  private readonly runPart: RunPart;
  private readonly host: Host;
  private readonly smallestProduct: number | undefined;
  private readonly convolutions: Convolutions;
  private readonly answers: Answers | null;

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
    this.smallestProduct = options.smallestProduct;
    this.kernels = this["byName"] as unknown as NativeKernels;
    const memory = this["memoryObject"];
    const steps = workerSteps.map((at) => new Float64Array(memory.buffer, at, STEPS.words));
    const own = new Float64Array(STEPS.words);
    this.task = new Uint32Array(memory.buffer, TASK.address, TASK.words);
    this.calls = bindCalls(koffi, libraries, memoryAddress(koffi, memory), SIGNALS);
    this.runPart = makeRunner({ calls: this.calls, task: this.task, steps: own, kernels: this.kernels });
    this.host = {
      calls: this.calls,
      task: this.task,
      steps: [own, ...steps],
      allocate: (bytes) => this.allocateBytes(bytes),
      release: (address, bytes) => this.releaseBytes(address, bytes),
      allocateKept: (bytes) => keptStorage(this, bytes, "packed weights"),
      floats: (address, count) => this["f32"].subarray(address / 4, address / 4 + count),
      copy: (from, to, bytes) => this["u8"].copyWithin(to, from, from + bytes),
      transpose: (from, rows, columns, to) => {
        const at = this["putIntegers"]([columns, rows], [1, columns], [rows, 1]);
        this["byBytes"][4]!["copyStrided"]!(2, at, at + 64, at + 128, from, to);
      },
      sumRows: (x, rows, elements, out) => this.kernels.addRows_f32(x, rows, elements, out),
      beginWinograd: (...values) => this.kernels.winogradBegin(...values),
      endWinograd: (kind, result, how, size) => this.kernels.winogradEnd(kind, result, how, size),
      patchBytes: () => this.kernels.patchBytes(),
      fork: (parts) => this.fork(parts),
    };
    const wide = /AVX-512/.test(libraries.float32.title);
    if (wide) this.filterMinimally(FEWEST_CHANNELS_AVX512);
    this.convolutions = new Convolutions(koffi, libraries.float32, this.host, options.smallestProduct);
    const { blocked } = this.convolutions;
    const fewest = wide ? FEWEST_CHANNELS_AVX512 : FEWEST_CHANNELS;
    const layout = {
      block: wide ? 16 : 8,
      minimalChannels: this["winograd"] ? fewest : Number.POSITIVE_INFINITY,
    };
    this.answers = blocked && new Answers(this.host, this, blocked, layout);
  }

  override close(): void {
    super.close();
    this.convolutions.clear();
  }

  /** See `Engine`: convolutions' results stay in the library's layout. */
  answering<R>(body: (ended: (storage: Storage) => void) => R): R {
    // `this` may be what times the calls, or watches them otherwise.
    return this.answers === null ? body(() => {}) : this.answers.run(this, body);
  }

  override releaseBytes(address: number, bytes: number): void {
    this.answers?.released(address);
    super.releaseBytes(address, bytes);
  }

  override status(): NativeStatus {
    const { float32, float64 } = this.libraries;
    const second = float64 === null || float64 === float32 ? "" : `; float64 by ${float64.title}`;
    return { ...super.status(), library: float32.title + second, libraryFile: float32.file };
  }

  protected override leaves(
    method: "matmul" | "kernel",
    values: Parameters<NativeEngine["matmul"]> | Parameters<NativeEngine["kernel"]>,
  ): boolean {
    if (method === "kernel") return isLibraryKernel(...(values as Parameters<NativeEngine["kernel"]>));
    const [a, b, c, m, n, k] = values as Parameters<NativeEngine["matmul"]>;
    return this.forLibrary(a, b, c, m, n, k);
  }

  /** Whether the library multiplies these matrices, and not the kernel. */
  private forLibrary(a: MatrixView, b: MatrixView, c: ArrayView, m: number, n: number, k: number): boolean {
    const multiply = c.dtype === "float32" ? this.calls.float32 : c.dtype === "float64" ? this.calls.float64 : null;
    if (multiply === null || m * n * k < (this.smallestProduct ?? SMALLEST_PRODUCT)) return false;
    const lda = leadingDimension(m, k, a.rowStride, a.columnStride);
    const ldb = leadingDimension(k, n, b.rowStride, b.columnStride);
    return lda !== 0 && ldb !== 0 && a.batchStride >= 0 && b.batchStride >= 0;
  }

  override kernel(name: string, dtype: DType, ...values: (ArrayView | number | null)[]): number {
    if (isLibraryKernel(name, dtype)) {
      const numbers = values.map((value) =>
        typeof value === "number" ? value : value === null ? 0 : place(name, value, 4),
      );
      const done = isRecurrentKernel(name)
        ? runRecurrent(this.host, name, numbers, this.smallestProduct)
        : this.convolutions.run(name, numbers, name === "convolution" ? (values[1] as ArrayView).storage : undefined);
      if (done) return 0;
    }
    return name in IN_BLOCKS ? this.answers!.perform() : super.kernel(name, dtype, ...values);
  }

  override matmul(
    a: MatrixView,
    b: MatrixView,
    c: ArrayView,
    m: number,
    n: number,
    k: number,
    batch: number,
    options: MatmulOptions = {},
  ): void {
    if (!this.forLibrary(a, b, c, m, n, k)) {
      super.matmul(a, b, c, m, n, k, batch, options);
      return;
    }
    const multiply = c.dtype === "float32" ? this.calls.float32 : this.calls.float64!;
    const lda = leadingDimension(m, k, a.rowStride, a.columnStride);
    const ldb = leadingDimension(k, n, b.rowStride, b.columnStride);
    const work = m * n * k;
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
    task[TASK.kind] = bytes === 8 ? TASK.kinds.float64Product : TASK.kinds.float32Product;
    task[PRODUCT.m] = m;
    task[PRODUCT.n] = n;
    task[PRODUCT.k] = k;
    task[PRODUCT.transposeA] = transposeA;
    task[PRODUCT.a] = fromA;
    task[PRODUCT.lda] = Math.abs(lda);
    task[PRODUCT.transposeB] = transposeB;
    task[PRODUCT.b] = fromB;
    task[PRODUCT.ldb] = Math.abs(ldb);
    task[PRODUCT.accumulate] = accumulate;
    task[PRODUCT.c] = to;
    task[PRODUCT.bias] = bias;
    task[PRODUCT.activation] = activation;
    task[PRODUCT.batch] = batch;
    task[PRODUCT.nextA] = a.batchStride * bytes;
    task[PRODUCT.nextB] = b.batchStride * bytes;
    task[PRODUCT.nextC] = m * n * bytes;
    task[TASK.error] = 0;
    if (batch >= wanted) {
      task[PRODUCT.items] = Math.ceil(batch / wanted);
      this.fork(Math.ceil(batch / task[PRODUCT.items]!));
    } else {
      task[PRODUCT.items] = 0;
      const parts = cutProduct(task, m, n, wanted);
      for (let item = 0; item < batch; item++) {
        this.fork(parts);
        task[PRODUCT.a]! += task[PRODUCT.nextA]!;
        task[PRODUCT.b]! += task[PRODUCT.nextB]!;
        task[PRODUCT.c]! += task[PRODUCT.nextC]!;
      }
    }
    if (task[TASK.error] !== 0) throw refused(library, task[TASK.error]!);
  }

  /** Runs the task's parts on all threads. */
  private fork(parts: number): void {
    const { kernels } = this;
    if (parts === 1 || kernels.threadCount() === 1) {
      for (let part = 0; part < parts; part++) this.runPart(part);
      return;
    }
    try {
      for (let first = 0; first < parts; first += MOST_CHUNKS) {
        const chunks = Math.min(MOST_CHUNKS, parts - first);
        for (let part = kernels.forkOutside(first, chunks); part !== -1; part = kernels.nextOutside()) {
          this.runPart(part);
        }
      }
    } catch (error) {
      this["checkWorkers"]();
      throw error;
    }
  }
}

/** Whether the library may run a kernel of this name. */
function isLibraryKernel(name: string, dtype: DType, ..._values: unknown[]): boolean {
  return dtype === "float32" && (name in CONVOLUTIONS || isRecurrentKernel(name));
}

function refused(library: NativeLibrary, error: number): Error {
  return new Error(`matmul: ${library.title} refused the product with error ${error}`);
}

export const nativeProvider: NativeProvider = {
  problem: () => (nativeLibraries() === null ? { reason: missingReason(), message: missingMessage() } : null),
  make: (options) => NativeEngine.make(options),
};
