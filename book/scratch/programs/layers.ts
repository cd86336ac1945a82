// Layers of a network by hand: each has forward, which keeps what it will need, and backward, which turns the loss's gradient by its output into
// that by its input. Rows are samples.
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { softmax } from "./activations.ts";
import { crossEntropyError, DELTA, isOneHot, type Labels } from "./losses.ts";

export interface Layer {
  forward(x: Matrix, trainFlag?: boolean): Matrix;
  backward(dout: Matrix): Matrix;
}

export class Relu implements Layer {
  private mask = new Matrix(0, 0);

  forward(x: Matrix): Matrix {
    this.mask = x.map((value) => (value <= 0 ? 0 : 1));
    return x.times(this.mask);
  }

  backward(dout: Matrix): Matrix {
    return dout.times(this.mask);
  }
}

export class Sigmoid implements Layer {
  private out = new Matrix(0, 0);

  forward(x: Matrix): Matrix {
    this.out = x.map((value) => 1 / (1 + Math.exp(-value)));
    return this.out;
  }

  /** dout y (1 - y) */
  backward(dout: Matrix): Matrix {
    return dout.zip(this.out, (d, y) => d * (1 - y) * y);
  }
}

/** x W + b. W and b are shared with the network that owns them: what an optimiser changes there, changes here. */
export class Affine implements Layer {
  readonly W: Matrix;
  readonly b: Matrix;
  dW = new Matrix(0, 0);
  db = new Matrix(0, 0);
  private x = new Matrix(0, 0);

  constructor(W: Matrix, b: Matrix) {
    this.W = W;
    this.b = b;
  }

  forward(x: Matrix): Matrix {
    this.x = x;
    return x.dot(this.W).plus(this.b);
  }

  backward(dout: Matrix): Matrix {
    this.dW = this.x.transposed.dot(dout);
    this.db = dout.sums("columns");
    return dout.dot(this.W.transposed);
  }
}

/** Softmax and cross-entropy in one: their gradients together are (y - t) / samples. */
export class SoftmaxWithLoss {
  loss = 0;
  y = new Matrix(0, 0);
  private t: Labels = [];
  private readonly delta: number;

  /** The book adds 1e-7 inside the logarithm; 0 leaves the loss that the gradient belongs to. */
  constructor(delta = DELTA) {
    this.delta = delta;
  }

  forward(x: Matrix, t: Labels): number {
    this.t = t;
    this.y = softmax(x);
    this.loss = crossEntropyError(this.y, t, this.delta);
    return this.loss;
  }

  backward(dout = 1): Matrix {
    const { t, y } = this;
    const scale = dout / y.rows;
    if (isOneHot(t)) return y.zip(t, (a, b) => (a - b) * scale);
    return Matrix.fill(y.rows, y.columns, (i, k) => (y.at(i, k) - (t[i] === k ? 1 : 0)) * scale);
  }
}

/**
 * Leaves each unit out with probability `dropoutRatio` while training. Not inverted: what is kept stays as it is, and
 * afterwards everything is multiplied by 1 - dropoutRatio.
 */
export class Dropout implements Layer {
  mask = new Matrix(0, 0);
  private readonly dropoutRatio: number;
  private readonly random: Random;

  constructor(dropoutRatio = 0.5, random = new Random(0)) {
    this.dropoutRatio = dropoutRatio;
    this.random = random;
  }

  forward(x: Matrix, trainFlag = true): Matrix {
    if (!trainFlag) return x.map((value) => value * (1 - this.dropoutRatio));
    this.mask = x.map(() => (this.random.uniform() > this.dropoutRatio ? 1 : 0));
    return x.times(this.mask);
  }

  backward(dout: Matrix): Matrix {
    return dout.times(this.mask);
  }
}
