// Part 7: the recursive layer's worked numbers, its printed check, what the listed program gets wrong, and the framework beside it.
import { describe, expect, it } from "vitest";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { largestTreeDifference } from "../framework/same-recursive.ts";
import { IdentityActivator } from "./activators.ts";
import { TanhActivator } from "./fc.ts";
import { dataSet, nodesFromRoot, RecursiveLayer, readTree, TreeNode } from "./recursive.ts";
import { PrintedRecursiveLayer } from "./recursive-as-printed.ts";
import {
  onesFor,
  PRINTED_CHECK,
  printed,
  structureCheck,
  summedGradients,
  weightsOfPrintedCheck,
} from "./structure-check.ts";
import { relativeError } from "./through-time.ts";

const identity = new IdentityActivator();
const tanh = new TanhActivator();

function near(values: ArrayLike<number>, expected: readonly number[], digits = 14): void {
  expect(values.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(values[i]).toBeCloseTo(expected[i], digits);
}

/** S29's weights. */
function worked<L extends RecursiveLayer>(layer: L): L {
  layer.W.values.set([0.1, -0.2, 0.3, 0.4, 0.5, 0.6, -0.7, 0.8]);
  return layer;
}

describe("RecursiveLayer", () => {
  it("gives S29's numbers with the identity", () => {
    const layer = worked(new RecursiveLayer(2, 2, identity, 1e-3, new Random(1)));
    const root = readTree(layer, dataSet());
    near(root.children[0].data.values, [2.2, 2.8]);
    near(root.data.values, [3.56, 4.08]);
    expect(root.data.sum()).toBeCloseTo(7.64, 13);
    layer.backward(Matrix.column([1, 1]));
    near(layer.WGrad.values, [2.8, 4, 6.8, 8.4, 2.6, 3.6, 6.2, 7.6], 13);
    near(layer.bGrad.values, [1.6, 1.4]);
    const [p, x2] = root.children;
    near(p.children[0].delta!.values, [0.26, 0.12]);
    near(p.children[1].delta!.values, [-0.1, 0.56]);
    near(x2.delta!.values, [-0.4, 1.2]);
  });

  it("gives S29's numbers with tanh", () => {
    const layer = worked(new RecursiveLayer(2, 2, tanh, 1e-3, new Random(1)));
    const root = readTree(layer, dataSet());
    expect(root.data.sum()).toBeCloseTo(1.9821277953421408, 14);
    layer.backward(Matrix.column([1, 1]));
    near(layer.bGrad.values, [0.002814889389520158, 0.03374404348525658], 15);
    near(root.children[0].children[0].delta!.values, [2.255494522726404e-4, 1.1050264820505e-5], 17);
  });

  it("has 10 parameters for two numbers a node and two children", () => {
    expect(new RecursiveLayer(2, 2, identity, 1e-3, new Random(1)).parameterCount).toBe(10);
  });

  it("prints the text's eight numbers, expected and actual alike", () => {
    const layer = new RecursiveLayer(2, 2, identity, 1e-3, new Random(1));
    layer.W.values.set(weightsOfPrintedCheck().values);
    expect(Math.max(...layer.W.values.map(Math.abs))).toBeLessThan(1e-4);
    const pairs = structureCheck(layer, readTree, dataSet(), 10e-4).get("W")!;
    expect(pairs.map(({ expected }) => printed(expected))).toEqual(PRINTED_CHECK);
    expect(pairs.map(({ actual }) => printed(actual))).toEqual(PRINTED_CHECK);
  });

  it.each(["root", "every"] as const)("agrees with differences in W, b and the leaves: %s", (nodes) => {
    const layer = new RecursiveLayer(3, 2, tanh, 1e-3, new Random(3), 0.8);
    const random = new Random(4);
    const xs = Array.from({ length: 3 }, () => Matrix.fill(3, 1, () => random.uniform(-1, 1)));
    for (const pairs of structureCheck(layer, readTree, xs, 1e-5, nodes).values())
      expect(relativeError(pairs)).toBeLessThan(1e-8);
  });

  it("equals the framework's treeRnn on trees of any shape", () => {
    const random = new Random(5);
    const layer = new RecursiveLayer(4, 2, tanh, 1e-3, random, 0.8);
    const xs = Array.from({ length: 6 }, () => Matrix.fill(4, 1, () => random.uniform(-1, 1)));
    for (const tree of [
      [[[[[0, 1], 2], 3], 4], 5],
      [0, [1, [2, [3, [4, 5]]]]],
      [
        [0, 1],
        [
          [2, 3],
          [4, 5],
        ],
      ],
    ]) {
      expect(largestTreeDifference(layer, "tanh", tree, xs, "root")).toBeLessThan(1e-14);
      expect(largestTreeDifference(layer, "tanh", tree, xs, "every")).toBeLessThan(1e-13);
    }
    const three = new RecursiveLayer(4, 3, tanh, 1e-3, random, 0.8);
    expect(largestTreeDifference(three, "tanh", [0, [1, 2, 3], 4], xs, "every")).toBeLessThan(1e-14);
  });

  it("a chain 5,000 deep goes forward and back", () => {
    const layer = new RecursiveLayer(2, 2, tanh, 1e-3, new Random(1), 0.9);
    let node = new TreeNode(Matrix.column([1, -1]));
    for (let i = 0; i < 5000; i++) node = layer.forward(node, new TreeNode(Matrix.column([0.5, i / 5000])));
    layer.backward(Matrix.column([1, 1]));
    expect(nodesFromRoot(node)).toHaveLength(10_001);
    expect(layer.WGrad.values.every(Number.isFinite)).toBe(true);
  });

  it("goes against the gradient, not along it as the text's formula says", () => {
    const layer = worked(new RecursiveLayer(2, 2, identity, 1e-3, new Random(1)));
    const before = readTree(layer, dataSet()).data.sum();
    layer.backward(Matrix.column([1, 1]));
    layer.update();
    near(layer.b.values, [-0.0016, -0.0014]);
    expect(readTree(layer, dataSet()).data.sum()).toBeLessThan(before);
  });

  it("names what does not fit", () => {
    const layer = new RecursiveLayer(2, 2, tanh, 1e-3, new Random(1));
    const leaf = new TreeNode(Matrix.column([1, 2]));
    expect(() => layer.backward(Matrix.column([1, 1]))).toThrow("call forward before backward");
    expect(() => layer.forward(leaf)).toThrow("a node has 2 children, got 1");
    expect(() => layer.forward(leaf, new TreeNode(Matrix.column([1])))).toThrow(
      "a column of 2 numbers, got shape (1,1)",
    );
  });
});

describe("the listed program", () => {
  const net = (layer: RecursiveLayer, root: TreeNode) => root.data.map((output) => layer.activator.backward(output));

  it("passes the text's check, and only leaves go wrong with tanh", () => {
    const layer = worked(new PrintedRecursiveLayer(2, 2, identity, 1e-3, new Random(1)));
    const plain = structureCheck(layer, readTree, dataSet(), 1e-3, "root", (root) => layer.backward(net(layer, root)));
    for (const pairs of plain.values()) expect(relativeError(pairs)).toBeLessThan(1e-9);
    const bent = new PrintedRecursiveLayer(2, 2, tanh, 1e-3, new Random(2), 0.8);
    const xs = [
      [0.1, 0.9],
      [-0.7, 0.4],
      [0.5, -0.6],
    ].map((x) => Matrix.column(x));
    const checked = structureCheck(bent, readTree, xs, 1e-5, "root", (root) => bent.backward(net(bent, root)));
    expect(relativeError(checked.get("W")!)).toBeLessThan(1e-8);
    expect(relativeError(checked.get("b")!)).toBeLessThan(1e-8);
    expect(relativeError(checked.get("x")!)).toBeGreaterThan(0.1);
    // Each leaf's number is short by the factor 1 - x^2.
    const leaves = checked.get("x")!;
    near(
      leaves.map(({ actual }) => actual),
      leaves.map(({ expected }, i) => expected * (1 - xs[i >> 1].values[i & 1] ** 2)),
      8,
    );
  });
});

describe("the sum of the gradients", () => {
  it("each node's own W has the gradient delta c^T, and their sum is dE/dW", () => {
    const layer = new RecursiveLayer(3, 2, tanh, 1e-3, new Random(7), 0.8);
    const random = new Random(8);
    const leaf = () => new TreeNode(Matrix.fill(3, 1, () => random.uniform(-1, 1)));
    const root = layer.forward(layer.forward(leaf(), layer.forward(leaf(), leaf())), layer.forward(leaf(), leaf()));
    const { perNode, sum } = summedGradients(layer, root, 1e-5);
    expect(perNode).toHaveLength(4);
    for (const pairs of perNode) expect(relativeError(pairs)).toBeLessThan(1e-8);
    expect(relativeError(sum)).toBeLessThan(1e-8);
    layer.backward(onesFor(root, "root"));
    expect(layer.WGrad.norm()).toBeGreaterThan(0);
  });
});
