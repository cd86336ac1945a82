// An exercise of chapter 1: weights, set by hand, of a layer that turns ten outputs, one a digit, into the digit's four binary places.
import { Matrix } from "../../matrix.ts";

/** The places of a digit, eights first. */
export function binaryCode(digit: number): number[] {
  return [3, 2, 1, 0].map((place) => (digit >> place) & 1);
}

/** Weight +10 from digits that have the bit, -10 from those that do not; no bias is needed. */
export function binaryOutputLayer(weight = 10): { weights: Matrix; biases: Matrix } {
  return {
    weights: Matrix.fill(4, 10, (bit, digit) => (binaryCode(digit)[bit] === 1 ? weight : -weight)),
    biases: new Matrix(4, 1),
  };
}
