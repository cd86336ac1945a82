// The options of `nabla train` and how they become a run.
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Command, Option } from "commander";
import { engineFor } from "../src/engine/configure.ts";
import { commandName } from "./command-name.ts";
import { defaultDataset } from "./datasets.ts";
import { UsageError, UserError } from "./errors.ts";
import { examples } from "./help.ts";
import { LAYER_FORMS, layerLine } from "./layer-line.ts";
import {
  HIDDEN_ACTIVATIONS,
  LEARNING_RATES,
  RUN_ENGINES,
  RUN_INITS,
  RUN_LOSSES,
  RUN_OPTIMIZERS,
  type RunConfig,
} from "./run-config.ts";
import { RunFolder } from "./run-folder.ts";
import { RUN_MODELS, SETTABLE_MODELS } from "./run-models.ts";
import { RUN_VERSION } from "./run-schema.ts";
import { type TrainRequest, train } from "./train.ts";
import { folderName, layerSizes, oneOf, pictureSize, realNumber, wholeNumber } from "./values.ts";

interface TrainOptions {
  dataset?: string;
  transpose?: boolean;
  size?: [number, number];
  label?: string;
  hidden?: number[];
  layers?: string;
  model?: string;
  activation?: RunConfig["activation"];
  loss?: RunConfig["loss"];
  optimizer?: RunConfig["optimizer"];
  lr?: number;
  batch?: number;
  epochs?: number;
  l2?: number;
  dropout?: number;
  init?: RunConfig["init"];
  split?: number;
  seed?: number;
  engine?: RunConfig["engine"];
  threads?: number;
  keep?: number;
  out?: string;
  resume?: string;
  acceptChangedData?: boolean;
  json?: boolean;
  profile?: boolean;
}

/** Options that make sense for a run that exists already. */
const WITH_RESUME = new Set([
  "resume",
  "dataset",
  "acceptChangedData",
  "json",
  "threads",
  "engine",
  "epochs",
  "keep",
  "profile",
  "debug",
]);

const help = (name: string): string => `
Examples:
${examples([
  [`${name} train`, "learn digits with good defaults"],
  [`${name} train --dataset mnist --hidden 100,30`, "two hidden layers on MNIST"],
  [
    `${name} train --dataset mnist --hidden 30 --activation sigmoid --loss quadratic \\\n` +
      "      --optimizer sgd --lr 3 --batch 10 --epochs 30 --init normal --split 50000",
    "the first network of Nielsen's book",
  ],
  [
    `${name} train --dataset mnist --model network3 --optimizer sgd --lr 0.03 --l2 1 --batch 10 \\\n` +
      "      --epochs 60 --split 50000",
    "two convolutions as in its chapter 6",
  ],
  [`${name} train --resume runs/digits-1`, "go on with a run that was interrupted"],
])}

--dataset takes a path to data of your own:
  a folder of four IDX files     named as MNIST's, plain or .gz, also with dots, with test for t10k, with a prefix
                                 (FOLDER/emnist-letters chooses one of several), or each in a folder of its own name
  a folder of pictures a class   train/CLASS/*.png and test/CLASS/*.jpg, or CLASS/*; without a test folder a fifth of
                                 every class is kept for testing
  a folder of CIFAR-10 or -100   the binary version: data_batch_1.bin, ..., or train.bin and test.bin
  a CSV file, or a folder with   a line a picture, label,pixel0,... as Kaggle has MNIST; or a table of numbers and words
  train.csv (and test.csv)       whose class is the column label, class, target, species or y, else the last one

--layers takes, with commas between them:
${LAYER_FORMS.map(([form, what]) => `  ${form.padEnd(14)} ${what}`).join("\n")}
--model network3 is Nielsen's: two convolutions, and hidden layers by --hidden (100), --activation (relu) and --dropout.
The loss decides the output layer: quadratic and cross-entropy use sigmoid outputs, softmax uses softmax.
Starting values: auto is he for relu and xavier otherwise, with zero biases; normal is N(0, 1) for weights and
biases; scaled is N(0, 1/inputs) for weights and N(0, 1) for biases.
Accuracy is always measured on the test set. The run's folder holds config.json, history.jsonl (a line an epoch),
model.safetensors, checkpoints and report.html. One process at a time trains in it.

Ctrl-C, a terminal that goes away and a closed output (| head) end the run after the current step; everything is saved.
Exit codes: 0 finished, 1 failed, 2 wrong usage, 130 interrupted.`;

export function addTrainCommand(program: Command): void {
  program
    .command("train")
    .summary("train a network on pictures of digits, or on data of your own")
    .description("Trains a fully connected network, and writes its weights and a report to a folder.")
    .addOption(
      new Option(
        "--dataset <name>",
        "mnist, digits, or a path: see below (default: mnist where it is on this machine, else digits)",
      ),
    )
    .addOption(
      new Option("--transpose", "turn IDX pictures over: rows become columns (default: for names with emnist)"),
    )
    .addOption(new Option("--no-transpose", "leave them as they are"))
    .addOption(
      new Option("--size <pixels>", "bring the pictures of a folder to this height and width: 32, or 32x48").argParser(
        pictureSize,
      ),
    )
    .addOption(new Option("--label <column>", "column of a table in CSV that is the class (default: see below)"))
    .addOption(
      new Option("--hidden <sizes>", "neurons of the hidden layers: 100, or 100,30, or none (default: 100)").argParser(
        layerSizes,
      ),
    )
    .addOption(
      new Option(
        "--layers <line>",
        'layers in place of --hidden: "conv 20 5x5, pool 2, dense 100"; see below',
      ).argParser(layersText),
    )
    .addOption(new Option("--model <name>", `a network by name: ${RUN_MODELS.join(", ")}`).argParser(oneOf(RUN_MODELS)))
    .addOption(
      new Option("--activation <name>", `of hidden layers: ${HIDDEN_ACTIVATIONS.join(", ")} (default: relu)`).argParser(
        oneOf(HIDDEN_ACTIVATIONS),
      ),
    )
    .addOption(new Option("--loss <name>", `${RUN_LOSSES.join(", ")} (default: softmax)`).argParser(oneOf(RUN_LOSSES)))
    .addOption(
      new Option("--optimizer <name>", `${RUN_OPTIMIZERS.join(", ")} (default: adam)`).argParser(oneOf(RUN_OPTIMIZERS)),
    )
    .addOption(
      new Option(
        "--lr <rate>",
        `learning rate (default: ${RUN_OPTIMIZERS.map((name) => `${LEARNING_RATES[name]} for ${name}`).join(", ")})`,
      ).argParser(realNumber({ above: 0 })),
    )
    .addOption(new Option("--batch <size>", "samples a step (default: 32)").argParser(wholeNumber(1)))
    .addOption(new Option("--epochs <n>", "passes over the training data (default: 8)").argParser(wholeNumber(1)))
    .addOption(
      new Option("--l2 <lambda>", "weight decay as (lambda / 2n) sum of squares (default: 0)").argParser(
        realNumber({ from: 0 }),
      ),
    )
    .addOption(
      new Option("--dropout <rate>", "share of hidden units left out while training (default: 0)").argParser(
        realNumber({ from: 0, below: 1 }),
      ),
    )
    .addOption(
      new Option("--init <name>", `starting values: ${RUN_INITS.join(", ")} (default: auto)`).argParser(
        oneOf(RUN_INITS),
      ),
    )
    .addOption(
      new Option("--split <train>", "train on the first so many images, keep the rest for validation").argParser(
        wholeNumber(1),
      ),
    )
    .addOption(
      new Option("--seed <n>", "seed of starting values, shuffling and dropout (default: 1)").argParser(wholeNumber(0)),
    )
    .addOption(new Option("--engine <name>", `${RUN_ENGINES.join(", ")} (default: auto)`).argParser(oneOf(RUN_ENGINES)))
    .addOption(
      new Option(
        "--threads <n>",
        "threads to use; the result does not depend on it (default: all processors)",
      ).argParser(wholeNumber(1)),
    )
    .addOption(
      new Option("--out <folder>", "where to write the run (default: a new folder in runs/)").argParser(folderName),
    )
    .addOption(
      new Option(
        "--keep <n>",
        "checkpoints of complete epochs to keep (default: 3); nabla inspect shows filters over them",
      ).argParser(wholeNumber(1)),
    )
    .addOption(new Option("--resume <folder>", "go on with the run in this folder"))
    .addOption(new Option("--accept-changed-data", "go on although the data set is no longer what the run began with"))
    .addOption(
      new Option("--profile", "print where the time went, and write profile.json, a trace for chrome://tracing"),
    )
    .addOption(new Option("--json", "print one JSON object as the last line on standard output"))
    .addHelpText("after", () => help(commandName()))
    .action(async (options: TrainOptions) => {
      process.exitCode =
        options.resume === undefined ? await startRun(options) : await resumeRun(options, options.resume);
    });
}

/** The line as it is, once it can be read. */
function layersText(text: string): string {
  layerLine(text);
  return text.trim();
}

async function startRun(options: TrainOptions): Promise<number> {
  const chosen = options.dataset ?? (await defaultDataset());
  const optimizer = options.optimizer ?? "adam";
  const config: RunConfig = {
    format: "nabla-run",
    version: RUN_VERSION,
    // A path is kept whole: the run may be resumed from elsewhere.
    dataset: datasetPath(chosen),
    ...(options.transpose !== undefined && { transpose: options.transpose }),
    ...(options.size !== undefined && { size: options.size }),
    ...(options.label !== undefined && { label: options.label }),
    hidden: options.hidden ?? (options.layers === undefined && options.model === undefined ? [100] : []),
    ...(options.layers !== undefined && { layers: options.layers }),
    ...(options.model !== undefined && { model: options.model }),
    activation: options.activation ?? "relu",
    loss: options.loss ?? "softmax",
    optimizer,
    lr: options.lr ?? LEARNING_RATES[optimizer],
    batch: options.batch ?? 32,
    epochs: options.epochs ?? 8,
    l2: options.l2 ?? 0,
    dropout: options.dropout ?? 0,
    init: options.init ?? "auto",
    split: options.split ?? null,
    seed: options.seed ?? 1,
    engine: usableEngine(options.engine),
    threads: options.threads ?? null,
    ...(options.keep !== undefined && { keep: options.keep }),
  };
  if (options.model !== undefined) {
    const settable = SETTABLE_MODELS.includes(options.model);
    for (const other of [
      "layers",
      "init",
      ...(settable ? [] : (["hidden", "activation", "dropout"] as const)),
    ] as const) {
      if (options[other] !== undefined)
        throw new UsageError(`--${other} and --model exclude each other: the network is given`);
    }
    if (options.hidden?.length === 0)
      throw new UsageError(
        `--hidden none does not go with --model ${options.model}, which has a hidden layer at least`,
      );
    if (config.loss !== "softmax")
      throw new UsageError(`--loss ${config.loss} does not fit --model, whose networks end in softmax`);
  }
  if (options.layers !== undefined) {
    for (const other of ["hidden", "dropout"] as const) {
      if (options[other] !== undefined)
        throw new UsageError(`--${other} and --layers exclude each other: say it in --layers`);
    }
  }
  if (options.acceptChangedData)
    throw new UsageError("--accept-changed-data is for a run that goes on: give --resume too");
  if (options.out !== undefined && new RunFolder(options.out).begun) {
    throw new UsageError(
      `${options.out} holds a run already; continue it with --resume ${options.out}, or choose another folder with --out`,
    );
  }
  const notice =
    options.dataset === undefined && chosen === "digits"
      ? `MNIST is not on this machine, so this run learns digits that Nabla draws itself. To learn MNIST: ${commandName()} data get mnist (or set NABLA_DATA_DIR)`
      : undefined;
  const { json = false, profile = false } = options;
  const folder = options.out === undefined ? undefined : new RunFolder(options.out);
  return train({ config, folder: folder ?? { fresh: freshName(chosen) }, json, profile, resume: false, notice });
}

async function resumeRun(options: TrainOptions, out: string): Promise<number> {
  const others = Object.keys(options).filter((name) => !WITH_RESUME.has(name));
  if (others.length > 0) {
    throw new UsageError(
      `--resume takes a run's settings from its folder; leave out ${others.map((name) => `--${name}`).join(", ")}`,
    );
  }
  const folder = new RunFolder(out);
  folder.readConfig();
  await folder.take();
  try {
    return await train(resumed(folder, options));
  } finally {
    folder.release();
  }
}

/** The run in a folder that this process has taken, with what may be changed. */
function resumed(folder: RunFolder, options: TrainOptions): TrainRequest {
  const stored = folder.readConfig();
  const { dataset } = options;
  const config: RunConfig = {
    ...stored,
    ...(dataset !== undefined && { dataset: datasetPath(dataset) }),
    threads: options.threads ?? stored.threads,
    engine: usableEngine(options.engine ?? stored.engine),
    epochs: options.epochs ?? stored.epochs,
    ...(options.keep !== undefined && { keep: options.keep }),
  };
  if (config.epochs < stored.epochs) {
    throw new UsageError(
      `--epochs ${config.epochs} is less than the run's ${stored.epochs}; a run can be made longer, not shorter`,
    );
  }
  const { json = false, profile = false, acceptChangedData = false } = options;
  return { config, folder, json, profile, resume: true, acceptChangedData };
}

/** The engine that a name stands for on this machine; without a name, NABLA_ENGINE's, else the fastest. */
function usableEngine(name?: RunConfig["engine"]): RunConfig["engine"] {
  try {
    return engineFor({ engine: name ?? (process.env["NABLA_ENGINE"] ? undefined : "auto") });
  } catch (error) {
    throw new UserError((error as Error).message);
  }
}

/** A path in whole; a name as it is, also one that names nothing and is to be told. */
function datasetPath(name: string): string {
  if (name === "mnist" || name === "digits") return name;
  // A folder, and the prefix of its files.
  return existsSync(name) || (/[\\/]/.test(name) && existsSync(dirname(name))) ? resolve(name) : name;
}

/** runs/<dataset>-1, -2, ... */
function freshName(dataset: string): string {
  return dataset.replace(/[^\w-]+/g, "-").replace(/^-+|-+$/g, "") || "run";
}
