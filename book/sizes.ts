// How often a window fits into a padded axis. The sources' programs divide and round down, and so leave a rim of the image unseen without a
// word; here that is an error, with the sizes that would do.

/**
 * (size - window + 2 padding) / stride + 1: how many places a window has along an axis.
 * @throws RangeError for numbers that are not whole, a window larger than the padded axis, or sizes that do not divide.
 */
export function placesOf(owner: string, axis: string, size: number, window: number, padding = 0, stride = 1): number {
  for (const [name, value, least] of [
    [axis, size, 1],
    ["the window", window, 1],
    ["the padding", padding, 0],
    ["the stride", stride, 1],
  ] as const) {
    if (!Number.isInteger(value) || value < least) {
      throw new RangeError(`${owner}: ${name} must be a whole number from ${least} on, got ${value}`);
    }
  }
  const padded = size + 2 * padding;
  if (window > padded) {
    throw new RangeError(
      `${owner}: a window of ${window} is larger than the padded ${axis}, ${size} + 2 * ${padding} = ${padded}; take a window of at most ${padded}, or pad by ${Math.ceil((window - size) / 2)}`,
    );
  }
  const rest = (padded - window) % stride;
  if (rest !== 0) {
    const sizes = [size - rest, size - rest + stride].filter((near) => near >= 1);
    throw new RangeError(
      `${owner}: ${axis} ${size} does not divide: (${size} - ${window} + 2 * ${padding}) / ${stride} + 1 = ${(padded - window) / stride + 1}; ${axis} ${sizes.join(" or ")} would`,
    );
  }
  return (padded - window) / stride + 1;
}
