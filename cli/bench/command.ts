// `nabla bench`: four figures that say how fast this machine is with Nabla, what they were the last time, and another build beside this one. Nabla
// beside other libraries is measured by `npm run bench` in the repository.
import { type Command, Option } from "commander";
import { explain } from "../../src/data/file.node.ts";
import { configureEngine } from "../../src/engine/configure.ts";
import type { EngineStatus } from "../../src/engine/engine.ts";
import { commandName } from "../command-name.ts";
import { UserError } from "../errors.ts";
import { packageFolder } from "../package-folder.ts";
import { RUN_ENGINES } from "../run-config.ts";
import { oneOf, wholeNumber } from "../values.ts";
import { faster, isSlower, mainOf, measurePaired, type Slower, slowerThan, TOLERANCE } from "./comparison.ts";
import { type Figure, MEASUREMENTS, ready } from "./figures.ts";
import { addToHistory, type BenchRecord, historyFile, lastLike, readHistory, recordOf } from "./history.ts";

interface BenchOptions {
  engine?: (typeof RUN_ENGINES)[number];
  threads?: number;
  json?: boolean;
  against?: string;
  history?: boolean;
}

export function addBenchCommand(program: Command): void {
  program
    .command("bench")
    .summary("how fast this machine is")
    .description(
      "Measures this machine in a few seconds: matrix products, training, memory, and what an operation costs. " +
        "Says what has become more than a tenth slower since the last time.",
    )
    .addOption(new Option("--engine <name>", `${RUN_ENGINES.join(", ")} (default: auto)`).argParser(oneOf(RUN_ENGINES)))
    .addOption(new Option("--threads <n>", "threads to use (default: all processors)").argParser(wholeNumber(1)))
    .addOption(
      new Option(
        "--against <folder>",
        "measure this build and that of another folder of the package in turn; exit code 1 where this one is slower",
      ),
    )
    .addOption(new Option("--history", "what was measured on this machine so far; measures nothing"))
    .addOption(new Option("--json", "print one JSON object as the last line on standard output"))
    .action(async (options: BenchOptions) => {
      if (options.history) return printHistory(options);
      start(options);
      if (options.against !== undefined) return compare(options, options.against);
      const status = await ready();
      const figures: Figure[] = [];
      for (const measure of MEASUREMENTS) figures.push(await measure());
      const before = lastLike(recordOf(status, figures), readHistory());
      const slower = before === undefined ? [] : await slowerThan(before.figures, figures, MEASUREMENTS);
      const now = recordOf(status, figures);
      process.stdout.write(options.json ? `${JSON.stringify(asJson(status, figures))}\n` : asText(status, figures));
      if (before !== undefined && slower.length > 0) process.stderr.write(warning(slower, now, before));
      await remember(now);
    });
}

function start({ engine = "auto", threads }: BenchOptions): void {
  try {
    configureEngine({ engine, ...(threads !== undefined && { threads }) });
  } catch (error) {
    throw new UserError((error as Error).message);
  }
}

async function remember(now: BenchRecord): Promise<void> {
  try {
    await addToHistory(now);
  } catch (error) {
    process.stderr.write(`these figures are not kept in ${historyFile()}: ${explain(error)}\n`);
  }
}

/** What has become slower, since when, and how one finds out whether it is the build. */
function warning(slower: readonly Slower[], now: BenchRecord, before: BenchRecord): string {
  const lines = slower.map(({ figure: { name, value, unit }, before: last }) => {
    const percent = Math.round(100 * (1 / faster(unit, value, last) - 1));
    return `${name}: ${percent}% slower, ${written(value)} ${unit} and not ${written(last)}`;
  });
  const why =
    now.build === before.build
      ? "It is the same build, so the machine is busy, or its processor slower than it was."
      : `It was another build, version ${before.version}: ${commandName()} bench --against FOLDER measures both in turn.`;
  return `Slower than on ${before.date.slice(0, 10)}, measured three times:\n  ${lines.join("\n  ")}\n${why}\n`;
}

function printHistory({ json }: BenchOptions): void {
  const history = readHistory();
  if (json) {
    process.stdout.write(`${JSON.stringify(history)}\n`);
    return;
  }
  if (history.length === 0) {
    process.stdout.write(`Nothing was measured yet: ${commandName()} bench measures, and writes to ${historyFile()}\n`);
    return;
  }
  const keys = [...new Set(history.flatMap(({ figures }) => Object.keys(figures)))];
  const rows = [
    ["date", "version", "build", "engine", ...keys],
    ...history.map(({ date, version, build, engine, threads, figures }) => [
      ...[date.slice(0, 16).replace("T", " "), version, build.slice(0, 7), `${engine} x${threads}`],
      ...keys.map((key) => (key in figures ? written(figures[key]) : "")),
    ]),
  ];
  process.stdout.write(table(rows));
}

/** Both builds in turn. */
function compare({ engine, threads, json }: BenchOptions, other: string): void {
  const words = [
    ...(engine === undefined ? [] : ["--engine", engine]),
    ...(threads === undefined ? [] : ["--threads", String(threads)]),
  ];
  const unitOf = (key: string): string => (key.endsWith("Nanoseconds") ? "ns" : "");
  const pairs = measurePaired([mainOf(packageFolder()), mainOf(other)], words, unitOf).map((pair) => {
    const times = faster(unitOf(pair.key), pair.here, pair.there);
    return { ...pair, times, slower: isSlower(times) };
  });
  if (pairs.some(({ slower }) => slower)) process.exitCode = 1;
  if (json) {
    process.stdout.write(`${JSON.stringify({ against: other, figures: pairs })}\n`);
    return;
  }
  const rows = pairs.map(({ key, here, there, times, slower }) => [
    ...[key, written(here), written(there), `${times.toFixed(2)} times as fast`],
    slower ? `more than ${100 * TOLERANCE}% slower` : "",
  ]);
  process.stdout.write(table([["", "this build", other, "", ""], ...rows]));
}

function asJson(status: EngineStatus, figures: readonly Figure[]): Record<string, unknown> {
  const { engine, threads, relaxedSimd } = status;
  return { engine, threads, relaxedSimd, ...Object.fromEntries(figures.map(({ key, value }) => [key, value])) };
}

function asText(status: EngineStatus, figures: readonly Figure[]): string {
  const { engine, threads, threadsReady, relaxedSimd } = status;
  const count = `${threads} thread${threads === 1 ? "" : "s"}`;
  const late = threadsReady < threads ? `, of which ${threadsReady} started` : "";
  const rows = [
    [
      "engine",
      `${engine}, ${count}${late}`,
      relaxedSimd ? "relaxed SIMD" : `no relaxed SIMD: ${commandName()} doctor says more`,
    ],
    ...figures.map(({ name, value, unit, meaning }) => [name, `${written(value)} ${unit}`, meaning]),
  ];
  return table(rows);
}

/** Rows with columns as wide as what is longest in them. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, k) => cell.padEnd(widths[k]))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

function written(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(2);
}
