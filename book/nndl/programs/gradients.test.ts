import { backward, binaryCrossEntropyWithLogits, Dense, Momentum, Sequential, SGD, tensor, updateTensors } from "nabla";
import { describe, expect, it } from "vitest";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { bestWithoutOffset } from "../chapter5/5.3-exercises.ts";
import {
  chainGradient,
  DeepNetwork,
  explodingChain,
  identityNeuron,
  layerNorms,
  runChain,
  sigmoid,
  sigmoidPrime,
  windowWidth,
} from "./gradients.ts";

const SIZES = [7, 5, 4, 3];

function sample(count: number): { network: DeepNetwork; x: Matrix; y: Matrix } {
  const random = new Random(3);
  return {
    network: new DeepNetwork(SIZES, random),
    x: Matrix.fill(7, count, () => random.uniform()),
    y: Matrix.fill(3, count, () => (random.uniform() < 0.4 ? 1 : 0)),
  };
}

/** The same network on the framework, float64, with the same weights. */
function twin(network: DeepNetwork): Sequential {
  const layers = network.sizes.slice(1).map((units) => new Dense(units, { activation: "sigmoid" }));
  const model = new Sequential(layers, { inputShape: [network.sizes[0]], dtype: "float64" });
  network.weights.forEach((w, l) => {
    model.parameters[2 * l].assign(tensor(w.transposed.toRows(), "float64"));
    model.parameters[2 * l + 1].assign(tensor([...network.biases[l].values], "float64"));
  });
  return model;
}

function backwardOn(model: Sequential, x: Matrix, y: Matrix): void {
  model.block.clearGradients();
  const logits = model.logits(tensor(x.transposed.toRows(), "float64"));
  backward(binaryCrossEntropyWithLogits(logits, tensor(y.transposed.toRows(), "float64"), { reduction: "rows" }));
}

describe("the gradient by layer", () => {
  it("equals the framework's, by bias, averaged over samples", () => {
    const { network, x, y } = sample(6);
    const model = twin(network);
    backwardOn(model, x, y);
    network.getAverageGradient(x, y).forEach((gradient, l) => {
      const other = model.parameters[2 * l + 1].tensor.gradient!.toArray() as number[];
      other.forEach((value, j) => {
        expect(gradient.values[j]).toBeCloseTo(value, 13);
      });
    });
  });

  it("equals the framework's through 20 steps of gradient descent on all samples", () => {
    const { network, x, y } = sample(6);
    const model = twin(network);
    const descent = new SGD({ learningRate: 0.5 });
    for (let step = 0; step < 20; step++) {
      const { activations } = network.feedforward(x);
      const deltas = network.deltas(x, y);
      deltas.forEach((delta, l) => {
        network.weights[l] = network.weights[l].minus(delta.dot(activations[l].transposed).times(0.5 / 6));
        network.biases[l] = network.biases[l].minus(delta.sums("rows").times(0.5 / 6));
      });
      backwardOn(model, x, y);
      descent.step(model.block);
    }
    network.weights.forEach((w, l) => {
      const other = (model.parameters[2 * l].tensor.toArray() as number[][]).flat();
      w.transposed.values.forEach((value, i) => {
        expect(value).toBeCloseTo(other[i], 12);
      });
    });
  });

  it("is what formula (124) says, for each layer", () => {
    const { network, x, y } = sample(1);
    network.deltas(x, y).forEach((delta, l) => {
      expect(delta.minus(network.errorByProduct(x, y, l)).norm()).toBeLessThan(1e-14);
    });
  });

  it("leaves the output layer out of the speeds", () => {
    const { network, x, y } = sample(2);
    expect(layerNorms(network.getAverageGradient(x, y))).toHaveLength(2);
  });
});

describe("the chain", () => {
  it("has the gradient that differences of the cost have", () => {
    const chain = { weights: [0.7, -1.2, 1.5, 0.4], biases: [0.1, 0.5, -0.3, 0.2] };
    const cost = (biases: number[]): number => (1 - (runChain({ ...chain, biases }, 0.3).a.at(-1) ?? 0)) ** 2 / 2;
    chainGradient(chain, 0.3, 1).forEach((value, l) => {
      const moved = (by: number): number[] => chain.biases.map((b, k) => (k === l ? b + by : b));
      expect(value).toBeCloseTo((cost(moved(1e-5)) - cost(moved(-1e-5))) / 2e-5, 10);
    });
  });

  it("with w = 100 and b = -100 a grows by 25 a layer", () => {
    const gradient = chainGradient(explodingChain(4, 0.5), 0.5, 0);
    for (const l of [0, 1, 2]) expect(gradient[l] / gradient[l + 1]).toBeCloseTo(25, 9);
    expect(runChain(explodingChain(4, 0.5), 0.5).z).toEqual([0, 0, 0, 0]);
  });
});

describe("exercises", () => {
  it("sigma' is 1/4 at 0 and nowhere more", () => {
    expect(sigmoidPrime(0)).toBe(0.25);
    for (let z = -10; z <= 10; z += 0.1) expect(sigmoidPrime(z)).toBeLessThanOrEqual(0.25);
  });

  it("|w sigma'(wa + b)| >= 1 holds at the ends of the range and not beyond", () => {
    for (const w of [4.5, 6.9, -12, 40]) {
      const half = windowWidth(w) / 2;
      expect(Math.abs(w) * sigmoidPrime(w * half)).toBeCloseTo(1, 9);
      expect(Math.abs(w) * sigmoidPrime(w * (half + 0.001))).toBeLessThan(1);
    }
    expect(windowWidth(4)).toBe(0);
    expect(windowWidth(3.9)).toBe(0);
  });

  it("is widest, 0.448, at |w| = 6.89", () => {
    expect(windowWidth(6.89)).toBeCloseTo(0.4477, 4);
    expect(windowWidth(6.8)).toBeLessThan(windowWidth(6.89));
    expect(windowWidth(7)).toBeLessThan(windowWidth(6.89));
  });

  it("the identity neuron's error falls with the square of w1, once a bias follows it", () => {
    const error = (w1: number): number =>
      Math.max(...[0, 0.25, 0.5, 0.75, 1].map((x) => Math.abs(identityNeuron(w1).output(x) - x)));
    expect(error(0.2)).toBeLessThan(5e-4);
    expect(error(0.4) / error(0.2)).toBeCloseTo(4, 1);
    const { b, w2, offset, output } = identityNeuron(0.2);
    expect(w2 * sigmoid(0.2 * 0.3 + b) - offset).toBe(output(0.3));
  });

  it("without that bias, as the problem states it, a small w1 is off by a third and more", () => {
    expect(bestWithoutOffset(0.5)).toBeGreaterThan(1 / 3);
  });
});

describe("momentum (107), (108)", () => {
  it.each([0.9, 1.1, -0.5])("v = mu v - eta w, w = w + v is the framework's Momentum, mu = %d", (momentum) => {
    const x = tensor([1], "float64");
    const optimizer = new Momentum({ learningRate: 0.1, momentum });
    let [w, v] = [1, 0];
    for (let step = 0; step < 40; step++) {
      v = momentum * v - 0.1 * w;
      w += v;
      updateTensors(optimizer, [x], [x]);
      expect(x.item()).toBeCloseTo(w, 11);
    }
  });
});
