// `nabla train`: a run from its options to its folder, or from its folder onwards.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { writeFileAtomically } from "../src/data/atomic.node.ts";
import type { Samples } from "../src/data/batches.ts";
import { errorCode, explain } from "../src/data/file.node.ts";
import { onCpu } from "../src/engine/beside.ts";
import { type EngineOptions, engineStatus, startEngine } from "../src/engine/configure.ts";
import { engine } from "../src/engine/engine.ts";
import type { Group } from "../src/engine/group.ts";
import { startProfiling } from "../src/engine/profile.ts";
import { loadModel, saveModel } from "../src/io/model.ts";
import type { Model } from "../src/nn/model.ts";
import { say } from "../src/plot/chart.ts";
import type { RunEnding } from "../src/runs/history-writer.node.ts";
import { LookWriter } from "../src/runs/look-files.node.ts";
import { tensor } from "../src/tensor/create.ts";
import { prefetch } from "../src/tensor/memory.ts";
import { scope } from "../src/tensor/tensor.ts";
import { confusionMatrix } from "../src/train/confusion-matrix.ts";
import { evaluateTogether } from "../src/train/evaluate.ts";
import { NonFiniteLossError } from "../src/train/explosion.ts";
import { runEpochs } from "../src/train/fit.ts";
import type { Callback } from "../src/train/history.ts";
import type { DistributedOptions } from "../src/train/parallel.ts";
import { predict } from "../src/train/predict.ts";
import { Trainer } from "../src/train/trainer.ts";
import { commandName } from "./command-name.ts";
import { changedParts, type LoadedDataset, loadDataset } from "./datasets.ts";
import { UserError } from "./errors.ts";
import { clock, Progress, percent, rate } from "./progress.ts";
import type { Ranks } from "./ranks.ts";
import type { RunStatus } from "./report.ts";
import { lossOfRun, modelOfRun, optimizerOfRun, type RunConfig, type RunRecord } from "./run-config.ts";
import { type Checkpoint, type Fit, nonFinite, RunFolder } from "./run-folder.ts";
import type { RunHistory } from "./run-history.ts";
import { CLASSIFIER_RUN } from "./run-kind.ts";
import { networkName } from "./run-layers.ts";
import { networkOf } from "./run-network.ts";
import { remarkOn, smallerRate } from "./run-remark.ts";
import { type RunResult, reportOf } from "./run-report.ts";
import { RUN_VERSION } from "./run-schema.ts";
import { interruptible, RunSaver } from "./run-session.ts";

export type ClassifierFolder = RunFolder<RunConfig, RunRecord>;

export interface TrainRequest {
  config: RunConfig;
  /** Where to write, or the name of a new folder in runs/; null on ranks behind the first. */
  folder: ClassifierFolder | { fresh: string } | null;
  /** The processes that train together. */
  ranks: Ranks;
  json: boolean;
  /** Time every operation. */
  profile: boolean;
  /** Continue the run in the folder instead of starting one; the process has taken the folder already. */
  resume: boolean;
  /** The CPU engine that goes on where the device of the engine "webgpu" fails. */
  fallback?: EngineOptions["fallback"];
  /** Go on although the data is no longer what the run began with. */
  acceptChangedData?: boolean;
  /** Said before anything else: why this data set was chosen. */
  notice?: string;
}

/** The figures of a run, as `--json` prints them. */
export interface TrainSummary {
  dataset: string;
  /** "784-100-10", the line of layers, or the name. */
  network: string;
  /** Input size, hidden layers, classes; left out where the network is a line of layers or has a name. */
  layers?: number[];
  parameters: number;
  epochs: number;
  engine: string;
  threads: number;
  /** Processes that trained together. */
  ranks: number;
  seed: number;
  status: RunEnding;
  trainLoss: number;
  trainAccuracy: number;
  validationAccuracy: number | null;
  testLoss: number;
  testAccuracy: number;
  bestTestAccuracy: number;
  bestEpoch: number;
  secondsPerEpoch: number;
  samplesPerSecond: number;
  seconds: number;
  out: string;
}

/** Runs or continues a training; returns the process's exit code. */
export async function train(request: TrainRequest): Promise<number> {
  const { config, json, ranks } = request;
  const human = json ? process.stderr : process.stdout;
  const progress = new Progress(ranks.first ? human : null, config.epochs, config.batch, ranks.group === null);
  if (request.notice) progress.say(request.notice);
  await useEngine(config, request.fallback);
  const { transpose, size, label } = config;
  const data = await loadDataset(config.dataset, config.split, { transpose, size, label }, ranks.group);
  for (const note of data.notes) progress.say(note);
  const sums = await ranks.fromFirst(() => data.sums, "the data set");
  const other = changedParts(sums, data.sums);
  if (other.length > 0) {
    throw new UserError(
      `the data set ${config.dataset} is another here than on the first rank: its ${other.join(", ")} differ; give all machines the same files`,
    );
  }
  // Only now, so that wrong data leaves no folder behind.
  const { folder: asked } = request;
  const folder =
    asked === null || asked instanceof RunFolder ? asked : await RunFolder.fresh(asked.fresh, CLASSIFIER_RUN);
  const { group } = ranks;
  group?.enter();
  try {
    const code = await trainIn(folder, request, data, progress);
    group?.leave();
    return code;
  } finally {
    folder?.release();
  }
}

async function trainIn(
  folder: ClassifierFolder | null,
  request: TrainRequest,
  data: LoadedDataset,
  progress: Progress,
): Promise<number> {
  const { json, ranks } = request;
  const { group } = ranks;
  let { config } = request;
  const out = folder?.path ?? "";
  if (request.resume && config.data !== undefined && !request.acceptChangedData) {
    const changed = changedParts(config.data, data.sums);
    if (changed.length > 0) {
      throw new UserError(
        `the data set ${config.dataset} is not what this run began with: its ${changed.join(", ")} have changed. ` +
          "Restore them, name the folder that holds them with --dataset, or go on with the new ones: --accept-changed-data.",
      );
    }
  }
  const { picture } = data;
  config = { ...config, version: RUN_VERSION, data: data.sums, classes: data.classes, ...(picture && { picture }) };
  const model = request.resume && folder !== null ? networkOf(config, data, folder) : modelOfRun(config, data);
  const loss = lossOfRun(config);
  const samples = data.training.x.shape[0];
  const optimizer = optimizerOfRun(config, samples);
  const trainer = new Trainer(model, data.training, {
    loss,
    optimizer,
    batchSize: config.batch,
    shuffle: true,
    seed: config.seed,
    distributed: distributedOf(config, group),
    ...(config.accumulate !== undefined && { accumulate: config.accumulate }),
    ...(config.deterministic && { deterministic: true, microBatches: config.microBatches }),
  });
  const architecture = JSON.stringify(model.config());

  let kept = config;
  let records: RunRecord[] = [];
  if (request.resume) {
    const otherData = request.acceptChangedData;
    const found =
      folder === null
        ? undefined
        : await newestCheckpoint(folder, progress, {
            ...{
              architecture,
              optimizer: optimizer.type,
              batch: config.batch,
              steps: trainer.stepsPerEpoch,
              otherData,
            },
          });
    const state = await ranks.fromFirst(() => found?.checkpoint?.state ?? null, "the checkpoint");
    if (state !== null) {
      const tensors = await ranks.tensors(found?.checkpoint?.tensors, "the checkpoint");
      restoring(found?.checkpoint?.path ?? "the checkpoint", () => trainer.restore(state, tensors));
    }
    if (folder !== null) records = recordsUpTo(trainer.epoch, found!, progress);
    const last = records.at(-1);
    const finished = await ranks.fromFirst(
      () =>
        trainer.epoch >= config.epochs &&
        existsSync(folder!.file("model.safetensors")) &&
        found!.history.ending === "finished",
      "the checkpoint",
    );
    if (finished) {
      progress.say(
        `${out} is finished: ${config.epochs} epochs${last === undefined ? "" : `, test accuracy ${percent(last.testAccuracy)}`}. Nothing to do.`,
      );
      if (json && ranks.first) {
        printJson(summaryOf(config, data, model.parameterCount, records, "finished", out, ranks.size));
      }
      return 0;
    }
    const where =
      trainer.epoch === 0 && trainer.step === 0
        ? "from the start, no epoch was complete"
        : `after ${trainer.epoch} epochs${trainer.step > 0 ? ` and ${trainer.step} steps` : ""}`;
    progress.say(`resuming ${out} ${where}`);
    if (folder !== null) {
      // Engine and threads are this process's, not the run's.
      const { engine, threads } = folder.readConfig();
      kept = { ...config, engine, threads };
      await folder.writeConfig(kept);
      await folder.continueHistory(records);
    }
  } else await folder?.create(config);

  const status = engineStatus();
  progress.say(
    `training ${networkName(config, data)} on ${data.name}: ${samples} ${data.picture ? "images" : "rows"}${data.validation ? `, ${data.validation.x.shape[0]} for validation` : ""}, ` +
      `${data.test.x.shape[0]} for testing; engine ${status.engine}, ${status.threads} thread${status.threads === 1 ? "" : "s"}${ranks.size > 1 ? `, on each of ${ranks.size} ranks` : ""}`,
  );

  // What a checkpoint holds is the same on all ranks: the first writes it.
  const saver =
    folder === null
      ? null
      : new RunSaver({
          ...{ folder, trainer, architecture, records, config: kept, keep: kept.keep },
          say: (line) => progress.say(line),
        });
  const looks =
    folder === null
      ? null
      : new LookWriter(folder.path, model, {
          judgedBy: data.test,
          classNames: data.classNames,
          ...(data.picture && { picture: data.picture }),
        });
  const recorder: Callback = {
    onStep(info) {
      progress.step(info);
      const { saveEvery } = config;
      const done = info.step + 1;
      if (saveEvery === undefined || done % saveEvery !== 0 || done >= info.steps) return undefined;
      return saver?.saveStep();
    },
    async onEpochEnd(record) {
      const tested = await evaluateTogether(group, model, data.test, { loss });
      await prefetch(Object.values(trainer.tensors()));
      // A unit that is off hides a NaN in its weights from the loss.
      const value = nonFinite(trainer.tensors()) === undefined ? tested.loss : Number.NaN;
      if (!Number.isFinite(value)) {
        const remedy = `The learning rate ${config.lr} is too large.`;
        throw new NonFiniteLossError(record.epoch - 1, trainer.stepsPerEpoch - 1, value, remedy);
      }
      const { accuracy = Number.NaN } = record;
      const full: RunRecord = { ...record, accuracy, testLoss: tested.loss, testAccuracy: tested.accuracy };
      records.push(full);
      progress.epoch(full);
      await saver?.trySave(full);
      if (folder?.held) await looks?.tryAfter(record.epoch, record.epoch === config.epochs);
    },
  };

  progress.start(trainer.epoch);
  const profiler = request.profile ? startProfiling() : undefined;
  let outcome: RunEnding;
  let unread = false;
  try {
    outcome = await interruptible(async (signal, audience) => {
      const { epochs } = config;
      const { ended } = await runEpochs(trainer, {
        epochs,
        validation: data.validation,
        callbacks: [recorder],
        signal,
      });
      unread = audience.unread;
      return ended === "finished" ? "finished" : "interrupted";
    });
  } catch (error) {
    if (!(error instanceof NonFiniteLossError)) throw error;
    await folder?.append({ status: "failed" }, kept, records);
    const last = records.at(-1);
    const checkpoint =
      last === undefined
        ? "No epoch was complete."
        : `The checkpoint after epoch ${last.epoch} is kept in ${join(out, "checkpoints")}.`;
    const { epoch, step, loss: value } = error;
    if (folder !== null) {
      await writeReport(
        folder,
        { config, data, model, records },
        { kind: "non-finite", epoch: epoch + 1, step: step + 1, loss: value },
      );
    }
    // The other ranks end when the first has written.
    await ranks.fromFirst(() => null, "the report");
    throw new UserError(
      `the loss became ${value} in epoch ${epoch + 1}, step ${step + 1}; the parameters are those before this step. ` +
        `The learning rate ${config.lr} is too large: try --lr ${smallerRate(config)}. ${checkpoint}`,
    );
  } finally {
    profiler?.stop();
    progress.clear();
  }

  if (folder === null || saver === null) return outcome === "interrupted" ? 130 : 0;
  if (profiler) {
    progress.say(String(profiler));
    await writeFileAtomically(folder.file("profile.json"), JSON.stringify(profiler.trace));
    progress.say(`trace: ${folder.file("profile.json")} (open it in chrome://tracing or Perfetto)`);
  }
  const resume = `${commandName()} train --resume ${out}`;
  const remark = outcome === "finished" ? remarkOn(config, data.classes, records) : null;
  try {
    if (outcome === "interrupted" || saver.unsaved !== undefined) await saver.save();
    // Before the history says that the run is finished: a network of before may lie there.
    if (outcome === "finished") {
      const metadata = { ...data.metadata, classes: String(data.classes), epochs: String(trainer.epoch) };
      await prefetch(model.parameters.map(({ tensor }) => tensor));
      await folder.writeModel(saveModel(model, metadata));
    }
    saver.sayAnew(await folder.append({ status: outcome }, kept, records));
    const status: RunStatus =
      outcome === "finished" ? { kind: "finished", remark } : { kind: "interrupted", epoch: trainer.epoch, resume };
    await writeReport(folder, { config, data, model, records }, status);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    const stands =
      saver.saved === 0
        ? "No checkpoint could be written"
        : `The checkpoint of epoch ${saver.saved} in ${folder.file("checkpoints")} is whole; make room or permission, and go on from it with: ${resume}`;
    throw new UserError(`the run came to its end and can't be saved: ${explain(error)}. ${stands}`, { cause: error });
  }

  const summary = summaryOf(config, data, model.parameterCount, records, outcome, out, ranks.size);
  if (outcome === "interrupted") {
    const said = `interrupted in epoch ${trainer.epoch + 1} after ${trainer.step} steps; everything is saved. Continue with: ${resume}`;
    if (unread) process.stderr.write(`the output was closed: ${said}\n`);
    else progress.say(said);
    if (json) printJson(summary);
    return 130;
  }
  progress.say(
    `test accuracy ${percent(summary.testAccuracy)} after ${config.epochs} epochs in ${clock(summary.seconds)} (${rate(summary.samplesPerSecond)})`,
  );
  if (remark !== null) progress.say(say(remark, "en"));
  progress.say(`report: ${folder.file("report.html")}`);
  progress.say(`in the studio: ${commandName()} studio --open ${out}`);
  if (json) printJson(summary);
  return 0;
}

/** How the ranks of a run train together; nothing is asked of a process that was started alone. */
function distributedOf(config: RunConfig, group: Group | null): boolean | DistributedOptions {
  if (group === null) return false;
  const { batchNormalization, gradients } = config;
  return { ...(batchNormalization && { batchNormalization }), ...(gradients && { gradients }) };
}

/** Where a run stands, as its folder tells. */
interface Standing {
  readonly history: RunHistory<RunRecord>;
  readonly checkpoint: Checkpoint<RunRecord> | undefined;
}

async function newestCheckpoint(folder: ClassifierFolder, progress: Progress, fit: Fit): Promise<Standing> {
  await folder.removeLeftovers();
  const history = folder.readHistory();
  const checkpoint = folder.readNewestCheckpoint(fit, (problem, path) =>
    progress.say(`${problem}. It is set aside as ${folder.setAside(path)}; going on from the checkpoint before it`),
  );
  return { history, checkpoint };
}

/** The records of the epochs before the one in which the run goes on; none where some are missing. */
function recordsUpTo(epoch: number, { history, checkpoint }: Standing, progress: Progress): RunRecord[] {
  if (checkpoint === undefined) return [];
  const records = checkpoint.records ?? history.records.filter((record) => record.epoch <= epoch);
  const known = records.at(-1)?.epoch ?? 0;
  if (known >= epoch) return records;
  progress.say(`the figures of epochs ${known + 1} to ${epoch} are not in the history; it goes on without them`);
  return [];
}

/** A state that does not fit is the file's fault. */
function restoring(path: string, restore: () => void): void {
  try {
    restore();
  } catch (cause) {
    throw new UserError(
      `${path} does not fit this run: ${(cause as Error).message}. Delete it, and --resume goes on from the checkpoint before it.`,
      { cause },
    );
  }
}

function printJson(summary: TrainSummary): void {
  process.stdout.write(`${JSON.stringify(summary)}\n`);
}

/** The report shows the network as it is now, judged on the test set. */
async function writeReport(
  folder: ClassifierFolder,
  run: Pick<RunResult, "config" | "data" | "model" | "records">,
  status: RunStatus,
): Promise<void> {
  // Charts are the largest part of the command line and are needed only here, at the end.
  const { buildReport } = await import("./report.ts");
  const report = (model: Model, test: Samples): string => {
    const outputs = scope(() => predict(model, test.x).dataSync());
    const confusion = confusionMatrix(model, test, run.data.classes);
    return buildReport(reportOf({ ...run, model, status, outputs, confusion }));
  };
  const { model, data } = run;
  if (!engine().asynchronous) {
    await writeFileAtomically(folder.file("report.html"), report(model, data.test));
    return;
  }
  // The report looks at many values: it is made of copies on the CPU.
  const { x, y } = data.test;
  await prefetch([...model.parameters.map(({ tensor }) => tensor), x, y]);
  const [bytes, pictures, labels] = [saveModel(model), x.dataSync(), y.dataSync()];
  const text = onCpu(() => {
    const test = { x: tensor(pictures, { shape: x.shape }), y: tensor(labels, { shape: y.shape }) };
    return report(loadModel(bytes) as typeof model, test);
  });
  await writeFileAtomically(folder.file("report.html"), text);
}

/**
 * Starts the engine of a run.
 * @throws UserError where it can't be had.
 */
async function useEngine({ engine, threads }: RunConfig, fallback: TrainRequest["fallback"]): Promise<void> {
  try {
    await startEngine({
      engine,
      ...(threads !== null && { threads }),
      ...(fallback !== undefined && { fallback }),
    });
  } catch (error) {
    if (engine !== "webgpu") throw error;
    throw new UserError((error as Error).message, { cause: error });
  }
}

function summaryOf(
  config: RunConfig,
  data: LoadedDataset,
  parameters: number,
  records: readonly RunRecord[],
  status: RunEnding,
  out: string,
  ranks: number,
): TrainSummary {
  const last = records.at(-1);
  const seconds = records.reduce((sum, record) => sum + record.seconds, 0);
  const best = records.reduce<RunRecord | undefined>(
    (top, record) => (top && top.testAccuracy >= record.testAccuracy ? top : record),
    undefined,
  );
  const running = engineStatus();
  return {
    dataset: config.dataset,
    network: networkName(config, data),
    ...(config.layers === undefined &&
      config.model === undefined && { layers: [data.inputs, ...config.hidden, data.classes] }),
    parameters,
    epochs: last?.epoch ?? 0,
    engine: running.engine,
    threads: running.threads,
    ranks,
    seed: config.seed,
    status,
    trainLoss: last?.loss ?? Number.NaN,
    trainAccuracy: last?.accuracy ?? Number.NaN,
    validationAccuracy: last?.validationAccuracy ?? null,
    testLoss: last?.testLoss ?? Number.NaN,
    testAccuracy: last?.testAccuracy ?? Number.NaN,
    bestTestAccuracy: best?.testAccuracy ?? Number.NaN,
    bestEpoch: best?.epoch ?? 0,
    secondsPerEpoch: records.length > 0 ? seconds / records.length : Number.NaN,
    samplesPerSecond: seconds > 0 ? (records.length * data.training.x.shape[0]) / seconds : Number.NaN,
    seconds,
    out: resolve(out),
  };
}
