// What a run was asked to do, and the model and optimiser that follow from it.

import type { ParametersAccepted } from "../src/nn/model.ts";
import { Sequential } from "../src/nn/sequential.ts";
import { type Optimizer, optimizerByName } from "../src/optim/index.ts";
import type { EpochRecord } from "../src/train/history.ts";
import { type Loss, lossFor } from "../src/train/losses.ts";
import type { DataSums } from "./datasets.ts";
import { layersOfRun, type NetworkShape } from "./run-layers.ts";

export const HIDDEN_ACTIVATIONS = ["sigmoid", "tanh", "relu"] as const;
export const RUN_LOSSES = ["quadratic", "cross-entropy", "softmax"] as const;
export const RUN_OPTIMIZERS = ["sgd", "momentum", "adam"] as const;
export const RUN_INITS = ["auto", "normal", "scaled", "xavier", "he", "zeros"] as const;
export const RUN_ENGINES = ["auto", "wasm", "native"] as const;
/** Those that classifiers are trained on. */
export const TRAIN_ENGINES = [...RUN_ENGINES, "webgpu"] as const;

export const RANKS_NORMALIZATION = ["own", "synchronized"] as const;
export const RANKS_GRADIENTS = ["float32", "bfloat16"] as const;

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
  /** Channels, height and width of the pictures that it learns from, where it does; older runs do not say. */
  picture?: readonly number[];
  hidden: number[];
  /** A line of layers in place of `hidden`. */
  layers?: string;
  /** A network by name in place of `hidden`. */
  model?: string;
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
  engine: (typeof TRAIN_ENGINES)[number];
  threads: number | null;
  /** Checkpoints of complete epochs that are kept; default 3. */
  keep?: number;
  /** Steps between checkpoints within an epoch; none where it is left out. */
  saveEvery?: number;
  /** Same bits for any number of ranks, from micro-batches added in a fixed order. */
  deterministic?: boolean;
  /** Micro-batches of a batch; default 12. */
  microBatches?: number;
  /** Batches whose gradients make one update; 1 where it is left out. */
  accumulate?: number;
  /** Of several ranks: whose statistics batch normalisation takes, and how gradients travel. */
  batchNormalization?: (typeof RANKS_NORMALIZATION)[number];
  gradients?: (typeof RANKS_GRADIENTS)[number];
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

/** What the library calls them. */
export const LOSS_OF = {
  quadratic: "quadratic",
  "cross-entropy": "crossEntropy",
  softmax: "softmaxCrossEntropy",
} as const;

export function lossOfRun(config: RunConfig): Loss {
  return lossFor(LOSS_OF[config.loss]);
}

/** @param accept may throw once the parameters are known, before memory is reserved for them. */
export function modelOfRun(config: RunConfig, shape: NetworkShape, accept?: ParametersAccepted): Sequential {
  return new Sequential(layersOfRun(config, shape), { inputShape: [shape.inputs], seed: config.seed }, accept);
}

export function optimizerOfRun(config: RunConfig, samples: number): Optimizer {
  return optimizerByName(config.optimizer, { learningRate: config.lr, weightDecay: config.l2 / samples });
}
