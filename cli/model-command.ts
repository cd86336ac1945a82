// `nabla model`: what files of networks hold, from one format to another, and running them.
import type { Command } from "commander";
import { commandName } from "./command-name.ts";
import { examples } from "./help.ts";
import { addConvertCommand } from "./model-convert.ts";
import { addRunCommand } from "./model-run.ts";
import { addShowCommand } from "./model-show.ts";

const help = (name: string): string => `
Examples:
${examples([
  [`${name} model show digits.onnx`, "inputs, outputs, operators, weights, and what a run costs"],
  [`${name} model convert runs/digits-1 digits.onnx`, "a trained network for ONNX Runtime and others"],
  [`${name} model convert resnet.onnx resnet.safetensors`, "its weights alone"],
  [`${name} model run digits.onnx --input x.npy --output y.npy`, "from an array of NumPy's to another"],
])}

Kinds of files are told by their endings: .safetensors (Nabla's models and training files, and tensors of others), .onnx, .npz (NumPy),
.pt, .pth, .bin, .ckpt (PyTorch), .h5, .keras (Keras; with the package h5wasm), model.json (TensorFlow.js); a folder is a run's.`;

export function addModelCommand(program: Command): void {
  const model = program
    .command("model")
    .summary("show, convert and run files of networks")
    .description("Shows what files of networks hold, converts them, and runs them on arrays.")
    .addHelpText("after", () => help(commandName()));
  addShowCommand(model);
  addConvertCommand(model);
  addRunCommand(model);
}
