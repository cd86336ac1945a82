// `nabla tree train`: learns sentiment over trees, and a parser for sentences that come without.
import { existsSync } from "node:fs";
import { Random } from "../book/random.ts";
import {
  CLASSES,
  classify,
  optimizerOf,
  scoresOf,
  sentimentModel,
  trainingBatches,
  Words,
} from "../book/zero/framework/sentiment.ts";
import { parserScore, type TrainedParser, trainParser } from "../book/zero/framework/treebank-parser.ts";
import { MarginParser } from "../book/zero/programs/max-margin.ts";
import { writeFileAtomically } from "../src/data/atomic.node.ts";
import { errorCode, explain, readRegularFileSync } from "../src/data/file.node.ts";
import { loadSst } from "../src/data/trees/sst.node.ts";
import { configureEngine, engineStatus } from "../src/engine/configure.ts";
import { saveModel } from "../src/io/model.ts";
import { readSafetensors, writeSafetensors } from "../src/io/safetensors.ts";
import { say as inWords, type Text } from "../src/plot/chart.ts";
import { renderPage } from "../src/plot/page.ts";
import { LookWriter } from "../src/runs/look-files.node.ts";
import { tensor } from "../src/tensor/create.ts";
import { lowerRate, NonFiniteLossError } from "../src/train/explosion.ts";
import { runEpochs } from "../src/train/fit.ts";
import { Trainer } from "../src/train/trainer.ts";
import { commandName } from "./command-name.ts";
import { UserError } from "./errors.ts";
import { whenOutputCloses } from "./output.ts";
import { percent } from "./progress.ts";
import { nonFinite } from "./run-folder.ts";
import { remarkOnExplosion } from "./run-remark.ts";
import type { TreeConfig, TreeRecord } from "./tree-config.ts";
import type { TreeFolder, TreeRun } from "./tree-folder.ts";

export interface TreeRequest {
  config: TreeConfig;
  folder: TreeFolder;
  resume: boolean;
  json: boolean;
  engine: "auto" | "wasm" | "native";
  threads: number | null;
}

/** Width of the parser's vectors, its margin, and its rate. */
const PARSER = { width: 25, k: 1, rate: 0.05 };

export async function trainTrees(request: TreeRequest): Promise<number> {
  const { config, folder, json } = request;
  const human = json ? process.stderr : process.stdout;
  const say = (line: string): void => void human.write(`${line}\n`);
  configureEngine({ engine: request.engine, ...(request.threads !== null && { threads: request.threads }) });
  const treebank = await asUser(() => loadSst({ folder: config.data }));
  const train = config.limit === null ? treebank.train : treebank.train.slice(0, config.limit);
  if (train.length === 0 || treebank.dev.length === 0 || treebank.test.length === 0) {
    throw new UserError(`${config.data}: train.txt, dev.txt and test.txt need at least one tree each`);
  }
  try {
    let words = Words.of(train);
    if (request.resume) {
      await folder.take();
      words = folder.readWords();
    } else await folder.create(config, words);
    return await runIn(request, { ...treebank, train }, words, say);
  } finally {
    folder.release();
  }
}

async function asUser<R>(body: () => Promise<R>): Promise<R> {
  try {
    return await body();
  } catch (error) {
    throw new UserError((error as Error).message, { cause: error });
  }
}

async function runIn(
  { config, folder, resume, json }: TreeRequest,
  { train, dev, test }: Awaited<ReturnType<typeof loadSst>>,
  words: Words,
  say: (line: string) => void,
): Promise<number> {
  const model = await asUser(async () => sentimentModel(words.size, config));
  const trainer = new Trainer(model, trainingBatches(train, words, config) as never, {
    ...{ loss: "softmaxCrossEntropy", ignoreIndex: -1, optimizer: optimizerOf(config), seed: config.seed },
  });
  let records: TreeRecord[] = [];
  let bestModel: Uint8Array | undefined;
  if (resume) {
    const checkpoint = folder.readCheckpoint();
    if (checkpoint !== undefined) {
      await asUser(async () => trainer.restore(checkpoint.state, checkpoint.tensors));
      records = folder.readHistory().filter(({ epoch }) => epoch <= trainer.epoch);
      if (records.length < trainer.epoch) {
        throw new UserError(
          `${folder.file("history.jsonl")} has the figures of ${records.length} epochs, and ${trainer.epoch} are complete: which network was the best is not known. ${folder.anew}`,
        );
      }
      const best = folder.file("model.safetensors");
      if (!existsSync(best))
        throw new UserError(`${best} is gone, the best network of ${trainer.epoch} epochs. ${folder.anew}`);
      bestModel = await asUser(async () => readRegularFileSync(best));
    }
    say(`resuming ${folder.path} after ${trainer.epoch} epochs`);
  }
  const run = (): TreeRun => ({ config, words, records, best: bestModel });
  const goOn = `${commandName()} tree train --resume ${folder.path}`;
  const sayAnew = (parts: readonly string[]): void => {
    if (parts.length > 0)
      say(`${folder.path}: ${parts.join(", ")} was deleted while the run went on; it is written anew`);
  };
  let unsaved: unknown;
  /** Saves the epoch; what the disk refuses is told, and tried again after the next one. */
  const trySave = async (epoch: number, improved: boolean): Promise<void> => {
    try {
      sayAnew(await folder.writeEpoch(run(), improved || unsaved !== undefined, trainer.tensors(), trainer.state()));
      if (unsaved !== undefined) say("saved again");
      unsaved = undefined;
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      unsaved = error;
      say(`cannot save epoch ${epoch}: ${explain(error)}. The run goes on, and tries again after the next epoch.`);
    }
  };
  /** What a run has come to must be saved. */
  const atTheEnd = async <R>(write: () => Promise<R>): Promise<R> => {
    try {
      if (unsaved !== undefined) {
        sayAnew(await folder.writeEpoch(run(), true, trainer.tensors(), trainer.state()));
        unsaved = undefined;
      }
      return await write();
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      throw new UserError(
        `the run came to its end and can't be saved: ${explain(error)}. Make room or permission, and go on with: ${goOn}`,
        { cause: error },
      );
    }
  };
  const best = (): TreeRecord | undefined =>
    records.reduce<TreeRecord | undefined>(
      (most, each) => (most === undefined || each.dev.all > most.dev.all ? each : most),
      undefined,
    );
  const engine = engineStatus();
  say(
    `training ${config.kind} (${model.parameterCount} parameters, ${words.list.length} words) on ${train.length} sentences, ${dev.length} to choose by, ${test.length} to test with; engine ${engine.engine}, ${engine.threads} thread${engine.threads === 1 ? "" : "s"}`,
  );
  const controller = new AbortController();
  const onInterrupt = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, onInterrupt);
  const listen = whenOutputCloses(() => controller.abort());
  const looks = new LookWriter(folder.path, model, {});
  let began = performance.now();
  let stopped = false;
  try {
    const isDone = (): boolean => records.length > 0 && trainer.epoch - best()!.epoch >= config.patience;
    if (!isDone() && trainer.epoch < config.epochs) {
      const history = await runEpochs(trainer, {
        epochs: config.epochs,
        signal: controller.signal,
        callbacks: [
          {
            async onEpochEnd({ epoch, loss }) {
              if (nonFinite(trainer.tensors()) !== undefined) {
                const remedy = "The learning rate is too large.";
                throw new NonFiniteLossError(epoch - 1, trainer.stepsPerEpoch - 1, Number.NaN, remedy);
              }
              const seconds = (performance.now() - began) / 1000;
              const record = {
                ...{ epoch, loss, seconds },
                ...{
                  dev: scoresOf(classify(model, words, dev), dev),
                  test: scoresOf(classify(model, words, test), test),
                },
              };
              records.push(record);
              const improved = best() === record;
              if (improved) bestModel = saveModel(model);
              say(
                `epoch ${epoch}  loss ${loss.toFixed(4)}  dev: root ${percent(record.dev.root)}, all ${percent(record.dev.all)}  test: root ${percent(record.test.root)}, all ${percent(record.test.all)}  ${seconds.toFixed(1)} s`,
              );
              await trySave(epoch, improved);
              await looks.tryAfter(epoch, epoch === config.epochs);
              began = performance.now();
              if (isDone()) {
                stopped = true;
                controller.abort();
              }
            },
          },
        ],
      });
      if (history.ended !== "finished" && !stopped) {
        await atTheEnd(async () => sayAnew(await folder.writeEnding(run(), "interrupted")));
        say(`interrupted after ${records.length} complete epochs, which are saved. Continue with: ${goOn}`);
        if (json) printJson(summaryOf("interrupted", folder, config, records, undefined));
        return 130;
      }
    }
    if (config.parserEpochs > 0 && !existsSync(folder.file("parser.safetensors"))) {
      const parser = await trainParser(
        train,
        { ...PARSER, epochs: config.parserEpochs },
        new Random(config.seed),
        (epoch, loss, at) => {
          say(`parser, epoch ${epoch}  loss ${loss.toFixed(4)}  dev: ${percent(parserScore(at, dev))} of the spans`);
          if (controller.signal.aborted && !stopped)
            throw new UserError(
              "interrupted while the parser was learnt; sentiment is saved, and --resume learns the parser",
            );
        },
      );
      await atTheEnd(() => writeParser(folder, parser));
    }
  } catch (error) {
    if (!(error instanceof NonFiniteLossError)) throw error;
    await atTheEnd(() => folder.writeEnding(run(), "failed"));
    const { epoch, step, loss } = error;
    throw new UserError(
      `the loss became ${loss} in epoch ${epoch + 1}, step ${step + 1}; the parameters are those before this step. ` +
        `The learning rate ${config.learningRate} is too large: try --learning-rate ${lowerRate(optimizerOf(config))}. ` +
        `${records.length === 0 ? "No epoch was complete." : `What was learnt up to epoch ${records.length} is kept in ${folder.path}.`}`,
      { cause: error },
    );
  } finally {
    for (const signal of signals) process.off(signal, onInterrupt);
    listen();
  }
  const remark = remarkOnExplosion(records.at(-1)!, Math.log(CLASSES), {
    ...{ option: "--learning-rate", value: config.learningRate, instead: lowerRate(optimizerOf(config)) },
  });
  await atTheEnd(async () => {
    await writeReport(folder, config, records, remark);
    sayAnew(await folder.writeEnding(run(), "finished"));
  });
  const found = best()!;
  say(
    `best by dev: epoch ${found.epoch}; test: root ${percent(found.test.root)}, all nodes ${percent(found.test.all)}, two classes ${percent(found.test.rootBinary)}`,
  );
  if (remark !== null) say(inWords(remark, "en"));
  say(`report: ${folder.file("report.html")}`);
  say(`look at a sentence: ${commandName()} tree show --run ${folder.path} "not a bad film"`);
  if (json) printJson(summaryOf("finished", folder, config, records, found));
  return 0;
}

function summaryOf(
  status: string,
  folder: TreeFolder,
  config: TreeConfig,
  records: readonly TreeRecord[],
  best: TreeRecord | undefined,
) {
  return { status, out: folder.path, kind: config.kind, seed: config.seed, epochs: records.length, best: best ?? null };
}

function printJson(summary: object): void {
  process.stdout.write(`${JSON.stringify(summary)}\n`);
}

const PARTS = ["W", "b", "U", "vectors"] as const;

async function writeParser(folder: TreeFolder, { parser }: TrainedParser): Promise<void> {
  const tensors = Object.fromEntries(PARTS.map((part) => [part, tensor(Float32Array.from(parser[part].values))]));
  const metadata = { format: "nabla-parser", width: String(parser.width), k: String(parser.k) };
  await writeFileAtomically(folder.file("parser.safetensors"), writeSafetensors(tensors, metadata));
}

/** The run's parser. @throws UserError if it has none, or the file is damaged. */
export function readParser(folder: TreeFolder, words: Words): TrainedParser {
  const path = folder.file("parser.safetensors");
  if (!existsSync(path)) {
    throw new UserError(
      `${folder.path} has no parser (it was trained with --parser-epochs 0, or is not finished): give the sentence in brackets, or ${commandName()} tree train --resume ${folder.path}`,
    );
  }
  return (() => {
    try {
      const { tensors, metadata } = readSafetensors(readRegularFileSync(path), path);
      const parser = new MarginParser(words.size, Number(metadata["width"]), new Random(1), Number(metadata["k"]));
      for (const part of PARTS) {
        const values = tensors[part]?.dataSync();
        if (values?.length !== parser[part].values.length)
          throw new Error(`${path} is damaged: ${part} does not fit the run's words`);
        parser[part].values.set(values);
      }
      return { parser, words };
    } catch (error) {
      throw new UserError((error as Error).message, { cause: error });
    }
  })();
}

async function writeReport(
  folder: TreeFolder,
  config: TreeConfig,
  records: readonly TreeRecord[],
  remark: Text | null,
): Promise<void> {
  const epochs = records.map(({ epoch }) => epoch);
  const line = (name: string, of: (record: TreeRecord) => number) => ({ name, x: epochs, y: records.map(of) });
  const best = records.reduce((most, each) => (each.dev.all > most.dev.all ? each : most));
  const row = (name: string, of: (record: TreeRecord) => number) => [name, percent(of(best))];
  const page = renderPage({
    title: `Sentiment over trees: ${config.kind}`,
    lead: `Test, after the epoch that was best on the sentences to choose by (${best.epoch}): ${percent(best.test.root)} of the roots, ${percent(best.test.all)} of all nodes.${remark === null ? "" : ` ${inWords(remark, "en")}`}`,
    sections: [
      {
        heading: "Over the epochs",
        blocks: [
          {
            kind: "chart",
            span: "half",
            chart: {
              kind: "line",
              title: "Five classes at the root",
              xAxis: { label: "epoch" },
              yAxis: { format: "percent" },
              series: [line("dev", ({ dev }) => dev.root), line("test", ({ test }) => test.root)],
            },
          },
          {
            kind: "chart",
            span: "half",
            chart: {
              kind: "line",
              title: "Five classes at all nodes",
              xAxis: { label: "epoch" },
              yAxis: { format: "percent" },
              series: [line("dev", ({ dev }) => dev.all), line("test", ({ test }) => test.all)],
            },
          },
        ],
      },
      {
        heading: "Test",
        blocks: [
          {
            kind: "table",
            table: {
              columns: [{ label: "share right" }, { label: "", align: "number" }],
              rows: [
                row("root, five classes", ({ test }) => test.root),
                row("all nodes, five classes", ({ test }) => test.all),
                row("root, negative or positive", ({ test }) => test.rootBinary),
                row("all nodes, negative or positive", ({ test }) => test.allBinary),
              ],
            },
          },
          { kind: "code", label: "config.json", code: JSON.stringify(config, null, 2) },
        ],
      },
    ],
  });
  await writeFileAtomically(folder.file("report.html"), page);
}
