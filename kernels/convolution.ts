// Convolution of images [batch, channels, height, width] and, in two files beside this one, its two gradients, without
// the unfolded matrix in memory: each thread unfolds one tile's worth of patches at a time and multiplies it in
// registers (convolution-tiles.ts). Every sum's order follows from the shapes alone.
import {
  ACTIVATION, align, BAND_ROWS, BANDS, BATCH, BIAS, ceilDivide, CHANNELS, copyPiece, distribute, EDGE, fillOffsets,
  fillPositions, FILTERS, geometry, groupChannels, groupFilters, GROUPS, HEIGHT, KERNEL_HEIGHT, KERNEL_WIDTH,
  kernelSize, MOST_TAPS, OFFSETS, OUT_HEIGHT, OUT_WIDTH, PACKED, PAD_LEFT, PAD_TOP, PADDED, PANEL, PARTIAL, PIECE,
  PITCH, PLANE, planForward, POSITIONS, RELU, rowsOfFilters, setGeometry, SIGMOID, STRIDE_HEIGHT, TANH, TILE,
  totalWork, WEIGHTS, WIDTH, workspaceBytes, X, Y,
} from "./convolution-plan";
import { gatherPanel, packTile, productTile, ROW_BYTES, TILE_ROWS, tileColumns } from "./convolution-tiles";
import { copyBytes, lanes, loadPart, setWord, storePart, word } from "./lanes";
import { sigmoid_v32, tanh_v32 } from "./math32";
import { sigmoid_v64, tanh_v64 } from "./math64";
import { scratch } from "./parallel";
import { beginWinograd, runWinograd } from "./winograd";
import { planWinograd, winogradBytes } from "./winograd-plan";

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
    const to = <usize>word(args, PACKED) + task * TILE_ROWS * taps * sizeof<T>();
    // A missing row repeats the first: its sums are never kept.
    const second = rows > 1 ? from + taps * sizeof<T>() : from;
    const third = rows > 2 ? from + 2 * taps * sizeof<T>() : from;
    const fourth = rows > 3 ? from + 3 * taps * sizeof<T>() : from;
    packTile<T>(from, second, third, fourth, taps, to);
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
export function positionsOf<T>(table: usize, pixel: i32, columns: i32): usize {
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

export function squash<T>(activation: i32, y: usize, n: i32): void {
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
  return planWinograd(kind) ? winogradBytes() : workspaceBytes<f32>(kind);
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
  if (planWinograd(0)) {
    beginWinograd(x, weights, bias, y, workspace, activation == RELU, false);
    runWinograd();
    if (activation == SIGMOID || activation == TANH) squash<f32>(activation, y, batch * filters * outHeight * outWidth);
    return;
  }
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
