// What a run of `nabla tree train` was asked for, and what it finds after an epoch, as its files hold them.
import * as z from "zod/mini";

export const TREE_ENGINES = ["auto", "wasm", "native"] as const;

/** What a run was asked for: enough to do it again. */
export interface TreeConfig {
  readonly format: "nabla-tree-run";
  readonly version: 1;
  /** The treebank's folder, as an absolute path. */
  readonly data: string;
  /** Sentences learnt from, the first ones; null for all. */
  readonly limit: number | null;
  readonly kind: "rnn" | "rntn" | "lstm";
  readonly width: number;
  readonly units: number;
  readonly dropout: number;
  readonly phraseDropout: number;
  readonly l2: number;
  readonly wordPenalty: number;
  readonly rootWeight: number;
  readonly optimizer: "adagrad" | "adam";
  readonly learningRate: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly patience: number;
  readonly parserEpochs: number;
  readonly seed: number;
}

/** What is known after an epoch: shares right, of the sentences to choose by and to test with. */
export interface TreeRecord {
  readonly epoch: number;
  readonly loss: number;
  readonly seconds: number;
  readonly dev: TreeScores;
  readonly test: TreeScores;
}

export interface TreeScores {
  readonly root: number;
  readonly all: number;
  readonly rootBinary: number;
  readonly allBinary: number;
}

const positive = z.int().check(z.positive());
const share = z.number().check(z.nonnegative(), z.lt(1));
const scores = z.object({ root: z.number(), all: z.number(), rootBinary: z.number(), allBinary: z.number() });
export const treeConfigSchema = z.object({
  ...{ format: z.literal("nabla-tree-run"), version: z.literal(1), data: z.string(), limit: z.nullable(positive) },
  ...{ kind: z.enum(["rnn", "rntn", "lstm"]), width: positive, units: positive, dropout: share, phraseDropout: share },
  ...{ l2: z.number().check(z.nonnegative()), wordPenalty: z.number().check(z.nonnegative()) },
  rootWeight: z.number().check(z.positive()),
  ...{ optimizer: z.enum(["adagrad", "adam"]), learningRate: z.number().check(z.positive()), batchSize: positive },
  ...{ epochs: positive, patience: positive, parserEpochs: z.int().check(z.nonnegative()) },
  seed: z.int().check(z.nonnegative()),
});
export const treeRecordSchema = z.object({
  epoch: positive,
  loss: z.number(),
  seconds: z.number(),
  dev: scores,
  test: scores,
});
