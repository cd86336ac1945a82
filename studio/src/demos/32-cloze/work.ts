// Trains both networks epoch by epoch and keeps their weights after each, so that any epoch can be asked.
import { type Cloze, type ClozeNetwork, clozeAccuracy, type Reading } from "../../../../book/zero/programs/cloze.ts";
import { clozeSplit, fillGaps } from "../../../../book/zero/programs/cloze-training.ts";

const READINGS = ["both", "forwards"] as const;

export interface Frame {
  readonly epoch: number;
  readonly loss: Readonly<Record<Reading, number>>;
  /** Share right of sentences that were kept back and are told behind the gap. */
  readonly behind: Readonly<Record<Reading, number>>;
}

interface Kept {
  readonly network: ClozeNetwork;
  /** The weights after each epoch. */
  readonly after: Float64Array[][];
}

let kept: Partial<Record<Reading, Kept>> = {};

export function* learn(seed: number, epochs: number): Generator<Frame, void> {
  kept = {};
  const split = clozeSplit(seed);
  const behind = split.test.filter(({ told }) => told === "behind");
  const trainings = READINGS.map((reading) => ({ reading, epochs: fillGaps(split, reading, seed, epochs) }));
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const loss = { both: 0, forwards: 0 };
    const right = { both: 0, forwards: 0 };
    for (const { reading, epochs: training } of trainings) {
      const { value } = training.next();
      if (!value) return;
      const of = (kept[reading] ??= { network: value.network, after: [] });
      of.after.push(value.network.network.parameters.map(({ values }) => values.values.slice()));
      loss[reading] = value.loss;
      right[reading] = clozeAccuracy(value.network, behind);
    }
    yield { epoch, loss, behind: right };
  }
}

/** The probability of each of some words in a sentence's gap, by each network as it was after an epoch. */
export function ask(sentence: Cloze, words: readonly string[], epoch: number): Record<Reading, number[]> {
  const answers = READINGS.map((reading) => {
    const of = kept[reading];
    if (!of || epoch < 1 || epoch > of.after.length) return [reading, words.map(() => Number.NaN)] as const;
    const { network } = of;
    const last = of.after.length - 1;
    const load = (which: number) =>
      network.network.parameters.forEach(({ values }, i) => {
        values.values.set(of.after[which][i]);
      });
    load(epoch - 1);
    const probabilities = network.probabilities(sentence);
    load(last);
    return [reading, words.map((word) => probabilities[network.dictionary.numberOf(word)])] as const;
  });
  return Object.fromEntries(answers) as Record<Reading, number[]>;
}
