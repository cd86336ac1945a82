// Ranges of a block that an optimiser treats alike are one stretch: one kernel call.
import { expect, test } from "vitest";
import { Dense, Sequential } from "../node.ts";
import { targetOfBlock } from "./target.ts";

const model = (): Sequential => new Sequential([new Dense(3), new Dense(2)], { inputShape: [4], seed: 1 });
const lengths = (block: Sequential["block"], groups: Parameters<typeof targetOfBlock>[2], decays: boolean): number[] =>
  targetOfBlock("SGD", block, groups, decays).stretches.map(({ length }) => length);

test("without weight decay and l1 all parameters are one stretch", () => {
  const { block } = model();
  expect(lengths(block, [], false)).toEqual([block.values.size]);
});

test("with weight decay, parameters that it spares are a stretch of their own", () => {
  const { block } = model();
  const cut = lengths(block, [], true);
  expect(cut.length).toBe(2);
  expect(cut[0] + cut[1]).toBe(block.values.size);
});

test("a group and frozen parameters cut what would be one", () => {
  const one = model();
  const [first] = one.parameters;
  const cut = lengths(one.block, [{ parameters: [first], learningRateFactor: 0.5 }], false);
  expect(cut.length).toBe(2);
  first.frozen = true;
  expect(lengths(one.block, [], false)).toEqual([cut[1]]);
});
