// Layers over trees: what they make of batches, against the operations on single trees; gradients, saving, training, mistakes.
import { describe, expect, test } from "vitest";
import {
  Dense,
  Embedding,
  encodeTrees,
  evaluate,
  expectGradients,
  fit,
  Generator,
  input,
  loadModel,
  Model,
  random,
  type Symbolic,
  saveModel,
  scope,
  stopGradient,
  type Tensor,
  type Tree,
  type TreeLayer,
  TreeLSTM,
  TreeRNN,
  tensor,
  treeLstm,
  treeRnn,
  zeros,
} from "../../node.ts";

const TREES: Tree[] = [
  [
    [0, 1],
    [2, 3],
  ],
  [0, [1, 2]],
  0,
  [[[0, 1], 2], 3],
];

/** A model of one layer, on vectors of so many numbers. */
function alone(layer: TreeLayer, features: number, dtype: "float32" | "float64" = "float64"): Model {
  const [x, trees] = [input([null, features]), input([null, 2], { dtype: "int32" })];
  return new Model({ inputs: { x, trees }, outputs: layer.apply([x, trees]), seed: 2, dtype });
}

const vectors = (dtype: "float32" | "float64" = "float64"): Tensor =>
  random.normal([4, 4, 3], 0, 0.7, { dtype, generator: new Generator(5) });

const ROWS: [string, () => TreeLayer][] = [
  ["TreeRNN", () => new TreeRNN({ returnNodes: true })],
  ["TreeRNN with a tensor", () => new TreeRNN({ returnNodes: true, tensor: true, activation: "sigmoid" })],
  ["TreeRNN, composed, without bias", () => new TreeRNN({ returnNodes: true, bias: null, form: "composed" })],
  ["TreeRNN, roots", () => new TreeRNN({ kernelPenalty: { l2: 0.1 } })],
  ["TreeLSTM", () => new TreeLSTM(2, { returnNodes: true })],
  ["TreeLSTM, composed, roots, without bias", () => new TreeLSTM(4, { form: "composed", bias: null })],
  ["TreeLSTM, forget bias", () => new TreeLSTM(3, { forgetBias: -1, weights: "normal", inputWeights: "heUniform" })],
];

describe.each(ROWS)("%s", (_, make) => {
  const trees = encodeTrees(TREES);

  test("has the gradients that differences show, by inputs and parameters", () => {
    scope(() => {
      const model = alone(make(), 3);
      const x = vectors();
      const weight = random.normal(model.call([x, trees]).shape, 0, 1, {
        dtype: "float64",
        generator: new Generator(6),
      });
      const value = (leaves: Tensor): Tensor => model.call([leaves, trees]).mul(weight).sum();
      expectGradients((leaves) => value(leaves), [x], { step: 1e-5 });
      for (const parameter of model.parameters) {
        const before = parameter.tensor;
        const moved = (p: Tensor): Tensor => {
          parameter.place(p);
          const y = value(x);
          parameter.place(before);
          return y;
        };
        const noise = random.normal(before.shape, 0, 0.1, { dtype: "float64", generator: new Generator(7) });
        expectGradients(moved, [stopGradient(before).add(noise)], { step: 1e-5 });
      }
    });
  });

  test("comes back from a file to the same bits", () => {
    const model = alone(make(), 3, "float32");
    const again = loadModel(saveModel(model));
    const x = vectors("float32");
    expect((again as Model).call([x, trees]).toArray()).toEqual(model.call([x, trees]).toArray());
    expect(again.layers.at(-1)!.config()).toEqual(model.layers.at(-1)!.config());
  });
});

describe("rows", () => {
  const trees = encodeTrees(TREES);
  const x = vectors();

  test("leaves, then inner nodes as they close, then zeros; roots", () => {
    const rnn = new TreeRNN({ returnNodes: true });
    const model = alone(rnn, 3);
    const [w, b] = rnn.parameters.map(({ tensor: values }) => values);
    const all = model.call([x, trees]);
    expect(all.shape).toEqual([4, 7, 3]);
    TREES.forEach((tree, i) => {
      const own = treeRnn(x.get(i), tree, w, b);
      const inner = own.nodes.shape[0];
      expect(all.get(i).slice(0, 4).toArray()).toEqual(x.get(i).toArray());
      expect(
        all
          .get(i)
          .slice(4, 4 + inner)
          .sub(own.nodes)
          .abs()
          .sum()
          .item(),
      ).toBeLessThan(1e-12);
      expect(
        all
          .get(i)
          .slice(4 + inner)
          .abs()
          .sum()
          .item(),
      ).toBe(0);
    });
    const lstm = new TreeLSTM(2);
    const h = alone(lstm, 3).call([x, trees]);
    const [inputWeights, stateWeights, inputBias, stateBias] = lstm.parameters.map(({ tensor: values }) => values);
    TREES.forEach((tree, i) => {
      const own = treeLstm(x.get(i), tree, { inputWeights, inputBias, stateWeights, stateBias });
      expect(h.get(i).sub(own.root).abs().sum().item()).toBeLessThan(1e-12);
    });
  });

  test("forget gates begin with a bias of 1", () => {
    const layer = new TreeLSTM(2);
    alone(layer, 3);
    expect(layer.parameters.at(-1)!.tensor.toArray()).toEqual([0, 0, 1, 1, 1, 1, 0, 0, 0, 0]);
  });

  test("encodeTrees: fewer nodes are filled up with zeros", () => {
    expect(encodeTrees([[0, 1], 0], { nodes: 2 }).toArray()).toEqual([
      [
        [1, 2],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 0],
      ],
    ]);
    expect(encodeTrees([0, 0]).shape).toEqual([2, 0, 2]);
    expect(encodeTrees([[0, 1, 2]]).toArray()).toEqual([[[1, 2, 3]]]);
  });
});

test("learns to tell which of two words stands higher in a tree, with fit and labels to be ignored", async () => {
  const generator = new Generator(3);
  const draw = (below: number): number =>
    Math.floor((random.uniform([1], 0, 1, { generator }).item() as number) * below);
  const shapes: Tree[] = [
    [[0, 1], 2],
    [0, [1, 2]],
  ];
  const chosen = Array.from({ length: 200 }, () => draw(2));
  const words = tensor(Int32Array.from(chosen.flatMap(() => [1 + draw(5), 1 + draw(5), 1 + draw(5)])), {
    shape: [200, 3],
  });
  // The last node's class: whether the word above the others is an even one.
  const y = tensor(
    Int32Array.from(
      chosen.flatMap((shape, i) => [-1, -1, -1, -1, (words.get(i, shape === 0 ? 2 : 0).item() as number) % 2]),
    ),
    { shape: [200, 5] },
  );
  const [w, trees] = [
    input([null], { name: "words", dtype: "int32" }),
    input([null, 2], { name: "trees", dtype: "int32" }),
  ];
  const hidden = new TreeLSTM(12, { returnNodes: true }).apply([new Embedding(6, 8).apply(w), trees] as Symbolic[]);
  const outputs = new Dense(2, { activation: "softmax" }).apply(hidden);
  const model = new Model({ inputs: { words: w, trees }, outputs, seed: 1 });
  const data = { x: { words, trees: encodeTrees(chosen.map((i) => shapes[i])) }, y };
  await fit(model, data, { epochs: 30, learningRate: 0.02, batchSize: 20, ignoreIndex: -1 });
  expect(evaluate(model, data, { ignoreIndex: -1 }).accuracy).toBeGreaterThan(0.97);
});

test("mistakes are named", () => {
  const model = alone(new TreeRNN({ name: "fold" }), 3);
  const x = zeros([1, 2, 3], "float64");
  const call = (values: number[][]) => () => model.call([x, tensor([values], "int32")]);
  expect(call([[1, 3]])).toThrow("fold: node 0 of tree 0 has leaf 2, but there are 2 leaves");
  expect(call([[1, -1]])).toThrow("node 0 of tree 0 has node 0 for a child, which is no node before it");
  expect(
    call([
      [0, 0],
      [1, -1],
    ]),
  ).toThrow("node 1 of tree 0 has node 0 for a child, which is no node before it");
  expect(call([[1, 0]])).toThrow("node 0 of tree 0 has a child 0 beside others");
  expect(call([[0, 2]])).toThrow("a row is a node, or all zeros");
  expect(() => model.call([zeros([1, 0, 3], "float64"), zeros([1, 0, 2], "int32")])).toThrow("trees without leaves");
  expect(() => new TreeRNN({ activation: "gelu" as never })).toThrow("TreeRNN: activation must be one of");
  expect(() => new TreeRNN({ units: 3 } as never)).toThrow("units");
  expect(() => new TreeLSTM(0)).toThrow("TreeLSTM: units must be a whole number of at least 1");
  expect(() => new TreeRNN().apply(input([null, 3]))).toThrow("takes two inputs, vectors of leaves and trees");
  expect(() => new TreeRNN().apply([input([null, 3]), input([null, null], { dtype: "int32" })])).toThrow("children");
  expect(() => encodeTrees([1])).toThrow("a sentence of one word is leaf 0");
  expect(() => encodeTrees([[[0, 1], 2]], { nodes: 1 })).toThrow("a tree has 2 inner nodes");
  expect(() => encodeTrees([[0, 1]], { arity: 3 })).toThrow("encodeTrees");
});
