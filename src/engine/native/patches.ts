// Convolutions as matrix products of unfolded images, one image at a time in a thread's own cache. Better than oneDNN's convolutions where channels
// or filters fill its blocks of 16 badly, and where windows are single pixels, for then an image is its own unfolding; and the way for a library that
// has products only.
import { type Geometry, type Host, imagesAtOnce, PART_WORK, slicesOf } from "./host.ts";
import type { ConvolutionKind } from "./primitives.ts";
import { type RunPart, TASK, type Thread } from "./thread.ts";

/** Words of the task. */
export const PATCHES = {
  kind: TASK.kind,
  forward: TASK.kinds.patchesForward,
  inputGradient: TASK.kinds.patchesInputGradient,
  error: TASK.error,
  /** An activation's number, not a word's. */
  relu: 3,
  image: 2,
  weights: 3,
  bias: 4,
  result: 5,
  activation: 6,
  /** Images of a part; the first parts, so many, have one more. */
  images: 7,
  larger: 8,
  channels: 9,
  height: 10,
  width: 11,
  filters: 12,
  kernelRows: 13,
  kernelColumns: 14,
  strideRows: 15,
  strideColumns: 16,
  top: 17,
  left: 18,
  dilationRows: 19,
  dilationColumns: 20,
  outRows: 21,
  outColumns: 22,
  /** Whether an image is its own unfolding. */
  plain: 23,
  /** Parts that share their images: each has some of the filters. */
  slices: 24,
} as const;

export function patchParts({ calls, task, kernels }: Thread, word: typeof PATCHES): RunPart {
  const multiply = calls.float32;

  /** Calls unfold or fold with the task's geometry. */
  const move = (kernel: (...values: number[]) => void, image: number, patches: number): void =>
    kernel(
      image,
      patches,
      task[word.channels]!,
      task[word.height]!,
      task[word.width]!,
      task[word.kernelRows]!,
      task[word.kernelColumns]!,
      task[word.strideRows]!,
      task[word.strideColumns]!,
      task[word.top]!,
      task[word.left]!,
      task[word.dilationRows]!,
      task[word.dilationColumns]!,
      task[word.outRows]!,
      task[word.outColumns]!,
    );

  const runImage = (image: number, result: number, weightsPart: number, first: boolean, slice: number): void => {
    const plain = task[word.plain] === 1;
    const patches = plain ? image : kernels.patchAddress();
    const filters = task[word.filters]! / task[word.slices]!;
    const pixels = task[word.outRows]! * task[word.outColumns]!;
    const taps = task[word.channels]! * task[word.kernelRows]! * task[word.kernelColumns]!;
    const weights = task[word.weights]! + 4 * slice * filters * taps;
    let error = 0;
    if (task[word.kind] === word.forward) {
      if (!plain) move(kernels.unfold_f32, image, patches);
      const to = result + 4 * slice * filters * pixels;
      error = multiply(0, 0, filters, pixels, taps, weights, taps, patches, pixels, 0, to, pixels);
      const bias = task[word.bias] && task[word.bias]! + 4 * slice * filters;
      const activation = task[word.activation]!;
      const relu = activation === word.relu ? 1 : 0;
      if (bias !== 0 || relu === 1) kernels.finishRows_f32(to, filters, pixels, bias!, relu);
      if (activation !== 0 && relu === 0) {
        kernels.finishProduct_f32(1, filters * pixels, to, filters * pixels, 0, activation);
      }
    } else if (task[word.kind] === word.inputGradient) {
      error = multiply(1, 0, taps, pixels, filters, weights, taps, result, pixels, 0, patches, pixels);
      if (!plain) move(kernels.fold_f32, image, patches);
    } else {
      if (!plain) move(kernels.unfold_f32, image, patches);
      const add = first ? 0 : 1;
      error = multiply(0, 1, filters, taps, pixels, result, pixels, patches, pixels, add, weightsPart, taps);
    }
    if (error !== 0) task[word.error] = error;
  };

  return (number) => {
    const slices = task[word.slices]!;
    const slice = number % slices;
    const part = (number - slice) / slices;
    const images = task[word.images]!;
    const larger = task[word.larger]!;
    const start = part * images + Math.min(part, larger);
    const end = start + images + (part < larger ? 1 : 0);
    const imageBytes = 4 * task[word.channels]! * task[word.height]! * task[word.width]!;
    const resultBytes = 4 * task[word.filters]! * task[word.outRows]! * task[word.outColumns]!;
    const kernelBytes = 4 * task[word.kernelRows]! * task[word.kernelColumns]! * task[word.channels]!;
    const weightsPart = task[word.weights]! + part * task[word.filters]! * kernelBytes;
    for (let i = start; i < end; i++) {
      runImage(
        task[word.image]! + i * imageBytes,
        task[word.result]! + i * resultBytes,
        weightsPart,
        i === start,
        slice,
      );
    }
  };
}

/** Pixels of an image below which products are too small to be worth it. */
const FEWEST_PIXELS = 32;
/** What an element of a partial gradient of weights costs, in multiply-adds. */
const PARTIAL_WORK = 100;

/** How many parts of about so many images: an even number, which two threads or four finish together, if there is one. */
function partsOf(batch: number, images: number): number {
  const parts = Math.ceil(batch / images);
  return parts > 1 && parts < batch ? parts + (parts % 2) : parts;
}

/** Whether windows are single pixels side by side: the image is its own unfolding. */
export function isPlain(geometry: Geometry): boolean {
  const [, , height, width, , kernelRows, kernelColumns, strideRows, strideColumns, top, left] = geometry;
  const whole = top === 0 && left === 0 && geometry[14] === height && geometry[15] === width;
  return kernelRows === 1 && kernelColumns === 1 && strideRows === 1 && strideColumns === 1 && whole;
}

/** Runs a convolution or one of its gradients; false if it has to be done in another way. `values`: see `Convolutions.run`. */
export function runPatches(host: Host, kind: ConvolutionKind, geometry: Geometry, values: readonly number[]): boolean {
  const [batch, channels, height, width, filters, kernelRows, kernelColumns, strideRows, strideColumns] = geometry;
  const [top, left, dilationRows, dilationColumns, , outRows, outColumns] = geometry.slice(9) as [
    ...[number, number, number, number, number, number, number],
  ];
  const pixels = outRows * outColumns;
  const elements = filters * channels * kernelRows * kernelColumns;
  const work = elements * pixels;
  const plain = isPlain(geometry);
  if (pixels < FEWEST_PIXELS) return false;
  if (!plain && 4 * channels * kernelRows * kernelColumns * pixels > host.patchBytes()) return false;

  const { task } = host;
  const gradient = kind === "weightGradient";
  const [x, second, third, fourth] = values as [number, number, number, number];
  const accumulate = gradient ? values[4]! : 0;
  const least = gradient ? Math.max(PART_WORK, PARTIAL_WORK * elements, (batch * work) / 32) : PART_WORK;
  const parts = partsOf(batch, imagesAtOnce(batch, work, least));
  const rows = gradient ? parts + accumulate : 1;
  const spare = rows === 1 ? 0 : 4 * rows * elements;
  const memory = spare === 0 ? 0 : host.allocate(spare);
  if (spare > 0 && memory === 0) return false;
  try {
    const partial = memory === 0 ? third : memory + 4 * accumulate * elements;
    if (gradient && accumulate === 1) host.copy(third, memory, 4 * elements);
    const kinds = {
      forward: TASK.kinds.patchesForward,
      inputGradient: TASK.kinds.patchesInputGradient,
      weightGradient: TASK.kinds.patchesWeightGradient,
    };
    task[PATCHES.kind] = kinds[kind];
    task[PATCHES.error] = 0;
    // Operands of the kernels: x, w, b, y; dy, w, b, dx; x, dy, dw.
    task[PATCHES.image] = kind === "inputGradient" ? fourth : x;
    task[PATCHES.weights] = gradient ? partial : second;
    task[PATCHES.bias] = kind === "forward" ? third : 0;
    task[PATCHES.result] = kind === "forward" ? fourth : kind === "inputGradient" ? x : second;
    task[PATCHES.activation] = kind === "forward" ? values[5]! : 0;
    task[PATCHES.images] = Math.floor(batch / parts);
    task[PATCHES.larger] = batch % parts;
    task[PATCHES.channels] = channels;
    task[PATCHES.height] = height;
    task[PATCHES.width] = width;
    task[PATCHES.filters] = filters;
    task[PATCHES.kernelRows] = kernelRows;
    task[PATCHES.kernelColumns] = kernelColumns;
    task[PATCHES.strideRows] = strideRows;
    task[PATCHES.strideColumns] = strideColumns;
    task[PATCHES.top] = top;
    task[PATCHES.left] = left;
    task[PATCHES.dilationRows] = dilationRows;
    task[PATCHES.dilationColumns] = dilationColumns;
    task[PATCHES.outRows] = outRows;
    task[PATCHES.outColumns] = outColumns;
    task[PATCHES.plain] = plain ? 1 : 0;
    const slices = plain && kind === "forward" ? slicesOf(batch, filters, work) : 1;
    task[PATCHES.slices] = slices;
    host.fork(parts * slices);
    if (task[PATCHES.error] !== 0) throw new Error(`convolution: the library failed with error ${task[PATCHES.error]}`);
    if (gradient && rows > 1) host.sumRows(memory, rows, elements, third);
  } finally {
    if (memory !== 0) host.release(memory, spare);
  }
  return true;
}
