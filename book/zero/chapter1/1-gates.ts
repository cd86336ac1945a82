// Part 1 without learning: what a perceptron is, AND and OR by weights that are given, and which functions a perceptron can learn at all.
import type { Experiment } from "../../experiment.ts";
import { Perceptron, step } from "../programs/perceptron.ts";

const read = ["book/zero/programs/perceptron.ts", "book/zero/chapter1/1-gates.ts"];

export const pictures: Experiment = {
  id: "zero/1-neuron",
  title: { en: "The perceptron and its step", zh: "感知器与阶跃函数" },
  section: "1",
  kind: "figure",
  read,
  async run() {
    return {
      measured: { steps: [-1, 0, 1].map(step) },
      figures: [
        {
          name: "perceptron",
          chart: {
            kind: "network",
            title: {
              en: "A perceptron: y = f(w x + b), with the weights of AND",
              zh: "感知器：y = f(w x + b)，权重取 AND 的值",
            },
            layers: [
              { name: { en: "inputs", zh: "输入" }, units: 3, labels: ["x1", "x2", "1"] },
              {
                name: { en: "weighted sum and step", zh: "加权求和与阶跃" },
                units: 1,
                labels: ["y"],
                weights: [[0.5, 0.5, -0.8]],
              },
            ],
          },
          caption: {
            en: "The bias is the weight of an input that is always 1.",
            zh: "偏置就是恒为 1 的输入所对应的权重。",
          },
          height: 320,
        },
        {
          name: "step",
          chart: {
            kind: "line",
            title: { en: "The step function", zh: "阶跃函数" },
            xAxis: { label: "z" },
            yAxis: { label: "f(z)", min: -0.2, max: 1.2 },
            series: [{ name: "f", x: [-5, 0, 0, 5], y: [0, 0, 1, 1] }],
          },
        },
        {
          name: "layers",
          chart: {
            kind: "network",
            title: { en: "A layered network", zh: "分层的神经网络" },
            layers: [
              { name: { en: "input layer", zh: "输入层" }, units: 4 },
              { name: { en: "hidden layer", zh: "隐藏层" }, units: 5 },
              { name: { en: "hidden layer", zh: "隐藏层" }, units: 5 },
              { name: { en: "output layer", zh: "输出层" }, units: 3 },
            ],
          },
          caption: {
            en: "The series calls a network deep that has more than two hidden layers.",
            zh: "按照原文的说法，隐藏层多于两层的网络叫做深度神经网络。",
          },
          height: 380,
        },
      ],
    };
  },
  about: {
    en: "A neuron weighs its inputs, adds the bias and answers 1 above zero, else 0. Layers of such neurons make a network.",
    zh: "神经元把输入加权求和，加上偏置，结果大于零时输出 1，否则输出 0。把这样的神经元分层连接起来，就得到神经网络。",
  },
  claims: [
    {
      measure: "steps",
      says: { en: "f(z) = 1 if z > 0 else 0: at -1, 0 and 1", zh: "z > 0 时 f(z) = 1，否则为 0：在 -1、0、1 处" },
      reported: [0, 0, 1],
      accept: { equals: [0, 0, 1] },
    },
  ],
};

const ROWS = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const;

/** A perceptron with both weights 0.5: its weighted sum and its answer for every row of the truth table. */
function truthTable(bias: number): { sums: number[]; answers: number[] } {
  const unit = new Perceptron(2);
  const sum = new Perceptron(2, (x) => x);
  for (const each of [unit, sum]) {
    each.weights = [0.5, 0.5];
    each.bias = bias;
  }
  return { sums: ROWS.map((row) => sum.predict(row)), answers: ROWS.map((row) => unit.predict(row)) };
}

const because = { en: "sums of tenths in float64", zh: "float64 中若干个 0.1 之和" };

export const gates: Experiment = {
  id: "zero/1-gates",
  title: { en: "AND and OR by given weights", zh: "用给定权重实现 AND 与 OR" },
  section: "1",
  kind: "construction",
  settings: { w1: 0.5, w2: 0.5, "b of AND": -0.8, "b of OR": -0.3 },
  read,
  async run() {
    const [and, or] = [truthTable(-0.8), truthTable(-0.3)];
    return {
      measured: { and: and.answers, or: or.answers, firstRowOfAnd: and.sums[0], secondRowOfOr: or.sums[1] },
      tables: [
        {
          title: { en: "0.5 x1 + 0.5 x2 + b, and its step", zh: "0.5 x1 + 0.5 x2 + b 及其阶跃" },
          columns: [
            "x1",
            "x2",
            { en: "sum, b = -0.8", zh: "加权和，b = -0.8" },
            "AND",
            { en: "sum, b = -0.3", zh: "加权和，b = -0.3" },
            "OR",
          ],
          rows: ROWS.map(([x1, x2], i) => [
            x1,
            x2,
            Number(and.sums[i].toFixed(12)),
            and.answers[i],
            Number(or.sums[i].toFixed(12)),
            or.answers[i],
          ]),
        },
      ],
    };
  },
  about: {
    en: "Both weights 0.5; the bias alone decides whether one true input is enough (OR) or both are needed (AND). The series works the first row of AND and the second of OR and leaves the others to its reader.",
    zh: "两个权重都是 0.5；只靠偏置就能决定一个输入为真即可（OR），还是两个都须为真（AND）。原文演算了 AND 的第一行和 OR 的第二行，其余留给读者。",
  },
  claims: [
    {
      measure: "and",
      says: { en: "AND of 00, 01, 10, 11", zh: "00、01、10、11 的 AND" },
      reported: [0, 0, 0, 1],
      accept: { equals: [0, 0, 0, 1] },
    },
    {
      measure: "or",
      says: { en: "OR of 00, 01, 10, 11", zh: "00、01、10、11 的 OR" },
      reported: [0, 1, 1, 1],
      accept: { equals: [0, 1, 1, 1] },
    },
    {
      measure: "firstRowOfAnd",
      says: { en: "weighted sum in the first row of AND", zh: "AND 第一行的加权和" },
      reported: -0.8,
      accept: { within: 1e-12 },
      because,
    },
    {
      measure: "secondRowOfOr",
      says: { en: "weighted sum in the second row of OR", zh: "OR 第二行的加权和" },
      reported: 0.2,
      accept: { within: 1e-12 },
      because,
    },
  ],
};

/** All inputs of zeros and ones. */
function corners(inputs: number): number[][] {
  return Array.from({ length: 2 ** inputs }, (_, i) => Array.from({ length: inputs }, (_, j) => (i >> j) & 1));
}

/** Passes until a whole truth table is answered correctly; null: not within `most`. */
function passesToLearn(inputs: readonly (readonly number[])[], labels: readonly number[], most: number): number | null {
  const unit = new Perceptron(inputs[0].length);
  for (let pass = 0; pass <= most; pass++) {
    if (inputs.every((input, i) => unit.predict(input) === labels[i])) return pass;
    unit.oneIteration(inputs, labels, 0.1);
  }
  return null;
}

const NAMED: readonly [name: { en: string; zh: string }, inputs: number, f: (x: readonly number[]) => boolean][] = [
  [{ en: "AND", zh: "与 AND" }, 2, ([a, b]) => a + b === 2],
  [{ en: "OR", zh: "或 OR" }, 2, ([a, b]) => a + b > 0],
  [{ en: "NAND", zh: "与非 NAND" }, 2, ([a, b]) => a + b < 2],
  [{ en: "NOR", zh: "或非 NOR" }, 2, ([a, b]) => a + b === 0],
  [{ en: "NOT", zh: "非 NOT" }, 1, ([a]) => a === 0],
  [{ en: "implication", zh: "蕴含" }, 2, ([a, b]) => a <= b],
  [{ en: "majority of three", zh: "三者取多数" }, 3, ([a, b, c]) => a + b + c >= 2],
  [{ en: "all of four", zh: "四者全真" }, 4, (x) => x.every((value) => value === 1)],
  [{ en: "XOR", zh: "异或 XOR" }, 2, ([a, b]) => a !== b],
  [{ en: "parity of three", zh: "三位奇偶校验" }, 3, ([a, b, c]) => (a + b + c) % 2 === 1],
];

/** How many of all functions of so many inputs the rule learns. */
function learnable(inputs: number, most: number): { count: number; slowest: number } {
  const all = corners(inputs);
  let [count, slowest] = [0, 0];
  for (let code = 0; code < 2 ** all.length; code++) {
    const passes = passesToLearn(
      all,
      all.map((_, i) => (code >> i) & 1),
      most,
    );
    if (passes === null) continue;
    count += 1;
    slowest = Math.max(slowest, passes);
  }
  return { count, slowest };
}

export const functions: Experiment = {
  id: "zero/1-functions",
  title: { en: "Other functions by a perceptron", zh: "用感知器实现其他函数" },
  section: "1",
  kind: "exercise",
  settings: { rate: 0.1, passes: 1000 },
  read,
  async run() {
    const tried = NAMED.map(([name, inputs, f]) => {
      const all = corners(inputs);
      return {
        name,
        passes: passesToLearn(
          all,
          all.map((x) => Number(f(x))),
          1000,
        ),
      };
    });
    const [two, three] = [learnable(2, 1000), learnable(3, 1000)];
    return {
      measured: {
        learnt: tried.slice(0, 8).filter(({ passes }) => passes !== null).length,
        notLearnt: tried.slice(8).filter(({ passes }) => passes === null).length,
        ofTwoInputs: two.count,
        ofThreeInputs: three.count,
      },
      figures: [
        {
          name: "passes",
          chart: {
            kind: "bar",
            title: { en: "Passes until every answer is right", zh: "全部答对所需的轮数" },
            direction: "horizontal",
            categories: tried.map(({ name, passes }) =>
              passes === null ? { en: `${name.en} (never)`, zh: `${name.zh}（学不会）` } : name,
            ),
            yAxis: { label: { en: "passes", zh: "轮数" } },
            series: [{ name: { en: "passes", zh: "轮数" }, values: tried.map(({ passes }) => passes) }],
          },
        },
      ],
      notes: [
        {
          en: `The slowest function of three inputs took ${three.slowest} passes, so 1000 are enough to tell.`,
          zh: `三个输入的函数中最慢的用了 ${three.slowest} 轮，所以 1000 轮足以判断。`,
        },
      ],
    };
  },
  about: {
    en: "The series asks its reader to try other functions. Here the same rule learns ten of them from their truth tables, and then every function there is of two inputs (16) and of three (256): it learns those that a line, or a plane, can separate, 14 and 104, and no other.",
    zh: "原文请读者用感知器再试试别的函数。这里用同一条规则从真值表学习十个函数，再把两个输入的全部 16 个函数和三个输入的全部 256 个函数都试一遍：能用直线或平面分开的（14 个和 104 个）都学得会，其余一个也学不会。",
  },
  claims: [
    {
      measure: "learnt",
      says: {
        en: "a perceptron computes AND, OR, NAND, NOR, NOT, implication, majority, all of four",
        zh: "感知器能实现 AND、OR、NAND、NOR、NOT、蕴含、三者取多数、四者全真",
      },
      accept: { equals: 8 },
    },
    {
      measure: "notLearnt",
      says: { en: "but neither XOR nor parity", zh: "但实现不了 XOR 和奇偶校验" },
      accept: { equals: 2 },
    },
    {
      measure: "ofTwoInputs",
      says: {
        en: "linearly separable functions of two inputs: all but XOR and its opposite",
        zh: "两个输入的线性可分函数：除 XOR 及其否定之外的全部",
      },
      accept: { equals: 14 },
    },
    {
      measure: "ofThreeInputs",
      says: {
        en: "linearly separable functions of three inputs (known to be 104)",
        zh: "三个输入的线性可分函数（已知共 104 个）",
      },
      accept: { equals: 104 },
    },
  ],
};

export const experiments: readonly Experiment[] = [pictures, gates, functions];
