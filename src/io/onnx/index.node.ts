// The entry `nabla/onnx` in Node: everything of the portable one, and files.
export * from "./index.ts";
export { loadOnnx } from "./load.node.ts";
export { saveOnnx } from "./save.node.ts";
