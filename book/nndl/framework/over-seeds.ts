// Experiments that look into networks of several seeds: the mean of what each shows.
import type { Outcome, RunContext } from "../../experiment.ts";

/** What an experiment finds for one seed: numbers and figures. */
export interface Found {
  readonly measured: Readonly<Record<string, number>>;
  readonly figures: NonNullable<Outcome["figures"]>;
}

/** One seed in the quick form, ten in the full one: the means of what was measured, and the first seed's figures. */
export async function overSeeds(context: RunContext, find: (seed: number) => Promise<Found>): Promise<Outcome> {
  const all: Found[] = [];
  for (const seed of context.seeds(10)) all.push(await find(seed));
  const [one] = all;
  const meanOf = (name: string): number => all.reduce((sum, { measured }) => sum + measured[name], 0) / all.length;
  const measured = Object.fromEntries(Object.keys(one.measured).map((name) => [name, meanOf(name)]));
  return { measured, figures: one.figures };
}
