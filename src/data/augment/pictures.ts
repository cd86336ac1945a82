// What every augmentation has in common: which part of an element is the picture, or are the pictures of a batch, and chance that follows from a seed,
// the epoch and the sample's number alone, whatever else is drawn and in whatever order.
import { fields, finite, knownOptions, text, whole } from "../../engine/checks.ts";
import { isFloat, type TypedArray, typedArray } from "../../engine/dtype.ts";
import { engine } from "../../engine/engine.ts";
import { quote } from "../../engine/quote.ts";
import { formatShape } from "../../tensor/shape.ts";
import { empty, packed, Tensor } from "../../tensor/tensor.ts";
import type { ElementContext } from "../dataset/stage.ts";
import { isRecord } from "../dataset/structure.ts";
import { type PhiloxStream, philoxStream } from "../philox.ts";

/** What all augmentations may be told. */
export interface AugmentOptions {
  /** Seed of chance; default 0. Each sample of each epoch has its own. */
  readonly seed?: number;
  /** Entry of the element that is the picture, where elements are objects; default "x". */
  readonly entry?: string;
}

/** Augmentations that look beyond the picture's edge. */
export interface FillOptions extends AugmentOptions {
  /** What is seen there: a number, default 0, or "edge", the nearest pixel. */
  readonly fill?: number | "edge";
}

/** What is given to `map`: elements become elements of the same kind. */
export type Augmentation = <T>(element: T, context?: ElementContext) => T;

/** A picture's planes, one behind the other, and their sizes. */
export interface Planes {
  readonly data: TypedArray;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Fills the planes `to` from those of `from`, by chance. */
export type PictureChange = (from: Planes, to: Planes, chance: PhiloxStream) => void;

/** What an augmentation is made of. */
export interface AugmentationParts {
  /** Its name in errors. */
  readonly owner: string;
  /** Distinguishes its chance from that of others with the same seed. */
  readonly purpose: number;
  /** Height and width of what comes out, where it is not the same. */
  readonly sizeAfter?: (height: number, width: number) => readonly [number, number];
  readonly change: PictureChange;
}

export const AUGMENT_OPTIONS = ["seed", "entry"];
export const FILL_OPTIONS = ["fill", ...AUGMENT_OPTIONS];

/** What beyond the edge is: checked. */
export function checkFill(owner: string, fill: number | "edge" = 0): number | "edge" {
  return fill === "edge" ? fill : finite(owner, "fill", fill);
}

const ALONE: ElementContext = { epoch: 0, index: 0, samples: 1, batched: false };

/**
 * An augmentation of the parts. Pictures are [height, width] or [channels, height, width]; in batches, [n, height, width] behind `batch`, and
 * [n, channels, height, width] anywhere.
 */
export function augmentation(parts: AugmentationParts, options: AugmentOptions): Augmentation {
  const { owner } = parts;
  const { seed = 0, entry = "x" } = options;
  whole(owner, "seed", seed, 0);
  text(owner, "entry", entry);
  const chance = philoxStream(seed);
  return <T>(element: T, context: ElementContext = ALONE): T => {
    if (element instanceof Tensor) return changed(parts, element, context, chance) as T;
    if (!isRecord(element) || !(element[entry] instanceof Tensor)) {
      throw new TypeError(
        `${owner}: needs a tensor, or an element whose entry ${quote(entry)} is one, got ${quote(element)}`,
      );
    }
    return { ...element, [entry]: changed(parts, element[entry], context, chance) };
  };
}

function changed(parts: AugmentationParts, x: Tensor, context: ElementContext, chance: PhiloxStream): Tensor {
  const { owner, purpose, sizeAfter, change } = parts;
  const { epoch, index, samples, batched } = fields(owner, "the context", context);
  if (!isFloat(x.dtype)) {
    throw new TypeError(`${owner}: pictures must be float32 or float64, got ${x.dtype}; cast them first`);
  }
  const inBatch = batched || x.rank === 4;
  const rank = x.rank - (inBatch ? 1 : 0);
  if (rank !== 2 && rank !== 3) {
    const shapes = batched
      ? "[n, height, width] or [n, channels, height, width]"
      : "[height, width], [channels, height, width] or [n, channels, height, width]";
    throw new RangeError(`${owner}: pictures must have shape ${shapes}, got ${formatShape(x.shape)}`);
  }
  const count = inBatch ? x.shape[0] : 1;
  const channels = rank === 3 ? x.shape[x.rank - 3] : 1;
  const [height, width] = x.shape.slice(-2);
  const [outHeight, outWidth] = sizeAfter?.(height, width) ?? [height, width];
  const from = packed(x).dataSync();
  const size = channels * height * width;
  const outSize = channels * outHeight * outWidth;
  const to = typedArray(x.dtype, count * outSize);
  for (let k = 0; k < count; k++) {
    chance.seek(epoch * 2 ** 32 + index * samples + k, purpose);
    change(
      { data: from.subarray(k * size, (k + 1) * size) as TypedArray, channels, height, width },
      { data: to.subarray(k * outSize, (k + 1) * outSize) as TypedArray, channels, height: outHeight, width: outWidth },
      chance,
    );
  }
  const y = empty(owner, [...x.shape.slice(0, -2), outHeight, outWidth], x.dtype);
  if (y.size > 0) engine().write(y, to);
  return y;
}

/** A number drawn from [-most, most]. */
export function within(most: number, chance: PhiloxStream): number {
  return (2 * chance.uniform() - 1) * most;
}

/** Throws for options that are none. */
export function checkAugmentOptions<T extends AugmentOptions>(
  owner: string,
  options: T,
  own: readonly string[] = [],
): T {
  return knownOptions(owner, options, [...own, ...AUGMENT_OPTIONS]);
}
