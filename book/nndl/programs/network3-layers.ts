// The layers of network3.py by hand, on mini-batches whose rows are images. Theano derives the gradients there; here each layer has a backprop that
// turns dC/d output into dC/d input and keeps the gradients of its weights. As in the book a layer has two outputs: `output`, for accuracy, in
// which dropout only scales, and `outputDropout`, for the cost. Filters are not turned, as in (125); Theano's conv2d turns them, which gives
// another name to the same weights. Mended: every dropout layer draws masks of its own; the book seeds all alike, so that layers of one shape share them.
import { addPatches, correlate, spreadPatches } from "../../correlation.ts";
import { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import { placesOf } from "../../sizes.ts";
import { Volume } from "../../volume.ts";

/** An activation and its derivative, from the output. */
export interface ActivationFn {
  readonly name: string;
  readonly fn: (z: number) => number;
  readonly prime: (output: number) => number;
}

export const linear: ActivationFn = { name: "linear", fn: (z) => z, prime: () => 1 };
export const ReLU: ActivationFn = { name: "ReLU", fn: (z) => Math.max(0, z), prime: (a) => (a > 0 ? 1 : 0) };
export const sigmoid: ActivationFn = { name: "sigmoid", fn: (z) => 1 / (1 + Math.exp(-z)), prime: (a) => a * (1 - a) };
export const tanh: ActivationFn = { name: "tanh", fn: Math.tanh, prime: (a) => 1 - a * a };

export interface Layer {
  readonly w: Matrix;
  readonly b: Matrix;
  readonly dw: Matrix;
  readonly db: Matrix;
  output: Matrix;
  outputDropout: Matrix;
  /** Sets `output`. */
  setInpt(inpt: Matrix): void;
  /** Sets `outputDropout`. */
  setInptDropout(inptDropout: Matrix): void;
  /** From dC/d outputDropout to dC/d inptDropout; keeps dC/dw and dC/db. */
  backprop(dOutput: Matrix): Matrix;
}

const NOTHING = new Matrix(0, 0);

/** Each element 0 with probability `pDropout`, else as it is: nothing is scaled up. */
export function dropoutMask(rows: number, columns: number, pDropout: number, random: Random): Matrix {
  return Matrix.fill(rows, columns, () => (random.uniform() < pDropout ? 0 : 1));
}

export type FilterShape = readonly [filters: number, maps: number, height: number, width: number];
export type ImageShape = readonly [miniBatch: number, maps: number, height: number, width: number];

export interface ConvPoolOptions {
  /** Height and width of a pool; default 2 by 2. */
  readonly poolsize?: readonly [number, number];
  readonly activationFn?: ActivationFn;
  /** "l2": the root of the sum of squares, of which the book speaks. Default "max". */
  readonly pooling?: "max" | "l2";
}

/** Convolution, then pooling, then bias and activation: a = f(pool(w * input) + b). */
export class ConvPoolLayer implements Layer {
  readonly filterShape: FilterShape;
  readonly imageShape: ImageShape;
  readonly poolsize: readonly [number, number];
  readonly activationFn: ActivationFn;
  readonly pooling: "max" | "l2";
  /** Rows are filters: maps * height * width weights each. */
  readonly w: Matrix;
  readonly b: Matrix;
  readonly dw: Matrix;
  readonly db: Matrix;
  /** Height and width after the convolution, and after the pooling. */
  readonly convolved: readonly [number, number];
  readonly pooled: readonly [number, number];
  output: Matrix = NOTHING;
  outputDropout: Matrix = NOTHING;
  private inpt: Matrix = NOTHING;
  private maps: Volume[] = [];

  constructor(filterShape: FilterShape, imageShape: ImageShape, random: Random, options: ConvPoolOptions = {}) {
    const [filters, maps, height, width] = filterShape;
    if (maps !== imageShape[1]) {
      throw new RangeError(`ConvPoolLayer: filters look at ${maps} maps, the image has ${imageShape[1]}`);
    }
    this.filterShape = filterShape;
    this.imageShape = imageShape;
    this.poolsize = options.poolsize ?? [2, 2];
    this.activationFn = options.activationFn ?? sigmoid;
    this.pooling = options.pooling ?? "max";
    this.convolved = [
      placesOf("ConvPoolLayer", "height", imageShape[2], height),
      placesOf("ConvPoolLayer", "width", imageShape[3], width),
    ];
    const [poolHeight, poolWidth] = this.poolsize;
    this.pooled = [
      placesOf("ConvPoolLayer's pool", "height", this.convolved[0], poolHeight, 0, poolHeight),
      placesOf("ConvPoolLayer's pool", "width", this.convolved[1], poolWidth, 0, poolWidth),
    ];
    const nOut = (filters * height * width) / (poolHeight * poolWidth);
    this.w = Matrix.fill(filters, maps * height * width, () => random.normal(0, Math.sqrt(1 / nOut)));
    this.b = Matrix.fill(filters, 1, () => random.normal());
    this.dw = new Matrix(filters, maps * height * width);
    this.db = new Matrix(filters, 1);
  }

  setInpt(inpt: Matrix): void {
    this.output = this.forward(inpt);
  }

  /** No dropout here: shared weights resist overfitting by themselves. */
  setInptDropout(inptDropout: Matrix): void {
    this.outputDropout = this.forward(inptDropout);
  }

  /** Filter f as a volume that shares memory with `of`. */
  private filter(of: Matrix, f: number): Volume {
    const [, maps, height, width] = this.filterShape;
    const size = maps * height * width;
    return new Volume(maps, height, width, of.values.subarray(f * size, (f + 1) * size));
  }

  private imageOf(batch: Matrix, row: number): Volume {
    const [, maps, height, width] = this.imageShape;
    return new Volume(maps, height, width, batch.values.subarray(row * batch.columns, (row + 1) * batch.columns));
  }

  private forward(inpt: Matrix): Matrix {
    const [, maps, height, width] = this.imageShape;
    if (inpt.columns !== maps * height * width) {
      throw new RangeError(
        `ConvPoolLayer: takes rows of ${maps} * ${height} * ${width} = ${maps * height * width} numbers, got ${inpt.columns}`,
      );
    }
    const [filters] = this.filterShape;
    const size = this.pooled[0] * this.pooled[1];
    const output = new Matrix(inpt.rows, filters * size);
    this.inpt = inpt;
    this.maps = Array.from({ length: inpt.rows }, (_, row) => {
      const map = new Volume(filters, ...this.convolved);
      const image = this.imageOf(inpt, row);
      for (let f = 0; f < filters; f++) correlate(image, this.filter(this.w, f), map.channel(f));
      return map;
    });
    const { values } = output;
    this.eachPool((map, places, to, f) => {
      values[to] = this.activationFn.fn(this.pool(map.values, places) + this.b.values[f]);
    });
    return output;
  }

  private pool(values: Float64Array, places: Int32Array): number {
    if (this.pooling === "max") return values[largestOf(values, places)];
    return lengthOf(values, places);
  }

  /** Calls `f` for every pool of every image: the image's maps, where the pool's elements stand in them, and where its output stands. */
  private eachPool(visit: (map: Volume, places: Int32Array, to: number, filter: number, image: number) => void): void {
    const [poolHeight, poolWidth] = this.poolsize;
    const [height, width] = this.convolved;
    const places = new Int32Array(poolHeight * poolWidth);
    let to = 0;
    this.maps.forEach((map, image) => {
      for (let f = 0; f < map.depth; f++) {
        for (let i = 0; i < height; i += poolHeight) {
          for (let j = 0; j < width; j += poolWidth, to++) {
            for (let m = 0, k = 0; m < poolHeight; m++) {
              const row = (f * height + i + m) * width + j;
              for (let n = 0; n < poolWidth; n++) places[k++] = row + n;
            }
            visit(map, places, to, f, image);
          }
        }
      }
    });
  }

  /**
   * delta = dC/da f'(z) for the pooled neurons; db = sum of delta over a map and the mini-batch. Max pooling hands delta to the convolved neuron that
   * was the largest (of equal ones the first), L2 pooling to each by its share x / length. From there dw adds patches of the input, and dC/d
   * input spreads the filter.
   */
  backprop(dOutput: Matrix): Matrix {
    const { values: a } = this.outputDropout;
    const deltas = this.maps.map(({ depth, height, width }) => new Volume(depth, height, width));
    this.db.values.fill(0);
    this.dw.values.fill(0);
    this.eachPool((map, places, to, f, image) => {
      const delta = dOutput.values[to] * this.activationFn.prime(a[to]);
      this.db.values[f] += delta;
      const { values } = deltas[image];
      if (this.pooling === "max") values[largestOf(map.values, places)] += delta;
      else {
        const length = lengthOf(map.values, places);
        if (length > 0) for (const at of places) values[at] += (delta * map.values[at]) / length;
      }
    });
    const dInpt = new Matrix(this.inpt.rows, this.inpt.columns);
    deltas.forEach((delta, row) => {
      const [image, dImage] = [this.imageOf(this.inpt, row), this.imageOf(dInpt, row)];
      for (let f = 0; f < delta.depth; f++) {
        addPatches(image, delta.channel(f), this.filter(this.dw, f));
        spreadPatches(delta.channel(f), this.filter(this.w, f), dImage);
      }
    });
    return dInpt;
  }
}

function largestOf(values: Float64Array, places: Int32Array): number {
  let best = places[0];
  for (const at of places) if (values[at] > values[best]) best = at;
  return best;
}

function lengthOf(values: Float64Array, places: Int32Array): number {
  let sum = 0;
  for (const at of places) sum += values[at] ** 2;
  return Math.sqrt(sum);
}

/** What the fully connected layers have in common: input dropped out, times w, plus b. */
abstract class Connected implements Layer {
  readonly nIn: number;
  readonly nOut: number;
  readonly pDropout: number;
  readonly w: Matrix;
  readonly b: Matrix;
  dw: Matrix;
  db: Matrix;
  output: Matrix = NOTHING;
  outputDropout: Matrix = NOTHING;
  private inptDropout: Matrix = NOTHING;
  private mask: Matrix | undefined;
  private readonly random: Random;

  constructor(nIn: number, nOut: number, pDropout: number, random: Random, draw: { w: () => number; b: () => number }) {
    if (!(pDropout >= 0 && pDropout < 1)) throw new RangeError(`pDropout must be from 0 up to 1, got ${pDropout}`);
    this.nIn = nIn;
    this.nOut = nOut;
    this.pDropout = pDropout;
    this.random = random;
    this.w = Matrix.fill(nIn, nOut, draw.w);
    this.b = Matrix.fill(1, nOut, draw.b);
    this.dw = new Matrix(nIn, nOut);
    this.db = new Matrix(1, nOut);
  }

  protected abstract activate(z: Matrix): Matrix;
  /** dC/dz. */
  protected abstract delta(dOutput: Matrix): Matrix;

  /** f((1 - p) input w + b): all inputs take part, at the share that took part in training. */
  setInpt(inpt: Matrix): void {
    this.output = this.activate(
      inpt
        .dot(this.w)
        .times(1 - this.pDropout)
        .plus(this.b),
    );
  }

  setInptDropout(inptDropout: Matrix): void {
    const { pDropout, random } = this;
    this.mask = pDropout > 0 ? dropoutMask(inptDropout.rows, inptDropout.columns, pDropout, random) : undefined;
    this.inptDropout = this.mask ? inptDropout.times(this.mask) : inptDropout;
    this.outputDropout = this.activate(this.inptDropout.dot(this.w).plus(this.b));
  }

  backprop(dOutput: Matrix): Matrix {
    const delta = this.delta(dOutput);
    this.dw = this.inptDropout.transposed.dot(delta);
    this.db = delta.sums("columns");
    const dInpt = delta.dot(this.w.transposed);
    return this.mask ? dInpt.times(this.mask) : dInpt;
  }
}

/** Weights N(0, 1 / n_out), not 1 / n_in as in network2; biases N(0, 1). */
export class FullyConnectedLayer extends Connected {
  readonly activationFn: ActivationFn;

  constructor(
    nIn: number,
    nOut: number,
    random: Random,
    options: { activationFn?: ActivationFn; pDropout?: number } = {},
  ) {
    super(nIn, nOut, options.pDropout ?? 0, random, {
      w: () => random.normal(0, Math.sqrt(1 / nOut)),
      b: () => random.normal(),
    });
    this.activationFn = options.activationFn ?? sigmoid;
  }

  protected activate(z: Matrix): Matrix {
    return z.map(this.activationFn.fn);
  }

  protected delta(dOutput: Matrix): Matrix {
    return dOutput.zip(this.outputDropout, (d, a) => d * this.activationFn.prime(a));
  }
}

/** Softmax outputs; weights and biases start at 0. */
export class SoftmaxLayer extends Connected {
  constructor(nIn: number, nOut: number, random: Random, options: { pDropout?: number } = {}) {
    super(nIn, nOut, options.pDropout ?? 0, random, { w: () => 0, b: () => 0 });
  }

  protected activate(z: Matrix): Matrix {
    const result = new Matrix(z.rows, z.columns);
    for (let i = 0; i < z.rows; i++) {
      const row = z.values.subarray(i * z.columns, (i + 1) * z.columns);
      const largest = row.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
      const powers = row.map((value) => Math.exp(value - largest));
      const sum = powers.reduce((total, power) => total + power, 0);
      result.values.set(
        powers.map((power) => power / sum),
        i * z.columns,
      );
    }
    return result;
  }

  /** With `costGradient` as dOutput: it is dC/dz already. */
  protected delta(dOutput: Matrix): Matrix {
    return dOutput;
  }

  /** The mean log-likelihood cost, -ln outputDropout[digit]. */
  cost(y: readonly number[]): number {
    return y.reduce((sum, digit, i) => sum - Math.log(this.outputDropout.at(i, digit)), 0) / y.length;
  }

  /** dC/dz of softmax and log-likelihood together: (a - y) / m. */
  costGradient(y: readonly number[]): Matrix {
    return Matrix.fill(y.length, this.nOut, (i, k) => (this.outputDropout.at(i, k) - (y[i] === k ? 1 : 0)) / y.length);
  }

  /** Share of digits that are right. */
  accuracy(y: readonly number[]): number {
    const right = y.filter((digit, i) => {
      const row = this.output.values.subarray(i * this.nOut, (i + 1) * this.nOut);
      return row.indexOf(row.reduce((most, value) => Math.max(most, value))) === digit;
    });
    return right.length / y.length;
  }
}
