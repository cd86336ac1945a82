// Batch normalisation by hand: its gradient is followed step by step back through the mean and the variance.
import { Matrix } from "../../matrix.ts";
import type { Layer } from "./layers.ts";

const EPSILON = 1e-6;

export class BatchNormalization implements Layer {
  readonly gamma: Matrix;
  readonly beta: Matrix;
  dgamma = new Matrix(0, 0);
  dbeta = new Matrix(0, 0);
  /** From 0 in the book, so that after n steps they still lack the share momentum^n. */
  runningMean: Matrix;
  runningVar: Matrix;
  private readonly momentum: number;
  private xc = new Matrix(0, 0);
  private xn = new Matrix(0, 0);
  private std = new Matrix(0, 0);

  /** gamma and beta are rows [1, D], shared with the network that owns them. */
  constructor(gamma: Matrix, beta: Matrix, momentum = 0.9) {
    this.gamma = gamma;
    this.beta = beta;
    this.momentum = momentum;
    this.runningMean = new Matrix(1, gamma.columns);
    this.runningVar = new Matrix(1, gamma.columns);
  }

  forward(x: Matrix, trainFlag = true): Matrix {
    let xn: Matrix;
    if (trainFlag) {
      const mu = x.sums("columns").map((sum) => sum / x.rows);
      this.xc = x.minus(mu);
      const variance = this.xc
        .times(this.xc)
        .sums("columns")
        .map((sum) => sum / x.rows);
      this.std = variance.map((value) => Math.sqrt(value + EPSILON));
      xn = this.xn = this.xc.zip(this.std, (a, b) => a / b);
      const follow = (running: Matrix, batch: Matrix) =>
        running.zip(batch, (old, now) => this.momentum * old + (1 - this.momentum) * now);
      this.runningMean = follow(this.runningMean, mu);
      this.runningVar = follow(this.runningVar, variance);
    } else {
      xn = x.minus(this.runningMean).zip(this.runningVar, (a, v) => a / Math.sqrt(v + EPSILON));
    }
    return xn.times(this.gamma).plus(this.beta);
  }

  backward(dout: Matrix): Matrix {
    const samples = dout.rows;
    this.dbeta = dout.sums("columns");
    this.dgamma = this.xn.times(dout).sums("columns");
    const dxn = dout.times(this.gamma);
    let dxc = dxn.zip(this.std, (a, b) => a / b);
    const dstd = dxn
      .times(this.xc)
      .zip(this.std, (a, s) => -a / (s * s))
      .sums("columns");
    const dvar = dstd.zip(this.std, (a, s) => (0.5 * a) / s);
    dxc = dxc.plus(this.xc.times(dvar).map((value) => (2 / samples) * value));
    const dmu = dxc.sums("columns");
    return dxc.minus(dmu.map((value) => value / samples));
  }
}
