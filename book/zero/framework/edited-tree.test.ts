// Trees that a reader types or changes, and the little treebank that a page learns from.
import { formatTree, parseTrees } from "nabla";
import { describe, expect, it } from "vitest";
import { Random } from "../../random.ts";
import { readBracketed, withoutWord } from "./edited-tree.ts";
import { learnLittle, littleCorpus, SENTENCE } from "./little-sentiment.ts";
import { littleTreebank } from "./little-treebank.ts";
import { classify } from "./sentiment.ts";
import { meanClass } from "./sentiment-study.ts";

const [whole] = parseTrees(SENTENCE);

describe("readBracketed", () => {
  it("reads brackets with labels, and without, which count as 0", () => {
    expect(formatTree(readBracketed("((not bad)  film)"))).toBe("(0 (0 (0 not) (0 bad)) (0 film))");
    expect(formatTree(readBracketed("(3 (2 so) (4 good))"))).toBe("(3 (2 so) (4 good))");
  });

  it.each([
    ["(so good", "not closed"],
    ["(so very good)", "3 children"],
    ["so good", "begins with a bracket"],
    ["", "begins with a bracket"],
  ])("%s: %s", (text, problem) => {
    expect(() => readBracketed(text)).toThrow(problem);
  });
});

describe("withoutWord", () => {
  it("n't: does stands alone, and nothing else changes", () => {
    expect(whole.words[3]).toBe("n't");
    expect(formatTree(withoutWord(whole, 3))).toBe(SENTENCE.replace("(1 (2 does) (2 n't))", "(2 does)"));
  });

  it("word by word down to one, each time one inner node less", () => {
    let tree = parseTrees("(4 (1 (2 a) (3 b)) (0 c))")[0];
    tree = withoutWord(tree, 0);
    expect(formatTree(tree)).toBe("(4 (3 b) (0 c))");
    tree = withoutWord(tree, 1);
    expect(formatTree(tree)).toBe("(3 b)");
    expect(() => withoutWord(tree, 0)).toThrow("can't be taken from a tree of 1");
    expect(() => withoutWord(whole, 17)).toThrow("word 17 can't be taken");
  });
});

describe("the little treebank", () => {
  const trees = littleTreebank(300, whole, new Random(1));

  it("has different sentences, and never the text's; all its words are among theirs", () => {
    const texts = trees.map(({ words }) => words.join(" "));
    expect(new Set(texts).size).toBe(300);
    expect(texts).not.toContain(whole.words.join(" "));
    const known = new Set(littleCorpus(1).training.flatMap(({ words }) => words));
    expect(whole.words.filter((word) => !known.has(word))).toEqual([]);
  });

  it("n't turns what is said: positive to negative, and negative to a little positive", () => {
    const denied = trees.filter(({ words }) => words.includes("n't"));
    expect(denied.length).toBeGreaterThan(100);
    expect(denied.length).toBeLessThan(200);
    for (const { labels } of trees.filter((each) => !denied.includes(each)))
      expect(labels[labels.length - 1]).toBe(labels[labels.length - 4]);
    for (const { labels } of denied) {
      // The root closes last, before it the sentence without its subject, the same without the full stop, and what is said.
      const [said, root] = [labels[labels.length - 4], labels[labels.length - 1]];
      expect(root).toBe(said > 2 ? 4 - said : said < 2 ? 3 : 1);
    }
  });

  it("a network learns it in seconds, and the text's sentence turns without n't", async () => {
    const without = withoutWord(whole, 3);
    let roots: number[] = [];
    let all = 0;
    await learnLittle(littleCorpus(1), 1, 12, ({ scores, model, words }) => {
      const answers = classify(model, words, [whole, without]);
      roots = [whole, without].map(({ labels }, i) => meanClass(answers[i], labels.length - 1));
      all = scores.all;
      return false;
    });
    expect(all).toBeGreaterThan(0.85);
    expect(roots[0]).toBeLessThan(2);
    expect(roots[1]).toBeGreaterThan(2);
  });
});
