import { describe, expect, test } from "vitest";
import { correctionOf, fromJson, toJson } from "../../studio/src/digits/corrections.ts";

describe("corrections as JSON", () => {
  test("come back as they were, pixels as bytes", () => {
    const pixels = Float32Array.from({ length: 784 }, (_, p) => p / 783);
    const corrections = [correctionOf(7, pixels), correctionOf(0, new Float32Array(784))];
    expect(corrections[0].pixels[783]).toBe(255);
    expect(fromJson(toJson(corrections))).toEqual(corrections);
    expect(fromJson(toJson([]))).toEqual([]);
  });

  test.each([
    ["no JSON", "nonsense", "no JSON"],
    ["another format", "{}", 'its format is not "nabla-digit-corrections"'],
    ["null", "null", "its format is not"],
    ["another version", '{"format":"nabla-digit-corrections","version":2,"corrections":[]}', "its version is 2"],
    [
      "a digit that is none",
      '{"format":"nabla-digit-corrections","version":1,"corrections":[{"digit":10,"pixels":""}]}',
      "correction 1: digit is 10",
    ],
    [
      "too few pixels",
      '{"format":"nabla-digit-corrections","version":1,"corrections":[{"digit":1,"pixels":"AAAA"}]}',
      "correction 1: pixels are not 784 bytes",
    ],
    [
      "pixels that are no base64",
      '{"format":"nabla-digit-corrections","version":1,"corrections":[{"digit":1,"pixels":"*"}]}',
      "correction 1: pixels are not 784 bytes",
    ],
    ["an entry that is none", '{"format":"nabla-digit-corrections","version":1,"corrections":[null]}', "correction 1"],
  ])("refuses %s", (_, text, message) => {
    expect(() => fromJson(text)).toThrow(message);
  });
});
