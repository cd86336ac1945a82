// Phrases on a map: a recursive cell of two numbers a node folds the vectors of words into one of the whole phrase, as its brackets say, and learns to
// put phrases of like meaning near each other. The map's numbers are ten times the vectors', for tanh stays within 1 and the text's phrase lies at [1,5].
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { TanhActivator } from "./fc.ts";
import type { Shape } from "./parser.ts";
import { foldTree, RecursiveLayer, TreeNode } from "./recursive.ts";

export type Place = readonly [x: number, y: number];

export const MAP_SCALE = 10;

/** A phrase, its brackets, and where its meaning lies on the map. */
export interface Phrase {
  readonly words: readonly string[];
  readonly tree: Shape;
  readonly place: Place;
}

export function mapPlace({ data }: TreeNode): Place {
  return [MAP_SCALE * data.values[0], MAP_SCALE * data.values[1]];
}

export const distance = (a: Place, b: Place): number => Math.hypot(a[0] - b[0], a[1] - b[1]);

export class Composer {
  readonly layer: RecursiveLayer;
  readonly vectors: ReadonlyMap<string, Matrix>;

  /** Random vectors for words, but for those whose places are given. */
  constructor(words: Iterable<string>, random: Random, given: ReadonlyMap<string, Place> = new Map()) {
    this.layer = new RecursiveLayer(2, 2, new TanhActivator(), 0, random, 0.7);
    const vectors = new Map<string, Matrix>();
    for (const word of words)
      if (!vectors.has(word))
        vectors.set(
          word,
          Matrix.fill(2, 1, () => random.uniform(-0.5, 0.5)),
        );
    for (const [word, place] of given) vectors.set(word, Matrix.column(place.map((value) => value / MAP_SCALE)));
    this.vectors = vectors;
  }

  /** Another with the same numbers, which does not learn when this one does. */
  copy(): Composer {
    const other = new Composer(this.vectors.keys(), new Random(0));
    other.layer.W.values.set(this.layer.W.values);
    other.layer.b.values.set(this.layer.b.values);
    for (const [word, { values }] of this.vectors) other.vectors.get(word)!.values.set(values);
    return other;
  }

  /** @throws RangeError for a word that it does not know. */
  vectorOf(word: string): Matrix {
    const vector = this.vectors.get(word);
    if (vector === undefined) throw new RangeError(`Composer: "${word}" is not among its words`);
    return vector;
  }

  /** The root of the phrase's tree; below it every node with its vector. */
  read(words: readonly string[], tree: Shape): TreeNode {
    return foldTree(
      this.layer,
      tree,
      words.map((word) => new TreeNode(this.vectorOf(word))),
    );
  }

  /** One step down the slope of half the squared distance between root and place; returns their distance on the map before. */
  teach({ words, tree, place }: Phrase, rate: number): number {
    const leaves = words.map((word) => new TreeNode(this.vectorOf(word)));
    const root = foldTree(this.layer, tree, leaves);
    const before = distance(mapPlace(root), place);
    this.layer.backward(root.data.minus(Matrix.column(place.map((value) => value / MAP_SCALE))));
    this.layer.learningRate = rate;
    this.layer.update();
    for (const { data, delta } of leaves)
      for (let i = 0; i < data.values.length; i++) data.values[i] -= rate * delta!.values[i];
    return before;
  }

  errorOf({ words, tree, place }: Phrase): number {
    return distance(mapPlace(this.read(words, tree)), place);
  }
}
