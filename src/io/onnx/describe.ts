// What an ONNX file holds, without running it: inputs, outputs, operators, weights, and what one run costs where the shapes tell.
import { bytesOfFile, text } from "../../engine/checks.ts";
import { type ElementType, elementType } from "./onnx-tensor.ts";
import { readModelProto } from "./proto/file.ts";
import type { AttributeProto, GraphProto, NodeProto, TensorProto, ValueInfoProto } from "./proto/messages.ts";

/** A value of an ONNX file, as it says it. */
export interface OnnxValueSummary {
  name: string;
  /** Undefined for what is no tensor. */
  type: ElementType | undefined;
  /** A name, or null, is a length that the file leaves open; undefined where even the number of axes is open. */
  shape: readonly (number | string | null)[] | undefined;
}

/** What an ONNX file holds. */
export interface OnnxSummary {
  irVersion: number | undefined;
  /** Versions of operator sets by domain; ONNX's own is "ai.onnx". */
  opsets: Readonly<Record<string, number>>;
  /** What wrote it, with its version. */
  producer: string;
  graph: string;
  inputs: readonly OnnxValueSummary[];
  outputs: readonly OnnxValueSummary[];
  /** Operators and how often they are used, the most frequent first. */
  operators: readonly (readonly [name: string, count: number])[];
  /** Weights and other constants by name. */
  constants: readonly OnnxValueSummary[];
  /** Numbers in constants of floating point. */
  parameters: number;
  /** Multiplications with additions of one run on one sample; null where the file does not say the shapes. */
  multiplyAdds: number | null;
  metadata: Readonly<Record<string, string>>;
  /** Further files that hold weights. */
  externalFiles: readonly string[];
}

type Dimensions = readonly (number | string | null)[];

function summaryOf({ name = "", type }: ValueInfoProto): OnnxValueSummary {
  const tensor = type?.tensorType;
  const shape = tensor?.shape?.dim.map(({ dimValue, dimParam }) => dimValue ?? (dimParam || null));
  return { name, type: tensor === undefined ? undefined : elementType(tensor.elemType), shape };
}

const FLOATING: ReadonlySet<string | undefined> = new Set(["float32", "float64", "float16", "bfloat16"]);

/**
 * What an ONNX file holds, without reading its weights or running it.
 * @param name what to call the file in errors.
 * @throws Error naming the file and what is wrong with it; TypeError for what are no bytes.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2, { activation: "relu" })], { inputShape: [3] });
 * const summary = describeOnnx(exportOnnx(model));
 * summary.operators; // [["Gemm", 1], ["Relu", 1]]
 * summary.parameters; // 8
 * summary.multiplyAdds; // 6
 * ```
 */
export function describeOnnx(bytes: Uint8Array, name = "ONNX file"): OnnxSummary {
  bytesOfFile("describeOnnx", bytes);
  text("describeOnnx", "name", name);
  const model = readModelProto(bytes, name);
  const { graph } = model;
  const stored = new Set(graph.initializer.map((tensor) => tensor.name ?? ""));
  const constants = graph.initializer.map(({ name = "", dataType, dims }) => ({
    ...{ name, type: elementType(dataType), shape: dims },
  }));
  const counts = new Map<string, number>();
  for (const each of nodesWithin(graph)) {
    const domain = each.domain ? `${each.domain}.` : "";
    const operator = `${domain}${each.opType ?? ""}`;
    counts.set(operator, (counts.get(operator) ?? 0) + 1);
  }
  const { producerName = "", producerVersion = "" } = model;
  return {
    irVersion: model.irVersion,
    opsets: Object.fromEntries(
      model.opsetImport.map(({ domain, version = 0 }) => [domain ? domain : "ai.onnx", version]),
    ),
    producer: `${producerName} ${producerVersion}`.trim(),
    graph: graph.name ?? "",
    inputs: graph.input.filter((value) => !stored.has(value.name ?? "")).map(summaryOf),
    outputs: graph.output.map(summaryOf),
    operators: [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)),
    constants,
    parameters: constants.reduce((sum, { type, shape }) => sum + (FLOATING.has(type) ? sizeOf(shape) : 0), 0),
    multiplyAdds: multiplyAddsOf(graph),
    metadata: Object.fromEntries(model.metadataProps.map(({ key = "", value = "" }) => [key, value])),
    externalFiles: [...new Set(graph.initializer.flatMap(fileOf))],
  };
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

function fileOf({ dataLocation, externalData }: TensorProto): string[] {
  const location = externalData.find(({ key }) => key === "location")?.value;
  return dataLocation === 1 && location !== undefined ? [location] : [];
}

/** The nodes of a graph and of those within it: of branches and loops. */
function* nodesWithin(graph: GraphProto): Generator<NodeProto> {
  for (const node of graph.node) {
    yield node;
    for (const { g, graphs } of node.attribute) {
      for (const inner of g === undefined ? graphs : [g, ...graphs]) yield* nodesWithin(inner);
    }
  }
}

/** How often a product of a weight is taken, by operator: what of the shapes counts. Undefined where they are not known. */
type Cost = (inputs: readonly (Dimensions | undefined)[], output: Dimensions | undefined, node: NodeProto) => number;

const attribute = (node: NodeProto, name: string): AttributeProto | undefined =>
  node.attribute.find((each) => each.name === name);

/** Lengths that are not known count as one: one sample, one step. */
const known = (shape: Dimensions | undefined): number =>
  shape === undefined
    ? Number.NaN
    : shape.reduce<number>((product, length, axis) => product * lengthOf(length, axis), 1);

/** Only the first axis, the batch, may be open. */
const lengthOf = (length: number | string | null, axis: number): number =>
  typeof length === "number" ? length : axis === 0 ? 1 : Number.NaN;

/** Every output of a convolution is a sum over one filter, [filters, channels / groups, ...]. */
const convolution: Cost = ([, weights], output) => (known(output) * known(weights)) / lengthOf(weights?.[0] ?? null, 1);

const COSTS: Readonly<Record<string, Cost>> = {
  Conv: convolution,
  /** Every input is multiplied by the filters of its channel, [channels, filters / groups, ...]. */
  ConvTranspose: ([x, weights]) => (known(x) * known(weights)) / lengthOf(weights?.[0] ?? null, 1),
  Gemm: ([a], output, node) => {
    const transposed = Number(attribute(node, "transA")?.i ?? 0n) === 1;
    return known(output) * lengthOf(a?.[transposed ? 0 : 1] ?? null, 1);
  },
  MatMul: ([a], output) => known(output) * lengthOf(a?.at(-1) ?? null, 1),
  /** Each step's inputs and states are multiplied by weights, [directions, gates, ...]. */
  ...Object.fromEntries(
    ["LSTM", "GRU", "RNN"].map((name): [string, Cost] => [
      name,
      ([x, w, r]) => lengthOf(x?.[0] ?? null, 1) * lengthOf(x?.[1] ?? null, 0) * (known(w) + known(r)),
    ]),
  ),
};

function multiplyAddsOf(graph: GraphProto): number | null {
  const shapes = new Map<string, Dimensions>();
  for (const value of [...graph.input, ...graph.valueInfo, ...graph.output]) {
    const { name, shape } = summaryOf(value);
    if (shape !== undefined) shapes.set(name, shape);
  }
  for (const { name = "", dims } of graph.initializer) shapes.set(name, dims);
  let sum = 0;
  for (const node of graph.node) {
    const cost = COSTS[node.opType ?? ""];
    if (cost === undefined || node.domain) continue;
    sum += cost(
      node.input.map((input) => shapes.get(input)),
      shapes.get(node.output[0]),
      node,
    );
  }
  return Number.isNaN(sum) ? null : sum;
}
