// Training on the treebank with the sentences to choose by, and what negation does to a phrase.
import { fit, type LabelledTree, loadModel, type Model, saveModel, type Tree } from "nabla";
import {
  CLASSES,
  classify,
  optimizerOf,
  type SentimentScores,
  type SentimentSettings,
  scoresOf,
  sentimentModel,
  trainingBatches,
  Words,
} from "./sentiment.ts";

export interface SentimentStudy {
  readonly model: Model;
  readonly words: Words;
  /** After every epoch. */
  readonly dev: readonly SentimentScores[];
  readonly loss: readonly number[];
  /** The epoch, from 1, whose parameters the model has: that of the best share of all nodes of the sentences to choose by. */
  readonly best: number;
}

/** Settings that were found on the sentences to choose by. */
export const USUAL: Readonly<Record<"rnn" | "rntn" | "lstm", Omit<SentimentSettings, "seed">>> = {
  rnn: {
    ...{ kind: "rnn", width: 30, units: 30, dropout: 0.2, phraseDropout: 0.4, l2: 3e-4, wordPenalty: 0, rootWeight: 1 },
    ...{ optimizer: "adam", learningRate: 0.0015, batchSize: 25 },
  },
  rntn: {
    ...{
      kind: "rntn",
      width: 25,
      units: 25,
      dropout: 0.2,
      phraseDropout: 0.4,
      l2: 3e-4,
      wordPenalty: 0,
      rootWeight: 1,
    },
    ...{ optimizer: "adam", learningRate: 0.001, batchSize: 25 },
  },
  lstm: {
    ...{
      kind: "lstm",
      width: 100,
      units: 100,
      dropout: 0.4,
      phraseDropout: 0.5,
      l2: 2e-4,
      wordPenalty: 0,
      rootWeight: 3,
    },
    ...{ optimizer: "adagrad", learningRate: 0.03, batchSize: 25 },
  },
};

/** Learns from `train`, keeps the parameters that are best on `dev`. */
export async function learnSentiment(
  train: readonly LabelledTree[],
  dev: readonly LabelledTree[],
  settings: SentimentSettings,
  epochs: number,
  log: (line: string) => void,
): Promise<SentimentStudy> {
  const words = Words.of(train);
  const model = sentimentModel(words.size, settings);
  const scores: SentimentScores[] = [];
  const loss: number[] = [];
  let kept: Uint8Array | null = null;
  let best = 0;
  await fit(model, trainingBatches(train, words, settings) as never, {
    ...{ loss: "softmaxCrossEntropy", ignoreIndex: -1, epochs, optimizer: optimizerOf(settings), seed: settings.seed },
    callbacks: [
      {
        onEpochEnd(record) {
          const score = scoresOf(classify(model, words, dev), dev);
          scores.push(score);
          loss.push(record.loss);
          if (best === 0 || score.all > scores[best - 1].all) {
            best = scores.length;
            kept = saveModel(model);
          }
          log(
            `${settings.kind}, epoch ${record.epoch}: dev root ${score.root.toFixed(4)}, all nodes ${score.all.toFixed(4)}`,
          );
        },
      },
    ],
  });
  return { model: loadModel(kept!) as Model, words, dev: scores, loss, best };
}

/** Inner nodes in the order in which they close: the numbers of both children, leaves first, as labels have them. */
export function childrenOf({ tree, words }: LabelledTree): [left: number, right: number][] {
  const children: [number, number][] = [];
  const open: { node: readonly Tree[]; own: number[] }[] = [];
  if (typeof tree !== "number") open.push({ node: tree, own: [] });
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    if (top.own.length === 2) {
      open.pop();
      const number = words.length + children.length;
      children.push([top.own[0], top.own[1]]);
      open.at(-1)?.own.push(number);
      continue;
    }
    const child = top.node[top.own.length];
    if (typeof child === "number") top.own.push(child);
    else open.push({ node: child, own: [] });
  }
  return children;
}

const NEGATIONS = new Set(["not", "n't", "never", "no", "nothing", "neither", "nor", "hardly", "without"]);

/** A phrase and the node above it, whose other child, of three words at most, holds a negation. */
export interface Negation {
  readonly tree: number;
  readonly node: number;
  readonly phrase: number;
}

export function negationsIn(trees: readonly LabelledTree[]): Negation[] {
  const found: Negation[] = [];
  trees.forEach((each, tree) => {
    const n = each.words.length;
    const leaves: number[][] = Array.from({ length: n }, (_, i) => [i]);
    childrenOf(each).forEach(([left, right], i) => {
      const node = n + i;
      leaves[node] =
        leaves[left].length + leaves[right].length > 3 ? [-1, -1, -1, -1] : [...leaves[left], ...leaves[right]];
      const before = leaves[left];
      if (
        before.length <= 3 &&
        right >= n &&
        before.some((leaf) => NEGATIONS.has(each.words[leaf]?.toLowerCase() ?? ""))
      )
        found.push({ tree, node, phrase: right });
    });
  });
  return found;
}

/** The mean class of a node, 0 to 4. */
export function meanClass(probabilities: Float32Array, node: number): number {
  let sum = 0;
  for (let c = 0; c < CLASSES; c++) sum += c * probabilities[node * CLASSES + c];
  return sum;
}

/** Of phrases that are labelled positive (or negative): how often negating them brings the network's mean class down (or up), and the labels. */
export function negationEffect(
  answers: readonly Float32Array[],
  trees: readonly LabelledTree[],
  side: "positive" | "negative",
) {
  const sign = side === "positive" ? -1 : 1;
  const counted = negationsIn(trees).filter(({ tree, phrase }) =>
    side === "positive" ? trees[tree].labels[phrase] > 2 : trees[tree].labels[phrase] < 2,
  );
  const share = (moves: (each: Negation) => number) =>
    counted.filter((each) => sign * moves(each) > 0).length / Math.max(1, counted.length);
  return {
    count: counted.length,
    network: share(({ tree, node, phrase }) => meanClass(answers[tree], node) - meanClass(answers[tree], phrase)),
    labels: share(({ tree, node, phrase }) => trees[tree].labels[node] - trees[tree].labels[phrase]),
  };
}
