// The default engine: kernels compiled from AssemblyScript, on one WebAssembly memory, shared with worker threads where that is allowed.

import { Arena } from "../arena.ts";
import { asElement, bytesOf, type DType, type TypedArray, typedArray } from "../dtype.ts";
import {
  type ArrayView,
  type CompiledSteps,
  type Engine,
  type EngineStatus,
  type FusedActivation,
  type MatmulOptions,
  type MatrixView,
  rowStride,
  type StepsToCompile,
} from "../engine.ts";
import { platform } from "../platform.ts";
import { quote } from "../quote.ts";
import {
  allocateOrCollect,
  endedError,
  keptStorage,
  makeStorage,
  type Storage,
  type StorageOwner,
} from "../storage.ts";
import { broadcastStrides, collapse, rowMajor } from "../strides.ts";
import { type Assembly, assemble, Outside, type Writing, writingTable } from "./assemble.ts";
import { compileKernels, hasRelaxedSimd } from "./module.ts";
import { SCRATCH_BYTES, WorkerPool } from "./pool.ts";
import { signaturesOf } from "./writer.ts";

type Kernel = (...values: number[]) => number;

const SUFFIX: Record<DType, string> = { float32: "f32", float64: "f64", int32: "i32", bool: "u8" };
const ACTIVATION: Record<FusedActivation, number> = { none: 0, sigmoid: 1, tanh: 2, relu: 3 };
const PAGE = 65536;
const INITIAL_PAGES = 256;
const MAXIMUM_RANK = 8;
/** Where shapes, strides and scalars for a kernel call are written: free bytes between the control block and the module's data. */
const ARGUMENTS = 1024;
const SCALAR = ARGUMENTS + 512;
/** Static data of the module ends below this address. */
const HEAP = 1 << 19;
/** Channels and filters from which Winograd's minimal filtering gains, where the kernels multiply. */
export const FEWEST_CHANNELS = 16;

export interface WasmOptions {
  /** Threads to use, the calling one included; default: the processors, at most 16. */
  threads?: number;
  /** Use no instruction whose result depends on the processor. */
  deterministic?: boolean;
  /** Whether convolutions of 3 by 3 may be done with fewer multiplications, rounding otherwise than the plain sum; default true, never where `deterministic`. */
  winograd?: boolean;
  /** Most bytes the memory may grow to; default 4 GiB, the most there can be. */
  maximumBytes?: number;
  /** Where a browser finds the workers' program. */
  workerUrl?: string | URL;
}

export class WasmEngine implements Engine, StorageOwner {
  readonly name: string = "wasm";
  private readonly memoryObject: WebAssembly.Memory;
  private readonly shared: boolean;
  private readonly arena: Arena;
  private readonly pool: WorkerPool | undefined;
  private readonly threads: number;
  private readonly relaxed: boolean;
  private readonly deterministic: boolean;
  private readonly winograd: boolean;
  workspaceKey = "";
  /** Kernels by dtype and operation, `byType.float32.add`; by element size for pure movement. */
  private readonly byType: Record<DType, Record<string, Kernel>>;
  private readonly byBytes: Record<number, Record<string, Kernel>>;
  private readonly byName: Record<string, Kernel>;
  /** The kernels' module without its code. */
  private readonly head: Uint8Array;
  private assembly: Assembly | undefined;
  // Views on the whole memory, made anew when it grows.
  private f32!: Float32Array;
  private f64!: Float64Array;
  private i32!: Int32Array;
  private u8!: Uint8Array;

  constructor(options: WasmOptions = {}) {
    this.deterministic = options.deterministic ?? false;
    this.winograd = !this.deterministic && (options.winograd ?? true);
    this.relaxed = !this.deterministic && hasRelaxedSimd();
    const wanted = options.threads ?? Math.min(platform().processors(), 16);
    if (!Number.isInteger(wanted) || wanted < 1) {
      throw new RangeError(`engine: threads must be a whole number of at least 1, got ${quote(wanted)}`);
    }
    this.shared = platform().sharedMemory();
    this.threads = this.shared ? wanted : 1;
    this.memoryObject = makeMemory(this.shared, options.maximumBytes ?? 65536 * PAGE);
    const { module, head } = compileKernels({ relaxed: this.relaxed, shared: this.shared });
    this.head = head;
    const instance = new WebAssembly.Instance(module, {
      env: {
        memory: this.memoryObject,
        abort: () => {
          this.checkWorkers();
          throw new Error("a kernel aborted");
        },
      },
    });
    this.byName = instance.exports as Record<string, Kernel>;
    this.byType = { float32: {}, float64: {}, int32: {}, bool: {} };
    this.byBytes = { 1: {}, 4: {}, 8: {} };
    this.indexKernels();
    this.refreshViews();

    const scratch = HEAP;
    this.byName["setScratch"]!(scratch, SCRATCH_BYTES);
    this.filterMinimally(FEWEST_CHANNELS);
    const heap = scratch + this.threads * SCRATCH_BYTES;
    if (heap > this.memoryObject.buffer.byteLength) this.growTo(heap + PAGE);
    this.arena = new Arena(heap, this.memoryObject.buffer.byteLength, (bytes) => this.growTo(bytes));
    if (this.threads > 1) {
      this.pool = new WorkerPool(module, this.memoryObject, scratch + SCRATCH_BYTES, options.workerUrl);
      this.pool.start(this.threads - 1);
    }
  }

  /** Allows Winograd's minimal filtering, if it is wished, from so many channels and filters on. */
  protected filterMinimally(fewestChannels: number): void {
    const threads = this.winograd ? this.threads : 0;
    this.byName["setWinograd"]!(threads, fewestChannels);
    this.workspaceKey = `${threads} ${fewestChannels}`;
  }

  private indexKernels(): void {
    const types: Record<string, DType> = { f32: "float32", f64: "float64", i32: "int32", u8: "bool" };
    for (const [name, kernel] of Object.entries(this.byName)) {
      const parts = /^([A-Za-z0-9]+)_(f32|f64|i32|u8|1|4|8)(_strided)?$/.exec(name);
      if (parts === null) continue;
      const [, operation, suffix, strided] = parts as unknown as [string, string, string, string | undefined];
      const table = types[suffix] ? this.byType[types[suffix]] : this.byBytes[Number(suffix)];
      table[operation + (strided ?? "")] = kernel;
    }
  }

  private refreshViews(): void {
    const buffer = this.memoryObject.buffer;
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u8 = new Uint8Array(buffer);
  }

  private growTo(bytes: number): number {
    const missing = Math.ceil((bytes - this.memoryObject.buffer.byteLength) / PAGE);
    try {
      if (missing > 0) this.memoryObject.grow(missing);
    } catch {
      return 0;
    }
    this.refreshViews();
    return this.memoryObject.buffer.byteLength;
  }

  status(): EngineStatus {
    return {
      engine: this.name,
      threads: 1 + (this.pool?.size ?? 0),
      threadsReady: 1 + (this.pool?.ready() ?? 0),
      relaxedSimd: this.relaxed,
      sharedMemory: this.shared,
      deterministic: this.deterministic,
    };
  }

  memory(): { heldBytes: number; peakBytes: number } {
    return { heldBytes: this.memoryObject.buffer.byteLength, peakBytes: this.arena.peakBytes };
  }

  /** Ends the worker threads; the engine works on with one. */
  close(): void {
    this.pool?.stop();
  }

  allocateBytes(bytes: number): number {
    return this.arena.allocate(bytes);
  }

  releaseBytes(address: number, bytes: number): void {
    this.arena.release(address, bytes);
  }

  allocate(bytes: number, label: string, dtype: DType, shape: readonly number[]): Storage {
    return makeStorage(this, bytes, label, dtype, shape);
  }

  /** See `Engine`: memory that was never used is zeros, and as long as nobody touches it, it takes none of the machine's. */
  isZeros(storage: Storage): boolean {
    return storage.address !== 0 && storage.address === this.arena.pristine;
  }

  protected address(view: ArrayView, operation: string): number {
    const { storage } = view;
    if (storage.address === 0) throw endedError(operation, storage);
    return storage.address + view.offset * bytesOf(view.dtype);
  }

  private heap(dtype: DType): Float32Array | Float64Array | Int32Array | Uint8Array {
    switch (dtype) {
      case "float32":
        return this.f32;
      case "float64":
        return this.f64;
      case "int32":
        return this.i32;
      case "bool":
        return this.u8;
    }
  }

  /** Throws what a worker died of. */
  private checkWorkers(): void {
    const message = this.pool?.failureMessage();
    if (message !== undefined) {
      this.pool?.stop();
      throw new Error(
        `engine: a worker thread died (${message}); the operation that was running is incomplete. ` +
          "The engine goes on with one thread; run the step again.",
      );
    }
  }

  private run(kernel: Kernel | undefined, name: string, dtype: DType, values: number[]): number {
    if (kernel === undefined) throw new TypeError(`${name}: not defined for ${dtype}`);
    try {
      return kernel(...values);
    } catch (error) {
      this.checkWorkers();
      throw error;
    }
  }

  /** Whether a call of `matmul` or `kernel` is made outside WebAssembly. */
  protected leaves(_method: "matmul" | "kernel", _values: readonly unknown[]): boolean {
    return false;
  }

  compile(wanted: StepsToCompile): CompiledSteps | null {
    this.assembly ??= this.makeAssembly();
    const { rows, address } = wanted;
    // Behind several rows lies how many have come to their end.
    const bytes = rowStride(wanted) * rows + 8;
    const room = address === undefined ? keptStorage(this, bytes, "rows of a program") : { address };
    if (room === null) return null;
    const progress = address === undefined ? room.address + bytes - 8 : undefined;
    const assembled = assemble(this.assembly, { ...wanted, progress });
    if (assembled === null) return null;
    const { run, cells, stride, results } = assembled;
    const first = room.address / 8;
    return {
      cellOf: (step) => cells.get(step)!,
      put: (row, cell, value) => {
        this.f64[first + (row * stride) / 8 + cell] = value;
      },
      left: (row, at, dtype) => this.heap(dtype)[(room.address + row * stride + results + at) / bytesOf(dtype)],
      run: (count) => {
        try {
          return run(room.address, count);
        } catch (error) {
          this.checkWorkers();
          throw error;
        }
      },
      reached: () => (progress === undefined ? 0 : this.i32[progress / 4]),
    };
  }

  private makeAssembly(): Assembly {
    const names = new Map<unknown, string>(Object.entries(this.byName).map(([name, kernel]) => [kernel, name]));
    return {
      engine: this,
      memory: this.memoryObject,
      shared: this.shared,
      kernels: this.byName,
      signatures: signaturesOf(this.head),
      scalarAddress: SCALAR,
      listsAddress: ARGUMENTS,
      writing: (to) => writingEngine(this, names, to),
      cells: () => this.f64,
    };
  }

  // Reading and writing

  read(view: ArrayView): TypedArray {
    const values = typedArray(view.dtype, view.size);
    if (view.size === 0) return values;
    const bytes = bytesOf(view.dtype);
    if (view.contiguous) {
      const start = this.address(view, "data") / bytes;
      values.set(this.heap(view.dtype).subarray(start, start + view.size));
      return values;
    }
    const temporary = allocateOrCollect(this, view.size * bytes);
    if (temporary === 0)
      throw new RangeError(`data: no memory for a contiguous copy of shape (${view.shape.join(", ")})`);
    try {
      this.copyTo(view, temporary, rowMajor(view.shape));
      values.set(this.heap(view.dtype).subarray(temporary / bytes, temporary / bytes + view.size));
    } finally {
      this.arena.release(temporary, view.size * bytes);
    }
    return values;
  }

  async readAsync(view: ArrayView): Promise<TypedArray> {
    return this.read(view);
  }

  readElement(view: ArrayView, offset: number): number {
    return this.heap(view.dtype)[this.address(view, "item") / bytesOf(view.dtype) + offset];
  }

  write(view: ArrayView, values: TypedArray): void {
    this.heap(view.dtype).set(values as Float32Array, this.address(view, "write") / bytesOf(view.dtype));
  }

  window(view: ArrayView): Uint8Array {
    const start = this.address(view, "window");
    return this.u8.subarray(start, start + view.size * bytesOf(view.dtype));
  }

  // Movement

  copy(src: ArrayView, dst: ArrayView): void {
    if (src.contiguous && dst.contiguous) {
      const bytes = src.size * bytesOf(src.dtype);
      const from = this.address(src, "copy");
      this.u8.copyWithin(this.address(dst, "copy"), from, from + bytes);
      return;
    }
    this.copyTo(src, this.address(dst, "copy"), dst.strides);
  }

  private copyTo(src: ArrayView, destination: number, strides: readonly number[]): void {
    const shape: number[] = [];
    const from: number[] = [];
    const to: number[] = [];
    collapse(src.shape, [src.strides, strides], shape, [from, to]);
    const kernel = this.byBytes[bytesOf(src.dtype)]["copyStrided"];
    const at = this.putIntegers(shape, from, to);
    kernel(shape.length, at, at + 64, at + 128, this.address(src, "copy"), destination);
  }

  /** Writes up to four lists of at most 16 integers to the argument area, 64 bytes apart; returns its address. */
  private putIntegers(...lists: readonly number[][]): number {
    let at = ARGUMENTS >> 2;
    for (const list of lists) {
      if (list.length > MAXIMUM_RANK)
        throw new RangeError(`rank ${list.length} is above the largest possible, ${MAXIMUM_RANK}`);
      for (let i = 0; i < list.length; i++) this.i32[at + i] = list[i];
      at += 16;
    }
    return ARGUMENTS;
  }

  private putScalar(value: number, dtype: DType): number {
    this.heap(dtype)[SCALAR / bytesOf(dtype)] = value;
    return SCALAR;
  }

  fill(out: ArrayView, value: number): void {
    const kernel = this.byBytes[bytesOf(out.dtype)]["fill"];
    kernel(this.address(out, "fill"), out.size, this.putScalar(asElement(value, out.dtype), out.dtype));
    out.storage.version += 1;
  }

  cast(x: ArrayView, out: ArrayView): void {
    const name = `cast_${SUFFIX[x.dtype]}_${SUFFIX[out.dtype]}`;
    this.run(this.byName[name], name, x.dtype, [this.address(x, "cast"), this.address(out, "cast"), x.size]);
  }

  arange(out: ArrayView, start: number, step: number): void {
    this.byType[out.dtype]["arange"]!(this.address(out, "arange"), out.size, start, step);
  }

  // Arithmetic

  unary(op: string, x: ArrayView, out: ArrayView, a = 0, b = 0): void {
    const kernel = this.byType[x.dtype][op];
    if (kernel === undefined) throw new TypeError(`${op}: not defined for ${x.dtype}`);
    kernel(this.address(x, op), this.address(out, op), x.size, a, b);
  }

  binary(op: string, a: ArrayView, b: ArrayView, out: ArrayView): void {
    const table = this.byType[a.dtype];
    const kernel = table[op];
    if (kernel === undefined) throw new TypeError(`${op}: not defined for ${a.dtype}`);
    const x = this.address(a, op);
    const y = this.address(b, op);
    const z = this.address(out, op);
    const n = out.size;
    if (a.contiguous && b.contiguous) {
      if (a.size === n && b.size === n) {
        kernel(0, x, y, z, n);
        return;
      }
      if (b.size === 1 && a.size === n) {
        kernel(1, x, y, z, n);
        return;
      }
      if (a.size === 1 && b.size === n) {
        kernel(2, x, y, z, n);
        return;
      }
    }
    if (n === 0) return;
    const shape: number[] = [];
    const strideA: number[] = [];
    const strideB: number[] = [];
    collapse(out.shape, [broadcastStrides(a, out.shape), broadcastStrides(b, out.shape)], shape, [strideA, strideB]);
    const at = this.putIntegers(shape, strideA, strideB);
    table[`${op}_strided`]!(shape.length, at, at + 64, at + 128, x, y, z);
  }

  binaryScalar(op: string, a: ArrayView, b: number, out: ArrayView, numberFirst: boolean): void {
    const kernel = this.byType[a.dtype][op];
    if (kernel === undefined) throw new TypeError(`${op}: not defined for ${a.dtype}`);
    const scalar = this.putScalar(b, a.dtype);
    const x = this.address(a, op);
    if (numberFirst) kernel(2, scalar, x, this.address(out, op), a.size);
    else kernel(1, x, scalar, this.address(out, op), a.size);
  }

  where(condition: ArrayView, a: ArrayView, b: ArrayView, out: ArrayView): void {
    const kernel = this.byBytes[bytesOf(out.dtype)]["where"];
    kernel(
      this.address(condition, "where"),
      this.address(a, "where"),
      this.address(b, "where"),
      this.address(out, "where"),
      out.size,
    );
  }

  reduce(op: string, x: ArrayView, out: ArrayView, outer: number, n: number, inner: number): void {
    const kernel = this.byType[x.dtype][op];
    if (kernel === undefined) throw new TypeError(`${op}: not defined for ${x.dtype}`);
    kernel(this.address(x, op), this.address(out, op), outer, n, inner);
  }

  matmul(
    a: MatrixView,
    b: MatrixView,
    c: ArrayView,
    m: number,
    n: number,
    k: number,
    batch: number,
    options: MatmulOptions = {},
  ): void {
    const table = this.byType[c.dtype];
    const bytes = bytesOf(c.dtype);
    if (a.view.storage.address === 0) throw endedError("matmul", a.view.storage);
    if (b.view.storage.address === 0) throw endedError("matmul", b.view.storage);
    const addressA = a.view.storage.address + a.offset * bytes;
    const addressB = b.view.storage.address + b.offset * bytes;
    const addressC = this.address(c, "matmul");
    const accumulate = options.accumulate ? 1 : 0;
    const bias = options.bias ? this.address(options.bias, "matmul") : 0;
    const activation = ACTIVATION[options.activation ?? "none"];
    const [ar, ac, br, bc] = [a.rowStride, a.columnStride, b.rowStride, b.columnStride];
    if (batch === 1) {
      table["gemm"]!(m, n, k, addressA, ar, ac, addressB, br, bc, addressC, n, accumulate, bias, activation);
    } else {
      const strides = [a.batchStride, b.batchStride, m * n] as const;
      // biome-ignore format: the kernel's arguments in their order
      table["gemmBatched"]!(batch, ...strides, m, n, k, addressA, ar, ac, addressB, br, bc, addressC, n, accumulate, bias, activation);
    }
  }

  kernel(name: string, dtype: DType, ...values: (ArrayView | number | null)[]): number {
    const kernel = this.byType[dtype][name] ?? this.byBytes[bytesOf(dtype)][name] ?? this.byName[name];
    const numbers: number[] = [];
    for (const value of values) {
      numbers.push(typeof value === "number" ? value : value === null ? 0 : this.address(value, name));
    }
    return this.run(kernel, name, dtype, numbers);
  }
}

/** The engine's calls, written down in place of being made. */
function writingEngine(inner: WasmEngine, names: ReadonlyMap<unknown, string>, to: Writing): Engine {
  const tables = <K extends PropertyKey>(all: Record<K, Record<string, Kernel>>): Record<K, Record<string, Kernel>> =>
    Object.fromEntries(
      Object.entries<Record<string, Kernel>>(all).map(([key, table]) => [key, writingTable(table, names, to)]),
    ) as Record<K, Record<string, Kernel>>;
  const refuse = (): never => {
    throw new Outside();
  };
  const own = {
    byType: tables(inner["byType"]),
    byBytes: tables(inner["byBytes"]),
    byName: writingTable(inner["byName"], names, to),
    u8: { copyWithin: (at: number, from: number, end: number) => to.copyBytes(at, from, end - from) },
    putIntegers: (...lists: readonly number[][]) => {
      to.lists(lists);
      return ARGUMENTS;
    },
    putScalar: (value: number, dtype: DType) => {
      to.scalar(value, dtype);
      return SCALAR;
    },
    matmul: (...values: Parameters<Engine["matmul"]>) => {
      if (inner["leaves"]("matmul", values)) refuse();
      WasmEngine.prototype.matmul.apply(writing, values);
    },
    kernel: (...values: Parameters<Engine["kernel"]>) => {
      if (inner["leaves"]("kernel", values)) refuse();
      return WasmEngine.prototype.kernel.apply(writing, values);
    },
    ...{ read: refuse, readAsync: refuse, readElement: refuse, write: refuse, window: refuse, allocate: refuse },
  };
  const writing = Object.assign(Object.create(inner) as WasmEngine, own);
  return writing;
}

/** Memory that can grow to 4 GiB, or to what the platform grants. */
function makeMemory(shared: boolean, maximumBytes: number): WebAssembly.Memory {
  const largest = Math.floor(maximumBytes / PAGE);
  if (!(largest >= INITIAL_PAGES && largest <= 65536)) {
    throw new RangeError(`engine: memory can be limited to between 16 MiB and 4 GiB, got ${quote(maximumBytes)} bytes`);
  }
  for (let maximum = largest; ; maximum = Math.floor(maximum / 2)) {
    try {
      return new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum, shared });
    } catch (error) {
      if (maximum <= 2 * INITIAL_PAGES) throw noMemory(error);
    }
  }
}

function noMemory(cause: unknown): RangeError {
  const remedy =
    platform().name === "node"
      ? "Node before 24 reserves more than 10 GiB of addresses for it, however little is used, which a limit on addresses forbids: lift it " +
        "(ulimit -v unlimited; memory in use is limited otherwise, by a cgroup), or use Node 24 or later."
      : "Close other pages, or reload this one: every page that computes with Nabla reserves addresses for its memory.";
  return new RangeError(`engine: there is no room for WebAssembly's memory. ${remedy}`, { cause });
}
