import fc from "fast-check";
import { expect, test } from "vitest";
import { endOfJson, placeIn } from "./json-place.ts";

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test("JSON has no place where it stops", () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(undefined, 1, "\t"), (text, space) => {
      expect(endOfJson(JSON.stringify(JSON.parse(text), null, space))).toBeNull();
    }),
  );
});

test("damaged texts are JSON where the language says so, and nothing but a longer text can mend what ends too early", () => {
  const whole = JSON.stringify(
    { format: "nabla-run", hidden: [100, 30], lr: 1e-3, split: null, name: 'a"\\\u0000é😀' },
    null,
    2,
  );
  fc.assert(
    fc.property(
      fc.nat(whole.length),
      fc.nat(4),
      fc.constantFrom("", ",", "}", "x", '"', "\u0000", ":", "[", "0"),
      (at, cut, put) => {
        const text = whole.slice(0, at) + put + whole.slice(at + cut);
        const end = endOfJson(text);
        expect(end === null).toBe(parses(text));
        if (end !== null) expect(end).toBeLessThanOrEqual(text.length);
      },
    ),
    { numRuns: 2000 },
  );
});

test.each([
  ["", 0],
  ['{"a": 1,\n  "b": }', 17 - 1],
  ['{"a": 1,\n  "b": 2', 17],
  ['{"a": 1,}', 8],
  ["[1 2]", 3],
  ["{'a': 1}", 1],
  ["{} x", 3],
  ["[01]", 2],
])("%j stops at %i", (text, place) => {
  expect(endOfJson(text)).toBe(place);
});

test("places are told by line and column", () => {
  expect(placeIn('{"a": 1,\n  "b": }', 16)).toBe("line 2, column 8");
  expect(placeIn("", 0)).toBe("line 1, column 1");
});
