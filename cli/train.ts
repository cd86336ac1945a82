// `nabla train`: a run from its options to its folder, or from its folder onwards.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { writeFileAtomically } from "../src/data/atomic.node.ts";
import { errorCode, explain } from "../src/data/file.node.ts";
import { configureEngine, engineStatus } from "../src/engine/configure.ts";
import { startProfiling } from "../src/engine/profile.ts";
import { saveModel } from "../src/io/model.ts";
import { say } from "../src/plot/chart.ts";
import { scope } from "../src/tensor/tensor.ts";
import { confusionMatrix } from "../src/train/confusion-matrix.ts";
import { evaluate } from "../src/train/evaluate.ts";
import { NonFiniteLossError } from "../src/train/explosion.ts";
import { runEpochs } from "../src/train/fit.ts";
import type { Callback } from "../src/train/history.ts";
import { predict } from "../src/train/predict.ts";
import { Trainer } from "../src/train/trainer.ts";
import { commandName } from "./command-name.ts";
import { changedParts, type LoadedDataset, loadDataset } from "./datasets.ts";
import { UserError } from "./errors.ts";
import { whenOutputCloses } from "./output.ts";
import { clock, Progress, percent, rate } from "./progress.ts";
import type { RunStatus } from "./report.ts";
import { lossOfRun, modelOfRun, optimizerOfRun, type RunConfig, type RunRecord } from "./run-config.ts";
import { nonFinite, RunFolder } from "./run-folder.ts";
import type { RunEnding } from "./run-history.ts";
import { networkName } from "./run-layers.ts";
import { networkOf } from "./run-network.ts";
import { remarkOn, smallerRate } from "./run-remark.ts";
import { type RunResult, reportOf } from "./run-report.ts";
import { RUN_VERSION } from "./run-schema.ts";

export interface TrainRequest {
  config: RunConfig;
  /** Where to write, or the name of a new folder in runs/. */
  folder: RunFolder | { fresh: string };
  json: boolean;
  /** Time every operation. */
  profile: boolean;
  /** Continue the run in the folder instead of starting one; the process has taken the folder already. */
  resume: boolean;
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
  const { config, json } = request;
  const human = json ? process.stderr : process.stdout;
  const progress = new Progress(human, config.epochs, config.batch);
  if (request.notice) progress.say(request.notice);
  configureEngine({ engine: config.engine, ...(config.threads !== null && { threads: config.threads }) });
  const { transpose, size, label } = config;
  const data = await loadDataset(config.dataset, config.split, { transpose, size, label });
  for (const note of data.notes) progress.say(note);
  // Only now, so that wrong data leaves no folder behind.
  const folder = request.folder instanceof RunFolder ? request.folder : await RunFolder.fresh(request.folder.fresh);
  try {
    return await trainIn(folder, request, data, progress);
  } finally {
    folder.release();
  }
}

async function trainIn(
  folder: RunFolder,
  request: TrainRequest,
  data: LoadedDataset,
  progress: Progress,
): Promise<number> {
  const { json } = request;
  let { config } = request;
  const out = folder.path;
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
  const model = request.resume ? networkOf(config, data, folder) : modelOfRun(config, data);
  const loss = lossOfRun(config);
  const samples = data.training.x.shape[0];
  const optimizer = optimizerOfRun(config, samples);
  const trainer = new Trainer(model, data.training, {
    loss,
    optimizer,
    batchSize: config.batch,
    shuffle: true,
    seed: config.seed,
  });
  const architecture = JSON.stringify(model.config());

  let kept = config;
  let records: RunRecord[] = [];
  if (request.resume) {
    await folder.removeLeftovers();
    const history = folder.readHistory();
    const { batch } = config;
    const steps = trainer.stepsPerEpoch;
    const otherData = request.acceptChangedData;
    const checkpoint = folder.readNewestCheckpoint(
      { architecture, optimizer: optimizer.type, batch, steps, otherData },
      (problem, path) =>
        progress.say(`${problem}. It is set aside as ${folder.setAside(path)}; going on from the checkpoint before it`),
    );
    if (checkpoint) {
      restoring(checkpoint.path, () => trainer.restore(checkpoint.state, checkpoint.tensors));
      records = checkpoint.records ?? history.records.filter(({ epoch }) => epoch <= trainer.epoch);
      const known = records.at(-1)?.epoch ?? 0;
      if (known < trainer.epoch) {
        progress.say(
          `the figures of epochs ${known + 1} to ${trainer.epoch} are not in the history; it goes on without them`,
        );
        records = [];
      }
    }
    const last = records.at(-1);
    if (
      trainer.epoch >= config.epochs &&
      existsSync(folder.file("model.safetensors")) &&
      history.ending === "finished"
    ) {
      progress.say(
        `${out} is finished: ${config.epochs} epochs${last === undefined ? "" : `, test accuracy ${percent(last.testAccuracy)}`}. Nothing to do.`,
      );
      if (json) printJson(summaryOf(config, data, model.parameterCount, records, "finished", out));
      return 0;
    }
    const where =
      trainer.epoch === 0 && trainer.step === 0
        ? "from the start, no epoch was complete"
        : `after ${trainer.epoch} epochs${trainer.step > 0 ? ` and ${trainer.step} steps` : ""}`;
    progress.say(`resuming ${out} ${where}`);
    // Engine and threads are this process's, not the run's.
    const { engine, threads } = folder.readConfig();
    kept = { ...config, engine, threads };
    await folder.writeConfig(kept);
    await folder.continueHistory(records);
  } else {
    await folder.create(config);
  }

  const engine = engineStatus();
  progress.say(
    `training ${networkName(config, data)} on ${data.name}: ${samples} ${data.picture ? "images" : "rows"}${data.validation ? `, ${data.validation.x.shape[0]} for validation` : ""}, ` +
      `${data.test.x.shape[0]} for testing; engine ${engine.engine}, ${engine.threads} thread${engine.threads === 1 ? "" : "s"}`,
  );

  const controller = new AbortController();
  const onInterrupt = (): void => {
    // A second Ctrl-C is for those who can't wait.
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  for (const signal of INTERRUPTS) process.on(signal, onInterrupt);
  let unread = false;
  const listen = whenOutputCloses(() => {
    unread = true;
    controller.abort();
  });

  const sayAnew = (parts: readonly string[]): void =>
    progress.say(`${out}: ${parts.join(", ")} was deleted while the run went on; it is written anew`);
  /** Complete epochs of the last checkpoint. */
  let saved = trainer.epoch;
  const save = async (line?: RunRecord): Promise<void> => {
    const anew = line === undefined ? [] : await folder.append(line, kept, records.slice(0, -1));
    if (anew.length > 0) sayAnew(anew);
    await folder.writeCheckpoint(trainer.tensors(), trainer.state(), architecture, kept.keep);
    saved = trainer.epoch;
  };
  // What can't be saved now (a full disk, a folder that is read-only for a while) may be at the next epoch; until then the last checkpoint stands.
  let unsaved: Error | undefined;
  const trySave = async (line: RunRecord): Promise<void> => {
    try {
      await save(line);
      if (unsaved !== undefined) progress.say("saved again");
      unsaved = undefined;
    } catch (error) {
      // Another run has the folder, or the fault is ours.
      if (errorCode(error) === undefined) throw error;
      unsaved = error as Error;
      progress.say(
        `cannot save epoch ${line.epoch}: ${explain(unsaved)}. The run goes on, and tries again after the next epoch.`,
      );
    }
  };
  const recorder: Callback = {
    onStep: (info) => progress.step(info),
    async onEpochEnd(record) {
      const tested = evaluate(model, data.test, { loss });
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
      await trySave(full);
    },
  };

  progress.start(trainer.epoch);
  const profiler = request.profile ? startProfiling() : undefined;
  let outcome: RunEnding;
  try {
    const history = await runEpochs(trainer, {
      epochs: config.epochs,
      validation: data.validation,
      callbacks: [recorder],
      signal: controller.signal,
    });
    outcome = history.ended === "finished" ? "finished" : "interrupted";
  } catch (error) {
    if (!(error instanceof NonFiniteLossError)) throw error;
    await folder.append({ status: "failed" }, kept, records);
    const last = records.at(-1);
    const checkpoint =
      last === undefined
        ? "No epoch was complete."
        : `The checkpoint after epoch ${last.epoch} is kept in ${folder.file("checkpoints")}.`;
    const { epoch, step, loss: value } = error;
    await writeReport(
      folder,
      { config, data, model, records },
      { kind: "non-finite", epoch: epoch + 1, step: step + 1, loss: value },
    );
    throw new UserError(
      `the loss became ${value} in epoch ${epoch + 1}, step ${step + 1}; the parameters are those before this step. ` +
        `The learning rate ${config.lr} is too large: try --lr ${smallerRate(config)}. ${checkpoint}`,
    );
  } finally {
    profiler?.stop();
    progress.clear();
    for (const signal of INTERRUPTS) process.off(signal, onInterrupt);
    listen();
  }

  if (profiler) {
    progress.say(String(profiler));
    await writeFileAtomically(folder.file("profile.json"), JSON.stringify(profiler.trace));
    progress.say(`trace: ${folder.file("profile.json")} (open it in chrome://tracing or Perfetto)`);
  }
  const resume = `${commandName()} train --resume ${out}`;
  const remark = outcome === "finished" ? remarkOn(config, data.classes, records) : null;
  try {
    if (outcome === "interrupted" || unsaved !== undefined) await save();
    // Before the history says that the run is finished: a network of before may lie there.
    if (outcome === "finished") {
      const metadata = { ...data.metadata, classes: String(data.classes), epochs: String(trainer.epoch) };
      await folder.writeModel(saveModel(model, metadata));
    }
    const anew = await folder.append({ status: outcome }, kept, records);
    if (anew.length > 0) sayAnew(anew);
    const status: RunStatus =
      outcome === "finished" ? { kind: "finished", remark } : { kind: "interrupted", epoch: trainer.epoch, resume };
    await writeReport(folder, { config, data, model, records }, status);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    const stands =
      saved === 0
        ? "No checkpoint could be written"
        : `The checkpoint of epoch ${saved} in ${folder.file("checkpoints")} is whole; make room or permission, and go on from it with: ${resume}`;
    throw new UserError(`the run came to its end and can't be saved: ${explain(error)}. ${stands}`, { cause: error });
  }

  const summary = summaryOf(config, data, model.parameterCount, records, outcome, out);
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
  if (json) printJson(summary);
  return 0;
}

/** What can be asked of a process to make it end. */
const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

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
  folder: RunFolder,
  run: Pick<RunResult, "config" | "data" | "model" | "records">,
  status: RunStatus,
): Promise<void> {
  // Charts are the largest part of the command line and are needed only here, at the end.
  const { buildReport } = await import("./report.ts");
  const { model, data } = run;
  const outputs = scope(() => predict(model, data.test.x).dataSync());
  const confusion = confusionMatrix(model, data.test, data.classes);
  await writeFileAtomically(folder.file("report.html"), buildReport(reportOf({ ...run, status, outputs, confusion })));
}

function summaryOf(
  config: RunConfig,
  data: LoadedDataset,
  parameters: number,
  records: readonly RunRecord[],
  status: RunEnding,
  out: string,
): TrainSummary {
  const last = records.at(-1);
  const seconds = records.reduce((sum, record) => sum + record.seconds, 0);
  const best = records.reduce<RunRecord | undefined>(
    (top, record) => (top && top.testAccuracy >= record.testAccuracy ? top : record),
    undefined,
  );
  const engine = engineStatus();
  return {
    dataset: config.dataset,
    network: networkName(config, data),
    ...(config.layers === undefined &&
      config.model === undefined && { layers: [data.inputs, ...config.hidden, data.classes] }),
    parameters,
    epochs: last?.epoch ?? 0,
    engine: engine.engine,
    threads: engine.threads,
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
