// The encoder and decoder of section 5.4: the little language, what is written and what is asked for, and bad input.
import { expect, test } from "vitest";
import { Random } from "../../random.ts";
import { Seq2Seq } from "./encoder-decoder.ts";
import { sources, taskOf, translate } from "./sequence-tasks.ts";

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

test.each([true, false])("attention %s: a trace is what the network does, step by step", async (attention) => {
  const pairs = ["12", "21", "122", "211", "1"].map((source) => ({ source, target: [...source].reverse().join("") }));
  const model = new Seq2Seq({ characters: "12", units: 24, attention, seed: 1 });
  const told: number[] = [];
  const before = model.copy();
  const { curve } = await model.train(pairs, pairs, {
    ...{ epochs: 60, learningRate: 0.02, seed: 1, batchSize: 5 },
    onEpoch: (epoch, free) => {
      told.push(free);
      return epoch === 50;
    },
  });
  expect(told).toEqual(curve);
  expect(curve).toHaveLength(50);
  const free = model.trace("122", 4);
  expect(free.source).toEqual(["1", "2", "2", "_"]);
  expect(free.shown).toEqual(["", "2", "2", "1"]);
  expect(free.written).toEqual(["2", "2", "1", "_"]);
  expect([free.encoder.length, free.encoder[0].length, free.decoder.length]).toEqual([4, 24, 4]);
  for (const row of free.probabilities) expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
  if (attention) {
    expect(free.attention!.map((row) => row.length)).toEqual([4, 4, 4, 4]);
    for (const row of free.attention!) expect(row.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
  } else expect(free.attention).toBeNull();
  // Shown its own outputs it does the same; shown others, it goes on from those.
  expect(model.trace("122", 4, "221").probabilities).toEqual(free.probabilities);
  const forced = model.trace("122", 4, "112");
  expect(forced.shown).toEqual(["", "1", "1", "2"]);
  expect(forced.probabilities[0]).toEqual(free.probabilities[0]);
  expect(forced.decoder[1]).not.toEqual(free.decoder[1]);
  // A copy is what the network was.
  expect(before.accuracy(pairs)).toBeLessThan(0.5);
  expect(model.copy().trace("122", 4)).toEqual(free);
});

test("tasks: the text's source is kept back, and answers are what is asked for", () => {
  const translation = taskOf("translation", new Random(1));
  expect(translation.answer("ABCD")).toBe("XYZ");
  expect([...translation.training, ...translation.test].map(({ source }) => source)).not.toContain("ABCD");
  expect(taskOf("reverse", new Random(1)).answer("123")).toBe("321");
  const copy = taskOf("copy", new Random(1));
  expect(copy.test).toHaveLength(200);
  expect(copy.training.every(({ source, target }) => source === target)).toBe(true);
});
