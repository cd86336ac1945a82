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
import { slice } from "./slices.ts";
import { reshape, swapAxes } from "./views.ts";

/** A tree as nested arrays: a leaf is its number, an inner node the list of its children. `[[0, 1], 2]` is a node over the node of leaves 0 and 1, and leaf 2. */
export type Tree = number | readonly Tree[];

/** An inner node: its children as leaf numbers or -1 - position in the list of inner nodes, and its height. */
interface InnerNode {
  children: number[];
  height: number;
}

/** Inner nodes in the order in which they close, children before parents. Without recursion: a tree may be a chain of any length. */
function innerNodes(tree: Tree, leaves: number, arity: number): InnerNode[] {
  const nodes: InnerNode[] = [];
  const open: { parts: readonly Tree[]; children: number[]; height: number }[] = [];
  /** The reference of a leaf; an inner node is opened, to be read before its parent goes on. */
  const enter = (part: Tree): number | undefined => {
    if (typeof part === "number") {
      if (!Number.isInteger(part) || part < 0 || part >= leaves) {
        throw new RangeError(`treeRnn: leaf ${quote(part)} is not in 0 to ${leaves - 1}`);
      }
      return part;
    }
    if (!Array.isArray(part) || part.length !== arity) {
      const what = Array.isArray(part) ? `one with ${part.length}` : quote(part);
      throw new RangeError(`treeRnn: the weights are for nodes with ${arity} children, but the tree has ${what}`);
    }
    open.push({ parts: part, children: [], height: 1 });
    return undefined;
  };
  enter(tree);
  while (open.length > 0) {
    const node = open.at(-1)!;
    if (node.children.length < arity) {
      const leaf = enter(node.parts[node.children.length]);
      if (leaf !== undefined) node.children.push(leaf);
      continue;
    }
    open.pop();
    nodes.push({ children: node.children, height: node.height });
    const parent = open.at(-1);
    parent?.children.push(-nodes.length);
    if (parent) parent.height = Math.max(parent.height, node.height + 1);
  }
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
  const { activation = "tanh" } = options;

  const levels = byHeight(nodes);
  const leafRows = levels.map((level) => level.flatMap((i) => nodes[i].children.filter((child) => child >= 0)));
  const ofLeaves =
    nodes.length === 0
      ? []
      : cut(
          gather(leaves, positions(leafRows.flat())),
          leafRows.map(({ length }) => length),
        );

  // A node's children may be leaves, or stand at any lower height: they are taken from each of these and put in order.
  const heights: Tensor[] = [];
  const place = nodes.map(() => 0);
  levels.forEach((level, above) => {
    const leavesWanted: number[] = [];
    const taken = new Map<number, { rows: number[]; wanted: number[] }>();
    level.forEach((i, row) => {
      place[i] = row;
      nodes[i].children.forEach((child, j) => {
        if (child >= 0) {
          leavesWanted.push(row * arity + j);
          return;
        }
        const height = nodes[-child - 1].height - 1;
        if (!taken.has(height)) taken.set(height, { rows: [], wanted: [] });
        const from = taken.get(height)!;
        from.rows.push(place[-child - 1]);
        from.wanted.push(row * arity + j);
      });
    });
    const parts = [...taken].map(([height, { rows }]) => gather(heights[height], positions(rows)));
    const wanted = [...taken.values()].flatMap((each) => each.wanted);
    const children =
      leavesWanted.length === 0
        ? inOrder(parts, wanted)
        : inOrder([ofLeaves[above], ...parts], [...leavesWanted, ...wanted]);
    heights.push(linear(reshape(children, [level.length, arity * size]), across, bias, activation));
  });
  if (nodes.length === 0) return { root: get(leaves, tree as number), nodes: slice(leaves, 0, 0) };
  const inner = inOrder(heights, levels.flat());
  return { root: get(inner, -1), nodes: inner };
}

/** The numbers of the inner nodes of each height, from height 1 on. */
function byHeight(nodes: readonly InnerNode[]): number[][] {
  const levels: number[][] = [];
  nodes.forEach(({ height }, i) => {
    levels[height - 1] ??= [];
    levels[height - 1].push(i);
  });
  return levels;
}

/**
 * The rows of x in parts of these lengths. Halved again and again: the gradient of a cut is as large as what it was cut from, and a chain of n
 * leaves, cut one by one, would make n of the whole.
 */
function cut(x: Tensor, lengths: readonly number[]): Tensor[] {
  if (lengths.length === 1) return [x];
  const middle = lengths.length >> 1;
  const [before, after] = [lengths.slice(0, middle), lengths.slice(middle)];
  const rows = before.reduce((sum, length) => sum + length, 0);
  return [...cut(slice(x, 0, rows), before), ...cut(slice(x, rows), after)];
}

function positions(rows: readonly number[]): Tensor {
  return tensor(Int32Array.from(rows));
}

/** The rows of all parts, row k of them at position wanted[k]. */
function inOrder(parts: readonly Tensor[], wanted: readonly number[]): Tensor {
  const rows = parts.length === 1 ? parts[0] : concat(parts);
  if (wanted.every((position, k) => position === k)) return rows;
  const from = new Array<number>(wanted.length);
  wanted.forEach((position, k) => {
    from[position] = k;
  });
  return gather(rows, positions(from));
}
