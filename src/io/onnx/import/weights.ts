// Which of a file's arrays are a network's parameters: ONNX does not say it, so their use has to. Those that a convolution, a product or a
// normalisation takes as weights are; numbers that only scale, bound or pad are constants, and running statistics are state.
import { type ExternalData, isFloating, readTensorProto } from "../onnx-tensor.ts";
import type { GraphProto, NodeProto, TensorProto } from "../proto/messages.ts";
import type { Damaged } from "../proto/wire.ts";
import type { ArrayValue } from "../run/value.ts";

/** What a parameter is to training. */
export type Role = "trained" | "state";

/** Inputs that are settings, not weights, by operator. */
const SETTINGS: Readonly<Record<string, readonly number[]>> = {
  ...{
    Resize: [1, 2, 3],
    Upsample: [1],
    Clip: [1, 2],
    Pad: [1, 2, 3],
    Dropout: [1, 2],
    Range: [0, 1, 2],
    OneHot: [1, 2],
  },
  ...{
    Pow: [1],
    Mod: [0, 1],
    CumSum: [1],
    RoiAlign: [1, 2],
    MaxRoiPool: [1],
    NonMaxSuppression: [0, 1, 2, 3, 4],
    Where: [0],
  },
  ...{ QuantizeLinear: [0, 1, 2], DequantizeLinear: [1, 2], QLinearConv: [1, 4, 6], QLinearMatMul: [1, 4, 6] },
  ...{
    Equal: [0, 1],
    Less: [0, 1],
    Greater: [0, 1],
    LessOrEqual: [0, 1],
    GreaterOrEqual: [0, 1],
    STFT: [2],
    RotaryEmbedding: [1, 2],
  },
  ...{ NegativeLogLikelihoodLoss: [2], SoftmaxCrossEntropyLoss: [2], MelWeightMatrix: [3, 4], Bernoulli: [0] },
};

/** Operators of two operands, of which one number alone is a constant. */
const ARITHMETIC = ["Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean", "Where"];

/** Operators whose results a bias is added to. */
const PRODUCTS = ["MatMul", "Gemm", "Conv", "ConvTranspose", "Einsum"];

interface Use {
  readonly node: NodeProto;
  readonly position: number;
}

/** Every node of the graph, and of the graphs within it. */
function* nodesOf(graph: Pick<GraphProto, "node">): Generator<NodeProto> {
  for (const node of graph.node) {
    yield node;
    for (const { g } of node.attribute) if (g !== undefined) yield* nodesOf(g);
  }
}

/**
 * A graph in which arrays of one number all over, such as biases that began at 0, belong to one node each: exporters keep equal arrays once,
 * and what two nodes share would be trained as one. Arrays of different numbers that nodes share, such as tied embeddings, stay shared.
 */
export function separate(graph: GraphProto, external: ExternalData | undefined, damaged: Damaged): GraphProto {
  const inner = new Set(
    graph.node.flatMap(({ attribute }) =>
      attribute.flatMap(({ g }) => (g === undefined ? [] : [...nodesOf(g)].flatMap(({ input }) => input))),
    ),
  );
  const counts = new Map<string, number>();
  for (const { input } of graph.node) for (const name of input) counts.set(name, (counts.get(name) ?? 0) + 1);
  const even = new Map<string, TensorProto>();
  for (const proto of graph.initializer) {
    const name = proto.name ?? "";
    if ((counts.get(name) ?? 0) < 2 || inner.has(name) || proto.dims.length === 0) continue;
    const { type, data } = readTensorProto(proto, damaged, external);
    if (isFloating(type) && (data as Float32Array).every((value) => value === data[0])) even.set(name, proto);
  }
  if (even.size === 0) return graph;
  const taken = new Set([...graph.initializer.map(({ name }) => name ?? ""), ...counts.keys()]);
  const more: TensorProto[] = [];
  const seen = new Set<string>();
  const node = graph.node.map((each) => ({
    ...each,
    input: each.input.map((name) => {
      const proto = even.get(name);
      if (proto === undefined || !seen.has(name)) {
        seen.add(name);
        return name;
      }
      let k = 2;
      while (taken.has(`${name}_${k}`)) k += 1;
      taken.add(`${name}_${k}`);
      more.push({ ...proto, name: `${name}_${k}` });
      return `${name}_${k}`;
    }),
  }));
  return { ...graph, node, initializer: [...graph.initializer, ...more] };
}

function isFiniteThroughout({ data }: ArrayValue): boolean {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return false;
  return true;
}

/** Says of a graph's arrays which are parameters, and of what kind. */
export function rolesIn(graph: GraphProto): (name: string, value: ArrayValue) => Role | undefined {
  const uses = new Map<string, Use[]>();
  const makers = new Map<string, string>();
  for (const node of nodesOf(graph)) {
    node.input.forEach((name, position) => {
      const list = uses.get(name);
      if (list === undefined) uses.set(name, [{ node, position }]);
      else list.push({ node, position });
    });
    for (const name of node.output) makers.set(name, node.opType ?? "");
  }
  const isBias = ({ node, position }: Use, { rank }: ArrayValue): boolean =>
    rank > 0 && node.opType === "Add" && PRODUCTS.includes(makers.get(node.input[1 - position] ?? "") ?? "");
  const counts = (use: Use, value: ArrayValue): boolean => {
    const operator = use.node.opType ?? "";
    if (SETTINGS[operator]?.includes(use.position)) return false;
    if (!ARITHMETIC.includes(operator) || value.size > 1) return true;
    return isBias(use, value);
  };
  return (name, value) => {
    if (!["float32", "float64", "float16", "bfloat16"].includes(value.type) || value.size === 0) return undefined;
    const all = uses.get(name) ?? [];
    if (!all.some((use) => counts(use, value))) return undefined;
    // Masks of minus infinity, which are added or chosen from, are no weights.
    if (all.some(({ node }) => ARITHMETIC.includes(node.opType ?? "")) && !isFiniteThroughout(value)) return undefined;
    const statistics = all.every(({ node, position }) => node.opType === "BatchNormalization" && position >= 3);
    return statistics ? "state" : "trained";
  };
}
