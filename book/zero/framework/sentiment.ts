// Sentiment of phrases over their trees (Socher et al. 2013): words are vectors, a layer over trees makes vectors of phrases, and one softmax reads a class
// off every node. Batches come as tensors: numbers of words, trees, and a label a node.
import {
  AdaGrad,
  Adam,
  Dataset,
  Dense,
  Dropout,
  random as draws,
  Embedding,
  encodeTrees,
  type Initialiser,
  input,
  type LabelledTree,
  Model,
  type Optimizer,
  scope,
  type Tensor,
  TreeLSTM,
  TreeRNN,
  tensor,
} from "nabla";
import { Random } from "../../random.ts";

/** "rnn": plain; "rntn": with a tensor term; "lstm": a Tree-LSTM. */
export const TREE_KINDS = ["rnn", "rntn", "lstm"] as const;
export type TreeKind = (typeof TREE_KINDS)[number];

export interface SentimentSettings {
  readonly kind: TreeKind;
  /** Numbers of a word's vector, and of a phrase's in the plain kinds. */
  readonly width: number;
  /** Units of a Tree-LSTM. */
  readonly units: number;
  /** Share of a word vector's numbers left out while training. */
  readonly dropout: number;
  /** And of a phrase's vector where the class is read off. */
  readonly phraseDropout: number;
  /** The penalty l2 |w|^2 on all weights but the vectors of words. */
  readonly l2: number;
  readonly wordPenalty: number;
  /** What a sentence's root counts in the loss, where every other node counts 1. */
  readonly rootWeight: number;
  readonly optimizer: "adagrad" | "adam";
  readonly learningRate: number;
  readonly batchSize: number;
  readonly seed: number;
}

export const CLASSES = 5;
/** Labels of rows that are no nodes. */
export const NO_NODE = -1;

/** The words that a model knows. Number 0 stands for all others: their vector is learnt from words that are hidden now and then. */
export class Words {
  readonly list: readonly string[];
  private readonly numbers: ReadonlyMap<string, number>;
  /** How often each was seen. */
  readonly counts: readonly number[];

  constructor(list: readonly string[], counts: readonly number[]) {
    this.list = list;
    this.counts = counts;
    this.numbers = new Map(list.map((word, i) => [word, i + 1]));
  }

  static of(trees: readonly LabelledTree[]): Words {
    const counts = new Map<string, number>();
    for (const { words } of trees) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    return new Words([...counts.keys()], [...counts.values()]);
  }

  /** With number 0. */
  get size(): number {
    return this.list.length + 1;
  }

  /** 0 where it is not known, as it is written or in small letters. */
  numberOf(word: string): number {
    return this.numbers.get(word) ?? this.numbers.get(word.toLowerCase()) ?? 0;
  }

  /** A word that occurs c times is hidden with probability a / (a + c) (Kiperwasser and Goldberg 2016). */
  hidden(number: number, random: Random, a = 0.25): boolean {
    return random.uniform() * (a + (this.counts[number - 1] ?? 0)) < a;
  }
}

export interface TreeBatch {
  readonly x: { readonly words: Tensor; readonly trees: Tensor };
  readonly y: Tensor;
  /** Left out where every node counts alike. */
  readonly sampleWeights?: Tensor;
}

/** Sentences as tensors: words [n, leaves], trees [n, nodes, 2], labels [n, leaves + nodes]. `random` hides words. */
export function batchOf(
  trees: readonly LabelledTree[],
  words: Words,
  random: Random | null = null,
  rootWeight = 1,
): TreeBatch {
  const n = trees.length;
  const leaves = Math.max(...trees.map((tree) => tree.words.length));
  const nodes = leaves - 1;
  const numbers = new Int32Array(n * leaves);
  const labels = new Int32Array(n * (leaves + nodes)).fill(NO_NODE);
  const weights = new Float32Array(labels.length).fill(1);
  trees.forEach((each, i) => {
    const own = each.words.length;
    each.words.forEach((word, l) => {
      const number = words.numberOf(word);
      numbers[i * leaves + l] = random !== null && words.hidden(number, random) ? 0 : number;
    });
    const at = i * (leaves + nodes);
    labels.set(each.labels.subarray(0, own), at);
    labels.set(each.labels.subarray(own), at + leaves);
    weights[at + (own === 1 ? 0 : leaves + own - 2)] = rootWeight;
  });
  return {
    x: {
      words: tensor(numbers, { shape: [n, leaves] }),
      trees: encodeTrees(
        trees.map(({ tree }) => tree),
        { nodes, arity: 2 },
      ),
    },
    y: tensor(labels, { shape: [n, leaves + nodes] }),
    ...(rootWeight !== 1 && { sampleWeights: tensor(weights, { shape: [n, leaves + nodes] }) }),
  };
}

/** Sentences of about one length together, so that little is filled up; the batches of an epoch, and their order, follow from seed and epoch. */
export function trainingBatches(
  trees: readonly LabelledTree[],
  words: Words,
  { batchSize, seed, rootWeight }: Pick<SentimentSettings, "batchSize" | "seed" | "rootWeight">,
): Dataset<TreeBatch> {
  return Dataset.from(function* (epoch: number) {
    const random = new Random(seed * 7919 + epoch);
    const order = random.shuffle(trees.map((_, i) => i));
    const batches: number[][] = [];
    const pool = 40 * batchSize;
    for (let at = 0; at < order.length; at += pool) {
      const near = order.slice(at, at + pool).sort((a, b) => trees[a].words.length - trees[b].words.length);
      for (let i = 0; i < near.length; i += batchSize) batches.push(near.slice(i, i + batchSize));
    }
    for (const batch of random.shuffle(batches)) {
      yield batchOf(
        batch.map((i) => trees[i]),
        words,
        random,
        rootWeight,
      );
    }
  });
}

/** W = [I/2, I/2] and a little noise: at first a phrase is the mean of its parts. */
const averaging: Initialiser = ({ shape, dtype, generator }) => {
  const [d, width] = shape as [number, number];
  const noise = draws.uniform(shape, -1, 1, { dtype, generator }).mul(0.5 / Math.sqrt(width));
  const mean = new Float64Array(d * width);
  for (let i = 0; i < d; i++) for (let j = i; j < width; j += d) mean[i * width + j] = d / width;
  return noise.add(tensor(mean, { shape: [d, width], dtype }));
};

export function sentimentModel(words: number, settings: Omit<SentimentSettings, "optimizer" | "learningRate">): Model {
  const { kind, width, units, dropout, phraseDropout, l2, wordPenalty, seed } = settings;
  const kernelPenalty = { l2 };
  const numbers = input([null], { name: "words", dtype: "int32" });
  const trees = input([null, 2], { name: "trees", dtype: "int32" });
  const vectors = new Embedding(words, width, {
    name: "vectors",
    weights: ({ shape, dtype, generator }) => draws.uniform(shape, -0.1, 0.1, { dtype, generator }),
    ...(wordPenalty > 0 && { kernelPenalty: { l2: wordPenalty } }),
  }).apply(numbers);
  const seen = dropout > 0 ? new Dropout(dropout, "inverted", { name: "wordDropout" }).apply(vectors) : vectors;
  const layer =
    kind === "lstm"
      ? new TreeLSTM(units, { returnNodes: true, kernelPenalty, name: "phrases" })
      : new TreeRNN({ returnNodes: true, kernelPenalty, tensor: kind === "rntn", weights: averaging, name: "phrases" });
  const phrases = layer.apply([seen, trees]);
  const read =
    phraseDropout > 0 ? new Dropout(phraseDropout, "inverted", { name: "phraseDropout" }).apply(phrases) : phrases;
  const outputs = new Dense(CLASSES, { activation: "softmax", kernelPenalty, name: "classes" }).apply(read);
  return new Model({ inputs: { words: numbers, trees }, outputs, seed });
}

export function optimizerOf({ optimizer, learningRate }: SentimentSettings): Optimizer {
  return optimizer === "adagrad" ? new AdaGrad({ learningRate }) : new Adam({ learningRate });
}

/** Shares right: of five classes at roots and at all nodes; of negative and positive, where the label is one of these, likewise. */
export interface SentimentScores {
  readonly root: number;
  readonly all: number;
  readonly rootBinary: number;
  readonly allBinary: number;
}

/** The probabilities of every node of some sentences: a row a node, in the order of their labels. */
export function classify(model: Model, words: Words, trees: readonly LabelledTree[]): Float32Array[] {
  const order = trees.map((_, i) => i).sort((a, b) => trees[a].words.length - trees[b].words.length);
  const answers = new Array<Float32Array>(trees.length);
  for (let at = 0; at < order.length; at += 100) {
    const part = order.slice(at, at + 100);
    scope(() => {
      const { x } = batchOf(
        part.map((i) => trees[i]),
        words,
      );
      const rows = model.call(x as never) as Tensor;
      const values = rows.dataSync() as Float32Array;
      const [, width] = rows.shape;
      const leaves = x.words.shape[1];
      part.forEach((i, k) => {
        const own = trees[i].words.length;
        const answer = new Float32Array((2 * own - 1) * CLASSES);
        const start = k * width * CLASSES;
        answer.set(values.subarray(start, start + own * CLASSES));
        answer.set(values.subarray(start + leaves * CLASSES, start + (leaves + own - 1) * CLASSES), own * CLASSES);
        answers[i] = answer;
      });
    });
  }
  return answers;
}

/** The most probable class of each node. */
export function classesOf(probabilities: Float32Array): number[] {
  return Array.from({ length: probabilities.length / CLASSES }, (_, node) => {
    let best = 0;
    for (let c = 1; c < CLASSES; c++) {
      if (probabilities[node * CLASSES + c] > probabilities[node * CLASSES + best]) best = c;
    }
    return best;
  });
}

/** Whether the two positive classes are more probable than the two negative ones. */
export function isPositive(probabilities: Float32Array, node: number): boolean {
  const at = node * CLASSES;
  return probabilities[at + 3] + probabilities[at + 4] > probabilities[at] + probabilities[at + 1];
}

export function scoresOf(answers: readonly Float32Array[], trees: readonly LabelledTree[]): SentimentScores {
  const right = { root: 0, all: 0, rootBinary: 0, allBinary: 0 };
  const count = { root: 0, all: 0, rootBinary: 0, allBinary: 0 };
  trees.forEach(({ labels }, i) => {
    const classes = classesOf(answers[i]);
    const last = labels.length - 1;
    labels.forEach((label, node) => {
      const hit = Number(classes[node] === label);
      const sided = label !== 2;
      const hitBinary = sided ? Number(isPositive(answers[i], node) === label > 2) : 0;
      count.all += 1;
      right.all += hit;
      count.allBinary += Number(sided);
      right.allBinary += hitBinary;
      if (node !== last) return;
      count.root += 1;
      right.root += hit;
      count.rootBinary += Number(sided);
      right.rootBinary += hitBinary;
    });
  });
  const share = (key: keyof SentimentScores) => right[key] / count[key];
  return {
    root: share("root"),
    all: share("all"),
    rootBinary: share("rootBinary"),
    allBinary: share("allBinary"),
  };
}
