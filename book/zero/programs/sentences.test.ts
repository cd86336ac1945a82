// Part 5: sentences word by word. The slope of the recurrent model, perplexities by their formula, n-grams that stay within a sentence.
import { describe, expect, it } from "vitest";
import { Random } from "../../random.ts";
import { Dictionary, tempered } from "./language.ts";
import {
  LATE,
  learnSentences,
  perplexityOf,
  SentenceModel,
  SentenceNGram,
  sentenceCorpus,
  wordsOf,
} from "./sentences.ts";

const corpus = sentenceCorpus(1);

describe("the corpus", () => {
  it("keeps the text's sentences back, and is of one dictionary", () => {
    const all = [...corpus.training, ...corpus.test].map((sentence) => sentence.join(""));
    expect(all).not.toContain("我昨天上学迟到了");
    expect(all.some((text) => text.startsWith("我昨天上学迟到了，老师"))).toBe(false);
    expect(all.some((text) => text.startsWith("我的手机坏了"))).toBe(false);
    expect(corpus.training.length).toBeGreaterThan(2 * corpus.test.length);
    for (const word of [...corpus.test.flat(), ...LATE]) expect(() => corpus.dictionary.numberOf(word)).not.toThrow();
  });

  it("cuts a text into its words, the longest first", () => {
    expect(wordsOf("我昨天上学迟到了", corpus.dictionary)).toEqual(LATE);
    expect(wordsOf(" 我 昨天  上学", corpus.dictionary)).toEqual(["我", "昨天", "上学"]);
    const dictionary = new Dictionary(["上", "上学", "学"]);
    expect(wordsOf("上学上", dictionary)).toEqual(["上学", "上"]);
    expect(() => wordsOf("我明天", corpus.dictionary)).toThrow('"明天" begins with no word');
  });
});

describe("SentenceModel", () => {
  it("a step is the slope of the mean of -log P, in every weight", () => {
    const dictionary = new Dictionary(["a", "b"]);
    const sentence = ["a", "b", "b"];
    const model = new SentenceModel(dictionary, 3, 1e-3, new Random(2));
    const slopes = model.weights.map(({ values }) =>
      Array.from(values, (before, i) => {
        values[i] = before + 1e-5;
        const above = model.surprise(sentence);
        values[i] = before - 1e-5;
        const slope = (above - model.surprise(sentence)) / 2e-5 / 4;
        values[i] = before;
        return slope;
      }),
    );
    const before = model.weights.map(({ values }) => values.slice());
    expect(Math.hypot(...slopes.flat())).toBeLessThan(1);
    model.train(sentence);
    model.weights.forEach(({ values }, at) => {
      values.forEach((value, i) => {
        expect((before[at][i] - value) / 1e-3).toBeCloseTo(slopes[at][i], 6);
      });
    });
  });

  it("undecided among all V words its perplexity is V; it learns to be undecided among fewer than any n-gram", () => {
    const model = new SentenceModel(corpus.dictionary, 4, 0.1, new Random(1));
    model.V.values.fill(0);
    expect(perplexityOf((sentence) => model.surprise(sentence), corpus.test)).toBeCloseTo(corpus.dictionary.size, 9);
    let last = model;
    for (const epoch of learnSentences(corpus, 1, 8)) last = epoch.model;
    const best = Math.min(
      ...[2, 3, 4, 5].map((n) => {
        const counts = new SentenceNGram(corpus, n, 0.01);
        return perplexityOf((sentence) => counts.surprise(sentence), corpus.test);
      }),
    );
    expect(perplexityOf((sentence) => last.surprise(sentence), corpus.test)).toBeLessThan(best);
  });
});

describe("SentenceNGram", () => {
  it("counts within a sentence, with k for what was not seen: P(b | a) = (2 + k) / (4 + k V)", () => {
    const dictionary = new Dictionary(["a", "b"]);
    const training = [
      ["a", "b"],
      ["a", "b"],
      ["a", "a"],
    ];
    const counts = new SentenceNGram({ dictionary, training, test: [] }, 2, 0.5);
    // a is followed by b twice, by a once, and once by the end.
    expect(counts.read(["a"])[1][dictionary.numberOf("b")]).toBeCloseTo((2 + 0.5) / (4 + 0.5 * 4), 12);
    expect(counts.read(["a"])[0][dictionary.numberOf("a")]).toBeCloseTo((3 + 0.5) / (3 + 0.5 * 4), 12);
    const p = counts.read(["a", "b"]);
    const log = -Math.log(p[0][2]) - Math.log(p[1][3]) - Math.log(p[2][1]);
    expect(counts.surprise(["a", "b"])).toBeCloseTo(log, 12);
  });
});

it("tempered: squares at T = 1/2, as it was at 1", () => {
  expect(tempered([0.2, 0.8], 1)).toEqual([expect.closeTo(0.2, 12), expect.closeTo(0.8, 12)]);
  expect(tempered([0.2, 0.8], 0.5)[1]).toBeCloseTo(0.64 / 0.68, 12);
});
