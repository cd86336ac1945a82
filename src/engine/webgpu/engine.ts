// The engine `webgpu`: tensors live in one buffer of the device, operations are kernels in WGSL, and nothing comes back before it is awaited.
// The buffer grows like the CPU engines' memory, and has their allocator. Every element takes a word, bool too; float64 there is none.
import { Arena } from "../arena.ts";
import { DeviceLimitError } from "../device-error.ts";
import { asElement, type DType, type TypedArray, typedArray } from "../dtype.ts";
import type { ArrayView, Engine, MatmulOptions, MatrixView } from "../engine.ts";
import { endedError, makeStorage, moveStorages, type Place, type Storage, type StorageOwner } from "../storage.ts";
import { broadcastStrides, collapse, rowMajor } from "../strides.ts";
import { Constants, folded } from "./constants.ts";
import type { Device } from "./device.ts";
import { Kept } from "./kept.ts";
import { axisValues, binaryText, floatFormula, scalarText, unaryText } from "./kernels/elementwise.ts";
import {
  joinText,
  matmulText,
  NO_FOLLOWER,
  partsOfSum,
  type Runs,
  type TileSize,
  tilesOf,
  tilingFor,
} from "./kernels/matmul.ts";
import { castText, copyText, FILL, HALT_UNLESS_FINITE, WHERE } from "./kernels/movement.ts";
import type { Calls, MatmulCall } from "./kernels/named.ts";
import { foldedAgain, foldText, reduceText, runningText, takesNumber } from "./kernels/reduce.ts";
import { groupsForRows, lanesFor } from "./kernels/rows.ts";
import { NAMED } from "./kernels/table.ts";
import { Known } from "./known.ts";
import { permutation } from "./permutation.ts";
import { type Kernel, Queue } from "./queue.ts";
import { HALT, type KernelText, WORKGROUP } from "./shader.ts";
import type { WebGpuStatus } from "./status.ts";
import { matrixRange, range, type Scaling, Waiting, type WaitingAlone, type WaitingProduct } from "./waiting.ts";

/** Bytes the memory begins with, and grows by at least. */
const FIRST_BYTES = 16 << 20;
const LARGE_STEP = 512 << 20;
/** Memory is whole multiples of it. */
const BLOCK = 256;
/** Before it nothing lies: an address of 0 is none. */
const BASE = 256;
/** Elements of n from which a reduction with few results is done in stretches, and how long those are. */
const LONG = 16384;
const STRETCH = 4096;

export interface WebGpuOptions {
  /** Most bytes that tensors may take; default what the device grants. */
  maximumBytes?: number;
  /** How all products are cut; default by their size and the device. */
  tiling?: TileSize;
  /** Whether tensors are to outlive the device: see `Engine.keepMoment`. */
  keeps?: boolean;
}

export class WebGpuEngine implements Engine, StorageOwner, Calls {
  readonly name = "webgpu";
  /** Checks answer later: see `Engine`. */
  readonly asynchronous = true;
  /** A product, the next one, a sum, and the slope that goes with the first. */
  readonly delay = 4;
  private readonly queue: Queue;
  private readonly arena: Arena;
  private readonly kernels = new Map<string, Kernel>();
  private readonly mostBytes: number;
  /** Blocks that a kernel by name borrowed. */
  private borrowed: { address: number; bytes: number }[] = [];
  /** Checks that were made, and how many of them the device has been asked about. */
  private checksMade = 0;
  private checksTold = 0;
  private readonly known: Known;
  private readonly kept: Kept | undefined;
  /** What is being read, and has not been written to since. */
  private readonly unwritten = new Set<Storage>();
  private readonly constants = new Constants();
  private readonly waiting = new Waiting((product) => this.runWaiting(product));
  /** Counts calls that write. */
  private writes = 0;

  constructor(
    readonly device: Device,
    private readonly options: WebGpuOptions = {},
  ) {
    // What the data were made of is there anyway when the device is lost.
    this.known = new Known(options.keeps ? Number.POSITIVE_INFINITY : undefined);
    this.kept = options.keeps ? new Kept() : undefined;
    const most = Math.min(options.maximumBytes ?? Number.POSITIVE_INFINITY, device.facts.memoryBytes);
    // Adapters grant such sizes as 2 ** 31 - 4, and a program asks for any: what is bound is of whole blocks.
    this.mostBytes = Math.max(2 * BLOCK, Math.floor(most / BLOCK) * BLOCK);
    const first = Math.min(FIRST_BYTES, this.mostBytes);
    this.queue = new Queue(device, first);
    this.arena = new Arena(BASE, first, (bytes) => this.growTo(bytes));
  }

  tiling(m: number, n: number, batch: number): TileSize {
    return this.options.tiling ?? tilingFor(this.device.facts.software, m, n, batch);
  }

  /** Doubles the memory, or makes it longer by what a large step is: what is in it is copied, and the device holds both meanwhile. */
  private growTo(bytes: number): number {
    if (bytes > this.mostBytes) return 0;
    const now = this.queue.memoryBytes;
    const size = Math.max(bytes, now + Math.min(now, LARGE_STEP));
    this.queue.grow(Math.min(this.mostBytes, Math.ceil(size / BLOCK) * BLOCK));
    return this.queue.memoryBytes;
  }

  status(): WebGpuStatus {
    const { adapter, software } = this.device.facts;
    return {
      ...{
        engine: this.name,
        threads: 1,
        threadsReady: 1,
        relaxedSimd: false,
        sharedMemory: false,
        deterministic: false,
      },
      ...{ adapter, software, counts: { ...this.queue.counts } },
    };
  }

  memory(): { heldBytes: number; peakBytes: number } {
    return { heldBytes: this.queue.memoryBytes, peakBytes: this.arena.peakBytes };
  }

  /** Ends the device: every tensor on it is lost. */
  close(): void {
    this.queue.close();
  }

  // Memory

  allocateBytes(bytes: number): number {
    return this.arena.allocate(bytes);
  }

  releaseBytes(address: number, bytes: number): void {
    this.arena.release(address, bytes);
  }

  bytesFor(bytes: number, dtype: DType): number {
    return dtype === "bool" ? 4 * bytes : bytes;
  }

  allocate(bytes: number, label: string, dtype: DType, shape: readonly number[]): Storage {
    if (dtype === "float64") throw noFloat64(label);
    let storage: Storage;
    try {
      storage = makeStorage(this, this.bytesFor(bytes, dtype), label, dtype, shape);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new DeviceLimitError(cause.message, { cause });
    }
    this.kept?.add(storage, dtype);
    return storage;
  }

  /** Undefined where nobody asked for it. */
  get keepMoment(): (() => Promise<void>) | undefined {
    return this.kept === undefined ? undefined : () => this.keepAll(this.kept!);
  }

  private async keepAll(kept: Kept): Promise<void> {
    const values = new WeakMap<Storage, TypedArray>();
    // All are read in one place of the queue, so that they belong together.
    const reads = kept.living().map(async ([storage, dtype]) => {
      // Programs have memory of their own, which they write before they read it.
      if (storage.uncounted) return;
      const known = this.known.of(storage);
      values.set(storage, known ?? (await this.readWhole(storage, dtype)));
    });
    await Promise.all(reads);
    kept.keep(values);
  }

  /** All elements of a storage; until something is written to it, they are known from then on. */
  private async readWhole(storage: Storage, dtype: DType): Promise<TypedArray> {
    const size = storage.bytes / 4;
    this.unwritten.add(storage);
    try {
      const whole = { storage, offset: 0, shape: [size], strides: [1], size, dtype, contiguous: true };
      const values = await this.readAsync(whole);
      if (this.unwritten.has(storage)) this.known.learn(storage, values);
      return values;
    } finally {
      this.unwritten.delete(storage);
    }
  }

  /**
   * @throws Error if nobody asked for it when the engine was started.
   */
  moveTo(other: Engine & Partial<StorageOwner>): void {
    if (this.kept === undefined) throw new Error('webgpu: tensors outlive a device with the option "fallback" only');
    const places = new Map<Storage, Place>();
    const writes: (() => void)[] = [];
    const owner = other as Engine & StorageOwner;
    for (const [storage, dtype] of this.kept.living()) {
      const values = this.kept.valuesOf(storage);
      if (values === undefined) {
        places.set(storage, { owner: this, address: 0, bytes: storage.bytes });
        continue;
      }
      const bytes = owner.bytesFor?.(values.byteLength, dtype) ?? values.byteLength;
      const address = owner.allocateBytes(bytes);
      if (address === 0) throw new DeviceLimitError(`engine: ${other.name} has no memory for what was on the device`);
      places.set(storage, { owner, address, bytes });
      const { length: size } = values;
      writes.push(() => {
        other.write({ storage, offset: 0, shape: [size], strides: [1], size, dtype, contiguous: true }, values);
      });
    }
    moveStorages(places);
    for (const write of writes) write();
  }

  private place(view: ArrayView, operation: string, offset = view.offset): number {
    const { storage } = view;
    if (storage.address === 0) throw endedError(operation, storage);
    const constant = this.constants.take(storage);
    if (constant !== undefined) this.each(FILL, [storage.address / 4, 1, wordOf(constant, "float32")], 1);
    return storage.address / 4 + offset;
  }

  /** The number that a view of one element is, if it is known without the device. */
  private constantOf({ storage, size }: ArrayView): number | undefined {
    return size === 1 && storage.address !== 0 ? this.constants.of(storage) : undefined;
  }

  /** Whether a view is a number of its own; then it is this one from now on. */
  private isConstant({ storage, size, dtype }: ArrayView, value: number): boolean {
    if (size !== 1 || storage.bytes !== 4 || dtype !== "float32" || storage.address === 0) return false;
    this.constants.set(storage, value);
    return true;
  }

  private wrote({ storage }: ArrayView): void {
    this.known.forget(storage);
    this.changed(storage);
  }

  /** What is being read may be older than what is there from now on. */
  private changed(storage: Storage): void {
    this.writes += 1;
    this.unwritten.delete(storage);
  }

  private floatOnly(op: string, dtype: DType): void {
    if (dtype === "float64") throw noFloat64(op);
  }

  // Kernels

  private use(text: KernelText): Kernel {
    let kernel = this.kernels.get(text.name);
    if (kernel === undefined) {
      kernel = this.queue.compile(text);
      this.kernels.set(text.name, kernel);
    }
    return kernel;
  }

  each(text: KernelText, values: readonly number[], threads: number): void {
    this.waiting.settle();
    this.queue.dispatch(this.use(text), values, Math.ceil(threads / WORKGROUP));
  }

  groups(text: KernelText, values: readonly number[], count: number): void {
    this.waiting.settle();
    this.queue.dispatch(this.use(text), values, count);
  }

  hold(alone: WaitingAlone): void {
    this.waiting.hold(alone);
  }

  scratch(words: number): number {
    const bytes = 4 * words;
    const address = this.arena.allocate(bytes);
    if (address === 0)
      throw new DeviceLimitError(`webgpu: no memory for ${bytes} bytes that a kernel needs while it runs`);
    this.borrowed.push({ address, bytes });
    return address / 4;
  }

  /** What runs later on the same places runs after what has been asked for: they can be given back at once. */
  private giveBack(): void {
    for (const { address, bytes } of this.borrowed) this.arena.release(address, bytes);
    this.borrowed.length = 0;
  }

  check(): void {
    this.checksMade += 1;
  }

  haltUnlessFinite(value: ArrayView): void {
    this.each(HALT_UNLESS_FINITE, [this.place(value, "loss"), 1], 1);
  }

  goOn(): void {
    this.each(FILL, [HALT, 1, 0], 1);
  }

  // Reading and writing

  read(view: ArrayView): TypedArray {
    if (view.size === 0) return typedArray(view.dtype, 0);
    if (view.storage.address === 0) throw endedError("data", view.storage);
    const values = this.known.read(view);
    if (values === undefined) throw readsLater("a tensor's elements", "await tensor.data()");
    return values;
  }

  readElement(view: ArrayView, offset: number): number {
    if (view.storage.address === 0) throw endedError("item", view.storage);
    const at = view.offset + offset;
    const values = this.known.read({ ...view, offset: at, shape: [], strides: [], size: 1, contiguous: true });
    if (values === undefined) throw readsLater("an element", "(await tensor.data())[0]");
    return values[0];
  }

  /** Reads the storages of views: until something is written to them, `read` knows what is in them. */
  async prefetch(views: readonly ArrayView[]): Promise<void> {
    const storages = new Map<Storage, DType>();
    for (const view of views) if (view.size > 0 && !this.known.has(view)) storages.set(view.storage, view.dtype);
    await Promise.all(
      [...storages].map(async ([storage, dtype]) => {
        const size = storage.bytes / 4;
        const whole = { storage, offset: 0, shape: [size], strides: [1], size, dtype, contiguous: true };
        const written = this.writes;
        const values = await this.readAsync(whole);
        if (this.writes !== written) {
          throw new Error("prefetch: tensors were computed while it waited; await it before the next operation");
        }
        this.known.learn(storage, values);
      }),
    );
  }

  window(): Uint8Array {
    throw new Error(
      'webgpu: a tensor has no memory that JavaScript can see. Make it from an array, or use the engine "wasm" or "native" for this',
    );
  }

  async readAsync(view: ArrayView): Promise<TypedArray> {
    const { dtype, size } = view;
    if (size === 0) return typedArray(dtype, 0);
    let address = 4 * this.place(view, "data");
    if (!view.contiguous) {
      address = 4 * this.scratch(size);
      this.copyTo(view, address / 4, rowMajor(view.shape));
    }
    this.waiting.settle();
    const reading = this.queue.read(address, 4 * size);
    this.giveBack();
    const [bytes] = await Promise.all([reading, this.tellFaults()]);
    switch (dtype) {
      case "float32":
        return new Float32Array(bytes);
      case "int32":
        return new Int32Array(bytes);
      default:
        return Uint8Array.from(new Uint32Array(bytes));
    }
  }

  /** Throws what a check found that was made since the last time. */
  private async tellFaults(): Promise<void> {
    if (this.checksTold === this.checksMade) return;
    this.checksTold = this.checksMade;
    const found = await this.queue.readFault();
    if (found === null) return;
    const { value, position, limit } = found;
    throw new RangeError(
      `index ${value} at position ${position} is not in 0 to ${limit - 1}. The device found it in an operation before ` +
        "this read; what was computed since is not to be used",
    );
  }

  write(view: ArrayView, values: TypedArray): void {
    const { dtype } = view;
    this.floatOnly("write", dtype);
    if (view.size === 0) return;
    this.waiting.settle();
    this.changed(view.storage);
    this.known.remember(view, values);
    const words = dtype === "bool" ? Int32Array.from(values as Uint8Array) : (values as Float32Array | Int32Array);
    this.queue.write(4 * this.place(view, "write"), words);
  }

  // Movement

  copy(src: ArrayView, dst: ArrayView): void {
    this.copyTo(src, this.place(dst, "copy"), dst.strides);
    this.changed(dst.storage);
    this.known.follow(src, dst);
  }

  private copyTo(src: ArrayView, destination: number, strides: readonly number[]): void {
    if (src.size === 0) return;
    const shape: number[] = [];
    const from: number[] = [];
    const to: number[] = [];
    collapse(src.shape, [src.strides, strides], shape, [from, to]);
    const values = [src.size, this.place(src, "copy"), destination, ...axisValues(shape, [from, to])];
    this.each(copyText(shape.length), values, src.size);
  }

  fill(out: ArrayView, value: number): void {
    this.wrote(out);
    out.storage.version += 1;
    if (this.isConstant(out, value)) return;
    this.each(FILL, [this.place(out, "fill"), out.size, wordOf(value, out.dtype)], out.size);
  }

  cast(x: ArrayView, out: ArrayView): void {
    this.floatOnly("cast", x.dtype);
    this.floatOnly("cast", out.dtype);
    const text = castText(x.dtype, out.dtype);
    if (text === undefined) throw new TypeError(`cast: not defined for ${x.dtype} to ${out.dtype}`);
    this.each(text, [this.place(x, "cast"), this.place(out, "cast"), x.size], x.size);
    this.wrote(out);
  }

  arange(out: ArrayView, start: number, step: number): void {
    // Computed in float64 and rounded once, as the CPU's kernel does.
    const values = typedArray(out.dtype, out.size);
    for (let i = 0; i < values.length; i++) values[i] = start + i * step;
    this.write(out, values);
  }

  // Arithmetic

  unary(op: string, x: ArrayView, out: ArrayView, a = 0, b = 0): void {
    this.floatOnly(op, x.dtype);
    const text = unaryText(op, x.dtype) ?? missing(op, x.dtype);
    this.each(text, [this.place(x, op), this.place(out, op), x.size, a, b], x.size);
    this.wrote(out);
  }

  binary(op: string, a: ArrayView, b: ArrayView, out: ArrayView): void {
    this.floatOnly(op, a.dtype);
    if (out.size === 0) return;
    if (this.binaryByConstant(op, a, b, out) || this.follows(op, a, b, out)) return;
    const shape: number[] = [];
    const strideA: number[] = [];
    const strideB: number[] = [];
    collapse(out.shape, [broadcastStrides(a, out.shape), broadcastStrides(b, out.shape)], shape, [strideA, strideB]);
    const text = binaryText(op, a.dtype, shape.length) ?? missing(op, a.dtype);
    const places = [this.place(out, op), out.size, this.place(a, op), this.place(b, op)];
    this.each(text, [...places, ...axisValues(shape, [strideA, strideB])], out.size);
    this.wrote(out);
  }

  /** Where one operand is a number that is known, and the other is as the result. */
  private binaryByConstant(op: string, a: ArrayView, b: ArrayView, out: ArrayView): boolean {
    const [x, y] = [this.constantOf(a), this.constantOf(b)];
    if (x === undefined && y === undefined) return false;
    const [array, number, numberFirst] = y !== undefined ? [a, y, false] : [b, x!, true];
    if (array.size !== out.size || !array.contiguous || array.dtype !== "float32") return false;
    this.binaryScalar(op, array, number, out, numberFirst);
    return true;
  }

  /** Along with a product that waits: see waiting.ts. */
  private follows(op: string, a: ArrayView, b: ArrayView, out: ArrayView): boolean {
    if (a.dtype !== "float32" || floatFormula(op) === undefined) return false;
    if (a.size !== out.size || b.size !== out.size || !a.contiguous || !b.contiguous) return false;
    const [x, y, to] = [this.place(a, op), this.place(b, op), this.place(out, op)];
    if (!this.waiting.follow(op, x, y, to, out.size)) return false;
    this.wrote(out);
    return true;
  }

  binaryScalar(op: string, a: ArrayView, b: number, out: ArrayView, numberFirst: boolean): void {
    this.floatOnly(op, a.dtype);
    const constant = this.constantOf(a);
    if (constant !== undefined) {
      const value = numberFirst ? folded(op, b, constant) : folded(op, constant, b);
      if (value !== undefined && this.isConstant(out, value)) {
        this.wrote(out);
        return;
      }
    }
    const text = scalarText(op, a.dtype, numberFirst) ?? missing(op, a.dtype);
    const [x, to] = [this.place(a, op), this.place(out, op)];
    this.wrote(out);
    if (a.dtype === "float32" && this.waiting.scale(op, x, a.size, b, numberFirst, to)) return;
    this.each(text, [x, to, a.size, asElement(b, a.dtype)], a.size);
  }

  where(condition: ArrayView, a: ArrayView, b: ArrayView, out: ArrayView): void {
    const places = [condition, a, b, out].map((view) => this.place(view, "where"));
    this.each(WHERE, [...places, out.size], out.size);
    this.wrote(out);
  }

  reduce(op: string, x: ArrayView, out: ArrayView, outer: number, n: number, inner: number): void {
    const { dtype } = x;
    this.floatOnly(op, dtype);
    const [from, to] = [this.place(x, op), this.place(out, op)];
    const columns = outer * inner;
    if (columns === 0) return;
    this.wrote(out);
    if (op === "sum" && dtype === "float32" && outer === 1 && this.waiting.sumInto(from, n, inner, to)) return;
    const running = runningText(op, dtype);
    if (running !== undefined) {
      this.each(running, [from, to, columns, n, inner], columns);
      return;
    }
    if (n === 0 && op.startsWith("arg")) throw new RangeError(`${op}: there is no element to choose`);
    const again = foldedAgain(op, dtype);
    if (again === undefined || n < LONG || columns >= 1024) {
      this.fold(op, dtype, from, to, columns, n, inner);
      return;
    }
    const pieces = Math.ceil(n / STRETCH);
    const rows = columns * pieces;
    const partial = this.scratch(rows);
    const lanes = inner === 1 ? lanesFor(STRETCH) : 1;
    const text = reduceText(op, dtype, lanes) ?? missing(op, dtype);
    this.groups(text, [from, partial, rows, STRETCH, inner, pieces, n], groupsForRows(rows, lanes));
    this.fold(again, op === "countNonZero" ? "int32" : dtype, partial, to, columns, pieces, inner);
    this.giveBack();
  }

  /** A reduction in one go; one that may take a number along waits for what comes next. */
  private fold(op: string, dtype: DType, x: number, out: number, columns: number, n: number, inner: number): void {
    const lanes = inner === 1 ? lanesFor(n) : 1;
    if (!takesNumber(op, dtype)) {
      const text = reduceText(op, dtype, lanes) ?? missing(op, dtype);
      this.groups(text, [x, out, columns, n, inner, 1, n], groupsForRows(columns, lanes));
      return;
    }
    const run = (scaling: Scaling | undefined): void => {
      const text = foldText(op, lanes, scaling?.op ?? "", scaling?.first ?? true);
      const also = scaling === undefined ? [] : [scaling.out, scaling.number];
      this.queue.dispatch(this.use(text), [x, out, columns, n, inner, 1, n, ...also], groupsForRows(columns, lanes));
    };
    this.waiting.hold({ takes: "number", out, count: columns, reads: [range(x, columns * n)], run });
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
    this.floatOnly("matmul", c.dtype);
    if (c.dtype !== "float32") throw new TypeError(`matmul: not defined for ${c.dtype}`);
    if (m === 0 || n === 0 || batch === 0) return;
    const call = {
      ...{ a: this.place(a.view, "matmul", a.offset), aRow: a.rowStride, aColumn: a.columnStride },
      ...{ b: this.place(b.view, "matmul", b.offset), bRow: b.rowStride, bColumn: b.columnStride },
      ...{ aBatch: a.batchStride, bBatch: b.batchStride, c: this.place(c, "matmul"), m, n, k, batch },
      accumulate: options.accumulate ?? false,
      bias: options.bias ? this.place(options.bias, "matmul") : 0,
      activation: options.activation ?? "none",
      cRow: n,
    } satisfies Required<MatmulCall>;
    this.wrote(c);
    if (!this.wait(call)) this.product(call);
  }

  /** Lets a product of two whole matrices wait for what comes next. */
  private wait(call: Required<MatmulCall>): boolean {
    const { a, aRow, aColumn, b, bRow, bColumn, c, m, n, k, batch, bias } = call;
    const size = this.tiling(m, n, batch);
    if (batch !== 1 || k === 0 || partsOfSum(size, m, n, k, batch) > 1) return false;
    const left = matrixRange(a, m, aRow, k, aColumn);
    const right = matrixRange(b, k, bRow, n, bColumn);
    if (left === undefined || right === undefined) return false;
    const reads = bias === 0 ? [left, right] : [left, right, range(bias, n)];
    this.waiting.add({ call, size, reads, writes: [range(c, m * n)], sums: 0, follower: undefined });
    return true;
  }

  private runWaiting({ call, size, sums, follower }: WaitingProduct): void {
    const { a, aRow, aColumn, b, bRow, bColumn, c, m, n, k, bias, accumulate, activation } = call;
    const { op, first, other, out } = follower ?? NO_FOLLOWER;
    const text = matmulText(size, activation, runsOf(aRow, aColumn), runsOf(bRow, bColumn), sums !== 0, op, first);
    const strides = [aRow, aColumn, bRow, bColumn, 0, 0];
    const values = [m, n, k, k, 1, 1, a, b, c, bias, ...strides, n, m * n, accumulate ? 1 : 0, sums, other, out];
    this.queue.dispatch(this.use(text), values, tilesOf(size, m, n, 1));
  }

  product(call: MatmulCall): void {
    const { a, aRow, aColumn, aBatch = 0, b, bRow, bColumn, bBatch = 0, c, m, n, k } = call;
    const { batch = 1, accumulate = false, bias = 0, activation = "none", cRow = n } = call;
    if (m === 0 || n === 0 || batch === 0) return;
    const size = this.tiling(m, n, batch);
    const parts = partsOfSum(size, m, n, k, batch);
    const part = Math.ceil(k / parts);
    const [aRuns, bRuns] = [runsOf(aRow, aColumn), runsOf(bRow, bColumn)];
    const strides = [aRow, aColumn, bRow, bColumn, aBatch, bBatch];
    const add = accumulate ? 1 : 0;
    const layers = batch * parts;
    const tiles = tilesOf(size, m, n, layers);
    if (parts === 1) {
      const text = matmulText(size, activation, aRuns, bRuns, false, "", true);
      this.groups(text, [m, n, k, k, 1, layers, a, b, c, bias, ...strides, cRow, m * n, add, 0, 0, 0], tiles);
      return;
    }
    const partial = this.scratch(layers * m * n);
    const text = matmulText(size, "none", aRuns, bRuns, false, "", true);
    this.groups(text, [m, n, k, part, parts, layers, a, b, partial, 0, ...strides, n, m * n, 0, 0, 0, 0], tiles);
    const all = batch * m * n;
    this.each(joinText(activation), [partial, c, bias, all, m * n, n, parts, cRow, m * n, add], all);
    this.giveBack();
  }

  kernel(name: string, dtype: DType, ...values: (ArrayView | number | null)[]): number {
    this.floatOnly(name, dtype);
    if (name === "permutation") {
      const [out, n, ...state] = values as [ArrayView, number, number, number, number, number];
      this.write(out, permutation(n, ...state));
      return 0;
    }
    const entry = NAMED[name];
    if (entry === undefined) throw notHere(name);
    if (!entry.dtypes.includes(dtype)) throw new TypeError(`${name}: not defined for ${dtype}`);
    const numbers = values.map((value) =>
      typeof value === "number" ? value : value === null ? 0 : this.place(value, name),
    );
    values.forEach((value, i) => {
      if (typeof value !== "object" || value === null) return;
      if (entry.writes === undefined || entry.writes.includes(i)) this.wrote(value);
    });
    try {
      const sizes = values.map((value) => (typeof value === "object" && value !== null ? value.size : 0));
      entry.run(this, numbers, dtype, sizes);
    } finally {
      this.giveBack();
    }
    // What a check finds is told later.
    return name === "checkIndices" ? -1 : 0;
  }
}

const floatWord = new Float32Array(1);
const wordOfFloat = new Uint32Array(floatWord.buffer);

/** The word that an element is kept as. */
function wordOf(value: number, dtype: DType): number {
  if (dtype !== "float32") return asElement(value, dtype);
  floatWord[0] = value;
  return wordOfFloat[0];
}

/** Along which axis a matrix has its neighbours side by side. */
function runsOf(row: number, column: number): Runs {
  return column === 1 || row !== 1 ? "columns" : "rows";
}

const CPU = 'Use the engine "wasm", or "native" in Node, for it';

function noFloat64(operation: string): TypeError {
  return new TypeError(`${operation}: the engine "webgpu" has no float64, for devices compute in float32. ${CPU}`);
}

function missing(op: string, dtype: DType): never {
  throw new TypeError(`${op}: not defined for ${dtype}`);
}

/** Kernels that there are not, by what asks for them. */
const ASKED_FOR: Readonly<Record<string, string>> = {
  maskIndices: "nonZero, and indices that are masks (how many there are is known on the device only)",
  toBfloat16: "training with several processes",
};

function notHere(name: string): Error {
  return new Error(`${ASKED_FOR[name] ?? name}: the engine "webgpu" does not have this operation. ${CPU}`);
}

function readsLater(what: string, how: string): Error {
  return new Error(
    `webgpu: ${what} can't be read at once, for the device is still computing; write ${how}, or call await prefetch([tensor]) ` +
      'before a function that looks at its values. One that computes them itself runs on the engines "wasm" and "native" only',
  );
}
