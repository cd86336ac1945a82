// Chapter 4: the constructions against the book's numbers, and against the framework with the same weights.
import { Dense, Sequential, tensor } from "nabla";
import { describe, expect, it } from "vitest";
import {
  bump,
  bumps,
  bumpsOf,
  deviation,
  f113,
  logit,
  middles,
  OneHiddenLayer,
  order,
  overlappingBumps,
  polygon,
  relu,
  sigmoid,
  step,
  stepOfRelus,
  wiggly,
} from "./universality.ts";
import { crossingStrips, ringWeights, roundTower, stepTowards, Tower, towers } from "./universality-towers.ts";

const target = (x: number) => logit(f113(x));
const points = middles(500).map((x) => [x]);

describe("one input", () => {
  it("s = 0.2 with w = 1000 is b = -200", () => {
    expect(step(0.2, 1000)).toEqual({ weights: [1000], bias: -200, out: 1 });
  });

  it("logit undoes sigmoid", () => {
    for (const y of [0.01, 0.5, 0.9]) expect(sigmoid(logit(y))).toBeCloseTo(y, 14);
  });

  it("a bump is h between s1 and s2, 0 elsewhere, h/2 at its ends", () => {
    const network = new OneHiddenLayer(bump(0.4, 0.6, 0.8, 1000));
    const values = [0.3, 0.4, 0.5, 0.6, 0.7].map((x) => network.weightedSum([x]));
    for (const [i, expected] of [0, 0.4, 0.8, 0.4, 0].entries()) expect(values[i]).toBeCloseTo(expected, 12);
  });

  it("f of (113) at 0 and 1: 0.25 and 0.6 + 0.3 sin 15 + 0.05 cos 50", () => {
    expect(f113(0)).toBe(0.25);
    expect(f113(1)).toBeCloseTo(0.6 + 0.3 * 0.6502878401571168 + 0.05 * 0.9649660284921133, 14);
  });

  it("five bumps come within a mean deviation of 0.40 with medians, and do not with the values at their middles", () => {
    const error = (height: "middle" | "median") => {
      const network = new OneHiddenLayer(bumps(target, 5, 1000, height));
      return deviation(
        points,
        (x) => network.weightedSum(x),
        ([x]) => target(x),
      ).mean;
    };
    expect(error("median")).toBeLessThan(0.4);
    expect(error("middle")).toBeGreaterThan(0.4);
  });

  it("equals a model of the framework with the same weights", () => {
    const neurons = bumps(target, 12, 100);
    const network = new OneHiddenLayer(neurons);
    const model = new Sequential([new Dense(24, { activation: "sigmoid" }), new Dense(1, { activation: "sigmoid" })], {
      inputShape: [1],
      dtype: "float64",
    });
    const [w1, b1, w2, b2] = model.parameters;
    w1.assign(tensor([neurons.map(({ weights }) => weights[0])], "float64"));
    b1.assign(
      tensor(
        neurons.map(({ bias }) => bias),
        "float64",
      ),
    );
    w2.assign(
      tensor(
        neurons.map(({ out }) => [out]),
        "float64",
      ),
    );
    b2.assign(tensor([0], "float64"));
    const outputs = model.call(tensor(points, "float64")).flatten().toArray() as number[];
    outputs.forEach((y, i) => {
      expect(y).toBeCloseTo(network.output(points[i]), 13);
    });
  });

  it("families cover the ends of [0, 1], where plain bumps are half as high", () => {
    const plain = new OneHiddenLayer(bumps(() => 1, 10, 1000));
    const shifted = new OneHiddenLayer(overlappingBumps(() => 1, 10, 1000, 3));
    for (const x of [0, 1]) {
      expect(plain.weightedSum([x])).toBeCloseTo(0.5, 12);
      expect(shifted.weightedSum([x])).toBeCloseTo(1, 12);
    }
  });
});

describe("other activations", () => {
  it("limits that differ are enough: tanh bumps are sigmoid bumps of half the weight", () => {
    const { neurons, outputBias } = bumpsOf(target, 10, 500, { low: -1, high: 1 });
    const network = new OneHiddenLayer(neurons, Math.tanh, outputBias);
    const twin = new OneHiddenLayer(bumps(target, 10, 1000));
    for (const x of points) expect(network.weightedSum(x)).toBeCloseTo(twin.weightedSum(x), 10);
    expect(() => bumpsOf(target, 10, 500, { low: 1, high: 1 })).toThrow("limits at both ends must differ");
  });

  it("two ReLUs make a ramp of width 1/w", () => {
    const ramp = new OneHiddenLayer(stepOfRelus(0.5, 10), relu);
    const values = [0.4, 0.55, 0.7].map((x) => ramp.weightedSum([x]));
    for (const [i, expected] of [0, 0.5, 1].entries()) expect(values[i]).toBeCloseTo(expected, 12);
  });

  it("the polygon of N ReLUs goes through N + 1 points of the function", () => {
    const { neurons, outputBias } = polygon(target, 8);
    expect(neurons).toHaveLength(8);
    const network = new OneHiddenLayer(neurons, relu, outputBias);
    for (let k = 0; k <= 8; k++) expect(network.weightedSum([k / 8])).toBeCloseTo(target(k / 8), 12);
  });
});

describe("many inputs", () => {
  it("b = (-m + 1/2) h: -3h/2 for two inputs, -5h/2 for three", () => {
    const side = [0.3, 0.7] as const;
    expect(new Tower([side, side], 10, 1000).bias).toBe(-15);
    expect(new Tower([side, side, side], 10, 1000).bias).toBe(-25);
    expect(new Tower([side, side], 10, 1000, -5).output([0.5, 0.1])).toBeCloseTo(sigmoid(10 - 5), 9);
  });

  it("a tower is σ(h/2) inside and σ(-h/2) where one input is outside", () => {
    const tower = new Tower(
      [
        [0.3, 0.7],
        [0.2, 0.4],
      ],
      10,
      1000,
    );
    expect(tower.output([0.5, 0.3])).toBeCloseTo(sigmoid(5), 12);
    expect(tower.output([0.5, 0.6])).toBeCloseTo(sigmoid(-5), 12);
  });

  it("towers fill the square but for their edges, and families fill the corners by 1 - 1/M", () => {
    const [one, two] = [1, 2].map((m) => towers(() => 1, 4, 30, 1000, m));
    for (const at of [
      [0.1, 0.1],
      [0.6, 0.9],
    ]) {
      expect(one.weightedSum(at)).toBeCloseTo(1, 4);
      expect(two.weightedSum(at)).toBeCloseTo(1, 4);
    }
    expect(one.weightedSum([0.5, 0.5])).toBeCloseTo(0, 4);
    expect(two.weightedSum([0.5, 0.5])).toBeCloseTo(0.5, 4);
  });
});

describe("one hidden layer over two inputs", () => {
  it("a step towards 30 degrees is 1/2 on its line", () => {
    const angle = Math.PI / 6;
    const { weights, bias } = stepTowards(angle, 0.6, 1000);
    expect(Math.hypot(...weights)).toBeCloseTo(1000, 9);
    const on = [0.6 * Math.cos(angle) - 0.2 * Math.sin(angle), 0.6 * Math.sin(angle) + 0.2 * Math.cos(angle)];
    expect(weights[0] * on[0] + weights[1] * on[1] + bias).toBeCloseTo(0, 9);
  });

  it("crossing strips are 1 in the middle and 2/π asin(r/d) at distance d, on average", () => {
    const network = new OneHiddenLayer(crossingStrips([0, 0], 0.1, 360, 1e5));
    expect(network.weightedSum([0, 0])).toBeCloseTo(1, 12);
    expect(network.weightedSum([0.2, 0])).toBeCloseTo(1 / 3, 2);
  });

  it("ring weights put 1 at the centre and 0 at the other distances", () => {
    const weights = ringWeights([1, 0, 0, 0]);
    const network = new OneHiddenLayer(roundTower([0, 0], weights, 1, 720, 1e5));
    for (const [i, expected] of [1, 0, 0, 0].entries()) {
      expect(network.weightedSum([(i + 0.5) * Math.cos(0.3), (i + 0.5) * Math.sin(0.3)])).toBeCloseTo(expected, 2);
    }
  });
});

it("order is the power of n: 5 n^-2 has order -2", () => {
  expect(
    order(
      [1, 2, 4, 8],
      [1, 2, 4, 8].map((n) => 5 / n ** 2),
    ),
  ).toBeCloseTo(-2, 12);
});

describe("wiggly", () => {
  it("tends to -0.5 and 2, and is not monotonic between", () => {
    expect(wiggly(-40)).toBeCloseTo(-0.5, 12);
    expect(wiggly(40)).toBeCloseTo(2, 12);
    const slopes = Array.from({ length: 80 }, (_, i) => wiggly(-4 + (i + 1) / 10) - wiggly(-4 + i / 10));
    expect(slopes.some((slope) => slope < 0) && slopes.some((slope) => slope > 0)).toBe(true);
  });
});
