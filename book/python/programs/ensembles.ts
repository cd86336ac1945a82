// Ensembles of small trees: bagging averages trees that each saw other samples, boosting adds stumps that each mend what is still wrong.
import type { Random } from "../../random.ts";

interface Node {
  /** A leaf's answer. */
  readonly value: number;
  readonly split?: { readonly feature: number; readonly at: number; readonly below: Node; readonly above: Node };
}

export interface Sample {
  readonly x: readonly number[];
  readonly y: number;
  readonly weight: number;
}

/** A regression tree: each leaf answers with the weighted mean of its samples, each split takes off the most squared error. */
export class Tree {
  private readonly root: Node;

  constructor(samples: readonly Sample[], depth: number, leaf = 1) {
    this.root = grow(samples, depth, leaf);
  }

  predict(x: readonly number[]): number {
    let node = this.root;
    while (node.split !== undefined) node = x[node.split.feature] < node.split.at ? node.split.below : node.split.above;
    return node.value;
  }
}

function grow(samples: readonly Sample[], depth: number, leaf: number): Node {
  const total = samples.reduce((sum, { weight }) => sum + weight, 0);
  const value = samples.reduce((sum, { weight, y }) => sum + weight * y, 0) / total;
  if (depth === 0 || samples.length < 2 * leaf) return { value };
  let best = { gain: 1e-12 * total, feature: -1, at: 0 };
  for (let feature = 0; feature < samples[0].x.length; feature++) {
    const sorted = [...samples].sort((a, b) => a.x[feature] - b.x[feature]);
    let [weight, sum] = [0, 0];
    for (let i = 0; i < sorted.length - 1; i++) {
      weight += sorted[i].weight;
      sum += sorted[i].weight * sorted[i].y;
      if (i + 1 < leaf || sorted.length - i - 1 < leaf || sorted[i].x[feature] === sorted[i + 1].x[feature]) continue;
      const rest = total - weight;
      // What the split takes off the squared error: how far the two means stand apart.
      const gain = ((weight * rest) / total) * (sum / weight - (value * total - sum) / rest) ** 2;
      if (gain > best.gain) best = { gain, feature, at: (sorted[i].x[feature] + sorted[i + 1].x[feature]) / 2 };
    }
  }
  if (best.feature < 0) return { value };
  const side = (below: boolean) =>
    grow(
      samples.filter(({ x }) => x[best.feature] < best.at === below),
      depth - 1,
      leaf,
    );
  return { value, split: { feature: best.feature, at: best.at, below: side(true), above: side(false) } };
}

/** Breiman (1996): each tree learns from as many samples, drawn with replacement; the answers are averaged. */
export function bagging(samples: readonly Sample[], trees: number, depth: number, random: Random): Tree[] {
  return Array.from(
    { length: trees },
    () =>
      new Tree(
        Array.from(samples, () => samples[random.below(samples.length)]),
        depth,
      ),
  );
}

export function meanPrediction(trees: readonly Tree[], x: readonly number[]): number {
  return trees.reduce((sum, tree) => sum + tree.predict(x), 0) / trees.length;
}

export interface Boosted {
  readonly tree: Tree;
  readonly say: number;
}

/**
 * AdaBoost (Freund and Schapire 1997) for classes -1 and 1: each stump is fitted with the weights that the mistakes of those before have
 * raised, and has the more to say the fewer it makes itself.
 */
export function adaBoost(samples: readonly Sample[], rounds: number): Boosted[] {
  let weighted = samples.map((sample) => ({ ...sample, weight: 1 / samples.length }));
  const boosted: Boosted[] = [];
  for (let round = 0; round < rounds; round++) {
    const tree = new Tree(weighted, 1);
    const wrong = weighted.filter(({ x, y }) => Math.sign(tree.predict(x)) !== y);
    const error = Math.max(
      1e-12,
      wrong.reduce((sum, { weight }) => sum + weight, 0),
    );
    if (error >= 0.5) break;
    const say = Math.log((1 - error) / error) / 2;
    boosted.push({ tree, say });
    const raised = weighted.map((sample) => ({
      ...sample,
      weight: sample.weight * Math.exp(-say * sample.y * Math.sign(tree.predict(sample.x))),
    }));
    const total = raised.reduce((sum, { weight }) => sum + weight, 0);
    weighted = raised.map((sample) => ({ ...sample, weight: sample.weight / total }));
  }
  return boosted;
}

/** All votes together, from -1 to 1; its sign is the class. */
export function boostedVote(boosted: readonly Boosted[], x: readonly number[]): number {
  const total = boosted.reduce((sum, { say }) => sum + say, 0);
  return boosted.reduce((sum, { tree, say }) => sum + say * Math.sign(tree.predict(x)), 0) / total;
}
