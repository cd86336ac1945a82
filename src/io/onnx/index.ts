// ONNX: models in the exchange format of the other frameworks. An entry of its own, `nabla/onnx`: who does not use it does not load it.
export { describeOnnx, type OnnxSummary, type OnnxValueSummary } from "./describe.ts";
export { type ExportOnnxOptions, exportOnnx } from "./export/export.ts";
export type { OnnxAttribute, OnnxElement, OnnxSymbol } from "./export/graph.ts";
export type { OnnxLayerExport, OnnxScope } from "./export/scope.ts";
export type { OnnxReadOptions } from "./further-files.ts";
export { type OnnxData, OnnxGraph, type OnnxPort, readOnnx } from "./graph.ts";
export { type ImportOnnxOptions, importOnnx, OnnxModel } from "./import/model.ts";
export type { ElementData, ElementType, OnnxTensor } from "./onnx-tensor.ts";
export { type OnnxWeights, onnxWeights } from "./weights.ts";
