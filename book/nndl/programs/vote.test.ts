// The vote of an ensemble.
import { expect, test } from "vitest";
import { majority } from "./vote.ts";

test("three of five decide, and two of five where the others differ", () => {
  expect(majority(["71", "72", "73", "12", "14"])).toBe("72");
  expect(majority(["3", "5", "5", "8", "8"])).toBe("5");
});

test("of equally many the first voter's answer counts", () => {
  expect(majority(["4", "9"])).toBe("4");
  expect(majority(["9", "4", "4", "9"])).toBe("9");
});

test("one voter is right by itself", () => {
  expect(majority(["0123456789"])).toBe("0123456789");
});

test("independent voters that are right with 0.8 each: five are right with 0.94208", () => {
  // Over all 2^5 outcomes, each wrong voter with a mistake of its own: right where at least three are, or two where all mistakes differ.
  let right = 0;
  for (let outcome = 0; outcome < 32; outcome++) {
    const voters = [0, 1, 2, 3, 4].map((k) => ((outcome >> k) & 1 ? "0" : "1"));
    const count = voters.filter((digit) => digit === "0").length;
    if (majority(voters) === "0") right += 0.8 ** count * 0.2 ** (5 - count);
  }
  expect(right).toBeCloseTo(0.94208, 12);
});

test("lists of unequal length, and none, are errors", () => {
  expect(() => majority(["12", "1"])).toThrow("the same images");
  expect(() => majority([])).toThrow("got none");
});
