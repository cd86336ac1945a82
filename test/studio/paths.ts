// The addresses of pages that are looked at one by one: all demonstrations, from their folders, and some of the reader.
import { readdirSync } from "node:fs";

export const DEMO_PATHS: readonly string[] = readdirSync(new URL("../../studio/src/demos", import.meta.url), {
  withFileTypes: true,
})
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => `/demos/${name.slice(3)}`);

/** Text with formulas, tables and figures; code; a folder and a file of programs. */
export const BOOK_PATHS: readonly string[] = [
  "/book",
  "/book/nndl/1",
  "/book/zero/3",
  "/source/book/nndl",
  "/source/book/nndl/programs/bowl.ts",
];
