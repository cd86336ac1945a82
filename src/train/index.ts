// Training and evaluation.
export { confusionMatrix, type EvaluateOptions, type Evaluation, evaluate, predict } from "./evaluate.ts";
export {
  type Callback,
  type EpochRecord,
  earlyStopping,
  type FitContext,
  type FitOptions,
  fit,
  type History,
  type Monitor,
  runEpochs,
  splitSamples,
} from "./fit.ts";
export { LOSSES, type Loss, type LossName, lossFor } from "./losses.ts";
export { METRICS, type Metric, type MetricInput, type MetricName, metricFor } from "./metrics.ts";
export { NonFiniteLossError, type StepInfo, Trainer, type TrainerOptions, type TrainerState } from "./trainer.ts";
