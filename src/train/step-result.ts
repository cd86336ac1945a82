// What is read after a step, now or when the device gets to it, and the figures that are counted of it.
import type { TypedArray } from "../engine/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type HeadRun, predictedBy } from "./forward.ts";
import type { Head } from "./objective.ts";
import { countCorrect, countCorrectAt } from "./predicted-classes.ts";
import type { Prepared } from "./targets.ts";

/** What is read after a step: the total, and of each head what is counted. */
export interface StepResult {
  readonly loss: Tensor;
  readonly heads: readonly {
    /** Where there are several heads. */
    readonly loss: Tensor | null;
    readonly total: Tensor | null;
    readonly weights: Tensor | null;
    readonly predicted: Tensor | null;
  }[];
}

/** `StepResult` in JavaScript. */
export interface StepValues {
  readonly loss: number;
  readonly heads: readonly {
    readonly loss: number | null;
    readonly total: number | null;
    readonly weights: TypedArray | null;
    readonly predicted: Int32Array | null;
  }[];
}

/** Of a step that went forward through these heads, to this loss. */
export function resultOf(
  prepared: Prepared,
  heads: readonly Head[],
  runs: readonly HeadRun[],
  loss: Tensor,
): StepResult {
  const several = heads.length > 1;
  return {
    loss,
    heads: runs.map((run, k) => ({
      loss: several ? run.loss : null,
      total: run.total,
      weights: prepared.heads[k].classes === null ? null : run.weights,
      predicted: prepared.heads[k].classes === null ? null : predictedBy(heads[k], run),
    })),
  };
}

/** Asks for all that is read after a step. */
export async function readsOf({ loss, heads }: StepResult): Promise<StepValues> {
  const read = async (x: Tensor | null): Promise<TypedArray | null> => (x === null ? null : x.data());
  const one = async (x: Tensor | null): Promise<number | null> => (await read(x))?.[0] ?? null;
  const [value, ...rest] = await Promise.all([
    one(loss),
    ...heads.map(async ({ loss: own, total, weights, predicted }) => {
      const found = await Promise.all([one(own), one(total), read(weights), read(predicted)] as const);
      return { loss: found[0], total: found[1], weights: found[2], predicted: found[3] as Int32Array | null };
    }),
  ]);
  return { loss: value!, heads: rest };
}

export function tensorsOf({ loss, heads }: StepResult): Tensor[] {
  const tensors = [loss];
  for (const { loss: own, total, weights, predicted } of heads) {
    for (const x of [own, total, weights, predicted]) if (x !== null && !tensors.includes(x)) tensors.push(x);
  }
  return tensors;
}

/**
 * What is counted of a step: loss, what the batch counts, samples; then of each head the sum of its losses, what its rows count, right answers, and
 * rows that have a class.
 */
export function measured(
  prepared: Prepared,
  { loss, heads }: StepResult,
  samples: number,
  numbersOf: () => Int32Array | null,
): Float64Array {
  const values: StepValues = {
    loss: loss.item(),
    heads: heads.map(({ loss: own, total, weights, predicted }) => ({
      loss: own?.item() ?? null,
      total: total?.item() ?? null,
      weights: weights?.dataSync() ?? null,
      predicted: (predicted?.dataSync() ?? null) as Int32Array | null,
    })),
  };
  return countedOf(prepared, values, samples, prepared.heads.some(({ classes }) => classes) ? numbersOf() : null);
}

/** The same of values that are there; `numbers` are the rows' among all samples, null where the batch has its own classes. */
export function countedOf(
  prepared: Prepared,
  { loss, heads }: StepValues,
  samples: number,
  numbers: Int32Array | null,
): Float64Array {
  const counted = new Float64Array(3 + 4 * heads.length);
  for (let k = 0; k < heads.length; k++) {
    const { loss: own, total, weights, predicted } = heads[k];
    const { classes, places } = prepared.heads[k];
    const at = 3 + 4 * k;
    const weight = total ?? samples * places;
    // Of one head it is the loss of all.
    counted[at] = own === null ? 0 : own * weight;
    counted[at + 1] = weight;
    if (classes === null || predicted === null) continue;
    if (weights === null && places === 1) {
      counted[at + 2] = countCorrect(predicted, classes, numbers);
      counted[at + 3] = predicted.length;
    } else {
      const [correct, rows] = countCorrectAt(predicted, classes, numbers, places, weights as ArrayLike<number> | null);
      counted[at + 2] = correct;
      counted[at + 3] = rows;
    }
  }
  counted[0] = loss;
  counted[1] = heads.length > 1 ? samples : counted[4];
  counted[2] = samples;
  return counted;
}
