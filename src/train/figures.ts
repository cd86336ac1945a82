// What is counted of a run's steps: sums over the current epoch, of all outputs together and of each, and the figures that are made of them.
import type { Head } from "./objective.ts";
import { checkTallies, nothingCounts, Tally } from "./tally.ts";
import type { Prepared } from "./targets.ts";
import type { TrainerState } from "./trainer-state.ts";

/** What is known after a step. */
export interface StepInfo {
  /** Epoch in progress, from 0. */
  epoch: number;
  /** Step just done, from 0. */
  step: number;
  /** Steps an epoch; NaN where a dataset doesn't know. */
  steps: number;
  /** Loss of this batch. */
  loss: number;
  /** Mean over the epoch so far. */
  meanLoss: number;
  /** Share of samples whose class was right in the epoch so far, 0 to 1; NaN where there are no classes, and for several outputs. */
  accuracy: number;
  /** Samples seen in this epoch. */
  seen: number;
}

/** The figures of an epoch. */
export interface EpochFigures {
  loss: number;
  /** NaN where there are no classes, and for several outputs. */
  accuracy: number;
  /** Of several outputs: the loss of each, `kind.loss`, and the accuracy where there are classes, `kind.accuracy`. */
  heads?: Record<string, number>;
}

/** The sums as JSON, part of a run's state. */
type SavedFigures = Pick<TrainerState, "lossSum" | "correct" | "seen" | "weight" | "heads">;

/** Sums over an epoch. */
export class Figures {
  private lossSum = 0;
  private weight = 0;
  /** Samples. */
  seen = 0;
  /** Whether rows may count differently: then the state has more to say. */
  differing = false;
  /** The loss of the very first step, or undefined before it. */
  first: number | undefined;
  private heads: readonly Head[] = [];
  private tallies: readonly Tally[] = [];
  /** A state whose sums wait for a dataset's first batch. */
  private restored: SavedFigures | undefined;

  /** `outputs`: how many the model has. */
  constructor(private readonly outputs: number) {}

  /** What is trained is known from the first batch on. */
  know(heads: readonly Head[]): void {
    this.heads = heads;
    this.tallies = heads.map(() => new Tally());
    if (this.restored !== undefined) this.check("Trainer.restore", this.restored);
    this.restoreTallies(undefined);
  }

  get meanLoss(): number {
    return this.lossSum / this.weight;
  }

  /** NaN where there are no classes, and for several outputs. */
  get accuracy(): number {
    return this.outputs === 1 && this.tallies.length > 0 ? this.tallies[0].accuracy : Number.NaN;
  }

  /** @throws RangeError where no row of the epoch has counted. */
  ofEpoch(): EpochFigures {
    if (this.weight === 0 && this.seen > 0) throw nothingCounts("training");
    const figures = { loss: this.meanLoss, accuracy: this.accuracy };
    if (this.outputs === 1 || this.tallies.length === 0) return figures;
    const heads: Record<string, number> = {};
    this.tallies.forEach((tally, k) => {
      const { name } = this.heads[k];
      heads[`${name}.loss`] = tally.loss;
      if (!Number.isNaN(tally.accuracy)) heads[`${name}.accuracy`] = tally.accuracy;
    });
    return { ...figures, heads };
  }

  /** Adds a step, as `countedOf` has it. */
  count(counted: Float64Array): void {
    const { tallies } = this;
    const [value, weight, samples] = counted;
    tallies.forEach((tally, k) => {
      const at = 3 + 4 * k;
      tally.lossSum += tallies.length === 1 ? value * counted[at + 1] : counted[at];
      tally.weight += counted[at + 1];
      tally.correct += counted[at + 2];
      tally.counted += counted[at + 3];
    });
    this.first ??= value;
    this.lossSum += value * weight;
    this.weight += weight;
    this.seen += samples;
  }

  /** Adds a step of one output, whose rows count alike. `counted`: those that have a class. */
  countRows(loss: number, rows: number, correct: number, counted: number): void {
    const tally = this.tallies[0];
    const sum = loss * rows;
    tally.lossSum += sum;
    tally.weight += rows;
    tally.correct += correct;
    tally.counted += counted;
    this.first ??= loss;
    this.lossSum += sum;
    this.weight += rows;
    this.seen += rows;
  }

  clear(): void {
    this.lossSum = 0;
    this.weight = 0;
    this.seen = 0;
    for (const tally of this.tallies) tally.clear();
  }

  state(): SavedFigures {
    const { lossSum, weight, seen, heads, tallies } = this;
    return {
      lossSum,
      correct: this.outputs === 1 && tallies.length > 0 ? tallies[0].correct : 0,
      seen,
      ...(this.differing && { weight, heads: tallies.map((tally, k) => tally.state(heads[k].name)) }),
    };
  }

  /** Throws for sums that can't be, or that belong to other outputs, as far as these are known. */
  check(owner: string, { heads }: SavedFigures): void {
    if (heads === undefined || this.tallies.length === 0) return;
    checkTallies(
      owner,
      heads,
      this.heads.map(({ name }) => name),
    );
  }

  /** `prepared`: all samples, where they are tensors. */
  restore(state: SavedFigures, prepared: Prepared | undefined): void {
    this.differing ||= state.heads !== undefined;
    this.lossSum = state.lossSum;
    this.seen = state.seen;
    this.weight = state.weight ?? state.seen;
    this.restored = state;
    this.restoreTallies(prepared);
  }

  private restoreTallies(prepared: Prepared | undefined): void {
    const { restored, tallies } = this;
    if (tallies.length === 0 || restored === undefined) return;
    const { lossSum, seen, correct, heads } = restored;
    tallies.forEach((tally, k) => {
      const counted = prepared?.heads[k].classes === null ? 0 : seen;
      tally.restore(heads?.[k] ?? { name: "", lossSum, weight: seen, correct, counted });
    });
    this.restored = undefined;
  }
}
