// What the networks that fill gaps are shown, and what they know afterwards.
import { describe, expect, it } from "vitest";
import { broken, type ClozeNetwork, GAP } from "./cloze.ts";
import { clozeSplit, fillGaps } from "./cloze-training.ts";

describe("sentences with a gap", () => {
  it("are split seven to three, and the text's own are in neither part", () => {
    const { training, test, own } = clozeSplit(3);
    expect(training.length / (training.length + test.length)).toBeCloseTo(0.7, 2);
    expect(own.map(({ words, answer }) => words.join("").replace(GAP, answer))).toEqual([
      "我昨天上学迟到了，老师批评了我",
      "我的手机坏了，我打算买一部新手机",
    ]);
    const all = [...training, ...test].map(({ words }) => words.join(""));
    expect(new Set(all).size).toBe(all.length);
    for (const { words } of own) expect(all).not.toContain(words.join(""));
  });

  it("told behind the gap: both ways knows, forwards gives the three words one distribution whatever follows", () => {
    const split = clozeSplit(1);
    const ended = (reading: "both" | "forwards") => {
      let last: ClozeNetwork | undefined;
      const losses: number[] = [];
      for (const { network, loss } of fillGaps(split, reading, 1, 12)) {
        last = network;
        losses.push(loss);
      }
      expect(losses[11]).toBeLessThan(losses[0]);
      return last!;
    };
    const [both, forwards] = [ended("both"), ended("forwards")];
    const chances = (network: ClozeNetwork, end: number) => network.probabilities(broken("我", "手机", end));
    for (const [end, word] of ["买", "修", "扔"].entries()) {
      expect(chances(both, end)[split.dictionary.numberOf(word)]).toBeGreaterThan(0.8);
      expect(chances(forwards, end)).toEqual(chances(forwards, 0));
    }
  });
});
