// What a run's history says, checked line by line; src/runs/history-writer.node.ts writes it.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type * as z from "zod/mini";
import { HISTORY_NAME, type RunEnding } from "../src/runs/history-writer.node.ts";
import { UserError } from "./errors.ts";
import { checked, oldHistorySchema, parsedJson, readJsonFile, readTextFile, statusSchema } from "./run-schema.ts";

/** What runs of version 1 have: one object, written anew after every epoch. */
export const OLD_HISTORY = "history.json";
const REMEDY = "Delete the file to go on from the checkpoints; the figures of the epochs before are lost then.";

export interface RunHistory<Record> {
  readonly records: Record[];
  /** undefined: it is running, or was killed. */
  readonly ending: RunEnding | undefined;
}

/**
 * What a folder's history says; nothing where there is none.
 * @throws UserError naming the line that is damaged.
 */
export function readHistory<Record extends { epoch: number }>(
  folder: string,
  recordSchema: z.ZodMiniType,
): RunHistory<Record> {
  const path = join(folder, HISTORY_NAME);
  if (!existsSync(path)) return readOldHistory<Record>(join(folder, OLD_HISTORY));
  const lines = readTextFile(path).split("\n");
  // After the last line break there is nothing, or what a killed process left.
  lines.pop();
  const records: Record[] = [];
  let ending: RunEnding | undefined;
  lines.forEach((line, i) => {
    const where = `${path}, line ${i + 1},`;
    const value = parsedJson(line, where, REMEDY);
    if (typeof value === "object" && value !== null && "status" in value) {
      ending = checked(statusSchema, value, where, REMEDY).status;
      return;
    }
    const record = checked(recordSchema, value, where, REMEDY) as Record;
    const last = records.at(-1)?.epoch;
    if (last !== undefined && record.epoch !== last + 1) {
      throw new UserError(`${where} is damaged: epoch is ${record.epoch}: ${last + 1} is expected. ${REMEDY}`);
    }
    records.push(record);
    ending = undefined;
  });
  return { records, ending };
}

function readOldHistory<Record>(path: string): RunHistory<Record> {
  if (!existsSync(path)) return { records: [], ending: undefined };
  const { status, epochs } = checked(oldHistorySchema, readJsonFile(path, REMEDY), path, REMEDY);
  return { records: epochs as unknown[] as Record[], ending: status === "running" ? undefined : status };
}
