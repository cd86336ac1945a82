// The encoder and decoder of section 5.4: the little language, what is written and what is asked for, and bad input.
import { expect, test } from "vitest";
import { Random } from "../../random.ts";
import { Seq2Seq, sources, translate } from "./encoder-decoder.ts";

test("A B C D becomes X Y Z: D is not said", () => {
  expect(translate("ABCD")).toBe("XYZ");
  expect(translate("DH")).toBe("");
  expect(translate("GEF")).toBe("WUV");
});

test("sources are different from each other and from those that are left out", () => {
  const found = sources("AB", 10, [1, 3], ["AB", "BA"], new Random(1));
  expect(new Set(found).size).toBe(10);
  expect(found).not.toContain("AB");
  expect(found.every((text) => /^[AB]{1,3}$/.test(text))).toBe(true);
});

test.each([true, false])(
  "attention %s: learns five pairs by heart; then free running and teacher forcing agree",
  async (attention) => {
    const pairs = ["12", "21", "122", "211", "1"].map((source) => ({ source, target: [...source].reverse().join("") }));
    const model = new Seq2Seq({ characters: "12", units: 24, attention, seed: 1 });
    expect(model.accuracy(pairs)).toBeLessThan(0.5);
    const { curve } = await model.train(pairs, pairs, { epochs: 60, learningRate: 0.02, seed: 1, batchSize: 5 });
    expect(curve.at(-1)).toBe(1);
    expect(model.forcedAccuracy(pairs)).toBe(1);
    expect(model.write(["122", "1"], 4)).toEqual(["221", "1"]);
    // It ends where it may write no more.
    expect(model.write(["122"], 2)).toEqual(["22"]);
  },
);

test("a character that it does not know, or that stands twice, is an error", () => {
  const model = new Seq2Seq({ characters: "AB", units: 4, attention: false, seed: 1 });
  expect(() => model.write(["AC"], 3)).toThrow('Seq2Seq: "C" is none of its characters, AB');
  expect(() => new Seq2Seq({ characters: "ABA", units: 4, attention: false, seed: 1 })).toThrow(
    "a character stands twice",
  );
  expect(() => new Seq2Seq({ characters: "A_", units: 4, attention: false, seed: 1 })).toThrow("holds the end mark");
});
