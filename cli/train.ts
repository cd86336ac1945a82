// `nabla train`: a run from its options to its folder, or from its folder onwards.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { writeFileAtomically } from "../src/data/atomic.node.ts";
import { configureEngine, engineStatus } from "../src/engine/configure.ts";
import { startProfiling } from "../src/engine/profile.ts";
import { saveModel } from "../src/io/model.ts";
import { scope } from "../src/tensor/tensor.ts";
import { confusionMatrix, evaluate, predict } from "../src/train/evaluate.ts";
import { type Callback, runEpochs } from "../src/train/fit.ts";
import { NonFiniteLossError, Trainer } from "../src/train/trainer.ts";
import { type LoadedDataset, loadDataset } from "./datasets.ts";
import { UserError } from "./errors.ts";
import { clock, Progress, percent, rate } from "./progress.ts";
import type { RunStatus } from "./report.ts";
import {
  layerSizesOf,
  lossOfRun,
  modelOfRun,
  optimizerOfRun,
  type RunConfig,
  type RunHistory,
  type RunRecord,
} from "./run-config.ts";
import { RunFolder } from "./run-folder.ts";
import { type RunResult, reportOf } from "./run-report.ts";

export interface TrainRequest {
  config: RunConfig;
  out: string;
  json: boolean;
  /** Time every operation. */
  profile: boolean;
  /** Continue the run in `out` instead of starting one. */
  resume: boolean;
  /** Said before anything else: why this data set was chosen. */
  notice?: string;
}

/** The figures of a run, as `--json` prints them. */
export interface TrainSummary {
  dataset: string;
  layers: number[];
  parameters: number;
  epochs: number;
  engine: string;
  threads: number;
  seed: number;
  status: RunHistory["status"];
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
  const { config, out, json } = request;
  const folder = new RunFolder(out);
  const human = json ? process.stderr : process.stdout;
  const progress = new Progress(human, config.epochs, config.batch);
  if (request.notice) progress.say(request.notice);
  configureEngine({ engine: config.engine, ...(config.threads !== null && { threads: config.threads }) });

  const data = await loadDataset(config.dataset, config.split);
  const model = modelOfRun(config, data.inputs, data.classes);
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

  let records: RunRecord[] = [];
  if (request.resume) {
    await folder.removeLeftovers();
    const checkpoint = folder.readNewestCheckpoint();
    if (checkpoint) {
      if (checkpoint.architecture !== architecture) {
        throw new UserError(
          `${checkpoint.path} belongs to another architecture than config.json asks for; the two files are not of one run. Restore the one that was changed.`,
        );
      }
      trainer.restore(checkpoint.state, checkpoint.tensors);
      records = checkpoint.records;
    }
    if (
      trainer.epoch >= config.epochs &&
      existsSync(folder.file("model.safetensors")) &&
      folder.readHistory()?.status === "finished"
    ) {
      progress.say(
        `${out} is finished: ${config.epochs} epochs, test accuracy ${percent(records.at(-1)?.testAccuracy ?? 0)}. Nothing to do.`,
      );
      if (json) printJson(summaryOf(config, data, model.parameterCount, records, "finished", out));
      return 0;
    }
    const where =
      trainer.epoch === 0 && trainer.step === 0
        ? "from the start, no epoch was complete"
        : `after ${trainer.epoch} epochs${trainer.step > 0 ? ` and ${trainer.step} steps` : ""}`;
    progress.say(`resuming ${out} ${where}`);
  } else {
    await folder.create();
    await folder.writeConfig(config);
  }

  const engine = engineStatus();
  const sizes = layerSizesOf(config, data.inputs, data.classes);
  progress.say(
    `training ${sizes.join("-")} on ${config.dataset}: ${samples} images${data.validation ? `, ${data.validation.x.shape[0]} for validation` : ""}, ` +
      `${data.test.x.shape[0]} for testing; engine ${engine.engine}, ${engine.threads} thread${engine.threads === 1 ? "" : "s"}`,
  );

  const controller = new AbortController();
  const onInterrupt = (): void => {
    // A second Ctrl-C is for those who can't wait.
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onInterrupt);

  const save = async (): Promise<void> => {
    await folder.writeCheckpoint(trainer.tensors(), trainer.state(), records, architecture);
  };
  const recorder: Callback = {
    onStep: (info) => progress.step(info),
    async onEpochEnd(record) {
      const tested = evaluate(model, data.test, { loss });
      const full: RunRecord = { ...record, testLoss: tested.loss, testAccuracy: tested.accuracy };
      records.push(full);
      progress.epoch(full);
      await save();
      await folder.writeHistory({ status: "running", epochs: records });
    },
  };

  progress.start(trainer.epoch);
  const profiler = request.profile ? startProfiling() : undefined;
  let outcome: RunHistory["status"];
  try {
    const history = await runEpochs(trainer, {
      epochs: config.epochs,
      loss,
      optimizer,
      validation: data.validation,
      callbacks: [recorder],
      signal: controller.signal,
    });
    outcome = history.ended === "finished" ? "finished" : "interrupted";
  } catch (error) {
    if (!(error instanceof NonFiniteLossError)) throw error;
    await folder.writeHistory({ status: "failed", epochs: records });
    const kept =
      trainer.epoch > 0
        ? `The checkpoint after epoch ${trainer.epoch} is kept in ${folder.file("checkpoints")}.`
        : "No epoch was complete.";
    const { epoch, step, loss: value } = error;
    await writeReport(
      folder,
      { config, data, model, records },
      { kind: "non-finite", epoch: epoch + 1, step: step + 1, loss: value },
    );
    throw new UserError(`${error.message} ${kept}`);
  } finally {
    profiler?.stop();
    progress.clear();
    process.off("SIGINT", onInterrupt);
    process.off("SIGTERM", onInterrupt);
  }

  if (profiler) {
    progress.say(String(profiler));
    await writeFileAtomically(folder.file("profile.json"), JSON.stringify(profiler.trace));
    progress.say(`trace: ${folder.file("profile.json")} (open it in chrome://tracing or Perfetto)`);
  }
  if (outcome === "interrupted") await save();
  else await writeFileAtomically(folder.file("model.safetensors"), saveModel(model, { classes: String(data.classes) }));
  await folder.writeHistory({ status: outcome, epochs: records });
  const finished = outcome === "finished";
  const status: RunStatus = finished
    ? { kind: "finished" }
    : { kind: "interrupted", epoch: trainer.epoch, resume: `nabla train --resume ${out}` };
  await writeReport(folder, { config, data, model, records }, status);

  const summary = summaryOf(config, data, model.parameterCount, records, outcome, out);
  if (outcome === "interrupted") {
    progress.say(
      `interrupted in epoch ${trainer.epoch + 1} after ${trainer.step} steps; everything is saved. Continue with: nabla train --resume ${out}`,
    );
    if (json) printJson(summary);
    return 130;
  }
  progress.say(
    `test accuracy ${percent(summary.testAccuracy)} after ${config.epochs} epochs in ${clock(summary.seconds)} (${rate(summary.samplesPerSecond)})`,
  );
  progress.say(`report: ${folder.file("report.html")}`);
  if (json) printJson(summary);
  return 0;
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
  status: RunHistory["status"],
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
    layers: layerSizesOf(config, data.inputs, data.classes),
    parameters,
    epochs: records.length,
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
