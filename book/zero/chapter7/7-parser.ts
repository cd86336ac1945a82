// Part 7: the parser: greedy merging of the example sentence beside a search of all trees, and a treebank's bracketings learnt.
import { type LabelledTree, loadSst } from "nabla";
import type { TreeChart, TreeChartNode } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import { Random } from "../../random.ts";
import { baselines, parserScore, parseWith, spanScore, trainParser } from "../framework/treebank-parser.ts";
import { LESSONS, learnLessons, lessonNumbers } from "../programs/merge-lessons.ts";
import {
  allShapes,
  buildShape,
  chartParse,
  delta,
  exhaustiveParse,
  greedyParse,
  leftBranching,
  rightBranching,
  type Span,
  shapeOf,
  totalScore,
} from "../programs/parser.ts";

/** A parsed sentence with the score of every merge in its node. */
function mergesChart(root: Span, words: readonly string[], title: TreeChart["title"]): TreeChart {
  const nodes: TreeChartNode[] = [];
  const open: { span: Span; parent: number | null }[] = [{ span: root, parent: null }];
  for (let at = 0; at < open.length; at++) {
    const { span, parent } = open[at];
    nodes.push({
      label: span.left === null ? words[span.from] : span.score.toFixed(2),
      ...(parent !== null && { parent }),
    });
    if (span.left !== null) open.push({ span: span.left, parent: at }, { span: span.right!, parent: at });
  }
  return { kind: "tree", nodes, ...(title !== undefined && { title }) };
}

const greedy: Experiment = {
  id: "zero/7-greedy-parse",
  title: { en: "The cat, the mat, on the mat: merging by scores", zh: "The cat、the mat、on the mat：按分数合并" },
  section: "7",
  kind: "construction",
  settings: { sentence: "The cat sat on the mat", "numbers a node": 12, k: 0.3, sentences: LESSONS.length },
  read: [
    "book/zero/programs/parser.ts",
    "book/zero/programs/max-margin.ts",
    "book/zero/programs/merge-lessons.ts",
    "book/zero/chapter7/7-parser.ts",
  ],
  async run({ seed }) {
    const [{ sentence, shape: gold }] = LESSONS;
    const numbers = lessonNumbers(sentence);
    const passes = learnLessons(seed, 60);
    const parser = passes.next().value!;
    const before = parser.loss(numbers, gold, "chart").value;
    while (!passes.next().done);
    const vectors = parser.vectorsOf(numbers);
    const cached = greedyParse(vectors, parser.score);
    const naive = greedyParse(vectors, parser.score, { cached: false });
    const best = exhaustiveParse(vectors, parser.score);
    const chart = chartParse(vectors, parser.score);
    const words = sentence.split(" ");
    const named = cached.merges.map(({ from, to }) => words.slice(from, to).join(" "));
    const k = 1;
    const deltas = [rightBranching(6), leftBranching(6), gold].flatMap((shape) => [
      delta(shape, gold, k, "spans"),
      delta(shape, gold, k, "structure"),
    ]);
    const after = parser.loss(numbers, gold, "chart").value;
    const right = LESSONS.filter(
      ({ sentence: each, shape }) =>
        JSON.stringify(shapeOf(parser.parse(lessonNumbers(each)).root)) === JSON.stringify(shape),
    ).length;
    return {
      measured: {
        trees: allShapes(0, 6).length,
        cached: cached.evaluations,
        naive: naive.evaluations,
        isGold: JSON.stringify(shapeOf(cached.root)) === JSON.stringify(gold),
        best: totalScore(best.root) - totalScore(buildShape(vectors, gold, parser.score)),
        chart: totalScore(best.root) - totalScore(chart.root),
        deltas,
        before,
        after,
        right,
      },
      figures: [
        {
          name: "merges",
          chart: mergesChart(cached.root, words, { en: "Scores of the merges", zh: "各次合并的分数" }),
        },
      ],
      tables: [
        {
          title: { en: "Merges in their order", zh: "合并的次序" },
          columns: [
            { en: "merge", zh: "合并" },
            { en: "score", zh: "分数" },
          ],
          rows: cached.merges.map(({ score }, i) => [named[i], Number(score.toFixed(3))]),
        },
      ],
    };
  },
  about: {
    en: "A vector U scores each pair of neighbours; the pair of the highest score is merged, and so on to the root. Scores of pairs that were not touched stay as they are: 9 pairs are scored for six words where scoring all of them every time takes 15. The text's scores and formulas are lost in pictures; the parser here learns six sentences of one grammar by max margin, beside a search of all 42 trees and a chart.",
    zh: "向量 U 给每一对相邻的节点打分，合并分数最高的一对，如此直到根。没有变动的对，分数不必重算：六个词一共只打 9 次分，每次全部重算则要 15 次。原文的分数与公式在图片里，无法读出；这里的分析器用最大间隔法学习同一语法的六个句子，并与遍历全部 42 棵树、与图表搜索对照。",
  },
  claims: [
    {
      measure: "trees",
      says: { en: "binary trees over six words", zh: "六个词上的二叉树" },
      expected: 42,
      accept: { equals: 42 },
    },
    {
      measure: "cached",
      says: { en: "pairs scored for the six words", zh: "六个词的打分次数" },
      expected: 9,
      accept: { equals: 9 },
    },
    {
      measure: "naive",
      says: { en: "and where all are scored every time", zh: "每次全部重算时" },
      expected: 15,
      accept: { equals: 15 },
    },
    {
      measure: "isGold",
      says: { en: "the merges are those of the text", zh: "合并与原文相同" },
      accept: { equals: true },
    },
    {
      measure: "best",
      says: { en: "the best of the 42 trees scores more than gold by", zh: "42 棵树中最好的比正确的高" },
      accept: { between: [0, 0.5] },
      because: {
        en: "0 where gold wins against every tree; margins are asked of the trees that are found",
        zh: "正确的树胜过所有树时为 0；间隔只对找到的树要求",
      },
    },
    {
      measure: "chart",
      says: { en: "and more than the chart's by", zh: "比图表搜索找到的高" },
      accept: { between: [0, 1] },
      because: {
        en: "the chart keeps one tree a span, whose vector need not suit the node above",
        zh: "图表对每段只留一棵树，其向量未必适合上面的节点",
      },
    },
    {
      measure: "deltas",
      says: {
        en: "Delta for k = 1 by spans and by structure: right-branching, left-branching, gold",
        zh: "k = 1 时按词段、按结构的 Delta：右分支、左分支、正确的树",
      },
      expected: [1, 2, 3, 4, 0, 0],
      accept: { equals: [1, 2, 3, 4, 0, 0] },
    },
    {
      measure: "before",
      says: { en: "the loss before learning", zh: "学习之前的损失" },
      accept: { between: [1e-6, 20] },
      because: { en: "never negative; another tree than gold wins at first", zh: "从不为负；起初胜出的不是正确的树" },
    },
    {
      measure: "after",
      says: { en: "and after", zh: "学习之后" },
      accept: { between: [0, 0.05] },
      because: {
        en: "0 where gold beats by its margin all that the chart finds",
        zh: "正确的树以间隔胜过图表找到的一切时为 0",
      },
    },
    {
      measure: "right",
      says: { en: "sentences of six that are parsed rightly", zh: "六个句子中分析正确的" },
      accept: { equals: 6 },
    },
  ],
};

const treebank: Experiment = {
  id: "zero/7-parser",
  title: { en: "Bracketings of a treebank, learnt", zh: "学习树库的括号结构" },
  section: "7",
  kind: "exercise",
  settings: { "numbers a node": "25; quick: 15", k: 1, rate: 0.05, sentences: "8544; quick: 500 of at most 15 words" },
  read: [
    "book/zero/framework/treebank-parser.ts",
    "book/zero/programs/max-margin.ts",
    "book/zero/programs/parser.ts",
    "book/zero/chapter7/7-parser.ts",
  ],
  needs: ["sst"],
  async run(context) {
    const { train, dev, test } = await loadSst();
    const short = (trees: readonly LabelledTree[]) => trees.filter(({ words }) => words.length <= 15);
    const plan = context.pick({
      quick: {
        train: short(train).slice(0, 500),
        test: short(test).slice(0, 200),
        dev: short(dev).slice(0, 100),
        width: 15,
        epochs: 3,
      },
      full: { train, test, dev, width: 25, epochs: 3 },
    });
    const random = new Random(context.seed);
    const base = baselines(plan.test, random);
    const curve: number[] = [];
    const trained = await trainParser(
      plan.train,
      { width: plan.width, k: 1, rate: 0.05, epochs: plan.epochs },
      random,
      (epoch, loss, now) => {
        curve.push(parserScore(now, plan.dev));
        context.log(`parser, epoch ${epoch}: loss ${loss.toFixed(3)}, dev ${curve.at(-1)!.toFixed(4)}`);
      },
    );
    const found = parserScore(trained, plan.test);
    // A mark that ends the sentence stands beside all the rest in this treebank; who knows that branches right within.
    const within = spanScore(plan.test, ({ words }) =>
      words.length > 2 && /^[.!?]$/.test(words[words.length - 1])
        ? [rightBranching(words.length - 1), words.length - 1]
        : rightBranching(words.length),
    );
    const example = plan.test.find(({ words }) => words.length >= 7 && words.length <= 10)!;
    return {
      measured: {
        f1: found,
        right: base.right,
        left: base.left,
        random: base.random,
        within,
        gain: found - base.random,
      },
      figures: [
        {
          name: "f1",
          chart: {
            kind: "bar",
            title: { en: "Spans that are right", zh: "正确的词段" },
            categories: [
              { en: "random", zh: "随机" },
              { en: "left-branching", zh: "左分支" },
              { en: "right-branching", zh: "右分支" },
              { en: "right, end mark apart", zh: "右分支，句末标点单列" },
              { en: "learnt", zh: "学到的" },
            ],
            yAxis: { format: "percent", min: 0 },
            series: [{ name: "F1", values: [base.random, base.left, base.right, within, found] }],
          },
        },
        {
          name: "example",
          chart: mergesChart(parseWith(trained, example.words).root, example.words, {
            en: "A test sentence, parsed",
            zh: "一个测试句子的分析",
          }),
          width: 820,
        },
      ],
    };
  },
  about: {
    en: "The sentiment treebank's trees without their labels: what a sentence's brackets are is all that is learnt. Words are vectors, learnt along; at every merge the best pair of the right tree must beat each wrong one by a margin. Counted are the spans of inner nodes below the root; between two binary trees precision, recall and F1 are one number. Right-branching does badly here, since the mark that ends a sentence stands beside all the rest.",
    zh: "只取情感树库的树，不看标注：学的仅是句子的括号结构。词向量一并学习；每次合并，正确的树中分数最高的一对须以间隔胜过每一个错误的对。统计根以下内部节点的词段；两棵二叉树之间，精确率、召回率与 F1 是同一个数。右分支在这里很差，因为句末标点与其余部分并列。",
  },
  claims: [
    {
      measure: "f1",
      says: { en: "F1 of the learnt parser, test", zh: "学到的分析器的 F1，测试" },
      accept: { quick: { between: [0.25, 0.7] }, full: { between: [0.35, 0.7] } },
      because: { en: "the source gives no number", zh: "原文没有给出数字" },
    },
    {
      measure: "random",
      says: { en: "joining neighbours at random", zh: "随机合并相邻节点" },
      accept: { between: [0.1, 0.35] },
      because: { en: "shorter sentences have more spans by chance", zh: "句子越短，碰巧正确的越多" },
    },
    {
      measure: "right",
      says: { en: "right-branching", zh: "右分支" },
      accept: { between: [0.03, 0.25] },
      because: { en: "only what has no mark at its end is helped", zh: "只有没有句末标点的句子才合适" },
    },
    {
      measure: "gain",
      says: { en: "learnt over random", zh: "学到的比随机高" },
      accept: { quick: { atLeast: 0.05 }, full: { atLeast: 0.15 } },
      because: { en: "strictly beyond what joining at random varies by, 0.005", zh: "远大于随机合并的波动 0.005" },
    },
  ],
};

export const experiments: readonly Experiment[] = [greedy, treebank];
