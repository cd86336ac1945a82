// Words become numbers as the text of the program says, and words that are not known do not.
import { expect, test } from "vitest";
import { Category, encode, encodeAsNumbers, gradeNumber } from "./features.ts";

const industries = new Category("industry", ["banking", "IT", "teaching"]);
const companies = new Category("company", ["Baidu", "other"]);
const person = { years: 5, industry: "IT", company: "Baidu", grade: "T6" };

test("(5, IT, Baidu, T6) by places and by numbers", () => {
  expect(encode(person, industries, companies)).toEqual([5, 0, 1, 0, 1, 0, 6]);
  expect(encodeAsNumbers(person, industries, companies)).toEqual([5, 2, 1, 6]);
});

test("a word that is not known is refused, with those that are", () => {
  expect(() => encode({ ...person, industry: "law" }, industries, companies)).toThrow(
    "the industry law is not known; known are banking, IT, teaching",
  );
  expect(() => gradeNumber("P6")).toThrow("the grade P6 is no T with a number");
});
