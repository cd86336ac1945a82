// A recursive layer: one cell folds the children of a node into one vector, from the leaves of a tree up to its root (Goller and Küchler 1996;
// Socher et al. 2011). Nodes of one height do not depend on each other, so each height is one matrix product.
import { knownOptions } from "../engine/checks.ts";
import type { FusedActivation } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkTensor } from "./check.ts";
import { gather } from "./gather.ts";
import { get } from "./indexing.ts";
import { concat } from "./join.ts";
import { linear } from "./linalg.ts";
import { reshape, swapAxes } from "./views.ts";

/** A tree as nested arrays: a leaf is its number, an inner node the list of its children. `[[0, 1], 2]` is a node over the node of leaves 0 and 1, and leaf 2. */
export type Tree = number | readonly Tree[];

/** An inner node: where its children and it stand in the table of all vectors. */
interface InnerNode {
  children: number[];
  height: number;
}

/** Inner nodes in the order in which they close (children before parents), their children as leaf numbers or -1 - position in this list. */
function innerNodes(tree: Tree, leaves: number, arity: number): InnerNode[] {
  const nodes: InnerNode[] = [];
  const visit = (part: Tree): { reference: number; height: number } => {
    if (typeof part === "number") {
      if (!Number.isInteger(part) || part < 0 || part >= leaves) {
        throw new RangeError(`treeRnn: leaf ${quote(part)} is not in 0 to ${leaves - 1}`);
      }
      return { reference: part, height: 0 };
    }
    if (!Array.isArray(part) || part.length !== arity) {
      const what = Array.isArray(part) ? `one with ${part.length}` : quote(part);
      throw new RangeError(`treeRnn: the weights are for nodes with ${arity} children, but the tree has ${what}`);
    }
    const children = part.map(visit);
    const height = 1 + Math.max(...children.map((child) => child.height));
    nodes.push({ children: children.map((child) => child.reference), height });
    return { reference: -nodes.length, height };
  };
  visit(tree);
  return nodes;
}

/**
 * Folds a tree from its leaves to its root: every inner node is p = f(W [c_1; ...; c_k] + b), f tanh by default, with the same W and b everywhere.
 *
 * leaves [count, d]; weights [d, k d] for nodes with k children; bias [d] or null. Result: the root's vector [d], and those of all inner nodes
 * [nodes, d] in the order in which they close, children before parents, the root last. Gradients: to leaves, weights and bias, of any order.
 * @throws RangeError if a shape does not fit, a leaf's number is out of range, or a node has another number of children.
 * @example
 * ```ts
 * treeRnn(tensor([[1], [2], [4]]), [[0, 1], 2], tensor([[1, 1]]), null, { activation: "none" }).root.item(); // 7
 * ```
 */
export function treeRnn(
  leaves: Tensor,
  tree: Tree,
  weights: Tensor,
  bias: Tensor | null = null,
  options: { activation?: FusedActivation } = {},
): { root: Tensor; nodes: Tensor } {
  knownOptions("treeRnn", options, ["activation"]);
  checkTensor("treeRnn", leaves);
  checkTensor("treeRnn", weights);
  if (leaves.rank !== 2) {
    throw new RangeError(`treeRnn: leaves must be [count, size], got shape ${formatShape(leaves.shape)}`);
  }
  const [count, size] = leaves.shape as [number, number];
  const arity = (weights.shape[1] ?? 0) / size;
  if (weights.rank !== 2 || weights.shape[0] !== size || !Number.isInteger(arity) || arity < 1) {
    throw new RangeError(
      `treeRnn: weights must be [${size}, children * ${size}] for leaves of size ${size}, got ${formatShape(weights.shape)}`,
    );
  }
  const nodes = innerNodes(tree, count, arity);
  const across = swapAxes(weights, 0, 1);

  // The table of all vectors grows by one height at a time; `rowOf` says where a leaf or a node that is done stands in it.
  let table = leaves;
  const place = new Array<number>(nodes.length);
  const rowOf = (reference: number): number => (reference >= 0 ? reference : place[-reference - 1]);
  const heights = Math.max(0, ...nodes.map((node) => node.height));
  for (let height = 1; height <= heights; height++) {
    const level = nodes.flatMap((node, i) => (node.height === height ? [i] : []));
    const rows = Int32Array.from(level.flatMap((i) => nodes[i].children.map(rowOf)));
    const children = reshape(gather(table, tensor(rows)), [level.length, arity * size]);
    level.forEach((i, position) => {
      place[i] = table.shape[0] + position;
    });
    table = concat([table, linear(children, across, bias, options.activation ?? "tanh")]);
  }
  const inner = gather(table, tensor(Int32Array.from(place)));
  return { root: nodes.length === 0 ? get(leaves, tree as number) : get(inner, -1), nodes: inner };
}
