// The textbook's programs against their own formulas: scaling, encoding, linear layers, and the tape against hand-derived gradients and `fit`.
import { Dense, digits, evaluate, GradientTape, oneHot, Sequential, SGD, scope, tensor, updateTensors } from "nabla";
import { describe, expect, it } from "vitest";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { tapeGradients } from "../chapter3/3-ideas.ts";
import { linear, StackedNetwork } from "../programs/stacked.ts";
import { batches, inRows, load, scale } from "./data.ts";
import { bestLinearModel, classesOf, outputsOf } from "./linear-limit.ts";
import { squaredError, sumOfSquares, trainStep, trainWithFit, trainWithTape } from "./program.ts";

const { train, test } = digits({ train: 600, test: 100, seed: 3 });

describe("data", () => {
  it("2x/255 - 1 moves bytes to [-1, 1]", () => {
    expect(scale(tensor([0, 127.5, 255])).toArray()).toEqual([-1, 0, 1]);
  });

  it("labels 0 to 3 become rows of the identity", () => {
    const rows = oneHot(tensor([0, 1, 2, 3], "int32"), 10).toArray() as number[][];
    rows.forEach((row, i) => {
      expect(row).toEqual(Array.from({ length: 10 }, (_, j) => (i === j ? 1 : 0)));
    });
  });

  it("batches of 512 in the order of the file, the last one short", () => {
    const loaded = load(train);
    const all = [...batches(loaded)];
    expect(all.map(({ x }) => x.shape)).toEqual([
      [512, 28, 28],
      [88, 28, 28],
    ]);
    expect(all[1].y.argmax(1).toArray()).toEqual(Array.from(train.labels.subarray(512)));
  });
});

describe("linear model", () => {
  it("b = 2, d_in = 3, d_out = 2: X W + b", () => {
    const x = Matrix.from([
      [1, 2, 3],
      [-1, 0, 2],
    ]);
    const w = Matrix.from([
      [0.5, -1],
      [0.25, 2],
      [-0.75, 0.5],
    ]);
    const y = linear(x, { w, b: Matrix.row([0.1, -0.2]) });
    expect(y.shape).toEqual([2, 2]);
    [-1.15, 4.3, -1.9, 1.8].forEach((value, i) => {
      expect(y.values[i]).toBeCloseTo(value, 12);
    });
  });

  it("the exact solution makes the gradient of the squared error vanish", () => {
    const random = new Random(1);
    const x = Matrix.fill(50, 4, () => random.normal());
    const y = Matrix.fill(50, 2, () => random.normal());
    const weights = bestLinearModel(tensor(x.values, { shape: x.shape }), tensor(y.values, { shape: y.shape }));
    const off = outputsOf(weights, tensor(x.values, { shape: x.shape })).minus(y);
    expect(x.transposed.dot(off).norm()).toBeLessThan(1e-3);
    expect(Math.abs(off.sum())).toBeLessThan(1e-3);
  });

  it("one output is rounded to a class, several compete", () => {
    expect(classesOf(Matrix.from([[3.4], [-2], [12]]))).toEqual([3, 0, 9]);
    expect(classesOf(Matrix.from([[0.1, 0.7, 0.2]]))).toEqual([1]);
  });
});

describe("loss", () => {
  it("sum(square(out - y)) / b is ten times the mean over all numbers", () => {
    const [out, y] = [
      tensor([
        [1, 2],
        [3, 4],
      ]),
      tensor([
        [1, 0],
        [0, 1],
      ]),
    ];
    expect(sumOfSquares(out, y).item()).toBe((0 + 4 + 9 + 9) / 2);
    const wide = tensor(new Float64Array(30).fill(2), { shape: [3, 10] });
    expect(sumOfSquares(wide, wide.mul(0)).item()).toBe(10 * wide.square().mean().item());
  });
});

describe("stacked layers", () => {
  const random = new Random(5);
  const network = new StackedNetwork([6, 5, 4, 3], random);
  for (const layer of network.layers) layer.b = layer.b.map(() => random.normal(0, 0.1));
  const x = Matrix.fill(8, 6, () => random.normal());
  const y = Matrix.fill(8, 3, (i, j) => (i % 3 === j ? 1 : 0));

  it("the tape finds the gradients that are derived by hand", () => {
    const byHand = network.gradients(x, y).flatMap(({ w, b }) => [...w.values, ...b.values]);
    tapeGradients(network, x, y).forEach((value, i) => {
      expect(value).toBeCloseTo(byHand[i], 13);
    });
  });

  it("by hand and on the framework, 30 steps from equal weights end alike", () => {
    const model = new Sequential(
      [new Dense(5, { activation: "relu" }), new Dense(4, { activation: "relu" }), new Dense(3)],
      { inputShape: [6], dtype: "float64" },
    );
    const asTensor = (m: Matrix, shape: readonly number[] = m.shape) => tensor(m.values, { shape });
    network.layers.forEach(({ w, b }, i) => {
      model.parameters[2 * i].assign(asTensor(w));
      model.parameters[2 * i + 1].assign(asTensor(b, [b.columns]));
    });
    const optimizer = new SGD({ learningRate: 0.05 });
    const before = network.loss(x, y);
    for (let step = 0; step < 30; step++) {
      network.step(x, y, 0.05);
      scope(() => {
        const tape = new GradientTape();
        const loss = tape.record(() => sumOfSquares(model.call(asTensor(x)), asTensor(y)));
        updateTensors(optimizer, model.trainableVariables, tape.gradient(loss, model.trainableVariables));
      });
    }
    expect(network.loss(x, y)).toBeLessThan(before);
    network.layers.forEach(({ w }, i) => {
      const values = model.parameters[2 * i].tensor.dataSync();
      w.values.forEach((value, k) => {
        expect(values[k]).toBeCloseTo(value, 12);
      });
    });
  });
});

describe("the program", () => {
  const data = { train: load(train), test: load(test), epochs: 3, seed: 1 };

  it("tape and fit give the same losses and the same bits", async () => {
    const tape = trainWithTape(data);
    const fitted = await trainWithFit(data);
    expect(tape.loss).toEqual(fitted.loss);
    expect(tape.model.block.values.dataSync()).toEqual(fitted.model.block.values.dataSync());
    expect(tape.accuracy).toEqual(fitted.accuracy);
  });

  it("a step lowers the loss of its batch", () => {
    const { model } = trainWithTape({ ...data, epochs: 1 });
    const [batch] = [...batches(data.train)];
    const optimizer = new SGD({ learningRate: 0.001 });
    const before = trainStep(model, optimizer, batch);
    expect(trainStep(model, optimizer, batch)).toBeLessThan(before);
  });

  it("learns digits that it is shown", () => {
    const { model, loss } = trainWithTape({ ...data, epochs: 25 });
    expect(loss.at(-1)!).toBeLessThan(loss[0] / 3);
    expect(evaluate(model, inRows(data.train), { loss: squaredError }).accuracy).toBeGreaterThan(0.6);
  });
});
