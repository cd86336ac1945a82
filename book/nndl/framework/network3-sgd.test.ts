// network3 on the framework against network3 by hand: the same weights, mini-batches, costs, log lines; and a training that was interrupted.
import { backward, network3, type Sequential, scope, softmaxCrossEntropy, tensor } from "nabla";
import { describe, expect, test } from "vitest";
import type { Store } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import type { DigitSet } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { Network } from "../programs/network3.ts";
import { ConvPoolLayer, FullyConnectedLayer, ReLU, SoftmaxLayer, sigmoid } from "../programs/network3-layers.ts";
import { ExpandedSet, expanded } from "../programs/translation.ts";
import { answersOf, sgd, shareRight, toImages } from "./network3-sgd.ts";

/** Strokes at places and slants that tell ten digits apart, with noise. */
function digitSet(count: number, seed: number): DigitSet {
  const random = new Random(seed);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  const images = new Float32Array(784 * count);
  for (let k = 0; k < count; k++) {
    const digit = labels[k];
    for (let i = 6; i < 22; i++) {
      for (let j = 6; j < 22; j++) {
        const on = digit < 5 ? Math.abs(i - 8 - 3 * digit) < 2 : Math.abs(j - 8 - 3 * (digit - 5)) < 2;
        images[784 * k + 28 * i + j] = Math.fround((on ? 0.7 : 0.1) * random.uniform());
      }
    }
  }
  return { images, labels, count };
}

type Kind = { convolutions: 0 | 1 | 2; hidden: number[]; activation: "sigmoid" | "relu"; dropout?: number };

/** network3 by hand and on the framework, with the framework's weights in both. */
function pair({ convolutions, hidden, activation, dropout = 0 }: Kind): { byHand: Network; model: Sequential } {
  const model = network3({ convolutions, hidden, activation, dropout, dtype: "float64", seed: 3 });
  const random = new Random(1);
  const activationFn = activation === "relu" ? ReLU : sigmoid;
  const maps = [1, 20, 40];
  const sides = [28, 12, 4];
  const layers = Array.from(
    { length: convolutions },
    (_, l) =>
      new ConvPoolLayer([maps[l + 1], maps[l], 5, 5], [10, maps[l], sides[l], sides[l]], random, { activationFn }),
  );
  const widths = [maps[convolutions] * sides[convolutions] ** 2, ...hidden];
  const full = hidden.map(
    (width, l) => new FullyConnectedLayer(widths[l], width, random, { activationFn, pDropout: dropout }),
  );
  const softmax = new SoftmaxLayer(widths.at(-1)!, 10, random, { pDropout: dropout });
  const byHand = new Network([...layers, ...full, softmax], 10);
  byHand.layers.forEach(({ w, b }, l) => {
    w.values.set(model.parameters[2 * l].tensor.dataSync());
    b.values.set(model.parameters[2 * l + 1].tensor.dataSync());
  });
  return { byHand, model };
}

function largest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i] - b[i]));
  return most;
}

describe("network3 by hand and on the framework", () => {
  const kinds: Kind[] = [
    { convolutions: 0, hidden: [12], activation: "sigmoid" },
    { convolutions: 1, hidden: [12], activation: "sigmoid" },
    { convolutions: 2, hidden: [12], activation: "relu" },
    { convolutions: 2, hidden: [12, 11], activation: "relu" },
    { convolutions: 2, hidden: [], activation: "sigmoid" },
  ];

  test.each(kinds)("gradients of one mini-batch are equal: %j", (kind) => {
    const { byHand, model } = pair(kind);
    const set = digitSet(10, 5);
    // The softmax starts at 0: nothing would come through it.
    const random = new Random(9);
    const last = model.parameters.at(-2)!;
    for (let i = 0; i < byHand.last.w.values.length; i++) byHand.last.w.values[i] = random.normal(0, 0.3);
    scope(() => last.assign(tensor(byHand.last.w.values, { shape: last.tensor.shape, dtype: "float64" })));
    byHand.backprop(new Matrix(10, 784, Float64Array.from(set.images)), [...set.labels]);
    scope(() => {
      const x = tensor(Float64Array.from(set.images), { shape: [10, 1, 28, 28], dtype: "float64" });
      backward(softmaxCrossEntropy(model.logits(x, { training: true }), toImages(set).y));
    });
    byHand.layers.forEach(({ dw, db }, l) => {
      const [w, b] = [0, 1].map((k) => model.trainableVariables[2 * l + k].gradient!.dataSync());
      expect(largest(dw.values, w)).toBeLessThan(1e-13);
      expect(largest(db.values, b)).toBeLessThan(1e-13);
    });
  });
});

describe("SGD", () => {
  const [training, validation, testSet] = [digitSet(66, 1), digitSet(40, 2), digitSet(30, 3)];

  test.each([
    { convolutions: 1, hidden: [12], activation: "sigmoid" },
    { convolutions: 2, hidden: [12], activation: "relu" },
  ] as Kind[])("weights, costs, accuracies and log lines of three epochs with L2 are equal: %j", async (kind) => {
    const { byHand, model } = pair(kind);
    const [lines, ours]: string[][] = [[], []];
    const settings = { epochs: 3, miniBatchSize: 10, eta: 0.2, lmbda: 0.1 };
    const { epochs, miniBatchSize, eta, lmbda } = settings;
    const expected = byHand.SGD(training, epochs, miniBatchSize, eta, validation, testSet, lmbda, (line) =>
      lines.push(line),
    );
    const result = await sgd(model, training, settings, validation, testSet, { print: (line) => ours.push(line) });
    expect(ours).toEqual(lines);
    expect(ours[0]).toBe("Training mini-batch number 0");
    expect(result.validationAccuracies).toEqual(expected.validationAccuracies);
    expect(result.bestIteration).toBe(expected.bestIteration);
    expect(result.testAccuracy).toBeCloseTo(expected.testAccuracy!, 12);
    // Mean costs of an epoch: six mini-batches of ten, the six images that are left do not take part.
    const means = [0, 1, 2].map((e) => expected.costs.slice(6 * e, 6 * e + 6).reduce((a, b) => a + b) / 6);
    expect(largest(result.costs, means)).toBeLessThan(1e-12);
    byHand.layers.forEach(({ w, b }, l) => {
      expect(largest(w.values, model.parameters[2 * l].tensor.dataSync())).toBeLessThan(1e-12);
      expect(largest(b.values, model.parameters[2 * l + 1].tensor.dataSync())).toBeLessThan(1e-12);
    });
  });

  test("with dropout the accuracy takes all neurons at their share, by hand and on the framework", () => {
    const { byHand, model } = pair({ convolutions: 1, hidden: [12], activation: "relu", dropout: 0.5 });
    const { x } = toImages(testSet, "float64");
    const outputs = scope(() => model.call(x).dataSync());
    byHand.layers.reduce(
      (inpt, layer) => {
        layer.setInpt(inpt);
        return layer.output;
      },
      new Matrix(30, 784, Float64Array.from(testSet.images)),
    );
    expect(largest(byHand.last.output.values, outputs)).toBeLessThan(1e-13);
  });

  test("expanded images come in their order, made when they are asked for", async () => {
    const order = new Random(4).shuffle(Array.from({ length: 330 }, (_, i) => i));
    const settings = { epochs: 2, miniBatchSize: 10, eta: 0.1 };
    const [lazy, whole] = [0, 1].map(() => network3({ convolutions: 1, hidden: [8], activation: "sigmoid", seed: 2 }));
    const one = await sgd(lazy, new ExpandedSet(training, order), settings, validation);
    const two = await sgd(whole, expanded(training, order), settings, validation);
    expect(one.validationAccuracies).toEqual(two.validationAccuracies);
    expect(one.costs).toEqual(two.costs);
    expect([...lazy.parameters[0].tensor.dataSync()]).toEqual([...whole.parameters[0].tensor.dataSync()]);
  });

  /** Files in memory; after `most` writes the machine "is switched off". */
  function memoryStore(most = Number.POSITIVE_INFINITY): Store & { files: Map<string, Uint8Array>; most: number } {
    const files = new Map<string, Uint8Array>();
    return {
      ...{ place: "memory", files, most },
      read: async (name) => files.get(name),
      async write(name, bytes) {
        if (--this.most < 0) throw new Error("switched off");
        files.set(name, bytes.slice());
      },
    };
  }

  test("a training that was interrupted ends with the same bits, and a finished one is not trained again", async () => {
    const settings = { epochs: 4, miniBatchSize: 10, eta: 0.1, lmbda: 0.1 };
    const make = () => network3({ convolutions: 1, hidden: [8], dropout: 0.5, activation: "sigmoid", seed: 2 });
    for (const set of [
      training,
      new ExpandedSet(
        training,
        Array.from({ length: 330 }, (_, i) => (7 * i) % 330),
      ),
    ]) {
      const whole = await sgd(make(), set, settings, validation, testSet);
      const store = memoryStore(2);
      await expect(sgd(make(), set, settings, validation, testSet, { store })).rejects.toThrow("switched off");
      store.most = 2;
      const lines: string[] = [];
      const print = (line: string) => lines.push(line);
      const resumed = await sgd(make(), set, settings, validation, testSet, { store, print });
      expect(lines[0]).toBe("memory/network3/training.safetensors: 2 of 4 epochs are done");
      expect({ ...resumed, seconds: 0, model: 0 }).toEqual({ ...whole, seconds: 0, model: 0 });
      whole.model.parameters.forEach(({ tensor: values }, k) => {
        expect([...resumed.model.parameters[k].tensor.dataSync()]).toEqual([...values.dataSync()]);
      });
      const again = await sgd(make(), set, settings, validation, testSet, { store });
      expect({ ...again, model: 0 }).toEqual({ ...resumed, model: 0 });
    }
  });

  test("a kept training of other settings is refused, with what to do", async () => {
    const store = memoryStore();
    const settings = { epochs: 1, miniBatchSize: 10, eta: 0.1 };
    await sgd(network3({ convolutions: 0, hidden: [5] }), training, settings, validation, undefined, { store });
    await expect(
      sgd(network3({ convolutions: 0, hidden: [5] }), training, { ...settings, eta: 0.2 }, validation, undefined, {
        store,
      }),
    ).rejects.toThrow(/memory\/network3\/training\.safetensors is of another training .*; delete it to begin anew/);
    await expect(
      sgd(network3({ convolutions: 0, hidden: [6] }), training, settings, validation, undefined, { store }),
    ).rejects.toThrow(/"parameters":3985.*asked for is .*"parameters":4780.*delete it to begin anew/);
  });

  test("fewer images than a mini-batch takes are an error", async () => {
    const settings = { epochs: 1, miniBatchSize: 100, eta: 0.1 };
    await expect(sgd(network3({ hidden: [5] }), training, settings, validation)).rejects.toThrow(
      "SGD: 66 images fill no mini-batch of 100",
    );
  });

  test("answers are digits in the order of the images", () => {
    const model = network3({ convolutions: 0, hidden: [5], seed: 1 });
    const answers = answersOf(model, toImages(testSet));
    expect(answers).toMatch(/^\d{30}$/);
    expect(shareRight("0123456789", { ...testSet, labels: Uint8Array.from([0, 1, 2, 3, 4, 9, 9, 9, 9, 9]) })).toBe(0.6);
  });
});
