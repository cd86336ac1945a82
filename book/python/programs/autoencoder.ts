// The autoencoder by hand: a hidden layer that must keep enough of its input to give it back, and a stack of them. Samples are columns.
import { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import { sigmoid } from "./activations.ts";

const logistic = (z: Matrix) => z.map(sigmoid.f);

/** Weights and bias of one layer upward: [outputs, inputs] and a column. */
export interface LayerStart {
  readonly w: Matrix;
  readonly b: Matrix;
}

export class Autoencoder {
  /** [hidden, visible] and a column. */
  encoderWeights: Matrix;
  encoderBias: Matrix;
  /** [visible, hidden] and a column. */
  decoderWeights: Matrix;
  decoderBias: Matrix;

  constructor(visible: number, hidden: number, random: Random) {
    const deviation = Math.sqrt(2 / (visible + hidden));
    const draw = (rows: number, columns: number) => Matrix.fill(rows, columns, () => random.normal(0, deviation));
    this.encoderWeights = draw(hidden, visible);
    this.encoderBias = new Matrix(hidden, 1);
    this.decoderWeights = draw(visible, hidden);
    this.decoderBias = new Matrix(visible, 1);
  }

  /** h = sigmoid(W v + b) */
  encode(v: Matrix): Matrix {
    return logistic(this.encoderWeights.dot(v).plus(this.encoderBias));
  }

  /** v' = sigmoid(W' h + b') */
  decode(h: Matrix): Matrix {
    return logistic(this.decoderWeights.dot(h).plus(this.decoderBias));
  }

  /** Cross-entropy of the reconstruction, summed over the inputs, mean over samples. */
  cost(v: Matrix): number {
    const z = this.decoderWeights.dot(this.encode(v)).plus(this.decoderBias);
    // ln(1 + e^z) - v z, written so that e^z can't overflow.
    return z.zip(v, (a, t) => Math.max(a, 0) - a * t + Math.log1p(Math.exp(-Math.abs(a)))).sum() / v.columns;
  }

  /** One step down the gradient: backpropagation with the input as its own target. */
  step(v: Matrix, rate: number): void {
    const h = this.encode(v);
    const outer = this.decode(h).minus(v);
    const inner = this.decoderWeights.transposed.dot(outer).times(h.map((value) => value * (1 - value)));
    const change = rate / v.columns;
    this.decoderWeights = this.decoderWeights.minus(outer.dot(h.transposed).times(change));
    this.decoderBias = this.decoderBias.minus(outer.sums("rows").times(change));
    this.encoderWeights = this.encoderWeights.minus(inner.dot(v.transposed).times(change));
    this.encoderBias = this.encoderBias.minus(inner.sums("rows").times(change));
  }
}

/** Columns `from` up to `to` of a matrix. */
export function columnsOf(m: Matrix, from: number, to: number): Matrix {
  const stop = Math.min(to, m.columns);
  return Matrix.fill(m.rows, stop - from, (i, j) => m.at(i, from + j));
}

export interface PretrainOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly rate: number;
}

/** Autoencoders trained one after another, each on what the one below makes of the data. */
export class StackedAutoencoder {
  readonly layers: Autoencoder[];

  /** `sizes`: visible units, then those of each hidden layer. */
  constructor(sizes: readonly number[], random: Random) {
    this.layers = sizes.slice(1).map((hidden, i) => new Autoencoder(sizes[i], hidden, random));
  }

  pretrain(v: Matrix, { epochs, batchSize, rate }: PretrainOptions): void {
    let input = v;
    for (const layer of this.layers) {
      for (let epoch = 0; epoch < epochs; epoch++) {
        for (let from = 0; from < input.columns; from += batchSize) {
          layer.step(columnsOf(input, from, from + batchSize), rate);
        }
      }
      input = layer.encode(input);
    }
  }

  encode(v: Matrix): Matrix {
    return this.layers.reduce((h, layer) => layer.encode(h), v);
  }

  /** Down again through all decoders. */
  decode(h: Matrix): Matrix {
    return this.layers.reduceRight((v, layer) => layer.decode(v), h);
  }

  /** What a network for classes starts from. */
  upward(): LayerStart[] {
    return this.layers.map(({ encoderWeights, encoderBias }) => ({ w: encoderWeights, b: encoderBias }));
  }
}
