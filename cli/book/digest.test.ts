// What several verifications leave in docs/results.json.
import { expect, test } from "vitest";
import { digestOf } from "./digest.ts";
import type { KeptRecord, Verification } from "./record.ts";

const record = (id: string, seconds: number): KeptRecord =>
  ({
    id,
    form: "full",
    seed: 1,
    verdict: "reproduced",
    seconds,
    measured: {},
    missed: [],
    tables: [],
    figures: [],
  }) as never;

const on = (machine: string, date: string, ...records: KeptRecord[]): Verification =>
  ({ machine, date, records }) as never;

test("each record has the machine that it ran on; that of most is told once", () => {
  const ids = ["a/1", "a/2", "a/3"];
  const first = digestOf(on("one", "2026-01-01", record("a/1", 1), record("a/2", 2), record("a/3", 3)), null, ids);
  expect(first.machine).toBe("one");
  expect(first.records.map(({ machine }) => machine)).toEqual([undefined, undefined, undefined]);
  const second = digestOf(on("two", "2026-01-02", record("a/2", 9)), first, ids);
  expect(second.machine).toBe("one");
  expect(second.records.map(({ machine, seconds }) => [machine, seconds])).toEqual([
    [undefined, 1],
    ["two", 9],
    [undefined, 3],
  ]);
  const third = digestOf(on("two", "2026-01-03", record("a/3", 8)), second, ids);
  expect([third.machine, third.records.map(({ machine }) => machine)]).toEqual(["two", ["one", undefined, undefined]]);
  // What is gone from the books is gone here.
  expect(digestOf(on("two", "2026-01-04"), third, ["a/1"]).records.map(({ id }) => id)).toEqual(["a/1"]);
});
