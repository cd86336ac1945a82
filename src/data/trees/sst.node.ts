// The Stanford Sentiment Treebank (Socher et al. 2013) on this machine: 8,544 sentences to learn from, 1,101 to choose by and 2,210 to test with, each
// with its tree and a label from 0, very negative, to 4, very positive, at every node.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { knownOptions, text } from "../../engine/checks.ts";
import { environment } from "../../engine/environment.node.ts";
import { cacheFolder } from "../cache.node.ts";
import { errorCode, explain, nameOf } from "../file.node.ts";
import { type LabelledTree, parseTrees } from "./treebank.ts";

/** The treebank's three parts. */
export interface SentimentTreebank {
  readonly train: readonly LabelledTree[];
  readonly dev: readonly LabelledTree[];
  readonly test: readonly LabelledTree[];
}

const PARTS = ["train", "dev", "test"] as const;

/**
 * Loads the Stanford Sentiment Treebank: `train.txt`, `dev.txt` and `test.txt`, a tree a line. Looks in `folder` if given; else in `sst/` of the folder
 * that the environment variable `NABLA_DATA_DIR` names, then in the user's cache.
 * @throws Error if it is not on this machine (with where it looked), or a line is no tree (with file and line).
 * @example
 * ```ts
 * const treebank = await loadSst().catch(() => null); // null where it is not on this machine
 * if (treebank !== null) console.log(treebank.train.length, treebank.test[0].words);
 * ```
 */
export async function loadSst(options: { folder?: string } = {}): Promise<SentimentTreebank> {
  knownOptions("loadSst", options, ["folder"]);
  const { folder } = options;
  if (folder !== undefined) text("loadSst", "folder", folder);
  const folders = folder === undefined ? sstFolders() : [resolve(folder)];
  const looked: string[] = [];
  for (const each of folders) {
    const contents = await Promise.all(PARTS.map((part) => contentOf(join(each, `${part}.txt`))));
    if (contents.some((content) => content === null)) {
      const missing = PARTS.filter((_, i) => contents[i] === null).map((part) => `${part}.txt`);
      looked.push(`  ${each}: no ${missing.join(", no ")}`);
      continue;
    }
    const [train, dev, test] = PARTS.map((part, i) => parseTrees(contents[i]!, { source: join(each, `${part}.txt`) }));
    return { train, dev, test };
  }
  throw new Error(
    `loadSst: the Stanford Sentiment Treebank is not on this machine. Looked in\n${looked.join("\n")}\nSet NABLA_DATA_DIR to a folder that holds sst/ with train.txt, dev.txt and test.txt: a tree in brackets a line.`,
  );
}

/**
 * The folder of the Stanford Sentiment Treebank, without reading it: in `folder` if given; else in `sst/` of the folder that the environment variable
 * `NABLA_DATA_DIR` names, then in the user's cache. null where it is in none of them.
 * @example
 * ```ts
 * console.log((await findSst()) ?? "not on this machine");
 * ```
 */
export async function findSst(options: { folder?: string } = {}): Promise<string | null> {
  knownOptions("findSst", options, ["folder"]);
  const { folder } = options;
  if (folder !== undefined) text("findSst", "folder", folder);
  for (const each of folder === undefined ? sstFolders() : [resolve(folder)]) {
    if (PARTS.every((part) => existsSync(join(each, `${part}.txt`)))) return each;
  }
  return null;
}

/** Where it may be. */
function sstFolders(): string[] {
  const folders = [join(cacheFolder(), "sst")];
  if (environment.NABLA_DATA_DIR) folders.unshift(resolve(environment.NABLA_DATA_DIR, "sst"));
  return folders;
}

async function contentOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new Error(`loadSst: ${nameOf(path)}: ${explain(error)}`);
  }
}
