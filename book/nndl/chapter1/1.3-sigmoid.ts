// Section 1.3: the sigmoid neuron beside the perceptron, and the two exercises on a factor c.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { Network, sigmoid, sigmoidPrime } from "../programs/network.ts";

const read = ["book/nndl/programs/network.ts", "book/nndl/chapter1/1.3-sigmoid.ts"];

const sigma = (z: number) => sigmoid(Matrix.column([z])).at(0, 0);

const sigmaPrime = (z: number) => sigmoidPrime(Matrix.column([z])).at(0, 0);

const step = (z: number) => (z > 0 ? 1 : 0);

/** Outputs that the text names: legitimate ones, neither 0 nor 1. */
const SAMPLES = [0.173, 0.689] as const;

const shapes: Experiment = {
  id: "nndl/1.3-sigmoid",
  title: { en: "The sigmoid and the step", zh: "S 型函数与阶跃函数" },
  section: "1.3",
  kind: "figure",
  read,
  async run({ seed }) {
    const random = new Random(seed);
    const draw = () => Array.from({ length: 5 }, () => random.normal());
    const [w, x, dw] = [draw(), draw(), draw()];
    const [b, db] = [random.normal(), random.normal()];
    const output = (scale: number) =>
      sigma(w.reduce((sum, value, i) => sum + (value + scale * dw[i]) * x[i], b + scale * db));
    const z = w.reduce((sum, value, i) => sum + value * x[i], b);
    const slope = sigmaPrime(z) * dw.reduce((sum, value, i) => sum + value * x[i], db);
    const error = (scale: number) => Math.abs(output(scale) - output(0) - scale * slope);
    const zs = Array.from({ length: 201 }, (_, i) => -5 + i / 20);
    // The weighted sum behind an output, and the answer that the convention of the text reads from it.
    const sumBehind = (output: number) => Math.log(output / (1 - output));
    const readAt = (sum: number) => (sigma(sum) >= 0.5 ? 1 : 0);
    const sums = Array.from({ length: 1000 }, () => 3 * random.normal());
    return {
      measured: {
        middle: [sigma(0), sigmaPrime(0)],
        errorRatio: error(0.001) / error(0.0005),
        samples: SAMPLES.map((output) => sigma(sumBehind(output))),
        readings: SAMPLES.map((output) => readAt(sumBehind(output))),
        unlikePerceptron: sums.filter((sum) => readAt(sum) !== step(sum)).length,
      },
      figures: [
        {
          name: "curves",
          chart: {
            kind: "line",
            title: { en: "A step, and the sigmoid that smooths it", zh: "阶跃函数，以及将其平滑的 S 型函数" },
            xAxis: { label: "z" },
            yAxis: { label: { en: "output", zh: "输出" }, min: 0, max: 1 },
            series: [
              { name: { en: "sigmoid", zh: "S 型函数" }, x: zs, y: zs.map(sigma) },
              { name: { en: "step", zh: "阶跃函数" }, x: [-5, 0, 0, 5], y: [0, 0, 1, 1], style: "dashed" },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "A sigmoid neuron is a perceptron whose step has been smoothed: far from 0 both agree, and because the curve is smooth, small changes of weights and bias change the output a little, and by equation (5) almost linearly. The error of that linear estimate is measured: halving the changes quarters it.",
    zh: "S 型神经元是把阶跃平滑之后的感知器：远离 0 处二者一致；由于曲线平滑，权重和偏置的微小变化只引起输出的微小变化，并且按公式 (5) 近似线性。这里测量这一线性估计的误差：变化减半，误差约为四分之一。",
  },
  claims: [
    {
      measure: "middle",
      says: { en: "σ(0), and the largest slope σ′(0)", zh: "σ(0) 与最大斜率 σ′(0)" },
      expected: [0.5, 0.25],
      accept: { within: 1e-15 },
      because: { en: "rounding of float64", zh: "float64 的舍入" },
    },
    {
      measure: "errorRatio",
      says: {
        en: "(5): the error of the linear estimate falls with the square of the change",
        zh: "公式 (5)：线性估计的误差随变化的平方减小",
      },
      expected: 4,
      accept: { within: 0.1 },
      because: {
        en: "The term of third order is still there: changes are about a thousandth.",
        zh: "三阶项仍在：变化约为千分之一。",
      },
    },
    {
      measure: "samples",
      says: {
        en: "outputs such as 0.173 and 0.689 are legitimate: the neuron gives them, at weighted sums of −1.56 and 0.80",
        zh: "0.173、0.689 这样的输出都合法：加权和为 −1.56 与 0.80 时神经元正是如此输出",
      },
      reported: SAMPLES,
      accept: { within: 1e-12 },
      because: { en: "rounding of float64", zh: "float64 的舍入" },
    },
    {
      measure: "readings",
      says: {
        en: "read as an answer to «is it a 9?», where at least 0.5 is a yes",
        zh: "作为“这是 9 吗？”的回答来读，至少 0.5 算“是”",
      },
      expected: [0, 1],
      accept: { equals: [0, 1] },
    },
    {
      measure: "unlikePerceptron",
      says: {
        en: "so read, a sigmoid neuron answers as the perceptron with its weights: how many of 1,000 sums are read otherwise",
        zh: "这样读时，S 型神经元与同样权重的感知器回答相同：1,000 个加权和中读法不同的个数",
      },
      expected: 0,
      accept: { equals: 0 },
    },
  ],
};

/** A network's output with every weight and bias multiplied by c, its neurons of either kind. */
function outputOf({ weights, biases }: Network, x: Matrix, c: number, neuron: (z: number) => number): Matrix {
  return weights.reduce((a, w, i) => w.times(c).dot(a).plus(biases[i].times(c)).map(neuron), x);
}

const scaling: Experiment = {
  id: "nndl/1.3-scaling",
  title: { en: "Weights and biases times c", zh: "权重和偏置乘以 c" },
  section: "1.3",
  kind: "exercise",
  settings: { network: "[4, 6, 5, 3]", c: "0.01 to 1000" },
  read,
  async run({ seed }) {
    const random = new Random(seed);
    const network = new Network([4, 6, 5, 3], random);
    const inputs = Array.from({ length: 400 }, () => Matrix.fill(4, 1, () => random.uniform(-1, 1)));
    const steps = inputs.map((x) => outputOf(network, x, 1, step));
    let changedOutputs = 0;
    for (const c of [0.01, 0.5, 3, 1000]) {
      inputs.forEach((x, i) => {
        const values = outputOf(network, x, c, step).values;
        changedOutputs += values.filter((value, j) => value !== steps[i].values[j]).length;
      });
    }
    const scales = Array.from({ length: 19 }, (_, i) => 10 ** (i / 3));
    const close = scales.map((c) => {
      const near = inputs.map((x, i) => {
        const values = outputOf(network, x, c, (z) => sigma(z)).values;
        return values.filter((value, j) => Math.abs(value - steps[i].values[j]) < 0.01).length;
      });
      return near.reduce((sum, count) => sum + count, 0) / (3 * inputs.length);
    });
    return {
      measured: { changedOutputs, agreement: close.at(-1)!, atZero: [sigma(0 * 1e6), step(0 * 1e6)] },
      figures: [
        {
          name: "agreement",
          chart: {
            kind: "line",
            title: { en: "Sigmoid neurons become perceptrons as c grows", zh: "c 增大时 S 型神经元变成感知器" },
            xAxis: {
              label: { en: "c, factor of all weights and biases", zh: "c，所有权重和偏置的倍数" },
              scale: "log",
            },
            yAxis: {
              label: { en: "outputs within 0.01", zh: "相差不到 0.01 的输出" },
              format: "percent",
              min: 0,
              max: 1,
            },
            series: [{ name: { en: "agreement", zh: "一致的比例" }, x: scales, y: close, style: "line-points" }],
          },
        },
      ],
    };
  },
  about: {
    en: "Two exercises. Multiply all weights and biases of a network of perceptrons by c > 0: nothing changes. Do the same with sigmoid neurons and let c grow: the network comes to act as the perceptrons do, unless some weighted input is exactly 0, where the sigmoid stays at 1/2 and the perceptron says 0.",
    zh: "两道练习。把感知器网络的所有权重和偏置乘以 c > 0：行为不变。对 S 型神经元网络做同样的事并让 c 增大：网络的行为趋于感知器网络；例外是某个加权输入恰为 0 时，S 型神经元停在 1/2，而感知器输出 0。",
  },
  claims: [
    {
      measure: "changedOutputs",
      says: {
        en: "perceptrons: outputs that change under c from 0.01 to 1000",
        zh: "感知器：c 取 0.01 至 1000 时改变的输出个数",
      },
      expected: 0,
      accept: { equals: 0 },
    },
    {
      measure: "agreement",
      says: {
        en: "sigmoid neurons with c = 10^6: share of outputs within 0.01 of the perceptrons'",
        zh: "c = 10^6 的 S 型神经元：与感知器输出相差不到 0.01 的比例",
      },
      expected: 1,
      accept: { within: 0.002 },
      because: {
        en: "A weighted input within 5/c of 0 is still on the slope.",
        zh: "与 0 相差不到 5/c 的加权输入仍在斜坡上。",
      },
    },
    {
      measure: "atZero",
      says: {
        en: "at w·x + b = 0 the limit fails: sigmoid and perceptron",
        zh: "在 w·x + b = 0 处极限不成立：S 型神经元与感知器",
      },
      expected: [0.5, 0],
      accept: { equals: [0.5, 0] },
    },
  ],
};

export const experiments: readonly Experiment[] = [shapes, scaling];
