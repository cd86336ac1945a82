// Training and evaluation.
export type { AreaOptions } from "./area-under-curve.ts";
export { type BeamOptions, beamSearch, type Continuation } from "./beam-search.ts";
export { type Captured, capture, type StepOutput } from "./capture.ts";
export type { ClassMetricOptions } from "./class-metrics.ts";
export { type ConfusionOptions, confusionMatrix } from "./confusion-matrix.ts";
export { type CsvLogOptions, csvLog } from "./csv-log.ts";
export { type DecodeOptions, decode } from "./decode.ts";
export { type EarlyStoppingOptions, earlyStopping } from "./early-stopping.ts";
export { type EvaluateOptions, type Evaluation, evaluate, evaluateAsync } from "./evaluate.ts";
export { NonFiniteLossError } from "./explosion.ts";
export type { EpochFigures, StepInfo } from "./figures.ts";
export { type FitOptions, fit, type RunOptions, runEpochs, splitSamples } from "./fit.ts";
export { type GenerateOptions, generate } from "./generate.ts";
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
  type AccumulatingMetric,
  customMetric,
  METRICS,
  type Metric,
  type MetricAccumulator,
  type MetricFunction,
  type MetricInput,
  type MetricLike,
  type MetricName,
  metric,
  metricFor,
} from "./metrics.ts";
export type { Head, ObjectiveOptions } from "./objective.ts";
export type { DistributedOptions, ParallelOptions } from "./parallel.ts";
export type { PerOutput } from "./per-output.ts";
export { type PredictOptions, predict, predictAll } from "./predict.ts";
export { type ProgressOptions, progress } from "./progress.ts";
export { ranks } from "./ranks.ts";
export type { SamplingOptions } from "./sampling.ts";
export type { TallyState } from "./tally.ts";
export { Trainer } from "./trainer.ts";
export type { TrainerOptions } from "./trainer-options.ts";
export type { TrainerState } from "./trainer-state.ts";
