// Section 6.2, cited: Ciresan, Meier, Gambardella and Schmidhuber (2010) came to 99.65 percent without convolutions, with large fully connected layers
// and training images deformed anew for every epoch. One of their smaller networks, and what the deformations do.
import { augment, Dataset, Dense, evaluate, loadTraining, Sequential, SGD, schedule, Trainer, tensor } from "nabla";
import type { Experiment, RunContext } from "../../experiment.ts";
import { keptTraining } from "../../kept-training.ts";
import { type DigitSet, first, toSamples } from "../../mnist.ts";
import { curvesByEpoch, percent, TEST_ACCURACY } from "../curves.ts";

interface Deep {
  readonly hidden: readonly number[];
  readonly epochs: number;
  readonly batch: number;
  readonly deformed: boolean;
}

/** Test accuracies by epoch. The rate falls by a constant factor every epoch, to a hundredth. */
async function trainDeep(
  context: RunContext,
  training: DigitSet,
  test: DigitSet,
  { hidden, epochs, batch, deformed }: Deep,
): Promise<number[]> {
  const { seed } = context;
  const model = new Sequential(
    [...hidden.map((units) => new Dense(units, { activation: "tanh" })), new Dense(10, { activation: "softmax" })],
    { inputShape: [784], seed },
  );
  const pictures = Dataset.from(Array.from({ length: training.count }, (_, i) => i))
    .shuffle({ seed })
    .map((i) => ({
      x: tensor(training.images.subarray(784 * i, 784 * (i + 1)), { shape: [28, 28] }),
      y: tensor(Int32Array.of(training.labels[i]), { shape: [] }),
    }))
    .batch(batch, { dropLast: true });
  const moved = deformed
    ? pictures.map(augment.rotate(10, { seed })).map(augment.shift(1, { seed })).map(augment.elastic({ seed }))
    : pictures;
  const rows = moved.map(({ x, y }) => ({ x: x.reshape([batch, 784]), y }));
  const settings = {
    loss: "softmaxCrossEntropy",
    schedule: schedule.exponential(0.1, { factor: 0.01 ** (1 / epochs) }),
  } as const;
  const unseen = toSamples(test);
  const name = deformed ? "deformed" : "as they are";
  const { result } = await keptTraining({
    ...{ store: context.store, name: `ciresan-${name.replaceAll(" ", "-")}-seed-${seed}`, epochs, print: context.log },
    settings: { hidden, epochs, batch, deformed, images: training.count, test: test.count },
    start: [] as number[],
    make: (file) =>
      file !== undefined
        ? loadTraining(file, rows, settings)
        : { trainer: new Trainer(model, rows, { ...settings, optimizer: new SGD({ learningRate: 0.1 }) }) },
    async epoch(trainer, accuracies): Promise<number[]> {
      const { loss } = (await trainer.finishEpoch())!;
      const { accuracy } = evaluate(trainer.model, unseen, { loss: "softmaxCrossEntropy" });
      context.log(`${name}, epoch ${trainer.epoch}: cost ${loss.toFixed(4)}, test accuracy ${percent(accuracy)}%`);
      return [...accuracies, accuracy];
    },
  });
  return result;
}

const deep: Experiment = {
  id: "nndl/6.2-ciresan",
  title: { en: "No convolutions: large layers, deformed images", zh: "不用卷积：大的全连接层加变形图像" },
  section: "6.2",
  kind: "experiment",
  settings: { network: "784-1000-500-10, tanh, softmax", images: 50_000, epochs: 40, "mini-batch": 50 },
  read: ["book/nndl/chapter6/6.2-ciresan.ts", "src/data/augment/augment.ts"],
  needs: ["mnist"],
  hours: 0.6,
  async run(context) {
    const data = await context.mnist();
    const training = first(data.training, context.pick({ quick: 300, full: 50_000 }));
    const test = first(data.test, context.pick({ quick: 3000, full: 10_000 }));
    const form = context.pick({
      quick: { hidden: [100, 50], epochs: 60, batch: 10 },
      full: { hidden: [1000, 500], epochs: 40, batch: 50 },
    });
    const plain = await trainDeep(context, training, test, { ...form, deformed: false });
    const deformed = await trainDeep(context, training, test, { ...form, deformed: true });
    const epochs = plain.map((_, epoch) => epoch + 1);
    const widths = [784, 1000, 500, 10];
    return {
      measured: {
        test: percent(deformed.at(-1) ?? 0),
        gain: Number((percent(deformed.at(-1) ?? 0) - percent(plain.at(-1) ?? 0)).toFixed(2)),
        parameters: widths.slice(1).reduce((sum, width, l) => sum + (widths[l] + 1) * width, 0),
      },
      figures: [
        {
          name: "accuracy",
          chart: curvesByEpoch(
            { en: "Images as they are, and deformed anew every epoch", zh: "原样的图像，与每个迭代期重新变形的图像" },
            [
              { name: { en: "as they are", zh: "原样" }, epochs, values: plain },
              { name: { en: "deformed", zh: "变形" }, epochs, values: deformed },
            ],
            { y: { label: TEST_ACCURACY, format: "percent" } },
          ),
        },
      ],
    };
  },
  about: {
    en: "Ciresan's group took the oldest kind of network, made it large and trained it for hundreds of epochs on a graphics card, each epoch on images that were turned, moved and bent elastically anew: 99.65 percent with 2,500-2,000-1,500-1,000-500 hidden neurons and 12 million weights. Here one of the sizes that a processor trains in half an hour, 1,000-500, with and without the deformations, softmax and log-likelihood, the rate falling from 0.1 to 0.001 as theirs fell by a constant factor. Quick: 100-50 neurons, 300 images, 60 epochs, mini-batches of 10.",
    zh: "Ciresan 等人把最古老的网络做大，在显卡上训练几百个迭代期，每个迭代期都把图像重新旋转、平移、弹性变形：隐藏层 2,500-2,000-1,500-1,000-500，一千二百万个权重，达到 99.65%。这里取处理器半小时能训练的尺寸 1,000-500，比较有无变形；softmax 加对数似然代价，学习率像他们那样按固定比例下降，从 0.1 到 0.001。快速形式：100-50 个神经元，300 幅图像，60 个迭代期，小批量 10。",
  },
  claims: [
    {
      measure: "test",
      says: {
        en: "test accuracy in percent with deformations (cited for the large one: 99.65)",
        zh: "有变形时的测试集准确率（%；引用的大网络为 99.65）",
      },
      accept: { quick: { between: [68, 81] }, full: { between: [98.9, 99.6] } },
      because: {
        en: "Full: a smaller network, a twentieth of the epochs. Quick: seed 1 had 74.8",
        zh: "完整：网络更小，迭代期为二十分之一。快速：种子 1 为 74.8",
      },
    },
    {
      measure: "gain",
      says: { en: "points that the deformations win", zh: "变形带来的百分点" },
      accept: { quick: { between: [-3, 4] }, full: { between: [0.4, 1.6] } },
      because: {
        en: "Quick: seed 1: 0.4, with a point of chance either way; 300 images are too few for the network to use what the deformations teach. Full: without them a fully connected network stays near 98.3",
        zh: "快速：种子 1：0.4，偶然各有一个百分点；300 幅图像太少，网络用不上变形教给它的东西。完整：没有变形的全连接网络停在 98.3 左右",
      },
    },
    {
      measure: "parameters",
      says: { en: "parameters of 784-1000-500-10", zh: "784-1000-500-10 的参数" },
      accept: { equals: 1_290_510 },
    },
  ],
};

export const experiments: readonly Experiment[] = [deep];
