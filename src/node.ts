// Nabla for Node: everything of the portable entry, on Node's threads and files.
import "./distributed/setup.node.ts";

export { cacheFolder } from "./data/cache.node.ts";
export type { DataFile, MnistPart } from "./data/catalogue.ts";
export { loadCifar } from "./data/cifar.node.ts";
export {
  type ClassFolderOptions,
  type ClassFolders,
  classFolders,
  loadClassFolders,
} from "./data/class-folder.node.ts";
export { csvFileRows } from "./data/csv-file.node.ts";
export { type ImageFolderOptions, loadImageFolder } from "./data/idx-folder.node.ts";
export { type ImageFileOptions, readImageFile } from "./data/image-file.node.ts";
export { type ImagesOptions, loadImages } from "./data/images-path.node.ts";
export {
  type DownloadOptions,
  type DownloadProgress,
  downloadMnist,
  findMnist,
  loadMnist as mnist,
  type MnistPlace,
} from "./data/mnist.node.ts";
export { findSst, loadSst, type SentimentTreebank } from "./data/trees/sst.node.ts";
export type { Environment } from "./engine/environment.node.ts";
export * from "./index.ts";
export { type KerasReadOptions, loadKeras, loadTfjs, saveKeras } from "./io/keras.node.ts";
export { loadNpy, loadNpz, saveNpy, saveNpz } from "./io/npy.node.ts";
export { loadPyTorch, savePyTorch } from "./io/pytorch.node.ts";
export { loadSafetensors, openSafetensors, saveSafetensors } from "./io/safetensors.node.ts";
export { listTensors, type TensorListing } from "./io/tensor-entries.node.ts";
export { loadWav, saveWav } from "./io/wav.node.ts";
export type { Look, LookMistake, LookPictures } from "./runs/look.ts";
export { type ReportOptions, report } from "./runs/report.node.ts";
