// A network from an ONNX file as a model that predicts, trains, and is looked into as any other.

import { noGrad } from "../../../autograd/grad.ts";
import { callable, knownOptions, oneOf } from "../../../engine/checks.ts";
import { quote } from "../../../engine/quote.ts";
import { Symbolic } from "../../../nn/base-layer.ts";
import { type GraphConfig, Model } from "../../../nn/model.ts";
import type { LayerSummary } from "../../../nn/summary.ts";
import { Generator } from "../../../tensor/random.ts";
import { scope } from "../../../tensor/tensor.ts";
import type { OnnxReadOptions } from "../further-files.ts";
import { type OnnxPort, type ReadGraph, readGraph } from "../graph.ts";
import { isFloating } from "../onnx-tensor.ts";
import { Runner } from "../run/execute.ts";
import { ArrayValue, fromTensor } from "../run/value.ts";
import { checkPorts, OnnxLayer, openShape, probeOf } from "./layer.ts";
import { type Role, rolesIn, separate } from "./weights.ts";

/** What `importOnnx` takes beside the file. */
export interface ImportOnnxOptions extends OnnxReadOptions {
  /**
   * Which of the file's floating-point arrays are parameters, by name: for those that training is to leave alone, or that it would take
   * for constants. Default: those that are used as weights.
   */
  parameters?: (name: string) => boolean;
  /**
   * What holds of a file that was exported for batches of one length: "fixed" (default) runs other batches in parts of that length, "free"
   * takes the graph to run with any, which is faster and depends on the graph.
   */
  batch?: "fixed" | "free";
}

/** A name that a model's inputs may have. */
function plain(name: string): string {
  const letters = name.replace(/[^A-Za-z0-9_-]/g, "_");
  return /^[A-Za-z_]/.test(letters) && letters !== "optimizer" ? letters : `_${letters}`;
}

/**
 * A network that came from an ONNX file: `predict`, `evaluate`, `fit`, `summary`, `saveModel` and everything else that takes a model take it.
 * Its one layer is the graph, and its parameters have the file's names behind that layer's, "onnx.".
 * @example
 * ```ts
 * const model: OnnxModel = importOnnx(exportOnnx(new Sequential([new Dense(3, { name: "last" })], { inputShape: [2] })));
 * model.parameterCount; // 9
 * model.summaryRows().length; // 1
 * ```
 */
export class OnnxModel extends Model {
  /** See `Model`. */
  static override readonly repeatable: boolean = true;
  private readonly read: ReadGraph;

  /** `importOnnx` makes it. @internal */
  constructor(layer: OnnxLayer) {
    if (!(layer instanceof OnnxLayer))
      throw new TypeError(`OnnxModel: importOnnx makes models, of the bytes of a file; got ${quote(layer)}`);
    const { read } = layer;
    const symbols = read.inputs.map(
      (port) =>
        new Symbolic(
          openShape(port),
          null,
          0,
          port.name,
          isFloating(port.type!) || port.type === "bool" ? "float" : "int32",
        ),
    );
    const results = layer.applyAll(symbols);
    const outputs = Object.fromEntries(results.map((x, i) => [read.outputs[i].name, x]));
    super({ inputs: symbols, outputs, dtype: layer.dtype });
    this.read = read;
  }

  /** As `Model` has it; what loads it again names inputs in letters, digits, - and _. */
  override config(): ReturnType<Model["config"]> {
    const config = super.config() as GraphConfig & Record<string, unknown>;
    return { ...config, inputs: config.inputs.map((each) => ({ ...each, name: plain(each.name) })) };
  }

  /** The graph's nodes with the shapes that they give and the parameters that they are first to use. */
  override summaryRows(): readonly LayerSummary[] {
    const { plan } = this.read;
    const shapes = shapesOf(this.read, this);
    const names = new Map<number, string>(plan.inputs.map((place, i) => [place, this.inputs[i].name]));
    const counted = new Set<number>();
    return plan.nodes.map((node) => {
      const fresh = node.inputs.filter((place) => plan.parameters.has(place) && !counted.has(place));
      for (const place of fresh) counted.add(place);
      const own = [...new Set(fresh)].map((place) => this.weightNamed(plan.parameters.get(place)!.name));
      const trained = own.reduce((sum, parameter) => sum + (parameter.trainable ? parameter.size : 0), 0);
      const inputs = node.inputs.flatMap((place) => (names.has(place) ? [names.get(place)!] : []));
      for (const place of node.outputs)
        if (place >= 0) names.set(place, node.label.slice(6, node.label.lastIndexOf(" (") - 1));
      return {
        name: `${names.get(node.outputs[0]) ?? node.label} (${node.opType})`,
        type: node.opType,
        outputShape: shapes.get(node.outputs[0]) ?? [],
        parameters: trained,
        fixed: own.reduce((sum, { size }) => sum + size, 0) - trained,
        inputs,
      };
    });
  }

  private weightNamed(name: string): Model["parameters"][number] {
    return this.named.find((each) => each.name === `onnx.${name}`)!.parameter;
  }
}

/** Shapes without the batch axis, by place: what a run on zeros gives; nothing where the graph does not take zeros. */
function shapesOf(read: ReadGraph, model: Model): Map<number, (number | null)[]> {
  const found = new Map<number, (number | null)[]>();
  const parameters = new Map(
    [...read.plan.parameters].map(([place, { name, value }]) => [
      place,
      fromTensor(model.named.find((each) => each.name === `onnx.${name}`)!.parameter.tensor, value.type),
    ]),
  );
  try {
    scope(() =>
      noGrad(() => {
        const inputs = probeOf(read).map((x, i) => fromTensor(x, read.inputs[i].type));
        new Runner(read.name, read.plan).run(
          inputs,
          parameters,
          { training: false, generator: new Generator(0) },
          null,
          (place, value) => {
            if (value instanceof ArrayValue) found.set(place, value.shape.slice(1));
          },
        );
      }),
    );
  } catch {
    // Zeros may be out of what a node takes: the summary then has fewer shapes.
  }
  return found;
}

/** Outputs whose shape the file does not say, by a run on zeros. */
function withShapes(read: ReadGraph): ReadGraph {
  if (read.outputs.every(({ shape }) => shape !== undefined)) return read;
  const results = scope(() =>
    noGrad(() => {
      const inputs = probeOf(read).map((x, i) => fromTensor(x, read.inputs[i].type));
      const parameters = new Map([...read.plan.parameters].map(([place, { value }]) => [place, value]));
      return new Runner(read.name, read.plan)
        .run(inputs, parameters, { training: false, generator: new Generator(0) }, null)
        .map((value) => (value instanceof ArrayValue ? [...value.shape] : undefined));
    }),
  );
  const outputs = read.outputs.map((port, i): OnnxPort => ({ ...port, shape: port.shape ?? results[i] }));
  return { ...read, outputs };
}

/**
 * Reads a network from an ONNX file (operators of versions 7 to 26) as a model. Arrays that are used as weights become its parameters, running
 * statistics of batch normalisation its state; constants are computed at once. It trains where the graph's operators have gradients; nodes
 * that were exported for inference, such as batch normalisation with fixed statistics, stay so. Integer inputs are int32 tensors. Where a
 * batch of the file has one length, see `batch`. A graph that ends in a softmax or sigmoid gives losses its logits.
 *
 * Inputs and outputs that a model can't have (no batch axis, strings, sequences) are for `readOnnx`.
 * @throws Error naming the file and what is wrong with it, all operators that are not supported with the nodes that use them, or the file
 * of weights that is missing; TypeError for inputs or outputs that a model can't have, for what are no bytes, or unknown options.
 * @example
 * ```ts
 * const trained = new Sequential([new Dense(1, { weights: "ones" })], { inputShape: [2] });
 * const model = importOnnx(exportOnnx(trained));
 * predict(model, tensor([[1, 2], [3, 4]])).toArray(); // [[3], [7]]
 * ```
 */
export function importOnnx(bytes: Uint8Array, options: ImportOnnxOptions = {}): OnnxModel {
  const owner = "importOnnx";
  knownOptions(owner, options, ["name", "externalData", "parameters", "batch"]);
  const { parameters, batch = "fixed" } = options;
  oneOf(owner, "batch", batch, ["fixed", "free"]);
  if (parameters !== undefined) callable(owner, "parameters", parameters);
  const roles = new Map<string, Role>();
  let roleOf: ((name: string, value: ArrayValue) => Role | undefined) | undefined;
  const read = readGraph(
    owner,
    bytes,
    options,
    (name, value, model) => {
      roleOf ??= rolesIn(model.graph);
      const role = roleOf(name, value);
      const wanted = parameters === undefined ? role !== undefined : isFloating(value.type) && parameters(name);
      if (wanted) roles.set(name, role ?? "trained");
      return wanted;
    },
    undefined,
    separate,
  );
  checkPorts(read);
  return new OnnxModel(new OnnxLayer({ read: withShapes(read), roles, batch, name: "onnx" }));
}
