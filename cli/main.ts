#!/usr/bin/env node
// The command `nabla`: reads the command line, runs one command, turns errors into messages and exit codes.
import { Command, CommanderError } from "commander";
import packageJson from "../package.json" with { type: "json" };
import { commandName } from "./command-name.ts";
import { UserError } from "./errors.ts";
import { examples } from "./help.ts";
import { watchOutput } from "./output.ts";

const help = (name: string): string => `
Start here:
${examples([
  [`${name} train`, "watch a network learn to read digits, then open its report"],
  [`${name} predict runs/... a.png`, "let it read a picture"],
  [`${name} inspect runs/...`, "look inside the network: filters, maps, mistakes, attacks"],
  [`${name} book list`, "the experiments of five texts on deep learning, to run"],
  [`${name} studio`, "the figures of those texts, to drag and to run in the browser"],
  [`${name} doctor`, "what this machine offers, and what would make it better"],
])}

Every command explains itself: ${name} train --help`;

/** By name, in the order in which help shows them; what a command needs is read with it. */
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  train: async () => (await import("./train-command.ts")).addTrainCommand,
  predict: async () => (await import("./predict-command.ts")).addPredictCommand,
  text: async () => (await import("./text-command.ts")).addTextCommand,
  inspect: async () => (await import("./inspect-command.ts")).addInspectCommand,
  doctor: async () => (await import("./doctor-command.ts")).addDoctorCommand,
  bench: async () => (await import("./bench/command.ts")).addBenchCommand,
  book: async () => (await import("./book-command.ts")).addBookCommand,
  studio: async () => (await import("./studio-command.ts")).addStudioCommand,
  model: async () => (await import("./model-command.ts")).addModelCommand,
  data: async () => (await import("./data-command.ts")).addDataCommand,
  tree: async () => (await import("./tree-command.ts")).addTreeCommand,
};

/** The commands that a command line may be about: the one that it names, or all, to explain or to suggest. */
function asked(words: readonly string[]): string[] {
  const named = words.find((word) => !word.startsWith("-"));
  if (named !== undefined && Object.hasOwn(COMMANDS, named)) return [named];
  return named === undefined && words.some((word) => word === "--version" || word === "-V")
    ? []
    : Object.keys(COMMANDS);
}

async function makeProgram(words: readonly string[]): Promise<Command> {
  const program = new Command("nabla")
    .description("Deep learning in TypeScript.")
    .version(packageJson.version)
    .option("--debug", "show stack traces")
    .addHelpText("after", () => help(commandName()))
    .enablePositionalOptions()
    .showHelpAfterError(false)
    .exitOverride();
  const names = asked(words);
  // The engine and what else is Node's.
  if (names.length > 0) await import("../src/node.ts");
  for (const name of names) (await COMMANDS[name]())(program);
  // Sub-commands inherit neither of these.
  for (const command of program.commands) {
    command.option("--debug", "show stack traces").exitOverride();
    for (const nested of command.commands) nested.option("--debug", "show stack traces").exitOverride();
  }
  return program;
}

/** `rank`: who speaks, where there are several. */
function report(error: unknown, debug: boolean, rank: string): number {
  if (error instanceof CommanderError) {
    // Help and version end this way too; commander has printed its message already.
    return error.exitCode === 0 ? 0 : 2;
  }
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof UserError) {
    process.stderr.write(`error: ${rank}${message}\n`);
  } else {
    process.stderr.write(`error: ${rank}${message}\n${debug ? "" : "(run again with --debug to see where)\n"}`);
  }
  if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return error instanceof UserError ? error.exitCode : 1;
}

watchOutput();

const debug = process.argv.includes("--debug");
try {
  await (await makeProgram(process.argv.slice(2))).parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = report(error, debug, "");
  else {
    const [{ groupJoined }, { speakAsRank }] = await Promise.all([
      import("../src/engine/group.ts"),
      import("./ranks.ts"),
    ]);
    const group = groupJoined();
    process.exitCode = report(error, debug, speakAsRank(group));
    // The other ranks wait for this one: it must not go on waiting for anything itself.
    if (group !== null) process.exit();
  }
}
