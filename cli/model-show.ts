// `nabla model show`: what a file holds.
import type { Command } from "commander";
import { describeOnnx, type OnnxSummary, type OnnxValueSummary } from "../src/io/onnx/describe.ts";
import type { Model } from "../src/nn/model.ts";
import { UserError } from "./errors.ts";
import { type ModelFile, messageOf, openModelFile, type TensorEntry } from "./model-files.ts";

/** Rows of a list, and texts of a line, are cut beyond so many. */
const [MOST_ROWS, MOST_TEXT] = [200, 100];

export function addShowCommand(model: Command): void {
  model
    .command("show")
    .description("Shows what a file holds: layers, operators, inputs, outputs, parameters, tensors.")
    .argument(
      "<file>",
      "a model (.safetensors, .onnx), weights (.safetensors, .npz, .pt, .h5, .keras, model.json), or the folder of a run",
    )
    .option("--all", "list everything, however long it is")
    .option("--json", "print one JSON object as the last line on standard output")
    .action(async (path: string, options: { all?: boolean; json?: boolean }) => {
      const file = await openModelFile(path, (line) => process.stderr.write(`${line}\n`), {
        namesOnly: true,
      });
      const most = options.all ? Number.POSITIVE_INFINITY : MOST_ROWS;
      if (options.json) process.stdout.write(`${JSON.stringify({ file: path, ...asJson(path, file) })}\n`);
      else process.stdout.write(`${asText(path, file, most).join("\n")}\n`);
    });
}

/** Who writes tensors in a format, where that is one program. */
const WRITERS: Readonly<Record<string, string>> = {
  npz: " of NumPy",
  pytorch: " of PyTorch's",
  keras: " of Keras",
  tfjs: " of TensorFlow.js",
};

function summaryOf(path: string, bytes: Uint8Array): OnnxSummary {
  try {
    return describeOnnx(bytes, path);
  } catch (error) {
    throw new UserError(messageOf(path, error), { cause: error });
  }
}

function asJson(path: string, file: ModelFile): object {
  switch (file.kind) {
    case "onnx": {
      const summary = summaryOf(path, file.bytes);
      return { format: "onnx", ...summary, operators: Object.fromEntries(summary.operators) };
    }
    case "model": {
      const { model, metadata, more } = file;
      return {
        ...{ format: file.format, dtype: model.dtype, parameters: model.parameterCount, metadata },
        ...{ inputs: portsOf(model.inputs), outputs: portsOf(model.outputs), layers: model.summaryRows() },
        tensors: model.named.map(({ name, parameter }) => ({ name, shape: parameter.shape, dtype: model.dtype })),
        otherTensors: more,
      };
    }
    case "tensors":
      return {
        ...{ format: file.format, metadata: file.metadata },
        tensors: file.entries,
        ...(file.remark && { remark: file.remark }),
      };
  }
}

function portsOf(ports: Model["inputs"] | Model["outputs"]): object[] {
  return ports.map(({ name, shape }) => ({ name, shape: [null, ...shape] }));
}

function asText(path: string, file: ModelFile, most: number): string[] {
  switch (file.kind) {
    case "onnx":
      return onnxText(path, summaryOf(path, file.bytes), most);
    case "model": {
      const { model, more } = file;
      const what = {
        run: "the network of a run",
        nabla: "a model of Nabla's",
        keras: "a model of Keras",
        tfjs: "a model of TensorFlow.js",
      }[file.format];
      return [
        `${path}: ${what}, ${model.dtype}`,
        model.summary(),
        ...(more.length > 0 ? [`beside the parameters: ${more.length} tensors, such as ${more[0]}`] : []),
        ...textsOf(file.metadata),
      ];
    }
    case "tensors": {
      return [
        `${path}: ${tensorCount(file.entries)}${WRITERS[file.format] ?? ""}`,
        ...(file.remark === undefined ? [] : [`not read as a model: ${file.remark}`]),
        ...table(
          file.entries.map(({ name, shape, dtype }) => [name, shapeText(shape), dtype]),
          most,
        ),
        ...textsOf(file.metadata),
      ];
    }
  }
}

/** `12 tensors, 3,400 numbers` */
export function tensorCount(all: readonly Pick<TensorEntry, "shape">[]): string {
  const numbers = all.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);
  return `${counted(all.length, "tensor")}, ${counted(numbers, "number")}`;
}

/** `1 layer`, `2 layers` */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}

function onnxText(path: string, summary: OnnxSummary, most: number): string[] {
  const { producer, irVersion, opsets, inputs, outputs, operators, constants } = summary;
  const sets = Object.entries(opsets).map(([domain, version]) => `${domain} ${version}`);
  const cost = summary.multiplyAdds;
  const wide = Math.max(...[...inputs, ...outputs].map(({ name }) => name.length));
  const port = (what: string, value: OnnxValueSummary): string =>
    `${what.padEnd(8)}${value.name.padEnd(wide)}  ${value.type ?? "no tensor"} ${shapeText(value.shape)}`;
  return [
    `${path}: ONNX, IR version ${irVersion ?? "?"}, operators ${sets.join(", ")}${producer === "" ? "" : `, written by ${producer}`}`,
    ...inputs.map((value) => port("input", value)),
    ...outputs.map((value) => port("output", value)),
    `${counted(summary.parameters, "parameter")} in ${counted(constants.length, "constant")}`,
    cost === null
      ? "multiply-adds: the file does not say the shapes that they depend on"
      : `${counted(cost, "multiply-add")} for one sample`,
    "",
    ...table(
      operators.map(([name, count]) => [name, String(count)]),
      most,
    ),
    "",
    ...table(
      constants.map(({ name, shape, type }) => [name, shapeText(shape), type ?? "?"]),
      most,
    ),
    ...(summary.externalFiles.length > 0 ? [`weights in further files: ${summary.externalFiles.join(", ")}`] : []),
    ...textsOf(summary.metadata),
  ];
}

/** `(batch, 3, 224, 224)` */
export function shapeText(shape: readonly (number | string | null)[] | undefined): string {
  if (shape === undefined) return "of any shape";
  return `(${shape.map((length) => length ?? "any").join(", ")}${shape.length === 1 ? "," : ""})`;
}

/** Columns, left-aligned; the rest is counted. */
function table(rows: readonly (readonly string[])[], most: number): string[] {
  const shown = rows.slice(0, most);
  const widths = shown[0]?.map((_, column) => Math.max(...shown.map((row) => row[column].length))) ?? [];
  const lines = shown.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join("  ")
      .trimEnd(),
  );
  return rows.length > most ? [...lines, `and ${rows.length - most} more; --all lists them`] : lines;
}

function textsOf(metadata: Readonly<Record<string, string>>): string[] {
  return Object.entries(metadata).map(([key, value]) => {
    const line = value.replaceAll(/\s+/g, " ");
    return `${key}: ${line.length > MOST_TEXT ? `${line.slice(0, MOST_TEXT)}...` : line}`;
  });
}
