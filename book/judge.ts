// From what was measured to a verdict.
import type { Accept, Band, Claim, Experiment, Form, Outcome, Value } from "./experiment.ts";

export interface Judged {
  readonly claim: Claim;
  readonly measured: Value | undefined;
  /** null: this form can't decide it. */
  readonly holds: boolean | null;
  /** It does not hold, and lies where the claim says that it lies instead. */
  readonly explained: boolean;
}

/**
 * `"reproduced"`: every claim holds. `"differs"`: one does not. `"not decided"`: none fails, but this form can't tell
 * of one. `"shown"`: there is nothing to compare with. `"failed"`: it threw.
 */
export type Verdict = "reproduced" | "differs" | "not decided" | "shown" | "failed";

export function bandOf({ accept }: { readonly accept: Accept }, form: Form): Band | null {
  return "quick" in accept ? accept[form] : accept;
}

/** Whether a value lies in a band; `within` compares with `standard`: what the claim reports or expects. */
export function liesIn(band: Band, measured: Value | undefined, standard: Value | undefined): boolean {
  if (measured === undefined) return false;
  if ("equals" in band) return same(measured, band.equals);
  if ("within" in band) {
    const [here, there] = [listOf(measured), listOf(standard)];
    if (here === null || there === null || here.length !== there.length) return false;
    return here.every((value, i) => Math.abs(value - there[i]) <= band.within);
  }
  const values = listOf(measured);
  if (values === null || values.length === 0) return false;
  if ("atLeast" in band) return values.every((value) => value >= band.atLeast);
  if ("atMost" in band) return values.every((value) => value <= band.atMost);
  const [low, high] = band.between;
  return values.every((value) => value >= low && value <= high);
}

function listOf(value: Value | undefined): readonly number[] | null {
  if (typeof value === "number") return [value];
  return Array.isArray(value) ? (value as readonly number[]) : null;
}

function same(a: Value, b: Value): boolean {
  const [left, right] = [listOf(a), listOf(b)];
  if (left === null || right === null) return a === b;
  return left.length === right.length && left.every((value, i) => value === right[i]);
}

export function judge(
  { claims }: Experiment,
  { measured }: Outcome,
  form: Form,
): { claims: Judged[]; verdict: Verdict } {
  const judged = claims.map((claim): Judged => {
    const value = measured[claim.measure];
    const standard = claim.reported ?? claim.expected;
    const band = bandOf(claim, form);
    const holds = band === null ? null : liesIn(band, value, standard);
    const instead = holds === false && claim.differs !== undefined ? bandOf(claim.differs, form) : null;
    return { claim, measured: value, holds, explained: instead !== null && liesIn(instead, value, standard) };
  });
  return { claims: judged, verdict: verdictOn(judged) };
}

function verdictOn(judged: readonly Judged[]): Verdict {
  if (judged.length === 0) return "shown";
  if (judged.some(({ holds }) => holds === false)) return "differs";
  return judged.some(({ holds }) => holds === null) ? "not decided" : "reproduced";
}
