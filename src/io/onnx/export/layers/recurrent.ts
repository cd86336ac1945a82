// Recurrent layers. ONNX has the sequences time first, the gates in an order of its own, one direction or two in a node, and lengths in the place of masks.
import type { Bidirectional, BidirectionalMerge } from "../../../../nn/layers/bidirectional.ts";
import type { GRU } from "../../../../nn/layers/gru.ts";
import type { LSTM } from "../../../../nn/layers/lstm.ts";
import type { RecurrentLayer } from "../../../../nn/layers/recurrent.ts";
import type { SimpleRNN } from "../../../../nn/layers/simple-rnn.ts";
import type { OnnxAttribute, OnnxSymbol } from "../graph.ts";
import type { OnnxLayerExport, OnnxScope } from "../scope.ts";

/** How a kind of cell is put. */
interface Cell {
  readonly operator: "RNN" | "LSTM" | "GRU";
  /** The blocks of rows here in the order of ONNX. */
  readonly gates: readonly number[];
  /** Blocks here whose rows change their sign. */
  readonly negated?: readonly number[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/** f(x) = x, of which ONNX has only this form. */
const IDENTITY = { activation_alpha: { floats: [1] }, activation_beta: { floats: [0] } };

const RNN_ACTIVATIONS = { tanh: "Tanh", relu: "Relu", sigmoid: "Sigmoid", linear: "Affine" } as const;

function cellOf(layer: RecurrentLayer): Cell {
  switch (layer.type) {
    case "lstm": {
      const linear = (layer as unknown as LSTM).cellActivation === "linear";
      const attributes = linear ? { activations: ["Sigmoid", "Tanh", "Affine"], ...IDENTITY } : {};
      // Input, forget, cell, output here; input, output, forget, cell there.
      return { operator: "LSTM", gates: [0, 3, 1, 2], attributes };
    }
    case "gru": {
      const { reset, update } = layer as unknown as GRU;
      // Reset, update, candidate here; update, reset, candidate there. The update gate's share of the candidate is the logistic function of the
      // opposite of that of the old state.
      const negated = update === "writes" ? [1] : [];
      return {
        operator: "GRU",
        gates: [1, 0, 2],
        negated,
        attributes: { linear_before_reset: reset === "after" ? 1 : 0 },
      };
    }
    default: {
      const { activation } = layer as unknown as SimpleRNN;
      const attributes = { activations: [RNN_ACTIVATIONS[activation]], ...(activation === "linear" ? IDENTITY : {}) };
      return { operator: "RNN", gates: [0], attributes };
    }
  }
}

/** Rows in ONNX's order, [gates units, width]. */
function reordered(data: ArrayLike<number>, units: number, { gates, negated = [] }: Cell): Float64Array {
  const block = data.length / gates.length;
  const width = block / units;
  const all = new Float64Array(data.length);
  gates.forEach((from, at) => {
    const sign = negated.includes(from) ? -1 : 1;
    for (let i = 0; i < units * width; i++) all[at * block + i] = sign * data[from * block + i];
  });
  return all;
}

/** Where the steps that count stand at the front, for a runtime that takes lengths, and the way back. */
interface Order {
  /** int32 [n] */
  readonly lengths: OnnxSymbol;
  /** bool [n, 1]: sequences with a step that counts. */
  readonly some: OnnxSymbol;
  /** [n, time, features] with the steps that count first, in their order. */
  packed(x: OnnxSymbol): OnnxSymbol;
  /** [n, time, features] with those steps in their places, and zeros elsewhere. */
  unpacked(y: OnnxSymbol): OnnxSymbol;
}

/** Larger than any position. */
const FAR = 2 ** 40;

function orderOf(to: OnnxScope, mask: OnnxSymbol, time: number | null): Order {
  const counted = to.cast(mask, "int64");
  const count = to.node("ReduceSum", [counted, to.ints([1])], { keepdims: 0 });
  const steps = time === null ? to.range(to.length(mask, 1)) : to.ints(Array.from({ length: time }, (_, t) => t));
  // Steps that count have larger keys than the others, and early ones larger keys than late ones.
  const keys = to.node("Sub", [to.node("Mul", [counted, to.int(FAR)]), steps]);
  const [, places] = to.nodes("TopK", [keys, to.lengths(mask, 1, 2)], ["keys", "places"], { axis: 1 });
  const ranks = to.node("Max", [to.node("Sub", [to.node("CumSum", [counted, to.int(1)]), to.int(1)]), to.int(0)]);
  const taken = (x: OnnxSymbol, at: OnnxSymbol): OnnxSymbol =>
    to.node("GatherND", [x, to.unsqueeze(at, 2)], { batch_dims: 1 });
  return {
    lengths: to.cast(count, "int32"),
    some: to.unsqueeze(to.node("Greater", [count, to.int(0)], {}, "bool"), 1),
    packed: (x) => taken(x, places),
    unpacked: (y) => to.where(to.unsqueeze(mask, 2), taken(y, ranks), 0),
  };
}

const statesOf = ({ operator }: Cell): readonly string[] => (operator === "LSTM" ? ["state", "cell"] : ["state"]);

export const recurrent: OnnxLayerExport = (given, inputs, to) => {
  const layer = given as unknown as RecurrentLayer;
  const { units, layers, returnSequences, returnState, stateful, direction } = layer;
  const cell = cellOf(layer);
  const names = statesOf(cell);
  const [x, ...first] = inputs.map((input) => to.real(input));
  const mask = to.masks[0];
  const order = mask === null ? null : orderOf(to, mask.value, mask.time);
  const kept = stateful ? names.map((name) => to.state(name)) : [];
  let sequence = to.transpose(order === null ? x : order.packed(x), 1, 0, 2);
  const ends: OnnxSymbol[][] = [];
  for (let i = 0; i < layers; i++) {
    // Each [1, n, units].
    const begin = names.map((_, k): OnnxSymbol | null => {
      if (stateful) {
        const { value } = kept[k];
        return layers === 1 ? value : to.node("Slice", [value, to.ints([i]), to.ints([i + 1]), to.ints([0])]);
      }
      return first.length === 0 ? null : to.unsqueeze(first[i * names.length + k], 0);
    });
    const [weights, width] = weightsOf(to, layers === 1 ? "" : `layer${i + 1}.`, units, cell);
    if (width === 0) to.fail("its inputs have no features");
    const results = ["Y", "Y_h", ...(cell.operator === "LSTM" ? ["Y_c"] : [])];
    const [y, ...last] = to.nodes(cell.operator, [sequence, ...weights, order?.lengths ?? null, ...begin], results, {
      ...{ hidden_size: units, direction: direction === "backward" ? "reverse" : undefined },
      ...cell.attributes,
    });
    sequence = to.squeeze(y, 1);
    ends.push(
      last.map((end, k) => {
        const before = begin[k];
        // A runtime may say anything of a sequence without a step; here it keeps its state.
        return order === null || before === null ? end : to.where(order.some, end, before);
      }),
    );
  }
  kept.forEach(({ becomes }, k) => {
    const all = ends.map((end) => end[k]);
    becomes(layers === 1 ? all[0] : to.node("Concat", all, { axis: 0 }));
  });
  const y = (): OnnxSymbol => {
    const states = to.transpose(sequence, 1, 0, 2);
    return order === null ? states : order.unpacked(states);
  };
  const flat = (end: OnnxSymbol): OnnxSymbol => to.squeeze(end, 0);
  const output = returnSequences ? y() : flat(ends[layers - 1][0]);
  return returnState ? [output, ...ends.flat().map(flat)] : [output];
};

/** W, R and B of one direction, and the width of what it reads. */
function weightsOf(
  to: OnnxScope,
  prefix: string,
  units: number,
  cell: Cell,
): readonly [readonly (OnnxSymbol | null)[], number] {
  const rows = cell.gates.length * units;
  const inner = to.values(`${prefix}weights`)!;
  const own = to.values(`${prefix}stateWeights`)!;
  const [bias, stateBias] = ["bias", "stateBias"].map((name) => to.values(`${prefix}${name}`));
  const matrix = (name: string, { data, shape }: typeof inner): OnnxSymbol =>
    to.array(`${prefix}${name}`, reordered(data, units, cell), [1, rows, shape[1]]);
  const zeros = new Float64Array(rows);
  const both =
    bias === null
      ? null
      : [bias, stateBias].flatMap((each) => [...(each === null ? zeros : reordered(each.data, units, cell))]);
  const b = both === null ? null : to.array(`${prefix}B`, both, [1, 2 * rows]);
  return [[matrix("W", inner), matrix("R", own), b], inner.shape[1]];
}

const MERGED: Record<
  Exclude<BidirectionalMerge, "none">,
  (to: OnnxScope, a: OnnxSymbol, b: OnnxSymbol) => OnnxSymbol
> = {
  concat: (to, a, b) => to.node("Concat", [a, b], { axis: -1 }),
  sum: (to, a, b) => to.node("Add", [a, b]),
  average: (to, a, b) => to.node("Mul", [to.node("Add", [a, b]), to.number(0.5)]),
  multiply: (to, a, b) => to.node("Mul", [a, b]),
};

/** One node a direction: each may be of several layers. */
export const bidirectional: OnnxLayerExport<Bidirectional> = (layer, [x, ...first], to) => {
  const [shape, ...rest] = to.shapes;
  const middle = first.length / 2;
  const [ahead, back] = layer.children.map((child, i) => {
    const own = first.slice(i * middle, (i + 1) * middle);
    const shapes = rest.slice(i * middle, (i + 1) * middle);
    return to.within(child, [x, ...own], [shape, ...shapes], [to.masks[0]]).outputs;
  });
  const { merge } = layer;
  const merged = merge === "none" ? [ahead[0], back[0]] : [MERGED[merge](to, ahead[0], back[0])];
  return [...merged, ...ahead.slice(1), ...back.slice(1)];
};
