// Texts on this machine: `text/` in the folder that NABLA_DATA_DIR names, or in the cache. The studio has a file of the same functions for pages.
import { access, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { cacheFolder } from "nabla";

function folders(): string[] {
  const { NABLA_DATA_DIR } = process.env;
  const cached = join(cacheFolder(), "text");
  return NABLA_DATA_DIR ? [resolve(NABLA_DATA_DIR, "text"), cached] : [cached];
}

/** The path of a text's file, or null where it is not on this machine. */
export async function findText(file: string): Promise<string | null> {
  for (const folder of folders()) {
    const path = join(folder, file);
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return null;
}

/** A text whole; null where it is not on this machine. */
export async function readText(file: string): Promise<string | null> {
  const path = await findText(file);
  return path === null ? null : readFile(path, "utf8");
}

/** What to say where it is not: where it was looked for, and what to do. */
export function lackOfText(file: string): string {
  return `${file} is not on this machine: put it into ${folders().join(" or ")}, or set NABLA_DATA_DIR to a folder that holds text/${file}`;
}
