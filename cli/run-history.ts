// How a run went, in history.jsonl: a line of JSON for every complete epoch, and one at the end that says how it ended. Lines are appended, so that an epoch
// costs the same however many there were before it. What a killed process or a full disk left of a line is cut off by the next.
import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically } from "../src/data/atomic.node.ts";
import { UserError } from "./errors.ts";
import type { RunRecord } from "./run-config.ts";
import {
  checked,
  oldHistorySchema,
  parsedJson,
  readJsonFile,
  readTextFile,
  recordSchema,
  statusSchema,
} from "./run-schema.ts";

const NAME = "history.jsonl";
/** What runs of version 1 have: one object, written anew after every epoch. */
export const OLD_HISTORY = "history.json";
const REMEDY = "Delete the file to go on from the checkpoints; the figures of the epochs before are lost then.";

/** How a run ended. */
export type RunEnding = "finished" | "interrupted" | "failed";

export interface RunHistory {
  readonly records: RunRecord[];
  /** undefined: it is running, or was killed. */
  readonly ending: RunEnding | undefined;
}

/**
 * What a folder's history says; nothing where there is none.
 * @throws UserError naming the line that is damaged.
 */
export function readHistory(folder: string): RunHistory {
  const path = join(folder, NAME);
  if (!existsSync(path)) return readOldHistory(join(folder, OLD_HISTORY));
  const lines = readTextFile(path).split("\n");
  // After the last line break there is nothing, or what a killed process left.
  lines.pop();
  const records: RunRecord[] = [];
  let ending: RunEnding | undefined;
  lines.forEach((line, i) => {
    const where = `${path}, line ${i + 1},`;
    const value = parsedJson(line, where, REMEDY);
    if (typeof value === "object" && value !== null && "status" in value) {
      ending = checked(statusSchema, value, where, REMEDY).status;
      return;
    }
    const record = checked(recordSchema, value, where, REMEDY) as RunRecord;
    const last = records.at(-1)?.epoch;
    if (last !== undefined && record.epoch !== last + 1) {
      throw new UserError(`${where} is damaged: epoch is ${record.epoch}: ${last + 1} is expected. ${REMEDY}`);
    }
    records.push(record);
    ending = undefined;
  });
  return { records, ending };
}

function readOldHistory(path: string): RunHistory {
  if (!existsSync(path)) return { records: [], ending: undefined };
  const { status, epochs } = checked(oldHistorySchema, readJsonFile(path, REMEDY), path, REMEDY);
  return { records: epochs as RunRecord[], ending: status === "running" ? undefined : status };
}

/** Writes a run's history. */
export class HistoryWriter {
  /** Bytes that are known to be good, and the epochs in them. */
  private size = 0;
  private epochs = 0;

  constructor(private readonly folder: string) {}

  private get path(): string {
    return join(this.folder, NAME);
  }

  /** Whether there is a file. */
  get exists(): boolean {
    return existsSync(this.path);
  }

  /** Begins the file anew with the epochs that are done. */
  async begin(records: readonly RunRecord[]): Promise<void> {
    const text = records.map((record) => `${JSON.stringify(record)}\n`).join("");
    await writeFileAtomically(this.path, text);
    this.size = Buffer.byteLength(text);
    this.epochs = records.length;
  }

  /** One more epoch, or the end, after those before it; where one of them could not be written, it is now. */
  async append(line: RunRecord | { readonly status: RunEnding }, before: readonly RunRecord[]): Promise<void> {
    if (this.epochs !== before.length) await this.begin(before);
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    const file = await open(this.path, "r+");
    try {
      await file.truncate(this.size);
      await file.write(bytes, 0, bytes.length, this.size);
      await file.sync();
    } finally {
      await file.close();
    }
    this.size += bytes.length;
    if (!("status" in line)) this.epochs += 1;
  }
}
