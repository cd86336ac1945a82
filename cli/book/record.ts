// Results as JSON: what `--json` prints, and what `verify --out` keeps for the report. Charts are data, so they are kept whole and drawn later.
import { existsSync } from "node:fs";
import type { Figure, Form, OutcomeTable, Value } from "../../book/experiment.ts";
import type { Judged, Verdict } from "../../book/judge.ts";
import type { Result } from "../../book/run.ts";
import { writeFileAtomically } from "../../src/data/atomic.node.ts";
import type { Text } from "../../src/plot/chart.ts";
import { commandName } from "../command-name.ts";
import { UserError } from "../errors.ts";
import { checked, readJsonFile } from "../run-schema.ts";

import { verificationSchema } from "./check-record.ts";

/** What `verify --out` keeps its records in. */
export const RESULTS = "results.json";

/** `"skipped"`: the data it needs is not on this machine. */
export type Standing = Verdict | "skipped";

export interface RunRecord {
  readonly id: string;
  readonly verdict: Standing;
  readonly form: Form;
  readonly seed: number;
  readonly reported: Readonly<Record<string, Value>>;
  /** What must come out where the source prints no number; absent where no claim has one. */
  readonly expected?: Readonly<Record<string, Value>>;
  readonly measured: Readonly<Record<string, Value>>;
  /** Measures whose claims do not hold. */
  readonly missed: readonly string[];
  /** Those of them that lie outside of the difference that is known as well, or have none. */
  readonly unexplained: readonly string[];
  /** Measures that this form can't decide. */
  readonly undecided: readonly string[];
  readonly seconds: number;
  readonly error?: string;
}

export interface KeptRecord extends RunRecord {
  readonly figures: readonly Figure[];
  readonly tables: readonly OutcomeTable[];
  readonly notes: readonly Text[];
}

/** What a whole verification found, and where. */
export interface Verification {
  readonly machine: string;
  readonly date: string;
  readonly records: readonly KeptRecord[];
}

export function recordOf(result: Result): RunRecord {
  const { experiment, verdict, form, seed, claims, outcome, error, seconds } = result;
  const [reported, expected]: Record<string, Value>[] = [{}, {}];
  for (const claim of experiment.claims) {
    if (claim.reported !== undefined) reported[claim.measure] = claim.reported;
    if (claim.expected !== undefined) expected[claim.measure] = claim.expected;
  }
  return {
    id: experiment.id,
    verdict,
    form,
    seed,
    reported,
    ...(Object.keys(expected).length > 0 && { expected }),
    measured: outcome?.measured ?? {},
    missed: measuresOf(claims, ({ holds }) => holds === false),
    unexplained: measuresOf(claims, ({ holds, explained }) => holds === false && !explained),
    undecided: measuresOf(claims, ({ holds }) => holds === null),
    seconds: Number(seconds.toFixed(2)),
    ...(error !== null && { error: error.message }),
  };
}

function measuresOf(claims: readonly Judged[], which: (judged: Judged) => boolean): string[] {
  return claims.filter(which).map(({ claim }) => claim.measure);
}

/** What is left of a run of which nothing came. */
export function emptyRecord(
  order: { readonly id: string; readonly form: Form; readonly seed: number },
  verdict: "failed" | "skipped",
  error: string,
  seconds = 0,
): KeptRecord {
  const lists = { missed: [], unexplained: [], undecided: [], figures: [], tables: [], notes: [] };
  return { ...order, verdict, reported: {}, measured: {}, ...lists, seconds: Number(seconds.toFixed(2)), error };
}

export function keptRecordOf(result: Result): KeptRecord {
  const { figures = [], tables = [], notes = [] } = result.outcome ?? {};
  return { ...recordOf(result), figures, tables, notes };
}

/** Typed arrays become lists, as JSON needs them; numbers keep six digits, which no drawing shows. */
function plain(_key: string, value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array);
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(9)) : value;
}

export async function writeVerification(path: string, verification: Verification): Promise<void> {
  await writeFileAtomically(path, JSON.stringify(verification, plain));
}

/** @throws UserError where there is no such file, or it is not one of a verification: the message says what is wrong in it. */
export function readVerification(path: string): Verification {
  const writer = `${commandName()} book verify --out FOLDER`;
  if (!existsSync(path)) throw new UserError(`there is no file ${path}; ${writer} writes FOLDER/${RESULTS}`);
  const remedy = `Delete it, and write it anew with ${writer}`;
  return checked(verificationSchema, readJsonFile(path, remedy), path, remedy);
}

/** The newer records in place of older ones of the same id and form. */
export function mergeRecords(older: readonly KeptRecord[], newer: readonly KeptRecord[]): KeptRecord[] {
  const key = ({ id, form }: KeptRecord) => `${form} ${id}`;
  const replaced = new Set(newer.map(key));
  return [...older.filter((record) => !replaced.has(key(record))), ...newer];
}
