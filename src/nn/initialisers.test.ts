// Initialisers with settings: the values' moments are those of their formulas, Keras' names and defaults hold.
import { describe, expect, it } from "vitest";
import { Generator, type Initialiser, type InitialiserContext, initialise, initialiser, type Tensor } from "../node.ts";

function context(shape: number[], fanIn: number, fanOut: number): InitialiserContext {
  return { shape, dtype: "float64", generator: new Generator(7), fanIn, fanOut };
}

const drawn = (i: Initialiser, shape = [300, 200]): Tensor => initialise(i, context(shape, shape[0], shape[1]!));

describe("varianceScaling: mean 0, variance scale / fan", () => {
  const fans = { fanIn: 300, fanOut: 200, fanAverage: 250 };
  for (const mode of ["fanIn", "fanOut", "fanAverage"] as const) {
    it.each(["truncatedNormal", "normal", "uniform"] as const)(`${mode}, %s`, (distribution) => {
      const x = drawn(initialiser.varianceScaling({ scale: 2, mode, distribution }));
      const deviation = Math.sqrt(2 / fans[mode]);
      expect(x.standardDeviation().item() / deviation).toBeCloseTo(1, 2);
      expect(Math.abs(x.mean().item())).toBeLessThan(deviation / 50);
      const most = x.abs().max().item() / deviation;
      if (distribution === "uniform") expect(most).toBeLessThanOrEqual(Math.sqrt(3));
      else if (distribution === "truncatedNormal") expect(most).toBeLessThanOrEqual(2 / 0.8796256610342398);
      else expect(most).toBeGreaterThan(3);
    });
  }

  it("by default scale 1, fanIn, truncatedNormal", () => {
    const settings = { scale: 1, mode: "fanIn", distribution: "truncatedNormal" } as const;
    expect(drawn(initialiser.varianceScaling()).toArray()).toEqual(
      drawn(initialiser.varianceScaling(settings)).toArray(),
    );
  });
});

describe("orthogonal: W W^T or W^T W is gain^2 times the unit matrix", () => {
  it.each([[[5, 5]], [[3, 7]], [[7, 3]], [[4, 2, 3, 3]], [[1, 1]]])("%j", (shape) => {
    const w = drawn(initialiser.orthogonal({ gain: 3 }), shape).reshape([shape[0], -1]);
    expect(drawn("orthogonal", shape).shape).toEqual(shape);
    const [rows, columns] = w.shape as [number, number];
    const products = rows <= columns ? w.matmul(w.T) : w.T.matmul(w);
    const n = Math.min(rows, columns);
    [...products.dataSync()].forEach((value, i) => {
      expect(value).toBeCloseTo(i % (n + 1) === 0 ? 9 : 0, 12);
    });
  });

  it("needs a matrix", () => {
    expect(() => drawn("orthogonal", [4])).toThrow("initialiser orthogonal: needs at least two axes, got shape (4,)");
  });
});

it("constant and truncatedNormal", () => {
  expect(drawn(initialiser.constant(0.25), [2, 2]).toArray()).toEqual([
    [0.25, 0.25],
    [0.25, 0.25],
  ]);
  const x = drawn(initialiser.truncatedNormal({ mean: 1, deviation: 0.1 }));
  expect(x.min().item()).toBeGreaterThanOrEqual(0.8);
  expect(x.max().item()).toBeLessThanOrEqual(1.2);
  expect(x.mean().item()).toBeCloseTo(1, 2);
  expect(drawn("truncatedNormal").abs().max().item()).toBeLessThanOrEqual(0.1);
});

it("settings are checked", () => {
  expect(() => initialiser.constant(Number.NaN)).toThrow(
    "initialiser.constant: value must be a finite number, got NaN",
  );
  expect(() => initialiser.varianceScaling({ mode: "fan_in" as "fanIn" })).toThrow(
    "mode must be one of fanIn, fanOut, fanAverage",
  );
  expect(() => initialiser.varianceScaling({ scale: 0 })).toThrow("scale must be a finite number above 0");
  expect(() => initialiser.truncatedNormal({ stddev: 1 } as object)).toThrow("there is no option stddev");
  expect(() => initialiser.orthogonal({ gain: -1 })).toThrow("initialiser.orthogonal: gain");
});
