// `nabla tree`: sentiment over trees, learnt and shown.
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { makeFolder } from "../src/data/atomic.node.ts";
import { errorCode } from "../src/data/file.node.ts";
import { findSst } from "../src/data/trees/sst.node.ts";
import { commandName } from "./command-name.ts";
import { UsageError, UserError } from "./errors.ts";
import { examples } from "./help.ts";
import { unwritable } from "./output-folder.ts";
import { TREE_ENGINES, type TreeConfig } from "./tree-config.ts";
import { TreeFolder } from "./tree-folder.ts";
import { oneOf, realNumber, wholeNumber } from "./values.ts";

/** What suits each kind, found on the sentences to choose by. */
const USUAL = {
  rnn: {
    width: 30,
    units: 30,
    dropout: 0.2,
    phraseDropout: 0.4,
    l2: 3e-4,
    optimizer: "adam",
    learningRate: 0.0015,
    rootWeight: 1,
  },
  rntn: {
    width: 25,
    units: 25,
    dropout: 0.2,
    phraseDropout: 0.4,
    l2: 3e-4,
    optimizer: "adam",
    learningRate: 0.001,
    rootWeight: 1,
  },
  lstm: {
    width: 100,
    units: 100,
    dropout: 0.4,
    phraseDropout: 0.5,
    l2: 2e-4,
    optimizer: "adagrad",
    learningRate: 0.03,
    rootWeight: 3,
  },
} as const;

interface TrainOptions {
  data?: string;
  kind?: TreeConfig["kind"];
  width?: number;
  units?: number;
  dropout?: number;
  phraseDropout?: number;
  l2?: number;
  wordPenalty?: number;
  rootWeight?: number;
  optimizer?: TreeConfig["optimizer"];
  learningRate?: number;
  batch?: number;
  epochs?: number;
  patience?: number;
  parserEpochs?: number;
  limit?: number;
  seed?: number;
  engine?: (typeof TREE_ENGINES)[number];
  threads?: number;
  out?: string;
  resume?: string;
  json?: boolean;
}

const WITH_RESUME = new Set(["resume", "engine", "threads", "json", "debug"]);

const help = (name: string): string => `
Examples:
${examples([
  [`${name} tree train`, "a plain recursive network on the Stanford Sentiment Treebank"],
  [`${name} tree train --kind lstm --out runs/lstm`, "a Tree-LSTM"],
  [`${name} tree train --resume runs/tree-1`, "go on with a run that was interrupted"],
  [`${name} tree show "not a bad film"`, "its tree, coloured, as tree.svg; the parser of the run brackets it"],
  [`${name} tree show "((not (a (bad film))) .)"`, "brackets of your own"],
])}

The treebank is train.txt, dev.txt and test.txt, a tree in brackets a line, in sst/ of the folder that NABLA_DATA_DIR names, or in --data.
Words that were not learnt are read as one unknown word. Ctrl-C ends the run; complete epochs are saved.
Exit codes: 0 finished, 1 failed, 2 wrong usage, 130 interrupted.`;

export function addTreeCommand(program: Command): void {
  const tree = program
    .command("tree")
    .summary("learn the sentiment of sentences over their trees, and show it")
    .description("Sentiment over trees: every phrase of a sentence gets a class from very negative to very positive.")
    .addHelpText("after", () => help(commandName()));
  tree
    .command("train")
    .summary("train on a treebank")
    .description("Trains a network over trees, and a parser for sentences without, and writes both to a folder.")
    .addOption(new Option("--data <folder>", "the folder of train.txt, dev.txt and test.txt"))
    .addOption(
      new Option("--kind <name>", "rnn: plain; rntn: with a tensor term; lstm: Tree-LSTM (default: rnn)").argParser(
        oneOf(["rnn", "rntn", "lstm"] as const),
      ),
    )
    .addOption(
      new Option("--width <n>", "numbers of a word's vector (default: by kind)").argParser(wholeNumber(1, 2000)),
    )
    .addOption(new Option("--units <n>", "units of a Tree-LSTM (default: 100)").argParser(wholeNumber(1, 2000)))
    .addOption(
      new Option("--dropout <share>", "share of a word vector left out while training").argParser(
        realNumber({ from: 0, below: 1 }),
      ),
    )
    .addOption(
      new Option("--phrase-dropout <share>", "share of a phrase's vector left out where its class is read").argParser(
        realNumber({ from: 0, below: 1 }),
      ),
    )
    .addOption(new Option("--l2 <factor>", "penalty on weights").argParser(realNumber({ from: 0 })))
    .addOption(
      new Option("--word-penalty <factor>", "penalty on the vectors of words (default: 0)").argParser(
        realNumber({ from: 0 }),
      ),
    )
    .addOption(
      new Option(
        "--root-weight <factor>",
        "what a root counts in the loss, other nodes counting 1 (default: by kind)",
      ).argParser(realNumber({ above: 0 })),
    )
    .addOption(
      new Option("--optimizer <name>", "adam or adagrad (default: adagrad for lstm, else adam)").argParser(
        oneOf(["adam", "adagrad"] as const),
      ),
    )
    .addOption(new Option("--learning-rate <rate>", "of the optimiser").argParser(realNumber({ above: 0 })))
    .addOption(new Option("--batch <n>", "sentences a step (default: 25)").argParser(wholeNumber(1)))
    .addOption(new Option("--epochs <n>", "at most (default: 12)").argParser(wholeNumber(1)))
    .addOption(
      new Option(
        "--patience <n>",
        "epochs without a better root on dev.txt after which it ends (default: 4)",
      ).argParser(wholeNumber(1)),
    )
    .addOption(
      new Option("--parser-epochs <n>", "passes for the parser; 0: none (default: 2)").argParser(wholeNumber(0)),
    )
    .addOption(
      new Option("--limit <n>", "learn from the first so many sentences (default: all)").argParser(wholeNumber(1)),
    )
    .addOption(new Option("--seed <n>", "of all random numbers (default: 1)").argParser(wholeNumber(0)))
    .addOption(
      new Option("--engine <name>", `${TREE_ENGINES.join(", ")} (default: auto)`).argParser(oneOf(TREE_ENGINES)),
    )
    .addOption(new Option("--threads <n>", "threads to use (default: all processors)").argParser(wholeNumber(1, 1024)))
    .addOption(new Option("--out <folder>", "where to write (default: a new folder runs/tree-1, ...)"))
    .addOption(new Option("--resume <folder>", "go on with the run in this folder"))
    .option("--json", "print one JSON object as the last line on standard output")
    .action(async (options: TrainOptions) => {
      process.exitCode = await runTrain(options);
    });
  tree
    .command("show")
    .summary("a sentence's tree, coloured by its sentiment, as SVG")
    .description("Reads a sentence with a trained run: in brackets, or as plain words that the run's parser brackets.")
    .argument("<sentence...>", "the sentence; in brackets, ((not bad) film), its tree is taken as it is")
    .addOption(new Option("--run <folder>", "the run (default: the newest of runs/tree-*)"))
    .addOption(new Option("--out <file>", "the SVG").default("tree.svg"))
    .addOption(
      new Option("--theme <name>", "light or dark").default("light").argParser(oneOf(["light", "dark"] as const)),
    )
    .addOption(new Option("--width <pixels>", "of the drawing").default(900).argParser(wholeNumber(160, 4000)))
    .option("--json", "print one JSON object as the last line on standard output")
    .action(async (sentence: string[], options) => {
      const { showTree } = await import("./tree-show.ts");
      process.exitCode = await showTree(sentence.join(" "), options);
    });
}

async function runTrain(options: TrainOptions): Promise<number> {
  const { trainTrees } = await import("./tree-train.ts");
  const { engine = "auto", threads = null, json = false } = options;
  const shared = { engine, threads, json };
  if (options.resume !== undefined) {
    const odd = Object.keys(options).find((name) => !WITH_RESUME.has(name));
    if (odd !== undefined) {
      const flag = odd.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      throw new UsageError(
        `--${flag} does not go with --resume: the run in ${options.resume} has its settings already`,
      );
    }
    const folder = new TreeFolder(options.resume);
    return trainTrees({ config: folder.readConfig(), folder, resume: true, ...shared });
  }
  const kind = options.kind ?? "rnn";
  if (options.units !== undefined && kind !== "lstm")
    throw new UsageError("--units is for --kind lstm; phrases of the other kinds are as wide as words, --width");
  const data = options.data ?? (await findSst());
  if (data === null) {
    throw new UserError(
      "the Stanford Sentiment Treebank is not on this machine: set NABLA_DATA_DIR to a folder that holds sst/ with train.txt, dev.txt and test.txt, or name their folder with --data",
    );
  }
  const usual = USUAL[kind];
  const width = options.width ?? usual.width;
  const config: TreeConfig = {
    ...{ format: "nabla-tree-run", version: 1, data: resolve(data), limit: options.limit ?? null, kind, width },
    units: kind === "lstm" ? (options.units ?? usual.units) : width,
    ...{ dropout: options.dropout ?? usual.dropout, phraseDropout: options.phraseDropout ?? usual.phraseDropout },
    ...{
      l2: options.l2 ?? usual.l2,
      wordPenalty: options.wordPenalty ?? 0,
      rootWeight: options.rootWeight ?? usual.rootWeight,
      optimizer: options.optimizer ?? usual.optimizer,
    },
    ...{ learningRate: options.learningRate ?? usual.learningRate, batchSize: options.batch ?? 25 },
    ...{ epochs: options.epochs ?? 12, patience: options.patience ?? 4, parserEpochs: options.parserEpochs ?? 2 },
    seed: options.seed ?? 1,
  };
  const folder = new TreeFolder(options.out ?? (await freshName()));
  return trainTrees({ config, folder, resume: false, ...shared });
}

/** The first free name of runs/tree-1, runs/tree-2, ...; made exclusively, so that two runs never take the same. */
async function freshName(): Promise<string> {
  for (let i = 1; ; i++) {
    const path = `runs/tree-${i}`;
    try {
      await makeFolder("runs");
      mkdirSync(path);
      return path;
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw unwritable(path, error);
    }
  }
}
