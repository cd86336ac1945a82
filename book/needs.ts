// What experiments need beside the programs, and whether it is on this machine.
import { findMnist } from "nabla";
import { type Corpus, findCorpus } from "./corpora.ts";

/** MNIST, or a text. */
export type Need = "mnist" | Corpus;

export async function isHere(need: Need): Promise<boolean> {
  return need === "mnist" ? (await findMnist()).found : (await findCorpus(need)) !== null;
}

/** The first of them that is not here, or undefined. */
export async function firstMissing(needs: readonly Need[] = []): Promise<Need | undefined> {
  for (const need of needs) if (!(await isHere(need))) return need;
  return undefined;
}
