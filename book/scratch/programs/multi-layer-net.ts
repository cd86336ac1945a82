// Fully connected networks of any depth: MultiLayerNet with weight decay, MultiLayerNetExtend with batch normalisation and dropout too.
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { BatchNormalization } from "./batch-normalization.ts";
import { Affine, Dropout, type Layer, Relu, Sigmoid, SoftmaxWithLoss } from "./layers.ts";
import { classesOf, type Labels } from "./losses.ts";
import { numericalGradient } from "./numerical.ts";
import type { Params } from "./optimizers.ts";

export interface MultiLayerNetOptions {
  activation?: "relu" | "sigmoid";
  /**
   * A standard deviation; "relu" or "he": sqrt(2 / inputs); "sigmoid" or "xavier": sqrt(1 / inputs). Default "relu".
   */
  weightInitStd?: number | "relu" | "he" | "sigmoid" | "xavier";
  /** Adds half of it times the sum of all squared weights to the loss. */
  weightDecayLambda?: number;
  seed?: number;
  /** See SoftmaxWithLoss. */
  delta?: number;
}

export interface MultiLayerNetExtendOptions extends MultiLayerNetOptions {
  useBatchnorm?: boolean;
  useDropout?: boolean;
  /** The book writes dropout_ration. */
  dropoutRatio?: number;
}

/** Standard deviation of the weights behind `inputs` units. */
export function weightScale(init: NonNullable<MultiLayerNetOptions["weightInitStd"]>, inputs: number): number {
  if (typeof init === "number") return init;
  return Math.sqrt((init === "relu" || init === "he" ? 2 : 1) / inputs);
}

export class MultiLayerNetExtend {
  /** W1, b1, ..., and gamma1, beta1, ... of the hidden layers with batch normalisation. */
  readonly params: Params = {};
  readonly affine: readonly Affine[];
  readonly batchNorm: readonly BatchNormalization[];
  readonly dropout: readonly Dropout[];
  readonly lastLayer: SoftmaxWithLoss;
  private readonly layers: readonly Layer[];
  private readonly weightDecayLambda: number;

  constructor(
    inputSize: number,
    hiddenSizeList: readonly number[],
    outputSize: number,
    options: MultiLayerNetExtendOptions = {},
  ) {
    const { activation = "relu", weightInitStd = "relu", weightDecayLambda = 0, seed = 0 } = options;
    const random = new Random(seed);
    const sizes = [inputSize, ...hiddenSizeList, outputSize];
    const layers: Layer[] = [];
    const affine: Affine[] = [];
    const batchNorm: BatchNormalization[] = [];
    const dropout: Dropout[] = [];
    for (let index = 1; index < sizes.length; index++) {
      const [inputs, outputs] = [sizes[index - 1], sizes[index]];
      const scale = weightScale(weightInitStd, inputs);
      const W = (this.params[`W${index}`] = Matrix.fill(inputs, outputs, () => random.normal(0, scale)));
      const b = (this.params[`b${index}`] = new Matrix(1, outputs));
      affine.push(new Affine(W, b));
      layers.push(affine[index - 1]);
      if (index === sizes.length - 1) break;
      if (options.useBatchnorm) {
        const gamma = (this.params[`gamma${index}`] = Matrix.fill(1, outputs, () => 1));
        const beta = (this.params[`beta${index}`] = new Matrix(1, outputs));
        batchNorm.push(new BatchNormalization(gamma, beta));
        layers.push(batchNorm[index - 1]);
      }
      layers.push(activation === "relu" ? new Relu() : new Sigmoid());
      if (options.useDropout) {
        dropout.push(new Dropout(options.dropoutRatio ?? 0.5, new Random(seed + 1000 * index)));
        layers.push(dropout[index - 1]);
      }
    }
    this.layers = layers;
    this.affine = affine;
    this.batchNorm = batchNorm;
    this.dropout = dropout;
    this.lastLayer = new SoftmaxWithLoss(options.delta);
    this.weightDecayLambda = weightDecayLambda;
  }

  predict(x: Matrix, trainFlag = false): Matrix {
    return this.layers.reduce((value, layer) => layer.forward(value, trainFlag), x);
  }

  /** Cross-entropy + lambda / 2 times the sum of W^2. */
  loss(x: Matrix, t: Labels, trainFlag = false): number {
    const decay = this.affine.reduce((sum, { W }) => sum + 0.5 * this.weightDecayLambda * W.norm() ** 2, 0);
    return this.lastLayer.forward(this.predict(x, trainFlag), t) + decay;
  }

  accuracy(x: Matrix, t: Labels): number {
    const wanted = classesOf(t);
    const given = classesOf(this.predict(x, false));
    return given.filter((digit, i) => digit === wanted[i]).length / x.rows;
  }

  numericalGradient(x: Matrix, t: Labels): Params {
    const lossW = () => this.loss(x, t, true);
    return Object.fromEntries(Object.entries(this.params).map(([key, p]) => [key, numericalGradient(lossW, p)]));
  }

  gradient(x: Matrix, t: Labels): Params {
    this.loss(x, t, true);
    let dout = this.lastLayer.backward(1);
    for (const layer of [...this.layers].reverse()) dout = layer.backward(dout);
    const grads: Params = {};
    this.affine.forEach(({ W, dW, db }, i) => {
      grads[`W${i + 1}`] = dW.plus(W.map((w) => this.weightDecayLambda * w));
      grads[`b${i + 1}`] = db;
    });
    this.batchNorm.forEach(({ dgamma, dbeta }, i) => {
      grads[`gamma${i + 1}`] = dgamma;
      grads[`beta${i + 1}`] = dbeta;
    });
    return grads;
  }
}

/** Without batch normalisation and dropout. */
export class MultiLayerNet extends MultiLayerNetExtend {
  constructor(
    inputSize: number,
    hiddenSizeList: readonly number[],
    outputSize: number,
    options: MultiLayerNetOptions = {},
  ) {
    super(inputSize, hiddenSizeList, outputSize, options);
  }
}
