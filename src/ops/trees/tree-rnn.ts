// A recursive layer: one cell folds the children of a node into one vector, from the leaves of trees up to their roots (Goller and Küchler 1996;
// Socher et al. 2011), with a term of products between the children where it has one (Socher et al. 2013).
import { knownOptions } from "../../engine/checks.ts";
import { type DType, isFloat, promote } from "../../engine/dtype.ts";
import { engine, type FusedActivation } from "../../engine/engine.ts";
import { quote } from "../../engine/quote.ts";
import { zeros } from "../../tensor/create.ts";
import { formatShape, sameShape } from "../../tensor/shape.ts";
import { empty, packed, type Tensor } from "../../tensor/tensor.ts";
import { relu, sigmoid } from "../activations.ts";
import { add, mul } from "../arithmetic.ts";
import { cast } from "../cast.ts";
import { checkTensor } from "../check.ts";
import { get } from "../indexing.ts";
import { linear } from "../linalg.ts";
import { gradientPlace, matrix } from "../recurrent/fused.ts";
import { takeRows } from "../rows.ts";
import { tanh } from "../trigonometry.ts";
import { expandDims, reshape, swapAxes } from "../views.ts";
import { Forest, flattenTree, type Tree } from "./forest.ts";
import { composedTable, copyOf, indices, putBack, recordTable, rowsAt, stretchOf, tableOf, take } from "./table.ts";

/** What `treeRnn` takes beside its parameters. */
export interface TreeRnnOptions {
  /** f; default "tanh". */
  activation?: FusedActivation;
  /** V [d, k d, k d]: adds c^T V_i c to the i-th number of a node, c being its children one after the other. Default none. */
  tensor?: Tensor | null;
  /** "composed" builds the layer of ordinary operations, so that gradients have gradients; default "fused", several times as fast. */
  form?: "fused" | "composed";
}

/** What `treeRnn` gives. */
export interface TreeResult {
  /** The root's vector [d]; of a forest those of all roots [trees, d]. */
  root: Tensor;
  /** Those of all inner nodes [nodes, d], in the order in which they close, children before parents, tree after tree. */
  nodes: Tensor;
}

const ACTIVATIONS: readonly FusedActivation[] = ["none", "sigmoid", "tanh", "relu"];

/** Operands of one fold, checked and of one dtype. @internal */
export interface TreeRnnSetup {
  leaves: Tensor;
  weights: Tensor;
  bias: Tensor | null;
  bilinear: Tensor | null;
  activation: FusedActivation;
  forest: Forest;
}

/**
 * Folds trees from their leaves to their roots: every inner node is p = f(W c + b), c = [c_1; ...; c_k] being its children, f tanh by default, with
 * the same W and b everywhere. With `tensor` V it is p_i = f(W_i c + b_i + c^T V_i c), a recursive neural tensor network.
 *
 * leaves [count, d]; weights [d, k d] for nodes with k children; bias [d] or null. Of a tree: its root's vector [d], and those of all inner nodes
 * [nodes, d] in the order in which they close, children before parents, the root last. Of a `forest`: the roots [trees, d], and the nodes of tree
 * after tree. Nodes of one height, over all trees, are one matrix product. Gradients: to leaves, weights, bias and tensor; first order in the fused form.
 * @throws RangeError if a shape does not fit, a leaf's number is out of range, or a node has another number of children.
 * @example
 * ```ts
 * treeRnn(tensor([[1], [2], [4]]), [[0, 1], 2], tensor([[1, 1]]), null, { activation: "none" }).root.item(); // 7
 * const two = forest([[[0, 1], 2], [0, 1]]);
 * treeRnn(tensor([[1], [2], [4], [5], [6]]), two, tensor([[1, 1]]), null, { activation: "none" }).root.toArray(); // [[7], [11]]
 * ```
 */
export function treeRnn(
  leaves: Tensor,
  tree: Tree | Forest,
  weights: Tensor,
  bias: Tensor | null = null,
  options: TreeRnnOptions = {},
): TreeResult {
  knownOptions("treeRnn", options, ["activation", "tensor", "form"]);
  checkTensor("treeRnn", leaves);
  checkTensor("treeRnn", weights);
  const { activation = "tanh", form = "fused" } = options;
  if (!ACTIVATIONS.includes(activation)) {
    throw new RangeError(`treeRnn: activation must be one of ${ACTIVATIONS.join(", ")}, got ${quote(activation)}`);
  }
  if (form !== "fused" && form !== "composed") {
    throw new RangeError(`treeRnn: form must be "fused" or "composed", got ${quote(form)}`);
  }
  const setup = prepare(leaves, tree, weights, bias, options.tensor ?? null, activation);
  const table = treeRnnTable(setup, form);
  return { root: rootsOf(table, setup.forest, tree instanceof Forest), nodes: nodesOf(table, setup.forest) };
}

function prepare(
  leaves: Tensor,
  tree: Tree | Forest,
  weights: Tensor,
  bias: Tensor | null,
  bilinear: Tensor | null,
  activation: FusedActivation,
): TreeRnnSetup {
  const [count, size] = checkLeaves("treeRnn", leaves);
  const arity = (weights.shape[1] ?? 0) / size;
  if (weights.rank !== 2 || weights.shape[0] !== size || !Number.isInteger(arity) || arity < 1) {
    throw new RangeError(
      `treeRnn: weights must be [${size}, children * ${size}] for leaves of size ${size}, got ${formatShape(weights.shape)}`,
    );
  }
  const across = arity * size;
  for (const [role, x, shape] of [
    ["bias", bias, [size]],
    ["tensor", bilinear, [size, across, across]],
  ] as const) {
    if (x === null) continue;
    checkTensor(`treeRnn: ${role}`, x);
    if (!sameShape(x.shape, shape)) {
      throw new RangeError(`treeRnn: ${role} must have shape ${formatShape(shape)}, got ${formatShape(x.shape)}`);
    }
  }
  const forest = planFor("treeRnn", tree, arity, count);
  const dtype = floatOf(leaves, weights);
  return {
    leaves: cast(leaves, dtype),
    weights: cast(weights, dtype),
    bias: bias && cast(bias, dtype),
    bilinear: bilinear && cast(bilinear, dtype),
    activation,
    forest,
  };
}

/** @internal */
export function floatOf(...xs: readonly Tensor[]): DType {
  const common = xs.map(({ dtype }) => dtype).reduce(promote);
  return isFloat(common) ? common : "float32";
}

/** Rows and width of the leaves. @internal */
export function checkLeaves(operation: string, leaves: Tensor): [count: number, size: number] {
  checkTensor(operation, leaves);
  if (leaves.rank !== 2) {
    throw new RangeError(`${operation}: leaves must be [count, size], got shape ${formatShape(leaves.shape)}`);
  }
  return leaves.shape as [number, number];
}

/** The forest, or the one of a single tree, with nodes of `arity` children and so many leaves. @internal */
export function planFor(operation: string, tree: Tree | Forest, arity: number, count: number): Forest {
  if (!(tree instanceof Forest)) {
    const { children } = flattenTree(operation, tree, arity, count);
    const inner = children.length / arity;
    return new Forest(count, arity, children, (rowOf) =>
      Int32Array.of(inner === 0 ? (tree as number) : rowOf[inner - 1]),
    );
  }
  if (tree.leaves !== count) {
    throw new RangeError(`${operation}: the forest has ${tree.leaves} leaves, but there are ${count} vectors for them`);
  }
  if (tree.inner > 0 && tree.arity !== arity) {
    throw new RangeError(
      `${operation}: the weights are for nodes with ${arity} children, but those of the forest have ${tree.arity}`,
    );
  }
  return tree;
}

/** @internal */
export function rootsOf(table: Tensor, { rootRows }: Forest, several: boolean): Tensor {
  if (!several) return get(table, rootRows[0]);
  const width = table.shape[1];
  return takeRows("gather", table, indices(rootRows), width, [rootRows.length, width]);
}

/** @internal */
export function nodesOf(table: Tensor, { rowOf }: Forest): Tensor {
  const width = table.shape[1];
  return takeRows("gather", table, indices(rowOf), width, [rowOf.length, width]);
}

/** All nodes in the order of the forest's table. @internal */
export function treeRnnTable(setup: TreeRnnSetup, form: "fused" | "composed"): Tensor {
  if (setup.forest.inner === 0) return setup.leaves;
  return form === "fused" ? fused(setup) : composed(setup);
}

function composed({ leaves, weights, bias, bilinear, activation, forest }: TreeRnnSetup): Tensor {
  const across = swapAxes(weights, 0, 1);
  if (bilinear === null) return composedTable(forest, leaves, (c) => linear(c, across, bias, activation));
  const [size, width] = bilinear.shape as [number, number, number];
  const bent = { none: (x: Tensor) => x, sigmoid, tanh, relu }[activation];
  const products = swapAxes(reshape(bilinear, [size, width * width]), 0, 1);
  return composedTable(forest, leaves, (c) => {
    const pairs = reshape(mul(expandDims(c, 2), expandDims(c, 1)), [c.shape[0], width * width]);
    return bent(add(linear(c, across, bias), linear(pairs, products)));
  });
}

/** So many products of pairs are held at a time. */
const MOST_PAIRS = 1 << 21;

/** Products of pairs for some nodes: c c^T, [nodes, width * width], in pieces of so many nodes as are held at a time. */
function inPieces(children: Tensor, use: (from: number, to: number, pairs: Tensor) => void): void {
  const [nodes, width] = children.shape as [number, number];
  const most = Math.max(1, Math.floor(MOST_PAIRS / (width * width)));
  const room = empty("treeRnn", [Math.min(most, nodes), width, width], children.dtype);
  for (let from = 0; from < nodes; from += most) {
    const to = Math.min(nodes, from + most);
    const here = reshape(rowsAt(children, from, to), [to - from, width]);
    const pairs =
      to - from === room.shape[0] ? room : stretchOf(reshape(room, [room.size]), 0, (to - from) * width * width);
    const shaped = reshape(pairs, [to - from, width, width]);
    engine().binary("mul", expandDims(here, 2), expandDims(here, 1), shaped);
    use(from, to, reshape(shaped, [to - from, width * width]));
  }
}

function fused(setup: TreeRnnSetup): Tensor {
  const { bias, activation, forest } = setup;
  const leaves = packed(setup.leaves);
  const weights = packed(setup.weights);
  const bilinear = setup.bilinear && packed(setup.bilinear);
  const { arity, levels } = forest;
  const size = leaves.shape[1];
  const width = arity * size;
  const { dtype } = leaves;
  const table = tableOf("treeRnn", forest, leaves);
  const children = empty("treeRnn", [forest.inner, width], dtype);
  const rows = indices(forest.childRows);
  const across = matrix(weights, width, true);
  const end = { bias: bias ? packed(bias) : undefined, activation };
  for (const { from, to } of levels) {
    const [first, last] = [from - forest.leaves, to - forest.leaves];
    const c = rowsAt(children, first, last);
    take(table, stretchOf(rows, first * arity, last * arity), c);
    if (bilinear !== null) {
      const products = matrix(bilinear, width * width, true);
      inPieces(c, (start, stop, pairs) => {
        const out = rowsAt(table, from + start, from + stop);
        engine().matmul(matrix(pairs, width * width), products, out, stop - start, size, width * width, 1);
      });
    }
    const accumulate = bilinear !== null;
    engine().matmul(matrix(c, width), across, rowsAt(table, from, to), to - from, size, width, 1, {
      ...end,
      accumulate,
    });
  }
  return recordTable("treeRnn", table, [setup.leaves, setup.weights, bias, setup.bilinear], (dy) => {
    const delta = copyOf(dy);
    const dC = empty("gradient", [Math.max(...levels.map(({ from, to }) => to - from)), width], dtype);
    const dBilinear = bilinear !== null && setup.bilinear!.node ? zeros(bilinear.shape, dtype) : undefined;
    for (const { from, to } of [...levels].reverse()) {
      const [first, last] = [from - forest.leaves, to - forest.leaves];
      const count = to - from;
      const dz = rowsAt(delta, from, to);
      if (activation !== "none") engine().binary(`${activation}Gradient`, dz, rowsAt(table, from, to), dz);
      const dc = rowsAt(dC, 0, count);
      engine().matmul(matrix(dz, size), matrix(weights, width), dc, count, width, size, 1);
      if (bilinear !== null) throughPairs(rowsAt(children, first, last), dz, bilinear, dc, dBilinear);
      putBack(dc, stretchOf(rows, first * arity, last * arity), delta);
    }
    const inner = rowsAt(delta, forest.leaves, delta.shape[0]);
    let dWeights: Tensor | undefined;
    if (setup.weights.node) {
      const { into, accumulate } = gradientPlace(setup.weights);
      dWeights = into;
      const left = matrix(inner, size, true);
      engine().matmul(left, matrix(children, width), into, size, width, forest.inner, 1, { accumulate });
    }
    let dBias: Tensor | undefined;
    if (bias?.node) {
      dBias = empty("gradient", [size], dtype);
      engine().reduce("sum", inner, dBias, 1, forest.inner, size);
    }
    return [rowsAt(delta, 0, forest.leaves), dWeights, dBias, dBilinear];
  });
}

/** Gradients of c^T V_i c: to c, sum over i of dz_i (V_i + V_i^T) c, added to dc; to V, dz c c^T, added to dV. */
function throughPairs(c: Tensor, dz: Tensor, bilinear: Tensor, dc: Tensor, dV: Tensor | undefined): void {
  const [nodes, width] = c.shape as [number, number];
  const size = dz.shape[1];
  const square = width * width;
  const most = Math.min(nodes, Math.max(1, Math.floor(MOST_PAIRS / square)));
  const room = empty("gradient", [most, square], c.dtype);
  for (let from = 0; from < nodes; from += most) {
    const to = Math.min(nodes, from + most);
    const count = to - from;
    const dPairs = rowsAt(room, 0, count);
    engine().matmul(matrix(rowsAt(dz, from, to), size), matrix(bilinear, square), dPairs, count, square, size, 1);
    const vector = { view: c, offset: c.offset + from * width, rowStride: 1, columnStride: 1, batchStride: width };
    const out = rowsAt(dc, from, to);
    for (const [rowStride, columnStride] of [
      [width, 1],
      [1, width],
    ]) {
      const left = { view: dPairs, offset: dPairs.offset, rowStride, columnStride, batchStride: square };
      engine().matmul(left, vector, reshape(out, [count, width, 1]), width, 1, width, count, { accumulate: true });
    }
  }
  if (dV === undefined) return;
  inPieces(c, (from, to, pairs) => {
    const left = matrix(dz, size, true, from * size);
    engine().matmul(left, matrix(pairs, square), dV, size, square, to - from, 1, { accumulate: true });
  });
}
