// Part 3, handwritten digits: the network of the text, what raw bytes do to it, saving and resuming, and other sizes.
import { scope } from "nabla";
import type { PointSeries } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import { type DigitSet, first, imageAt } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { type DigitStudy, digitNetwork, digitStudy, pixelsOf } from "../framework/digit-study.ts";
import { loadNetwork, saveNetwork } from "../programs/checkpoint.ts";
import { Network } from "../programs/fc.ts";
import { norm } from "../programs/loader.ts";
import { evaluate, type LabelledSet, trainAndEvaluate } from "../programs/train-and-evaluate.ts";

const byHand = ["book/zero/programs/fc.ts", "book/zero/programs/loader.ts", "book/zero/programs/train-and-evaluate.ts"];

/** For the networks by hand. */
function labelled(set: DigitSet, count: number, scale = 1): LabelledSet {
  const at = Array.from({ length: count }, (_, i) => i);
  return {
    samples: at.map((i) => imageAt(set, i).map((pixel) => scale * pixel)),
    labels: at.map((i) => norm(set.labels[i])),
  };
}

export const saturation: Experiment = {
  id: "zero/3-saturation",
  title: { en: "Raw bytes saturate the sigmoids", zh: "原始字节使 sigmoid 饱和" },
  section: "3",
  kind: "experiment",
  settings: { network: "[784, 300, 10]", images: 1000 },
  read: ["book/zero/framework/digit-study.ts", "book/zero/chapter3/3-mnist.ts"],
  needs: ["mnist"],
  async run({ mnist, seed }) {
    const set = first((await mnist()).training, 1000);
    const model = digitNetwork([300], seed);
    const outputs = (["bytes", "scaled"] as const).map((pixels) =>
      scope(() => [...(model.upTo(model.layers[0].name).call(pixelsOf(set, pixels)).flatten().toArray() as number[])]),
    );
    const share = (list: number[]) => list.filter((y) => y < 0.01 || y > 0.99).length / list.length;
    const slope = (list: number[]) => list.reduce((sum, y) => sum + y * (1 - y), 0) / list.length;
    const [bytes, scaled] = outputs;
    return {
      measured: {
        saturatedByBytes: share(bytes),
        saturatedByScaled: share(scaled),
        derivativeRatio: slope(scaled) / slope(bytes),
      },
      figures: [
        {
          name: "outputs",
          chart: {
            kind: "histogram",
            title: { en: "Outputs of the hidden neurons before training", zh: "训练之前隐藏神经元的输出" },
            xAxis: { label: { en: "output", zh: "输出" }, min: 0, max: 1 },
            yAxis: { label: { en: "share", zh: "比例" }, format: "percent" },
            bins: Array.from({ length: 21 }, (_, i) => i / 20),
            measure: "share",
            series: [
              { name: { en: "bytes 0 to 255", zh: "字节 0 到 255" }, values: bytes.slice(0, 60_000) },
              { name: { en: "pixels 0 to 1", zh: "像素 0 到 1" }, values: scaled.slice(0, 60_000) },
            ],
          },
        },
      ],
      notes: [
        {
          en: `Mean derivative of the hidden neurons: ${slope(bytes).toFixed(4)} with bytes, ${slope(scaled).toFixed(4)} with scaled pixels; at most 0.25.`,
          zh: `隐藏神经元导数的平均值：原始字节 ${slope(bytes).toFixed(4)}，缩放后 ${slope(scaled).toFixed(4)}；上限为 0.25。`,
        },
      ],
    };
  },
  about: {
    en: "The series feeds bytes from 0 to 255 into weights of up to 0.1. The weighted sums then reach dozens, the outputs of hidden neurons are 0 or 1, and their derivative y (1 - y) is nearly 0: little gradient passes. With pixels from 0 to 1 the same weights leave room. Measured on the untrained network.",
    zh: "原文把 0 到 255 的字节直接输入给不超过 0.1 的权重。加权和可达几十，隐藏神经元的输出不是 0 就是 1，导数 y (1 - y) 几乎为 0，梯度难以通过。把像素缩放到 0 到 1，同样的权重就有余地。这里在未训练的网络上测量。",
  },
  claims: [
    {
      measure: "saturatedByBytes",
      says: {
        en: "hidden outputs below 0.01 or above 0.99, bytes",
        zh: "隐藏层输出小于 0.01 或大于 0.99 的比例，原始字节",
      },
      accept: { atLeast: 0.8 },
      because: {
        en: "nearly all; the text does not say, and the random weights change it in the third digit",
        zh: "几乎全部；原文没有给出，随机权重只影响第三位",
      },
    },
    {
      measure: "saturatedByScaled",
      says: { en: "the same, pixels from 0 to 1", zh: "同上，像素缩放到 0 到 1" },
      accept: { atMost: 0.01 },
      because: { en: "nearly none", zh: "几乎没有" },
    },
    {
      measure: "derivativeRatio",
      says: {
        en: "mean derivative of the hidden neurons, scaled over bytes",
        zh: "隐藏神经元导数的平均值，缩放与字节之比",
      },
      accept: { atLeast: 5 },
      because: { en: "several times; the text gives no number", zh: "相差数倍；原文没有数字" },
    },
  ],
};

const MOST_EPOCHS = 30;

/** Whether the rule of the series ended training, or the limit. */
function endOf({ epochs, error }: DigitStudy, name: string): string {
  const [before, last] = error["test"].slice(-2);
  const rose = last > before;
  return `${name}: ended after epoch ${epochs.at(-1)}, ${rose ? "because the test error had grown" : "by the limit, the test error still falling"}.`;
}

const curve = (
  name: PointSeries["name"],
  epochs: readonly number[],
  y: readonly number[],
  colour: number,
): PointSeries => ({
  name,
  x: epochs,
  y,
  style: "line-points",
  colour,
});

export const mnist: Experiment = {
  id: "zero/3-mnist",
  title: { en: "Handwritten digits with [784, 300, 10]", zh: "用 [784, 300, 10] 识别手写数字" },
  section: "3",
  kind: "experiment",
  settings: {
    network: "[784, 300, 10]",
    rate: 0.3,
    "batch size": 1,
    "epochs between evaluations": 10,
    "epochs at most": MOST_EPOCHS,
  },
  read: [...byHand, "book/zero/framework/digit-study.ts", "book/zero/chapter3/3-mnist.ts"],
  needs: ["mnist"],
  async run({ mnist: load, form, seed, log }) {
    const { training, validation, test } = await load();
    if (form === "quick") {
      const errors = [1, 255].map((scale) => {
        const network = new Network([784, 300, 10], new Random(seed));
        const options = { rate: 0.3, every: 1, mostEpochs: 3 };
        const history = trainAndEvaluate(network, labelled(training, 400, scale), labelled(test, 200, scale), options);
        log(`pixels times ${scale}: error ${history.map(({ errorRatio }) => errorRatio.toFixed(3)).join(", ")}`);
        return history;
      });
      const best = errors.map((history) => Math.min(...history.map(({ errorRatio }) => errorRatio)));
      return {
        measured: { scaledError: best[0], bytesOverScaled: best[1] / best[0] },
        figures: [
          {
            name: "error",
            chart: {
              kind: "line",
              title: {
                en: "Error ratio on 200 test images, by hand, 400 images",
                zh: "200 幅测试图像上的错误率，手写程序，400 幅训练图像",
              },
              xAxis: { label: { en: "epoch", zh: "轮" } },
              yAxis: { label: { en: "error ratio", zh: "错误率" }, format: "percent", min: 0 },
              series: [
                { en: "pixels 0 to 1", zh: "像素 0 到 1" },
                { en: "bytes 0 to 255", zh: "字节 0 到 255" },
              ].map((name, i) =>
                curve(
                  name,
                  errors[i].map(({ epoch }) => epoch),
                  errors[i].map(({ errorRatio }) => errorRatio),
                  i,
                ),
              ),
            },
          },
        ],
      };
    }
    const options = {
      hidden: [300],
      rate: 0.3,
      training,
      mostEpochs: MOST_EPOCHS,
      seed,
      watched: { test, validation },
      every: 10,
      log,
    };
    const scaled = await digitStudy({ ...options, pixels: "scaled", stopBy: "test" });
    const bytes = await digitStudy({ ...options, pixels: "bytes", stopBy: "test" });
    const [scaledError, bytesError] = [scaled, bytes].map(({ error }) => Math.min(...error["test"]));
    return {
      measured: { scaledError, bytesOverScaled: bytesError / scaledError },
      figures: [
        {
          name: "error",
          chart: {
            kind: "line",
            title: { en: "Error ratio every ten epochs", zh: "每十轮的错误率" },
            xAxis: { label: { en: "epoch", zh: "轮" } },
            yAxis: { label: { en: "error ratio", zh: "错误率" }, format: "percent", scale: "log", min: 0.01, max: 1 },
            series: [
              curve({ en: "pixels 0 to 1, test", zh: "像素 0 到 1，测试集" }, scaled.epochs, scaled.error["test"], 0),
              curve(
                { en: "pixels 0 to 1, held out", zh: "像素 0 到 1，留出集" },
                scaled.epochs,
                scaled.error["validation"],
                2,
              ),
              curve({ en: "bytes, test", zh: "字节，测试集" }, bytes.epochs, bytes.error["test"], 1),
              curve({ en: "bytes, held out", zh: "字节，留出集" }, bytes.epochs, bytes.error["validation"], 3),
            ],
          },
        },
      ],
      notes: [
        {
          en: `${endOf(scaled, "Scaled pixels")} ${endOf(bytes, "Bytes")} The limit of ${MOST_EPOCHS} epochs is ours; the series has none.`,
          zh: `缩放后的像素训练到第 ${scaled.epochs.at(-1)} 轮，字节训练到第 ${bytes.epochs.at(-1)} 轮。${MOST_EPOCHS} 轮的上限是这里加的，原文没有。`,
        },
      ],
    };
  },
  about: {
    en: "Sigmoids, rate 0.3, one sample a step, targets 0.9 and 0.1, weights uniform in ±0.1, the error on the test set every ten epochs, and the end when it has grown. The series reports neither accuracy nor the epoch at which it stopped, so what is measured here stands beside no number. It takes bytes as they are; scaled pixels are run beside them. Its early stopping watches the test set, which makes the final figure a little too good; the error on 10,000 images held out of the training set is shown too. Quick: the vectorised program by hand on 400 images; full: the framework on 50,000.",
    zh: "sigmoid，学习率 0.3，每步一个样本，目标值 0.9 与 0.1，权重在 ±0.1 内均匀分布；每十轮在测试集上求错误率，错误率上升即停止。原文既没有给出准确率，也没有说停在第几轮，所以这里的结果没有可对照的数字。原文直接使用字节；这里另跑一遍缩放后的像素。原文的提前停止看的是测试集，最后的数字因而略微偏好；这里同时给出从训练集留出的 10,000 幅图像上的错误率。quick：手写的向量化程序，400 幅图像；full：框架，50,000 幅。",
  },
  claims: [
    {
      measure: "scaledError",
      says: {
        en: "the network learns: error ratio on the test set, scaled pixels",
        zh: "网络能够学会：测试集错误率，缩放后的像素",
      },
      accept: { quick: { atMost: 0.35 }, full: { atMost: 0.05 } },
      because: {
        en: "no number in the text. Quick: 0.23 to 0.27 over three seeds, and 200 test images leave it open by 0.03. Full: 0.020 with seed 1; networks of this size are known for some 2 to 5 percent",
        zh: "原文没有数字。quick：三个种子的结果为 0.23 到 0.27，200 幅测试图像又有 0.03 的不确定。full：种子 1 为 0.020；这种规模的网络错误率通常在百分之 2 到 5 之间",
      },
    },
    {
      measure: "bytesOverScaled",
      says: {
        en: "bytes as they are do worse: their error over that of scaled pixels",
        zh: "直接用字节更差：其错误率与缩放后之比",
      },
      accept: { atLeast: 1.5 },
      because: {
        en: "half as many mistakes again; the text has the bytes only. Quick: 3.0 to 3.4 over three seeds; full: 38 with seed 1",
        zh: "错误至少多一半；原文只有字节的情形。quick：三个种子为 3.0 到 3.4；full：种子 1 为 38",
      },
    },
  ],
};

export const checkpoint: Experiment = {
  id: "zero/3-checkpoint",
  title: { en: "Saving the weights and going on later", zh: "保存权重，以后继续训练" },
  section: "3",
  kind: "exercise",
  settings: { network: "[784, 30, 10]", images: 200, epochs: "2 + 2" },
  read: ["book/zero/programs/checkpoint.ts", ...byHand],
  needs: ["mnist"],
  async run({ mnist: load, seed }) {
    const { training, test } = await load();
    const set = labelled(training, 200);
    const whole = new Network([784, 30, 10], new Random(seed));
    whole.train(set.labels, set.samples, 0.3, 4);
    const half = new Network([784, 30, 10], new Random(seed));
    half.train(set.labels, set.samples, 0.3, 2);
    const text = saveNetwork(half, 2);
    const { network, epoch } = loadNetwork(text);
    network.train(set.labels, set.samples, 0.3, 4 - epoch);
    const difference = network.layers.flatMap(({ W, b }, i) => {
      const other = whole.layers[i];
      return [
        W.minus(other.W).values.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
        b.minus(other.b).values.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
      ];
    });
    return {
      measured: { difference: Math.max(...difference), resumedAtEpoch: epoch },
      notes: [
        {
          en: `The checkpoint takes ${Math.round(text.length / 1024)} KiB; error on 200 test images ${evaluate(network, labelled(test, 200))}.`,
          zh: `检查点占 ${Math.round(text.length / 1024)} KiB；200 幅测试图像上的错误率为 ${evaluate(network, labelled(test, 200))}。`,
        },
      ],
    };
  },
  about: {
    en: "The series advises to save the parameters every ten epochs and leaves the program out. Here training is cut in two, with nothing but a JSON text between the parts; the result has to be the same to the last bit as without the cut.",
    zh: "原文建议每十轮保存一次参数，但略去了程序。这里把训练分成两段，中间只留下一段 JSON 文本；结果必须与不中断时逐位相同。",
  },
  claims: [
    {
      measure: "difference",
      says: {
        en: "largest difference of a weight between resumed and uninterrupted training",
        zh: "恢复训练与不中断训练之间权重的最大差",
      },
      accept: { equals: 0 },
    },
    {
      measure: "resumedAtEpoch",
      says: { en: "the epoch at which it goes on", zh: "恢复时的轮数" },
      accept: { equals: 2 },
    },
  ],
};

export const hiddenSizes: Experiment = {
  id: "zero/3-hidden-sizes",
  title: { en: "Other sizes and numbers of hidden layers", zh: "其他的隐藏层大小与层数" },
  section: "3",
  kind: "exercise",
  settings: { rate: 0.3, "batch size": 1 },
  read: ["book/zero/framework/digit-study.ts", "book/zero/chapter3/3-mnist.ts"],
  needs: ["mnist"],
  async run({ mnist: load, pick, seed, log }) {
    const { training, test } = await load();
    const networks = [[10], [28], [89], [300], [89, 89], [89, 89, 89]];
    const errors: number[] = [];
    for (const hidden of networks) {
      const study = await digitStudy({
        hidden,
        rate: 0.3,
        pixels: "scaled",
        training: pick({ quick: first(training, 2000), full: training }),
        mostEpochs: pick({ quick: 1, full: 3 }),
        every: pick({ quick: 1, full: 3 }),
        watched: { test },
        seed,
        log: (line) => log(`[${hidden}] ${line}`),
      });
      errors.push(study.error["test"].at(-1)!);
    }
    const widths = [10, 28, 89, 300];
    return {
      measured: {
        best: widths[errors.indexOf(Math.min(...errors.slice(0, 4)))],
        threeLayersOverOne: errors[5] / errors[2],
      },
      figures: [
        {
          name: "sizes",
          chart: {
            kind: "bar",
            title: { en: "Error ratio on the test set, by hidden layers", zh: "测试集错误率与隐藏层" },
            categories: networks.map((hidden) => hidden.join("-")),
            xAxis: { label: { en: "hidden neurons", zh: "隐藏神经元" } },
            yAxis: { label: { en: "error ratio", zh: "错误率" }, format: "percent" },
            series: [{ name: { en: "error", zh: "错误率" }, values: errors }],
          },
        },
      ],
    };
  },
  about: {
    en: "The text gives three rules of thumb for the hidden layer, chooses 300 and asks its reader to try others. The rules' answers (10, 28 and 89 neurons), 300, and two and three hidden layers, under the same training on scaled pixels. Quick: the first 2,000 images, one epoch; full: 50,000 images, three epochs.",
    zh: "原文给出隐藏层大小的三个经验公式，自己选了 300，并请读者试试别的。这里在相同的训练（像素缩放）下比较三个公式的答案（10、28、89 个神经元）、300 个，以及两个和三个隐藏层。quick：前 2,000 幅图像，一轮；full：50,000 幅，三轮。",
  },
  claims: [
    {
      measure: "best",
      says: { en: "hidden neurons of the best of 10, 28, 89 and 300", zh: "10、28、89、300 之中最好的神经元个数" },
      accept: { quick: null, full: { atLeast: 89 } },
      because: {
        en: "more neurons can represent more; the text states no order",
        zh: "神经元越多，能表示的越多；原文没有给出次序",
      },
    },
    {
      measure: "threeLayersOverOne",
      says: {
        en: "gradients barely pass several sigmoid layers: error of three hidden layers of 89 over that of one",
        zh: "梯度难以穿过多层 sigmoid：三个 89 的隐藏层的错误率与一层之比",
      },
      accept: { atLeast: 1 },
      because: { en: "not better than one; the text gives no number", zh: "不比一层好；原文没有数字" },
    },
  ],
};

export const experiments: readonly Experiment[] = [saturation, mnist, checkpoint, hiddenSizes];
