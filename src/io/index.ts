// Files: models and tensors as bytes.
export { type BestCheckpointOptions, bestCheckpoint } from "./best-checkpoint.ts";
export type { BlobLike, ByteSource } from "./byte-source.ts";
export type { WideIntegers } from "./elements.ts";
export { type PyTorchParametersOptions, pyTorchParameters } from "./foreign/export.ts";
export { type KerasParametersOptions, kerasParameters } from "./foreign/export-keras.ts";
export type { ForeignLibrary } from "./foreign/load.ts";
export type { H5Wasm } from "./hdf5.ts";
export { type KerasModel, type KerasModelOptions, kerasModel } from "./keras/model.ts";
export { readKeras } from "./keras-file.ts";
export { writeKeras } from "./keras-write.ts";
export {
  type LazySafetensors,
  openSafetensors,
  readSafetensorsIndex,
  type SafetensorsIndex,
  type TensorEntry,
} from "./lazy-safetensors.ts";
export { type LoadParametersOptions, loadModel, loadParameters, saveModel } from "./model.ts";
export { type NpyReadOptions, type NpyType, type NpyWriteOptions, readNpy, writeNpy } from "./npy.ts";
export { type NpzReadOptions, type NpzWriteOptions, readNpz, writeNpz } from "./npz.ts";
export { type PyTorchFile, type PyTorchReadOptions, readPyTorch } from "./pytorch.ts";
export { type PyTorchWriteOptions, writePyTorch } from "./pytorch-write.ts";
export {
  readSafetensors,
  type SafetensorsFile,
  type SafetensorsReadOptions,
  type SafetensorsWriteOptions,
  type TensorFile,
  writeSafetensors,
} from "./safetensors.ts";
export { readTfjs, tfjsFiles } from "./tfjs.ts";
export { type LoadedTraining, loadTraining, type SaveTrainingOptions, saveTraining } from "./training.ts";
export { type TransferOptions, type TransferReport, transfer } from "./transfer.ts";
export { readWav, type Wav, type WavFormat, type WavWriteOptions, writeWav } from "./wav.ts";
