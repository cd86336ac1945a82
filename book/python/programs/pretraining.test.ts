// Section 5.1: the unsupervised layers by hand against their definitions, and against the same layers on tensors.
import { Generator, type Tensor, tensor } from "nabla";
import { describe, expect, it } from "vitest";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { barsAndStripes, exactLogLikelihood } from "../chapter5/5.1-layers.ts";
import { pretrain, TensorAutoencoder, TensorDeepBeliefNetwork, TensorRbm } from "../framework/pretraining.ts";
import { sigmoid } from "./activations.ts";
import { Autoencoder, StackedAutoencoder } from "./autoencoder.ts";
import { DeepBeliefNetwork } from "./deep-belief-network.ts";
import { cCe, NeuralNetwork } from "./neural-network.ts";
import { Rbm, uniformLike } from "./rbm.ts";

const asTensor = (m: Matrix) => tensor(m.values, { shape: m.shape });
/** A tensor of two axes, transposed: weights [in, out] as [out, in]. */
const transposed = (x: Tensor) => new Matrix(x.shape[1], x.shape[0], x.T.dataSync());

function expectSame(found: Tensor, expected: Matrix): void {
  const values = found.dataSync();
  expect(values.length).toBe(expected.values.length);
  expected.values.forEach((value, i) => {
    expect(values[i]).toBeCloseTo(value, 12);
  });
}

describe("autoencoder", () => {
  it("a step goes down the gradient of the reconstruction's cross-entropy", () => {
    const random = new Random(1);
    const coder = new Autoencoder(5, 3, random);
    const v = Matrix.fill(5, 7, () => random.uniform());
    const before = [coder.encoderWeights, coder.decoderWeights].map((m) => m.copy());
    const slopes = [coder.encoderWeights, coder.decoderWeights].map((m) =>
      m.values.map((value, i) => {
        m.values[i] = value + 1e-5;
        const above = coder.cost(v);
        m.values[i] = value - 1e-5;
        const below = coder.cost(v);
        m.values[i] = value;
        return (above - below) / 2e-5;
      }),
    );
    coder.step(v, 1);
    [coder.encoderWeights, coder.decoderWeights].forEach((m, k) => {
      m.values.forEach((value, i) => {
        expect(before[k].values[i] - value).toBeCloseTo(slopes[k][i], 8);
      });
    });
  });

  it("by hand and on tensors, ten steps from equal weights end alike", () => {
    const layer = new TensorAutoencoder(6, 4, new Generator(2), "float64");
    const random = new Random(2);
    const byHand = new Autoencoder(6, 4, random);
    byHand.encoderWeights = transposed(layer.encoder.weights);
    byHand.decoderWeights = transposed(layer.decoder.weights);
    for (let i = 0; i < 10; i++) {
      const v = Matrix.fill(6, 5, () => random.uniform());
      byHand.step(v, 0.5);
      layer.learn(asTensor(v.transposed), 0.5);
    }
    expectSame(layer.encoder.weights, byHand.encoderWeights.transposed);
    expectSame(layer.encoder.bias, byHand.encoderBias);
    expectSame(layer.decoder.weights, byHand.decoderWeights.transposed);
    expectSame(layer.decoder.bias, byHand.decoderBias);
  });

  it("a stack codes what the layer below has coded, and decodes it again", () => {
    const random = new Random(3);
    const stack = new StackedAutoencoder([9, 8, 6], random);
    const data = barsAndStripes();
    const off = () => stack.decode(stack.encode(data)).minus(data).norm();
    const before = off();
    stack.pretrain(data, { epochs: 800, batchSize: 7, rate: 0.5 });
    expect(stack.encode(data).shape).toEqual([6, 14]);
    expect(off()).toBeLessThan(before / 2);
  });
});

describe("restricted Boltzmann machine", () => {
  const random = new Random(4);
  const machine = new Rbm(9, 5, random);
  machine.w = machine.w.map(() => random.normal());

  it("free energy: probabilities of all visible states sum to 1, and agree with a sum over hidden states", () => {
    const all = Matrix.fill(9, 512, (i, j) => (j >> i) & 1);
    const logs = exactLogLikelihood(machine, all);
    expect(logs.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 10);
    const v = Matrix.column([1, 0, 1, 1, 0, 0, 1, 0, 1]);
    let sum = 0;
    for (let state = 0; state < 32; state++) {
      const h = Matrix.fill(5, 1, (i) => (state >> i) & 1);
      sum += Math.exp(h.transposed.dot(machine.w.dot(v)).at(0, 0));
    }
    expect(machine.freeEnergy(v)[0]).toBeCloseTo(-Math.log(sum), 10);
  });

  it("contrastive divergence raises the exact likelihood of bars and stripes", () => {
    const fresh = new Rbm(9, 12, new Random(5));
    const data = barsAndStripes();
    expect(data.shape).toEqual([9, 14]);
    const mean = () => exactLogLikelihood(fresh, data).reduce((sum, value) => sum + value, 0) / 14;
    expect(mean()).toBeCloseTo(-9 * Math.log(2), 1);
    for (let step = 0; step < 2000; step++) {
      fresh.contrastiveDivergence(data, 0.1, uniformLike(fresh.hidden(data), random));
    }
    expect(mean()).toBeGreaterThan(-5);
  });

  it("by hand and on tensors, ten steps with equal random numbers end alike", () => {
    const layer = new TensorRbm(6, 4, new Generator(6), "float64");
    const byHand = new Rbm(6, 4, random);
    byHand.w = transposed(layer.weights);
    for (let i = 0; i < 10; i++) {
      const v = Matrix.fill(6, 5, () => random.below(2));
      const uniform = Matrix.fill(4, 5, () => random.uniform());
      byHand.contrastiveDivergence(v, 0.5, uniform);
      layer.contrastiveDivergence(asTensor(v.transposed), 0.5, asTensor(uniform.transposed));
    }
    expectSame(layer.weights, byHand.w.transposed);
    expectSame(layer.visibleBias, byHand.visibleBias);
    expectSame(layer.hiddenBias, byHand.hiddenBias);
    expectSame(
      layer.freeEnergy(asTensor(Matrix.fill(3, 6, () => 1))),
      Matrix.column([1, 1, 1].map(() => byHand.freeEnergy(Matrix.fill(6, 1, () => 1))[0])),
    );
  });
});

describe("deep belief network", () => {
  it("by hand and on tensors a step of wake-sleep is the same: with weights so large that nothing is left to chance", () => {
    const random = new Random(7);
    const machines = [
      new TensorRbm(6, 5, new Generator(8), "float64"),
      new TensorRbm(5, 4, new Generator(9), "float64"),
    ];
    const byHand = new DeepBeliefNetwork([6, 5, 4], random);
    // Weights of 100 and biases of 50, of either sign: no sum comes nearer to 0 than 50, so that every probability is 0 or 1.
    const large = (rows: number, columns: number) =>
      Matrix.fill(rows, columns, () => (columns === 1 ? 100 : 200) * (random.below(2) - 0.5));
    machines.forEach((machine, i) => {
      byHand.machines[i].w = large(machine.weights.shape[1], machine.weights.shape[0]);
      byHand.machines[i].hiddenBias = large(machine.weights.shape[1], 1);
      byHand.machines[i].visibleBias = large(machine.weights.shape[0], 1);
      const steps = [byHand.machines[i].w.transposed, byHand.machines[i].visibleBias, byHand.machines[i].hiddenBias];
      [machine.weights, machine.visibleBias, machine.hiddenBias].forEach((target, k) => {
        replace(target, steps[k]);
      });
    });
    byHand.untie();
    const network = new TensorDeepBeliefNetwork(machines, new Generator(10));
    const before = byHand.links[0].generative.w;
    for (let i = 0; i < 5; i++) {
      const v = Matrix.fill(6, 8, () => random.below(2));
      byHand.wakeSleep(v, 0.4, random);
      network.wakeSleep(asTensor(v.transposed), 0.4);
    }
    const [{ recognition, generative }] = byHand.links;
    expect(generative.w.minus(before).norm()).toBeGreaterThan(0.1);
    expectSame(network.generative[0].weights, generative.w.transposed);
    expectSame(network.generative[0].bias, generative.b);
    expectSame(network.recognition[0].weights, recognition.w.transposed);
    expectSame(network.recognition[0].bias, recognition.b);
    expectSame(machines[1].weights, byHand.machines[1].w.transposed);
    expectSame(machines[1].hiddenBias, byHand.machines[1].hiddenBias);
  });

  it("by hand: stacked, tuned awake and asleep, then by backpropagation, it tells bars from stripes", () => {
    const random = new Random(11);
    const data = barsAndStripes();
    const network = new DeepBeliefNetwork([9, 16, 12], random);
    network.pretrain(data, { epochs: 400, batchSize: 7, rate: 0.1 }, random);
    for (let i = 0; i < 100; i++) network.wakeSleep(data, 0.02, random);
    expect(network.encode(data).shape).toEqual([12, 14]);
    expect(
      network.generate(
        Matrix.fill(16, 3, () => random.below(2)),
        5,
        random,
      ).shape,
    ).toEqual([9, 3]);
    // Rows first in the list of images, columns after; empty and full belong to both and count as rows.
    const isColumn = (j: number) =>
      [0, 1, 2].every((c) => data.at(c, j) === data.at(c + 3, j) && data.at(c, j) === data.at(c + 6, j));
    const isRow = (j: number) =>
      [0, 3, 6].every((r) => data.at(r, j) === data.at(r + 1, j) && data.at(r, j) === data.at(r + 2, j));
    const y = Matrix.fill(2, 14, (i, j) => ((isRow(j) || !isColumn(j)) === (i === 0) ? 1 : 0));
    const classifier = new NeuralNetwork({ x: data, y, hidden: [16, 12], loss: cCe, activation: sigmoid, random });
    classifier.startFrom(network.upward());
    expect(classifier.w[0].minus(network.upward()[0].w).norm()).toBe(0);
    classifier.startTraining(400, 1, 0, 1, 1000);
    expect(cCe.accuracy(classifier.predict(data), y)).toBe(1);
  });

  it("greedy: the second layer sees what the first makes of the data", () => {
    const generator = new Generator(12);
    const machines = [new TensorRbm(9, 8, generator), new TensorRbm(8, 3, generator)];
    const seen: number[][] = [];
    const watched = machines.map((machine) => ({
      encode: (x: Tensor) => machine.encode(x),
      learn(x: Tensor, rate: number) {
        seen.push([...x.shape]);
        machine.learn(x, rate);
      },
      upward: machine.upward,
    }));
    pretrain(watched, tensor(barsAndStripes().transposed.toRows()), { epochs: 2, batchSize: 7, rate: 0.1, generator });
    expect(seen).toEqual([...new Array(4).fill([7, 9]), ...new Array(4).fill([7, 8])]);
  });
});

/** Overwrites a tensor's values. */
function replace(target: Tensor, values: Matrix): void {
  target.set([":"], tensor(values.values, { shape: target.shape }));
}
