// The folder that `nabla book run --out` writes: beside figures and their page what other runs' folders hold, so that the studio lists it with them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Result } from "../../book/run.ts";
import { writeFileAtomically } from "../../src/data/atomic.node.ts";
import { HistoryWriter } from "../../src/runs/history-writer.node.ts";
import { UserError } from "../errors.ts";
import { BOOK_RUN } from "../run-kind.ts";
import { recordOf } from "./record.ts";

/** @throws UserError where the folder holds the run of another command, which would be written over */
export function checkFree(folder: string): void {
  const config = join(folder, "config.json");
  if (!existsSync(config)) return;
  let format: unknown;
  try {
    ({ format } = JSON.parse(readFileSync(config, "utf8")) as { format?: unknown });
  } catch {
    // Somebody's own file.
  }
  if (format !== BOOK_RUN.format) {
    throw new UserError(`${folder} holds a run, or a config.json, already; choose another folder with --out`);
  }
}

/** What was asked for and measured, and that the run has ended. */
export async function writeRunFolder(folder: string, result: Result): Promise<void> {
  const { id, form, seed, seconds, verdict, measured } = recordOf(result);
  const { format, version } = BOOK_RUN;
  const config = { format, version, experiment: id, form, seed, verdict, seconds, measured };
  await writeFileAtomically(join(folder, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
  const history = new HistoryWriter(folder);
  await history.begin([]);
  await history.append({ status: result.error === null ? "finished" : "failed" }, []);
}

/** What in such a folder is not of the run: somebody's own. */
export function strangersIn(folder: string): string[] {
  const own = /^(config\.json|history\.jsonl|report\.html|.+\.(svg|png))$/;
  return readdirSync(folder).filter((name) => !own.test(name));
}
