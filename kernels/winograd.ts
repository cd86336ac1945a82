// Convolutions of 3 by 3 and their gradients with a quarter of the multiplications: tiles of images, filters and results are taken to 36 points each,
// where a convolution is a product of matrices at every point. Results differ from the plain sum by rounding: see winograd-transforms.
import { ceilDivide, distribute } from "./convolution-plan";
import { multiply, PART, Product } from "./gemm-block";
import { setWord, storePart, word } from "./lanes";
import { parallelFor, scratch, TASK_ARGUMENTS } from "./parallel";
import {
  ACROSS, ADD, BIASES, BLOCK_ROWS, BLOCKS, CHANNEL_STEP, CHUNK, CHUNKS, DOWN, FILTER, FILTER_STEP, IN, IN_CHANNELS, IN_HEIGHT,
  IN_PLANE, IN_WIDTH, layOut, LEFT, LINES, OUT, OUT_CHANNELS, OUT_PLANE, OWN, padded, PLANES, POINTS, RECTIFY, releaseSlot,
  RUN_BLOCKS, RUNS, SLICE, SLICES, slotAddress, takeSlot, TILE, TILE_ROWS_IN_ALL, TO_HEIGHT, TO_WIDTH, TOP,
  TRANSFORMED, TURNED, WEIGHT_PLANE, winogradParts,
} from "./winograd-plan";
import { filterGradientLine, filterLine, imageLine, resultGradientLine, resultLine } from "./winograd-transforms";

export { setWinograd } from "./winograd-plan";

/** Channels or filters that are transformed side by side: a cache line of them. */
const LINE: i32 = 16;

// ---- Filters to points and back

/** Turns four rows of four into columns. */
// @ts-ignore: decorator
@inline
function storeTurned(x0: v128, x1: v128, x2: v128, x3: v128, to: usize, step: usize): void {
  const low01 = i32x4.shuffle(x0, x1, 0, 4, 1, 5), low23 = i32x4.shuffle(x2, x3, 0, 4, 1, 5);
  const high01 = i32x4.shuffle(x0, x1, 2, 6, 3, 7), high23 = i32x4.shuffle(x2, x3, 2, 6, 3, 7);
  v128.store(to, i64x2.shuffle(low01, low23, 0, 2));
  v128.store(to + step, i64x2.shuffle(low01, low23, 1, 3));
  v128.store(to + 2 * step, i64x2.shuffle(high01, high23, 0, 2));
  v128.store(to + 3 * step, i64x2.shuffle(high01, high23, 1, 3));
}

/** Filters of a slice from `begin` on, `count` of them, of some channels, to `to`, [point][channel][filter of the slice]. */
function filtersToPoints(
  args: usize, slice: i32, begin: i32, count: i32, firstChannel: i32, channels: i32, to: usize,
): void {
  const stride = word(args, SLICE);
  const outputs = word(args, OUT_CHANNELS);
  const plane = <usize>word(args, WEIGHT_PLANE);
  const step = word(args, FILTER_STEP);
  const taps = scratch + LINES;
  const temp = taps + 16 * 9;
  // Turned taps are written from the last to the first.
  const first = taps + (word(args, TURNED) ? 128 : 0);
  const next: usize = word(args, TURNED) ? -16 : 16;
  const filter = slice * stride + begin;
  for (let channel = 0; channel < channels; channel++) {
    const source = <usize>word(args, FILTER) + (firstChannel + channel) * word(args, CHANNEL_STEP);
    let place = to + (channel * stride + begin) * 4;
    for (let i = 0; i < count; i += 4) {
      // A missing filter repeats the last: its sums are never kept.
      const g0 = source + min(filter + i, outputs - 1) * step;
      const g1 = source + min(filter + i + 1, outputs - 1) * step;
      const g2 = source + min(filter + i + 2, outputs - 1) * step;
      const g3 = source + min(filter + i + 3, outputs - 1) * step;
      storeTurned(v128.load(g0), v128.load(g1), v128.load(g2), v128.load(g3), first, next);
      storeTurned(v128.load(g0, 16), v128.load(g1, 16), v128.load(g2, 16), v128.load(g3, 16), first + 4 * next, next);
      let last = v128.load32_zero(g0, 32);
      last = v128.load32_lane(g1, last, 1, 32);
      last = v128.load32_lane(g2, last, 2, 32);
      last = v128.load32_lane(g3, last, 3, 32);
      v128.store(first + 8 * next, last);
      for (let j: usize = 0; j < 3; j++) filterLine(taps + 16 * j, 48, temp + 16 * j, 48);
      for (let j: usize = 0; j < 6; j++) filterLine(temp + 48 * j, 16, place + 6 * j * plane, plane);
      place += 16;
    }
  }
}

/** Tasks: lines of 16 filters of a slice. */
function filtersTask(args: usize, start: i32, end: i32): void {
  const lines = ceilDivide(word(args, SLICE), LINE);
  for (let task = start; task < end; task++) {
    const begin = task % lines * LINE;
    const slice = task / lines;
    const to = <usize>(word(args, TRANSFORMED) + slice * PLANES * word(args, WEIGHT_PLANE));
    filtersToPoints(args, slice, begin, min(LINE, word(args, SLICE) - begin), 0, word(args, IN_CHANNELS), to);
  }
}

/**
 * The sums of all runs of blocks at the points, added in their order, become gradients of a filter's taps, of the channels of a chunk. `from` is its
 * slice's first run.
 */
function pointsToFilter(args: usize, filter: i32, chunk: i32, from: usize): void {
  const runs = word(args, RUNS);
  const stride = word(args, CHUNK);
  const firstChannel = chunk * stride;
  const channels = min(stride, word(args, IN_CHANNELS) - firstChannel);
  const plane = <usize>word(args, WEIGHT_PLANE);
  const nextRun = <usize>(word(args, SLICES) * PLANES) * plane;
  const add = word(args, ADD);
  const sums = scratch + LINES;
  const temp = sums + 16 * PLANES;
  const taps = temp + 16 * 18;
  const turned = taps + 16 * 9;
  for (let channel = 0; channel < channels; channel += 4) {
    let at = from + (filter % word(args, SLICE) * stride + channel) * 4;
    let step = plane;
    if (runs > 1) {
      for (let point: usize = 0; point < <usize>PLANES; point++) {
        let run = at + point * plane;
        let sum = v128.load(run);
        for (let i = 1; i < runs; i++) {
          run += nextRun;
          sum = f32x4.add(sum, v128.load(run));
        }
        v128.store(sums + 16 * point, sum);
      }
      at = sums;
      step = 16;
    }
    for (let j: usize = 0; j < 6; j++) filterGradientLine(at + j * step, 6 * step, temp + 16 * j, 96);
    for (let j: usize = 0; j < 3; j++) filterGradientLine(temp + 96 * j, 16, taps + 48 * j, 16);
    storeTurned(v128.load(taps), v128.load(taps, 16), v128.load(taps, 32), v128.load(taps, 48), turned, 36);
    const t4 = v128.load(taps, 64), t5 = v128.load(taps, 80), t6 = v128.load(taps, 96), t7 = v128.load(taps, 112);
    storeTurned(t4, t5, t6, t7, turned + 16, 36);
    for (let i: usize = 0; i < 4; i++) store<f32>(turned + 36 * i, load<f32>(taps + 4 * i, 128), 32);
    const count = 9 * min(4, channels - channel);
    const to = <usize>(word(args, FILTER) + (filter * word(args, IN_CHANNELS) + firstChannel + channel) * 36);
    let i = 0;
    for (; i + 4 <= count; i += 4) {
      const value = v128.load(turned + 4 * i);
      v128.store(to + 4 * i, add ? f32x4.add(v128.load(to + 4 * i), value) : value);
    }
    for (; i < count; i++) {
      const value = load<f32>(turned + 4 * i);
      store<f32>(to + 4 * i, add ? load<f32>(to + 4 * i) + value : value);
    }
  }
}

/** Tasks: filters. */
function pointsToFiltersTask(args: usize, start: i32, end: i32): void {
  for (let filter = start; filter < end; filter++) {
    const slice = filter / word(args, SLICE);
    pointsToFilter(args, filter, 0, word(args, TRANSFORMED) + slice * PLANES * word(args, WEIGHT_PLANE));
  }
}

// ---- Images to points

/** Lines of four channels side by side, one vector a pixel, from `top` and `left` before the image on; zeros where it has none. */
function interleave(
  image: usize, present: i32, height: i32, width: i32, top: i32, left: i32, rows: i32, columns: i32, to: usize,
): void {
  const plane = <usize>(height * width * 4);
  const zero = f32x4.splat(0);
  const inside = min(width, columns - left);
  for (let row = top; row < top + rows; row++) {
    const end = to + 16 * columns;
    if (row < 0 || row >= height) {
      for (; to < end; to += 16) v128.store(to, zero);
      continue;
    }
    for (let i = 0; i < left; i++, to += 16) v128.store(to, zero);
    // A missing channel repeats the first: nothing is made of it.
    let x0 = image + row * width * 4;
    let x1 = present > 1 ? x0 + plane : x0;
    let x2 = present > 2 ? x1 + plane : x0;
    let x3 = present > 3 ? x2 + plane : x0;
    let i = 0;
    for (; i + 4 <= inside; i += 4, to += 64) {
      storeTurned(v128.load(x0), v128.load(x1), v128.load(x2), v128.load(x3), to, 16);
      x0 += 16;
      x1 += 16;
      x2 += 16;
      x3 += 16;
    }
    for (; i < inside; i++, to += 16) {
      let pixel = v128.load32_zero(x0);
      pixel = v128.load32_lane(x1, pixel, 1);
      pixel = v128.load32_lane(x2, pixel, 2);
      pixel = v128.load32_lane(x3, pixel, 3);
      v128.store(to, pixel);
      x0 += 4;
      x1 += 4;
      x2 += 4;
      x3 += 4;
    }
    for (; to < end; to += 16) v128.store(to, zero);
  }
}

/** Tile rows of a block. */
// @ts-ignore: decorator
@inline
function rowsOf(args: usize, block: i32): i32 {
  const first = block * word(args, BLOCK_ROWS);
  return min(word(args, BLOCK_ROWS), word(args, TILE_ROWS_IN_ALL) - first);
}

/** A block of images to `to`, [point][tile][channel]. */
function imagesToPoints(args: usize, block: i32, to: usize): void {
  const first = block * word(args, BLOCK_ROWS);
  const end = first + rowsOf(args, block);
  const across = word(args, ACROSS);
  const channels = word(args, IN_CHANNELS);
  const height = word(args, IN_HEIGHT);
  const width = word(args, IN_WIDTH);
  const plane = <usize>word(args, IN_PLANE);
  const columns = TILE * across + 2;
  const rowBytes = <usize>columns * 16;
  const lines = scratch + LINES;
  for (let row = first; row < end; row++) {
    const image = row / word(args, DOWN);
    const top = row % word(args, DOWN) * TILE - word(args, TOP);
    const tile = to + (row - first) * across * padded(channels) * 4;
    for (let line = 0; line < channels; line += LINE) {
      const count = min(LINE, channels - line);
      for (let i = 0; i < count; i += 4) {
        const from = <usize>word(args, IN) + (image * channels + line + i) * height * width * 4;
        const place = lines + i / 4 * POINTS * rowBytes;
        interleave(from, count - i, height, width, top, word(args, LEFT), POINTS, columns, place);
        // From top to bottom for all tiles at once, as they share columns; from left to right for each below.
        for (let x = 0; x < columns; x++) imageLine(place + 16 * x, rowBytes, place + 16 * x, rowBytes);
      }
      for (let x = 0; x < across; x++) {
        for (let i = 0; i < count; i += 4) {
          const from = lines + i / 4 * POINTS * rowBytes + x * TILE * 16;
          const at = tile + (x * padded(channels) + line + i) * 4;
          for (let j: usize = 0; j < 6; j++) imageLine(from + j * rowBytes, 16, at + 6 * j * plane, plane);
        }
      }
    }
  }
}

/** Gradients of a block's results, of a slice of the filters, to `to`, [point][tile][filter]. */
function gradientsToPoints(args: usize, block: i32, slice: i32, to: usize): void {
  const first = block * word(args, BLOCK_ROWS);
  const end = first + rowsOf(args, block);
  const across = word(args, ACROSS);
  const filters = word(args, OUT_CHANNELS);
  const height = word(args, TO_HEIGHT);
  const width = word(args, TO_WIDTH);
  const plane = <usize>word(args, OUT_PLANE);
  const stride = word(args, SLICE);
  const start = slice * stride;
  const stop = min(filters, start + stride);
  const columns = TILE * across;
  const rowBytes = <usize>columns * 16;
  const temp = scratch + LINES;
  const lines = temp + 16 * PLANES;
  for (let row = first; row < end; row++) {
    const image = row / word(args, DOWN);
    const top = row % word(args, DOWN) * TILE;
    const tile = to + (row - first) * across * stride * 4;
    for (let line = start; line < stop; line += LINE) {
      const count = min(LINE, stop - line);
      for (let i = 0; i < count; i += 4) {
        const from = <usize>word(args, BIASES) + (image * filters + line + i) * height * width * 4;
        interleave(from, count - i, height, width, top, 0, TILE, columns, lines + i / 4 * TILE * rowBytes);
      }
      for (let x = 0; x < across; x++) {
        for (let i = 0; i < count; i += 4) {
          const from = lines + i / 4 * TILE * rowBytes + x * TILE * 16;
          const at = tile + (x * stride + line - start + i) * 4;
          for (let j: usize = 0; j < 4; j++) resultGradientLine(from + 16 * j, rowBytes, temp + 16 * j, 64);
          for (let j: usize = 0; j < 6; j++) resultGradientLine(temp + 64 * j, 16, at + 6 * j * plane, plane);
        }
      }
    }
  }
}

// ---- Points to results

/** A block of results of a slice of the filters, from `from`, [point][tile][filter]; bias and rectifier in the same pass. */
function pointsToResults(args: usize, block: i32, slice: i32, from: usize): void {
  const first = block * word(args, BLOCK_ROWS);
  const end = first + rowsOf(args, block);
  const across = word(args, ACROSS);
  const filters = word(args, OUT_CHANNELS);
  const height = word(args, TO_HEIGHT);
  const width = word(args, TO_WIDTH);
  const plane = <usize>word(args, OUT_PLANE);
  const stride = word(args, SLICE);
  const start = slice * stride;
  const stop = min(filters, start + stride);
  const bias = <usize>word(args, BIASES);
  const rectify = word(args, RECTIFY);
  const size = <usize>(height * width * 4);
  const temp = scratch + LINES;
  const tile = temp + 16 * 24;
  const zero = f32x4.splat(0);
  for (let line = start; line < stop; line += LINE) {
    const lineEnd = min(stop, line + LINE);
    for (let row = first; row < end; row++) {
      const top = row % word(args, DOWN) * TILE;
      const rows = min(TILE, height - top);
      const image = <usize>word(args, OUT) + row / word(args, DOWN) * filters * size + top * width * 4;
      for (let x = 0; x < across; x++) {
        const columns = min(TILE, width - x * TILE);
        const at = from + (((row - first) * across + x) * stride - start) * 4;
        for (let filter = line; filter < lineEnd; filter += 4) {
          const points = at + filter * 4;
          for (let j: usize = 0; j < 6; j++) resultLine(points + j * plane, 6 * plane, temp + 16 * j, 96);
          const present = min(4, filters - filter);
          let shift = zero;
          if (bias) {
            for (let i = 0; i < present; i++) store<f32>(tile + 4 * i, load<f32>(bias + (filter + i) * 4));
            shift = v128.load(tile);
          }
          let to = image + filter * size + x * TILE * 4;
          for (let y = 0; y < rows; y++, to += width * 4) {
            resultLine(temp + 96 * y, 16, tile, 16);
            let y0 = f32x4.add(v128.load(tile), shift), y1 = f32x4.add(v128.load(tile, 16), shift);
            let y2 = f32x4.add(v128.load(tile, 32), shift), y3 = f32x4.add(v128.load(tile, 48), shift);
            if (rectify) {
              // Only what is smaller gives way to zero: NaN stays.
              y0 = f32x4.pmax(y0, zero);
              y1 = f32x4.pmax(y1, zero);
              y2 = f32x4.pmax(y2, zero);
              y3 = f32x4.pmax(y3, zero);
            }
            if (present == 4 && columns == 4) {
              storeTurned(y0, y1, y2, y3, to, size);
            } else {
              storeTurned(y0, y1, y2, y3, tile, 16);
              for (let i = 0; i < present; i++) {
                const values = v128.load(tile + 16 * i);
                if (columns == 4) v128.store(to + i * size, values);
                else storePart<f32>(to + i * size, values, columns);
              }
            }
          }
        }
      }
    }
  }
}

// ---- Parts, in three steps: a library may do the one in the middle

/**
 * What a part multiplies in a step, to points: images, and its own filters or the gradients of results. Steps are chunks of channels where there are
 * several, else blocks of a gradient by weights. Returns where the images lie.
 */
export function winogradLoad(part: i32, step: i32, slot: i32): usize {
  const args = TASK_ARGUMENTS;
  const slices = word(args, SLICES);
  const slice = part % slices;
  const at = slotAddress(slot);
  const chunked = word(args, CHUNKS) > 1;
  if (word(args, ADD) < 0) {
    if (word(args, OWN)) {
      const channels = winogradDepth(step);
      const to = winogradWeights(part, slot);
      for (let begin = 0; begin < word(args, SLICE); begin += LINE) {
        filtersToPoints(args, slice, begin, min(LINE, word(args, SLICE) - begin), step * word(args, CHUNK), channels, to);
      }
    }
    if (step == 0) imagesToPoints(args, part / slices, at);
  } else if (!chunked || step == 0) {
    const block = part / slices * word(args, RUN_BLOCKS) + step;
    imagesToPoints(args, block, at);
    gradientsToPoints(args, block, slice, winogradResults(slot));
  }
  return at + (chunked ? step * word(args, CHUNK) * 4 : 0);
}

/** Where the results of a slot lie. */
export function winogradResults(slot: i32): usize {
  return slotAddress(slot) + PLANES * word(TASK_ARGUMENTS, IN_PLANE);
}

/** Channels of a step. */
export function winogradDepth(step: i32): i32 {
  const args = TASK_ARGUMENTS;
  const inputs = word(args, IN_CHANNELS);
  return word(args, CHUNKS) > 1 ? min(word(args, CHUNK), inputs - step * word(args, CHUNK)) : inputs;
}

/** Where a part's filters, or the sums for their gradients, lie. */
export function winogradWeights(part: i32, slot: i32): usize {
  const args = TASK_ARGUMENTS;
  if (word(args, OWN)) return slotAddress(slot) + PLANES * (word(args, IN_PLANE) + word(args, OUT_PLANE));
  const matrix = word(args, ADD) < 0 ? part % word(args, SLICES) : part;
  return <usize>(word(args, TRANSFORMED) + matrix * PLANES * word(args, WEIGHT_PLANE));
}

/** Tiles of a part's step. */
export function winogradTiles(part: i32, step: i32): i32 {
  const args = TASK_ARGUMENTS;
  const run = part / word(args, SLICES);
  if (word(args, ADD) < 0) return rowsOf(args, run) * word(args, ACROSS);
  return rowsOf(args, run * word(args, RUN_BLOCKS) + (word(args, CHUNKS) > 1 ? 0 : step)) * word(args, ACROSS);
}

/** Steps of a part. */
export function winogradSteps(part: i32): i32 {
  const args = TASK_ARGUMENTS;
  if (word(args, CHUNKS) > 1) return word(args, CHUNKS);
  if (word(args, ADD) < 0) return 1;
  const first = part / word(args, SLICES) * word(args, RUN_BLOCKS);
  return min(word(args, RUN_BLOCKS), word(args, BLOCKS) - first);
}

/** Whether the products of a step are added to those of the step before. */
export function winogradAdds(step: i32): i32 {
  return step > 0 && (word(TASK_ARGUMENTS, ADD) < 0 || word(TASK_ARGUMENTS, CHUNKS) == 1) ? 1 : 0;
}

/** What a step makes, from points, once all is multiplied. */
export function winogradStore(part: i32, step: i32, slot: i32): void {
  const args = TASK_ARGUMENTS;
  const slices = word(args, SLICES);
  const slice = part % slices;
  const last = step == winogradSteps(part) - 1;
  if (word(args, ADD) < 0) {
    if (last) pointsToResults(args, part / slices, slice, winogradResults(slot));
  } else if (word(args, OWN) && (last || word(args, CHUNKS) > 1)) {
    const end = min(word(args, OUT_CHANNELS), (slice + 1) * word(args, SLICE));
    const chunk = word(args, CHUNKS) > 1 ? step : 0;
    for (let filter = slice * word(args, SLICE); filter < end; filter++) {
      pointsToFilter(args, filter, chunk, winogradWeights(part, slot));
    }
  }
}

export function winogradTake(): i32 {
  return takeSlot();
}

export function winogradRelease(slot: i32): void {
  releaseSlot(slot);
}

function partsTask(args: usize, start: i32, end: i32): void {
  const slot = takeSlot();
  const product = changetype<Product>(scratch + PART);
  const slice = word(args, SLICE);
  const inputs = word(args, IN_CHANNELS);
  const gradient = word(args, ADD) >= 0;
  for (let part = start; part < end; part++) {
    const weights = winogradWeights(part, slot);
    const steps = winogradSteps(part);
    for (let step = 0; step < steps; step++) {
      const images = winogradLoad(part, step, slot);
      const results = winogradResults(slot);
      const depth = winogradDepth(step);
      const tiles = winogradTiles(part, step);
      for (let point = 0; point < PLANES; point++) {
        const image = images + point * word(args, IN_PLANE);
        const result = results + point * word(args, OUT_PLANE);
        const weight = weights + point * word(args, WEIGHT_PLANE);
        product.bias = 0;
        product.activation = 0;
        product.sparse = false;
        product.bColumn = 4;
        product.accumulate = winogradAdds(step) != 0;
        if (gradient) {
          product.m = slice;
          product.n = padded(depth);
          product.k = tiles;
          product.a = result;
          product.aRow = 4;
          product.aStep = slice * 4;
          product.b = image;
          product.bStep = padded(inputs) * 4;
          product.c = weight;
          product.cRow = word(args, CHUNK) * 4;
        } else {
          product.m = tiles;
          product.n = slice;
          product.k = depth;
          product.a = image;
          product.aRow = padded(inputs) * 4;
          product.aStep = 4;
          product.b = weight;
          product.bStep = slice * 4;
          product.c = result;
          product.cRow = slice * 4;
        }
        multiply<f32>(product);
      }
      winogradStore(part, step, slot);
    }
  }
  releaseSlot(slot);
}

// ---- Whole convolutions, from a plan that is in the words

/** What comes before the parts of a convolution or its gradient by input: its weights to points. */
export function beginWinograd(
  image: usize, weights: usize, bias: usize, result: usize, workspace: usize, relu: bool, back: bool,
): void {
  layOut(workspace);
  setWord(IN, image);
  setWord(OUT, result);
  setWord(FILTER, weights);
  setWord(BIASES, bias);
  setWord(RECTIFY, relu ? 1 : 0);
  setWord(ADD, -1);
  const inputs = word(TASK_ARGUMENTS, IN_CHANNELS);
  const outputs = word(TASK_ARGUMENTS, OUT_CHANNELS);
  setWord(FILTER_STEP, back ? 36 : inputs * 36);
  setWord(CHANNEL_STEP, back ? outputs * 36 : 36);
  setWord(TURNED, back ? 1 : 0);
  if (word(TASK_ARGUMENTS, OWN)) return;
  const lines = word(TASK_ARGUMENTS, SLICES) * ceilDivide(word(TASK_ARGUMENTS, SLICE), LINE);
  distribute(filtersTask, lines, 100 * <f64>inputs * <f64>outputs);
}

export function beginWinogradGradient(x: usize, dy: usize, dw: usize, workspace: usize, accumulate: i32): void {
  layOut(workspace);
  setWord(IN, x);
  setWord(BIASES, dy);
  setWord(FILTER, dw);
  setWord(ADD, accumulate);
}

export function endWinogradGradient(): void {
  if (word(TASK_ARGUMENTS, OWN)) return;
  const filters = word(TASK_ARGUMENTS, OUT_CHANNELS);
  const work = 100.0 * <f64>filters * <f64>word(TASK_ARGUMENTS, IN_CHANNELS) * <f64>word(TASK_ARGUMENTS, RUNS);
  distribute(pointsToFiltersTask, filters, work);
}

export function runWinograd(): void {
  parallelFor(partsTask, TASK_ARGUMENTS, winogradParts(), 1);
}
