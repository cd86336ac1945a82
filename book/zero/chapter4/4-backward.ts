// Part 4, backward: the sensitivity map of a convolution, the tensors of init_test with their gradient check, and pooling.
import type { Experiment } from "../../experiment.ts";
import { Random } from "../../random.ts";
import { Volume } from "../../volume.ts";
import { IdentityActivator, ReluActivator } from "../programs/activators.ts";
import { FullConnected, gradientCheck, Network } from "../programs/cnn.ts";
import { ConvLayer } from "../programs/conv-layer.ts";
import { kronecker } from "../programs/convolution.ts";
import { SigmoidActivator, TanhActivator } from "../programs/fc.ts";
import { agreeingDigits, type CheckedGradient, slopeOf } from "../programs/gradient-check.ts";
import { initTest } from "../programs/init-test.ts";
import { MaxPoolingLayer, MeanPoolingLayer, maxBackwardAsPrinted } from "../programs/pooling-layer.ts";

const ones = (depth: number, height: number, width: number) => Volume.fill(depth, height, width, () => 1);
const identity = new IdentityActivator();

const sensitivity: Experiment = {
  id: "zero/4-sensitivity",
  title: { en: "The error travels back through a filter", zh: "误差穿过滤波器传回去" },
  section: "4",
  kind: "construction",
  settings: { input: "3x3", filter: "2x2", "sensitivity map": "2x2" },
  read: ["book/zero/programs/conv-layer.ts", "book/zero/chapter4/4-backward.ts"],
  async run() {
    const layer = new ConvLayer(3, 3, 1, 2, 2, 1, 0, 1, identity, 0.1, new Random(1));
    const [w11, w12, w21, w22] = [1, 2, 3, 4];
    const [d11, d12, d21, d22] = [5, 6, 7, 8];
    layer.filters[0].setWeights(
      Volume.from([
        [
          [w11, w12],
          [w21, w22],
        ],
      ]),
    );
    const delta = Volume.from([
      [
        [d11, d12],
        [d21, d22],
      ],
    ]);
    const image = Volume.fill(1, 3, 3, (_, i, j) => 3 * i + j + 1);
    const back = layer.backward(image, delta, identity);
    const a = (i: number, j: number) => image.at(0, i - 1, j - 1);
    const worked = [
      d11 * w11,
      d11 * w12 + d12 * w11,
      d11 * w22 + d12 * w21 + d21 * w12 + d22 * w11,
      d11 * a(1, 1) + d12 * a(1, 2) + d21 * a(2, 1) + d22 * a(2, 2),
      d11 * a(1, 2) + d12 * a(1, 3) + d21 * a(2, 2) + d22 * a(2, 3),
    ];
    const { weightsGrad, biasGrad } = layer.filters[0];
    const byLayer = [back.at(0, 0, 0), back.at(0, 0, 1), back.at(0, 1, 1), ...weightsGrad.values.slice(0, 2)];
    const strided = new ConvLayer(5, 5, 1, 3, 3, 1, 0, 2, identity, 0.1, new Random(1));
    const expanded = strided.expandSensitivityMap(
      Volume.from([
        [
          [1, 2],
          [3, 4],
        ],
      ]),
    );
    return {
      measured: {
        map: [...back.values],
        workedFormulas: Math.max(...worked.map((value, i) => Math.abs(value - byLayer[i]))),
        bias: biasGrad,
        expanded: [...expanded.values],
      },
    };
  },
  about: {
    en: "A pixel takes part in several outputs, and gets back the delta of each by the weight that it was multiplied with. Put together: zeros around the sensitivity map, the filter turned by 180 degrees, and a correlation of the two. The text works three pixels and two weights by hand; with a stride the deltas first move apart, with zeros between.",
    zh: "一个像素参与了多个输出，每个输出的误差项按当时相乘的权重传回来。合起来就是：在 sensitivity map 周围补零，滤波器旋转 180 度，两者互相关。原文手算了三个像素和两个权重；步幅大于 1 时，先把误差项拉开，中间补零。",
  },
  claims: [
    {
      measure: "map",
      says: {
        en: "dE/da for w = 12/34 and delta = 56/78, row by row",
        zh: "w = 12/34、delta = 56/78 时的 dE/da，逐行",
      },
      accept: { equals: [5, 16, 12, 22, 60, 40, 21, 52, 32] },
    },
    {
      measure: "workedFormulas",
      says: {
        en: "the text's formulas for a11, a12, a22, w11 and w12: largest difference",
        zh: "原文对 a11、a12、a22、w11、w12 写出的公式：最大差",
      },
      accept: { equals: 0 },
    },
    {
      measure: "bias",
      says: { en: "the bias's gradient is the sum of delta", zh: "偏置的梯度是 delta 之和" },
      accept: { equals: 26 },
    },
    {
      measure: "expanded",
      says: { en: "stride 2: zeros between the deltas", zh: "步幅 2：误差项之间补零" },
      accept: { equals: [1, 0, 2, 0, 0, 0, 3, 0, 4] },
    },
  ],
};

/** The text's check: E is the sum of the outputs, so its delta is 1 everywhere as long as the activation is the identity. */
function checkOfInitTest(epsilon: number): { weights: CheckedGradient[]; inputs: CheckedGradient[] } {
  const { a, layer } = initTest();
  const error = () => layer.forward(a).sum();
  error();
  const back = layer.backward(a, ones(2, 3, 3), identity);
  const slopes = (values: Float64Array, gradients: Float64Array) =>
    Array.from(gradients, (actual, i) => {
      const write = (value: number) => {
        values[i] = value;
      };
      return { expected: slopeOf(error, () => values[i], write, epsilon), actual };
    });
  const weights = layer.filters.flatMap((filter) => {
    const grad = filter.weightsGrad.values.slice();
    return slopes(filter.weights.values, grad);
  });
  return { weights, inputs: slopes(a.values, back.values) };
}

const check: Experiment = {
  id: "zero/4-gradient-check",
  title: { en: "init_test, and the gradient check", zh: "init_test 与梯度检查" },
  section: "4",
  kind: "experiment",
  settings: { input: "5x5x3", filters: "2 of 3x3x3", padding: 1, stride: 2, rate: 0.001, epsilon: 0.001 },
  read: [
    "book/zero/programs/conv-layer.ts",
    "book/zero/programs/init-test.ts",
    "book/zero/programs/cnn.ts",
    "book/zero/chapter4/4-backward.ts",
  ],
  async run({ seed, seeds }) {
    const { a, b, layer } = initTest();
    const outputs = layer.forward(a).copy();
    const back = layer.backward(a, b, identity);
    const [first, second] = layer.filters;
    const gradients = [...first.weightsGrad.values, ...second.weightsGrad.values];
    layer.update();
    const { weights, inputs } = checkOfInitTest(1e-3);
    const chains = seeds(20, 5).map((s) => chainDigits(s));
    return {
      measured: {
        sums: [outputs.channel(0).sum(), outputs.channel(1).sum()],
        firstMap: [...outputs.channel(0).values],
        gradientSums: [0, 1, 2, 3, 4, 5].map((k) => gradients.slice(9 * k, 9 * k + 9).reduce((sum, g) => sum + g)),
        biasGradients: [first.biasGrad, second.biasGrad],
        updated: [...first.weights.values.slice(0, 3), first.bias, second.bias],
        deltaRow: [...back.values.slice(15, 20)],
        absoluteDelta: back.values.reduce((sum, value) => sum + Math.abs(value), 0),
        weightDifference: Math.max(...weights.map(({ expected, actual }) => Math.abs(expected - actual))),
        inputDifference: Math.max(...inputs.map(({ expected, actual }) => Math.abs(expected - actual))),
        checked: weights.length,
        chainDigits: Math.min(...chains),
      },
      notes: [
        {
          en: `Why ones: with the identity E is the sum of the nets, so dE/dnet is 1; behind another activation it would be f'(net). Chains from seed ${seed} on agree to ${chains.map((digits) => digits.toFixed(1)).join(", ")} digits.`,
          zh: `为什么全为 1：激活函数是恒等函数时，E 是加权输入之和，dE/dnet 就是 1；换成别的激活函数则是 f'(net)。从种子 ${seed} 起，各网络一致的位数为 ${chains.map((digits) => digits.toFixed(1)).join("、")}。`,
        },
      ],
    };
  },
  about: {
    en: "The tensors of the text's init_test through the layer: outputs, gradients with its sensitivity map b, one update. Then its gradient check: E is the sum of the outputs, every delta is 1, each weight moves by 0.001; the text looks at the 27 weights of one filter, here at both filters and at the input. At last a chain of layers with filters that are not square, padding, stride, overlapping pools and three activations.",
    zh: "让原文 init_test 的张量通过该层：输出、以 b 为 sensitivity map 的梯度、一次更新。然后是原文的梯度检查：E 为输出之和，误差项全为 1，每个权重移动 0.001；原文看一个滤波器的 27 个权重，这里看两个滤波器和全部输入。最后检查一串层：非正方形滤波器、补零、步幅、重叠的池化、三种激活函数。",
  },
  claims: [
    {
      measure: "sums",
      says: { en: "outputs of both filters, summed", zh: "两个滤波器输出之和" },
      accept: { equals: [24, -28] },
    },
    {
      measure: "firstMap",
      says: { en: "the first map", zh: "第一张特征图" },
      accept: { equals: [6, 7, 5, 3, -1, -1, 2, -1, 4] },
    },
    {
      measure: "gradientSums",
      says: { en: "gradients with b, summed over each filter's channels", zh: "以 b 求得的梯度，按滤波器和通道求和" },
      accept: { equals: [59, 46, 47, 29, 23, 27] },
    },
    { measure: "biasGradients", says: { en: "the biases' gradients", zh: "偏置的梯度" }, accept: { equals: [9, 7] } },
    {
      measure: "updated",
      says: {
        en: "after an update with rate 0.001: first three weights, both biases",
        zh: "以 0.001 更新之后：前三个权重、两个偏置",
      },
      reported: [-1.008, 0.99, -0.009, 0.991, -0.007],
      accept: { within: 1e-15 },
      because: { en: "float64 rounding of a subtraction", zh: "一次减法的 float64 舍入" },
    },
    {
      measure: "deltaRow",
      says: { en: "the delta of the layer before, fourth row of channel 0", zh: "前一层的误差项，通道 0 第四行" },
      accept: { equals: [4, 3, 4, 1, 3] },
    },
    { measure: "absoluteDelta", says: { en: "and its absolute sum", zh: "及其绝对值之和" }, accept: { equals: 93 } },
    { measure: "checked", says: { en: "weights checked", zh: "检查的权重个数" }, accept: { equals: 54 } },
    {
      measure: "weightDifference",
      says: {
        en: "expected and actual agree: largest difference over the weights",
        zh: "expected 与 actual 一致：权重梯度的最大差",
      },
      accept: { atMost: 1e-10 },
      because: {
        en: "E is linear in a weight, so only rounding is left: 1e-16 of sums of about 30, divided by 0.002, gives about 1e-12",
        zh: "E 对权重是线性的，只剩舍入：约 30 的和的 1e-16 除以 0.002，约 1e-12",
      },
    },
    {
      measure: "inputDifference",
      says: { en: "and over the inputs", zh: "以及输入的梯度" },
      accept: { atMost: 1e-10 },
      because: { en: "the same rounding", zh: "同样的舍入" },
    },
    {
      measure: "chainDigits",
      says: {
        en: "a chain of eight layers: digits to which the worst gradient agrees",
        zh: "八层的网络：最差的梯度一致的位数",
      },
      accept: { between: [4, 9] },
      because: {
        en: "The worst of five seeds: 4.9 digits from each of the seeds 1 to 5 on, 4.9 to 6.8 seed by seed. Differences of 1e-5 leave 1e-11 of rounding beside gradients of 1e-5; a wrong index or factor leaves one digit or none",
        zh: "五个种子中最差的一个：从种子 1 到 5 起都是 4.9 位，逐个种子为 4.9 到 6.8 位。步长 1e-5 的差分舍入约 1e-11，梯度约 1e-5；下标或系数一旦出错，只剩一位或一位也不剩",
      },
    },
  ],
};

/** Digits to which every gradient of a mixed chain agrees with differences. */
function chainDigits(seed: number): number {
  const random = new Random(seed);
  const list = (length: number) => Array.from({ length }, () => random.uniform(0.1, 0.9));
  const network = new Network([
    new ConvLayer(11, 8, 2, 2, 3, 3, 1, 1, new TanhActivator(), 0.1, random, 0.5),
    new MaxPoolingLayer(12, 8, 3, 2, 2, 2),
    new ConvLayer(6, 4, 3, 3, 3, 4, 2, 1, new SigmoidActivator(), 0.1, random, 0.5),
    new MeanPoolingLayer(8, 6, 4, 2, 3, 1),
    new ConvLayer(7, 4, 4, 3, 2, 2, 1, 2, new TanhActivator(), 0.1, random, 0.5),
    new ConvLayer(4, 3, 2, 2, 2, 3, 0, 1, new SigmoidActivator(), 0.1, random, 0.5),
    new FullConnected([3, 2, 3], 5, new TanhActivator(), 0.1, random, 0.5),
    new FullConnected([5, 1, 1], 3, new SigmoidActivator(), 0.1, random, 0.5),
  ]);
  return agreeingDigits(gradientCheck(network, list(176), list(3), 1e-5));
}

const pooling: Experiment = {
  id: "zero/4-pooling",
  title: { en: "Max and mean pooling, forward and back", zh: "最大池化与平均池化的前向与反向" },
  section: "4",
  kind: "construction",
  settings: { input: "4x4", window: "2x2", stride: 2 },
  read: ["book/zero/programs/pooling-layer.ts", "book/zero/chapter4/4-backward.ts"],
  async run() {
    const image = Volume.from([
      [
        [1, 1, 2, 4],
        [5, 6, 7, 8],
        [3, 2, 1, 0],
        [1, 2, 3, 4],
      ],
    ]);
    const delta = Volume.from([
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    const [max, mean] = [new MaxPoolingLayer(4, 4, 1, 2, 2, 2), new MeanPoolingLayer(4, 4, 1, 2, 2, 2)];
    const byKronecker = kronecker(
      delta,
      Volume.fill(1, 2, 2, () => 1 / 4),
    );
    const peak = Volume.from([
      [
        [1, 2, 3],
        [4, 9, 5],
        [6, 7, 8],
      ],
    ]);
    const overlapping = new MaxPoolingLayer(3, 3, 1, 2, 2, 1);
    const tie = new MaxPoolingLayer(2, 2, 1, 2, 2, 2);
    const meanBack = mean.backward(image, delta);
    return {
      measured: {
        max: [...max.forward(image).values],
        mean: [...mean.forward(image).values],
        maxBack: [...max.backward(image, delta).values],
        kronecker: Math.max(...meanBack.values.map((value, i) => Math.abs(value - byKronecker.values[i]))),
        centre: overlapping.backward(peak, ones(1, 2, 2)).at(0, 1, 1),
        centreAsPrinted: maxBackwardAsPrinted(overlapping, peak, ones(1, 2, 2)).at(0, 1, 1),
        tie: [
          ...tie.backward(
            Volume.fill(1, 2, 2, () => 7),
            ones(1, 1, 1),
          ).values,
        ],
        throughRestingRelu: tie.backward(new Volume(1, 2, 2), ones(1, 1, 1), new ReluActivator()).sum(),
        throughRestingReluAsPrinted: maxBackwardAsPrinted(tie, new Volume(1, 2, 2), ones(1, 1, 1)).sum(),
      },
    };
  },
  about: {
    en: "Pooling has nothing to learn, but the error has to find its way through: to the largest element of a window, or to all of its elements in equal parts. Two defects of the text's backward are told and mended: overlapping windows overwrite each other's delta, and the derivative of the layer before is missing, so that a ReLU at rest is moved.",
    zh: "池化没有参数，但误差要穿过它：传给窗口中最大的元素，或平均分给所有元素。这里指出并改正原文 backward 的两个缺陷：窗口重叠时误差项互相覆盖；没有乘前一层激活函数的导数，于是不激活的 ReLU 也会得到误差。",
  },
  claims: [
    {
      measure: "max",
      says: { en: "maxima of 1124/5678/3210/1234", zh: "1124/5678/3210/1234 的最大值" },
      reported: [6, 8, 3, 4],
      accept: { equals: [6, 8, 3, 4] },
    },
    { measure: "mean", says: { en: "and means", zh: "以及平均值" }, accept: { equals: [3.25, 5.25, 2, 2] } },
    {
      measure: "maxBack",
      says: { en: "a delta goes to the largest element, the others get 0", zh: "误差项传给最大的元素，其余为 0" },
      accept: { equals: [0, 0, 0, 0, 0, 1, 0, 2, 3, 0, 0, 0, 0, 0, 0, 4] },
    },
    {
      measure: "kronecker",
      says: {
        en: "mean: Kronecker's product of delta with 1/4: largest difference",
        zh: "平均：delta 与 1/4 的克罗内克积，最大差",
      },
      accept: { equals: 0 },
    },
    {
      measure: "centre",
      says: {
        en: "windows 2x2, stride 1, the largest number in the middle of 3x3: its four deltas add up",
        zh: "窗口 2x2、步幅 1，最大的数在 3x3 的中间：四个误差项相加",
      },
      accept: { equals: 4 },
    },
    {
      measure: "centreAsPrinted",
      says: { en: "as printed: the last one is left", zh: "按原文：只剩最后一个" },
      accept: { equals: 1 },
    },
    {
      measure: "tie",
      says: { en: "of equal elements the first gets the delta", zh: "元素相等时误差项归第一个" },
      accept: { equals: [1, 0, 0, 0] },
    },
    {
      measure: "throughRestingRelu",
      says: { en: "through a ReLU that gives 0 nothing passes", zh: "输出为 0 的 ReLU 不传递误差" },
      accept: { equals: 0 },
    },
    {
      measure: "throughRestingReluAsPrinted",
      says: { en: "as printed: the delta passes", zh: "按原文：误差照样通过" },
      accept: { equals: 1 },
    },
  ],
};

export const experiments: readonly Experiment[] = [sensitivity, check, pooling];
