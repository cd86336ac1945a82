// Part 7: the recursive layer, its gradient check, and the proof of the summed gradients by program.
import type { TreeChart } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { largestTreeDifference } from "../framework/same-recursive.ts";
import { IdentityActivator } from "../programs/activators.ts";
import { TanhActivator } from "../programs/fc.ts";
import { dataSet, foldTree, nodesFromRoot, RecursiveLayer, readTree, TreeNode } from "../programs/recursive.ts";
import { PrintedRecursiveLayer } from "../programs/recursive-as-printed.ts";
import {
  PRINTED_CHECK,
  printed,
  structureCheck,
  summedGradients,
  weightsOfPrintedCheck,
} from "../programs/structure-check.ts";
import { relativeError } from "../programs/through-time.ts";

const rounding = { en: "the last bits of float64", zh: "float64 的最后几位" };
const WEIGHTS = [0.1, -0.2, 0.3, 0.4, 0.5, 0.6, -0.7, 0.8];

/** A tree by hand as a chart: vectors of two numbers in the nodes. */
function chartOf(root: TreeNode, title: TreeChart["title"], name: (node: TreeNode) => string): TreeChart {
  const nodes = nodesFromRoot(root);
  const place = new Map(nodes.map((node, i) => [node, i]));
  return {
    kind: "tree",
    ...(title !== undefined && { title }),
    nodes: nodes.map((node) => ({
      label: name(node),
      ...(node !== root && { parent: place.get(node.parent!)! }),
    })),
  };
}

const vector = ({ data }: TreeNode) => `[${[...data.values].map((value) => Number(value.toFixed(2))).join(", ")}]`;

const layer: Experiment = {
  id: "zero/7-layer",
  title: { en: "A cell that folds a tree", zh: "把一棵树折叠起来的单元" },
  section: "7",
  kind: "construction",
  settings: { width: 2, children: 2, leaves: "[1,2], [3,4], [5,6]", tree: "((0,1),2)", E: "sum of the root" },
  read: [
    "book/zero/programs/recursive.ts",
    "book/zero/framework/same-recursive.ts",
    "book/zero/chapter7/7-recursive.ts",
  ],
  async run({ seed }) {
    const plain = new RecursiveLayer(2, 2, new IdentityActivator(), 1e-3, new Random(seed));
    const bent = new RecursiveLayer(2, 2, new TanhActivator(), 1e-3, new Random(seed));
    for (const each of [plain, bent]) each.W.values.set(WEIGHTS);
    const root = readTree(plain, dataSet());
    plain.backward(Matrix.column([1, 1]));
    const leaves = nodesFromRoot(root).filter((node) => node.isLeaf);
    const delta = (x: number) => [...leaves.find(({ data }) => data.values[0] === x)!.delta!.values];
    const curved = readTree(bent, dataSet());
    bent.backward(Matrix.column([1, 1]));
    const random = new Random(seed);
    const wide = new RecursiveLayer(5, 2, new TanhActivator(), 1e-3, random, 0.7);
    const xs = Array.from({ length: 7 }, () => Matrix.fill(5, 1, () => random.uniform(-1, 1)));
    const shapes = [
      [[[[[[0, 1], 2], 3], 4], 5], 6],
      [0, [1, [2, [3, [4, [5, 6]]]]]],
      [
        [
          [0, 1],
          [2, 3],
        ],
        [4, [5, 6]],
      ],
    ];
    return {
      measured: {
        p: [...root.children[0].data.values],
        root: [...root.data.values],
        E: root.data.sum(),
        dW: [...plain.WGrad.values],
        db: [...plain.bGrad.values],
        dx: [1, 3, 5].flatMap(delta),
        tanhE: curved.data.sum(),
        tanhdb: [...bent.bGrad.values],
        tanhdx0: [...curved.children[0].children[0].delta!.values],
        parameters: plain.parameterCount,
        framework: Math.max(...shapes.map((tree) => largestTreeDifference(wide, "tanh", tree, xs, "every"))),
      },
      figures: [
        {
          name: "tree",
          chart: chartOf(
            root,
            { en: "Two numbers a node, from the leaves to the root", zh: "每个节点两个数，从叶到根" },
            vector,
          ),
        },
      ],
    };
  },
  about: {
    en: "A recurrent layer reads a chain; a recursive one folds a tree. One cell, p = f(W [c1; c2] + b), turns the vectors of two children into one of the same length, so that it can be used again on what it made, up to the root. On the way back each node hands its children their slices of W^T delta; W and b stand at every node, and their gradients are sums. By hand, beside the framework's treeRnn on trees of three shapes.",
    zh: "循环层读一条链，递归层折叠一棵树。同一个单元 p = f(W [c1; c2] + b) 把两个子节点的向量变成一个同样长的向量，于是可以再用在自己的结果上，直到根。反向时，每个节点把 W^T delta 的各段交给子节点；W 与 b 在每个节点上都是同一个，梯度因此相加。这里是手写的，在三种形状的树上与框架的 treeRnn 对照。",
  },
  claims: [
    {
      measure: "p",
      says: { en: "the lower node", zh: "下面的节点" },
      expected: [2.2, 2.8],
      accept: { within: 1e-14 },
      because: rounding,
    },
    {
      measure: "root",
      says: { en: "the root", zh: "根" },
      expected: [3.56, 4.08],
      accept: { within: 1e-14 },
      because: rounding,
    },
    {
      measure: "E",
      says: { en: "E, the sum of the root", zh: "E，即根的和" },
      expected: 7.64,
      accept: { within: 1e-13 },
      because: rounding,
    },
    {
      measure: "dW",
      says: { en: "dE/dW, row by row", zh: "dE/dW，逐行" },
      expected: [2.8, 4, 6.8, 8.4, 2.6, 3.6, 6.2, 7.6],
      accept: { within: 1e-13 },
      because: rounding,
    },
    {
      measure: "db",
      says: { en: "dE/db", zh: "dE/db" },
      expected: [1.6, 1.4],
      accept: { within: 1e-14 },
      because: rounding,
    },
    {
      measure: "dx",
      says: { en: "gradients of the three leaves", zh: "三个叶的梯度" },
      expected: [0.26, 0.12, -0.1, 0.56, -0.4, 1.2],
      accept: { within: 1e-14 },
      because: rounding,
    },
    {
      measure: "tanhE",
      says: { en: "E with tanh", zh: "用 tanh 时的 E" },
      expected: 1.9821277953421408,
      accept: { within: 1e-14 },
      because: rounding,
    },
    {
      measure: "tanhdb",
      says: { en: "dE/db with tanh", zh: "用 tanh 时的 dE/db" },
      expected: [0.002814889389520158, 0.03374404348525658],
      accept: { within: 1e-15 },
      because: rounding,
    },
    {
      measure: "tanhdx0",
      says: { en: "and the gradient of the first leaf", zh: "以及第一个叶的梯度" },
      expected: [2.255494522726404e-4, 1.1050264820505e-5],
      accept: { within: 1e-16 },
      because: rounding,
    },
    {
      measure: "parameters",
      says: { en: "RecursiveLayer(2, 2): d (k d) + d", zh: "RecursiveLayer(2, 2)：d (k d) + d" },
      accept: { equals: 10 },
    },
    {
      measure: "framework",
      says: {
        en: "by hand and the framework's treeRnn, seven leaves, three shapes: largest difference of nodes and gradients",
        zh: "手写与框架的 treeRnn，七个叶、三种形状：节点与梯度的最大差",
      },
      accept: { atMost: 1e-13 },
      because: { en: "the same sums in another order", zh: "同样的和，次序不同" },
    },
  ],
};

const check: Experiment = {
  id: "zero/7-gradient-check",
  title: { en: "The printed gradient check, and leaves it did not look at", zh: "印出的梯度检查，以及它没有检查的叶" },
  section: "7",
  kind: "experiment",
  settings: { layer: "RecursiveLayer(2, 2)", epsilon: 0.001, activation: "identity; tanh", weights: "±0.0001; ±0.8" },
  read: [
    "book/zero/programs/structure-check.ts",
    "book/zero/programs/recursive.ts",
    "book/zero/programs/recursive-as-printed.ts",
    "book/zero/chapter7/7-recursive.ts",
  ],
  async run({ seed }) {
    const text = new PrintedRecursiveLayer(2, 2, new IdentityActivator(), 1e-3, new Random(seed));
    text.W.values.set(weightsOfPrintedCheck().values);
    const largest = Math.max(...text.W.values.map(Math.abs));
    const ones = Matrix.column([1, 1]);
    const pairs = structureCheck(text, readTree, dataSet(), 1e-3, "root", () => text.backward(ones)).get("W")!;
    const random = new Random(seed);
    const width = 3;
    const xs = Array.from({ length: 3 }, () => Matrix.fill(width, 1, () => random.uniform(-0.95, 0.95)));
    const weights = Matrix.fill(width, 2 * width, () => random.uniform(-0.8, 0.8));
    const make = <L extends RecursiveLayer>(made: L): L => {
      made.W.values.set(weights.values);
      return made;
    };
    const listed = make(new PrintedRecursiveLayer(width, 2, new TanhActivator(), 1e-3, random));
    const mended = make(new RecursiveLayer(width, 2, new TanhActivator(), 1e-3, random));
    const ofListed = structureCheck(listed, readTree, xs, 1e-3, "root", (root) =>
      listed.backward(root.data.map((output) => 1 - output * output)),
    );
    const everywhere = [...structureCheck(mended, readTree, xs, 1e-5, "every").values()].map(relativeError);
    const atRoot = [...structureCheck(mended, readTree, xs, 1e-5).values()].map(relativeError);
    const leaves = ofListed.get("x")!;
    const inputs = xs.flatMap(({ values }) => [...values]);
    return {
      measured: {
        expected: pairs.map(({ expected }) => printed(expected)).join(" "),
        actual: pairs.map(({ actual }) => printed(actual)).join(" "),
        largest,
        listedW: Math.max(relativeError(ofListed.get("W")!), relativeError(ofListed.get("b")!)),
        listedLeaves: relativeError(leaves),
        factor: Math.max(
          ...leaves.map(({ expected, actual }, i) => Math.abs(actual - expected * (1 - inputs[i] ** 2))),
        ),
        mended: Math.max(...atRoot, ...everywhere),
      },
      tables: [
        {
          title: { en: "The eight numbers", zh: "八个数" },
          columns: ["", { en: "expected", zh: "期望" }, { en: "actual", zh: "实际" }, { en: "in print", zh: "原文" }],
          rows: pairs.map(({ expected, actual }, i) => [
            `weight(${i >> 2},${i & 3})`,
            printed(expected),
            printed(actual),
            PRINTED_CHECK[i],
          ]),
        },
      ],
    };
  },
  about: {
    en: "The text prints eight pairs for W, from random weights that it does not print. The pairs give them away: columns three and four say that the last leaf is [5, 6], the rows' differences that the first is [1, 2] and that the columns of W sum to about -0.00013 and -0.00009; weights of that kind, all within the text's 0.0001, print all eight numbers. They see neither b nor the leaves, and the activation is the identity. With tanh the listed program hands word vectors a gradient that is short by the factor 1 - x^2, as if they had come out of tanh themselves. Mended, everything agrees with differences, with an error at the root or at every node.",
    zh: "原文为 W 印出八对数，随机权重并未给出。但这些数本身透露了它们：第三、四列说明最后一个叶是 [5, 6]，两行之差说明第一个叶是 [1, 2]，且 W 前两列之和约为 -0.00013 与 -0.00009；取这样的权重（都在原文的 0.0001 之内），八个数全部印得出来。这个检查既不看 b，也不看叶，而且激活函数是恒等函数。换成 tanh，原文的程序交给词向量的梯度少了因子 1 - x^2，好像词向量也是 tanh 的输出。改正之后，误差只在根上或在每个节点上，全部梯度都与差分一致。",
  },
  claims: [
    {
      measure: "expected",
      says: { en: "the eight numbers by differences", zh: "差分得到的八个数" },
      reported: PRINTED_CHECK.join(" "),
      accept: { equals: PRINTED_CHECK.join(" ") },
    },
    {
      measure: "actual",
      says: { en: "and by backpropagation", zh: "以及反向传播得到的" },
      reported: PRINTED_CHECK.join(" "),
      accept: { equals: PRINTED_CHECK.join(" ") },
    },
    {
      measure: "largest",
      says: { en: "weights within the text's 0.0001: the largest", zh: "权重在原文的 0.0001 之内：最大者" },
      accept: { atMost: 1e-4 },
      because: { en: "U(-0.0001, 0.0001) is what the program draws from", zh: "程序从 U(-0.0001, 0.0001) 中取权重" },
    },
    {
      measure: "listedW",
      says: { en: "as listed, with tanh: relative error of W and b", zh: "原文程序，用 tanh：W 与 b 的相对误差" },
      accept: { atMost: 1e-5 },
      because: {
        en: "differences with epsilon 0.001; 3e-7 to 9e-7 over ten seeds",
        zh: "epsilon 为 0.001 的差分；十个种子为 3e-7 到 9e-7",
      },
    },
    {
      measure: "listedLeaves",
      says: { en: "and of the leaves", zh: "以及叶的相对误差" },
      accept: { between: [0.03, 0.9] },
      because: {
        en: "0.13 to 0.58 over ten seeds, by how large the leaves are",
        zh: "十个种子为 0.13 到 0.58，取决于叶有多大",
      },
    },
    {
      measure: "factor",
      says: {
        en: "each leaf's gradient is short by 1 - x^2: what is left",
        zh: "每个叶的梯度少了因子 1 - x^2：余下的差",
      },
      accept: { atMost: 1e-5 },
      because: { en: "differences with epsilon 0.001", zh: "epsilon 为 0.001 的差分" },
    },
    {
      measure: "mended",
      says: {
        en: "mended, with tanh, an error at the root or at every node: relative error of W, b and leaves",
        zh: "改正之后，用 tanh，误差在根上或在每个节点上：W、b 与叶的相对误差",
      },
      accept: { atMost: 1e-7 },
      because: { en: "differences with epsilon 1e-5", zh: "epsilon 为 1e-5 的差分" },
    },
  ],
};

/** A random tree of leaf numbers, by joining neighbours. */
function randomTree(leaves: number, random: Random): (number | readonly unknown[])[] {
  const row: unknown[] = Array.from({ length: leaves }, (_, i) => i);
  while (row.length > 1) {
    const at = random.below(row.length - 1);
    row.splice(at, 2, [row[at], row[at + 1]]);
  }
  return row[0] as (number | readonly unknown[])[];
}

const summed: Experiment = {
  id: "zero/7-summed-gradients",
  title: { en: "Why gradients of one W at many nodes add up", zh: "为什么同一个 W 在各节点上的梯度要相加" },
  section: "7",
  kind: "exercise",
  settings: { width: 3, leaves: 8, trees: 10 },
  read: [
    "book/zero/programs/structure-check.ts",
    "book/zero/programs/recursive.ts",
    "book/zero/chapter7/7-recursive.ts",
  ],
  async run({ seed }) {
    const random = new Random(seed);
    let [own, sum, one] = [0, 0, Number.POSITIVE_INFINITY];
    for (let i = 0; i < 10; i++) {
      const width = new RecursiveLayer(3, 2, new TanhActivator(), 1e-3, random, 0.8);
      const leaves = Array.from({ length: 8 }, () => new TreeNode(Matrix.fill(3, 1, () => random.uniform(-1, 1))));
      const root = foldTree(width, randomTree(8, random) as never, leaves);
      const found = summedGradients(width, root, 1e-5);
      own = Math.max(own, ...found.perNode.map(relativeError));
      sum = Math.max(sum, relativeError(found.sum));
      // What the root's copy alone would give.
      one = Math.min(
        one,
        relativeError(found.perNode[0].map(({ actual }, at) => ({ actual, expected: found.sum[at].expected }))),
      );
    }
    return { measured: { own, sum, one } };
  },
  about: {
    en: "The text says that gradients of the nodes are summed, and leaves the proof to a book. Give each node n its own copy W_n. Then E depends on all the copies, each copy is W, and by the chain rule dE/dW = sum over n of dE/dW_n times dW_n/dW, the last being 1. The program does just that: it moves each node's own copy alone, which gives delta_n c_n^T, and adds up; ten random trees of eight leaves.",
    zh: "原文说各节点的梯度相加，证明留给了别的书。给每个节点 n 一份自己的 W_n：E 依赖所有这些副本，而每份副本都等于 W，由链式法则 dE/dW = Σ_n dE/dW_n · dW_n/dW，后一个因子是 1。程序就是这样做的：只动一个节点自己的副本，得到 delta_n c_n^T，再全部加起来；十棵随机的八叶树。",
  },
  claims: [
    {
      measure: "own",
      says: {
        en: "each copy's gradient is delta c^T: relative error of the worst",
        zh: "每份副本的梯度是 delta c^T：最差的相对误差",
      },
      accept: { atMost: 1e-6 },
      because: { en: "differences; nodes far from the root have small gradients", zh: "差分；离根远的节点梯度小" },
    },
    {
      measure: "sum",
      says: { en: "their sum is dE/dW: relative error", zh: "它们的和是 dE/dW：相对误差" },
      accept: { atMost: 1e-8 },
      because: { en: "differences with epsilon 1e-5", zh: "epsilon 为 1e-5 的差分" },
    },
    {
      measure: "one",
      says: { en: "the root's share alone is not: relative error at least", zh: "只取根的一份则不是：相对误差至少" },
      accept: { atLeast: 0.05 },
      because: { en: "seven nodes have a share", zh: "七个节点各有一份" },
    },
  ],
};

export const experiments: readonly Experiment[] = [layer, check, summed];
