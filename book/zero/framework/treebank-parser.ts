// The parser trained on the bracketings of the sentiment treebank, their structure alone.
import type { LabelledTree } from "nabla";
import type { Random } from "../../random.ts";
import { MarginParser } from "../programs/max-margin.ts";
import {
  leftBranching,
  type Parse,
  randomShape,
  rightBranching,
  type Shape,
  shapeOf,
  sharedSpans,
} from "../programs/parser.ts";
import { Words } from "./sentiment.ts";

export interface ParserSettings {
  readonly width: number;
  readonly k: number;
  readonly rate: number;
  readonly epochs: number;
}

export interface TrainedParser {
  readonly parser: MarginParser;
  readonly words: Words;
}

/** A share of right spans, over all sentences together: unlabelled F1, which is precision and recall alike between binary trees. */
export function spanScore(trees: readonly LabelledTree[], shapeFor: (tree: LabelledTree) => Shape): number {
  let [right, all] = [0, 0];
  for (const tree of trees) {
    const shared = sharedSpans(shapeFor(tree), tree.tree as Shape);
    right += shared.right;
    all += shared.all;
  }
  return all === 0 ? 1 : right / all;
}

export const baselines = (trees: readonly LabelledTree[], random: Random) => ({
  right: spanScore(trees, ({ words }) => rightBranching(words.length)),
  left: spanScore(trees, ({ words }) => leftBranching(words.length)),
  random: spanScore(trees, ({ words }) => randomShape(words.length, random)),
});

/** Numbers of words; rare ones are hidden now and then where `random` is given, so that the vector of unknown words is learnt, too. */
export function numbersOf(sentence: readonly string[], words: Words, random: Random | null = null): number[] {
  return sentence.map((word) => {
    const number = words.numberOf(word);
    return random !== null && words.hidden(number, random, 1) ? 0 : number;
  });
}

/** Trains by max margin, sentence after sentence in random order. `onEpoch` is told the mean loss. */
export async function trainParser(
  trees: readonly LabelledTree[],
  { width, k, rate, epochs }: ParserSettings,
  random: Random,
  onEpoch: (epoch: number, loss: number, trained: TrainedParser) => void | Promise<void> = () => {},
): Promise<TrainedParser> {
  const words = Words.of(trees);
  const trained = { parser: new MarginParser(words.size, width, random, k), words };
  for (let epoch = 1; epoch <= epochs; epoch++) {
    let loss = 0;
    const order = random.shuffle(trees.map((_, i) => i));
    for (const [at, i] of order.entries()) {
      loss += trained.parser.learnMerges(numbersOf(trees[i].words, words, random), trees[i].tree as Shape, rate);
      // Whoever waits beside this is let in.
      if (at % 500 === 499) await new Promise((resolve) => setTimeout(resolve));
    }
    await onEpoch(epoch, loss / trees.length, trained);
  }
  return trained;
}

export function parseWith({ parser, words }: TrainedParser, sentence: readonly string[]): Parse {
  return parser.parse(numbersOf(sentence, words));
}

export function parserScore(trained: TrainedParser, trees: readonly LabelledTree[]): number {
  return spanScore(trees, (tree) => shapeOf(parseWith(trained, tree.words).root));
}
