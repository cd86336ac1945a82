// Section 1.6: plots and pictures.
import { arange, type Tensor } from "nabla";
import type { Experiment } from "../../experiment.ts";
import { pictureOf } from "../../mnist.ts";

const read = ["book/scratch/chapter1/1.6-plots.ts"];

const plots: Experiment = {
  id: "scratch/1.6-plots",
  title: { en: "sin and cos", zh: "sin 与 cos 曲线" },
  section: "1.6",
  kind: "figure",
  read,
  async run() {
    const at = arange(0, 6, 0.1, "float64");
    const curve = (values: Tensor) => Array.from(values.dataSync());
    return {
      measured: { points: at.size },
      figures: [
        {
          name: "sin-cos",
          chart: {
            kind: "line",
            title: { en: "sin and cos", zh: "sin 与 cos" },
            xAxis: { label: "x" },
            yAxis: { label: "y" },
            series: [
              { name: "sin", x: curve(at), y: curve(at.sin()) },
              { name: "cos", x: curve(at), y: curve(at.cos()), style: "dashed" },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "The first plot: two curves over arange(0, 6, 0.1), one of them dashed, with labels, a title and a legend.",
    zh: "第一张图：在 arange(0, 6, 0.1) 上画两条曲线，其中一条为虚线，带坐标轴标签、标题和图例。",
  },
  claims: [
    {
      measure: "points",
      says: {
        en: "arange(0, 6, 0.1) has 60 elements: the end is left out",
        zh: "arange(0, 6, 0.1) 有 60 个元素：不含终点",
      },
      accept: { equals: 60 },
    },
  ],
};

const image: Experiment = {
  id: "scratch/1.6-image",
  title: { en: "Images from a file", zh: "显示文件中的图像" },
  section: "1.6",
  kind: "figure",
  read,
  needs: ["mnist"],
  async run({ mnist }) {
    const { training, bytes } = await mnist();
    const pixels = bytes.train.images.subarray(0, 10 * 784);
    return {
      measured: { labels: training.labels[0], range: [Math.min(...pixels), Math.max(...pixels)] },
      figures: [
        {
          name: "digits",
          height: 260,
          chart: {
            kind: "images",
            title: { en: "The first ten of MNIST", zh: "MNIST 的前十张" },
            images: Array.from({ length: 10 }, (_, i) => pictureOf(training, i, String(training.labels[i]))),
            columns: 10,
          },
        },
      ],
    };
  },
  about: {
    en: "An image is an array of numbers: here the first ten of MNIST's training file, 28 by 28 bytes each. The book shows a photograph instead, which readImageFile would read from PNG or JPEG.",
    zh: "图像就是数组：这里显示 MNIST 训练文件的前十张，每张 28×28 字节。书中显示的是一张照片；PNG 或 JPEG 照片可用 readImageFile 读取。",
  },
  claims: [
    {
      measure: "labels",
      says: { en: "the first training image is a 5", zh: "第一张训练图像是 5" },
      reported: 5,
      accept: { equals: 5 },
    },
    {
      measure: "range",
      says: { en: "bytes: from 0 to 255", zh: "字节：0 到 255" },
      accept: { equals: [0, 255] },
    },
  ],
};

export const experiments: readonly Experiment[] = [plots, image];
