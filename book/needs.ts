// What experiments need beside the programs, and whether it is on this machine.
import { findMnist, findSst } from "nabla";
import { type Corpus, findCorpus } from "./corpora.ts";

/** MNIST, the Stanford Sentiment Treebank, files to write and to read, which a page in a browser has none of, or a text. */
export type Need = "mnist" | "sst" | "files" | Corpus;

export async function isHere(need: Need): Promise<boolean> {
  if (need === "files") return typeof process !== "undefined";
  if (need === "sst") return (await findSst()) !== null;
  return need === "mnist" ? (await findMnist()).found : (await findCorpus(need)) !== null;
}

/** The first of them that is not here, or undefined. */
export async function firstMissing(needs: readonly Need[] = []): Promise<Need | undefined> {
  for (const need of needs) if (!(await isHere(need))) return need;
  return undefined;
}
