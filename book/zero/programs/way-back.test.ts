// The way back through time against what follows from formulas: a rotation times a factor loses exactly that factor a step; a chain's error by hand.
import { describe, expect, it } from "vitest";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { IdentityActivator } from "./activators.ts";
import { TanhActivator } from "./fc.ts";
import { orthogonal } from "./through-time-bounds.ts";
import { chain, trainChain, wayBack } from "./way-back.ts";

describe("the way back", () => {
  it("of a rotation times 0.9 without an activation: 0.9 a step, which is the bound", () => {
    const random = new Random(1);
    const { lengths, bounds, states, betaW } = wayBack(
      new IdentityActivator(),
      1,
      orthogonal(6, random).times(0.9),
      30,
      random,
    );
    expect(states).toHaveLength(30);
    expect(betaW).toBeCloseTo(0.9, 12);
    lengths.forEach((length, k) => {
      expect(length / lengths[0]).toBeCloseTo(0.9 ** k, 12);
      expect(bounds[k] / length).toBeCloseTo(1, 9);
    });
  });

  it("of tanh stays below its bound", () => {
    const random = new Random(2);
    const W = Matrix.fill(6, 6, () => random.normal(0, 0.5));
    const { lengths, bounds } = wayBack(new TanhActivator(), 1, W, 20, random);
    expect(lengths.every((length, k) => length <= bounds[k] * (1 + 1e-9))).toBe(true);
  });
});

describe("the chain", () => {
  it("ends at w^29: with w = 1 its first error is (1 - 0.5)^2 / 2", () => {
    expect(trainChain(chain(1, 0.001), 1, "none").errors).toEqual([0.125]);
    expect(trainChain(chain(1.2, 0.001), 1, "none").errors[0]).toBeCloseTo((1.2 ** 29 - 0.5) ** 2 / 2, 6);
  });

  it("explodes without a threshold and says so; with one it does not", () => {
    const plain = trainChain(chain(1.2, 0.01), 50, "none");
    expect(plain.exploded).toBeGreaterThan(0);
    expect(plain.message).toContain("training has exploded");
    const clipped = trainChain(chain(1.2, 0.01), 50, { norm: 1 });
    expect(clipped.exploded).toBe(0);
    expect(clipped.errors).toHaveLength(50);
    expect(clipped.errors[49]).toBeLessThan(clipped.errors[0]);
  });
});
