// `nabla data`: the data sets, and getting the one that is not generated.
import { type Command, InvalidArgumentError } from "commander";
import { type DownloadProgress, downloadMnist, findMnist } from "../src/data/mnist.node.ts";
import { commandName } from "./command-name.ts";
import { suggestion, UserError } from "./errors.ts";

const NAMES = ["mnist", "digits"] as const;

function dataset(text: string): (typeof NAMES)[number] {
  if ((NAMES as readonly string[]).includes(text)) return text as (typeof NAMES)[number];
  throw new InvalidArgumentError(
    `There is no data set ${text}; there are ${NAMES.join(", ")}.${suggestion(text, NAMES)}`,
  );
}

export function addDataCommand(program: Command): void {
  const data = program
    .command("data")
    .summary("list and get data sets")
    .description("Lists the data sets, and downloads one when asked to.")
    .addHelpText(
      "after",
      `
Data of your own need no name: nabla train --dataset PATH takes a folder of IDX files, a folder of pictures for each class,
CIFAR's binary files and CSV; nabla train --help tells how each is laid out.`,
    );
  data
    .command("list")
    .description("Lists the data sets and where they are.")
    .option("--json", "print one JSON object as the last line on standard output")
    .action(async (options: { json?: boolean }) => {
      const mnist = await findMnist();
      const rows = [
        {
          name: "mnist",
          description: "60,000 + 10,000 handwritten digits, 28 x 28",
          state: mnist.found ? `in ${mnist.folder}` : `not on this machine; ${commandName()} data get mnist`,
        },
        { name: "digits", description: "handwriting-like digits, generated, 28 x 28", state: "always there" },
      ];
      if (options.json)
        process.stdout.write(
          `${JSON.stringify({ datasets: rows.map((row) => ({ ...row, found: row.name === "digits" || mnist.found })) })}\n`,
        );
      else
        for (const row of rows)
          process.stdout.write(`${row.name.padEnd(8)}${row.description.padEnd(48)}${row.state}\n`);
    });
  data
    .command("get")
    .description("Downloads a data set to the cache, checked by its checksums.")
    .argument("<name>", "the data set: mnist", dataset)
    .option("--mirror <url>", "where to get the files, instead of the public mirrors")
    .action(async (name: (typeof NAMES)[number], options: { mirror?: string }) => {
      if (name === "digits") {
        process.stdout.write("digits are generated on the spot; there is nothing to download\n");
        return;
      }
      const before = await findMnist();
      if (before.found) {
        process.stdout.write(`MNIST is in ${before.folder} already\n`);
        return;
      }
      try {
        const folder = await downloadMnist({
          onProgress: showProgress,
          ...(options.mirror && { mirrors: [options.mirror] }),
        });
        process.stdout.write(`MNIST is in ${folder}\n`);
      } catch (error) {
        throw new UserError((error as Error).message, { cause: error });
      }
    });
}

let shown = "";

function showProgress({ file, received, total }: DownloadProgress): void {
  const line = `${file} ${Math.floor((100 * received) / total)}%`;
  if (line === shown) return;
  shown = line;
  const done = received >= total;
  // Elsewhere than on a terminal, every tenth is enough.
  if (process.stderr.isTTY) process.stderr.write(`\r${line.padEnd(40)}${done ? "\n" : ""}`);
  else if (done || line.endsWith("0%")) process.stderr.write(`${line}\n`);
}
