// Section 6.2: whether a filter has regions of light and dark, as the book sees them, or is noise.

/**
 * Moran's I of a filter (Moran 1950): how alike weights beside and above each other are, (n / W) sum of (w_i - m) (w_j - m) over neighbours i, j, by the sum of
 * (w_i - m)^2. Of random weights -1 / (n - 1), here -1/24; near 1 where a filter has regions of light and dark.
 */
export function likeness(weights: ArrayLike<number>, side: number): number {
  const values = Array.from(weights);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const off = values.map((value) => value - mean);
  let [products, pairs] = [0, 0];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (x + 1 < side) products += off[y * side + x] * off[y * side + x + 1];
      if (y + 1 < side) products += off[y * side + x] * off[(y + 1) * side + x];
      pairs += Number(x + 1 < side) + Number(y + 1 < side);
    }
  }
  return ((values.length / pairs) * products) / off.reduce((sum, value) => sum + value * value, 0);
}
