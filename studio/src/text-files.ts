// What book/text-files.ts is for pages: texts beside the page. vite.config.ts puts it in that file's place.
import { dataAddress, hasData, readData } from "./data-files.ts";

/** The address of a text's file, or null where it is not at hand. */
export async function findText(file: string): Promise<string | null> {
  return (await hasData(`text/${file}`)) ? dataAddress(`text/${file}`).href : null;
}

/** A text whole; null where it is not at hand. */
export async function readText(file: string): Promise<string | null> {
  const bytes = await readData(`text/${file}`);
  return bytes === undefined ? null : new TextDecoder().decode(bytes);
}

/** What to say where it is not, and what to do. */
export function lackOfText(file: string): string {
  return `${file} is not at hand: start the studio with \`nabla studio\` on a machine that has it (NABLA_DATA_DIR names a folder that holds text/${file})`;
}
