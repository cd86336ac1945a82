// `nabla studio`: the web application, served to this machine's own browser.
import { join } from "node:path";
import type { Command } from "commander";
import packageJson from "../package.json" with { type: "json" };
import { commandName } from "./command-name.ts";
import { examples } from "./help.ts";
import { packageFolder } from "./package-folder.ts";
import { openBrowser } from "./studio/open-browser.ts";
import { StudioRuns } from "./studio/runs.ts";
import { startStudio } from "./studio/server.ts";
import { wholeNumber } from "./values.ts";

/** Where it is looked for first. */
const PORT = 4280;

interface StudioCommandOptions {
  port?: number;
  open?: boolean;
}

export function addStudioCommand(program: Command): void {
  program
    .command("studio")
    .summary("figures that answer, and runs as they go on, in the browser")
    .description(
      "Serves the studio to this machine's browser: the figures of the books, to drag and to run, a playground, and runs as " +
        "they go on. Ends with Ctrl-C.",
    )
    .argument("[runs...]", "folders of runs to show (default: those in runs/)")
    .option("--port <number>", `port to listen on (default: ${PORT}, or the next that is free)`, wholeNumber(0, 65535))
    .option("--open", "open it in the browser")
    .addHelpText(
      "after",
      () =>
        `\n${examples([
          [`${commandName()} studio --open`, "look around"],
          [`${commandName()} studio runs/digits-1 runs/digits-2`, "two runs beside each other"],
        ])}`,
    )
    .action(async (named: string[], { port, open }: StudioCommandOptions) => {
      const runs = new StudioRuns(named, join(packageFolder(), "dist/cli/main.js"));
      const studio = await startStudio({
        folder: join(packageFolder(), "dist/studio"),
        port: port ?? PORT,
        next: port === undefined,
        version: packageJson.version,
        runs,
      });
      const address = `${studio.address}/#${named.length > 0 ? "/runs" : "/"}?token=${studio.token}`;
      process.stdout.write(`The studio: ${address}\n`);
      process.stderr.write("It answers this machine only. Ctrl-C ends it.\n");
      const forget = open ? openBrowser(address) : undefined;
      await new Promise<void>((resolve) => {
        process.once("SIGINT", resolve);
        process.once("SIGTERM", resolve);
      });
      forget?.();
      await studio.close();
    });
}
