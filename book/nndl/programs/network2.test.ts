import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dense, fit, GradientTape, lossFor, Momentum, type Optimizer, Sequential, SGD, scope, tensor } from "nabla";
import { describe, expect, it } from "vitest";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { type Cost, CrossEntropyCost, LogLikelihoodCost, QuadraticCost } from "./costs.ts";
import { load, Network, type NetworkOptions, type TrainingPair, vectorizedResult } from "./network2.ts";
import { loadFromFile, saveToFile } from "./network2-file.ts";

const SIZES = [6, 5, 4, 3];

function samples(count: number, seed = 5): { pairs: TrainingPair[]; x: number[][]; classes: Int32Array } {
  const random = new Random(seed);
  const x = Array.from({ length: count }, () => Array.from({ length: 6 }, () => random.uniform()));
  const classes = Int32Array.from({ length: count }, () => random.below(3));
  return { x, classes, pairs: x.map((row, i) => [Matrix.column(row), vectorizedResult(classes[i], 3)] as const) };
}

/** The framework's network of the same weights. */
function framework(net: Network): Sequential {
  const layers = net.sizes.slice(1).map((units, l) => {
    const { name } = l === net.sizes.length - 2 ? net.output : net.hidden;
    return new Dense(units, { activation: name });
  });
  const model = new Sequential(layers, { inputShape: [net.sizes[0]], dtype: "float64" });
  scope(() => {
    net.weights.forEach((w, l) => {
      model.parameters[2 * l].assign(tensor(w.transposed.toRows(), "float64"));
      model.parameters[2 * l + 1].assign(tensor([...net.biases[l].values], "float64"));
    });
  });
  return model;
}

function expectSameWeights(net: Network, model: Sequential): void {
  net.weights.forEach((w, l) => {
    const [weights, bias] = [model.parameters[2 * l], model.parameters[2 * l + 1]].map(({ tensor: t }) => t.dataSync());
    w.transposed.values.forEach((value, i) => {
      expect(Math.abs(value - Number(weights[i]))).toBeLessThan(1e-11);
    });
    net.biases[l].values.forEach((value, i) => {
      expect(Math.abs(value - Number(bias[i]))).toBeLessThan(1e-11);
    });
  });
}

const NETWORKS: readonly [string, NetworkOptions, "quadratic" | "crossEntropy" | "softmaxCrossEntropy"][] = [
  ["cross-entropy, sigmoid", { cost: CrossEntropyCost }, "crossEntropy"],
  ["quadratic, sigmoid", { cost: QuadraticCost }, "quadratic"],
  ["quadratic, linear outputs, tanh hidden", { cost: QuadraticCost, output: "linear", hidden: "tanh" }, "quadratic"],
  ["log-likelihood, softmax, ReLU hidden", { cost: LogLikelihoodCost, hidden: "relu" }, "softmaxCrossEntropy"],
];

describe("backprop by hand", () => {
  it.each(NETWORKS)("gives the framework's gradients: %s", (_name, options, loss) => {
    const net = new Network(SIZES, { ...options, random: new Random(1) });
    const model = framework(net);
    const { pairs, x, classes } = samples(1);
    const { nablaB, nablaW } = net.backprop(...pairs[0]);
    const found = lossFor(loss);
    const targets = found.targets === "classes" ? tensor(classes) : tensor([[...pairs[0][1].values]], "float64");
    const tape = new GradientTape();
    const variables = model.trainableVariables;
    const cost = tape.record(variables, () => found.compute(model.call(tensor(x, "float64")), targets));
    const gradients = tape.gradient(cost, variables).map((gradient) => gradient.dataSync());
    nablaW.forEach((gradient, l) => {
      const [weights, bias] = [gradients[2 * l], gradients[2 * l + 1]];
      gradient.transposed.values.forEach((value, i) => {
        expect(value).toBeCloseTo(Number(weights[i]), 11);
      });
      nablaB[l].values.forEach((value, i) => {
        expect(value).toBeCloseTo(Number(bias[i]), 11);
      });
    });
  });

  it.each(NETWORKS)("agrees with finite differences of the cost: %s", (_name, options) => {
    const net = new Network(SIZES, { ...options, random: new Random(2) });
    const [x, y] = samples(1, 8).pairs[0];
    const { nablaW } = net.backprop(x, y);
    const costAt = (l: number, i: number, by: number) => {
      net.weights[l].values[i] += by;
      const cost = net.cost.fn(net.feedforward(x), y);
      net.weights[l].values[i] -= by;
      return cost;
    };
    nablaW.forEach((gradient, l) => {
      gradient.values.forEach((value, i) => {
        expect(Math.abs((costAt(l, i, 1e-5) - costAt(l, i, -1e-5)) / 2e-5 - value)).toBeLessThan(1e-8);
      });
    });
  });
});

describe("SGD by hand", () => {
  const rules: readonly [string, { lmbda?: number; momentum?: number; l1?: number }, (n: number) => Optimizer][] = [
    ["plain", {}, () => new SGD({ learningRate: 0.5 })],
    ["L2", { lmbda: 0.3 }, (n) => new SGD({ learningRate: 0.5, weightDecay: 0.3 / n })],
    ["L1", { l1: 0.2 }, (n) => new SGD({ learningRate: 0.5, l1: 0.2 / n })],
    [
      "momentum and L2",
      { momentum: 0.7, lmbda: 0.3 },
      (n) => new Momentum({ learningRate: 0.5, momentum: 0.7, weightDecay: 0.3 / n }),
    ],
  ];

  it.each(rules)("ends at the framework's weights, last mini-batch short: %s", async (_name, options, optimizer) => {
    const net = new Network(SIZES, { random: new Random(3) });
    const model = framework(net);
    const { pairs, x, classes } = samples(24);
    net.SGD(pairs, 5, 10, 0.5, { ...options, shuffle: false });
    const data = { x: tensor(x, "float64"), y: tensor(classes) };
    await fit(model, data, {
      epochs: 5,
      batchSize: 10,
      loss: "crossEntropy",
      optimizer: optimizer(24),
      shuffle: false,
    });
    expectSameWeights(net, model);
  });

  it("returns four lists, an element an epoch, and prints as network2 does", () => {
    const net = new Network([6, 4, 3], { random: new Random(4) });
    const { pairs, x, classes } = samples(20);
    const lines: string[] = [];
    const monitors = net.SGD(pairs, 2, 5, 0.5, {
      lmbda: 1,
      evaluationData: x.map((row, i) => [Matrix.column(row), classes[i]] as const),
      monitorEvaluationCost: true,
      monitorEvaluationAccuracy: true,
      monitorTrainingCost: true,
      monitorTrainingAccuracy: true,
      print: (line) => lines.push(line),
    });
    expect(Object.values(monitors).map((list) => list.length)).toEqual([2, 2, 2, 2]);
    // The same images as training and as evaluation data: whichever form their desired outputs have.
    expect(monitors.evaluationAccuracy).toEqual(monitors.trainingAccuracy);
    monitors.evaluationCost.forEach((cost, i) => {
      expect(cost).toBeCloseTo(monitors.trainingCost[i], 12);
    });
    expect(lines.slice(0, 3)).toEqual([
      "Epoch 0 training complete",
      `Cost on training data: ${monitors.trainingCost[0]}`,
      `Accuracy on training data: ${monitors.trainingAccuracy[0]} / 20`,
    ]);
  });

  it("lets the hook end training and change the learning rate", () => {
    const net = new Network([6, 4, 3]);
    const rates: number[] = [];
    net.SGD(samples(10).pairs, 9, 5, 0.8, {
      onEpoch(epoch, _monitors, eta) {
        rates.push(eta);
        return { stop: epoch === 2, eta: eta / 2 };
      },
    });
    expect(rates).toEqual([0.8, 0.4, 0.2]);
  });
});

describe("costs", () => {
  it("total cost divides the L2 term by the size of the set that is measured", () => {
    const net = new Network([6, 4, 3]);
    const { pairs } = samples(8);
    const squares = net.weights.reduce((sum, w) => sum + w.norm() ** 2, 0);
    const penalty = (data: TrainingPair[]) => net.totalCost(data, 0.6) - net.totalCost(data, 0);
    expect(penalty(pairs)).toBeCloseTo((0.3 / 8) * squares, 12);
    expect(penalty(pairs.slice(0, 2))).toBeCloseTo((0.3 / 2) * squares, 12);
  });

  it("cross-entropy counts 0 ln 0 as 0 and stays finite for an output that is exactly wrong", () => {
    const of = (cost: Cost, a: number, y: number) => cost.fn(Matrix.column([a]), Matrix.column([y]));
    expect(of(CrossEntropyCost, 1, 1)).toBe(0);
    expect(of(CrossEntropyCost, 0, 0)).toBe(0);
    expect(of(CrossEntropyCost, 0, 1)).toBe(Number.MAX_VALUE);
    expect(of(CrossEntropyCost, 0.5, 1)).toBeCloseTo(Math.LN2, 12);
    expect(of(QuadraticCost, 0.2, 1)).toBeCloseTo(0.32, 12);
    expect(of(LogLikelihoodCost, 0.25, 1)).toBeCloseTo(Math.log(4), 12);
  });

  it("refuses cross-entropy for outputs that are not sigmoid", () => {
    expect(() => new Network([2, 2], { output: "linear" })).toThrow("CrossEntropyCost belongs to sigmoid outputs");
  });
});

describe("starting weights", () => {
  it("default: deviation 1/√n for weights, 1 for biases; large: 1 for both", () => {
    const net = new Network([400, 500], { random: new Random(6) });
    const spread = (m: Matrix) => m.norm() / Math.sqrt(m.values.length);
    expect(spread(net.weights[0])).toBeCloseTo(1 / 20, 3);
    expect(spread(net.biases[0])).toBeGreaterThan(0.9);
    net.largeWeightInitializer();
    expect(spread(net.weights[0])).toBeCloseTo(1, 2);
  });
});

describe("dropout", () => {
  it("leaves half of the hidden neurons out of a step: no gradient reaches their weights", () => {
    const net = new Network([6, 8, 3], { dropout: 0.5, random: new Random(7) });
    const before = net.weights.map((w) => w.copy());
    net.updateMiniBatch(samples(4).pairs, 0.5, 0, 4);
    const moved = Array.from({ length: 8 }, (_, j) =>
      [0, 1].map((l) => {
        const change = net.weights[l].minus(before[l]);
        const own = l === 0 ? change.toRows()[j] : change.transposed.toRows()[j];
        return own.some((value) => value !== 0);
      }),
    );
    expect(moved.filter(([into]) => into)).toHaveLength(4);
    expect(moved.every(([into, out]) => into === out)).toBe(true);
  });

  it("afterwards halves the outgoing weights of the full network", () => {
    const net = new Network([6, 8, 3], { dropout: 0.5, random: new Random(7) });
    const halved = new Network([6, 8, 3]);
    halved.weights = [net.weights[0], net.weights[1].times(0.5)];
    halved.biases = net.biases;
    const [x] = samples(1).pairs[0];
    expect(net.feedforward(x).minus(halved.feedforward(x)).norm()).toBeLessThan(1e-12);
  });
});

describe("save and load", () => {
  it("writes the book's keys and reads a network with the same outputs", () => {
    const folder = mkdtempSync(join(tmpdir(), "network2-"));
    try {
      const net = new Network([6, 4, 3], { cost: QuadraticCost, random: new Random(9) });
      saveToFile(net, join(folder, "net.json"));
      expect(Object.keys(net.save())).toEqual(["sizes", "weights", "biases", "cost"]);
      const again = loadFromFile(join(folder, "net.json"));
      expect(again.cost).toBe(QuadraticCost);
      const [x] = samples(1).pairs[0];
      expect([...again.feedforward(x).values]).toEqual([...net.feedforward(x).values]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("keeps the extensions of a network that has them, and names a cost it does not know", () => {
    const net = new Network([6, 4, 3], { cost: LogLikelihoodCost, hidden: "tanh", dropout: 0.25 });
    const again = load(net.save());
    expect([again.hidden.name, again.output.name, again.dropout]).toEqual(["tanh", "softmax", 0.25]);
    expect(() => load({ ...net.save(), cost: "HingeCost" })).toThrow("unknown cost HingeCost");
  });
});
