// Streams of a text for stateful models, and training on them: truncated backpropagation with carried state.
import { describe, expect, test } from "vitest";
import {
  Adam,
  backward,
  characterLSTM,
  Dense,
  Embedding,
  evaluate,
  fit,
  LSTM,
  loadTraining,
  runEpochs,
  Sequential,
  SGD,
  saveModel,
  saveTraining,
  scope,
  softmaxCrossEntropy,
  Trainer,
  tensor,
  textStreams,
} from "../node.ts";

const numbers = (n: number, symbols = 5): Int32Array =>
  Int32Array.from({ length: n }, (_, k) => (k * k + 3 * k) % symbols);

describe("textStreams", () => {
  test("each row goes on where the same row of the batch before ended; y is one further", async () => {
    const streams = textStreams(
      Int32Array.from({ length: 23 }, (_, k) => k),
      { batchSize: 3, length: 3 },
    );
    expect(streams.size).toBe(3);
    const batches = (await streams.toArray()).map(({ x, y }) => [x.toArray(), y.toArray()]);
    // 22 numbers have one behind them: 7 a row.
    expect(batches.map(([x]) => x)).toEqual([
      [
        [0, 1, 2],
        [7, 8, 9],
        [14, 15, 16],
      ],
      [
        [3, 4, 5],
        [10, 11, 12],
        [17, 18, 19],
      ],
      [[6], [13], [20]],
    ]);
    expect(batches[2][1]).toEqual([[7], [14], [21]]);
  });

  test("what is wrong", () => {
    expect(() => textStreams([1, 2], { batchSize: 2, length: 1 })).toThrow(
      "2 streams of one number each, and the ones behind them, need 3, but the sequence has 2; take fewer streams, or a longer text",
    );
    expect(() => textStreams([], { batchSize: 1, length: 1 })).toThrow(/need 2, but the sequence has 0/);
    expect(() => textStreams([1, 2, 3], { batchSize: 1 } as never)).toThrow(/length must be a whole number/);
    expect(() => textStreams([1, 2, 3], { batchSize: 0, length: 1 })).toThrow(/batchSize must be a whole number/);
    expect(() => textStreams([1, 2.5, 3], { batchSize: 1, length: 1 })).toThrow(/2.5 at position 1 is no whole number/);
    expect(() => textStreams([1, 2, 3], { batchSize: 1, length: 1, stride: 1 } as never)).toThrow(/no option stride/);
  });
});

const sizes = { symbols: 5, embedding: 4, units: 6, layers: 2, seed: 2 };

describe("a stateful model on streams", () => {
  test("is judged as one that reads each stream whole, whatever the length of the pieces", async () => {
    const text = numbers(64);
    const whole = characterLSTM(sizes);
    // 63 numbers with one behind them: 3 streams of 21.
    const rows = (shift: number) =>
      tensor(
        [0, 21, 42].map((k) => [...text.subarray(k + shift, k + shift + 21)]),
        "int32",
      );
    const expected = evaluate(whole, { x: rows(0), y: rows(1) }, { metrics: ["perplexity"] });
    for (const length of [1, 4, 21, 30]) {
      const model = characterLSTM({ ...sizes, stateful: true, batchSize: 3 });
      const found = await evaluate(model, textStreams(text, { batchSize: 3, length }), { metrics: ["perplexity"] });
      expect(found.loss).toBeCloseTo(expected.loss, 5);
      expect(found.accuracy).toBe(expected.accuracy);
      expect(found.metrics["perplexity"]).toBeCloseTo(Math.exp(expected.loss), 4);
    }
  });

  test("gradients end where a batch begins: those of a whole stream with `truncate`", async () => {
    const text = numbers(25);
    const make = (more: object) =>
      new Sequential(
        [new Embedding(5, 4), new LSTM(6, { returnSequences: true, ...more }), new Dense(5, { activation: "softmax" })],
        { inputShape: [null], seed: 3 },
      );
    const whole = make({ truncate: 8 });
    scope(() => {
      const x = tensor([[...text.subarray(0, 24)]], "int32");
      const y = tensor([[...text.subarray(1, 25)]], "int32");
      backward(softmaxCrossEntropy(whole.logits(x, { training: true }).reshape([24, 5]), y.reshape([24])));
    });
    const pieces = make({ stateful: true, batchSize: 1 });
    // Three batches in one step of descent: the mean of their gradients.
    const before = [...pieces.block.values.dataSync()];
    const trainer = new Trainer(pieces, textStreams(text, { batchSize: 1, length: 8 }), {
      optimizer: new SGD({ learningRate: 1 }),
      accumulate: 3,
    });
    await trainer.finishEpoch();
    const after = pieces.block.values.dataSync();
    const gradients = whole.block.gradients.dataSync();
    before.forEach((value, i) => {
      expect(value - Number(after[i])).toBeCloseTo(Number(gradients[i]), 5);
    });
  });

  test("an epoch begins with states of 0, and a validation in the middle changes nothing", async () => {
    const data = textStreams(numbers(200), { batchSize: 4, length: 7 });
    const held = textStreams(numbers(60), { batchSize: 4, length: 9 });
    const make = () => characterLSTM({ ...sizes, stateful: true, batchSize: 4 });
    const trainerOf = (model: Sequential) => new Trainer(model, data, { optimizer: new Adam({ learningRate: 0.01 }) });
    const [plain, judged] = [make(), make()];
    const [a, b] = [trainerOf(plain), trainerOf(judged)];
    for (let step = 0; step < 11; step++) {
      const before = saveModel(judged);
      await evaluate(judged, held);
      expect(saveModel(judged)).toEqual(before);
      expect((await b.nextStep())?.loss).toBe((await a.nextStep())?.loss);
    }
    expect(saveModel(judged)).toEqual(saveModel(plain));
    // Another epoch with all parameters as at its beginning gives the loss that they give from states of 0.
    const still = make();
    const idle = new Trainer(still, data, { optimizer: new SGD({ learningRate: 0 }) });
    const first = (await idle.finishEpoch())!.loss;
    expect((await idle.finishEpoch())!.loss).toBe(first);
    expect(first).toBeCloseTo((await evaluate(make(), data)).loss, 6);
  });

  test("fit: history, validation and perplexity; replayed; saved in the middle of an epoch and resumed to the same bits", async () => {
    const text = numbers(800);
    const data = textStreams(text, { batchSize: 4, length: 10 });
    const validation = textStreams(text.subarray(0, 100), { batchSize: 4, length: 10 });
    const make = () => characterLSTM({ ...sizes, dropout: 0.1, stateful: true, batchSize: 4 });
    const model = make();
    const options = { learningRate: 0.02, clipNorm: 1 };
    const history = await fit(model, data, { ...options, epochs: 6, validation, metrics: ["perplexity"] });
    const last = history.epochs.at(-1)!;
    expect(last.metrics!["perplexity"]).toBeCloseTo(Math.exp(last.validationLoss!), 4);
    expect(last.validationLoss!).toBeLessThan(history.epochs[0].validationLoss! - 0.3);

    const half = make();
    const trainer = new Trainer(half, data, options);
    for (let step = 0; step < 33; step++) await trainer.nextStep();
    expect(trainer.replaying).toEqual({ active: true, obstacle: null });
    const { trainer: resumed, model: again } = loadTraining(saveTraining(trainer), data);
    await runEpochs(resumed, { epochs: 6 });
    expect(saveModel(again as Sequential)).toEqual(saveModel(model));
  });

  test("in memory: rows are not shuffled, and validation takes batches of the state's size", async () => {
    const x = tensor(
      Array.from({ length: 8 }, (_, i) => [i % 5, (i + 1) % 5]),
      "int32",
    );
    const data = { x, y: x };
    const model = characterLSTM({ ...sizes, stateful: true, batchSize: 4 });
    const history = await fit(model, data, { batchSize: 4, validation: data, epochs: 1 });
    expect(history.epochs[0].validationLoss).toBeGreaterThan(0);
    expect(() => new Trainer(model, data, { batchSize: 4, shuffle: true })).toThrow(
      /a stateful model goes on from batch to batch, so their rows can't be shuffled; leave shuffle out/,
    );
    await expect(fit(model, textStreams(numbers(50), { batchSize: 3, length: 4 }))).rejects.toThrow(
      /is stateful for batches of 4 samples, got 3/,
    );
  });
});
