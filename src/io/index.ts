// Files: models and tensors as bytes.
export { loadModel, loadParameters, saveModel } from "./model.ts";
export { readSafetensors, type SafetensorsFile, writeSafetensors } from "./safetensors.ts";
