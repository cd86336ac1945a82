// What a trainer can be asked for, and what is refused of it before a run begins.
import { flag, instance, knownOptions, notNegative, share, whole } from "../engine/checks.ts";
import type { OptimizerName } from "../optim/index.ts";
import { Optimizer } from "../optim/optimizer.ts";
import { checkSchedule, type Schedule } from "../optim/schedules.ts";
import { checkObjective, OBJECTIVE_OPTIONS, type ObjectiveOptions } from "./objective.ts";
import { checkParallel, PARALLEL_OPTIONS, type ParallelOptions } from "./parallel.ts";

/** What a trainer works with. */
export interface TrainerOptions extends ObjectiveOptions, ParallelOptions {
  /** By name with its usual learning rate, or made by hand. Default adam. */
  optimizer?: OptimizerName | Optimizer;
  /** Instead of the optimiser's usual learning rate, where it is given by name. */
  learningRate?: number;
  /** As the optimiser's, where it is given by name: gradients are scaled down when their common norm is above this. */
  clipNorm?: number;
  /** As the optimiser's, where it is given by name: each gradient is cut to [-clipValue, clipValue]. */
  clipValue?: number;
  /** Samples a step; default 32. A dataset has batches of its own. */
  batchSize?: number;
  /**
   * Steps whose gradients are gathered for one update: as one step with so many batches in one. The last update of an epoch has those
   * that are left. Default 1.
   */
  accumulate?: number;
  /**
   * Decay of an exponential moving average of the parameters, from 0 up to 1, such as 0.999: after every update
   * a <- decay a + (1 - decay) p. Validation and the callbacks that keep parameters use it, and `fit` ends with it in the model.
   * Default none.
   */
  averageDecay?: number;
  /**
   * Whether every epoch has its own order; default true, and false for a `stateful` model, whose batches follow on one another. A dataset has the
   * order that its own `shuffle` gives it.
   */
  shuffle?: boolean;
  /** Seed of the shuffling; default 0. */
  seed?: number;
  /** The learning rate over time: sets the optimiser's before every update. */
  schedule?: Schedule;
  /**
   * Whether steps may be replayed: the kernels of a step are listed once, their memory is planned, and every step runs them without the
   * JavaScript of layers and loss. Same bits, less time and memory; only where layers and loss are repeatable. Default true.
   */
  replay?: boolean;
}

/** The names of `TrainerOptions`. */
export const TRAINER_OPTIONS = [
  "loss",
  "optimizer",
  "learningRate",
  "batchSize",
  "accumulate",
  "averageDecay",
  "clipNorm",
  "clipValue",
  ...OBJECTIVE_OPTIONS.slice(1),
  ...PARALLEL_OPTIONS,
  "shuffle",
  "seed",
  "schedule",
  "replay",
];

/** Throws for options of training that there are not, or of the wrong type; `own` are those that only this function has. */
export function checkTrainerOptions(owner: string, options: TrainerOptions, own: readonly string[] = []): void {
  knownOptions(owner, options, TRAINER_OPTIONS, own);
  const { optimizer, learningRate, batchSize, shuffle, seed, schedule, replay } = options;
  const { accumulate, averageDecay, clipNorm, clipValue } = options;
  checkObjective(owner, options);
  checkParallel(owner, options);
  if (optimizer !== undefined && typeof optimizer !== "string") {
    instance(owner, "optimizer", optimizer, Optimizer, `a name such as "adam", or an optimiser such as new Adam()`);
    if (learningRate !== undefined) {
      throw new TypeError(
        `${owner}: the optimiser has a learning rate already, ${optimizer.learningRate}; give the rate to it, or its name in its place`,
      );
    }
    if (clipNorm !== undefined || clipValue !== undefined) {
      throw new TypeError(`${owner}: clipNorm and clipValue are the optimiser's where one is given: give them to it`);
    }
  }
  if (learningRate !== undefined) notNegative(owner, "learningRate", learningRate);
  if (accumulate !== undefined) whole(owner, "accumulate", accumulate, 1);
  if (averageDecay !== undefined) share(owner, "averageDecay", averageDecay);
  if (batchSize !== undefined) whole(owner, "batchSize", batchSize, 1);
  if (shuffle !== undefined) flag(owner, "shuffle", shuffle);
  if (seed !== undefined) whole(owner, "seed", seed, 0);
  if (replay !== undefined) flag(owner, "replay", replay);
  if (schedule !== undefined) checkSchedule(owner, schedule);
}
