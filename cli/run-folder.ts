// The folder of a run: config.json says what was asked for, checkpoints/ where it stands, history.json how it went, model.safetensors and
// report.html what came out. Every file is whole or not there.
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { removeUnfinished, writeFileAtomically } from "../src/data/atomic.node.ts";
import { readSafetensors, writeSafetensors } from "../src/io/safetensors.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import type { TrainerState } from "../src/train/trainer.ts";
import { UserError } from "./errors.ts";
import type { RunConfig, RunHistory, RunRecord } from "./run-config.ts";

/** Checkpoints of complete epochs that are kept. */
const KEPT = 3;

export interface Checkpoint {
  state: TrainerState;
  records: RunRecord[];
  tensors: Record<string, Tensor>;
  architecture: string;
  path: string;
}

export class RunFolder {
  constructor(readonly path: string) {}

  file(name: string): string {
    return join(this.path, name);
  }

  /** Makes the folder and proves that it can be written to. @throws UserError if not. */
  async create(): Promise<void> {
    try {
      mkdirSync(this.file("checkpoints"), { recursive: true });
      accessSync(this.path, constants.W_OK);
      // Permissions can say yes where a read-only disk says no.
      await writeFileAtomically(this.file(".writable"), "");
      rmSync(this.file(".writable"));
    } catch (error) {
      throw new UserError(
        `cannot write to the output folder ${this.path}: ${(error as Error).message}. Choose another with --out FOLDER.`,
      );
    }
  }

  /** Whether a run has begun here. */
  get begun(): boolean {
    return existsSync(this.file("config.json"));
  }

  async writeConfig(config: RunConfig): Promise<void> {
    await writeFileAtomically(this.file("config.json"), `${JSON.stringify(config, null, 2)}\n`);
  }

  /** @throws UserError if this is no run's folder or its configuration is damaged. */
  readConfig(): RunConfig {
    if (!existsSync(this.path)) throw new UserError(`there is no folder ${this.path}`);
    if (!statSync(this.path).isDirectory())
      throw new UserError(`${this.path} is not a folder; give the folder of a run`);
    if (!this.begun) {
      throw new UserError(
        `${this.path} is not the folder of a run: it has no config.json. nabla train --out FOLDER makes one.`,
      );
    }
    const config = this.readJson<RunConfig>("config.json");
    if (config.format !== "nabla-run" || !Array.isArray(config.hidden)) {
      throw new UserError(`${this.file("config.json")} is not the configuration of a Nabla run`);
    }
    return config;
  }

  private readJson<T>(name: string): T {
    try {
      return JSON.parse(readFileSync(this.file(name), "utf8")) as T;
    } catch (error) {
      throw new UserError(`${this.file(name)} is damaged: ${(error as Error).message}`);
    }
  }

  async writeHistory(history: RunHistory): Promise<void> {
    await writeFileAtomically(this.file("history.json"), `${JSON.stringify(history, null, 2)}\n`);
  }

  /** undefined if there is none yet. */
  readHistory(): RunHistory | undefined {
    return existsSync(this.file("history.json")) ? this.readJson<RunHistory>("history.json") : undefined;
  }

  /** Saves where the run stands, then drops checkpoints that are no longer needed. */
  async writeCheckpoint(
    tensors: Record<string, Tensor>,
    state: TrainerState,
    records: readonly RunRecord[],
    architecture: string,
  ): Promise<string> {
    const step = state.step > 0 ? `-step-${String(state.step).padStart(6, "0")}` : "";
    const name = `epoch-${String(state.epoch).padStart(5, "0")}${step}.safetensors`;
    const metadata = {
      format: "nabla-checkpoint",
      state: JSON.stringify(state),
      records: JSON.stringify(records),
      architecture,
    };
    const path = this.file(join("checkpoints", name));
    await writeFileAtomically(path, writeSafetensors(tensors, metadata));
    const names = this.checkpointNames();
    const complete = names.filter((other) => !other.includes("-step-"));
    for (const old of names) {
      const superseded = old.includes("-step-") ? old !== name : complete.indexOf(old) < complete.length - KEPT;
      if (superseded) rmSync(this.file(join("checkpoints", old)), { force: true });
    }
    return path;
  }

  /** Oldest first. An unfinished epoch's checkpoint, `epoch-00002-step-000100`, comes after the one of the epoch before it, `epoch-00002`. */
  private checkpointNames(): string[] {
    const folder = this.file("checkpoints");
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => /^epoch-\d+(-step-\d+)?\.safetensors$/.test(name))
      .sort((a, b) => {
        const [x, y] = [a.replace(".safetensors", ""), b.replace(".safetensors", "")];
        return x < y ? -1 : x > y ? 1 : 0;
      });
  }

  /** The newest checkpoint, or undefined if no epoch was complete. @throws UserError if it is damaged. */
  readNewestCheckpoint(): Checkpoint | undefined {
    const name = this.checkpointNames().at(-1);
    return name === undefined ? undefined : this.readCheckpoint(this.file(join("checkpoints", name)));
  }

  private readCheckpoint(path: string): Checkpoint {
    const remedy = "Delete it, and --resume goes on from the checkpoint before it.";
    try {
      const { tensors, metadata } = readSafetensors(readFileSync(path), path);
      if (metadata["format"] !== "nabla-checkpoint") throw new Error(`${path}: is not a checkpoint of a run`);
      return {
        state: JSON.parse(metadata["state"]) as TrainerState,
        records: JSON.parse(metadata["records"]) as RunRecord[],
        architecture: metadata["architecture"],
        tensors,
        path,
      };
    } catch (error) {
      throw new UserError(`${(error as Error).message}. ${remedy}`);
    }
  }

  /** Removes what a killed process left half-written. */
  async removeLeftovers(): Promise<void> {
    await removeUnfinished(this.path);
    await removeUnfinished(this.file("checkpoints"));
  }
}
