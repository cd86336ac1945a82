// The parser of part 7: merging, counting, searching among all trees, and max-margin training; the text's sentence and its numbers.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../random.ts";
import { MarginParser } from "./max-margin.ts";
import { LESSONS, learnLessons, lessonNumbers } from "./merge-lessons.ts";
import {
  allShapes,
  buildShape,
  chartParse,
  delta,
  exhaustiveParse,
  greedyParse,
  innerNodes,
  leftBranching,
  type MergeStep,
  marginAround,
  type PairScore,
  randomShape,
  rightBranching,
  type Shape,
  shapeOf,
  sharedSpans,
  spanKey,
  spansOf,
  totalScore,
} from "./parser.ts";

/** The cat sat on the mat. */
const GOLD: Shape = [
  [0, 1],
  [2, [3, [4, 5]]],
];
const WORDS = Array.from({ length: 6 }, () => new Float64Array(1));
/** Scores by span: those of gold, from the lower to the higher, as the text merges them. */
const byText: PairScore = (left, right) => {
  const order = [spanKey(0, 2), spanKey(4, 6), spanKey(3, 6), spanKey(2, 6), spanKey(0, 6)];
  const place = order.indexOf(spanKey(left.from, right.to));
  return { vector: new Float64Array(1), score: place < 0 ? -1 : 5 - place };
};
/** A score of a span's own, which no tree below it changes. */
const ofSpans =
  (seed: number): PairScore =>
  (left, right) => ({
    vector: new Float64Array(1),
    score: new Random(seed * 1000 + left.from * 31 + right.to).uniform(-1, 1),
  });

describe("greedy merging", () => {
  it("The cat, the mat, on the mat, sat on the mat, the whole: 9 pairs scored for six words, 15 without keeping them", () => {
    const cached = greedyParse(WORDS, byText);
    expect(cached.merges.map(({ from, to }) => [from, to])).toEqual([
      [0, 2],
      [4, 6],
      [3, 6],
      [2, 6],
      [0, 6],
    ]);
    expect(cached.evaluations).toBe(9);
    const naive = greedyParse(WORDS, byText, { cached: false });
    expect(naive.evaluations).toBe(15);
    expect(shapeOf(naive.root)).toEqual(GOLD);
    expect(shapeOf(cached.root)).toEqual(GOLD);
  });

  it("keeping scores changes nothing but their number", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 14 }), fc.nat(1000), (n, seed) => {
        const words = Array.from({ length: n }, () => new Float64Array(1));
        const cached = greedyParse(words, ofSpans(seed));
        const naive = greedyParse(words, ofSpans(seed), { cached: false });
        expect(shapeOf(cached.root)).toEqual(shapeOf(naive.root));
        expect(naive.evaluations).toBe((n * (n - 1)) / 2);
        expect(cached.evaluations).toBeLessThanOrEqual(Math.max(0, n - 1 + 2 * (n - 2)));
      }),
    );
  });

  it("one word is its own tree; none is refused", () => {
    expect(greedyParse([new Float64Array(1)], byText).root.left).toBeNull();
    expect(() => greedyParse([], byText)).toThrow("at least one word");
  });
});

describe("all trees", () => {
  it("there are 1, 1, 2, 5, 14, 42, 132 over one to seven words, all different", () => {
    const counts = [1, 2, 3, 4, 5, 6, 7].map((n) => allShapes(0, n));
    expect(counts.map(({ length }) => length)).toEqual([1, 1, 2, 5, 14, 42, 132]);
    expect(new Set(counts[5].map((shape) => JSON.stringify(shape))).size).toBe(42);
  });

  it("the chart finds the best of the 42 where scores are of spans; greedy merging never beats it", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const best = exhaustiveParse(WORDS, ofSpans(seed));
      const chart = chartParse(WORDS, ofSpans(seed));
      expect(totalScore(chart.root)).toBeCloseTo(totalScore(best.root), 12);
      expect(totalScore(greedyParse(WORDS, ofSpans(seed)).root)).toBeLessThanOrEqual(totalScore(best.root) + 1e-12);
    }
  });

  it("with vectors a chart that keeps every tree is the exhaustive search", () => {
    for (let seed = 1; seed <= 5; seed++) {
      const parser = new MarginParser(6, 4, new Random(seed));
      const vectors = parser.vectorsOf([0, 1, 2, 3, 4, 5]);
      const best = totalScore(exhaustiveParse(vectors, parser.score).root);
      expect(totalScore(chartParse(vectors, parser.score, { beam: 42 }).root)).toBeCloseTo(best, 12);
      expect(totalScore(chartParse(vectors, parser.score).root)).toBeLessThanOrEqual(best + 1e-12);
    }
    expect(() =>
      exhaustiveParse(
        Array.from({ length: 13 }, () => new Float64Array(1)),
        byText,
      ),
    ).toThrow("too many trees");
  });
});

describe("Delta against ((The cat)(sat(on(the mat))))", () => {
  it("right-branching 1k by leaf spans, 2k by structure; left-branching 3k, 4k; gold 0", () => {
    const both = (shape: Shape) => [delta(shape, GOLD, 0.5, "spans"), delta(shape, GOLD, 0.5, "structure")];
    expect(both(rightBranching(6))).toEqual([0.5, 1]);
    expect(both(leftBranching(6))).toEqual([1.5, 2]);
    expect(both(GOLD)).toEqual([0, 0]);
  });

  it("shared spans, without the whole sentence", () => {
    expect(sharedSpans(rightBranching(6), GOLD)).toEqual({ right: 3, all: 4 });
    expect(sharedSpans(GOLD, GOLD)).toEqual({ right: 4, all: 4 });
    expect(sharedSpans(0, 0)).toEqual({ right: 0, all: 0 });
  });

  it("shapes of 5,000 words", () => {
    expect(spansOf(rightBranching(5000)).size).toBe(4999);
    expect(spansOf(leftBranching(5000)).size).toBe(4999);
    expect(spansOf(randomShape(5000, new Random(1))).size).toBe(4999);
  });
});

describe("max margin", () => {
  const words = [0, 1, 2, 3, 4, 5];

  it("gradients of s(y) equal differences, in W, b, U and the words' vectors", () => {
    const parser = new MarginParser(6, 3, new Random(2));
    const score = () => totalScore(buildShape(parser.vectorsOf(words), GOLD, parser.score));
    parser.collect(innerNodes(buildShape(parser.vectorsOf(words), GOLD, parser.score)), words, 1);
    for (const { values, gradient } of [parser.W, parser.b, parser.U, parser.vectors]) {
      for (let i = 0; i < values.length; i++) {
        const before = values[i];
        values[i] = before + 1e-5;
        const above = score();
        values[i] = before - 1e-5;
        const slope = (above - score()) / 2e-5;
        values[i] = before;
        expect(gradient[i]).toBeCloseTo(slope, 8);
      }
    }
  });

  it("the loss is never negative, and 0 exactly where gold beats every tree by its margin", () => {
    let zeros = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const parser = new MarginParser(6, 4, new Random(seed), 0.05);
      for (let i = 0; i < seed * 2; i++) parser.learn(words, GOLD, 0.05);
      const vectors = parser.vectorsOf(words);
      const augment = parser.augmentFor(GOLD);
      const gold = totalScore(buildShape(vectors, GOLD, parser.score));
      const margin = totalScore(exhaustiveParse(vectors, parser.score, augment).root, augment) - gold;
      const { value } = parser.loss(words, GOLD, "chart");
      expect(value).toBeGreaterThanOrEqual(0);
      expect(margin).toBeGreaterThanOrEqual(-1e-12);
      expect(value).toBeLessThanOrEqual(margin + 1e-12);
      if (margin < 1e-12) {
        zeros += 1;
        for (const shape of allShapes(0, 6)) {
          const other = totalScore(buildShape(vectors, shape, parser.score));
          expect(gold).toBeGreaterThanOrEqual(other + delta(shape, GOLD, 0.05, "spans") - 1e-12);
        }
      }
    }
    expect(zeros).toBeGreaterThan(0);
  });

  it("learns the sentence: merging and chart find gold", () => {
    // By whole trees alone merging may end elsewhere: they have no slope where it goes wrong and the sum is low.
    for (const seed of [1, 2, 3]) {
      const parser = new MarginParser(6, 8, new Random(seed), 0.1);
      for (let i = 0; i < 100; i++) {
        parser.learnMerges(words, GOLD, 0.05);
        parser.learn(words, GOLD, 0.05, 0, "chart");
      }
      expect(shapeOf(parser.parse(words).root)).toEqual(GOLD);
      expect(shapeOf(parser.parse(words, "chart").root)).toEqual(GOLD);
      expect(innerNodes(parser.parse(words).root)).toHaveLength(5);
    }
  });
});

describe("what stands before every merge", () => {
  it("is shown: the row, every pair, which one wins, and which scores are new", () => {
    const seen: MergeStep[] = [];
    const parse = greedyParse(WORDS, byText, { watch: (step) => seen.push(step) });
    expect(seen.map(({ row }) => row.length)).toEqual([6, 5, 4, 3, 2]);
    expect(seen.map(({ pairs, best }) => pairs[best].node.score)).toEqual(parse.merges.map(({ score }) => score));
    expect(seen.map(({ pairs }) => pairs.map(({ fresh }) => fresh))).toEqual([
      [true, true, true, true, true],
      [true, false, false, false],
      [false, false, true],
      [false, true],
      [true],
    ]);
    const naive: MergeStep[] = [];
    greedyParse(WORDS, byText, { cached: false, watch: (step) => naive.push(step) });
    expect(naive.every(({ pairs }) => pairs.every(({ fresh }) => fresh))).toBe(true);
  });

  it("ranks wrong pairs k higher than they score", () => {
    const seen: MergeStep[] = [];
    greedyParse(WORDS, byText, { augment: marginAround(GOLD, 0.25), watch: (step) => seen.push(step) });
    expect(seen[0].pairs.map(({ node, rank }) => rank - node.score)).toEqual([0, 0.25, 0.25, 0.25, 0]);
  });
});

describe("the six lessons", () => {
  it("are parsed rightly after twelve passes, and a copy stays what it was", () => {
    const passes = learnLessons(27, 12);
    const first = passes.next().value!.copy();
    const before = first.parse(lessonNumbers(LESSONS[0].sentence));
    let last = first;
    for (const parser of passes) last = parser;
    expect(first.parse(lessonNumbers(LESSONS[0].sentence))).toEqual(before);
    for (const { sentence, shape } of LESSONS)
      expect(shapeOf(last.parse(lessonNumbers(sentence)).root), sentence).toEqual(shape);
    // Both learn on alike.
    const other = last.copy();
    const words = lessonNumbers("The bed saw a cat");
    for (const parser of [last, other]) parser.learnMerges(words, leftBranching(5), 0.05);
    expect(other.parse(words)).toEqual(last.parse(words));
  });

  it("name a word that they do not have", () => {
    expect(() => lessonNumbers("The cat sat in Rome")).toThrow('"Rome" is not among the words: The cat sat');
  });
});
