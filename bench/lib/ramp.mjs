// Numbers that every side makes for itself, in Node and in a page.

/** The factors of a matrix product and the operands of elementwise operations: the same on every side, without a file. */
export function ramp(length, factor) {
  return Float32Array.from({ length }, (_, i) => ((i * factor) % 1009) / 1009 - 0.5);
}
