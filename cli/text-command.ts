// `nabla text`: language models of characters, trained on a file and asked to write.
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { Vocabulary, type VocabularyConfig } from "../src/data/vocabulary.ts";
import { configureEngine, engineFor } from "../src/engine/configure.ts";
import { beamSearch } from "../src/train/beam-search.ts";
import { generate } from "../src/train/generate.ts";
import { commandName } from "./command-name.ts";
import { UsageError, UserError } from "./errors.ts";
import { examples } from "./help.ts";
import { RUN_ENGINES } from "./run-config.ts";
import { KEPT, RunFolder } from "./run-folder.ts";
import { TEXT_RUN } from "./run-kind.ts";
import { newestNetwork } from "./run-newest.ts";
import { CELLS, SCHEDULES, TEXT_RUN_VERSION, type TextConfig, vocabularyOf } from "./text-config.ts";
import { readText } from "./text-file.ts";
import { type TextRequest, trainText } from "./text-train.ts";
import { folderName, oneOf, realNumber, wholeNumber } from "./values.ts";

interface TrainOptions {
  cell?: TextConfig["cell"];
  layers?: number;
  hidden?: number;
  embedding?: number;
  dropout?: number;
  batch?: number;
  steps?: number;
  epochs?: number;
  lr?: number;
  schedule?: TextConfig["schedule"];
  clip?: number;
  split?: number;
  prompt?: string;
  sample?: number;
  temperature?: number;
  checkpoint?: number;
  keep?: number;
  seed?: number;
  engine?: TextConfig["engine"];
  threads?: number;
  out?: string;
  resume?: string;
  json?: boolean;
}

interface SampleOptions {
  prompt?: string;
  length: number;
  temperature?: number;
  topK?: number;
  topP?: number;
  beams?: number;
  seed: number;
  engine?: TextConfig["engine"];
  threads?: number;
  json?: boolean;
}

/** Options that make sense for a run that exists already. */
const WITH_RESUME = new Set(["resume", "json", "threads", "engine", "epochs", "keep", "checkpoint", "debug"]);

const trainHelp = (name: string): string => `
Examples:
${examples([
  [`${name} text train shakespeare.txt`, "with good defaults for a megabyte of text"],
  [`${name} text train poems.json --hidden 128 --layers 1 --epochs 60`, "a small collection of poems"],
  [`${name} text train --resume runs/shakespeare-1`, "go on with a run that was interrupted"],
])}

FILE is plain text in UTF-8; or JSON with poems as the collections of chinese-poetry have them, objects with their lines
as "paragraphs". Every character that occurs is a symbol. The text is cut into --batch streams that are read side by
side, --steps characters at a time; the state goes on from step to step, and gradients reach back --steps characters.
Perplexity is measured on the last --split of the text: among how many equally likely characters the model is undecided.

The run's folder holds config.json, history.jsonl (a line an epoch, with what the model writes), model.safetensors,
checkpoints and report.html. A run that was killed and is resumed ends with the same bytes as one that was not.
Exit codes: 0 finished, 1 failed, 2 wrong usage, 130 interrupted.`;

const sampleHelp = (name: string): string => `
Examples:
  ${name} text sample runs/shakespeare-1 --prompt "ROMEO:" --length 500 --temperature 0.8
  ${name} text sample runs/shakespeare-1 --top-p 0.9 --seed 7
  ${name} text sample runs/tang300-1 --prompt 明月 --beams 8 --length 24

In --prompt, \\n is a line break. What is written follows the prompt on standard output; equal seeds write equal texts.`;

export function addTextCommand(program: Command): void {
  const text = program
    .command("text")
    .summary("language models: learn a text character by character, and write")
    .description("Trains a recurrent network on a text, and lets it write.");
  const engine = () =>
    new Option("--engine <name>", `${RUN_ENGINES.join(", ")} (default: auto)`).argParser(oneOf(RUN_ENGINES));
  const threads = () =>
    new Option("--threads <n>", "threads to use (default: all processors)").argParser(wholeNumber(1));
  const json = () => new Option("--json", "print one JSON object as the last line on standard output");
  text
    .command("train")
    .summary("learn a text")
    .description("Trains a language model of characters on a file, and writes it and a report to a folder.")
    .argument("[file]", "the text")
    .addOption(new Option("--cell <name>", `${CELLS.join(", ")} (default: lstm)`).argParser(oneOf(CELLS)))
    .addOption(
      new Option("--layers <n>", "recurrent layers, one above the other (default: 2)").argParser(wholeNumber(1, 100)),
    )
    .addOption(new Option("--hidden <n>", "units of each (default: 256)").argParser(wholeNumber(1, 100_000)))
    .addOption(
      new Option("--embedding <n>", "size of the characters' vectors (default: 64)").argParser(wholeNumber(1, 100_000)),
    )
    .addOption(
      new Option(
        "--dropout <rate>",
        "share of states left out between layers and before the last (default: 0.2)",
      ).argParser(realNumber({ from: 0, below: 1 })),
    )
    .addOption(new Option("--batch <n>", "streams that are read side by side (default: 32)").argParser(wholeNumber(1)))
    .addOption(
      new Option("--steps <n>", "characters of each in a step of training (default: 100)").argParser(wholeNumber(1)),
    )
    .addOption(new Option("--epochs <n>", "passes over the text (default: 10)").argParser(wholeNumber(1)))
    .addOption(
      new Option("--lr <rate>", "learning rate of Adam at the beginning (default: 0.002)").argParser(
        realNumber({ above: 0 }),
      ),
    )
    .addOption(
      new Option(
        "--schedule <name>",
        `${SCHEDULES.join(", ")}: cosine falls to a fiftieth (default: cosine)`,
      ).argParser(oneOf(SCHEDULES)),
    )
    .addOption(
      new Option("--clip <norm>", "gradients are scaled down to this common norm (default: 1)").argParser(
        realNumber({ above: 0 }),
      ),
    )
    .addOption(
      new Option("--split <share>", "share of the text, from its end, that is held out (default: 0.1)").argParser(
        realNumber({ from: 0, below: 1 }),
      ),
    )
    .addOption(new Option("--prompt <text>", "what the samples after every epoch begin with (default: a line break)"))
    .addOption(new Option("--sample <n>", "characters of each sample (default: 200)").argParser(wholeNumber(0)))
    .addOption(
      new Option("--temperature <t>", "of the samples: 0 takes the likeliest character (default: 0.8)").argParser(
        realNumber({ from: 0 }),
      ),
    )
    .addOption(
      new Option(
        "--checkpoint <steps>",
        "steps from one checkpoint to the next within an epoch (default: none)",
      ).argParser(wholeNumber(1)),
    )
    .addOption(
      new Option("--keep <n>", `checkpoints of complete epochs to keep (default: ${KEPT})`).argParser(wholeNumber(1)),
    )
    .addOption(
      new Option("--seed <n>", "seed of starting values, dropout and samples (default: 1)").argParser(wholeNumber(0)),
    )
    .addOption(engine())
    .addOption(threads())
    .addOption(
      new Option("--out <folder>", "where to write the run (default: a new folder in runs/)").argParser(folderName),
    )
    .addOption(new Option("--resume <folder>", "go on with the run in this folder").argParser(folderName))
    .addOption(json())
    .addHelpText("after", () => trainHelp(commandName()))
    .action(async (file: string | undefined, options: TrainOptions) => {
      process.exitCode = await (options.resume === undefined
        ? startRun(file, options)
        : resumeRun(file, options, options.resume));
    });
  text
    .command("sample")
    .summary("write with a run's model")
    .description("Goes on with a prompt, character by character.")
    .argument("<folder>", "the folder of a run of text train", folderName)
    .addOption(new Option("--prompt <text>", "what the model goes on with (default: the run's)"))
    .addOption(new Option("--length <n>", "characters to write").argParser(wholeNumber(0)).default(500))
    .addOption(
      new Option(
        "--temperature <t>",
        "1 draws as the model says, less is bolder, more wilder, 0 takes the likeliest (default: 0.8)",
      ).argParser(realNumber({ from: 0 })),
    )
    .addOption(new Option("--top-k <k>", "draw among the k likeliest characters only").argParser(wholeNumber(1)))
    .addOption(
      new Option("--top-p <p>", "draw among the likeliest characters that together reach p only, up to 1").argParser(
        realNumber({ above: 0 }),
      ),
    )
    .addOption(
      new Option("--beams <n>", "search for the likeliest text, n beginnings at a time, and draw nothing")
        .argParser(wholeNumber(1))
        .conflicts(["temperature", "topK", "topP"]),
    )
    .addOption(new Option("--seed <n>", "seed of what is drawn").argParser(wholeNumber(0)).default(1))
    .addOption(engine())
    .addOption(threads())
    .addOption(json())
    .addHelpText("after", () => sampleHelp(commandName()))
    .action(async (folder: string, options: SampleOptions) => {
      process.exitCode = sampleRun(folder, options);
    });
}

/** \n on a command line is a line break. */
const withBreaks = (prompt: string): string => prompt.replaceAll("\\n", "\n");

/** The engine that a name stands for on this machine; without a name, NABLA_ENGINE's, else the fastest. */
function usableEngine(name?: TextConfig["engine"]): TextConfig["engine"] {
  try {
    return engineFor({ engine: name ?? (process.env["NABLA_ENGINE"] ? undefined : "auto") });
  } catch (error) {
    throw new UserError((error as Error).message);
  }
}

/** @throws UsageError naming what of a prompt the dictionary does not have. */
function checkPrompt(prompt: string, characters: string): void {
  if (prompt === "") throw new UsageError("--prompt must hold at least one character");
  const known = new Set(characters);
  const others = [...new Set(prompt)].filter((character) => !known.has(character));
  if (others.length === 0) return;
  const named = others.map((character) => JSON.stringify(character)).join(", ");
  throw new UsageError(
    `--prompt: ${named} ${others.length === 1 ? "is" : "are"} not among the ${known.size} characters of the text that the model learns from`,
  );
}

async function startRun(file: string | undefined, options: TrainOptions): Promise<number> {
  if (file === undefined) {
    throw new UsageError(`text train needs a file, or --resume FOLDER: ${commandName()} text train shakespeare.txt`);
  }
  if (options.out !== undefined && new RunFolder(options.out, TEXT_RUN).begun) {
    throw new UsageError(
      `${options.out} holds a run already; continue it with --resume ${options.out}, or choose another folder with --out`,
    );
  }
  const source = readText(file);
  const all = Array.from(source.text);
  const characters = Vocabulary.of(source.text, { padding: false, unknown: false }).config().tokens.join("");
  if (Array.from(characters).length === 1) {
    throw new UserError(
      `${file} holds ${JSON.stringify(characters)} and no other character: there is nothing to foresee. Give a text of different characters.`,
    );
  }
  const prompt = withBreaks(options.prompt ?? (characters.includes("\n") ? "\n" : all[0]));
  checkPrompt(prompt, characters);
  const config: TextConfig = {
    ...{ format: "nabla-text-run", version: TEXT_RUN_VERSION },
    ...{ file: resolve(file), sum: source.sum, length: all.length, characters },
    cell: options.cell ?? "lstm",
    layers: options.layers ?? 2,
    hidden: options.hidden ?? 256,
    embedding: options.embedding ?? 64,
    dropout: options.dropout ?? 0.2,
    batch: options.batch ?? 32,
    steps: options.steps ?? 100,
    epochs: options.epochs ?? 10,
    lr: options.lr ?? 0.002,
    schedule: options.schedule ?? "cosine",
    clip: options.clip ?? 1,
    split: options.split ?? 0.1,
    seed: options.seed ?? 1,
    engine: usableEngine(options.engine),
    threads: options.threads ?? null,
    checkpoint: options.checkpoint ?? null,
    keep: options.keep ?? KEPT,
    prompt,
    sample: options.sample ?? 200,
    temperature: options.temperature ?? 0.8,
  };
  const folder = options.out === undefined ? { fresh: freshName(file) } : new RunFolder(options.out, TEXT_RUN);
  return trainText({ config, source, folder, json: options.json ?? false, resume: false });
}

async function resumeRun(file: string | undefined, options: TrainOptions, out: string): Promise<number> {
  const others = Object.keys(options).filter((name) => !WITH_RESUME.has(name));
  if (others.length > 0) {
    throw new UsageError(
      `--resume takes a run's settings from its folder; leave out ${others.map((name) => `--${name}`).join(", ")}`,
    );
  }
  const folder = new RunFolder(out, TEXT_RUN);
  folder.readConfig();
  await folder.take();
  try {
    const stored = folder.readConfig();
    const { epochs = stored.epochs } = options;
    if (epochs < stored.epochs) {
      throw new UsageError(
        `--epochs ${epochs} is less than the run's ${stored.epochs}; a run can be made longer, not shorter`,
      );
    }
    const source = readText(file ?? stored.file);
    if (source.sum !== stored.sum) {
      throw new UserError(
        `${file ?? stored.file} is not the text that this run began with: it has changed. Restore it, or name the file that holds it: ${commandName()} text train FILE --resume ${out}`,
      );
    }
    const config: TextConfig = {
      ...stored,
      ...{ epochs, file: resolve(file ?? stored.file) },
      engine: usableEngine(options.engine ?? stored.engine),
      threads: options.threads ?? stored.threads,
      checkpoint: options.checkpoint ?? stored.checkpoint,
      keep: options.keep ?? stored.keep,
    };
    const request: TextRequest = { config, source, folder, json: options.json ?? false, resume: true };
    return await trainText(request);
  } finally {
    folder.release();
  }
}

/** runs/<file>-1, -2, ... */
function freshName(file: string): string {
  const name = file
    .split(/[\\/]/)
    .at(-1)!
    .replace(/\.[^.]*$/, "");
  return name.replace(/[^\p{L}\p{N}_-]+/gu, "-").replace(/^-+|-+$/g, "") || "text";
}

function sampleRun(path: string, options: SampleOptions): number {
  const folder = new RunFolder(path, TEXT_RUN);
  const config = folder.readConfig();
  const { topP } = options;
  if (topP !== undefined && topP > 1) throw new UsageError(`--top-p ${topP} is more than 1, which is all characters`);
  const prompt = withBreaks(options.prompt ?? config.prompt);
  checkPrompt(prompt, config.characters);
  configureEngine({ engine: usableEngine(options.engine), threads: options.threads ?? 1 });
  const vocabulary = vocabularyOf(config);
  const { model, metadata } = newestNetwork(folder, (line) => void process.stderr.write(`${line}\n`));
  checkSame(path, vocabulary.config(), metadata["vocabulary"]);
  if (model.outputShape.at(-1) !== vocabulary.size) {
    throw new UserError(
      `the network in ${path} tells ${model.outputShape.at(-1)} characters apart, its config.json has ${vocabulary.size}; the files are not of one run. Restore the one that was changed.`,
    );
  }
  const beginning = [...vocabulary.encode(prompt)];
  const { length, temperature = 0.8, topK, seed, beams } = options;
  const start = performance.now();
  let logProbability: number | undefined;
  let written: readonly number[];
  if (beams === undefined) written = generate(model, beginning, { length, temperature, topK, topP, seed });
  else {
    const [best] = beamSearch(model, beginning, { length, beams });
    written = best?.symbols ?? [];
    logProbability = best?.logProbability;
  }
  const seconds = (performance.now() - start) / 1000;
  const text = vocabulary.decode(written);
  if (options.json) {
    const how =
      beams === undefined ? { temperature, topK: topK ?? null, topP: topP ?? null, seed } : { beams, logProbability };
    const charactersPerSecond = Math.round(length / seconds);
    process.stdout.write(`${JSON.stringify({ folder: path, prompt, text, ...how, charactersPerSecond })}\n`);
  } else process.stdout.write(`${prompt}${text}\n`);
  return 0;
}

/** @throws UserError where the network was trained with another dictionary than the configuration has. */
function checkSame(path: string, wanted: VocabularyConfig, saved: string | undefined): void {
  if (saved === undefined || saved === JSON.stringify(wanted)) return;
  throw new UserError(
    `the network in ${path} was trained with another dictionary than its config.json has; the files are not of one run. Restore the one that was changed.`,
  );
}
