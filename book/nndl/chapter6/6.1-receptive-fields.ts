// Section 6.1: local receptive fields, shared weights, pooling, in numbers.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { Volume } from "../../volume.ts";
import { ConvPoolLayer, linear } from "../programs/network3-layers.ts";
import { pooled } from "../programs/pooled.ts";
import { hiddenNeuron } from "../programs/receptive-field.ts";

const fields: Experiment = {
  id: "nndl/6.1-receptive-fields",
  title: { en: "Receptive fields, shared weights, pooling", zh: "局部感受野、共享权重、池化" },
  section: "6.1",
  kind: "construction",
  settings: { image: "28x28", field: "5x5", maps: 20, pool: "2x2" },
  read: [
    "book/nndl/programs/network3-layers.ts",
    "book/nndl/programs/receptive-field.ts",
    "book/nndl/programs/pooled.ts",
    "book/nndl/chapter6/6.1-receptive-fields.ts",
  ],
  async run({ seed }) {
    const random = new Random(seed);
    const layer = new ConvPoolLayer([20, 1, 5, 5], [1, 1, 28, 28], random, { activationFn: linear });
    const parameters = layer.w.values.length + layer.b.values.length;
    // Equation 125 for one hidden neuron, in a layer that pools single neurons.
    const one = new ConvPoolLayer([1, 1, 5, 5], [1, 1, 28, 28], random, { activationFn: linear, poolsize: [1, 1] });
    const image = Matrix.fill(1, 784, () => random.uniform());
    one.setInpt(image);
    const picture = new Volume(1, 28, 28, image.values);
    const weights = new Volume(1, 5, 5, one.w.values);
    const apart = Array.from({ length: 576 }, (_, at) =>
      Math.abs(hiddenNeuron(picture, weights, one.b.values[0], [Math.floor(at / 24), at % 24]) - one.output.values[at]),
    );
    const map = new Volume(1, 4, 4, [1, 1, 2, 4, 5, 6, 7, 8, 3, 2, 1, 0, 1, 2, 3, 4]);
    const pools = (["max", "l2"] as const).map((pooling) => [...pooled(map, pooling).values]);
    return {
      measured: {
        sides: [28, layer.convolved[0], layer.pooled[0]],
        parameters,
        fullyConnected: 784 * 30 + 30,
        ratio: (784 * 30 + 30) / parameters,
        equation125: Math.max(...apart),
        maxPooling: pools[0],
        l2Pooling: pools[1],
      },
      figures: [
        {
          name: "layers",
          chart: {
            kind: "network",
            title: { en: "One convolutional layer and a fully connected one", zh: "一个卷积层和一个全连接层" },
            layers: [
              { name: { en: "image", zh: "图像" }, maps: { count: 1, height: 28, width: 28 } },
              { name: { en: "feature maps", zh: "特征图" }, maps: { count: 20, height: 24, width: 24 }, note: "5x5" },
              { name: { en: "pooled", zh: "池化" }, maps: { count: 20, height: 12, width: 12 }, note: "2x2" },
              { name: { en: "fully connected", zh: "全连接" }, units: 100 },
              { name: { en: "digit", zh: "数字" }, units: 10, note: "softmax" },
            ],
          },
          width: 900,
        },
      ],
    };
  },
  about: {
    en: "A hidden neuron looks at 5 by 5 pixels; all neurons of a map use the same 25 weights and bias; a pool keeps the largest of 2 by 2. So an image of 28 by 28 becomes maps of 24 by 24 and then 12 by 12, and 20 of them take 520 parameters, where 30 fully connected neurons take 23,550. L2 pooling, of which the book speaks without a program, takes the root of the sum of squares.",
    zh: "一个隐藏神经元只看 5x5 个像素；同一张特征图的神经元共用 25 个权重和一个偏置；池化从 2x2 中取最大。于是 28x28 的图像变成 24x24、再变成 12x12 的特征图，20 张共 520 个参数，而 30 个全连接神经元要 23,550 个。书中提到而没有程序的 L2 池化取平方和的平方根。",
  },
  claims: [
    {
      measure: "sides",
      says: { en: "sides: image, map, pooled map", zh: "边长：图像、特征图、池化后" },
      reported: [28, 24, 12],
      accept: { equals: [28, 24, 12] },
    },
    {
      measure: "parameters",
      says: { en: "20 feature maps: 20 · 26", zh: "20 张特征图：20 · 26" },
      reported: 520,
      accept: { equals: 520 },
    },
    {
      measure: "fullyConnected",
      says: { en: "30 fully connected neurons: 784 · 30 + 30", zh: "30 个全连接神经元：784 · 30 + 30" },
      reported: 23550,
      accept: { equals: 23550 },
    },
    {
      measure: "ratio",
      says: { en: "about 40 times as many", zh: "约 40 倍" },
      reported: 40,
      accept: { within: 6 },
      because: { en: "the book rounds 45.3 to 40", zh: "书中把 45.3 说成约 40" },
    },
    {
      measure: "equation125",
      says: {
        en: "each hidden neuron is b + sum of w a, equation (125): largest difference",
        zh: "每个隐藏神经元为 b + Σ w a（式 125）：最大差",
      },
      accept: { atMost: 1e-14 },
      because: {
        en: "26 terms below 5 in float64, added in another order",
        zh: "26 个小于 5 的 float64 数，求和次序不同",
      },
    },
    {
      measure: "maxPooling",
      says: { en: "max pooling of 1124/5678/3210/1234", zh: "1124/5678/3210/1234 的最大池化" },
      reported: [6, 8, 3, 4],
      accept: { equals: [6, 8, 3, 4] },
    },
    {
      measure: "l2Pooling",
      says: { en: "L2 pooling of the same", zh: "同上，L2 池化" },
      reported: [7.937253933193772, 11.532562594670797, 4.242640687119285, 5.0990195135927845],
      accept: { within: 1e-14 },
      because: { en: "float64 rounding of a square root", zh: "开方的 float64 舍入" },
    },
  ],
};

export const experiments: readonly Experiment[] = [fields];
