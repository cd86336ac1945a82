// Long short-term memory over trees (Tai, Socher and Manning 2015, the N-ary form): a node's cell is fed by the cells of its children, each through a
// forget gate of its own, so that what is far below can reach the root.
import { fields, knownOptions } from "../../engine/checks.ts";
import { engine } from "../../engine/engine.ts";
import { quote } from "../../engine/quote.ts";
import { formatShape } from "../../tensor/shape.ts";
import { empty, packed, type Tensor, windowOf } from "../../tensor/tensor.ts";
import { sigmoid } from "../activations.ts";
import { add, mul } from "../arithmetic.ts";
import { cast } from "../cast.ts";
import { checkTensor } from "../check.ts";
import { concat } from "../join.ts";
import { linear } from "../linalg.ts";
import { gradientPlace, matrix } from "../recurrent/fused.ts";
import { expectShape } from "../recurrent/setup.ts";
import { slice } from "../slices.ts";
import { tanh } from "../trigonometry.ts";
import { swapAxes } from "../views.ts";
import { Forest, type Tree } from "./forest.ts";
import { composedTable, copyOf, indices, putBack, recordTable, rowsAt, stretchOf, tableOf, take } from "./table.ts";
import { checkLeaves, floatOf, nodesOf, planFor, rootsOf, type TreeResult } from "./tree-rnn.ts";

/** Parameters of a Tree-LSTM for nodes with k children. */
export interface TreeLstmParameters {
  /** [3 d, in]: input gate, output gate, cell of a leaf. */
  inputWeights: Tensor;
  /** [3 d]; none by default. */
  inputBias?: Tensor | null;
  /** [(3 + k) d, k d]: input gate, a forget gate a child, output gate, cell of an inner node. */
  stateWeights: Tensor;
  /** [(3 + k) d]; none by default. */
  stateBias?: Tensor | null;
}

/** What `treeLstm` takes beside its parameters. */
export interface TreeLstmOptions {
  /** "composed" builds the layer of ordinary operations, so that gradients have gradients; default "fused", several times as fast. */
  form?: "fused" | "composed";
}

/** What `treeLstm` gives. */
export interface TreeLstmResult extends TreeResult {
  /** The leaves' states h, [count, d]. */
  leaves: Tensor;
}

/** Operands of one fold: states and cells of the leaves, what is above them. @internal */
interface Setup {
  h: Tensor;
  c: Tensor;
  weights: Tensor;
  bias: Tensor | null;
  forest: Forest;
}

/**
 * A Tree-LSTM (Tai, Socher and Manning 2015, binary or N-ary). A leaf with vector x has i = sigmoid(W_1 x + b_1), o = sigmoid(W_2 x + b_2),
 * u = tanh(W_3 x + b_3), c = i u, h = o tanh(c). An inner node over children with states h_1 to h_k, one after the other in the vector h, has
 * i = sigmoid(U_1 h + a_1), f_j = sigmoid(U_(1+j) h + a_(1+j)), o = sigmoid(U_(2+k) h + a_(2+k)), u = tanh(U_(3+k) h + a_(3+k)),
 * c = i u + f_1 c_1 + ... + f_k c_k, h = o tanh(c).
 *
 * x [count, in], a row a leaf; `tree` as for `treeRnn`. Gives the states h of roots, inner nodes and leaves. Gradients: to x and every parameter;
 * first order in the fused form.
 * @throws RangeError if a shape does not fit, a leaf's number is out of range, or a node has another number of children.
 * @example
 * ```ts
 * const parameters = { inputWeights: zeros([3, 1]), stateWeights: zeros([5, 2]), inputBias: tensor([9, 9, 9]) };
 * const { root, leaves } = treeLstm(zeros([2, 1]), [0, 1], parameters);
 * [leaves.get(0, 0).item() > 0.76, root.shape]; // [true, [1]]
 * ```
 */
export function treeLstm(
  x: Tensor,
  tree: Tree | Forest,
  parameters: TreeLstmParameters,
  options: TreeLstmOptions = {},
): TreeLstmResult {
  knownOptions("treeLstm", options, ["form"]);
  const { form = "fused" } = options;
  if (form !== "fused" && form !== "composed") {
    throw new RangeError(`treeLstm: form must be "fused" or "composed", got ${quote(form)}`);
  }
  const { forest, table } = treeLstmTable(x, tree, parameters, form);
  return {
    root: rootsOf(table, forest, tree instanceof Forest),
    nodes: nodesOf(table, forest),
    leaves: slice(table, 0, forest.leaves),
  };
}

/** The states of all nodes in the order of the forest's table. @internal */
export function treeLstmTable(
  x: Tensor,
  tree: Tree | Forest,
  parameters: TreeLstmParameters,
  form: "fused" | "composed",
): { forest: Forest; table: Tensor } {
  const [count, inputs] = checkLeaves("treeLstm", x);
  fields("treeLstm", "the parameters, { inputWeights, stateWeights, ... },", parameters);
  const { inputWeights, stateWeights, inputBias = null, stateBias = null } = parameters;
  checkTensor("treeLstm: inputWeights", inputWeights);
  checkTensor("treeLstm: stateWeights", stateWeights);
  const size = (inputWeights.shape[0] ?? 0) / 3;
  if (inputWeights.rank !== 2 || !Number.isInteger(size) || size < 1 || inputWeights.shape[1] !== inputs) {
    throw new RangeError(
      `treeLstm: inputWeights must be [3 * size, ${inputs}] for leaves of ${inputs} numbers, got shape ${formatShape(inputWeights.shape)}`,
    );
  }
  const arity = (stateWeights.shape[1] ?? 0) / size;
  if (
    stateWeights.rank !== 2 ||
    !Number.isInteger(arity) ||
    arity < 1 ||
    stateWeights.shape[0] !== (3 + arity) * size
  ) {
    throw new RangeError(
      `treeLstm: stateWeights must be [(3 + children) * ${size}, children * ${size}], got shape ${formatShape(stateWeights.shape)}`,
    );
  }
  if (inputBias !== null) expectShape("treeLstm", "inputBias", inputBias, [3 * size], "as inputWeights has rows");
  if (stateBias !== null) {
    expectShape("treeLstm", "stateBias", stateBias, [(3 + arity) * size], "as stateWeights has rows");
  }
  const dtype = floatOf(x, inputWeights, stateWeights);
  const forest = planFor("treeLstm", tree, arity, count);
  const z = linear(cast(x, dtype), swapAxes(cast(inputWeights, dtype), 0, 1), inputBias && cast(inputBias, dtype));
  const gate = (k: number): Tensor => slice(z, k * size, (k + 1) * size, 1, 1);
  const c = mul(sigmoid(gate(0)), tanh(gate(2)));
  const h = mul(sigmoid(gate(1)), tanh(c));
  if (forest.inner === 0) return { forest, table: h };
  const setup: Setup = {
    ...{ h, c, forest },
    weights: cast(stateWeights, dtype),
    bias: stateBias && cast(stateBias, dtype),
  };
  return { forest, table: form === "fused" ? fused(setup) : composed(setup) };
}

/** States and cells side by side in one table, of which the states are the answer. */
function composed({ h, c, weights, bias, forest }: Setup): Tensor {
  const { arity } = forest;
  const size = h.shape[1];
  const across = swapAxes(weights, 0, 1);
  const part = (x: Tensor, k: number): Tensor => slice(x, k * size, (k + 1) * size, 1, 1);
  const both = composedTable(forest, concat([h, c], 1), (children) => {
    const states = concat(
      Array.from({ length: arity }, (_, k) => part(children, 2 * k)),
      1,
    );
    const z = linear(states, across, bias);
    let cell = mul(sigmoid(part(z, 0)), tanh(part(z, 2 + arity)));
    for (let k = 0; k < arity; k++) cell = add(cell, mul(sigmoid(part(z, 1 + k)), part(children, 2 * k + 1)));
    return concat([mul(sigmoid(part(z, 1 + arity)), tanh(cell)), cell], 1);
  });
  return slice(both, 0, size, 1, 1);
}

/** One height's arrays in a vector that holds those of all heights: blocks [blocks, nodes, size], packed. */
function blocksAt(all: Tensor, first: number, last: number, blocks: number, size: number): Tensor {
  return windowOf(all, [blocks, last - first, size], all.offset + first * blocks * size, null);
}

/** A block, or several that lie one behind the other. */
function blockOf(x: Tensor, from: number, to = from + 1): Tensor {
  const [, nodes, size] = x.shape as [number, number, number];
  return windowOf(x, [(to - from) * nodes, size], x.offset + from * nodes * size, null);
}

/** The same numbers with blocks beside each other in a row a node: [nodes, blocks, size] of [blocks, nodes, size], or back. */
function turned(x: Tensor, blocks: number, nodes: number, size: number): Tensor {
  return windowOf(x, [blocks, nodes, size], x.offset, [size, blocks * size, 1]);
}

/** Children child by child, where a forest has them node by node. */
function byChild(forest: Forest): Int32Array {
  const { arity, childRows, leaves, levels } = forest;
  const rows = new Int32Array(childRows.length);
  for (const { from, to } of levels) {
    const start = (from - leaves) * arity;
    const nodes = to - from;
    for (let j = 0; j < nodes; j++) {
      for (let k = 0; k < arity; k++) rows[start + k * nodes + j] = childRows[start + j * arity + k];
    }
  }
  return rows;
}

function fused(setup: Setup): Tensor {
  const { bias, forest } = setup;
  const { arity, inner, leaves, levels } = forest;
  const weights = packed(setup.weights);
  const size = setup.h.shape[1];
  const { dtype } = weights;
  const gates = 3 + arity;
  const width = arity * size;
  const states = tableOf("treeLstm", forest, packed(setup.h));
  const cells = tableOf("treeLstm", forest, packed(setup.c));
  const children = empty("treeLstm", [inner, width], dtype);
  // Of each height: gates [gates, nodes, size] and cells of the children [arity, nodes, size].
  const allGates = empty("treeLstm", [inner * gates, size], dtype);
  const allCells = empty("treeLstm", [inner * arity, size], dtype);
  const bent = empty("treeLstm", [inner, size], dtype);
  const rows = indices(forest.childRows);
  const cellRows = indices(byChild(forest));
  const most = Math.max(...levels.map(({ from, to }) => to - from));
  const z = empty("treeLstm", [most, gates * size], dtype);
  const passed = empty("treeLstm", [most * arity, size], dtype);
  const across = matrix(weights, width, true);
  const end = { bias: bias ? packed(bias) : undefined };
  for (const { from, to } of levels) {
    const [first, last] = [from - leaves, to - leaves];
    const nodes = to - from;
    const h = rowsAt(children, first, last);
    take(states, stretchOf(rows, first * arity, last * arity), h);
    const below = blocksAt(allCells, first, last, arity, size);
    take(cells, stretchOf(cellRows, first * arity, last * arity), blockOf(below, 0, arity));
    engine().matmul(matrix(h, width), across, rowsAt(z, 0, nodes), nodes, gates * size, width, 1, end);
    const g = blocksAt(allGates, first, last, gates, size);
    engine().copy(turned(z, gates, nodes, size), g);
    // Input gate, forget gates, output gate; the cell's new part is the last.
    engine().unary("sigmoid", blockOf(g, 0, 2 + arity), blockOf(g, 0, 2 + arity));
    engine().unary("tanh", blockOf(g, 2 + arity), blockOf(g, 2 + arity));
    const c = rowsAt(cells, from, to);
    engine().binary("mul", blockOf(g, 0), blockOf(g, 2 + arity), c);
    const kept = rowsAt(passed, 0, nodes * arity);
    engine().binary("mul", blockOf(g, 1, 1 + arity), blockOf(below, 0, arity), kept);
    for (let k = 0; k < arity; k++) engine().binary("add", c, rowsAt(kept, k * nodes, (k + 1) * nodes), c);
    engine().unary("tanh", c, rowsAt(bent, first, last));
    engine().binary("mul", blockOf(g, 1 + arity), rowsAt(bent, first, last), rowsAt(states, from, to));
  }
  return recordTable("treeLstm", states, [setup.h, setup.c, setup.weights, bias], (dy) => {
    const dStates = copyOf(dy);
    const dCells = empty("gradient", cells.shape, dtype);
    engine().fill(dCells, 0);
    const dz = empty("gradient", [inner, gates * size], dtype);
    const room = empty("gradient", [most * gates, size], dtype);
    const dChildren = empty("gradient", [most, width], dtype);
    const through = empty("gradient", [most, size], dtype);
    const toCells = empty("gradient", [most * arity, size], dtype);
    for (const { from, to } of [...levels].reverse()) {
      const [first, last] = [from - leaves, to - leaves];
      const nodes = to - from;
      const g = blocksAt(allGates, first, last, gates, size);
      const below = blocksAt(allCells, first, last, arity, size);
      const dg = windowOf(room, [gates, nodes, size], room.offset, null);
      const dh = rowsAt(dStates, from, to);
      const dc = rowsAt(dCells, from, to);
      const squashed = rowsAt(bent, first, last);
      const part = rowsAt(through, 0, nodes);
      engine().binary("mul", dh, squashed, blockOf(dg, 1 + arity));
      engine().binary("mul", dh, blockOf(g, 1 + arity), part);
      engine().binary("tanhGradient", part, squashed, part);
      engine().binary("add", dc, part, dc);
      engine().binary("mul", dc, blockOf(g, 2 + arity), blockOf(dg, 0));
      engine().binary("mul", dc, blockOf(g, 0), blockOf(dg, 2 + arity));
      const dBelow = rowsAt(toCells, 0, nodes * arity);
      for (let k = 0; k < arity; k++) {
        engine().binary("mul", dc, blockOf(below, k), blockOf(dg, 1 + k));
        engine().binary("mul", dc, blockOf(g, 1 + k), rowsAt(dBelow, k * nodes, (k + 1) * nodes));
      }
      putBack(dBelow, stretchOf(cellRows, first * arity, last * arity), dCells);
      engine().binary(
        "sigmoidGradient",
        blockOf(dg, 0, 2 + arity),
        blockOf(g, 0, 2 + arity),
        blockOf(dg, 0, 2 + arity),
      );
      engine().binary("tanhGradient", blockOf(dg, 2 + arity), blockOf(g, 2 + arity), blockOf(dg, 2 + arity));
      const here = rowsAt(dz, first, last);
      engine().copy(
        windowOf(room, [nodes, gates, size], room.offset, [size, nodes * size, 1]),
        windowOf(here, [nodes, gates, size], here.offset, null),
      );
      const back = rowsAt(dChildren, 0, nodes);
      engine().matmul(matrix(here, gates * size), matrix(weights, width), back, nodes, width, gates * size, 1);
      putBack(back, stretchOf(rows, first * arity, last * arity), dStates);
    }
    let dWeights: Tensor | undefined;
    if (setup.weights.node) {
      const { into, accumulate } = gradientPlace(setup.weights);
      dWeights = into;
      const left = matrix(dz, gates * size, true);
      engine().matmul(left, matrix(children, width), into, gates * size, width, inner, 1, { accumulate });
    }
    let dBias: Tensor | undefined;
    if (bias?.node) {
      dBias = empty("gradient", [gates * size], dtype);
      engine().reduce("sum", dz, dBias, 1, inner, gates * size);
    }
    return [rowsAt(dStates, 0, leaves), rowsAt(dCells, 0, leaves), dWeights, dBias];
  });
}
