// One step of training: forward, back, the optimiser's update, and what undoes it where it fails.
import { backward } from "../autograd/backward.ts";
import { engine } from "../engine/engine.ts";
import type { Model } from "../nn/model.ts";
import { add, mul } from "../ops/arithmetic.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Schedule } from "../optim/schedules.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import type { ParameterAverage } from "./average.ts";
import { NonFiniteLossError, namedBatch, remedyFor } from "./explosion.ts";
import type { Figures } from "./figures.ts";
import { forward, type HeadRun, totalOf } from "./forward.ts";
import type { Head } from "./objective.ts";
import type { Parallel } from "./parallel.ts";
import type { Replay } from "./replay.ts";
import { measured, resultOf, type StepResult } from "./step-result.ts";
import type { Work } from "./step-work.ts";
import type { Prepared } from "./targets.ts";
import type { Updates } from "./updates.ts";

/** What steps need of a run. */
export interface StepParts {
  /** What errors name. */
  readonly owner: string;
  readonly model: Model;
  /** Whether the model goes on from batch to batch; then every epoch begins with states of 0. */
  readonly stateful: boolean;
  readonly optimizer: Optimizer;
  readonly schedule: Schedule | undefined;
  /** Steps whose gradients are gathered for one update. */
  readonly accumulate: number;
  readonly average: ParameterAverage | undefined;
  readonly updates: Updates;
  /** What this process does of a step, where not all or not at once; null else. */
  readonly parallel: Parallel | null;
  /** What layers keep by themselves, and where it is kept as it was before the step. */
  readonly kept: readonly { readonly now: Tensor; readonly before: Tensor }[];
  /** Where steps are counted. */
  readonly figures: Figures;
}

/** What is known from the first batch on: what is trained, and the recordings of steps. */
export interface Known {
  readonly heads: readonly Head[];
  readonly replay: Replay<StepResult>;
}

function lossOf(heads: readonly Head[], runs: readonly HeadRun[], penalty: Tensor | null): Tensor {
  const ofOutputs = totalOf(heads, runs);
  return penalty === null ? ofOutputs : add(ofOutputs, penalty);
}

export class Steps {
  /** What is asked beside a step: whether to stop after it. All ranks stop where one is to. */
  wish: (() => boolean) | undefined;
  /** Whether a rank wished to stop. */
  stopping = false;

  constructor(private readonly parts: StepParts) {}

  /** A step: forward, back, update, counted. Returns its loss; whatever goes wrong, all is then as it was before. */
  take(known: Known, { prepared, rows, full, last }: Work, epoch: number, step: number): number {
    const { accumulate, parallel, updates, figures } = this.parts;
    const { heads, replay } = known;
    const undo = this.begin(known, epoch, step);
    let value = 0;
    try {
      scope(() => {
        // The last batch's own size is part of a step that gathers.
        const replays = full === 1 || (accumulate === 1 && parallel !== null);
        const call = this.callOf(heads, prepared, full);
        const part = (start: number, stop: number, watch: <R>(body: () => R) => R): Float64Array => {
          const batch = rows.take(start, stop);
          const result = watch(() => (replays ? replay.run(batch, call) : call(batch)));
          return measured(prepared, result, batch[0].shape[0], () => rows.numbers(start, stop));
        };
        const complete = updates.completes(step, last);
        let counted: Float64Array;
        if (parallel === null) counted = part(0, rows.count, (body) => body());
        else {
          const wish = Number(this.wish?.() ?? false);
          const inScope: typeof part = (start, stop, watch) => {
            const numbers = scope(() => part(start, stop, watch));
            replay.settle();
            return Float64Array.of(...numbers, wish);
          };
          const what = `step ${step + 1} of epoch ${epoch + 1}`;
          counted = parallel.run(prepared, heads, rows, complete, inScope, what);
          this.stopping = counted[counted.length - 1] > 0;
          if (parallel.inParts) updates.addBefore();
        }
        value = counted[0];
        if (!Number.isFinite(value)) {
          throw this.explosion(prepared, rows.all(), epoch, step, value);
        }
        updates.gathered += full;
        if (complete) updates.run();
        figures.count(counted);
      });
    } catch (error) {
      undo();
      throw error;
    }
    replay.settle();
    return value;
  }

  /** Forward and back, for a step that has begun. */
  differentiate({ heads, replay }: Known, { prepared, rows, full }: Work): StepResult {
    const call = this.callOf(heads, prepared, full);
    const batch = rows.take(0, rows.count);
    return full === 1 ? replay.run(batch, call) : call(batch);
  }

  /** Loss of a batch, and its gradients in the model's block: alone, or added to those that are gathered. */
  private gradients(heads: readonly Head[], prepared: Prepared, batch: readonly Tensor[], factor: number): StepResult {
    const { model, accumulate, parallel } = this.parts;
    const runs = forward(model, heads, prepared, batch, true, parallel?.normalisedTogether);
    const penalty = model.penalty();
    const value = parallel === null ? lossOf(heads, runs, penalty) : parallel.lossOf(heads, runs, penalty);
    if (accumulate === 1 || parallel?.inParts) model.block.clearGradients();
    backward(factor === 1 ? value : mul(value, factor));
    return resultOf(prepared, heads, runs, value);
  }

  /** Forward and back on a batch that is `full` full ones. */
  private callOf(heads: readonly Head[], prepared: Prepared, full: number): (batch: readonly Tensor[]) => StepResult {
    const factor = this.parts.accumulate > 1 ? full : 1;
    return (batch) => this.gradients(heads, prepared, batch, factor);
  }

  /** What to say of a loss that is not finite. */
  explosion(
    prepared: Prepared,
    batch: readonly Tensor[],
    epoch: number,
    step: number,
    loss: number,
  ): NonFiniteLossError {
    const remedy = remedyFor(this.parts.optimizer, namedBatch(this.parts.model, prepared, batch));
    return new NonFiniteLossError(epoch, step, loss, remedy);
  }

  /** What comes before a step. Gives what undoes it, but for an update of the parameters. */
  begin({ replay }: Known, epoch: number, step: number): () => void {
    const { owner, model, stateful, optimizer, schedule, kept, average, updates } = this.parts;
    // Parameters come home before anything reads or records them: another model of the same layers may have been at work.
    model.block.claim();
    if (schedule) optimizer.learningRate = schedule.rate(optimizer.iterations, epoch);
    if (average?.inUse) throw new Error(`${owner}: the model has its averages at the moment; step outside withAverage`);
    const { generator } = model;
    const random = generator.state();
    if (stateful && step === 0) model.resetStates();
    for (let i = 0; i < kept.length; i++) engine().copy(kept[i].now, kept[i].before);
    const { gathered } = updates;
    updates.begin();
    return () => {
      for (const { now, before } of kept) engine().copy(before, now);
      updates.undo(gathered);
      generator.restore(random);
      replay.discard();
    };
  }
}
