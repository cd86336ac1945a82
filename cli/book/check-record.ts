// The form of what verify keeps, as a schema: nothing that a file says is used before it was checked. Above all names, since they become names of files.
import * as z from "zod/mini";
import type { Verification } from "./record.ts";

const NAMED = "letters, digits, and single hyphens or points between them are expected";
const id = z
  .string()
  .check(
    z.regex(
      /^[a-z0-9]+\/[a-z0-9]+(?:[.-][a-z0-9]+)*$/i,
      "the id of an experiment such as nndl/1.3-sigmoid is expected",
    ),
  );
const figureName = z
  .string()
  .check(z.regex(/^[a-z0-9]+(?:[.-][a-z0-9]+)*$/i, `it becomes the name of a file: ${NAMED}`));
const pixels = z.optional(z.int().check(z.positive(), z.maximum(10_000)));
// JSON has no NaN: what is no number there is null.
const number = z.nullable(z.number());
const value = z.union(
  [number, z.boolean(), z.string(), z.array(number)],
  "a number, a list of numbers, a text, true or false is expected",
);
const values = z.record(z.string(), value);
const measures = z.array(z.string());
const text = z.union(
  [z.string(), z.object({ en: z.string(), zh: z.string() })],
  "a text, or one in en and zh, is expected",
);

/** What a record says beside its drawings. */
export const standing = {
  id,
  verdict: z.enum(["reproduced", "differs", "not decided", "shown", "failed", "skipped"]),
  form: z.enum(["quick", "full"]),
  seed: z.number(),
  reported: values,
  expected: z.optional(values),
  measured: values,
  missed: measures,
  unexplained: measures,
  undecided: measures,
  seconds: z.number(),
  error: z.optional(z.string()),
};

export const tableRows = z.array(z.array(z.union([z.string(), number], "a text or a number is expected")));
const table = z.object({
  title: z.object({ en: z.string(), zh: z.string() }),
  columns: z.array(text),
  rows: tableRows,
});

const figure = z.looseObject({ name: figureName, chart: z.looseObject({}), width: pixels, height: pixels });

const unlike = z.refine<readonly { readonly name: string }[]>(
  (figures) => new Set(figures.map(({ name }) => name)).size === figures.length,
  "figures of different names are expected",
);

/** What `nabla book verify --out` writes. */
export const verificationSchema = z.object({
  machine: z.string(),
  date: z.string(),
  records: z.array(
    z.object({ ...standing, figures: z.array(figure).check(unlike), tables: z.array(table), notes: z.array(text) }),
  ),
}) as unknown as z.ZodMiniType<Verification>;
