// Results that a file holds are checked before any of them is used: a figure's name becomes the name of a file.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checked } from "../run-schema.ts";
import { verificationSchema } from "./check-record.ts";
import { emptyRecord, readVerification, type Verification, writeVerification } from "./record.ts";

const chart = { kind: "line", series: [{ name: "a", y: [1, 2] }] } as const;
const whole = (): Verification => ({
  machine: "a machine",
  date: "2026-11-28",
  records: [
    {
      ...emptyRecord({ id: "nndl/1.A", form: "quick", seed: 1 }, "failed", "the reason"),
      figures: [{ name: "by-epoch", chart }],
    },
  ],
});

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nabla-record-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("what verify writes is read back", async () => {
  const path = join(folder, "results.json");
  await writeVerification(path, whole());
  expect(readVerification(path)).toEqual(whole());
});

const check = (value: unknown) => checked(verificationSchema, value, "the file", "Write it anew");

/** The whole verification with what is at a place, such as `records.0.id`, changed; undefined removes it. */
function changed(place: string, value: unknown): unknown {
  const copy = structuredClone(whole()) as unknown as Record<string, unknown>;
  const keys = place.split(".");
  const last = keys.pop() as string;
  const holder = keys.reduce((object, key) => object[key] as Record<string, unknown>, copy);
  holder[last] = value;
  return JSON.parse(JSON.stringify(copy));
}

test.each(["../../../etc/x", "a/b", "..", "a..b", "/etc/x", "a\\b", "a\0b", "", ".hidden", "a b", "-a"])(
  "a figure called %j would lead out of the folder, or hide in it",
  (name) => {
    expect(() => check(changed("records.0.figures.0.name", name))).toThrow(
      /records\.0\.figures\.0\.name is .*becomes the name of a file/,
    );
  },
);

test.each(["..", "../x", "nndl/../x", "nndl", "/nndl", "nndl/1.A/2", "nndl\\1", ""])(
  "an experiment called %j",
  (id) => {
    expect(() => check(changed("records.0.id", id))).toThrow(/records\.0\.id is .*the id of an experiment such as/);
  },
);

test.each<[string, unknown, RegExp]>([
  ["records", undefined, /records is missing: a value of type array is expected/],
  ["records", {}, /records is \{\}: a value of type array/],
  ["records.0", null, /records\.0 is null: a value of type object/],
  ["records.0.verdict", "toString", /verdict is "toString": one of reproduced, differs, /],
  ["records.0.form", "half", /form is "half": one of quick, full is expected/],
  ["records.0.seconds", "1", /seconds is "1": a value of type number/],
  ["records.0.seed", undefined, /seed is missing/],
  ["records.0.measured", [], /measured is \[\]: a value of type record/],
  ["records.0.measured.accuracy", {}, /measured\.accuracy is \{\}: a number, a list of numbers, a text/],
  ["records.0.missed", ["a", 1], /missed\.1 is 1: a value of type string/],
  ["records.0.tables", [{}], /tables\.0\.title is missing/],
  ["records.0.notes", [5], /notes\.0 is 5: a text, or one in en and zh/],
  ["records.0.figures", undefined, /figures is missing/],
  ["records.0.figures.0.chart", undefined, /chart is missing/],
  ["records.0.figures.0.width", 1e9, /width is 1000000000: at most 10000 is expected/],
  ["date", 5, /date is 5: a value of type string/],
])("%s of %j is told", (place, value, message) => {
  expect(() => check(changed(place, value))).toThrow(message);
});

test("two figures of one name would be one file", () => {
  const figures = [
    { name: "a", chart },
    { name: "a", chart },
  ];
  expect(() => check(changed("records.0.figures", figures))).toThrow(/figures of different names are expected/);
});

test("the file is named, whatever it holds", async () => {
  const path = join(folder, "other.json");
  for (const [text, message] of [
    ["{", "it ends too early"],
    ["[]", "is damaged: it is []"],
    [JSON.stringify(changed("records.0.figures.0.name", "../x")), 'is "../x"'],
  ]) {
    await writeFile(path, text);
    expect(() => readVerification(path)).toThrow(message);
    expect(() => readVerification(path)).toThrow(path);
    expect(() => readVerification(path)).toThrow(/Delete it, and write it anew with .*book verify --out FOLDER/);
  }
});
