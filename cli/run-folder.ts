// The folder of a run: config.json says what was asked for, checkpoints/ where it stands, history.jsonl how it went, model.safetensors and
// report.html what came out. Every file is whole or not there, one process at a time writes, and all is checked before anything is used.
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { removeUnfinished, writeFileAtomically } from "../src/data/atomic.node.ts";
import { readSafetensors, writeSafetensors } from "../src/io/safetensors.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import type { TrainerState } from "../src/train/trainer.ts";
import { commandName } from "./command-name.ts";
import { UserError } from "./errors.ts";
import type { RunConfig, RunRecord } from "./run-config.ts";
import { HistoryWriter, OLD_HISTORY, type RunEnding, type RunHistory, readHistory } from "./run-history.ts";
import { RunLock } from "./run-lock.ts";
import {
  checked,
  configSchema,
  parsedJson,
  RUN_VERSION,
  readJsonFile,
  recordSchema,
  stateSchema,
} from "./run-schema.ts";

/** Checkpoints of complete epochs that are kept. */
const KEPT = 3;

export interface Checkpoint {
  state: TrainerState;
  /** The epochs before it, where the checkpoint is of a run of version 1 and holds them itself. */
  records: RunRecord[] | undefined;
  tensors: Record<string, Tensor>;
  architecture: string;
  path: string;
}

/** Where a checkpoint stands: complete epochs, and steps of the next one. */
interface Place {
  readonly name: string;
  readonly epoch: number;
  readonly step: number;
}

export class RunFolder {
  private lock: RunLock | undefined;
  private readonly history: HistoryWriter;

  constructor(readonly path: string) {
    this.history = new HistoryWriter(path);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Whether a run has begun here. */
  get begun(): boolean {
    return existsSync(this.file("config.json"));
  }

  /**
   * A new folder of the first free name: runs/digits-1, runs/digits-2, ... It is made exclusively, so two runs that
   * start at once never take the same.
   * @throws UserError if none can be made.
   */
  static fresh(name: string): RunFolder {
    for (let i = 1; ; i++) {
      const folder = new RunFolder(`runs/${name}-${i}`);
      if (existsSync(folder.path)) continue;
      try {
        mkdirSync(dirname(folder.path), { recursive: true });
        mkdirSync(folder.path);
        return folder;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw folder.unwritable(error);
      }
    }
  }

  private unwritable(error: unknown): UserError {
    return new UserError(
      `cannot write to the output folder ${this.path}: ${(error as Error).message}. Choose another with --out FOLDER.`,
    );
  }

  /**
   * Makes the folder where it is not there, takes it for this process, and proves that it can be written to.
   * @throws UserError if it can't be, another process has it, or it holds a run already.
   */
  async create(config: RunConfig): Promise<void> {
    try {
      mkdirSync(this.path, { recursive: true });
      accessSync(this.path, constants.W_OK);
      this.take();
      if (this.begun) {
        throw new UserError(
          `${this.path} holds a run already; continue it with --resume ${this.path}, or choose another folder with --out`,
        );
      }
      await removeUnfinished(this.path);
      mkdirSync(this.file("checkpoints"), { recursive: true });
      await this.history.begin([]);
      await this.writeConfig(config);
    } catch (error) {
      this.release();
      throw error instanceof UserError ? error : this.unwritable(error);
    }
  }

  /**
   * Takes the folder for this process.
   * @throws UserError if another one has it.
   */
  take(): void {
    this.lock ??= RunLock.take(this.path);
  }

  /** Gives the folder free. */
  release(): void {
    this.lock?.release();
    this.lock = undefined;
  }

  async writeConfig(config: RunConfig): Promise<void> {
    await writeFileAtomically(this.file("config.json"), `${JSON.stringify(config, null, 2)}\n`);
  }

  /** @throws UserError if this is no run's folder or its configuration is damaged. */
  readConfig(): RunConfig {
    if (!existsSync(this.path)) throw new UserError(`there is no folder ${this.path}`);
    if (!statSync(this.path).isDirectory())
      throw new UserError(`${this.path} is not a folder; give the folder of a run`);
    const command = `${commandName()} train --out FOLDER`;
    if (!this.begun) {
      throw new UserError(`${this.path} is not the folder of a run: it has no config.json. ${command} makes one.`);
    }
    const path = this.file("config.json");
    const remedy = `Mend it, or begin another run: ${command}.`;
    const value = readJsonFile(path, remedy);
    const head = value as { format?: unknown; version?: unknown } | null;
    if (typeof head !== "object" || head?.format !== "nabla-run") {
      throw new UserError(`${path} is not the configuration of a Nabla run`);
    }
    if (typeof head.version === "number" && head.version > RUN_VERSION) {
      throw new UserError(
        `${path} was written by a newer Nabla: its version is ${head.version}, this one knows up to ${RUN_VERSION}. Update Nabla.`,
      );
    }
    return checked(configSchema, value, path, remedy) as RunConfig;
  }

  /** @throws UserError if it is damaged. */
  readHistory(): RunHistory {
    return readHistory(this.path);
  }

  /** Continues the history after these epochs; what was written beyond them is cut off. */
  async continueHistory(records: readonly RunRecord[]): Promise<void> {
    await this.history.begin(records);
    rmSync(this.file(OLD_HISTORY), { force: true });
  }

  /**
   * Writes how the run goes on: another epoch or its end. Where the folder was deleted meanwhile, it is made whole again.
   * @returns whether it had to be.
   */
  async append(
    line: RunRecord | { status: RunEnding },
    config: RunConfig,
    before: readonly RunRecord[],
  ): Promise<boolean> {
    if (this.begun) {
      await this.history.append(line, before);
      return false;
    }
    mkdirSync(this.file("checkpoints"), { recursive: true });
    this.lock?.renew();
    await this.history.begin(before);
    await this.history.append(line, before);
    await this.writeConfig(config);
    return true;
  }

  async writeModel(bytes: Uint8Array): Promise<void> {
    await writeFileAtomically(this.file("model.safetensors"), bytes);
  }

  /** Saves where the run stands, then drops checkpoints that are no longer needed. */
  async writeCheckpoint(tensors: Record<string, Tensor>, state: TrainerState, architecture: string): Promise<string> {
    const step = state.step > 0 ? `-step-${String(state.step).padStart(6, "0")}` : "";
    const name = `epoch-${String(state.epoch).padStart(5, "0")}${step}.safetensors`;
    const metadata = { format: "nabla-checkpoint", state: JSON.stringify(state), architecture };
    const path = this.file(join("checkpoints", name));
    await writeFileAtomically(path, writeSafetensors(tensors, metadata));
    const places = this.checkpoints();
    const complete = places.filter((place) => place.step === 0);
    for (const place of places) {
      const superseded = place.step > 0 ? place.name !== name : complete.indexOf(place) < complete.length - KEPT;
      if (superseded) rmSync(this.file(join("checkpoints", place.name)), { force: true });
    }
    return path;
  }

  /** Oldest first. That of an unfinished epoch, `epoch-00002-step-000100`, comes after the one of the epoch before it, `epoch-00002`. */
  private checkpoints(): Place[] {
    const folder = this.file("checkpoints");
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .map((name) => ({ name, match: /^epoch-(\d+)(?:-step-(\d+))?\.safetensors$/.exec(name) }))
      .filter(({ match }) => match !== null)
      .map(({ name, match }) => ({ name, epoch: Number(match![1]), step: Number(match![2] ?? 0) }))
      .sort((a, b) => a.epoch - b.epoch || a.step - b.step);
  }

  /**
   * The newest checkpoint that is whole, or undefined if no epoch was complete. Those that are damaged are told to
   * `onDamaged`.
   * @throws UserError if there are checkpoints, and all are damaged.
   */
  readNewestCheckpoint(onDamaged: (message: string) => void): Checkpoint | undefined {
    const places = this.checkpoints();
    let damage: UserError | undefined;
    for (const place of places.reverse()) {
      try {
        return this.readCheckpoint(place);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        onDamaged(error.message);
        damage = error;
      }
    }
    if (damage !== undefined) {
      throw new UserError(
        `no checkpoint in ${this.file("checkpoints")} is whole. Delete that folder, and --resume begins again from the first epoch.`,
      );
    }
    return undefined;
  }

  private readCheckpoint({ name, epoch, step }: Place): Checkpoint {
    const path = this.file(join("checkpoints", name));
    try {
      const { tensors, metadata } = readSafetensors(readFileSync(path), path);
      const part = (key: string): unknown => {
        if (metadata[key] === undefined) throw new UserError(`${path} has no ${key}`);
        return parsedJson(metadata[key], `${path}, ${key},`, "");
      };
      if (metadata["format"] !== "nabla-checkpoint") throw new UserError(`${path} is not a checkpoint of a run`);
      const state = checked(stateSchema, part("state"), `${path}, state,`, "") as TrainerState;
      if (state.epoch !== epoch || state.step !== step) {
        throw new UserError(
          `${path} is damaged: its state is of epoch ${state.epoch}, step ${state.step}, its name says epoch ${epoch}, step ${step}`,
        );
      }
      part("architecture");
      refuseNonFinite(tensors, path);
      const records = metadata["records"] === undefined ? undefined : (part("records") as unknown[]);
      return {
        state,
        records: records?.map((record, i) => checked(recordSchema, record, `${path}, records[${i}],`, "") as RunRecord),
        architecture: metadata["architecture"],
        tensors,
        path,
      };
    } catch (error) {
      throw error instanceof UserError ? error : new UserError((error as Error).message, { cause: error });
    }
  }

  /** Removes what a killed process left half-written. */
  async removeLeftovers(): Promise<void> {
    await removeUnfinished(this.path);
    await removeUnfinished(this.file("checkpoints"));
  }
}

/** @throws UserError naming the first tensor that holds NaN or infinity. */
export function refuseNonFinite(tensors: Readonly<Record<string, Tensor>>, where: string): void {
  for (const [name, value] of Object.entries(tensors)) {
    const values = value.dataSync();
    const at = values.findIndex((element) => !Number.isFinite(element));
    if (at >= 0) throw new UserError(`${where} is of no use: ${name} holds ${values[at]} at position ${at}`);
  }
}
