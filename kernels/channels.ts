// An affine map by channel, and sums by channel.
import { affineRun } from "./batch-normalisation";
import { lanes, setWord, word } from "./lanes";
import {
  ACCUMULATE, BETA, CHANNELS, distribute, distributeColumns, fromDoubles, GAMMA, INNER, loadPartOrAll, MEAN, OUTER,
  PLAIN, setShape, storePartOrAll, sumColumns, sumPlain, valueAt, X, Y,
} from "./normalisation-sums";
import { scratch } from "./parallel";

/** y = (x - mean) gamma + beta, mean and beta 0 where there is none. Tasks: outer times channels. */
function channelAffineTask<T>(args: usize, start: i32, end: i32): void {
  const channels = word(args, CHANNELS);
  const inner = word(args, INNER);
  for (let task = start; task < end; task++) {
    const channel = task % channels;
    const at = task * inner * <i32>sizeof<T>();
    const centre = valueAt<T>(<usize>word(args, MEAN), channel, <T>0);
    const scale = valueAt<T>(<usize>word(args, GAMMA), channel, <T>1);
    const shift = valueAt<T>(<usize>word(args, BETA), channel, <T>0);
    affineRun<T>(<usize>word(args, X) + at, <usize>word(args, Y) + at, inner, centre, scale, shift);
  }
}

/** The same with inner = 1: rows. Tasks: rows. */
function rowAffineTask<T>(args: usize, start: i32, end: i32): void {
  const channels = word(args, CHANNELS);
  const mean = <usize>word(args, MEAN);
  const gamma = <usize>word(args, GAMMA);
  const beta = <usize>word(args, BETA);
  const zero = v128.splat<T>(<T>0);
  const one = v128.splat<T>(<T>1);
  for (let row = start; row < end; row++) {
    const x = <usize>word(args, X) + row * channels * sizeof<T>();
    const y = <usize>word(args, Y) + row * channels * sizeof<T>();
    for (let i = 0; i < channels; i += lanes<T>()) {
      const n = min(lanes<T>(), channels - i);
      const at = i * <i32>sizeof<T>();
      const centre = mean == 0 ? zero : loadPartOrAll<T>(mean + at, n);
      const scale = gamma == 0 ? one : loadPartOrAll<T>(gamma + at, n);
      const shift = beta == 0 ? zero : loadPartOrAll<T>(beta + at, n);
      const away = v128.sub<T>(loadPartOrAll<T>(x + at, n), centre);
      storePartOrAll<T>(y + at, v128.add<T>(v128.mul<T>(away, scale), shift), n);
    }
  }
}

function channelSumTask<T>(args: usize, start: i32, end: i32): void {
  const inner = word(args, INNER);
  const step = word(args, CHANNELS) * inner * <i32>sizeof<T>();
  for (let channel = start; channel < end; channel++) {
    const x = <usize>word(args, X) + channel * inner * sizeof<T>();
    let sum: f64 = 0;
    for (let i = 0; i < word(args, OUTER); i++) sum += sumPlain<T>(x + i * step, inner);
    const y = <usize>word(args, Y) + channel * sizeof<T>();
    store<T>(y, word(args, ACCUMULATE) ? load<T>(y) + <T>sum : <T>sum);
  }
}

function columnSumTask<T>(args: usize, start: i32, end: i32): void {
  const channels = word(args, CHANNELS);
  for (let vector = start; vector < end; vector++) {
    const n = min(lanes<T>(), channels - vector * lanes<T>());
    const y = <usize>word(args, Y) + 16 * vector;
    const x = <usize>word(args, X) + 16 * vector;
    sumColumns<T>(PLAIN, x, 0, word(args, OUTER), channels * sizeof<T>(), n, v128.splat<T>(<T>0), scratch);
    let sum = fromDoubles<T>(scratch, 1);
    if (word(args, ACCUMULATE)) sum = v128.add<T>(loadPartOrAll<T>(y, n), sum);
    storePartOrAll<T>(y, sum, n);
  }
}

// @ts-ignore: decorator
@inline
function channelAffine<T>(
  x: usize, centre: usize, scale: usize, shift: usize, y: usize, outer: i32, channels: i32, inner: i32,
): void {
  setWord(X, x);
  setWord(MEAN, centre);
  setWord(GAMMA, scale);
  setWord(BETA, shift);
  setWord(Y, y);
  setShape(outer, channels, inner);
  if (inner == 1) distribute((args, start, end) => rowAffineTask<T>(args, start, end), outer, channels);
  else distribute((args, start, end) => channelAffineTask<T>(args, start, end), outer * channels, inner);
}

/** y = (x - centre) scale + shift, one value of each a channel; an address of 0 leaves it out. */
export function channelAffine_f32(
  x: usize, centre: usize, scale: usize, shift: usize, y: usize, outer: i32, channels: i32, inner: i32,
): void {
  channelAffine<f32>(x, centre, scale, shift, y, outer, channels, inner);
}

export function channelAffine_f64(
  x: usize, centre: usize, scale: usize, shift: usize, y: usize, outer: i32, channels: i32, inner: i32,
): void {
  channelAffine<f64>(x, centre, scale, shift, y, outer, channels, inner);
}

// @ts-ignore: decorator
@inline
function channelSum<T>(x: usize, y: usize, outer: i32, channels: i32, inner: i32, accumulate: i32): void {
  setWord(X, x);
  setWord(Y, y);
  setWord(ACCUMULATE, accumulate);
  setShape(outer, channels, inner);
  if (inner == 1) distributeColumns<T>((args, start, end) => columnSumTask<T>(args, start, end), channels, outer);
  else distribute((args, start, end) => channelSumTask<T>(args, start, end), channels, outer * inner);
}

/** y[channel] (+)= sum of x over outer and inner. */
export function channelSum_f32(x: usize, y: usize, outer: i32, channels: i32, inner: i32, accumulate: i32): void {
  channelSum<f32>(x, y, outer, channels, inner, accumulate);
}

export function channelSum_f64(x: usize, y: usize, outer: i32, channels: i32, inner: i32, accumulate: i32): void {
  channelSum<f64>(x, y, outer, channels, inner, accumulate);
}
