// What layers over trees have in common: vectors of leaves and the trees above them in, vectors of roots or of all nodes out. A batch's trees come as
// numbers, [n, nodes, children], so that they are data like any other: in datasets, models and files.
import { flag, knownOptions, list, oneOf } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import { where } from "../../ops/choice.ts";
import { takeRows } from "../../ops/rows.ts";
import { Forest, flattenTree, type Tree } from "../../ops/trees/forest.ts";
import { indices } from "../../ops/trees/table.ts";
import { expandDims, reshape } from "../../ops/views.ts";
import { checkTensors } from "../../tensor/check.ts";
import { tensor } from "../../tensor/create.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import type { Constraint } from "../constraints.ts";
import { checkInitialiser, type Initialiser } from "../initialisers.ts";
import { among, type Check, either, is, optional } from "../layer-kind.ts";
import { MultiLayer } from "../multi-layer.ts";
import type { Penalty } from "../penalties.ts";
import { checkOpenShape, checkRank, fixedLength, type OpenShape } from "../shapes.ts";

/** What layers over trees take. */
export interface TreeLayerOptions extends LayerOptions {
  /** true: all nodes, [n, leaves + nodes, units], the leaves first; false (default): the roots, [n, units]. */
  returnNodes?: boolean;
  /** Of the weights of inner nodes; default "xavierUniform". */
  weights?: Initialiser;
  /** Default zeros; null leaves biases out. */
  bias?: Initialiser | null;
  /** On the weights of inner nodes, added to the loss. */
  kernelPenalty?: Penalty;
  /** What the weights of inner nodes are brought back to after every step. */
  kernelConstraint?: Constraint;
  /** "composed" is made of ordinary operations, so that gradients have gradients; default "fused", several times as fast. */
  form?: "fused" | "composed";
}

const FORMS = ["fused", "composed"] as const;

/** The names of `TreeLayerOptions`. */
const TREE_OPTIONS = [
  "returnNodes",
  "weights",
  "bias",
  "kernelPenalty",
  "kernelConstraint",
  "form",
  ...LAYER_OPTIONS,
] as const;

/**
 * Trees as numbers for the layers over trees: int32 [n, nodes, children], a row an inner node, in the order in which they close, children before
 * parents. Leaf l is l + 1; the node of row j is -(j + 1); rows of zeros are no nodes: trees with fewer of them than others end with such rows, and a
 * tree that is one leaf has nothing else.
 * @param options `nodes`: rows of each tree, default as many as the largest tree has; `arity`: children of every node, default those of the first, or 2
 * @throws RangeError for a node with another number of children, a leaf that is no whole number from 0 on, a tree with more nodes than `nodes`, or
 * a tree that is one leaf other than the first.
 * @example
 * ```ts
 * encodeTrees([[[0, 1], 2], [0, 1]]).toArray(); // [[[1, 2], [-1, 3]], [[1, 2], [0, 0]]]
 * ```
 */
export function encodeTrees(trees: readonly Tree[], options: { nodes?: number; arity?: number } = {}): Tensor {
  knownOptions("encodeTrees", options, ["nodes", "arity"]);
  list("encodeTrees", "trees", trees);
  let arity = options.arity ?? 0;
  const flat = trees.map((tree, i) => {
    const one = flattenTree("encodeTrees", tree, arity);
    if (one.arity === 0 && tree !== 0) {
      throw new RangeError(`encodeTrees: tree ${i} is the leaf ${quote(tree)} alone; a sentence of one word is leaf 0`);
    }
    arity = one.arity || arity;
    return one.children;
  });
  arity ||= 2;
  const most = flat.reduce((largest, { length }) => Math.max(largest, length / arity), 0);
  const nodes = options.nodes ?? most;
  if (!Number.isSafeInteger(nodes) || nodes < most) {
    throw new RangeError(
      `encodeTrees: a tree has ${most} inner nodes, so nodes must be a whole number from there on, got ${quote(options.nodes)}`,
    );
  }
  const values = new Int32Array(trees.length * nodes * arity);
  flat.forEach((children, i) => {
    const at = i * nodes * arity;
    for (let c = 0; c < children.length; c++) values[at + c] = children[c] >= 0 ? children[c] + 1 : children[c];
  });
  return tensor(values, { shape: [trees.length, nodes, arity] });
}

/** The plan of a batch, and which rows of its answer are nodes. */
interface BatchPlan {
  forest: Forest;
  /** For each row of [n, leaves + nodes] its row in the table. */
  rows: Int32Array;
  /** 0 where such a row is no node; null if all are. */
  real: Uint8Array | null;
}

function planOf(owner: string, values: Int32Array, n: number, leaves: number, nodes: number, arity: number): BatchPlan {
  const children = new Int32Array(values.length);
  const global = new Int32Array(n * nodes).fill(-1);
  const roots = new Int32Array(n);
  let count = 0;
  for (let i = 0; i < n; i++) {
    let last = -1;
    for (let j = 0; j < nodes; j++) {
      const at = (i * nodes + j) * arity;
      if (values[at] === 0) {
        checkNoNode(owner, values, at, arity, i, j);
        continue;
      }
      for (let c = 0; c < arity; c++) {
        const child = values[at + c];
        const below = child < 0 && child >= -j ? global[i * nodes - child - 1] : -1;
        if (child > 0 && child <= leaves) children[count * arity + c] = i * leaves + child - 1;
        else if (below >= 0) children[count * arity + c] = -1 - below;
        else throw new RangeError(badChild(owner, child, i, j, leaves));
      }
      last = count;
      global[i * nodes + j] = count++;
    }
    roots[i] = last;
  }
  const forest = new Forest(n * leaves, arity, children.subarray(0, count * arity), (rowOf) =>
    roots.map((root, i) => (root < 0 ? i * leaves : rowOf[root])),
  );
  const width = leaves + nodes;
  const rows = new Int32Array(n * width);
  const real = count === n * nodes ? null : new Uint8Array(n * width).fill(1);
  for (let i = 0; i < n; i++) {
    for (let l = 0; l < leaves; l++) rows[i * width + l] = i * leaves + l;
    for (let j = 0; j < nodes; j++) {
      const node = global[i * nodes + j];
      if (node >= 0) rows[i * width + leaves + j] = forest.rowOf[node];
      else real![i * width + leaves + j] = 0;
    }
  }
  return { forest, rows, real };
}

function checkNoNode(owner: string, values: Int32Array, at: number, arity: number, i: number, j: number): void {
  for (let c = 1; c < arity; c++) {
    if (values[at + c] === 0) continue;
    throw new RangeError(`${owner}: node ${j} of tree ${i} has a child 0 beside others; a row is a node, or all zeros`);
  }
}

function badChild(owner: string, child: number, i: number, j: number, leaves: number): string {
  if (child === 0) return `${owner}: node ${j} of tree ${i} has a child 0 beside others; a row is a node, or all zeros`;
  if (child > 0) return `${owner}: node ${j} of tree ${i} has leaf ${child - 1}, but there are ${leaves} leaves`;
  return `${owner}: node ${j} of tree ${i} has node ${-child - 1} for a child, which is no node before it; children come before their parents`;
}

/**
 * A layer over trees: `TreeRNN` and `TreeLSTM` say what a node makes of its children, the rest is here.
 *
 * Inputs: x [n, leaves, features], vectors of leaves, and trees as `encodeTrees` writes them, int32 [n, nodes, children]. Nodes of one height, over the
 * whole batch, are one product.
 * @example
 * ```ts
 * const layers: TreeLayer[] = [new TreeRNN(), new TreeLSTM(4)];
 * layers.map((layer) => layer.type); // ["treeRNN", "treeLSTM"]
 * ```
 */
export abstract class TreeLayer<Options extends TreeLayerOptions = TreeLayerOptions> extends MultiLayer {
  readonly returnNodes: boolean;
  /** Children of every node; 0 before it is built. */
  protected arity = 0;

  protected constructor(
    protected readonly options: Options,
    own: readonly string[],
  ) {
    super(options);
    const owner = new.target.name;
    knownOptions(owner, options, TREE_OPTIONS, own);
    this.returnNodes = flag(owner, "returnNodes", options.returnNodes ?? false);
    for (const part of ["weights", "bias"] as const) {
      const initialiser = options[part];
      if (initialiser !== undefined && initialiser !== null) checkInitialiser(initialiser);
    }
    oneOf(owner, "form", options.form ?? "fused", FORMS);
  }

  /** Declares parameters for leaves of so many numbers and nodes with so many children; returns the numbers of a node. */
  protected abstract declareAll(features: number, arity: number): number;

  /** The states of all nodes in the order of the forest's table, from vectors of leaves [n * leaves, features]. */
  protected abstract table(leaves: Tensor, forest: Forest, form: "fused" | "composed"): Tensor;

  build(inputShapes: readonly OpenShape[]): readonly OpenShape[] {
    list(this.name, "the inputs' shapes", inputShapes);
    this.checkCount(inputShapes.length);
    const [x, tree] = inputShapes;
    checkRank(this.name, checkOpenShape(this.name, x), 2, "[leaves, features]");
    checkRank(this.name, checkOpenShape(this.name, tree), 2, "[nodes, children]");
    const features = fixedLength(this.name, x, 1, "features");
    this.arity = fixedLength(this.name, tree, 1, "children");
    if (this.arity < 1) throw new RangeError(`${this.name}: nodes need at least one child`);
    const units = this.declareAll(features, this.arity);
    if (!this.returnNodes) return [[units]];
    return [[x[0] === null || tree[0] === null ? null : x[0] + tree[0], units]];
  }

  private checkCount(given: number): void {
    if (given === 2) return;
    throw new RangeError(
      `${this.name}: takes two inputs, vectors of leaves and trees (see encodeTrees), got ${given}; in a graph model apply it to a list, .apply([x, trees])`,
    );
  }

  call(xs: readonly Tensor[]): readonly Tensor[] {
    checkTensors(this.name, "the inputs", xs);
    this.checkCount(xs.length);
    if (this.arity === 0) throw new Error(`${this.type}: the layer is not built; put it in a model`);
    const [x, tree] = xs;
    if (x.rank !== 3 || tree.rank !== 3 || tree.shape[0] !== x.shape[0] || tree.shape[2] !== this.arity) {
      throw new RangeError(
        `${this.name}: takes leaves [n, leaves, features] and trees [n, nodes, ${this.arity}], got shapes ${formatShape(x.shape)} and ${formatShape(tree.shape)}`,
      );
    }
    if (tree.dtype !== "int32") {
      throw new TypeError(
        `${this.name}: trees are int32, got ${tree.dtype}; in a graph model the input says so, input([null, 2], { dtype: "int32" })`,
      );
    }
    const [n, leaves, features] = x.shape as [number, number, number];
    const nodes = tree.shape[1];
    if (leaves === 0 && n > 0) throw new RangeError(`${this.name}: trees without leaves have no root`);
    const plan = planOf(this.name, tree.dataSync() as Int32Array, n, leaves, nodes, this.arity);
    const table = this.table(reshape(x, [n * leaves, features]), plan.forest, this.options.form ?? "fused");
    const units = table.shape[1];
    if (!this.returnNodes) return [takeRows("gather", table, indices(plan.forest.rootRows), units, [n, units])];
    const shape = [n, leaves + nodes];
    const all = takeRows("gather", table, indices(plan.rows), units, [...shape, units]);
    if (plan.real === null) return [all];
    return [where(expandDims(tensor(plan.real, { shape, dtype: "bool" }), 2), all, 0)];
  }

  override maskOf(): null[] {
    return [null];
  }

  config(): LayerConfig {
    const { weights, bias, kernelPenalty, kernelConstraint, form } = this.options;
    return {
      ...{ type: this.type, returnNodes: this.returnNodes },
      ...(typeof weights === "string" && { weights }),
      ...(typeof bias === "string" && { bias }),
      ...(bias === null && { bias: false }),
      ...(kernelPenalty && { kernelPenalty }),
      ...(kernelConstraint && { kernelConstraint }),
      ...(form && { form }),
    };
  }
}

/** The settings that a configuration may have. */
export const treeSettings: Readonly<Record<string, Check>> = {
  returnNodes: optional(is.flag),
  weights: optional(is.initialiser),
  bias: optional(either(among(false as never), is.initialiser)),
  kernelPenalty: optional(is.penalty),
  kernelConstraint: optional(is.constraint),
  form: optional(among(...FORMS)),
};

/** Options as a configuration has them. */
export function treeOptions(config: LayerConfig): TreeLayerOptions {
  const { type: _, bias, ...options } = config;
  return { ...options, ...(bias !== undefined && { bias: (bias === false ? null : bias) as Initialiser | null }) };
}
