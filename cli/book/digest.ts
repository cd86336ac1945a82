// docs/results.json: what was verified without its drawings, small enough to stand beside the texts that quote it. RESULTS.md and the numbers in the
// guides come from here.
import { existsSync } from "node:fs";
import * as z from "zod/mini";
import type { Form, Value } from "../../book/experiment.ts";
import { writeFileAtomically } from "../../src/data/atomic.node.ts";
import { commandName } from "../command-name.ts";
import { checked, readJsonFile } from "../run-schema.ts";
import { standing, tableRows } from "./check-record.ts";
import type { KeptRecord, Standing, Verification } from "./record.ts";

export interface DigestRecord {
  readonly id: string;
  readonly form: Form;
  readonly seed: number;
  /** Day of the run. */
  readonly date: string;
  readonly verdict: Standing;
  readonly seconds: number;
  readonly measured: Readonly<Record<string, Value>>;
  readonly missed: readonly string[];
  readonly unexplained: readonly string[];
  readonly undecided: readonly string[];
  readonly error?: string;
  /** The rows of each table. */
  readonly tables: readonly (readonly (readonly (string | number)[])[])[];
  /** Names of figures. */
  readonly figures: readonly string[];
  /** What it ran on, where that is not the digest's. */
  readonly machine?: string;
}

export interface Digest {
  /** What most of the records ran on. */
  readonly machine: string;
  /** In reading order; of an experiment one record a form at most. */
  readonly records: readonly DigestRecord[];
}

const { id, form, seed, verdict, seconds, measured, missed, unexplained, undecided, error } = standing;
const digestSchema = z.object({
  machine: z.string(),
  records: z.array(
    z.object({
      ...{ id, form, seed, date: z.string(), verdict, seconds, measured, missed, unexplained, undecided, error },
      tables: z.array(tableRows),
      figures: z.array(z.string()),
      machine: z.optional(z.string()),
    }),
  ),
}) as unknown as z.ZodMiniType<Digest>;

function digestRecord(record: KeptRecord, date: string): DigestRecord {
  const { id, form, seed, verdict, seconds, measured, missed, unexplained, undecided, error } = record;
  return {
    ...{ id, form, seed, date, verdict, seconds, measured, missed, unexplained, undecided },
    ...(error !== undefined && { error }),
    tables: record.tables.map(({ rows }) => rows),
    figures: record.figures.map(({ name }) => name),
  };
}

/** The newer records, and those of `older` that they do not replace, in the order of `ids`; of others nothing is kept. */
export function digestOf(
  { machine, date, records }: Verification,
  older: Digest | null,
  ids: readonly string[],
): Digest {
  const newer = records.map((record) => digestRecord(record, date));
  const key = ({ id, form }: DigestRecord) => `${id} ${form}`;
  const on = (where: string, list: readonly DigestRecord[]) => list.map((each) => ({ machine: where, ...each }));
  const placed = [...on(older?.machine ?? machine, older?.records ?? []), ...on(machine, newer)];
  const all = new Map(placed.map((record) => [key(record), record]));
  const forms = ["full", "quick"];
  const ordered = ids
    .flatMap((id) => forms.map((form) => all.get(`${id} ${form}`)))
    .filter((record) => record !== undefined);
  const most = commonest(ordered.map((record) => record.machine)) ?? machine;
  const kept = ordered.map(({ machine: where, ...record }) => ({
    ...record,
    ...(where !== most && { machine: where }),
  }));
  return { machine: most, records: kept };
}

/** The text that stands in a list most often, the first of equals. */
function commonest(list: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const each of list) counts.set(each, (counts.get(each) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

/** Six digits are all that anyone quotes. */
function short(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(9)) : value;
}

/** A record a line, so that a change shows what changed. */
export async function writeDigest(path: string, { machine, records }: Digest): Promise<void> {
  const lines = records.map((record) => JSON.stringify(record, short));
  await writeFileAtomically(path, `{"machine":${JSON.stringify(machine)},"records":[\n${lines.join(",\n")}\n]}\n`);
}

/** Null where there is no such file. @throws UserError where it is none of a digest. */
export function readDigest(path: string): Digest | null {
  if (!existsSync(path)) return null;
  const remedy = `Delete it, and write it anew with ${commandName()} book report`;
  return checked(digestSchema, readJsonFile(path, remedy), path, remedy);
}
