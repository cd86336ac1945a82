// The folder of a run of `nabla tree train`: config.json says what was asked for, words.json which words it knows, checkpoint.safetensors where it stands,
// history.jsonl how it went, model.safetensors the best so far and parser.safetensors the parser. One process at a time writes; every file is whole.
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import { Words } from "../book/zero/framework/sentiment.ts";
import { makeFolder, removeUnfinished, writeFileAtomically } from "../src/data/atomic.node.ts";
import { readRegularFileSync } from "../src/data/file.node.ts";
import { readSafetensors, writeSafetensors } from "../src/io/safetensors.ts";
import type { RunEnding } from "../src/runs/history-writer.node.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import type { TrainerState } from "../src/train/trainer-state.ts";
import { commandName } from "./command-name.ts";
import { UserError } from "./errors.ts";
import { unwritable } from "./output-folder.ts";
import { refuseNonFinite } from "./run-folder.ts";
import { type FolderLock, lockAgain, lockFolder } from "./run-lock.ts";
import { checked, parsedJson, readJsonFile, stateSchema, statusSchema } from "./run-schema.ts";
import { type TreeConfig, type TreeRecord, treeConfigSchema, treeRecordSchema } from "./tree-config.ts";

/** What a run's files hold beside its checkpoint. */
export interface TreeRun {
  readonly config: TreeConfig;
  readonly words: Words;
  readonly records: readonly TreeRecord[];
  /** The best network so far, as a file of `saveModel`; undefined before the first epoch. */
  readonly best: Uint8Array | undefined;
}

function textOf(config: TreeConfig): string {
  return `${JSON.stringify(config, null, 2)}\n`;
}

const wordsSchema = z.object({ words: z.array(z.string()), counts: z.array(z.int().check(z.positive())) });

export class TreeFolder {
  private lock: FolderLock | undefined;

  constructor(readonly path: string) {}

  file(name: string): string {
    return join(this.path, name);
  }

  get begun(): boolean {
    return existsSync(this.file("config.json"));
  }

  /** @throws UserError if it can't be made, another process has it, or it holds a run already. */
  async create(config: TreeConfig, words: Words): Promise<void> {
    try {
      await makeFolder(this.path);
      this.lock = await lockFolder(this.path);
      if (this.begun) {
        throw new UserError(
          `${this.path} holds a run already; continue it with --resume ${this.path}, or choose another folder with --out`,
        );
      }
      await this.writeWords(words);
      await writeFileAtomically(this.file("history.jsonl"), "");
      await writeFileAtomically(this.file("config.json"), textOf(config));
    } catch (error) {
      this.release();
      if (error instanceof UserError) throw error;
      throw unwritable(this.path, error);
    }
  }

  async take(): Promise<void> {
    this.lock ??= await lockFolder(this.path);
    await removeUnfinished(this.path);
  }

  release(): void {
    this.lock?.release();
    this.lock = undefined;
  }

  /** @throws UserError if this is no run's folder, or its configuration is damaged. */
  readConfig(): TreeConfig {
    const command = `${commandName()} tree train --out FOLDER`;
    if (!existsSync(this.path)) throw new UserError(`there is no folder ${this.path}; ${command} makes one`);
    if (!this.begun)
      throw new UserError(
        `${this.path} is not the folder of a run over trees: it has no config.json. ${command} makes one.`,
      );
    const path = this.file("config.json");
    const remedy = `Mend it, or begin another run: ${command}.`;
    const value = readJsonFile(path, remedy);
    if ((value as { format?: unknown } | null)?.format !== "nabla-tree-run") {
      throw new UserError(`${path} is not the configuration of a run over trees; ${command} begins one`);
    }
    return checked(treeConfigSchema as never, value, path, remedy) as TreeConfig;
  }

  async writeWords(words: Words): Promise<void> {
    await writeFileAtomically(this.file("words.json"), JSON.stringify({ words: words.list, counts: words.counts }));
  }

  readWords(): Words {
    const path = this.file("words.json");
    const remedy = "It belongs to the run; without it the run is of no use.";
    const { words, counts } = checked(wordsSchema as never, readJsonFile(path, remedy), path, remedy) as {
      words: string[];
      counts: number[];
    };
    if (words.length !== counts.length)
      throw new UserError(`${path} is damaged: ${words.length} words, ${counts.length} counts`);
    return new Words(words, counts);
  }

  /** What to do where the run's own files do not belong together any more. */
  get anew(): string {
    return `Restore it, or delete ${this.file("checkpoint.safetensors")}, and --resume begins again.`;
  }

  /** The best network so far, as a file of `saveModel`. @throws UserError if no epoch was complete */
  readModelFile(): Uint8Array {
    const path = this.file("model.safetensors");
    if (!existsSync(path)) throw new UserError(`${this.path} has no model yet: no epoch was complete`);
    return readRegularFileSync(path);
  }

  readHistory(): TreeRecord[] {
    const path = this.file("history.jsonl");
    if (!existsSync(path)) return [];
    const lines = readRegularFileSync(path);
    return new TextDecoder()
      .decode(lines)
      .split("\n")
      .filter((line) => line !== "")
      .flatMap((line, i) => {
        const where = `${path}, line ${i + 1},`;
        const value = parsedJson(line, where, this.anew);
        if (typeof value === "object" && value !== null && "status" in value) {
          checked(statusSchema, value, where, this.anew);
          return [];
        }
        return [checked(treeRecordSchema as never, value, where, this.anew) as TreeRecord];
      });
  }

  /** Writes how the run has ended, behind its epochs. Returns what of the folder had to be made anew. */
  async writeEnding(run: TreeRun, status: RunEnding): Promise<string[]> {
    const anew = await this.restore(run);
    await this.writeHistory([...run.records, { status }]);
    return anew;
  }

  /**
   * Writes how it stands after an epoch: the checkpoint last, so that the network and the figures of every epoch that is complete are there.
   * Returns what of the folder had to be made anew.
   * @throws UserError if another run has begun in the place of the deleted folder.
   */
  async writeEpoch(
    run: TreeRun,
    improved: boolean,
    tensors: Record<string, Tensor>,
    state: TrainerState,
  ): Promise<string[]> {
    const anew = await this.restore(run);
    if (improved && run.best !== undefined) await writeFileAtomically(this.file("model.safetensors"), run.best);
    await this.writeHistory(run.records);
    const metadata = { format: "nabla-tree-checkpoint", state: JSON.stringify(state) };
    await writeFileAtomically(this.file("checkpoint.safetensors"), writeSafetensors(tensors, metadata));
    return anew;
  }

  private async writeHistory(lines: readonly unknown[]): Promise<void> {
    await writeFileAtomically(this.file("history.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  }

  /** Makes anew what was deleted while the run went on, and says what that was. */
  private async restore({ config, words, best }: TreeRun): Promise<string[]> {
    const anew: string[] = [];
    if (!this.lock?.held) {
      const isOurs = () => !this.begun || textOf(this.readConfig()) === textOf(config);
      this.lock = await lockAgain(this.path, this.lock, isOurs, anew);
    }
    const missing = (name: string): boolean => !existsSync(this.file(name));
    if (missing("words.json")) {
      anew.push("words.json");
      await this.writeWords(words);
    }
    if (missing("history.jsonl")) anew.push("history.jsonl");
    if (missing("model.safetensors") && best !== undefined) {
      await writeFileAtomically(this.file("model.safetensors"), best);
    }
    if (!this.begun) {
      anew.push("config.json");
      await writeFileAtomically(this.file("config.json"), textOf(config));
    }
    return anew;
  }

  /** Where the run stands; undefined if no epoch was complete. */
  readCheckpoint(): { tensors: Record<string, Tensor>; state: TrainerState } | undefined {
    const path = this.file("checkpoint.safetensors");
    if (!existsSync(path)) return undefined;
    try {
      const { tensors, metadata } = readSafetensors(readRegularFileSync(path), path);
      const { state } = metadata;
      if (metadata["format"] !== "nabla-tree-checkpoint" || state === undefined)
        throw new Error(`${path} is not a checkpoint of such a run`);
      refuseNonFinite(tensors, path);
      return {
        tensors,
        state: checked(stateSchema, parsedJson(state, `${path}, state,`, ""), `${path}, state,`, "") as TrainerState,
      };
    } catch (error) {
      const problem = (error as Error).message.replace(/[. ]+$/, "");
      throw new UserError(`${problem}. Delete ${path} and history.jsonl beside it, and --resume begins again.`, {
        cause: error,
      });
    }
  }
}
