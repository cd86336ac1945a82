// Nabla for every JavaScript engine, the browser included: nothing here or below imports from node:.
import "./engine/configure.ts";
import "./ops/methods.ts";

export { backward } from "./autograd/backward.ts";
export {
  checkGradients,
  expectGradients,
  type GradientCheck,
  type GradientCheckOptions,
  numericalGradient,
} from "./autograd/check.ts";
export { checkpoint, customGradient } from "./autograd/custom.ts";
export {
  GradientTape,
  type GradOptions,
  grad,
  jvp,
  noGrad,
  stopGradient,
  type TensorFunction,
  valueAndGrad,
  vjp,
} from "./autograd/grad.ts";
export { hessian, hessianVectorProduct, jacobian } from "./autograd/second.ts";
export {
  augment,
  type CropOptions,
  type CutoutOptions,
  type ElasticOptions,
  type FlipOptions,
} from "./data/augment/augment.ts";
export type { Augmentation, AugmentOptions, FillOptions } from "./data/augment/pictures.ts";
export { type AnySamples, EpochOrder, type Samples } from "./data/batches.ts";
export { type CifarOptions, readCifar } from "./data/cifar.ts";
export { type CsvOptions, type CsvRow, csvRows, type TextChunks } from "./data/csv.ts";
export type { Batched } from "./data/dataset/collate.ts";
export {
  type BatchOptions,
  type BucketOptions,
  Dataset,
  type PaddingOptions,
  type ShuffleOptions,
} from "./data/dataset/dataset.ts";
export { DatasetIterator, type DatasetState } from "./data/dataset/iteration.ts";
export type { AnyIterable, DatasetSource } from "./data/dataset/sources.ts";
export type { ElementContext } from "./data/dataset/stage.ts";
export type { MapFunction } from "./data/dataset/stages.ts";
export {
  type DigitPiece,
  type DigitString,
  type DigitStringOptions,
  type ReadPictures,
  readDigitString,
} from "./data/digit-string.ts";
export { type DigitPart, digits, drawDigits } from "./data/digits.ts";
export { fitAsMnist } from "./data/fit-image.ts";
export { type IdxArray, type IdxType, readIdx, writeIdx } from "./data/idx.ts";
export type { ImageSet, TrainAndTest } from "./data/image-set.ts";
export type { Picture } from "./data/picture.ts";
export { imagesFromCsv } from "./data/pixel-csv.ts";
export { imageDataset, toSamples } from "./data/samples.ts";
export {
  type MinMaxOptions,
  MinMaxScaler,
  type ScalerConfig,
  StandardScaler,
  scalerFromConfig,
} from "./data/scalers.ts";
export { type StreamOptions, textStreams } from "./data/streams.ts";
export {
  type ColumnConfig,
  type ColumnKind,
  type EncodedRow,
  type TableConfig,
  TableEncoder,
  type TableOptions,
} from "./data/table-encoder.ts";
export { formatTree, type LabelledTree, parseTrees, type TreebankOptions } from "./data/trees/treebank.ts";
export {
  type SpecialToken,
  type TextLevel,
  Vocabulary,
  type VocabularyConfig,
  type VocabularyOptions,
} from "./data/vocabulary.ts";
export { textWindows, type WindowOptions } from "./data/windows.ts";
export {
  configureEngine,
  type EngineName,
  type EngineOptions,
  engineStatus,
  startEngine,
} from "./engine/configure.ts";
export type { Bytes, DType, TypedArray } from "./engine/dtype.ts";
export type { EngineStatus, FusedActivation } from "./engine/engine.ts";
export { type OperationProfile, Profiler, startProfiling, type TraceEvent } from "./engine/profile.ts";
export { onEngineWarning } from "./engine/warning.ts";
export type { WebGpuStatus } from "./engine/webgpu/status.ts";
export * from "./io/index.ts";
export * from "./nn/index.ts";
export * from "./ops/index.ts";
export * from "./optim/index.ts";
export {
  arange,
  eye,
  full,
  fullLike,
  linspace,
  ones,
  onesLike,
  tensor,
  zeros,
  zerosLike,
} from "./tensor/create.ts";
export { type MemoryReport, memory, prefetch } from "./tensor/memory.ts";
export { Generator, type RandomOptions, type RandomState } from "./tensor/random.ts";
export type { Shape } from "./tensor/shape.ts";
export { keep, type NestedArray, scope, Tensor, type TensorLike } from "./tensor/tensor.ts";
export * from "./train/index.ts";
