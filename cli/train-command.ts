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
import { Ranks } from "./ranks.ts";
import {
  HIDDEN_ACTIVATIONS,
  LEARNING_RATES,
  RANKS_GRADIENTS,
  RANKS_NORMALIZATION,
  RUN_INITS,
  RUN_LOSSES,
  RUN_OPTIMIZERS,
  type RunConfig,
  TRAIN_ENGINES,
} from "./run-config.ts";
import { RunFolder } from "./run-folder.ts";
import { CLASSIFIER_RUN } from "./run-kind.ts";
import { RUN_MODELS, SETTABLE_MODELS } from "./run-models.ts";
import { RUN_VERSION } from "./run-schema.ts";
import { type ClassifierFolder, type TrainRequest, train } from "./train.ts";
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
  fallback?: TrainRequest["fallback"];
  keep?: number;
  saveEvery?: number;
  deterministic?: boolean;
  microBatches?: number;
  accumulate?: number;
  batchNormalization?: RunConfig["batchNormalization"];
  gradients?: RunConfig["gradients"];
  out?: string;
  resume?: string;
  acceptChangedData?: boolean;
  json?: boolean;
  profile?: boolean;
}

/** Engines that can go on for a device. */
const FALLBACKS = ["auto", "wasm", "native"] as const;

/** Options that make sense for a run that exists already. */
const WITH_RESUME = new Set([
  "resume",
  "dataset",
  "acceptChangedData",
  "json",
  "threads",
  "engine",
  "fallback",
  "epochs",
  "keep",
  "saveEvery",
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
  [`mpirun -n 2 ${name} train --dataset mnist --deterministic`, "two processes, to the bits of any other number"],
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

With MPI several processes train together, each on its share of every batch: mpirun -n 4 ${name} train ...; the first
reads and writes the folder and speaks, --resume takes any number of them. Each has as many threads as its processors;
Open MPI binds a process to one processor unless it is told --bind-to none.

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
    .addOption(
      new Option("--engine <name>", `${TRAIN_ENGINES.join(", ")} (default: auto)`).argParser(oneOf(TRAIN_ENGINES)),
    )
    .addOption(
      new Option(
        "--fallback <name>",
        "with --engine webgpu: go on with this engine where the device fails, auto, wasm or native (default: the run ends)",
      ).argParser(oneOf(FALLBACKS)),
    )
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
    .addOption(
      new Option(
        "--save-every <steps>",
        "write a checkpoint after so many steps, too (default: after every epoch)",
      ).argParser(wholeNumber(1)),
    )
    .addOption(
      new Option(
        "--deterministic",
        "the same bits for any number of ranks: batches are computed in parts whose gradients are added in a fixed order",
      ),
    )
    .addOption(
      new Option("--micro-batches <n>", "with --deterministic: parts of a batch (default: 12)").argParser(
        wholeNumber(1),
      ),
    )
    .addOption(
      new Option(
        "--accumulate <n>",
        "batches whose gradients make one update: a larger batch in less memory, and fewer messages of ranks (default: 1)",
      ).argParser(wholeNumber(1)),
    )
    .addOption(
      new Option(
        "--batch-normalization <kind>",
        `of several ranks: ${RANKS_NORMALIZATION.join(", ")}; statistics of each rank's own rows, or of all (default: own)`,
      ).argParser(oneOf(RANKS_NORMALIZATION)),
    )
    .addOption(
      new Option(
        "--gradients <kind>",
        `how they travel between ranks: ${RANKS_GRADIENTS.join(", ")} (default: float32)`,
      ).argParser(oneOf(RANKS_GRADIENTS)),
    )
    .addOption(new Option("--resume <folder>", "go on with the run in this folder"))
    .addOption(new Option("--accept-changed-data", "go on although the data set is no longer what the run began with"))
    .addOption(
      new Option("--profile", "print where the time went, and write profile.json, a trace for chrome://tracing"),
    )
    .addOption(new Option("--json", "print one JSON object as the last line on standard output"))
    .addHelpText("after", () => help(commandName()))
    .action(async (options: TrainOptions) => {
      const ranks = Ranks.join();
      process.exitCode =
        options.resume === undefined ? await startRun(options, ranks) : await resumeRun(options, options.resume, ranks);
    });
}

/** The line as it is, once it can be read. */
function layersText(text: string): string {
  layerLine(text);
  return text.trim();
}

/** The request as the first rank makes it, on all of them; the folder stays with the first. */
async function fromFirst(ranks: Ranks, make: () => Promise<Omit<TrainRequest, "ranks">>): Promise<TrainRequest> {
  let folder: TrainRequest["folder"] = null;
  const request = await ranks.fromFirst(async () => {
    const { folder: own, ...rest } = await make();
    folder = own;
    return rest;
  }, "the run's settings");
  return { ...request, folder, ranks };
}

async function startRun(options: TrainOptions, ranks: Ranks): Promise<number> {
  return train(await fromFirst(ranks, () => newRun(options)));
}

async function newRun(options: TrainOptions): Promise<Omit<TrainRequest, "ranks">> {
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
    ...(options.saveEvery !== undefined && { saveEvery: options.saveEvery }),
    ...(options.deterministic !== undefined && { deterministic: options.deterministic }),
    ...(options.microBatches !== undefined && { microBatches: options.microBatches }),
    ...(options.accumulate !== undefined && { accumulate: options.accumulate }),
    ...(options.batchNormalization !== undefined && { batchNormalization: options.batchNormalization }),
    ...(options.gradients !== undefined && { gradients: options.gradients }),
  };
  if (options.microBatches !== undefined && !options.deterministic)
    throw new UsageError("--micro-batches goes with --deterministic");
  if (options.deterministic && options.batchNormalization === "synchronized")
    throw new UsageError("--deterministic normalises each micro-batch by itself: leave --batch-normalization out");
  if (config.engine === "webgpu" && options.profile)
    throw new UsageError("--profile times the kernels of the CPU engines; a device works behind: leave it out");
  if (config.engine === "webgpu" && options.saveEvery !== undefined)
    throw new UsageError(
      "--save-every is for the CPU engines: on webgpu steps are asked for ahead of their figures; leave it out",
    );
  if (options.deterministic && options.gradients === "bfloat16")
    throw new UsageError("--gradients bfloat16 rounds once a rank, so that --deterministic can't hold; leave one out");
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
  if (options.out !== undefined && new RunFolder(options.out, CLASSIFIER_RUN).begun) {
    throw new UsageError(
      `${options.out} holds a run already; continue it with --resume ${options.out}, or choose another folder with --out`,
    );
  }
  const notice =
    options.dataset === undefined && chosen === "digits"
      ? `MNIST is not on this machine, so this run learns digits that Nabla draws itself. To learn MNIST: ${commandName()} data get mnist (or set NABLA_DATA_DIR)`
      : undefined;
  const { json = false, profile = false } = options;
  const folder = options.out === undefined ? undefined : new RunFolder(options.out, CLASSIFIER_RUN);
  const fallback = fallbackFor(config, options);
  return { config, folder: folder ?? { fresh: freshName(chosen) }, json, profile, resume: false, notice, fallback };
}

async function resumeRun(options: TrainOptions, out: string, ranks: Ranks): Promise<number> {
  const others = Object.keys(options).filter((name) => !WITH_RESUME.has(name));
  if (others.length > 0) {
    throw new UsageError(
      `--resume takes a run's settings from its folder; leave out ${others.map((name) => `--${name}`).join(", ")}`,
    );
  }
  const folder = new RunFolder(out, CLASSIFIER_RUN);
  try {
    const request = await fromFirst(ranks, async () => {
      folder.readConfig();
      await folder.take();
      return resumed(folder, options);
    });
    return await train(request);
  } finally {
    folder.release();
  }
}

/** The run in a folder that this process has taken, with what may be changed. */
function resumed(folder: ClassifierFolder, options: TrainOptions): Omit<TrainRequest, "ranks"> {
  const stored = folder.readConfig();
  const { dataset } = options;
  const config: RunConfig = {
    ...stored,
    ...(dataset !== undefined && { dataset: datasetPath(dataset) }),
    threads: options.threads ?? stored.threads,
    engine: usableEngine(options.engine ?? stored.engine),
    epochs: options.epochs ?? stored.epochs,
    ...(options.keep !== undefined && { keep: options.keep }),
    ...(options.saveEvery !== undefined && { saveEvery: options.saveEvery }),
  };
  if (config.epochs < stored.epochs) {
    throw new UsageError(
      `--epochs ${config.epochs} is less than the run's ${stored.epochs}; a run can be made longer, not shorter`,
    );
  }
  const { json = false, profile = false, acceptChangedData = false } = options;
  return { config, folder, json, profile, resume: true, acceptChangedData, fallback: fallbackFor(config, options) };
}

function fallbackFor({ engine }: RunConfig, { fallback }: TrainOptions): TrainRequest["fallback"] {
  if (fallback === undefined || engine === "webgpu") return fallback;
  throw new UsageError(`--fallback goes with --engine webgpu; the engine ${engine} has no device to lose`);
}

/** The engine that a name stands for on this machine; without a name, NABLA_ENGINE's, else the fastest. */
function usableEngine(name?: RunConfig["engine"]): RunConfig["engine"] {
  // Whether there is a device is known when one is asked for.
  if ((name ?? process.env["NABLA_ENGINE"]) === "webgpu") return "webgpu";
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
