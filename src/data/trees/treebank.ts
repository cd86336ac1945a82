// Treebanks in the bracketed form of the Penn Treebank with numbers for labels, as the Stanford Sentiment Treebank has them:
// (3 (2 It) (4 (2 's) (4 good))). Read without recursion: a tree may be as deep as one likes.

import { fields, knownOptions, list, text, whole } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import type { Tree } from "../../ops/trees/forest.ts";
import { refuseLfsPointer } from "../lfs.ts";

/** A sentence with its tree and a label at every node. */
export interface LabelledTree {
  /** Words in their order. */
  readonly words: readonly string[];
  /** The tree above them: leaves by their numbers, see `treeRnn`. */
  readonly tree: Tree;
  /** Labels of the words, then those of the inner nodes in the order in which they close: the last is the root's. */
  readonly labels: Int32Array;
}

/** What a reader of trees takes. */
export interface TreebankOptions {
  /** Labels are 0 to this number - 1; default 5. */
  classes?: number;
  /** Children of every inner node; default 2. */
  arity?: number;
  /** What errors call the text, as a file's name; default "trees". */
  source?: string;
}

/**
 * Reads trees in brackets, one a line: a leaf is (label word), an inner node (label child child). Words are what stands between ASCII spaces and
 * brackets; a no-break space (U+00A0) is part of a word. Empty lines are passed over; an empty text has no trees.
 * @throws SyntaxError with the line and the column: brackets that do not close or are too many, a label that is not a whole number from 0 to
 * classes - 1, a node with another number of children, a word beside nodes, more than one tree in a line.
 * @example
 * ```ts
 * const [{ words, labels }] = parseTrees("(3 (2 It) (4 (2 's) (4 good)))");
 * words; // ["It", "'s", "good"]
 * [...labels]; // [2, 2, 4, 4, 3]
 * ```
 */
export function parseTrees(content: string, options: TreebankOptions = {}): LabelledTree[] {
  knownOptions("parseTrees", options, ["classes", "arity", "source"]);
  text("parseTrees", "the text", content);
  const classes = whole("parseTrees", "classes", options.classes ?? 5, 1);
  const arity = whole("parseTrees", "arity", options.arity ?? 2, 1);
  const source = text("parseTrees", "source", options.source ?? "trees");
  refuseLfsPointer(source, content);
  const trees: LabelledTree[] = [];
  content.split("\n").forEach((line, i) => {
    const trimmed = line.endsWith("\r") ? line.slice(0, -1) : line;
    if (/^ *$/.test(trimmed)) return;
    trees.push(parseLine(trimmed, classes, arity, `${source}, line ${i + 1}`));
  });
  return trees;
}

interface Open {
  readonly label: number;
  readonly column: number;
  readonly children: Tree[];
  word: number | null;
}

function parseLine(line: string, classes: number, arity: number, where: string): LabelledTree {
  const words: string[] = [];
  const ofWords: number[] = [];
  const ofNodes: number[] = [];
  const open: Open[] = [];
  let root: Tree | null = null;
  const fail = (at: number, what: string): never => {
    throw new SyntaxError(`${where}, column ${at + 1}: ${what}`);
  };
  let at = 0;
  const piece = (): string => {
    const start = at;
    while (at < line.length && line[at] !== " " && line[at] !== "(" && line[at] !== ")") at++;
    return line.slice(start, at);
  };
  while (at < line.length) {
    const character = line[at];
    if (character === " ") {
      at++;
      continue;
    }
    const top = open.at(-1);
    if (character === "(") {
      if (root !== null) fail(at, "a second tree begins; write one tree a line");
      if (top !== undefined && top.word !== null) fail(at, "a node stands beside a word; a leaf is (label word)");
      const column = at++;
      while (line[at] === " ") at++;
      const label = piece();
      if (!/^\d+$/.test(label) || Number(label) >= classes) {
        fail(column, `the label ${quote(label)} is not a whole number from 0 to ${classes - 1}`);
      }
      open.push({ label: Number(label), column, children: [], word: null });
    } else if (character === ")") {
      const node = open.pop();
      if (node === undefined) return fail(at, "a bracket closes that was not opened");
      let closed: Tree;
      if (node.word !== null) closed = node.word;
      else {
        if (node.children.length !== arity) {
          const found = node.children.length === 0 ? "neither a word nor children" : `${node.children.length} children`;
          fail(node.column, `a node has ${found}; inner nodes have ${arity}, leaves a word`);
        }
        closed = node.children;
        ofNodes.push(node.label);
      }
      const parent = open.at(-1);
      if (parent === undefined) root = closed;
      else parent.children.push(closed);
      at++;
    } else {
      const start = at;
      const word = piece();
      if (top === undefined) return fail(start, `${quote(word)} stands outside of a tree; a tree is (label ...)`);
      if (top.word !== null || top.children.length > 0)
        fail(start, `the word ${quote(word)} stands beside others; a leaf is (label word)`);
      top.word = words.length;
      words.push(word);
      ofWords.push(top.label);
    }
  }
  if (open.length > 0) {
    fail(
      open[open.length - 1].column,
      `${open.length === 1 ? "a bracket is" : `${open.length} brackets are`} not closed by the end of the line`,
    );
  }
  return { words, tree: root!, labels: Int32Array.from([...ofWords, ...ofNodes]) };
}

/**
 * A tree in brackets, as `parseTrees` reads it.
 * @throws TypeError for what is no such tree.
 * @example
 * ```ts
 * formatTree(parseTrees("(3 (2 so) (4 good))")[0]); // "(3 (2 so) (4 good))"
 * ```
 */
export function formatTree(labelled: LabelledTree): string {
  const { words, tree, labels } = fields("formatTree", "the argument, { words, tree, labels },", labelled);
  list("formatTree", "words", words);
  const parts: string[] = [];
  const numbers = innerNumbers(tree, words.length);
  // What is still to be written, last first.
  const open: (Tree | string)[] = [tree];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next === "string") parts.push(next);
    else if (typeof next === "number") parts.push(`(${labels[next]} ${words[next]})`);
    else {
      parts.push(`(${labels[numbers.get(next)!]}`);
      open.push(")");
      for (let c = next.length - 1; c >= 0; c--) open.push(next[c], " ");
    }
  }
  return parts.join("");
}

/** Where each inner node's label stands: after those of the leaves, in the order in which nodes close. */
function innerNumbers(tree: Tree, leaves: number): Map<Tree, number> {
  const numbers = new Map<Tree, number>();
  const open: { node: readonly Tree[]; next: number }[] = [];
  if (typeof tree !== "number") open.push({ node: tree, next: 0 });
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const child = top.node[top.next++];
    if (child === undefined) {
      numbers.set(top.node, leaves + numbers.size);
      open.pop();
    } else if (typeof child !== "number") open.push({ node: child, next: 0 });
  }
  return numbers;
}
