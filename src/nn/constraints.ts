// What holds of a parameter after every step of an optimiser.
import { fields, knownOptions, oneOf, positive } from "../engine/checks.ts";
import { div, mul } from "../ops/arithmetic.ts";
import { maximum, minimum, where } from "../ops/choice.ts";
import { equal } from "../ops/comparison.ts";
import { norm } from "../ops/reduce.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * What a parameter is brought back to after every step: `{ maxNorm: c }` scales the weights into one unit down to the Euclidean norm c
 * where theirs is larger (Srivastava et al. 2014), `{ norm: 1 }` to that norm always, "nonNegative" sets negative ones to 0. The weights
 * into a unit are a column of a matrix [in, out], and a filter of a kernel [out, ...].
 */
export type Constraint = "nonNegative" | { maxNorm: number } | { norm: number };

/** @throws TypeError, RangeError for what is no constraint. */
export function checkConstraint(owner: string, constraint: Constraint): Constraint {
  if (typeof constraint === "string") return oneOf<"nonNegative">(owner, "the constraint", constraint, ["nonNegative"]);
  const what = `${owner}: the constraint`;
  const given = fields(owner, "the constraint", constraint) as { maxNorm?: number; norm?: number };
  knownOptions(what, given, ["maxNorm", "norm"]);
  if ((given.maxNorm === undefined) === (given.norm === undefined)) {
    throw new TypeError(`${what} is "nonNegative", { maxNorm: number } or { norm: number }`);
  }
  positive(what, given.maxNorm === undefined ? "norm" : "maxNorm", (given.maxNorm ?? given.norm)!);
  return constraint;
}

/** w as the constraint wants it; `byRow` if the weights into a unit are a row of a matrix. */
export function constrained(constraint: Constraint, w: Tensor, byRow = false): Tensor {
  if (constraint === "nonNegative") return maximum(w, 0);
  const axes =
    w.rank < 2 ? undefined : w.rank === 2 ? [byRow ? 1 : 0] : Array.from({ length: w.rank - 1 }, (_, i) => i + 1);
  const length = norm(w, axes, true);
  const wanted = "norm" in constraint ? constraint.norm : minimum(length, constraint.maxNorm);
  const scale = div(wanted, where(equal(length, 0), 1, length));
  return mul(w, scale);
}
