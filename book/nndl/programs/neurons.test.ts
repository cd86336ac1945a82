import { describe, expect, it } from "vitest";
import { Matrix } from "../../matrix.ts";
import { NEURONS, softmax } from "./neurons.ts";

describe("neurons", () => {
  it.each(["sigmoid", "tanh", "relu", "linear"] as const)("%s: prime is the derivative of fn", (name) => {
    const z = Matrix.column([-2, -0.4, 0.3, 1.7]);
    const slope = NEURONS[name]
      .fn(z.plus(1e-6))
      .minus(NEURONS[name].fn(z.minus(1e-6)))
      .times(1 / 2e-6);
    expect(slope.minus(NEURONS[name].prime(z)).norm()).toBeLessThan(1e-8);
  });

  it("σ(z) = (1 + tanh(z/2)) / 2 (111)", () => {
    const z = Matrix.column([-3, -1, 0, 0.5, 4]);
    const other = NEURONS.tanh.fn(z.times(0.5)).plus(1).times(0.5);
    expect(NEURONS.sigmoid.fn(z).minus(other).norm()).toBeLessThan(1e-15);
  });

  it("softmax gives the book's row for z4 = 2, and stays finite for large inputs", () => {
    const found = softmax(Matrix.column([2.5, -1, 3.2, 2])).values;
    [0.27394, 0.00827, 0.55164, 0.16615].forEach((value, j) => {
      expect(found[j]).toBeCloseTo(value, 4);
    });
    expect([...softmax(Matrix.column([1000, 999])).values][0]).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
  });

  it("softmax has no derivative neuron by neuron", () => {
    expect(() => NEURONS.softmax.prime(Matrix.column([0]))).toThrow("log-likelihood");
  });
});
