// Section 1.6: plots and pictures.
import { arange, readImageFile, type Tensor, tensor } from "nabla";
import type { Experiment } from "../../experiment.ts";
import { pictureOf } from "../../mnist.ts";
import { encodePng, seascape } from "../programs/png.ts";

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
  title: { en: "Digits from a file", zh: "文件中的数字" },
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
    en: "An image is an array of numbers: here the first ten of MNIST's training file, 28 by 28 bytes each. A picture as PNG or JPEG is scratch/1.6-picture.",
    zh: "图像就是数组：这里显示 MNIST 训练文件的前十张，每张 28×28 字节。PNG 或 JPEG 图片见 scratch/1.6-picture。",
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

const picture: Experiment = {
  id: "scratch/1.6-picture",
  title: { en: "A picture from a file", zh: "显示一个图片文件" },
  section: "1.6",
  kind: "figure",
  read: ["book/scratch/programs/png.ts", ...read],
  needs: ["files"],
  async run() {
    const [{ mkdtemp, rm, writeFile }, { tmpdir }, { join }] = await Promise.all([
      import("node:fs/promises"),
      import("node:os"),
      import("node:path"),
    ]);
    const painted = seascape(120, 80);
    const folder = await mkdtemp(join(tmpdir(), "nabla-picture-"));
    try {
      const path = join(folder, "sea.png");
      const file = await encodePng(painted);
      await writeFile(path, file);
      const { width, height, data } = await readImageFile(path);
      const shown = tensor(Array.from(data), "int32").reshape([height, width, 3]);
      const brightness = shown.cast("float64").mean(2);
      const brightest = Number(brightness.flatten().argmax().item());
      return {
        measured: {
          shape: [...shown.shape],
          differentBytes: painted.data.filter((byte, i) => byte !== data[i]).length,
          sun: Array.from(
            shown
              .get(Math.floor(brightest / width))
              .get(brightest % width)
              .dataSync(),
          ),
          bytesOfFile: file.length,
        },
        figures: [
          {
            name: "sea",
            width: 200,
            height: 150,
            chart: {
              kind: "images",
              colours: "rgb",
              columns: 1,
              images: [{ width, height, pixels: data }],
            },
          },
        ],
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  about: {
    en: "The book shows a photograph that imread reads from a file. Here a picture from formulas is written as PNG by a program by hand, read with readImageFile, and shown: an array of height by width by three colours, whose elements are found like those of any array.",
    zh: "书中用 imread 读取并显示一张照片。这里由公式画出一幅图，用手写的程序存成 PNG，再用 readImageFile 读入并显示：它是高 × 宽 × 三种颜色的数组，元素的取法与任何数组一样。",
  },
  claims: [
    {
      measure: "shape",
      says: { en: "height, width, colours of the picture of 120 by 80 pixels", zh: "120×80 像素的图：高、宽、颜色数" },
      expected: [80, 120, 3],
      accept: { equals: [80, 120, 3] },
    },
    {
      measure: "differentBytes",
      says: { en: "bytes that differ between what was written and what was read", zh: "写入与读出之间不同的字节数" },
      expected: 0,
      accept: { equals: 0 },
    },
    {
      measure: "sun",
      says: { en: "red, green, blue of the brightest pixel: the sun's", zh: "最亮像素的红、绿、蓝：太阳的颜色" },
      expected: [255, 236, 170],
      accept: { equals: [255, 236, 170] },
    },
  ],
};

export const experiments: readonly Experiment[] = [plots, image, picture];
