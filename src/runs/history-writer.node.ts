// How a run went, in history.jsonl: a line of JSON for every complete epoch, and one at the end that says how it ended. Lines are appended, so that an epoch
// costs the same however many there were before it. What a killed process or a full disk left of a line is cut off by the next.
import { existsSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { type FileIdentity, sameFile, writeFileAtomically } from "../data/atomic.node.ts";
import { errorCode } from "../data/file.node.ts";

export const HISTORY_NAME = "history.jsonl";

/** How a run ended. */
export type RunEnding = "finished" | "interrupted" | "failed";

/** Writes a run's history. */
export class HistoryWriter<Record> {
  /** Bytes that are known to be good, and the epochs in them. */
  private size = 0;
  private epochs = 0;
  private written: FileIdentity | undefined;

  constructor(private readonly folder: string) {}

  private get path(): string {
    return join(this.folder, HISTORY_NAME);
  }

  /** Whether there is a file. */
  get exists(): boolean {
    return existsSync(this.path);
  }

  /** Begins the file anew with the epochs that are done. */
  async begin(records: readonly Record[]): Promise<void> {
    const text = records.map((record) => `${JSON.stringify(record)}\n`).join("");
    this.written = await writeFileAtomically(this.path, text);
    this.size = Buffer.byteLength(text);
    this.epochs = records.length;
  }

  /**
   * One more epoch, or the end, after those before it; where one of them could not be written, it is now.
   * @returns whether it was written: not where the file is gone, or another one has its place, which may be another run's.
   */
  async append(line: Record | { readonly status: RunEnding }, before: readonly Record[]): Promise<boolean> {
    let file = await this.openWritten();
    if (file === undefined) return false;
    if (this.epochs !== before.length) {
      await file.close();
      await this.begin(before);
      file = await this.openWritten();
      if (file === undefined) return false;
    }
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    try {
      await file.truncate(this.size);
      await file.write(bytes, 0, bytes.length, this.size);
      await file.sync();
    } finally {
      await file.close();
    }
    this.size += bytes.length;
    if (!("status" in (line as object))) this.epochs += 1;
    return true;
  }

  /** The file that `begin` wrote: a check of the path before would not see what happens in between. */
  private async openWritten(): Promise<FileHandle | undefined> {
    let file: FileHandle;
    try {
      file = await open(this.path, "r+");
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
    if (this.written !== undefined && sameFile(this.written, await file.stat({ bigint: true }))) return file;
    await file.close();
    return undefined;
  }
}
