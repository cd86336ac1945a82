// Pooling: the largest element, the sum, or the root of the sum of squares of a window that slides over each plane of
// an image, and the ways back. Windows are walked tap by tap: one tap's part of all windows of a row is one loop over
// the row, with nothing to test inside. Windows of 2x2 that do not overlap go several at a time.
import { lanes, setDouble, setWord, double, word } from "./lanes";
import { chunkOf, parallelFor, scratch, Task, TASK_ARGUMENTS, worthSharing } from "./parallel";

const SUM: i32 = 0;
const ROOT: i32 = 1;

const X = 0;
const Y = 1;
const INDICES = 2;
const HEIGHT = 3;
const WIDTH = 4;
const OUT_HEIGHT = 5;
const OUT_WIDTH = 6;
const KERNEL_HEIGHT = 7;
const KERNEL_WIDTH = 8;
const STRIDE_HEIGHT = 9;
const STRIDE_WIDTH = 10;
const PAD_TOP = 11;
const PAD_LEFT = 12;
const MODE = 13;
const DIVISOR = 0;

/** Elements visited in a chunk. */
const GRAIN: i32 = 16384;

function setGeometry(
  height: i32, width: i32, outHeight: i32, outWidth: i32, kernelHeight: i32, kernelWidth: i32,
  strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
): void {
  setWord(HEIGHT, height);
  setWord(WIDTH, width);
  setWord(OUT_HEIGHT, outHeight);
  setWord(OUT_WIDTH, outWidth);
  setWord(KERNEL_HEIGHT, kernelHeight);
  setWord(KERNEL_WIDTH, kernelWidth);
  setWord(STRIDE_HEIGHT, strideHeight);
  setWord(STRIDE_WIDTH, strideWidth);
  setWord(PAD_TOP, padTop);
  setWord(PAD_LEFT, padLeft);
}

/** A plane a task; planes join in a chunk until it is long enough. */
function distribute(task: Task, planes: i32, work: i32): void {
  const total = <i64>planes * work;
  const grain = max(1, min(planes, chunkOf(total, GRAIN) / max(1, work)));
  parallelFor(task, TASK_ARGUMENTS, planes, worthSharing(total, GRAIN) ? grain : max(1, planes));
}

/** Work of a plane: elements visited. */
function visits(): i32 {
  const windows = <f64>word(TASK_ARGUMENTS, OUT_HEIGHT) * <f64>word(TASK_ARGUMENTS, OUT_WIDTH);
  const taps = <f64>word(TASK_ARGUMENTS, KERNEL_HEIGHT) * <f64>word(TASK_ARGUMENTS, KERNEL_WIDTH);
  return <i32>min<f64>(windows * taps, 1e9);
}

/** Whether windows are 2x2 side by side, without padding. */
function isTwoByTwo(args: usize): bool {
  return word(args, KERNEL_HEIGHT) == 2 && word(args, KERNEL_WIDTH) == 2 && word(args, STRIDE_HEIGHT) == 2 &&
    word(args, STRIDE_WIDTH) == 2 && word(args, PAD_TOP) == 0 && word(args, PAD_LEFT) == 0 &&
    2 * word(args, OUT_HEIGHT) <= word(args, HEIGHT) && 2 * word(args, OUT_WIDTH) <= word(args, WIDTH);
}

/** The first window of a row whose tap `offset` (its place minus the padding) lies in the image. */
// @ts-ignore: decorator
@inline
function firstInside(offset: i32, stride: i32): i32 {
  return offset >= 0 ? 0 : (stride - 1 - offset) / stride;
}

/** The window after the last one of `count` whose tap lies in the image. */
// @ts-ignore: decorator
@inline
function endInside(offset: i32, stride: i32, length: i32, count: i32): i32 {
  return offset >= length ? 0 : min(count, (length - 1 - offset) / stride + 1);
}

// ---- Largest element

/** Whether `value` takes the place of `best`: it is larger, or the first NaN. */
// @ts-ignore: decorator
@inline
function beats<T>(value: T, best: T): bool {
  return !(value <= best) && best == best;
}

// @ts-ignore: decorator
@inline
function beatsVector(value: v128, best: v128): v128 {
  return v128.andnot(f32x4.eq(best, best), f32x4.le(value, best));
}

/** The first tap of every window of a row that lies in the image: where the search begins. */
function startRow<T>(args: usize, x: usize, row: i32, y: usize, indices: usize): void {
  const width = word(args, WIDTH);
  const step = word(args, STRIDE_WIDTH);
  const above = max(0, row * word(args, STRIDE_HEIGHT) - word(args, PAD_TOP)) * width;
  let column = -word(args, PAD_LEFT);
  for (let i = 0; i < word(args, OUT_WIDTH); i++) {
    const at = above + max(0, column);
    store<T>(y, load<T>(x + at * sizeof<T>()));
    y += sizeof<T>();
    if (indices != 0) {
      store<i32>(indices, at);
      indices += 4;
    }
    column += step;
  }
}

function maximumTask<T>(args: usize, start: i32, end: i32): void {
  const height = word(args, HEIGHT);
  const width = word(args, WIDTH);
  const outHeight = word(args, OUT_HEIGHT);
  const outWidth = word(args, OUT_WIDTH);
  const fast = sizeof<T>() == 4 && isTwoByTwo(args);
  for (let plane = start; plane < end; plane++) {
    const x = <usize>word(args, X) + plane * height * width * sizeof<T>();
    for (let row = 0; row < outHeight; row++) {
      const at = (plane * outHeight + row) * outWidth;
      const y = <usize>word(args, Y) + at * sizeof<T>();
      const table = <usize>word(args, INDICES);
      const indices = table == 0 ? table : table + 4 * at;
      if (fast) {
        maximumTwoByTwo(x, 2 * row * width, width, outWidth, y, indices);
        continue;
      }
      startRow<T>(args, x, row, y, indices);
      const top = row * word(args, STRIDE_HEIGHT) - word(args, PAD_TOP);
      for (let i = max(0, -top); i < min(word(args, KERNEL_HEIGHT), height - top); i++) {
        for (let j = 0; j < word(args, KERNEL_WIDTH); j++) {
          const offset = j - word(args, PAD_LEFT);
          const step = word(args, STRIDE_WIDTH);
          const first = firstInside(offset, step);
          const count = endInside(offset, step, width, outWidth) - first;
          const index = (top + i) * width + offset + first * step;
          const to = indices == 0 ? indices : indices + 4 * first;
          maximumTap<T>(x + index * sizeof<T>(), step, count, y + first * sizeof<T>(), index, to);
        }
      }
    }
  }
}

/** One tap of `count` windows, `step` elements apart. */
function maximumTap<T>(x: usize, step: i32, count: i32, y: usize, index: i32, indices: usize): void {
  if (sizeof<T>() == 4 && step == 1) {
    let places = i32x4.add(i32x4.splat(index), i32x4(0, 1, 2, 3));
    for (; count >= 4; count -= 4) {
      const value = v128.load(x);
      const best = v128.load(y);
      const wins = beatsVector(value, best);
      v128.store(y, v128.bitselect(value, best, wins));
      if (indices != 0) {
        v128.store(indices, v128.bitselect(places, v128.load(indices), wins));
        places = i32x4.add(places, i32x4.splat(4));
        indices += 16;
      }
      x += 16;
      y += 16;
      index += 4;
    }
  }
  if (sizeof<T>() == 4 && step == 2) {
    let places = i32x4.add(i32x4.splat(index), i32x4(0, 2, 4, 6));
    // Two vectors hold the taps of four windows and an element behind the last: there is one as long as a window follows.
    for (; count > 4; count -= 4) {
      const value = i32x4.shuffle(v128.load(x), v128.load(x, 16), 0, 2, 4, 6);
      const best = v128.load(y);
      const wins = beatsVector(value, best);
      v128.store(y, v128.bitselect(value, best, wins));
      if (indices != 0) {
        v128.store(indices, v128.bitselect(places, v128.load(indices), wins));
        places = i32x4.add(places, i32x4.splat(8));
        indices += 16;
      }
      x += 32;
      y += 16;
      index += 8;
    }
  }
  for (; count > 0; count--) {
    const value = load<T>(x);
    if (beats<T>(value, load<T>(y))) {
      store<T>(y, value);
      if (indices != 0) store<i32>(indices, index);
    }
    x += step * sizeof<T>();
    y += sizeof<T>();
    index += step;
    if (indices != 0) indices += 4;
  }
}

/** A row of 2x2 windows of float32; `index` is the place of its first element. */
function maximumTwoByTwo(plane: usize, index: i32, width: i32, count: i32, y: usize, indices: usize): void {
  let upper = plane + 4 * index;
  let lower = upper + 4 * width;
  const right = i32x4.splat(1);
  const below = i32x4.splat(width);
  let first = i32x4.add(i32x4.splat(index), i32x4(0, 2, 4, 6));
  for (; count >= 4; count -= 4) {
    const a = v128.load(upper);
    const b = v128.load(upper, 16);
    const c = v128.load(lower);
    const d = v128.load(lower, 16);
    let best = i32x4.shuffle(a, b, 0, 2, 4, 6);
    let place = first;
    let value = i32x4.shuffle(a, b, 1, 3, 5, 7);
    let wins = beatsVector(value, best);
    best = v128.bitselect(value, best, wins);
    place = v128.bitselect(i32x4.add(first, right), place, wins);
    value = i32x4.shuffle(c, d, 0, 2, 4, 6);
    wins = beatsVector(value, best);
    best = v128.bitselect(value, best, wins);
    place = v128.bitselect(i32x4.add(first, below), place, wins);
    value = i32x4.shuffle(c, d, 1, 3, 5, 7);
    wins = beatsVector(value, best);
    v128.store(y, v128.bitselect(value, best, wins));
    if (indices != 0) {
      v128.store(indices, v128.bitselect(i32x4.add(i32x4.add(first, below), right), place, wins));
      indices += 16;
    }
    first = i32x4.add(first, i32x4.splat(8));
    upper += 32;
    lower += 32;
    index += 8;
    y += 16;
  }
  for (; count > 0; count--) {
    let best = load<f32>(upper);
    let place = index;
    if (beats<f32>(load<f32>(upper, 4), best)) {
      best = load<f32>(upper, 4);
      place = index + 1;
    }
    if (beats<f32>(load<f32>(lower), best)) {
      best = load<f32>(lower);
      place = index + width;
    }
    if (beats<f32>(load<f32>(lower, 4), best)) {
      best = load<f32>(lower, 4);
      place = index + width + 1;
    }
    store<f32>(y, best);
    if (indices != 0) {
      store<i32>(indices, place);
      indices += 4;
    }
    upper += 8;
    lower += 8;
    index += 2;
    y += 4;
  }
}

/** dx = 0, then dx[indices] += dy, plane by plane. */
function scatterTask<T>(args: usize, start: i32, end: i32): void {
  const height = word(args, HEIGHT);
  const width = word(args, WIDTH);
  const outHeight = word(args, OUT_HEIGHT);
  const outWidth = word(args, OUT_WIDTH);
  const windows = outHeight * outWidth;
  const fast = sizeof<T>() == 4 && isTwoByTwo(args);
  for (let plane = start; plane < end; plane++) {
    const dx = <usize>word(args, X) + plane * height * width * sizeof<T>();
    let dy = <usize>word(args, Y) + plane * windows * sizeof<T>();
    let indices = <usize>word(args, INDICES) + 4 * plane * windows;
    if (fast) {
      for (let row = 0; row < outHeight; row++) {
        scatterTwoByTwo(dx, 2 * row * width, width, outWidth, dy, indices);
        dy += 4 * outWidth;
        indices += 4 * outWidth;
      }
      memory.fill(dx + 8 * outHeight * width, 0, 4 * (height - 2 * outHeight) * width);
      continue;
    }
    memory.fill(dx, 0, height * width * sizeof<T>());
    for (let i = 0; i < windows; i++) {
      const place = dx + load<i32>(indices) * sizeof<T>();
      store<T>(place, load<T>(place) + load<T>(dy));
      indices += 4;
      dy += sizeof<T>();
    }
  }
}

/** Both rows of a row of 2x2 windows: each element is dy where its place is the window's index, else 0. */
function scatterTwoByTwo(plane: usize, index: i32, width: i32, count: i32, dy: usize, indices: usize): void {
  let upper = plane + 4 * index;
  let lower = upper + 4 * width;
  const rest = width - 2 * count;
  let place = i32x4.add(i32x4.splat(index), i32x4(0, 1, 2, 3));
  const below = i32x4.splat(width);
  const next = i32x4.splat(4);
  for (; count >= 4; count -= 4) {
    const g = v128.load(dy);
    const at = v128.load(indices);
    let value = i32x4.shuffle(g, g, 0, 0, 1, 1);
    let winner = i32x4.shuffle(at, at, 0, 0, 1, 1);
    v128.store(upper, v128.and(value, i32x4.eq(winner, place)));
    v128.store(lower, v128.and(value, i32x4.eq(winner, i32x4.add(place, below))));
    place = i32x4.add(place, next);
    value = i32x4.shuffle(g, g, 2, 2, 3, 3);
    winner = i32x4.shuffle(at, at, 2, 2, 3, 3);
    v128.store(upper, v128.and(value, i32x4.eq(winner, place)), 16);
    v128.store(lower, v128.and(value, i32x4.eq(winner, i32x4.add(place, below))), 16);
    place = i32x4.add(place, next);
    upper += 32;
    lower += 32;
    dy += 16;
    indices += 16;
  }
  for (; count > 0; count--) {
    const zeros = v128.splat<f32>(0);
    v128.store64_lane(upper, zeros, 0);
    v128.store64_lane(lower, zeros, 0);
    store<f32>(plane + 4 * load<i32>(indices), load<f32>(dy));
    upper += 8;
    lower += 8;
    dy += 4;
    indices += 4;
  }
  for (let i = 0; i < rest; i++) {
    store<f32>(upper + 4 * i, 0);
    store<f32>(lower + 4 * i, 0);
  }
}

/** y = x[indices], plane by plane. */
function gatherTask<T>(args: usize, start: i32, end: i32): void {
  const size = word(args, HEIGHT) * word(args, WIDTH);
  const windows = word(args, OUT_HEIGHT) * word(args, OUT_WIDTH);
  for (let plane = start; plane < end; plane++) {
    const x = <usize>word(args, X) + plane * size * sizeof<T>();
    let y = <usize>word(args, Y) + plane * windows * sizeof<T>();
    let indices = <usize>word(args, INDICES) + 4 * plane * windows;
    for (let i = 0; i < windows; i++) {
      store<T>(y, load<T>(x + load<i32>(indices) * sizeof<T>()));
      y += sizeof<T>();
      indices += 4;
    }
  }
}

// ---- Sums

// @ts-ignore: decorator
@inline
function term<T>(mode: i32, value: v128): v128 {
  return mode == ROOT ? v128.mul<T>(value, value) : value;
}

// @ts-ignore: decorator
@inline
function finished<T>(mode: i32, sum: v128, divisor: v128): v128 {
  return mode == ROOT ? v128.sqrt<T>(sum) : v128.div<T>(sum, divisor);
}

function sumTask<T>(args: usize, start: i32, end: i32): void {
  const height = word(args, HEIGHT);
  const width = word(args, WIDTH);
  const outHeight = word(args, OUT_HEIGHT);
  const outWidth = word(args, OUT_WIDTH);
  const mode = word(args, MODE);
  const divisor = v128.splat<T>(<T>double(args, DIVISOR));
  const fast = sizeof<T>() == 4 && isTwoByTwo(args);
  for (let plane = start; plane < end; plane++) {
    const x = <usize>word(args, X) + plane * height * width * sizeof<T>();
    for (let row = 0; row < outHeight; row++) {
      const y = <usize>word(args, Y) + (plane * outHeight + row) * outWidth * sizeof<T>();
      if (fast) {
        const upper = x + 8 * row * width;
        if (mode == ROOT) sumTwoByTwo(ROOT, upper, upper + 4 * width, outWidth, y, divisor);
        else sumTwoByTwo(SUM, upper, upper + 4 * width, outWidth, y, divisor);
        continue;
      }
      memory.fill(y, 0, outWidth * sizeof<T>());
      const top = row * word(args, STRIDE_HEIGHT) - word(args, PAD_TOP);
      for (let i = max(0, -top); i < min(word(args, KERNEL_HEIGHT), height - top); i++) {
        for (let j = 0; j < word(args, KERNEL_WIDTH); j++) {
          const offset = j - word(args, PAD_LEFT);
          const step = word(args, STRIDE_WIDTH);
          const first = firstInside(offset, step);
          const count = endInside(offset, step, width, outWidth) - first;
          const from = x + ((top + i) * width + offset + first * step) * sizeof<T>();
          if (mode == ROOT) sumTap<T>(ROOT, from, step, count, y + first * sizeof<T>());
          else sumTap<T>(SUM, from, step, count, y + first * sizeof<T>());
        }
      }
      if (mode == ROOT) finish<T>(ROOT, y, outWidth, divisor);
      else finish<T>(SUM, y, outWidth, divisor);
    }
  }
}

// @ts-ignore: decorator
@inline
function sumTap<T>(mode: i32, x: usize, step: i32, count: i32, y: usize): void {
  if (step == 1) {
    for (; count >= lanes<T>(); count -= lanes<T>()) {
      v128.store(y, v128.add<T>(v128.load(y), term<T>(mode, v128.load(x))));
      x += 16;
      y += 16;
    }
  }
  for (; count > 0; count--) {
    const value = load<T>(x);
    store<T>(y, load<T>(y) + (mode == ROOT ? value * value : value));
    x += step * sizeof<T>();
    y += sizeof<T>();
  }
}

// @ts-ignore: decorator
@inline
function finish<T>(mode: i32, y: usize, n: i32, divisor: v128): void {
  for (; n >= lanes<T>(); n -= lanes<T>()) {
    v128.store(y, finished<T>(mode, v128.load(y), divisor));
    y += 16;
  }
  for (; n > 0; n--) {
    v128.store(scratch, finished<T>(mode, v128.splat<T>(load<T>(y)), divisor));
    store<T>(y, load<T>(scratch));
    y += sizeof<T>();
  }
}

// @ts-ignore: decorator
@inline
function sumTwoByTwo(mode: i32, upper: usize, lower: usize, count: i32, y: usize, divisor: v128): void {
  for (; count >= 4; count -= 4) {
    v128.store(
      y,
      finished<f32>(
        mode,
        sumOfFour(mode, v128.load(upper), v128.load(upper, 16), v128.load(lower), v128.load(lower, 16)),
        divisor,
      ),
    );
    upper += 32;
    lower += 32;
    y += 16;
  }
  for (; count > 0; count--) {
    const a = v128.load64_zero(upper);
    const c = v128.load64_zero(lower);
    v128.store32_lane(y, finished<f32>(mode, sumOfFour(mode, a, a, c, c), divisor), 0);
    upper += 8;
    lower += 8;
    y += 4;
  }
}

// @ts-ignore: decorator
@inline
function sumOfFour(mode: i32, a: v128, b: v128, c: v128, d: v128): v128 {
  const first = f32x4.add(
    term<f32>(mode, i32x4.shuffle(a, b, 0, 2, 4, 6)),
    term<f32>(mode, i32x4.shuffle(a, b, 1, 3, 5, 7)),
  );
  return f32x4.add(
    f32x4.add(first, term<f32>(mode, i32x4.shuffle(c, d, 0, 2, 4, 6))),
    term<f32>(mode, i32x4.shuffle(c, d, 1, 3, 5, 7)),
  );
}

/** dx = 0, then dy / divisor is added to every element of its window. */
function spreadTask<T>(args: usize, start: i32, end: i32): void {
  const height = word(args, HEIGHT);
  const width = word(args, WIDTH);
  const outHeight = word(args, OUT_HEIGHT);
  const outWidth = word(args, OUT_WIDTH);
  const divisor = <T>double(args, DIVISOR);
  const fast = sizeof<T>() == 4 && isTwoByTwo(args);
  for (let plane = start; plane < end; plane++) {
    const dx = <usize>word(args, X) + plane * height * width * sizeof<T>();
    if (fast) {
      const dy = <usize>word(args, Y) + 4 * plane * outHeight * outWidth;
      spreadTwoByTwo(dy, dx, width, outHeight, outWidth, <f32>divisor);
      memory.fill(dx + 8 * outHeight * width, 0, 4 * (height - 2 * outHeight) * width);
      continue;
    }
    memory.fill(dx, 0, height * width * sizeof<T>());
    for (let row = 0; row < outHeight; row++) {
      const dy = <usize>word(args, Y) + (plane * outHeight + row) * outWidth * sizeof<T>();
      const top = row * word(args, STRIDE_HEIGHT) - word(args, PAD_TOP);
      for (let i = max(0, -top); i < min(word(args, KERNEL_HEIGHT), height - top); i++) {
        for (let j = 0; j < word(args, KERNEL_WIDTH); j++) {
          const offset = j - word(args, PAD_LEFT);
          const step = word(args, STRIDE_WIDTH);
          const first = firstInside(offset, step);
          const count = endInside(offset, step, width, outWidth) - first;
          const to = dx + ((top + i) * width + offset + first * step) * sizeof<T>();
          spreadTap<T>(dy + first * sizeof<T>(), step, count, to, divisor);
        }
      }
    }
  }
}

/** The rows of a plane that 2x2 windows cover. */
function spreadTwoByTwo(dy: usize, dx: usize, width: i32, rows: i32, count: i32, divisor: f32): void {
  const divisors = f32x4.splat(divisor);
  for (; rows > 0; rows--) {
    let upper = dx;
    let lower = dx + 4 * width;
    let i = 0;
    for (; i + 4 <= count; i += 4) {
      const value = f32x4.div(v128.load(dy), divisors);
      const left = i32x4.shuffle(value, value, 0, 0, 1, 1);
      const right = i32x4.shuffle(value, value, 2, 2, 3, 3);
      v128.store(upper, left);
      v128.store(upper, right, 16);
      v128.store(lower, left);
      v128.store(lower, right, 16);
      upper += 32;
      lower += 32;
      dy += 16;
    }
    for (; i < count; i++) {
      const value = f32x4.splat(load<f32>(dy) / divisor);
      v128.store64_lane(upper, value, 0);
      v128.store64_lane(lower, value, 0);
      upper += 8;
      lower += 8;
      dy += 4;
    }
    for (i = 2 * count; i < width; i++) {
      store<f32>(upper, 0);
      store<f32>(lower, 0);
      upper += 4;
      lower += 4;
    }
    dx += 8 * width;
  }
}

function spreadTap<T>(dy: usize, step: i32, count: i32, dx: usize, divisor: T): void {
  if (step == 1) {
    const divisors = v128.splat<T>(divisor);
    for (; count >= lanes<T>(); count -= lanes<T>()) {
      v128.store(dx, v128.add<T>(v128.load(dx), v128.div<T>(v128.load(dy), divisors)));
      dx += 16;
      dy += 16;
    }
  }
  for (; count > 0; count--) {
    store<T>(dx, load<T>(dx) + load<T>(dy) / divisor);
    dx += step * sizeof<T>();
    dy += sizeof<T>();
  }
}

// ---- Exports: planes = batch times channels; x [planes, height, width], y and indices [planes, outHeight, outWidth].

/** The largest element of each window, never padding; its place in its plane goes to `indices` (int32) if not 0. */
export function maxPool_f32(
  x: usize, y: usize, indices: usize, planes: i32, height: i32, width: i32, outHeight: i32, outWidth: i32,
  kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
): void {
  setPlanes(x, y, indices);
  setGeometry(
    height, width, outHeight, outWidth, kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft,
  );
  distribute((args, start, end) => maximumTask<f32>(args, start, end), planes, visits());
}

export function maxPool_f64(
  x: usize, y: usize, indices: usize, planes: i32, height: i32, width: i32, outHeight: i32, outWidth: i32,
  kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
): void {
  setPlanes(x, y, indices);
  setGeometry(
    height, width, outHeight, outWidth, kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft,
  );
  distribute((args, start, end) => maximumTask<f64>(args, start, end), planes, visits());
}

/** dx[indices] += dy, all else 0: where the maxima came from. The geometry is that of maxPool. */
export function maxPoolGradient_f32(
  dy: usize, indices: usize, dx: usize, planes: i32, height: i32, width: i32, outHeight: i32, outWidth: i32,
  kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
): void {
  setPlanes(dx, dy, indices);
  setGeometry(
    height, width, outHeight, outWidth, kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft,
  );
  distribute((args, start, end) => scatterTask<f32>(args, start, end), planes, height * width);
}

export function maxPoolGradient_f64(
  dy: usize, indices: usize, dx: usize, planes: i32, height: i32, width: i32, outHeight: i32, outWidth: i32,
  kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
): void {
  setPlanes(dx, dy, indices);
  setGeometry(
    height, width, outHeight, outWidth, kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft,
  );
  distribute((args, start, end) => scatterTask<f64>(args, start, end), planes, height * width);
}

/** y = x[indices], plane by plane: the gradient of maxPoolGradient. */
export function maxPoolGather_f32(
  x: usize, indices: usize, y: usize, planes: i32, height: i32, width: i32, outHeight: i32, outWidth: i32,
): void {
  setPlanes(x, y, indices);
  setGeometry(height, width, outHeight, outWidth, 1, 1, 1, 1, 0, 0);
  distribute((args, start, end) => gatherTask<f32>(args, start, end), planes, visits());
}

export function maxPoolGather_f64(
  x: usize, indices: usize, y: usize, planes: i32, height: i32, width: i32, outHeight: i32, outWidth: i32,
): void {
  setPlanes(x, y, indices);
  setGeometry(height, width, outHeight, outWidth, 1, 1, 1, 1, 0, 0);
  distribute((args, start, end) => gatherTask<f64>(args, start, end), planes, visits());
}

function setPlanes(x: usize, y: usize, indices: usize): void {
  setWord(X, x);
  setWord(Y, y);
  setWord(INDICES, indices);
}

/** mode 0: the sum of each window divided by `divisor`; mode 1: the root of its sum of squares. Padding counts as 0. */
export function windowSum_f32(
  x: usize, y: usize, mode: i32, divisor: f64, planes: i32, height: i32, width: i32, outHeight: i32, outWidth: i32,
  kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
): void {
  setPlanes(x, y, 0);
  setWord(MODE, mode);
  setDouble(DIVISOR, divisor);
  setGeometry(
    height, width, outHeight, outWidth, kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft,
  );
  distribute((args, start, end) => sumTask<f32>(args, start, end), planes, visits());
}

export function windowSum_f64(
  x: usize, y: usize, mode: i32, divisor: f64, planes: i32, height: i32, width: i32, outHeight: i32, outWidth: i32,
  kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
): void {
  setPlanes(x, y, 0);
  setWord(MODE, mode);
  setDouble(DIVISOR, divisor);
  setGeometry(
    height, width, outHeight, outWidth, kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft,
  );
  distribute((args, start, end) => sumTask<f64>(args, start, end), planes, visits());
}

/** The adjoint of windowSum in mode 0: dx = sum of dy / divisor over the windows that an element lies in. */
export function windowSumGradient_f32(
  dy: usize, dx: usize, divisor: f64, planes: i32, height: i32, width: i32, outHeight: i32, outWidth: i32,
  kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
): void {
  setPlanes(dx, dy, 0);
  setDouble(DIVISOR, divisor);
  setGeometry(
    height, width, outHeight, outWidth, kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft,
  );
  distribute((args, start, end) => spreadTask<f32>(args, start, end), planes, visits());
}

export function windowSumGradient_f64(
  dy: usize, dx: usize, divisor: f64, planes: i32, height: i32, width: i32, outHeight: i32, outWidth: i32,
  kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32,
): void {
  setPlanes(dx, dy, 0);
  setDouble(DIVISOR, divisor);
  setGeometry(
    height, width, outHeight, outWidth, kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft,
  );
  distribute((args, start, end) => spreadTask<f64>(args, start, end), planes, visits());
}
