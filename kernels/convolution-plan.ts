// How the convolution and its two gradients are cut into tasks: the geometry, the plan of each, tables of positions,
// and the piece of an image in a thread's scratch memory with its border of zeros, which is what padding is.
import { TILE_ROWS, tileColumns } from "./convolution-tiles";
import { copyBytes, setWord, word } from "./lanes";
import { parallelFor, scratchBytes, Task, TASK_ARGUMENTS } from "./parallel";

// Words of a task's arguments.
export const BATCH = 0;
export const CHANNELS = 1;
export const HEIGHT = 2;
export const WIDTH = 3;
export const FILTERS = 4;
export const KERNEL_HEIGHT = 5;
export const KERNEL_WIDTH = 6;
export const STRIDE_HEIGHT = 7;
const STRIDE_WIDTH = 8;
export const PAD_TOP = 9;
export const PAD_LEFT = 10;
const DILATION_HEIGHT = 11;
const DILATION_WIDTH = 12;
export const GROUPS = 13;
export const OUT_HEIGHT = 14;
export const OUT_WIDTH = 15;
/** Rows and columns of the image that the windows reach, padding included. */
export const REACH_HEIGHT = 16;
const REACH_WIDTH = 17;
/** Whether windows reach beyond the image. */
export const PADDED = 18;
/** Elements of a row and of a channel where taps are read or written: in the image, or in its padded piece. */
export const PITCH = 19;
export const PLANE = 20;
/** Output rows of a piece, and pieces of an image (forward). */
export const BAND_ROWS = 21;
export const BANDS = 22;
/** Channels of a task, and how many tasks that makes of a group's channels (gradients). */
export const BLOCK = 23;
export const BLOCKS = 24;
/** Images of a partial sum, and number of partial sums (gradient by weights). */
export const PART_IMAGES = 25;
export const PARTS = 26;
export const X = 27;
export const WEIGHTS = 28;
export const BIAS = 29;
export const Y = 30;
export const PACKED = 31;
export const OFFSETS = 32;
export const POSITIONS = 33;
export const PARTIAL = 34;
export const ACTIVATION = 35;
export const ACCUMULATE = 36;

export const RELU = 3;
export const SIGMOID = 1;
export const TANH = 2;

/** Most taps unfolded at once: a tile's patches, 16 KiB, stay in the first-level cache. */
export const MOST_TAPS: i32 = 512;
/** Most pixels whose gradients are transposed at once: 32 KiB. */
export const MOST_PIXELS: i32 = 1024;
/** Partial sums of the gradient by weights: how many at most, and elements of them all together. */
const MOST_PARTS: i32 = 16;
const MOST_PARTIAL_ELEMENTS: i32 = 1 << 20;
/** Tasks that a call is cut into where it is long enough, and multiply-adds that are worth handing out. */
const TASKS: i32 = 16;
const WORTH: f64 = 131072;

// A thread's scratch memory: a tile and eight positions, then a panel of patches, then the piece of the image.
export const TILE: usize = 0;
export const EDGE: usize = 128;
export const PANEL: usize = 256;
export const PIECE: usize = 256 + 32 * 1024;

// @ts-ignore: decorator
@inline
export function ceilDivide(a: i32, b: i32): i32 {
  return (a + b - 1) / b;
}

// @ts-ignore: decorator
@inline
export function geometry(index: i32): i32 {
  return word(TASK_ARGUMENTS, index);
}

export function groupChannels(): i32 {
  return geometry(CHANNELS) / geometry(GROUPS);
}

export function groupFilters(): i32 {
  return geometry(FILTERS) / geometry(GROUPS);
}

export function kernelSize(): i32 {
  return geometry(KERNEL_HEIGHT) * geometry(KERNEL_WIDTH);
}

function pixelCount(): i32 {
  return geometry(OUT_HEIGHT) * geometry(OUT_WIDTH);
}

export function setGeometry(
  batch: i32, channels: i32, height: i32, width: i32, filters: i32, kernelHeight: i32, kernelWidth: i32,
  strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32, dilationHeight: i32, dilationWidth: i32,
  groups: i32, outHeight: i32, outWidth: i32,
): void {
  setWord(BATCH, batch);
  setWord(CHANNELS, channels);
  setWord(HEIGHT, height);
  setWord(WIDTH, width);
  setWord(FILTERS, filters);
  setWord(KERNEL_HEIGHT, kernelHeight);
  setWord(KERNEL_WIDTH, kernelWidth);
  setWord(STRIDE_HEIGHT, strideHeight);
  setWord(STRIDE_WIDTH, strideWidth);
  setWord(PAD_TOP, padTop);
  setWord(PAD_LEFT, padLeft);
  setWord(DILATION_HEIGHT, dilationHeight);
  setWord(DILATION_WIDTH, dilationWidth);
  setWord(GROUPS, groups);
  setWord(OUT_HEIGHT, outHeight);
  setWord(OUT_WIDTH, outWidth);
  const reachHeight = (outHeight - 1) * strideHeight + (kernelHeight - 1) * dilationHeight + 1;
  const reachWidth = (outWidth - 1) * strideWidth + (kernelWidth - 1) * dilationWidth + 1;
  const padded = padTop > 0 || padLeft > 0 || reachHeight > height || reachWidth > width;
  setWord(REACH_HEIGHT, reachHeight);
  setWord(REACH_WIDTH, reachWidth);
  setWord(PADDED, padded ? 1 : 0);
  setWord(PITCH, padded ? reachWidth : width);
  setWord(PLANE, padded ? reachHeight * reachWidth : height * width);
}

/** Taps unfolded at once: whole channels where a channel has no more than that. */
function tapsAtOnce(): i32 {
  const size = kernelSize();
  return size > MOST_TAPS ? MOST_TAPS : (MOST_TAPS / size) * size;
}

/** Cuts images into bands of rows: enough for all threads, low enough that a padded piece fits. False if none fits. */
export function planForward<T>(): bool {
  const outHeight = geometry(OUT_HEIGHT);
  const outWidth = geometry(OUT_WIDTH);
  const work = <f64>groupFilters() * <f64>(groupChannels() * kernelSize()) * <f64>pixelCount();
  const worthwhile = <i32>min<f64>(work / WORTH, <f64>outHeight);
  const wanted = max(1, min(ceilDivide(TASKS, geometry(BATCH) * geometry(GROUPS)), worthwhile));
  let rows = ceilDivide(outHeight, wanted);
  let mostRows = outHeight;
  if (geometry(PADDED)) {
    const channels = min(groupChannels(), ceilDivide(tapsAtOnce(), kernelSize()) + (kernelSize() > MOST_TAPS ? 1 : 0));
    const inputRows = (scratchBytes - <i32>PIECE) / <i32>sizeof<T>() / channels / geometry(PITCH);
    const reach = (geometry(KERNEL_HEIGHT) - 1) * geometry(DILATION_HEIGHT) + 1;
    if (inputRows < reach) return false;
    mostRows = min(outHeight, (inputRows - reach) / geometry(STRIDE_HEIGHT) + 1);
    rows = min(rows, mostRows);
  }
  // Bands of whole tiles leave no partial tile but the last.
  while ((rows * outWidth) % tileColumns<T>() != 0 && rows < mostRows) rows += 1;
  setWord(BAND_ROWS, rows);
  setWord(BANDS, ceilDivide(outHeight, rows));
  if (geometry(PADDED)) {
    const bandReach =
      (rows - 1) * geometry(STRIDE_HEIGHT) + (geometry(KERNEL_HEIGHT) - 1) * geometry(DILATION_HEIGHT) + 1;
    setWord(PLANE, bandReach * geometry(PITCH));
  }
  return true;
}

/** Channels of a task in the gradient by input: a multiple of a tile's rows. False if a padded piece does not fit. */
export function planInputGradient<T>(): bool {
  const channels = groupChannels();
  const block = min(channels, TILE_ROWS);
  setWord(BLOCK, block);
  setWord(BLOCKS, ceilDivide(channels, block));
  if (!geometry(PADDED)) return true;
  return <f64>block * <f64>geometry(REACH_HEIGHT) * <f64>geometry(REACH_WIDTH) * <f64>sizeof<T>() <=
    <f64>(scratchBytes - <i32>PIECE);
}

/** Partial sums and channels of a task in the gradient by weights. False if a padded piece does not fit. */
export function planWeightGradient<T>(): bool {
  const channels = groupChannels();
  const batch = geometry(BATCH);
  const size = <f64>geometry(GROUPS) * <f64>(channels * kernelSize()) * <f64>columnsOfFilters<T>();
  const parts = max(1, min(min(batch, MOST_PARTS), <i32>(<f64>MOST_PARTIAL_ELEMENTS / size)));
  const images = max(1, ceilDivide(batch, parts));
  setWord(PART_IMAGES, images);
  setWord(PARTS, max(1, ceilDivide(batch, images)));
  let block = ceilDivide(channels, max(1, min(channels, TASKS / (geometry(PARTS) * geometry(GROUPS)))));
  if (geometry(PADDED)) {
    const plane = <f64>geometry(REACH_HEIGHT) * <f64>geometry(REACH_WIDTH) * <f64>sizeof<T>();
    const fitting = <i32>min<f64>(<f64>channels, <f64>(scratchBytes - <i32>PIECE) / plane);
    if (fitting < 1) return false;
    block = min(block, fitting);
  }
  setWord(BLOCK, block);
  setWord(BLOCKS, ceilDivide(channels, block));
  return true;
}

/** A group's filters, rounded up to whole tiles. */
// @ts-ignore: decorator
@inline
export function columnsOfFilters<T>(): i32 {
  return ceilDivide(groupFilters(), tileColumns<T>()) * tileColumns<T>();
}

// @ts-ignore: decorator
@inline
export function rowsOfFilters(): i32 {
  return ceilDivide(groupFilters(), TILE_ROWS) * TILE_ROWS;
}

/** Rows of packed weights for the gradient by input: a block's taps, rounded up to whole tiles, for all its blocks. */
export function packedTaps(): i32 {
  const block = geometry(BLOCK);
  const last = groupChannels() - (geometry(BLOCKS) - 1) * block;
  const whole = ceilDivide(block * kernelSize(), TILE_ROWS);
  return ((geometry(BLOCKS) - 1) * whole + ceilDivide(last * kernelSize(), TILE_ROWS)) * TILE_ROWS;
}

/** Bytes of workspace for kind 0 forward, 1 gradient by input, 2 gradient by weights; -1 if padded pieces don't fit. */
export function workspaceBytes<T>(kind: i32): f64 {
  const groups = <f64>geometry(GROUPS);
  const taps = groupChannels() * kernelSize();
  const size = <f64>sizeof<T>();
  if (kind == 0) {
    if (!planForward<T>()) return -1;
    const pixels = geometry(BAND_ROWS) * geometry(OUT_WIDTH);
    return groups * <f64>rowsOfFilters() * <f64>(taps + 1) * size + <f64>(4 * (taps + pixels) + 128);
  }
  if (kind == 1) {
    if (!planInputGradient<T>()) return -1;
    const offsets = 2 * (geometry(BLOCK) * kernelSize() + TILE_ROWS);
    return groups * <f64>packedTaps() * <f64>groupFilters() * size + <f64>(4 * (offsets + pixelCount()) + 128);
  }
  if (!planWeightGradient<T>()) return -1;
  const partial = <f64>geometry(PARTS) * groups * <f64>(taps + TILE_ROWS) * <f64>columnsOfFilters<T>();
  return partial * size + <f64>(4 * (taps + TILE_ROWS + pixelCount()) + 128);
}

// @ts-ignore: decorator
@inline
export function align(address: usize): usize {
  return (address + 63) & ~63;
}

/** positions[pixel], in bytes, of the first `rows` output rows. */
export function fillPositions<T>(table: usize, rows: i32): void {
  const outWidth = geometry(OUT_WIDTH);
  const step = geometry(STRIDE_WIDTH) * <i32>sizeof<T>();
  const rowStep = geometry(STRIDE_HEIGHT) * geometry(PITCH) * <i32>sizeof<T>();
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < outWidth; column++) {
      store<i32>(table, row * rowStep + column * step);
      table += 4;
    }
  }
}

/** offsets[tap], in bytes, of the taps of `channels` channels, a channel's taps side by side. */
export function fillOffsets<T>(table: usize, channels: i32): void {
  const size = <i32>sizeof<T>();
  for (let channel = 0; channel < channels; channel++) {
    for (let i = 0; i < geometry(KERNEL_HEIGHT); i++) {
      const row = channel * geometry(PLANE) + i * geometry(DILATION_HEIGHT) * geometry(PITCH);
      for (let j = 0; j < geometry(KERNEL_WIDTH); j++) {
        store<i32>(table, (row + j * geometry(DILATION_WIDTH)) * size);
        table += 4;
      }
    }
  }
}

/** The same with a tap's channels side by side: neighbours in the table never touch the same channel of an image. */
export function fillOffsetsByTap<T>(table: usize, channels: i32): void {
  const size = <i32>sizeof<T>();
  for (let i = 0; i < geometry(KERNEL_HEIGHT); i++) {
    for (let j = 0; j < geometry(KERNEL_WIDTH); j++) {
      const tap = i * geometry(DILATION_HEIGHT) * geometry(PITCH) + j * geometry(DILATION_WIDTH);
      for (let channel = 0; channel < channels; channel++) {
        store<i32>(table, (channel * geometry(PLANE) + tap) * size);
        table += 4;
      }
    }
  }
}

/** Runs the task on all threads, in chunks worth a few microseconds at least; `work` counts multiply-adds. */
export function distribute(task: Task, count: i32, work: f64): void {
  const grain = <i32>max<f64>(1, WORTH / max<f64>(work / <f64>count, 1));
  parallelFor(task, TASK_ARGUMENTS, count, work < 4 * WORTH ? count : min(grain, count));
}

export function totalWork(): f64 {
  return <f64>geometry(BATCH) * <f64>geometry(FILTERS) * <f64>(groupChannels() * kernelSize()) * <f64>pixelCount();
}

/**
 * Copies rows `top` to top + rows - 1 of `channels` channels to a piece of memory whose rows have `pitch` elements,
 * from `left` elements before the image's first column; zeros where the image has none.
 */
export function copyPiece<T>(
  from: usize, channels: i32, height: i32, width: i32, top: i32, left: i32,
  rows: i32, pitch: i32, plane: i32, to: usize,
): void {
  const size = <i32>sizeof<T>();
  const before = min(left, pitch) * size;
  const inside = max(0, min(width, pitch - left)) * size;
  const after = pitch * size - before - inside;
  for (let channel = 0; channel < channels; channel++) {
    let place = to + channel * plane * size;
    for (let row = top; row < top + rows; row++) {
      if (row < 0 || row >= height) {
        memory.fill(place, 0, pitch * size);
      } else {
        clear(place, before);
        copyBytes(from + (row * width) * size, place + before, inside);
        clear(place + before + inside, after);
      }
      place += pitch * size;
    }
    from += height * width * size;
  }
}

/** Zeros on a few bytes, a multiple of 4. */
// @ts-ignore: decorator
@inline
function clear(place: usize, bytes: i32): void {
  for (; bytes > 0; bytes -= 4) store<u32>(place + bytes - 4, 0);
}
