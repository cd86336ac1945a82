// A model as the bytes of an ONNX file.
import packageJson from "../../../../package.json" with { type: "json" };
import { callable, fields, knownOptions, oneOf, text } from "../../../engine/checks.ts";
import type { Bytes } from "../../../engine/dtype.ts";
import type { BaseLayer } from "../../../nn/base-layer.ts";
import { RecurrentLayer } from "../../../nn/layers/recurrent.ts";
import { checkModel, type Model } from "../../../nn/model.ts";
import type { Parameter } from "../../../nn/parameters.ts";
import type { OpenShape } from "../../../nn/shapes.ts";
import { OnnxModel } from "../import/model.ts";
import { writeModelProto } from "../proto/file.ts";
import { GraphBuilder, type OnnxDimension } from "./graph.ts";
import { rewritten } from "./rewrite.ts";
import { exportLayer, exportModel } from "./run.ts";
import type { OnnxLayerExport, OnnxRun } from "./scope.ts";

/** What `exportOnnx` takes beside the model. */
export interface ExportOnnxOptions {
  /** What the graph is called; default: the model's name. */
  name?: string;
  /** Texts beside the model: class names, training figures. */
  metadata?: Readonly<Record<string, string>>;
  /** Element type of the numbers; default: the model's. */
  dtype?: "float32" | "float64";
  /** Exports of layers of your own, by their type. */
  layers?: Readonly<Record<string, OnnxLayerExport>>;
}

const OPTIONS = ["name", "metadata", "dtype", "layers"];

/** What is written: IR version 8, and operators as of version 17. */
const [IR_VERSION, OPSET] = [8, 17];

/** A file of Protocol Buffers can't be longer. */
const LONGEST = 2 ** 31 - 1;

/**
 * The model as an ONNX file (opset 17, IR version 8), for ONNX Runtime and whatever else reads the format. It computes what the model computes when it
 * is not training: layers that act while training only are left out, batch normalisation uses its running statistics. Masks become part of the graph.
 *
 * Inputs and outputs have the names that they have in the model; their first axis, the batch, is called "batch", and open lengths have names, too.
 * A network that came from an ONNX file (`importOnnx`) goes back as it came, operator set and all, with the parameters that it has by now.
 *
 * Weights have the names of the model's parameters where they are stored as they are. A recurrent layer that is stateful gets an input more for each of
 * its states and an output, NAME.next, with what it becomes: pass zeros first, and then what came out. Where ONNX Runtime computes an operator in
 * float32 only, a float64 model does so, too.
 * @throws Error naming every layer that can't be put as ONNX and why, or a file that would be larger than 2 GiB; TypeError for options of the wrong type.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2, { activation: "softmax" })], { inputShape: [3], seed: 1 });
 * const bytes = exportOnnx(model, { metadata: { classes: "cat, dog" } });
 * bytes instanceof Uint8Array; // true
 * ```
 */
export function exportOnnx(model: Model, options: ExportOnnxOptions = {}): Bytes {
  const owner = "exportOnnx";
  checkModel(owner, model);
  knownOptions(owner, options, OPTIONS);
  const { metadata = {}, layers = {} } = options;
  const name = options.name === undefined ? model.name : text(owner, "name", options.name);
  const float = oneOf(owner, "dtype", options.dtype ?? (model.dtype as "float32"), ["float32", "float64"]);
  fields(owner, "metadata", metadata);
  for (const [key, value] of Object.entries(metadata)) text(owner, `metadata ${JSON.stringify(key)}`, value);
  fields(owner, "layers", layers);
  for (const [type, own] of Object.entries(layers)) callable(owner, `layers: ${JSON.stringify(type)}`, own);
  if (model instanceof OnnxModel) return again(owner, model, options, metadata);
  const run: OnnxRun = {
    ...{ graph: new GraphBuilder(), float, batch: batchOf(model), own: layers },
    names: new Map<Parameter, string>(model.named.map(({ name, parameter }) => [parameter, name])),
    ...{ parameters: new Map(), states: new Map(), problems: [], layer: exportLayer },
  };
  const shapes = model.inputs.map(({ shape }) => shape);
  const axes = namesOfAxes(model);
  const inputs = model.inputs.map(({ name, shape, dtype }, i) =>
    run.graph.input(name, dtype === "int32" ? "int32" : float, [run.batch, ...named(shape, axes[i])]),
  );
  const result = exportModel(run, model, { inputs, shapes, masks: inputs.map(() => null) });
  if (run.problems.length > 0) {
    const list = [...new Set(run.problems)].map((problem) => `\n  ${problem}`);
    throw new Error(`${owner}: ${count(list.length, "layer")} can't be put as ONNX:${list.join("")}`);
  }
  const open = openOutputs(model, axes);
  model.outputs.forEach(({ name, shape }, i) => {
    run.graph.output(name, result.outputs[i], [run.batch, ...named(shape, open[i])]);
  });
  for (const { name, dimensions, current } of run.states.values()) {
    run.graph.output(`${name}.next`, current, dimensions);
  }
  const message = {
    ...{ irVersion: IR_VERSION, opsetImport: [{ domain: "", version: OPSET }] },
    ...{ producerName: "nabla", producerVersion: packageJson.version, graph: run.graph.finish(name) },
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  };
  return checked(owner, writeModelProto(message));
}

/** A network from a file, with the file's graph and its own parameters. */
function again(
  owner: string,
  model: OnnxModel,
  { name, dtype = model.dtype as "float32" }: ExportOnnxOptions,
  metadata: Readonly<Record<string, string>>,
): Bytes {
  if (dtype === model.dtype) return checked(owner, writeModelProto(rewritten(owner, model, { name, metadata })));
  throw new TypeError(`${owner}: a network that came from an ONNX file keeps its element types; leave dtype out`);
}

function checked(owner: string, bytes: Bytes): Bytes {
  if (bytes.length <= LONGEST) return bytes;
  throw new RangeError(`${owner}: the file would have ${bytes.length} bytes, and the format allows ${LONGEST}`);
}

function count(number: number, what: string): string {
  return number === 1 ? `1 ${what}` : `${number} ${what}s`;
}

/** The length of the batch: any, unless a stateful layer is for batches of one size. */
function batchOf(model: Model): OnnxDimension {
  const open: BaseLayer[] = [model];
  for (let layer = open.pop(); layer !== undefined; layer = open.pop()) {
    if (layer instanceof RecurrentLayer && layer.stateful) {
      // [layers, batch, units]
      return layer.localParameters().find(({ path }) => path === "state")!.parameter.shape[1]!;
    }
    open.push(...layer.children);
  }
  return "batch";
}

/** Names of the axes of one input by their number. */
const AXES: readonly (readonly string[])[] = [["length"], ["time", "features"], ["channels", "height", "width"]];

/** For each input the names of its axes, with the input's own where there are several inputs with open lengths. */
function namesOfAxes(model: Model): readonly (readonly string[])[] {
  const open = model.inputs.filter(({ shape }) => shape.includes(null));
  return model.inputs.map(({ name, shape }) => {
    const own = AXES[shape.length - 1] ?? shape.map((_, axis) => `axis${axis + 1}`);
    const short = shape.length === 1 ? ["time"] : own;
    return open.length > 1 ? short.map((axis) => `${name}_${axis}`) : short;
  });
}

function named(shape: OpenShape, names: readonly (string | null)[]): OnnxDimension[] {
  return shape.map((length, axis) => length ?? names[axis] ?? null);
}

/** Lengths to try for open ones, smaller and larger: a layer may take neither very short nor very long ones. */
const TRIED = [
  [101, 7],
  [23, 3],
  [5, 1],
] as const;

/** For each output the names of its open axes: those of the input axis that is always as long. */
function openOutputs(model: Model, names: readonly (readonly string[])[]): readonly (readonly (string | null)[])[] {
  for (const [start, step] of TRIED) {
    try {
      const lengths = new Map<number, string>();
      const fixed = (factor: number): readonly OpenShape[] => {
        let next = start;
        return model.inputs.map(({ shape }, i) =>
          shape.map((known, axis) => {
            if (known !== null) return known;
            next += step;
            if (factor === 0) lengths.set(next, names[i][axis]);
            return next + factor * 50 * step;
          }),
        );
      };
      const first = model.connect(fixed(0));
      const second = model.connect(fixed(1));
      return model.outputs.map(({ shape }, i) =>
        shape.map((known, axis) => {
          const [length, other] = [first[i][axis], second[i][axis]];
          const same = known === null && length !== null && other === length + 50 * step;
          return same ? (lengths.get(length) ?? null) : null;
        }),
      );
    } catch {
      // Too long, or too short.
    }
  }
  return model.outputs.map(({ shape }) => shape.map(() => null));
}
