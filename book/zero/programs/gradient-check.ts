// The gradient check of the third part: move one weight by a little to either side, and compare the slope of the error with what
// backpropagation says.

export interface CheckedGradient {
  /** (E(w + epsilon) - E(w - epsilon)) / 2 epsilon */
  readonly expected: number;
  /** By backpropagation. */
  readonly actual: number;
}

/** E = 1/2 sum (t - y)^2 over the outputs of one sample. */
export function squaredError(output: ArrayLike<number>, label: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < output.length; i++) sum += (label[i] - output[i]) ** 2;
  return sum / 2;
}

/** The slope of `error` in the number that `read` and `write` reach, which is put back afterwards. */
export function slopeOf(
  error: () => number,
  read: () => number,
  write: (value: number) => void,
  epsilon: number,
): number {
  const value = read();
  write(value + epsilon);
  const above = error();
  write(value - epsilon);
  const below = error();
  write(value);
  return (above - below) / (2 * epsilon);
}

/** How far two numbers differ, relative to the larger. */
export function relativeDifference({ expected, actual }: CheckedGradient): number {
  const size = Math.max(Math.abs(expected), Math.abs(actual));
  return size === 0 ? 0 : Math.abs(expected - actual) / size;
}

/** To how many significant digits the worst pair agrees: 4 where the relative difference is 0.0001. */
export function agreeingDigits(pairs: readonly CheckedGradient[]): number {
  return -Math.log10(Math.max(1e-16, ...pairs.map(relativeDifference)));
}
