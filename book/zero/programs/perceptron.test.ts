// Parts 1 and 2 against the numbers of the text.
import { backward, Dense, Sequential, SGD, scope, tensor } from "nabla";
import { describe, expect, it } from "vitest";
import { ascend, descend } from "./descent.ts";
import { LinearUnit, leastSquares } from "./linear-unit.ts";
import { Perceptron, step } from "./perceptron.ts";
import { SALARIES, YEARS } from "./salaries.ts";

const INPUTS = [
  [1, 1],
  [0, 0],
  [1, 0],
  [0, 1],
];

describe("Perceptron", () => {
  it("steps to 1 above zero only", () => {
    expect([-1, 0, 1e-9].map(step)).toEqual([0, 0, 1]);
  });

  it("learns AND in ten passes: weights 0.1 and 0.2, bias -0.2", () => {
    const unit = new Perceptron(2);
    unit.train(INPUTS, [1, 0, 0, 0], 10, 0.1);
    expect(String(unit)).toBe("weights\t:[0.1,0.2]\nbias\t:-0.200000\n");
    expect(INPUTS.map((input) => unit.predict(input))).toEqual([1, 0, 0, 0]);
  });

  it("rests from the fourth pass on", () => {
    const unit = new Perceptron(2);
    unit.train(INPUTS, [1, 0, 0, 0], 4, 0.1);
    const before = String(unit);
    unit.train(INPUTS, [1, 0, 0, 0], 20, 0.1);
    expect(String(unit)).toBe(before);
  });
});

describe("LinearUnit", () => {
  const inputs = YEARS.map((years) => [years]);

  it("h(5) = 5500 for w = 1000, b = 500", () => {
    const unit = new LinearUnit(1);
    unit.weights = [1000];
    unit.bias = 500;
    expect(unit.predict([5])).toBe(5500);
  });

  it("ten passes at 0.01 over the five salaries: w = 1124.0634970262222, b = 85.485289", () => {
    const unit = new LinearUnit(1);
    unit.train(inputs, SALARIES, 10, 0.01);
    expect(unit.weights[0]).toBeCloseTo(1124.0634970262222, 9);
    expect(unit.bias).toBeCloseTo(85.485289, 6);
    const predictions = [3.4, 15, 1.5, 6.3].map((years) => unit.predict([years]).toFixed(2));
    expect(predictions).toEqual(["3907.30", "16946.44", "1771.58", "7167.09"]);
  });

  it("batch descent is a step of the framework's SGD on the summed squared error", () => {
    const unit = new LinearUnit(1);
    const model = new Sequential([new Dense(1, { weights: "zeros" })], { inputShape: [1], dtype: "float64" });
    const optimizer = new SGD({ learningRate: 0.005 });
    const [x, y] = [
      tensor(inputs, "float64"),
      tensor(
        SALARIES.map((salary) => [salary]),
        "float64",
      ),
    ];
    for (let i = 0; i < 20; i++) {
      unit.oneBatchStep(inputs, SALARIES, 0.005);
      scope(() => {
        model.block.clearGradients();
        backward(model.call(x).sub(y).square().sum().mul(0.5));
        optimizer.step(model.block);
      });
    }
    const [w, b] = model.parameters.map(({ tensor: values }) => values.flatten().toArray() as number[]);
    expect(w[0] / unit.weights[0]).toBeCloseTo(1, 12);
    expect(b[0] / unit.bias).toBeCloseTo(1, 12);
  });

  it("long batch descent comes to the least-squares line", () => {
    const unit = new LinearUnit(1);
    for (let i = 0; i < 20_000; i++) unit.oneBatchStep(inputs, SALARIES, 0.005);
    const { slope, intercept } = leastSquares(YEARS, SALARIES);
    expect(slope).toBeCloseTo(1095.4258675, 6);
    expect(intercept).toBeCloseTo(-304.8422713, 6);
    expect(unit.weights[0]).toBeCloseTo(slope, 6);
    expect(unit.bias).toBeCloseTo(intercept, 6);
  });
});

describe("descent", () => {
  it("x - rate f'(x): a parabola's distance shrinks by 1 - 2 rate at every step", () => {
    expect(descend((x) => 2 * x, 8, 0.25, 3)).toEqual([8, 4, 2, 1]);
  });

  it("ascent climbs", () => {
    expect(ascend((x) => -2 * x, 8, 0.25, 3)).toEqual([8, 4, 2, 1]);
  });
});
