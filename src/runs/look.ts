// What a run looks like inside after an epoch: how weights and gradients are spread, the first layer's filters, which classes are taken for which, the
// worst mistakes. As JSON, for pages that show runs.
import type { Samples } from "../data/batches.ts";
import { type Distribution, distributionOf } from "../inspect/distributions.ts";
import { filters, pictureOf } from "../inspect/filters.ts";
import { mistakes } from "../inspect/mistakes.ts";
import type { Model } from "../nn/model.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { confusionMatrix } from "../train/confusion-matrix.ts";

/** Bars of a histogram. */
const BINS = 40;
/** Most filters, and most mistakes, that are shown. */
const FILTERS = 40;
const MISTAKES = 24;
/** Samples by which a model is judged, the first ones: an epoch is not to wait for more. */
const JUDGED = 10_000;

/** Pictures of one size, as bytes in Base64: the smallest number is 0, the largest 255. */
export interface LookPictures {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly pixels: readonly string[];
}

/** A mistake that a model makes. */
export interface LookMistake {
  readonly index: number;
  readonly label: number;
  readonly answer: number;
  readonly confidence: number;
}

/** What is seen after an epoch. What a model has not is left out. */
export interface Look {
  readonly epoch: number;
  /** Of each parameter. */
  readonly weights: readonly Distribution[];
  /** Of each trainable parameter, at the last step; empty before the first. */
  readonly gradients: readonly Distribution[];
  readonly filters?: LookPictures & {
    readonly layer: string;
    /** How many there are, of which some are shown. */
    readonly count: number;
    /** The largest weight in size: 0 is in the middle between black and white. */
    readonly scale: number;
  };
  /** Row i, column j: how often class i was taken for j. */
  readonly confusion?: readonly (readonly number[])[];
  readonly classNames?: readonly string[];
  /** The worst first; with their pictures where the samples are pictures. */
  readonly mistakes?: { readonly all: readonly LookMistake[]; readonly pictures?: LookPictures };
}

/** What a look is taken at, besides the model. */
export interface LookSubject {
  /** Samples with classes to judge the model by. */
  readonly judgedBy?: Samples | undefined;
  readonly classNames?: readonly string[];
  /** What a row of inputs is, where the model does not say: [channels, height, width]. */
  readonly picture?: readonly [channels: number, height: number, width: number];
}

const base64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

/** Numbers from `low` to `high` as bytes. */
function shadesOf(values: ArrayLike<number>, low: number, high: number): Uint8Array {
  const scale = high > low ? 255 / (high - low) : 0;
  return Uint8Array.from(values, (value) => Math.round((value - low) * scale));
}

function filtersOf(model: Model, picture: LookSubject["picture"]): Look["filters"] {
  let found: ReturnType<typeof filters>;
  try {
    found = filters(model, picture === undefined ? {} : { picture: [...picture] });
  } catch {
    // It has none, or they see no picture.
    return undefined;
  }
  const { layer, channels, height, width } = found;
  if ((channels !== 1 && channels !== 3) || height * width === 1) return undefined;
  const shown = found.filters.slice(0, FILTERS);
  const scale = shown.reduce((most, each) => each.reduce((m, value) => Math.max(m, Math.abs(value)), most), 0);
  if (!Number.isFinite(scale)) return undefined;
  const pixels = shown.map((each) => base64(shadesOf(each, -scale, scale)));
  return { layer, channels, height, width, pixels, count: found.filters.length, scale };
}

/** The first rows of samples. */
function first(samples: Samples, most: number): Samples {
  const rows = Math.min(most, samples.x.shape[0]);
  return { x: samples.x.slice(0, rows), y: samples.y.slice(0, rows) };
}

function judged(model: Model, { judgedBy, classNames, picture }: LookSubject): Partial<Look> {
  if (judgedBy === undefined || model.outputs.length !== 1) return {};
  return scope(() => {
    const samples = first(judgedBy, JUDGED);
    let all: ReturnType<typeof mistakes>;
    let confusion: number[][];
    try {
      confusion = confusionMatrix(model, samples);
      all = mistakes(model, samples, { most: MISTAKES });
    } catch {
      // Its answers are no classes, or those of the steps of sequences.
      return {};
    }
    const names = classNames === undefined ? {} : { classNames };
    const shape = picture ?? pictureOf(model);
    const listed = all.map(({ index, label, answer, confidence }) => ({ index, label, answer, confidence }));
    if (shape === undefined || (shape[0] !== 1 && shape[0] !== 3))
      return { confusion, ...names, mistakes: { all: listed } };
    const [channels, height, width] = shape;
    const pixels = all.map(({ index }) => base64(pictureAt(samples.x, index)));
    return { confusion, ...names, mistakes: { all: listed, pictures: { channels, height, width, pixels } } };
  });
}

/** The picture in a row, its darkest number 0 and its brightest 255. */
function pictureAt(x: Tensor, index: number): Uint8Array {
  const values = x.slice(index, index + 1).dataSync() as Float32Array;
  return shadesOf(values, Math.min(...values), Math.max(...values));
}

/** Looks at a model after an epoch. */
export function lookAt(model: Model, epoch: number, subject: LookSubject = {}): Look {
  const { picture } = subject;
  return scope(() => {
    const weights = model.named.map(({ name, parameter }) => distributionOf(name, parameter.tensor, { bins: BINS }));
    const gradients = model.named.flatMap(({ name, parameter }) => {
      const gradient = model.block.gradientOf(parameter);
      return gradient === undefined ? [] : [distributionOf(name, gradient, { bins: BINS })];
    });
    const seen = filtersOf(model, picture);
    return { epoch, weights, gradients, ...(seen && { filters: seen }), ...judged(model, subject) };
  });
}
