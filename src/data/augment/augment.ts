// Training data multiplied by what does not change their meaning: each is a function for `dataset.map`, and changes every sample by chance that
// follows from its seed, the epoch and the sample's number.
import { finite, list, notNegative, oneOf, positive, whole } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import { displacements, gaussianWeights } from "./elastic.ts";
import {
  type Augmentation,
  type AugmentOptions,
  augmentation,
  checkAugmentOptions,
  checkFill,
  type FillOptions,
  within,
} from "./pictures.ts";
import { copyWindow, linearMap, sample } from "./warp.ts";

/** Options of `augment.elastic`. */
export interface ElasticOptions extends FillOptions {
  /** How far pixels move: the smoothed numbers, drawn from [-1, 1), times this. Default 34. */
  readonly alpha?: number;
  /** Standard deviation of the smoothing in pixels; default 4. */
  readonly sigma?: number;
}

/** Options of `augment.crop`. */
export interface CropOptions extends FillOptions {
  /** Pixels put around the picture before; default 0. */
  readonly padding?: number;
}

/** Options of `augment.flip`. */
export interface FlipOptions extends AugmentOptions {
  /** "horizontal" (default) changes left and right, "vertical" up and down. */
  readonly direction?: "horizontal" | "vertical";
  /** How often; default 0.5. */
  readonly probability?: number;
}

/** Options of `augment.cutout`. */
export interface CutoutOptions extends AugmentOptions {
  /** What stands in the square; default 0. */
  readonly fill?: number;
}

const RADIANS = Math.PI / 180;

/** An angle of at most 89 degrees. */
function angle(owner: string, degrees: number): number {
  notNegative(owner, "the angle in degrees", degrees);
  return degrees;
}

/** One number for both, or one for each axis. */
function pair(owner: string, name: string, value: number | readonly [number, number], least: number): [number, number] {
  const both = typeof value === "number" ? [value, value] : list(owner, name, value as readonly number[]);
  if (both.length !== 2) throw new RangeError(`${owner}: ${name} is a number, or [rows, columns], got ${quote(value)}`);
  return [whole(owner, name, both[0], least), whole(owner, name, both[1], least)];
}

/**
 * Changes of pictures for training, each a function to give to `dataset.map`. Elements are tensors, or objects whose entry `x` (or another, `entry`) is
 * one: pictures [height, width] or [channels, height, width], float, or batches of them (before `batch` one by one, behind it all at once, to the
 * same bits). Equal seeds, epochs and sample numbers give equal pictures.
 * @namespace
 */
export const augment = {
  /**
   * Moves the picture by whole pixels, up to `most` up or down and left or right, each as likely; `[rows, columns]` bounds them apart.
   * @throws RangeError for bounds that are not whole numbers from 0 on.
   * @example
   * ```ts
   * const data = Dataset.fromTensors({ x: ones([8, 28, 28]), y: zeros([8]) });
   * const moved = data.map(augment.shift(2, { seed: 1 })).batch(4);
   * (await moved.toArray())[0].x.shape; // [4, 28, 28]
   * ```
   */
  shift(most: number | readonly [number, number], options: FillOptions = {}): Augmentation {
    const owner = "augment.shift";
    const [down, across] = pair(owner, "the bound", most, 0);
    const fill = checkFill(owner, checkAugmentOptions(owner, options, ["fill"]).fill);
    return augmentation(
      {
        owner,
        purpose: 1,
        change(from, to, chance) {
          const dy = chance.below(2 * down + 1) - down;
          const dx = chance.below(2 * across + 1) - across;
          copyWindow(from, to, -dy, -dx, fill);
        },
      },
      options,
    );
  },

  /**
   * Turns the picture around its centre, by an angle drawn from [-degrees, degrees].
   * @throws RangeError for an angle that is not a finite number from 0 on.
   * @example
   * ```ts
   * augment.rotate(15, { seed: 1 })(ones([28, 28])).shape; // [28, 28]
   * ```
   */
  rotate(degrees: number, options: FillOptions = {}): Augmentation {
    const owner = "augment.rotate";
    angle(owner, degrees);
    const fill = checkFill(owner, checkAugmentOptions(owner, options, ["fill"]).fill);
    return augmentation(
      {
        owner,
        purpose: 2,
        change(from, to, chance) {
          const turn = within(degrees, chance) * RADIANS;
          const [cosine, sine] = [Math.cos(turn), Math.sin(turn)];
          const { rows, columns } = linearMap(from, [cosine, -sine, sine, cosine]);
          sample(from, to, rows, columns, fill);
        },
      },
      options,
    );
  },

  /**
   * Skews the picture: rows move sideways, the more the further they are from the middle, so that upright lines lean by an angle drawn from
   * [-degrees, degrees].
   * @throws RangeError for an angle that is not from 0 to below 90 degrees.
   * @example
   * ```ts
   * augment.skew(10)(ones([1, 28, 28])).shape; // [1, 28, 28]
   * ```
   */
  skew(degrees: number, options: FillOptions = {}): Augmentation {
    const owner = "augment.skew";
    if (angle(owner, degrees) >= 90)
      throw new RangeError(`${owner}: the angle must be below 90 degrees, got ${degrees}`);
    const fill = checkFill(owner, checkAugmentOptions(owner, options, ["fill"]).fill);
    return augmentation(
      {
        owner,
        purpose: 3,
        change(from, to, chance) {
          const lean = Math.tan(within(degrees, chance) * RADIANS);
          const { rows, columns } = linearMap(from, [1, 0, lean, 1]);
          sample(from, to, rows, columns, fill);
        },
      },
      options,
    );
  },

  /**
   * Elastic distortion: each pixel shows what lies a little aside. How far, down and across, are two fields of numbers drawn from [-1, 1), smoothed by
   * a Gaussian of standard deviation `sigma` and multiplied by `alpha`; 34 and 4 are the source's for pictures of 29x29.
   *
   * Source: P. Simard, D. Steinkraus, J. Platt, "Best practices for convolutional neural networks applied to visual document analysis",
   * ICDAR 2003.
   * @throws RangeError unless sigma is above 0 and at most 100, and alpha from 0 on.
   * @example
   * ```ts
   * augment.elastic({ alpha: 8, sigma: 3, seed: 1 })(ones([28, 28])).shape; // [28, 28]
   * ```
   */
  elastic(options: ElasticOptions = {}): Augmentation {
    const owner = "augment.elastic";
    const { alpha = 34, sigma = 4, fill: wanted } = checkAugmentOptions(owner, options, ["alpha", "sigma", "fill"]);
    notNegative(owner, "alpha", alpha);
    if (positive(owner, "sigma", sigma) > 100)
      throw new RangeError(`${owner}: sigma must be at most 100, got ${sigma}`);
    const fill = checkFill(owner, wanted);
    const weights = gaussianWeights(sigma);
    return augmentation(
      {
        owner,
        purpose: 4,
        change(from, to, chance) {
          const { height, width } = from;
          const rows = displacements(height, width, alpha, weights, chance);
          const columns = displacements(height, width, alpha, weights, chance);
          for (let y = 0, p = 0; y < height; y++) {
            for (let x = 0; x < width; x++, p++) {
              rows[p] += y;
              columns[p] += x;
            }
          }
          sample(from, to, rows, columns, fill);
        },
      },
      options,
    );
  },

  /**
   * Cuts out a part of that size, a number or `[height, width]`, at a place by chance, after `padding` pixels were put around: `crop(32, { padding: 4 })` is
   * what is usual for CIFAR.
   * @throws RangeError for sizes that are not whole numbers from 1 on; later, if the picture is smaller.
   * @example
   * ```ts
   * augment.crop(24, { seed: 1 })(ones([3, 32, 32])).shape; // [3, 24, 24]
   * ```
   */
  crop(size: number | readonly [number, number], options: CropOptions = {}): Augmentation {
    const owner = "augment.crop";
    const [outHeight, outWidth] = pair(owner, "the size", size, 1);
    const { padding = 0, fill: wanted } = checkAugmentOptions(owner, options, ["padding", "fill"]);
    whole(owner, "padding", padding, 0);
    const fill = checkFill(owner, wanted);
    return augmentation(
      {
        owner,
        purpose: 5,
        sizeAfter(height, width) {
          if (outHeight <= height + 2 * padding && outWidth <= width + 2 * padding) return [outHeight, outWidth];
          throw new RangeError(
            `${owner}: ${outHeight}x${outWidth} can't be cut out of ${height}x${width}${padding > 0 ? ` with ${padding} pixels around` : ""}; choose a smaller size, or padding`,
          );
        },
        change(from, to, chance) {
          const { height, width } = from;
          const top = chance.below(height + 2 * padding - outHeight + 1) - padding;
          const left = chance.below(width + 2 * padding - outWidth + 1) - padding;
          copyWindow(from, to, top, left, fill);
        },
      },
      options,
    );
  },

  /**
   * Changes left and right (or up and down) with the given probability.
   * @throws RangeError for a probability that is not from 0 to 1; TypeError for another direction.
   * @example
   * ```ts
   * augment.flip({ probability: 1 })(tensor([[1, 2], [3, 4]])).toArray(); // [[2, 1], [4, 3]]
   * ```
   */
  flip(options: FlipOptions = {}): Augmentation {
    const owner = "augment.flip";
    const { direction = "horizontal", probability = 0.5 } = checkAugmentOptions(owner, options, [
      "direction",
      "probability",
    ]);
    oneOf(owner, "direction", direction, ["horizontal", "vertical"]);
    if (!(typeof probability === "number" && probability >= 0 && probability <= 1)) {
      throw new RangeError(`${owner}: probability must be from 0 to 1, got ${quote(probability)}`);
    }
    const horizontal = direction === "horizontal";
    return augmentation(
      {
        owner,
        purpose: horizontal ? 6 : 7,
        change(from, to, chance) {
          const { data, channels, height, width } = from;
          if (chance.uniform() >= probability) {
            to.data.set(data);
            return;
          }
          const { data: out } = to;
          for (let c = 0, at = 0; c < channels; c++) {
            for (let y = 0; y < height; y++, at += width) {
              const row = (c * height + (horizontal ? y : height - 1 - y)) * width;
              if (horizontal) for (let x = 0; x < width; x++) out[at + x] = data[row + width - 1 - x];
              else for (let x = 0; x < width; x++) out[at + x] = data[row + x];
            }
          }
        },
      },
      options,
    );
  },

  /**
   * Covers a square of that side, whose centre is a pixel by chance, so that part of it may lie outside.
   *
   * Source: T. DeVries, G. Taylor, "Improved regularization of convolutional neural networks with cutout", 2017.
   * @throws RangeError for a side that is not a whole number from 1 on.
   * @example
   * ```ts
   * augment.cutout(16, { seed: 1 })(ones([3, 32, 32])).shape; // [3, 32, 32]
   * ```
   */
  cutout(side: number, options: CutoutOptions = {}): Augmentation {
    const owner = "augment.cutout";
    whole(owner, "the side", side, 1);
    const { fill = 0 } = checkAugmentOptions(owner, options, ["fill"]);
    finite(owner, "fill", fill);
    return augmentation(
      {
        owner,
        purpose: 8,
        change(from, to, chance) {
          const { data, channels, height, width } = from;
          const top = chance.below(height) - Math.floor(side / 2);
          const left = chance.below(width) - Math.floor(side / 2);
          to.data.set(data);
          const [start, stop] = [Math.max(0, left), Math.min(width, left + side)];
          for (let c = 0; c < channels; c++) {
            for (let y = Math.max(0, top); y < Math.min(height, top + side); y++) {
              const row = (c * height + y) * width;
              to.data.fill(fill, row + start, row + stop);
            }
          }
        },
      },
      options,
    );
  },

  /**
   * Subtracts a mean and divides by a deviation, one for each channel, or one for all: no chance is in it, and it is for test data, too.
   * @throws RangeError for a deviation of 0, or numbers that are not finite; later, for another number of channels.
   * @example
   * ```ts
   * augment.normalize([1, 3], [2, 2])(ones([2, 1, 1])).toArray(); // [[[0]], [[-1]]]
   * ```
   */
  normalize(
    mean: number | readonly number[],
    deviation: number | readonly number[],
    options: Pick<AugmentOptions, "entry"> = {},
  ): Augmentation {
    const owner = "augment.normalize";
    checkAugmentOptions(owner, options);
    const numbers = (name: string, value: number | readonly number[]): readonly number[] => {
      const all = typeof value === "number" ? [value] : list(owner, name, value);
      for (const each of all) finite(owner, name, each);
      return all;
    };
    const means = numbers("the mean", mean);
    const deviations = numbers("the deviation", deviation);
    if (deviations.includes(0)) throw new RangeError(`${owner}: a deviation is 0`);
    const at = (all: readonly number[], channel: number): number => all[all.length === 1 ? 0 : channel];
    return augmentation(
      {
        owner,
        purpose: 0,
        change(from, to) {
          const { data, channels, height, width } = from;
          for (const all of [means, deviations]) {
            if (all.length === 1 || all.length === channels) continue;
            throw new RangeError(`${owner}: ${all.length} numbers for ${channels} channels`);
          }
          const { data: out } = to;
          const size = height * width;
          for (let c = 0; c < channels; c++) {
            const [subtracted, divisor] = [at(means, c), at(deviations, c)];
            for (let p = c * size; p < (c + 1) * size; p++) out[p] = (data[p] - subtracted) / divisor;
          }
        },
      },
      options,
    );
  },
};
