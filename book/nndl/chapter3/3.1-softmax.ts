// Section 3.1, softmax: the table of bars that the reader moves by sliders in the book, and what its exercises ask to prove, measured.
import type { BarChart } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { LogLikelihoodCost } from "../programs/costs.ts";
import { NEURONS, softmax } from "../programs/neurons.ts";

const read = ["book/nndl/programs/neurons.ts", "book/nndl/programs/costs.ts", "book/nndl/chapter3/3.1-softmax.ts"];

/** z4, and the four activations as the book prints them. */
const BARS = [
  [0.5, [0.31454, 0.0095, 0.6334, 0.04257]],
  [2, [0.27394, 0.00827, 0.55164, 0.16615]],
  [5, [0.06567, 0.00198, 0.13225, 0.8001]],
  [-2, [0.32733, 0.00989, 0.65915, 0.00363]],
  [-5, [0.32846, 0.00992, 0.66144, 0.00018]],
] as const;

const at = (z4: number): number[] => [...softmax(Matrix.column([2.5, -1, 3.2, z4])).values];

const bars: Experiment = {
  id: "nndl/3.1-softmax-bars",
  title: { en: "Softmax: four outputs that share one whole", zh: "softmax：四个输出分享一个整体" },
  section: "3.1",
  kind: "figure",
  settings: { z1: 2.5, z2: -1, z3: 3.2 },
  read,
  async run() {
    const outputs = BARS.map(([z4]) => at(z4));
    const order = [...BARS.map(([z4]) => z4)].sort((a, b) => a - b);
    const chart: BarChart = {
      kind: "bar",
      title: { en: "Softmax outputs as z4 is raised", zh: "z4 升高时 softmax 的输出" },
      categories: ["a1", "a2", "a3", "a4"],
      yAxis: { label: { en: "output", zh: "输出" }, min: 0, max: 1 },
      series: order.map((z4) => ({ name: `z4 = ${z4}`, values: at(z4) })),
    };
    return {
      measured: {
        ...Object.fromEntries(BARS.map(([z4], i) => [`z4=${z4}`, outputs[i]])),
        sums: outputs.map((a) => a.reduce((sum, value) => sum + value, 0)),
      },
      figures: [{ name: "bars", chart }],
    };
  },
  about: {
    en: "Three weighted inputs stand at 2.5, -1 and 3.2 while the fourth is moved. Raising it raises its own output and lowers the others, and all four always add up to 1.",
    zh: "三个带权输入固定为 2.5、-1、3.2，只移动第四个。它升高时，自己的输出升高而其余输出降低，四个输出之和始终为 1。",
  },
  claims: [
    ...BARS.map(([z4, activations]) => ({
      measure: `z4=${z4}`,
      says: { en: `the four outputs at z4 = ${z4}`, zh: `z4 = ${z4} 时的四个输出` },
      reported: activations,
      accept: { within: 1.5e-5 },
      because: {
        en: "five decimals are printed, for .8001 and .6334 only four",
        zh: "原书印五位小数，.8001 与 .6334 只有四位",
      },
    })),
    {
      measure: "sums",
      says: { en: "they add up to 1", zh: "它们之和为 1" },
      expected: BARS.map(() => 1),
      accept: { within: 1e-12 },
      because: { en: "sums in float64", zh: "float64 求和" },
    },
  ],
};

/** d f_i / d z_k by central differences. */
function jacobian(f: (z: Matrix) => Matrix, z: Matrix, epsilon = 1e-5): Matrix {
  const shifted = (k: number, by: number) => f(Matrix.fill(z.rows, 1, (j) => z.values[j] + (j === k ? by : 0)));
  const columns = Array.from(z.values, (_, k) => shifted(k, epsilon).minus(shifted(k, -epsilon)).values);
  return Matrix.fill(columns[0].length, z.rows, (i, k) => columns[k][i] / (2 * epsilon));
}

function largest(values: Iterable<number>): number {
  return Math.max(...Array.from(values, Math.abs));
}

const exercises: Experiment = {
  id: "nndl/3.1-softmax-exercises",
  title: { en: "Softmax: what the exercises ask to prove, measured", zh: "softmax：习题要证明的性质，用数值验证" },
  section: "3.1",
  kind: "exercise",
  settings: { sets: 200, inputs: 10 },
  read,
  async run({ seed }) {
    const random = new Random(seed);
    const sums = { inversion: 0, delta: 0, chain: 0, cross: 0 };
    let monotonic = true;
    for (let trial = 0; trial < 200; trial++) {
      const z = Matrix.fill(10, 1, () => random.normal(0, 2));
      const a = softmax(z);
      const class_ = random.below(10);
      const y = Matrix.fill(10, 1, (j) => (j === class_ ? 1 : 0));
      const slopes = jacobian(softmax, z);
      monotonic &&= slopes.toRows().every((row, j) => row.every((slope, k) => (j === k ? slope > 0 : slope < 0)));
      const constants = z.zip(a, (value, output) => value - Math.log(output)).values;
      sums.inversion = Math.max(sums.inversion, largest(constants.map((c) => c - constants[0])));
      const cost = jacobian((inputs) => Matrix.column([LogLikelihoodCost.fn(softmax(inputs), y)]), z).transposed;
      sums.delta = Math.max(sums.delta, largest(cost.minus(LogLikelihoodCost.delta(z, a, y, NEURONS.softmax)).values));
      const byOutput = Matrix.fill(10, 1, (j) => (j === class_ ? -1 / a.values[j] : 0));
      sums.chain = Math.max(
        sums.chain,
        largest(
          slopes.transposed
            .dot(byOutput)
            .minus(a.minus(y))
            .values.map((d) => d * a.values[class_]),
        ),
      );
      const local = jacobian(NEURONS.sigmoid.fn, z).toRows();
      sums.cross = Math.max(sums.cross, largest(local.flatMap((row, j) => row.filter((_, k) => k !== j))));
    }
    return {
      measured: {
        monotonic,
        sigmoidCrossTerms: sums.cross,
        inversionError: sums.inversion,
        deltaError: sums.delta,
        chainError: sums.chain,
      },
    };
  },
  about: {
    en: "On 200 random sets of ten weighted inputs: an output rises with its own input and falls with any other (monotonicity); every output depends on every input, which is not so for sigmoid neurons (non-locality); z_j = ln a_j + C gives the inputs back; and the error of the output layer under log-likelihood is a - y (81 to 84).",
    zh: "在 200 组随机的十个带权输入上检验：输出随自己的输入升高、随其他任何输入降低（单调性）；每个输出依赖于所有输入，S 型神经元则不然（非局部性）；由 z_j = ln a_j + C 可以反求输入；在对数似然代价下输出层的误差为 a - y（81 至 84）。",
  },
  claims: [
    {
      measure: "monotonic",
      says: {
        en: "signs of all derivatives: + for the own input, - for others",
        zh: "所有偏导数的符号：对自己的输入为正，对其他为负",
      },
      accept: { equals: true },
    },
    {
      measure: "sigmoidCrossTerms",
      says: { en: "sigmoid layer: an output depends on its own input only", zh: "S 型层：输出只依赖自己的输入" },
      accept: { equals: 0 },
    },
    {
      measure: "inversionError",
      says: { en: "z - ln a is one constant for all outputs", zh: "z - ln a 对所有输出是同一个常数" },
      accept: { atMost: 1e-12 },
      because: { en: "logarithms of float64 numbers", zh: "float64 的对数" },
    },
    {
      measure: "deltaError",
      says: { en: "the gradient of -ln a_y by z is a - y", zh: "-ln a_y 对 z 的梯度为 a - y" },
      accept: { atMost: 1e-8 },
      because: { en: "central differences with step 1e-5", zh: "步长 1e-5 的中心差分" },
    },
    {
      measure: "chainError",
      says: {
        en: "BP1 for softmax: the full Jacobian times the gradient by a gives the same",
        zh: "softmax 的 BP1：完整的雅可比矩阵乘以对 a 的梯度，结果相同",
      },
      accept: { atMost: 1e-8 },
      because: { en: "central differences with step 1e-5", zh: "步长 1e-5 的中心差分" },
    },
  ],
};

const limit: Experiment = {
  id: "nndl/3.1-softmax-limit",
  title: { en: "Where softmax has its name from", zh: "softmax 名称的由来" },
  section: "3.1",
  kind: "exercise",
  read,
  async run() {
    const z = Matrix.column([2.5, -1, 3.2, 0.5]);
    const constants = [0.1, 0.5, 1, 2, 5, 100];
    const outputs = constants.map((c) => softmax(z.times(c)).values);
    const grid = Array.from({ length: 101 }, (_, i) => i / 10);
    return {
      measured: {
        sums: outputs.map((a) => a.reduce((sum, value) => sum + value, 0)),
        limit: [...outputs[constants.length - 1]],
      },
      figures: [
        {
          name: "limit",
          chart: {
            kind: "line",
            title: { en: "Softmax of c z, z = (2.5, -1, 3.2, 0.5)", zh: "c z 的 softmax，z = (2.5, -1, 3.2, 0.5)" },
            xAxis: { label: "c" },
            yAxis: { label: { en: "output", zh: "输出" }, min: 0, max: 1 },
            series: [0, 1, 2, 3].map((j) => ({
              name: `a${j + 1}`,
              x: grid,
              y: grid.map((c) => softmax(z.times(c)).values[j]),
            })),
          },
        },
      ],
    };
  },
  about: {
    en: "With e^(c z) in place of e^z (83), a growing c makes the largest output 1 and all others 0: the maximum. c = 1 is a softened form of it.",
    zh: "把 e^z 换成 e^(c z)（83），c 增大时最大的输出趋于 1，其余趋于 0，即取最大值。c = 1 是它的软化形式。",
  },
  claims: [
    {
      measure: "sums",
      says: { en: "the outputs form a probability distribution for every c", zh: "对每个 c，输出都构成概率分布" },
      expected: [1, 1, 1, 1, 1, 1],
      accept: { within: 1e-12 },
      because: { en: "sums in float64", zh: "float64 求和" },
    },
    {
      measure: "limit",
      says: { en: "c = 100: the maximum's indicator", zh: "c = 100：最大值的指示向量" },
      expected: [0, 0, 1, 0],
      accept: { within: 1e-12 },
      because: { en: "the runner-up is 0.7 behind: e^-70", zh: "第二名落后 0.7，即 e^-70" },
    },
  ],
};

export const experiments: readonly Experiment[] = [bars, exercises, limit];
