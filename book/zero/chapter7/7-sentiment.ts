// Part 7: sentiment over trees, blue and red; what "n't" does; a Tree-LSTM beside it.
import { type LabelledTree, loadSst, parseTrees } from "nabla";
import type { Experiment } from "../../experiment.ts";
import { SENTENCE } from "../framework/little-sentiment.ts";
import { classesOf, classify, scoresOf } from "../framework/sentiment.ts";
import { sentimentChart } from "../framework/sentiment-chart.ts";
import { learnSentiment, meanClass, negationEffect, USUAL } from "../framework/sentiment-study.ts";

const WITHOUT = SENTENCE.replace("(1 (2 does) (2 n't))", "(2 does)");

const read = [
  "book/zero/framework/sentiment.ts",
  "book/zero/framework/sentiment-study.ts",
  "book/zero/chapter7/7-sentiment.ts",
];

/** One in n: the files are not in random order. */
const every = (trees: readonly LabelledTree[], n: number) => trees.filter((_, i) => i % n === 0);

const majority = (trees: readonly LabelledTree[], of: (tree: LabelledTree) => ArrayLike<number>): number => {
  const counts = [0, 0, 0, 0, 0];
  let all = 0;
  for (const tree of trees) {
    for (const label of Array.from(of(tree))) {
      counts[label] += 1;
      all += 1;
    }
  }
  return Math.max(...counts) / all;
};
const rootOf = ({ labels }: LabelledTree): number[] => [labels[labels.length - 1]];

const sentiment: Experiment = {
  id: "zero/7-sentiment",
  title: { en: "Sentiment at every node of a sentence", zh: "句子每个节点上的情感" },
  section: "7",
  kind: "experiment",
  settings: {
    network: "recursive, 30 numbers a node",
    sentences: 8544,
    epochs: "10; quick: 3 on a seventh",
    optimizer: "Adam",
  },
  read,
  needs: ["sst"],
  async run(context) {
    const { train, dev, test } = await loadSst();
    const plan = context.pick({
      quick: { train: every(train, 7), dev: every(dev, 4), test: every(test, 4), epochs: 3, rate: 0.004 },
      full: { train, dev, test, epochs: 10, rate: USUAL.rnn.learningRate },
    });
    const settings = { ...USUAL.rnn, learningRate: plan.rate, seed: context.seed };
    const {
      model,
      words,
      dev: curve,
      best,
    } = await learnSentiment(plan.train, plan.dev, settings, plan.epochs, (line) => context.log(line));
    const answers = classify(model, words, plan.test);
    const scores = scoresOf(answers, plan.test);
    const [down, up] = [negationEffect(answers, plan.test, "positive"), negationEffect(answers, plan.test, "negative")];
    const pair = parseTrees(`${SENTENCE}\n${WITHOUT}`);
    const own = classify(model, words, pair);
    const roots = own.map((each, i) => meanClass(each, pair[i].labels.length - 1));
    const drawn = pair.map((each, i) => ({ ...each, labels: Int32Array.from(classesOf(own[i])) }));
    const epochs = curve.map((_, i) => i + 1);
    return {
      measured: {
        root: scores.root,
        all: scores.all,
        rootBinary: scores.rootBinary,
        allBinary: scores.allBinary,
        majorityRoot: majority(test, rootOf),
        majorityAll: majority(test, ({ labels }) => labels),
        nodes: [train, dev, test].map((part) => part.reduce((sum, { labels }) => sum + labels.length, 0)),
        best,
        positiveDown: down.network,
        positiveDownLabels: down.labels,
        negativeUp: up.network,
        lifted: roots[1] - roots[0],
        roots,
      },
      figures: [
        {
          name: "tree",
          chart: sentimentChart(drawn[0], { en: "What the network reads", zh: "网络读出的情感" }),
          width: 900,
        },
        {
          name: "without",
          chart: sentimentChart(drawn[1], { en: "The same without n't", zh: "去掉 n't 之后" }),
          width: 900,
        },
        {
          name: "labels",
          chart: sentimentChart(pair[0], { en: "What people said", zh: "人的标注" }),
          width: 900,
        },
        {
          name: "curves",
          chart: {
            kind: "line",
            title: { en: "Right on the sentences to choose by", zh: "在用于选择的句子上的正确率" },
            xAxis: { label: { en: "epoch", zh: "轮" } },
            yAxis: { format: "percent" },
            series: [
              { name: { en: "all nodes", zh: "全部节点" }, x: epochs, y: curve.map(({ all }) => all) },
              { name: { en: "roots", zh: "根" }, x: epochs, y: curve.map(({ root }) => root) },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "The text shows a tree of blue and red nodes and no numbers; they are those of the Stanford Sentiment Treebank, where people labelled every phrase of 11,855 sentences from 0, very negative, to 4. A recursive layer makes a vector of every phrase, one softmax reads its class. Which epoch's parameters count is decided on sentences apart. Counted, too: phrases that are labelled positive and then negated, and how often that brings the network's answer down; and the text's own sentence with and without n't.",
    zh: "原文只有一棵蓝红相间的树，没有数字；这些数字属于斯坦福情感树库：11,855 个句子的每个短语都由人标注为 0（很负面）到 4。递归层为每个短语算出一个向量，同一个 softmax 读出类别；采用哪一轮的参数由另外的句子决定。还统计了：标注为正面的短语被否定之后，网络的回答有多少次变低；以及原文的那个句子去掉 n't 前后的结果。",
  },
  claims: [
    {
      measure: "nodes",
      says: { en: "nodes to learn from, to choose by, to test with", zh: "训练、选择、测试的节点数" },
      expected: [318_582, 41_447, 82_600],
      accept: { equals: [318_582, 41_447, 82_600] },
    },
    {
      measure: "majorityRoot",
      says: { en: "whoever always says the commonest class: roots", zh: "总答最常见的类：根" },
      expected: 0.2864,
      accept: { within: 0.0001 },
      because: { en: "28.64%, rounded", zh: "28.64%，已舍入" },
    },
    {
      measure: "majorityAll",
      says: { en: "and all nodes", zh: "以及全部节点" },
      expected: 0.6846,
      accept: { within: 0.0001 },
      because: { en: "68.46%, rounded", zh: "68.46%，已舍入" },
    },
    {
      measure: "root",
      says: { en: "five classes at the root, test", zh: "根上五类，测试" },
      expected: 0.432,
      accept: { quick: { between: [0.26, 0.46] }, full: { between: [0.43, 0.47] } },
      because: {
        en: "43.2% are published for such a network; 43.9 to 45.2% after epochs 7 to 9 with seed 1",
        zh: "此类网络公布的结果为 43.2%；种子 1 在第 7 到 9 轮为 43.9% 到 45.2%",
      },
    },
    {
      measure: "all",
      says: { en: "five classes at all nodes, test", zh: "全部节点五类，测试" },
      expected: 0.79,
      accept: { quick: { between: [0.69, 0.79] }, full: { between: [0.79, 0.83] } },
      because: {
        en: "79.0% are published; 80.7 to 80.9% after epochs 7 to 9 with seed 1; the commonest class has 68.5%",
        zh: "公布的结果为 79.0%；种子 1 在第 7 到 9 轮为 80.7% 到 80.9%；最常见的类占 68.5%",
      },
    },
    {
      measure: "rootBinary",
      says: { en: "negative or positive, roots that are one of these", zh: "根上负面或正面（不计中性）" },
      expected: 0.824,
      accept: { quick: { between: [0.5, 0.85] }, full: { between: [0.79, 0.87] } },
      because: { en: "82.4% are published; 82 to 83.5% with seed 1", zh: "公布的结果为 82.4%；种子 1 为 82% 到 83.5%" },
    },
    {
      measure: "positiveDown",
      says: {
        en: "positive phrases with a negation before them: the answer is lower than without",
        zh: "正面短语前有否定词：回答比没有时低",
      },
      accept: { quick: { between: [0.5, 1] }, full: { between: [0.75, 1] } },
      because: { en: "half would be chance", zh: "碰巧为一半" },
    },
    {
      measure: "lifted",
      says: {
        en: "the text's sentence without n't: the root's mean class rises by",
        zh: "原文的句子去掉 n't：根的平均类别上升",
      },
      accept: { quick: { between: [-0.5, 4] }, full: { between: [0.3, 4] } },
      because: { en: "classes go from 0 to 4", zh: "类别从 0 到 4" },
    },
  ],
};

const lstm: Experiment = {
  id: "zero/7-tree-lstm",
  title: { en: "A Tree-LSTM reads the same sentences", zh: "用 Tree-LSTM 读同样的句子" },
  section: "7",
  kind: "experiment",
  settings: {
    network: "Tree-LSTM, 100 units; quick: 40",
    sentences: 8544,
    epochs: "5; quick: 2 on a fourteenth",
    optimizer: "AdaGrad",
    "a root counts": 3,
  },
  read,
  needs: ["sst"],
  async run(context) {
    const { train, dev, test } = await loadSst();
    const plan = context.pick({
      quick: {
        train: every(train, 14),
        dev: every(dev, 6),
        test: every(test, 8),
        epochs: 2,
        rate: 0.05,
        size: 40,
      },
      full: { train, dev, test, epochs: 5, rate: USUAL.lstm.learningRate, size: 100 },
    });
    const settings = {
      ...USUAL.lstm,
      ...{ learningRate: plan.rate, width: plan.size, units: plan.size, seed: context.seed },
    };
    const study = await learnSentiment(plan.train, plan.dev, settings, plan.epochs, (line) => context.log(line));
    const scores = scoresOf(classify(study.model, study.words, plan.test), plan.test);
    return { measured: { root: scores.root, all: scores.all, rootBinary: scores.rootBinary, best: study.best } };
  },
  about: {
    en: "The text ends with the plain cell. A Tree-LSTM has a cell with a forget gate for each child, as an LSTM has one for the step before, so that what stands deep in a sentence can reach its root. With random word vectors 43.9% are published for it at the root; pretrained vectors, which are not here, bring it to 51.0%.",
    zh: "原文止于普通的单元。Tree-LSTM 的每个子节点各有一个遗忘门，正如 LSTM 对上一时刻那样，于是句子深处的内容也能到达根。词向量随机初始化时公布的根上正确率为 43.9%；用预训练词向量（这里没有）可到 51.0%。",
  },
  claims: [
    {
      measure: "root",
      says: { en: "five classes at the root, test", zh: "根上五类，测试" },
      expected: 0.439,
      accept: { quick: { between: [0.12, 0.4] }, full: { between: [0.435, 0.49] } },
      because: {
        en: "43.9% are published; 45.3 and 45.1% after epochs 3 and 4 with seed 1; the quick form, 0.22 to 0.26 over four seeds, learns little more than the commonest class",
        zh: "公布的结果为 43.9%；种子 1 在第 3、4 轮为 45.3% 与 45.1%；快速形式四个种子为 0.22 到 0.26，几乎只学到最常见的类",
      },
    },
    {
      measure: "all",
      says: { en: "five classes at all nodes, test", zh: "全部节点五类，测试" },
      accept: { quick: { between: [0.6, 0.79] }, full: { between: [0.79, 0.84] } },
      because: { en: "the commonest class has 68.5%", zh: "最常见的类占 68.5%" },
    },
  ],
};

export const experiments: readonly Experiment[] = [sentiment, lstm];
