// Part 5: the two gaps of the text, filled by networks that read both ways and by some that read forwards.
import type { Experiment } from "../../experiment.ts";
import { type Cloze, type ClozeNetwork, clozeAccuracy, GAP, type Reading } from "../programs/cloze.ts";
import { type ClozeSplit, clozeSplit, fillGaps } from "../programs/cloze-training.ts";

interface Filled {
  readonly losses: number[];
  readonly before: number;
  readonly behind: number;
  readonly network: ClozeNetwork;
}

function fill(split: ClozeSplit, reading: Reading, seed: number): Filled {
  const epochs = [...fillGaps(split, reading, seed)];
  const { network } = epochs[epochs.length - 1];
  const told = (side: Cloze["told"]) =>
    clozeAccuracy(
      network,
      split.test.filter((sentence) => sentence.told === side),
    );
  return { losses: epochs.map(({ loss }) => loss), before: told("before"), behind: told("behind"), network };
}

const cloze: Experiment = {
  id: "zero/5-cloze",
  title: { en: "Gaps that only what follows can fill", zh: "只有后文才能填的空" },
  section: "5",
  kind: "experiment",
  settings: { states: 16, rate: 0.1, "clipped to": 1, epochs: 25 },
  read: [
    "book/zero/programs/cloze.ts",
    "book/zero/programs/cloze-training.ts",
    "book/zero/programs/bidirectional.ts",
    "book/zero/programs/language.ts",
    "book/zero/chapter5/5-cloze.ts",
  ],
  async run({ seed }) {
    const split = clozeSplit(seed);
    const { dictionary } = split;
    // The text's own sentences are never trained on.
    const [first, second] = split.own;
    const both = fill(split, "both", seed);
    const forwards = fill(split, "forwards", seed);
    const chances = (network: ClozeNetwork) => {
      const probabilities = network.probabilities(second);
      return ["买", "修", "扔"].map((word) => probabilities[dictionary.numberOf(word)]);
    };
    return {
      measured: {
        answers: [both.network.answer(first), both.network.answer(second)].join(" "),
        bothBefore: both.before,
        bothBehind: both.behind,
        forwardsBefore: forwards.before,
        forwardsBehind: forwards.behind,
      },
      figures: [
        {
          name: "buy",
          chart: {
            kind: "bar",
            title: { en: `我的手机坏了，我打算${GAP}一部新手机`, zh: `我的手机坏了，我打算${GAP}一部新手机` },
            categories: ["买", "修", "扔"],
            yAxis: { min: 0, max: 1, format: "percent", label: { en: "probability", zh: "概率" } },
            series: [
              { name: { en: "both directions", zh: "双向" }, values: chances(both.network) },
              { name: { en: "forwards alone", zh: "只有正向" }, values: chances(forwards.network) },
            ],
          },
          height: 340,
        },
        {
          name: "loss",
          chart: {
            kind: "line",
            title: { en: "-log P of the word in the gap", zh: "空中之词的 -log P" },
            xAxis: { label: { en: "epochs", zh: "轮数" } },
            yAxis: { min: 0 },
            series: [
              { name: { en: "both directions", zh: "双向" }, y: both.losses },
              { name: { en: "forwards alone", zh: "只有正向" }, y: forwards.losses },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "The text's two sentences with a gap. Who is blamed for being late stands nine words before; whether the broken phone is to be bought anew, mended or thrown away is told behind the gap alone. Two networks by hand learn from 150 sentences of these kinds, and never see the text's own: one reads both ways, the other forwards. Both find 我; 买 takes both directions.",
    zh: "原文的两个带空格的句子。谁因为迟到挨批评，要看九个词之前；坏了的手机是要买新的、修好还是扔掉，只有空格后面才说明。两个手写的网络从一百五十个这样的句子中学习（不含原文的两句）：一个双向，一个只有正向。两者都能填出“我”，填“买”则需要双向。",
  },
  claims: [
    {
      measure: "answers",
      says: { en: "what the bidirectional network puts into the text's two gaps", zh: "双向网络在原文两处空格填的词" },
      reported: "我 买",
      accept: { equals: "我 买" },
    },
    {
      measure: "bothBehind",
      says: {
        en: "both directions, told behind the gap: share right of new sentences",
        zh: "双向，答案在空格之后：新句子的正确率",
      },
      accept: { atLeast: 0.9 },
      because: {
        en: "1 in each of ten seeds, 26 to 44 sentences; a network that guesses among the three gets a third",
        zh: "十个种子均为 1（26 到 44 个句子）；在三者中乱猜只有三分之一",
      },
    },
    {
      measure: "bothBefore",
      says: { en: "both directions, told before it", zh: "双向，答案在空格之前" },
      accept: { atLeast: 0.9 },
      because: {
        en: "1 in each of ten seeds; guessing among six people gets a sixth",
        zh: "十个种子均为 1；在六个人中乱猜只有六分之一",
      },
    },
    {
      measure: "forwardsBefore",
      says: { en: "forwards alone, told before", zh: "只有正向，答案在空格之前" },
      accept: { atLeast: 0.5 },
      because: {
        en: "0.64 to 1 over twenty seeds, sixteen of them 1; guessing among six people gets a sixth",
        zh: "二十个种子为 0.64 到 1，其中十六个为 1；在六个人中乱猜只有六分之一",
      },
    },
    {
      measure: "forwardsBehind",
      says: { en: "forwards alone, told behind: chance is 1/3", zh: "只有正向，答案在空格之后：乱猜为 1/3" },
      accept: { between: [0.02, 0.6] },
      because: {
        en: "0.11 to 0.32 over ten seeds: it can't know, and 40 sentences leave a share of 1/3 open by 0.08",
        zh: "十个种子为 0.11 到 0.32：它无从得知，约 40 个句子使 1/3 有 0.08 的不确定",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [cloze];
