// Supervised fine-tuning: a network for classes whose hidden layers start from pre-trained ones, or at random.
import { Dense, evaluate, fit, type Samples, Sequential, SGD, tensor } from "nabla";
import type { DigitSet } from "../../mnist.ts";
import type { TensorLayer } from "./pretraining.ts";

/** Sigmoid layers below a softmax. Random weights are Glorot's, which suit sigmoid units, and the output layer always starts so. */
export function buildClassifier(
  sizes: readonly number[],
  seed: number,
  start: readonly TensorLayer[] = [],
): Sequential {
  const layers = sizes.slice(1).map((units) => new Dense(units, { activation: "sigmoid" }));
  const model = new Sequential([...layers, new Dense(10, { activation: "softmax" })], {
    inputShape: [sizes[0]],
    seed,
  });
  start.forEach(({ weights, bias }, i) => {
    model.parameters[2 * i].assign(weights);
    model.parameters[2 * i + 1].assign(bias);
  });
  return model;
}

/** So many labelled images, equally many of each digit: the first of each class in the order of the file from `from` on. */
export function labelledImages(set: DigitSet, count: number, from = 0): Samples {
  const left = new Array<number>(10).fill(count / 10);
  const chosen: number[] = [];
  for (let i = from; i < set.count && chosen.length < count; i++) {
    if (left[set.labels[i]] > 0) {
      left[set.labels[i]] -= 1;
      chosen.push(i);
    }
  }
  const images = new Float32Array(784 * count);
  chosen.forEach((index, at) => {
    images.set(set.images.subarray(784 * index, 784 * (index + 1)), 784 * at);
  });
  return {
    x: tensor(images, { shape: [count, 784] }),
    y: tensor(Int32Array.from(chosen, (index) => set.labels[index])),
  };
}

export interface FineTuneOptions {
  readonly labelled: Samples;
  readonly test: Samples;
  readonly epochs: number;
  readonly batchSize: number;
  readonly rate: number;
  readonly seed: number;
}

/** Backpropagation through the whole network. Returns the test accuracy after the last epoch. */
export async function fineTune(model: Sequential, options: FineTuneOptions): Promise<number> {
  await fit(model, options.labelled, {
    epochs: options.epochs,
    batchSize: options.batchSize,
    loss: "softmaxCrossEntropy",
    optimizer: new SGD({ learningRate: options.rate }),
    seed: options.seed,
  });
  return evaluate(model, options.test).accuracy;
}
