// The textbook's program: three fully connected layers on MNIST, trained once with a gradient tape and once with `fit`.
import {
  Dense,
  evaluate,
  fit,
  GradientTape,
  type Loss,
  type LossName,
  type Optimizer,
  type Samples,
  Sequential,
  SGD,
  scope,
  softmaxCrossEntropy,
  type Tensor,
  updateTensors,
} from "nabla";
import type { Both } from "../../experiment.ts";
import { BATCH, batches, inRows, type Loaded } from "./data.ts";

/** The spec of the textbook is silent about the rate; 0.01 is what its other programs use and what Keras takes by default. */
export const LEARNING_RATE = 0.01;

/** What it costs that the rate lies so near the largest one. */
export const AT_THE_EDGE: Both = {
  en: " At a rate of 0.01 the first steps diverge from four starts in twenty (seeds 5, 12, 14 and 15, with the smallest batches 16 too): no claim holds then.",
  zh: "学习率为 0.01 时，二十个初值中有四个（种子 5、12、14、15，批最小时还有 16）头几步就发散，此时没有论断成立。",
};

/** 784 -> 256 ReLU -> 128 ReLU -> 10; weights as Keras starts them, uniform after Glorot, biases 0. */
export function buildModel(seed: number, output: "linear" | "softmax" = "linear"): Sequential {
  const weights = "xavierUniform";
  return new Sequential(
    [
      new Dense(256, { activation: "relu", weights }),
      new Dense(128, { activation: "relu", weights }),
      new Dense(10, { activation: output, weights }),
    ],
    { inputShape: [784], seed },
  );
}

/** The linear model of the chapter's first part. It starts from 0: one layer has no hidden units that must begin differently. */
export function buildLinearModel(seed: number): Sequential {
  return new Sequential([new Dense(10, { weights: "zeros" })], { inputShape: [784], seed });
}

/** sum(square(out - y)) / b: summed over the outputs, divided by the batch. */
export function sumOfSquares(out: Tensor, y: Tensor): Tensor {
  return out.sub(y).square().sum().div(out.shape[0]);
}

/** The same for `fit` and `evaluate`. */
export const squaredError: Loss = { name: "sumOfSquares", targets: "values", compute: sumOfSquares };

/** One step of the program, y one-hot. Returns the loss before the step. */
export function trainStep(
  model: Sequential,
  optimizer: Optimizer,
  { x, y }: Samples,
  lossOf: (out: Tensor, y: Tensor) => Tensor = sumOfSquares,
): number {
  return scope(() => {
    const variables = model.trainableVariables;
    const tape = new GradientTape();
    const loss = tape.record(variables, () => {
      const out = model.call(x.reshape([-1, 784]));
      return lossOf(out, y);
    });
    const gradients = tape.gradient(loss, variables);
    updateTensors(optimizer, variables, gradients);
    return loss.item();
  });
}

/** What a run records: the mean training loss of each epoch, as it was trained, and the accuracy on the test set after it. */
export interface Curve {
  readonly model: Sequential;
  readonly loss: number[];
  readonly accuracy: number[];
}

export interface TrainOptions {
  readonly train: Loaded;
  readonly test: Loaded;
  readonly epochs: number;
  readonly seed: number;
  readonly learningRate?: number;
  /** Default 512. */
  readonly batchSize?: number;
  readonly log?: (line: string) => void;
}

/** Epochs of the loop that the textbook writes. `cross` takes cross-entropy of the outputs in place of the squared error. */
export function trainWithTape(options: TrainOptions, lossName: "squared" | "cross" = "squared"): Curve {
  const { train, test, epochs, learningRate = LEARNING_RATE, batchSize = BATCH } = options;
  const model = buildModel(options.seed);
  const optimizer = new SGD({ learningRate });
  const curve: Curve = { model, loss: [], accuracy: [] };
  const lossOf = lossName === "squared" ? sumOfSquares : softmaxCrossEntropy;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    let total = 0;
    for (const batch of batches(train, batchSize))
      total += trainStep(model, optimizer, batch, lossOf) * batch.x.shape[0];
    curve.loss.push(total / train.x.shape[0]);
    curve.accuracy.push(evaluate(model, inRows(test), { loss: squaredError }).accuracy);
    options.log?.(`epoch ${epoch}: loss ${curve.loss.at(-1)!.toFixed(4)}, test ${curve.accuracy.at(-1)!.toFixed(4)}`);
  }
  return curve;
}

/** The same training by `fit`, for any model: the batches keep the order of the file. */
export async function trainWithFit(
  options: TrainOptions,
  model: Sequential = buildModel(options.seed),
  loss: Loss | LossName = squaredError,
): Promise<Curve> {
  const { train, test, epochs, learningRate = LEARNING_RATE, batchSize = BATCH } = options;
  const curve: Curve = { model, loss: [], accuracy: [] };
  await fit(model, inRows(train), {
    epochs,
    batchSize,
    shuffle: false,
    loss,
    optimizer: new SGD({ learningRate }),
    callbacks: [
      {
        onEpochEnd(record) {
          curve.loss.push(record.loss);
          curve.accuracy.push(evaluate(model, inRows(test), { loss }).accuracy);
          options.log?.(
            `epoch ${record.epoch}: loss ${record.loss.toFixed(4)}, test ${curve.accuracy.at(-1)!.toFixed(4)}`,
          );
        },
      },
    ],
  });
  return curve;
}
