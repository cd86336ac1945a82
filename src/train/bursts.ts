// When steps are taken many in one call: where nothing between them is any of JavaScript's business, and steps are short enough for it to pay.

import type { RowOrder } from "../data/row-order.ts";
import { engine } from "../engine/engine.ts";
import type { Model } from "../nn/model.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Schedule } from "../optim/schedules.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Burst, MOST_STEPS } from "./burst.ts";
import type { Figures } from "./figures.ts";
import { markGradients, type Replay } from "./replay.ts";
import type { StepResult } from "./step-result.ts";
import type { Prepared } from "./targets.ts";

/** How long steps that are taken in one call take together, about, in milliseconds. */
const TOGETHER = 2;

/** What bursts need of a run. */
export interface BurstsParts {
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule | undefined;
  /** All samples. */
  readonly prepared: Prepared;
  readonly batchSize: number;
  /** What layers keep by themselves, and where it is kept as it was before the step. */
  readonly kept: readonly { readonly now: Tensor; readonly before: Tensor }[];
  readonly replay: Replay<StepResult>;
  /** Where steps are counted. */
  readonly figures: Figures;
}

/** The program of a step, and what it was recorded from. */
type Found = NonNullable<ReturnType<Replay<StepResult>["programFor"]>>;

export class Bursts {
  /** Milliseconds that a step takes, as far as is known. */
  pace = Number.POSITIVE_INFINITY;
  /** The loss of the last step that `run` has taken. */
  loss = Number.NaN;
  /** What ended the last run early, for whoever has to know of the steps before it, too. */
  failure: { readonly error: unknown } | undefined;
  private burst: Burst | null | undefined;
  /** What no burst could be made of. */
  private refused: Found["program"] | undefined;

  private constructor(private readonly parts: BurstsParts) {}

  /** Null for several outputs, and where rows count differently. */
  static of(parts: BurstsParts): Bursts | null {
    const { heads } = parts.prepared;
    return heads.length === 1 && heads[0].places === 1 && heads[0].weights < 0 ? new Bursts(parts) : null;
  }

  /** How many of so many steps to take in one call; less than 2 where it doesn't pay. */
  wanted(most: number): number {
    const wanted = Math.min(most, MOST_STEPS, Math.floor(TOGETHER / this.pace));
    // It may only have been a slow moment.
    if (wanted < 2) this.pace *= 0.9;
    return wanted;
  }

  /** The program of a step that many can be taken of in one call. */
  program(): Found | null {
    const { optimizer, replay, batchSize } = this.parts;
    if (optimizer.iterations === 0 || optimizer.clipNorm !== undefined) return null;
    if (engine().compile === undefined) return null;
    const found = replay.programFor(batchSize);
    if (found === null) return null;
    const [{ total, weights }] = found.recorded.result.heads;
    return total === null && weights === null ? found : null;
  }

  private burstFor({ program, recorded }: Found, order: RowOrder): Burst | null {
    // What could not be made of a program is not tried again.
    if (this.burst === null && this.refused === program) return null;
    if (this.burst?.isOf(program)) return this.burst;
    const { model, optimizer, kept, batchSize, prepared } = this.parts;
    const { loss, heads } = recorded.result;
    this.burst = Burst.make({
      program,
      inputs: recorded.inputs,
      tensors: prepared.tensors,
      batchSize,
      order: order.permutation,
      loss,
      predicted: heads[0].predicted,
      optimizer,
      block: model.block,
      kept,
    });
    if (this.burst === null) this.refused = program;
    return this.burst;
  }

  /**
   * Takes steps in one call, from `step` of the epoch on, and counts them. Returns how many it were, 0 where it can't be done; an error on the way is
   * in `failure`.
   */
  run(found: Found, order: RowOrder, epoch: number, step: number, count: number): number {
    this.failure = undefined;
    const burst = this.burstFor(found, order);
    if (burst === null) return 0;
    const { recorded } = found;
    const { model, schedule, kept, batchSize, prepared, figures } = this.parts;
    const { generator, block } = model;
    const random = generator.state();
    const rate = schedule === undefined ? undefined : (iterations: number) => schedule.rate(iterations, epoch);
    const began = performance.now();
    for (const { now, before } of kept) engine().copy(now, before);
    markGradients(recorded.parameters);
    block.completeGradients();
    let done: number;
    try {
      done = burst.run(step, count, rate);
    } catch (error) {
      this.failure = { error };
      done = burst.taken;
    }
    // The step that stopped will be taken as it is, and say why.
    if (done >= 0 && done < count) {
      for (const { now, before } of kept) engine().copy(before, now);
      generator.restore(random);
      burst.draw(done);
    }
    if (done < 0 || this.failure !== undefined) this.burst = undefined;
    if (done <= 0) {
      // So that it is not tried again at once.
      if (this.failure === undefined) this.pace = Number.POSITIVE_INFINITY;
      return 0;
    }
    const { classes } = prepared.heads[0];
    const rows = classes === null ? null : order.rows(step);
    const all = rows === null ? null : new Int32Array(rows.buffer, rows.byteOffset, done * batchSize);
    for (let row = 0; row < done; row++) {
      this.loss = burst.loss(row);
      if (classes === null) figures.countRows(this.loss, batchSize, 0, 0);
      else figures.countRows(this.loss, batchSize, burst.correct(row, classes, all!, row * batchSize), batchSize);
    }
    this.pace = (performance.now() - began) / done;
    return done;
  }
}
