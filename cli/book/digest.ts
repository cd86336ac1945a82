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
}

export interface Digest {
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
  const all = new Map([...(older?.records ?? []), ...newer].map((record) => [key(record), record]));
  const forms = ["full", "quick"];
  const ordered = ids.flatMap((id) => forms.map((form) => all.get(`${id} ${form}`)));
  return { machine, records: ordered.filter((record) => record !== undefined) };
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
