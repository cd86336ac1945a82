// Trains the recurrent language model epoch by epoch and keeps its weights after each, so that any epoch can be asked.
import {
  learnSentences,
  perplexityOf,
  type Sentence,
  type SentenceModel,
  sentenceCorpus,
} from "../../../../book/zero/programs/sentences.ts";

export interface Frame {
  readonly epoch: number;
  /** Of sentences that are learnt from, while they are learnt, and of others, after it. */
  readonly learnt: number;
  readonly other: number;
}

let kept: { readonly model: SentenceModel; readonly after: Float64Array[][] } | undefined;

export function* learn(seed: number, epochs: number): Generator<Frame, void> {
  kept = undefined;
  const corpus = sentenceCorpus(seed);
  for (const { epoch, perplexity, model } of learnSentences(corpus, seed, epochs)) {
    kept ??= { model, after: [] };
    kept.after.push(model.weights.map(({ values }) => values.slice()));
    yield { epoch, learnt: perplexity, other: perplexityOf((sentence) => model.surprise(sentence), corpus.test) };
  }
}

/** What may follow the start, the first word, the first two, ..., by the model as it was after an epoch; undefined before it is there. */
export function ask(words: Sentence, epoch: number): number[][] | undefined {
  const weights = kept?.after[epoch - 1];
  if (kept === undefined || weights === undefined) return undefined;
  const { model, after } = kept;
  const load = (all: readonly Float64Array[]) =>
    model.weights.forEach(({ values }, i) => {
      values.set(all[i]);
    });
  load(weights);
  const answer = model.read(words);
  // It goes on learning from where it stands.
  load(after[after.length - 1]);
  return answer;
}
