// Structures as deep as a user makes them: chains, graphs and nested arrays take no stack.
import { describe, expect, test } from "vitest";
import * as nb from "../node.ts";
import { backward, type Tensor, type Tree, tensor } from "../node.ts";

describe("depth costs no stack", () => {
  test("treeRnn over a chain of 3,000 leaves, with gradients", () => {
    let chain: Tree = 0;
    for (let leaf = 1; leaf < 3000; leaf++) chain = [chain, leaf];
    const leaves = nb.ones([3000, 1]).requireGradient();
    const weights = tensor([[0.5, 1]]).requireGradient();
    nb.scope(() => {
      const { root, nodes } = nb.treeRnn(leaves, chain, weights, null, { activation: "none" });
      expect(root.toArray()).toEqual([2]); // r = r / 2 + 1
      expect(nodes.shape).toEqual([2999, 1]);
      backward(nb.sum(root));
    });
    expect(leaves.gradient!.get(":", 0).slice(-3).toArray()).toEqual([0.25, 0.5, 1]);
  });

  test("backward through 100,000 operations", () => {
    const x = tensor([1]).requireGradient();
    let y: Tensor = x;
    for (let i = 0; i < 100_000; i++) y = y.mul(1);
    backward(nb.sum(y));
    expect(x.gradient!.toArray()).toEqual([1]);
    const slope = nb.grad((z: Tensor) => {
      let w = z;
      for (let i = 0; i < 20_000; i++) w = w.mul(1);
      return w.square().sum();
    });
    expect(
      nb
        .grad((z: Tensor) => slope(z).sum())(tensor([3]))
        .toArray(),
    ).toEqual([2]);
  });

  test("concat and stack of 200,000 tensors", () => {
    const one = tensor([1]).requireGradient();
    const many = Array.from({ length: 200_000 }, () => one);
    backward(nb.sum(nb.concat(many)));
    expect(one.gradient!.toArray()).toEqual([200_000]);
  });

  test("arrays nested beyond all axes, and arrays that hold themselves, are refused", () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    for (const values of [deep, cyclic] as never[]) {
      expect(() => tensor(values)).toThrow("tensor: arrays are nested deeper than the 8 axes");
      expect(() => tensor([1, 2]).get(values)).toThrow("get: an index array is nested deeper than the 8 axes");
      expect(() => nb.gather(tensor([1, 2]), values)).toThrow(
        "gather: an index array is nested deeper than the 8 axes",
      );
    }
  });
});
