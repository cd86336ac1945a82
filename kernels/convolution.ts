// Convolution of images [batch, channels, height, width] and its two gradients, without the unfolded matrix in memory:
// each thread unfolds one tile's worth of patches at a time and multiplies it in registers (convolution-tiles.ts).
// Every sum's order follows from the shapes alone. Padding is a copy of a piece of the image, with its border of zeros,
// in the thread's scratch memory.
import {
  copyPanel, correlateTile, gatherPanel, neighbours, productTile, ROW_BYTES, scatterTile, tileColumns, TILE_ROWS,
  transposePanel,
} from "./convolution-tiles";
import { copyBytes, lanes, loadPart, setWord, storePart, word } from "./lanes";
import { sigmoid_v32, tanh_v32 } from "./math32";
import { sigmoid_v64, tanh_v64 } from "./math64";
import { parallelFor, scratch, scratchBytes, Task, TASK_ARGUMENTS } from "./parallel";

// Words of a task's arguments.
const BATCH = 0;
const CHANNELS = 1;
const HEIGHT = 2;
const WIDTH = 3;
const FILTERS = 4;
const KERNEL_HEIGHT = 5;
const KERNEL_WIDTH = 6;
const STRIDE_HEIGHT = 7;
const STRIDE_WIDTH = 8;
const PAD_TOP = 9;
const PAD_LEFT = 10;
const DILATION_HEIGHT = 11;
const DILATION_WIDTH = 12;
const GROUPS = 13;
const OUT_HEIGHT = 14;
const OUT_WIDTH = 15;
/** Rows and columns of the image that the windows reach, padding included. */
const REACH_HEIGHT = 16;
const REACH_WIDTH = 17;
/** Whether windows reach beyond the image. */
const PADDED = 18;
/** Elements of a row and of a channel where taps are read or written: in the image, or in its padded piece. */
const PITCH = 19;
const PLANE = 20;
/** Output rows of a piece, and pieces of an image (forward). */
const BAND_ROWS = 21;
const BANDS = 22;
/** Channels of a task, and how many tasks that makes of a group's channels (gradients). */
const BLOCK = 23;
const BLOCKS = 24;
/** Images of a partial sum, and number of partial sums (gradient by weights). */
const PART_IMAGES = 25;
const PARTS = 26;
const X = 27;
const WEIGHTS = 28;
const BIAS = 29;
const Y = 30;
const PACKED = 31;
const OFFSETS = 32;
const POSITIONS = 33;
const PARTIAL = 34;
const ACTIVATION = 35;
const ACCUMULATE = 36;

const RELU = 3;
const SIGMOID = 1;
const TANH = 2;

/** Most taps unfolded at once: a tile's patches, 16 KiB, stay in the first-level cache. */
const MOST_TAPS: i32 = 512;
/** Most pixels whose gradients are transposed at once: 32 KiB. */
const MOST_PIXELS: i32 = 1024;
/** Partial sums of the gradient by weights: how many at most, and elements of them all together. */
const MOST_PARTS: i32 = 16;
const MOST_PARTIAL_ELEMENTS: i32 = 1 << 20;
/** Tasks that a call is cut into where it is long enough, and multiply-adds that are worth handing out. */
const TASKS: i32 = 16;
const WORTH: f64 = 131072;

// A thread's scratch memory: a tile and eight positions, then a panel of patches, then the piece of the image.
const TILE: usize = 0;
const EDGE: usize = 128;
const PANEL: usize = 256;
const PIECE: usize = 256 + 32 * 1024;

// @ts-ignore: decorator
@inline
function ceilDivide(a: i32, b: i32): i32 {
  return (a + b - 1) / b;
}

// @ts-ignore: decorator
@inline
function geometry(index: i32): i32 {
  return word(TASK_ARGUMENTS, index);
}

function groupChannels(): i32 {
  return geometry(CHANNELS) / geometry(GROUPS);
}

function groupFilters(): i32 {
  return geometry(FILTERS) / geometry(GROUPS);
}

function kernelSize(): i32 {
  return geometry(KERNEL_HEIGHT) * geometry(KERNEL_WIDTH);
}

function pixelCount(): i32 {
  return geometry(OUT_HEIGHT) * geometry(OUT_WIDTH);
}

function setGeometry(
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
function planForward<T>(): bool {
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
function planInputGradient<T>(): bool {
  const channels = groupChannels();
  const block = min(channels, TILE_ROWS);
  setWord(BLOCK, block);
  setWord(BLOCKS, ceilDivide(channels, block));
  if (!geometry(PADDED)) return true;
  return <f64>block * <f64>geometry(REACH_HEIGHT) * <f64>geometry(REACH_WIDTH) * <f64>sizeof<T>() <=
    <f64>(scratchBytes - <i32>PIECE);
}

/** Partial sums and channels of a task in the gradient by weights. False if a padded piece does not fit. */
function planWeightGradient<T>(): bool {
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
function columnsOfFilters<T>(): i32 {
  return ceilDivide(groupFilters(), tileColumns<T>()) * tileColumns<T>();
}

// @ts-ignore: decorator
@inline
function rowsOfFilters(): i32 {
  return ceilDivide(groupFilters(), TILE_ROWS) * TILE_ROWS;
}

/** Rows of packed weights for the gradient by input: a block's taps, rounded up to whole tiles, for all its blocks. */
function packedTaps(): i32 {
  const block = geometry(BLOCK);
  const last = groupChannels() - (geometry(BLOCKS) - 1) * block;
  const whole = ceilDivide(block * kernelSize(), TILE_ROWS);
  return ((geometry(BLOCKS) - 1) * whole + ceilDivide(last * kernelSize(), TILE_ROWS)) * TILE_ROWS;
}

/** Bytes of workspace for kind 0 forward, 1 gradient by input, 2 gradient by weights; -1 if padded pieces don't fit. */
function workspaceBytes<T>(kind: i32): f64 {
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
function align(address: usize): usize {
  return (address + 63) & ~63;
}

/** positions[pixel], in bytes, of the first `rows` output rows. */
function fillPositions<T>(table: usize, rows: i32): void {
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
function fillOffsets<T>(table: usize, channels: i32): void {
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
function fillOffsetsByTap<T>(table: usize, channels: i32): void {
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
function distribute(task: Task, count: i32, work: f64): void {
  const grain = <i32>max<f64>(1, WORTH / max<f64>(work / <f64>count, 1));
  parallelFor(task, TASK_ARGUMENTS, count, work < 4 * WORTH ? count : min(grain, count));
}

function totalWork(): f64 {
  return <f64>geometry(BATCH) * <f64>geometry(FILTERS) * <f64>(groupChannels() * kernelSize()) * <f64>pixelCount();
}

/**
 * Copies rows `top` to top + rows - 1 of `channels` channels to a piece of memory whose rows have `pitch` elements,
 * from `left` elements before the image's first column; zeros where the image has none.
 */
function copyPiece<T>(
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

// ---- Forward

function packFilters<T>(args: usize, start: i32, end: i32): void {
  const taps = word(args, CHANNELS) / word(args, GROUPS) * word(args, KERNEL_HEIGHT) * word(args, KERNEL_WIDTH);
  const filters = word(args, FILTERS) / word(args, GROUPS);
  const quads = ceilDivide(filters, TILE_ROWS);
  const bias = <usize>word(args, BIAS);
  const biases = <usize>word(args, PARTIAL);
  for (let task = start; task < end; task++) {
    const group = task / quads;
    const first = (task % quads) * TILE_ROWS;
    const rows = min(TILE_ROWS, filters - first);
    const from = <usize>word(args, WEIGHTS) + (group * filters + first) * taps * sizeof<T>();
    let to = <usize>word(args, PACKED) + task * TILE_ROWS * taps * sizeof<T>();
    // A missing row repeats the first: its sums are never kept.
    const second = rows > 1 ? from + taps * sizeof<T>() : from;
    const third = rows > 2 ? from + 2 * taps * sizeof<T>() : from;
    const fourth = rows > 3 ? from + 3 * taps * sizeof<T>() : from;
    for (let i = 0; i < taps * <i32>sizeof<T>(); i += sizeof<T>()) {
      store<T>(to, load<T>(from + i));
      store<T>(to, load<T>(second + i), sizeof<T>());
      store<T>(to, load<T>(third + i), 2 * sizeof<T>());
      store<T>(to, load<T>(fourth + i), 3 * sizeof<T>());
      to += 4 * sizeof<T>();
    }
    for (let row = 0; row < TILE_ROWS; row++) {
      const at = bias + (group * filters + first + row) * sizeof<T>();
      store<T>(biases + (task * TILE_ROWS + row) * sizeof<T>(), bias != 0 && row < rows ? load<T>(at) : <T>0);
    }
  }
}

/** One tile at the right or lower edge: worked out in scratch memory, of which only what lies inside is kept. */
function edgeTile<T>(
  a: usize, b: usize, depth: i32, c: usize, rowBytes: i32, start: usize, relu: bool, rows: i32, columns: i32,
): void {
  const tile = scratch + TILE;
  const bytes = columns * <i32>sizeof<T>();
  if (start == 0) for (let row = 0; row < rows; row++) copyBytes(c + row * rowBytes, tile + row * ROW_BYTES, bytes);
  productTile<T>(a, b, depth, tile, ROW_BYTES, start, relu);
  for (let row = 0; row < rows; row++) copyBytes(tile + row * ROW_BYTES, c + row * rowBytes, bytes);
}

/** Where a tile's positions stand: in the table, or, if fewer are left than columns, filled up with the first. */
// @ts-ignore: decorator
@inline
function positionsOf<T>(table: usize, pixel: i32, columns: i32): usize {
  const at = table + 4 * pixel;
  if (columns == tileColumns<T>()) return at;
  const edge = scratch + EDGE;
  for (let i = 0; i < tileColumns<T>(); i++) store<u32>(edge + 4 * i, load<u32>(i < columns ? at + 4 * i : at));
  return edge;
}

/** Tasks: image, group, band of output rows. */
function forwardTask<T>(args: usize, start: i32, end: i32): void {
  const groups = word(args, GROUPS);
  const channels = word(args, CHANNELS) / groups;
  const filters = word(args, FILTERS) / groups;
  const height = word(args, HEIGHT);
  const width = word(args, WIDTH);
  const size = word(args, KERNEL_HEIGHT) * word(args, KERNEL_WIDTH);
  const taps = channels * size;
  const bands = word(args, BANDS);
  const bandRows = word(args, BAND_ROWS);
  const outWidth = word(args, OUT_WIDTH);
  const outHeight = word(args, OUT_HEIGHT);
  const pitch = word(args, PITCH);
  const plane = word(args, PLANE);
  const padded = word(args, PADDED);
  const offsets = <usize>word(args, OFFSETS);
  const positions = <usize>word(args, POSITIONS);
  const activation = word(args, ACTIVATION);
  const quads = ceilDivide(filters, TILE_ROWS);
  const atOnce = size > MOST_TAPS ? MOST_TAPS : (MOST_TAPS / size) * size;
  const rowBytes = outHeight * outWidth * <i32>sizeof<T>();
  const panel = scratch + PANEL;
  const piece = scratch + PIECE;

  for (let task = start; task < end; task++) {
    const imageGroup = task / bands;
    const group = imageGroup % groups;
    const firstRow = (task % bands) * bandRows;
    const pixels = min(bandRows, outHeight - firstRow) * outWidth;
    const top = firstRow * word(args, STRIDE_HEIGHT);
    const x = <usize>word(args, X) + imageGroup * channels * height * width * sizeof<T>();
    const y = <usize>word(args, Y) + imageGroup * filters * rowBytes + firstRow * outWidth * sizeof<T>();
    const weights = <usize>word(args, PACKED) + group * quads * TILE_ROWS * taps * sizeof<T>();
    const biases = <usize>word(args, PARTIAL) + group * quads * TILE_ROWS * sizeof<T>();
    let base = x + top * pitch * sizeof<T>();
    for (let tap = 0; tap < taps; tap += atOnce) {
      const depth = min(atOnce, taps - tap);
      const relu = activation == RELU && tap + depth == taps;
      if (padded) {
        const first = tap / size;
        const count = ceilDivide(tap + depth, size) - first;
        copyPiece<T>(
          x + first * height * width * sizeof<T>(), count, height, width, top - word(args, PAD_TOP),
          word(args, PAD_LEFT), plane / pitch, pitch, plane, piece,
        );
        base = piece - first * plane * sizeof<T>();
      }
      for (let pixel = 0; pixel < pixels; pixel += tileColumns<T>()) {
        const columns = min(tileColumns<T>(), pixels - pixel);
        gatherPanel<T>(base, offsets + 4 * tap, depth, positionsOf<T>(positions, pixel, columns), panel);
        let c = y + pixel * sizeof<T>();
        let a = weights + tap * TILE_ROWS * sizeof<T>();
        for (let quad = 0; quad < quads; quad++) {
          const bias = tap == 0 ? biases + quad * TILE_ROWS * sizeof<T>() : 0;
          const rows = min(TILE_ROWS, filters - quad * TILE_ROWS);
          if (rows == TILE_ROWS && columns == tileColumns<T>()) {
            productTile<T>(a, panel, depth, c, rowBytes, bias, relu);
          } else {
            edgeTile<T>(a, panel, depth, c, rowBytes, bias, relu, rows, columns);
          }
          a += TILE_ROWS * taps * sizeof<T>();
          c += TILE_ROWS * rowBytes;
        }
      }
    }
    if (activation == SIGMOID || activation == TANH) {
      for (let filter = 0; filter < filters; filter++) squash<T>(activation, y + filter * rowBytes, pixels);
    }
  }
}

// @ts-ignore: decorator
@inline
function squashed<T>(activation: i32, x: v128): v128 {
  if (sizeof<T>() == 4) return activation == SIGMOID ? sigmoid_v32(x) : tanh_v32(x);
  return activation == SIGMOID ? sigmoid_v64(x) : tanh_v64(x);
}

function squash<T>(activation: i32, y: usize, n: i32): void {
  for (; n >= lanes<T>(); n -= lanes<T>()) {
    v128.store(y, squashed<T>(activation, v128.load(y)));
    y += 16;
  }
  if (n > 0) storePart<T>(y, squashed<T>(activation, loadPart<T>(y, n)), n);
}

// @ts-ignore: decorator
@inline
function forward<T>(
  x: usize, weights: usize, bias: usize, y: usize, workspace: usize, activation: i32,
): void {
  planForward<T>();
  const groups = geometry(GROUPS);
  const taps = groupChannels() * kernelSize();
  const biases = workspace + groups * rowsOfFilters() * taps * sizeof<T>();
  const offsets = align(biases + groups * rowsOfFilters() * sizeof<T>());
  const positions = offsets + 4 * taps;
  setWord(X, x);
  setWord(WEIGHTS, weights);
  setWord(BIAS, bias);
  setWord(Y, y);
  setWord(PACKED, workspace);
  setWord(PARTIAL, biases);
  setWord(OFFSETS, offsets);
  setWord(POSITIONS, positions);
  setWord(ACTIVATION, activation);
  fillOffsets<T>(offsets, groupChannels());
  fillPositions<T>(positions, geometry(BAND_ROWS));
  const quads = groups * ceilDivide(groupFilters(), TILE_ROWS);
  distribute((args, start, end) => packFilters<T>(args, start, end), quads, 4 * <f64>quads * <f64>taps);
  const bands = geometry(BATCH) * groups * geometry(BANDS);
  distribute((args, start, end) => forwardTask<T>(args, start, end), bands, totalWork());
}

// ---- Gradient by input

/** Packs the weights of a block of channels as [taps / 4, filters, 4], channel fastest in taps. Tasks: group, block. */
function packTaps<T>(args: usize, start: i32, end: i32): void {
  const groups = word(args, GROUPS);
  const channels = word(args, CHANNELS) / groups;
  const filters = word(args, FILTERS) / groups;
  const size = word(args, KERNEL_HEIGHT) * word(args, KERNEL_WIDTH);
  const block = word(args, BLOCK);
  const blocks = word(args, BLOCKS);
  const whole = ceilDivide(block * size, TILE_ROWS) * TILE_ROWS;
  const last = ceilDivide((channels - (blocks - 1) * block) * size, TILE_ROWS) * TILE_ROWS;
  for (let task = start; task < end; task++) {
    const group = task / blocks;
    const first = (task % blocks) * block;
    const count = min(block, channels - first);
    const taps = count * size;
    const weights = <usize>word(args, WEIGHTS) + (group * filters * channels + first) * size * sizeof<T>();
    let to = <usize>word(args, PACKED) +
      (group * ((blocks - 1) * whole + last) + (task % blocks) * whole) * filters * sizeof<T>();
    for (let quad = 0; quad < taps; quad += TILE_ROWS) {
      for (let row = 0; row < TILE_ROWS; row++) {
        const tap = min(quad + row, taps - 1);
        let from = weights + ((tap % count) * size + tap / count) * sizeof<T>();
        let place = to + row * sizeof<T>();
        for (let filter = 0; filter < filters; filter++) {
          store<T>(place, load<T>(from));
          from += channels * size * sizeof<T>();
          place += TILE_ROWS * sizeof<T>();
        }
      }
      to += filters * TILE_ROWS * sizeof<T>();
    }
  }
}

/** Fills n elements. */
function fillWith<T>(place: usize, value: T, n: i32): void {
  const vector = v128.splat<T>(value);
  for (; n >= lanes<T>(); n -= lanes<T>()) {
    v128.store(place, vector);
    place += 16;
  }
  for (; n > 0; n--) {
    store<T>(place, value);
    place += sizeof<T>();
  }
}

/** Tasks: image, group, block of channels. Tiles add their products to the block's part of the image. */
function inputGradientTask<T>(args: usize, start: i32, end: i32): void {
  const groups = word(args, GROUPS);
  const channels = word(args, CHANNELS) / groups;
  const filters = word(args, FILTERS) / groups;
  const height = word(args, HEIGHT);
  const width = word(args, WIDTH);
  const size = word(args, KERNEL_HEIGHT) * word(args, KERNEL_WIDTH);
  const block = word(args, BLOCK);
  const blocks = word(args, BLOCKS);
  const whole = ceilDivide(block * size, TILE_ROWS) * TILE_ROWS;
  const last = ceilDivide((channels - (blocks - 1) * block) * size, TILE_ROWS) * TILE_ROWS;
  const pixels = word(args, OUT_HEIGHT) * word(args, OUT_WIDTH);
  const padded = word(args, PADDED);
  const plane = word(args, PLANE);
  const positions = <usize>word(args, POSITIONS);
  const bias = <usize>word(args, BIAS);
  const panel = scratch + PANEL;

  for (let task = start; task < end; task++) {
    const index = task % blocks;
    const imageGroup = task / blocks;
    const group = imageGroup % groups;
    const first = index * block;
    const count = min(block, channels - first);
    const taps = count * size;
    const offsets = <usize>word(args, OFFSETS) + (count == block ? 0 : 4 * (block * size + TILE_ROWS));
    const weights = <usize>word(args, PACKED) +
      (group * ((blocks - 1) * whole + last) + index * whole) * filters * sizeof<T>();
    const dy = <usize>word(args, Y) + imageGroup * filters * pixels * sizeof<T>();
    const dx = <usize>word(args, X) + (imageGroup * channels + first) * height * width * sizeof<T>();
    const image = padded ? scratch + PIECE : dx;
    for (let channel = 0; channel < count; channel++) {
      const value = bias != 0 ? load<T>(bias + (group * channels + first + channel) * sizeof<T>()) : <T>0;
      fillWith<T>(image + channel * plane * sizeof<T>(), value, plane);
    }
    for (let filter = 0; filter < filters; filter += MOST_TAPS) {
      const depth = min(MOST_TAPS, filters - filter);
      for (let pixel = 0; pixel < pixels; pixel += tileColumns<T>()) {
        const columns = min(tileColumns<T>(), pixels - pixel);
        copyPanel<T>(dy + (filter * pixels + pixel) * sizeof<T>(), pixels * sizeof<T>(), depth, columns, panel);
        const places = positionsOf<T>(positions, pixel, columns);
        const half = places + 64 / sizeof<T>();
        const left: i32 = neighbours<T>(places) ? load<i32>(places) : -1;
        const right: i32 = neighbours<T>(half) ? load<i32>(half) : -1;
        let a = weights + filter * TILE_ROWS * sizeof<T>();
        for (let tap = 0; tap < taps; tap += TILE_ROWS) {
          const rows = min(TILE_ROWS, taps - tap);
          const at = offsets + 4 * tap;
          scatterTile<T>(a, panel, depth, image, at, rows, places, columns, left, right, scratch + TILE);
          a += filters * TILE_ROWS * sizeof<T>();
        }
      }
    }
    if (padded) copyInside<T>(args, image, dx, count, bias != 0 ? bias + (group * channels + first) * sizeof<T>() : 0);
    activate<T>(word(args, ACTIVATION), dx, count * height * width);
  }
}

/** Copies what lies inside the image out of the padded piece. Rows and columns that no window reaches hold the bias. */
function copyInside<T>(args: usize, piece: usize, dx: usize, channels: i32, bias: usize): void {
  const height = word(args, HEIGHT);
  const width = word(args, WIDTH);
  const top = word(args, PAD_TOP);
  const left = word(args, PAD_LEFT);
  const pitch = word(args, PITCH);
  const reach = word(args, REACH_HEIGHT);
  const inside = max(0, min(width, pitch - left));
  for (let channel = 0; channel < channels; channel++) {
    const value = bias != 0 ? load<T>(bias + channel * sizeof<T>()) : <T>0;
    for (let row = 0; row < height; row++) {
      const to = dx + (channel * height + row) * width * sizeof<T>();
      const within = row + top < reach ? inside : 0;
      const from = piece + (channel * word(args, PLANE) + (row + top) * pitch + left) * sizeof<T>();
      copyBytes(from, to, within * <i32>sizeof<T>());
      fillWith<T>(to + within * sizeof<T>(), value, width - within);
    }
  }
}

function activate<T>(activation: i32, y: usize, n: i32): void {
  if (activation == SIGMOID || activation == TANH) squash<T>(activation, y, n);
  if (activation != RELU) return;
  const zero = v128.splat<T>(<T>0);
  for (; n >= lanes<T>(); n -= lanes<T>()) {
    v128.store(y, v128.max<T>(v128.load(y), zero));
    y += 16;
  }
  if (n > 0) storePart<T>(y, v128.max<T>(loadPart<T>(y, n), zero), n);
}

// @ts-ignore: decorator
@inline
function inputGradient<T>(
  dy: usize, weights: usize, bias: usize, dx: usize, workspace: usize, activation: i32,
): void {
  planInputGradient<T>();
  const groups = geometry(GROUPS);
  const block = geometry(BLOCK);
  const offsets = align(workspace + groups * packedTaps() * groupFilters() * sizeof<T>());
  const positions = offsets + 8 * (block * kernelSize() + TILE_ROWS);
  setWord(X, dx);
  setWord(WEIGHTS, weights);
  setWord(BIAS, bias);
  setWord(Y, dy);
  setWord(PACKED, workspace);
  setWord(OFFSETS, offsets);
  setWord(POSITIONS, positions);
  setWord(ACTIVATION, activation);
  fillOffsetsByTap<T>(offsets, block);
  fillOffsetsByTap<T>(offsets + 4 * (block * kernelSize() + TILE_ROWS), groupChannels() % block);
  fillPositions<T>(positions, geometry(OUT_HEIGHT));
  const blocks = groups * geometry(BLOCKS);
  const weightCount = <f64>geometry(FILTERS) * <f64>(groupChannels() * kernelSize());
  distribute((args, start, end) => packTaps<T>(args, start, end), blocks, 4 * weightCount);
  distribute((args, start, end) => inputGradientTask<T>(args, start, end), geometry(BATCH) * blocks, totalWork());
}

// ---- Gradient by weights

/** Tasks: part of the batch, group, block of channels. Sums stand in partial[part, group, tap, filter]. */
function weightGradientTask<T>(args: usize, start: i32, end: i32): void {
  const groups = word(args, GROUPS);
  const channels = word(args, CHANNELS) / groups;
  const filters = word(args, FILTERS) / groups;
  const height = word(args, HEIGHT);
  const width = word(args, WIDTH);
  const size = word(args, KERNEL_HEIGHT) * word(args, KERNEL_WIDTH);
  const taps = channels * size;
  const block = word(args, BLOCK);
  const blocks = word(args, BLOCKS);
  const pixels = word(args, OUT_HEIGHT) * word(args, OUT_WIDTH);
  const padded = word(args, PADDED);
  const plane = word(args, PLANE);
  const pitch = word(args, PITCH);
  const offsets = <usize>word(args, OFFSETS);
  const positions = <usize>word(args, POSITIONS);
  const columns = ceilDivide(filters, tileColumns<T>()) * tileColumns<T>();
  const rowBytes = columns * <i32>sizeof<T>();
  const panel = scratch + PANEL;
  const piece = scratch + PIECE;

  for (let task = start; task < end; task++) {
    const first = (task % blocks) * block;
    const count = min(block, channels - first);
    const partGroup = task / blocks;
    const group = partGroup % groups;
    const firstImage = (partGroup / groups) * word(args, PART_IMAGES);
    const lastImage = min(word(args, BATCH), firstImage + word(args, PART_IMAGES));
    const sums = <usize>word(args, PARTIAL) + partGroup * (taps + TILE_ROWS) * rowBytes;
    const end = (first + count) * size;
    for (let image = firstImage; image < lastImage; image++) {
      const x = <usize>word(args, X) + (image * groups + group) * channels * height * width * sizeof<T>();
      const dy = <usize>word(args, Y) + (image * groups + group) * filters * pixels * sizeof<T>();
      let base = x;
      if (padded) {
        copyPiece<T>(
          x + first * height * width * sizeof<T>(), count, height, width, -word(args, PAD_TOP), word(args, PAD_LEFT),
          word(args, REACH_HEIGHT), pitch, plane, piece,
        );
        base = piece - first * plane * sizeof<T>();
      }
      for (let pixel = 0; pixel < pixels; pixel += MOST_PIXELS) {
        const run = min(MOST_PIXELS, pixels - pixel);
        const add = image > firstImage || pixel > 0;
        for (let filter = 0; filter < filters; filter += tileColumns<T>()) {
          const from = dy + (filter * pixels + pixel) * sizeof<T>();
          const used = min(tileColumns<T>(), filters - filter);
          transposePanel<T>(from, pixels * sizeof<T>(), used, run, panel);
          for (let tap = first * size; tap < end; tap += TILE_ROWS) {
            const at = offsets + 4 * tap;
            const sum = sums + tap * rowBytes + filter * sizeof<T>();
            const x0 = base + load<u32>(at);
            const rows = end - tap;
            if (rows >= TILE_ROWS) {
              correlateTile<T>(
                x0, base + load<u32>(at, 4), base + load<u32>(at, 8), base + load<u32>(at, 12),
                positions + 4 * pixel, panel, run, sum, rowBytes, add,
              );
            } else {
              lastTaps<T>(x0, base, at, rows, positions + 4 * pixel, panel, run, sum, rowBytes, add);
            }
          }
        }
      }
    }
  }
}

/** A tile with fewer than four taps: the rows after them repeat the first one and are dropped. */
function lastTaps<T>(
  x0: usize, base: usize, offsets: usize, rows: i32, positions: usize, panel: usize, run: i32,
  sum: usize, rowBytes: i32, add: bool,
): void {
  const tile = scratch + TILE;
  const x1 = rows > 1 ? base + load<u32>(offsets, 4) : x0;
  const x2 = rows > 2 ? base + load<u32>(offsets, 8) : x0;
  correlateTile<T>(x0, x1, x2, x0, positions, panel, run, tile, ROW_BYTES, false);
  for (let row = 0; row < rows; row++) {
    for (let half = 0; half < ROW_BYTES; half += 16) {
      const to = sum + row * rowBytes + half;
      const value = v128.load(tile + row * ROW_BYTES + half);
      v128.store(to, add ? v128.add<T>(v128.load(to), value) : value);
    }
  }
}

/** Adds the partial sums in their order and turns [tap, filter] into [filter, tap]. Tasks: group, tap. */
function combineTask<T>(args: usize, start: i32, end: i32): void {
  const groups = word(args, GROUPS);
  const filters = word(args, FILTERS) / groups;
  const taps = word(args, CHANNELS) / groups * word(args, KERNEL_HEIGHT) * word(args, KERNEL_WIDTH);
  const columns = ceilDivide(filters, tileColumns<T>()) * tileColumns<T>();
  const rowBytes = columns * <i32>sizeof<T>();
  const partBytes = groups * (taps + TILE_ROWS) * rowBytes;
  const parts = word(args, PARTS);
  const accumulate = word(args, ACCUMULATE);
  const tile = scratch + TILE;
  for (let task = start; task < end; task++) {
    const group = task / taps;
    const tap = task % taps;
    const from = <usize>word(args, PARTIAL) + (group * (taps + TILE_ROWS) + tap) * rowBytes;
    for (let filter = 0; filter < filters; filter += lanes<T>()) {
      let at = from + filter * sizeof<T>();
      let sum = v128.load(at);
      for (let part = 1; part < parts; part++) {
        at += partBytes;
        sum = v128.add<T>(sum, v128.load(at));
      }
      v128.store(tile, sum);
      let to = <usize>word(args, WEIGHTS) + ((group * filters + filter) * taps + tap) * sizeof<T>();
      const count = min(lanes<T>(), filters - filter);
      for (let i = 0; i < count; i++) {
        const value = load<T>(tile + i * sizeof<T>());
        store<T>(to, accumulate ? load<T>(to) + value : value);
        to += taps * sizeof<T>();
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function weightGradient<T>(
  x: usize, dy: usize, dw: usize, workspace: usize, accumulate: i32,
): void {
  planWeightGradient<T>();
  const groups = geometry(GROUPS);
  const taps = groupChannels() * kernelSize();
  const elements = geometry(PARTS) * groups * (taps + TILE_ROWS) * columnsOfFilters<T>();
  const offsets = align(workspace + elements * sizeof<T>());
  const positions = offsets + 4 * (taps + TILE_ROWS);
  setWord(X, x);
  setWord(WEIGHTS, dw);
  setWord(Y, dy);
  setWord(PARTIAL, workspace);
  setWord(OFFSETS, offsets);
  setWord(POSITIONS, positions);
  setWord(ACCUMULATE, accumulate);
  fillOffsets<T>(offsets, groupChannels());
  fillPositions<T>(positions, geometry(OUT_HEIGHT));
  const blocks = geometry(PARTS) * groups * geometry(BLOCKS);
  distribute((args, start, end) => weightGradientTask<T>(args, start, end), blocks, totalWork());
  const sums = groups * taps;
  const additions = <f64>geometry(PARTS) * <f64>sums * <f64>groupFilters();
  distribute((args, start, end) => combineTask<T>(args, start, end), sums, additions);
}

// ---- Exports

/**
 * Bytes of workspace that a kernel below needs: kind 0 convolution, 1 gradient by input, 2 gradient by weights. -1 if
 * the padding makes a piece of the image larger than scratch memory: then the caller pads the image and calls with
 * padding 0.
 */
export function convolutionWorkspace_f32(
  kind: i32, batch: i32, channels: i32, height: i32, width: i32, filters: i32, kernelHeight: i32, kernelWidth: i32,
  strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32, dilationHeight: i32, dilationWidth: i32,
  groups: i32, outHeight: i32, outWidth: i32,
): f64 {
  setGeometry(
    batch, channels, height, width, filters, kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft,
    dilationHeight, dilationWidth, groups, outHeight, outWidth,
  );
  return workspaceBytes<f32>(kind);
}

export function convolutionWorkspace_f64(
  kind: i32, batch: i32, channels: i32, height: i32, width: i32, filters: i32, kernelHeight: i32, kernelWidth: i32,
  strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32, dilationHeight: i32, dilationWidth: i32,
  groups: i32, outHeight: i32, outWidth: i32,
): f64 {
  setGeometry(
    batch, channels, height, width, filters, kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft,
    dilationHeight, dilationWidth, groups, outHeight, outWidth,
  );
  return workspaceBytes<f64>(kind);
}

/**
 * y[n, f, i, j] = activation(bias[f] + sum over c, k, l of weights[f, c, k, l] x[n, c, i s - p + k d, j s - p + l d]).
 * x [batch, channels, height, width], weights [filters, channels / groups, kernelHeight, kernelWidth], bias [filters]
 * or 0, y [batch, filters, outHeight, outWidth]. What lies below and right of the image counts as 0, as far as windows
 * reach.
 */
export function convolution_f32(
  x: usize, weights: usize, bias: usize, y: usize, workspace: usize, activation: i32,
  batch: i32, channels: i32, height: i32, width: i32, filters: i32, kernelHeight: i32, kernelWidth: i32,
  strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32, dilationHeight: i32, dilationWidth: i32,
  groups: i32, outHeight: i32, outWidth: i32,
): void {
  setGeometry(
    batch, channels, height, width, filters, kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft,
    dilationHeight, dilationWidth, groups, outHeight, outWidth,
  );
  forward<f32>(x, weights, bias, y, workspace, activation);
}

export function convolution_f64(
  x: usize, weights: usize, bias: usize, y: usize, workspace: usize, activation: i32,
  batch: i32, channels: i32, height: i32, width: i32, filters: i32, kernelHeight: i32, kernelWidth: i32,
  strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32, dilationHeight: i32, dilationWidth: i32,
  groups: i32, outHeight: i32, outWidth: i32,
): void {
  setGeometry(
    batch, channels, height, width, filters, kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft,
    dilationHeight, dilationWidth, groups, outHeight, outWidth,
  );
  forward<f64>(x, weights, bias, y, workspace, activation);
}

/**
 * The adjoint of the convolution in x: dx[n, c, h, w] = activation(bias[c] + sum of weights[f, c, k, l] dy[n, f, i, j]
 * over all that meet there). It is the gradient by input (bias 0, activation none) and the transposed convolution.
 */
export function convolutionInputGradient_f32(
  dy: usize, weights: usize, bias: usize, dx: usize, workspace: usize, activation: i32,
  batch: i32, channels: i32, height: i32, width: i32, filters: i32, kernelHeight: i32, kernelWidth: i32,
  strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32, dilationHeight: i32, dilationWidth: i32,
  groups: i32, outHeight: i32, outWidth: i32,
): void {
  setGeometry(
    batch, channels, height, width, filters, kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft,
    dilationHeight, dilationWidth, groups, outHeight, outWidth,
  );
  inputGradient<f32>(dy, weights, bias, dx, workspace, activation);
}

export function convolutionInputGradient_f64(
  dy: usize, weights: usize, bias: usize, dx: usize, workspace: usize, activation: i32,
  batch: i32, channels: i32, height: i32, width: i32, filters: i32, kernelHeight: i32, kernelWidth: i32,
  strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32, dilationHeight: i32, dilationWidth: i32,
  groups: i32, outHeight: i32, outWidth: i32,
): void {
  setGeometry(
    batch, channels, height, width, filters, kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft,
    dilationHeight, dilationWidth, groups, outHeight, outWidth,
  );
  inputGradient<f64>(dy, weights, bias, dx, workspace, activation);
}

/** The adjoint in w: dw[f, c, k, l] (+)= sum over n, i, j of dy[n, f, i, j] x[n, c, i s - p + k d, j s - p + l d]. */
export function convolutionWeightGradient_f32(
  x: usize, dy: usize, dw: usize, workspace: usize, accumulate: i32,
  batch: i32, channels: i32, height: i32, width: i32, filters: i32, kernelHeight: i32, kernelWidth: i32,
  strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32, dilationHeight: i32, dilationWidth: i32,
  groups: i32, outHeight: i32, outWidth: i32,
): void {
  setGeometry(
    batch, channels, height, width, filters, kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft,
    dilationHeight, dilationWidth, groups, outHeight, outWidth,
  );
  weightGradient<f32>(x, dy, dw, workspace, accumulate);
}

export function convolutionWeightGradient_f64(
  x: usize, dy: usize, dw: usize, workspace: usize, accumulate: i32,
  batch: i32, channels: i32, height: i32, width: i32, filters: i32, kernelHeight: i32, kernelWidth: i32,
  strideHeight: i32, strideWidth: i32, padTop: i32, padLeft: i32, dilationHeight: i32, dilationWidth: i32,
  groups: i32, outHeight: i32, outWidth: i32,
): void {
  setGeometry(
    batch, channels, height, width, filters, kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft,
    dilationHeight, dilationWidth, groups, outHeight, outWidth,
  );
  weightGradient<f64>(x, dy, dw, workspace, accumulate);
}
