// Section 6.2, exercises: no fully connected layer; tanh in place of the sigmoid; and the pooling of which the book only speaks.
import { type Layer, type Sequential, scope } from "nabla";
import type { Experiment } from "../../experiment.ts";
import { type DigitSet, first } from "../../mnist.ts";
import { toImages } from "../framework/network3-sgd.ts";
import { bookNetwork, gain, train, trainedTable, type Variant, validationFigure } from "../framework/network3-study.ts";

const read = [
  "book/nndl/programs/network3-layers.ts",
  "book/nndl/framework/network3-sgd.ts",
  "book/nndl/framework/network3-study.ts",
  "book/nndl/chapter6/6.2-exercises.ts",
];
const layers = "20 filters 5x5, pool, 40 filters 5x5, pool";
const TEST = { en: "test accuracy in percent", zh: "测试集准确率（%）" };

/** Share of the second convolution's maps that are 0 everywhere for these images. */
function silentMaps(model: Sequential, images: DigitSet): number {
  return scope(() => {
    let values = toImages(images).x;
    let convolutions = 0;
    for (const layer of model.layers as readonly Layer[]) {
      values = layer.call(values, { training: false, generator: model.generator });
      if (layer.type === "conv2d") convolutions += 1;
      if (convolutions === 2) break;
    }
    return values.max([0, 2, 3]).equal(0).cast("float32").mean().item() as number;
  });
}

const bare: Experiment = {
  id: "nndl/6.2-no-fully-connected",
  title: { en: "Without a fully connected layer", zh: "去掉全连接层" },
  section: "6.2, exercises",
  kind: "exercise",
  settings: { network: `${layers}, softmax; ReLU`, epochs: 60, eta: 0.03, lambda: 0.1, "mini-batch": 10 },
  read,
  needs: ["mnist"],
  hours: 0.6,
  async run(context) {
    const quick = { images: 500, epochs: 10 };
    const without: Variant = { ...bookNetwork("6.D"), name: "6.D without 100", full: [], reported: undefined };
    const [whole, less] = [
      await train(context, bookNetwork("6.D"), context.seed, quick),
      await train(context, without, context.seed, quick),
    ];
    return {
      measured: {
        test: less.test,
        gain: gain([less], [whole]),
        parameters: [whole.model.parameterCount, less.model.parameterCount],
      },
      tables: [trainedTable([whole, less])],
      figures: [
        validationFigure({ en: "With and without the hundred neurons", zh: "有无那一百个神经元" }, [whole, less]),
      ],
    };
  },
  about: {
    en: "The exercise asks what accuracy is left when the fully connected layer is omitted, and only the softmax looks at the 40 pooled maps: 26,970 parameters instead of 85,670. The book gives no number. Quick: 500 images, 10 epochs.",
    zh: "练习问：去掉全连接层，只让 softmax 看那 40 张池化图，准确率还剩多少？参数从 85,670 减到 26,970。书中没有给出数字。快速形式：500 幅图像，10 个迭代期。",
  },
  claims: [
    {
      measure: "test",
      says: TEST,
      accept: { quick: { between: [76, 88] }, full: { between: [98.7, 99.3] } },
      because: {
        en: "Quick: seeds 1 and 2 had 82.5 and 83.6. Full: a little below the book's 99.23 for the whole network, and above its 98.78 for one convolution",
        zh: "快速：种子 1 与 2 为 82.5 与 83.6。完整：略低于书中整个网络的 99.23，高于一个卷积层的 98.78",
      },
    },
    {
      measure: "gain",
      says: { en: "points that it wins or loses", zh: "与整个网络相比的百分点" },
      accept: { quick: { between: [-4, 8.5] }, full: { between: [-0.5, 0.1] } },
      because: {
        en: "Quick: 0 to 6.7 over seeds 1 to 4 and 11 to 18. Full: below the noise of 0.1 upwards",
        zh: "快速：种子 1 到 4 与 11 到 18 为 0 到 6.7。完整：向上不超过 0.1 的噪声",
      },
    },
    {
      measure: "parameters",
      says: { en: "parameters with and without it", zh: "有无该层的参数" },
      accept: { equals: [85_670, 26_970] },
    },
  ],
};

const tanh: Experiment = {
  id: "nndl/6.2-tanh",
  title: { en: "tanh in place of the sigmoid", zh: "用 tanh 代替 S 型函数" },
  section: "6.2, problems",
  kind: "exercise",
  settings: { network: `${layers}, 100, softmax`, epochs: 60, eta: "0.1; tanh also 0.05", lambda: 0, "mini-batch": 10 },
  read,
  needs: ["mnist"],
  hours: 1,
  async run(context) {
    const quick = { images: 2000, epochs: 5 };
    const of = (name: string, eta: number): Variant => ({
      ...bookNetwork("6.C"),
      ...{ name, activation: "tanh", eta, reported: undefined },
    });
    const [sigmoid, plain, halved] = [
      await train(context, bookNetwork("6.C"), context.seed, quick),
      await train(context, of("tanh", 0.1), context.seed, quick),
      await train(context, of("tanh, half the rate", 0.05), context.seed, quick),
    ];
    const best = (accuracies: readonly number[]) => 100 * Math.max(...accuracies);
    const early = context.pick({ quick: 2, full: 20 });
    const after = [sigmoid, plain, halved].map(({ result: { validationAccuracies } }) => ({
      early: best(validationAccuracies.slice(0, early)),
      end: best(validationAccuracies),
    }));
    const round = (points: number) => Number(points.toFixed(2));
    return {
      measured: {
        test: [plain.test, halved.test],
        gainEarly: round(after[1].early - after[0].early),
        gainAtEnd: round(after[1].end - after[0].end),
        halving: round(after[2].end - after[1].end),
      },
      tables: [trainedTable([sigmoid, plain, halved])],
      figures: [
        validationFigure({ en: "Sigmoid and tanh", zh: "S 型与 tanh" }, [sigmoid, plain, halved], 1, [
          { en: "sigmoid, 0.1", zh: "S 型，0.1" },
          { en: "tanh, 0.1", zh: "tanh，0.1" },
          { en: "tanh, 0.05", zh: "tanh，0.05" },
        ]),
      ],
    };
  },
  about: {
    en: "The problem: replace the sigmoid of 6.C by tanh, train 20 and then 60 epochs, and compare the curves. tanh(z) = 2 σ(2z) − 1 is the sigmoid in other units: at 0 it has four times the slope and its mean is 0, so that at the same rate it takes larger steps; halving the rate takes some of it back, as the book suggests. The two networks leave the starting plateau at very different times. Early means after 20 epochs in full and after 2 in the quick form, which trains 5 epochs on 2,000 images.",
    zh: "思考题：把 6.C 的 S 型函数换成 tanh，先训练 20 个、再训练 60 个迭代期，比较曲线。tanh(z) = 2 σ(2z) − 1 就是换了单位的 S 型函数：在 0 处斜率是四倍，均值为 0，因此同样的学习率下步子更大；按书中的建议把学习率减半可抵消一部分。两个网络离开初始平台的时间大不相同。“早期”在完整形式中指 20 个迭代期之后，在快速形式（2,000 幅图像，5 个迭代期）中指 2 个之后。",
  },
  claims: [
    {
      measure: "gainEarly",
      says: { en: "points of validation accuracy over the sigmoid, early", zh: "早期比 S 型提高的百分点（验证集）" },
      accept: { quick: { between: [60, 90] }, full: { between: [-0.2, 0.5] } },
      because: {
        en: "Quick: the sigmoid network stands on its plateau. Ten seeds: 80 to 82. Full: after 20 epochs both have long left it",
        zh: "快速：S 型网络还停在平台上。十个种子：80 至 82。完整：20 个迭代期之后两者都早已离开",
      },
    },
    {
      measure: "gainAtEnd",
      says: { en: "at the end", zh: "最后" },
      accept: { quick: { between: [70, 90] }, full: { between: [-0.3, 0.3] } },
      because: {
        en: "Quick: the same. Full: the functions are the same but for units",
        zh: "快速：同上。完整：两个函数只差单位",
      },
    },
    {
      measure: "halving",
      says: { en: "points that half the rate wins for tanh", zh: "tanh 的学习率减半带来的百分点" },
      accept: { quick: { between: [-3, 3] }, full: { between: [-0.2, 0.3] } },
      because: {
        en: "Quick: ten seeds: -2.1 to -0.6; full: the form has not been run",
        zh: "快速：十个种子：-2.1 至 -0.6；完整形式尚未运行",
      },
    },
  ],
};

const l2Pooling: Experiment = {
  id: "nndl/6.2-l2-pooling",
  title: { en: "L2 pooling instead of max pooling", zh: "用 L2 池化代替最大池化" },
  section: "6.2",
  kind: "experiment",
  settings: {
    network: `${layers}, 100, softmax; ReLU`,
    epochs: 60,
    eta: "0.03; L2 also 0.01",
    lambda: 0.1,
    "mini-batch": 10,
  },
  read,
  needs: ["mnist"],
  hours: 1,
  async run(context) {
    const quick = { images: 500, epochs: 10 };
    const of = (name: string, eta: number): Variant => ({
      ...bookNetwork("6.D"),
      ...{ name, pooling: "l2", eta, reported: undefined },
    });
    const [max, bold, calm] = [
      await train(context, bookNetwork("6.D"), context.seed, quick),
      await train(context, of("L2, 0.03", 0.03), context.seed, quick),
      await train(context, of("L2, 0.01", 0.01), context.seed, quick),
    ];
    const shown = first((await context.mnist()).test, 500);
    const silent = silentMaps(bold.model, shown);
    return {
      measured: {
        calm: calm.test,
        gain: gain([calm], [max]),
        failsSilent: bold.test < 20 === silent > 0.5,
        silentCalm: silentMaps(calm.model, shown),
      },
      tables: [trainedTable([max, bold, calm])],
      notes: [
        {
          en: `At a rate of 0.03, ${Math.round(40 * silent)} of the second layer's 40 maps answer none of 500 test images.`,
          zh: `学习率为 0.03 时，第二层 40 张特征图中有 ${Math.round(40 * silent)} 张对 500 幅测试图像都不响应。`,
        },
      ],
      figures: [
        validationFigure({ en: "Max pooling and L2 pooling", zh: "最大池化与 L2 池化" }, [max, bold, calm], 1, [
          { en: "6.D, max, 0.03", zh: "6.D，最大，0.03" },
          { en: "L2, 0.03", zh: "L2，0.03" },
          { en: "L2, 0.01", zh: "L2，0.01" },
        ]),
      ],
    };
  },
  about: {
    en: "The book names L2 pooling, the root of the sum of the squares of four neurons, and says that both are in wide use; it trains none. Here 6.D does with it. What a pool hands on is up to twice as large as its largest neuron, twice over for two layers, so that the activations and with them the steps are larger: at the rate of max pooling, with seed 1, the first epoch throws most maps of the second convolution to where their rectified neurons answer no image any more, and no gradient brings them back; with seed 2 they survive. A third of the rate is safe, and slower. Quick: 500 images, 10 epochs.",
    zh: "书中提到 L2 池化（四个神经元平方和的平方根），说两者都很常用，但没有用它训练。这里把它用于 6.D。池化输出最多是最大神经元的两倍，两层就是四倍，激活值和步子随之变大：用最大池化的学习率，种子 1 的第一个迭代期就把第二个卷积层的大多数特征图推到修正线性神经元对任何图像都不再响应的地方，梯度也不能把它们带回来；种子 2 则没有。三分之一的学习率是安全的，只是慢些。快速形式：500 幅图像，10 个迭代期。",
  },
  claims: [
    {
      measure: "calm",
      says: { en: "test accuracy in percent at a third of the rate", zh: "学习率为三分之一时的测试集准确率（%）" },
      accept: { quick: { between: [70, 83] }, full: { between: [98.8, 99.4] } },
      because: {
        en: "Quick: eleven seeds had 73.3 to 80.8. Full: near 6.D's 99.23",
        zh: "快速：十一个种子为 73.3 至 80.8。完整：接近 6.D 的 99.23",
      },
    },
    {
      measure: "gain",
      says: { en: "points over max pooling", zh: "比最大池化提高的百分点" },
      accept: { quick: { between: [-10, 4] }, full: { between: [-0.3, 0.3] } },
      because: {
        en: "Full: both are in wide use, no large difference is expected. Quick: a third of the rate comes less far in as many steps. Eleven seeds: -7.4 to 2.6",
        zh: "完整：两者都很常用，预期差别不大。快速：步数相同，三分之一的学习率走得近些。十一个种子：-7.4 至 2.6",
      },
    },
    {
      measure: "failsSilent",
      says: {
        en: "at the rate of max pooling it reads less than a fifth exactly where most of the second layer's maps are silent",
        zh: "用最大池化的学习率时，读对不到五分之一，当且仅当第二层的大多数特征图不再响应",
      },
      accept: { equals: true },
    },
    {
      measure: "silentCalm",
      says: {
        en: "at a third of the rate, share of the second layer's 40 maps that answer none of 500 test images",
        zh: "学习率为三分之一时，第二层 40 张特征图中对 500 幅测试图像都不响应的比例",
      },
      accept: { between: [0, 0.35] },
      because: { en: "eleven seeds: 0.075 to 0.2", zh: "十一个种子：0.075 至 0.2" },
    },
  ],
};

export const experiments: readonly Experiment[] = [bare, tanh, l2Pooling];
