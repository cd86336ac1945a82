// What a run of `nabla text train` was asked to do, and the model and optimiser that follow from it.
import * as z from "zod/mini";
import { Vocabulary } from "../src/data/vocabulary.ts";
import type { BaseLayer } from "../src/nn/base-layer.ts";
import { Dense } from "../src/nn/layers/dense.ts";
import { Dropout } from "../src/nn/layers/dropout.ts";
import { Embedding } from "../src/nn/layers/embedding.ts";
import { GRU } from "../src/nn/layers/gru.ts";
import { LSTM } from "../src/nn/layers/lstm.ts";
import { SimpleRNN } from "../src/nn/layers/simple-rnn.ts";
import type { ParametersAccepted } from "../src/nn/model.ts";
import { Sequential } from "../src/nn/sequential.ts";
import { Adam } from "../src/optim/adam.ts";
import { type Schedule, schedule } from "../src/optim/schedules.ts";
import type { EpochRecord } from "../src/train/history.ts";
import { RUN_ENGINES } from "./run-config.ts";

export const CELLS = ["lstm", "gru", "rnn"] as const;
export const SCHEDULES = ["cosine", "constant"] as const;

/** The newest version that this Nabla writes. */
export const TEXT_RUN_VERSION = 1;

/** A run's settings, as config.json holds them: enough to do it again. */
export interface TextConfig {
  format: "nabla-text-run";
  version: number;
  /** Absolute path of the text. */
  file: string;
  /** SHA-256 of what the run learns from, as it was read. */
  sum: string;
  /** Characters of the text. */
  length: number;
  /** The dictionary, in its order. */
  characters: string;
  cell: (typeof CELLS)[number];
  layers: number;
  hidden: number;
  embedding: number;
  dropout: number;
  /** Streams that are read side by side. */
  batch: number;
  /** Characters of each in a step of training. */
  steps: number;
  epochs: number;
  lr: number;
  schedule: (typeof SCHEDULES)[number];
  clip: number;
  /** Share of the text, from its end, that is held out; 0: none. */
  split: number;
  seed: number;
  engine: (typeof RUN_ENGINES)[number];
  threads: number | null;
  /** Steps from one checkpoint to the next within an epoch; null: only complete epochs are kept. */
  checkpoint: number | null;
  /** Checkpoints of complete epochs that are kept. */
  keep: number;
  /** What the samples after every epoch begin with, how long they are, and how boldly they are drawn. */
  prompt: string;
  sample: number;
  temperature: number;
}

/** Beyond this a perplexity says nothing more, and a little further it is no number that JSON has. */
const MOST_PERPLEXITY = 1e100;

/** exp of the mean loss per character. */
export function perplexityOf(loss: number): number {
  return Math.min(Math.exp(loss), MOST_PERPLEXITY);
}

/** An epoch's record. */
export interface TextRecord extends EpochRecord {
  perplexity: number;
  /** On the part that is held out. */
  validationPerplexity?: number;
  /** What the model writes behind the prompt. */
  sample: string;
}

const count = z.int().check(z.nonnegative());
const positive = z.int().check(z.positive());
const share = z.number().check(z.nonnegative(), z.lt(1));
const figure = z.number().check(z.positive());

export const textConfigSchema = z.object({
  format: z.literal("nabla-text-run"),
  version: z.int().check(z.minimum(1), z.maximum(TEXT_RUN_VERSION)),
  file: z.string().check(z.minLength(1)),
  sum: z.string(),
  length: positive,
  characters: z.string().check(z.minLength(1)),
  cell: z.enum(CELLS),
  layers: positive,
  hidden: positive,
  embedding: positive,
  dropout: share,
  batch: positive,
  steps: positive,
  epochs: positive,
  lr: figure,
  schedule: z.enum(SCHEDULES),
  clip: figure,
  split: share,
  seed: count,
  engine: z.enum(RUN_ENGINES),
  threads: z.nullable(positive),
  checkpoint: z.nullable(positive),
  keep: positive,
  prompt: z.string(),
  sample: count,
  temperature: z.number().check(z.nonnegative()),
});

export const textRecordSchema = z.object({
  epoch: positive,
  loss: z.number(),
  accuracy: z.optional(z.number().check(z.nonnegative(), z.maximum(1))),
  validationLoss: z.optional(z.number()),
  validationAccuracy: z.optional(z.number().check(z.nonnegative(), z.maximum(1))),
  learningRate: z.number(),
  seconds: z.number().check(z.nonnegative()),
  samplesPerSecond: z.nullable(z.number()),
  perplexity: figure,
  validationPerplexity: z.optional(figure),
  sample: z.string(),
});

export function vocabularyOf({ characters }: Pick<TextConfig, "characters">): Vocabulary {
  return Vocabulary.fromConfig({
    ...{ level: "characters", lowerCase: false, special: [] },
    tokens: Array.from(characters),
  });
}

/** @param accept may throw once the parameters are known, before memory is reserved for them. */
export function languageModelOf(config: TextConfig, accept?: ParametersAccepted): Sequential {
  const { cell, layers, hidden, embedding, dropout, batch: batchSize, seed } = config;
  const symbols = Array.from(config.characters).length;
  const options = { layers, layerDropout: dropout, returnSequences: true, stateful: true, batchSize };
  const recurrent = { lstm: LSTM, gru: GRU, rnn: SimpleRNN }[cell];
  const parts: BaseLayer[] = [
    new Embedding(symbols, embedding),
    new recurrent(hidden, options),
    ...(dropout > 0 ? [new Dropout(dropout)] : []),
    new Dense(symbols, { activation: "softmax" }),
  ];
  return new Sequential(parts, { inputShape: [null], seed }, accept);
}

export function textOptimizerOf({ lr, clip }: TextConfig): Adam {
  return new Adam({ learningRate: lr, clipNorm: clip });
}

/** The learning rate over a run of so many steps an epoch. */
export function textScheduleOf({ lr, schedule: name, epochs }: TextConfig, steps: number): Schedule | undefined {
  return name === "constant" ? undefined : schedule.cosine(lr, { length: epochs * steps, minimum: lr / 50 });
}

/** "LSTM 2 x 256". */
export function cellName({ cell, layers, hidden }: TextConfig): string {
  return `${cell.toUpperCase()} ${layers} x ${hidden}`;
}
