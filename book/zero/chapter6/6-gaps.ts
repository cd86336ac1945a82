// Part 6: how far back RNN, LSTM and GRU learn, and what an LSTM's cell holds on the way.

import { type Sequential, tensor } from "nabla";
import type { BarChart, LineChart } from "nabla/plot";
import type { Both, Experiment, RunContext } from "../../experiment.ts";
import { Random } from "../../random.ts";
import { CELLS, type Cell, HOMES, isLearnt, learnGap, sentence, type Task, WORDS } from "../framework/gaps.ts";
import { handLstm } from "../framework/hand-lstm.ts";

const read = ["book/zero/framework/gaps.ts", "book/zero/chapter6/6-gaps.ts"];

const NAMES: Readonly<Record<Cell, Both>> = {
  RNN: { en: "RNN", zh: "RNN" },
  rotation: { en: "RNN, W a rotation", zh: "RNN，W 为旋转" },
  LSTM: { en: "LSTM", zh: "LSTM" },
  GRU: { en: "GRU", zh: "GRU" },
};

interface Study {
  /** What each cell ended with at each gap. */
  readonly last: Readonly<Record<Cell, number[]>>;
  /** Curves at the gap that is drawn, and the models of the first gap. */
  readonly curves: Readonly<Record<Cell, number[]>>;
  readonly models: Readonly<Partial<Record<Cell, Sequential>>>;
}

interface Plan {
  readonly gaps: readonly number[];
  /** The gap whose curves are drawn. */
  readonly drawn: number;
  readonly count: number;
  readonly epochs: number;
  readonly cells: readonly Cell[];
}

async function study(task: Task, plan: Plan, { seed, log }: RunContext): Promise<Study> {
  const last: Record<Cell, number[]> = { RNN: [], rotation: [], LSTM: [], GRU: [] };
  const curves: Record<Cell, number[]> = { RNN: [], rotation: [], LSTM: [], GRU: [] };
  const models: Partial<Record<Cell, Sequential>> = {};
  for (const gap of plan.gaps) {
    for (const cell of plan.cells) {
      const result = await learnGap({ task, cell, gap, units: 24, learningRate: 0.01, seed, ...plan });
      last[cell].push(result.last);
      if (gap === plan.drawn) {
        curves[cell] = result.curve;
      }
      if (gap === plan.gaps[0]) models[cell] = result.model;
      log(`${task}, gap ${gap}, ${cell}: ${result.last.toFixed(3)}`);
    }
  }
  return { last, curves, models };
}

function curvesChart(
  title: Both,
  yLabel: Both,
  { curves }: Study,
  cells: readonly Cell[],
  level: number,
  levelName: Both,
): LineChart {
  return {
    kind: "line",
    title,
    xAxis: { label: { en: "epochs", zh: "轮数" } },
    yAxis: { label: yLabel, min: 0 },
    marks: [{ axis: "y", at: level, label: levelName }],
    series: cells.map((cell) => ({ name: NAMES[cell], y: curves[cell] })),
  };
}

function gapsChart(title: Both, { last }: Study, { gaps, cells }: Plan): BarChart {
  return {
    kind: "bar",
    title,
    categories: gaps.map(String),
    xAxis: { label: { en: "gap", zh: "间隔" } },
    yAxis: { min: 0 },
    series: cells.map((cell) => ({ name: NAMES[cell], values: last[cell] })),
  };
}

/** The longest gap that a cell learnt; 0 if none. */
const reach = (task: Task, { last }: Study, gaps: readonly number[], cell: Cell) =>
  Math.max(0, ...gaps.filter((_, i) => isLearnt(task, last[cell][i])));

const adding: Experiment = {
  id: "zero/6-adding",
  title: { en: "Adding two numbers far apart", zh: "把相距很远的两个数相加" },
  section: "6",
  kind: "experiment",
  settings: { units: 24, "steps, quick": "10, 30", "steps, full": "10, 30, 60, 100", rate: 0.01, "clipped to": 1 },
  read,
  async run(context) {
    const plan: Plan = context.pick({
      quick: { gaps: [10, 30], drawn: 30, count: 1000, epochs: 20, cells: ["RNN", "LSTM", "GRU"] },
      full: { gaps: [10, 30, 60, 100], drawn: 30, count: 1000, epochs: 20, cells: CELLS },
    });
    const found = await study("adding", plan, context);
    return {
      measured: {
        rnnShort: found.last.RNN[0],
        rnnLong: found.last.RNN[1],
        lstmLong: found.last.LSTM[1],
        gruLong: found.last.GRU[1],
        reach: plan.cells.map((cell) => reach("adding", found, plan.gaps, cell)),
      },
      figures: [
        {
          name: "curves",
          chart: curvesChart(
            { en: `Adding over ${plan.drawn} steps`, zh: `${plan.drawn} 步的加法` },
            { en: "mean squared error", zh: "均方误差" },
            found,
            plan.cells,
            1 / 6,
            { en: "always saying 1", zh: "总答 1" },
          ),
        },
        {
          name: "gaps",
          chart: gapsChart({ en: "Mean squared error by length", zh: "均方误差与长度" }, found, plan),
          height: 340,
        },
      ],
    };
  },
  about: {
    en: "A task of Hochreiter and Schmidhuber's: numbers, two of them marked, one in each half, and at the end their sum is asked for. A plain recurrent layer learns it over ten steps and not over thirty, where it ends at the error of whoever always says 1. LSTM and GRU with as many units, the same data and steps, learn it.",
    zh: "Hochreiter 与 Schmidhuber 的任务：一列数中有两个带标记，前后两半各一个，最后要答出它们的和。普通循环层在十步时学得会，三十步时就学不会，误差停在总答 1 的水平。LSTM 与 GRU 用同样多的单元、同样的数据与步数，都学得会。",
  },
  claims: [
    {
      measure: "rnnShort",
      says: { en: "RNN, ten steps: mean squared error", zh: "RNN，十步：均方误差" },
      accept: { between: [0.0005, 0.1] },
      because: {
        en: "0.008 to 0.040 over ten seeds; always saying 1 gives 0.167",
        zh: "十个种子为 0.008 到 0.040；总答 1 为 0.167",
      },
    },
    {
      measure: "rnnLong",
      says: { en: "RNN, thirty steps: no better than always saying 1 (1/6)", zh: "RNN，三十步：不比总答 1（1/6）好" },
      accept: { between: [0.07, 0.26] },
      because: {
        en: "0.115 to 0.190 over ten seeds, mean 0.161; the 400 new sequences leave 1/6 open by 0.01",
        zh: "十个种子为 0.115 到 0.190，平均 0.161；400 个新序列使 1/6 有 0.01 的不确定",
      },
    },
    {
      measure: "lstmLong",
      says: { en: "LSTM, thirty steps", zh: "LSTM，三十步" },
      accept: { between: [1e-5, 0.01] },
      because: {
        en: "0.0008 to 0.0023 over ten seeds, 0.0014 ± 0.0006",
        zh: "十个种子为 0.0008 到 0.0023，即 0.0014 ± 0.0006",
      },
    },
    {
      measure: "gruLong",
      says: { en: "GRU, thirty steps: as good as the LSTM", zh: "GRU，三十步：与 LSTM 一样好" },
      accept: { between: [1e-5, 0.01] },
      because: {
        en: "0.00025 to 0.00095 over ten seeds",
        zh: "十个种子为 0.00025 到 0.00095",
      },
    },
  ],
};

const copying: Experiment = {
  id: "zero/6-copying",
  title: { en: "Copying three symbols after a gap", zh: "间隔之后复述三个符号" },
  section: "6",
  kind: "experiment",
  settings: { units: 24, symbols: 4, "gaps, quick": "5, 20", "gaps, full": "5, 20, 50", rate: 0.01, "clipped to": 1 },
  read,
  async run(context) {
    const plan: Plan = context.pick({
      quick: { gaps: [5, 20], drawn: 20, count: 1000, epochs: 16, cells: CELLS },
      full: { gaps: [5, 20, 50], drawn: 20, count: 1000, epochs: 16, cells: CELLS },
    });
    const found = await study("copying", plan, context);
    return {
      measured: {
        short: Math.min(...CELLS.map((cell) => found.last[cell][0])),
        rotation: found.last.rotation[1],
        rnn: found.last.RNN[1],
        gated: Math.max(found.last.LSTM[1], found.last.GRU[1]),
        reach: plan.cells.map((cell) => reach("copying", found, plan.gaps, cell)),
      },
      figures: [
        {
          name: "curves",
          chart: curvesChart(
            { en: `Copying after a gap of ${plan.drawn}`, zh: `间隔 ${plan.drawn} 步之后的复述` },
            { en: "share right", zh: "正确率" },
            found,
            plan.cells,
            1 / 4,
            { en: "guessing", zh: "乱猜" },
          ),
        },
        { name: "gaps", chart: gapsChart({ en: "Share right by gap", zh: "正确率与间隔" }, found, plan), height: 340 },
      ],
    };
  },
  about: {
    en: "Three symbols, a gap of blanks, then they are to be told in their order. Nothing is to be decided on the way, so holding still is all: an RNN whose W begins as a rotation, which neither shrinks nor stretches, learns this best. LSTM and GRU have to find out first that their gates should stand open, and with so few steps do not over a gap of twenty. That LSTMs solve the long range is true of what has to be chosen, and not for nothing.",
    zh: "先给三个符号，然后是一段空白，再按次序复述。途中没有什么需要判断，只要保持不动：W 从旋转矩阵（不缩不胀）开始的 RNN 学得最好。LSTM 与 GRU 得先学会把门打开，训练步数这么少时，间隔二十步就学不会。“LSTM 解决了长程依赖”适用于需要取舍的情形，而且是有代价的。",
  },
  claims: [
    {
      measure: "short",
      says: { en: "a gap of 5: the worst of the four, share right", zh: "间隔 5：四者中最差的正确率" },
      accept: { between: [0.85, 1] },
      because: {
        en: "1 in each of nine seeds; guessing gives a quarter",
        zh: "九个种子均为 1；乱猜为四分之一",
      },
    },
    {
      measure: "rotation",
      says: { en: "a gap of 20: RNN with a rotation", zh: "间隔 20：从旋转开始的 RNN" },
      accept: { between: [0.95, 1] },
      because: {
        en: "1 in each of three seeds",
        zh: "三个种子均为 1",
      },
    },
    {
      measure: "rnn",
      says: { en: "RNN with random weights", zh: "随机初值的 RNN" },
      accept: { between: [0.4, 1] },
      because: {
        en: "0.73 to 1 over nine seeds, still rising",
        zh: "九个种子为 0.73 到 1，仍在上升",
      },
    },
    {
      measure: "gated",
      says: { en: "the better of LSTM and GRU", zh: "LSTM 与 GRU 中较好的" },
      accept: { between: [0.2, 0.85] },
      because: {
        en: "0.25 to 0.61 over nine seeds; the rotation has 1",
        zh: "九个种子为 0.25 到 0.61；旋转为 1",
      },
    },
  ],
};

const agreement: Experiment = {
  id: "zero/6-agreement",
  title: { en: "I grew up in China ... I speak fluent Chinese", zh: "我在中国长大……我说一口流利的汉语" },
  section: "6",
  kind: "experiment",
  settings: {
    units: 24,
    countries: 6,
    "words between, quick": "5, 20",
    "words between, full": "5, 20, 50",
    rate: 0.01,
    "clipped to": 1,
  },
  read: [...read, "book/zero/framework/hand-lstm.ts", "book/zero/programs/lstm.ts"],
  async run(context) {
    const plan: Plan = context.pick({
      quick: { gaps: [5, 20], drawn: 20, count: 600, epochs: 18, cells: CELLS },
      full: { gaps: [5, 20, 50], drawn: 20, count: 600, epochs: 18, cells: CELLS },
    });
    const { seed } = context;
    const found = await study("agreement", plan, context);
    const model = found.models.LSTM!;
    const hand = handLstm(model);
    const random = new Random(seed);
    const sentences = HOMES.map((_, home) => sentence(plan.gaps[0], home, random).words);
    const numbersOf = (words: readonly string[]) => words.map((word) => WORDS.indexOf(word));
    const readAll = (words: readonly string[], cleared = -1) => {
      hand.layer.resetState();
      numbersOf(words).forEach((number, t) => {
        hand.layer.forward(hand.embed(number));
        // f = 0 and i = 0 at this one step: nothing stays in the cell.
        if (t === cleared) {
          hand.layer.cList[t + 1].values.fill(0);
          hand.layer.hList[t + 1].values.fill(0);
        }
      });
      return hand.answer(hand.layer.hList[words.length]);
    };
    /** The probability of the right language, averaged over the six countries. */
    const right = (cleared?: number) =>
      sentences.reduce((sum, words, home) => sum + readAll(words, cleared)[home], 0) / HOMES.length;
    const [kept, cleared] = [right(), right(8)];
    const [words] = sentences;
    const probabilities = readAll(words);
    const theirs = model.call(tensor([numbersOf(words)], "int32")).toArray() as number[][];
    const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const { layer } = hand;
    const at = words.map((_, t) => t + 1);
    return {
      measured: {
        lstm: found.last.LSTM[1],
        gru: found.last.GRU[1],
        short: Math.min(...CELLS.map((cell) => found.last[cell][0])),
        rnn: found.last.RNN[1],
        kept,
        cleared,
        framework: Math.max(...probabilities.map((p, i) => Math.abs(p - theirs[0][i]))),
        reach: plan.cells.map((cell) => reach("agreement", found, plan.gaps, cell)),
      },
      figures: [
        {
          name: "curves",
          chart: curvesChart(
            { en: `The language after ${plan.drawn} words between`, zh: `相隔 ${plan.drawn} 个词的语言` },
            { en: "share right", zh: "正确率" },
            found,
            plan.cells,
            1 / 6,
            { en: "guessing", zh: "乱猜" },
          ),
        },
        {
          name: "gaps",
          chart: gapsChart({ en: "Share right by words between", zh: "正确率与相隔词数" }, found, plan),
          height: 340,
        },
        {
          name: "gates",
          chart: {
            kind: "line",
            title: {
              en: "The gates while the sentence is read, mean of 24 units",
              zh: "读句子时的门，24 个单元的平均",
            },
            xAxis: { label: { en: `word; "${HOMES[0][0]}" is the fifth`, zh: `词；第五个是 ${HOMES[0][0]}` } },
            yAxis: { min: 0, max: 1 },
            marks: [{ axis: "x", at: 5, label: HOMES[0][0] }],
            series: [
              {
                name: { en: "forget gate f", zh: "遗忘门 f" },
                x: at,
                y: layer.fList.slice(1).map(({ values }) => mean(values)),
              },
              {
                name: { en: "input gate i", zh: "输入门 i" },
                x: at,
                y: layer.iList.slice(1).map(({ values }) => mean(values)),
              },
              {
                name: { en: "output gate o", zh: "输出门 o" },
                x: at,
                y: layer.oList.slice(1).map(({ values }) => mean(values)),
              },
            ],
          },
        },
        {
          name: "cells",
          chart: {
            kind: "heat-map",
            title: {
              en: "The cells while the sentence is read: what came in with the country stays",
              zh: "读句子时的单元状态：随国名写入的保持到最后",
            },
            rows: Array.from({ length: 24 }, (_, unit) => `${unit + 1}`),
            columns: words,
            values: Array.from({ length: 24 }, (_, unit) => layer.cList.slice(1).map(({ values }) => values[unit])),
            colours: "diverging",
          },
          width: 1000,
          height: 560,
        },
      ],
    };
  },
  about: {
    en: "The clouds are in the sky: that is near. I grew up in China ... I speak fluent Chinese: between the two stands whatever one likes. Six countries, their languages, and random words between; the model says the language. After five words all know it; after twenty, with so few passes, the GRU does, the LSTM in some runs only, the RNN hardly. The LSTM's weights for five words then go into the layer by hand, where one sees every gate and cell, and can clear the cell in mid-sentence: the language is gone.",
    zh: "“云在天上”是近处的关系；“我在中国长大……我说一口流利的汉语”，中间可以隔着任意多的话。六个国家与各自的语言，中间填随机的词，由模型说出语言。隔五个词时都学得会；隔二十个词、只训练这么几轮时，GRU 学得会，LSTM 只有一部分运行学得会，RNN 几乎学不会。再把隔五个词的 LSTM 的权重放进手写的层，就能看到每个门与单元，还能在句子中间清空单元：语言也就忘了。",
  },
  claims: [
    {
      measure: "short",
      says: { en: "five words between: the worst of the four", zh: "相隔五个词：四者中最差的正确率" },
      accept: { between: [0.7, 1] },
      because: {
        en: "1 in each of seven seeds; guessing gives a sixth",
        zh: "七个种子均为 1；乱猜为六分之一",
      },
    },
    {
      measure: "gru",
      says: { en: "twenty words between: GRU", zh: "相隔二十个词：GRU" },
      accept: { between: [0.8, 1] },
      because: {
        en: "1 in each of seven seeds; the LSTM ends at 0.19 to 1, median 0.34",
        zh: "七个种子均为 1；LSTM 为 0.19 到 1，中位数 0.34",
      },
    },
    {
      measure: "rnn",
      says: { en: "RNN with random weights", zh: "随机初值的 RNN" },
      accept: { between: [0.1, 1] },
      because: {
        en: "0.16 to 1 over nine runs, median 0.35: it swings",
        zh: "九次运行为 0.16 到 1，中位数 0.35：摇摆不定",
      },
    },
    {
      measure: "kept",
      says: {
        en: "probability of the right language, five words between, mean of the six countries",
        zh: "相隔五个词，正确语言的概率，六个国家的平均",
      },
      accept: { between: [0.8, 1] },
      because: {
        en: "0.995 to 0.999 for China in six seeds; the share right is 1",
        zh: "中国的句子在六个种子中为 0.995 到 0.999；正确率均为 1",
      },
    },
    {
      measure: "cleared",
      says: { en: "the same with f = 0 and i = 0 at the ninth word", zh: "第九个词处令 f = 0、i = 0：同一概率" },
      accept: { between: [0.03, 0.5] },
      because: {
        en: "what is left says one language whatever the country, so that a sixth comes out right",
        zh: "清空之后不论哪个国家都答同一种语言，所以约六分之一答对",
      },
    },
    {
      measure: "framework",
      says: {
        en: "the layer by hand with the trained weights gives the framework's probabilities: largest difference",
        zh: "手写的层用训练好的权重，得到与框架相同的概率：最大差",
      },
      accept: { atMost: 1e-4 },
      because: {
        en: "float32 beside float64 over a dozen steps; 6e-10 to 8e-8 in four runs",
        zh: "十几步的 float32 与 float64；四次运行为 6e-10 到 8e-8",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [adding, copying, agreement];
