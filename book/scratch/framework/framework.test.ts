// By hand and on the framework: equal gradients and equal training from equal weights, in float64.
import {
  AdaGrad,
  Adam,
  backward,
  digits,
  Momentum,
  Nesterov,
  type Optimizer,
  RMSProp,
  SGD,
  scope,
  softmaxCrossEntropy,
  tensor,
  updateTensors,
} from "nabla";
import { describe, expect, test } from "vitest";
import { Matrix } from "../../matrix.ts";
import { type DigitSet, toSamples } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { trainTwice } from "../chapter5/5.7-mnist.ts";
import { PATHS, pathByHand, pathOnFramework } from "../chapter6/6.1-optimizers.ts";
import { compareGradients } from "../chapter6/6.3-by-hand.ts";
import { rowsOf } from "../programs/data.ts";
import { MultiLayerNetExtend, type MultiLayerNetExtendOptions } from "../programs/multi-layer-net.ts";
import * as byHand from "../programs/optimizers.ts";
import { buildNetwork, copyParams, trainByIterations } from "./study.ts";

function drawn(): DigitSet {
  const { train } = digits({ train: 200, test: 10, seed: 3 });
  return { images: Float32Array.from(train.images, (byte) => byte / 255), labels: train.labels, count: train.count };
}

/** Where a parameter stands after five steps along the same gradients. */
function walk(hand: byHand.Optimizer, framework: Optimizer): { hand: number[]; framework: number[] } {
  const random = new Random(5);
  const params = { w: Matrix.row([1, -2, 3]) };
  const w = tensor([1, -2, 3], "float64");
  for (let step = 0; step < 5; step++) {
    const g = [random.normal(), random.normal(), random.normal()];
    hand.update(params, { w: Matrix.row(g) });
    updateTensors(framework, [w], [tensor(g, "float64")]);
  }
  return { hand: [...params.w.values], framework: [...w.dataSync()] };
}

describe("optimisers", () => {
  test.each<[string, () => byHand.Optimizer, () => Optimizer, number]>([
    ["SGD", () => new byHand.SGD(0.1), () => new SGD({ learningRate: 0.1 }), 14],
    ["Momentum", () => new byHand.Momentum(0.1), () => new Momentum({ learningRate: 0.1 }), 14],
    ["Nesterov", () => new byHand.Nesterov(0.1), () => new Nesterov({ learningRate: 0.1 }), 14],
    ["AdaGrad", () => new byHand.AdaGrad(0.1), () => new AdaGrad({ learningRate: 0.1 }), 14],
    ["RMSProp", () => new byHand.RMSProp(0.1), () => new RMSProp({ learningRate: 0.1, decay: 0.99 }), 14],
    // Its epsilon stands beside the root before the correction: not the same to the last digit.
    ["Adam", () => new byHand.Adam(0.1), () => new Adam({ learningRate: 0.1, epsilon: 1e-7 }), 5],
  ])("%s takes the same steps", (_, hand, framework, places) => {
    const ends = walk(hand(), framework());
    ends.hand.forEach((value, i) => {
      expect(value).toBeCloseTo(ends.framework[i], places);
    });
  });

  test("Nesterov with the new velocity in the place of the old one is not Nesterov's gradient", () => {
    const [lr, momentum, g] = [0.1, 0.9, 1];
    // One step from p = 0 and velocity 0. The gradient one step ahead is the gradient here: p = -(1 + momentum) lr g.
    const right = -(1 + momentum) * lr * g;
    const updatedFirst = momentum * momentum * (-lr * g) - (1 + momentum) * lr * g;
    const params = { w: Matrix.row([0]) };
    new byHand.Nesterov(lr, momentum).update(params, { w: Matrix.row([g]) });
    expect(params.w.values[0]).toBeCloseTo(right, 15);
    expect(Math.abs(updatedFirst - right)).toBeGreaterThan(0.08);
  });

  test("the paths of chapter 6 are the same", () => {
    for (const { name, hand, framework } of PATHS) {
      const [one, other] = [pathByHand(hand()), pathOnFramework(framework())];
      one.forEach(([x, y], i) => {
        expect(x, name).toBeCloseTo(other[i][0], name === "Adam" ? 3 : 12);
        expect(y, name).toBeCloseTo(other[i][1], name === "Adam" ? 3 : 12);
      });
    }
  });
});

describe("gradients and training", () => {
  test("with batch normalisation, by hand, by differences and on the framework", () => {
    const { numerical, framework } = compareGradients(7);
    expect(numerical).toBeLessThan(1e-6);
    expect(framework).toBeLessThan(1e-12);
  });

  test("two layers: twenty iterations with the same losses", () => {
    const { byHand: hand, onFramework } = trainTwice(drawn(), 20, 20, 1);
    hand.forEach((loss, i) => {
      expect(loss).toBeCloseTo(onFramework[i], 12);
    });
    expect(hand[19]).toBeLessThan(hand[0]);
  });

  test.each<[string, MultiLayerNetExtendOptions]>([
    ["weight decay", { weightDecayLambda: 0.1 }],
    ["batch normalisation", { useBatchnorm: true }],
    [
      "sigmoid, batch normalisation and weight decay",
      { activation: "sigmoid", useBatchnorm: true, weightDecayLambda: 0.1 },
    ],
  ])("five layers with %s: ten iterations, then the same answers", (_, options) => {
    const set = drawn();
    const sizes = [784, 20, 20, 20, 10];
    const network = new MultiLayerNetExtend(784, [20, 20, 20], 10, { ...options, seed: 2, delta: 0 });
    const model = buildNetwork({ ...options, sizes, seed: 2, dtype: "float64" });
    copyParams(network.params, model);
    const hand = new byHand.SGD(0.1);
    const optimizer = new SGD({ learningRate: 0.1, weightDecay: options.weightDecayLambda ?? 0 });
    const random = new Random(9);
    for (let i = 0; i < 10; i++) {
      const { x, t } = rowsOf(
        set,
        Array.from({ length: 30 }, () => random.below(set.count)),
      );
      hand.update(network.params, network.gradient(x, t));
      scope(() => {
        const inputs = tensor(x.values, { shape: x.shape, dtype: "float64" });
        model.block.clearGradients();
        backward(softmaxCrossEntropy(model.logits(inputs, { training: true }), tensor(Int32Array.from(t))));
        optimizer.step(model.block);
      });
    }
    const { x } = rowsOf(set, [0, 1, 2, 3]);
    const scores = network.predict(x);
    const logits = model.logits(tensor(x.values, { shape: x.shape, dtype: "float64" })).dataSync();
    scores.values.forEach((value, i) => {
      expect(value).toBeCloseTo(logits[i], 9);
    });
  });

  test("dropout that is not inverted: the same answers when not training", () => {
    const options = { useDropout: true, dropoutRatio: 0.2, seed: 4 };
    const network = new MultiLayerNetExtend(6, [5, 5], 3, options);
    const model = buildNetwork({ ...options, sizes: [6, 5, 5, 3], dtype: "float64" });
    copyParams(network.params, model);
    const random = new Random(1);
    const x = Matrix.fill(3, 6, () => random.normal());
    const logits = model.logits(tensor(x.toRows(), "float64")).dataSync();
    network.predict(x).values.forEach((value, i) => {
      expect(value).toBeCloseTo(logits[i], 14);
    });
  });

  test("the same seed draws the same batches: equal losses twice", () => {
    const training = toSamples(drawn());
    const run = () =>
      trainByIterations({
        ...{ model: buildNetwork({ sizes: [784, 10, 10], seed: 1 }), optimizer: new SGD({ learningRate: 0.1 }) },
        ...{ training, iterations: 10, batchSize: 20, seed: 6 },
      });
    expect(run()).toEqual(run());
  });
});
