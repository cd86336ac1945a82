import { expect, test } from "vitest";
import type { Claim, Experiment } from "../../book/experiment.ts";
import type { Entry } from "../../book/library.ts";
import { mergeRecords } from "./record.ts";
import { verificationText } from "./verification-text.ts";
import { unexplained, verifyAll } from "./verify.ts";

const both = (text: string) => ({ en: text, zh: text });

function entry(id: string, run: Experiment["run"], more: Partial<Experiment> = {}): Entry {
  const experiment: Experiment = {
    id,
    title: both(`title of ${id}`),
    section: "1",
    kind: "experiment",
    about: both("about"),
    read: [],
    claims: [{ measure: "value", says: both("what it is"), reported: 1, accept: { within: 0.1 }, because: both("x") }],
    run,
    ...more,
  };
  const chapter = { title: both("chapter"), guide: "t-1", experiments: [experiment] };
  return { experiment, chapter, source: { id: "t", title: both("T"), work: both("W"), chapters: [chapter] } };
}

const claim: Claim = { measure: "value", says: both("what it is"), reported: 1, accept: { within: 0.1 } };
const knownDifference = {
  claims: [{ ...claim, differs: { accept: { within: 2 }, cause: both("because of the cause") } }],
};

const entries = [
  entry("t/good", async () => ({ measured: { value: 1.05 } })),
  entry("t/throws", async () => {
    throw new Error("the reason it failed");
  }),
  entry("t/off", async () => ({ measured: { value: 2 } })),
  entry("t/known", async () => ({ measured: { value: 2 } }), knownDifference),
  entry("t/beyond", async () => ({ measured: { value: 9 } }), knownDifference),
  entry("t/open", async () => ({ measured: { value: 2 } }), {
    claims: [{ ...claim, accept: { quick: null, full: { within: 0.1 } } }],
  }),
  entry("t/figure", async () => ({ measured: {} }), { claims: [] }),
];

test("an experiment that throws does not stop the others, and its error is in the table", async () => {
  const seen: string[] = [];
  const records = await verifyAll(entries, { form: "quick", seed: 1, onRecord: ({ id }) => void seen.push(id) });
  expect(seen).toEqual(entries.map(({ experiment }) => experiment.id));
  expect(records.map(({ verdict }) => verdict)).toEqual([
    ...["reproduced", "failed", "differs", "differs", "differs", "not decided", "shown"],
  ]);
  const table = verificationText(entries, records, 12.3, "en");
  expect(table).toContain("the reason it failed");
  expect(table).toContain("what it is: 1 → 2");
  expect(table).toContain("because of the cause");
  expect(table.split("because of the cause").length - 1, "explains t/known only").toBe(1);
  expect(table).toContain("the cause that is recorded does not explain this value");
  expect(table).toContain("no cause is recorded");
  expect(table).toContain("not decided in this form: what it is");
  expect(table).toContain("7 experiments: 1 reproduced, 1 shown, 3 differ, 1 not decided, 1 failed; 12 s");
  expect(unexplained(records).map(({ id }) => id)).toEqual(["t/throws", "t/off", "t/beyond"]);
});

test("newer records replace older ones of the same form", async () => {
  const [old] = await verifyAll(entries.slice(2, 3), { form: "quick", seed: 1, onRecord: () => {} });
  const newer = { ...old, measured: { value: 5 } };
  const full = { ...old, form: "full" as const };
  expect(mergeRecords([old, full], [newer])).toEqual([full, newer]);
});
