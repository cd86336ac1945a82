// What is added to the loss for large weights, a parameter at a time.
import { fields, knownOptions, notNegative } from "../engine/checks.ts";
import { abs, add, mul, square } from "../ops/arithmetic.ts";

import { sum } from "../ops/broadcast.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * A penalty on a parameter w, added to the loss while training: l1 sum |w| + l2 sum w^2. Unlike an optimiser's `weightDecay`, it is
 * part of the loss that is reported, and of the gradient that an adaptive optimiser scales.
 */
export interface Penalty {
  /** From 0 on; default 0. */
  l1?: number;
  /** From 0 on; default 0. The gradient is 2 l2 w. */
  l2?: number;
}

/** @throws TypeError, RangeError for what is no penalty. */
export function checkPenalty(owner: string, penalty: Penalty): Penalty {
  fields(owner, "the penalty", penalty);
  knownOptions(`${owner}: the penalty`, penalty, ["l1", "l2"]);
  if (penalty.l1 !== undefined) notNegative(owner, "l1", penalty.l1);
  if (penalty.l2 !== undefined) notNegative(owner, "l2", penalty.l2);
  return penalty;
}

/** The penalty of w, one number; null where it is none. */
export function penaltyOf({ l1 = 0, l2 = 0 }: Penalty, w: Tensor): Tensor | null {
  const first = l1 > 0 ? mul(sum(abs(w)), l1) : null;
  const second = l2 > 0 ? mul(sum(square(w)), l2) : null;
  return first !== null && second !== null ? add(first, second) : (first ?? second);
}
