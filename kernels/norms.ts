// Roots of sums of squares along an axis: Euclidean norms and standard deviations, also where the squares are beyond what
// the type can hold. The sum of squares is taken first, as ever; a column whose sum is so small or so large that squares
// may have been lost is taken again, in float64 and divided by its largest element.
import { sumSquares_f32, sumSquares_f64, variance_f32, variance_f64 } from "./reduce";

/** sqrt(sum of (x - centre)^2 / divisor) of n elements, `step` bytes apart. */
function scaled<T>(x: usize, n: i32, step: usize, centre: f64, divisor: f64): f64 {
  let largest: f64 = 0;
  for (let i = 0; i < n; i++) largest = max<f64>(largest, abs(<f64>load<T>(x + <usize>i * step) - centre));
  // Infinite, NaN, or nothing but zeros.
  if (!(largest < Infinity) || largest == 0) return largest / sqrt<f64>(divisor);
  let sum: f64 = 0;
  for (let i = 0; i < n; i++) {
    const share = (<f64>load<T>(x + <usize>i * step) - centre) / largest;
    sum += share * share;
  }
  return largest * sqrt<f64>(sum / divisor);
}

/** Puts roots in the place of the sums of squares over `divisor` in `out`. `mean` is 0 or the address of the centres. */
// @ts-ignore: decorator
@inline
function roots<T>(x: usize, mean: usize, out: usize, outer: i32, n: i32, inner: i32, divisor: f64): void {
  const step = <usize>inner * sizeof<T>();
  // Below `least` squares that count may have been lost to underflow, above `most` to overflow.
  const least = <f64>n * (sizeof<T>() == 4 ? 1e-36 : 1e-290) / divisor;
  const most = sizeof<T>() == 4 ? 1e38 : 1e307;
  for (let i = 0; i < outer; i++) {
    for (let j = 0; j < inner; j++) {
      const at = (<usize>i * inner + j) * sizeof<T>();
      const square = load<T>(out + at);
      if (square < <T>least || square > <T>most) {
        const centre = mean == 0 ? 0 : <f64>load<T>(mean + at);
        store<T>(out + at, <T>scaled<T>(x + <usize>i * n * step + j * sizeof<T>(), n, step, centre, divisor));
      } else store<T>(out + at, sqrt<T>(square));
    }
  }
}

export function norm_f32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  sumSquares_f32(x, out, outer, n, inner);
  roots<f32>(x, 0, out, outer, n, inner, 1);
}

export function norm_f64(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  sumSquares_f64(x, out, outer, n, inner);
  roots<f64>(x, 0, out, outer, n, inner, 1);
}

/** The root of the sum of (x - mean)^2 along n, over `divisor`; `mean` is [outer, inner]. */
export function standardDeviation_f32(
  x: usize, mean: usize, out: usize, outer: i32, n: i32, inner: i32, divisor: f64,
): void {
  variance_f32(x, mean, out, outer, n, inner, divisor);
  roots<f32>(x, mean, out, outer, n, inner, divisor);
}

/** The root of the sum of (x - mean)^2 along n, over `divisor`; `mean` is [outer, inner]. */
export function standardDeviation_f64(
  x: usize, mean: usize, out: usize, outer: i32, n: i32, inner: i32, divisor: f64,
): void {
  variance_f64(x, mean, out, outer, n, inner, divisor);
  roots<f64>(x, mean, out, outer, n, inner, divisor);
}
