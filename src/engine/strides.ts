// Strides as engines see them: those of contiguous arrays, of arrays that repeat, and axes put together.
import type { ArrayView } from "./engine.ts";

/** Strides of a contiguous array. */
export function rowMajor(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

/** A view's strides seen with a larger shape: 0 along axes that repeat. */
export function broadcastStrides(view: ArrayView, shape: readonly number[]): readonly number[] {
  const lead = shape.length - view.shape.length;
  const strides = view.strides;
  const result = new Array<number>(shape.length);
  for (let i = 0; i < shape.length; i++) {
    result[i] = i < lead || (view.shape[i - lead] === 1 && shape[i] !== 1) ? 0 : strides[i - lead];
  }
  return result;
}

/** Drops axes of length 1 and merges neighbours that every operand walks through in one stride. Writes to `shapeOut`, `stridesOut`. */
export function collapse(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  shapeOut: number[],
  stridesOut: number[][],
): void {
  for (let axis = 0; axis < shape.length; axis++) {
    const length = shape[axis];
    if (length === 1) continue;
    const last = shapeOut.length - 1;
    if (last >= 0 && strides.every((s, operand) => stridesOut[operand][last] === s[axis] * length)) {
      shapeOut[last] *= length;
      for (let operand = 0; operand < strides.length; operand++) stridesOut[operand][last] = strides[operand][axis];
    } else {
      shapeOut.push(length);
      for (let operand = 0; operand < strides.length; operand++) stridesOut[operand].push(strides[operand][axis]);
    }
  }
  if (shapeOut.length === 0) {
    shapeOut.push(1);
    for (const list of stridesOut) list.push(1);
  }
}
