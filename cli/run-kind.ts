// The kinds of runs that have a folder: what their files hold, and the command that begins and continues them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import { PROGRAM_RUN_FORMAT, PROGRAM_RUN_VERSION } from "../src/runs/report.node.ts";
import type { EpochRecord } from "../src/train/history.ts";
import type { RunConfig, RunRecord } from "./run-config.ts";
import { configSchema, RUN_VERSION, recordSchema } from "./run-schema.ts";
import {
  TEXT_RUN_VERSION,
  type TextConfig,
  type TextRecord,
  textConfigSchema,
  textRecordSchema,
} from "./text-config.ts";
import { type TreeConfig, type TreeRecord, treeConfigSchema, treeRecordSchema } from "./tree-config.ts";

export interface RunKind<Config, Record> {
  /** What config.json says that it is. */
  readonly format: string;
  /** The newest version that this Nabla writes; it reads all before it. */
  readonly version: number;
  readonly configSchema: z.ZodMiniType;
  readonly recordSchema: z.ZodMiniType;
  /** Words behind `nabla`; undefined where no command of ours goes on with such runs. */
  readonly command: string | undefined;
  /** What makes them, where that is another. */
  readonly maker?: string;
  /** Never there: it tells the compiler the kinds apart. */
  readonly types?: { readonly config: Config; readonly record: Record };
}

/** A network that tells classes of pictures, or of rows of a table. */
export const CLASSIFIER_RUN: RunKind<RunConfig, RunRecord> = {
  format: "nabla-run",
  version: RUN_VERSION,
  configSchema,
  recordSchema,
  command: "train",
};

/** A language model of characters. */
export const TEXT_RUN: RunKind<TextConfig, TextRecord> = {
  format: "nabla-text-run",
  version: TEXT_RUN_VERSION,
  configSchema: textConfigSchema,
  recordSchema: textRecordSchema,
  command: "text train",
};

/** A network that reads sentences as trees. */
export const TREE_RUN: RunKind<TreeConfig, TreeRecord> = {
  format: "nabla-tree-run",
  version: 1,
  configSchema: treeConfigSchema,
  recordSchema: treeRecordSchema,
  command: "tree train",
};

/** A training of somebody's own program, with the callback `report()`. */
export const PROGRAM_RUN: RunKind<Readonly<Record<string, unknown>>, EpochRecord> = {
  format: PROGRAM_RUN_FORMAT,
  version: PROGRAM_RUN_VERSION,
  configSchema: z.looseObject({ format: z.literal(PROGRAM_RUN_FORMAT), version: z.int() }),
  recordSchema: z.looseObject({
    epoch: z.int().check(z.positive()),
    loss: z.nullable(z.number()),
    seconds: z.number(),
  }),
  command: undefined,
  maker: "a program with report()",
};

/** An experiment of the books, `nabla book run --out`: what was measured stands in its config.json, and its figures in report.html. */
export const BOOK_RUN: RunKind<Readonly<Record<string, unknown>>, EpochRecord> = {
  ...PROGRAM_RUN,
  format: "nabla-book-run",
  version: 1,
  configSchema: z.looseObject({
    format: z.literal("nabla-book-run"),
    version: z.int(),
    experiment: z.string(),
    verdict: z.string(),
  }),
  maker: "nabla book run",
};

const KINDS: readonly RunKind<never, never>[] = [CLASSIFIER_RUN, TEXT_RUN, TREE_RUN, PROGRAM_RUN, BOOK_RUN] as never;

/** What makes runs of each format. */
export const MAKERS: Readonly<Record<string, string>> = Object.fromEntries(
  KINDS.map(({ format, command, maker }) => [format, maker ?? `nabla ${command}`]),
);

/** The kind of the run in a folder, by what its config.json says; where that says nothing, one that tells classes: whoever reads it says what is wrong. */
export function kindOfRun(folder: string): RunKind<unknown, { epoch: number }> {
  try {
    const { format } = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as { format?: unknown };
    return KINDS.find((kind) => kind.format === format) ?? CLASSIFIER_RUN;
  } catch {
    return CLASSIFIER_RUN;
  }
}
