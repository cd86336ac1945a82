// Trees of a whole batch laid out for computation: nodes of one height do not depend on each other, so those of all trees run as one product
// (dynamic batching; Looks et al. 2017). A table holds a row a node: leaves first, then height after height, so that what a node needs lies before it.
import { knownOptions, list, whole } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";

/** A tree as nested arrays: a leaf is its number, an inner node the list of its children. `[[0, 1], 2]` is a node over the node of leaves 0 and 1, and leaf 2. */
export type Tree = number | readonly Tree[];

/** What `flattenTree` gives. */
export interface FlatTree {
  /** Children of the inner nodes, node after node in the order in which they close: a leaf by its number, inner node j as -1 - j. */
  readonly children: Int32Array;
  /** Children of each inner node. */
  readonly arity: number;
  /** The largest number of a leaf, and 1. */
  readonly leaves: number;
}

/**
 * A tree's inner nodes in the order in which they close, children before parents. Without recursion: a tree may be a chain of any length.
 * @param arity what every node must have; 0: as the first has
 */
export function flattenTree(operation: string, tree: Tree, arity: number, leaves = Number.POSITIVE_INFINITY): FlatTree {
  const children: number[] = [];
  const open: { parts: readonly Tree[]; own: number[] }[] = [];
  let wanted = arity;
  let most = -1;
  let closed = 0;
  /** The reference of a leaf; an inner node is opened, to be read before its parent goes on. */
  const enter = (part: Tree): number | undefined => {
    if (typeof part === "number") {
      if (!Number.isInteger(part) || part < 0 || part >= leaves || part > 0x7ffffffe) {
        const range = leaves === Number.POSITIVE_INFINITY ? "a whole number from 0 on" : `in 0 to ${leaves - 1}`;
        throw new RangeError(`${operation}: leaf ${quote(part)} is not ${range}`);
      }
      most = Math.max(most, part);
      return part;
    }
    if (!Array.isArray(part) || part.length === 0 || (wanted !== 0 && part.length !== wanted)) {
      const what = Array.isArray(part) ? `one with ${part.length}` : quote(part);
      const needed = wanted === 0 ? "at least one child" : `${wanted} children`;
      const who = arity === 0 ? "all nodes of a tree have" : "the weights are for nodes with";
      throw new RangeError(`${operation}: ${who} ${needed}, but the tree has ${what}`);
    }
    wanted = part.length;
    open.push({ parts: part, own: [] });
    return undefined;
  };
  enter(tree);
  while (open.length > 0) {
    const node = open[open.length - 1];
    if (node.own.length < node.parts.length) {
      const leaf = enter(node.parts[node.own.length]);
      if (leaf !== undefined) node.own.push(leaf);
      continue;
    }
    open.pop();
    for (const child of node.own) children.push(child);
    closed += 1;
    open.at(-1)?.own.push(-closed);
  }
  return { children: Int32Array.from(children), arity: wanted, leaves: most + 1 };
}

/** Inner nodes of one height: rows `from` to `to` - 1 of the table. */
export interface Level {
  readonly from: number;
  readonly to: number;
}

/**
 * The plan of a batch of trees: which nodes stand at which height, and where in the table their children are. It is made once and may be used as
 * often as one likes, in every epoch.
 *
 * `leaves` rows come first, then the inner nodes by height, within a height in the order in which they were given.
 * @example
 * ```ts
 * const plan = forest([[[0, 1], [2, 3]]]);
 * [plan.trees, plan.levels.length]; // [1, 2]
 * ```
 */
export class Forest {
  /** Children of each inner node; 0 where there are none. */
  readonly arity: number;
  /** Number of leaves. */
  readonly leaves: number;
  /** Number of inner nodes. */
  readonly inner: number;
  /** Heights from 1 on. */
  readonly levels: readonly Level[];
  /** Rows of the children of the inner nodes in the order of the table, [inner * arity]. @internal */
  readonly childRows: Int32Array;
  /** For inner node j as it was given, its row. @internal */
  readonly rowOf: Int32Array;
  /** The row of each tree's root. @internal */
  readonly rootRows: Int32Array;

  /** @internal */
  constructor(leaves: number, arity: number, children: Int32Array, rootOf: (rowOf: Int32Array) => Int32Array) {
    const inner = arity === 0 ? 0 : children.length / arity;
    const heights = new Int32Array(inner);
    let most = 0;
    for (let j = 0; j < inner; j++) {
      let height = 0;
      for (let c = j * arity; c < (j + 1) * arity; c++) {
        if (children[c] < 0) height = Math.max(height, heights[-1 - children[c]]);
      }
      heights[j] = height + 1;
      most = Math.max(most, height + 1);
    }
    const next = new Int32Array(most + 1);
    for (let j = 0; j < inner; j++) next[heights[j]] += 1;
    const levels: Level[] = [];
    let row = leaves;
    for (let height = 1; height <= most; height++) {
      const count = next[height];
      levels.push({ from: row, to: row + count });
      next[height] = row;
      row += count;
    }
    const rowOf = new Int32Array(inner);
    for (let j = 0; j < inner; j++) rowOf[j] = next[heights[j]]++;
    const childRows = new Int32Array(children.length);
    for (let j = 0; j < inner; j++) {
      const to = (rowOf[j] - leaves) * arity;
      for (let c = 0; c < arity; c++) {
        const child = children[j * arity + c];
        childRows[to + c] = child >= 0 ? child : rowOf[-1 - child];
      }
    }
    this.arity = arity;
    this.leaves = leaves;
    this.inner = inner;
    this.levels = levels;
    this.childRows = childRows;
    this.rowOf = rowOf;
    this.rootRows = rootOf(rowOf);
  }

  /** Number of trees. */
  get trees(): number {
    return this.rootRows.length;
  }
}

/** What `forest` takes beside the trees. */
export interface ForestOptions {
  /** Leaves of each tree; default: the largest number in it, and 1. */
  leaves?: readonly number[];
}

/**
 * The plan of a batch of trees for `recursive` and `treeLstm`. Each tree counts its leaves from 0; their vectors stand one tree after the other, so
 * that leaf i of the second tree is row (leaves of the first) + i. All inner nodes have as many children; a tree may be one leaf alone.
 * @throws RangeError for a leaf that is no whole number from 0 on or beyond `leaves`, a node without children, nodes with different numbers of
 * children; TypeError for what is no list of trees.
 * @example
 * ```ts
 * const plan = forest([[[0, 1], 2], [0, 1], 0]);
 * [plan.trees, plan.leaves, plan.inner, plan.levels.length]; // [3, 6, 3, 2]
 * ```
 */
export function forest(trees: readonly Tree[], options: ForestOptions = {}): Forest {
  knownOptions("forest", options, ["leaves"]);
  list("forest", "trees", trees);
  if (options.leaves !== undefined) {
    list("forest", "leaves", options.leaves);
    if (options.leaves.length !== trees.length) {
      throw new RangeError(`forest: leaves has ${options.leaves.length} entries for ${trees.length} trees`);
    }
    for (const [i, count] of options.leaves.entries()) whole("forest", `leaves[${i}]`, count, 1);
  }
  let arity = 0;
  let leaves = 0;
  let inner = 0;
  const parts: Int32Array[] = [];
  const roots: number[] = [];
  trees.forEach((tree, i) => {
    const given = options.leaves?.[i];
    const flat = flattenTree("forest", tree, 0, given);
    if (flat.arity !== 0 && arity !== 0 && flat.arity !== arity) {
      throw new RangeError(
        `forest: the nodes of tree ${i} have ${flat.arity} children, those before ${arity}; all nodes of a forest have as many`,
      );
    }
    arity = flat.arity || arity;
    const { children } = flat;
    for (let c = 0; c < children.length; c++) children[c] += children[c] >= 0 ? leaves : -inner;
    parts.push(children);
    const own = flat.arity === 0 ? 0 : children.length / flat.arity;
    inner += own;
    roots.push(own === 0 ? leaves + (tree as number) : -inner);
    leaves += given ?? flat.leaves;
  });
  const all = new Int32Array(inner * arity);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return new Forest(leaves, arity, all, (rowOf) =>
    Int32Array.from(roots, (root) => (root >= 0 ? root : rowOf[-1 - root])),
  );
}
