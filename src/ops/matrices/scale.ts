// Squares of elements neither overflow nor vanish where the largest is about 1.

/** A power of two, by which a product is exact, that brings the largest element between 1 and 2; 1 where all are 0. */
export function scaleFor(a: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]));
  return largest === 0 ? 1 : 2 ** -Math.max(-1000, Math.min(1000, Math.floor(Math.log2(largest))));
}
