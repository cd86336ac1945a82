// Treebanks in brackets: what is read, what is refused and how, depth without recursion, and there and back.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { forest, formatTree, type LabelledTree, loadSst, parseTrees, type Tree } from "../../node.ts";

describe("parseTrees", () => {
  test("words, tree, and labels of words and then of nodes as they close", () => {
    const [first, second] = parseTrees("(3 (2 (2 a) (1 b)) (4 c))\n\n(0 no)\r\n");
    expect(first.words).toEqual(["a", "b", "c"]);
    expect(first.tree).toEqual([[0, 1], 2]);
    expect([...first.labels]).toEqual([2, 1, 4, 2, 3]);
    expect(second).toEqual({ words: ["no"], tree: 0, labels: Int32Array.of(0) });
  });

  test("an empty text has no trees", () => {
    expect(parseTrees("")).toEqual([]);
    expect(parseTrees("\n  \n")).toEqual([]);
  });

  test("a no-break space is part of a word", () => {
    expect(parseTrees("(2 (2 a\u00a0b) (2 2\u00a01\\/2))")[0].words).toEqual(["a\u00a0b", "2\u00a01\\/2"]);
  });

  test.each([
    ["(3 (2 a) (2 b)", "trees, line 1, column 1: a bracket is not closed by the end of the line"],
    ["(3 (2 a) (2 (1 b", "3 brackets are not closed"],
    ["(3 a))", "column 6: a bracket closes that was not opened"],
    ["(2 a)\n(5 b)", 'line 2, column 1: the label "5" is not a whole number from 0 to 4'],
    ["(-1 a)", 'the label "-1" is not'],
    ["(x a)", 'the label "x" is not'],
    ["( a)", 'the label "a" is not'],
    ["()", 'the label "" is not'],
    ["(2)", "a node has neither a word nor children; inner nodes have 2, leaves a word"],
    ["(2 (2 a))", "a node has 1 children; inner nodes have 2"],
    ["(2 (2 a) (2 b) (2 c))", "a node has 3 children"],
    ["(2 a b)", 'the word "b" stands beside others; a leaf is (label word)'],
    ["(2 (2 a) b)", 'the word "b" stands beside others'],
    ["(2 a (2 b))", "a node stands beside a word"],
    ["(2 a) (2 b)", "a second tree begins"],
    ["a", '"a" stands outside of a tree'],
  ])("%s is refused", (line, message) => {
    expect(() => parseTrees(line)).toThrow(message);
    expect(() => parseTrees(line)).toThrow(SyntaxError);
  });

  test("a chain 5,000 deep and a tree of 10,001 nodes", () => {
    const chain = `${"(2 ".repeat(5000)}(2 w)${" (1 x))".repeat(5000)}`;
    const [deep] = parseTrees(chain);
    expect([deep.words.length, deep.labels.length]).toEqual([5001, 10_001]);
    expect(forest([deep.tree]).levels).toHaveLength(5000);
    expect(formatTree(deep)).toBe(chain);
  });

  test("options: more classes, more children, the name in errors", () => {
    expect([...parseTrees("(9 (7 a) (8 b) (1 c))", { classes: 10, arity: 3 })[0].labels]).toEqual([7, 8, 1, 9]);
    expect(() => parseTrees("(9 a)", { source: "my.txt" })).toThrow("my.txt, line 1");
    expect(() => parseTrees("", { classes: 0 })).toThrow("parseTrees: classes");
    expect(() => parseTrees("", { colour: 1 } as never)).toThrow("colour");
    expect(() => parseTrees(1 as never)).toThrow("parseTrees: the text must be a string");
  });

  test("property: what is written is read again", () => {
    const word = fc.string({ minLength: 1, maxLength: 6 }).filter((text) => !/[ ()\n\r]/.test(text));
    const line = fc.letrec<{ node: string; leaf: string; tree: string }>((tie) => ({
      leaf: fc.tuple(fc.nat(4), word).map(([label, text]) => `(${label} ${text})`),
      node: fc.tuple(fc.nat(4), tie("tree"), tie("tree")).map(([label, a, b]) => `(${label} ${a} ${b})`),
      tree: fc.oneof({ maxDepth: 5 }, tie("leaf"), tie("node")),
    })).tree;
    fc.assert(
      fc.property(line, (text) => {
        expect(formatTree(parseTrees(text)[0])).toBe(text);
      }),
    );
  });
});

const treebank = await loadSst().catch(() => null);

describe.skipIf(treebank === null)("the Stanford Sentiment Treebank", () => {
  const { train, dev, test: tested } = treebank ?? { train: [], dev: [], test: [] };
  const nodes = (trees: readonly LabelledTree[]): number => trees.reduce((sum, { labels }) => sum + labels.length, 0);
  const share = (labels: readonly number[]): number => {
    const counts = [0, 0, 0, 0, 0];
    for (const label of labels) counts[label] += 1;
    return Math.max(...counts) / labels.length;
  };

  test("8,544, 1,101 and 2,210 sentences; 318,582, 41,447 and 82,600 nodes", () => {
    expect([train, dev, tested].map(({ length }) => length)).toEqual([8544, 1101, 2210]);
    expect([train, dev, tested].map(nodes)).toEqual([318_582, 41_447, 82_600]);
  });

  test("whoever always says the commonest class is right at 28.64% of the roots and 68.46% of the nodes", () => {
    expect(share(tested.map(({ labels }) => labels[labels.length - 1]))).toBeCloseTo(0.2864, 4);
    expect(share(tested.flatMap(({ labels }) => [...labels]))).toBeCloseTo(0.6846, 4);
  });

  test("the text's sentence is line 4,280: does n't 1, intelligent humor 4, the root 0", () => {
    const { words, tree, labels } = train[4279];
    expect(words.join(" ")).toBe(
      "Stealing Harvard does n't care about cleverness , wit or any other kind of intelligent humor .",
    );
    const spans = new Map<string, number>();
    const flat = (part: Tree): number[] =>
      typeof part === "number" ? [part] : (part as readonly Tree[]).flatMap(flat);
    let closed = words.length;
    const walk = (part: Tree): void => {
      if (typeof part === "number") return;
      for (const child of part) walk(child);
      spans.set(
        flat(part)
          .map((leaf) => words[leaf])
          .join(" "),
        labels[closed++],
      );
    };
    walk(tree);
    expect(spans.get("intelligent humor")).toBe(4);
    expect(spans.get("does n't")).toBe(1);
    expect(spans.get("care about cleverness , wit or any other kind of intelligent humor")).toBe(3);
    expect(labels[labels.length - 1]).toBe(0);
  });

  test("some words hold a no-break space", () => {
    expect(train.some(({ words }) => words.some((word) => word.includes("\u00a0")))).toBe(true);
  });
});

test("where it is not, it says where it looked", async () => {
  await expect(loadSst({ folder: "/nowhere" })).rejects.toThrow(/\/nowhere: no train.txt, no dev.txt, no test.txt/);
});
