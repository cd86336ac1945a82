// Hands a run to the reader as a program.
import { download, fileName } from "../figure/save.ts";
import { programOf } from "./server.ts";

/** @throws Error where the server has none */
export async function saveProgramOf(key: string, run: string): Promise<void> {
  const program = await programOf(key);
  const name = fileName(run.split(/[\\/]/).at(-1) ?? run);
  if (program.kind === "file") {
    download(`${name}.ts`, program.text, "text/typescript");
    return;
  }
  const { archiveOf } = await import("../program/program.ts");
  download(`${name}.zip`, archiveOf(program.texts));
}
