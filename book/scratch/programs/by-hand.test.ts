// The programs by hand against the numbers that the notes print, and against differences.
import { describe, expect, test } from "vitest";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { buyApples, buyApplesAndOranges } from "../chapter5/5.4-apples.ts";
import { checkLayer } from "../chapter5/5.5-layers.ts";
import { naiveSoftmax, relu, sigmoid, softmax, stepFunction } from "./activations.ts";
import { BatchNormalization } from "./batch-normalization.ts";
import { AND, NAND, OR, thresholdGate, XOR } from "./gates.ts";
import { Dropout, Relu, Sigmoid, SoftmaxWithLoss } from "./layers.ts";
import { crossEntropyError, sumSquaredError } from "./losses.ts";
import { MultiLayerNet, MultiLayerNetExtend, weightScale } from "./multi-layer-net.ts";
import { gradientDescent, numericalDiff, numericalGradient } from "./numerical.ts";
import { forward, initNetwork } from "./three-layer.ts";
import { TwoLayerNet } from "./two-layer-net.ts";

const INPUTS = [
  [0, 0],
  [1, 0],
  [0, 1],
  [1, 1],
] as const;

function expectClose(values: ArrayLike<number>, expected: readonly number[], digits = 8): void {
  expect(values).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    expect(values[i]).toBeCloseTo(value, digits);
  });
}

describe("gates", () => {
  test.each([
    ["AND", AND, [0, 0, 0, 1]],
    ["NAND", NAND, [1, 1, 1, 0]],
    ["OR", OR, [0, 1, 1, 1]],
    ["XOR", XOR, [0, 1, 1, 0]],
    ["AND by its threshold 0.7", thresholdGate(0.5, 0.5, 0.7), [0, 0, 0, 1]],
    ["NAND by its threshold -0.7", thresholdGate(-0.5, -0.5, -0.7), [1, 1, 1, 0]],
  ] as const)("%s", (_, gate, truth) => {
    expect(INPUTS.map(([x1, x2]) => gate(x1, x2))).toEqual(truth);
  });
});

describe("activations", () => {
  test("softmax of 0.3, 2.9, 4.0 is 0.01821127 0.24519181 0.73659691", () => {
    expectClose(softmax(Matrix.row([0.3, 2.9, 4.0])).values, [0.01821127, 0.24519181, 0.73659691]);
  });

  test("1010, 1000, 990: nan done naively, 9.99954600e-01 4.53978686e-05 2.06106005e-09 with the maximum subtracted", () => {
    const large = Matrix.row([1010, 1000, 990]);
    expect([...naiveSoftmax(large).values].every(Number.isNaN)).toBe(true);
    const [a, b, c] = softmax(large).values;
    expectClose([a, b * 1e5, c * 1e9], [0.9999546, 4.53978686, 2.06106005]);
  });

  test("step, ReLU and sigmoid of a row of both signs", () => {
    const x = Matrix.row([-1, 0, 2]);
    expect([...stepFunction(x).values]).toEqual([0, 0, 1]);
    expect([...relu(x).values]).toEqual([0, 0, 2]);
    expectClose(sigmoid(x).values, [1 / (1 + Math.E), 0.5, 1 / (1 + Math.exp(-2))], 14);
  });
});

test("three layers: A1 = 0.3 0.7 1.1, Z1 = 0.57444252 0.66818777 0.75026011, output 0.31682708 0.69627909", () => {
  const { a1, z1, y } = forward(initNetwork(), Matrix.row([1.0, 0.5]));
  expectClose(a1.values, [0.3, 0.7, 1.1], 14);
  expectClose(z1.values, [0.57444252, 0.66818777, 0.75026011]);
  expectClose(y.values, [0.31682708, 0.69627909]);
});

describe("losses", () => {
  const y = Matrix.row([0.1, 0.05, 0.6, 0, 0.05, 0.1, 0, 0.1, 0, 0]);
  const t = Matrix.row([0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);

  test("half the sum of squares is 0.0975", () => {
    expect(sumSquaredError(y, t)).toBeCloseTo(0.0975, 14);
  });

  test("cross-entropy with 1e-7 is -ln(0.6000001), by one-hot row and by class index", () => {
    expect(crossEntropyError(y, t)).toBeCloseTo(-Math.log(0.6 + 1e-7), 14);
    expect(crossEntropyError(y, [2])).toBe(crossEntropyError(y, t));
  });

  test("of a batch: the mean; and the logarithm of 0 stays finite", () => {
    const both = new Matrix(2, 10, [...y.values, ...y.values]);
    expect(crossEntropyError(both, [2, 3])).toBeCloseTo((-Math.log(0.6 + 1e-7) - Math.log(1e-7)) / 2, 12);
  });
});

describe("numerical differentiation and descent", () => {
  test("0.01 x^2 + 0.1 x has slope 0.2 at 5 and 0.3 at 10", () => {
    const f = (x: number) => 0.01 * x ** 2 + 0.1 * x;
    expectClose([numericalDiff(f, 5), numericalDiff(f, 10)], [0.2, 0.3], 10);
  });

  test("the gradient of x0^2 + x1^2 at (3, 4) is (6, 8), and x is as it was", () => {
    const x = Matrix.row([3, 4]);
    expectClose(numericalGradient((v) => v.norm() ** 2, x).values, [6, 8], 9);
    expect([...x.values]).toEqual([3, 4]);
  });

  test("descent from (-3, 4) with rate 0.1 ends at (-6.11110793e-10, 8.14814391e-10) and leaves the start alone", () => {
    const start = Matrix.row([-3, 4]);
    const { x, history } = gradientDescent((v) => v.values[0] ** 2 + v.values[1] ** 2, start, 0.1, 100);
    expectClose(
      x.values.map((value) => value * 1e10),
      [-6.11110793, 8.14814391],
    );
    expect(history).toHaveLength(101);
    expect([...start.values]).toEqual([-3, 4]);
  });
});

test("2 apples cost 220, with 3 oranges 715; gradients 2.2, 110, 200 and 2.2, 3.3, 110, 165, 650", () => {
  const { price, dApple, dAppleNum, dTax } = buyApples();
  expectClose([price, dApple, dAppleNum, dTax], [220, 2.2, 110, 200], 12);
  const both = buyApplesAndOranges();
  expectClose(
    [both.price, both.dApple, both.dOrange, both.dAppleNum, both.dOrangeNum, both.dTax],
    [715, 2.2, 3.3, 110, 165, 650],
    11,
  );
});

describe("layers pass the gradient check", () => {
  const random = new Random(1);
  const x = Matrix.fill(4, 3, () => (random.uniform() < 0.5 ? -1 : 1) * random.uniform(0.1, 2));

  test("Relu and Sigmoid", () => {
    expect(checkLayer(new Relu(), x, 2)).toBeLessThan(1e-9);
    expect(checkLayer(new Sigmoid(), x, 2)).toBeLessThan(1e-8);
  });

  test("BatchNormalization, through mean and variance", () => {
    const gamma = Matrix.row([1, -2, 0.5]);
    expect(checkLayer(new BatchNormalization(gamma, Matrix.row([0, 1, 2])), x, 2)).toBeLessThan(1e-6);
  });

  test("SoftmaxWithLoss: exact without 1e-7 in the logarithm, off by 1e-7 / probability with it", () => {
    const difference = (delta: number): number => {
      const layer = new SoftmaxWithLoss(delta);
      layer.forward(x, [0, 1, 2, 0]);
      const numeric = numericalGradient((moved) => layer.forward(moved, [0, 1, 2, 0]), x.copy());
      layer.forward(x, [0, 1, 2, 0]);
      return Math.max(...layer.backward().minus(numeric).values.map(Math.abs));
    };
    expect(difference(0)).toBeLessThan(1e-9);
    expect(difference(1e-7)).toBeGreaterThan(1e-8);
  });

  test("TwoLayerNet by backpropagation and by differences", () => {
    const network = new TwoLayerNet(6, 4, 3, { weightInitStd: 0.5, seed: 3, delta: 0 });
    const inputs = Matrix.fill(5, 6, () => random.normal());
    const [exact, numeric] = [
      network.gradient(inputs, [0, 1, 2, 1, 0]),
      network.numericalGradient(inputs, [0, 1, 2, 1, 0]),
    ];
    for (const key of ["W1", "b1", "W2", "b2"]) {
      expect(Math.max(...exact[key].minus(numeric[key]).values.map(Math.abs)), key).toBeLessThan(1e-8);
    }
  });

  test("MultiLayerNet with weight decay", () => {
    const network = new MultiLayerNet(5, [4, 4], 3, {
      activation: "sigmoid",
      weightDecayLambda: 0.1,
      seed: 2,
      delta: 0,
    });
    const inputs = Matrix.fill(6, 5, () => random.normal());
    const t = [0, 1, 2, 1, 0, 2];
    const [exact, numeric] = [network.gradient(inputs, t), network.numericalGradient(inputs, t)];
    for (const key of Object.keys(exact)) {
      expect(Math.max(...exact[key].minus(numeric[key]).values.map(Math.abs)), key).toBeLessThan(1e-8);
    }
  });
});

describe("training differs from evaluation", () => {
  test("dropout: a mask of 0 and 1 in training, scaled by 1 - ratio at test", () => {
    const layer = new Dropout(0.2, new Random(4));
    const ones = Matrix.fill(100, 100, () => 1);
    const kept = layer.forward(ones, true);
    expect(new Set(kept.values)).toEqual(new Set([0, 1]));
    expect(kept.sum() / 1e4).toBeCloseTo(0.8, 1);
    expect([...layer.backward(ones).values]).toEqual([...layer.mask.values]);
    expect(new Set(layer.forward(ones, false).values)).toEqual(new Set([0.8]));
  });

  test("batch normalisation: after n steps the running statistics lack the share momentum^n, since they start at 0", () => {
    const layer = new BatchNormalization(Matrix.row([1]), Matrix.row([0]), 0.9);
    const x = Matrix.column([1, 3, 5]);
    for (let i = 0; i < 10; i++) layer.forward(x, true);
    expect(layer.runningMean.values[0]).toBeCloseTo(3 * (1 - 0.9 ** 10), 12);
    expect(layer.runningVar.values[0]).toBeCloseTo((8 / 3) * (1 - 0.9 ** 10), 12);
  });

  test("a network with dropout answers the same twice when it is not training", () => {
    const network = new MultiLayerNetExtend(4, [40], 3, { useDropout: true, dropoutRatio: 0.5, seed: 1 });
    const x = Matrix.row([1, -1, 2, 0.5]);
    expect([...network.predict(x).values]).toEqual([...network.predict(x).values]);
    expect([...network.predict(x, true).values]).not.toEqual([...network.predict(x, true).values]);
  });
});

test("initial weights: He sqrt(2 / inputs), Xavier sqrt(1 / inputs), or a number", () => {
  expect(weightScale("relu", 50)).toBeCloseTo(0.2, 15);
  expect(weightScale("he", 50)).toBeCloseTo(0.2, 15);
  expect(weightScale("xavier", 100)).toBeCloseTo(0.1, 15);
  expect(weightScale("sigmoid", 100)).toBeCloseTo(0.1, 15);
  expect(weightScale(0.01, 100)).toBe(0.01);
});
