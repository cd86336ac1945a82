// Part 4, forward: ReLU, how few parameters a convolution has, the text's feature maps, and convolution against correlation.
import type { SmallImage } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import { imageAt } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { placesOf } from "../../sizes.ts";
import { Volume } from "../../volume.ts";
import { IdentityActivator, ReluActivator } from "../programs/activators.ts";
import { leNet5 } from "../programs/cnn.ts";
import { ConvLayer } from "../programs/conv-layer.ts";
import { conv, convolution, getPatch, padding, rotate180, runningSums, validPart } from "../programs/convolution.ts";
import { SigmoidActivator } from "../programs/fc.ts";
import { FILTER, IMAGE, SKEW_FILTER } from "../programs/init-test.ts";

const read = [
  "book/zero/programs/convolution.ts",
  "book/zero/programs/init-test.ts",
  "book/zero/chapter4/4-convolution.ts",
];

const numbersOf = (volume: Volume): number[] => [...volume.values];

/** A map in colours "diverging". */
const picture = (volume: Volume, en: string, zh: string): SmallImage => ({
  width: volume.width,
  height: volume.height,
  pixels: volume.values,
  caption: { en, zh },
});

function correlation(image: Volume, filter: Volume, stride = 1): Volume {
  const rows = placesOf("correlation", "height", image.height, filter.height, 0, stride);
  const columns = placesOf("correlation", "width", image.width, filter.width, 0, stride);
  const output = new Volume(1, rows, columns);
  conv(image, filter, output, stride, 0);
  return output;
}

const relu: Experiment = {
  id: "zero/4-relu",
  title: { en: "ReLU beside the sigmoid", zh: "ReLU 与 sigmoid" },
  section: "4",
  kind: "experiment",
  settings: { network: "LeNet-5, untrained", images: 40 },
  read: ["book/zero/programs/activators.ts", "book/zero/programs/cnn.ts", "book/zero/chapter4/4-convolution.ts"],
  needs: ["mnist"],
  async run({ mnist, seed }) {
    const { training } = await mnist();
    const x = Array.from({ length: 161 }, (_, i) => -8 + i / 10);
    const [rectifier, sigmoid] = [new ReluActivator(), new SigmoidActivator()];
    const slopes = x.map((z) => sigmoid.backward(sigmoid.forward(z)));
    /** Share of active outputs among those that are `counted`, over all layers with weights but the last. */
    const active = (
      network: ReturnType<typeof leNet5>,
      isActive: (y: number) => boolean,
      counted: (y: number) => boolean = () => true,
    ) => {
      let [on, all] = [0, 0];
      for (let i = 0; i < 40; i++) {
        network.predict(imageAt(training, i));
        for (const layer of network.layers.slice(0, -1)) {
          if (layer.parameterCount === 0) continue;
          for (const y of layer.outputArray.values) {
            if (!counted(y)) continue;
            on += isActive(y) ? 1 : 0;
            all += 1;
          }
        }
      }
      return on / all;
    };
    const shares = {
      // Where a filter sees only paper its net is the bias, 0, and the sigmoid exactly 1/2: neither.
      sigmoidActive: active(
        leNet5(new Random(seed), { activator: sigmoid }),
        (y) => y > 0.5,
        (y) => y !== 0.5,
      ),
      reluActive: active(leNet5(new Random(seed)), (y) => y > 0),
    };
    return {
      measured: {
        reluValues: [-2, 0, 3].map((z) => rectifier.forward(z)),
        reluSlopes: [-2, 0, 3].map((z) => rectifier.backward(rectifier.forward(z))),
        steepestSigmoid: Math.max(...slopes),
        ...shares,
      },
      figures: [
        {
          name: "curves",
          chart: {
            kind: "line",
            title: { en: "ReLU, and the sigmoid's derivative", zh: "ReLU，以及 sigmoid 的导数" },
            xAxis: { label: "x" },
            yAxis: { min: -0.1, max: 1.5 },
            series: [
              { name: "max(0, x)", x, y: x.map((z) => rectifier.forward(z)).map((y) => (y > 1.5 ? Number.NaN : y)) },
              { name: { en: "derivative of the sigmoid", zh: "sigmoid 的导数" }, x, y: slopes },
            ],
            marks: [{ axis: "y", at: 0.25, label: "1/4" }],
          },
        },
      ],
    };
  },
  about: {
    en: "Three reasons for ReLU: it costs a comparison, its slope is 1 where a sigmoid's is at most a quarter, so that gradients do not shrink by each layer, and a neuron that it silences is exactly 0. The text says that about half of sigmoid neurons are active. Counted in an untrained LeNet-5 that looks at digits.",
    zh: "ReLU 的三个理由：只需一次比较；斜率为 1，而 sigmoid 至多四分之一，梯度不再逐层缩小；不激活的神经元输出恰为 0。原文说 sigmoid 约有一半神经元被激活。这里在一个未经训练、看着数字的 LeNet-5 里数一数。",
  },
  claims: [
    {
      measure: "reluValues",
      says: { en: "max(0, x) at -2, 0 and 3", zh: "max(0, x) 在 -2、0、3 处" },
      reported: [0, 0, 3],
      accept: { equals: [0, 0, 3] },
    },
    {
      measure: "reluSlopes",
      says: { en: "its derivative, from the output", zh: "由输出得到的导数" },
      reported: [0, 0, 1],
      accept: { equals: [0, 0, 1] },
    },
    {
      measure: "steepestSigmoid",
      says: { en: "the sigmoid's largest derivative", zh: "sigmoid 导数的最大值" },
      reported: 0.25,
      accept: { equals: 0.25 },
    },
    {
      measure: "sigmoidActive",
      says: {
        en: "about half of the sigmoid neurons are active (output above 0.5)",
        zh: "sigmoid 神经元约有一半被激活（输出大于 0.5）",
      },
      reported: 0.5,
      accept: { between: [0.3, 0.7] },
      because: {
        en: "Five seeds: 0.54, 0.60, 0.46, 0.53, 0.51. Neurons of a map share a filter, so that few draws decide; neurons that see only paper are left out, because their output is 0.5 exactly",
        zh: "五个种子：0.54、0.60、0.46、0.53、0.51。同一张特征图的神经元共用一个滤波器，真正独立的抽样很少；只看到白纸的神经元输出恰为 0.5，不计入",
      },
    },
    {
      measure: "reluActive",
      says: { en: "ReLU neurons with an output above 0: fewer", zh: "输出大于 0 的 ReLU 神经元：更少" },
      accept: { between: [0.2, 0.4] },
      because: {
        en: "Five seeds: 0.30, 0.31, 0.25, 0.30, 0.31. The paper around a digit gives 0 and counts as resting",
        zh: "五个种子：0.30、0.31、0.25、0.30、0.31。数字周围的白纸输出为 0，算作不激活",
      },
    },
  ],
};

const parameters: Experiment = {
  id: "zero/4-parameters",
  title: { en: "A hundred million parameters, or fifty-six", zh: "一亿个参数，还是五十六个" },
  section: "4",
  kind: "experiment",
  read: ["book/zero/programs/conv-layer.ts", "book/sizes.ts", "book/zero/chapter4/4-convolution.ts"],
  async run() {
    const layer = (size: number) =>
      new ConvLayer(size, size, 3, 3, 3, 2, 1, 2, new ReluActivator(), 0.1, new Random(1));
    /** In how many windows of 3x3 each pixel of a 7x7 image lies. */
    const seen = (zp: number) => {
      const conv = new ConvLayer(7, 7, 1, 3, 3, 1, zp, 1, new IdentityActivator(), 0.1, new Random(1));
      conv.filters[0].setWeights(Volume.fill(1, 3, 3, () => 1));
      const ones = Volume.fill(1, conv.outputHeight, conv.outputWidth, () => 1);
      return conv.bpSensitivityMap(new Volume(1, 7, 7), ones, new IdentityActivator());
    };
    const [bare, padded] = [seen(0), seen(1)];
    return {
      measured: {
        fullyConnected: (1000 * 1000 + 1) * 100,
        filters: layer(5).parameterCount,
        byImage: [5, 7, 101].map((size) => layer(size).parameterCount),
        outputSize: [ConvLayer.calculateOutputSize(5, 3, 0, 2), ConvLayer.calculateOutputSize(5, 3, 1, 2)],
        outputDepth: layer(5).outputArray.depth,
        corner: [bare.at(0, 0, 0), padded.at(0, 0, 0), padded.at(0, 3, 3)],
      },
      figures: [
        {
          name: "windows",
          chart: {
            kind: "images",
            title: { en: "In how many windows of 3x3 a pixel lies", zh: "每个像素落在多少个 3x3 窗口中" },
            images: [
              picture(bare, "no padding: corner 1", "不补零：角上 1 次"),
              picture(padded, "padding 1: corner 4", "补一圈零：角上 4 次"),
            ],
            colours: "diverging",
            columns: 2,
          },
        },
      ],
    };
  },
  about: {
    en: "A fully connected layer of 100 neurons on an image of 1000 by 1000 has a weight for every pair. A convolution has its filters, whatever the size of the image. Padding does not change that; it lets pixels at the rim take part in as many windows as their neighbours, or nearly.",
    zh: "1000x1000 的图像接 100 个神经元的全连接层，每一对都有一个权重。卷积层只有滤波器，与图像大小无关。补零不改变参数个数，只是让边缘的像素也能参与（几乎）同样多的窗口。",
  },
  claims: [
    {
      measure: "fullyConnected",
      says: { en: "about 100 million: (1000 · 1000 + 1) · 100", zh: "约一亿：(1000 · 1000 + 1) · 100" },
      reported: 100_000_100,
      accept: { equals: 100_000_100 },
    },
    {
      measure: "filters",
      says: { en: "two filters of 3x3x3: (27 + 1) · 2", zh: "两个 3x3x3 滤波器：(27 + 1) · 2" },
      reported: 56,
      accept: { equals: 56 },
    },
    {
      measure: "byImage",
      says: { en: "on images of 5, 7 and 101: the same", zh: "图像边长 5、7、101：相同" },
      accept: { equals: [56, 56, 56] },
    },
    {
      measure: "outputSize",
      says: { en: "size (5 - 3 + 0) / 2 + 1, and with padding 1", zh: "大小 (5 - 3 + 0) / 2 + 1，以及补零为 1 时" },
      reported: [2, 3],
      accept: { equals: [2, 3] },
    },
    {
      measure: "outputDepth",
      says: { en: "N filters give N maps", zh: "N 个滤波器得到 N 张特征图" },
      reported: 2,
      accept: { equals: 2 },
    },
    {
      measure: "corner",
      says: {
        en: "padding helps the edges: windows over a corner without and with it, and over the middle",
        zh: "补零有助于提取边缘：角上不补零、补零时的窗口数，以及中间",
      },
      accept: { equals: [1, 4, 9] },
    },
  ],
};

const featureMap: Experiment = {
  id: "zero/4-convolution",
  title: { en: "A filter over an image; convolution and correlation", zh: "滤波器扫过图像；卷积与互相关" },
  section: "4",
  kind: "construction",
  settings: { image: "5x5", filter: "3x3" },
  read,
  async run() {
    const [one, two] = [correlation(IMAGE, FILTER), correlation(IMAGE, FILTER, 2)];
    const skew = correlation(IMAGE, SKEW_FILTER);
    const full = convolution(IMAGE, SKEW_FILTER);
    const turned = validPart(full, SKEW_FILTER);
    const flipped = correlation(IMAGE, rotate180(SKEW_FILTER));
    const padded = correlation(padding(IMAGE, 2), rotate180(SKEW_FILTER));
    const swapped = convolution(SKEW_FILTER, IMAGE);
    const largest = (a: Volume, b: Volume) =>
      a.values.reduce((most, value, i) => Math.max(most, Math.abs(value - b.values[i])), 0);
    const sumsOf = (j: number) => runningSums(getPatch(IMAGE, 0, j, 3, 3, 1), FILTER).at(-1)!;
    return {
      measured: {
        firstSums: [sumsOf(0), sumsOf(1)],
        strideOne: numbersOf(one),
        strideTwo: numbersOf(two),
        correlation: numbersOf(skew),
        convolution: numbersOf(turned),
        turnedFilter: Math.max(largest(flipped, turned), largest(padded, full)),
        commutes: largest(full, swapped),
      },
      figures: [
        {
          name: "maps",
          chart: {
            kind: "images",
            title: { en: "The text's image and filter, and what comes out", zh: "原文的图像与滤波器，以及结果" },
            images: [
              picture(IMAGE, "image", "图像"),
              picture(FILTER, "filter", "滤波器"),
              picture(one, "stride 1", "步幅 1"),
              picture(two, "stride 2", "步幅 2"),
              picture(SKEW_FILTER, "another filter", "另一个滤波器"),
              picture(skew, "correlation", "互相关"),
              picture(turned, "convolution", "卷积"),
              picture(full, "convolution, all of it", "完整的卷积"),
            ],
            colours: "diverging",
            columns: 4,
          },
        },
      ],
    };
  },
  about: {
    en: "The filter of the text's animation at every place of its image. What the field calls convolution is correlation: the filter is not turned. The text's filter looks the same upside down and hides that; a second one shows it. Convolution proper turns the filter by 180 degrees, and does not mind which of the two is called the filter.",
    zh: "把原文动画中的滤波器放到图像的每个位置。这一领域所说的卷积其实是互相关：滤波器没有翻转。原文的滤波器转 180 度后不变，看不出差别；另一个滤波器就看得出。真正的卷积要把滤波器旋转 180 度，而且两者交换次序结果不变。",
  },
  claims: [
    {
      measure: "firstSums",
      says: { en: "the first two sums", zh: "前两个和" },
      reported: [4, 3],
      accept: { equals: [4, 3] },
    },
    {
      measure: "strideOne",
      says: { en: "the feature map, row by row", zh: "特征图，逐行" },
      reported: [4, 3, 4, 2, 4, 3, 2, 3, 4],
      accept: { equals: [4, 3, 4, 2, 4, 3, 2, 3, 4] },
    },
    {
      measure: "strideTwo",
      says: { en: "with stride 2", zh: "步幅为 2" },
      reported: [4, 4, 2, 4],
      accept: { equals: [4, 4, 2, 4] },
    },
    {
      measure: "correlation",
      says: { en: "the filter 120/010/00-1: correlation", zh: "滤波器 120/010/00-1：互相关" },
      accept: { equals: [3, 3, 1, 1, 3, 4, -1, 3, 4] },
    },
    {
      measure: "convolution",
      says: { en: "the same: convolution (equation 5), its middle part", zh: "同上：卷积（式 5）的中间部分" },
      accept: { equals: [1, 3, 3, 1, 3, 2, 3, 3, 0] },
    },
    {
      measure: "turnedFilter",
      says: {
        en: "convolution = correlation with the turned filter: largest difference, middle part and all",
        zh: "卷积 = 与翻转后的滤波器互相关：最大差，中间部分与全部",
      },
      accept: { equals: 0 },
    },
    {
      measure: "commutes",
      says: { en: "A * B = B * A: largest difference", zh: "A * B = B * A：最大差" },
      accept: { equals: 0 },
    },
  ],
};

export const experiments: readonly Experiment[] = [relu, parameters, featureMap];
