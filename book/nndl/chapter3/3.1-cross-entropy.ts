// Section 3.1 on MNIST: cross-entropy against the quadratic cost, with 30 and with 100 hidden neurons, and softmax with log-likelihood beside them.
import type { Experiment, RunContext } from "../../experiment.ts";
import { first } from "../../mnist.ts";
import { type Curve, curvesByEpoch, median, percent, TEST_ACCURACY } from "../curves.ts";
import { type Cost, type Study, study } from "../framework/study.ts";

const read = [
  "book/nndl/programs/network2.ts",
  "book/nndl/programs/costs.ts",
  "book/nndl/framework/study.ts",
  "book/nndl/chapter3/3.1-cross-entropy.ts",
];

interface Runs {
  readonly studies: readonly Study[];
  /** Best epoch of each seed, in per cent. */
  readonly best: readonly number[];
  readonly final: readonly number[];
}

/** One network a seed, as in chapter 1 but for the cost; evaluated on the test data. */
async function train(
  context: RunContext,
  hidden: number,
  cost: Cost,
  eta: number,
  seeds: readonly number[],
): Promise<Runs> {
  const data = await context.mnist();
  const studies: Study[] = [];
  for (const seed of seeds) {
    context.log(`${hidden} hidden neurons, ${cost}, seed ${seed}`);
    studies.push(
      await study({
        sizes: [784, hidden, 10],
        cost,
        weights: "normal",
        training: first(data.training, context.pick({ quick: 10_000, full: 50_000 })),
        epochs: context.pick({ quick: 5, full: 30 }),
        eta,
        seed,
        monitor: { test: data.test },
      }),
    );
  }
  return {
    studies,
    best: studies.map(({ accuracy }) => percent(Math.max(...accuracy.test))),
    final: studies.map(({ accuracy }) => percent(accuracy.test.at(-1) ?? 0)),
  };
}

const variation = {
  en: "the book says that runs vary; our seeds differ by a few tenths of a point",
  zh: "原书说明各次运行有波动；我们的几个种子相差零点几个百分点",
};

const smaller: Experiment = {
  id: "nndl/3.1-cross-entropy-30",
  title: { en: "Cross-entropy on MNIST, 30 hidden neurons", zh: "MNIST 上的交叉熵，30 个隐藏神经元" },
  section: "3.1",
  kind: "experiment",
  settings: { hidden: 30, epochs: 30, batchSize: 10, eta: 0.5, etaQuadratic: 3 },
  read,
  needs: ["mnist"],
  async run(context) {
    const seeds = context.seeds(3);
    const entropy = await train(context, 30, "crossEntropy", 0.5, seeds);
    const quadratic = context.form === "full" ? await train(context, 30, "quadratic", 3, seeds) : null;
    const softmax = context.form === "full" ? await train(context, 30, "logLikelihood", 0.5, seeds.slice(0, 1)) : null;
    const accuracy = median(entropy.best);
    const curve = (name: Curve["name"], { epochs, accuracy: found }: Study, colour: number): Curve => ({
      name,
      epochs,
      values: found.test,
      colour,
    });
    return {
      measured: {
        accuracy,
        best: entropy.best,
        final: entropy.final,
        ...(quadratic && { gain: accuracy - median(quadratic.best), bestQuadratic: quadratic.best }),
        ...(softmax && { bestSoftmax: softmax.best }),
      },
      figures: [
        {
          name: "accuracy",
          chart: curvesByEpoch(
            { en: "Test accuracy with 30 hidden neurons", zh: "30 个隐藏神经元的测试集准确率" },
            [
              curve({ en: "cross-entropy, η = 0.5", zh: "交叉熵，η = 0.5" }, entropy.studies[0], 0),
              ...(quadratic ? [curve({ en: "quadratic, η = 3", zh: "二次代价，η = 3" }, quadratic.studies[0], 1)] : []),
              ...(softmax
                ? [
                    curve(
                      { en: "softmax and log-likelihood, η = 0.5", zh: "softmax 与对数似然，η = 0.5" },
                      softmax.studies[0],
                      2,
                    ),
                  ]
                : []),
            ],
            { y: { label: TEST_ACCURACY, format: "percent" } },
          ),
        },
      ],
    };
  },
  about: {
    en: "The network of chapter 1 with the cross-entropy in place of the quadratic cost. Full: both costs from the same seeds, best of 30 epochs, median of three seeds. Quick: 10,000 images, 5 epochs, cross-entropy only.",
    zh: "第一章的网络，把二次代价换成交叉熵。完整形式：两种代价使用相同的种子，取 30 个迭代期中的最佳值，再取三个种子的中位数。快速形式：10,000 幅图像、5 个迭代期，只用交叉熵。",
  },
  claims: [
    {
      measure: "accuracy",
      says: { en: "test accuracy in per cent", zh: "测试集准确率（%）" },
      reported: 95.49,
      accept: { quick: { atLeast: 89 }, full: { within: 0.5 } },
      because: {
        en: "full: the book says that runs vary, our seeds by a few tenths; quick: a fifth of the data and 5 epochs",
        zh: "完整：原书说明各次运行有波动，我们的种子相差零点几；快速：五分之一的数据、5 个迭代期",
      },
    },
    {
      measure: "gain",
      says: {
        en: "against the quadratic cost (95.42), in points: about the same",
        zh: "与二次代价（95.42）之差（百分点）：大致相同",
      },
      expected: 0.07,
      accept: { quick: null, full: { within: 0.5 } },
      because: {
        en: "a difference of two medians, each with the variation of runs",
        zh: "两个中位数之差，各自带有运行间的波动",
      },
    },
  ],
};

const larger: Experiment = {
  id: "nndl/3.1-cross-entropy-100",
  title: { en: "Cross-entropy on MNIST, 100 hidden neurons", zh: "MNIST 上的交叉熵，100 个隐藏神经元" },
  section: "3.1",
  kind: "experiment",
  settings: { hidden: 100, epochs: 30, batchSize: 10, eta: 0.5, etaQuadratic: 3 },
  read,
  needs: ["mnist"],
  async run(context) {
    const seeds = context.seeds(2);
    const entropy = await train(context, 100, "crossEntropy", 0.5, seeds);
    const quadratic = context.form === "full" ? await train(context, 100, "quadratic", 3, seeds.slice(0, 1)) : null;
    const curves: Curve[] = entropy.studies.map(({ epochs, accuracy }, i) => ({
      name: { en: `cross-entropy, seed ${seeds[i]}`, zh: `交叉熵，种子 ${seeds[i]}` },
      epochs,
      values: accuracy.test,
    }));
    for (const { epochs, accuracy } of quadratic?.studies ?? []) {
      curves.push({
        name: { en: `quadratic, seed ${seeds[0]}`, zh: `二次代价，种子 ${seeds[0]}` },
        epochs,
        values: accuracy.test,
      });
    }
    return {
      measured: {
        accuracy: median(entropy.best),
        best: entropy.best,
        final: entropy.final,
        ...(quadratic && { bestQuadratic: quadratic.best }),
      },
      figures: [
        {
          name: "accuracy",
          chart: curvesByEpoch(
            { en: "Test accuracy with 100 hidden neurons", zh: "100 个隐藏神经元的测试集准确率" },
            curves,
            { y: { label: TEST_ACCURACY, format: "percent" } },
          ),
        },
      ],
    };
  },
  about: {
    en: "As nndl/3.1-cross-entropy-30 with 100 hidden neurons: in the book the error falls from 3.41% under the quadratic cost to 3.18%, by about one in fourteen. Full: best of 30 epochs, mean of two seeds for cross-entropy, one seed for the quadratic cost. Quick: 10,000 images, 5 epochs.",
    zh: "同 nndl/3.1-cross-entropy-30，隐藏神经元为 100 个：书中错误率由二次代价的 3.41% 降到 3.18%，约降低十四分之一。完整形式：30 个迭代期中的最佳值，交叉熵取两个种子的平均，二次代价一个种子。快速形式：10,000 幅图像、5 个迭代期。",
  },
  claims: [
    {
      measure: "accuracy",
      says: { en: "test accuracy in per cent", zh: "测试集准确率（%）" },
      reported: 96.82,
      accept: { quick: { atLeast: 89 }, full: { within: 0.5 } },
      because: variation,
    },
  ],
};

export const experiments: readonly Experiment[] = [smaller, larger];
