// A graph that runs by itself, fed by names: for every ONNX file, whatever its inputs and outputs are.

import { noGrad } from "../../autograd/grad.ts";
import { bytesOfFile, fields, knownOptions, text } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import { Generator } from "../../tensor/random.ts";
import { formatShape } from "../../tensor/shape.ts";
import { scope, Tensor } from "../../tensor/tensor.ts";
import { furtherFiles, type OnnxReadOptions } from "./further-files.ts";
import {
  ELEMENT_CODE,
  type ElementType,
  type ExternalData,
  elementArray,
  elementType,
  type OnnxTensor,
} from "./onnx-tensor.ts";
import { damagedFile, readModelProto } from "./proto/file.ts";
import type { GraphProto, ModelProto, ValueInfoProto } from "./proto/messages.ts";
import type { Damaged } from "./proto/wire.ts";
import type { RunContext } from "./run/call.ts";
import { compile, type Plan } from "./run/compile.ts";
import { fold, type Memory, Runner } from "./run/execute.ts";
import { fuse } from "./run/fuse.ts";
import { ArrayValue, dtypeOf, fromData, fromTensor, NoValue, SequenceValue, type Value } from "./run/value.ts";

/** A value for a graph's input, or from its output: tensors, arrays of the types that tensors have not, lists of them, or null for nothing. */
export type OnnxData = Tensor | OnnxTensor | null | readonly OnnxData[];

/** An input or output of a graph, as its file declares it. */
export interface OnnxPort {
  name: string;
  /** Undefined for what is no tensor. */
  type: ElementType | undefined;
  /** With the batch axis; a name, or null, is a length that the file leaves open. Undefined where even the number of axes is open. */
  shape: readonly (number | string | null)[] | undefined;
}

/** Runs of one model whose shapes are remembered, at most. */
const MOST_SHAPES = 8;

/** What `readGraph` makes of a file. @internal */
export interface ReadGraph {
  readonly name: string;
  readonly model: ModelProto & { readonly graph: GraphProto };
  readonly plan: Plan;
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
}

/** What has been read: graphs are made of nothing else. */
const graphs = new WeakSet<object>();

function portOf({ name = "", type }: ValueInfoProto): OnnxPort {
  const tensor = type?.tensorType;
  const shape = tensor?.shape?.dim.map(({ dimValue, dimParam }) => dimValue ?? (dimParam || null));
  return { name, type: tensor === undefined ? undefined : elementType(tensor.elemType), shape };
}

/** Bytes to a plan. `isParameter` says which of the file's arrays are to be a model's parameters. @internal */
export function readGraph(
  owner: string,
  bytes: Uint8Array,
  options: OnnxReadOptions,
  isParameter: (name: string, value: ArrayValue, model: ModelProto & { readonly graph: GraphProto }) => boolean,
  hollow?: ReadonlySet<string>,
  prepare?: (graph: GraphProto, external: ExternalData | undefined, damaged: Damaged) => GraphProto,
): ReadGraph {
  bytesOfFile(owner, bytes);
  const { name = "ONNX model", externalData } = options;
  text(owner, "name", name);
  const damaged = damagedFile(name);
  const file = readModelProto(bytes, name);
  const external = furtherFiles(owner, name, externalData);
  const model = prepare === undefined ? file : { ...file, graph: prepare(file.graph, external, damaged) };
  const plan = compile({ name, model, damaged, external, hollow }, (key, value) => isParameter(key, value, model));
  noGrad(() => fold(name, plan, { training: false, generator: new Generator(0) }));
  fuse(plan);
  const filled = new Set(model.graph.initializer.map((each) => each.name ?? ""));
  const read: ReadGraph = {
    name,
    model,
    plan,
    inputs: model.graph.input.filter((each) => !filled.has(each.name ?? "")).map(portOf),
    outputs: model.graph.output.map(portOf),
  };
  graphs.add(read);
  return read;
}

/** A user's value as the graph sees it. */
function fromUser(owner: string, given: OnnxData | undefined, type: ElementType | undefined): Value {
  if (given instanceof Tensor) {
    if (type === undefined || dtypeOf(type) === given.dtype) return fromTensor(given, type ?? given.dtype);
    throw new TypeError(`${owner} is ${type} in the model, and the tensor ${given.dtype}; cast it to ${dtypeOf(type)}`);
  }
  if (given === null) return new NoValue();
  if (Array.isArray(given))
    return new SequenceValue(given.map((each: OnnxData, i) => fromUser(`${owner}[${i}]`, each, undefined)));
  if (typeof given !== "object") {
    throw new TypeError(
      `${owner} must be a tensor, or { type, shape, data } for what tensors can't hold, got ${quote(given)}`,
    );
  }
  const { type: own, shape, data } = given as OnnxTensor;
  if (
    !Object.hasOwn(ELEMENT_CODE, own) ||
    !Array.isArray(shape) ||
    data?.constructor !== elementArray(own, 0).constructor
  ) {
    throw new TypeError(
      `${owner} must be a tensor, or { type, shape, data } with data of that type, got ${quote(given)}`,
    );
  }
  if (type !== undefined && own !== type) throw new TypeError(`${owner} is ${type} in the model, got ${own}`);
  if (data.length !== shape.reduce((product, length) => product * length, 1)) {
    throw new RangeError(`${owner} has ${data.length} elements, and its shape ${formatShape(shape)} another number`);
  }
  return fromData(own, shape, data);
}

/** What the graph gives, for users. */
function toUser(value: Value | undefined): OnnxData {
  if (value === undefined || value instanceof NoValue) return null;
  if (value instanceof SequenceValue) return value.items.map(toUser);
  const { type } = value;
  return type === "float32" || type === "float64" || type === "bool" || type === "int32" ? value.tensor : value.onnx();
}

/** A graph with what its runs remember. @internal */
export class GraphRunner {
  private readonly runner: Runner;
  private readonly memories = new Map<string, Memory>();

  constructor(readonly read: ReadGraph) {
    this.runner = new Runner(read.name, read.plan);
  }

  /** The outputs for inputs in order. */
  run(inputs: readonly Value[], parameters: ReadonlyMap<number, Value>, context: RunContext): (Value | undefined)[] {
    return this.runner.run(inputs, parameters, context, this.memoryFor(inputs));
  }

  /** What depends on the inputs' shapes alone is remembered for the last few shapes. */
  private memoryFor(inputs: readonly Value[]): Memory | null {
    if (!inputs.every((value) => value instanceof ArrayValue)) return null;
    const key = inputs.map((value) => `${(value as ArrayValue).type}${(value as ArrayValue).shape.join()}`).join(";");
    let memory = this.memories.get(key);
    if (memory === undefined) {
      if (this.memories.size >= MOST_SHAPES) this.memories.delete(this.memories.keys().next().value!);
      memory = new Map();
      this.memories.set(key, memory);
    }
    return memory;
  }
}

/**
 * A graph of ONNX as its file has it: several inputs and outputs of any type, fed by their names. `importOnnx` makes a model of a network,
 * which also trains; this runs everything else, too.
 * @example
 * ```ts
 * const graph: OnnxGraph = readOnnx(exportOnnx(new Sequential([new Dense(1)], { inputShape: [2] })));
 * graph.inputs[0].type; // "float32"
 * graph.outputs.length; // 1
 * ```
 */
export class OnnxGraph {
  /** What it takes. */
  readonly inputs: readonly OnnxPort[];
  /** What it gives. */
  readonly outputs: readonly OnnxPort[];
  /** Texts that the file carries beside the graph. */
  readonly metadata: Readonly<Record<string, string>>;
  private readonly runner: GraphRunner;
  private readonly generator = new Generator(0);

  /** `readOnnx` makes graphs. @internal */
  constructor(read: ReadGraph) {
    if (!graphs.has(read))
      throw new TypeError(`OnnxGraph: readOnnx makes graphs, of the bytes of a file; got ${quote(read)}`);
    this.inputs = read.inputs;
    this.outputs = read.outputs;
    this.metadata = Object.fromEntries(read.model.metadataProps.map(({ key = "", value = "" }) => [key, value]));
    this.runner = new GraphRunner(read);
  }

  /**
   * The outputs by name for inputs by name; `outputs` has the file's order, which an object of names that are numbers has not. Not recorded. Nodes in training mode do as the standard says, so a dropout that was exported
   * for training drops.
   * @throws TypeError, RangeError for an input that is missing, unknown, of another type or of another shape; Error naming the node for one
   * that can't take what it is given.
   */
  run(feeds: Readonly<Record<string, OnnxData>>): Record<string, OnnxData> {
    const owner = this.runner.read.name;
    fields(owner, "the inputs, by name,", feeds);
    const names = this.inputs.map(({ name }) => name);
    const stranger = Object.keys(feeds).find((name) => !names.includes(name));
    if (stranger !== undefined)
      throw new TypeError(`${owner}: has no input ${quote(stranger)}; its inputs are ${names.map(quote).join(", ")}`);
    return scope(() =>
      noGrad(() => {
        const values = this.inputs.map((port) => this.inputValue(port, feeds));
        try {
          const results = this.runner.run(values, new Map(), { training: undefined, generator: this.generator });
          return Object.fromEntries(results.map((value, i) => [this.outputs[i].name, toUser(value)]));
        } catch (error) {
          throw this.withShapes(values, error);
        }
      }),
    );
  }

  private inputValue({ name, type }: OnnxPort, feeds: Readonly<Record<string, OnnxData>>): Value {
    const owner = `${this.runner.read.name}: input ${quote(name)}`;
    if (!Object.hasOwn(feeds, name)) throw new TypeError(`${owner} is missing`);
    return fromUser(owner, feeds[name], type);
  }

  /** Declared shapes bind nothing as long as the nodes take what they get; where one does not, they are what to look at first. */
  private withShapes(values: readonly Value[], error: unknown): unknown {
    for (let i = 0; i < values.length; i++) {
      const [value, { name, shape }] = [values[i], this.inputs[i]];
      if (!(value instanceof ArrayValue) || shape === undefined) continue;
      const fits =
        value.shape.length === shape.length &&
        shape.every((length, axis) => typeof length !== "number" || length === value.shape[axis]);
      if (fits) continue;
      const wanted = shape.map((length) => length ?? "any").join(", ");
      return new RangeError(
        `${this.runner.read.name}: input ${quote(name)} has shape (${wanted}) in the model, got ${formatShape(value.shape)}, and ${(error as Error).message}`,
        { cause: error },
      );
    }
    return error;
  }
}

/**
 * Reads an ONNX file as a graph to run by names. Constants, and what is computed from constants alone, are computed here.
 * @throws Error naming the file and what is wrong with it, all operators that are not supported with the nodes that use them, or the file
 * of weights that is missing; TypeError for what are no bytes, or options that there are not.
 * @example
 * ```ts
 * const graph = readOnnx(exportOnnx(new Sequential([new Dense(1, { weights: "ones" })], { inputShape: [2] })));
 * const feeds = { [graph.inputs[0].name]: tensor([[1, 2]]) };
 * graph.run(feeds)[graph.outputs[0].name]; // tensor([[3]])
 * ```
 */
export function readOnnx(bytes: Uint8Array, options: OnnxReadOptions = {}): OnnxGraph {
  knownOptions("readOnnx", options, ["name", "externalData"]);
  return new OnnxGraph(readGraph("readOnnx", bytes, options, () => false));
}
