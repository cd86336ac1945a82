// Turns a picture of one digit, of any size and colours, into what a network trained on MNIST expects: its ink is found, and framed as MNIST was made.
import { frameDigit, framedAlready } from "./digit-frame.ts";
import { findInk } from "./find-ink.ts";
import { checkPicture, type Picture } from "./picture.ts";

/** Pictures are reduced to at most this many pixels on the longer side before anything is measured. */
const workingSide = 320;

/** Fits a picture of a digit as MNIST was made: the ink scaled, in proportion, into 20x20 pixels with antialiasing, its centre of mass
 * at the pixel (14, 14) of 28x28; 0 is paper and 1 is ink. Very thin strokes are thickened, specks are dropped. A picture that is framed so
 * already, as every one of MNIST is, passes through unchanged.
 *
 * @returns 784 numbers from 0 to 1, row by row
 * @throws if the picture's size and data do not agree, or if there is no ink to be found
 *
 * Source of the framing: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".
 * @example
 * ```ts
 * // A vertical bar, dark on light, 40 by 60 pixels.
 * const data = new Uint8Array(40 * 60).fill(255).map((_, i) => (Math.abs((i % 40) - 20) < 3 ? 0 : 255));
 * fitAsMnist({ width: 40, height: 60, channels: 1, data }).length; // 784
 * ```
 */
export function fitAsMnist(picture: Picture): Float32Array {
  const checked = checkPicture("fitAsMnist", picture);
  const framed = framedAlready(checked);
  if (framed !== undefined) return framed;
  const { ink, frame } = findInk(checked, workingSide);
  return frameDigit(ink, frame);
}
