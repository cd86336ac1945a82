// `nabla model convert`: from one file of a network, or of its weights, to another, and what is lost on the way.
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { writeFileAtomically } from "../src/data/atomic.node.ts";
import { explain } from "../src/data/file.node.ts";
import type { Bytes } from "../src/engine/dtype.ts";
import { saveModel } from "../src/io/model.ts";
import { writeNpz } from "../src/io/npz.ts";
import { exportOnnx } from "../src/io/onnx/export/export.ts";
import { type OnnxWeights, onnxWeights } from "../src/io/onnx/weights.ts";
import { writePyTorch } from "../src/io/pytorch-write.ts";
import { writeSafetensors } from "../src/io/safetensors.ts";
import type { Model } from "../src/nn/model.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { UsageError, UserError } from "./errors.ts";
import { endingOf, type ModelFile, messageOf, openModelFile } from "./model-files.ts";
import { counted, tensorCount } from "./model-show.ts";

interface ConvertOptions {
  dtype?: "float32" | "float64";
  json?: boolean;
}

/** A file to be written, and what of the one before is in it and what is not. */
interface Conversion {
  readonly bytes: Bytes;
  readonly kept: readonly string[];
  readonly lost: readonly string[];
}

/** What tensors are written to. */
const TENSOR_WRITERS: Readonly<
  Record<string, (tensors: Readonly<Record<string, Tensor>>, metadata: Readonly<Record<string, string>>) => Bytes>
> = {
  ".safetensors": (tensors, metadata) => writeSafetensors(tensors, metadata),
  ".npz": (tensors) => writeNpz(tensors),
  ".pt": (tensors) => writePyTorch(tensors),
  ".pth": (tensors) => writePyTorch(tensors),
};

const WRITABLE = [...Object.keys(TENSOR_WRITERS), ".onnx"];

export function addConvertCommand(model: Command): void {
  model
    .command("convert")
    .description(
      "Converts a network, or its weights, to another format, told by the endings; says what was kept and what was lost.",
    )
    .argument(
      "<from>",
      "a model (.safetensors, .onnx), weights (.safetensors, .npz, .pt, .h5, .keras, model.json), or the folder of a run",
    )
    .argument("<to>", "the file to write: .onnx, .safetensors, .npz or .pt")
    .addOption(
      new Option("--dtype <type>", "element type in an ONNX file; default: the model's").choices([
        "float32",
        "float64",
      ]),
    )
    .option("--json", "print one JSON object as the last line on standard output")
    .action(async (from: string, to: string, options: ConvertOptions) => {
      const ending = endingOf(to);
      if (!WRITABLE.includes(ending)) {
        throw new UsageError(
          `${to}: can't write a file of this kind; there are ${WRITABLE.join(", ")}, told by their endings`,
        );
      }
      if (resolve(from) === resolve(to))
        throw new UsageError(`${from} would be written over itself; name another file`);
      const file = await openModelFile(from, (line) => process.stderr.write(`${line}\n`));
      const made = convert(from, file, to, options);
      try {
        await writeFileAtomically(to, made.bytes);
      } catch (error) {
        throw new UserError(`${to} can't be written: ${explain(error)}`, { cause: error });
      }
      const { kept, lost } = made;
      const size = statSync(to).size;
      if (options.json) process.stdout.write(`${JSON.stringify({ from, to, bytes: size, kept, lost })}\n`);
      else {
        const list = (what: string, all: readonly string[]): string =>
          all.map((each, i) => `${(i === 0 ? what : "").padEnd(6)}${each}\n`).join("");
        process.stdout.write(`wrote ${to}, ${counted(size, "byte")}\n${list("kept", kept)}${list("lost", lost)}`);
      }
    });
}

function convert(from: string, file: ModelFile, to: string, options: ConvertOptions): Conversion {
  const ending = endingOf(to);
  try {
    if (ending === ".onnx") return toOnnx(from, file, options);
    if (options.dtype !== undefined) throw new UsageError("--dtype is for ONNX files");
    if (file.kind === "onnx") return fromOnnx(from, file.bytes, file.externalData, ending);
    if (file.kind === "tensors") return ofTensors(file.tensors, file.metadata, ending);
    if (ending === ".safetensors") {
      const kept = [networkText(file.model), ...textNames(file.metadata)];
      return { bytes: saveModel(file.model, file.metadata), kept, lost: moreText(file.more) };
    }
    const { bytes, kept, lost } = ofTensors(parametersOf(file.model), file.metadata, ending);
    return { bytes, kept, lost: ["the architecture", ...lost, ...moreText(file.more)] };
  } catch (error) {
    throw error instanceof UserError ? error : new UserError(messageOf(from, error), { cause: error });
  }
}

function toOnnx(from: string, file: ModelFile, { dtype }: ConvertOptions): Conversion {
  if (file.kind === "onnx") throw new UsageError(`${from} is an ONNX file already`);
  if (file.kind === "tensors") {
    const why =
      file.remark === undefined ? "holds tensors and no architecture" : `can't be read as a model: ${file.remark}`;
    throw new UserError(
      `${from} ${why}; an ONNX file needs a network. Build it in a program, loadParameters fills it, and exportOnnx writes it.`,
    );
  }
  const { model, metadata, more } = file;
  const bytes = exportOnnx(model, { metadata, ...(dtype && { dtype }) });
  const lost = ["what layers do while training only (dropout, noise)", "initialisers, penalties and constraints"];
  return { bytes, kept: [networkText(model), ...textNames(metadata)], lost: [...lost, ...moreText(more)] };
}

function fromOnnx(
  from: string,
  bytes: Uint8Array,
  externalData: Readonly<Record<string, Uint8Array>>,
  ending: string,
): Conversion {
  const { tensors, left, metadata }: OnnxWeights = onnxWeights(bytes, { name: from, externalData });
  const made = ofTensors(tensors, metadata, ending);
  const rest =
    left.length === 0
      ? []
      : [`${counted(left.length, "constant")} that no tensor here can hold or that are no weights, such as ${left[0]}`];
  return { ...made, lost: ["the graph: operators, inputs and outputs", ...rest, ...made.lost] };
}

function ofTensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>>,
  ending: string,
): Conversion {
  const texts = textNames(metadata);
  const holdsTexts = ending === ".safetensors";
  return {
    bytes: TENSOR_WRITERS[ending](tensors, metadata),
    kept: [tensorCount(Object.values(tensors)), ...(holdsTexts ? texts : [])],
    lost: holdsTexts ? [] : texts,
  };
}

function parametersOf(model: Model): Record<string, Tensor> {
  return Object.fromEntries(model.named.map(({ name, parameter }) => [name, parameter.tensor]));
}

function networkText(model: Model): string {
  return `the network: ${counted(model.layers.length, "layer")}, ${counted(model.parameterCount, "parameter")}`;
}

function textNames(metadata: Readonly<Record<string, string>>): string[] {
  const names = Object.keys(metadata);
  return names.length === 0 ? [] : [`texts: ${names.join(", ")}`];
}

function moreText(more: readonly string[]): string[] {
  return more.length === 0 ? [] : [`${counted(more.length, "tensor")} of the training, such as ${more[0]}`];
}
