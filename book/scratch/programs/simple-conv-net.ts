// SimpleConvNet: convolution, ReLU, pooling, affine, ReLU, affine, softmax with loss.
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { Convolution, Pooling } from "./convolution.ts";
import type { Shape } from "./im2col.ts";
import { Affine, type Layer, Relu, SoftmaxWithLoss } from "./layers.ts";
import { classesOf, type Labels } from "./losses.ts";
import { numericalGradient } from "./numerical.ts";
import type { Params } from "./optimizers.ts";

export interface SimpleConvNetOptions {
  /** Default 1x28x28. */
  readonly inputDim?: Shape;
  /** Default 30 filters of 5x5, no padding, stride 1. */
  readonly convParam?: { filterNum: number; filterSize: number; pad: number; stride: number };
  readonly hiddenSize?: number;
  readonly outputSize?: number;
  readonly weightInitStd?: number;
  readonly seed?: number;
  /** See SoftmaxWithLoss. */
  readonly delta?: number;
}

export class SimpleConvNet {
  /** W1, b1 of the convolution (a row a filter), W2, b2 and W3, b3 of the affine layers. */
  readonly params: Params;
  readonly layers: readonly Layer[];
  readonly lastLayer: SoftmaxWithLoss;
  private readonly convolution: Convolution;
  private readonly affine: readonly Affine[];

  constructor(options: SimpleConvNetOptions = {}) {
    const { inputDim = [1, 28, 28] as Shape, hiddenSize = 100, outputSize = 10, weightInitStd = 0.01 } = options;
    const { filterNum, filterSize, pad, stride } = options.convParam ?? {
      filterNum: 30,
      filterSize: 5,
      pad: 0,
      stride: 1,
    };
    const random = new Random(options.seed ?? 0);
    const normal = (rows: number, columns: number) => Matrix.fill(rows, columns, () => random.normal(0, weightInitStd));
    const [W1, b1] = [normal(filterNum, inputDim[0] * filterSize * filterSize), new Matrix(1, filterNum)];
    this.convolution = new Convolution(W1, b1, inputDim, [filterSize, filterSize], stride, pad);
    const pooling = new Pooling(this.convolution.outputShape, [2, 2], 2);
    const pooled = pooling.outputShape.reduce((size, side) => size * side);
    const [W2, b2] = [normal(pooled, hiddenSize), new Matrix(1, hiddenSize)];
    const [W3, b3] = [normal(hiddenSize, outputSize), new Matrix(1, outputSize)];
    this.affine = [new Affine(W2, b2), new Affine(W3, b3)];
    this.params = { W1, b1, W2, b2, W3, b3 };
    this.layers = [this.convolution, new Relu(), pooling, this.affine[0], new Relu(), this.affine[1]];
    this.lastLayer = new SoftmaxWithLoss(options.delta);
  }

  get parameterCount(): number {
    return Object.values(this.params).reduce((sum, { values }) => sum + values.length, 0);
  }

  predict(x: Matrix): Matrix {
    return this.layers.reduce((value, layer) => layer.forward(value), x);
  }

  loss(x: Matrix, t: Labels): number {
    return this.lastLayer.forward(this.predict(x), t);
  }

  accuracy(x: Matrix, t: Labels): number {
    const wanted = classesOf(t);
    return classesOf(this.predict(x)).filter((digit, i) => digit === wanted[i]).length / x.rows;
  }

  numericalGradient(x: Matrix, t: Labels): Params {
    const loss = () => this.loss(x, t);
    return Object.fromEntries(Object.entries(this.params).map(([key, p]) => [key, numericalGradient(loss, p)]));
  }

  gradient(x: Matrix, t: Labels): Params {
    this.loss(x, t);
    let dout = this.lastLayer.backward(1);
    for (const layer of [...this.layers].reverse()) dout = layer.backward(dout);
    const [second, third] = this.affine;
    const { dW: W1, db: b1 } = this.convolution;
    return { W1, b1, W2: second.dW, b2: second.db, W3: third.dW, b3: third.db };
  }
}

/** Parameters of the published book's DeepConvNet, a layer each: six convolutions of 3x3, two affine layers. */
export function deepConvNetParameters(): number[] {
  const filters = [16, 16, 32, 32, 64, 64];
  const convolutions = filters.map((count, l) => count * ((filters[l - 1] ?? 1) * 9 + 1));
  return [...convolutions, (64 * 4 * 4 + 1) * 50, (50 + 1) * 10];
}
