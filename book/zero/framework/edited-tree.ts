// Trees that a reader types or changes: brackets without labels, and a word taken out.
import { type LabelledTree, parseTrees, type Tree } from "nabla";

/**
 * A sentence in brackets, with labels, "(3 (2 so) (4 good))", or without, "(so good)", which count as 0 then.
 * @throws SyntaxError for brackets that are not those of one tree, every node over two.
 */
export function readBracketed(sentence: string): LabelledTree {
  const text = sentence.trim().replace(/\s+/g, " ");
  if (!text.startsWith("(")) throw new SyntaxError("a sentence in brackets begins with a bracket, as ((not bad) film)");
  const labelled = /^\(\s*\d+[\s(]/.test(text);
  const full = labelled
    ? text
    : text.replace(/\(|\)|[^\s()]+/g, (piece) => (piece === "(" ? "(0 " : piece === ")" ? ")" : ` (0 ${piece}) `));
  return parseTrees(full, { source: "the sentence" })[0];
}

/**
 * The tree without one of its words: what stood beside it takes the place of the node above both.
 * @throws RangeError where there is no such word, or no other.
 */
export function withoutWord({ words, tree, labels }: LabelledTree, leaf: number): LabelledTree {
  if (!Number.isInteger(leaf) || leaf < 0 || leaf >= words.length || words.length === 1) {
    throw new RangeError(`withoutWord: word ${leaf} can't be taken from a tree of ${words.length}`);
  }
  const inner: number[] = [];
  let closed = words.length;
  const cut = (part: Tree): Tree | null => {
    if (typeof part === "number") return part === leaf ? null : part > leaf ? part - 1 : part;
    const children = part.map(cut).filter((child) => child !== null);
    const label = labels[closed++];
    if (children.length < part.length && children.length === 1) return children[0];
    inner.push(label);
    return children;
  };
  const rest = cut(tree)!;
  return {
    words: words.filter((_, i) => i !== leaf),
    tree: rest,
    labels: Int32Array.from([...[...labels.subarray(0, words.length)].filter((_, i) => i !== leaf), ...inner]),
  };
}
