// A network that only answers: what its convolutions give stays in the library's layout of channels in blocks until something wants it in rows, and a
// convolution waits for what follows it, so that normalisation, the sum with another result and rectification happen as it is made.
import type { DType } from "../dtype.ts";
import { type ArrayView, type Engine, setEngine } from "../engine.ts";
import { Storage, type StorageOwner } from "../storage.ts";
import type { AnswerPlan, BlockedConvolutions } from "./blocked.ts";
import type { Geometry, Host } from "./host.ts";
import { isPlain } from "./patches.ts";
import type { Combined } from "./primitives.ts";

/** Multiply-adds from which a convolution is worth its turn into blocks. */
const SMALLEST_WORK = 400_000;
/** Pixels of a result from which Winograd's minimal filtering of images in rows is the faster way. */
const MINIMAL_PIXELS = 1600;
/** Bytes of the largest result that is kept in two layouts. */
const MOST_BYTES = 256 << 20;
const RELU = 3;
const ALONE: Combined = { subtract: false, multiply: false, add: false, addend: false };

type Shape = readonly [batch: number, channels: number, height: number, width: number];

/** Images in blocks, for as long as somebody uses them. */
interface Blocks {
  readonly view: ArrayView;
  users: number;
}

/** A convolution that waits. */
interface Waiting {
  readonly geometry: Geometry;
  readonly plan: AnswerPlan;
  readonly from: Blocks;
  readonly weights: ArrayView;
  readonly bias: ArrayView | null;
  /** Where weights and bias lay: their storages may end while it waits. */
  readonly bases: readonly number[];
  readonly places: { readonly weights: number; readonly bias: number };
  readonly combined: Combined;
  /** Three rows of a number a channel: what is subtracted, multiplied with and added. */
  readonly channels: Blocks | null;
  readonly addend: Blocks | null;
  readonly activation: number;
}

/** A tensor's values in blocks, or what makes them. */
interface Held {
  /** Where it is in rows. */
  readonly rows: ArrayView;
  readonly address: number;
  readonly shape: Shape;
  blocks: Blocks | null;
  waiting: Waiting | null;
  /** Whether its storage holds it in rows. */
  inRows: boolean;
}

/** Calls that are made for what is in blocks, as profiles and traces name them. */
export const IN_BLOCKS = { convolutionInBlocks: true, imagesIntoBlocks: true, imagesIntoRows: true } as const;

export interface AnswersOptions {
  /** Channels of a block. */
  readonly block: number;
  /** Channels and filters from which images in rows are filtered minimally; Infinity: never. */
  readonly minimalChannels: number;
}

export class Answers {
  /** By their storage's address. */
  private readonly held = new Map<number, Held>();
  private readonly waiting = new Set<Held>();
  private readonly alive = new Set<Blocks>();
  private readonly wrapped = new WeakMap<Engine, Engine>();
  private readonly host: Host;
  private readonly owner: StorageOwner;
  private readonly convolutions: BlockedConvolutions;
  private readonly options: AnswersOptions;
  private possible: boolean | undefined;
  private inner: Engine | undefined;
  /** What the call that is being made does. */
  private doing: (() => boolean) | undefined;
  /** Whether a convolution by groups has been met in this run: those are made in rows, and so is what is small around them. */
  private grouped = false;

  constructor(host: Host, owner: StorageOwner, convolutions: BlockedConvolutions, options: AnswersOptions) {
    this.host = host;
    this.owner = owner;
    this.convolutions = convolutions;
    this.options = options;
  }

  /** Runs a function on an engine; what it made and is still there when it ends is in rows. */
  run<R>(engine: Engine, body: (ended: (storage: Storage) => void) => R): R {
    this.possible ??= this.convolutions.liesAsExpected(this.options.block);
    const ended = ({ address }: Storage): void => this.released(address);
    if (!this.possible || this.inner !== undefined) return body(ended);
    let wrapped = this.wrapped.get(engine);
    if (wrapped === undefined) {
      wrapped = Object.assign(Object.create(engine) as Engine, this.methods(engine));
      this.wrapped.set(engine, wrapped);
    }
    this.inner = engine;
    this.grouped = false;
    setEngine(wrapped);
    try {
      const result = body(ended);
      for (const each of this.held.values()) this.toRows(each);
      return result;
    } finally {
      this.inner = undefined;
      setEngine(engine);
      this.held.clear();
      this.waiting.clear();
      for (const { view } of this.alive) this.host.release(view.storage.address, view.storage.bytes);
      this.alive.clear();
    }
  }

  /** To be told of memory that is about to be given back. */
  released(address: number): void {
    if (this.inner === undefined) return;
    const held = this.held.get(address);
    if (held !== undefined) this.forget(held);
    this.makeThoseThatUse(address);
  }

  /** Does what a call of one of `IN_BLOCKS` stands for. */
  perform(): number {
    return this.doing!() ? 1 : 0;
  }

  /** Makes a call of the engine, so that whoever watches its calls sees this one too. */
  private call(
    name: keyof typeof IN_BLOCKS,
    views: readonly ArrayView[],
    numbers: readonly number[],
    body: () => boolean,
  ): boolean {
    this.doing = body;
    return this.inner!.kernel(name, "float32", ...views, ...numbers) === 1;
  }

  private turn(shape: Shape, intoBlocks: boolean, rows: ArrayView, blocks: ArrayView): void {
    const [from, to] = intoBlocks ? [rows, blocks] : [blocks, rows];
    this.call(intoBlocks ? "imagesIntoBlocks" : "imagesIntoRows", [from, to], [], () => {
      this.convolutions.turn(shape, this.options.block, intoBlocks, from.storage.address, to.storage.address);
      return true;
    });
  }

  // What is held

  private allocate(shape: readonly number[]): Blocks | null {
    const strides = new Array<number>(shape.length);
    let size = 1;
    for (let i = shape.length - 1; i >= 0; i--) {
      strides[i] = size;
      size *= shape[i]!;
    }
    const bytes = 4 * size;
    const address = bytes > MOST_BYTES ? 0 : this.host.allocate(bytes);
    if (address === 0) return null;
    const storage = new Storage(address, bytes, this.owner, "images in blocks");
    const view: ArrayView = { storage, offset: 0, shape, strides, size, dtype: "float32", contiguous: true };
    const blocks = { view, users: 1 };
    this.alive.add(blocks);
    return blocks;
  }

  private drop(blocks: Blocks | null): void {
    if (blocks === null) return;
    blocks.users -= 1;
    if (blocks.users > 0) return;
    this.alive.delete(blocks);
    this.host.release(blocks.view.storage.address, blocks.view.storage.bytes);
  }

  private hold(rows: ArrayView, shape: Shape, blocks: Blocks | null, waiting: Waiting | null, inRows = false): Held {
    const { address } = rows.storage;
    const held = { rows, address, shape, blocks, waiting, inRows };
    this.held.set(address, held);
    if (waiting !== null) {
      waiting.from.users += 1;
      if (waiting.addend !== null) waiting.addend.users += 1;
      if (waiting.channels !== null) waiting.channels.users += 1;
      this.waiting.add(held);
    }
    return held;
  }

  private forget(held: Held): void {
    this.held.delete(held.address);
    this.drop(held.blocks);
    held.blocks = null;
    this.noLongerWaits(held);
  }

  private noLongerWaits(held: Held): void {
    const { waiting } = held;
    if (waiting === null) return;
    held.waiting = null;
    this.waiting.delete(held);
    this.drop(waiting.from);
    this.drop(waiting.addend);
    this.drop(waiting.channels);
  }

  /** Its values in blocks. */
  private make(held: Held): Blocks {
    const { waiting } = held;
    if (waiting === null) return held.blocks!;
    const { geometry, from, weights, bias, places, channels, addend, activation } = waiting;
    held.blocks ??= this.allocate(held.shape);
    const at = (blocks: Blocks | null): number => blocks?.view.storage.address ?? 0;
    const row = 4 * geometry[4];
    const rows = at(channels);
    const { blocks } = held;
    // Since it began to wait all shapes may have been forgotten.
    const plan = this.planOf(waiting);
    const done =
      blocks !== null &&
      plan !== null &&
      this.call("convolutionInBlocks", [from.view, weights, ...(bias ? [bias] : []), blocks.view], geometry, () =>
        this.convolutions.answer(plan, {
          places: {
            ...{ from: at(from), ...places, to: at(blocks), addend: at(addend) },
            ...{ subtract: rows, multiply: rows + row, add: rows + 2 * row },
          },
          source: weights.storage,
          activation,
        }),
      );
    if (!done) throw new RangeError("conv2d: there is no memory for its images and weights in the library's layout");
    this.noLongerWaits(held);
    return held.blocks!;
  }

  private planOf({ geometry, bias, combined }: Pick<Waiting, "geometry" | "bias" | "combined">): AnswerPlan | null {
    return this.convolutions.answerPlan(geometry, this.options.block, bias !== null, combined);
  }

  private toRows(held: Held): void {
    if (held.inRows) return;
    this.turn(held.shape, false, held.rows, this.make(held).view);
    held.inRows = true;
  }

  /** What is held of a view that is all of its storage's images; undefined where nothing is. */
  private whole(view: ArrayView): Held | undefined {
    const held = this.held.get(view.storage.address);
    return held !== undefined && fills(view, held.shape) ? held : undefined;
  }

  /** Whether a result can be held: nothing is, of what it lies on. */
  private fresh(out: ArrayView, like: Held): boolean {
    return fills(out, like.shape) && !this.held.has(out.storage.address) && !this.isAwaited(out);
  }

  /** Whether a convolution that waits uses what is there. */
  private isAwaited({ storage }: ArrayView): boolean {
    for (const { waiting } of this.waiting) if (waiting!.bases.includes(storage.address)) return true;
    return false;
  }

  /** Makes what waits and has its weights or bias there, before they go. */
  private makeThoseThatUse(address: number): void {
    for (const each of this.waiting) if (each.waiting!.bases.includes(address)) this.make(each);
  }

  // What calls do

  /** Before a call reads a view. */
  private reads(view: ArrayView): void {
    const held = this.held.get(view.storage.address);
    if (held !== undefined) this.toRows(held);
  }

  /** Before a call writes to a view. */
  private writes(view: ArrayView): void {
    const held = this.held.get(view.storage.address);
    if (held !== undefined) {
      this.toRows(held);
      this.forget(held);
    }
    this.makeThoseThatUse(view.storage.address);
  }

  private convolution(values: readonly (ArrayView | number | null)[]): boolean {
    const [x, weights, bias, y] = values as [ArrayView, ArrayView, ArrayView | null, ArrayView];
    const activation = values[5] as number;
    const geometry = values.slice(-16) as unknown as Geometry;
    const [batch, channels, height, width, filters, kernelHeight, kernelWidth] = geometry;
    const [groups, outHeight, outWidth] = geometry.slice(13) as [number, number, number];
    const { block } = this.options;
    if (groups !== 1) this.grouped = true;
    const work = batch * channels * kernelHeight * kernelWidth * filters * outHeight * outWidth;
    if (groups !== 1 || channels % block !== 0 || filters % block !== 0 || work < SMALLEST_WORK) return false;
    const shape: Shape = [batch, channels, height, width];
    const known = this.held.get(x.storage.address);
    if (known === undefined && this.betterInRows(geometry)) return false;
    const result: Shape = [batch, filters, outHeight, outWidth];
    if (!fills(x, shape) || !fills(y, result) || this.held.has(y.storage.address) || this.isAwaited(y)) return false;
    const plan = this.planOf({ geometry, bias, combined: ALONE });
    if (plan === null) return false;
    const from = this.inBlocks(x, shape);
    if (from === null) return false;
    const bases = [weights.storage.address, ...(bias === null ? [] : [bias.storage.address])];
    const at = ({ storage, offset }: ArrayView): number => storage.address + 4 * offset;
    const blocks = this.allocate(result);
    if (blocks === null) return false;
    const places = { weights: at(weights), bias: bias === null ? 0 : at(bias) };
    this.hold(y, result, blocks, {
      ...{ geometry, plan, from, weights, bias, bases, places, activation },
      ...{ combined: ALONE, channels: null, addend: null },
    });
    return true;
  }

  /** Whether a convolution of images in rows is faster than one of images that have to be turned into blocks. */
  private betterInRows(geometry: Geometry): boolean {
    const [, channels, , , filters, kernelHeight, kernelWidth, strideHeight, strideWidth] = geometry;
    const [, , , , dilationHeight, dilationWidth, , outHeight, outWidth] = geometry.slice(7) as unknown as number[];
    if (this.grouped && isPlain(geometry)) return true;
    const unit = [strideHeight, strideWidth, dilationHeight, dilationWidth].every((step) => step === 1);
    return (
      unit &&
      kernelHeight === 3 &&
      kernelWidth === 3 &&
      Math.min(channels, filters) >= this.options.minimalChannels &&
      outHeight! * outWidth! >= MINIMAL_PIXELS
    );
  }

  /** A view's images in blocks; null if there is no memory for them. */
  private inBlocks(x: ArrayView, shape: Shape): Blocks | null {
    const held = this.whole(x);
    if (held !== undefined && shape.every((length, i) => length === held.shape[i])) return this.make(held);
    this.reads(x);
    const blocks = this.allocate(shape);
    if (blocks === null) return null;
    this.turn(shape, true, x, blocks.view);
    if (held !== undefined) this.forget(held);
    this.hold(x, shape, blocks, null, true);
    return blocks;
  }

  /** A result that is made as a waiting convolution is, with more done to it. False if the library can't. */
  private goesOn(held: Held, out: ArrayView, more: Partial<Waiting>): boolean {
    const waiting = { ...held.waiting!, ...more };
    const plan = more.combined === undefined ? waiting.plan : this.planOf(waiting);
    if (plan === null) return false;
    // Its memory goes over: whoever wants the convolution alone, too, gets other.
    this.hold(out, held.shape, held.blocks, { ...waiting, plan });
    held.blocks = null;
    return true;
  }

  private channelAffine(values: readonly (ArrayView | number | null)[]): boolean {
    const [x, centre, scale, shift, y] = values as [
      ArrayView,
      ArrayView | null,
      ArrayView,
      ArrayView | null,
      ArrayView,
    ];
    const [outer, channels, inner] = values.slice(5) as [number, number, number];
    const held = this.whole(x);
    const waiting = held?.waiting;
    if (held === undefined || waiting == null || !this.fresh(y, held)) return false;
    if (waiting.combined !== ALONE || waiting.activation !== 0) return false;
    const [batch, filters, height, width] = held.shape;
    if (outer !== batch || channels !== filters || inner !== height * width) return false;
    const rows = this.allocate([3, filters]);
    if (rows === null) return false;
    [centre, scale, shift].forEach((each, i) => {
      if (each === null) return;
      const to = rows.view.storage.address + 4 * i * filters;
      this.host.copy(each.storage.address + 4 * each.offset, to, 4 * filters);
    });
    const combined = { subtract: centre !== null, multiply: true, add: shift !== null, addend: false };
    const done = this.goesOn(held, y, { combined, channels: rows });
    this.drop(rows);
    return done;
  }

  private unary(op: string, x: ArrayView, out: ArrayView, a?: number, b?: number): boolean {
    const held = this.whole(x);
    if (held === undefined || !this.fresh(out, held)) return false;
    if (op === "relu" && held.waiting !== null && held.waiting.activation === 0) {
      if (this.goesOn(held, out, { activation: RELU })) return true;
    }
    return this.elementwise([held], out, (inner, [from], to) => inner.unary(op, from!, to, a, b));
  }

  private binary(op: string, a: ArrayView, b: ArrayView, out: ArrayView): boolean {
    const both = [this.whole(a), this.whole(b)];
    const some = both[0] ?? both[1];
    if (some === undefined || !fills(a, some.shape) || !fills(b, some.shape) || !this.fresh(out, some)) return false;
    for (const [view, i] of [[a, 0] as const, [b, 1] as const]) {
      if (both[i] !== undefined) continue;
      if (this.inBlocks(view, some.shape) === null) return false;
      both[i] = this.whole(view);
    }
    const [left, right] = both as [Held, Held];
    if (op === "add" && left !== right) {
      for (const [one, other] of [
        [left, right],
        [right, left],
      ] as const) {
        const waiting = one.waiting;
        if (waiting === null || waiting.activation !== 0 || waiting.addend !== null) continue;
        const combined = { ...waiting.combined, addend: true };
        if (this.goesOn(one, out, { combined, addend: this.make(other) })) return true;
      }
    }
    return this.elementwise([left, right], out, (inner, [x, y], to) => inner.binary(op, x!, y!, to));
  }

  private binaryScalar(op: string, a: ArrayView, b: number, out: ArrayView, numberFirst: boolean): boolean {
    const held = this.whole(a);
    if (held === undefined || !this.fresh(out, held)) return false;
    return this.elementwise([held], out, (inner, [x], to) => inner.binaryScalar(op, x!, b, to, numberFirst));
  }

  /** Runs a call on the values in blocks: every number by itself, it is all the same. */
  private elementwise(
    operands: readonly Held[],
    out: ArrayView,
    call: (inner: Engine, operands: readonly ArrayView[], out: ArrayView) => void,
  ): boolean {
    const made = operands.map((each) => this.make(each).view);
    const blocks = this.allocate(operands[0]!.shape);
    if (blocks === null) return false;
    call(this.inner!, made, blocks.view);
    this.hold(out, operands[0]!.shape, blocks, null);
    return true;
  }

  /** The calls of an engine, which look first at what is held. */
  private methods(inner: Engine): Partial<Engine> {
    const matrix = (view: { readonly view: ArrayView }): void => this.reads(view.view);
    return {
      // What is compiled calls no method, and a run within this one is part of it.
      compile: undefined,
      answering: undefined,
      read: (view) => {
        this.reads(view);
        return inner.read(view);
      },
      readAsync: (view) => {
        this.reads(view);
        return inner.readAsync(view);
      },
      readElement: (view, offset) => {
        this.reads(view);
        return inner.readElement(view, offset);
      },
      window: (view) => {
        this.writes(view);
        return inner.window(view);
      },
      write: (view, values) => {
        this.writes(view);
        inner.write(view, values);
      },
      copy: (src, dst) => {
        this.reads(src);
        this.writes(dst);
        inner.copy(src, dst);
      },
      fill: (out, value) => {
        this.writes(out);
        inner.fill(out, value);
      },
      cast: (x, out) => {
        this.reads(x);
        this.writes(out);
        inner.cast(x, out);
      },
      arange: (out, start, step) => {
        this.writes(out);
        inner.arange(out, start, step);
      },
      unary: (op, x, out, a, b) => {
        if (this.unary(op, x, out, a, b)) return;
        this.reads(x);
        this.writes(out);
        inner.unary(op, x, out, a, b);
      },
      binary: (op, a, b, out) => {
        if (this.binary(op, a, b, out)) return;
        this.reads(a);
        this.reads(b);
        this.writes(out);
        inner.binary(op, a, b, out);
      },
      binaryScalar: (op, a, b, out, numberFirst) => {
        if (this.binaryScalar(op, a, b, out, numberFirst)) return;
        this.reads(a);
        this.writes(out);
        inner.binaryScalar(op, a, b, out, numberFirst);
      },
      where: (condition, a, b, out) => {
        for (const view of [condition, a, b]) this.reads(view);
        this.writes(out);
        inner.where(condition, a, b, out);
      },
      reduce: (op, x, out, outer, n, within) => {
        this.reads(x);
        this.writes(out);
        inner.reduce(op, x, out, outer, n, within);
      },
      matmul: (a, b, c, m, n, k, batch, options) => {
        matrix(a);
        matrix(b);
        if (options?.bias) this.reads(options.bias);
        this.writes(c);
        inner.matmul(a, b, c, m, n, k, batch, options);
      },
      kernel: (name, dtype, ...values) => this.kernel(inner, name, dtype, values),
    };
  }

  private kernel(inner: Engine, name: string, dtype: DType, values: (ArrayView | number | null)[]): number {
    if (dtype === "float32") {
      if (name === "convolution" && this.convolution(values)) return 0;
      if (name === "channelAffine" && this.channelAffine(values)) return 0;
    }
    // It is not told which of its operands it writes to.
    for (const value of values) if (typeof value === "object" && value !== null) this.writes(value);
    return inner.kernel(name, dtype, ...values);
  }
}

/** Whether a view is so many numbers from its storage's beginning on, one after the other. */
function fills({ offset, contiguous, size, dtype }: ArrayView, [batch, channels, height, width]: Shape): boolean {
  return offset === 0 && contiguous && dtype === "float32" && size === batch * channels * height * width;
}
