// The texts that the books' language models read, where they are on this machine: `text/` in the folder that NABLA_DATA_DIR names, or in the cache.
import { cacheFolder } from "nabla";

/** "tinyshakespeare": a million characters of English plays. "tang300": 300 Tang poems in traditional Chinese characters. */
export type Corpus = "tinyshakespeare" | "tang300";

const FILES: Readonly<Record<Corpus, string>> = {
  tinyshakespeare: "tinyshakespeare.txt",
  tang300: "tang300.json",
};

async function find(name: Corpus): Promise<{ path: string | null; looked: string[] }> {
  const [{ access }, { join, resolve }] = await Promise.all([import("node:fs/promises"), import("node:path")]);
  const folders = [join(cacheFolder(), "text")];
  const { NABLA_DATA_DIR } = process.env;
  if (NABLA_DATA_DIR) folders.unshift(resolve(NABLA_DATA_DIR, "text"));
  for (const folder of folders) {
    const path = join(folder, FILES[name]);
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    ) {
      return { path, looked: folders };
    }
  }
  return { path: null, looked: folders };
}

/** The path of a text's file, or null where it is not on this machine. */
export async function findCorpus(name: Corpus): Promise<string | null> {
  return (await find(name)).path;
}

/**
 * A text whole. Of the poems: their lines, poem after poem, with an empty line between them.
 * @throws Error with where it looked, and what to do.
 */
export async function loadCorpus(name: Corpus): Promise<string> {
  const { path, looked } = await find(name);
  if (path === null) {
    throw new Error(
      `${FILES[name]} is not on this machine: put it into ${looked.join(" or ")}, or set NABLA_DATA_DIR to a folder that holds text/${FILES[name]}`,
    );
  }
  const { readFile } = await import("node:fs/promises");
  const text = await readFile(path, "utf8");
  return name === "tang300" ? poemsOf(JSON.parse(text) as PoemFile) : text;
}

interface PoemFile {
  readonly content: readonly { readonly content: readonly { readonly paragraphs: readonly string[] }[] }[];
}

function poemsOf({ content }: PoemFile): string {
  return content.flatMap((kind) => kind.content.map(({ paragraphs }) => paragraphs.join("\n"))).join("\n\n");
}
