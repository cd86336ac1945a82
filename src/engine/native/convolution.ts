// Convolutions by oneDNN, in place of the kernels of the same names: an image, or a few, at a time, so that the library's own copies stay in cache
// and threads share the work. How many at a time follows from the shapes alone, as does the order in which partial sums are added.
import type { Koffi } from "./koffi.ts";
import type { NativeLibrary } from "./library.ts";
import { type Parts, STEPS, TASK } from "./parts.ts";
import { type Convolution, type ConvolutionKind, Primitives, type Step } from "./primitives.ts";

export const CONVOLUTIONS: Readonly<Record<string, ConvolutionKind>> = {
  convolution: "forward",
  convolutionInputGradient: "inputGradient",
  convolutionWeightGradient: "weightGradient",
};

/** Multiply-adds from which the library is faster than the kernel, and of the smallest part worth handing out. */
const [SMALLEST_CONVOLUTION, PART_WORK] = [400_000, 1_000_000];
/** What an element of a partial gradient of weights costs, in multiply-adds: it is turned into our layout and added. */
const PARTIAL_WORK = 200;
/** Partial gradients of weights: how many at most, and elements of them all together. */
const [MOST_PARTIALS, MOST_PARTIAL_ELEMENTS] = [32, 1 << 20];
/** Fewer channels than this fill so little of the library's layout that the input's gradient is faster without it. */
const FEW_CHANNELS = 4;
/** Shapes kept; a program that meets more starts anew. */
const MOST_SHAPES = 256;

/** What the engine lends: its memory and threads. */
export interface Host {
  readonly parts: Parts;
  readonly task: Uint32Array;
  /** Where each thread's steps are written, the calling one's first. */
  readonly steps: readonly Float64Array[];
  readonly base: number;
  allocate(bytes: number): number;
  release(address: number, bytes: number): void;
  copy(from: number, to: number, bytes: number): void;
  /** out[i] = sum over the rows of x[row, i]. */
  sumRows(x: number, rows: number, elements: number, out: number): void;
  fork(parts: number): void;
}

/** The numbers that end a kernel's arguments, in their order. */
type Geometry = readonly [
  batch: number,
  channels: number,
  height: number,
  width: number,
  filters: number,
  kernelHeight: number,
  kernelWidth: number,
  strideHeight: number,
  strideWidth: number,
  padTop: number,
  padLeft: number,
  dilationHeight: number,
  dilationWidth: number,
  groups: number,
  outHeight: number,
  outWidth: number,
];

export class Convolutions {
  private readonly primitives: Primitives;
  private readonly known = new Map<string, Convolution | null>();
  private readonly setAddress: (memory: number, address: number) => number;
  private readonly execute: (primitive: number, stream: number, count: number, operands: number) => number;
  private readonly host: Host;
  private readonly smallest: number;

  constructor(koffi: Koffi, { file, major }: NativeLibrary, host: Host, smallest?: number) {
    const library = koffi.load(file);
    this.host = host;
    this.smallest = smallest ?? SMALLEST_CONVOLUTION;
    this.primitives = new Primitives(koffi, library, major, host.steps.length);
    this.setAddress = library.func("dnnl_memory_set_data_handle", "int", ["size_t", "size_t"]);
    this.execute = library.func("dnnl_primitive_execute", "int", ["size_t", "size_t", "int", "size_t"]);
  }

  /**
   * Runs what the kernel of that name would; `values` are its arguments, operands as addresses. False if the kernel has
   * to: for groups, what is too small, and what needs more memory than it is worth.
   */
  run(name: string, values: readonly number[]): boolean {
    const kind = CONVOLUTIONS[name]!;
    const geometry = values.slice(-16) as unknown as Geometry;
    const [batch, channels, , , filters, kernelHeight, kernelWidth] = geometry;
    const [groups, outHeight, outWidth] = geometry.slice(13) as [number, number, number];
    const work = channels * kernelHeight * kernelWidth * filters * outHeight * outWidth;
    if (groups !== 1 || batch * work < this.smallest) return false;
    return kind === "weightGradient"
      ? this.weightGradient(geometry, work, values)
      : this.mapImages(kind, geometry, work, values);
  }

  /** Forward and gradient by the input: every image by itself. */
  private mapImages(kind: ConvolutionKind, geometry: Geometry, work: number, values: readonly number[]): boolean {
    const [from, weights, bias, to, , activation] = values as [number, number, number, number, number, number];
    const forward = kind === "forward";
    if (!forward && (bias !== 0 || activation !== 0)) return false;
    const [batch] = geometry;
    const images = imagesAtOnce(batch, work, PART_WORK);
    const rest = batch % images;
    const main = this.find(kind, geometry, images, bias !== 0);
    const last = rest === 0 ? main : this.find(kind, geometry, rest, bias !== 0);
    if (main === null || last === null) return false;
    const { task } = this.host;
    const [imageSize, resultSize] = sizes(geometry);
    const [inputSize, outputSize] = forward ? [imageSize, resultSize] : [resultSize, imageSize];
    task[TASK.activation] = activation;
    for (const [plan, count, parts, first] of batches(main, last, images, batch)) {
      this.shareWeights(plan, weights, bias);
      task[TASK.a] = from + 4 * first * inputSize;
      task[TASK.c] = to + 4 * first * outputSize;
      task[TASK.nextA] = 4 * count * inputSize;
      task[TASK.nextC] = 4 * count * outputSize;
      task[TASK.elements] = count * outputSize;
      this.runParts(plan, parts);
    }
    return true;
  }

  /** Every part of the batch gives a partial sum; they are added in their order. */
  private weightGradient(geometry: Geometry, work: number, values: readonly number[]): boolean {
    const [x, dy, dw, , accumulate] = values as [number, number, number, number, number];
    const [batch, channels, , , filters, kernelHeight, kernelWidth] = geometry;
    const elements = filters * channels * kernelHeight * kernelWidth;
    const mostParts = Math.max(1, Math.min(MOST_PARTIALS, Math.floor(MOST_PARTIAL_ELEMENTS / elements)));
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
      task[TASK.activation] = 0;
      let to = partial + 4 * accumulate * elements;
      for (const [plan, count, parts, first] of batches(main, last, images, batch)) {
        task[TASK.a] = x + 4 * first * imageSize;
        task[TASK.b] = dy + 4 * first * resultSize;
        task[TASK.c] = to;
        task[TASK.nextA] = 4 * count * imageSize;
        task[TASK.nextB] = 4 * count * resultSize;
        task[TASK.nextC] = 4 * elements;
        this.runParts(plan, parts);
        to += 4 * parts * elements;
      }
      if (rows > 1) host.sumRows(partial, rows, elements, dw);
    } finally {
      if (partial !== dw) host.release(partial, bytes);
    }
    return true;
  }

  private find(kind: ConvolutionKind, geometry: Geometry, images: number, bias: boolean): Convolution | null {
    const key = `${kind},${bias},${images},${geometry.join()}`;
    let plan = this.known.get(key);
    if (plan !== undefined) return plan;
    if (this.known.size >= MOST_SHAPES) {
      this.known.clear();
      this.primitives.clear();
    }
    const [, channels, height, width, filters, kernelHeight, kernelWidth] = geometry;
    const [strideHeight, strideWidth, padTop, padLeft, dilationHeight, dilationWidth, , outHeight, outWidth] =
      geometry.slice(7) as [number, number, number, number, number, number, number, number, number];
    const after = (length: number, outputs: number, stride: number, taps: number, dilation: number, before: number) =>
      Math.max(0, (outputs - 1) * stride + (taps - 1) * dilation + 1 - length - before);
    plan = this.primitives.convolution(
      kind,
      {
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
      },
      bias,
      kind !== "inputGradient" || channels >= FEW_CHANNELS,
    );
    this.known.set(key, plan);
    return plan;
  }

  /** Tells a plan where weights and bias lie, and brings the weights into the library's layout. */
  private shareWeights({ weights, bias, prepare }: Convolution, at: number, biasAt: number): void {
    const { base } = this.host;
    this.setAddress(weights, base + at);
    if (bias !== 0) this.setAddress(bias, base + biasAt);
    if (prepare === null) return;
    const { primitive, operandCount, operands }: Step = prepare;
    check(this.execute(primitive, this.primitives.streams[0]!, operandCount, operands));
  }

  private runParts({ bound }: Convolution, parts: number): void {
    const { task, steps: rows } = this.host;
    for (let thread = 0; thread < rows.length; thread++) {
      const row = rows[thread]!;
      const { inputs, output, steps } = bound[thread]!;
      row[STEPS.inputA] = inputs[0]!;
      row[STEPS.inputB] = inputs[1] ?? 0;
      row[STEPS.output] = output;
      row[STEPS.stream] = this.primitives.streams[thread]!;
      row[STEPS.count] = steps.length;
      for (let i = 0; i < steps.length; i++) {
        const step = steps[i]!;
        row[STEPS.first + 3 * i] = step.primitive;
        row[STEPS.first + 3 * i + 1] = step.operandCount;
        row[STEPS.first + 3 * i + 2] = step.operands;
      }
    }
    task[TASK.kind] = TASK.convolution;
    task[TASK.error] = 0;
    this.host.fork(parts);
    check(task[TASK.error]!);
  }
}

function check(error: number): void {
  if (error !== 0) throw new Error(`convolution: oneDNN failed with status ${error}`);
}

/** Elements of an image and of a result. */
function sizes(geometry: Geometry): [number, number] {
  const [, channels, height, width, filters] = geometry;
  return [channels * height * width, filters * geometry[14] * geometry[15]];
}

/** So many images that a part is worth handing out; a divisor of the batch if there is one near. */
function imagesAtOnce(batch: number, work: number, partWork: number): number {
  const least = Math.min(batch, Math.max(1, Math.ceil(partWork / work)));
  for (let images = least; images <= Math.min(batch, 2 * least); images++) {
    if (batch % images === 0) return images;
  }
  return least;
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
