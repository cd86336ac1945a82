// What a run was asked to do, and the model and optimiser that follow from it.

import type { InitialiserName } from "../src/nn/initialisers.ts";
import type { Layer } from "../src/nn/layer.ts";
import { Dense } from "../src/nn/layers/dense.ts";
import { Dropout } from "../src/nn/layers/dropout.ts";
import type { ParametersAccepted } from "../src/nn/model.ts";
import { Sequential } from "../src/nn/sequential.ts";
import { type Optimizer, optimizerByName } from "../src/optim/index.ts";
import type { EpochRecord } from "../src/train/history.ts";
import { type Loss, lossFor } from "../src/train/losses.ts";
import type { DataSums } from "./datasets.ts";

export const HIDDEN_ACTIVATIONS = ["sigmoid", "tanh", "relu"] as const;
export const RUN_LOSSES = ["quadratic", "cross-entropy", "softmax"] as const;
export const RUN_OPTIMIZERS = ["sgd", "momentum", "adam"] as const;
export const RUN_INITS = ["auto", "normal", "scaled", "xavier", "he", "zeros"] as const;
export const RUN_ENGINES = ["auto", "wasm", "native"] as const;

/** A run's settings, as config.json holds them: enough to do it again. */
export interface RunConfig {
  format: "nabla-run";
  version: number;
  /** "mnist", "digits", or a folder's absolute path. */
  dataset: string;
  /** How pictures of one's own were read, where it was asked for: rows and columns in each other's place, brought to a height and width. */
  transpose?: boolean;
  size?: [number, number];
  /** The column of a table that is the class, where it was asked for. */
  label?: string;
  /** SHA-256 of the data that the run learns from; runs of version 1 have none. */
  data?: DataSums;
  /** Outputs of the network; runs of version 1 do not say. */
  classes?: number;
  hidden: number[];
  activation: (typeof HIDDEN_ACTIVATIONS)[number];
  loss: (typeof RUN_LOSSES)[number];
  optimizer: (typeof RUN_OPTIMIZERS)[number];
  lr: number;
  batch: number;
  epochs: number;
  /** Nielsen's lambda: the cost's penalty is (lambda / 2n) sum of w^2. */
  l2: number;
  dropout: number;
  init: (typeof RUN_INITS)[number];
  /** Training samples taken from the front; the rest is for validation. null: all, and no validation. */
  split: number | null;
  seed: number;
  /** The one that the run began on: another rounds differently. Older runs may have "auto". */
  engine: (typeof RUN_ENGINES)[number];
  threads: number | null;
}

/** An epoch's record with the test set's figures. */
export interface RunRecord extends EpochRecord {
  /** There are always classes. */
  accuracy: number;
  testLoss: number;
  testAccuracy: number;
}

/** Learning rate when none is given. */
export const LEARNING_RATES: Record<RunConfig["optimizer"], number> = { sgd: 0.1, momentum: 0.02, adam: 0.001 };

const LOSS_OF = { quadratic: "quadratic", "cross-entropy": "crossEntropy", softmax: "softmaxCrossEntropy" } as const;

export function lossOfRun(config: RunConfig): Loss {
  return lossFor(LOSS_OF[config.loss]);
}

/** Input size, hidden layers, classes. */
export function layerSizesOf(config: RunConfig, inputs: number, classes: number): number[] {
  return [inputs, ...config.hidden, classes];
}

/** Weights as asked for; biases N(0, 1) where the books have them so (normal, scaled), else 0. */
function initialisers(config: RunConfig): { weights?: InitialiserName; bias: InitialiserName } {
  if (config.init === "auto") return { bias: "zeros" };
  const bookish = config.init === "normal" || config.init === "scaled";
  return { weights: config.init, bias: bookish ? "normal" : "zeros" };
}

/** @param accept may throw once the parameters are known, before memory is reserved for them. */
export function modelOfRun(
  config: RunConfig,
  inputs: number,
  classes: number,
  accept?: ParametersAccepted,
): Sequential {
  const init = initialisers(config);
  const layers: Layer[] = [];
  for (const size of config.hidden) {
    layers.push(new Dense(size, { activation: config.activation, ...init }));
    if (config.dropout > 0) layers.push(new Dropout(config.dropout));
  }
  layers.push(new Dense(classes, { activation: config.loss === "softmax" ? "softmax" : "sigmoid", ...init }));
  return new Sequential(layers, { inputShape: [inputs], seed: config.seed }, accept);
}

export function optimizerOfRun(config: RunConfig, samples: number): Optimizer {
  return optimizerByName(config.optimizer, { learningRate: config.lr, weightDecay: config.l2 / samples });
}
