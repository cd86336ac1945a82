// Experiments of the books, run in the worker: the same function, the same judgement and the same words as `nabla book run` has.
import type { Chapter, Experiment, Figure, Form, OutcomeTable } from "../../../book/experiment.ts";
import type { Judged, Verdict } from "../../../book/judge.ts";
import { firstMissing, type Need } from "../../../book/needs.ts";
import { runExperiment } from "../../../book/run.ts";
import { resultText } from "../../../book/wording.ts";

export interface Order {
  readonly id: string;
  readonly form: Form;
  readonly seed: number;
}

/** What a run ended with; `missing` where it lacks what a page can't have, or this server has not. */
export type Ran =
  | { readonly kind: "missing"; readonly need: Need }
  | {
      readonly kind: "ran";
      readonly order: Order;
      readonly verdict: Verdict;
      readonly claims: readonly Judged[];
      readonly figures: readonly Figure[];
      readonly tables: readonly OutcomeTable[];
      readonly notes: readonly { readonly en: string; readonly zh: string }[];
      readonly error?: string;
      readonly seconds: number;
      /** What `nabla book run` prints. */
      readonly printed: { readonly en: string; readonly zh: string };
    };

const chapters = import.meta.glob<Readonly<Record<string, unknown>>>("../../../book/*/chapter*/index.ts");

/** Ids begin with source and chapter: `nndl/1.3-sigmoid` is in book/nndl/chapter1. All of the second textbook is its chapter 5. */
async function experimentOf(id: string): Promise<Experiment> {
  const [, source, chapter] = /^([a-z]+)\/(\d+)/.exec(id) ?? [];
  const load = chapters[`../../../book/${source}/chapter${chapter}/index.ts`];
  const all = load === undefined ? [] : Object.values(await load());
  const isChapter = (value: unknown): value is Chapter =>
    typeof value === "object" && value !== null && "experiments" in value;
  const found = all
    .filter(isChapter)
    .flatMap(({ experiments }) => experiments)
    .find((experiment) => experiment.id === id);
  if (found === undefined) throw new Error(`there is no experiment ${id}`);
  return found;
}

/**
 * Runs one. Its lines of progress go over the channel of that name: an experiment that computes without a pause answers no question, and is heard
 * all the same.
 */
export async function run(order: Order, channel: string): Promise<Ran> {
  const { id, form, seed } = order;
  const experiment = await experimentOf(id);
  const need = await firstMissing(experiment.needs);
  if (need !== undefined) return { kind: "missing", need };
  const lines = new BroadcastChannel(channel);
  try {
    const result = await runExperiment(experiment, { form, seed, log: (line) => lines.postMessage(line) });
    const { verdict, claims, outcome, error, seconds } = result;
    const { figures = [], tables = [], notes = [] } = outcome ?? {};
    return {
      kind: "ran",
      ...{ order, verdict, claims, figures, tables, notes, seconds },
      ...(error !== null && { error: error.message }),
      printed: { en: resultText(result, "en"), zh: resultText(result, "zh") },
    };
  } finally {
    lines.close();
  }
}
