// network3 by hand: shapes, counts and starting weights of the book, gradients against differences and the framework, its log lines, bad input.
import { describe, expect, it, test } from "vitest";
import { Matrix } from "../../matrix.ts";
import type { DigitSet } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { gradientsOnFramework, onFramework, stepOnFramework } from "../framework/network3.ts";
import { Network } from "./network3.ts";
import {
  ConvPoolLayer,
  dropoutMask,
  FullyConnectedLayer,
  type Layer,
  linear,
  ReLU,
  SoftmaxLayer,
  sigmoid,
  tanh,
} from "./network3-layers.ts";

const deviationOf = ({ values }: Matrix) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
};

function noise(rows: number, columns: number, random: Random): Matrix {
  return Matrix.fill(rows, columns, () => random.normal());
}

/** Two convolutions, two fully connected layers, softmax, on images of 10x10 with 2 maps; every weight at random, the softmax's too. */
function smallNetwork(seed: number, pooling: "max" | "l2", activationFn = sigmoid): Network {
  const random = new Random(seed);
  const network = new Network(
    [
      new ConvPoolLayer([3, 2, 3, 3], [4, 2, 10, 10], random, { activationFn, pooling }),
      new ConvPoolLayer([4, 3, 2, 3], [4, 3, 4, 4], random, { activationFn, pooling, poolsize: [3, 1] }),
      new FullyConnectedLayer(8, 6, random, { activationFn }),
      new FullyConnectedLayer(6, 5, random, { activationFn: tanh }),
      new SoftmaxLayer(5, 3, random),
    ],
    4,
  );
  const { w, b } = network.last;
  for (const { values } of [w, b]) for (let i = 0; i < values.length; i++) values[i] = random.normal();
  return network;
}

describe("gradients", () => {
  it.each([
    ["max", sigmoid],
    ["max", ReLU],
    ["l2", tanh],
    ["l2", linear],
  ] as const)("%s pooling, %o: every weight and bias against differences, L2 included", (pooling, activationFn) => {
    const network = smallNetwork(3, pooling, activationFn);
    const random = new Random(8);
    const [x, y] = [noise(4, 200, random), [0, 2, 1, 2]];
    const [lmbda, batches, step] = [0.7, 5, 1e-5];
    network.backprop(x, y);
    const gradients = network.layers.map(({ w, dw, db }) => ({
      w: dw.zip(w, (g, weight) => g + (lmbda / batches) * weight),
      b: db.copy(),
    }));
    let worst = 0;
    network.layers.forEach((layer, l) => {
      for (const of of ["w", "b"] as const) {
        const { values } = layer[of];
        for (let i = 0; i < values.length; i++) {
          const value = values[i];
          values[i] = value + step;
          const above = network.cost(x, y, lmbda, batches);
          values[i] = value - step;
          const below = network.cost(x, y, lmbda, batches);
          values[i] = value;
          worst = Math.max(worst, Math.abs((above - below) / (2 * step) - gradients[l][of].values[i]));
        }
      }
    });
    expect(worst).toBeLessThan(5e-7);
    expect(gradients[0].w.norm()).toBeGreaterThan(1e-3);
  });

  it.each(["max", "l2"] as const)("equal the framework's, and so do twenty steps: %s pooling", (pooling) => {
    const network = smallNetwork(5, pooling);
    const model = onFramework(network);
    const random = new Random(9);
    for (let step = 0; step < 20; step++) {
      const x = noise(4, 200, random);
      const y = [0, 1, 2, 3].map(() => random.below(3));
      const { gradients, cost } = gradientsOnFramework(model, x, y);
      expect(network.backprop(x, y)).toBeCloseTo(cost, 12);
      network.layers.forEach(({ dw, db }, l) => {
        dw.values.forEach((g, i) => {
          expect(g, `step ${step}, w${l}`).toBeCloseTo(gradients[2 * l][i], 13);
        });
        db.values.forEach((g, i) => {
          expect(g, `step ${step}, b${l}`).toBeCloseTo(gradients[2 * l + 1][i], 13);
        });
      });
      network.updateMiniBatch(x, y, 0.3, 0.5, 10);
      stepOnFramework(model, gradients, 0.3, 0.05);
    }
    network.layers.forEach(({ w, b }, l) => {
      w.values.forEach((value, i) => {
        expect(value).toBeCloseTo(model.values[2 * l][i], 12);
      });
      b.values.forEach((value, i) => {
        expect(value).toBeCloseTo(model.values[2 * l + 1][i], 12);
      });
    });
  });

  it("through dropout: what was left out gets none, what took part is not scaled", () => {
    const layer = new FullyConnectedLayer(50, 4, new Random(2), { pDropout: 0.5, activationFn: linear });
    const ones = Matrix.fill(3, 50, () => 1);
    layer.setInptDropout(ones);
    const back = layer.backprop(Matrix.fill(3, 4, () => 1));
    const sums = Array.from({ length: 50 }, (_, i) => [0, 1, 2, 3].reduce((sum, k) => sum + layer.w.at(i, k), 0));
    const kept = back.values.filter((value) => value !== 0);
    expect(kept.length).toBeGreaterThan(50);
    expect(kept.length).toBeLessThan(100);
    back.values.forEach((value, k) => {
      if (value !== 0) expect(value).toBeCloseTo(sums[k % 50], 14);
    });
    layer.dw.values.forEach((g, k) => {
      const taken = [0, 1, 2].filter((row) => back.at(row, Math.floor(k / 4)) !== 0).length;
      expect(g).toBe(taken);
    });
  });
});

describe("the book's conventions", () => {
  const random = new Random(1);

  it("starting weights: sd sqrt(1/125), sqrt(1/250), 0.1, 0.0316; biases sd 1; softmax 0", () => {
    const first = new ConvPoolLayer([20, 1, 5, 5], [10, 1, 28, 28], random);
    const second = new ConvPoolLayer([40, 20, 5, 5], [10, 20, 12, 12], random);
    const [hundred, thousand] = [100, 1000].map((n) => new FullyConnectedLayer(640, n, random));
    const softmax = new SoftmaxLayer(100, 10, random);
    for (const [layer, deviation] of [
      [first, 0.0894427],
      [second, 0.0632456],
      [hundred, 0.1],
      [thousand, 0.0316228],
    ] as const) {
      expect(Math.abs(deviationOf(layer.w) / deviation - 1)).toBeLessThan(4 / Math.sqrt(2 * layer.w.values.length));
    }
    expect(Math.abs(deviationOf(thousand.b) - 1)).toBeLessThan(0.1);
    expect(softmax.w.norm() + softmax.b.norm()).toBe(0);
    expect([first.convolved, first.pooled, second.convolved, second.pooled]).toEqual([
      [24, 24],
      [12, 12],
      [8, 8],
      [4, 4],
    ]);
  });

  it("convolve, pool, then bias and activation: a map of one pool", () => {
    const layer = new ConvPoolLayer([1, 1, 1, 1], [1, 1, 2, 2], random, { activationFn: linear });
    layer.w.values[0] = -1;
    layer.b.values[0] = 10;
    layer.setInpt(Matrix.row([1, 2, 3, 4]));
    expect(layer.output.values[0]).toBe(9);
  });

  it("max 68/34 and L2 7.94 11.53/4.24 5.10 of 1124/5678/3210/1234", () => {
    const pools = (["max", "l2"] as const).map((pooling) => {
      const layer = new ConvPoolLayer([1, 1, 1, 1], [1, 1, 4, 4], random, { activationFn: linear, pooling });
      layer.w.values[0] = 1;
      layer.b.values[0] = 0;
      layer.setInpt(Matrix.row([1, 1, 2, 4, 5, 6, 7, 8, 3, 2, 1, 0, 1, 2, 3, 4]));
      return [...layer.output.values];
    });
    expect(pools[0]).toEqual([6, 8, 3, 4]);
    [7.937253933193772, 11.532562594670797, 4.242640687119285, 5.0990195135927845].forEach((value, i) => {
      expect(pools[1][i]).toBeCloseTo(value, 14);
    });
  });

  it("a filter at rest hands nothing back through L2 pooling", () => {
    const layer = new ConvPoolLayer([1, 1, 1, 1], [1, 1, 2, 2], random, { activationFn: linear, pooling: "l2" });
    layer.setInptDropout(new Matrix(1, 4));
    expect(layer.backprop(Matrix.row([1])).norm()).toBe(0);
  });

  it("accuracy takes all neurons at their share, the cost those that were drawn", () => {
    const layer = new FullyConnectedLayer(2000, 1, random, { pDropout: 0.5, activationFn: linear });
    layer.w.values.fill(1);
    layer.b.values[0] = 0;
    const ones = Matrix.fill(1, 2000, () => 1);
    layer.setInpt(ones);
    expect(layer.output.values[0]).toBe(1000);
    layer.setInptDropout(ones);
    expect(Math.abs(layer.outputDropout.values[0] - 1000)).toBeLessThan(100);
    expect(layer.outputDropout.values[0]).not.toBe(1000);
  });

  it("masks of two layers differ, where the book seeds both alike", () => {
    const [one, two] = [0, 1].map(() => dropoutMask(1, 100, 0.5, random));
    expect([...one.values]).not.toEqual([...two.values]);
    const [alike, again] = [0, 1].map(() => dropoutMask(1, 100, 0.5, new Random(7)));
    expect([...alike.values]).toEqual([...again.values]);
  });

  it("lambda weighs against the number of mini-batches: weights shrink by eta lambda / batches a step", () => {
    const network = new Network([new FullyConnectedLayer(2, 2, random), new SoftmaxLayer(2, 2, random)], 1);
    const before = network.layers[0].w.copy();
    network.updateMiniBatch(new Matrix(1, 2), [0], 0.03, 0.1, 5000);
    network.layers[0].w.values.forEach((w, i) => {
      expect(1 - w / before.values[i]).toBeCloseTo(6e-7, 12);
    });
  });
});

test("parameters of the book's networks: 79,510, 289,630, 85,670, 306,170, and 29,330 without a fully connected layer", () => {
  const random = new Random(1);
  const one = () => new ConvPoolLayer([20, 1, 5, 5], [10, 1, 28, 28], random);
  const two = () => new ConvPoolLayer([40, 20, 5, 5], [10, 20, 12, 12], random);
  const count = (layers: Layer[], inputs: number) =>
    new Network([...layers, new SoftmaxLayer(inputs, 10, random)], 10).parameterCount;
  const full = (nIn: number, nOut: number) => new FullyConnectedLayer(nIn, nOut, random);
  expect(count([full(784, 100)], 100)).toBe(79510);
  expect(count([one(), full(2880, 100)], 100)).toBe(289630);
  expect(count([one(), two(), full(640, 100)], 100)).toBe(85670);
  expect(count([one(), two(), full(640, 300), full(300, 300)], 300)).toBe(306170);
  expect(count([one()], 2880)).toBe(29330);
  expect(count([one(), two()], 640)).toBe(26970);
});

describe("SGD", () => {
  /** Images of 2x2: which of the two rows is brighter. */
  function rowsSet(count: number, seed: number): DigitSet {
    const random = new Random(seed);
    const labels = Uint8Array.from({ length: count }, () => random.below(2));
    const images = Float32Array.from({ length: 4 * count }, (_, k) => {
      const bright = Math.floor((k % 4) / 2) === labels[Math.floor(k / 4)];
      return random.uniform(bright ? 0.5 : 0, bright ? 1 : 0.5);
    });
    return { images, labels, count };
  }

  it("prints the book's lines, and keeps the last of equally good epochs", () => {
    const random = new Random(1);
    const network = new Network([new FullyConnectedLayer(4, 6, random), new SoftmaxLayer(6, 2, random)], 2);
    const lines: string[] = [];
    const [training, validation, test] = [rowsSet(1203, 1), rowsSet(100, 2), rowsSet(50, 3)];
    const result = network.SGD(training, 2, 2, 0.5, validation, test, 0.1, (line) => lines.push(line));
    expect(lines).toEqual([
      "Training mini-batch number 0",
      "Epoch 0: validation accuracy 100.00%",
      "This is the best validation accuracy to date.",
      "The corresponding test accuracy is 100.00%",
      "Training mini-batch number 1000",
      "Epoch 1: validation accuracy 100.00%",
      "This is the best validation accuracy to date.",
      "The corresponding test accuracy is 100.00%",
      "Finished training network.",
      "Best validation accuracy of 100.00% obtained at iteration 1201",
      "Corresponding test accuracy of 100.00%",
    ]);
    expect(result.costs).toHaveLength(1202);
    expect(result.costs[0]).toBeCloseTo(Math.log(2), 12);
    expect(result.bestIteration).toBe(1201);
  });

  it("without test data it ends without the line about them", () => {
    const random = new Random(1);
    const network = new Network([new SoftmaxLayer(4, 2, random)], 2);
    const lines: string[] = [];
    const result = network.SGD(rowsSet(20, 1), 1, 2, 0.5, rowsSet(10, 2), undefined, 0, (line) => lines.push(line));
    expect(lines.at(-1)).toMatch(/^Best validation accuracy of/);
    expect(result.testAccuracy).toBeUndefined();
  });
});

test("bad input names the sizes that would do", () => {
  const random = new Random(1);
  const make = (filter: number, side: number, pool: number) => () =>
    new ConvPoolLayer([2, 1, filter, filter], [10, 1, side, side], random, { poolsize: [pool, pool] });
  expect(make(5, 28, 5)).toThrow(
    "ConvPoolLayer's pool: height 24 does not divide: (24 - 5 + 2 * 0) / 5 + 1 = 4.8; height 20 or 25 would",
  );
  expect(make(29, 28, 1)).toThrow("a window of 29 is larger than the padded height, 28 + 2 * 0 = 28");
  expect(() => new ConvPoolLayer([2, 3, 5, 5], [10, 1, 28, 28], random)).toThrow(
    "ConvPoolLayer: filters look at 3 maps, the image has 1",
  );
  const layer = new ConvPoolLayer([2, 1, 5, 5], [10, 1, 28, 28], random);
  expect(() => layer.setInpt(new Matrix(1, 100))).toThrow("takes rows of 1 * 28 * 28 = 784 numbers, got 100");
  expect(() => new FullyConnectedLayer(2, 2, random, { pDropout: 1 })).toThrow("from 0 up to 1, got 1");
});
