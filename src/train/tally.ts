// What is counted over an epoch: losses and right answers, of each output.
import { finite, list, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";

/** What to say where nothing of the data is to be learnt from, or judged by. */
export function nothingCounts(owner: string): RangeError {
  return new RangeError(
    `${owner}: all samples count for nothing: their weights are 0, all labels are ignored, or the model masks every step; look at what fills up the sequences`,
  );
}

/** A tally as JSON, part of a run's state. */
export interface TallyState {
  /** The output. */
  name: string;
  /** Sum of losses, each times what its rows count. */
  lossSum: number;
  /** What the rows count together. */
  weight: number;
  /** Rows whose class was right. */
  correct: number;
  /** Rows that have a class and count for something. */
  counted: number;
}

/** Sums of one output over an epoch. */
export class Tally {
  lossSum = 0;
  weight = 0;
  correct = 0;
  counted = 0;

  clear(): void {
    this.lossSum = 0;
    this.weight = 0;
    this.correct = 0;
    this.counted = 0;
  }

  get loss(): number {
    return this.lossSum / this.weight;
  }

  /** NaN where there are no classes. */
  get accuracy(): number {
    return this.counted > 0 ? this.correct / this.counted : Number.NaN;
  }

  state(name: string): TallyState {
    const { lossSum, weight, correct, counted } = this;
    return { name, lossSum, weight, correct, counted };
  }

  restore({ lossSum, weight, correct, counted }: TallyState): void {
    Object.assign(this, { lossSum, weight, correct, counted });
  }
}

/** Throws for tallies of a state that can't be, or that belong to other outputs. */
export function checkTallies(owner: string, tallies: readonly TallyState[], names: readonly string[]): void {
  list(owner, "the state's heads", tallies);
  if (tallies.map((each) => each?.name).join() !== names.join()) {
    throw new Error(
      `${owner}: the saved state is of the outputs ${quote(tallies.map((each) => each?.name))}, this run of ${quote([...names])}`,
    );
  }
  for (const { name, lossSum, weight, correct, counted } of tallies) {
    finite(owner, `the state's loss sum of ${name}`, lossSum);
    finite(owner, `the state's weight of ${name}`, weight);
    whole(owner, `the state's correct of ${name}`, correct, 0);
    whole(owner, `the state's counted of ${name}`, counted, 0);
  }
}
