// The gradient check of part 7 over W, b and every leaf, the eight numbers that it prints, and the proof of the summed gradients by program.
import { Matrix } from "../../matrix.ts";
import { type CheckedGradient, slopeOf } from "./gradient-check.ts";
import { nodesFromRoot, type RecursiveLayer, TreeNode } from "./recursive.ts";
import { addTo } from "./through-time.ts";

/** (0,0) to (1,3) of the text's check: expected and actual are printed alike. */
export const PRINTED_CHECK: readonly string[] = [
  "3.8925e-05",
  "-3.9918e-04",
  "4.9996e+00",
  "5.9995e+00",
  "8.0841e-05",
  "-3.1535e-04",
  "4.9997e+00",
  "5.9996e+00",
];

/** A number as Python's "%.4e" prints it. */
export function printed(value: number): string {
  return value.toExponential(4).replace(/e([+-])(\d)$/, "e$10$2");
}

/**
 * Weights with which the text's check prints its eight numbers. With s_i = w_0i + w_1i and p = W [1, 2, 3, 4] it prints, in row i,
 * p_0 + s_i, p_1 + 2 s_i, 5 + 3 s_i, 6 + 4 s_i: the rows' differences give s_1 - s_0 = 4.1916e-5, the rounded third and fourth columns leave s_0
 * between -1.375e-4 and -1.294e-4, and p follows. W itself is not fixed by that; these are the weights with equal halves, all within the text's 0.0001.
 */
export function weightsOfPrintedCheck(s0 = -1.33e-4): Matrix {
  const s1 = s0 + (8.0841e-5 - 3.8925e-5);
  const [p0, p1] = [3.8925e-5 - s0, -3.9918e-4 - 2 * s0];
  const row = (p: number) => {
    const rest = (p - s0 / 2 - 2 * (s1 / 2)) / 7;
    return [s0 / 2, s1 / 2, rest, rest];
  };
  return Matrix.from([row(p0), row(p1)]);
}

/** Builds a tree on the layer, from leaves; the same one each time. */
export type Build = (layer: RecursiveLayer, leaves: readonly Matrix[]) => TreeNode;

/** "root": E is the sum of the root's outputs, as in the text; "every": of those of all inner nodes. */
export type SummedNodes = "root" | "every";

export function sumOfNodes(root: TreeNode, nodes: SummedNodes): number {
  const counted = nodes === "root" ? [root] : nodesFromRoot(root).filter((node) => !node.isLeaf);
  return counted.reduce((sum, { data }) => sum + data.sum(), 0);
}

/** dE/dp of the nodes that count: ones. */
export function onesFor(root: TreeNode, nodes: SummedNodes): Map<TreeNode, Matrix> {
  const counted = nodes === "root" ? [root] : nodesFromRoot(root).filter((node) => !node.isLeaf);
  return new Map(counted.map((node) => [node, node.data.map(() => 1)]));
}

/** Leaves of a tree in the order of `xs`, whose matrices they hold. */
function leafDeltas(root: TreeNode, xs: readonly Matrix[]): Matrix[] {
  const nodes = nodesFromRoot(root).filter((node) => node.isLeaf);
  return xs.map((x) => nodes.find(({ data }) => data === x)!.delta!);
}

/** Every weight, bias and leaf moved to either side: name by name, "W", "b" and "x". `back` fills in the gradients, by default the layer's backward. */
export function structureCheck(
  layer: RecursiveLayer,
  build: Build,
  xs: readonly Matrix[],
  epsilon: number,
  nodes: SummedNodes = "root",
  back: (root: TreeNode) => void = (root) => layer.backward(onesFor(root, nodes)),
): Map<string, CheckedGradient[]> {
  const error = () => sumOfNodes(build(layer, xs), nodes);
  const root = build(layer, xs);
  back(root);
  const parts: [string, Matrix, Float64Array][] = [
    ["W", layer.W, layer.WGrad.values.slice()],
    ["b", layer.b, layer.bGrad.values.slice()],
    ...leafDeltas(root, xs).map((delta, i): [string, Matrix, Float64Array] => ["x", xs[i], delta.values.slice()]),
  ];
  const checked = new Map<string, CheckedGradient[]>();
  for (const [name, { values }, gradient] of parts) {
    const pairs = Array.from(gradient, (actual, i) => {
      const write = (value: number) => {
        values[i] = value;
      };
      return { expected: slopeOf(error, () => values[i], write, epsilon), actual };
    });
    checked.set(name, [...(checked.get(name) ?? []), ...pairs]);
  }
  return checked;
}

/**
 * The proof by program: E as a function of one W for each inner node. Each of them moved alone gives that node's dE/dW_n = delta_n c_n^T; along the
 * line on which all of them are equal, the slope is the sum of these. Returns, for each inner node, what differences and backpropagation give, and the
 * sum of the differences beside the layer's gradient.
 */
export function summedGradients(layer: RecursiveLayer, root: TreeNode, epsilon: number) {
  layer.backward(onesFor(root, "root"));
  const inner = nodesFromRoot(root).filter((node) => !node.isLeaf);
  const own = new Map(inner.map((node) => [node, layer.W.copy()]));
  const vectors = new Map<TreeNode, Matrix>();
  const error = () => {
    // Children stand after their parents: backwards every node finds its children done.
    for (const node of [...nodesFromRoot(root)].reverse()) {
      if (node.isLeaf) {
        vectors.set(node, node.data);
        continue;
      }
      const below = layer.concatenate(node.children.map((child) => new TreeNode(vectors.get(child)!)));
      const net = own.get(node)!.dot(below).plus(layer.b);
      vectors.set(
        node,
        net.map((value) => layer.activator.forward(value)),
      );
    }
    return vectors.get(root)!.sum();
  };
  const total = new Matrix(layer.W.rows, layer.W.columns);
  const perNode = inner.map((node) => {
    const { values } = own.get(node)!;
    const slopes = Matrix.fill(layer.W.rows, layer.W.columns, (i, j) => {
      const at = i * layer.W.columns + j;
      const write = (value: number) => {
        values[at] = value;
      };
      return slopeOf(error, () => values[at], write, epsilon);
    });
    addTo(total, slopes);
    return Array.from(slopes.values, (expected, i) => ({ expected, actual: node.WGrad!.values[i] }));
  });
  return {
    perNode,
    sum: Array.from(total.values, (expected, i): CheckedGradient => ({ expected, actual: layer.WGrad.values[i] })),
  };
}
