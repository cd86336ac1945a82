// Words and n-grams of part 5: pairs, softmax, perplexities recomputed elsewhere, and bad input.
import { describe, expect, it, test } from "vitest";
import { findCorpus, loadCorpus } from "../../corpora.ts";
import { Random } from "../../random.ts";
import { broken, ClozeNetwork, clozeSentences, GAP, late } from "./cloze.ts";
import { crossEntropy, Dictionary, draw, pairsOf, softmax } from "./language.ts";
import { NGram, numbered } from "./ngram.ts";

const hasShakespeare = (await findCorpus("tinyshakespeare")) !== null;

describe("words", () => {
  it("six pairs from (s,我) to (了,e)", () => {
    expect(pairsOf(["我", "昨天", "上学", "迟到", "了"])).toEqual([
      ["s", "我"],
      ["我", "昨天"],
      ["昨天", "上学"],
      ["上学", "迟到"],
      ["迟到", "了"],
      ["了", "e"],
    ]);
    expect(() => pairsOf([])).toThrow("the sentence is empty");
  });

  it("a word outside the dictionary and an empty text are errors", () => {
    const dictionary = new Dictionary(["我", "的", "我"]);
    expect(dictionary.words).toEqual(["s", "e", "我", "的"]);
    expect([...dictionary.oneHot("的").values]).toEqual([0, 0, 0, 1]);
    expect(() => dictionary.oneHot("狗")).toThrow('Dictionary: "狗" is not among its 4 words');
    expect(() => new Dictionary([])).toThrow("there are no tokens");
  });

  it("softmax of 1, 2, 3, 4, and cross-entropy: 3.51 of the rounded numbers, 3.4402 of the exact ones", () => {
    const y = softmax([1, 2, 3, 4]);
    [0.03205860328008499, 0.08714431874203257, 0.23688281808991013, 0.6439142598879722].forEach((value, i) => {
      expect(y[i]).toBeCloseTo(value, 15);
    });
    expect(crossEntropy([[1, 0, 0, 0]], [[0.03, 0.09, 0.24, 0.64]])).toBeCloseTo(3.506557897319982, 14);
    expect(crossEntropy([[1, 0, 0, 0]], [y])).toBeCloseTo(3.4401896985611953, 14);
  });

  it("draws by temperature: cold the likeliest, hot all alike; 0 and below are errors", () => {
    const counts = (temperature: number) => {
      const random = new Random(1);
      const found = [0, 0, 0];
      for (let i = 0; i < 3000; i++) found[draw([0.2, 0.5, 0.3], temperature, random)] += 1;
      return found.map((count) => count / 3000);
    };
    expect(counts(0.01)).toEqual([0, 1, 0]);
    counts(1).forEach((share, i) => {
      expect(share).toBeCloseTo([0.2, 0.5, 0.3][i], 1);
    });
    counts(1000).forEach((share) => {
      expect(share).toBeCloseTo(1 / 3, 1);
    });
    expect(draw([0, 1, 0], 1, new Random(3))).toBe(1);
    for (const wrong of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => draw([1], wrong, new Random(1))).toThrow("the temperature must be a finite number above 0");
    }
  });
});

describe("NGram", () => {
  it("counts: P(b | a) = (2 + 1) / (3 + 2) in abaab with add-1", () => {
    const { tokens, characters } = numbered("abaaba");
    expect(characters).toEqual(["a", "b"]);
    const model = new NGram(2, 2, 1);
    model.train(tokens);
    // a is followed by b, a, b: twice by b, once by a.
    expect(model.next([0])).toEqual([2 / 5, 3 / 5]);
    expect(model.next([1])).toEqual([3 / 4, 1 / 4]);
    expect(model.contextCount).toBe(2);
    expect(model.perplexity(numbered("ab").tokens)).toBeCloseTo(5 / 3, 14);
  });

  it("untrained it finds every token alike: perplexity V", () => {
    expect(new NGram(3, 65, 1).perplexity(Int32Array.from({ length: 100 }, (_, i) => i % 65))).toBeCloseTo(65, 10);
  });

  test.runIf(hasShakespeare)(
    "Tiny Shakespeare: 1,115,394 characters, 65 symbols; perplexities 28.427, 11.9638, 7.7353, 5.9535, 5.8734, 7.4374",
    async () => {
      const { characters, tokens } = numbered(await loadCorpus("tinyshakespeare"));
      expect([tokens.length, characters.length]).toEqual([1_115_394, 65]);
      const expected: [number, number, number, number][] = [
        [1, 1, 28.427, 3],
        [2, 1, 11.9638, 4],
        [3, 0.1, 7.7353, 4],
        [4, 0.1, 5.9535, 4],
        [5, 0.01, 5.8734, 4],
        [6, 0.01, 7.4374, 4],
      ];
      for (const [n, smoothing, perplexity, digits] of expected) {
        const model = new NGram(n, 65, smoothing);
        model.train(tokens.subarray(0, 1_003_854));
        expect(Number(model.perplexity(tokens.subarray(1_003_854)).toFixed(digits))).toBe(perplexity);
      }
    },
    120_000,
  );

  it("says what is wrong with its numbers", () => {
    expect(() => new NGram(0, 5, 1)).toThrow("n must be a whole number from 1 on, got 0");
    expect(() => new NGram(2, 5, 0)).toThrow("the smoothing must be a finite number above 0");
    expect(() => new NGram(9, 65, 1)).toThrow("take n up to 8");
    const model = new NGram(3, 4, 1);
    expect(() => model.train([])).toThrow("train needs at least 3 tokens for runs of 3, the text has 0");
    expect(() => model.perplexity([1])).toThrow("the text has 1");
    expect(() => model.train([0, 1, 4])).toThrow("token 4 at 2 is none of the numbers 0 to 3");
    expect(() => model.next([1])).toThrow("next needs the 2 tokens before, got 1");
  });
});

describe("gaps", () => {
  it("the text's two sentences", () => {
    expect(late("我", "昨天", "上学", "老师").words.join("")).toBe(`我昨天上学迟到了，老师批评了${GAP}`);
    expect(broken("我", "手机", 0).words.join("")).toBe(`我的手机坏了，我打算${GAP}一部新手机`);
    expect([late("我", "昨天", "上学", "老师").answer, broken("我", "手机", 0).answer]).toEqual(["我", "买"]);
  });

  it("a network that reads forwards keeps V' at 0; one step lowers the loss of its sentence", () => {
    const sentences = clozeSentences(new Random(1));
    const dictionary = new Dictionary(sentences.flatMap(({ words, answer }) => [...words, answer]));
    for (const reading of ["both", "forwards"] as const) {
      const network = new ClozeNetwork(dictionary, 8, 0.1, reading, new Random(2));
      const before = network.train(sentences[0]);
      expect(network.train(sentences[0])).toBeLessThan(before);
      expect(network.network.VPrime.norm() === 0).toBe(reading === "forwards");
    }
  });
});

test("a text that is not on this machine is an error that says where it looked", async () => {
  const { NABLA_DATA_DIR, NABLA_CACHE_DIR } = process.env;
  process.env.NABLA_DATA_DIR = "/nowhere/data";
  process.env.NABLA_CACHE_DIR = "/nowhere/cache";
  try {
    await expect(loadCorpus("tinyshakespeare")).rejects.toThrow(
      /tinyshakespeare.txt is not on this machine: put it into .*nowhere.data.text or .*nowhere.cache.text/,
    );
  } finally {
    for (const [name, value] of Object.entries({ NABLA_DATA_DIR, NABLA_CACHE_DIR })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
});
