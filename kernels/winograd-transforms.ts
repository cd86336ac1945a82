// The transforms of Winograd's minimal filtering with the points 0, a, -a, b, -b and infinity, for a = sqrt(1/2) and b = sqrt(2) (Lavin and Gray,
// "Fast Algorithms for Convolutional Neural Networks", 2016, with points whose powers stay near 1, which rounds half as badly as 1 and 2:
// Barabasz, Anderson, Soodhalter and Gregg, "Error Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural Networks", 2020).
// A lane is a channel or a filter. Each function transforms one line of vectors; `step`s are bytes between neighbours.

// A number in memory becomes a vector in one instruction; one in the code takes three, every time.
const NUMBERS = memory.data<f32>([
  -2, -0.5, -2.5, 0.5, 2,
  // a, b and their negatives
  0.70710678118654752, -0.70710678118654752, 1.41421356237309505, -1.41421356237309505,
  // 1 over the products of the differences of a, and of b, from the other points; and times a and b
  -0.66666666666666667, 0.16666666666666667,
  -0.47140452079103168, 0.47140452079103168, 0.23570226039551584, -0.23570226039551584,
]);
const MINUS_2: usize = 0;
const MINUS_HALF: usize = 4;
const MINUS_5_HALVES: usize = 8;
const HALF: usize = 12;
const TWO: usize = 16;
const A: usize = 20;
const MINUS_A: usize = 24;
const B: usize = 28;
const MINUS_B: usize = 32;
const OF_A: usize = 36;
const OF_B: usize = 40;
const A_OF_A: usize = 44;
const MINUS_A_OF_A: usize = 48;
const B_OF_B: usize = 52;
const MINUS_B_OF_B: usize = 56;

/** a b + c for a number of the table, rounded once where that is fast and its bits are free to differ. */
// @ts-ignore: decorator
@inline
function plus(a: v128, b: usize, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, v128.load32_splat(NUMBERS + b), c);
  return f32x4.add(f32x4.mul(a, v128.load32_splat(NUMBERS + b)), c);
}

// @ts-ignore: decorator
@inline
function times(a: v128, b: usize): v128 {
  return f32x4.mul(a, v128.load32_splat(NUMBERS + b));
}

/** Six elements of an image: each result is the image against a polynomial that is zero at the other points. */
// @ts-ignore: decorator
@inline
export function imageLine(from: usize, step: usize, to: usize, toStep: usize): void {
  const x0 = v128.load(from), x1 = v128.load(from + step), x2 = v128.load(from + 2 * step);
  const x3 = v128.load(from + 3 * step), x4 = v128.load(from + 4 * step), x5 = v128.load(from + 5 * step);
  const evenA = plus(x2, MINUS_2, x4), oddA = plus(x1, MINUS_2, x3);
  const evenB = plus(x2, MINUS_HALF, x4), oddB = plus(x1, MINUS_HALF, x3);
  v128.store(to, f32x4.add(plus(x2, MINUS_5_HALVES, x0), x4));
  v128.store(to + toStep, plus(oddA, A, evenA));
  v128.store(to + 2 * toStep, plus(oddA, MINUS_A, evenA));
  v128.store(to + 3 * toStep, plus(oddB, B, evenB));
  v128.store(to + 4 * toStep, plus(oddB, MINUS_B, evenB));
  v128.store(to + 5 * toStep, f32x4.add(plus(x3, MINUS_5_HALVES, x1), x5));
}

/** Three taps: their polynomial at the points, each divided by its differences from the others. */
// @ts-ignore: decorator
@inline
export function filterLine(from: usize, step: usize, to: usize, toStep: usize): void {
  const g0 = v128.load(from), g1 = v128.load(from + step), g2 = v128.load(from + 2 * step);
  const evenA = times(plus(g2, HALF, g0), OF_A);
  const evenB = times(plus(g2, TWO, g0), OF_B);
  v128.store(to, g0);
  v128.store(to + toStep, plus(g1, A_OF_A, evenA));
  v128.store(to + 2 * toStep, plus(g1, MINUS_A_OF_A, evenA));
  v128.store(to + 3 * toStep, plus(g1, B_OF_B, evenB));
  v128.store(to + 4 * toStep, plus(g1, MINUS_B_OF_B, evenB));
  v128.store(to + 5 * toStep, g2);
}

/** The adjoint of `filterLine`: six points back to three taps. */
// @ts-ignore: decorator
@inline
export function filterGradientLine(from: usize, step: usize, to: usize, toStep: usize): void {
  const u0 = v128.load(from), u1 = v128.load(from + step), u2 = v128.load(from + 2 * step);
  const u3 = v128.load(from + 3 * step), u4 = v128.load(from + 4 * step), u5 = v128.load(from + 5 * step);
  const sumA = times(f32x4.add(u1, u2), OF_A);
  const sumB = times(f32x4.add(u3, u4), OF_B);
  v128.store(to, f32x4.add(u0, f32x4.add(sumA, sumB)));
  v128.store(to + toStep, plus(f32x4.sub(u1, u2), A_OF_A, times(f32x4.sub(u3, u4), B_OF_B)));
  v128.store(to + 2 * toStep, plus(sumA, HALF, plus(sumB, TWO, u5)));
}

/** Six points to four results. */
// @ts-ignore: decorator
@inline
export function resultLine(from: usize, step: usize, to: usize, toStep: usize): void {
  const m0 = v128.load(from), m1 = v128.load(from + step), m2 = v128.load(from + 2 * step);
  const m3 = v128.load(from + 3 * step), m4 = v128.load(from + 4 * step), m5 = v128.load(from + 5 * step);
  const sumA = f32x4.add(m1, m2), sumB = f32x4.add(m3, m4);
  const awayA = times(f32x4.sub(m1, m2), A), awayB = times(f32x4.sub(m3, m4), B);
  v128.store(to, f32x4.add(m0, f32x4.add(sumA, sumB)));
  v128.store(to + toStep, f32x4.add(awayA, awayB));
  v128.store(to + 2 * toStep, plus(sumA, HALF, times(sumB, TWO)));
  v128.store(to + 3 * toStep, plus(awayA, HALF, plus(awayB, TWO, m5)));
}

/** The adjoint of `resultLine`: four gradients of results to six points. */
// @ts-ignore: decorator
@inline
export function resultGradientLine(from: usize, step: usize, to: usize, toStep: usize): void {
  const d0 = v128.load(from), d1 = v128.load(from + step), d2 = v128.load(from + 2 * step), d3 = v128.load(from + 3 * step);
  const evenA = plus(d2, HALF, d0), oddA = plus(d3, HALF, d1);
  const evenB = plus(d2, TWO, d0), oddB = plus(d3, TWO, d1);
  v128.store(to, d0);
  v128.store(to + toStep, plus(oddA, A, evenA));
  v128.store(to + 2 * toStep, plus(oddA, MINUS_A, evenA));
  v128.store(to + 3 * toStep, plus(oddB, B, evenB));
  v128.store(to + 4 * toStep, plus(oddB, MINUS_B, evenB));
  v128.store(to + 5 * toStep, d3);
}
