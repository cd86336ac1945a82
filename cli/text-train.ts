// `nabla text train`: a language model of characters, from a text to a run's folder, or from its folder onwards.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { writeFileAtomically } from "../src/data/atomic.node.ts";
import { errorCode, explain } from "../src/data/file.node.ts";
import { textStreams } from "../src/data/streams.ts";
import { configureEngine, engineStatus } from "../src/engine/configure.ts";
import { saveModel } from "../src/io/model.ts";
import { say } from "../src/plot/chart.ts";
import type { RunEnding } from "../src/runs/history-writer.node.ts";
import { LookWriter } from "../src/runs/look-files.node.ts";
import { NonFiniteLossError } from "../src/train/explosion.ts";
import { runEpochs } from "../src/train/fit.ts";
import { generate } from "../src/train/generate.ts";
import type { Callback } from "../src/train/history.ts";
import { Trainer } from "../src/train/trainer.ts";
import { clock } from "../src/train/wording.ts";
import { commandName } from "./command-name.ts";
import { UserError } from "./errors.ts";
import { nonFinite, RunFolder } from "./run-folder.ts";
import { TEXT_RUN } from "./run-kind.ts";
import { hasExploded } from "./run-remark.ts";
import { interruptible, RunSaver } from "./run-session.ts";
import {
  cellName,
  languageModelOf,
  perplexityOf,
  type TextConfig,
  type TextRecord,
  textOptimizerOf,
  textScheduleOf,
  vocabularyOf,
} from "./text-config.ts";
import type { TextFile } from "./text-file.ts";
import { shownPerplexity, TextProgress } from "./text-progress.ts";
import { lowerTextRate, remarkOnText } from "./text-remark.ts";
import type { TextStatus } from "./text-report.ts";

export type TextFolder = RunFolder<TextConfig, TextRecord>;

export interface TextRequest {
  config: TextConfig;
  source: TextFile;
  /** Where to write, or the name of a new folder in runs/. */
  folder: TextFolder | { fresh: string };
  json: boolean;
  /** Continue the run in the folder instead of starting one; the process has taken the folder already. */
  resume: boolean;
}

/** The figures of a run, as `--json` prints them. */
export interface TextSummary {
  file: string;
  characters: number;
  symbols: number;
  network: string;
  parameters: number;
  epochs: number;
  engine: string;
  threads: number;
  seed: number;
  status: RunEnding;
  perplexity: number | null;
  validationPerplexity: number | null;
  bestValidationPerplexity: number | null;
  bestEpoch: number;
  charactersPerSecond: number | null;
  seconds: number;
  out: string;
}

/** Runs or continues a training; returns the process's exit code. */
export async function trainText(request: TextRequest): Promise<number> {
  const { config } = request;
  const progress = new TextProgress(request.json ? process.stderr : process.stdout, config.epochs);
  configureEngine({ engine: config.engine, ...(config.threads !== null && { threads: config.threads }) });
  // Only now, so that a wrong text leaves no folder behind.
  const streams = streamsOf(config, request.source.text);
  const folder =
    request.folder instanceof RunFolder ? request.folder : await RunFolder.fresh(request.folder.fresh, TEXT_RUN);
  try {
    return await trainIn(folder, request, streams, progress);
  } finally {
    folder.release();
  }
}

interface Streams {
  readonly training: ReturnType<typeof textStreams>;
  readonly validation: ReturnType<typeof textStreams> | undefined;
  /** Characters of each. */
  readonly counts: readonly [training: number, validation: number];
}

function streamsOf(config: TextConfig, text: string): Streams {
  const numbers = vocabularyOf(config).encode(text);
  const { batch: batchSize, steps: length, split } = config;
  const cut = numbers.length - Math.floor(numbers.length * split);
  const part = (what: string, of: Int32Array): ReturnType<typeof textStreams> => {
    if (of.length <= batchSize) {
      throw new UserError(
        `${config.file}: the ${what} has ${of.length} characters, which are too few for ${batchSize} streams; give a longer text, or a smaller --batch${what === "held-out part" ? " or --split 0" : split > 0 ? " or --split" : ""}`,
      );
    }
    return textStreams(of, { batchSize, length });
  };
  return {
    training: part("training part", numbers.subarray(0, cut)),
    validation: split > 0 ? part("held-out part", numbers.subarray(cut)) : undefined,
    counts: [cut, numbers.length - cut],
  };
}

async function trainIn(
  folder: TextFolder,
  request: TextRequest,
  streams: Streams,
  progress: TextProgress,
): Promise<number> {
  const { config, json } = request;
  const out = folder.path;
  const model = languageModelOf(config);
  const vocabulary = vocabularyOf(config);
  const steps = streams.training.size!;
  const optimizer = textOptimizerOf(config);
  const trainer = new Trainer(model, streams.training, { optimizer, schedule: textScheduleOf(config, steps) });
  const architecture = JSON.stringify(model.config());
  const resume = `${commandName()} text train --resume ${out}`;

  let records: TextRecord[] = [];
  if (request.resume) {
    await folder.removeLeftovers();
    const history = folder.readHistory();
    const fit = { architecture, optimizer: optimizer.type, batch: config.batch, places: config.steps, steps };
    const checkpoint = folder.readNewestCheckpoint(fit, (problem, path) =>
      progress.say(`${problem}. It is set aside as ${folder.setAside(path)}; going on from the checkpoint before it`),
    );
    if (checkpoint) {
      try {
        trainer.restore(checkpoint.state, checkpoint.tensors);
      } catch (cause) {
        throw new UserError(
          `${checkpoint.path} does not fit this run: ${(cause as Error).message}. Delete it, and --resume goes on from the checkpoint before it.`,
          { cause },
        );
      }
      records = history.records.filter(({ epoch }) => epoch <= trainer.epoch);
      const known = records.at(-1)?.epoch ?? 0;
      if (known < trainer.epoch) {
        progress.say(
          `the figures of epochs ${known + 1} to ${trainer.epoch} are not in the history; it goes on without them`,
        );
        records = [];
      }
    }
    if (
      trainer.epoch >= config.epochs &&
      existsSync(folder.file("model.safetensors")) &&
      history.ending === "finished"
    ) {
      progress.say(`${out} is finished: ${config.epochs} epochs. Nothing to do. ${writeWith(out)}`);
      if (json) printJson(summaryOf(config, model.parameterCount, streams, records, "finished", out));
      return 0;
    }
    progress.say(
      `resuming ${out} ${
        trainer.epoch === 0 && trainer.step === 0
          ? "from the start, no checkpoint was written"
          : `after ${trainer.epoch} epochs${trainer.step > 0 ? ` and ${trainer.step} steps` : ""}`
      }`,
    );
    await folder.writeConfig(config);
    await folder.continueHistory(records);
  } else await folder.create(config);

  const engine = engineStatus();
  const [trained, held] = streams.counts;
  progress.say(
    `training ${cellName(config)} (${model.parameterCount} parameters) on ${config.file}: ${trained} characters${held > 0 ? `, ${held} held out` : ""}, ${vocabulary.size} symbols; ` +
      `engine ${engine.engine}, ${engine.threads} thread${engine.threads === 1 ? "" : "s"}`,
  );

  const saver = new RunSaver({
    ...{ folder, trainer, architecture, records, config, keep: config.keep },
    say: (line) => progress.say(line),
  });
  const looks = new LookWriter(folder.path, model, {});
  const beginning = [...vocabulary.encode(config.prompt)];
  const recorder: Callback = {
    onStep(info) {
      progress.step(info);
      const { checkpoint } = config;
      // That of the epoch's end is written there.
      if (checkpoint === null || (info.step + 1) % checkpoint !== 0 || info.step + 1 >= steps) return;
      return saver.saveStep();
    },
    async onEpochEnd(record) {
      const { validationLoss = 0 } = record;
      // A unit that is off hides a NaN in its weights from the loss.
      const held = nonFinite(trainer.tensors()) === undefined ? validationLoss : Number.NaN;
      if (!Number.isFinite(held)) {
        throw new NonFiniteLossError(record.epoch - 1, steps - 1, held, "The learning rate is too large.");
      }
      const { sample: length, temperature, seed } = config;
      // What has exploded writes noise, where it does not answer NaN.
      const writes = !hasExploded(record.loss, Math.log(vocabulary.size));
      const sample = writes ? vocabulary.decode(generate(model, beginning, { length, temperature, seed })) : "";
      const full: TextRecord = {
        ...record,
        perplexity: perplexityOf(record.loss),
        ...(record.validationLoss !== undefined && { validationPerplexity: perplexityOf(record.validationLoss) }),
        sample,
      };
      records.push(full);
      progress.epoch(full, config);
      await saver.trySave(full);
      if (folder.held) await looks.tryAfter(record.epoch, record.epoch === config.epochs);
    },
  };

  progress.start(trainer.epoch);
  let outcome: RunEnding;
  let unread = false;
  try {
    outcome = await interruptible(async (signal, audience) => {
      const { validation } = streams;
      const { ended } = await runEpochs(trainer, {
        epochs: config.epochs,
        validation,
        callbacks: [recorder],
        signal,
        records,
      });
      unread = audience.unread;
      return ended === "finished" ? "finished" : "interrupted";
    });
  } catch (error) {
    if (!(error instanceof NonFiniteLossError)) throw error;
    await folder.append({ status: "failed" }, config, records);
    const { epoch, step, loss } = error;
    await writeReport(
      folder,
      { config, records, streams, parameters: model.parameterCount },
      { kind: "non-finite", epoch: epoch + 1, step: step + 1, loss },
    );
    throw new UserError(
      `the loss became ${loss} in epoch ${epoch + 1}, step ${step + 1}; the parameters are those before this step. ` +
        `The learning rate ${config.lr} is too large: try --lr ${lowerTextRate(config)}. ${
          records.length === 0
            ? "No epoch was complete."
            : `The checkpoint after epoch ${records.at(-1)!.epoch} is kept.`
        }`,
    );
  } finally {
    progress.clear();
  }
  const remark = outcome === "finished" ? remarkOnText(config, records) : null;
  try {
    if (outcome === "interrupted" || saver.unsaved !== undefined) await saver.save();
    // Before the history says that the run is finished: a network of before may lie there.
    if (outcome === "finished") {
      const metadata = { vocabulary: JSON.stringify(vocabulary.config()), epochs: String(trainer.epoch) };
      await folder.writeModel(saveModel(model, metadata));
    }
    saver.sayAnew(await folder.append({ status: outcome }, config, records));
    const status: TextStatus =
      outcome === "finished" ? { kind: "finished", remark } : { kind: "interrupted", epoch: trainer.epoch, resume };
    await writeReport(folder, { config, records, streams, parameters: model.parameterCount }, status);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw new UserError(
      `the run came to its end and can't be saved: ${explain(error)}. Make room or permission, and go on with: ${resume}`,
      { cause: error },
    );
  }
  const summary = summaryOf(config, model.parameterCount, streams, records, outcome, out);
  if (outcome === "interrupted") {
    const said = `interrupted in epoch ${trainer.epoch + 1} after ${trainer.step} steps; everything is saved. Continue with: ${resume}`;
    if (unread) process.stderr.write(`the output was closed: ${said}\n`);
    else progress.say(said);
    if (json) printJson(summary);
    return 130;
  }
  const last = records.at(-1);
  const reached = last?.validationPerplexity ?? last?.perplexity;
  progress.say(
    `${reached === undefined ? "done" : `perplexity ${shownPerplexity(reached)} a character`} after ${config.epochs} epochs in ${clock(summary.seconds)}`,
  );
  if (remark !== null) progress.say(say(remark, "en"));
  progress.say(`report: ${folder.file("report.html")}`);
  progress.say(writeWith(out));
  if (json) printJson(summary);
  return 0;
}

const writeWith = (out: string): string => `write with it: ${commandName()} text sample ${out} --prompt "..."`;

function printJson(summary: TextSummary): void {
  process.stdout.write(`${JSON.stringify(summary)}\n`);
}

export interface TextResult {
  readonly config: TextConfig;
  readonly records: readonly TextRecord[];
  readonly streams: Streams;
  readonly parameters: number;
}

async function writeReport(folder: TextFolder, result: TextResult, status: TextStatus): Promise<void> {
  // Charts are the largest part of the command line and are needed only here, at the end.
  const { buildTextReport } = await import("./text-report.ts");
  await writeFileAtomically(folder.file("report.html"), buildTextReport(result, status));
}

function summaryOf(
  config: TextConfig,
  parameters: number,
  { counts, training }: Streams,
  records: readonly TextRecord[],
  status: RunEnding,
  out: string,
): TextSummary {
  const last = records.at(-1);
  const seconds = records.reduce((sum, record) => sum + record.seconds, 0);
  const held = records.filter(({ validationPerplexity }) => validationPerplexity !== undefined);
  const best = held.reduce<TextRecord | undefined>(
    (top, record) => (top && top.validationPerplexity! <= record.validationPerplexity! ? top : record),
    undefined,
  );
  const engine = engineStatus();
  const perEpoch = training.size! * config.steps * config.batch;
  return {
    file: config.file,
    characters: counts[0] + counts[1],
    symbols: vocabularyOf(config).size,
    network: cellName(config),
    parameters,
    epochs: last?.epoch ?? 0,
    engine: engine.engine,
    threads: engine.threads,
    seed: config.seed,
    status,
    perplexity: last?.perplexity ?? null,
    validationPerplexity: last?.validationPerplexity ?? null,
    bestValidationPerplexity: best?.validationPerplexity ?? null,
    bestEpoch: best?.epoch ?? 0,
    charactersPerSecond: seconds > 0 ? Math.round((records.length * Math.min(perEpoch, counts[0])) / seconds) : null,
    seconds,
    out: resolve(out),
  };
}
