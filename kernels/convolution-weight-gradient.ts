// The gradient of the convolution by its weights: partial sums over groups of images, combined in order.
import {
  ACCUMULATE, align, BATCH, BLOCK, BLOCKS, ceilDivide, CHANNELS, columnsOfFilters, copyPiece, distribute, fillOffsets,
  fillPositions, FILTERS, geometry, groupChannels, groupFilters, GROUPS, HEIGHT, KERNEL_HEIGHT, KERNEL_WIDTH,
  kernelSize, MOST_PIXELS, OFFSETS, OUT_HEIGHT, OUT_WIDTH, PAD_LEFT, PAD_TOP, PADDED, PANEL, PART_IMAGES, PARTIAL,
  PARTS, PIECE, PITCH, PLANE, planWeightGradient, POSITIONS, REACH_HEIGHT, setGeometry, TILE, totalWork, WEIGHTS,
  WIDTH, X, Y,
} from "./convolution-plan";
import { correlateTile, ROW_BYTES, TILE_ROWS, tileColumns, transposePanel } from "./convolution-tiles";
import { lanes, setWord, word } from "./lanes";
import { scratch } from "./parallel";
import { beginWinogradGradient, endWinogradGradient, runWinograd } from "./winograd";
import { planWinograd } from "./winograd-plan";

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
  if (planWinograd(2)) {
    beginWinogradGradient(x, dy, dw, workspace, accumulate);
    runWinograd();
    endWinogradGradient();
    return;
  }
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
