// Part 5: the recurrent language model of Shakespeare, on the framework, against the counts of n-grams; and how one writes with it.
import { characterLSTM, generate } from "nabla";
import type { Experiment } from "../../experiment.ts";
import {
  type LanguagePlan,
  languageText,
  learnLanguage,
  perplexityOf,
  perplexityOfPieces,
} from "../framework/language-model.ts";

/** Characters that the n-gram models of this part were counted on; the rest is held out. */
const CUT = 1_003_854;

const FULL: LanguagePlan = {
  ...{ embedding: 64, units: 256, layers: 2, dropout: 0.25 },
  ...{ streams: 32, steps: 128, epochs: 20, rate: 0.002, clip: 1 },
};

const QUICK: LanguagePlan = {
  ...{ embedding: 32, units: 96, layers: 1, dropout: 0 },
  ...{ streams: 32, steps: 50, epochs: 2, rate: 0.01, clip: 1 },
};

/** What the quick form learns from, and what it is judged on. */
const QUICK_CUT = 250_000;
const QUICK_HELD = 20_000;

const PROMPT = "\nROMEO:\n";

const read = ["book/zero/framework/language-model.ts", "book/corpora.ts", "book/zero/chapter5/5-shakespeare.ts"];

/** Share of the words of a text, but its first and last, that stand in another. */
function knownWords(written: string, source: ReadonlySet<string>): number {
  const words = wordsOf(written).slice(1, -1);
  return words.filter((word) => source.has(word)).length / Math.max(1, words.length);
}

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[a-z]+/g) ?? [];

const shown = (text: string): string => JSON.stringify(text).slice(1, -1);

const shakespeare: Experiment = {
  id: "zero/5-shakespeare",
  title: { en: "A recurrent language model of Shakespeare", zh: "莎士比亚的循环语言模型" },
  section: "5",
  kind: "experiment",
  settings: {
    units: "256, two layers",
    embedding: FULL.embedding,
    dropout: FULL.dropout,
    streams: FULL.streams,
    steps: FULL.steps,
    epochs: FULL.epochs,
    rate: "0.002, falling",
    "clipped to": FULL.clip,
  },
  read,
  needs: ["tinyshakespeare"],
  hours: 0.5,
  async run({ seed, corpus, pick, store, log }) {
    const plan = pick({ quick: QUICK, full: FULL });
    const [cut, to] = pick({ quick: [QUICK_CUT, QUICK_CUT + QUICK_HELD], full: [CUT, Number.POSITIVE_INFINITY] });
    const source = await corpus("tinyshakespeare");
    const text = languageText(source, cut, to);
    const { vocabulary } = text;
    const { embedding, units, layers } = plan;
    const fresh = characterLSTM({
      symbols: vocabulary.size,
      embedding,
      units,
      layers,
      stateful: true,
      batchSize: plan.streams,
      seed,
    });
    const untrained = await perplexityOf(fresh, text.held, plan);
    const { model, epochs } = await learnLanguage(text, plan, {
      ...{ seed, prompt: PROMPT, sample: 160, name: `shakespeare-seed-${seed}`, store, print: log },
    });
    const held = epochs.map((epoch) => epoch.held);
    const numbers = epochs.map((_, i) => i + 1);
    const words = new Set(wordsOf(source.slice(0, cut)));
    const written = vocabulary.decode(
      generate(model, [...vocabulary.encode(PROMPT)], {
        length: pick({ quick: 3000, full: 10_000 }),
        temperature: 0.8,
        seed,
      }),
    );
    return {
      measured: {
        symbols: vocabulary.size,
        untrained,
        held: held[held.length - 1],
        carried: (await perplexityOfPieces(model, vocabulary, text.held, plan)) - held[held.length - 1],
        words: knownWords(written, words),
      },
      figures: [
        {
          name: "perplexity",
          chart: {
            kind: "line",
            title: { en: "Perplexity per character, Shakespeare", zh: "每个字符的困惑度，莎士比亚" },
            xAxis: { label: { en: "epochs", zh: "轮数" } },
            yAxis: { label: { en: "perplexity", zh: "困惑度" } },
            marks: [{ axis: "y", at: 5.8734, label: { en: "5-gram", zh: "5-gram" } }],
            series: [
              {
                name: { en: "on the last tenth", zh: "最后十分之一" },
                x: numbers,
                y: held,
                style: "line-points",
              },
              {
                name: { en: "while training, with dropout", zh: "训练中（含 dropout）" },
                x: numbers,
                y: epochs.map(({ training }) => training),
                style: "line-points",
              },
            ],
          },
        },
      ],
      tables: [
        {
          title: { en: 'What it writes behind "ROMEO:", temperature 0.8', zh: "在“ROMEO:”之后写出的文字，温度 0.8" },
          columns: [
            { en: "epoch", zh: "轮" },
            { en: "perplexity", zh: "困惑度" },
            { en: "text", zh: "文字" },
          ],
          rows: epochs
            .map(({ held: perplexity, sample }, i) => [i + 1, perplexity.toFixed(3), shown(sample)] as const)
            .filter(([epoch]) => epoch <= 3 || epoch % 5 === 0 || epoch === epochs.length),
        },
      ],
    };
  },
  about: {
    en: "The text's language model at its real size: characters in, an embedding, long short-term memory, softmax over the 65 characters at every step. The play is cut into streams that are read side by side; the state goes on from piece to piece and gradients end where a piece begins (truncated backpropagation). An n-gram can't do better than 5.87 equally likely characters; the network, which remembers speaker, metre and half-written words, has to come below it. The quick form reads a tenth of the text twice with a smaller layer.",
    zh: "按真实规模实现原文的语言模型：输入字符，经嵌入与 LSTM，每一步对 65 个字符做 softmax。剧本切成若干条并行阅读的字符流，状态从一段传到下一段，梯度只在段内回传（截断的反向传播）。n-gram 最好只能做到困惑度 5.87；网络记得说话人、格律和写了一半的单词，必须低于它。快速形式用较小的层把十分之一的文本读两遍。",
  },
  claims: [
    {
      measure: "symbols",
      says: { en: "characters in the dictionary", zh: "词典中的字符数" },
      expected: 65,
      accept: { equals: 65 },
    },
    {
      measure: "untrained",
      says: {
        en: "untrained, all characters are about equally likely: perplexity",
        zh: "未训练时所有字符几乎同样可能：困惑度",
      },
      expected: 65,
      accept: { within: 2 },
      because: { en: "small random weights", zh: "权重是小随机数" },
    },
    {
      measure: "held",
      says: {
        en: "perplexity on text that it has not seen: pairs of characters have 11.96, a 5-gram of the whole play 5.87",
        zh: "在没见过的文本上的困惑度：2-gram 为 11.96，读完全剧的 5-gram 为 5.87",
      },
      accept: { quick: { between: [7.2, 9.2] }, full: { atMost: 4.6 } },
      because: {
        en: "7.94 to 8.47 over ten seeds of the quick form; the full form is to do clearly better than the best counts",
        zh: "快速形式十个种子为 7.94 到 8.47；完整形式须明显好于最好的计数",
      },
    },
    {
      measure: "carried",
      says: {
        en: "without the state that is carried on, every piece begun with 0, perplexity is higher by",
        zh: "不带状态、每段从 0 开始时，困惑度高出",
      },
      accept: { quick: { between: [0.1, 1.5] }, full: { atLeast: 0 } },
      because: {
        en: "0.34 to 0.65 over ten seeds of the quick form, whose pieces are 50 characters; those of the full form are 128",
        zh: "快速形式每段 50 个字符，十个种子为 0.34 到 0.65；完整形式每段 128 个字符",
      },
    },
    {
      measure: "words",
      says: {
        en: "of the words that it writes, at temperature 0.8, so many stand in the text that it has read",
        zh: "温度 0.8 时写出的单词，见于所读文本的比例",
      },
      accept: { quick: { between: [0.3, 0.65] }, full: { atLeast: 0.8 } },
      because: {
        en: "0.43 to 0.52 over ten seeds of the quick form, 0.84 after five of the twenty epochs of the full form; no word was ever told to it as a word",
        zh: "快速形式十个种子为 0.43 到 0.52，完整形式二十轮中的前五轮之后为 0.84；从未有人告诉它什么是单词",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [shakespeare];
