// Normalisation over a row, and its gradient. Means and variances take two passes.
import { gradientRun } from "./batch-normalisation";
import { double, lanes, setDouble, setWord, word } from "./lanes";
import {
  BETA, D_BETA, D_GAMMA, distribute, distributeColumns, DY, EPSILON, fromDoubles, GAMMA, INNER, loadPartOrAll, MEAN,
  OUTER, PLAIN, RUN, setShape, storePartOrAll, sumColumns, sumPlain, sumProducts, sumSquares, VARIANCE, X, Y,
} from "./normalisation-sums";
import { scratch } from "./parallel";

function layerNormTask<T>(args: usize, start: i32, end: i32): void {
  const n = word(args, INNER);
  const means = <usize>word(args, MEAN);
  for (let row = start; row < end; row++) {
    const at = row * n * <i32>sizeof<T>();
    const x = <usize>word(args, X) + at;
    const y = <usize>word(args, Y) + at;
    const mean = <T>(sumPlain<T>(x, n) / <f64>n);
    const variance = sumSquares<T>(x, n, mean) / <f64>n;
    const inverse = <T>(1.0 / sqrt<f64>(variance + double(args, EPSILON)));
    if (means != 0) {
      store<T>(means + row * sizeof<T>(), mean);
      store<T>(<usize>word(args, VARIANCE) + row * sizeof<T>(), inverse);
    }
    const c = v128.splat<T>(mean);
    const r = v128.splat<T>(inverse);
    for (let i = 0; i < n; i += lanes<T>()) {
      const part = min(lanes<T>(), n - i);
      const z = v128.mul<T>(v128.sub<T>(loadPartOrAll<T>(x + i * sizeof<T>(), part), c), r);
      const gamma = loadPartOrAll<T>(<usize>word(args, GAMMA) + i * sizeof<T>(), part);
      const beta = loadPartOrAll<T>(<usize>word(args, BETA) + i * sizeof<T>(), part);
      storePartOrAll<T>(y + i * sizeof<T>(), v128.add<T>(v128.mul<T>(z, gamma), beta), part);
    }
  }
}

/** dx = r (g - mean of g - z mean of (g z)) with g = dy gamma, z = (x - mean) r. */
function layerNormGradientTask<T>(args: usize, start: i32, end: i32): void {
  const n = word(args, INNER);
  for (let row = start; row < end; row++) {
    const at = row * n * <i32>sizeof<T>();
    const x = <usize>word(args, X) + at;
    const dy = <usize>word(args, DY) + at;
    const dx = <usize>word(args, Y) + at;
    const mean = load<T>(<usize>word(args, MEAN) + row * sizeof<T>());
    const inverse = load<T>(<usize>word(args, VARIANCE) + row * sizeof<T>());
    for (let i = 0; i < n; i += lanes<T>()) {
      const part = min(lanes<T>(), n - i);
      const gamma = loadPartOrAll<T>(<usize>word(args, GAMMA) + i * sizeof<T>(), part);
      storePartOrAll<T>(dx + i * sizeof<T>(), v128.mul<T>(loadPartOrAll<T>(dy + i * sizeof<T>(), part), gamma), part);
    }
    const sum = sumPlain<T>(dx, n);
    const products = sumProducts<T>(x, dx, n, mean) * <f64>inverse;
    const slope = <T>(-(<f64>inverse) * <f64>inverse * products / <f64>n);
    gradientRun<T>(x, dx, dx, n, mean, inverse, slope, <T>(-(<f64>inverse) * sum / <f64>n));
  }
}

/** dgamma = sum of dy z and dbeta = sum of dy over the rows. Tasks: vectors of columns. */
function layerNormParametersTask<T>(args: usize, start: i32, end: i32): void {
  const rows = word(args, OUTER);
  const columns = word(args, INNER);
  const step = columns * <i32>sizeof<T>();
  const zero = v128.splat<T>(<T>0);
  for (let vector = start; vector < end; vector++) {
    const n = min(lanes<T>(), columns - vector * lanes<T>());
    let x = <usize>word(args, X) + 16 * vector;
    let dy = <usize>word(args, DY) + 16 * vector;
    sumColumns<T>(PLAIN, dy, 0, rows, step, n, zero, scratch);
    storePartOrAll<T>(<usize>word(args, D_BETA) + 16 * vector, fromDoubles<T>(scratch, 1), n);
    let sum = zero;
    let all = zero;
    let mean = <usize>word(args, MEAN);
    let inverse = <usize>word(args, VARIANCE);
    for (let row = 1; row <= rows; row++) {
      const away = v128.sub<T>(loadPartOrAll<T>(x, n), v128.load_splat<T>(mean));
      const z = v128.mul<T>(away, v128.load_splat<T>(inverse));
      sum = v128.add<T>(sum, v128.mul<T>(loadPartOrAll<T>(dy, n), z));
      if (row % RUN == 0) {
        all = v128.add<T>(all, sum);
        sum = zero;
      }
      x += step;
      dy += step;
      mean += sizeof<T>();
      inverse += sizeof<T>();
    }
    storePartOrAll<T>(<usize>word(args, D_GAMMA) + 16 * vector, v128.add<T>(all, sum), n);
  }
}

// @ts-ignore: decorator
@inline
function layerNorm<T>(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, inverse: usize, rows: i32, n: i32, epsilon: f64,
): void {
  setWord(X, x);
  setWord(GAMMA, gamma);
  setWord(BETA, beta);
  setWord(Y, y);
  setWord(MEAN, mean);
  setWord(VARIANCE, inverse);
  setDouble(EPSILON, epsilon);
  setShape(rows, 1, n);
  distribute((args, start, end) => layerNormTask<T>(args, start, end), rows, n);
}

/** Rows: y = (x - mean) r gamma + beta, r = 1 / sqrt(variance + epsilon). Writes mean and r [rows] if asked for. */
export function layerNorm_f32(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, inverse: usize, rows: i32, n: i32, epsilon: f64,
): void {
  layerNorm<f32>(x, gamma, beta, y, mean, inverse, rows, n, epsilon);
}

export function layerNorm_f64(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, inverse: usize, rows: i32, n: i32, epsilon: f64,
): void {
  layerNorm<f64>(x, gamma, beta, y, mean, inverse, rows, n, epsilon);
}

// @ts-ignore: decorator
@inline
function layerNormGradient<T>(
  x: usize, dy: usize, mean: usize, inverse: usize, gamma: usize, dx: usize, dgamma: usize, dbeta: usize,
  rows: i32, n: i32,
): void {
  setWord(X, x);
  setWord(DY, dy);
  setWord(MEAN, mean);
  setWord(VARIANCE, inverse);
  setWord(GAMMA, gamma);
  setWord(Y, dx);
  setWord(D_GAMMA, dgamma);
  setWord(D_BETA, dbeta);
  setShape(rows, 1, n);
  if (dx != 0) distribute((args, start, end) => layerNormGradientTask<T>(args, start, end), rows, n);
  distributeColumns<T>((args, start, end) => layerNormParametersTask<T>(args, start, end), n, rows);
}

/** The gradients of layerNorm by x (none if dx is 0), gamma and beta, from the mean and r that it wrote. */
export function layerNormGradient_f32(
  x: usize, dy: usize, mean: usize, inverse: usize, gamma: usize, dx: usize, dgamma: usize, dbeta: usize,
  rows: i32, n: i32,
): void {
  layerNormGradient<f32>(x, dy, mean, inverse, gamma, dx, dgamma, dbeta, rows, n);
}

export function layerNormGradient_f64(
  x: usize, dy: usize, mean: usize, inverse: usize, gamma: usize, dx: usize, dgamma: usize, dbeta: usize,
  rows: i32, n: i32,
): void {
  layerNormGradient<f64>(x, dy, mean, inverse, gamma, dx, dgamma, dbeta, rows, n);
}
