// The parser's parameters and their training by max margin: the tree that scores highest with k added for every wrong node is pushed down, gold is pulled
// up, until gold wins against every other tree by its margin.
import { Random } from "../../random.ts";
import {
  type Augment,
  buildShape,
  chartParse,
  greedyParse,
  innerNodes,
  marginAround,
  type PairScore,
  type Parse,
  type Shape,
  type Span,
  spanKey,
  spansOf,
  totalScore,
} from "./parser.ts";

/** Numbers that are learnt, with the sums of squares that AdaGrad divides by. */
class Learnt {
  readonly values: Float64Array;
  readonly gradient: Float64Array;
  private readonly squares: Float64Array;

  constructor(size: number, fill: (i: number) => number) {
    this.values = Float64Array.from({ length: size }, (_, i) => fill(i));
    this.gradient = new Float64Array(size);
    this.squares = new Float64Array(size);
  }

  take(other: Learnt): void {
    for (const part of ["values", "gradient", "squares"] as const) this[part].set(other[part]);
  }

  /** Against the gradient of the elements from..to-1, which is 0 afterwards. */
  step(rate: number, decay: number, from = 0, to = this.values.length): void {
    for (let i = from; i < to; i++) {
      const g = this.gradient[i] + decay * this.values[i];
      if (g !== 0) {
        this.squares[i] += g * g;
        this.values[i] -= (rate * g) / (Math.sqrt(this.squares[i]) + 1e-8);
      }
      this.gradient[i] = 0;
    }
  }
}

export class MarginParser {
  readonly width: number;
  /** [width, 2 width], [width], [width], and a row a word. */
  readonly W: Learnt;
  readonly b: Learnt;
  readonly U: Learnt;
  readonly vectors: Learnt;
  readonly k: number;

  constructor(words: number, width: number, random: Random, k = 0.1) {
    const reach = 1 / Math.sqrt(2 * width);
    this.width = width;
    this.k = k;
    this.W = new Learnt(2 * width * width, () => random.uniform(-reach, reach));
    this.b = new Learnt(width, () => 0);
    this.U = new Learnt(width, () => random.uniform(-reach, reach));
    this.vectors = new Learnt(words * width, () => random.normal(0, 0.1));
  }

  /** Another with the same numbers, which does not learn when this one does. */
  copy(): MarginParser {
    const { width } = this;
    const other = new MarginParser(this.vectors.values.length / width, width, new Random(0), this.k);
    for (const part of ["W", "b", "U", "vectors"] as const) other[part].take(this[part]);
    return other;
  }

  vectorsOf(words: readonly number[]): Float64Array[] {
    const { width } = this;
    return words.map((number) => this.vectors.values.subarray(number * width, (number + 1) * width));
  }

  /** p = tanh(W [c1; c2] + b), s = U p. */
  readonly score: PairScore = (left, right) => {
    const { width } = this;
    const [w, b, u] = [this.W.values, this.b.values, this.U.values];
    const vector = new Float64Array(width);
    let score = 0;
    for (let i = 0, at = 0; i < width; i++) {
      let net = b[i];
      for (let j = 0; j < width; j++) net += w[at++] * left.vector[j];
      for (let j = 0; j < width; j++) net += w[at++] * right.vector[j];
      vector[i] = Math.tanh(net);
      score += u[i] * vector[i];
    }
    return { vector, score };
  };

  parse(words: readonly number[], search: "greedy" | "chart" = "greedy"): Parse {
    const vectors = this.vectorsOf(words);
    return search === "greedy" ? greedyParse(vectors, this.score) : chartParse(vectors, this.score);
  }

  /** k where a span of words is not one of gold's. */
  augmentFor(gold: Shape): Augment {
    return marginAround(gold, this.k);
  }

  /** max (s(y) + Delta) - s(gold) over the tree that is found and gold itself, which makes it at least 0; and both trees. */
  loss(words: readonly number[], gold: Shape, search: "greedy" | "chart" = "greedy") {
    const vectors = this.vectorsOf(words);
    const augment = this.augmentFor(gold);
    const right = buildShape(vectors, gold, this.score);
    const found =
      search === "greedy"
        ? greedyParse(vectors, this.score, { augment }).root
        : chartParse(vectors, this.score, { augment }).root;
    const value = totalScore(found, augment) - totalScore(right);
    return { value: Math.max(0, value), found, right };
  }

  /**
   * Adds `sign` times the gradient of the sum of these nodes' scores, children before parents, to what is collected: of W, b, U and the vectors of the
   * words. With `only` the score of that one node counts, the others lie below it.
   */
  collect(nodes: readonly Span[], words: readonly number[], sign: number, only: Span | null = null): void {
    const { width } = this;
    const w = this.W.values;
    const back = new Map<Span, Float64Array>();
    for (let n = nodes.length - 1; n >= 0; n--) {
      const node = nodes[n];
      const above = back.get(node);
      const own = only === null || node === only ? sign : 0;
      for (let i = 0; i < width; i++) {
        const p = node.vector[i];
        this.U.gradient[i] += own * p;
        const dz = ((above?.[i] ?? 0) + own * this.U.values[i]) * (1 - p * p);
        this.b.gradient[i] += dz;
        let at = 2 * width * i;
        for (const child of [node.left!, node.right!]) {
          let to = back.get(child);
          if (to === undefined) back.set(child, (to = new Float64Array(width)));
          for (let j = 0; j < width; j++, at++) {
            this.W.gradient[at] += dz * child.vector[j];
            to[j] += dz * w[at];
          }
        }
      }
    }
    for (const [span, gradient] of back) {
      if (span.left !== null) continue;
      const at = words[span.from] * width;
      for (let j = 0; j < width; j++) this.vectors.gradient[at + j] += gradient[j];
    }
  }

  /** One sentence by the trees as wholes, J as it stands above: returns its loss before. */
  learn(words: readonly number[], gold: Shape, rate: number, decay = 0, search: "greedy" | "chart" = "greedy"): number {
    if (words.length < 3) return 0;
    const { value, found, right } = this.loss(words, gold, search);
    if (value === 0) return 0;
    this.collect(innerNodes(found), words, 1);
    this.collect(innerNodes(right), words, -1);
    this.update(words, rate, decay);
    return value;
  }

  /**
   * One sentence merge by merge: of the pairs that stand beside each other the best one of gold must beat every wrong one by k, and is merged then. J of
   * whole trees has no slope where merging goes wrong and ends in a tree of a low sum; this one has, and is what merging needs. Returns the sum of what
   * was lacking.
   */
  learnMerges(words: readonly number[], gold: Shape, rate: number, decay = 0): number {
    const right = spansOf(gold);
    const row = this.vectorsOf(words).map(leaf);
    let lacking = 0;
    const pair = (i: number): Span => {
      const [left, other] = [row[i], row[i + 1]];
      return { from: left.from, to: other.to, left, right: other, ...this.score(left, other) };
    };
    const pairs = row.slice(1).map((_, i) => pair(i));
    while (row.length > 2) {
      let [best, rival] = [-1, -1];
      pairs.forEach(({ from, to, score }, i) => {
        if (right.has(spanKey(from, to))) {
          if (best < 0 || score > pairs[best].score) best = i;
        } else if (rival < 0 || score > pairs[rival].score) rival = i;
      });
      const short = rival < 0 ? 0 : pairs[rival].score + this.k - pairs[best].score;
      if (short > 0) {
        lacking += short;
        this.collect([...innerNodes(pairs[rival])], words, 1, pairs[rival]);
        this.collect([...innerNodes(pairs[best])], words, -1, pairs[best]);
      }
      row.splice(best, 2, pairs[best]);
      const made = best;
      pairs.splice(made, 1);
      if (made > 0) pairs[made - 1] = pair(made - 1);
      if (made < pairs.length) pairs[made] = pair(made);
    }
    if (lacking > 0) this.update(words, rate, decay);
    return lacking;
  }

  private update(words: readonly number[], rate: number, decay: number): void {
    for (const learnt of [this.W, this.b, this.U]) learnt.step(rate, decay);
    for (const number of new Set(words)) this.vectors.step(rate, 0, number * this.width, (number + 1) * this.width);
  }
}

const leaf = (vector: Float64Array, at: number): Span => ({
  ...{ from: at, to: at + 1, vector, score: 0 },
  ...{ left: null, right: null },
});
