// The recursive layer by hand and the framework's with the same weights: every node, and the gradients of weights, bias and leaves.
import { backward, scope, type Tensor, type Tree, tensor, treeRnn } from "nabla";
import { Matrix } from "../../matrix.ts";
import { foldTree, nodesFromRoot, type RecursiveLayer, TreeNode } from "../programs/recursive.ts";
import { onesFor } from "../programs/structure-check.ts";

/** The largest difference of nodes and gradients, E being the sum over the root or over every inner node. A leaf may stand in a tree once only. */
export function largestTreeDifference(
  layer: RecursiveLayer,
  activation: "none" | "tanh" | "sigmoid",
  tree: Tree,
  xs: readonly Matrix[],
  nodes: "root" | "every",
): number {
  const leaves = xs.map((x) => new TreeNode(x));
  const root = foldTree(layer, tree, leaves);
  layer.backward(onesFor(root, nodes));
  return scope(() => {
    const leaf = (values: Float64Array, shape: number[]): Tensor =>
      tensor(values, { shape, dtype: "float64" }).requireGradient();
    const x = leaf(Float64Array.from(xs.flatMap(({ values }) => [...values])), [xs.length, layer.nodeWidth]);
    const W = leaf(layer.W.values, [...layer.W.shape]);
    const b = leaf(layer.b.values, [layer.nodeWidth]);
    const theirs = treeRnn(x, tree, W, b, { activation });
    backward((nodes === "root" ? theirs.root : theirs.nodes).sum());
    const inner = nodesFromRoot(root).filter((node) => !node.isLeaf);
    const sorted = (values: readonly number[]) => [...values].sort((p, q) => p - q);
    const pairs: [readonly number[], Tensor][] = [
      [[...root.data.values], theirs.root],
      [[...layer.WGrad.values], W.gradient!],
      [[...layer.bGrad.values], b.gradient!],
      [leaves.flatMap(({ delta }) => [...(delta ?? new Matrix(layer.nodeWidth, 1)).values]), x.gradient!],
    ];
    const differences = pairs.flatMap(([mine, other]) => {
      const values = other.flatten().toArray() as number[];
      return mine.map((value, i) => Math.abs(value - values[i]));
    });
    // Inner nodes come in two orders: their numbers are compared sorted.
    const [mine, other] = [
      sorted(inner.flatMap(({ data }) => [...data.values])),
      sorted(theirs.nodes.flatten().toArray() as number[]),
    ];
    return Math.max(...differences, ...mine.map((value, i) => Math.abs(value - other[i])));
  });
}
