// The gradient of the convolution by its input, which is also the transposed convolution.
import { positionsOf, squash } from "./convolution";
import {
  ACTIVATION, align, BATCH, BIAS, BLOCK, BLOCKS, ceilDivide, CHANNELS, distribute, fillOffsetsByTap, fillPositions,
  FILTERS, geometry, groupChannels, groupFilters, GROUPS, HEIGHT, KERNEL_HEIGHT, KERNEL_WIDTH, kernelSize, MOST_TAPS,
  OFFSETS, OUT_HEIGHT, OUT_WIDTH, PACKED, packedTaps, PAD_LEFT, PAD_TOP, PADDED, PANEL, PIECE, PITCH, PLANE,
  planInputGradient, POSITIONS, REACH_HEIGHT, RELU, setGeometry, SIGMOID, TANH, TILE, totalWork, WEIGHTS, WIDTH, X, Y,
} from "./convolution-plan";
import { copyPanel, neighbours, scatterTile, TILE_ROWS, tileColumns } from "./convolution-tiles";
import { copyBytes, lanes, loadPart, setWord, storePart, word } from "./lanes";
import { scratch } from "./parallel";
import { beginWinograd, runWinograd } from "./winograd";
import { planWinograd } from "./winograd-plan";

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
  if (planWinograd(1)) {
    beginWinograd(dy, weights, bias, dx, workspace, activation == RELU, true);
    runWinograd();
    if (activation == SIGMOID || activation == TANH) squash<f32>(activation, dx, batch * channels * height * width);
    return;
  }
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
