#!/usr/bin/env node
// The command `nabla`: reads the command line, runs one command, turns errors into messages and exit codes.
import "../src/node.ts";
import { Command, CommanderError } from "commander";
import packageJson from "../package.json" with { type: "json" };
import { groupJoined } from "../src/engine/group.ts";
import { addBenchCommand } from "./bench/command.ts";
import { addBookCommand } from "./book-command.ts";
import { commandName } from "./command-name.ts";
import { addDataCommand } from "./data-command.ts";
import { addDoctorCommand } from "./doctor-command.ts";
import { UserError } from "./errors.ts";
import { examples } from "./help.ts";
import { addInspectCommand } from "./inspect-command.ts";
import { addModelCommand } from "./model-command.ts";
import { watchOutput } from "./output.ts";
import { addPredictCommand } from "./predict-command.ts";
import { speakAsRank } from "./ranks.ts";
import { addStudioCommand } from "./studio-command.ts";
import { addTextCommand } from "./text-command.ts";
import { addTrainCommand } from "./train-command.ts";
import { addTreeCommand } from "./tree-command.ts";

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

function makeProgram(): Command {
  const program = new Command("nabla")
    .description("Deep learning in TypeScript.")
    .version(packageJson.version)
    .option("--debug", "show stack traces")
    .addHelpText("after", () => help(commandName()))
    .enablePositionalOptions()
    .showHelpAfterError(false)
    .exitOverride();
  addTrainCommand(program);
  addPredictCommand(program);
  addTextCommand(program);
  addInspectCommand(program);
  addDoctorCommand(program);
  addBenchCommand(program);
  addBookCommand(program);
  addStudioCommand(program);
  addModelCommand(program);
  addDataCommand(program);
  addTreeCommand(program);
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
  await makeProgram().parseAsync(process.argv);
} catch (error) {
  const group = groupJoined();
  const start = error instanceof CommanderError ? "" : speakAsRank(group);
  process.exitCode = report(error, debug, start);
  // The other ranks wait for this one: it must not go on waiting for anything itself.
  if (group !== null) process.exit();
}
