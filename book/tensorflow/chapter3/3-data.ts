// Chapter 3, from images to numbers: the data pipeline, images as matrices, the linear model in one sample and in a batch.
import { oneHot, scope, tensor } from "nabla";
import type { HeatMapChart } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { type DigitSet, pictureOf } from "../../mnist.ts";
import { BATCH, batches, CLASSES, loadData } from "../framework/data.ts";
import { linear } from "../programs/stacked.ts";

const read = ["book/tensorflow/framework/data.ts", "book/tensorflow/chapter3/3-data.ts"];

const pipeline: Experiment = {
  id: "tensorflow/3-data",
  title: { en: "The data pipeline", zh: "数据管道" },
  section: "3",
  kind: "construction",
  settings: { batch: BATCH, classes: CLASSES },
  read,
  needs: ["mnist"],
  async run({ mnist }) {
    const digits = await mnist();
    const { train, test } = loadData(digits);
    return scope(() => {
      const all = [...batches(train)];
      const [least, most] = [train.x.min().item(), train.x.max().item()];
      const lastBatch = all.at(-1)!.x.shape[0];
      return {
        measured: {
          trainShape: [...train.x.shape],
          labelShape: [...train.y.shape],
          testShape: [...test.x.shape],
          range: [least, most],
          mean: train.x.mean().item(),
          oneHot: [...oneHot(tensor([0, 1, 2, 3], "int32"), CLASSES).dataSync()],
          batchShape: [...all[0].x.shape],
          batchCount: all.length,
          lastBatch,
        },
        figures: [
          {
            name: "digits",
            chart: {
              kind: "images",
              title: { en: "The first 20 training images and their labels", zh: "前 20 张训练图像及其标签" },
              images: Array.from({ length: 20 }, (_, i) =>
                pictureOf(digits.training, i, String(digits.training.labels[i])),
              ),
              colours: "ink",
              columns: 10,
            },
          },
        ],
        notes: [
          {
            en: `The last batch holds ${lastBatch} images: 60,000 is not a multiple of 512.`,
            zh: `最后一批只有 ${lastBatch} 张图像：60,000 不是 512 的整数倍。`,
          },
        ],
      };
    });
  },
  about: {
    en: "MNIST is read as bytes, the pixels are moved to [-1, 1] by 2x/255 - 1, the labels become one-hot rows, and both are cut into batches of 512. What comes out is compared with the shapes and ranges that the textbook prints.",
    zh: "以字节读入 MNIST，用 2x/255 - 1 把像素移到 [-1, 1]，标签变成 one-hot 行向量，再一起切成每批 512 个样本。得到的形状与取值范围与教材给出的相比较。",
  },
  claims: [
    {
      measure: "trainShape",
      says: { en: "shape of the training images", zh: "训练图像的形状" },
      reported: [60_000, 28, 28],
      accept: { equals: [60_000, 28, 28] },
    },
    {
      measure: "labelShape",
      says: { en: "shape of the training labels", zh: "训练标签的形状" },
      reported: [60_000],
      accept: { equals: [60_000] },
    },
    {
      measure: "testShape",
      says: { en: "shape of the test images", zh: "测试图像的形状" },
      reported: [10_000, 28, 28],
      accept: { equals: [10_000, 28, 28] },
    },
    {
      measure: "range",
      says: { en: "smallest and largest pixel after scaling", zh: "缩放后像素的最小值与最大值" },
      reported: [-1, 1],
      accept: { equals: [-1, 1] },
    },
    {
      measure: "oneHot",
      says: { en: "labels 0, 1, 2, 3 as rows of depth 10", zh: "标签 0、1、2、3 编码为深度 10 的行" },
      reported: [0, 1, 2, 3].flatMap((label) => unitRow(label)),
      accept: { equals: [0, 1, 2, 3].flatMap((label) => unitRow(label)) },
    },
    {
      measure: "batchShape",
      says: { en: "shape of a batch of images", zh: "一批图像的形状" },
      reported: [512, 28, 28],
      accept: { equals: [512, 28, 28] },
    },
    {
      measure: "batchCount",
      says: { en: "batches that hold all 60,000", zh: "装下 60,000 张所需的批数" },
      reported: 118,
      accept: { equals: 118 },
    },
  ],
};

function unitRow(label: number): number[] {
  return Array.from({ length: CLASSES }, (_, i) => (i === label ? 1 : 0));
}

/** One image as the table of numbers that it is. */
function numbersOf(set: DigitSet, index: number): HeatMapChart {
  const names = Array.from({ length: 28 }, (_, i) => (i % 3 === 0 ? String(i) : ""));
  return {
    kind: "heat-map",
    title: {
      en: `An image of a ${set.labels[index]} as a 28 x 28 matrix`,
      zh: `一张 ${set.labels[index]} 的图像就是 28 x 28 的矩阵`,
    },
    rows: names,
    columns: names,
    values: Array.from({ length: 28 }, (_, row) =>
      Array.from({ length: 28 }, (_, column) => 2 * set.images[784 * index + 28 * row + column] - 1),
    ),
    xAxis: { label: { en: "column", zh: "列" } },
    yAxis: { label: { en: "row", zh: "行" } },
    valueLabel: { en: "pixel, -1 to 1", zh: "像素值，-1 到 1" },
  };
}

const image: Experiment = {
  id: "tensorflow/3-image",
  title: { en: "An image is a matrix", zh: "图像即矩阵" },
  section: "3",
  kind: "construction",
  read,
  needs: ["mnist"],
  async run({ mnist }) {
    const digits = await mnist();
    const { train } = loadData(digits, BATCH, 1);
    return scope(() => {
      const flat = train.x.reshape([-1, 784]);
      const [pixels, vector] = [train.x.get(0).dataSync(), flat.get(0)];
      const image = train.x.get(0).toArray() as number[][];
      let misplaced = 0;
      for (let r = 0; r < 28; r++) {
        for (let c = 0; c < 28; c++) if (vector.get(28 * r + c).item() !== image[r][c]) misplaced += 1;
      }
      const colour = tensor(new Float32Array(4 * 32 * 32 * 3), { shape: [4, 32, 32, 3] });
      return {
        measured: {
          flattened: [...flat.shape],
          misplaced,
          colourBatch: [...colour.shape],
          numbersPerImage: pixels.length,
        },
        figures: [{ name: "matrix", chart: numbersOf(digits.training, 0), width: 560, height: 520 }],
      };
    });
  },
  about: {
    en: "A grey image is a matrix [h, w], a colour image [h, w, c], a batch has the number of images in front. A fully connected layer wants vectors, so [b, 28, 28] is flattened to [b, 784], row after row: pixel (r, c) becomes number 28 r + c.",
    zh: "灰度图像是矩阵 [h, w]，彩色图像是 [h, w, c]，一批图像在最前面加上张数。全连接层接收向量，因此把 [b, 28, 28] 按行展平为 [b, 784]：像素 (r, c) 成为第 28 r + c 个数。",
  },
  claims: [
    {
      measure: "flattened",
      says: { en: "a batch of 512 images, flattened", zh: "512 张图像展平之后" },
      reported: [512, 784],
      accept: { equals: [512, 784] },
    },
    {
      measure: "misplaced",
      says: {
        en: "row order: pixel (r, c) stands at 28 r + c; pixels that stand elsewhere",
        zh: "按行展平：像素 (r, c) 位于 28 r + c；不在该处的像素个数",
      },
      expected: 0,
      accept: { equals: 0 },
    },
    {
      measure: "colourBatch",
      says: {
        en: "a batch of 4 colour images of 32 x 32 is [b, h, w, c]",
        zh: "4 张 32 x 32 彩色图像组成 [b, h, w, c]",
      },
      reported: [4, 32, 32, 3],
      accept: { equals: [4, 32, 32, 3] },
    },
  ],
};

const linearModel: Experiment = {
  id: "tensorflow/3-linear-model",
  title: { en: "The linear model, for one sample and for a batch", zh: "线性模型：单个样本与一批样本" },
  section: "3",
  kind: "construction",
  settings: { batch: 2, inputs: 3, outputs: 2 },
  read: ["book/tensorflow/programs/stacked.ts", "book/tensorflow/chapter3/3-data.ts"],
  async run() {
    const x = Matrix.from([
      [1, 2, 3],
      [-1, 0, 2],
    ]);
    const w = Matrix.from([
      [0.5, -1],
      [0.25, 2],
      [-0.75, 0.5],
    ]);
    const b = Matrix.row([0.1, -0.2]);
    const batch = linear(x, { w, b });
    const single = x.toRows().map((row) => w.transposed.dot(Matrix.column(row)).plus(b.transposed));
    const differences = single.flatMap((y, i) => [...y.values].map((value, j) => Math.abs(value - batch.at(i, j))));
    return scope(() => {
      const [xs, ws] = [x, w].map((m) => tensor(m.values, { shape: m.shape }));
      const bs = tensor(b.values);
      const ys = xs.matmul(ws).add(bs);
      const values = ys.dataSync();
      return {
        measured: {
          shapes: [xs, ws, bs, ys].flatMap((t) => [...t.shape]),
          y: [...batch.values],
          largestDifference: Math.max(...differences),
          tensorDifference: Math.max(...batch.values.map((value, i) => Math.abs(value - values[i]))),
        },
        figures: [
          {
            name: "linear",
            chart: {
              kind: "network",
              title: { en: "Three inputs, two outputs, six weights", zh: "三个输入、两个输出、六个权重" },
              layers: [
                { name: { en: "input x", zh: "输入 x" }, units: 3, labels: ["x1", "x2", "x3"] },
                {
                  name: { en: "output y", zh: "输出 y" },
                  units: 2,
                  labels: ["y1", "y2"],
                  note: "xW + b",
                  weights: w.transposed.toRows(),
                },
              ],
            },
            width: 520,
            height: 320,
          },
        ],
      };
    });
  },
  about: {
    en: "y = W x + b maps one column of d_in numbers to d_out. A batch stacks its samples as rows, so the same model reads Y = X W + b, with X [b, d_in], W [d_in, d_out], and b added to every row. The textbook works the shapes out for b = 2, d_in = 3, d_out = 2; here both forms are computed and must give the same numbers.",
    zh: "y = W x + b 把 d_in 个数的列向量映射为 d_out 个数。一批样本按行堆叠，同一模型就写成 Y = X W + b，其中 X 为 [b, d_in]，W 为 [d_in, d_out]，b 加到每一行。教材以 b = 2、d_in = 3、d_out = 2 推演形状；这里两种写法都计算出来，结果必须相同。",
  },
  claims: [
    {
      measure: "shapes",
      says: { en: "shapes of X, W, b and Y, one after the other", zh: "X、W、b、Y 的形状，依次排列" },
      reported: [2, 3, 3, 2, 2, 2, 2],
      accept: { equals: [2, 3, 3, 2, 2, 2, 2] },
    },
    {
      measure: "largestDifference",
      says: { en: "the batch form gives what the form for one sample gives", zh: "批量形式与单样本形式结果相同" },
      expected: 0,
      accept: { atMost: 1e-12 },
      because: { en: "sums of three products in float64", zh: "float64 中三个乘积之和" },
    },
    {
      measure: "tensorDifference",
      says: { en: "tensors give what the loops give", zh: "张量运算与循环结果相同" },
      expected: 0,
      accept: { atMost: 1e-12 },
      because: { en: "the same sums in float64", zh: "同样是 float64 求和" },
    },
  ],
};

export const experiments: readonly Experiment[] = [pipeline, image, linearModel];
