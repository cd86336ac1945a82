// A small recursive network that learns the little treebank: the network, the batches and the reading of section 7's sentiment, in seconds.
import { fit, type LabelledTree, type Model, parseTrees } from "nabla";
import { Random } from "../../random.ts";
import { littleTreebank } from "./little-treebank.ts";
import {
  classify,
  optimizerOf,
  type SentimentScores,
  type SentimentSettings,
  scoresOf,
  sentimentModel,
  trainingBatches,
  Words,
} from "./sentiment.ts";

/** The text's sentence, the 4,280th to learn from of the sentiment treebank, with the labels that people gave it. */
export const SENTENCE =
  "(0 (2 (2 Stealing) (2 Harvard)) (0 (1 (1 (2 does) (2 n't)) (3 (3 care) (3 (2 about) (2 (3 (2 (2 (3 cleverness) (2 ,)) (2 wit)) (2 or)) (3 (2 (2 any) (2 (2 other) (3 kind))) (3 (2 of) (4 (3 intelligent) (4 humor)))))))) (2 .)))";

export interface LittleEpoch {
  readonly epoch: number;
  /** Of sentences that are not learnt from. */
  readonly scores: SentimentScores;
  readonly model: Model;
  readonly words: Words;
}

const SETTINGS: Omit<SentimentSettings, "seed"> = {
  ...{ kind: "rnn", width: 16, units: 16, dropout: 0, phraseDropout: 0, l2: 1e-5, wordPenalty: 0, rootWeight: 1 },
  ...{ optimizer: "adam", learningRate: 0.01, batchSize: 25 },
};

export interface LittleCorpus {
  readonly training: readonly LabelledTree[];
  readonly test: readonly LabelledTree[];
}

export function littleCorpus(seed: number): LittleCorpus {
  const trees = littleTreebank(600, parseTrees(SENTENCE)[0], new Random(seed));
  return { training: trees.slice(0, 500), test: trees.slice(500) };
}

/** Learns, and says after each epoch how it stands, the model being the same one each time; true ends it. */
export async function learnLittle(
  { training, test }: LittleCorpus,
  seed: number,
  epochs: number,
  onEpoch: (epoch: LittleEpoch) => boolean | undefined,
): Promise<void> {
  const settings = { ...SETTINGS, seed };
  const words = Words.of(training);
  const model = sentimentModel(words.size, settings);
  await fit(model, trainingBatches(training, words, settings) as never, {
    ...{ loss: "softmaxCrossEntropy", ignoreIndex: -1, epochs, optimizer: optimizerOf(settings), seed },
    callbacks: [
      {
        onEpochEnd({ epoch }, { stop }) {
          if (onEpoch({ epoch, scores: scoresOf(classify(model, words, test), test), model, words })) stop();
        },
      },
    ],
  });
}
