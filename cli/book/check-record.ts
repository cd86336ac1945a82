// Whether what a file says was verified can be believed in form: nothing of it is used before. Above all names, since they become names of files.
import type { Verification } from "./record.ts";

const VERDICTS: ReadonlySet<unknown> = new Set(["reproduced", "differs", "not decided", "shown", "failed", "skipped"]);
const FORMS: ReadonlySet<unknown> = new Set(["quick", "full"]);
/** `nndl/1.A` */
const ID = /^[a-z0-9]+\/[a-z0-9]+(?:[.-][a-z0-9]+)*$/i;
/** `by-epoch` */
const NAME = /^[a-z0-9]+(?:[.-][a-z0-9]+)*$/i;

/** @throws Error that says what is wrong, and where */
export function checkVerification(value: unknown): Verification {
  const verification = objectAt(value, "the file");
  for (const key of ["machine", "date"]) textAt(verification[key], key);
  for (const [k, record] of listAt(verification["records"], "records").entries()) checkRecord(record, `records[${k}]`);
  return value as Verification;
}

function checkRecord(value: unknown, place: string): void {
  const record = objectAt(value, place);
  const id = textAt(record["id"], `${place}.id`);
  if (!ID.test(id))
    throw new Error(`${place}.id is ${JSON.stringify(id.slice(0, 80))}, not the id of an experiment such as nndl/1.A`);
  if (!VERDICTS.has(record["verdict"])) throw new Error(`${place}.verdict is none of ${[...VERDICTS].join(", ")}`);
  if (!FORMS.has(record["form"])) throw new Error(`${place}.form is neither quick nor full`);
  for (const key of ["seed", "seconds"]) {
    if (!Number.isFinite(record[key])) throw new Error(`${place}.${key} is not a number`);
  }
  for (const key of ["reported", "measured"]) objectAt(record[key], `${place}.${key}`);
  for (const key of ["missed", "unexplained", "undecided"]) {
    for (const [k, measure] of listAt(record[key], `${place}.${key}`).entries())
      textAt(measure, `${place}.${key}[${k}]`);
  }
  if (record["error"] !== undefined) textAt(record["error"], `${place}.error`);
  for (const key of ["tables", "notes"]) listAt(record[key], `${place}.${key}`);
  const names = new Set<string>();
  for (const [k, entry] of listAt(record["figures"], `${place}.figures`).entries()) {
    const figure = objectAt(entry, `${place}.figures[${k}]`);
    const name = textAt(figure["name"], `${place}.figures[${k}].name`);
    if (!NAME.test(name)) {
      throw new Error(
        `${place}.figures[${k}].name is ${JSON.stringify(name.slice(0, 80))}: it becomes the name of a file, so it may hold letters, digits, and single hyphens or points between them`,
      );
    }
    if (names.has(name)) throw new Error(`${place}: two figures are called ${name}`);
    names.add(name);
    objectAt(figure["chart"], `${place}.figures[${k}].chart`);
    for (const side of ["width", "height"]) {
      const size = figure[side];
      if (size !== undefined && !(Number.isInteger(size) && (size as number) > 0 && (size as number) <= 10_000)) {
        throw new Error(`${place}.figures[${k}].${side} is not a whole number of pixels from 1 to 10,000`);
      }
    }
  }
}

function objectAt(value: unknown, place: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error(`${place} is ${value === undefined ? "missing" : "not an object"}`);
}

function listAt(value: unknown, place: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`${place} is ${value === undefined ? "missing" : "not a list"}`);
}

function textAt(value: unknown, place: string): string {
  if (typeof value === "string") return value;
  throw new Error(`${place} is ${value === undefined ? "missing" : "not a text"}`);
}
