// network3.py by hand: a network of layers, and its mini-batch stochastic gradient descent with the book's own log lines. The data are not
// shuffled; what is left over of a mini-batch is left out. L2 weighs lambda / 2 times the sum of squared weights over the number of mini-batches,
// where network2 divides by the number of images: lambda = 0.1 here is network2's 1.0 at mini-batches of 10. Mended: without test data the book's
// last line fails, because no test accuracy was ever taken; here that line is left out.
import { Matrix } from "../../matrix.ts";
import type { DigitSet } from "../../mnist.ts";
import type { Layer, SoftmaxLayer } from "./network3-layers.ts";

export interface SgdResult {
  readonly bestValidationAccuracy: number;
  readonly bestIteration: number;
  /** At the best validation accuracy; undefined without test data. */
  readonly testAccuracy: number | undefined;
  /** A number an epoch. */
  readonly validationAccuracies: number[];
  /** A number a mini-batch. */
  readonly costs: number[];
}

export class Network {
  readonly layers: readonly Layer[];
  readonly miniBatchSize: number;

  /** The last layer is the softmax. */
  constructor(layers: readonly [...Layer[], SoftmaxLayer], miniBatchSize: number) {
    this.layers = layers;
    this.miniBatchSize = miniBatchSize;
  }

  get last(): SoftmaxLayer {
    return this.layers[this.layers.length - 1] as SoftmaxLayer;
  }

  get parameterCount(): number {
    return this.layers.reduce((sum, { w, b }) => sum + w.values.length + b.values.length, 0);
  }

  /** 0.5 lambda sum w^2 / mini-batches, added to the log-likelihood. */
  cost(x: Matrix, y: readonly number[], lmbda = 0, numTrainingBatches = 1): number {
    this.forwardDropout(x);
    const squares = this.layers.reduce((sum, { w }) => sum + w.norm() ** 2, 0);
    return this.last.cost(y) + (0.5 * lmbda * squares) / numTrainingBatches;
  }

  private forwardDropout(x: Matrix): void {
    this.layers.reduce((inpt, layer) => {
      layer.setInptDropout(inpt);
      return layer.outputDropout;
    }, x);
  }

  /** Leaves dC/dw and dC/db of the log-likelihood in the layers; returns the cost without L2. */
  backprop(x: Matrix, y: readonly number[]): number {
    this.forwardDropout(x);
    const cost = this.last.cost(y);
    this.layers.reduceRight((dOutput, layer) => layer.backprop(dOutput), this.last.costGradient(y));
    return cost;
  }

  updateMiniBatch(x: Matrix, y: readonly number[], eta: number, lmbda: number, numTrainingBatches: number): number {
    const cost = this.backprop(x, y);
    for (const { w, b, dw, db } of this.layers) {
      const decay = lmbda / numTrainingBatches;
      for (let i = 0; i < w.values.length; i++) w.values[i] -= eta * (dw.values[i] + decay * w.values[i]);
      for (let i = 0; i < b.values.length; i++) b.values[i] -= eta * db.values[i];
    }
    return cost;
  }

  /** Share of the digits that are right, over whole mini-batches, as the book takes it. */
  accuracy(data: DigitSet): number {
    const batches = Math.floor(size(data) / this.miniBatchSize);
    let sum = 0;
    for (let j = 0; j < batches; j++) {
      const { x, y } = miniBatch(data, j, this.miniBatchSize);
      this.layers.reduce((inpt, layer) => {
        layer.setInpt(inpt);
        return layer.output;
      }, x);
      sum += this.last.accuracy(y);
    }
    return sum / batches;
  }

  SGD(
    trainingData: DigitSet,
    epochs: number,
    miniBatchSize: number,
    eta: number,
    validationData: DigitSet,
    testData?: DigitSet,
    lmbda = 0,
    print: (line: string) => void = () => {},
  ): SgdResult {
    const numTrainingBatches = Math.floor(size(trainingData) / miniBatchSize);
    const result = { validationAccuracies: [] as number[], costs: [] as number[] };
    let [bestValidationAccuracy, bestIteration] = [0, 0];
    let testAccuracy: number | undefined;
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (let index = 0; index < numTrainingBatches; index++) {
        const iteration = numTrainingBatches * epoch + index;
        if (iteration % 1000 === 0) print(`Training mini-batch number ${iteration}`);
        const { x, y } = miniBatch(trainingData, index, miniBatchSize);
        result.costs.push(this.updateMiniBatch(x, y, eta, lmbda, numTrainingBatches));
        if ((iteration + 1) % numTrainingBatches !== 0) continue;
        const accuracy = this.accuracy(validationData);
        result.validationAccuracies.push(accuracy);
        print(`Epoch ${epoch}: validation accuracy ${percent(accuracy)}`);
        if (accuracy < bestValidationAccuracy) continue;
        print("This is the best validation accuracy to date.");
        [bestValidationAccuracy, bestIteration] = [accuracy, iteration];
        if (testData === undefined) continue;
        testAccuracy = this.accuracy(testData);
        print(`The corresponding test accuracy is ${percent(testAccuracy)}`);
      }
    }
    print("Finished training network.");
    print(`Best validation accuracy of ${percent(bestValidationAccuracy)} obtained at iteration ${bestIteration}`);
    if (testAccuracy !== undefined) print(`Corresponding test accuracy of ${percent(testAccuracy)}`);
    return { ...result, bestValidationAccuracy, bestIteration, testAccuracy };
  }
}

/** Python's {:.2%}. */
function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}

export function size(data: DigitSet): number {
  return data.count;
}

/** Mini-batch `index`: images as rows, and their digits. */
export function miniBatch(data: DigitSet, index: number, miniBatchSize: number): { x: Matrix; y: number[] } {
  const [from, to] = [index * miniBatchSize, (index + 1) * miniBatchSize];
  const pixels = data.images.length / data.count;
  return {
    x: new Matrix(miniBatchSize, pixels, data.images.subarray(from * pixels, to * pixels)),
    y: Array.from(data.labels.subarray(from, to)),
  };
}
