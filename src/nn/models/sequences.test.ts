// Models of sequences by name: how many numbers they have, that they learn, go on to the same bits, and write what they have learnt.
import { describe, expect, test } from "vitest";
import {
  type AnySamples,
  characterLSTM,
  Dense,
  decode,
  encoderDecoder,
  Generator,
  generate,
  keep,
  loadModel,
  type Model,
  random,
  Sequential,
  saveModel,
  scope,
  type Tensor,
  Trainer,
  tensor,
  transformerClassifier,
  transformerEncoderDecoder,
  transformerLanguageModel,
} from "../../node.ts";

/** Trains, replayed, and gives the loss of the last epoch. */
async function learn(
  model: Model,
  data: AnySamples,
  epochs: number,
  learningRate = 0.01,
  ignoreIndex?: number,
): Promise<number> {
  const trainer = new Trainer(model, data, { batchSize: 32, learningRate, seed: 1, ignoreIndex });
  let loss = Number.NaN;
  for (let epoch = 0; epoch < epochs; epoch++) loss = (await trainer.finishEpoch())!.loss;
  expect(trainer.replaying).toEqual({ active: true, obstacle: null });
  return loss;
}

function expectSavedAndLoaded(model: Model, x: Tensor | Record<string, Tensor>): void {
  const again = loadModel(saveModel(model));
  expect(again.config()).toEqual(model.config());
  expect(again.call(x).dataSync()).toEqual(model.call(x).dataSync());
}

describe("parameters", () => {
  test.each([
    [65, 64, 128, 1],
    [65, 8, 16, 2],
    [30, 50, 100, 1],
  ])("characterLSTM of %i symbols, vectors of %i, %i units, %i layers", (symbols, embedding, units, layers) => {
    const model = characterLSTM({ symbols, embedding, units, layers });
    const above = (layers - 1) * 4 * units * (2 * units + 1);
    const lstm = 4 * ((units + embedding) * units + units) + above;
    expect(model.summaryRows()[1]!.parameters).toBe(lstm);
    expect(model.parameterCount).toBe(symbols * embedding + lstm + (units + 1) * symbols);
  });

  test("encoderDecoder: two embeddings, two recurrences, the last layer; attention adds four matrices and one", () => {
    const [v, e, u] = [12, 8, 32];
    const plain = 2 * v * e + 2 * 4 * u * (e + u + 1) + (u + 1) * v;
    expect(encoderDecoder({ symbols: v, embedding: e, units: u }).parameterCount).toBe(plain);
    const attention = 4 * u * (u + 1) + (2 * u + 1) * u;
    expect(encoderDecoder({ symbols: v, embedding: e, units: u, attention: true }).parameterCount).toBe(
      plain + attention,
    );
    const gru = 2 * v * e + 2 * 3 * u * (e + u + 2) + (u + 1) * v;
    expect(encoderDecoder({ symbols: v, embedding: e, units: u, cell: "gru" }).parameterCount).toBe(gru);
  });

  test("transformers: 12 d^2 + 13 d a block, as GPT-2's", () => {
    const [v, t, d] = [65, 64, 64];
    const block = 12 * d * d + 13 * d;
    const model = transformerLanguageModel({ symbols: v, length: t });
    expect(model.parameterCount).toBe(v * d + t * d + 2 * block + 2 * d + (d + 1) * v);
    const cross = 4 * d * (d + 1) + 2 * d;
    const both = transformerEncoderDecoder({ symbols: v, length: t });
    expect(both.parameterCount).toBe(2 * (v * d + t * d) + 4 * block + 2 * cross + 2 * 2 * d + (d + 1) * v);
  });
});

describe("language models: the next symbol", () => {
  const text = "to be or not to be, that is the question: ";
  const symbols = [...new Set(text)].sort();
  const indices = [...text.repeat(4)].map((symbol) => symbols.indexOf(symbol));
  const [n, time] = [96, 12];
  const windows = (shift: number): Tensor =>
    tensor(
      Array.from({ length: n }, (_, i) => indices.slice(i + shift, i + shift + time)),
      "int32",
    );
  const data = keep(scope(() => ({ x: windows(0), y: windows(1) })));
  const read = (written: readonly number[]): string => written.map((i) => symbols[i]).join("");
  const beginning = [...text.slice(0, 12)].map((symbol) => symbols.indexOf(symbol));

  test.each<[string, () => Model, number, number]>([
    ["characterLSTM", () => characterLSTM({ symbols: symbols.length, embedding: 16, units: 48, seed: 1 }), 40, 0.02],
    [
      "transformerLanguageModel",
      () => transformerLanguageModel({ symbols: symbols.length, length: 12, size: 32, heads: 2, layers: 1, seed: 1 }),
      40,
      0.005,
    ],
  ])("%s learns a sentence by heart and writes it", async (_, make, epochs, learningRate) => {
    const model = make();
    // The first symbols of a window say little: 0.2 a symbol is nearly all that can be known.
    expect(await learn(model, data, epochs, learningRate)).toBeLessThan(0.3);
    const options = { length: 30, temperature: 0, context: 12 };
    expect(read(generate(model, beginning, options))).toBe(text.slice(12, 42));
    expectSavedAndLoaded(model, data.x.slice(0, 3));
  });

  test("a stateful model is shown each symbol once and writes the same", () => {
    const sizes = { symbols: 7, embedding: 4, units: 8, layers: 2, seed: 3 };
    const whole = characterLSTM(sizes);
    const going = characterLSTM({ ...sizes, stateful: true, batchSize: 1 });
    expect([whole.isStateful, going.isStateful]).toEqual([false, true]);
    for (const temperature of [0, 1]) {
      const options = { length: 20, temperature, seed: 5 };
      expect(generate(going, [1, 2], options)).toEqual(generate(whole, [1, 2], options));
    }
  });

  test("what is drawn depends on the seed, and follows the probabilities; an end is an end", () => {
    const model = characterLSTM({ symbols: 5, seed: 1 });
    const write = (seed: number, temperature = 1, end?: number): number[] =>
      generate(model, [0], { length: 60, seed, temperature, end });
    expect(write(1)).toEqual(write(1));
    expect(write(1)).not.toEqual(write(2));
    expect(new Set(write(1)).size).toBe(5);
    expect(new Set(write(1, 1e-4))).toEqual(new Set(write(2, 1e-4)));
    const ended = write(1, 1, 3);
    expect(ended.indexOf(3)).toBe(ended.length - 1);
    expect(generate(model, [0], { length: 0 })).toEqual([]);
  });

  test("what is refused", () => {
    const model = characterLSTM({ symbols: 5 });
    expect(() => generate(model, [], { length: 1 })).toThrow(/the beginning must hold at least one symbol/);
    expect(() => generate(model, [9], { length: 1 })).toThrow(/index 9 at position 0 is not in 0 to 4/);
    expect(() => generate(model, [1], {} as never)).toThrow(
      /length must be a whole number of at least 0, got undefined/,
    );
    expect(() => generate(model, [1], { length: 1, temperature: -1 })).toThrow(/temperature must be a finite number/);
    expect(() => generate([] as never, [1], { length: 1 })).toThrow(/generate: the model must be a model/);
    expect(() => characterLSTM({} as never)).toThrow(/symbols must be a whole number of at least 1, got undefined/);
    expect(() => transformerLanguageModel({ symbols: 5, length: 8, size: 10, heads: 4 })).toThrow(
      /10 features can't be shared out among 4 heads evenly/,
    );
    const short = transformerLanguageModel({ symbols: 5, length: 4, size: 8, heads: 2 });
    expect(() => generate(short, [1, 2, 3, 4, 0], { length: 1 })).toThrow(
      /has vectors for 4 positions, got sequences of 5 steps/,
    );
    expect(generate(short, [1, 2, 3, 4, 0], { length: 2, context: 4 })).toHaveLength(2);
  });
});

describe("from sequence to sequence: reversed", () => {
  const [START, END, FIRST, SYMBOLS] = [1, 2, 3, 9];
  const n = 320;
  /** Sources of 1 to 4 symbols, filled up with 0; targets: reversed, then the end. */
  const made = (() => {
    const draws = random.integers([n, 5], 0, 840, { generator: new Generator(2) }).toArray() as number[][];
    return draws.map(([length, ...rest]) =>
      rest.slice(0, 1 + (length % 4)).map((value) => FIRST + (value % (SYMBOLS - FIRST))),
    );
  })();
  const filled = (rows: readonly (readonly number[])[], length: number): Tensor =>
    tensor(
      rows.map((row) => [...row, ...new Array<number>(length - row.length).fill(0)]),
      "int32",
    );
  const data = keep(
    scope(() => ({
      x: {
        source: filled(made, 4),
        target: filled(
          made.map((row) => [START, ...row.toReversed()]),
          5,
        ),
      },
      y: filled(
        made.map((row) => [...row.toReversed(), END]),
        5,
      ),
    })),
  );

  test.each<[string, () => Model, number, number, number]>([
    ["encoderDecoder", () => encoderDecoder({ symbols: SYMBOLS, embedding: 16, units: 48, seed: 1 }), 40, 0.01, 0.1],
    [
      "encoderDecoder with attention, GRU",
      () => encoderDecoder({ symbols: SYMBOLS, embedding: 16, units: 32, cell: "gru", attention: true, seed: 1 }),
      30,
      0.01,
      0.1,
    ],
    [
      "transformerEncoderDecoder",
      () =>
        transformerEncoderDecoder({ symbols: SYMBOLS, length: 5, size: 32, heads: 2, hidden: 64, layers: 1, seed: 1 }),
      30,
      0.005,
      0.1,
    ],
  ])("%s", async (_, make, epochs, learningRate, bound) => {
    const model = make();
    expect(await learn(model, data, epochs, learningRate, 0)).toBeLessThan(bound);
    const some = made.slice(0, 40);
    const written = decode(model, filled(some, 4), { start: START, end: END, length: 6 });
    const right = written.filter((row, i) => row.join() === some[i]!.toReversed().join()).length;
    expect(right).toBeGreaterThan(36);
    // Each is written as it would be alone, without padding.
    expect(decode(model, tensor([some[0]!], "int32"), { start: START, end: END, length: 6 })[0]).toEqual(written[0]);
    expectSavedAndLoaded(model, { source: data.x.source.slice(0, 3), target: data.x.target.slice(0, 3) });
  });

  test("what is refused", () => {
    const model = encoderDecoder({ symbols: 5 });
    const sources = tensor([[3]], "int32");
    expect(() => decode(characterLSTM({ symbols: 5 }), sources, { start: 1, end: 2, length: 1 })).toThrow(
      /needs a model of two inputs, source and target/,
    );
    expect(() => decode(model, tensor([3], "int32"), { start: 1, end: 2, length: 1 })).toThrow(
      /sources must be \[n, time\], got shape \(1,\)/,
    );
    expect(() => decode(model, sources, { start: 1, end: 2 } as never)).toThrow(/length must be a whole number/);
    expect(() => encoderDecoder({ symbols: 5, hidden: 3 } as never)).toThrow(/there is no option hidden/);
    expect(() => encoderDecoder({ symbols: 5, cell: "rnn" as never })).toThrow(/cell must be one of lstm, gru/);
  });
});

test("transformerClassifier tells whether the first symbol comes again, padding or none", async () => {
  const draws = random.integers([320, 6], 0, 840, { generator: new Generator(4) }).toArray() as number[][];
  const rows = draws.map(([length, ...rest]) => rest.slice(0, 3 + (length % 3)).map((value) => 1 + (value % 5)));
  const x = tensor(
    rows.map((row) => [...row, ...new Array<number>(5 - row.length).fill(0)]),
    "int32",
  );
  const y = tensor(
    rows.map(([first, ...rest]) => Number(rest.includes(first!))),
    "int32",
  );
  const model = transformerClassifier({ symbols: 6, classes: 2, length: 5, size: 16, heads: 2, layers: 2, seed: 1 });
  expect(await learn(model, { x, y }, 40, 0.005)).toBeLessThan(0.1);
  const short = rows.findIndex((row) => row.length === 3);
  const alone = model.call(tensor([rows[short]!], "int32"));
  expect(
    model
      .call(x.slice(short, short + 1))
      .sub(alone)
      .abs()
      .max()
      .item(),
  ).toBeLessThan(1e-5);
  expectSavedAndLoaded(model, x.slice(0, 4));
});

test("only models that go on from call to call are stateful", () => {
  expect(new Sequential([new Dense(1)], { inputShape: [1] }).isStateful).toBe(false);
});
