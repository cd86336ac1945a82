// The stacked network without a framework: h1 = ReLU(x W1 + b1), h2 = ReLU(h1 W2 + b2), o = h2 W3 + b3 in rows, a sample a row, and its
// gradients derived by hand. What the gradient tape finds by itself is written out here.
import { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";

export interface LinearLayer {
  /** W [inputs, outputs] */
  w: Matrix;
  /** b [1, outputs] */
  b: Matrix;
}

/** Y = X W + b: X [b, d_in], W [d_in, d_out], b a row that is added to every sample. */
export function linear(x: Matrix, { w, b }: LinearLayer): Matrix {
  return x.dot(w).plus(b);
}

export function relu(x: Matrix): Matrix {
  return x.map((value) => Math.max(0, value));
}

export class StackedNetwork {
  readonly layers: LinearLayer[];

  /** `sizes`: inputs, then the outputs of each layer. Weights uniform after Glorot, biases 0. */
  constructor(sizes: readonly number[], random: Random) {
    this.layers = sizes.slice(1).map((outputs, i) => {
      const limit = Math.sqrt(6 / (sizes[i] + outputs));
      return { w: Matrix.fill(sizes[i], outputs, () => random.uniform(-limit, limit)), b: new Matrix(1, outputs) };
    });
  }

  /** What each layer gives: ReLU after all but the last. */
  forward(x: Matrix): Matrix[] {
    const outputs: Matrix[] = [];
    this.layers.forEach((layer, i) => {
      const z = linear(outputs[i - 1] ?? x, layer);
      outputs.push(i === this.layers.length - 1 ? z : relu(z));
    });
    return outputs;
  }

  /** sum(square(o - y)) / b */
  loss(x: Matrix, y: Matrix): number {
    const difference = this.forward(x).at(-1)!.minus(y);
    return difference.times(difference).sum() / x.rows;
  }

  /**
   * The loss's gradients. At the output dL/do = 2 (o - y) / b; through a layer z = x W + b: dL/dW = x^T dL/dz, dL/db = sum over samples of
   * dL/dz, dL/dx = dL/dz W^T; through the ReLU dL/dz = dL/dh where h > 0.
   */
  gradients(x: Matrix, y: Matrix): LinearLayer[] {
    const outputs = this.forward(x);
    let delta = outputs
      .at(-1)!
      .minus(y)
      .times(2 / x.rows);
    const gradients: LinearLayer[] = [];
    for (let i = this.layers.length - 1; i >= 0; i--) {
      const input = i === 0 ? x : outputs[i - 1];
      gradients.unshift({ w: input.transposed.dot(delta), b: delta.sums("columns") });
      if (i > 0) {
        delta = delta.dot(this.layers[i].w.transposed).times(outputs[i - 1].map((h) => (h > 0 ? 1 : 0)));
      }
    }
    return gradients;
  }

  /** One step of gradient descent. */
  step(x: Matrix, y: Matrix, rate: number): void {
    this.gradients(x, y).forEach(({ w, b }, i) => {
      this.layers[i].w = this.layers[i].w.minus(w.times(rate));
      this.layers[i].b = this.layers[i].b.minus(b.times(rate));
    });
  }
}
