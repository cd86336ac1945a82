// The folder of a run: config.json says what was asked for, checkpoints/ where it stands, history.jsonl how it went, model.safetensors and
// report.html what came out. Every file is whole or not there, one process at a time writes, and all is checked before anything is used.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeFolder, removeUnfinished, writeFileAtomically } from "../src/data/atomic.node.ts";
import { errorCode, readRegularFileSync } from "../src/data/file.node.ts";
import { readSafetensors, writeSafetensors } from "../src/io/safetensors.ts";
import { HistoryWriter, type RunEnding } from "../src/runs/history-writer.node.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import type { TrainerState } from "../src/train/trainer-state.ts";
import { commandName } from "./command-name.ts";
import { UserError } from "./errors.ts";
import { unwritable } from "./output-folder.ts";
import { OLD_HISTORY, type RunHistory, readHistory } from "./run-history.ts";
import { CLASSIFIER_RUN, MAKERS, type RunKind } from "./run-kind.ts";
import { type FolderLock, lockAgain, lockFolder } from "./run-lock.ts";
import { checked, parsedJson, readJsonFile, stateSchema } from "./run-schema.ts";

/** Checkpoints of complete epochs that are kept, where a run does not say. */
export const KEPT = 3;

type Tensors = Readonly<{ [name: string]: Tensor }>;

export interface Checkpoint<Record = unknown> {
  state: TrainerState;
  /** The epochs before it, where the checkpoint is of a run of version 1 and holds them itself. */
  records: Record[] | undefined;
  tensors: Tensors;
  architecture: string;
  path: string;
}

/** A checkpoint that is to be written. */
export interface CheckpointFile extends Place {
  readonly bytes: Uint8Array;
}

/** Where a checkpoint stands: complete epochs, and steps of the next one. */
interface Place {
  readonly name: string;
  readonly epoch: number;
  readonly step: number;
}

function textOf(config: unknown): string {
  return `${JSON.stringify(config, null, 2)}\n`;
}

export class RunFolder<Config = unknown, Record extends { epoch: number } = { epoch: number }> {
  private lock: FolderLock | undefined;
  private readonly history: HistoryWriter<Record>;

  constructor(
    readonly path: string,
    readonly kind: RunKind<Config, Record>,
  ) {
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
  static async fresh<C, R extends { epoch: number }>(name: string, kind: RunKind<C, R>): Promise<RunFolder<C, R>> {
    for (let i = 1; ; i++) {
      const folder = new RunFolder(`runs/${name}-${i}`, kind);
      try {
        await makeFolder(dirname(folder.path));
        mkdirSync(folder.path);
        return folder;
      } catch (error) {
        if (errorCode(error) !== "EEXIST") throw unwritable(folder.path, error);
      }
    }
  }

  /**
   * Makes the folder where it is not there, takes it for this process, and proves that it can be written to.
   * @throws UserError if it can't be, another process has it, or it holds a run already.
   */
  async create(config: Config): Promise<void> {
    try {
      await makeFolder(this.path);
      await this.take();
      if (this.begun) {
        throw new UserError(
          `${this.path} holds a run already; continue it with --resume ${this.path}, or choose another folder with --out`,
        );
      }
      await removeUnfinished(this.path);
      await makeFolder(this.file("checkpoints"));
      await this.history.begin([]);
      await this.writeConfig(config);
    } catch (error) {
      this.release();
      throw error instanceof UserError ? error : unwritable(this.path, error);
    }
  }

  /**
   * Takes the folder for this process.
   * @throws UserError if another one has it.
   */
  async take(): Promise<void> {
    try {
      this.lock ??= await lockFolder(this.path);
    } catch (error) {
      throw error instanceof UserError ? error : unwritable(this.path, error);
    }
  }

  /** Whether this process has the folder, and it is still the one that it took. */
  get held(): boolean {
    return this.lock?.held ?? false;
  }

  /** Gives the folder free. */
  release(): void {
    this.lock?.release();
    this.lock = undefined;
  }

  async writeConfig(config: Config): Promise<void> {
    await writeFileAtomically(this.file("config.json"), textOf(config));
  }

  /** @throws UserError if this is no run's folder or its configuration is damaged. */
  readConfig(): Config {
    if (!existsSync(this.path)) throw new UserError(`there is no folder ${this.path}`);
    if (!statSync(this.path).isDirectory())
      throw new UserError(`${this.path} is not a folder; give the folder of a run`);
    const { kind } = this;
    const { command: words = CLASSIFIER_RUN.command } = kind;
    const command = `${commandName()} ${words} ${words === "train" ? "" : "FILE "}--out FOLDER`;
    if (!this.begun) {
      throw new UserError(`${this.path} is not the folder of a run: it has no config.json. ${command} makes one.`);
    }
    const path = this.file("config.json");
    const remedy = `Mend it, or begin another run: ${command}.`;
    const value = readJsonFile(path, remedy);
    const head = value as { format?: unknown; version?: unknown } | null;
    if (typeof head !== "object" || head?.format !== kind.format) {
      const other = typeof head?.format === "string" && Object.hasOwn(MAKERS, head.format) ? head.format : undefined;
      if (other === undefined) throw new UserError(`${path} is not the configuration of a Nabla run`);
      const made = MAKERS[other].replace(/^nabla /, `${commandName()} `);
      throw new UserError(`${this.path} is a run of ${made}, and one of ${commandName()} ${words} is needed here`);
    }
    if (typeof head.version === "number" && head.version > kind.version) {
      throw new UserError(
        `${path} was written by a newer Nabla: its version is ${head.version}, this one knows up to ${kind.version}. Update Nabla.`,
      );
    }
    return checked(kind.configSchema, value, path, remedy) as Config;
  }

  /** @throws UserError if it is damaged. */
  readHistory(): RunHistory<Record> {
    return readHistory<Record>(this.path, this.kind.recordSchema);
  }

  /** Continues the history after these epochs; what was written beyond them is cut off. */
  async continueHistory(records: readonly Record[]): Promise<void> {
    await this.history.begin(records);
    rmSync(this.file(OLD_HISTORY), { force: true });
  }

  /**
   * Writes how the run goes on: another epoch or its end. What of the folder was deleted meanwhile is made anew.
   * @returns what had to be.
   * @throws UserError if another run has begun in the place of the deleted folder.
   */
  async append(line: Record | { status: RunEnding }, config: Config, before: readonly Record[]): Promise<string[]> {
    const anew: string[] = [];
    for (;;) {
      if (!this.lock?.held) {
        const isOurs = () => !this.begun || readFileSync(this.file("config.json"), "utf8") === textOf(config);
        this.lock = await lockAgain(this.path, this.lock, isOurs, anew);
      }
      if (!this.begun) {
        anew.push("config.json");
        await this.writeConfig(config);
      }
      if (!this.history.exists) {
        anew.push("history.jsonl");
        await this.history.begin(before);
      }
      await makeFolder(this.file("checkpoints"));
      if (await this.history.append(line, before)) return anew;
      // Gone meanwhile, or another file has its place: that of another run, or of this one, where something replaced it.
      if (this.lock.held && this.history.exists) await this.history.begin(before);
    }
  }

  async writeModel(bytes: Uint8Array): Promise<void> {
    await writeFileAtomically(this.file("model.safetensors"), bytes);
  }

  /** Saves where the run stands, then drops checkpoints that are no longer needed. */
  async writeCheckpoint(tensors: Tensors, state: TrainerState, architecture: string, kept = KEPT): Promise<string> {
    return this.writeCheckpointFile(this.checkpointOf(tensors, state, architecture), kept);
  }

  /** Where the run stands, as the bytes of a file. */
  checkpointOf(tensors: Tensors, state: TrainerState, architecture: string): CheckpointFile {
    const { epoch, step } = state;
    const within = step > 0 ? `-step-${String(step).padStart(6, "0")}` : "";
    const metadata = { format: "nabla-checkpoint", state: JSON.stringify(state), architecture };
    const name = `epoch-${String(epoch).padStart(5, "0")}${within}.safetensors`;
    return { name, epoch, step, bytes: writeSafetensors(tensors, metadata) };
  }

  /** Saves it, then drops checkpoints that are no longer needed. */
  async writeCheckpointFile({ name, bytes }: CheckpointFile, kept = KEPT): Promise<string> {
    const path = this.file(join("checkpoints", name));
    await writeFileAtomically(path, bytes);
    const places = this.checkpoints();
    const complete = places.filter((place) => place.step === 0);
    for (const place of places) {
      const superseded = place.step > 0 ? place.name !== name : complete.indexOf(place) < complete.length - kept;
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
   * The newest checkpoint that is whole and fits the run, or undefined if no epoch was complete. Those that are newer and
   * damaged are told to `onDamaged`.
   * @throws UserError if there are checkpoints, and all are damaged: what is wrong with the newest.
   */
  readNewestCheckpoint(fit: Fit, onDamaged: (problem: string, path: string) => void): Checkpoint<Record> | undefined {
    const damaged: { problem: string; path: string }[] = [];
    for (const place of this.checkpoints().reverse()) {
      try {
        const checkpoint = this.readCheckpoint(place, fit);
        for (const { problem, path } of damaged) onDamaged(problem, path);
        return checkpoint;
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        const path = this.file(join("checkpoints", place.name));
        damaged.push({ problem: error.message.replace(/[. ]+$/, ""), path });
      }
    }
    if (damaged.length === 0) return undefined;
    throw new UserError(
      `${damaged[0].problem}. No other checkpoint is whole. Delete ${this.file("checkpoints")}, and --resume begins again from the first epoch.`,
    );
  }

  /** Those of complete epochs that are whole and fit the run, oldest first. */
  readEpochCheckpoints(fit: Fit): Checkpoint<Record>[] {
    return this.checkpoints()
      .filter(({ step }) => step === 0)
      .flatMap((place) => {
        try {
          return [this.readCheckpoint(place, fit)];
        } catch (error) {
          if (error instanceof UserError) return [];
          throw error;
        }
      });
  }

  /** Puts a damaged checkpoint out of the way of those to come. Returns its new path. */
  setAside(path: string): string {
    renameSync(path, `${path}.damaged`);
    return `${path}.damaged`;
  }

  private readCheckpoint({ name, epoch, step }: Place, fit: Fit): Checkpoint<Record> {
    const path = this.file(join("checkpoints", name));
    try {
      const { tensors, metadata } = readSafetensors(readRegularFileSync(path), path);
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
      refuseMisfit(metadata["architecture"], state, path, fit);
      if (!fit.allowNonFinite) refuseNonFinite(tensors, path);
      const records = metadata["records"] === undefined ? undefined : (part("records") as unknown[]);
      return {
        state,
        records: records?.map(
          (record, i) => checked(this.kind.recordSchema, record, `${path}, records[${i}],`, "") as Record,
        ),
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

/** What a checkpoint must fit, beside being whole. */
export interface Fit {
  architecture: string;
  optimizer: string;
  batch: number;
  /** Rows that have a class of each sample; default 1. */
  places?: number;
  /** Steps an epoch, where the data are known. */
  steps?: number;
  /** The data were changed since, and that was accepted: earlier epochs may have had other numbers of steps. */
  otherData?: boolean;
  /** NaN and infinities are taken as they are. */
  allowNonFinite?: boolean;
}

/** @throws UserError naming what in a state belongs to another run, or contradicts itself. */
function refuseMisfit(architecture: string, state: TrainerState, path: string, fit: Fit): void {
  const { epoch, step, seen, correct, optimizer } = state;
  if (architecture !== fit.architecture) {
    throw new UserError(
      `${path} belongs to another architecture than config.json asks for; the two files are not of one run`,
    );
  }
  const expect = (field: string, value: unknown, expected: unknown, because: string): void => {
    if (value === expected) return;
    throw new UserError(`${path}, state, is damaged: ${field} is ${value}: ${expected} is expected ${because}`);
  };
  expect("optimizer.type", optimizer.type, fit.optimizer, "in this run");
  expect("seen", seen, step * fit.batch, `after ${step} steps of ${fit.batch} samples`);
  const most = seen * (fit.places ?? 1);
  if (correct > most) expect("correct", correct, `at most ${most}`, "as so many samples were seen");
  if (fit.steps === undefined) return;
  if (step >= fit.steps) expect("step", step, `less than ${fit.steps}`, "in an epoch of so many");
  if (fit.otherData) return;
  const steps = epoch * fit.steps + step;
  expect(
    "optimizer.iterations",
    optimizer.iterations,
    steps,
    `after ${epoch} epochs of ${fit.steps} and ${step} steps`,
  );
}

/**
 * What in a network can't be used, in words: a parameter that is NaN or infinite, or a NaN in what its optimiser remembers
 * (which may well have grown to infinity). undefined if there is nothing.
 */
export function nonFinite(tensors: Tensors): string | undefined {
  for (const [name, value] of Object.entries(tensors)) {
    const values = value.dataSync();
    const unusable = name.startsWith("optimizer.") ? Number.isNaN : (element: number) => !Number.isFinite(element);
    const at = values.findIndex(unusable);
    if (at >= 0) return `${name} holds ${values[at]} at position ${at}`;
  }
  return undefined;
}

/** @throws UserError naming the first tensor that can't be used. */
export function refuseNonFinite(tensors: Tensors, where: string): void {
  const what = nonFinite(tensors);
  if (what !== undefined) throw new UserError(`${where} is of no use: ${what}`);
}
