// `nabla book`: the books' experiments listed, shown, run, verified and reported.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Command, Option } from "commander";
import type { Form } from "../book/experiment.ts";
import type { Entry } from "../book/library.ts";
import { writeFileAtomically } from "../src/data/atomic.node.ts";
import { configureEngine } from "../src/engine/configure.ts";
import type { Language } from "../src/plot/chart.ts";
import type { KeptRecord, Verification } from "./book/record.ts";
import { commandName } from "./command-name.ts";
import { nearestFew, UserError } from "./errors.ts";
import { makeOutputFolder, writingTo } from "./output-folder.ts";
import { fromHere } from "./package-folder.ts";
import { RUN_ENGINES } from "./run-config.ts";
import { oneOf, wholeNumber } from "./values.ts";

interface Common {
  language: Language;
  json?: boolean;
}

interface RunOptions extends Common {
  jobs?: number;
  quick?: boolean;
  full?: boolean;
  seed: number;
  out?: string;
  source?: string;
  engine?: (typeof RUN_ENGINES)[number];
  threads?: number;
  keep?: string;
  long?: boolean;
}

const LANGUAGES = ["en", "zh"] as const;
export function addBookCommand(program: Command): void {
  const book = program
    .command("book")
    .summary("the books' experiments, running")
    .description(
      "Every network, technique, experiment and figure of five texts on deep learning, as programs with a checked result.",
    );
  const language = () => new Option("--language <code>", "en or zh").argParser(oneOf(LANGUAGES)).default("en" as const);
  const json = () => new Option("--json", "print one JSON object as the last line on standard output");
  const source = () => new Option("--source <id>", "only this source: zero, nndl, scratch, ...");
  const jobs = () =>
    new Option(
      "--jobs <n>",
      "experiments to run at a time, each in a process of its own (default: as many as processors and memory allow)",
    ).argParser(wholeNumber(1));
  const running = (command: Command): Command =>
    command
      .addOption(new Option("--quick", "the reduced form, at most 20 s each (default)").conflicts("full"))
      .option("--full", "what the source did")
      .addOption(new Option("--seed <n>", "seed of the random numbers").argParser(wholeNumber(0)).default(1))
      .addOption(
        new Option("--engine <name>", `${RUN_ENGINES.join(", ")} (default: auto)`).argParser(oneOf(RUN_ENGINES)),
      )
      .addOption(new Option("--threads <n>", "threads to use (default: all processors)").argParser(wholeNumber(1)))
      .option(
        "--keep <folder>",
        "where full forms that take hours keep their trainings, to go on after an interruption (default: runs/book)",
      )
      .addOption(language())
      .addOption(json());

  book
    .command("list")
    .description("Lists the experiments by source and chapter.")
    .addOption(source())
    .addOption(language())
    .addOption(json())
    .action(list);
  book
    .command("show <id>")
    .description("What an experiment is, what its source says, what counts as reproduced, and how to run it.")
    .addOption(language())
    .addOption(json())
    .action(show);
  running(book.command("run <id>"))
    .description("Runs one experiment and compares with its source.")
    .option("--out <folder>", "write figures (SVG, PNG) and a page with them here")
    .action(run);
  const long = () =>
    new Option("--long", "with --full: those that take hours in full, too; without, they run in their quick form");
  running(book.command("verify [ids...]"))
    .description(
      "Runs all experiments, or some, and ends with a table; exit code 1 if one fails or differs without a known cause.",
    )
    .addOption(source())
    .addOption(jobs())
    .addOption(long())
    .option("--out <folder>", "keep the results in this folder's results.json; others that are there stay")
    .action(verify);
  running(book.command("report"))
    .description("Writes RESULTS.md and the figures: of results that verify kept, or of a run of everything.")
    .option("--from <file>", "a results.json written by verify --out; nothing is run")
    .addOption(jobs())
    .addOption(long())
    .option("--out <folder>", "where to write", "docs")
    .action(report);
  // What `verify` starts: not for people.
  running(book.command("serve", { hidden: true })).action(serve);
}

async function entriesFor(sourceId: string | undefined): Promise<Entry[]> {
  const { allEntries, SOURCES } = await import("../book/library.ts");
  if (sourceId === undefined) return allEntries();
  const ids = SOURCES.map(({ id }) => id);
  if (!ids.includes(sourceId)) throw new UserError(`there is no source ${sourceId}; there are ${ids.join(", ")}`);
  return allEntries().filter(({ source }) => source.id === sourceId);
}

async function entryFor(id: string): Promise<Entry> {
  const { allEntries, findEntry } = await import("../book/library.ts");
  const found = findEntry(id);
  if (found !== undefined) return found;
  const entries = allEntries();
  const near = nearestFew(
    id,
    entries.map(({ experiment }) => experiment.id),
    3,
  );
  throw new UserError(
    `there is no experiment ${id}; the nearest are ${near.join(", ")}. ${commandName()} book list names all`,
  );
}

async function list(options: Common & { source?: string }): Promise<void> {
  const entries = await entriesFor(options.source);
  const { listText } = await import("./book/text.ts");
  if (!options.json) {
    process.stdout.write(listText(entries, options.language));
    return;
  }
  const experiments = entries.map(({ source, chapter, experiment }) => ({
    id: experiment.id,
    title: experiment.title,
    source: source.id,
    chapter: chapter.title,
    section: experiment.section,
    kind: experiment.kind,
    needs: experiment.needs ?? [],
  }));
  process.stdout.write(`${JSON.stringify({ experiments })}\n`);
}

async function show(id: string, options: Common): Promise<void> {
  const entry = await entryFor(id);
  const { showText } = await import("./book/text.ts");
  if (!options.json) {
    process.stdout.write(showText(entry, options.language, fromHere));
    return;
  }
  const { run: _, ...experiment } = entry.experiment;
  process.stdout.write(`${JSON.stringify({ source: entry.source.id, guide: entry.chapter.guide, ...experiment })}\n`);
}

function formOf({ full }: RunOptions): Form {
  return full ? "full" : "quick";
}

function prepareEngine({ engine = "auto", threads }: RunOptions): void {
  try {
    configureEngine({ engine, threads });
  } catch (error) {
    throw new UserError((error as Error).message, { cause: error });
  }
}

async function run(id: string, options: RunOptions): Promise<void> {
  const entry = await entryFor(id);
  prepareEngine(options);
  const [{ lackText }, { firstMissing }] = await Promise.all([import("./book/verify.ts"), import("../book/needs.ts")]);
  const missing = await firstMissing(entry.experiment.needs);
  if (missing !== undefined) throw new UserError(`${entry.experiment.id} ${lackText(missing)}`);
  const { checkFree, writeRunFolder } = await import("./book/run-folder.ts");
  if (options.out !== undefined) {
    checkFree(options.out);
    await makeOutputFolder(options.out);
  }
  const log = (line: string) => process.stderr.write(`  ${line}\n`);
  const { runKept } = await import("./book/store.ts");
  const result = await runKept(entry.experiment, { form: formOf(options), seed: options.seed, log }, options.keep);
  const [{ resultText }, { recordOf }] = await Promise.all([import("../book/wording.ts"), import("./book/record.ts")]);
  process.stdout.write(resultText(result, options.language));
  if (options.out !== undefined) {
    const { resultPage, writeFigures } = await import("./book/figures.ts");
    const folder = resolve(options.out);
    const page = join(folder, "report.html");
    const figures = result.outcome?.figures ?? [];
    const paths = await writingTo(options.out, async () => {
      const drawn = await writeFigures(folder, entry.experiment.id, figures, options.language);
      await writeFileAtomically(page, resultPage(entry, result, options.language));
      await writeRunFolder(folder, result);
      return [...drawn, page];
    });
    process.stdout.write(`${paths.map((path) => `wrote ${path}`).join("\n")}\n`);
  }
  if (options.json) process.stdout.write(`${JSON.stringify(recordOf(result))}\n`);
  if (result.error !== null && process.argv.includes("--debug")) process.stderr.write(`${result.error.stack}\n`);
  process.exitCode = result.verdict === "failed" ? 1 : 0;
}

/** Runs the experiments, some at a time; with more than one, each has one thread unless told otherwise. */
async function runMany(
  entries: readonly Entry[],
  form: Form,
  options: RunOptions,
  keep: (verification: Verification) => Promise<void>,
): Promise<Verification> {
  const { machineText, verifyAll } = await import("./book/verify.ts");
  const { startMember, usualJobs } = await import("./book/crew.ts");
  const { seed, engine = "auto" } = options;
  const jobs = Math.min(options.jobs ?? usualJobs(), entries.length);
  const threads = options.threads ?? (jobs > 1 ? 1 : undefined);
  prepareEngine({ ...options, threads });
  const crew = jobs > 1 ? { jobs, start: () => startMember(engine, threads ?? 1) } : undefined;
  const width = Math.max(...entries.map(({ experiment }) => experiment.id.length));
  const date = new Date().toISOString().slice(0, 10);
  const records: KeptRecord[] = [];
  const machine = machineText(jobs);
  const verified = await verifyAll(entries, {
    form,
    seed,
    long: options.long,
    keep: options.keep,
    crew,
    async onRecord(record) {
      const seconds = record.verdict === "skipped" ? "" : `${record.seconds.toFixed(1).padStart(7)} s`;
      process.stderr.write(`${record.id.padEnd(width)}  ${record.verdict.padEnd(12)}${seconds}\n`);
      records.push(record);
      await keep({ machine, date, records });
    },
  });
  return { machine, date, records: verified };
}

async function serve(options: RunOptions): Promise<void> {
  prepareEngine(options);
  const { serveOrders } = await import("./book/crew.ts");
  await serveOrders(await entriesFor(undefined));
}

async function verify(ids: readonly string[], options: RunOptions): Promise<void> {
  const wanted = await Promise.all(ids.map(entryFor));
  const entries = wanted.length > 0 ? wanted : await entriesFor(options.source);
  const { mergeRecords, readVerification, RESULTS, writeVerification } = await import("./book/record.ts");
  let keep = async (_: Verification): Promise<void> => {};
  if (options.out !== undefined) {
    await makeOutputFolder(options.out);
    const file = join(resolve(options.out), RESULTS);
    const earlier = existsSync(file) ? readVerification(file).records : [];
    // After each experiment, so that a verification that is interrupted keeps what it has.
    keep = (verification) =>
      writeVerification(file, { ...verification, records: mergeRecords(earlier, verification.records) });
  }
  const start = performance.now();
  // What is asked for by name is meant.
  const long = options.long || wanted.length > 0;
  const { records } = await runMany(entries, formOf(options), { ...options, long }, keep);
  const { verificationText } = await import("./book/verification-text.ts");
  const elapsed = (performance.now() - start) / 1000;
  process.stdout.write(verificationText(entries, records, elapsed, options.language));
  const { unexplained } = await import("./book/verify.ts");
  const bad = unexplained(records).map(({ id }) => id);
  if (options.json) {
    const results = records.map(({ figures: _, tables: __, notes: ___, ...record }) => record);
    const seconds = Number(elapsed.toFixed(1));
    process.stdout.write(`${JSON.stringify({ form: formOf(options), seconds, unexplained: bad, results })}\n`);
  }
  process.exitCode = bad.length > 0 ? 1 : 0;
}

async function report(options: RunOptions & { from?: string; out: string }): Promise<void> {
  const entries = await entriesFor(undefined);
  await makeOutputFolder(options.out);
  const { readVerification } = await import("./book/record.ts");
  let verification: Verification;
  if (options.from !== undefined) {
    verification = readVerification(resolve(options.from));
  } else {
    verification = await runMany(entries, options.quick ? "quick" : "full", options, async () => {});
  }
  const { writeResults } = await import("./book/results.ts");
  const written = writingTo(options.out, () => writeResults(resolve(options.out), entries, verification));
  const path = await written.catch((cause: Error) => {
    if (cause instanceof UserError || options.from === undefined) throw cause;
    throw new UserError(`${options.from}: ${cause.message}`, { cause });
  });
  process.stdout.write(`wrote ${path}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify({ path, experiments: verification.records.length })}\n`);
}
