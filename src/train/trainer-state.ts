// A run's saved state: where the run stands as JSON, the tensors that belong to it, and what of both is refused before anything changes.
import { fields, finite, whole } from "../engine/checks.ts";
import { type LoadOptions, type ParameterBlock, refuseNonFinite } from "../nn/parameters.ts";
import type { Optimizer, OptimizerState } from "../optim/optimizer.ts";
import type { Schedule, ScheduleState } from "../optim/schedules.ts";
import { checkTensor } from "../tensor/check.ts";
import type { Generator, RandomState } from "../tensor/random.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { TallyState } from "./tally.ts";

/** Where a run stands, as JSON; the parameters and the optimiser's memory are tensors beside it. */
export interface TrainerState {
  /** Complete epochs. */
  epoch: number;
  /** Steps done in the current epoch. */
  step: number;
  /** Sum of losses over the samples of the current epoch so far; their mean is lossSum / seen. */
  lossSum: number;
  /** Samples whose class was right in the current epoch so far; 0 for several outputs. */
  correct: number;
  /** Samples seen in the current epoch so far. */
  seen: number;
  /** What they count together, where they count differently: then the mean is lossSum / weight. */
  weight?: number;
  /** The same of each output, where there are several, or rows count differently. */
  heads?: TallyState[];
  /** The shuffling generator before the current epoch was shuffled. */
  shuffle: RandomState;
  /** The model's generator (dropout). */
  random: RandomState;
  optimizer: OptimizerState;
  schedule?: ScheduleState;
}

/** The names that the optimiser's memory does not have, under which its other tensors are saved. */
export const GATHERED = "gathered";
export const AVERAGE = "average";

/** Throws for a state that no run can have been in. */
export function checkState(owner: string, state: TrainerState, steps: number): void {
  const { epoch, step, lossSum, correct, seen } = fields(owner, "the state", state);
  for (const [name, value] of Object.entries({ epoch, step, correct, seen }))
    whole(owner, `the state's ${name}`, value, 0);
  finite(owner, "the state's lossSum", lossSum);
  if (step > steps) {
    throw new RangeError(
      `${owner}: the state is after step ${step}, but an epoch has ${steps}; it belongs to other data`,
    );
  }
  fields(owner, "the state's optimizer", state.optimizer);
  fields(owner, "the state's random", state.random);
  fields(owner, "the state's shuffle", state.shuffle);
}

/** A tensor of the block's size out of the optimiser's; throws unless it is there where it has to be. */
export function blockTensor(
  owner: string,
  block: ParameterBlock,
  name: string,
  slots: Record<string, Tensor>,
  needed: boolean,
): Tensor | undefined {
  const x: Tensor | undefined = slots[name];
  delete slots[name];
  if (!needed && x === undefined) return undefined;
  const what = name === AVERAGE ? "averages of the parameters" : "gathered gradients";
  if (x === undefined) throw new Error(`${owner}: the saved state has no ${what}, this run needs them`);
  if (!needed) throw new Error(`${owner}: the saved state has ${what}, and this run asks for none`);
  const { values } = block;
  if (x.rank === 1 && x.size === values.size && x.dtype === values.dtype) return x;
  throw new Error(
    `${owner}: the ${what} are ${x.dtype} ${formatShape(x.shape)}, the parameters ${values.dtype} ${formatShape(values.shape)}`,
  );
}

/** The optimiser's of a run's tensors, by the names that it has for them. */
export function slotsOf(owner: string, tensors: Record<string, Tensor>): Record<string, Tensor> {
  const slots: Record<string, Tensor> = Object.create(null) as Record<string, Tensor>;
  for (const [name, value] of Object.entries(fields(owner, "tensors", tensors))) {
    if (name.startsWith("optimizer.")) slots[name.slice("optimizer.".length)] = value;
  }
  return slots;
}

export function checkSlots(owner: string, slots: Record<string, Tensor>, { allowNonFinite }: LoadOptions): void {
  for (const [name, slot] of Object.entries(slots)) {
    checkTensor(`${owner}: the optimiser's ${name}`, slot);
    if (allowNonFinite !== true) refuseNonFinite(`${owner}: the optimiser's ${name}`, slot);
  }
}

/** What of a run has a state of its own. */
export interface Parts {
  readonly random: Generator;
  readonly shuffle: Generator;
  readonly schedule: Schedule | undefined;
  readonly optimizer: Optimizer;
}

/** What may refuse its part, each whole or not at all; what was done before a refusal is undone. */
export function restoreParts(
  state: TrainerState,
  slots: Record<string, Tensor>,
  { random, shuffle, schedule, optimizer }: Parts,
): void {
  const before = { random: random.state(), shuffle: shuffle.state(), schedule: schedule?.state() };
  try {
    random.restore(state.random);
    shuffle.restore(state.shuffle);
    schedule?.restore(state.schedule!);
    optimizer.restore(state.optimizer, slots);
  } catch (error) {
    random.restore(before.random);
    shuffle.restore(before.shuffle);
    schedule?.restore(before.schedule!);
    throw error;
  }
}
