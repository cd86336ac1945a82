// Normalisation over a batch, by channel, and its gradient. Means and variances take two passes.
import { double, lanes, loadPart, setDouble, setWord, storePart, word } from "./lanes";
import {
  BETA, CHANNELS, D_BETA, D_GAMMA, distribute, distributeColumns, DY, EPSILON, fromDoubles, GAMMA, INNER,
  inverseDeviations, loadPartOrAll, MEAN, OUTER, PLAIN, PRODUCTS, setShape, SQUARES, storePartOrAll, sumColumns,
  sumPlain, sumProducts, sumSquares, VARIANCE, X, Y,
} from "./normalisation-sums";
import { scratch } from "./parallel";

/** y = (x - centre) scale + shift along n neighbours. */
export function affineRun<T>(x: usize, y: usize, n: i32, centre: T, scale: T, shift: T): void {
  const c = v128.splat<T>(centre);
  const s = v128.splat<T>(scale);
  const b = v128.splat<T>(shift);
  for (; n >= lanes<T>(); n -= lanes<T>()) {
    v128.store(y, v128.add<T>(v128.mul<T>(v128.sub<T>(v128.load(x), c), s), b));
    x += 16;
    y += 16;
  }
  if (n > 0) storePart<T>(y, v128.add<T>(v128.mul<T>(v128.sub<T>(loadPart<T>(x, n), c), s), b), n);
}

function batchNormTask<T>(args: usize, start: i32, end: i32): void {
  const outer = word(args, OUTER);
  const channels = word(args, CHANNELS);
  const inner = word(args, INNER);
  const count = <f64>outer * <f64>inner;
  const step = channels * inner * <i32>sizeof<T>();
  for (let channel = start; channel < end; channel++) {
    const x = <usize>word(args, X) + channel * inner * sizeof<T>();
    const y = <usize>word(args, Y) + channel * inner * sizeof<T>();
    let sum: f64 = 0;
    for (let i = 0; i < outer; i++) sum += sumPlain<T>(x + i * step, inner);
    const mean = <T>(sum / count);
    sum = 0;
    for (let i = 0; i < outer; i++) sum += sumSquares<T>(x + i * step, inner, mean);
    const variance = sum / count;
    store<T>(<usize>word(args, MEAN) + channel * sizeof<T>(), mean);
    store<T>(<usize>word(args, VARIANCE) + channel * sizeof<T>(), <T>variance);
    const gamma = <f64>load<T>(<usize>word(args, GAMMA) + channel * sizeof<T>());
    const scale = <T>(gamma / sqrt<f64>(variance + double(args, EPSILON)));
    const beta = load<T>(<usize>word(args, BETA) + channel * sizeof<T>());
    for (let i = 0; i < outer; i++) affineRun<T>(x + i * step, y + i * step, inner, mean, scale, beta);
  }
}

/** The same where channels lie side by side (inner = 1): a vector of channels at a time. Tasks: vectors. */
function batchNormColumnsTask<T>(args: usize, start: i32, end: i32): void {
  const outer = word(args, OUTER);
  const channels = word(args, CHANNELS);
  const step = channels * <i32>sizeof<T>();
  const share: f64 = 1.0 / <f64>outer;
  for (let vector = start; vector < end; vector++) {
    const n = min(lanes<T>(), channels - vector * lanes<T>());
    const at = 16 * vector;
    let x = <usize>word(args, X) + at;
    let y = <usize>word(args, Y) + at;
    sumColumns<T>(PLAIN, x, 0, outer, step, n, v128.splat<T>(<T>0), scratch);
    const mean = fromDoubles<T>(scratch, share);
    sumColumns<T>(SQUARES, x, 0, outer, step, n, mean, scratch);
    storePartOrAll<T>(<usize>word(args, MEAN) + at, mean, n);
    storePartOrAll<T>(<usize>word(args, VARIANCE) + at, fromDoubles<T>(scratch, share), n);
    const gamma = loadPartOrAll<T>(<usize>word(args, GAMMA) + at, n);
    const scale = v128.mul<T>(gamma, inverseDeviations<T>(scratch, share, double(args, EPSILON)));
    const beta = loadPartOrAll<T>(<usize>word(args, BETA) + at, n);
    for (let i = 0; i < outer; i++) {
      const away = v128.sub<T>(loadPartOrAll<T>(x, n), mean);
      storePartOrAll<T>(y, v128.add<T>(v128.mul<T>(away, scale), beta), n);
      x += step;
      y += step;
    }
  }
}

/** dx = gamma r (dy - mean of dy - z mean of (dy z)) with r = 1 / sqrt(variance + epsilon), z = (x - mean) r. */
function batchNormGradientTask<T>(args: usize, start: i32, end: i32): void {
  const outer = word(args, OUTER);
  const channels = word(args, CHANNELS);
  const inner = word(args, INNER);
  const count = <f64>outer * <f64>inner;
  const step = channels * inner * <i32>sizeof<T>();
  for (let channel = start; channel < end; channel++) {
    const at = channel * inner * <i32>sizeof<T>();
    const x = <usize>word(args, X) + at;
    const dy = <usize>word(args, DY) + at;
    const dx = <usize>word(args, Y) + at;
    const mean = load<T>(<usize>word(args, MEAN) + channel * sizeof<T>());
    const variance = <f64>load<T>(<usize>word(args, VARIANCE) + channel * sizeof<T>());
    const inverse = 1.0 / sqrt<f64>(variance + double(args, EPSILON));
    let sum: f64 = 0;
    let products: f64 = 0;
    for (let i = 0; i < outer; i++) {
      sum += sumPlain<T>(dy + i * step, inner);
      products += sumProducts<T>(x + i * step, dy + i * step, inner, mean);
    }
    products *= inverse;
    store<T>(<usize>word(args, D_GAMMA) + channel * sizeof<T>(), <T>products);
    store<T>(<usize>word(args, D_BETA) + channel * sizeof<T>(), <T>sum);
    if (word(args, Y) == 0) continue;
    const scale = <f64>load<T>(<usize>word(args, GAMMA) + channel * sizeof<T>()) * inverse;
    const slope = <T>(-scale * inverse * products / count);
    const shift = <T>(-scale * sum / count);
    for (let i = 0; i < outer; i++) {
      gradientRun<T>(x + i * step, dy + i * step, dx + i * step, inner, mean, <T>scale, slope, shift);
    }
  }
}

/** dx = dy scale + (x - centre) slope + shift along n neighbours. */
export function gradientRun<T>(x: usize, dy: usize, dx: usize, n: i32, centre: T, scale: T, slope: T, shift: T): void {
  const c = v128.splat<T>(centre);
  const g = v128.splat<T>(scale);
  const s = v128.splat<T>(slope);
  const b = v128.splat<T>(shift);
  for (; n > 0; n -= lanes<T>()) {
    const part = min(n, lanes<T>());
    const away = v128.sub<T>(loadPartOrAll<T>(x, part), c);
    const product = v128.mul<T>(loadPartOrAll<T>(dy, part), g);
    storePartOrAll<T>(dx, v128.add<T>(v128.add<T>(product, v128.mul<T>(away, s)), b), part);
    x += 16;
    dy += 16;
    dx += 16;
  }
}

function batchNormGradientColumnsTask<T>(args: usize, start: i32, end: i32): void {
  const outer = word(args, OUTER);
  const channels = word(args, CHANNELS);
  const step = channels * <i32>sizeof<T>();
  const share: f64 = 1.0 / <f64>outer;
  for (let vector = start; vector < end; vector++) {
    const n = min(lanes<T>(), channels - vector * lanes<T>());
    const at = 16 * vector;
    let x = <usize>word(args, X) + at;
    let dy = <usize>word(args, DY) + at;
    let dx = <usize>word(args, Y) + at;
    const mean = loadPartOrAll<T>(<usize>word(args, MEAN) + at, n);
    const variance = loadPartOrAll<T>(<usize>word(args, VARIANCE) + at, n);
    if (sizeof<T>() == 8) {
      v128.store(scratch, variance);
    } else {
      v128.store(scratch, f64x2.promote_low_f32x4(variance));
      v128.store(scratch, f64x2.promote_low_f32x4(i64x2.shuffle(variance, variance, 1, 0)), 16);
    }
    const inverse = inverseDeviations<T>(scratch, 1, double(args, EPSILON));
    sumColumns<T>(PLAIN, dy, 0, outer, step, n, mean, scratch);
    const sum = fromDoubles<T>(scratch, 1);
    const meanOfDy = fromDoubles<T>(scratch, share);
    sumColumns<T>(PRODUCTS, x, dy, outer, step, n, mean, scratch);
    const products = v128.mul<T>(fromDoubles<T>(scratch, 1), inverse);
    storePartOrAll<T>(<usize>word(args, D_GAMMA) + at, products, n);
    storePartOrAll<T>(<usize>word(args, D_BETA) + at, sum, n);
    if (word(args, Y) == 0) continue;
    const scale = v128.mul<T>(loadPartOrAll<T>(<usize>word(args, GAMMA) + at, n), inverse);
    const slope = v128.mul<T>(v128.mul<T>(scale, inverse), v128.mul<T>(products, v128.splat<T>(<T>-share)));
    const shift = v128.neg<T>(v128.mul<T>(scale, meanOfDy));
    for (let i = 0; i < outer; i++) {
      const away = v128.sub<T>(loadPartOrAll<T>(x, n), mean);
      const product = v128.mul<T>(loadPartOrAll<T>(dy, n), scale);
      storePartOrAll<T>(dx, v128.add<T>(v128.add<T>(product, v128.mul<T>(away, slope)), shift), n);
      x += step;
      dy += step;
      dx += step;
    }
  }
}

// @ts-ignore: decorator
@inline
function batchNorm<T>(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, variance: usize,
  outer: i32, channels: i32, inner: i32, epsilon: f64,
): void {
  setWord(X, x);
  setWord(Y, y);
  setWord(GAMMA, gamma);
  setWord(BETA, beta);
  setWord(MEAN, mean);
  setWord(VARIANCE, variance);
  setDouble(EPSILON, epsilon);
  setShape(outer, channels, inner);
  if (inner == 1) {
    distributeColumns<T>((args, start, end) => batchNormColumnsTask<T>(args, start, end), channels, outer);
  } else {
    distribute((args, start, end) => batchNormTask<T>(args, start, end), channels, outer * inner);
  }
}

/**
 * y = (x - mean) / sqrt(variance + epsilon) gamma + beta, mean and variance (of the population) taken over outer and
 * inner and written to `mean` and `variance` [channels].
 */
export function batchNorm_f32(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, variance: usize,
  outer: i32, channels: i32, inner: i32, epsilon: f64,
): void {
  batchNorm<f32>(x, gamma, beta, y, mean, variance, outer, channels, inner, epsilon);
}

export function batchNorm_f64(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, variance: usize,
  outer: i32, channels: i32, inner: i32, epsilon: f64,
): void {
  batchNorm<f64>(x, gamma, beta, y, mean, variance, outer, channels, inner, epsilon);
}

// @ts-ignore: decorator
@inline
function batchNormGradient<T>(
  x: usize, dy: usize, mean: usize, variance: usize, gamma: usize, dx: usize, dgamma: usize, dbeta: usize,
  outer: i32, channels: i32, inner: i32, epsilon: f64,
): void {
  setWord(X, x);
  setWord(DY, dy);
  setWord(MEAN, mean);
  setWord(VARIANCE, variance);
  setWord(GAMMA, gamma);
  setWord(Y, dx);
  setWord(D_GAMMA, dgamma);
  setWord(D_BETA, dbeta);
  setDouble(EPSILON, epsilon);
  setShape(outer, channels, inner);
  if (inner == 1) {
    distributeColumns<T>((args, start, end) => batchNormGradientColumnsTask<T>(args, start, end), channels, outer);
  } else {
    distribute((args, start, end) => batchNormGradientTask<T>(args, start, end), channels, outer * inner);
  }
}

/** The gradients of batchNorm by x (none if dx is 0), gamma and beta, from the mean and variance that it wrote. */
export function batchNormGradient_f32(
  x: usize, dy: usize, mean: usize, variance: usize, gamma: usize, dx: usize, dgamma: usize, dbeta: usize,
  outer: i32, channels: i32, inner: i32, epsilon: f64,
): void {
  batchNormGradient<f32>(x, dy, mean, variance, gamma, dx, dgamma, dbeta, outer, channels, inner, epsilon);
}

export function batchNormGradient_f64(
  x: usize, dy: usize, mean: usize, variance: usize, gamma: usize, dx: usize, dgamma: usize, dbeta: usize,
  outer: i32, channels: i32, inner: i32, epsilon: f64,
): void {
  batchNormGradient<f64>(x, dy, mean, variance, gamma, dx, dgamma, dbeta, outer, channels, inner, epsilon);
}
