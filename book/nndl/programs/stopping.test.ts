import { Dense, earlyStopping, fit, Sequential, tensor } from "nabla";
import { describe, expect, it } from "vitest";
import { apply, type Curves, costAboveBest, noImprovementIn, notRisingOver } from "./stopping.ts";

const curves = (accuracy: number[], cost: number[] = accuracy.map((value) => 1 - value)): Curves => ({
  accuracy,
  cost,
});

describe("stop rules", () => {
  it("no improvement in n: n epochs after the best; an equal accuracy is none", () => {
    const rule = noImprovementIn(3);
    expect(apply(rule, curves([0.1, 0.5, 0.4, 0.5, 0.3, 0.9]))).toEqual({ epoch: 5, bestEpoch: 2, bestAccuracy: 0.5 });
    expect(apply(rule, curves([0.1, 0.2, 0.3, 0.4])).epoch).toBeNull();
  });

  it("not rising over n: the slope of the last n, so one lucky epoch does not postpone the end", () => {
    const lucky = curves([0.5, 0.9, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
    expect(apply(notRisingOver(4), lucky).epoch).toBe(4);
    expect(apply(noImprovementIn(4), lucky).epoch).toBe(6);
    expect(apply(notRisingOver(4), curves([0.1, 0.2, 0.3, 0.4, 0.5])).epoch).toBeNull();
  });

  it("cost above its best by so many percent", () => {
    expect(apply(costAboveBest(10), curves([0, 0, 0, 0], [1, 0.5, 0.54, 0.56])).epoch).toBe(4);
  });

  it("none looks ahead: what comes after the end changes nothing", () => {
    const accuracy = [0.2, 0.6, 0.5, 0.55, 0.58, 0.3, 0.4, 0.2];
    for (const rule of [noImprovementIn(2), notRisingOver(3), costAboveBest(5)]) {
      const whole = apply(rule, curves(accuracy));
      expect(apply(rule, curves(accuracy.slice(0, whole.epoch ?? 8)))).toEqual(whole);
    }
  });

  it("stops where the framework's earlyStopping does", async () => {
    const model = new Sequential([new Dense(1)], { inputShape: [1] });
    const data = { x: tensor([[0], [1], [2]]), y: tensor([[0], [1], [0]]) };
    const cost: number[] = [];
    const options = { epochs: 60, loss: "meanSquaredError", learningRate: 0.9 } as const;
    const history = await fit(model, data, {
      ...options,
      optimizer: "sgd",
      callbacks: [earlyStopping({ monitor: "loss", patience: 3 }), { onEpochEnd: ({ loss }) => void cost.push(-loss) }],
    });
    expect(history.epochs.length).toBe(apply(noImprovementIn(3), curves(cost)).epoch);
  });
});
