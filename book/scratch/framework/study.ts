// The networks of chapters 5 and 6 on the framework, and their training as the book does it: so many iterations, each on a mini-batch drawn
// at random from all images.
import {
  Activation,
  BatchNormalization,
  backward,
  Dense,
  Dropout,
  evaluate,
  type Initialiser,
  type Layer,
  type Optimizer,
  random,
  type Samples,
  Sequential,
  scope,
  softmaxCrossEntropy,
  tensor,
  zeros,
} from "nabla";
import type { DigitSet, Mnist } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { type MultiLayerNetExtendOptions, weightScale } from "../programs/multi-layer-net.ts";
import type { Params } from "../programs/optimizers.ts";

export interface NetworkOptions extends Omit<MultiLayerNetExtendOptions, "weightDecayLambda" | "delta"> {
  /** Units of each layer, inputs and outputs included. */
  readonly sizes: readonly number[];
  readonly dtype?: "float32" | "float64";
}

/** MultiLayerNetExtend on the framework. Weight decay is the optimiser's. */
export function buildNetwork(options: NetworkOptions): Sequential {
  const { sizes, activation = "relu", weightInitStd = "relu", seed = 0, dtype } = options;
  const weights: Initialiser = ({ shape, generator, fanIn, dtype: type }) =>
    random.normal(shape, 0, weightScale(weightInitStd, fanIn), { generator, dtype: type });
  const layers: Layer[] = [];
  for (const units of sizes.slice(1, -1)) {
    if (options.useBatchnorm) {
      layers.push(new Dense(units, { weights }), new BatchNormalization({ momentum: 0.9, epsilon: 1e-6 }));
      layers.push(new Activation(activation));
    } else layers.push(new Dense(units, { weights, activation }));
    if (options.useDropout) layers.push(new Dropout(options.dropoutRatio ?? 0.5, "atTest"));
  }
  layers.push(new Dense(sizes[sizes.length - 1], { weights, activation: "softmax" }));
  const model = new Sequential(layers, { inputShape: [sizes[0]], seed, dtype });
  // The book's running variance starts at 0, the framework's at 1.
  for (const parameter of model.parameters) {
    if (!parameter.name.endsWith("runningVariance")) continue;
    scope(() => parameter.assign(zeros(parameter.shape, model.dtype)));
  }
  return model;
}

/** W1, b1, gamma1, beta1, ... of a network by hand, into the model of the same architecture. */
export function copyParams(params: Params, model: Sequential): void {
  let index = 0;
  for (const parameter of model.parameters) {
    const kind = parameter.name.split(".")[2];
    if (!(kind in SHORT)) continue;
    if (kind === "weights") index += 1;
    const { values } = params[`${SHORT[kind]}${index}`];
    scope(() => parameter.assign(tensor(values, { shape: parameter.shape, dtype: model.dtype })));
  }
}

const SHORT: Readonly<Record<string, string>> = { weights: "W", bias: "b", gamma: "gamma", beta: "beta" };

/** The images drawn for one iteration, with repetition, as NumPy's `random.choice` draws them. */
export function drawBatch(generator: Random, count: number, batchSize: number): number[] {
  return Array.from({ length: batchSize }, () => generator.below(count));
}

export interface TrainOptions {
  readonly model: Sequential;
  readonly optimizer: Optimizer;
  readonly training: Samples;
  readonly iterations: number;
  readonly batchSize: number;
  /** Of the mini-batches. */
  readonly seed: number;
  /** After every so many iterations, from 1. */
  readonly every?: number;
  readonly onPoint?: (iteration: number) => void;
}

/** Trains, and returns the loss of every mini-batch before its update. A loss that is not finite is recorded like any other. */
export function trainByIterations(options: TrainOptions): number[] {
  const { model, optimizer, training, iterations, batchSize, every = 0 } = options;
  const generator = new Random(options.seed);
  const losses: number[] = [];
  for (let i = 1; i <= iterations; i++) {
    scope(() => {
      const rows = tensor(Int32Array.from(drawBatch(generator, training.x.shape[0], batchSize)));
      const loss = softmaxCrossEntropy(model.logits(training.x.get(rows), { training: true }), training.y.get(rows));
      losses.push(loss.item());
      model.block.clearGradients();
      backward(loss);
      optimizer.step(model.block);
    });
    if (every > 0 && i % every === 0) options.onPoint?.(i);
  }
  return losses;
}

/** Accuracy on several sets after every `every` iterations. */
export function trainAndMeasure(
  options: Omit<TrainOptions, "onPoint"> & { readonly every: number; readonly sets: Readonly<Record<string, Samples>> },
): { losses: number[]; points: number[]; accuracy: Record<string, number[]> } {
  const points: number[] = [];
  const accuracy: Record<string, number[]> = Object.fromEntries(Object.keys(options.sets).map((name) => [name, []]));
  const losses = trainByIterations({
    ...options,
    onPoint: (iteration) => {
      points.push(iteration);
      for (const [name, set] of Object.entries(options.sets)) {
        accuracy[name].push(evaluate(options.model, set).accuracy);
      }
    },
  });
  return { losses, points, accuracy };
}

/** All 60,000 training images, as the book loads them. */
export function allTraining({ training, validation }: Mnist): DigitSet {
  const images = new Float32Array(training.images.length + validation.images.length);
  images.set(training.images);
  images.set(validation.images, training.images.length);
  const labels = Uint8Array.from([...training.labels, ...validation.labels]);
  return { images, labels, count: labels.length };
}
