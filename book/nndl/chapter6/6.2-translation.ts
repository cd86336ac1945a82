// Section 6.2, a problem: a convolutional network treats all places alike, so why does it help to train it on images that were moved? And by the way,
// convolution against a fully connected layer on few images, both by hand.
import type { Experiment, RunContext } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { type DigitSet, first } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { Network } from "../programs/network3.ts";
import { ConvPoolLayer, FullyConnectedLayer, linear, ReLU, SoftmaxLayer } from "../programs/network3-layers.ts";
import { expanded, shifted, shiftedSet } from "../programs/translation.ts";

const IMAGES = 500;

function convolutional(random: Random): Network {
  const convolution = new ConvPoolLayer([6, 1, 5, 5], [10, 1, 28, 28], random, { activationFn: ReLU });
  // The book's starting weights are for sigmoids; with ReLU and biases of size 1 a tenth of them lets so few images count.
  convolution.b.values.fill(0);
  return new Network([convolution, new SoftmaxLayer(864, 10, random)], 10);
}

function fullyConnected(random: Random): Network {
  const hidden = new FullyConnectedLayer(784, 30, random, { activationFn: ReLU });
  hidden.b.values.fill(0);
  for (let i = 0; i < hidden.w.values.length; i++) hidden.w.values[i] *= Math.sqrt(30 / 784);
  return new Network([hidden, new SoftmaxLayer(30, 10, random)], 10);
}

/** How maps answer to a move of the image: largest differences, away from the rim. */
function answers(image: Float32Array, random: Random): { convolved: number; byTwo: number; byOne: number } {
  const make = (pool: number) =>
    new ConvPoolLayer([4, 1, 5, 5], [1, 1, 28, 28], random, { activationFn: linear, poolsize: [pool, pool] });
  const [bare, pooled] = [make(1), make(2)];
  pooled.w.values.set(bare.w.values);
  const maps = (layer: ConvPoolLayer, right: number) => {
    layer.setInpt(Matrix.row(shifted(image, 0, right)));
    return layer.output.values.slice();
  };
  const apart = (moved: Float64Array, still: Float64Array, side: number, by: number) => {
    let [most, size] = [0, 0];
    for (let at = 0; at < moved.length; at++) {
      if (at % side < by) continue;
      most = Math.max(most, Math.abs(moved[at] - still[at - by]));
      size = Math.max(size, Math.abs(still[at]));
    }
    return most / size;
  };
  return {
    convolved: apart(maps(bare, 1), maps(bare, 0), 24, 1),
    byTwo: apart(maps(pooled, 2), maps(pooled, 0), 12, 1),
    byOne: Math.min(apart(maps(pooled, 1), maps(pooled, 0), 12, 0), apart(maps(pooled, 1), maps(pooled, 0), 12, 1)),
  };
}

interface Trained {
  readonly still: number;
  /** Mean over the four moves by two pixels. */
  readonly moved: number;
}

function train(network: Network, training: DigitSet, epochs: number, test: DigitSet): Trained {
  network.SGD(training, epochs, 10, 0.05, first(test, 10));
  const moved = [
    [2, 0],
    [-2, 0],
    [0, 2],
    [0, -2],
  ].map(([down, right]) => network.accuracy(shiftedSet(test, down, right)));
  return { still: network.accuracy(test), moved: moved.reduce((sum, value) => sum + value) / 4 };
}

const translation: Experiment = {
  id: "nndl/6.2-translation",
  title: { en: "Why moving the images still helps", zh: "为什么平移扩充仍然有用" },
  section: "6.2, problems",
  kind: "exercise",
  settings: {
    network: "6 filters 5x5, pool, softmax; and 30 neurons, softmax",
    images: IMAGES,
    eta: 0.05,
    steps: "500 of 10 images",
  },
  read: [
    "book/nndl/programs/network3.ts",
    "book/nndl/programs/network3-layers.ts",
    "book/nndl/programs/translation.ts",
    "book/nndl/chapter6/6.2-translation.ts",
  ],
  needs: ["mnist"],
  async run(context: RunContext) {
    const data = await context.mnist();
    const training = first(data.training, IMAGES);
    const test = first(data.test, context.pick({ quick: 300, full: 3000 }));
    const random = new Random(context.seed);
    const order = random.shuffle(Array.from({ length: 5 * IMAGES }, (_, i) => i));
    const rows: [string, Trained][] = [];
    const study = (name: string, network: Network, set: DigitSet, epochs: number) => {
      const trained = train(network, set, epochs, test);
      rows.push([name, trained]);
      context.log(
        `${name}: ${(100 * trained.still).toFixed(1)}%, moved by two pixels ${(100 * trained.moved).toFixed(1)}%`,
      );
      return trained;
    };
    const plain = study("convolution", convolutional(new Random(context.seed)), training, 10);
    const moved = study("convolution, expanded", convolutional(new Random(context.seed)), expanded(training, order), 2);
    const full = study("fully connected", fullyConnected(new Random(context.seed)), training, 10);
    const answer = answers(training.images.slice(0, 784), random);
    return {
      measured: {
        convolvedMoves: answer.convolved,
        pooledMovesByTwo: answer.byTwo,
        pooledMovesByOne: answer.byOne,
        accuracy: plain.still,
        lossByMoving: plain.still - plain.moved,
        gainOnMoved: moved.moved - plain.moved,
        gainOnStill: moved.still - plain.still,
        overFullyConnected: plain.still - full.still,
        overFullyConnectedMoved: plain.moved - full.moved,
      },
      figures: [
        {
          name: "accuracy",
          chart: {
            kind: "bar",
            title: {
              en: "500 training images: accuracy on test images as they are, and moved by two pixels",
              zh: "500 幅训练图像：原样与平移两个像素的测试图像上的准确率",
            },
            categories: [
              { en: "convolution", zh: "卷积" },
              { en: "convolution, expanded", zh: "卷积，扩充" },
              { en: "fully connected", zh: "全连接" },
            ],
            yAxis: { label: { en: "accuracy", zh: "准确率" }, format: "percent", min: 0, max: 1 },
            series: [
              { name: { en: "as they are", zh: "原样" }, values: rows.map(([, { still }]) => still) },
              { name: { en: "moved by 2", zh: "平移 2" }, values: rows.map(([, { moved: there }]) => there) },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "A filter finds its feature wherever it is, and its map moves with the image; but that is not being indifferent to the move. Pools stand on a fixed grid, so that a move by one pixel changes what they hold; and the layer above has a weight of its own for every place. What the network has not seen somewhere, it does not know there. Measured: how maps answer to a move, and the accuracy on moved digits of a small network by hand, trained on 500 images with and without the four moves by a pixel, with equally many steps. A fully connected layer stands beside it.",
    zh: "滤波器在哪里都能发现它的特征，特征图随图像一起移动；但这不等于对平移不敏感。池化的网格是固定的，平移一个像素，池中的内容就变了；上面一层对每个位置又各有权重。某处没见过的东西，网络在那里就不认识。这里测量特征图如何随平移变化，以及一个手写的小网络在平移后的数字上的准确率：用 500 幅图像训练，有或没有四个方向各一个像素的扩充，步数相同。旁边再放一个全连接层作比较。",
  },
  claims: [
    {
      measure: "convolvedMoves",
      says: { en: "a map moves with the image: relative difference", zh: "特征图随图像移动：相对差" },
      accept: { atMost: 1e-12 },
      because: {
        en: "the same products; the image is float32, the sums float64",
        zh: "乘积相同；图像为 float32，求和为 float64",
      },
    },
    {
      measure: "pooledMovesByTwo",
      says: { en: "a pooled map moves by one where the image moves by two", zh: "图像平移两个像素，池化图平移一格" },
      accept: { atMost: 1e-12 },
      because: { en: "as above", zh: "同上" },
    },
    {
      measure: "pooledMovesByOne",
      says: {
        en: "but a move by one pixel changes it, taken as it is or moved: relative difference",
        zh: "但平移一个像素，池化图就变了，不论与原图还是移位的图比：相对差",
      },
      accept: { between: [0.05, 1] },
      because: {
        en: "Three seeds: 0.22, 0.14, 0.39 of the largest activation, by the random filters",
        zh: "三个种子：最大激活的 0.22、0.14、0.39，取决于随机的滤波器",
      },
    },
    {
      measure: "accuracy",
      says: { en: "accuracy after 500 images", zh: "500 幅图像之后的准确率" },
      accept: { between: [0.78, 0.94] },
      because: {
        en: "Three seeds: 0.84, 0.88, 0.89; 300 test images leave 0.02 open",
        zh: "三个种子：0.84、0.88、0.89；300 幅测试图像有 0.02 的不确定",
      },
    },
    {
      measure: "lossByMoving",
      says: { en: "moving the test images by two pixels costs", zh: "测试图像平移两个像素的损失" },
      accept: { between: [0.2, 0.45] },
      because: {
        en: "Three seeds: 0.33, 0.32, 0.32; the error of a difference of two such shares is about 0.03",
        zh: "三个种子：0.33、0.32、0.32；两个比例之差的误差约为 0.03",
      },
    },
    {
      measure: "gainOnMoved",
      says: { en: "training on moved images wins on moved ones", zh: "用平移过的图像训练，在平移的图像上提高" },
      accept: { between: [0.03, 0.2] },
      because: {
        en: "Three seeds: 0.09, 0.12, 0.08, with the same error",
        zh: "三个种子：0.09、0.12、0.08，误差同上",
      },
    },
    {
      measure: "overFullyConnected",
      says: { en: "convolution against 30 fully connected neurons", zh: "卷积比 30 个全连接神经元" },
      accept: { between: [-0.04, 0.12] },
      because: {
        en: "Three seeds: -0.00, 0.04, 0.05: with so few images the shape of the network hardly decides",
        zh: "三个种子：-0.00、0.04、0.05：图像这么少时，网络的形状几乎不起作用",
      },
    },
    {
      measure: "overFullyConnectedMoved",
      says: { en: "and on moved images", zh: "在平移的图像上" },
      accept: { between: [0, 0.2] },
      because: {
        en: "Three seeds: 0.04, 0.09, 0.10: a pool forgives a little of a move",
        zh: "三个种子：0.04、0.09、0.10：池化能容忍一点平移",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [translation];
