// A batch through the model to the losses of its heads: each a mean over the rows that count, and their weighted sum.
import type { Group } from "../engine/group.ts";
import type { Model } from "../nn/model.ts";
import { add, div, mul } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { maximum } from "../ops/choice.ts";
import { isTimeFirst } from "../ops/memory-order.ts";
import { mean } from "../ops/reduce.ts";
import { flatten, reshape, swapAxes } from "../ops/views.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Head } from "./objective.ts";
import { classIndices } from "./predicted-classes.ts";
import { asFactor, type HeadData, type Prepared } from "./targets.ts";

/** What a head's rows are: outputs and targets, and what each counts. */
export interface HeadRows {
  /** The outputs that the loss is computed from, a row for each place: [rows, ...]. */
  outputs: Tensor;
  /** The targets beside them. */
  targets: Tensor;
  /** What each row counts, [rows]; null where each counts 1. */
  weights: Tensor | null;
  /** [time, n] where the rows stand step by step, and not sample by sample. */
  timeFirst: readonly [number, number] | null;
}

/** What a head gives for a batch. */
export interface HeadRun extends HeadRows {
  /** The mean over the rows that count. */
  loss: Tensor;
  /** What the rows count together; null where each counts 1. */
  total: Tensor | null;
}

/** The smallest divisor: rows that count nothing have a loss of 0. */
const TINY = 1e-30;

/**
 * The batch's tensors, laid out as in `prepared`, through the model to each head's rows. `group`: ranks over whose shares of the batch statistics are
 * taken together.
 */
export function observe(
  model: Model,
  heads: readonly Head[],
  prepared: Prepared,
  batch: readonly Tensor[],
  training: boolean,
  group: Group | null = null,
): HeadRows[] {
  const { outputs, masks } = runOf(model, heads, batch, training, group);
  const rows: HeadRows[] = new Array<HeadRows>(heads.length);
  for (let k = 0; k < heads.length; k++) {
    const { index } = heads[k];
    rows[k] = rowsOfHead(heads[k], prepared.heads[k], outputs[index], masks[index], batch, training);
  }
  return rows;
}

/** The same, to the losses. */
export function forward(
  model: Model,
  heads: readonly Head[],
  prepared: Prepared,
  batch: readonly Tensor[],
  training: boolean,
  group: Group | null = null,
): HeadRun[] {
  const rows = observe(model, heads, prepared, batch, training, group);
  const runs: HeadRun[] = new Array<HeadRun>(heads.length);
  for (let k = 0; k < heads.length; k++) runs[k] = lossOf(heads[k], rows[k]);
  return runs;
}

function runOf(
  model: Model,
  heads: readonly Head[],
  batch: readonly Tensor[],
  training: boolean,
  group: Group | null,
): ReturnType<Model["run"]> {
  const inputs = model.inputs.length;
  const xs = model.inOrder(batch.length === inputs ? batch : batch.slice(0, inputs));
  const logits = new Array<boolean>(model.outputs.length).fill(false);
  for (const { index, fromLogits } of heads) logits[index] = fromLogits;
  return model.run(xs, model.contextFor(training, group), logits.includes(true) ? logits : null);
}

/** The rows along the first `lead` axes. */
function rowsAlong(x: Tensor, lead: number): Tensor {
  if (lead === 1) return x;
  const rows = x.shape.slice(0, lead).reduce((product, length) => product * length, 1);
  return reshape(x, [rows, ...x.shape.slice(lead)]);
}

function rowsOfHead(
  head: Head,
  data: HeadData,
  outputs: Tensor,
  mask: Tensor | null,
  batch: readonly Tensor[],
  training: boolean,
): HeadRows {
  const targets = batch[data.targets];
  const lead = mask === null ? data.lead : Math.max(data.lead, 2);
  if (lead > 1) checkLeading(head, outputs, targets, lead);
  const factor = factorOf(data.weights < 0 ? null : batch[data.weights], mask, lead, outputs);
  // A step's loss and right answers are the same in any order of the rows: that of memory costs no copy.
  if (training && factor === null && lead === 2 && isTimeFirst(outputs)) {
    const [n, time] = outputs.shape;
    const along = (x: Tensor): Tensor => rowsAlong(swapAxes(x, 0, 1), 2);
    return { outputs: along(outputs), targets: along(targets), weights: null, timeFirst: [time, n] };
  }
  return {
    outputs: rowsAlong(outputs, lead),
    targets: rowsAlong(targets, lead),
    weights: factor === null ? null : reshape(factor, [factor.size]),
    timeFirst: null,
  };
}

function lossOf(head: Head, rows: HeadRows): HeadRun {
  const { outputs, targets, weights } = rows;
  if (weights === null && head.labelSmoothing === 0) {
    const { loss, fromLogits } = head;
    const given = fromLogits ? loss.fromLogits!.compute(outputs, targets) : loss.compute(outputs, targets);
    return { ...rows, loss: given.size === 1 ? given : mean(given), total: null };
  }
  const terms = termsOf(head, outputs, targets);
  if (weights === null) return { ...rows, loss: mean(terms), total: null };
  const total = sum(weights);
  return { ...rows, loss: div(sum(mul(terms, weights)), maximum(total, TINY)), total };
}

function checkLeading({ name }: Head, outputs: Tensor, targets: Tensor, lead: number): void {
  for (let axis = 0; axis < lead; axis++) {
    if (outputs.shape[axis] !== undefined && outputs.shape[axis] === targets.shape[axis]) continue;
    throw new RangeError(
      `training: output ${name} has shape ${formatShape(outputs.shape)}, its targets ${formatShape(targets.shape)}; they need the same steps`,
    );
  }
}

/** What rows count: the weights given, those of classes, and the model's mask, multiplied. */
function factorOf(weights: Tensor | null, mask: Tensor | null, lead: number, outputs: Tensor): Tensor | null {
  const leading = outputs.shape.slice(0, lead);
  const given = weights === null ? null : asFactor(weights, lead, leading, outputs.dtype);
  if (mask === null) return given;
  const counted = asFactor(mask, lead, leading, outputs.dtype);
  return given === null ? counted : mul(given, counted);
}

function termsOf(head: Head, outputs: Tensor, targets: Tensor): Tensor {
  const { loss, fromLogits, labelSmoothing, rows } = head;
  if (rows !== undefined) return rows(outputs, targets, labelSmoothing);
  const terms = fromLogits ? loss.fromLogits!.compute(outputs, targets) : loss.compute(outputs, targets);
  if (terms.rank === 1 && terms.size === outputs.shape[0]) return terms;
  throw new TypeError(
    `loss ${loss.name}: gives one number, and rows that count differently (weights, masks, ignored labels) need one a row, [${outputs.shape[0]}]; leave the mean to training`,
  );
}

/** The sum of the heads' losses, each times its weight. */
export function totalOf(heads: readonly Head[], runs: readonly HeadRun[]): Tensor {
  let total: Tensor | null = null;
  for (let k = 0; k < heads.length; k++) {
    const { lossWeight } = heads[k];
    const part = lossWeight === 1 ? runs[k].loss : mul(runs[k].loss, lossWeight);
    total = total === null ? part : add(total, part);
  }
  return total!;
}

/** The class that each place is taken for, sample by sample. */
export function predictedBy(head: Head, { outputs, timeFirst }: HeadRows): Tensor {
  const classes = classIndices(outputs, head.fromLogits ? 0 : 0.5);
  return timeFirst === null ? classes : flatten(swapAxes(reshape(classes, timeFirst), 0, 1));
}
