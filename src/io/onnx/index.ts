// ONNX: models in the exchange format of the other frameworks. An entry of its own, `nabla/onnx`: who does not use it does not load it.
export type { ElementData, ElementType, OnnxTensor } from "./onnx-tensor.ts";
