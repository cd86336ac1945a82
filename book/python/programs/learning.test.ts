// Section 5.2 against formulas and against the framework: activations, rules, the three-layer network, the NeuralNetwork class.
import {
  backward,
  clearGradients,
  Dense,
  Sequential,
  SGD,
  scope,
  softmaxCrossEntropy,
  tensor,
  updateTensors,
} from "nabla";
import { describe, expect, it } from "vitest";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { derivativeError } from "../chapter5/5.2-activations.ts";
import { gradientError } from "../chapter5/5.2-backpropagation.ts";
import { largestGradientError, moons } from "../chapter5/5.2-network.ts";
import { gaussian, leakyRelu, linear, relu, sigmoid, step, tanh } from "./activations.ts";
import { delta, hebb, oja } from "./learning-rules.ts";
import { bCe, cCe, EPSILON, NeuralNetwork } from "./neural-network.ts";
import { ThreeLayerNetwork } from "./three-layer.ts";

const asTensor = (m: Matrix) => tensor(m.values, { shape: m.shape });

describe("activations", () => {
  it.each([
    ["linear", linear(2, 1)],
    ["step", step],
    ["sigmoid", sigmoid],
    ["tanh", tanh],
    ["gaussian", gaussian(3)],
    ["relu", relu],
    ["leaky relu", leakyRelu()],
  ])("%s: the derivative is that of the function", (_, activation) => {
    expect(derivativeError(activation)).toBeLessThan(1e-9);
  });

  it("leaky ReLU keeps a hundredth below 0; the Gaussian is 1 at 0", () => {
    expect(leakyRelu().f(-2)).toBeCloseTo(-0.02, 12);
    expect(gaussian().f(0)).toBe(1);
    expect(gaussian().f(1)).toBeCloseTo(Math.exp(-1), 12);
  });
});

describe("rules of one neuron", () => {
  it("Hebb: w += eta y x", () => {
    const w = [1, -1];
    expect(hebb(w, [2, 1], 0.5)).toBe(1);
    expect(w).toEqual([2, -0.5]);
  });

  it("Oja: w += eta y (x - y w)", () => {
    const w = [1, -1];
    oja(w, [2, 1], 0.5);
    expect(w).toEqual([1.5, 0]);
  });

  it("delta: w += eta (d - y) x", () => {
    const w = [1, -1];
    expect(delta(w, [2, 1], 3, 0.5)).toBe(1);
    expect(w).toEqual([3, 0]);
  });
});

describe("three layers with thresholds", () => {
  it("deltas are the gradient of E = 1/2 sum (d - o)^2", () => {
    expect(gradientError(new ThreeLayerNetwork(3, 4, 2, new Random(2)))).toBeLessThan(1e-9);
  });

  it("by hand and on the framework, 50 samples from equal weights end alike", () => {
    const byHand = new ThreeLayerNetwork(3, 4, 2, new Random(7));
    const column = (values: readonly number[]) => tensor([[...values]], "float64");
    const variables = [
      tensor(byHand.w, "float64").T.clone(),
      column(byHand.hiddenThresholds),
      tensor(byHand.v, "float64").T.clone(),
      column(byHand.outputThresholds),
    ].map((x) => x.requireGradient());
    const optimizer = new SGD({ learningRate: 0.5 });
    const random = new Random(8);
    for (let i = 0; i < 50; i++) {
      const x = [random.normal(), random.normal(), random.normal()];
      const d = [random.below(2), random.below(2)];
      byHand.train(x, d, 0.5);
      scope(() => {
        const y = tensor([x], "float64").matmul(variables[0]).sub(variables[1]).sigmoid();
        const o = y.matmul(variables[2]).sub(variables[3]).sigmoid();
        clearGradients(variables);
        backward(
          o
            .sub(tensor([d], "float64"))
            .square()
            .sum()
            .div(2),
        );
        updateTensors(optimizer, variables);
      });
    }
    expectClose(variables[0].T.dataSync(), byHand.w.flat());
    expectClose(variables[1].dataSync(), byHand.hiddenThresholds);
    expectClose(variables[2].T.dataSync(), byHand.v.flat());
    expectClose(variables[3].dataSync(), byHand.outputThresholds);
  });
});

describe("NeuralNetwork", () => {
  const three = (random: Random) => ({
    x: Matrix.fill(4, 9, () => random.normal()),
    y: Matrix.fill(3, 9, (i, j) => (j % 3 === i ? 1 : 0)),
  });

  it("gradients are those of the cost with its penalty, for both losses", () => {
    const random = new Random(3);
    const binary = new NeuralNetwork({ ...moons(10, random), hidden: [5, 4], loss: bCe, activation: tanh, random });
    const classes = new NeuralNetwork({ ...three(random), hidden: [5, 4], loss: cCe, activation: sigmoid, random });
    expect(largestGradientError(binary, 0.3)).toBeLessThan(1e-7);
    expect(largestGradientError(classes, 0.3)).toBeLessThan(1e-7);
  });

  it("W -= alpha / m (delta a^T + lambda W): by hand and on the framework, 40 epochs from equal weights end alike", () => {
    const random = new Random(4);
    const { x, y } = three(random);
    const byHand = new NeuralNetwork({ x, y, hidden: [6], loss: cCe, activation: tanh, random });
    const model = new Sequential([new Dense(6, { activation: "tanh" }), new Dense(3)], {
      inputShape: [4],
      dtype: "float64",
    });
    byHand.w.forEach((w, l) => {
      model.parameters[2 * l].assign(asTensor(w).T.clone());
    });
    const [alpha, lambda, m] = [0.4, 0.2, 9];
    const optimizer = new SGD({ learningRate: alpha, weightDecay: lambda / m });
    byHand.startTraining(40, alpha, lambda, 1, 1000);
    for (let epoch = 0; epoch < 40; epoch++) {
      scope(() => {
        model.block.clearGradients();
        backward(softmaxCrossEntropy(model.call(asTensor(x.transposed)), asTensor(y.transposed)));
        optimizer.step(model.block);
      });
    }
    byHand.w.forEach((w, l) => {
      expectClose(model.parameters[2 * l].tensor.T.dataSync(), [...w.values]);
      expectClose(model.parameters[2 * l + 1].tensor.dataSync(), [...byHand.b[l].values]);
    });
  });

  it("inverted dropout leaves the expected output of a hidden unit as it is", () => {
    const random = new Random(5);
    const x = new Matrix(1, 1, [1]);
    const network = new NeuralNetwork({ x, y: x, hidden: [2000], loss: bCe, random });
    network.w[0] = network.w[0].map(() => 1);
    network.w[1] = network.w[1].map(() => 1 / 2000);
    const odds = (p: number) => Math.log(p / (1 - p));
    expect(odds(network.feedForward(1).at(0, 0))).toBeCloseTo(1, 9);
    // The mean of 2,000 values that are 0 or 2: deviation 1 / sqrt(2000).
    expect(Math.abs(odds(network.feedForward(0.5).at(0, 0)) - 1)).toBeLessThan(4 / Math.sqrt(2000));
  });

  it("prints a line every `interval` epochs: Epoch[i] : Cost = .. ; Acc = ..% ; Time Taken = ..s", () => {
    const random = new Random(6);
    const network = new NeuralNetwork({ ...moons(20, random), hidden: [4], loss: bCe, random });
    const lines: string[] = [];
    const costs = network.startTraining(250, 0.5, 0, 0.9, 100, (line) => lines.push(line));
    expect(costs).toHaveLength(250);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/^Epoch\[200\] : Cost = \d\.\d{4} ; Acc = \d+\.\d\d% ; Time Taken = \d+\.\d\ds$/);
  });

  it("epsilon: an answer that is surely wrong costs -ln 1e-8, not infinity", () => {
    expect(bCe.cost(new Matrix(1, 1, [1]), new Matrix(1, 1, [0]))).toBeCloseTo(-Math.log(EPSILON), 6);
    expect(cCe.cost(new Matrix(2, 1, [1, 0]), new Matrix(2, 1, [0, 1]))).toBeCloseTo(-Math.log(EPSILON), 6);
  });

  it("accuracy: threshold 0.5 for one output, the largest for several", () => {
    expect(bCe.accuracy(new Matrix(1, 3, [0.6, 0.4, 0.2]), new Matrix(1, 3, [1, 1, 0]))).toBeCloseTo(2 / 3, 12);
    const a = Matrix.from([
      [0.7, 0.2],
      [0.3, 0.8],
    ]);
    const y = Matrix.from([
      [1, 1],
      [0, 0],
    ]);
    expect(cCe.accuracy(a, y)).toBe(0.5);
  });
});

function expectClose(found: ArrayLike<number>, expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(found[i]).toBeCloseTo(value, 11);
  });
}
