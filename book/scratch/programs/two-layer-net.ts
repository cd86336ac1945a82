// A network with one hidden layer, and its gradient twice: by differences, and by backpropagation through its layers.
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { Affine, type Layer, Relu, SoftmaxWithLoss } from "./layers.ts";
import { classesOf, type Labels } from "./losses.ts";
import { numericalGradient } from "./numerical.ts";
import type { Params } from "./optimizers.ts";

export class TwoLayerNet {
  readonly params: Params;
  /** In the order of the forward pass: Affine1, Relu1, Affine2. */
  readonly layers: readonly [Affine, Relu, Affine];
  readonly lastLayer: SoftmaxWithLoss;

  /** Weights N(0, weightInitStd^2), biases 0. `delta`: see SoftmaxWithLoss. */
  constructor(
    inputSize: number,
    hiddenSize: number,
    outputSize: number,
    options: { weightInitStd?: number; seed?: number; delta?: number } = {},
  ) {
    const { weightInitStd = 0.01, seed = 0, delta } = options;
    const random = new Random(seed);
    const weights = (rows: number, columns: number) =>
      Matrix.fill(rows, columns, () => random.normal(0, weightInitStd));
    const W1 = weights(inputSize, hiddenSize);
    const b1 = new Matrix(1, hiddenSize);
    const W2 = weights(hiddenSize, outputSize);
    const b2 = new Matrix(1, outputSize);
    this.params = { W1, b1, W2, b2 };
    this.layers = [new Affine(W1, b1), new Relu(), new Affine(W2, b2)];
    this.lastLayer = new SoftmaxWithLoss(delta);
  }

  /** Scores: softmax would not change which one is largest. */
  predict(x: Matrix): Matrix {
    return (this.layers as readonly Layer[]).reduce((value, layer) => layer.forward(value), x);
  }

  loss(x: Matrix, t: Labels): number {
    return this.lastLayer.forward(this.predict(x), t);
  }

  accuracy(x: Matrix, t: Labels): number {
    const wanted = classesOf(t);
    const given = classesOf(this.predict(x));
    return given.filter((digit, i) => digit === wanted[i]).length / x.rows;
  }

  /** Two forward passes a parameter. */
  numericalGradient(x: Matrix, t: Labels): Params {
    const lossW = () => this.loss(x, t);
    return Object.fromEntries(Object.entries(this.params).map(([key, p]) => [key, numericalGradient(lossW, p)]));
  }

  /** One forward and one backward pass for all parameters. */
  gradient(x: Matrix, t: Labels): Params {
    this.loss(x, t);
    let dout = this.lastLayer.backward(1);
    for (const layer of [...this.layers].reverse()) dout = layer.backward(dout);
    const [affine1, , affine2] = this.layers;
    return { W1: affine1.dW, b1: affine1.db, W2: affine2.dW, b2: affine2.db };
  }
}
