// The programs of a page: its `ts` blocks. A block that imports begins a program; one that imports nothing goes on with the one above it.
import { readFileSync } from "node:fs";

/** A program of a page. */
export interface PageProgram {
  /** `docs/en/guide/saving.md: blocks 2 to 4`. */
  title: string;
  code: string;
}

/** The `ts` blocks of the Markdown file at `root`/`page`, one by one. */
export function blocksOf(root: string, page: string): string[] {
  const text = readFileSync(`${root}/${page}`, "utf8");
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => match[1]);
}

/** The programs of the Markdown file at `root`/`page`. */
export function programsOf(root: string, page: string): PageProgram[] {
  const blocks = blocksOf(root, page);
  const programs: { first: number; last: number; code: string }[] = [];
  blocks.forEach((code, i) => {
    const current = programs.at(-1);
    if (current === undefined || /^import /m.test(code)) programs.push({ first: i + 1, last: i + 1, code });
    else {
      current.code += code;
      current.last = i + 1;
    }
  });
  return programs.map(({ first, last, code }) => ({
    title: `${page}: ${first === last ? `block ${first}` : `blocks ${first} to ${last}`}`,
    code,
  }));
}

/** Whether a program needs Node: files, and what is imported from "nabla/node". */
export function needsNode({ code }: PageProgram): boolean {
  return /^import .*from "(node:|nabla\/node)/ms.test(code);
}
