// The three-layer network with thresholds, trained by backpropagation a sample at a time, as the text derives it: inputs x, hidden units y,
// outputs o, all units sigmoid, E = 1/2 sum (d - o)^2.
import type { Random } from "../../random.ts";
import { sigmoid } from "./activations.ts";

export class ThreeLayerNetwork {
  /** w[j][i]: from input i to hidden unit j. */
  readonly w: number[][];
  /** v[k][j]: from hidden unit j to output k. */
  readonly v: number[][];
  /** A unit fires as far as its weighted sum exceeds its threshold. */
  readonly hiddenThresholds: number[];
  readonly outputThresholds: number[];

  constructor(inputs: number, hidden: number, outputs: number, random: Random) {
    const draw = (rows: number, columns: number) =>
      Array.from({ length: rows }, () => Array.from({ length: columns }, () => random.uniform(-1, 1)));
    this.w = draw(hidden, inputs);
    this.v = draw(outputs, hidden);
    this.hiddenThresholds = Array.from({ length: hidden }, () => random.uniform(-1, 1));
    this.outputThresholds = Array.from({ length: outputs }, () => random.uniform(-1, 1));
  }

  /** y_j = f(sum_i w_ji x_i - threshold_j), and the outputs likewise from y. */
  forward(x: readonly number[]): { y: number[]; o: number[] } {
    const layer = (weights: number[][], thresholds: number[], input: readonly number[]) =>
      weights.map((row, j) => sigmoid.f(row.reduce((sum, weight, i) => sum + weight * input[i], -thresholds[j])));
    const y = layer(this.w, this.hiddenThresholds, x);
    return { y, o: layer(this.v, this.outputThresholds, y) };
  }

  /** E = 1/2 sum_k (d_k - o_k)^2 */
  error(x: readonly number[], d: readonly number[]): number {
    return this.forward(x).o.reduce((sum, o, k) => sum + (d[k] - o) ** 2 / 2, 0);
  }

  /** The error signals: delta_k = (d_k - o_k) o_k (1 - o_k), and delta_j = (sum_k delta_k v_kj) y_j (1 - y_j). */
  deltas(x: readonly number[], d: readonly number[]): { y: number[]; output: number[]; hidden: number[] } {
    const { y, o } = this.forward(x);
    const output = o.map((ok, k) => (d[k] - ok) * ok * (1 - ok));
    const hidden = y.map((yj, j) => output.reduce((sum, dk, k) => sum + dk * this.v[k][j], 0) * yj * (1 - yj));
    return { y, output, hidden };
  }

  /** dv_kj = eta delta_k y_j, dw_ji = eta delta_j x_i; a threshold counts as a weight of the input -1. */
  train(x: readonly number[], d: readonly number[], eta: number): void {
    const { y, output, hidden } = this.deltas(x, d);
    const update = (weights: number[][], thresholds: number[], deltas: number[], input: readonly number[]) => {
      deltas.forEach((signal, j) => {
        for (let i = 0; i < input.length; i++) weights[j][i] += eta * signal * input[i];
        thresholds[j] -= eta * signal;
      });
    };
    update(this.v, this.outputThresholds, output, y);
    update(this.w, this.hiddenThresholds, hidden, x);
  }
}
