import { describe, expect, it } from "vitest";
import { type ToyRule, trainToy } from "./toy-neuron.ts";

function every50(weight: number, bias: number, rule: ToyRule, eta: number) {
  return trainToy(weight, bias, rule, eta).filter(({ epoch }) => epoch > 0 && epoch % 50 === 0);
}

function expectNear(found: readonly number[], expected: readonly number[], within: number): void {
  expect(found).toHaveLength(expected.length);
  found.forEach((value, i) => {
    expect(Math.abs(value - expected[i])).toBeLessThanOrEqual(within);
  });
}

describe("the toy neuron", () => {
  it("starts with the outputs that the book prints, 0.82 and 0.98", () => {
    expect(trainToy(0.6, 0.9, "quadratic", 0.15, 0)[0].output).toBeCloseTo(0.82, 2);
    expect(trainToy(2, 2, "quadratic", 0.15, 0)[0].output).toBeCloseTo(0.98, 2);
  });

  it("follows the gradient (61) of the cross-entropy at η = 0.005", () => {
    const easy = every50(0.6, 0.9, "crossEntropy", 0.005);
    expectNear(
      easy.map(({ output }) => output),
      [0.75, 0.68, 0.61, 0.54, 0.47, 0.42],
      0.006,
    );
    expectNear(
      easy.map(({ weight }) => weight),
      [0.4, 0.22, 0.06, -0.08, -0.2, -0.32],
      0.006,
    );
    const saturated = every50(2, 2, "crossEntropy", 0.005);
    expectNear(
      saturated.map(({ output }) => output),
      [0.97, 0.95, 0.93, 0.89, 0.84, 0.78],
      0.006,
    );
  });

  it("can't have drawn the book's cross-entropy curve by that gradient: 0.59 is printed where it gives 0.97", () => {
    expect(every50(2, 2, "crossEntropy", 0.005)[0].output).toBeGreaterThan(0.96);
    expect(every50(2, 2, "bookDemo", 0.005)[0].output).toBeCloseTo(0.59, 2);
  });

  it.each(["quadratic", "crossEntropy"] as const)("has the slope of its cost: %s", (rule) => {
    for (const bias of [-2, 0.3, 2]) {
      const at = (b: number) => trainToy(0.7, b, rule, 0, 0)[0].cost;
      const [before, after] = trainToy(0.7, bias, rule, 1, 1);
      expect(before.bias - after.bias).toBeCloseTo((at(bias + 1e-5) - at(bias - 1e-5)) / 2e-5, 8);
    }
  });

  it("is no descent on the cross-entropy where the book's demo rule is used: its slope is not the cost's", () => {
    const at = (b: number) => trainToy(0.7, b, "bookDemo", 0, 0)[0].cost;
    const [before, after] = trainToy(0.7, 2, "bookDemo", 1, 1);
    expect(Math.abs(before.bias - after.bias - (at(2 + 1e-5) - at(2 - 1e-5)) / 2e-5)).toBeGreaterThan(10);
  });
});
