// Pictures as files have them, pixel after pixel, turned into planes of one colour each as networks take them, and to another size.
import type { Picture } from "./picture.ts";

/** 1 for grey, 3 for red, green and blue. */
export type Channels = 1 | 3;

/** Whether a picture has any pixel in colour: red, green and blue unequal. */
export function isColoured({ channels, data }: Picture): boolean {
  if (channels < 3) return false;
  for (let at = 0; at < data.length; at += channels) {
    if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) return true;
  }
  return false;
}

/**
 * The picture's planes, [channels, height, width]. What is transparent is laid on white; grey is 0.299 red + 0.587 green + 0.114 blue.
 *
 * Source of the weights: ITU-R BT.601.
 */
export function toPlanes({ width, height, channels, data }: Picture, wanted: Channels): Uint8Array {
  const pixels = width * height;
  const planes = new Uint8Array(wanted * pixels);
  const hasAlpha = channels === 2 || channels === 4;
  const colours = hasAlpha ? channels - 1 : channels;
  const colour = [0, 0, 0];
  for (let p = 0; p < pixels; p++) {
    const at = p * channels;
    const alpha = hasAlpha ? data[at + colours] / 255 : 1;
    for (let c = 0; c < 3; c++) {
      const value = data[at + (colours === 1 ? 0 : c)];
      colour[c] = hasAlpha ? alpha * value + (1 - alpha) * 255 : value;
    }
    if (wanted === 3) for (let c = 0; c < 3; c++) planes[c * pixels + p] = Math.round(colour[c]);
    else planes[p] = Math.round(colours === 1 ? colour[0] : 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]);
  }
  return planes;
}

/**
 * Planes [channels, height, width] in another size: each pixel is the mean of those that it covers, weighted by a triangle that is as wide as a
 * pixel of the smaller of the two sizes (bilinear interpolation where it grows, without aliasing where it shrinks).
 */
export function resizePlanes(
  planes: Uint8Array,
  channels: number,
  height: number,
  width: number,
  toHeight: number,
  toWidth: number,
): Uint8Array {
  if (height === toHeight && width === toWidth) return planes;
  const across = weightsFor(width, toWidth);
  const down = weightsFor(height, toHeight);
  const resized = new Uint8Array(channels * toHeight * toWidth);
  const narrow = new Float32Array(height * toWidth);
  for (let c = 0; c < channels; c++) {
    const from = c * height * width;
    for (let row = 0; row < height; row++) {
      for (let x = 0; x < toWidth; x++) {
        const { first, weights } = across[x];
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += weights[k] * planes[from + row * width + first + k];
        narrow[row * toWidth + x] = sum;
      }
    }
    for (let y = 0; y < toHeight; y++) {
      const { first, weights } = down[y];
      for (let x = 0; x < toWidth; x++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += weights[k] * narrow[(first + k) * toWidth + x];
        resized[(c * toHeight + y) * toWidth + x] = Math.round(sum);
      }
    }
  }
  return resized;
}

/** For each pixel of `to`, the first of the `from` pixels that it is made of and their weights, which sum to 1. */
function weightsFor(from: number, to: number): { first: number; weights: Float64Array }[] {
  const scale = from / to;
  const reach = Math.max(1, scale);
  return Array.from({ length: to }, (_, k) => {
    const centre = (k + 0.5) * scale - 0.5;
    const first = Math.max(0, Math.ceil(centre - reach));
    const last = Math.min(from - 1, Math.floor(centre + reach));
    const weights = new Float64Array(Math.max(1, last - first + 1));
    let sum = 0;
    for (let j = 0; j < weights.length; j++) {
      weights[j] = Math.max(0, 1 - Math.abs(first + j - centre) / reach);
      sum += weights[j];
    }
    return { first, weights: sum > 0 ? weights.map((weight) => weight / sum) : weights.fill(1 / weights.length) };
  });
}
