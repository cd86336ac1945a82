// Section 2.7: what backpropagation saves against finite differences.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { gradientOnFramework } from "../framework/network.ts";
import { finiteDifferences, flatten, relativeDifference } from "../programs/finite-differences.ts";
import { Network } from "../programs/network.ts";

export const columnOf = (rows: number, random: Random) => Matrix.fill(rows, 1, () => random.uniform());

/** Seconds of the fastest of several calls: what the machine can do when nobody disturbs it. */
function fastest(times: number, call: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    call();
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  return best;
}

const cost: Experiment = {
  id: "nndl/2.7-finite-differences",
  title: { en: "Backpropagation against finite differences", zh: "反向传播与有限差分" },
  section: "2.7",
  kind: "experiment",
  settings: { network: "[784, 30, 10]", epsilon: 1e-6 },
  read: ["book/nndl/programs/finite-differences.ts", "book/nndl/programs/network.ts"],
  async run({ seed }) {
    const random = new Random(seed);
    const network = new Network([784, 30, 10], random);
    // Weights of deviation 1/28 leave no neuron saturated, so that no part of the gradient is lost in rounding.
    network.weights = network.weights.map((w) => w.times(1 / 28));
    const [x, y] = [columnOf(784, random), columnOf(10, random)];
    const byBackprop = network.backprop(x, y);
    const start = performance.now();
    const { nabla, forwardPasses } = finiteDifferences(network, x, y, 1e-6);
    const slow = (performance.now() - start) / 1000;
    const fast = fastest(50, () => network.backprop(x, y));

    const small = new Network([4, 5, 3], random);
    const [u, v] = [columnOf(4, random), columnOf(3, random)];
    const exact = flatten(small.backprop(u, v));
    const epsilons = Array.from({ length: 23 }, (_, i) => 10 ** (-1 - i / 2));
    const errors = (kind: "forward" | "central") =>
      epsilons.map((epsilon) =>
        relativeDifference(flatten(finiteDifferences(small, u, v, epsilon, kind).nabla), exact),
      );
    const [forward, central] = [errors("forward"), errors("central")];
    const order = (list: readonly number[]) => Math.log10(list[2] / list[4]);
    return {
      measured: {
        forwardPasses,
        difference: relativeDifference(flatten(nabla), flatten(byBackprop)),
        framework: relativeDifference(flatten(gradientOnFramework(network, x, y)), flatten(byBackprop)),
        timesFaster: Math.round(slow / fast),
        secondsByDifferences: slow,
        secondsByBackprop: fast,
        orders: [order(forward), order(central)],
      },
      figures: [
        {
          name: "errors",
          chart: {
            kind: "line",
            title: { en: "Error of finite differences by step", zh: "有限差分的误差与步长" },
            xAxis: { label: "ε", scale: "log" },
            yAxis: { label: { en: "relative error of the gradient", zh: "梯度的相对误差" }, scale: "log" },
            series: [
              {
                name: { en: "(C(w+ε) − C(w)) / ε", zh: "(C(w+ε) − C(w)) / ε" },
                x: epsilons,
                y: forward,
                style: "line-points",
              },
              {
                name: { en: "(C(w+ε) − C(w−ε)) / 2ε", zh: "(C(w+ε) − C(w−ε)) / 2ε" },
                x: epsilons,
                y: central,
                style: "line-points",
              },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "Equation (46) needs no theory: change a weight a little and compute the cost again. For a million weights that is a million and one forward passes, where backpropagation needs one forward and one backward. Both are run on one example of 784-30-10, whose 23,860 numbers take 23,861 passes; they agree, and so does automatic differentiation.",
    zh: "公式 (46) 不需要理论：把一个权重改动一点，再算一遍代价。一百万个权重就要一百万零一次前向传播，而反向传播只需一次前向和一次反向。两种方法都在 784-30-10 的一个样本上运行，它的 23,860 个数需要 23,861 次前向传播；二者结果一致，自动微分的结果也一致。",
  },
  claims: [
    {
      measure: "forwardPasses",
      says: { en: "one forward pass for each number, and one more", zh: "每个数一次前向传播，另加一次" },
      expected: 23_861,
      accept: { equals: 23_861 },
    },
    {
      measure: "difference",
      says: { en: "both give the gradient: relative difference", zh: "二者都给出梯度：相对差" },
      accept: { atMost: 1e-4 },
      because: {
        en: "A forward difference with 10⁻⁶ is wrong by half the second derivative times 10⁻⁶ and by rounding over 10⁻⁶.",
        zh: "步长 10⁻⁶ 的前向差分，误差为二阶导数之半乘以 10⁻⁶，以及舍入误差除以 10⁻⁶。",
      },
    },
    {
      measure: "framework",
      says: {
        en: "backpropagation by hand against automatic differentiation: relative difference",
        zh: "手写反向传播与自动微分：相对差",
      },
      accept: { atMost: 1e-13 },
      because: { en: "rounding of float64", zh: "float64 的舍入" },
    },
    {
      measure: "timesFaster",
      clock: true,
      says: {
        en: "backpropagation costs about two forward passes, so it is thousands of times faster",
        zh: "反向传播约相当于两次前向传播，因此快数千倍",
      },
      accept: { atLeast: 500 },
      because: {
        en: "23,861 passes over the cost of a few; by how much depends on the machine and on what else it does.",
        zh: "23,861 次传播与几次传播之比；具体倍数取决于机器及其负载。",
      },
    },
    {
      measure: "orders",
      says: {
        en: "error falls as ε for forward differences, as ε² for central ones: slope between 10⁻² and 10⁻³",
        zh: "前向差分的误差随 ε 减小，中心差分随 ε² 减小：10⁻² 与 10⁻³ 之间的斜率",
      },
      expected: [1, 2],
      accept: { within: 0.1 },
      because: { en: "The next term of the series is still there.", zh: "级数的下一项仍然存在。" },
    },
  ],
};

export const experiments: readonly Experiment[] = [cost];
