// Recursive layers against PyTorch's numbers, the recursion written out, and gradients against differences.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeGolden } from "../../../test/golden.ts";
import { goldenRunners } from "../../../test/golden-runners.ts";
import * as nb from "../../node.ts";
import { sum, type Tensor, type Tree, tensor, treeRnn, zeros } from "../../node.ts";

describeGolden("recursive", goldenRunners.recursive);

function random(...shape: number[]): Tensor {
  return nb.random.normal(shape, 0, 0.7, { dtype: "float64", generator: new nb.Generator(shape[0]) });
}

const { tree: anyTree } = fc.letrec<{ tree: Tree; node: Tree }>((tie) => ({
  tree: fc.oneof({ maxDepth: 5 }, fc.nat(4), tie("node")),
  node: fc.tuple(tie("tree"), tie("tree")),
}));

describe("treeRnn", () => {
  const leaves = random(5, 3);
  const weights = random(3, 6);
  const bias = random(3);

  test("every inner node is tanh(W [c1; c2] + b), children before parents", () => {
    fc.assert(
      fc.property(anyTree, (tree) => {
        nb.scope(() => {
          const nodes: Tensor[] = [];
          const fold = (part: Tree): Tensor => {
            if (typeof part === "number") return leaves.get(part);
            const children = part.map(fold);
            const y = weights.matmul(nb.concat(children)).add(bias).tanh();
            nodes.push(y);
            return y;
          };
          const expected = fold(tree).dataSync();
          const result = treeRnn(leaves, tree, weights, bias);
          result.root.dataSync().forEach((value, i) => {
            expect(value).toBeCloseTo(expected[i], 12);
          });
          expect(result.nodes.shape).toEqual([nodes.length, 3]);
          nodes.forEach((node, i) => {
            expect(
              nb
                .abs(node.sub(result.nodes.get(i)))
                .max()
                .item(),
            ).toBeLessThan(1e-12);
          });
        });
      }),
      { numRuns: 200 },
    );
  });

  test("gradients of every order, to leaves, weights and bias", () => {
    const tree: Tree = [
      [0, [1, 2]],
      [3, 4],
    ];
    const loss = (x: Tensor, w: Tensor, b: Tensor): Tensor =>
      sum(treeRnn(x, tree, w, b, { form: "composed" }).nodes.square());
    nb.expectGradients(loss, [leaves, weights, bias]);
    nb.expectGradients(
      (x: Tensor) =>
        sum(
          nb
            .grad((z: Tensor) => loss(z, weights, bias))(x)
            .square(),
        ),
      [leaves],
    );
  });

  test("any number of children, no bias, the identity", () => {
    const three = treeRnn(tensor([[1], [2], [4]]), [0, 1, 2], tensor([[1, 10, 100]]), null, { activation: "none" });
    expect(three.root.item()).toBe(421);
  });

  test("the gradient of a chain takes memory for its leaves, not for their square", () => {
    const count = 2000;
    let chain: Tree = 0;
    for (let leaf = 1; leaf < count; leaf++) chain = [chain, leaf];
    const x = nb.full([count, 8], 0.1);
    const before = nb.memory().bytes;
    const gradient = nb.grad((z: Tensor) => sum(treeRnn(z, chain, nb.full([8, 16], 0.1)).root))(x);
    expect(gradient.shape).toEqual([count, 8]);
    // 2,000 gradients of all 2,000 leaves would be 122 MiB.
    expect(nb.memory().peakBytes - before).toBeLessThan(48 << 20);
  });

  test("mistakes are named", () => {
    expect(() => treeRnn(leaves, [0, 5], weights, bias)).toThrow("treeRnn: leaf 5 is not in 0 to 4");
    expect(() => treeRnn(leaves, [0, [1, 2, 3]], weights, bias)).toThrow(
      "the weights are for nodes with 2 children, but the tree has one with 3",
    );
    expect(() => treeRnn(leaves, [0, 1], zeros([3, 5]), bias)).toThrow("weights must be [3, children * 3]");
    expect(() => treeRnn(zeros([3]), 0, weights)).toThrow("leaves must be [count, size], got shape (3,)");
  });
});
