// Part 3: both forms of the network, the loader, the checkpoint, and where the series' own program is wrong.
import { backward, quadraticCost, SGD, scope, tensor, writeIdx } from "nabla";
import { describe, expect, it } from "vitest";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { framework, sameWeights } from "../framework/same-weights.ts";
import { ConstNode, Network as ObjectNetwork, gradientCheck as objectCheck } from "./bp.ts";
import { loadNetwork, saveNetwork } from "./checkpoint.ts";
import { gradientCheck, Network, SigmoidActivator, TanhActivator } from "./fc.ts";
import { agreeingDigits } from "./gradient-check.ts";
import { ImageLoader, LabelLoader, norm } from "./loader.ts";
import { evaluate, getResult, trainAndEvaluate } from "./train-and-evaluate.ts";

const SAMPLE = [0.2, 0.7, 0.4];
const LABEL = [0.9, 0.1];

describe("the object network", () => {
  it("passes the gradient check with epsilon 1e-4 to at least 4 digits", () => {
    const network = new ObjectNetwork([3, 4, 2], new Random(1));
    expect(network.connections.connections).toHaveLength(4 * 4 + 5 * 2);
    expect(agreeingDigits(objectCheck(network, SAMPLE, LABEL))).toBeGreaterThan(4);
  });

  it("delta is -dE/dnet and gradient dE/dw: moving a bias by epsilon changes E by -delta epsilon", () => {
    const network = new ObjectNetwork([3, 4, 2], new Random(2));
    network.getGradient(LABEL, SAMPLE);
    const node = network.layers[1].nodes[0];
    const bias = node.upstream[3];
    expect(bias.upstreamNode).toBeInstanceOf(ConstNode);
    expect(bias.getGradient()).toBe(-node.delta);
  });

  it("prints nodes with their connections", () => {
    const network = new ObjectNetwork([1, 1], new Random(1));
    network.predict([0.5]);
    expect(network.dump()).toMatch(
      /^0-0: output: 0\.500000 delta: 0\.000000\n\tdownstream: \(0-0\) -> \(1-0\) = -?0\.\d{6}/,
    );
    expect(network.connections.dump().split("\n")).toHaveLength(2);
  });

  it("refuses inputs of another length", () => {
    expect(() => new ObjectNetwork([3, 2], new Random(1)).predict([1])).toThrow("has 3 nodes, got 1 numbers");
  });
});

describe("the vectorised network", () => {
  it("has 238510 parameters for [784, 300, 10]", () => {
    expect(new Network([784, 300, 10], new Random(1)).parameterCount).toBe(238510);
  });

  it("passes the gradient check with tanh below sigmoid, where the printed rule does not", () => {
    const network = new Network([3, 4, 2], new Random(1), [new TanhActivator(), new SigmoidActivator()]);
    const checked = gradientCheck(network, SAMPLE, LABEL);
    expect(agreeingDigits(checked)).toBeGreaterThan(4);

    // As printed: the delta for the layer before gets the derivative of this layer's own activation.
    network.predict(SAMPLE);
    const [hidden, last] = network.layers;
    const slopes = last.output.map((y) => y * (1 - y));
    const delta = Matrix.column(LABEL).minus(last.output).times(slopes);
    hidden.calcGradient(last.backward(delta, last.activator));
    const printed = [...hidden.WGrad.values].map((actual, i) => ({ expected: checked[i].expected, actual }));
    expect(agreeingDigits(printed)).toBeLessThan(1);
  });

  it("equals the objects and the framework: gradients, and weights after 50 steps from equal ones", () => {
    const network = new Network([3, 4, 2], new Random(3));
    const start = network.layers[0].W.copy();
    const objects = sameWeights(network);
    const other = framework(network);
    network.predict(SAMPLE);
    network.calcGradient(LABEL);
    objects.network.getGradient(LABEL, SAMPLE);
    const expected = network.layers.flatMap(({ WGrad, bGrad }) => [...WGrad.values, ...bGrad.values]);
    const byFramework = other.gradients(SAMPLE, LABEL);
    expected.forEach((gradient, i) => {
      expect(objects.gradients()[i]).toBeCloseTo(gradient, 15);
      expect(byFramework[i]).toBeCloseTo(gradient, 15);
    });
    const optimizer = new SGD({ learningRate: 0.3 });
    for (let i = 0; i < 50; i++) {
      network.trainOneSample(LABEL, SAMPLE, 0.3);
      objects.network.trainOneSample(LABEL, SAMPLE, 0.3);
      scope(() => {
        other.model.block.clearGradients();
        backward(quadraticCost(other.model.call(tensor([SAMPLE], "float64")), tensor([LABEL], "float64")));
        optimizer.step(other.model.block);
      });
    }
    expect(network.layers[0].W.minus(start).norm()).toBeGreaterThan(0.01);
    const weights = network.layers.flatMap(({ W, b }) => [...W.values, ...b.values]);
    weights.forEach((weight, i) => {
      expect(objects.weights()[i]).toBeCloseTo(weight, 13);
      expect(other.read()[i]).toBeCloseTo(weight, 13);
    });
  });

  it("learns the identity of eight one-hot vectors through three hidden neurons", () => {
    const network = new Network([8, 3, 8], new Random(1));
    const samples = Array.from({ length: 8 }, (_, i) => Array.from({ length: 8 }, (_, j) => (i === j ? 0.9 : 0.1)));
    network.train(samples, samples, 2, 3000);
    expect(evaluate(network, { samples, labels: samples })).toBe(0);
  });
});

describe("the digits' loaders", () => {
  const images = Uint8Array.from({ length: 2 * 784 }, (_, i) => i % 251);

  it("norm(2) is 0.9 at its place and 0.1 elsewhere", () => {
    expect(norm(2)).toEqual([0.1, 0.1, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]);
  });

  it("read what an IDX file holds", () => {
    const pictures = writeIdx({ type: "uint8", shape: [2, 28, 28], data: images });
    const labels = writeIdx({ type: "uint8", shape: [2], data: Uint8Array.of(7, 2) });
    expect(new ImageLoader(pictures, 2).load()[1].slice(0, 3)).toEqual([784 % 251, 785 % 251, 786 % 251]);
    expect(new LabelLoader(labels, 2).load().map(getResult)).toEqual([7, 2]);
    expect(() => new ImageLoader(labels, 1).load()).toThrow("begins with 2049 instead of 2051");
    expect(() => new LabelLoader(labels, 3).load()).toThrow("holds 2, 3 were asked for");
  });
});

describe("trainAndEvaluate", () => {
  it("stops at the first evaluation that is worse than the one before", () => {
    const outputs = [0, 0, 1, 0, 0];
    let epoch = 0;
    const network = {
      train: () => {
        epoch += 1;
      },
      predict: () => (outputs[epoch - 1] === 0 ? [0.9, 0.1] : [0.1, 0.9]),
    };
    const set = { samples: [[0]], labels: [[0.9, 0.1]] };
    const history = trainAndEvaluate(network, set, set, { rate: 0.3, every: 1, mostEpochs: 5 });
    expect(history.map(({ errorRatio }) => errorRatio)).toEqual([0, 0, 1]);
  });
});

describe("checkpoint", () => {
  it("goes on to the same bits as without the interruption", () => {
    const [whole, half] = [1, 1].map((seed) => new Network([3, 4, 2], new Random(seed)));
    whole.train([LABEL], [SAMPLE], 0.3, 20);
    half.train([LABEL], [SAMPLE], 0.3, 8);
    const { network, epoch } = loadNetwork(saveNetwork(half, 8));
    network.train([LABEL], [SAMPLE], 0.3, 20 - epoch);
    expect(network.layers[0].W.values).toEqual(whole.layers[0].W.values);
    expect(network.layers[1].b.values).toEqual(whole.layers[1].b.values);
  });

  it("says so where the text is something else", () => {
    expect(() => loadNetwork("{}")).toThrow("not a checkpoint");
  });
});
