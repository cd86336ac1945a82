// Normalisation over neighbouring channels, and its gradient: d = bias + alpha (sum of x^2 over `size` channels),
// y = x d^-exponent.
import { double, lanes, setDouble, setWord, word } from "./lanes";
import { pow_v32 } from "./math32";
import { pow_v64 } from "./math64";
import {
  ALPHA, BIAS, CHANNELS, distribute, DY, EXPONENT, INNER, loadPartOrAll, OUTER, setShape, SIZE, storePartOrAll, X, Y,
} from "./normalisation-sums";
import { scratch, TASK_ARGUMENTS } from "./parallel";

// @ts-ignore: decorator
@inline
function power<T>(x: v128, y: v128): v128 {
  return sizeof<T>() == 4 ? pow_v32(x, y) : pow_v64(x, y);
}

/** bias + alpha sum of squares over the window of `channel`, for a vector of places; `step` bytes between channels. */
// @ts-ignore: decorator
@inline
function denominator<T>(args: usize, x: usize, channel: i32, step: i32, n: i32): v128 {
  const size = word(args, SIZE);
  const first = max(0, channel - (size >> 1));
  const last = min(word(args, CHANNELS) - 1, channel + ((size - 1) >> 1));
  let sum = v128.splat<T>(<T>0);
  let at = x + first * step;
  for (let i = first; i <= last; i++) {
    const value = loadPartOrAll<T>(at, n);
    sum = v128.add<T>(sum, v128.mul<T>(value, value));
    at += step;
  }
  return v128.add<T>(v128.splat<T>(<T>double(args, BIAS)), v128.mul<T>(v128.splat<T>(<T>double(args, ALPHA)), sum));
}

/** Tasks: image, vector of places. */
function localResponseTask<T>(args: usize, start: i32, end: i32): void {
  const channels = word(args, CHANNELS);
  const inner = word(args, INNER);
  const step = inner * <i32>sizeof<T>();
  const vectors = (inner + lanes<T>() - 1) / lanes<T>();
  const exponent = v128.splat<T>(<T>-double(args, EXPONENT));
  for (let task = start; task < end; task++) {
    const place = task % vectors;
    const n = min(lanes<T>(), inner - place * lanes<T>());
    const at = task / vectors * channels * step + 16 * place;
    const x = <usize>word(args, X) + at;
    const y = <usize>word(args, Y) + at;
    for (let channel = 0; channel < channels; channel++) {
      const factor = power<T>(denominator<T>(args, x, channel, step, n), exponent);
      storePartOrAll<T>(y + channel * step, v128.mul<T>(loadPartOrAll<T>(x + channel * step, n), factor), n);
    }
  }
}

/** dx[c] = dy[c] d[c]^-e - 2 alpha e x[c] (sum of dy x d^(-e-1) over the channels whose windows hold c). */
function localResponseGradientTask<T>(args: usize, start: i32, end: i32): void {
  const channels = word(args, CHANNELS);
  const inner = word(args, INNER);
  const size = word(args, SIZE);
  const step = inner * <i32>sizeof<T>();
  const vectors = (inner + lanes<T>() - 1) / lanes<T>();
  const exponent = v128.splat<T>(<T>-double(args, EXPONENT));
  const factor = v128.splat<T>(<T>(-2 * double(args, ALPHA) * double(args, EXPONENT)));
  const factors = scratch;
  const shares = scratch + 16 * channels;
  for (let task = start; task < end; task++) {
    const place = task % vectors;
    const n = min(lanes<T>(), inner - place * lanes<T>());
    const at = task / vectors * channels * step + 16 * place;
    const x = <usize>word(args, X) + at;
    const dy = <usize>word(args, DY) + at;
    const dx = <usize>word(args, Y) + at;
    for (let channel = 0; channel < channels; channel++) {
      const d = denominator<T>(args, x, channel, step, n);
      const root = power<T>(d, exponent);
      const product = v128.mul<T>(loadPartOrAll<T>(dy + channel * step, n), root);
      v128.store(factors + 16 * channel, product);
      v128.store(shares + 16 * channel, v128.div<T>(v128.mul<T>(product, loadPartOrAll<T>(x + channel * step, n)), d));
    }
    for (let channel = 0; channel < channels; channel++) {
      const first = max(0, channel - ((size - 1) >> 1));
      const last = min(channels - 1, channel + (size >> 1));
      let sum = v128.splat<T>(<T>0);
      for (let i = first; i <= last; i++) sum = v128.add<T>(sum, v128.load(shares + 16 * i));
      const own = v128.mul<T>(v128.mul<T>(loadPartOrAll<T>(x + channel * step, n), factor), sum);
      storePartOrAll<T>(dx + channel * step, v128.add<T>(v128.load(factors + 16 * channel), own), n);
    }
  }
}

function setLocalResponse(
  x: usize, dy: usize, y: usize, batch: i32, channels: i32, inner: i32, size: i32, alpha: f64, exponent: f64, bias: f64,
): void {
  setWord(X, x);
  setWord(DY, dy);
  setWord(Y, y);
  setWord(SIZE, size);
  setDouble(ALPHA, alpha);
  setDouble(EXPONENT, exponent);
  setDouble(BIAS, bias);
  setShape(batch, channels, inner);
}

// @ts-ignore: decorator
@inline
function placeVectors<T>(): i32 {
  return (word(TASK_ARGUMENTS, INNER) + lanes<T>() - 1) / lanes<T>() * word(TASK_ARGUMENTS, OUTER);
}

/** y[c] = x[c] (bias + alpha sum of x^2 over channels c - size / 2 to c + (size - 1) / 2)^-exponent. */
export function localResponse_f32(
  x: usize, y: usize, batch: i32, channels: i32, inner: i32, size: i32, alpha: f64, exponent: f64, bias: f64,
): void {
  setLocalResponse(x, 0, y, batch, channels, inner, size, alpha, exponent, bias);
  distribute((args, start, end) => localResponseTask<f32>(args, start, end), placeVectors<f32>(), 64 * channels);
}

export function localResponse_f64(
  x: usize, y: usize, batch: i32, channels: i32, inner: i32, size: i32, alpha: f64, exponent: f64, bias: f64,
): void {
  setLocalResponse(x, 0, y, batch, channels, inner, size, alpha, exponent, bias);
  distribute((args, start, end) => localResponseTask<f64>(args, start, end), placeVectors<f64>(), 64 * channels);
}

/** The gradient of localResponse by x. Needs 32 bytes of scratch memory a channel. */
export function localResponseGradient_f32(
  x: usize, dy: usize, dx: usize, batch: i32, channels: i32, inner: i32, size: i32,
  alpha: f64, exponent: f64, bias: f64,
): void {
  setLocalResponse(x, dy, dx, batch, channels, inner, size, alpha, exponent, bias);
  const work = 64 * channels;
  distribute((args, start, end) => localResponseGradientTask<f32>(args, start, end), placeVectors<f32>(), work);
}

export function localResponseGradient_f64(
  x: usize, dy: usize, dx: usize, batch: i32, channels: i32, inner: i32, size: i32,
  alpha: f64, exponent: f64, bias: f64,
): void {
  setLocalResponse(x, dy, dx, batch, channels, inner, size, alpha, exponent, bias);
  const work = 64 * channels;
  distribute((args, start, end) => localResponseGradientTask<f64>(args, start, end), placeVectors<f64>(), work);
}
