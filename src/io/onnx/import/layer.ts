// An ONNX graph as one layer of a model: its weights are the layer's parameters, gradients follow from the operations that its nodes use.
import { knownOptions, list, text } from "../../../engine/checks.ts";
import type { DType } from "../../../engine/dtype.ts";
import { quote } from "../../../engine/quote.ts";
import type { ActivationName } from "../../../nn/activations.ts";
import type { CallContext, LayerConfig, LayerOptions } from "../../../nn/base-layer.ts";
import { addKinds } from "../../../nn/layers/registry.ts";
import { MultiLayer } from "../../../nn/multi-layer.ts";
import type { Parameter } from "../../../nn/parameters.ts";
import { formatOpen, type OpenShape } from "../../../nn/shapes.ts";
import { cast } from "../../../ops/cast.ts";
import { concat } from "../../../ops/join.ts";
import { slice } from "../../../ops/slices.ts";
import { zeros } from "../../../tensor/create.ts";
import { formatShape } from "../../../tensor/shape.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { GraphRunner, type OnnxPort, type ReadGraph, readGraph } from "../graph.ts";
import { writeModelProto } from "../proto/file.ts";
import type { RunContext } from "../run/call.ts";
import type { PlannedNode } from "../run/compile.ts";
import { ArrayValue, dtypeOf, fromTensor, type Value } from "../run/value.ts";
import { base64, bytesOfBase64 } from "./base64.ts";
import type { Role } from "./weights.ts";

/** Activations that a graph's last node may be: what a loss may leave out. */
const ACTIVATIONS: Readonly<Record<string, ActivationName>> = {
  Softmax: "softmax",
  Sigmoid: "sigmoid",
  Tanh: "tanh",
  Relu: "relu",
};

/** What the layer is made of. */
export interface OnnxLayerOptions extends LayerOptions {
  read: ReadGraph;
  roles: ReadonlyMap<string, Role>;
  /** "fixed": batches of another length than the file's go through in parts of that length. */
  batch: "fixed" | "free";
}

/** See the file's opening words. */
export class OnnxLayer extends MultiLayer {
  /** Nodes that look at values make a recording refuse by themselves. */
  static override readonly repeatable: boolean = true;
  readonly type = "onnx";
  readonly read: ReadGraph;
  private readonly roles: ReadonlyMap<string, Role>;
  private readonly batch: "fixed" | "free";
  private readonly runner: GraphRunner;
  private bare: GraphRunner | undefined;
  private own: { place: number; parameter: Parameter; value: ArrayValue }[] = [];

  constructor(options: OnnxLayerOptions) {
    const { name, trainable } = options;
    super({ name, trainable });
    this.read = options.read;
    this.roles = options.roles;
    this.batch = options.batch;
    this.runner = new GraphRunner(options.read);
  }

  /** The dtype that the model has to have for its weights and inputs. */
  get dtype(): DType {
    const values = [...this.read.plan.parameters.values()].map(({ value }) => value.type);
    const inputs = this.read.inputs.map(({ type }) => type);
    return [...values, ...inputs].includes("float64") ? "float64" : "float32";
  }

  /** See `MultiLayer`. */
  build(inputShapes: readonly OpenShape[]): readonly OpenShape[] {
    const { inputs, outputs, name } = this.read;
    if (inputShapes.length !== inputs.length) {
      throw new RangeError(`${name}: takes ${inputs.length} inputs, got ${inputShapes.length}`);
    }
    inputs.forEach((port, i) => {
      const wanted = openShape(port);
      const given = inputShapes[i];
      if (
        given.length === wanted.length &&
        wanted.every((length, axis) => length === null || given[axis] === null || length === given[axis])
      )
        return;
      throw new RangeError(
        `${name}: input ${quote(port.name)} has shape ${formatOpen(wanted)} in the model, got ${formatOpen(given)}`,
      );
    });
    this.own = [...this.read.plan.parameters].map(([place, { name: key, value }]) => ({
      place,
      value,
      parameter: this.declare(key, value.shape, {
        initialiser: ({ dtype }) => cast(value.tensor, dtype),
        decay: value.rank > 1,
        trainable: this.roles.get(key) !== "state",
      }),
    }));
    return outputs.map(openShape);
  }

  /** See `MultiLayer`. */
  call(xs: readonly Tensor[], context: CallContext): readonly Tensor[] {
    return this.inParts(xs, context, (values, parameters, run) => this.runner.run(values, parameters, run));
  }

  /** See `BaseLayer`. @internal */
  override forwardLogits(xs: readonly Tensor[], context: CallContext): readonly Tensor[] {
    this.bare ??= new GraphRunner({ ...this.read, plan: bareOf(this.read) });
    const bare = this.bare;
    return this.inParts(xs, context, (values, parameters, run) => bare.run(values, parameters, run));
  }

  /** See `BaseLayer`. @internal */
  override activationOf(index: number): ActivationName | undefined {
    return activationAt(this.read, index)?.activation;
  }

  /** The batch as it is, or where the file fixes its length, in parts of that length. */
  private inParts(
    xs: readonly Tensor[],
    context: CallContext,
    run: (
      inputs: readonly Value[],
      parameters: ReadonlyMap<number, Value>,
      context: RunContext,
    ) => (Value | undefined)[],
  ): Tensor[] {
    const { name, inputs, outputs } = this.read;
    const parameters = new Map<number, Value>(
      this.own.map(({ place, parameter, value }) => [place, fromTensor(parameter.tensor, value.type)]),
    );
    const byValue = new Map([...parameters].map(([place, value]) => [value, place]));
    const remember = (value: ArrayValue, now: Tensor): void => {
      const place = byValue.get(value);
      const found = this.own.find((each) => each.place === place);
      if (found?.parameter.isState) found.parameter.assign(cast(now, found.parameter.tensor.dtype));
    };
    const runContext: RunContext = {
      training: context.training,
      generator: context.generator,
      ...(context.training && { remember }),
    };
    const once = (parts: readonly Tensor[]): Tensor[] => {
      const values = parts.map((x, i) => inputValue(x, inputs[i]));
      return run(values, parameters, runContext).map((value, i) => {
        if (value instanceof ArrayValue) return value.tensor;
        throw new TypeError(`${name}: output ${quote(outputs[i].name)} is no array; run it with readOnnx`);
      });
    };
    const n = xs[0].shape[0];
    const fixed =
      this.batch === "free"
        ? undefined
        : inputs.map(({ shape }) => shape?.[0]).find((length) => typeof length === "number");
    if (typeof fixed !== "number" || fixed === n) return once(xs);
    if (fixed === 0 || n % fixed !== 0) {
      throw new RangeError(
        `${name}: was exported for batches of ${fixed}, and ${n} samples are no multiple of that; give it so many, export it with an open batch axis, or import it with { batch: "free" } if its graph takes any`,
      );
    }
    const parts: Tensor[][] = outputs.map(() => []);
    for (let start = 0; start < n; start += fixed) {
      once(xs.map((x) => slice(x, start, start + fixed))).forEach((y, i) => {
        parts[i].push(y);
      });
    }
    return parts.map((all) => concat(all));
  }

  /** The graph without its weights, in base64, and which arrays are weights: `loadModel` makes the layer again. */
  config(): LayerConfig {
    const { model } = this.read;
    const hollow = model.graph.initializer.map((proto) =>
      this.roles.has(proto.name ?? "") ? { name: proto.name, dims: proto.dims, dataType: proto.dataType } : proto,
    );
    const bytes = writeModelProto({ ...model, graph: { ...model.graph, initializer: hollow } });
    return {
      type: this.type,
      graph: base64(bytes),
      weights: [...this.roles].map(([name, role]) => [name, role]),
      batch: this.batch,
    };
  }
}

function inputValue(x: Tensor, { type }: OnnxPort): ArrayValue {
  const own = type ?? "float32";
  const dtype = dtypeOf(own);
  return fromTensor(x.dtype === dtype ? x : cast(x, dtype), own);
}

/** A port's shape without the batch axis. */
export function openShape({ shape }: OnnxPort): OpenShape {
  return (shape ?? []).slice(1).map((length) => (typeof length === "number" ? length : null));
}

/** The node that gives an output, if it is an activation along the last axis. */
function activationAt(
  { plan, outputs }: ReadGraph,
  index: number,
): { node: PlannedNode; activation: ActivationName } | undefined {
  const node = plan.nodes.find((each) => each.outputs[0] === plan.outputs[index]);
  if (node === undefined || !Object.hasOwn(ACTIVATIONS, node.opType)) return undefined;
  const rank = outputs[index].shape?.length ?? 0;
  if (node.opType === "Softmax") {
    const axis = node.attributes.int("axis", node.opset >= 13 ? -1 : 1);
    if ((axis < 0 ? axis + rank : axis) !== rank - 1) return undefined;
  }
  return { node, activation: ACTIVATIONS[node.opType] };
}

/** The plan with what the last activations are applied to in place of their results. */
function bareOf(read: ReadGraph): ReadGraph["plan"] {
  const outputs = read.plan.outputs.map((place, i) => activationAt(read, i)?.node.inputs[0] ?? place);
  return { ...read.plan, outputs };
}

/** Values to see shapes by: zeros of the inputs' shapes, open lengths 1. */
export function probeOf({ inputs }: ReadGraph): Tensor[] {
  return inputs.map(({ shape, type }) =>
    zeros(
      (shape ?? [1]).map((length) => (typeof length === "number" ? length : 1)),
      dtypeOf(type ?? "float32"),
    ),
  );
}

function fromConfig(config: LayerConfig): OnnxLayer {
  const { graph, weights, batch } = knownOptions("onnx", config, ["type", "graph", "weights", "batch"]);
  const roles = new Map(
    list("onnx", "weights", weights as [string, Role][]).map((pair) => {
      const [name, role] = list("onnx", "a weight", pair as unknown as string[]);
      return [text("onnx", "a weight's name", name), role === "state" ? "state" : "trained"] as const;
    }),
  );
  const bytes = bytesOfBase64(text("onnx", "graph", graph as string));
  const read = readGraph("onnx", bytes, { name: "onnx" }, (name) => roles.has(name), new Set(roles.keys()));
  return new OnnxLayer({ read, roles, batch: batch === "free" ? "free" : "fixed" });
}

addKinds({ type: "onnx", settings: null, make: fromConfig });

/** Throws for an input or output that a model can't have. */
export function checkPorts({ name, inputs, outputs }: ReadGraph): void {
  const run = "; readOnnx runs such graphs";
  for (const [what, ports] of [
    ["inputs", inputs],
    ["outputs", outputs],
  ] as const) {
    if (ports.length === 0) throw new TypeError(`${name}: has no ${what}, and a model needs one${run}`);
  }
  for (const [what, ports] of [
    ["input", inputs],
    ["output", outputs],
  ] as const) {
    for (const port of ports) {
      const label = `${name}: ${what} ${quote(port.name)}`;
      if (port.type === undefined || port.type === "string")
        throw new TypeError(`${label} is no array of numbers, and a model's have to be${run}`);
      if (port.shape === undefined ? what === "input" : port.shape.length === 0) {
        throw new TypeError(
          `${label} ${port.shape === undefined ? "says no shape" : `has shape ${formatShape([])}`}, and a model's have a batch axis${run}`,
        );
      }
    }
  }
}
