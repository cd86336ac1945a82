// Convolutions by oneDNN's own, in its layout of blocks of 16 channels: an image, or a few, at a time, so that its copies stay in cache and threads
// share the work. How many at a time follows from the shapes alone, as does the order in which partial sums are added.

import type { Storage } from "../storage.ts";
import { type Geometry, type Host, imagesAtOnce, PART_WORK, slicesOf } from "./host.ts";
import type { Koffi } from "./koffi.ts";
import type { NativeLibrary } from "./library.ts";
import { PackedWeights } from "./packed-weights.ts";
import {
  type BoundConvolution,
  type Combined,
  type Convolution,
  type ConvolutionKind,
  type ConvolutionShape,
  Primitives,
} from "./primitives.ts";
import { type RunPart, STEPS, TASK, type Thread } from "./thread.ts";

/** What an element of a partial gradient of weights costs, in multiply-adds: it is turned into our layout and added. */
const PARTIAL_WORK = 200;
/** Partial gradients of weights: how many at most, and elements of them all together. */
const [MOST_PARTIALS, MOST_PARTIAL_ELEMENTS] = [32, 1 << 20];
/** Fewer channels than this fill so little of the library's layout that the input's gradient is faster without it. */
const FEW_CHANNELS = 4;
/** Elements that make a part of bringing images into another layout. */
const TURN_WORK = 32_768;
/** Shapes kept, and bytes of the library's copies; a program that meets more starts anew. */
const [MOST_SHAPES, MOST_BYTES] = [256, 512 << 20];

/** Words of the task. */
export const BLOCKED = {
  ...STEPS,
  error: TASK.error,
  /** Applied to so many elements of the result. */
  activation: 2,
  elements: 3,
  /** Parts that share their images: each has some of the filters. */
  slices: 4,
  /** Three words an operand, the result first: its address, and bytes from one part's to the next part's and from one slice's to the next. */
  places: 5,
} as const;

/** Where an operand lies: its address, and bytes from one part's to the next part's and from one slice's to the next. */
type Placed = readonly [address: number, nextPart: number, nextSlice: number];

export function blockedParts({ calls, task, steps, kernels }: Thread, word: typeof BLOCKED): RunPart {
  const setAddress = calls.setAddress!;
  const execute = calls.execute!;
  return (number) => {
    const slices = task[word.slices]!;
    const slice = number % slices;
    const part = (number - slice) / slices;
    const operands = steps[word.operands]!;
    for (let i = 0, at = word.places as number; i < operands; i++, at += 3) {
      setAddress(steps[word.object + i]!, task[at]! + part * task[at + 1]! + slice * task[at + 2]!);
    }
    const end = word.first + 3 * steps[word.count]!;
    for (let at = word.first as number; at < end; at += 3) {
      const error = execute(steps[at]!, steps[word.stream]!, steps[at + 1]!, steps[at + 2]!);
      if (error !== 0) task[word.error] = error;
    }
    const activation = task[word.activation]!;
    if (activation === 0) return;
    const elements = task[word.elements]!;
    const to = task[word.places]! + part * task[word.places + 1]! + slice * task[word.places + 2]!;
    kernels.finishProduct_f32(1, elements, to, elements, 0, activation);
  };
}

/** How a convolution from blocks to blocks is cut, and the library's convolutions for it. */
export interface AnswerPlan {
  readonly batch: number;
  /** Images of a part, and parts that share their images. */
  readonly images: number;
  readonly slices: number;
  /** Of a slice. */
  readonly own: Geometry;
  readonly main: Convolution;
  readonly last: Convolution;
  readonly bias: boolean;
  readonly combined: Combined;
  /** When it was made: it goes with all that the library made. */
  readonly round: number;
}

/** What `BlockedConvolutions.answer` works on. */
export interface Answer {
  /** Addresses of the operands; those that there are not are 0. */
  readonly places: Readonly<
    Record<"from" | "weights" | "bias" | "to" | "subtract" | "multiply" | "add" | "addend", number>
  >;
  /** Where the weights lie, for what is worth keeping of them. */
  readonly source: Storage;
  readonly activation: number;
}

export class BlockedConvolutions {
  private readonly primitives: Primitives;
  private readonly known = new Map<string, Convolution | null>();
  private readonly plans = new Map<string, AnswerPlan | null>();
  /** Counts how often all shapes were forgotten. */
  private round = 0;
  private readonly turns = new Map<string, readonly BoundConvolution[]>();
  private readonly keeper: PackedWeights;
  private bytes = 0;
  private readonly host: Host;

  constructor(koffi: Koffi, { file, major }: NativeLibrary, host: Host) {
    this.host = host;
    this.keeper = new PackedWeights(host);
    this.primitives = new Primitives(koffi, koffi.load(file), major, host.steps.length);
  }

  /**
   * Runs a convolution or one of its gradients; false if it takes more memory than it is worth. `weights` is where the weights of a forward pass
   * lie, for what is worth keeping of them.
   */
  run(kind: ConvolutionKind, geometry: Geometry, values: readonly number[], weights?: Storage): boolean {
    if (this.known.size >= MOST_SHAPES || this.bytes > MOST_BYTES) this.clear();
    const [, channels, , , filters, kernelHeight, kernelWidth] = geometry;
    const work = channels * kernelHeight * kernelWidth * filters * geometry[14] * geometry[15];
    return kind === "weightGradient"
      ? this.weightGradient(geometry, work, values)
      : this.mapImages(kind, geometry, work, values, weights);
  }

  /** Forward and gradient by the input: every image by itself, of a few images every share of the filters too. */
  private mapImages(
    kind: ConvolutionKind,
    whole: Geometry,
    work: number,
    values: readonly number[],
    source: Storage | undefined,
  ): boolean {
    const [from, weights, bias, to, , activation] = values as [number, number, number, number, number, number];
    const forward = kind === "forward";
    const [batch] = whole;
    const images = imagesAtOnce(batch, work, PART_WORK);
    const rest = batch % images;
    const slices = forward && images === 1 ? slicesOf(batch, whole[4], work) : 1;
    const geometry = slices === 1 ? whole : ofFilters(whole, whole[4] / slices);
    const main = this.find(kind, geometry, images, bias !== 0);
    const last = rest === 0 ? main : this.find(kind, geometry, rest, bias !== 0);
    if (main === null || last === null) return false;
    const [imageSize, resultSize] = sizes(geometry);
    const [inputSize, outputSize] = forward ? [imageSize, resultSize] : [resultSize, imageSize];
    const sliceBytes = 4 * elementsOf(geometry);
    for (const [plan, count, parts, first] of batches(main, last, images, batch)) {
      const packed = this.packedWeights(plan, weights, sliceBytes, slices, source);
      if (packed === null) return false;
      const operands: Placed[] = [
        [to + 4 * first * outputSize, 4 * count * outputSize * slices, 4 * outputSize],
        [from + 4 * first * inputSize, 4 * count * inputSize, 0],
        [packed.at, 0, plan.packing === null ? sliceBytes : plan.packedBytes],
      ];
      if (bias !== 0) operands.push([bias, 0, 4 * geometry[4]]);
      try {
        this.runParts(plan.bound, operands, { parts, slices, activation, elements: count * outputSize });
      } finally {
        if (packed.temporary > 0) this.host.release(packed.at, packed.temporary);
      }
    }
    return true;
  }

  /**
   * The weights in the library's layout, for so many slices of them. What was asked for twice without a write between is kept beside the
   * weights' storage: a network that only answers packs its weights once. Null if there is no memory.
   */
  private packedWeights(
    plan: Convolution,
    weights: number,
    sliceBytes: number,
    slices: number,
    source: Storage | undefined,
  ): { at: number; temporary: number } | null {
    if (plan.packing === null) return { at: weights, temporary: 0 };
    const bytes = plan.packedBytes * slices;
    const kept = source === undefined ? null : this.keeper.find(source, plan, weights, bytes);
    if (kept?.ready === true) return { at: kept.storage!.address, temporary: 0 };
    const at = kept?.storage?.address ?? this.host.allocate(bytes);
    if (at === 0) return null;
    const operands: Placed[] = [
      [at, plan.packedBytes, 0],
      [weights, sliceBytes, 0],
    ];
    this.runParts(plan.packing, operands, { parts: slices });
    if (kept?.storage == null) return { at, temporary: bytes };
    kept.ready = true;
    return { at, temporary: 0 };
  }

  /** Every part of the batch gives a partial sum; they are added in their order. */
  private weightGradient(geometry: Geometry, work: number, values: readonly number[]): boolean {
    const [x, dy, dw, , accumulate] = values as [number, number, number, number, number];
    const [batch] = geometry;
    const elements = elementsOf(geometry);
    // However large the weights are, two threads can share the work.
    const mostParts = Math.max(2, Math.min(MOST_PARTIALS, Math.floor(MOST_PARTIAL_ELEMENTS / elements)));
    const images = imagesAtOnce(batch, work, Math.max(PART_WORK, PARTIAL_WORK * elements, (batch * work) / mostParts));
    const rest = batch % images;
    const main = this.find("weightGradient", geometry, images, false);
    const last = rest === 0 ? main : this.find("weightGradient", geometry, rest, false);
    if (main === null || last === null) return false;
    const { host } = this;
    const rows = Math.ceil(batch / images) + accumulate;
    const bytes = 4 * rows * elements;
    const partial = rows === 1 ? dw : host.allocate(bytes);
    if (partial === 0) return false;
    try {
      const [imageSize, resultSize] = sizes(geometry);
      if (accumulate === 1) host.copy(dw, partial, 4 * elements);
      let to = partial + 4 * accumulate * elements;
      for (const [plan, count, parts, first] of batches(main, last, images, batch)) {
        const operands: Placed[] = [
          [to, 4 * elements, 0],
          [x + 4 * first * imageSize, 4 * count * imageSize, 0],
          [dy + 4 * first * resultSize, 4 * count * resultSize, 0],
        ];
        this.runParts(plan.bound, operands, { parts });
        to += 4 * parts * elements;
      }
      if (rows > 1) host.sumRows(partial, rows, elements, dw);
    } finally {
      if (partial !== dw) host.release(partial, bytes);
    }
    return true;
  }

  /** How `answer` does it; null if it can't. */
  answerPlan(geometry: Geometry, block: number, bias: boolean, combined: Combined): AnswerPlan | null {
    if (this.known.size >= MOST_SHAPES || this.bytes > MOST_BYTES) this.clear();
    const { subtract, multiply, add, addend } = combined;
    const key = `${geometry.join()},${bias},${subtract},${multiply},${add},${addend}`;
    let plan = this.plans.get(key);
    if (plan === undefined) {
      plan = this.planAnswer(geometry, block, bias, combined);
      this.plans.set(key, plan);
    }
    return plan;
  }

  private planAnswer(geometry: Geometry, block: number, bias: boolean, combined: Combined): AnswerPlan | null {
    const [batch, channels, , , filters, kernelHeight, kernelWidth] = geometry;
    const work = channels * kernelHeight * kernelWidth * filters * geometry[14] * geometry[15];
    const images = imagesAtOnce(batch, work, PART_WORK);
    const slices = images === 1 ? slicesOf(batch, filters, work) : 1;
    const own = slices === 1 ? geometry : ofFilters(geometry, filters / slices);
    const find = (count: number): Convolution | null =>
      this.remembered(`answer,${bias},${Object.values(combined).join()},${count},${own.join()}`, () =>
        this.primitives.answer(shapeOf(own, count), block, bias, combined),
      );
    const main = find(images);
    const rest = batch % images;
    const last = rest === 0 ? main : find(rest);
    if (main === null || last === null) return null;
    return { batch, images, slices, own, main, last, bias, combined, round: this.round };
  }

  /**
   * A convolution of images in the library's blocks of channels, with its result in such blocks: see `Primitives.answer`. False if there is no
   * memory for the weights, or the plan is too old.
   */
  answer(plan: AnswerPlan, { places, source, activation }: Answer): boolean {
    const { batch, images, slices, own, bias, combined } = plan;
    if (plan.round !== this.round) return false;
    const [inputSize, outputSize] = sizes(own);
    const sliceBytes = 4 * elementsOf(own);
    const perSlice = 4 * own[4];
    for (const [convolution, count, parts, first] of batches(plan.main, plan.last, images, batch)) {
      const packed = this.packedWeights(convolution, places.weights, sliceBytes, slices, source);
      if (packed === null) return false;
      const inResult = (at: number): Placed => [
        at + 4 * first * outputSize,
        4 * count * outputSize * slices,
        4 * outputSize,
      ];
      const operands: Placed[] = [
        inResult(places.to),
        [places.from + 4 * first * inputSize, 4 * count * inputSize, 0],
        [packed.at, 0, convolution.packing === null ? sliceBytes : convolution.packedBytes],
      ];
      if (bias) operands.push([places.bias, 0, perSlice]);
      if (combined.subtract) operands.push([places.subtract, 0, perSlice]);
      if (combined.multiply) operands.push([places.multiply, 0, perSlice]);
      if (combined.add) operands.push([places.add, 0, perSlice]);
      if (combined.addend) operands.push(inResult(places.addend));
      try {
        this.runParts(convolution.bound, operands, { parts, slices, activation, elements: count * outputSize });
      } finally {
        if (packed.temporary > 0) this.host.release(packed.at, packed.temporary);
      }
    }
    return true;
  }

  /** Brings images from rows into blocks of so many channels, or back. */
  turn(
    shape: readonly [number, number, number, number],
    block: number,
    intoBlocks: boolean,
    from: number,
    to: number,
  ): void {
    const [batch, channels, height, width] = shape;
    // A block's channels lie together in both.
    const count = batch * (channels / block);
    const together = imagesAtOnce(count, block * height * width, TURN_WORK);
    const rest = count % together;
    const bytes = 4 * block * height * width;
    const run = (blocks: number, parts: number, first: number): void => {
      const key = `turn,${intoBlocks},${blocks},${block},${height},${width}`;
      let bound = this.turns.get(key);
      if (bound === undefined) {
        bound = this.primitives.turnImages([blocks, block, height, width], block, intoBlocks);
        this.turns.set(key, bound);
      }
      const operands: Placed[] = [to, from].map((at) => [at + first * bytes, blocks * bytes, 0]);
      this.runParts(bound, operands, { parts });
    };
    run(together, Math.floor(count / together), 0);
    if (rest > 0) run(rest, 1, count - rest);
  }

  /** Whether blocks of so many channels lie as we take them to: every pixel's numbers together, block after block. */
  liesAsExpected(block: number): boolean {
    const [channels, pixels] = [2 * block, 3];
    const length = channels * pixels;
    const at = this.host.allocate(8 * length);
    if (at === 0) return false;
    try {
      const values = this.host.floats(at, 2 * length);
      for (let i = 0; i < length; i++) values[i] = i;
      this.turn([1, channels, 1, pixels], block, true, at, at + 4 * length);
      for (let i = 0; i < length; i++) {
        const lane = i % block;
        const pixel = Math.floor(i / block) % pixels;
        const channel = Math.floor(i / (block * pixels)) * block + lane;
        if (values[length + i] !== channel * pixels + pixel) return false;
      }
      return true;
    } catch {
      return false;
    } finally {
      this.host.release(at, 8 * length);
    }
  }

  /** Forgets all shapes. */
  clear(): void {
    this.round += 1;
    this.known.clear();
    this.plans.clear();
    this.turns.clear();
    this.primitives.clear();
    this.bytes = 0;
  }

  private find(kind: ConvolutionKind, geometry: Geometry, images: number, bias: boolean): Convolution | null {
    const key = `${kind},${bias},${images},${geometry.join()}`;
    const any = kind !== "inputGradient" || geometry[1] >= FEW_CHANNELS;
    return this.remembered(key, () => this.primitives.convolution(kind, shapeOf(geometry, images), bias, any));
  }

  private remembered(key: string, make: () => Convolution | null): Convolution | null {
    let plan = this.known.get(key);
    if (plan !== undefined) return plan;
    try {
      plan = make();
    } catch {
      // Not every version has every convolution: this one is computed in another way from now on.
      plan = null;
    }
    this.bytes += plan?.bytes ?? 0;
    this.known.set(key, plan);
    return plan;
  }

  /** Runs `parts` times `slices` parts; `operands` in the order of the bound memory objects. */
  private runParts(
    bound: readonly BoundConvolution[],
    operands: readonly Placed[],
    { parts, slices = 1, activation = 0, elements = 0 }: Parts,
  ): void {
    const { task, steps: rows } = this.host;
    for (let thread = 0; thread < rows.length; thread++) {
      const row = rows[thread]!;
      const { objects, steps } = bound[thread]!;
      row[STEPS.stream] = this.primitives.streams[thread]!;
      row[STEPS.count] = steps.length;
      row[STEPS.operands] = objects.length;
      for (let i = 0; i < objects.length; i++) row[STEPS.object + i] = objects[i]!;
      for (let i = 0; i < steps.length; i++) {
        const step = steps[i]!;
        row[STEPS.first + 3 * i] = step.primitive;
        row[STEPS.first + 3 * i + 1] = step.operandCount;
        row[STEPS.first + 3 * i + 2] = step.operands;
      }
    }
    for (let i = 0; i < operands.length; i++) task.set(operands[i]!, BLOCKED.places + 3 * i);
    task[TASK.kind] = TASK.kinds.blocked;
    task[TASK.error] = 0;
    task[BLOCKED.slices] = slices;
    task[BLOCKED.activation] = activation;
    task[BLOCKED.elements] = elements;
    this.host.fork(parts * slices);
    check(task[TASK.error]!);
  }
}

/** How the work is cut, and what follows: an activation of so many elements of each part's result. */
interface Parts {
  readonly parts: number;
  readonly slices?: number;
  readonly activation?: number;
  readonly elements?: number;
}

function check(error: number): void {
  if (error !== 0) throw new Error(`convolution: oneDNN failed with status ${error}`);
}

function shapeOf(geometry: Geometry, images: number): ConvolutionShape {
  const [, channels, height, width, filters, kernelHeight, kernelWidth] = geometry;
  const [strideHeight, strideWidth, padTop, padLeft, dilationHeight, dilationWidth, , outHeight, outWidth] =
    geometry.slice(7) as [number, number, number, number, number, number, number, number, number];
  const after = (length: number, outputs: number, stride: number, taps: number, dilation: number, before: number) =>
    Math.max(0, (outputs - 1) * stride + (taps - 1) * dilation + 1 - length - before);
  return {
    image: [images, channels, height, width],
    weights: [filters, channels, kernelHeight, kernelWidth],
    result: [images, filters, outHeight, outWidth],
    stride: [strideHeight, strideWidth],
    dilation: [dilationHeight, dilationWidth],
    before: [padTop, padLeft],
    after: [
      after(height, outHeight, strideHeight, kernelHeight, dilationHeight, padTop),
      after(width, outWidth, strideWidth, kernelWidth, dilationWidth, padLeft),
    ],
  };
}

function ofFilters(geometry: Geometry, filters: number): Geometry {
  const changed = [...geometry];
  changed[4] = filters;
  return changed as unknown as Geometry;
}

/** Elements of the weights. */
function elementsOf([, channels, , , filters, kernelHeight, kernelWidth]: Geometry): number {
  return filters * channels * kernelHeight * kernelWidth;
}

/** Elements of an image and of a result. */
function sizes(geometry: Geometry): [number, number] {
  const [, channels, height, width, filters] = geometry;
  return [channels * height * width, filters * geometry[14] * geometry[15]];
}

/** The batch as equal parts and a rest: plan, images of a part, parts, first image. */
function* batches(
  main: Convolution,
  last: Convolution,
  images: number,
  batch: number,
): Generator<[plan: Convolution, images: number, parts: number, first: number]> {
  const parts = Math.floor(batch / images);
  const rest = batch % images;
  yield [main, images, parts, 0];
  if (rest > 0) yield [last, rest, 1, parts * images];
}
