// What the native engine puts around a matrix product to make a convolution of one image of it: patches laid out as
// rows of a matrix, and added back to where they came from. These run inside a thread's part of the work.
import { setWord, word } from "./lanes";
import { chunkOf, parallelFor, scratch, scratchBytes, TASK_ARGUMENTS, worthSharing } from "./parallel";

/** Bytes at the beginning and the end of a thread's scratch memory that are in use while parts run. */
const FREE: i32 = 4096;
const TAKEN: i32 = 256;
/** Elements added in a chunk. */
const ADDED: i32 = 32768;

export function patchAddress(): usize {
  return scratch + FREE;
}

export function patchBytes(): i32 {
  return scratchBytes - FREE - TAKEN;
}

/** First and last + 1 of `count` places, `stride` apart from `shift` on, that lie in a line of `length`. */
// @ts-ignore: decorator
@inline
function firstInside(shift: i32, stride: i32, count: i32): i32 {
  return shift >= 0 ? 0 : min(count, (stride - 1 - shift) / stride);
}

// @ts-ignore: decorator
@inline
function endInside(shift: i32, stride: i32, count: i32, length: i32): i32 {
  return shift >= length ? 0 : min(count, (length - 1 - shift) / stride + 1);
}

/** Copies `count` elements of each row, rows so many bytes apart. */
// @ts-ignore: decorator
@inline
function copyRows(from: usize, fromRow: usize, to: usize, toRow: usize, rows: i32, count: i32): void {
  if (count == 8) {
    for (; rows > 0; rows--) {
      const a = v128.load(from), b = v128.load(from, 16);
      v128.store(to, a);
      v128.store(to, b, 16);
      from += fromRow;
      to += toRow;
    }
  } else if (count >= 4) {
    // The last vector overlaps the one before it.
    const last = <usize>(count - 4) * 4;
    for (; rows > 0; rows--) {
      for (let x: usize = 0; x < last; x += 16) v128.store(to + x, v128.load(from + x));
      v128.store(to + last, v128.load(from + last));
      from += fromRow;
      to += toRow;
    }
  } else {
    for (; rows > 0; rows--) {
      for (let x = 0; x < count; x++) store<f32>(to + x * 4, load<f32>(from + x * 4));
      from += fromRow;
      to += toRow;
    }
  }
}

/** The same, adding to what is there. */
// @ts-ignore: decorator
@inline
function addRows(from: usize, fromRow: usize, to: usize, toRow: usize, rows: i32, count: i32): void {
  if (count == 8) {
    for (; rows > 0; rows--) {
      v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
      v128.store(to, f32x4.add(v128.load(to, 16), v128.load(from, 16)), 16);
      from += fromRow;
      to += toRow;
    }
  } else {
    for (; rows > 0; rows--) {
      let x = 0;
      for (; x + 4 <= count; x += 4) {
        v128.store(to + x * 4, f32x4.add(v128.load(to + x * 4), v128.load(from + x * 4)));
      }
      for (; x < count; x++) store<f32>(to + x * 4, load<f32>(to + x * 4) + load<f32>(from + x * 4));
      from += fromRow;
      to += toRow;
    }
  }
}

/**
 * out[c, i, j, y, x] = image[c, y strideRows + i dilationRows - top, x strideColumns + j dilationColumns - left], 0
 * outside the image; c channels, i and j taps of the kernel, y and x in [rows, columns].
 */
export function unfold_f32(
  image: usize, out: usize, channels: i32, height: i32, width: i32, kernelRows: i32, kernelColumns: i32,
  strideRows: i32, strideColumns: i32, top: i32, left: i32, dilationRows: i32, dilationColumns: i32,
  rows: i32, columns: i32,
): void {
  const outRow = <usize>columns * 4;
  const outTap = outRow * rows;
  const imageRow = <usize>(strideRows * width) * 4;
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < kernelRows; i++) {
      const down = i * dilationRows - top;
      const firstRow = firstInside(down, strideRows, rows);
      const endRow = max(firstRow, endInside(down, strideRows, rows, height));
      for (let j = 0; j < kernelColumns; j++) {
        const right = j * dilationColumns - left;
        const first = firstInside(right, strideColumns, columns);
        const end = max(first, endInside(right, strideColumns, columns, width));
        if (end - first < columns || endRow - firstRow < rows) memory.fill(out, 0, outTap);
        const from = image + ((firstRow * strideRows + down) * width + first * strideColumns + right) * 4;
        const to = out + firstRow * outRow + first * 4;
        if (strideColumns == 1) {
          copyRows(from, imageRow, to, outRow, endRow - firstRow, end - first);
        } else {
          for (let y = 0; y < endRow - firstRow; y++) {
            for (let x = 0; x < end - first; x++) {
              store<f32>(to + y * outRow + x * 4, load<f32>(from + y * imageRow + x * strideColumns * 4));
            }
          }
        }
        out += outTap;
      }
    }
    image += height * width * 4;
  }
}

/** The adjoint of `unfold`: every element of `patches` is added to where it came from, in an image of zeros. */
export function fold_f32(
  image: usize, patches: usize, channels: i32, height: i32, width: i32, kernelRows: i32, kernelColumns: i32,
  strideRows: i32, strideColumns: i32, top: i32, left: i32, dilationRows: i32, dilationColumns: i32,
  rows: i32, columns: i32,
): void {
  const patchRow = <usize>columns * 4;
  const imageRow = <usize>(strideRows * width) * 4;
  memory.fill(image, 0, channels * height * width * 4);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < kernelRows; i++) {
      const down = i * dilationRows - top;
      const firstRow = firstInside(down, strideRows, rows);
      const endRow = max(firstRow, endInside(down, strideRows, rows, height));
      for (let j = 0; j < kernelColumns; j++) {
        const right = j * dilationColumns - left;
        const first = firstInside(right, strideColumns, columns);
        const end = max(first, endInside(right, strideColumns, columns, width));
        const to = image + ((firstRow * strideRows + down) * width + first * strideColumns + right) * 4;
        const from = patches + firstRow * patchRow + first * 4;
        if (strideColumns == 1) {
          addRows(from, patchRow, to, imageRow, endRow - firstRow, end - first);
        } else {
          for (let y = 0; y < endRow - firstRow; y++) {
            for (let x = 0; x < end - first; x++) {
              const at = to + y * imageRow + x * strideColumns * 4;
              store<f32>(at, load<f32>(at) + load<f32>(from + y * patchRow + x * 4));
            }
          }
        }
        patches += patchRow * rows;
      }
    }
    image += height * width * 4;
  }
}

/** out[i] = sum over the rows of x[row, i], added in their order. */
export function addRows_f32(x: usize, rows: i32, n: i32, out: usize): void {
  setWord(0, x);
  setWord(1, rows);
  setWord(2, n);
  setWord(3, out);
  const work = <i64>n * rows;
  parallelFor(addRowsTask, TASK_ARGUMENTS, n, worthSharing(work, ADDED) ? max(64, (chunkOf(work, ADDED) / rows) & -8) : n);
}

function addRowsTask(args: usize, start: i32, end: i32): void {
  const rows = word(args, 1);
  const step = <usize>word(args, 2) * 4;
  let from = <usize>word(args, 0) + start * 4;
  let to = <usize>word(args, 3) + start * 4;
  let i = start;
  for (; i + 8 <= end; i += 8) {
    let a = v128.load(from), b = v128.load(from, 16);
    let at = from;
    for (let row = 1; row < rows; row++) {
      at += step;
      a = f32x4.add(a, v128.load(at));
      b = f32x4.add(b, v128.load(at, 16));
    }
    v128.store(to, a);
    v128.store(to, b, 16);
    from += 32;
    to += 32;
  }
  for (; i < end; i++) {
    let sum = load<f32>(from);
    let at = from;
    for (let row = 1; row < rows; row++) {
      at += step;
      sum += load<f32>(at);
    }
    store<f32>(to, sum);
    from += 4;
    to += 4;
  }
}

/** Adds to each row of n elements its number in `bias`, nothing where that address is 0; with `relu` negatives become 0. */
export function finishRows_f32(out: usize, rows: i32, n: i32, bias: usize, relu: i32): void {
  if (relu) finishRows(true, out, rows, n, bias);
  else finishRows(false, out, rows, n, bias);
}

// @ts-ignore: decorator
@inline
function finishRows(relu: bool, out: usize, rows: i32, n: i32, bias: usize): void {
  for (let row = 0; row < rows; row++) {
    const value = f32x4.splat(bias ? load<f32>(bias + row * 4) : 0);
    let x = 0;
    for (; x + 8 <= n; x += 8, out += 32) {
      v128.store(out, finished(relu, v128.load(out), value));
      v128.store(out, finished(relu, v128.load(out, 16), value), 16);
    }
    for (; x < n; x++, out += 4) {
      store<f32>(out, f32x4.extract_lane(finished(relu, v128.load32_zero(out), value), 0));
    }
  }
}

/** Only what is smaller gives way to zero: NaN stays. */
// @ts-ignore: decorator
@inline
function finished(relu: bool, x: v128, bias: v128): v128 {
  const sum = f32x4.add(x, bias);
  return relu ? f32x4.pmax(sum, f32x4.splat(0)) : sum;
}
