// Running an experiment: its data, its time, its verdict. What it throws becomes part of the result.

import { loadCorpus } from "./corpora.ts";
import type { Experiment, Form, Outcome, RunContext, Store } from "./experiment.ts";
import { type Judged, judge, type Verdict } from "./judge.ts";
import { loadBookMnist } from "./mnist.ts";

export interface Result {
  readonly experiment: Experiment;
  readonly form: Form;
  readonly seed: number;
  readonly verdict: Verdict;
  readonly claims: readonly Judged[];
  readonly outcome: Outcome | null;
  /** What it threw, where it failed. */
  readonly error: Error | null;
  readonly seconds: number;
}

export interface RunOptions {
  readonly form?: Form;
  readonly seed?: number;
  readonly log?: (line: string) => void;
  readonly store?: Store;
}

export async function runExperiment(experiment: Experiment, options: RunOptions = {}): Promise<Result> {
  const { form = "quick", seed = 1, log = () => {} } = options;
  const context: RunContext = {
    form,
    seed,
    seeds: (full, quick = 1) => Array.from({ length: form === "full" ? full : quick }, (_, i) => seed + i),
    pick: (choice) => choice[form],
    mnist: loadBookMnist,
    corpus: loadCorpus,
    log,
    store: options.store,
  };
  // Reading the data is not the experiment's time.
  if (experiment.needs?.includes("mnist")) await loadBookMnist();
  const start = performance.now();
  // What was trained in earlier runs, and is only read here, took its time too.
  const since = () => (performance.now() - start) / 1000 + (options.store?.earlierSeconds ?? 0);
  try {
    const outcome = await experiment.run(context);
    return { experiment, form, seed, ...judge(experiment, outcome, form), outcome, error: null, seconds: since() };
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    return { experiment, form, seed, verdict: "failed", claims: [], outcome: null, error, seconds: since() };
  }
}
