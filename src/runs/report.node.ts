// `report()`: a training of one's own program in a folder that the studio shows while it goes on.
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { makeFolder, writeFileAtomically } from "../data/atomic.node.ts";
import { type AnySamples, checkSamples, type Samples } from "../data/batches.ts";
import { Dataset } from "../data/dataset/dataset.ts";
import { errorCode } from "../data/file.node.ts";
import { fields, flag, knownOptions, list, text, whole } from "../engine/checks.ts";
import { engineStatus } from "../engine/configure.ts";
import { quote } from "../engine/quote.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Callback, FitContext } from "../train/history.ts";
import { FolderInUse, type FolderLock, lockFolder } from "./folder-lock.node.ts";
import { HistoryWriter, type RunEnding } from "./history-writer.node.ts";
import { LookWriter } from "./look-files.node.ts";

/** What config.json of such a folder says that it is. */
export const PROGRAM_RUN_FORMAT = "nabla-program-run";
export const PROGRAM_RUN_VERSION = 1;
/** A file of this name in the folder asks the training to end. */
export const STOP_FILE = "stop";
/** Milliseconds between two looks for it. */
const LISTEN = 500;

/** What `report` takes. */
export interface ReportOptions {
  /** The run's folder. Default: the first free of `runs/NAME-1`, `runs/NAME-2`, ..., where NAME is the program's. */
  folder?: string;
  /** Settings of your own that runs are compared by, beside those that training has: `{ augmented: true, seed: 3 }`. */
  settings?: Readonly<Record<string, string | number | boolean | null>>;
  /** Samples with classes for the table of confusions and the mistakes; default: the validation data. */
  data?: Samples;
  /** Names of the classes. */
  classNames?: readonly string[];
  /** What a row of inputs is where the model does not say: [channels, height, width]. 784 inputs are taken for 28x28. */
  picture?: readonly [channels: number, height: number, width: number];
  /** Whether to look inside after epochs: histograms, filters, confusions, mistakes. Default true. */
  looks?: boolean;
}

const OPTIONS = ["folder", "settings", "data", "classNames", "picture", "looks"];

function checkOptions(owner: string, options: ReportOptions): void {
  knownOptions(owner, options, OPTIONS);
  const { folder, settings, data, classNames, picture, looks } = options;
  if (folder !== undefined && text(owner, "folder", folder) === "") {
    throw new RangeError(`${owner}: folder must not be empty; leave it out for the next free one in runs/`);
  }
  if (settings !== undefined) {
    for (const [name, value] of Object.entries(fields(owner, "settings", settings))) {
      const fits = value === null || ["string", "boolean"].includes(typeof value) || Number.isFinite(value);
      if (!fits) {
        throw new TypeError(
          `${owner}: settings.${name} must be a string, a finite number, a boolean or null, got ${quote(value)}`,
        );
      }
    }
  }
  if (data !== undefined) checkSamples(owner, data);
  if (classNames !== undefined)
    for (const name of list(owner, "classNames", classNames)) text(owner, "a class's name", name);
  if (picture !== undefined) {
    if (list(owner, "picture", picture).length !== 3) {
      throw new TypeError(`${owner}: picture must be [channels, height, width], got ${quote(picture)}`);
    }
    for (const length of picture) whole(owner, "picture", length, 1);
  }
  if (looks !== undefined) flag(owner, "looks", looks);
}

/** The first free folder, which is made here so that no other program takes it. */
async function freshFolder(): Promise<string> {
  const program = process.argv[1] ?? "";
  const name = basename(program, extname(program)) || "program";
  for (let i = 1; ; i++) {
    const path = join("runs", `${name}-${i}`);
    try {
      await makeFolder(dirname(path));
      mkdirSync(path);
      return path;
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
  }
}

/** Samples that mistakes can be shown of. */
function singleSamples(data: AnySamples | Dataset<AnySamples> | undefined): Samples | undefined {
  if (data === undefined || data instanceof Dataset) return undefined;
  return data.x instanceof Tensor && data.y instanceof Tensor ? (data as Samples) : undefined;
}

class Reporter implements Callback {
  private folder: string;
  private lock: FolderLock | undefined;
  private history: HistoryWriter<object> | undefined;
  private looks: LookWriter | undefined;
  private listening: NodeJS.Timeout | undefined;
  private asked = false;

  constructor(private readonly options: ReportOptions) {
    this.folder = options.folder ?? "";
  }

  async onStart(context: FitContext): Promise<void> {
    const { trainer, history, model, validation } = context;
    this.asked = false;
    // One rank writes for all.
    if ((trainer.group?.rank ?? 0) !== 0) return;
    const goesOn = this.folder !== "" && history.epochs.length > 0;
    if (this.options.folder === undefined && !goesOn) this.folder = await freshFolder();
    await makeFolder(this.folder);
    try {
      this.lock = await lockFolder(this.folder, process.argv.slice(1).join(" "));
    } catch (error) {
      if (error instanceof FolderInUse) throw new Error(`report: ${error.message}.`, { cause: error });
      throw error;
    }
    if (!goesOn && existsSync(join(this.folder, "config.json"))) {
      this.end();
      throw new Error(
        `report: ${this.folder} holds a run already; name another folder, leave it out for the next free one, or delete it`,
      );
    }
    rmSync(join(this.folder, STOP_FILE), { force: true });
    this.history = new HistoryWriter(this.folder);
    await this.history.begin(history.epochs);
    await writeFileAtomically(join(this.folder, "config.json"), `${JSON.stringify(this.config(context), null, 2)}\n`);
    if (this.options.looks !== false) {
      const { data = singleSamples(validation), classNames, picture = this.pictureOf(context) } = this.options;
      this.looks = new LookWriter(this.folder, model, {
        ...{ judgedBy: data, picture },
        ...(classNames !== undefined && { classNames }),
      });
    }
    this.listening = setInterval(() => {
      if (!existsSync(join(this.folder, STOP_FILE))) return;
      this.asked = true;
      context.stop();
    }, LISTEN).unref();
  }

  /** Rows of 784 numbers are digits, as long as nobody says otherwise. */
  private pictureOf({ model }: FitContext): ReportOptions["picture"] {
    const [input, ...others] = model.inputs;
    return others.length === 0 && input.shape.length === 1 && input.shape[0] === 784 ? [1, 28, 28] : undefined;
  }

  private config({ trainer, model, epochs, optimizer }: FitContext): Record<string, unknown> {
    const { batchSize, loss, ...settings } = trainer.settings().settings;
    const losses = Object.values(loss ?? {});
    const { engine, threads } = engineStatus();
    const { config } = trainer.state().optimizer as { config?: object };
    return {
      ...{ format: PROGRAM_RUN_FORMAT, version: PROGRAM_RUN_VERSION, program: process.argv.slice(1).join(" ") },
      started: new Date().toISOString(),
      ...{ epochs, samples: trainer.sampleCount, parameters: model.parameterCount },
      layers: model.summaryRows().map(({ name }) => name),
      // By the names that `nabla train` has, so that its runs stand beside these.
      ...(losses.length > 0 && { loss: losses.length === 1 ? losses[0] : loss }),
      ...(batchSize !== undefined && { batch: batchSize }),
      ...{ optimizer: optimizer.type, lr: optimizer.learningRate, ...settings, ...config, engine, threads },
      ...this.options.settings,
    };
  }

  async onEpochEnd(record: object & { epoch: number }, { history }: FitContext): Promise<void> {
    await this.append(record, history.epochs.slice(0, -1));
    await this.looks?.after(record.epoch);
  }

  async onEnd({ history }: FitContext): Promise<void> {
    const last = history.epochs.at(-1);
    if (last !== undefined) await this.looks?.after(last.epoch, true);
    const interrupted = this.asked || history.ended === "interrupted";
    await this.close(interrupted ? "interrupted" : "finished", history.epochs);
  }

  async onError(_: unknown, { history }: FitContext): Promise<void> {
    await this.close("failed", history.epochs);
  }

  private async append(line: object | { status: RunEnding }, before: readonly object[]): Promise<void> {
    if (this.history === undefined || (await this.history.append(line, before))) return;
    if (!this.lock?.held) {
      throw new Error(
        `report: ${this.folder} was deleted while the training went on, or another one has its place now`,
      );
    }
    await this.history.begin(before);
    await this.history.append(line, before);
  }

  private async close(status: RunEnding, epochs: readonly object[]): Promise<void> {
    try {
      await this.append({ status }, epochs);
    } finally {
      this.end();
    }
  }

  private end(): void {
    clearInterval(this.listening);
    if (this.history !== undefined) rmSync(join(this.folder, STOP_FILE), { force: true });
    this.lock?.release();
    this.lock = this.history = this.looks = undefined;
  }
}

/**
 * A callback that keeps a training of your own program in a folder, as `nabla train` does, for the studio: `npx nabla studio` shows its curves while it goes
 * on, beside those of other runs, with the settings side by side, how weights and gradients are spread, filters, confusions and mistakes, and can end it.
 * The folder holds config.json, history.jsonl (a line an epoch) and looks/; looking inside takes at most a tenth of the time. A training that is gone on with
 * (`records`) goes on in its folder if the same callback, or the folder's name, is given. In Node.
 * @throws TypeError, RangeError for options that there are not or out of range; when training begins, Error for a folder that holds a run already, or that
 * another process writes to.
 * @example
 * ```ts
 * const { train, test } = digits({ train: 100, test: 20 });
 * const model = new Sequential([new Dense(10, { activation: "softmax" })], { inputShape: [784], seed: 1 });
 * const callbacks = [report({ settings: { note: "without hidden layers" } })];
 * await fit(model, toSamples(train), { epochs: 3, validation: toSamples(test), callbacks });
 * // npx nabla studio
 * ```
 */
export function report(options: ReportOptions = {}): Callback {
  checkOptions("report", options);
  const reporter = new Reporter(options);
  return {
    onStart: (context) => reporter.onStart(context),
    onEpochEnd: (record, context) => reporter.onEpochEnd(record, context),
    onEnd: (context) => reporter.onEnd(context),
    onError: (error, context) => reporter.onError(error, context),
  };
}
