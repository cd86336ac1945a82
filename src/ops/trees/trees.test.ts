// Whole batches of trees: against loops over nodes in PyTorch (test/oracle/trees.py made the figures), against the composed forms, and against
// differences.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as nb from "../../node.ts";
import {
  backward,
  forest,
  grad,
  scope,
  sum,
  type Tensor,
  type Tree,
  type TreeLstmParameters,
  tensor,
  treeLstm,
  treeRnn,
  valueAndGrad,
} from "../../node.ts";

interface Arrayed {
  shape: number[];
  data: number[];
}

interface Case {
  name: string;
  kind: "plain" | "lstm";
  trees: Tree[];
  lengths: number[];
  activation: "tanh" | "sigmoid" | "relu" | "none";
  leaves: Arrayed;
  parameters: Record<string, Arrayed>;
  nodes: Arrayed;
  root: Arrayed;
  dNodes: Arrayed;
  dRoot: Arrayed;
  dLeaves: Arrayed;
  dParameters: Record<string, Arrayed>;
}

const { cases } = JSON.parse(readFileSync(new URL("../../../test/oracle/trees.json", import.meta.url), "utf8")) as {
  cases: Case[];
};

const of = ({ shape, data }: Arrayed): Tensor => tensor(Float64Array.from(data), { shape, dtype: "float64" });

function near(x: Tensor, expected: Arrayed, what: string): void {
  expect(x.shape, what).toEqual(expected.shape);
  const values = x.flatten().toArray() as number[];
  values.forEach((value, i) => {
    expect(Math.abs(value - expected.data[i]), `${what}[${i}]`).toBeLessThan(1e-7 * (1 + Math.abs(expected.data[i])));
  });
}

describe.each(["fused", "composed"] as const)("%s, as loops in PyTorch", (form) => {
  test.each(cases)("$name", (each) => {
    scope(() => {
      const leaves = of(each.leaves).requireGradient();
      const p = Object.fromEntries(Object.entries(each.parameters).map(([name, x]) => [name, of(x).requireGradient()]));
      const plan = forest(each.trees, { leaves: each.lengths });
      const result =
        each.kind === "lstm"
          ? treeLstm(leaves, plan, p as unknown as TreeLstmParameters, { form })
          : treeRnn(leaves, plan, p.weights, p.bias ?? null, {
              ...{ activation: each.activation, form },
              ...(p.tensor && { tensor: p.tensor }),
            });
      near(result.nodes, each.nodes, "nodes");
      near(result.root, each.root, "root");
      backward(
        result.nodes
          .mul(of(each.dNodes))
          .sum()
          .add(result.root.mul(of(each.dRoot)).sum()),
      );
      near(leaves.gradient!, each.dLeaves, "dLeaves");
      for (const [name, expected] of Object.entries(each.dParameters)) near(p[name].gradient!, expected, `d ${name}`);
    });
  });
});

const random = (seed: number, ...shape: number[]): Tensor =>
  nb.random.normal(shape, 0, 0.6, { dtype: "float64", generator: new nb.Generator(seed) });

const shapeOf = (leaves: number): fc.Arbitrary<Tree> =>
  fc.array(fc.nat(1000), { minLength: leaves - 1, maxLength: leaves - 1 }).map((picks) => {
    const row: Tree[] = Array.from({ length: leaves }, (_, i) => i);
    for (const pick of picks) {
      const at = pick % (row.length - 1);
      row.splice(at, 2, [row[at], row[at + 1]]);
    }
    return row[0];
  });
const anyTrees = fc.array(fc.integer({ min: 1, max: 9 }).chain(shapeOf), { minLength: 1, maxLength: 5 });

const parametersOf = (size: number, inputs: number): TreeLstmParameters => ({
  inputWeights: random(1, 3 * size, inputs),
  inputBias: random(2, 3 * size),
  stateWeights: random(3, 5 * size, 2 * size),
  stateBias: random(4, 5 * size),
});

describe("a forest", () => {
  test("a batch gives what its trees give alone, in any order", () => {
    const [weights, bias] = [random(5, 3, 6), random(6, 3)];
    fc.assert(
      fc.property(anyTrees, (trees) => {
        scope(() => {
          const plan = forest(trees);
          const leaves = random(7, plan.leaves, 3);
          const together = treeRnn(leaves, plan, weights, bias);
          const lstm = treeLstm(leaves, plan, parametersOf(2, 3));
          let [at, node] = [0, 0];
          trees.forEach((tree, i) => {
            const own = forest([tree]);
            const x = leaves.slice(at, at + own.leaves);
            const alone = treeRnn(x, tree, weights, bias);
            const aloneLstm = treeLstm(x, tree, parametersOf(2, 3));
            for (const [a, b] of [
              [together.root.get(i), alone.root],
              [together.nodes.slice(node, node + own.inner), alone.nodes],
              [lstm.root.get(i), aloneLstm.root],
              [lstm.nodes.slice(node, node + own.inner), aloneLstm.nodes],
              [lstm.leaves.slice(at, at + own.leaves), aloneLstm.leaves],
            ]) {
              expect(a.shape).toEqual(b.shape);
              if (a.size > 0) expect(nb.abs(a.sub(b)).max().item()).toBeLessThan(1e-12);
            }
            at += own.leaves;
            node += own.inner;
          });
        });
      }),
      { numRuns: 20 },
    );
  });

  test("fused and composed give the same gradients", () => {
    fc.assert(
      fc.property(anyTrees, fc.boolean(), (trees, bilinear) => {
        scope(() => {
          const plan = forest(trees);
          const x = random(8, plan.leaves, 3);
          const p = [random(9, 3, 6), random(10, 3), random(11, 3, 6, 6)];
          const run =
            (form: "fused" | "composed") =>
            (leaves: Tensor, w: Tensor, b: Tensor, v: Tensor): Tensor => {
              const { root, nodes } = treeRnn(leaves, plan, w, b, { form, ...(bilinear && { tensor: v }) });
              return root.square().sum().add(nodes.sum());
            };
          const [a, aGradients] = valueAndGrad(run("fused"))(x, p[0], p[1], p[2]);
          const [b, bGradients] = valueAndGrad(run("composed"))(x, p[0], p[1], p[2]);
          expect(a.item()).toBeCloseTo(b.item() as number, 10);
          aGradients.forEach((gradient, i) => {
            const far = nb.abs(gradient.sub(bGradients[i]));
            if (far.size > 0) expect(far.max().item()).toBeLessThan(1e-10);
          });
        });
      }),
      { numRuns: 15 },
    );
  });

  test("gradients equal differences: plain, tensor, Tree-LSTM", () => {
    const plan = forest([[[0, [1, 2]], 3], [0, 1], 0]);
    const x = random(12, plan.leaves, 2);
    const loss = ({ root, nodes }: { root: Tensor; nodes: Tensor }): Tensor =>
      root.square().sum().add(nodes.mul(nodes).mul(nodes).sum());
    nb.expectGradients((l, w, b) => loss(treeRnn(l, plan, w, b)), [x, random(13, 2, 4), random(14, 2)]);
    nb.expectGradients(
      (l, w, b, v) => loss(treeRnn(l, plan, w, b, { tensor: v })),
      [x, random(13, 2, 4), random(14, 2), random(15, 2, 4, 4)],
    );
    const { inputWeights, inputBias, stateWeights, stateBias } = parametersOf(2, 2);
    nb.expectGradients(
      (l, a, b, c, d) => loss(treeLstm(l, plan, { inputWeights: a, inputBias: b, stateWeights: c, stateBias: d })),
      [x, inputWeights, inputBias!, stateWeights, stateBias!],
    );
  });

  test("many nodes with a tensor are taken in pieces", () => {
    // Of pairs of 2 * 60 numbers 145 nodes are held at a time.
    const size = 60;
    const trees: Tree[] = Array.from({ length: 300 }, () => [0, 1]);
    const x = nb.random.normal([600, size], 0, 0.1, { generator: new nb.Generator(1) });
    const v = nb.zeros([size, 2 * size, 2 * size]);
    v.set([3, 0, 1], 2);
    const { nodes } = treeRnn(x, forest(trees), nb.zeros([size, 2 * size]), null, { tensor: v, activation: "none" });
    const left = x.get({ step: 2 });
    const expected = left.get(":", 0).mul(left.get(":", 1)).mul(2);
    expect(nb.abs(nodes.get(":", 3).sub(expected)).max().item()).toBeLessThan(1e-7);
    expect(nb.abs(nodes).sum().item()).toBeCloseTo(nb.abs(expected).sum().item() as number, 5);
  });

  test("first order only, and what to do", () => {
    const plan = forest([[0, 1]]);
    const twice = (form: "fused" | "composed") =>
      grad((x: Tensor) =>
        sum(grad((z: Tensor) => sum(treeRnn(z, plan, tensor([[1, 2]]), null, { form }).root))(x).square()),
      )(tensor([[0.1], [0.2]]));
    expect(() => twice("fused")).toThrow('give treeRnn the option form: "composed"');
    expect(twice("composed").shape).toEqual([2, 1]);
  });

  test("heights: nodes of one height over all trees stand together", () => {
    const plan = forest([
      [
        [0, 1],
        [2, 3],
      ],
      [[[0, 1], 2], 3],
      0,
    ]);
    expect(plan.levels.map(({ from, to }) => to - from)).toEqual([3, 2, 1]);
    expect([plan.trees, plan.leaves, plan.inner, plan.arity]).toEqual([3, 9, 6, 2]);
  });

  test("a chain 5,000 deep and a tree of 10,000 nodes, with gradients", () => {
    let chain: Tree = 0;
    for (let leaf = 1; leaf <= 5000; leaf++) chain = [chain, leaf];
    let row: Tree[] = Array.from({ length: 5000 }, (_, i) => i);
    while (row.length > 1) {
      const next: Tree[] = [];
      for (let i = 0; i < row.length; i += 2) next.push(i + 1 < row.length ? [row[i], row[i + 1]] : row[i]);
      row = next;
    }
    const plan = forest([chain, row[0]]);
    expect(plan.inner).toBe(9999);
    scope(() => {
      const x = nb.full([plan.leaves, 2], 0.1).requireGradient();
      backward(treeRnn(x, plan, nb.full([2, 4], 0.3), null).root.sum());
      expect(nb.isfinite(x.gradient!).all().item()).toBe(1);
      const y = nb.full([plan.leaves, 2], 0.1).requireGradient();
      const p = { inputWeights: nb.ones([6, 2]), stateWeights: nb.full([10, 4], 0.3) };
      backward(treeLstm(y, plan, p).root.sum());
      expect(nb.isfinite(y.gradient!).all().item()).toBe(1);
    });
  });

  test("trees that are all one leaf", () => {
    const plan = forest([0, 0, 0]);
    const x = random(16, 3, 2);
    const { root, nodes } = treeRnn(x, plan, random(17, 2, 4));
    expect(root.toArray()).toEqual(x.toArray());
    expect(nodes.shape).toEqual([0, 2]);
    const lstm = treeLstm(x, plan, parametersOf(2, 2));
    expect([lstm.root.shape, lstm.nodes.shape]).toEqual([
      [3, 2],
      [0, 2],
    ]);
    expect(treeRnn(x.slice(0, 0), forest([]), random(17, 2, 4)).root.shape).toEqual([0, 2]);
  });

  test("mistakes are named", () => {
    const three = forest([[0, 1, 2]]);
    const two = forest([[0, 1]]);
    const x = nb.zeros([2, 3]);
    expect(() => forest([[0, [1, 2, 3]]])).toThrow("all nodes of a tree have 2 children, but the tree has one with 3");
    expect(() =>
      forest([
        [0, 1],
        [0, 1, 2],
      ]),
    ).toThrow("the nodes of tree 1 have 3 children, those before 2");
    expect(() => forest([[]])).toThrow("at least one child, but the tree has one with 0");
    expect(() => forest([[0, -1]])).toThrow("forest: leaf -1 is not a whole number from 0 on");
    expect(() => forest([[0, 3]], { leaves: [2] })).toThrow("forest: leaf 3 is not in 0 to 1");
    expect(() => forest([[0, 1]], { leaves: [2, 2] })).toThrow("leaves has 2 entries for 1 trees");
    expect(() => forest("x" as never)).toThrow("forest: trees must be an array");
    expect(() => treeRnn(x, three, nb.zeros([3, 6]))).toThrow("the forest has 3 leaves, but there are 2 vectors");
    expect(() => treeRnn(x, two, nb.zeros([3, 9]))).toThrow(
      "for nodes with 3 children, but those of the forest have 2",
    );
    expect(() => treeRnn(x, two, nb.zeros([3, 6]), nb.zeros([2]))).toThrow(
      "treeRnn: bias must have shape (3,), got (2,)",
    );
    expect(() => treeRnn(x, two, nb.zeros([3, 6]), null, { tensor: nb.zeros([3, 6, 5]) })).toThrow(
      "tensor must have shape (3, 6, 6)",
    );
    expect(() => treeRnn(x, two, nb.zeros([3, 6]), null, { activation: "elu" as never })).toThrow(
      "activation must be one of",
    );
    expect(() => treeRnn(x, two, nb.zeros([3, 6]), null, { form: "x" as never })).toThrow('form must be "fused"');
    const p = { inputWeights: nb.zeros([6, 3]), stateWeights: nb.zeros([10, 4]) };
    expect(treeLstm(x, two, p).root.shape).toEqual([1, 2]);
    expect(() => treeLstm(x, two, { ...p, inputWeights: nb.zeros([6, 2]) })).toThrow(
      "inputWeights must be [3 * size, 3]",
    );
    expect(() => treeLstm(x, two, { ...p, stateWeights: nb.zeros([10, 3]) })).toThrow(
      "stateWeights must be [(3 + children) * 2, children * 2]",
    );
    expect(() => treeLstm(x, two, { ...p, stateBias: nb.zeros([9]) })).toThrow("stateBias must have shape (10,)");
    expect(() => treeLstm(x, two, p, { form: "x" as never })).toThrow('form must be "fused"');
    expect(() => treeLstm(x, two, null as never)).toThrow("the parameters");
  });
});
