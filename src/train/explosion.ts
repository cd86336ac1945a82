// Training that has exploded: a loss that is not finite any more ends it, one that is finite but far above where it began is remarked on. Both say
// what to do: most often the learning rate is too high, sometimes the data hold what is no number.

import { text, whole } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import type { Model } from "../nn/model.ts";
import { isfinite } from "../ops/comparison.ts";
import { all } from "../ops/reduce.ts";
import { OPTIMIZERS, type Optimizer, type OptimizerName, optimizerByName } from "../optim/index.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import type { Prepared } from "./targets.ts";

/**
 * The loss became NaN or infinite: training can't go on from there. Says at which epoch and step (both from 0).
 * @example
 * ```ts
 * const model = new Sequential([new Dense(1)], { inputShape: [1] });
 * const data = { x: tensor([[NaN]]), y: tensor([[1]]) };
 * const problem = await fit(model, data, { loss: "meanSquaredError" }).catch((error: unknown) => error);
 * problem instanceof NonFiniteLossError; // true
 * ```
 */
export class NonFiniteLossError extends Error {
  override readonly name = "NonFiniteLossError";
  constructor(
    readonly epoch: number,
    readonly step: number,
    readonly loss: number,
    /** What to do about it, a sentence. */
    readonly remedy: string,
  ) {
    super(
      `training: the loss became ${quote(loss)} at epoch ${whole("NonFiniteLossError", "epoch", epoch, 0) + 1}, step ${whole("NonFiniteLossError", "step", step, 0) + 1}; the parameters are those before this step. ${text("NonFiniteLossError", "remedy", remedy)}`,
    );
  }
}

/** A times that loss is no loss any more: chance and a bad batch do not lift it so far. */
const EXPLODED = 1000;

/** The optimiser's own learning rate; undefined for one of the user's. */
function usualRate(optimizer: Optimizer): number | undefined {
  if (!OPTIMIZERS.includes(optimizer.type as OptimizerName)) return undefined;
  return optimizerByName(optimizer.type).learningRate;
}

/** A learning rate to try instead: a tenth in one digit, or the optimiser's usual one where that is lower. */
export function lowerRate(optimizer: Optimizer): number {
  const tenth = Number((optimizer.learningRate / 10).toPrecision(1));
  const usual = usualRate(optimizer);
  return usual !== undefined && usual < tenth ? usual : tenth;
}

function rateRemedy(optimizer: Optimizer): string {
  const rate = optimizer.learningRate;
  if (rate === 0) return "The learning rate is 0: look at the data and the starting values";
  return `Try a lower learning rate (it is ${rate}), for example ${lowerRate(optimizer)}`;
}

function finite(x: Tensor): boolean {
  if (engine().asynchronous) return x.dataSync().every((value) => Number.isFinite(value));
  return x.size === 0 || scope(() => Boolean(all(isfinite(x)).item()));
}

/** What to do about a loss that is not finite on this batch, whose tensors are given by name. */
export function remedyFor(optimizer: Optimizer, batch: Readonly<Record<string, Tensor>>): string {
  for (const [name, values] of Object.entries(batch)) {
    if (finite(values)) continue;
    return `The data's ${name} hold NaN or infinite values; leave out or replace such samples.`;
  }
  return `${rateRemedy(optimizer)}.`;
}

/** A remark on a loss that is far above where it began, or undefined. */
export function remarkOn(optimizer: Optimizer, first: number, now: number): string | undefined {
  if (!(now > EXPLODED * Math.max(Math.abs(first), 1e-6))) return undefined;
  const [from, to] = [first, now].map((loss) => Number(loss.toPrecision(3)));
  return `the loss has grown from ${from} to ${to}: training has exploded. ${rateRemedy(optimizer)}`;
}

/** The tensors of a batch by name, for errors. */
export function namedBatch(model: Model, prepared: Prepared, batch: readonly Tensor[]): Record<string, Tensor> {
  const { inputs } = model;
  const named: Record<string, Tensor> = {};
  inputs.forEach(({ name }, i) => {
    named[inputs.length === 1 ? "x" : `x.${name}`] = batch[i];
  });
  prepared.heads.forEach(({ targets }, k) => {
    named[prepared.heads.length === 1 ? "y" : `y (target ${k + 1})`] = batch[targets];
  });
  return named;
}
