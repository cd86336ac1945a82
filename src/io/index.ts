// Files: models and tensors as bytes.
export { type BestCheckpointOptions, bestCheckpoint } from "./best-checkpoint.ts";
export { loadModel, loadParameters, saveModel } from "./model.ts";
export { readSafetensors, type SafetensorsFile, writeSafetensors } from "./safetensors.ts";
export { type LoadedTraining, loadTraining, type SaveTrainingOptions, saveTraining } from "./training.ts";
export { type TransferOptions, type TransferReport, transfer } from "./transfer.ts";
