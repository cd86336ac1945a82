// The table of mutations: each still fits its file, changes what runs, and names experiments that exist. `npm run mutate` runs them.
import { describe, expect, test } from "vitest";
import { findEntry } from "../../book/library.ts";
import { bookFiles, mutated, readSource, transpile } from "./mirror.mjs";
import { MUTATIONS } from "./mutations.mjs";

describe("the table of mutations", () => {
  test("has at least 80, with ids of their own, 20 of them for continuous integration", () => {
    const ids = MUTATIONS.map(({ id }) => id);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
    expect(ids.length).toBeGreaterThanOrEqual(80);
    expect(MUTATIONS.filter(({ ci }) => ci).length).toBe(20);
  });

  test("names experiments that exist, and files of the books", () => {
    const files = new Set(bookFiles());
    const wrong = MUTATIONS.flatMap(({ id, file, experiments }) => [
      ...(files.has(file) ? [] : [`${id}: ${file}`]),
      ...(experiments.length > 0 ? [] : [`${id}: no experiment`]),
      ...experiments.filter((name) => findEntry(name)?.experiment.id !== name).map((name) => `${id}: ${name}`),
    ]);
    expect(wrong).toEqual([]);
  });

  test.each(MUTATIONS.map((mutation) => [mutation.id, mutation] as const))("%s changes what runs", (_, mutation) => {
    expect(transpile(mutated(mutation))).not.toBe(transpile(readSource(mutation.file)));
  });
});

test("a text that is not there, or there twice, is an error", () => {
  const file = "book/zero/programs/perceptron.ts";
  expect(() => mutated({ id: "none", file, from: "no such text", to: "" })).toThrow("0 times, not once");
  expect(() => mutated({ id: "twice", file, from: "rate", to: "" })).toThrow(/^twice: .* times, not once$/);
});
