// Trains a small recursive network on the little treebank, keeps it as it was after each epoch, and reads trees with it.
import { type LabelledTree, loadModel, type Model, parseTrees, saveModel } from "nabla";
import { readBracketed, withoutWord } from "../../../../book/zero/framework/edited-tree.ts";
import { learnLittle, littleCorpus, SENTENCE } from "../../../../book/zero/framework/little-sentiment.ts";
import { CLASSES, classify, Words } from "../../../../book/zero/framework/sentiment.ts";
import { childrenOf, meanClass } from "../../../../book/zero/framework/sentiment-study.ts";
import { reports } from "../../compute/reports.ts";

export interface Frame {
  readonly epoch: number;
  /** Shares of nodes, and of roots, of new sentences that are read rightly, in five classes. */
  readonly all: number;
  readonly root: number;
}

interface Kept {
  readonly test: readonly LabelledTree[];
  words: Words | undefined;
  /** After each epoch, as files. */
  readonly models: Uint8Array[];
  loaded: { readonly epoch: number; readonly model: Model } | undefined;
}

let kept: Kept | undefined;

/** The network of a run of `nabla tree train`, with the words that it knows. */
let opened: { readonly model: Model; readonly words: Words; readonly test: readonly LabelledTree[] } | undefined;

/** Takes a run's network, which reads from now on where it is asked for. @throws Error where the file holds none */
export function open(file: Uint8Array, words: readonly string[], counts: readonly number[]): void {
  opened = { model: loadModel(file) as Model, words: new Words(words, counts), test: littleCorpus(1).test };
}

export async function* learn(seed: number, epochs: number): AsyncGenerator<Frame, void> {
  const corpus = littleCorpus(seed);
  const own: Kept = { test: corpus.test, words: undefined, models: [], loaded: undefined };
  kept = own;
  yield* reports<Frame>((report) =>
    learnLittle(corpus, seed, epochs, ({ epoch, scores, model, words }) => {
      own.words = words;
      own.models.push(saveModel(model));
      return report({ epoch, all: scores.all, root: scores.root });
    }),
  );
}

/** The text's sentence, one of those that are not learnt from, or one that is typed in brackets. */
export type Sentence =
  | { readonly kind: "text" }
  | { readonly kind: "new"; readonly at: number }
  | { readonly kind: "own"; readonly text: string };

export interface NodeRead {
  /** Of the five classes. */
  readonly probabilities: readonly number[];
  /** From 0, very negative, to 4. */
  readonly mean: number;
  readonly label: number;
}

export interface Answer {
  /** All words, also those that are taken away. */
  readonly all: readonly string[];
  readonly words: readonly string[];
  /** Of the inner nodes, in the order in which they close: the places of both children, words first. */
  readonly children: readonly (readonly [left: number, right: number])[];
  /** Words, then inner nodes; the last is the root. */
  readonly nodes: readonly NodeRead[];
  /** Whether somebody has labelled it. */
  readonly labelled: boolean;
  /** The root's mean class with all words. */
  readonly whole: number;
  readonly unknown: readonly string[];
}

function treeOf(sentence: Sentence, test: readonly LabelledTree[]): LabelledTree {
  if (sentence.kind === "own") return readBracketed(sentence.text);
  return sentence.kind === "text" ? parseTrees(SENTENCE)[0] : test[sentence.at];
}

function after(epoch: number): typeof opened {
  if (kept?.words === undefined || epoch < 1 || epoch > kept.models.length) return undefined;
  const { words, models, test } = kept;
  if (kept.loaded?.epoch !== epoch) kept.loaded = { epoch, model: loadModel(models[epoch - 1]) as Model };
  return { model: kept.loaded.model, words, test };
}

/**
 * What the network of an epoch reads at every node, or that of the run, some words being taken away; undefined before it is there.
 * @throws SyntaxError for brackets that are no tree.
 */
export function read(sentence: Sentence, removed: readonly number[], epoch: number | "run"): Answer | undefined {
  const reader = epoch === "run" ? opened : after(epoch);
  if (reader === undefined) return undefined;
  const { model, words, test } = reader;
  const whole = treeOf(sentence, test);
  let tree = whole;
  for (const leaf of [...removed].sort((a, b) => b - a)) {
    if (leaf < whole.words.length && tree.words.length > 1) tree = withoutWord(tree, leaf);
  }
  const [found, full] = classify(model, words, [tree, whole]);
  return {
    ...{ all: whole.words, words: tree.words, children: childrenOf(tree) },
    nodes: Array.from(tree.labels, (label, node) => ({
      probabilities: Array.from(found.subarray(node * CLASSES, (node + 1) * CLASSES)),
      ...{ mean: meanClass(found, node), label },
    })),
    labelled: sentence.kind !== "own" || /^\(\s*\d/.test(sentence.text.trim()),
    whole: meanClass(full, whole.labels.length - 1),
    unknown: tree.words.filter((word) => words.numberOf(word) === 0),
  };
}
