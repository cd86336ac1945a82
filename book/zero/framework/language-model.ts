// The language model of part 5 on the framework: characters in, an embedding, layers of long short-term memory, and at every step the probabilities of
// the character that follows. The text is read in streams, with the state carried from batch to batch and gradients that end at a batch's beginning.
import {
  Adam,
  characterLSTM,
  evaluate,
  generate,
  loadTraining,
  type Sequential,
  schedule,
  Trainer,
  textStreams,
  textWindows,
  Vocabulary,
} from "nabla";
import type { Store } from "../../experiment.ts";
import { keptTraining } from "../../kept-training.ts";

/** Sizes of a model, and how it is trained. */
export interface LanguagePlan {
  readonly embedding: number;
  readonly units: number;
  readonly layers: number;
  readonly dropout: number;
  /** Streams that are read side by side. */
  readonly streams: number;
  /** Characters of each in a batch. */
  readonly steps: number;
  readonly epochs: number;
  /** At the beginning; it falls to a fiftieth along half a cosine. */
  readonly rate: number;
  readonly clip: number;
}

/** A text in two parts. */
export interface LanguageText {
  readonly vocabulary: Vocabulary;
  readonly training: Int32Array;
  readonly held: Int32Array;
}

/** What is known after an epoch. */
export interface LanguageEpoch {
  /** Perplexity per character: of the training as it went, with dropout, and of the held-out part. */
  readonly training: number;
  readonly held: number;
  /** Characters that it writes behind the prompt. */
  readonly sample: string;
}

export interface LanguageRun {
  readonly model: Sequential;
  readonly epochs: readonly LanguageEpoch[];
}

/** The characters of a text as numbers, the first `cut` to learn from. */
export function languageText(text: string, cut: number, to = Number.POSITIVE_INFINITY): LanguageText {
  const vocabulary = Vocabulary.of(text, { padding: false, unknown: false });
  const numbers = vocabulary.encode(text);
  return { vocabulary, training: numbers.subarray(0, cut), held: numbers.subarray(cut, Math.min(to, numbers.length)) };
}

export interface LanguageOptions {
  readonly seed: number;
  readonly prompt: string;
  /** Characters of the sample after every epoch. */
  readonly sample: number;
  readonly name: string;
  readonly store?: Store | undefined;
  readonly print: (line: string) => void;
}

/** Perplexity per character of a text that is read once, from its beginning. */
export async function perplexityOf(model: Sequential, numbers: Int32Array, plan: LanguagePlan): Promise<number> {
  const { streams: batchSize, steps: length } = plan;
  const { loss } = await evaluate(model, textStreams(numbers, { batchSize, length }));
  return Math.exp(loss);
}

/** The same where nothing is carried: every piece of `steps` characters begins with states of 0. */
export async function perplexityOfPieces(
  model: Sequential,
  vocabulary: Vocabulary,
  numbers: Int32Array,
  plan: LanguagePlan,
): Promise<number> {
  const { embedding, units, layers } = plan;
  const whole = characterLSTM({ symbols: vocabulary.size, embedding, units, layers });
  const trained = model.parameters.filter(({ isState }) => !isState);
  whole.parameters.forEach((parameter, i) => {
    parameter.assign(trained[i].tensor);
  });
  const { loss } = await evaluate(whole, textWindows(numbers, plan.steps).batch(plan.streams));
  return Math.exp(loss);
}

/** Trains a model epoch by epoch. */
export async function learnLanguage(
  text: LanguageText,
  plan: LanguagePlan,
  options: LanguageOptions,
): Promise<LanguageRun> {
  const { embedding, units, layers, dropout, streams: batchSize, steps: length, epochs, rate, clip } = plan;
  const { seed, prompt, sample, name, store, print } = options;
  const { vocabulary } = text;
  const data = textStreams(text.training, { batchSize, length });
  const beginning = [...vocabulary.encode(prompt)];
  const falling = () => schedule.cosine(rate, { length: epochs * data.size!, minimum: rate / 50 });
  const { trainer, result } = await keptTraining<readonly LanguageEpoch[]>({
    store,
    name,
    settings: { ...plan, seed, characters: text.training.length },
    epochs,
    start: [],
    print,
    make(file) {
      if (file !== undefined) return loadTraining(file, data, { schedule: falling() });
      const sizes = { symbols: vocabulary.size, embedding, units, layers, dropout };
      const model = characterLSTM({ ...sizes, stateful: true, batchSize, seed });
      return { trainer: new Trainer(model, data, { optimizer: new Adam({ clipNorm: clip }), schedule: falling() }) };
    },
    async epoch(trainer, before) {
      const { loss } = (await trainer.finishEpoch())!;
      const model = trainer.model as Sequential;
      const held = await perplexityOf(model, text.held, plan);
      const written = vocabulary.decode(generate(model, beginning, { length: sample, temperature: 0.8, seed }));
      print(
        `${name}: epoch ${trainer.epoch} of ${epochs}, perplexity ${Math.exp(loss).toFixed(3)}, held out ${held.toFixed(3)}`,
      );
      return [...before, { training: Math.exp(loss), held, sample: written }];
    },
  });
  return { model: trainer.model as Sequential, epochs: result };
}
