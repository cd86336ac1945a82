// The texts that the books' language models read, from where they lie: `text-files.ts` finds them on this machine, and the studio's in its place beside
// the page.
import { findText, lackOfText, readText } from "./text-files.ts";

/** "tinyshakespeare": a million characters of English plays. "tang300": 300 Tang poems in traditional Chinese characters. */
export type Corpus = "tinyshakespeare" | "tang300";

const FILES: Readonly<Record<Corpus, string>> = {
  tinyshakespeare: "tinyshakespeare.txt",
  tang300: "tang300.json",
};

/** The place of a text's file, or null where it is not at hand. */
export function findCorpus(name: Corpus): Promise<string | null> {
  return findText(FILES[name]);
}

/**
 * A text whole. Of the poems: their lines, poem after poem, with an empty line between them.
 * @throws Error with where it looked, and what to do.
 */
export async function loadCorpus(name: Corpus): Promise<string> {
  const text = await readText(FILES[name]);
  if (text === null) throw new Error(lackOfText(FILES[name]));
  return name === "tang300" ? poemsOf(JSON.parse(text) as PoemFile) : text;
}

interface PoemFile {
  readonly content: readonly { readonly content: readonly { readonly paragraphs: readonly string[] }[] }[];
}

function poemsOf({ content }: PoemFile): string {
  return content.flatMap((kind) => kind.content.map(({ paragraphs }) => paragraphs.join("\n"))).join("\n\n");
}
