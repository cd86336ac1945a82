// network.py by hand: against finite differences, against its matrix form, and against the framework, from equal weights.
import { EpochOrder, lossFor, type Samples, SGD, scope, Trainer, tensor } from "nabla";
import { describe, expect, test } from "vitest";
import { Matrix } from "../../matrix.ts";
import type { DigitSet } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { gradientOnFramework, onFramework } from "../framework/network.ts";
import { finiteDifferences, flatten, relativeDifference } from "./finite-differences.ts";
import { MatrixNetwork } from "./matrix-batch.ts";
import { type Example, Network, sigmoid, sigmoidPrime, vectorizedResult } from "./network.ts";

const column = (n: number, random: Random) => Matrix.fill(n, 1, () => random.uniform());

function examples(count: number, sizes: readonly number[], random: Random): Example[] {
  return Array.from({ length: count }, () => ({ x: column(sizes[0], random), y: column(sizes.at(-1)!, random) }));
}

/** Examples as x [n, in] and y [n, out] in float64. */
function samplesOf(data: readonly Example[]): Samples {
  const rows = (columns: readonly Matrix[]) =>
    tensor(
      columns.map(({ values }) => [...values]),
      "float64",
    );
  return { x: rows(data.map(({ x }) => x)), y: rows(data.map(({ y }) => y)) };
}

describe("the network", () => {
  test("Network([2, 3, 1]) has weights of 3x2 and 1x3, and biases for all but the inputs", () => {
    const network = new Network([2, 3, 1], new Random(1));
    expect(network.weights.map(({ shape }) => shape)).toEqual([
      [3, 2],
      [1, 3],
    ]);
    expect(network.biases.map(({ shape }) => shape)).toEqual([
      [3, 1],
      [1, 1],
    ]);
    expect(network.numLayers).toBe(3);
  });

  test("sigmoid(0) = 1/2, sigmoid'(0) = 1/4, and sigmoid' is the slope of sigmoid", () => {
    expect(sigmoid(Matrix.column([0])).at(0, 0)).toBe(0.5);
    const z = Matrix.column([-3, -0.5, 0, 2]);
    const slope = sigmoid(z.plus(1e-6))
      .minus(sigmoid(z.minus(1e-6)))
      .times(1 / 2e-6);
    expect(relativeDifference(slope.values, sigmoidPrime(z).values)).toBeLessThan(1e-9);
    expect(sigmoidPrime(z).at(2, 0)).toBe(0.25);
  });

  test("the target of a 6 is (0,0,0,0,0,0,1,0,0,0)", () => {
    expect([...vectorizedResult(6).values]).toEqual([0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
  });

  test("feedforward is sigmoid(w a + b), layer after layer", () => {
    const network = new Network([2, 2, 1], new Random(1));
    network.weights = [
      Matrix.from([
        [1, 2],
        [3, 4],
      ]),
      Matrix.from([[1, -1]]),
    ];
    network.biases = [Matrix.column([0.5, -0.5]), Matrix.column([0.25])];
    const s = (z: number) => 1 / (1 + Math.exp(-z));
    const output = network.feedforward(Matrix.column([1, -1])).at(0, 0);
    expect(output).toBeCloseTo(s(s(1 - 2 + 0.5) - s(3 - 4 - 0.5) + 0.25), 14);
  });

  test("evaluate counts the images whose largest output is their label", () => {
    const network = new Network([784, 10], new Random(1));
    network.biases = [vectorizedResult(3)];
    network.weights = [new Matrix(10, 784)];
    const set: DigitSet = { images: new Float32Array(4 * 784), labels: Uint8Array.from([3, 1, 3, 7]), count: 4 };
    expect(network.evaluate(set)).toBe(2);
  });
});

describe("backprop", () => {
  test("finite differences give the same gradient, for each of several shapes", () => {
    const random = new Random(2);
    for (const sizes of [
      [2, 3, 1],
      [3, 2],
      [4, 5, 4, 3],
    ]) {
      const network = new Network(sizes, random);
      const [{ x, y }] = examples(1, sizes, random);
      const { nabla, forwardPasses } = finiteDifferences(network, x, y, 1e-5, "central");
      expect(relativeDifference(flatten(nabla), flatten(network.backprop(x, y)))).toBeLessThan(1e-6);
      expect(forwardPasses).toBe(2 * flatten(nabla).length);
    }
  });

  test("forward differences take one pass for each number and one more", () => {
    const network = new Network([4, 3, 2], new Random(3));
    const { forwardPasses } = finiteDifferences(network, new Matrix(4, 1), new Matrix(2, 1), 1e-6);
    expect(forwardPasses).toBe(4 * 3 + 3 + 3 * 2 + 2 + 1);
  });

  test("automatic differentiation on the framework gives the same gradient", () => {
    const random = new Random(4);
    const network = new Network([6, 5, 4, 3], random);
    const [{ x, y }] = examples(1, network.sizes, random);
    const difference = relativeDifference(flatten(gradientOnFramework(network, x, y)), flatten(network.backprop(x, y)));
    expect(difference).toBeLessThan(1e-13);
  });
});

describe("training", () => {
  test("updateMiniBatch divides by the batch's own length, also where it is short", () => {
    const make = () => new Network([3, 4, 2], new Random(5));
    const [one] = examples(1, [3, 2], new Random(6));
    const [short, long] = [make(), make()];
    short.updateMiniBatch([one], 0.7);
    long.updateMiniBatch([one, one, one], 0.7);
    expect(relativeDifference(flatten(short), flatten(long))).toBeLessThan(1e-15);
  });

  test("SGD sees every example once an epoch, the last batch being what is left", () => {
    const sizes: number[] = [];
    class Watched extends Network {
      override updateMiniBatch(batch: readonly Example[], eta: number): void {
        sizes.push(batch.length);
        super.updateMiniBatch(batch, eta);
      }
    }
    const epochs: number[] = [];
    const network = new Watched([2, 2], new Random(7));
    network.SGD(examples(7, [2, 2], new Random(8)), 2, 3, 0.1, undefined, (epoch) => epochs.push(epoch));
    expect(sizes).toEqual([3, 3, 1, 3, 3, 1]);
    expect(epochs).toEqual([0, 1]);
  });

  test("the matrix form takes the same steps", () => {
    const sizes = [7, 6, 5];
    const data = examples(20, sizes, new Random(9));
    const looped = new Network(sizes, new Random(10));
    const matrix = new MatrixNetwork(sizes, new Random(10));
    for (const network of [looped, matrix]) {
      for (let k = 0; k < 20; k += 4) network.updateMiniBatch(data.slice(k, k + 4), 3);
    }
    expect(relativeDifference(flatten(matrix), flatten(looped))).toBeLessThan(1e-13);
    const untouched = new Network(sizes, new Random(10));
    expect(relativeDifference(flatten(looped), flatten(untouched))).toBeGreaterThan(1e-3);
  });

  test("from equal weights and with equal batches the framework walks the same path", async () => {
    const sizes = [8, 6, 4];
    const data = examples(23, sizes, new Random(11));
    const network = new Network(sizes, new Random(12));
    const model = onFramework(network);
    const trainer = new Trainer(model, samplesOf(data), {
      loss: lossFor("quadratic"),
      optimizer: new SGD({ learningRate: 3 }),
      batchSize: 5,
      shuffle: false,
      seed: 0,
    });
    const order = new EpochOrder(samplesOf(data), 5, null);
    for (let epoch = 0; epoch < 4; epoch++) {
      for (let i = 0; i < order.batches; i++) {
        network.updateMiniBatch(
          Array.from(order.rows(i), (row) => data[row]),
          3,
        );
      }
      await trainer.finishEpoch();
      scope(() => {
        network.weights.forEach((w, l) => {
          const there = model.parameters[2 * l].tensor.dataSync();
          expect(relativeDifference(there, w.transposed.values)).toBeLessThan(1e-12);
          expect(
            relativeDifference(model.parameters[2 * l + 1].tensor.dataSync(), network.biases[l].values),
          ).toBeLessThan(1e-12);
        });
      });
    }
    expect(relativeDifference(flatten(network), flatten(new Network(sizes, new Random(12))))).toBeGreaterThan(0.1);
  });
});
