// Part 7: phrases on a map. A step of learning is the slope of half the squared distance; two trees of one phrase find their own places.
import { describe, expect, it } from "vitest";
import { Random } from "../../random.ts";
import { Composer, distance, MAP_SCALE, mapPlace, type Phrase } from "./composition.ts";
import { AMBIGUOUS, COUNTS_PEOPLE, COUNTS_PLACES, LESSONS, learnPlaces } from "./readings.ts";
import { foldTree, nodesFromRoot, RecursiveLayer, TreeNode } from "./recursive.ts";

const phrase: Phrase = {
  words: ["a", "b", "a", "c"],
  tree: [
    [0, 1],
    [2, 3],
  ],
  place: [2, 7],
};

describe("Composer", () => {
  it("a step moves weights, bias and words by rate times the slope, of a word that stands twice by both", () => {
    const composer = new Composer(phrase.words, new Random(3));
    const { W, b } = composer.layer;
    const values = [W.values, b.values, ...[...composer.vectors.values()].map((vector) => vector.values)];
    const error = () => (composer.errorOf(phrase) / MAP_SCALE) ** 2 / 2;
    const slopes = values.map((list) =>
      Array.from(list, (before, i) => {
        list[i] = before + 1e-5;
        const above = error();
        list[i] = before - 1e-5;
        const slope = (above - error()) / 2e-5;
        list[i] = before;
        return slope;
      }),
    );
    const start = values.map((list) => [...list]);
    expect(composer.teach(phrase, 0.1)).toBeCloseTo(distance(mapPlace(start1(start)), phrase.place), 12);
    values.forEach((list, at) => {
      list.forEach((value, i) => {
        expect((start[at][i] - value) / 0.1).toBeCloseTo(slopes[at][i], 8);
      });
    });

    /** The root before the step, folded anew from the numbers that were. */
    function start1(numbers: readonly (readonly number[])[]): TreeNode {
      const again = new Composer(phrase.words, new Random(4));
      const lists = [again.layer.W.values, again.layer.b.values, ...[...again.vectors.values()].map((v) => v.values)];
      lists.forEach((list, at) => {
        list.set(numbers[at]);
      });
      return again.read(phrase.words, phrase.tree);
    }
  });

  it("a copy stays what it was; given words have their places; unknown ones are named", () => {
    const composer = new Composer(["a", "b", "c"], new Random(1), new Map([["Monday", [9, 2]]]));
    const copy = composer.copy();
    const before = mapPlace(copy.read(phrase.words, phrase.tree));
    expect(mapPlace(composer.read(phrase.words, phrase.tree))).toEqual(before);
    composer.teach(phrase, 0.5);
    expect(mapPlace(copy.read(phrase.words, phrase.tree))).toEqual(before);
    expect(mapPlace(new TreeNode(copy.vectorOf("Monday")))).toEqual([9, 2]);
    expect(() => composer.read(["a", "Sunday"], [0, 1])).toThrow('"Sunday" is not among its words');
  });
});

describe("foldTree", () => {
  it("folds what the shape says, a lone leaf too", () => {
    const { layer } = new Composer([], new Random(1));
    const leaves = [1, 2, 3].map((x) => new TreeNode(new Composer(["w"], new Random(x)).vectorOf("w")));
    const root = foldTree(layer, [0, [1, 2]], leaves);
    expect(root.children[0]).toBe(leaves[0]);
    expect(root.children[1].children).toEqual([leaves[1], leaves[2]]);
    expect(nodesFromRoot(root)).toHaveLength(5);
    expect(layer).toBeInstanceOf(RecursiveLayer);
    expect(foldTree(layer, 2, leaves)).toBe(leaves[2]);
  });
});

describe("两个外语学院的学生", () => {
  it("is never taught, and each of its two trees ends nearer to its own reading's place", () => {
    const { taught, kept } = LESSONS.readings;
    const text = (each: Phrase) => each.words.join("");
    expect(kept.map(text)).toEqual(["两个外语学院的学生", "两个外语学院的学生"]);
    expect(taught.map(text)).not.toContain("两个外语学院的学生");
    expect(kept.map(({ tree }) => tree)).toEqual([COUNTS_PEOPLE, COUNTS_PLACES]);
    let last: Composer | undefined;
    for (const composer of learnPlaces("readings", 1, 30)) last = composer;
    const [people, institutions] = kept.map(({ tree }) => mapPlace(last!.read(AMBIGUOUS, tree)));
    expect(distance(people, kept[0].place)).toBeLessThan(distance(people, kept[1].place));
    expect(distance(institutions, kept[1].place)).toBeLessThan(distance(institutions, kept[0].place));
    expect(distance(people, institutions)).toBeGreaterThan(4);
  });
});
