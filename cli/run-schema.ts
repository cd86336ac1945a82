// What a run's files may hold, in one schema: everything is checked before anything is used, and what is wrong is named by file and field.
import * as z from "zod/mini";
import { readRegularFileSync } from "../src/data/file.node.ts";
import { UserError } from "./errors.ts";
import { endOfJson, placeIn } from "./json-place.ts";
import {
  HIDDEN_ACTIVATIONS,
  RANKS_GRADIENTS,
  RANKS_NORMALIZATION,
  RUN_INITS,
  RUN_LOSSES,
  RUN_OPTIMIZERS,
  TRAIN_ENGINES,
} from "./run-config.ts";
import { RUN_MODELS } from "./run-models.ts";

/** The newest version that this Nabla writes; it reads all before it. */
export const RUN_VERSION = 2;

const count = z.int().check(z.nonnegative());
const positive = z.int().check(z.positive());
const finite = z.number();
const figure = z.nullable(z.number());

const dataSums = z.object({
  trainImages: z.string(),
  trainLabels: z.string(),
  testImages: z.string(),
  testLabels: z.string(),
});

export const configSchema = z.object({
  format: z.literal("nabla-run"),
  version: z.int().check(z.minimum(1), z.maximum(RUN_VERSION)),
  dataset: z.string().check(z.minLength(1)),
  transpose: z.optional(z.boolean()),
  size: z.optional(z.tuple([positive, positive])),
  label: z.optional(z.string()),
  /** SHA-256 of what was learnt from. Runs of version 1 have none. */
  data: z.optional(dataSums),
  classes: z.optional(positive),
  picture: z.optional(z.array(positive)),
  hidden: z.array(positive),
  layers: z.optional(z.string()),
  model: z.optional(z.enum(RUN_MODELS)),
  activation: z.enum(HIDDEN_ACTIVATIONS),
  loss: z.enum(RUN_LOSSES),
  optimizer: z.enum(RUN_OPTIMIZERS),
  lr: z.number().check(z.positive()),
  batch: positive,
  epochs: positive,
  l2: z.number().check(z.nonnegative()),
  dropout: z.number().check(z.nonnegative(), z.lt(1)),
  init: z.enum(RUN_INITS),
  split: z.nullable(positive),
  seed: count,
  engine: z.enum(TRAIN_ENGINES),
  threads: z.nullable(positive),
  keep: z.optional(positive),
  saveEvery: z.optional(positive),
  deterministic: z.optional(z.boolean()),
  microBatches: z.optional(positive),
  accumulate: z.optional(positive),
  batchNormalization: z.optional(z.enum(RANKS_NORMALIZATION)),
  gradients: z.optional(z.enum(RANKS_GRADIENTS)),
});

export const recordSchema = z.object({
  epoch: positive,
  loss: finite,
  accuracy: z.number().check(z.nonnegative(), z.maximum(1)),
  validationLoss: z.optional(figure),
  validationAccuracy: z.optional(z.number().check(z.nonnegative(), z.maximum(1))),
  metrics: z.optional(z.record(z.string(), figure)),
  learningRate: finite,
  seconds: z.number().check(z.nonnegative()),
  samplesPerSecond: z.nullable(z.number().check(z.nonnegative())),
  testLoss: finite,
  testAccuracy: z.number().check(z.nonnegative(), z.maximum(1)),
});

export const statusSchema = z.object({ status: z.enum(["finished", "interrupted", "failed"]) });

/** history.json of runs of version 1. */
export const oldHistorySchema = z.object({
  status: z.enum(["running", "finished", "interrupted", "failed"]),
  epochs: z.array(recordSchema),
});

const randomState = z.looseObject({ seed: count, counter: count });

// Loose: what a trainer keeps beside this passes through.
export const stateSchema = z.looseObject({
  epoch: count,
  step: count,
  lossSum: finite,
  correct: count,
  seen: count,
  shuffle: randomState,
  random: randomState,
  optimizer: z.looseObject({
    type: z.string(),
    config: z.record(z.string(), z.unknown()),
    iterations: count,
    learningRate: z.number().check(z.nonnegative()),
  }),
  schedule: z.optional(z.looseObject({ type: z.string() })),
});

/**
 * A value that has the schema's form.
 * @param where the file, and the part of it, as errors name it.
 * @param remedy what the user can do about it.
 * @throws UserError naming the first field that is wrong, and what it is.
 */
export function checked<T>(schema: z.ZodMiniType<T>, value: unknown, where: string, remedy: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue.path.join(".");
  const found = issue.path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
  const shown = found === undefined ? "is missing" : `is ${JSON.stringify(found).slice(0, 60)}`;
  throw new UserError(`${where} is damaged: ${field === "" ? "it" : field} ${shown}: ${reasonOf(issue)}. ${remedy}`);
}

function reasonOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `${issue.expected === "int" ? "a whole number" : `a value of type ${issue.expected}`} is expected`;
    case "invalid_value":
      return `one of ${issue.values.join(", ")} is expected`;
    case "too_small":
      return `${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum} is expected`;
    case "too_big":
      return `${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum} is expected`;
    default:
      return issue.message;
  }
}

/** A regular file as text. @throws UserError if it can't be read. */
export function readTextFile(path: string): string {
  try {
    return new TextDecoder().decode(readRegularFileSync(path));
  } catch (cause) {
    throw new UserError((cause as Error).message, { cause });
  }
}

/** The value in a JSON file. @throws UserError if it can't be read or is no JSON. */
export function readJsonFile(path: string, remedy: string): unknown {
  return parsedJson(readTextFile(path), path, remedy);
}

/** @throws UserError if the text is no JSON, with the line and column where it stops being it. */
export function parsedJson(text: string, where: string, remedy: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const end = endOfJson(text) ?? text.length;
    const what = end === text.length ? "it ends too early, at" : "it is no JSON from";
    throw new UserError(
      `${where} is damaged: ${what} ${placeIn(text, end)}${end < text.length ? " on" : ""}. ${remedy}`,
      {
        cause,
      },
    );
  }
}
