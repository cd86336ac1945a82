// Axes as layers name them: 0 is the batch's, 1 the first of an input, -1 the last.
import { integer } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";

/** An axis setting: any whole number but 0. */
export function checkAxis(owner: string, name: string, axis: number): number {
  integer(owner, name, axis);
  if (axis !== 0) return axis;
  throw new RangeError(`${owner}: ${name} must not be 0, the batch's; axes of an input begin at 1, or -1 for the last`);
}

/** The axis of an input's shape (without the batch's) that is meant, from 0 on. */
export function axisWithin(owner: string, axis: number, rank: number): number {
  const found = axis < 0 ? rank + axis : axis - 1;
  if (found >= 0 && found < rank) return found;
  const range = rank === 0 ? "none, its inputs are scalars" : `1 to ${rank}, or -${rank} to -1`;
  throw new RangeError(`${owner}: axis ${quote(axis)} is out of range; its inputs have axes ${range}`);
}
