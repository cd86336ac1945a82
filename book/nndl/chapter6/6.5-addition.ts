// Section 6.5: the sums of such programs, learnt to the last digit: an encoder-decoder with attention beside a small transformer.
import type { Both, Experiment } from "../../experiment.ts";
import { Random } from "../../random.ts";
import { type Adder, judgeSums, learnSums, nameOf, type SumsPlan, sums } from "../framework/sums.ts";

const QUICK: SumsPlan = {
  ...{ digits: 2, training: 2500, tested: 300, epochs: 12 },
  ...{ units: 64, size: 48, layers: 1, batch: 32, rate: 0.01 },
};
const FULL: SumsPlan = {
  ...{ digits: 4, training: 50_000, tested: 1000, epochs: 40 },
  ...{ units: 128, size: 96, layers: 2, batch: 64, rate: 0.004 },
};

/** The transformer learns with smaller steps; sums of four digits, the encoder-decoder too: with the whole rate it never finds the digits that it has to add. */
const RATES: Readonly<Record<"quick" | "full", Readonly<Record<Adder, number>>>> = {
  quick: { "encoder-decoder": 1, transformer: 0.3 },
  full: { "encoder-decoder": 0.5, transformer: 0.3 },
};

const NAMES: Readonly<Record<Adder, Both>> = {
  "encoder-decoder": { en: "encoder-decoder with attention", zh: "带注意力的编码器-解码器" },
  transformer: { en: "transformer", zh: "Transformer" },
};

const addition: Experiment = {
  id: "nndl/6.5-addition",
  title: { en: "Adding to the last digit", zh: "加到最后一位都对" },
  section: "6.5",
  kind: "experiment",
  settings: {
    "digits, full": FULL.digits,
    "sums, full": FULL.training,
    "epochs, full": FULL.epochs,
    "units, full": FULL.units,
    "digits, quick": QUICK.digits,
    "sums, quick": QUICK.training,
    "epochs, quick": QUICK.epochs,
  },
  read: ["book/nndl/framework/sums.ts", "book/nndl/chapter6/6.5-addition.ts"],
  hours: 1,
  async run({ seed, pick, store, log }) {
    const plan = pick({ quick: QUICK, full: FULL });
    const rates = pick(RATES);
    const random = new Random(seed);
    const test = sums(plan.tested, plan.digits, new Set(), random);
    const training = sums(plan.training, plan.digits, new Set(test.map(nameOf)), random);
    const learn = (kind: Adder) =>
      learnSums(kind, training, test, { ...plan, rate: plan.rate * rates[kind] }, { seed, store, print: log });
    const recurrent = await learn("encoder-decoder");
    const transformer = await learn("transformer");
    const judged = judgeSums(recurrent.model, test, plan.digits);
    const other = judgeSums(transformer.model, test, plan.digits);
    const some = test.slice(0, 100);
    const [greedy, beams] = [1, 4].map((width) => judgeSums(recurrent.model, some, plan.digits, width).right);
    const wrong = test
      .map((sum, i) => ({ sum, written: judged.written[i] }))
      .filter(({ sum, written }) => written !== `${sum[0] + sum[1]}`);
    return {
      measured: {
        recurrent: judged.right,
        transformer: other.right,
        symbols: judged.symbols,
        agree: judged.agree && other.agree,
        beams: beams - greedy,
      },
      figures: [
        {
          name: "accuracy",
          chart: {
            kind: "line",
            title: { en: "New sums that are right to the last digit", zh: "每一位都对的新算式" },
            xAxis: { label: { en: "epochs", zh: "轮数" } },
            yAxis: { format: "percent", min: 0, max: 1 },
            series: [
              { name: NAMES["encoder-decoder"], y: recurrent.curve },
              { name: NAMES.transformer, y: transformer.curve },
            ],
          },
        },
      ],
      tables: [
        {
          title: { en: "Sums that the encoder-decoder gets wrong", zh: "编码器-解码器算错的算式" },
          columns: [
            { en: "sum", zh: "算式" },
            { en: "it writes", zh: "写出" },
            { en: "right", zh: "正确" },
          ],
          rows: wrong.slice(0, 8).map(({ sum, written }) => [nameOf(sum), written, sum[0] + sum[1]]),
        },
      ],
    };
  },
  about: {
    en: "The sum of the program, alone: two numbers are read character by character, and their sum is written with the digit of the ones first, so that every carry is known when it is needed. While learning, the network is told the right digits so far (teacher forcing); then it reads its own. The two agree wherever every digit is right, and one wrong digit may spoil those behind it. A small transformer learns the same sums. The quick form adds numbers of two digits, the full form of four.",
    zh: "只取程序中的加法：逐字符读入两个数，写出它们的和，个位在前，这样每个进位在用到时都已知道。学习时告诉网络此前正确的数字（teacher forcing），之后它读自己写的数字。只要每一位都对，两者就一致；错一位可能连累后面的。一个小的 Transformer 学同样的算式。快速形式是两位数，完整形式是四位数。",
  },
  claims: [
    {
      measure: "recurrent",
      says: {
        en: "encoder-decoder with attention: new sums right to the last digit",
        zh: "带注意力的编码器-解码器：每一位都对的新算式",
      },
      accept: { quick: { between: [0.8, 1] }, full: { atLeast: 0.99 } },
      because: {
        en: "0.95 to 1 over ten seeds of the quick form, 300 sums each; the full form learns from 50,000 sums of 81 million",
        zh: "快速形式十个种子为 0.95 到 1，各 300 个算式；完整形式从八千一百万个算式中学五万个",
      },
    },
    {
      measure: "transformer",
      says: { en: "transformer: new sums right to the last digit", zh: "Transformer：每一位都对的新算式" },
      accept: { quick: { between: [0.1, 1] }, full: { atLeast: 0.9 } },
      because: {
        en: "0.37 to 1 over ten seeds of the quick form, five of them still learning at its end; by guessing 0.01",
        zh: "快速形式十个种子为 0.37 到 1，其中五个到结束时仍在学；靠猜为 0.01",
      },
    },
    {
      measure: "symbols",
      says: {
        en: "encoder-decoder, told the right digits so far: single symbols that are right",
        zh: "编码器-解码器，告诉它此前正确的数字：单个符号正确的比例",
      },
      accept: { between: [0.94, 1] },
      because: { en: "0.986 to 1 over ten seeds of the quick form", zh: "快速形式十个种子为 0.986 到 1" },
    },
    {
      measure: "beams",
      says: {
        en: "a search over four beams is right more often than the greedy choice by",
        zh: "四束搜索比贪心选择多对的比例",
      },
      accept: { between: [-0.05, 0.05] },
      because: {
        en: "0 in all ten seeds of the quick form: where a network is sure of each digit there is nothing to search",
        zh: "快速形式十个种子均为 0：网络对每一位都有把握时，没有什么可搜索的",
      },
    },
    {
      measure: "agree",
      says: {
        en: "told the right digits or reading its own, the same sums are right",
        zh: "无论告诉它正确的数字还是读自己的，对的是同样的算式",
      },
      expected: true,
      accept: { equals: true },
    },
  ],
};

export const experiments: readonly Experiment[] = [addition];
