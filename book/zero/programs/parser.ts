// The parser of part 7: a recursive cell makes a vector of two neighbours, p = tanh(W [c1; c2] + b), and U scores it, s = U p: how well they belong
// together. A sentence is parsed by merging the pair of the highest score, again and again; a tree's score is the sum over its nodes.
// The text shows the merging and names max-margin training, whose formulas are lost in it; they follow the paper that it cites (Socher et al. 2011):
//   J = sum over sentences of max over trees y of (s(y) + Delta(y, gold)) - s(gold),   Delta(y, gold) = k times the nodes of y that are not in gold.
import type { Random } from "../../random.ts";

/** A binary tree over the words from..to-1 of a sentence. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly vector: Float64Array;
  /** Of this node; 0 for a word. */
  readonly score: number;
  readonly left: Span | null;
  readonly right: Span | null;
}

/** The shape alone: a word's place, or two shapes. */
export type Shape = number | readonly [Shape, Shape];

export interface Merge {
  readonly from: number;
  readonly to: number;
  readonly score: number;
}

export interface Parse {
  readonly root: Span;
  /** In the order in which they were made; of a chart search from the lower to the higher. */
  readonly merges: readonly Merge[];
  /** Pairs that were scored. */
  readonly evaluations: number;
}

/** A name for the words from..to-1. */
export const spanKey = (from: number, to: number): number => from * 65_536 + to;

/** Inner nodes of a tree, children first. Without recursion. */
export function innerNodes(root: Span): Span[] {
  const nodes: Span[] = [];
  const open = [root];
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    if (top.left === null) continue;
    nodes.push(top);
    open.push(top.left, top.right!);
  }
  return nodes.reverse();
}

/** The leaf spans of a shape's inner nodes. */
export function spansOf(shape: Shape): Set<number> {
  const spans = new Set<number>();
  const open: { parts: readonly [Shape, Shape]; next: number; from: number }[] = [];
  let to = 0;
  const enter = (part: Shape): void => {
    if (typeof part === "number") to = part + 1;
    else open.push({ parts: part, next: 0, from: firstOf(part) });
  };
  enter(shape);
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    if (top.next < 2) enter(top.parts[top.next++]);
    else {
      spans.add(spanKey(top.from, to));
      open.pop();
    }
  }
  return spans;
}

function firstOf(shape: Shape): number {
  let part = shape;
  while (typeof part !== "number") part = part[0];
  return part;
}

export function shapeOf(root: Span): Shape {
  const made = new Map<Span, Shape>();
  const of = (span: Span): Shape => (span.left === null ? span.from : made.get(span)!);
  for (const node of innerNodes(root)) made.set(node, [of(node.left!), of(node.right!)]);
  return of(root);
}

/** k for every node of y that is not in gold: as a span of words, or as the whole subtree below it. */
export function delta(y: Shape, gold: Shape, k: number, by: "spans" | "structure"): number {
  if (by === "spans") {
    const right = spansOf(gold);
    let wrong = 0;
    for (const span of spansOf(y)) if (!right.has(span)) wrong += 1;
    return k * wrong;
  }
  const subtrees = (shape: Shape): string[] => {
    const found: string[] = [];
    const walk = (part: Shape): string => {
      if (typeof part === "number") return String(part);
      const text = `(${walk(part[0])} ${walk(part[1])})`;
      found.push(text);
      return text;
    };
    walk(shape);
    return found;
  };
  const right = new Set(subtrees(gold));
  return k * subtrees(y).filter((text) => !right.has(text)).length;
}

export const rightBranching = (words: number): Shape => {
  let shape: Shape = words - 1;
  for (let i = words - 2; i >= 0; i--) shape = [i, shape];
  return shape;
};

export const leftBranching = (words: number): Shape => {
  let shape: Shape = 0;
  for (let i = 1; i < words; i++) shape = [shape, i];
  return shape;
};

/** A tree made by joining neighbours at random. */
export function randomShape(words: number, random: Random): Shape {
  const row: Shape[] = Array.from({ length: words }, (_, i) => i);
  while (row.length > 1) {
    const at = random.below(row.length - 1);
    row.splice(at, 2, [row[at], row[at + 1]]);
  }
  return row[0];
}

/** Every binary tree over the words from..to-1: 42 of six words (Catalan's numbers). */
export function allShapes(from: number, to: number): Shape[] {
  if (to - from === 1) return [from];
  const shapes: Shape[] = [];
  for (let split = from + 1; split < to; split++) {
    for (const left of allShapes(from, split)) for (const right of allShapes(split, to)) shapes.push([left, right]);
  }
  return shapes;
}

/** Scores two neighbours, and gives the vector of both together. */
export type PairScore = (left: Span, right: Span) => { vector: Float64Array; score: number };

/** What is added to a node's score while it is searched for: k where it is not in gold. */
export type Augment = (from: number, to: number) => number;
const nothing: Augment = () => 0;

/** The margin: k for a span of words that is not one of gold's. */
export function marginAround(gold: Shape, k: number): Augment {
  const right = spansOf(gold);
  return (from, to) => (right.has(spanKey(from, to)) ? 0 : k);
}

/** Two neighbours as greedy merging sees them. */
export interface Candidate {
  /** What they would become. */
  readonly node: Span;
  /** Its score, and what a search adds to it. */
  readonly rank: number;
  /** Scored for this merge; false where an earlier score still holds. */
  readonly fresh: boolean;
}

/** What greedy merging has before it when it merges: what stands side by side, every pair of neighbours, and the place of the pair that wins. */
export interface MergeStep {
  readonly row: readonly Span[];
  readonly pairs: readonly Candidate[];
  readonly best: number;
}

const word = (vector: Float64Array, at: number): Span => ({
  from: at,
  to: at + 1,
  vector,
  score: 0,
  left: null,
  right: null,
});

/**
 * Merges the neighbours of the highest score, again and again. With `cached` only pairs with the node just made are scored anew: of n words at most
 * n - 1 + 2 (n - 2) pairs, where scoring all of them each time takes n (n - 1) / 2. `watch` is shown what stands before every merge.
 */
export function greedyParse(
  words: readonly Float64Array[],
  score: PairScore,
  {
    cached = true,
    augment = nothing,
    watch,
  }: { cached?: boolean; augment?: Augment; watch?: (step: MergeStep) => void } = {},
): Parse {
  if (words.length === 0) throw new RangeError("greedyParse: a sentence has at least one word");
  let evaluations = 0;
  const merges: Merge[] = [];
  const pair = (left: Span, right: Span) => {
    evaluations += 1;
    const node = { from: left.from, to: right.to, left, right, ...score(left, right) };
    return { node, rank: node.score + augment(left.from, right.to), madeFor: merges.length };
  };
  const row = words.map(word);
  let pairs = row.slice(1).map((right, i) => pair(row[i], right));
  while (row.length > 1) {
    let best = 0;
    for (let i = 1; i < pairs.length; i++) if (pairs[i].rank > pairs[best].rank) best = i;
    watch?.({
      ...{ row: [...row], best },
      pairs: pairs.map(({ node, rank, madeFor }) => ({ node, rank, fresh: madeFor === merges.length })),
    });
    const { node } = pairs[best];
    merges.push({ from: node.from, to: node.to, score: node.score });
    row.splice(best, 2, node);
    if (cached) {
      pairs.splice(best, 1);
      if (best > 0) pairs[best - 1] = pair(row[best - 1], node);
      if (best < pairs.length) pairs[best] = pair(node, row[best + 1]);
    } else pairs = row.slice(1).map((right, i) => pair(row[i], right));
  }
  return { root: row[0], merges, evaluations };
}

/** A tree of a given shape, with vectors and scores. */
export function buildShape(words: readonly Float64Array[], shape: Shape, score: PairScore): Span {
  const done: Span[] = [];
  const open: (Shape | null)[] = [shape];
  // A null stands for the node above the two that were finished last.
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next === null) {
      const [left, right] = done.splice(done.length - 2, 2);
      done.push({ from: left.from, to: right.to, left, right, ...score(left, right) });
    } else if (typeof next === "number") done.push(word(words[next], next));
    else open.push(null, next[1], next[0]);
  }
  return done[0];
}

/** s(y): the sum of the scores of all nodes. */
export function totalScore(root: Span, augment: Augment = nothing): number {
  return innerNodes(root).reduce((sum, { score, from, to }) => sum + score + augment(from, to), 0);
}

/** The tree of the highest sum of scores among all there are. For short sentences: there are 42 trees of six words, 16,796 of eleven. */
export function exhaustiveParse(words: readonly Float64Array[], score: PairScore, augment: Augment = nothing): Parse {
  if (words.length > 12)
    throw new RangeError(
      `exhaustiveParse: ${words.length} words have too many trees; chartParse looks at the best of each span`,
    );
  let evaluations = 0;
  const counted: PairScore = (left, right) => {
    evaluations += 1;
    return score(left, right);
  };
  let best: Span | null = null;
  let most = Number.NEGATIVE_INFINITY;
  for (const shape of allShapes(0, words.length)) {
    const root = buildShape(words, shape, counted);
    const total = totalScore(root, augment);
    if (total > most) [best, most] = [root, total];
  }
  const merges = innerNodes(best!).map(({ from, to, score: own }) => ({ from, to, score: own }));
  return { root: best!, merges, evaluations };
}

/**
 * A chart as of Cocke, Kasami and Younger: for every span of words the `beam` best trees, made of those of its parts. Exact where a score depends on
 * the span alone; here it depends on the vectors, hence on the trees below, and a beam of all trees would be the exhaustive search.
 */
export function chartParse(
  words: readonly Float64Array[],
  score: PairScore,
  { beam = 1, augment = nothing }: { beam?: number; augment?: Augment } = {},
): Parse {
  const n = words.length;
  let evaluations = 0;
  const chart = new Map<number, { span: Span; total: number }[]>();
  words.forEach((vector, i) => {
    chart.set(spanKey(i, i + 1), [{ span: word(vector, i), total: 0 }]);
  });
  for (let width = 2; width <= n; width++) {
    for (let from = 0; from + width <= n; from++) {
      const to = from + width;
      const found: { span: Span; total: number }[] = [];
      for (let split = from + 1; split < to; split++) {
        for (const a of chart.get(spanKey(from, split))!) {
          for (const b of chart.get(spanKey(split, to))!) {
            evaluations += 1;
            const span = { from, to, left: a.span, right: b.span, ...score(a.span, b.span) };
            found.push({ span, total: a.total + b.total + span.score + augment(from, to) });
          }
        }
      }
      found.sort((a, b) => b.total - a.total);
      chart.set(spanKey(from, to), found.slice(0, beam));
    }
  }
  const { span: root } = chart.get(spanKey(0, n))![0];
  const merges = innerNodes(root).map(({ from, to, score: own }) => ({ from, to, score: own }));
  return { root, merges, evaluations };
}

/** Precision is recall where both trees are binary: the share of inner nodes below the root that are in gold; null where there are none. */
export function sharedSpans(found: Shape, gold: Shape): { right: number; all: number } {
  const wanted = spansOf(gold);
  let right = -1;
  for (const span of spansOf(found)) if (wanted.has(span)) right += 1;
  return { right: Math.max(0, right), all: Math.max(0, wanted.size - 1) };
}
