// The short form of `npm run fuzz -- --calls`: some thousands of wrong calls of every export, method and documented example. Each ends in a value
// that holds together or in an error that the library wrote, and leaves the engine whole.
import { expect, test } from "vitest";
import { fuzzCalls } from "./calls.mjs";

test("2000 wrong calls end in values or in errors of ours", async () => {
  const failures: string[] = [];
  const parts = await fuzzCalls({ n: 2000, seed: 20, report: (failure: string) => failures.push(failure) });
  expect(failures).toEqual([]);
  // An empty sweep would find nothing: these are the exported functions and classes, what can be called on what examples make, the examples.
  expect(parts!.functions).toBeGreaterThan(250);
  expect(parts!.methods).toBeGreaterThan(800);
  expect(parts!.examples).toBeGreaterThan(250);
});
