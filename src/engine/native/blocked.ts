// Convolutions by oneDNN's own, in its layout of blocks of 16 channels: an image, or a few, at a time, so that its copies stay in cache and threads
// share the work. How many at a time follows from the shapes alone, as does the order in which partial sums are added.

import type { Storage } from "../storage.ts";
import { type Geometry, type Host, imagesAtOnce, PART_WORK, slicesOf } from "./host.ts";
import type { Koffi } from "./koffi.ts";
import type { NativeLibrary } from "./library.ts";
import { PackedWeights } from "./packed-weights.ts";
import { type BoundConvolution, type Convolution, type ConvolutionKind, Primitives } from "./primitives.ts";
import { type RunPart, STEPS, TASK, type Thread } from "./thread.ts";

/** What an element of a partial gradient of weights costs, in multiply-adds: it is turned into our layout and added. */
const PARTIAL_WORK = 200;
/** Partial gradients of weights: how many at most, and elements of them all together. */
const [MOST_PARTIALS, MOST_PARTIAL_ELEMENTS] = [32, 1 << 20];
/** Fewer channels than this fill so little of the library's layout that the input's gradient is faster without it. */
const FEW_CHANNELS = 4;
/** Shapes kept, and bytes of the library's copies; a program that meets more starts anew. */
const [MOST_SHAPES, MOST_BYTES] = [256, 512 << 20];

/** Words of the task. */
export const BLOCKED = {
  ...STEPS,
  weightsObject: STEPS.weights,
  biasObject: STEPS.bias,
  error: TASK.error,
  a: 2,
  b: 3,
  c: 4,
  /** Bytes from one part's operands to the next part's. */
  nextA: 5,
  nextB: 6,
  nextC: 7,
  /** Applied to so many elements of the result. */
  activation: 8,
  elements: 9,
  /** Parts that share their images: each has some of the filters. Bytes from one's weights, bias and result to the next's. */
  slices: 10,
  weights: 11,
  nextWeights: 12,
  bias: 13,
  nextBias: 14,
  nextSlice: 15,
} as const;

export function blockedParts({ calls, task, steps, kernels }: Thread, word: typeof BLOCKED): RunPart {
  const setAddress = calls.setAddress!;
  const execute = calls.execute!;
  const [weights, bias] = [word.weightsObject, word.biasObject];
  return (number) => {
    const slices = task[word.slices]!;
    const slice = number % slices;
    const part = (number - slice) / slices;
    setAddress(steps[word.inputA]!, task[word.a]! + part * task[word.nextA]!);
    if (steps[word.inputB] !== 0) setAddress(steps[word.inputB]!, task[word.b]! + part * task[word.nextB]!);
    if (steps[weights] !== 0) setAddress(steps[weights]!, task[word.weights]! + slice * task[word.nextWeights]!);
    if (steps[bias] !== 0) setAddress(steps[bias]!, task[word.bias]! + slice * task[word.nextBias]!);
    const to = task[word.c]! + part * task[word.nextC]! + slice * task[word.nextSlice]!;
    setAddress(steps[word.output]!, to);
    const end = word.first + 3 * steps[word.count]!;
    for (let at = word.first; at < end; at += 3) {
      const error = execute(steps[at]!, steps[word.stream]!, steps[at + 1]!, steps[at + 2]!);
      if (error !== 0) task[word.error] = error;
    }
    const activation = task[word.activation]!;
    const elements = task[word.elements]!;
    if (activation !== 0) kernels.finishProduct_f32(1, elements, to, elements, 0, activation);
  };
}

export class BlockedConvolutions {
  private readonly primitives: Primitives;
  private readonly known = new Map<string, Convolution | null>();
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
    const { task } = this.host;
    const [imageSize, resultSize] = sizes(geometry);
    const [inputSize, outputSize] = forward ? [imageSize, resultSize] : [resultSize, imageSize];
    const sliceBytes = 4 * elementsOf(geometry);
    for (const [plan, count, parts, first] of batches(main, last, images, batch)) {
      const packed = this.packedWeights(plan, weights, sliceBytes, slices, source);
      if (packed === null) return false;
      task[BLOCKED.activation] = activation;
      task[BLOCKED.elements] = count * outputSize;
      task[BLOCKED.slices] = slices;
      task[BLOCKED.weights] = packed.at;
      task[BLOCKED.nextWeights] = plan.packing === null ? sliceBytes : plan.packedBytes;
      task[BLOCKED.bias] = bias;
      task[BLOCKED.nextBias] = 4 * geometry[4];
      task[BLOCKED.a] = from + 4 * first * inputSize;
      task[BLOCKED.c] = to + 4 * first * outputSize;
      task[BLOCKED.nextA] = 4 * count * inputSize;
      task[BLOCKED.nextC] = 4 * count * outputSize * slices;
      task[BLOCKED.nextSlice] = 4 * outputSize;
      try {
        this.runParts(plan.bound, parts * slices);
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
    const { task } = this.host;
    task[BLOCKED.activation] = 0;
    task[BLOCKED.slices] = 1;
    task[BLOCKED.a] = weights;
    task[BLOCKED.nextA] = sliceBytes;
    task[BLOCKED.c] = at;
    task[BLOCKED.nextC] = plan.packedBytes;
    this.runParts(plan.packing, slices);
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
      const { task } = host;
      const [imageSize, resultSize] = sizes(geometry);
      if (accumulate === 1) host.copy(dw, partial, 4 * elements);
      task[BLOCKED.activation] = 0;
      task[BLOCKED.slices] = 1;
      let to = partial + 4 * accumulate * elements;
      for (const [plan, count, parts, first] of batches(main, last, images, batch)) {
        task[BLOCKED.a] = x + 4 * first * imageSize;
        task[BLOCKED.b] = dy + 4 * first * resultSize;
        task[BLOCKED.c] = to;
        task[BLOCKED.nextA] = 4 * count * imageSize;
        task[BLOCKED.nextB] = 4 * count * resultSize;
        task[BLOCKED.nextC] = 4 * elements;
        this.runParts(plan.bound, parts);
        to += 4 * parts * elements;
      }
      if (rows > 1) host.sumRows(partial, rows, elements, dw);
    } finally {
      if (partial !== dw) host.release(partial, bytes);
    }
    return true;
  }

  /** Forgets all shapes. */
  clear(): void {
    this.known.clear();
    this.primitives.clear();
    this.bytes = 0;
  }

  private find(kind: ConvolutionKind, geometry: Geometry, images: number, bias: boolean): Convolution | null {
    const key = `${kind},${bias},${images},${geometry.join()}`;
    let plan = this.known.get(key);
    if (plan !== undefined) return plan;
    const [, channels, height, width, filters, kernelHeight, kernelWidth] = geometry;
    const [strideHeight, strideWidth, padTop, padLeft, dilationHeight, dilationWidth, , outHeight, outWidth] =
      geometry.slice(7) as [number, number, number, number, number, number, number, number, number];
    const after = (length: number, outputs: number, stride: number, taps: number, dilation: number, before: number) =>
      Math.max(0, (outputs - 1) * stride + (taps - 1) * dilation + 1 - length - before);
    const shape = {
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
    try {
      plan = this.primitives.convolution(kind, shape, bias, kind !== "inputGradient" || channels >= FEW_CHANNELS);
    } catch {
      // Not every version has every convolution: this one is computed in another way from now on.
      plan = null;
    }
    this.bytes += plan?.bytes ?? 0;
    this.known.set(key, plan);
    return plan;
  }

  private runParts(bound: readonly BoundConvolution[], parts: number): void {
    const { task, steps: rows } = this.host;
    for (let thread = 0; thread < rows.length; thread++) {
      const row = rows[thread]!;
      const { inputs, output, weights, bias, steps } = bound[thread]!;
      row[STEPS.inputA] = inputs[0]!;
      row[STEPS.inputB] = inputs[1] ?? 0;
      row[STEPS.output] = output;
      row[STEPS.weights] = weights;
      row[STEPS.bias] = bias;
      row[STEPS.stream] = this.primitives.streams[thread]!;
      row[STEPS.count] = steps.length;
      for (let i = 0; i < steps.length; i++) {
        const step = steps[i]!;
        row[STEPS.first + 3 * i] = step.primitive;
        row[STEPS.first + 3 * i + 1] = step.operandCount;
        row[STEPS.first + 3 * i + 2] = step.operands;
      }
    }
    task[TASK.kind] = TASK.kinds.blocked;
    task[TASK.error] = 0;
    this.host.fork(parts);
    check(task[TASK.error]!);
  }
}

function check(error: number): void {
  if (error !== 0) throw new Error(`convolution: oneDNN failed with status ${error}`);
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
