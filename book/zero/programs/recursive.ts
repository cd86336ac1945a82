// The recursive layer of part 7: p = f(W [c_1; ...; c_k] + b), one cell that folds the children of a node into one vector, up to the root of a tree
// of any shape; trained by backpropagation through structure. Deltas are dE/dnet at inner nodes and dE/dx at leaves.
// Three things are not as printed. A leaf is a word vector and has no net: its delta is W^T delta_p without f' (`recursive-as-printed.ts` has the
// listed form, which the text's own check can't tell apart, its f being the identity). `backward` takes dE/dp and multiplies by f' itself, so that an
// error may come in at every node; the text's takes dE/dnet of the root. And the update goes against the gradient, where the text's formula has a plus.
import { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import type { Activator } from "./fc.ts";
import { addOuter, addTo, turnedDot } from "./through-time.ts";

/** A node of a tree: its vector, the nodes below it, and their vectors one below the other. */
export class TreeNode {
  readonly data: Matrix;
  readonly children: readonly TreeNode[];
  /** [c_1; ...; c_k]; null for a leaf. */
  readonly childrenData: Matrix | null;
  parent: TreeNode | null = null;
  /** dE/dnet of an inner node, dE/dx of a leaf; null before `backward`. */
  delta: Matrix | null = null;
  /** What this node alone adds to dE/dW and dE/db. */
  WGrad: Matrix | null = null;
  bGrad: Matrix | null = null;

  constructor(data: Matrix, children: readonly TreeNode[] = [], childrenData: Matrix | null = null) {
    this.data = data;
    this.children = children;
    this.childrenData = childrenData;
    for (const child of children) child.parent = this;
  }

  get isLeaf(): boolean {
    return this.children.length === 0;
  }
}

/** Every node of a tree, parents before their children. Without recursion: a tree may be a chain of any length. */
export function nodesFromRoot(root: TreeNode): TreeNode[] {
  const nodes = [root];
  for (let i = 0; i < nodes.length; i++) for (const child of nodes[i].children) nodes.push(child);
  return nodes;
}

/** A tree of any shape: the number of a leaf, or the shapes below a node. */
export type Folding = number | readonly Folding[];

export class RecursiveLayer {
  readonly nodeWidth: number;
  readonly childCount: number;
  readonly activator: Activator;
  learningRate: number;
  readonly W: Matrix;
  readonly b: Matrix;
  readonly WGrad: Matrix;
  readonly bGrad: Matrix;
  /** The node that `forward` made last. */
  root: TreeNode | null = null;

  /** Weights are uniform in ±`reach`, the text's 0.0001; b is 0. */
  constructor(
    nodeWidth: number,
    childCount: number,
    activator: Activator,
    learningRate: number,
    random: Random,
    reach = 1e-4,
  ) {
    this.nodeWidth = nodeWidth;
    this.childCount = childCount;
    this.activator = activator;
    this.learningRate = learningRate;
    this.W = Matrix.fill(nodeWidth, nodeWidth * childCount, () => random.uniform(-reach, reach));
    this.b = new Matrix(nodeWidth, 1);
    this.WGrad = new Matrix(nodeWidth, nodeWidth * childCount);
    this.bGrad = new Matrix(nodeWidth, 1);
  }

  /** d (k d) + d */
  get parameterCount(): number {
    return this.W.values.length + this.b.values.length;
  }

  /**
   * Equation 1: the node over these, which is `root` from then on.
   * @throws RangeError for another number of children than the weights are for, or a vector of another width.
   */
  forward(...children: readonly TreeNode[]): TreeNode {
    if (children.length !== this.childCount) {
      throw new RangeError(`RecursiveLayer: a node has ${this.childCount} children, got ${children.length}`);
    }
    const below = this.concatenate(children);
    const net = this.W.dot(below).plus(this.b);
    this.root = new TreeNode(
      net.map((value) => this.activator.forward(value)),
      children,
      below,
    );
    return this.root;
  }

  concatenate(nodes: readonly TreeNode[]): Matrix {
    const values = new Float64Array(this.nodeWidth * nodes.length);
    nodes.forEach(({ data }, i) => {
      if (data.rows !== this.nodeWidth || data.columns !== 1) {
        throw new RangeError(
          `RecursiveLayer: a node is a column of ${this.nodeWidth} numbers, got shape (${data.shape})`,
        );
      }
      values.set(data.values, i * this.nodeWidth);
    });
    return Matrix.column(values);
  }

  /**
   * Backpropagation through structure from `root`: `sensitivity` is dE/dp of the root, or of any nodes of its tree. Leaves delta at every node,
   * and dE/dW and dE/db behind.
   */
  backward(sensitivity: Matrix | ReadonlyMap<TreeNode, Matrix>): void {
    if (this.root === null) throw new Error("RecursiveLayer: there is no tree yet; call forward before backward");
    const own = sensitivity instanceof Matrix ? new Map([[this.root, sensitivity]]) : sensitivity;
    const nodes = nodesFromRoot(this.root);
    for (const node of nodes) node.delta = own.get(node)?.copy() ?? new Matrix(this.nodeWidth, 1);
    for (const node of nodes) this.calcDelta(node);
    this.calcGradient(nodes);
  }

  /** Equation 2: from dE/dp of an inner node to its dE/dnet, and on to each child, which gets its slice of W^T delta. */
  calcDelta(node: TreeNode): void {
    if (node.isLeaf) return;
    node.delta = node.delta!.times(node.data.map((output) => this.activator.backward(output)));
    const below = turnedDot(this.W, node.delta);
    node.children.forEach((child, i) => {
      addTo(child.delta!, Matrix.column(below.values.subarray(i * this.nodeWidth, (i + 1) * this.nodeWidth)));
    });
  }

  /** Equations 3 to 6: every inner node has the same W and b, so dE/dW and dE/db are the sums of what each node gives. */
  calcGradient(nodes: readonly TreeNode[]): void {
    this.WGrad.values.fill(0);
    this.bGrad.values.fill(0);
    for (const node of nodes) {
      if (node.isLeaf) continue;
      node.WGrad = new Matrix(this.W.rows, this.W.columns);
      addOuter(node.WGrad, node.delta!, node.childrenData!);
      node.bGrad = node.delta!.copy();
      addTo(this.WGrad, node.WGrad);
      addTo(this.bGrad, node.bGrad);
    }
  }

  /** W <- W - rate dE/dW: without weight decay, as listed. */
  update(): void {
    addTo(this.W, this.WGrad.times(-this.learningRate));
    addTo(this.b, this.bGrad.times(-this.learningRate));
  }

  /** Called by the text's check, not printed there. */
  resetState(): void {
    this.root = null;
  }
}

/** The three leaves of the text's check, recovered from the eight numbers that it prints. */
export function dataSet(): Matrix[] {
  return [Matrix.column([1, 2]), Matrix.column([3, 4]), Matrix.column([5, 6])];
}

/** The text's tree, ((0, 1), 2), over three leaves. */
export function readTree(layer: RecursiveLayer, xs: readonly Matrix[]): TreeNode {
  layer.resetState();
  const [x0, x1, x2] = xs.map((x) => new TreeNode(x));
  return layer.forward(layer.forward(x0, x1), x2);
}

/** Folds leaves into a tree of a given shape, which leaves them numbered; without recursion. */
export function foldTree(layer: RecursiveLayer, shape: Folding, leaves: readonly TreeNode[]): TreeNode {
  const open: { parts: readonly Folding[]; done: TreeNode[] }[] = [];
  let done: TreeNode | null = typeof shape === "number" ? leaves[shape] : null;
  if (typeof shape !== "number") open.push({ parts: shape, done: [] });
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    if (done !== null) top.done.push(done);
    done = null;
    const next = top.parts[top.done.length];
    if (next === undefined) {
      open.pop();
      done = layer.forward(...top.done);
    } else if (typeof next === "number") done = leaves[next];
    else open.push({ parts: next, done: [] });
  }
  return done!;
}
