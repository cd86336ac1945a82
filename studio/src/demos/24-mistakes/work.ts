// Five networks that differ in their starting weights alone, and what some of them together answer wrong.
import type { Samples, Sequential } from "nabla";
import { type EnsembleErrors, ensembleMistakes } from "nabla/inspect";
import { type DigitSet, imageAt } from "../../../../book/mnist.ts";
import { type NetworkSettings, trainDigits } from "../../compute/digit-networks.ts";

const TESTS = 1000;

interface Trained {
  readonly models: Sequential[];
  test?: DigitSet;
  samples?: Samples;
  /** What was asked already, by how many, how and in which order. */
  readonly found: Map<string, EnsembleErrors>;
}
let trained: Trained = { models: [], found: new Map() };

export interface Progress {
  /** From 0. */
  readonly network: number;
  readonly epoch: number;
  readonly accuracy: number;
}

/** Trains so many networks, one after the other. */
export async function* train(settings: NetworkSettings, count: number): AsyncGenerator<Progress, void> {
  const own: Trained = { models: [], found: new Map() };
  trained = own;
  for (let network = 0; network < count; network++) {
    const training = trainDigits({ ...settings, seed: 100 * settings.seed + network }, TESTS);
    for (;;) {
      const { done, value } = await training.next();
      if (done) {
        own.models.push(value.model);
        [own.test, own.samples] = [value.test, value.samples];
        break;
      }
      yield { network, ...value };
    }
    // Says that this one can be asked.
    yield { network: network + 1, epoch: 0, accuracy: Number.NaN };
  }
}

export interface Wrong {
  readonly index: number;
  readonly label: number;
  readonly answer: number;
  readonly probabilities: readonly number[];
  /** What each network answers. */
  readonly answers: readonly number[];
  readonly pixels: Float64Array;
}

export interface Answers {
  readonly tests: number;
  readonly wrong: readonly Wrong[];
  /** How many each of the networks that are there answers wrong by itself. */
  readonly alone: readonly number[];
  /** How many the first one, two, ... answer wrong together. */
  readonly together: readonly number[];
  /** How many at least two of the asked answer differently. */
  readonly disagreements: number;
}

type By = "vote" | "mean";
export type Order = "loss" | "confidence" | "index";

/** What the first `count` networks answer wrong; undefined until there are so many. */
export function answers(count: number, by: By, order: Order): Answers | undefined {
  const { models, test, samples, found: known } = trained;
  if (test === undefined || samples === undefined || models.length < count) return undefined;
  const ask = (voters: number, order: Order): EnsembleErrors => {
    const key = `${voters} ${by} ${order}`;
    const errors = known.get(key) ?? ensembleMistakes(models.slice(0, voters), samples, { by, order });
    known.set(key, errors);
    return errors;
  };
  const found = ask(count, order);
  return {
    tests: test.count,
    wrong: found.mistakes.map(({ index, label, answer, probabilities, answers }) => ({
      ...{ index, label, answer, probabilities, answers },
      pixels: imageAt(test, index),
    })),
    alone: ask(models.length, "loss").wrongByModel,
    together: models.map((_, k) => ask(k + 1, "loss").mistakes.length),
    disagreements: found.disagreements.length,
  };
}
