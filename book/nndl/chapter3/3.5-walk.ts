// Section 3.5, the book's strategy as a program that decides by itself.
import type { Experiment, RunContext } from "../../experiment.ts";
import { first } from "../../mnist.ts";
import { percent } from "../curves.ts";
import { study } from "../framework/study.ts";
import { onlyDigits, trainer } from "../framework/trials.ts";
import { noImprovementIn } from "../programs/stopping.ts";
import { type Step, type Train, type Walked, walk } from "../programs/strategy.ts";

/**
 * The cost has to fall for 4 epochs of 1,000 images; for more on the larger problem, whose first epochs are a long way down at any rate: after 4
 * epochs of 10,000 images even the rate 5 passes.
 */
function stageOf(context: RunContext, name: string, images: number, train: Train, watch = 4): Promise<Walked> {
  return walk({
    ...{ train, images },
    batchSize: 10,
    watch,
    epochs: context.pick({ quick: 6, full: 15 }),
    log: ({ rule, settings, finding }) =>
      context.log(`${name}: ${rule}, eta ${settings.eta}, lambda ${settings.lambda}: ${finding}`),
  });
}

const walked = (steps: readonly Step[], ...rules: readonly Step["rule"][]): readonly Step[] =>
  steps.filter(({ rule }) => rules.includes(rule));

export const walkByProgram: Experiment = {
  id: "nndl/3.5-walk",
  title: { en: "The strategy as a program that decides by itself", zh: "把策略写成自己做决定的程序" },
  section: "3.5",
  kind: "construction",
  settings: { start: 0.01, batchSize: 10, hidden: 30 },
  read: ["book/nndl/programs/strategy.ts", "book/nndl/framework/trials.ts", "book/nndl/chapter3/3.5-walk.ts"],
  needs: ["mnist"],
  async run(context) {
    const { training, validation } = await context.mnist();
    const { seed } = context;
    const two = [onlyDigits(training, [0, 1], 1000), onlyDigits(validation, [0, 1], 500)] as const;
    const zeroOneTrain = trainer([784, 2], two[0], two[1], seed);
    const zeroOne = await stageOf(context, "0 or 1", two[1].count, zeroOneTrain);
    const zeroOneAccuracy = Math.max(...(await zeroOneTrain(zeroOne.settings, 8)).accuracy);
    const small = first(validation, 1000);
    const ten = await stageOf(
      context,
      "[784, 10]",
      small.count,
      trainer([784, 10], first(training, 1000), small, seed),
    );
    const n = context.pick({ quick: 2_000, full: 10_000 });
    const sizes = [784, 30, 10];
    const watched = context.pick({ quick: first(validation, 2_000), full: validation });
    const hidden = await stageOf(
      context,
      "[784, 30, 10]",
      watched.count,
      trainer(sizes, first(training, n), watched, seed),
      context.pick({ quick: 8, full: 12 }),
    );

    const all = context.pick({ quick: 5_000, full: 50_000 });
    const { eta, lambda, batchSize } = hidden.settings;
    const stop = noImprovementIn(context.pick({ quick: 5, full: 10 }));
    // The same lambda / n as in the search.
    const final = await study({
      ...{ sizes, cost: "crossEntropy", weights: "scaled", training: first(training, all), seed, eta, batchSize },
      lambda: (lambda * all) / n,
      epochs: context.pick({ quick: 20, full: 80 }),
      monitor: { validation: watched },
      onEpoch: ({ accuracy, cost, epochs }) =>
        stop({ accuracy: accuracy["validation"], cost: cost["validation"] }, epochs.length),
    });
    const trials = walked(hidden.steps, "threshold", "refine");
    const lambdas = walked(hidden.steps, "lambda", "fine-tune");
    const byLambda = [...lambdas].sort((a, b) => a.settings.lambda - b.settings.lambda);
    const points = (falls: boolean): number[] => trials.flatMap(({ finding }, i) => (finding === falls ? [i] : []));
    const stages = [
      ["[784, 2], 0 / 1", zeroOne, 1000],
      ["[784, 10]", ten, 1000],
      ["[784, 30, 10]", hidden, n],
    ] as const;
    return {
      measured: {
        threshold: hidden.thresholds[1],
        finalAccuracy: percent(Math.max(...final.accuracy["validation"])),
        zeroOne: percent(zeroOneAccuracy),
        eta,
        lambdaPerImage: lambda / n,
        epochs: final.epochs.length,
        trials: zeroOne.steps.length + ten.steps.length + hidden.steps.length,
      },
      figures: [
        {
          name: "threshold",
          chart: {
            kind: "scatter",
            title: { en: "Learning rates tried with 30 hidden neurons", zh: "30 个隐藏神经元时试过的学习率" },
            xAxis: { label: { en: "trial", zh: "第几次试验" } },
            yAxis: { label: { en: "learning rate", zh: "学习率" }, scale: "log" },
            series: [true, false].map((falls) => ({
              name: falls ? { en: "cost falls", zh: "代价下降" } : { en: "cost does not fall", zh: "代价不下降" },
              x: points(falls).map((i) => i + 1),
              y: points(falls).map((i) => trials[i].settings.eta),
            })),
            marks: [
              {
                axis: "y",
                at: hidden.thresholds[1],
                label: { en: `threshold ${hidden.thresholds[1]}`, zh: `阈值 ${hidden.thresholds[1]}` },
              },
            ],
          },
        },
        {
          name: "lambda",
          chart: {
            kind: "line",
            title: { en: "λ by validation accuracy, 30 hidden neurons", zh: "按验证集准确率选 λ，30 个隐藏神经元" },
            xAxis: { label: { en: `λ for ${n} images`, zh: `λ（${n} 张图像）` }, scale: "log" },
            yAxis: { label: { en: "best validation accuracy", zh: "最好的验证集准确率" }, format: "percent" },
            series: [
              {
                name: { en: "trial", zh: "试验" },
                x: byLambda.map(({ settings }) => settings.lambda),
                y: byLambda.map(({ finding }) => Number(finding)),
                style: "line-points",
              },
            ],
            marks: [{ axis: "x", at: lambda, label: { en: `chosen: ${lambda}`, zh: `选中：${lambda}` } }],
          },
        },
      ],
      tables: [
        {
          title: { en: "What the program decided", zh: "程序的决定" },
          columns: [
            { en: "problem", zh: "问题" },
            { en: "images", zh: "图像数" },
            { en: "threshold, λ = 0", zh: "阈值（λ = 0）" },
            "λ",
            { en: "threshold with λ", zh: "阈值（用该 λ）" },
            "η",
            { en: "trials", zh: "试验次数" },
          ],
          rows: stages.map(([name, { thresholds, settings, steps }, images]) => [
            ...[name, images, thresholds[0], settings.lambda, thresholds[1], settings.eta, steps.length],
          ]),
        },
      ],
    };
  },
  about: {
    en: "The rules of the section, in order, without a person: zeros against ones first, then ten digits on 1,000 images without a hidden layer, then the network with 30 hidden neurons. On each problem the learning rate is bracketed by the training cost with λ = 0 and halved, λ is searched by validation accuracy, and the learning rate is set again. The last network is then trained with what was found until nothing has improved in ten epochs.",
    zh: "按本节的规则依次进行，不要人插手：先区分 0 与 1，再用 1,000 张图像、不带隐藏层识别十个数字，最后是带 30 个隐藏神经元的网络。每个问题上先令 λ = 0，用训练代价夹出学习率的阈值并取一半，再按验证集准确率搜索 λ，然后重新定学习率。最后用找到的值训练最后那个网络，直到十个迭代期没有提升为止。",
  },
  claims: [
    {
      measure: "threshold",
      says: { en: "the threshold of the learning rate on MNIST", zh: "MNIST 上学习率的阈值" },
      reported: 0.5,
      accept: { quick: null, full: { between: [0.1, 2] } },
      because: {
        en: "the rule tries 1, 2 and 5 times powers of ten only, and the book itself says that there is no need to be exact",
        zh: "规则只试 10 的幂的 1、2、5 倍，书中也说不必太精确",
      },
    },
    {
      measure: "finalAccuracy",
      says: {
        en: "validation accuracy with the settings that the program found, in percent; the book's own reach 96.5",
        zh: "用程序找到的设置得到的验证集准确率（百分数）；书中自己的设置达到 96.5",
      },
      reported: 96.5,
      accept: { quick: { atLeast: 91 }, full: { within: 0.7 } },
      because: {
        en: "runs with the book's settings differ by about 0.3 points; the quick form trains on 5,000 images",
        zh: "用书中的设置，各次训练约差 0.3 个百分点；快速形式只用 5,000 张图像训练",
      },
    },
    {
      measure: "zeroOne",
      says: { en: "zeros against ones: validation accuracy in percent", zh: "区分 0 与 1：验证集准确率（百分数）" },
      accept: { atLeast: 99 },
      because: {
        en: "the first signal comes easily: that is why this problem comes first",
        zh: "最初的信号来得容易，所以先做这个问题",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [walkByProgram];
