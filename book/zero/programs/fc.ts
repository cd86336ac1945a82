// The same network in matrices, as the third part rewrites it: one object a layer, one matrix product for all of its neurons. Deltas are
// -dE/dnet and gradients dE/dw, as in bp.ts. One defect of the series' program is mended: a layer multiplied the delta that it hands back by
// the derivative of its own activation, which is right only where the layer before has the same one.
import { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import { sigmoid } from "./bp.ts";
import { type CheckedGradient, slopeOf, squaredError } from "./gradient-check.ts";

export interface Activator {
  forward(weightedInput: number): number;
  /** The derivative, from the output: the weighted input is no longer known. */
  backward(output: number): number;
}

export class SigmoidActivator implements Activator {
  forward(weightedInput: number): number {
    return sigmoid(weightedInput);
  }

  backward(output: number): number {
    return output * (1 - output);
  }
}

export class TanhActivator implements Activator {
  forward(weightedInput: number): number {
    return Math.tanh(weightedInput);
  }

  backward(output: number): number {
    return 1 - output * output;
  }
}

export class FullConnectedLayer {
  readonly inputSize: number;
  readonly outputSize: number;
  readonly activator: Activator;
  readonly W: Matrix;
  readonly b: Matrix;
  input: Matrix;
  output: Matrix;
  readonly WGrad: Matrix;
  bGrad: Matrix;

  constructor(inputSize: number, outputSize: number, activator: Activator, random: Random) {
    this.inputSize = inputSize;
    this.outputSize = outputSize;
    this.activator = activator;
    this.W = Matrix.fill(outputSize, inputSize, () => random.uniform(-0.1, 0.1));
    this.b = new Matrix(outputSize, 1);
    this.input = new Matrix(inputSize, 1);
    this.output = new Matrix(outputSize, 1);
    this.WGrad = new Matrix(outputSize, inputSize);
    this.bGrad = new Matrix(outputSize, 1);
  }

  /** a = f(W x + b) */
  forward(inputArray: Matrix): Matrix {
    this.input = inputArray;
    this.output = this.W.dot(inputArray)
      .plus(this.b)
      .map((net) => this.activator.forward(net));
    return this.output;
  }

  /** Takes this layer's delta and keeps the gradients: dE/dW = -delta x^T, dE/db = -delta. */
  calcGradient(deltaArray: Matrix): void {
    this.bGrad = deltaArray.map((delta) => -delta);
    outer(this.bGrad, this.input, this.WGrad);
  }

  /** Equation 8: the delta of the layer before, whose activation is `before` and whose output is this layer's input. */
  backward(deltaArray: Matrix, before: Activator): Matrix {
    return this.W.transposed.dot(deltaArray).times(this.input.map((output) => before.backward(output)));
  }

  /** Equations 9 and 10, against the gradient. */
  update(learningRate: number): void {
    subtract(this.W, this.WGrad, learningRate);
    subtract(this.b, this.bGrad, learningRate);
  }
}

/** a b^T into `result`. Like the update below it writes in place: a new matrix for every step would take longer than the step. */
function outer({ values: a }: Matrix, { values: b }: Matrix, { values: result }: Matrix): void {
  for (let i = 0, at = 0; i < a.length; i++) for (let j = 0; j < b.length; j++, at++) result[at] = a[i] * b[j];
}

/** values -= rate * gradient */
function subtract({ values }: Matrix, { values: gradient }: Matrix, rate: number): void {
  for (let i = 0; i < values.length; i++) values[i] -= rate * gradient[i];
}

export class Network {
  readonly layers: FullConnectedLayer[];

  /** `layers`: how many nodes each layer has. `activators`: one for each but the inputs; sigmoid where left out. */
  constructor(layers: readonly number[], random: Random, activators: readonly Activator[] = []) {
    const usual = new SigmoidActivator();
    this.layers = layers
      .slice(1)
      .map((size, i) => new FullConnectedLayer(layers[i], size, activators[i] ?? usual, random));
  }

  /** Sizes of all layers, inputs first. */
  get sizes(): number[] {
    return [this.layers[0].inputSize, ...this.layers.map(({ outputSize }) => outputSize)];
  }

  /** (inputs + 1) * outputs, summed over the layers. */
  get parameterCount(): number {
    return this.layers.reduce((sum, { inputSize, outputSize }) => sum + (inputSize + 1) * outputSize, 0);
  }

  predict(sample: ArrayLike<number>): Float64Array {
    let output = Matrix.column(sample);
    for (const layer of this.layers) output = layer.forward(output);
    return output.values;
  }

  /** Labels come first, as in the series. */
  train(
    labels: readonly ArrayLike<number>[],
    dataSet: readonly ArrayLike<number>[],
    rate: number,
    epoch: number,
  ): void {
    for (let i = 0; i < epoch; i++) {
      for (let d = 0; d < dataSet.length; d++) this.trainOneSample(labels[d], dataSet[d], rate);
    }
  }

  trainOneSample(label: ArrayLike<number>, sample: ArrayLike<number>, rate: number): void {
    this.predict(sample);
    this.calcGradient(label);
    this.updateWeight(rate);
  }

  /** From the outputs of the last `predict`. */
  calcGradient(label: ArrayLike<number>): void {
    const last = this.layers[this.layers.length - 1];
    let delta = Matrix.column(label)
      .minus(last.output)
      .times(last.output.map((output) => last.activator.backward(output)));
    for (let i = this.layers.length - 1; i >= 0; i--) {
      this.layers[i].calcGradient(delta);
      if (i > 0) delta = this.layers[i].backward(delta, this.layers[i - 1].activator);
    }
  }

  updateWeight(rate: number): void {
    for (const layer of this.layers) layer.update(rate);
  }
}

/** Every weight's and bias's gradient for one sample, layer by layer, the weights of a layer before its biases. */
export function gradientCheck(
  network: Network,
  sampleFeature: ArrayLike<number>,
  sampleLabel: ArrayLike<number>,
  epsilon = 1e-4,
): CheckedGradient[] {
  network.predict(sampleFeature);
  network.calcGradient(sampleLabel);
  const error = () => squaredError(network.predict(sampleFeature), sampleLabel);
  return network.layers.flatMap(({ W, b, WGrad, bGrad }) =>
    [
      [W.values, WGrad.values],
      [b.values, bGrad.values],
    ].flatMap(([values, gradients]) =>
      Array.from(gradients, (actual, i) => {
        const write = (value: number) => {
          values[i] = value;
        };
        return { expected: slopeOf(error, () => values[i], write, epsilon), actual };
      }),
    ),
  );
}
