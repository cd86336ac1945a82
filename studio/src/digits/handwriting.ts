// Digits that the page writes itself, for whoever would not draw: strokes of the hands that Nabla draws its digits with.
import { writeDigit } from "../../../src/data/digits.ts";
import { HEIGHT, type Mode, WIDTHS } from "./pad.ts";

/** A line, or one digit, as some hand writes it, in units of the pad. `gap` lies between digits, in heights of them; below 0 they come to touch. */
export function write(text: string, mode: Mode, hand: number, gap: number): number[][] {
  const digits = [...text].filter((character) => /\d/.test(character)).map(Number);
  const written = digits.map((digit, i) => writeDigit(digit, 1000 * hand + i));
  const high = mode === "one" ? 210 : 150;
  const strokes: number[][] = [];
  let right = 0;
  for (const digit of written) {
    const [xs, ys] = [0, 1].map((axis) => digit.flatMap((stroke) => stroke.filter((_, k) => k % 2 === axis)));
    const [left, top, bottom] = [Math.min(...xs), Math.min(...ys), Math.max(...ys)];
    const scale = high / (bottom - top);
    const start = right + (strokes.length === 0 ? 0 : gap * high);
    for (const stroke of digit) {
      strokes.push(stroke.map((value, k) => (k % 2 === 0 ? start + (value - left) * scale : (value - top) * scale)));
    }
    right = start + (Math.max(...xs) - left) * scale;
  }
  // Into the middle of the pad, smaller where there are many.
  const room = WIDTHS[mode] - 40;
  const shrink = Math.min(1, room / Math.max(right, 1));
  const [x, y] = [(WIDTHS[mode] - right * shrink) / 2, (HEIGHT - high * shrink) / 2];
  return strokes.map((stroke) => stroke.map((value, k) => (k % 2 === 0 ? x : y) + value * shrink));
}
