// Part 5: words as numbers, what a language model is trained on, and the n-gram model that recurrent ones are measured by.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { crossEntropy, Dictionary, draw, pairsOf, softmax } from "../programs/language.ts";
import { NGram, numbered } from "../programs/ngram.ts";

const LATE = ["我", "昨天", "上学", "迟到", "了", "，", "老师", "批评", "了"];

const words: Experiment = {
  id: "zero/5-words",
  title: { en: "Words, vectors, softmax and cross-entropy", zh: "词、向量、softmax 与交叉熵" },
  section: "5",
  kind: "construction",
  settings: { sentence: "我 昨天 上学 迟到 了" },
  read: ["book/zero/programs/language.ts", "book/zero/chapter5/5-language.ts"],
  async run({ seed }) {
    const sentence = LATE.slice(0, 5);
    const dictionary = new Dictionary(LATE);
    const pairs = pairsOf(sentence);
    const oneHot = dictionary.oneHot("我");
    const random = new Random(seed);
    // An embedding is a matrix whose columns are the words' vectors: its product with a one-hot vector is one of them.
    const embedding = Matrix.fill(3, dictionary.size, () => random.normal());
    const looked = Matrix.fill(3, 1, (i) => embedding.at(i, dictionary.numberOf("我")));
    const probabilities = softmax([1, 2, 3, 4]);
    return {
      measured: {
        pairs: pairs.map((pair) => `(${pair.join(",")})`).join(""),
        ones: [oneHot.sum(), oneHot.values[dictionary.numberOf("我")]],
        embedding: embedding.dot(oneHot).minus(looked).norm(),
        twoGram: LATE.slice(-1).join(""),
        threeGram: LATE.slice(-2).join(""),
        distance: LATE.length - LATE.indexOf("我"),
        softmax: probabilities,
        rounded: crossEntropy([[1, 0, 0, 0]], [[0.03, 0.09, 0.24, 0.64]]),
        exact: crossEntropy([[1, 0, 0, 0]], [probabilities]),
        tiny: softmax([1000, 1001]).reduce((sum, p) => sum + p, 0),
      },
      figures: [
        {
          name: "one-hot",
          chart: {
            kind: "heat-map",
            title: { en: "我 昨天 上学 迟到 了, a one for each word", zh: "我 昨天 上学 迟到 了：每个词一个 1" },
            rows: pairs.map(([word]) => word),
            columns: dictionary.words,
            values: pairs.map(([word]) => dictionary.oneHot(word).values),
            numbers: true,
          },
        },
        {
          name: "softmax",
          chart: {
            kind: "bar",
            title: { en: "Softmax of 1, 2, 3, 4", zh: "1、2、3、4 的 softmax" },
            categories: ["1", "2", "3", "4"],
            yAxis: { min: 0, format: "percent" },
            series: [{ name: "y", values: probabilities }],
          },
          height: 300,
        },
      ],
    };
  },
  about: {
    en: "A language model says how likely each word is to come next. Words become numbers of a dictionary, with s and e for the ends of a sentence, numbers become vectors with a single one (and dense ones, by an embedding, since a dictionary is long), softmax makes probabilities of whatever comes out, and cross-entropy punishes a small probability for the word that came. An n-gram model would look at the n - 1 words before: at 了, or at 批评了, when 我 stands nine words away.",
    zh: "语言模型给出每个词接下来出现的概率。词先变成词典中的编号，句首句尾用 s 和 e；编号变成只有一个 1 的向量（词典很长，所以再用嵌入变成稠密向量）；softmax 把输出变成概率；交叉熵惩罚给正确的词过小的概率。n-gram 只看前面 n - 1 个词：了，或者 批评了，而关键的 我 在九个词之前。",
  },
  claims: [
    {
      measure: "pairs",
      says: { en: "what the model is trained on, from (s,我) to (了,e)", zh: "训练用的词对，从 (s,我) 到 (了,e)" },
      reported: "(s,我)(我,昨天)(昨天,上学)(上学,迟到)(迟到,了)(了,e)",
      accept: { equals: "(s,我)(我,昨天)(昨天,上学)(上学,迟到)(迟到,了)(了,e)" },
    },
    {
      measure: "ones",
      says: { en: "one-hot: a single 1, at the word's number", zh: "one-hot：只有一个 1，在该词的编号处" },
      accept: { equals: [1, 1] },
    },
    {
      measure: "embedding",
      says: {
        en: "an embedding looks up what the product with one-hot gives: difference",
        zh: "嵌入查表与乘以 one-hot 相同：差",
      },
      accept: { equals: 0 },
    },
    {
      measure: "twoGram",
      says: { en: "a 2-gram sees", zh: "2-gram 只看到" },
      reported: "了",
      accept: { equals: "了" },
    },
    {
      measure: "threeGram",
      says: { en: "a 3-gram sees", zh: "3-gram 只看到" },
      reported: "批评了",
      accept: { equals: "批评了" },
    },
    {
      measure: "distance",
      says: { en: "我 stands so many words before the gap", zh: "我 在空格之前多少个词" },
      reported: 9,
      accept: { equals: 9 },
    },
    {
      measure: "softmax",
      says: {
        en: "softmax of [1 2 3 4], printed as 0.03 0.09 0.24 0.64",
        zh: "[1 2 3 4] 的 softmax，原文为 0.03 0.09 0.24 0.64",
      },
      expected: [0.03205860328008499, 0.08714431874203257, 0.23688281808991013, 0.6439142598879722],
      accept: { within: 1e-15 },
      because: { en: "the last bits", zh: "最后几位" },
    },
    {
      measure: "rounded",
      says: {
        en: "cross-entropy of the rounded numbers with y = [1,0,0,0]",
        zh: "取舍入后的数，y = [1,0,0,0] 的交叉熵",
      },
      reported: 3.51,
      accept: { within: 0.005 },
      because: { en: "printed with two decimals: -log 0.03 = 3.50656", zh: "原文保留两位小数：-log 0.03 = 3.50656" },
    },
    {
      measure: "exact",
      says: { en: "and of the exact ones", zh: "取精确的数" },
      expected: 3.4401896985611953,
      accept: { within: 1e-14 },
      because: { en: "the last bits", zh: "最后几位" },
    },
    {
      measure: "tiny",
      says: {
        en: "softmax of 1000 and 1001 adds up to 1: no overflow",
        zh: "1000 与 1001 的 softmax 之和为 1：不溢出",
      },
      accept: { equals: 1 },
    },
  ],
};

/** Runs of n characters, and the smoothing that goes with each. */
const ORDERS: readonly [n: number, smoothing: number][] = [
  [1, 1],
  [2, 1],
  [3, 0.1],
  [4, 0.1],
  [5, 0.01],
  [6, 0.01],
];

interface Counted {
  readonly perplexity: number;
  readonly onItself: number;
  readonly contexts: number;
  readonly model: NGram;
}

function count(tokens: Int32Array, cut: number, size: number, n: number, smoothing: number): Counted {
  const model = new NGram(n, size, smoothing);
  model.train(tokens.subarray(0, cut));
  return {
    model,
    perplexity: model.perplexity(tokens.subarray(cut)),
    onItself: model.perplexity(tokens.subarray(0, cut)),
    contexts: model.contextCount,
  };
}

const ngram: Experiment = {
  id: "zero/5-ngram",
  title: { en: "n-gram models of Shakespeare and of Tang poems", zh: "莎士比亚与唐诗的 n-gram 模型" },
  section: "5",
  kind: "experiment",
  settings: { "training part": "nine tenths", smoothing: "add 1, 0.1, 0.01" },
  read: ["book/zero/programs/ngram.ts", "book/corpora.ts", "book/zero/chapter5/5-language.ts"],
  needs: ["tinyshakespeare", "tang300"],
  async run({ seed, corpus }) {
    const { characters, tokens } = numbered(await corpus("tinyshakespeare"));
    const cut = 1_003_854;
    const orders = ORDERS.map(([n, smoothing]) => count(tokens, cut, characters.length, n, smoothing));
    const poems = numbered(await corpus("tang300"));
    const poemCut = Math.floor(0.9 * poems.tokens.length);
    const poemOrders = ORDERS.slice(0, 3).map(([n], i) =>
      count(poems.tokens, poemCut, poems.characters.length, n, [1, 0.1, 0.01][i]),
    );
    const random = new Random(seed);
    const [, , , , five] = orders;
    const said = [..."\nROMEO:\n"].map((character) => characters.indexOf(character));
    while (said.length < 160) said.push(draw(five.model.next(said.slice(-4)), 1, random));
    const sums = five.model.next(said.slice(-4)).reduce((sum, p) => sum + p, 0);
    const n = ORDERS.map(([order]) => order);
    return {
      measured: {
        sizes: [tokens.length, characters.length, poems.tokens.length, poems.characters.length],
        one: orders[0].perplexity,
        perplexities: orders.slice(1).map(({ perplexity }) => perplexity),
        bestOrder: n[orders.findIndex(({ perplexity }) => perplexity === Math.min(...orders.map((o) => o.perplexity)))],
        contexts: orders.map(({ contexts }) => contexts),
        poems: poemOrders.map(({ perplexity }) => perplexity),
        sums,
      },
      figures: [
        {
          name: "perplexity",
          chart: {
            kind: "line",
            title: { en: "Perplexity per character, Shakespeare", zh: "每个字符的困惑度，莎士比亚" },
            xAxis: { label: "n" },
            yAxis: { label: { en: "perplexity", zh: "困惑度" }, scale: "log" },
            series: [
              {
                name: { en: "on the last tenth", zh: "最后十分之一" },
                x: n,
                y: orders.map((o) => o.perplexity),
                style: "line-points",
              },
              {
                name: { en: "on what was counted", zh: "计数所用的部分" },
                x: n,
                y: orders.map((o) => o.onItself),
                style: "line-points",
              },
            ],
          },
        },
      ],
      tables: [
        {
          title: { en: "What the counts cost", zh: "计数的代价" },
          columns: [
            "n",
            { en: "contexts seen", zh: "见过的上文" },
            { en: "contexts possible", zh: "可能的上文" },
            { en: "perplexity", zh: "困惑度" },
          ],
          rows: orders.map(({ contexts, perplexity }, i) => [
            n[i],
            contexts,
            characters.length ** i,
            perplexity.toFixed(4),
          ]),
        },
      ],
      notes: [
        {
          en: `The 5-gram goes on from "ROMEO:" with ${JSON.stringify(
            said
              .slice(8)
              .map((token) => characters[token])
              .join(""),
          )}`,
          zh: `5-gram 从 "ROMEO:" 续写：${JSON.stringify(
            said
              .slice(8)
              .map((token) => characters[token])
              .join(""),
          )}`,
        },
      ],
    };
  },
  about: {
    en: "Before networks, one counted: how often does a character follow the n - 1 before it? With a little added to every count, so that nothing is impossible. Perplexity is exp of the mean -log P per character, the number of equally likely characters that would be as hard to guess. It falls with n until most contexts were never seen; the tables grow like V^(n-1). A recurrent model of Shakespeare has to come below 5.87.",
    zh: "在神经网络之前，人们靠计数：一个字符有多少次跟在前面 n - 1 个字符之后？每个计数都加上一点，使任何情况都有可能。困惑度是每个字符 -log P 的平均值的 exp，相当于在多少个等可能的字符中猜一个。它随 n 下降，直到大多数上文都没有见过；表的大小按 V^(n-1) 增长。莎士比亚的循环模型必须低于 5.87。",
  },
  claims: [
    {
      measure: "sizes",
      says: { en: "characters and symbols of both texts", zh: "两份文本的字符数与符号数" },
      accept: { equals: [1115394, 65, 25306, 2543] },
    },
    {
      measure: "one",
      says: { en: "perplexity of single characters, add 1", zh: "单个字符的困惑度，加 1" },
      expected: 28.427,
      accept: { within: 5e-4 },
      because: { en: "recomputed to three decimals", zh: "重新计算的值，三位小数" },
    },
    {
      measure: "perplexities",
      says: {
        en: "n = 2 (add 1), 3 and 4 (0.1), 5 and 6 (0.01)",
        zh: "n = 2（加 1）、3 与 4（加 0.1）、5 与 6（加 0.01）",
      },
      expected: [11.9638, 7.7353, 5.9535, 5.8734, 7.4374],
      accept: { within: 6e-5 },
      because: { en: "recomputed to four decimals", zh: "重新计算的值，四位小数" },
    },
    { measure: "bestOrder", says: { en: "the best n", zh: "最好的 n" }, expected: 5, accept: { equals: 5 } },
    {
      measure: "contexts",
      says: { en: "contexts seen, for n = 1 to 6", zh: "n = 1 到 6 时见过的上文数" },
      accept: { equals: [1, 65, 1380, 11228, 48539, 133293] },
    },
    {
      measure: "poems",
      says: {
        en: "Tang poems: n = 1 (add 1), 2 (0.1), 3 (0.01); counted again by another program",
        zh: "唐诗：n = 1（加 1）、2（加 0.1）、3（加 0.01）；由另一程序重新计数",
      },
      expected: [638.4771, 701.5411, 1610.9301],
      accept: { within: 5e-4 },
      because: { en: "to three decimals", zh: "三位小数" },
    },
    {
      measure: "sums",
      says: { en: "the probabilities behind a context add up to", zh: "某个上文之后的概率之和" },
      expected: 1,
      accept: { within: 1e-12 },
      because: { en: "65 roundings", zh: "65 次舍入" },
    },
  ],
};

export const experiments: readonly Experiment[] = [words, ngram];
