// The restricted Boltzmann machine by hand: visible and hidden units that are 0 or 1, weights between the two layers only, and learning by
// contrastive divergence with one step (Hinton 2002). Samples are columns.
import { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import { sigmoid } from "./activations.ts";

const logistic = (z: Matrix) => z.map(sigmoid.f);

/** 1 where the uniform number is below the probability. */
export function sample(probabilities: Matrix, uniform: Matrix): Matrix {
  return probabilities.zip(uniform, (p, u) => (u < p ? 1 : 0));
}

export function uniformLike(m: Matrix, random: Random): Matrix {
  return m.map(() => random.uniform());
}

export class Rbm {
  /** [hidden, visible] */
  w: Matrix;
  /** Columns. */
  visibleBias: Matrix;
  hiddenBias: Matrix;

  /** Weights N(0, 0.01^2), biases 0, as Hinton's guide (2010) advises. */
  constructor(visible: number, hidden: number, random: Random) {
    this.w = Matrix.fill(hidden, visible, () => random.normal(0, 0.01));
    this.visibleBias = new Matrix(visible, 1);
    this.hiddenBias = new Matrix(hidden, 1);
  }

  /** p(h = 1 | v) = sigmoid(W v + c) */
  hidden(v: Matrix): Matrix {
    return logistic(this.w.dot(v).plus(this.hiddenBias));
  }

  /** p(v = 1 | h) = sigmoid(W^T h + b) */
  visible(h: Matrix): Matrix {
    return logistic(this.w.transposed.dot(h).plus(this.visibleBias));
  }

  /** Energy of visible units with the hidden ones summed out: p(v) is proportional to e^-F. One number a column. */
  freeEnergy(v: Matrix): number[] {
    const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    const above = this.w.dot(v).plus(this.hiddenBias).map(softplus).sums("columns");
    const below = this.visibleBias.transposed.dot(v);
    return [...above.values].map((value, j) => -value - below.values[j]);
  }

  /**
   * CD-1. Up from the data, down to a reconstruction, up again: W += rate (h v^T - h' v'^T) / m. Hidden states are drawn on the way down, since
   * they pass on one bit each; everything else uses probabilities, which is less noisy. `uniform` [hidden, m] are the random numbers.
   */
  contrastiveDivergence(v: Matrix, rate: number, uniform: Matrix): void {
    const up = this.hidden(v);
    const reconstruction = this.visible(sample(up, uniform));
    const again = this.hidden(reconstruction);
    const change = rate / v.columns;
    const difference = up.dot(v.transposed).minus(again.dot(reconstruction.transposed));
    this.w = this.w.plus(difference.times(change));
    this.visibleBias = this.visibleBias.plus(v.minus(reconstruction).sums("rows").times(change));
    this.hiddenBias = this.hiddenBias.plus(up.minus(again).sums("rows").times(change));
  }

  /** Up and down between the layers `steps` times: what the machine believes in. Returns visible probabilities. */
  gibbs(v: Matrix, steps: number, random: Random): Matrix {
    let state = v;
    let probabilities = v;
    for (let i = 0; i < steps; i++) {
      const up = this.hidden(state);
      probabilities = this.visible(sample(up, uniformLike(up, random)));
      state = sample(probabilities, uniformLike(probabilities, random));
    }
    return probabilities;
  }
}
