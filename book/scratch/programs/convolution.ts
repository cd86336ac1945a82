// Convolution and Pooling through im2col. The notes have their forward pass; backward is the published book's idea, in our words. Mended: Pooling
// counts its padding in the size of its output, and sizes that do not divide are an error.
import { Matrix } from "../../matrix.ts";
import { checkBatch, col2im, im2col, outputSize, type Shape, type Windows } from "./im2col.ts";
import type { Layer } from "./layers.ts";

/** x (N, C, H, W), W (FN, C, FH, FW), b (FN) give (N, FN, OH, OW). W is kept as a matrix: a row a filter. */
export class Convolution implements Layer {
  readonly W: Matrix;
  readonly b: Matrix;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  dW = new Matrix(0, 0);
  db = new Matrix(0, 0);
  private readonly windows: Windows;
  private col = new Matrix(0, 0);
  private samples = 0;

  constructor(
    W: Matrix,
    b: Matrix,
    inputShape: Shape,
    filter: readonly [height: number, width: number],
    stride = 1,
    pad = 0,
  ) {
    const [height, width] = filter;
    if (W.columns !== inputShape[0] * height * width) {
      throw new RangeError(
        `Convolution: filters of ${inputShape[0]} * ${height} * ${width} weights need rows of ${inputShape[0] * height * width}, W has ${W.columns}`,
      );
    }
    this.W = W;
    this.b = b;
    this.inputShape = inputShape;
    this.windows = { height, width, stride, pad };
    this.outputShape = [W.rows, ...outputSize(inputShape, this.windows, "Convolution")];
  }

  /** col W^T + b, and the filters from the last axis to the second. */
  forward(x: Matrix): Matrix {
    checkBatch("Convolution", x, this.inputShape);
    this.samples = x.rows;
    this.col = im2col(x, this.inputShape, this.windows);
    return filtersFirst(this.col.dot(this.W.transposed).plus(this.b), x.rows);
  }

  /** dW = dout^T col, db = sum of dout, dx = col2im(dout W). */
  backward(dout: Matrix): Matrix {
    const flat = filtersLast(dout, this.W.rows);
    this.db = flat.sums("columns");
    this.dW = flat.transposed.dot(this.col);
    return col2im(flat.dot(this.W), this.samples, this.inputShape, this.windows);
  }
}

/** (N * places, FN) to (N, FN * places). */
function filtersFirst(flat: Matrix, samples: number): Matrix {
  const [places, filters] = [flat.rows / samples, flat.columns];
  const result = new Matrix(samples, filters * places);
  for (let n = 0, from = 0; n < samples; n++) {
    for (let p = 0; p < places; p++) {
      for (let f = 0; f < filters; f++) result.values[(n * filters + f) * places + p] = flat.values[from++];
    }
  }
  return result;
}

/** And back. */
function filtersLast(rows: Matrix, filters: number): Matrix {
  const places = rows.columns / filters;
  const result = new Matrix(rows.rows * places, filters);
  for (let n = 0, to = 0; n < rows.rows; n++) {
    for (let p = 0; p < places; p++) {
      for (let f = 0; f < filters; f++) result.values[to++] = rows.values[(n * filters + f) * places + p];
    }
  }
  return result;
}

/** The largest of each window, channel by channel. */
export class Pooling implements Layer {
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  private readonly windows: Windows;
  private readonly perChannel: Shape;
  /** For every output the place of its maximum in its window. */
  private argMax = new Int32Array(0);
  private samples = 0;

  constructor(inputShape: Shape, pool: readonly [height: number, width: number], stride = 1, pad = 0) {
    this.inputShape = inputShape;
    this.windows = { height: pool[0], width: pool[1], stride, pad };
    // A channel is a sample of its own to im2col: windows do not mix channels.
    this.perChannel = [1, inputShape[1], inputShape[2]];
    this.outputShape = [inputShape[0], ...outputSize(inputShape, this.windows, "Pooling")];
  }

  forward(x: Matrix): Matrix {
    checkBatch("Pooling", x, this.inputShape);
    const [channels, down, across] = this.outputShape;
    this.samples = x.rows;
    const images = new Matrix(x.rows * channels, x.columns / channels, x.values);
    const col = im2col(images, this.perChannel, this.windows);
    const out = new Matrix(x.rows, channels * down * across);
    this.argMax = new Int32Array(col.rows);
    for (let row = 0; row < col.rows; row++) {
      let best = 0;
      const start = row * col.columns;
      for (let k = 1; k < col.columns; k++) if (col.values[start + k] > col.values[start + best]) best = k;
      this.argMax[row] = best;
      out.values[row] = col.values[start + best];
    }
    return out;
  }

  /** dout to where the maximum stood. */
  backward(dout: Matrix): Matrix {
    const [channels] = this.inputShape;
    const size = this.windows.height * this.windows.width;
    const dcol = new Matrix(this.argMax.length, size);
    for (let row = 0; row < dcol.rows; row++) dcol.values[row * size + this.argMax[row]] = dout.values[row];
    const dx = col2im(dcol, this.samples * channels, this.perChannel, this.windows);
    return new Matrix(this.samples, dx.columns * channels, dx.values);
  }
}
