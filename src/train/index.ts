// Training and evaluation.
export { type EarlyStoppingOptions, earlyStopping } from "./early-stopping.ts";
export { confusionMatrix, type EvaluateOptions, type Evaluation, evaluate, predict } from "./evaluate.ts";
export { NonFiniteLossError } from "./explosion.ts";
export { type FitOptions, fit, type RunOptions, runEpochs, splitSamples } from "./fit.ts";
export type { Callback, EpochRecord, FitContext, History, Monitor } from "./history.ts";
export {
  type CustomLossOptions,
  customLoss,
  LOSSES,
  type Loss,
  type LossFunction,
  type LossLike,
  type LossName,
  lossFor,
} from "./losses.ts";
export {
  customMetric,
  METRICS,
  type Metric,
  type MetricFunction,
  type MetricInput,
  type MetricLike,
  type MetricName,
  metricFor,
} from "./metrics.ts";
export { type ProgressOptions, progress } from "./progress.ts";
export { type StepInfo, Trainer, type TrainerOptions, type TrainerState } from "./trainer.ts";
