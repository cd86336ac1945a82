// Convolutions of 3 by 3, one step at a time, by Winograd's minimal filtering F(4x4, 3x3): how the work is cut. Images are cut into tiles of four by
// four results, tile rows of all images into blocks, filters into slices. A block of a slice is a part, which one thread does from images to
// results; the cut follows from the shapes alone.
import {
  BATCH, ceilDivide, CHANNELS, FILTERS, geometry, GROUPS, HEIGHT, KERNEL_HEIGHT, KERNEL_WIDTH, OUT_HEIGHT, OUT_WIDTH,
  PAD_LEFT, PAD_TOP, STRIDE_HEIGHT,
} from "./convolution-plan";
import { setWord, word } from "./lanes";
import { scratchBytes, TASK_ARGUMENTS } from "./parallel";

/** Results of a tile along a side, and points of its transform. */
export const TILE: i32 = 4;
export const POINTS: i32 = 6;
export const PLANES: i32 = POINTS * POINTS;

// Words of a task's arguments, beyond those of the geometry. Images in, results out: dy and dx in the gradient by input.
export const IN = 64;
export const IN_CHANNELS = 65;
export const IN_HEIGHT = 66;
export const IN_WIDTH = 67;
export const OUT = 68;
export const OUT_CHANNELS = 69;
export const TO_HEIGHT = 70;
export const TO_WIDTH = 71;
/** Zeros above and to the left of an image. */
export const TOP = 72;
export const LEFT = 73;
/** Tiles of an image from left to right, and from top to bottom. */
export const ACROSS = 74;
export const DOWN = 75;
/** Tile rows of all images, and of a block; blocks. */
export const TILE_ROWS_IN_ALL = 76;
export const BLOCK_ROWS = 77;
export const BLOCKS = 78;
/** Filters of a slice, a multiple of four; slices. */
export const SLICE = 79;
export const SLICES = 80;
/** Blocks whose sums are added up in one place (gradient by weights). */
export const RUN_BLOCKS = 81;
export const RUNS = 82;
/** Transformed weights, or their gradient; slots, one for each thread, with a block's transformed images and results. */
export const TRANSFORMED = 83;
export const SLOTS = 84;
export const FREE_SLOTS = 85;
/** Bytes from a point's matrix to the next: of images, of results, of weights; and of a slot. */
export const IN_PLANE = 86;
export const OUT_PLANE = 87;
export const WEIGHT_PLANE = 88;
export const SLOT_BYTES = 89;
export const FILTER = 90;
export const BIASES = 91;
export const RECTIFY = 92;
/** Bytes from a filter's weights to the next filter's, and from a channel's; whether the taps are turned by half a circle. */
export const FILTER_STEP = 93;
export const CHANNEL_STEP = 94;
export const TURNED = 95;
export const ADD = 96;
export const KIND = 97;
/** Whether weights at the points lie in the slots, for a slice of them is used by one part alone. */
export const OWN = 98;
/** Channels that are multiplied at a time, where weights lie in the slots and stay in a core's cache that way; and how often that makes. */
export const CHUNK = 99;
export const CHUNKS = 100;

/** Tiles below which taking the filters to points costs more than it saves. */
const FEWEST_TILES: i32 = 32;
/** Multiply-adds below which the plain way is as fast. */
const LEAST_WORK: f64 = 500_000;
/** Parts wanted, tiles of a block, and fewest filters of a slice. */
const WANTED_PARTS: i32 = 4;
const MOST_TILES: i32 = 64;
const FEWEST_FILTERS: i32 = 64;
const CHUNK_CHANNELS: i32 = 64;
const MOST_SLOTS: i32 = 32;
/** Room for lines of images beside the products' in scratch memory: see gemm-block. */
export const LINES: usize = 16 << 10;
export const LINES_BYTES: i32 = 400 << 10;

/** How many parts may be in work at a time: as many as there are threads; 0 where this way is off. */
let slots: i32 = 0;
/** Channels and filters below which the transforms cost more than they save: that depends on who multiplies. */
let fewest: i32 = 0;

/** Called by the engine, on the thread that calls kernels. */
export function setWinograd(threads: i32, fewestChannels: i32): void {
  slots = min(threads, MOST_SLOTS);
  fewest = fewestChannels;
}

// @ts-ignore: decorator
@inline
export function padded(count: i32): i32 {
  return (count + 3) & ~3;
}

/** Whether a convolution is done this way, or its gradient: kind 0 forward, 1 by input, 2 by weights. Its plan is then in the words. */
export function planWinograd(kind: i32): bool {
  if (slots == 0 || geometry(GROUPS) != 1) return false;
  if (geometry(KERNEL_HEIGHT) != 3 || geometry(KERNEL_WIDTH) != 3) return false;
  for (let i = 0; i < 2; i++) {
    // Strides, then dilations, of rows and columns.
    if (geometry(STRIDE_HEIGHT + i) != 1 || geometry(PAD_LEFT + 1 + i) != 1) return false;
    if (geometry(PAD_TOP + i) > 2) return false;
  }
  const channels = geometry(CHANNELS);
  const filters = geometry(FILTERS);
  if (min(channels, filters) < fewest) return false;
  const back = kind == 1;
  const height = back ? geometry(HEIGHT) : geometry(OUT_HEIGHT);
  const width = back ? geometry(HEIGHT + 1) : geometry(OUT_WIDTH);
  const across = ceilDivide(width, TILE);
  const down = ceilDivide(height, TILE);
  // Where half of the tiles lie outside, nothing is gained.
  if (2 * height * width < across * down * TILE * TILE) return false;
  const rows = geometry(BATCH) * down;
  if (rows * across < FEWEST_TILES) return false;
  const work = <f64>channels * <f64>filters * <f64>rows * <f64>(across * PLANES);
  if (work < LEAST_WORK) return false;
  if (4 * POINTS * (TILE * across + 2) * 16 + 4096 > min(LINES_BYTES, scratchBytes - <i32>LINES)) return false;
  setWord(KIND, kind);
  setWord(IN_CHANNELS, back ? filters : channels);
  setWord(IN_HEIGHT, back ? geometry(OUT_HEIGHT) : geometry(HEIGHT));
  setWord(IN_WIDTH, back ? geometry(OUT_WIDTH) : geometry(HEIGHT + 1));
  setWord(OUT_CHANNELS, back ? channels : filters);
  setWord(TO_HEIGHT, height);
  setWord(TO_WIDTH, width);
  setWord(TOP, back ? 2 - geometry(PAD_TOP) : geometry(PAD_TOP));
  setWord(LEFT, back ? 2 - geometry(PAD_LEFT) : geometry(PAD_LEFT));
  setWord(ACROSS, across);
  setWord(DOWN, down);
  setWord(TILE_ROWS_IN_ALL, rows);
  cut(kind, rows, across);
  return true;
}

function cut(kind: i32, rows: i32, across: i32): void {
  const inputs = word(TASK_ARGUMENTS, IN_CHANNELS);
  const outputs = padded(word(TASK_ARGUMENTS, OUT_CHANNELS));
  let blockRows = min(rows, max(1, MOST_TILES / across));
  let blocks = ceilDivide(rows, blockRows);
  let slices = 1;
  const most = inputs * outputs >= 1 << 16 ? 1 : inputs * outputs >= 1 << 14 ? 2 : 4;
  let parts = kind == 2 ? min(blocks, most) : blocks;
  while (parts * slices < WANTED_PARTS) {
    const slice = outputs / slices;
    if (slice >= 4 * FEWEST_FILTERS) {
      slices *= 2;
    } else if (kind != 2 && blockRows > 1 && blockRows * across >= FEWEST_FILTERS) {
      blocks *= 2;
      blockRows = ceilDivide(rows, blocks);
      blocks = ceilDivide(rows, blockRows);
      parts = blocks;
    } else if (slice >= 2 * FEWEST_FILTERS) {
      slices *= 2;
    } else {
      break;
    }
  }
  blockRows = ceilDivide(rows, blocks);
  blocks = ceilDivide(rows, blockRows);
  const slice = padded(ceilDivide(outputs, slices));
  slices = ceilDivide(outputs, slice);
  const runBlocks = ceilDivide(blocks, parts);
  const tiles = blockRows * across;
  // Matrices that lay a power of two apart would share few sets of the caches.
  const inPlane = tiles * padded(inputs) * 4 + 64;
  const outPlane = tiles * slice * 4 + 64;
  setWord(BLOCK_ROWS, blockRows);
  setWord(BLOCKS, blocks);
  setWord(SLICE, slice);
  setWord(SLICES, slices);
  setWord(RUN_BLOCKS, runBlocks);
  setWord(RUNS, ceilDivide(blocks, runBlocks));
  setWord(IN_PLANE, inPlane);
  setWord(OUT_PLANE, outPlane);
  const own = (kind == 2 ? ceilDivide(blocks, runBlocks) : blocks) == 1;
  const chunk = own && blocks == 1 ? min(padded(inputs), CHUNK_CHANNELS) : padded(inputs);
  setWord(CHUNK, chunk);
  setWord(CHUNKS, ceilDivide(inputs, chunk));
  const weightPlane = chunk * slice * 4 + 64;
  setWord(WEIGHT_PLANE, weightPlane);
  setWord(OWN, own ? 1 : 0);
  setWord(SLOT_BYTES, PLANES * (inPlane + outPlane + (own ? weightPlane : 0)));
}

/** Matrices of weights that do not lie in slots. */
// @ts-ignore: decorator
@inline
function copies(): i32 {
  if (word(TASK_ARGUMENTS, OWN)) return 0;
  const runs = word(TASK_ARGUMENTS, KIND) == 2 ? word(TASK_ARGUMENTS, RUNS) : 1;
  return runs * word(TASK_ARGUMENTS, SLICES) * PLANES;
}

/** Parts of a plan. */
export function winogradParts(): i32 {
  const side = word(TASK_ARGUMENTS, KIND) == 2 ? RUNS : BLOCKS;
  return word(TASK_ARGUMENTS, side) * word(TASK_ARGUMENTS, SLICES);
}

/** Bytes of workspace of a plan. */
export function winogradBytes(): f64 {
  const used = min(slots, winogradParts());
  return <f64>copies() * <f64>word(TASK_ARGUMENTS, WEIGHT_PLANE) + <f64>used * <f64>word(TASK_ARGUMENTS, SLOT_BYTES) + 128;
}

/** Divides the workspace. */
export function layOut(workspace: usize): void {
  const start = (workspace + 63) & ~63;
  setWord(TRANSFORMED, start);
  setWord(SLOTS, start + copies() * word(TASK_ARGUMENTS, WEIGHT_PLANE));
  const used = min(slots, winogradParts());
  atomic.store<u32>(TASK_ARGUMENTS + 4 * FREE_SLOTS, used == 32 ? 0xffffffff : (1 << used) - 1);
}

/** Takes a slot: its number. As many threads work as there are slots, so one is free at once. */
export function takeSlot(): i32 {
  while (true) {
    const free = atomic.load<u32>(TASK_ARGUMENTS + 4 * FREE_SLOTS);
    if (free == 0) continue;
    const slot = ctz(free);
    if (atomic.cmpxchg<u32>(TASK_ARGUMENTS + 4 * FREE_SLOTS, free, free & ~(1 << slot)) == free) return <i32>slot;
  }
}

export function releaseSlot(slot: i32): void {
  atomic.or<u32>(TASK_ARGUMENTS + 4 * FREE_SLOTS, 1 << slot);
}

export function slotAddress(slot: i32): usize {
  return <usize>word(TASK_ARGUMENTS, SLOTS) + slot * word(TASK_ARGUMENTS, SLOT_BYTES);
}
