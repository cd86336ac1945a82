// From what was measured to a verdict.
import type { Band, Claim, Experiment, Form, Outcome, Value } from "./experiment.ts";

export interface Judged {
  readonly claim: Claim;
  readonly measured: Value | undefined;
  /** null: this form can't decide it. */
  readonly holds: boolean | null;
}

export type Verdict = "reproduced" | "differs" | "failed";

export function bandOf(claim: Claim, form: Form): Band | null {
  return "quick" in claim.accept ? claim.accept[form] : claim.accept;
}

/** Whether a value lies in a band; `within` compares with what the claim reports. */
export function liesIn(band: Band, measured: Value | undefined, reported: Value | undefined): boolean {
  if (measured === undefined) return false;
  if ("equals" in band) return same(measured, band.equals);
  if ("within" in band) {
    const [here, there] = [listOf(measured), listOf(reported)];
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
    const band = bandOf(claim, form);
    const value = measured[claim.measure];
    return { claim, measured: value, holds: band === null ? null : liesIn(band, value, claim.reported) };
  });
  return { claims: judged, verdict: judged.some(({ holds }) => holds === false) ? "differs" : "reproduced" };
}
