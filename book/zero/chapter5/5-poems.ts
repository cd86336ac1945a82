// Part 5: the same language model on three hundred Tang poems, and whether its lines have the lengths that they must have.
import { generate } from "nabla";
import type { Experiment } from "../../experiment.ts";
import { Random } from "../../random.ts";
import { type LanguagePlan, languageText, learnLanguage } from "../framework/language-model.ts";
import { draw } from "../programs/language.ts";
import { NGram } from "../programs/ngram.ts";

const FULL: LanguagePlan = {
  ...{ embedding: 128, units: 256, layers: 1, dropout: 0.3 },
  ...{ streams: 16, steps: 64, epochs: 40, rate: 0.003, clip: 1 },
};

const QUICK: LanguagePlan = {
  ...{ embedding: 24, units: 80, layers: 1, dropout: 0 },
  ...{ streams: 8, steps: 24, epochs: 7, rate: 0.01, clip: 1 },
};

/** Characters of each line of a text, but the first and the last, which may be cut; 0 for the end of a poem. */
function lineLengths(text: string): number[] {
  return text
    .replaceAll("\n\n", "#")
    .split(/([，。？！；：、#])/)
    .flatMap((part) => (part === "#" ? [0] : /^[，。？！；：、]$/.test(part) ? [] : [[...part.trim()].length]))
    .slice(1, -1)
    .filter((length, i, all) => length > 0 || all[i - 1] !== 0);
}

/** Share of lines of 5 or 7 characters. */
function regular(lengths: readonly number[]): number {
  const lines = lengths.filter((length) => length > 0);
  return lines.filter((length) => length === 5 || length === 7).length / lines.length;
}

/** Share of lines that are as long as the one before them in the same poem. */
function even(lengths: readonly number[]): number {
  const pairs = lengths.slice(1).map((length, i) => [lengths[i], length]);
  const within = pairs.filter(([a, b]) => a > 0 && b > 0);
  return within.filter(([a, b]) => a === b).length / within.length;
}

const poems: Experiment = {
  id: "zero/5-poems",
  title: { en: "A language model of Tang poems, and the length of its lines", zh: "唐诗的语言模型与它的句长" },
  section: "5",
  kind: "experiment",
  settings: {
    "units, full": FULL.units,
    "epochs, full": FULL.epochs,
    "units, quick": QUICK.units,
    "epochs, quick": QUICK.epochs,
  },
  read: ["book/zero/framework/language-model.ts", "book/zero/programs/ngram.ts", "book/zero/chapter5/5-poems.ts"],
  needs: ["tang300"],
  hours: 0.2,
  async run({ seed, corpus, pick, store, log }) {
    const plan = pick({ quick: QUICK, full: FULL });
    const source = await corpus("tang300");
    const text = languageText(source, Math.floor(0.9 * [...source].length));
    const { vocabulary } = text;
    const { model, epochs } = await learnLanguage(text, plan, {
      ...{ seed, prompt: "\n\n", sample: 48, name: `poems-seed-${seed}`, store, print: log },
    });
    const length = 2000;
    const written = vocabulary.decode(
      generate(model, [...vocabulary.encode("\n\n")], { length, temperature: 0.7, seed }),
    );
    const pairs = new NGram(2, vocabulary.size, 1e-3);
    pairs.train(text.training);
    const random = new Random(seed);
    const counted = [vocabulary.encode("\n")[0]];
    while (counted.length < length) counted.push(draw(pairs.next(counted.slice(-1)), 1, random));
    const lengths = lineLengths(written);
    const numbers = epochs.map((_, i) => i + 1);
    return {
      measured: {
        held: Math.min(...epochs.map(({ held }) => held)),
        lines: regular(lengths),
        even: even(lengths),
        inPoems: regular(lineLengths(source)),
        evenInPoems: even(lineLengths(source)),
        byPairs: regular(lineLengths(vocabulary.decode(counted))),
      },
      figures: [
        {
          name: "perplexity",
          chart: {
            kind: "line",
            title: { en: "Perplexity per character, Tang poems", zh: "每个字的困惑度，唐诗" },
            xAxis: { label: { en: "epochs", zh: "轮数" } },
            yAxis: { label: { en: "perplexity", zh: "困惑度" }, scale: "log" },
            marks: [{ axis: "y", at: 638.4771, label: { en: "single characters, counted", zh: "单字计数" } }],
            series: [
              {
                name: { en: "on the last tenth", zh: "最后十分之一" },
                x: numbers,
                y: epochs.map(({ held }) => held),
                style: "line-points",
              },
              {
                name: { en: "while training", zh: "训练中" },
                x: numbers,
                y: epochs.map(({ training }) => training),
                style: "line-points",
              },
            ],
          },
        },
        {
          name: "lines",
          chart: {
            kind: "bar",
            title: { en: "Characters in a line", zh: "每句的字数" },
            categories: ["1", "2", "3", "4", "5", "6", "7", "8", "9+"],
            yAxis: { format: "percent", min: 0 },
            series: [
              { name: { en: "in the poems", zh: "原诗" }, values: shares(lineLengths(source)) },
              { name: { en: "written by the network", zh: "网络所写" }, values: shares(lengths) },
              {
                name: { en: "written by counts of pairs", zh: "2-gram 所写" },
                values: shares(lineLengths(vocabulary.decode(counted))),
              },
            ],
          },
          height: 340,
        },
      ],
      tables: [
        {
          title: { en: "What it writes, temperature 0.8", zh: "它写出的诗，温度 0.8" },
          columns: [
            { en: "epoch", zh: "轮" },
            { en: "perplexity", zh: "困惑度" },
            { en: "text", zh: "文字" },
          ],
          rows: epochs
            .map(({ held, sample }, i) => [i + 1, held.toFixed(1), sample.replaceAll("\n", " / ")] as const)
            .filter(([epoch]) => epoch <= 2 || epoch % 5 === 0 || epoch === epochs.length),
        },
      ],
    };
  },
  about: {
    en: "Three hundred poems are little text for a dictionary of 2,543 characters: which character comes is hard to learn, and no count of pairs helps. What can be learnt is the form. Lines of a Tang poem have five characters or seven, all lines of a poem as many; to keep to that a model has to count, over a state that it carries from line to line. Counts of pairs can't: a comma may follow any character.",
    zh: "字典有 2,543 个字，三百首诗实在太少：接下来是哪个字很难学，2-gram 也帮不上忙。能学会的是形式。唐诗每句五个字或七个字，一首诗中各句相同；要守住它，模型必须数数，靠的是从一句带到下一句的状态。2-gram 做不到：逗号可以跟在任何字后面。",
  },
  claims: [
    {
      measure: "inPoems",
      says: { en: "lines of the poems themselves of five or seven characters", zh: "原诗中五字或七字的句子" },
      expected: 0.94,
      accept: { within: 0.005 },
      because: { en: "counted; the rest are of songs in the old style", zh: "计数所得；其余是乐府与古体" },
    },
    {
      measure: "lines",
      says: { en: "lines that the network writes of five or seven characters", zh: "网络写出的五字或七字的句子" },
      accept: { quick: { between: [0.25, 0.9] }, full: { atLeast: 0.25 } },
      because: { en: "0.43 to 0.72 over ten seeds of the quick form", zh: "快速形式十个种子为 0.43 到 0.72" },
    },
    {
      measure: "byPairs",
      says: { en: "and lines written by counts of pairs", zh: "2-gram 写出的五字或七字的句子" },
      accept: { between: [0.03, 0.22] },
      because: { en: "0.09 to 0.15 over ten seeds", zh: "十个种子为 0.09 到 0.15" },
    },
    {
      measure: "even",
      says: { en: "lines as long as the one before them in the poem", zh: "与同一首诗前一句同长的句子" },
      accept: { quick: { between: [0.05, 0.75] }, full: { atLeast: 0.05 } },
      because: {
        en: "0.22 to 0.54 over ten seeds of the quick form; in the poems 0.91",
        zh: "快速形式十个种子为 0.22 到 0.54；原诗为 0.91",
      },
    },
    {
      measure: "held",
      says: {
        en: "perplexity of unseen poems at its best epoch; counts of single characters, the best counts there are, have 638",
        zh: "最好的一轮在没见过的诗上的困惑度；单字计数（计数中最好的）为 638",
      },
      accept: { quick: { between: [350, 520] }, full: { atMost: 600 } },
      because: { en: "410 to 445 over ten seeds of the quick form", zh: "快速形式十个种子为 410 到 445" },
    },
  ],
};

function shares(lengths: readonly number[]): number[] {
  const lines = lengths.filter((length) => length > 0);
  return Array.from(
    { length: 9 },
    (_, i) => lines.filter((length) => Math.min(9, length) === i + 1).length / lines.length,
  );
}

export const experiments: readonly Experiment[] = [poems];
