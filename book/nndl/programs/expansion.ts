// More training data from what there is (section 3.2): each image rotated, moved, skewed, or bent elastically as Simard, Steinkraus and Platt do
// it (2003). All of them are one thing, a map from each pixel of the new image to a place in the old one, read there between four pixels.
import type { DigitSet } from "../../mnist.ts";
import { Random } from "../../random.ts";

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const CENTRE = (SIDE - 1) / 2;

/** Where in the old image the new pixel (x right, y down) takes its ink from. */
export type Warp = (x: number, y: number) => readonly [x: number, y: number];

/** Ink at a place between pixels; paper outside. */
function inkAt(image: ArrayLike<number>, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [right, down] = [x - left, y - top];
  const pixel = (column: number, row: number) =>
    column < 0 || row < 0 || column >= SIDE || row >= SIDE ? 0 : image[row * SIDE + column];
  return (
    (1 - down) * ((1 - right) * pixel(left, top) + right * pixel(left + 1, top)) +
    down * ((1 - right) * pixel(left, top + 1) + right * pixel(left + 1, top + 1))
  );
}

export function warpImage(image: ArrayLike<number>, warp: Warp): Float32Array {
  const warped = new Float32Array(PIXELS);
  for (let y = 0, at = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++, at++) warped[at] = inkAt(image, ...warp(x, y));
  }
  return warped;
}

/** Counter-clockwise about the centre of the image. */
export function rotation(degrees: number): Warp {
  const angle = (degrees * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  return (x, y) => {
    const [right, down] = [x - CENTRE, y - CENTRE];
    return [CENTRE + cosine * right - sine * down, CENTRE + sine * right + cosine * down];
  };
}

/** By so many pixels to the right and down. */
export function translation(right: number, down: number): Warp {
  return (x, y) => [x - right, y - down];
}

/** Slanted: the top of the image moves to the right by `slope` pixels for every pixel above the centre. */
export function skew(slope: number): Warp {
  return (x, y) => [x + slope * (y - CENTRE), y];
}

/**
 * A random displacement of every pixel, smoothed by a Gaussian of width `sigma` pixels and scaled by `alpha`; 4 and 34
 * are the values of Simard, Steinkraus and Platt. The mean displacement is about 1.4 pixels in each direction then.
 */
export function elastic(random: Random, sigma = 4, alpha = 34): Warp {
  const field = () =>
    smooth(
      Float64Array.from({ length: PIXELS }, () => random.uniform(-1, 1)),
      sigma,
    );
  const [right, down] = [field(), field()];
  return (x, y) => [x + alpha * right[y * SIDE + x], y + alpha * down[y * SIDE + x]];
}

/** Convolution with a Gaussian of sum 1, along rows and then columns; outside the field is 0. */
function smooth(field: Float64Array, sigma: number): Float64Array {
  const reach = Math.ceil(3 * sigma);
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)));
  const total = kernel.reduce((sum, value) => sum + value, 0);
  const along = (values: Float64Array, step: number, across: number) => {
    const result = new Float64Array(PIXELS);
    for (let line = 0; line < SIDE; line++) {
      for (let i = 0; i < SIDE; i++) {
        let sum = 0;
        const [from, to] = [Math.max(0, i - reach), Math.min(SIDE - 1, i + reach)];
        for (let k = from; k <= to; k++) sum += kernel[k - i + reach] * values[line * across + k * step];
        result[line * across + i * step] = sum / total;
      }
    }
    return result;
  };
  return along(along(field, 1, SIDE), SIDE, 1);
}

/** Draws a warp for every copy of every image. */
export type WarpMaker = (random: Random) => readonly Warp[];

/** Rotated by up to `degrees` either way. */
export const rotations =
  (degrees: number): WarpMaker =>
  (random) => [rotation(random.uniform(-degrees, degrees))];

/** Moved by up to two pixels in each direction. */
export const translations: WarpMaker = (random) => [translation(random.uniform(-2, 2), random.uniform(-2, 2))];

/** Rotated by up to 15 degrees, moved by up to two pixels, skewed by up to 0.2. */
export const affine: WarpMaker = (random) => [
  ...rotations(15)(random),
  ...translations(random),
  skew(random.uniform(-0.2, 0.2)),
];

/** The affine warps, and an elastic one. */
export const affineAndElastic: WarpMaker = (random) => [...affine(random), elastic(random)];

/** Several warps as one: their places are joined before any ink is read. An elastic field is known at whole pixels only, so it must be the last. */
export function joined(warps: readonly Warp[]): Warp {
  return (x, y) => {
    let place: readonly [number, number] = [x, y];
    for (let k = warps.length - 1; k >= 0; k--) place = warps[k](...place);
    return place;
  };
}

/** The set, followed by `copies` warped versions of each of its images. */
export function expand(set: DigitSet, copies: number, maker: WarpMaker, seed: number): DigitSet {
  const random = new Random(seed);
  const images = new Float32Array(set.images.length * (1 + copies));
  const labels = new Uint8Array(set.count * (1 + copies));
  images.set(set.images.subarray(0, set.count * PIXELS));
  labels.set(set.labels.subarray(0, set.count));
  for (let i = 0, place = set.count; i < set.count; i++) {
    const image = set.images.subarray(i * PIXELS, (i + 1) * PIXELS);
    for (let copy = 0; copy < copies; copy++, place++) {
      images.set(warpImage(image, joined(maker(random))), place * PIXELS);
      labels[place] = set.labels[i];
    }
  }
  return { images, labels, count: labels.length };
}
