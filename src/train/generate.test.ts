// Writing with models: that a symbol read once gives what reading all again gives, what the ways of choosing leave, and what a search finds.
import { describe, expect, test } from "vitest";
import {
  beamSearch,
  Conv1D,
  characterLSTM,
  Dense,
  decode,
  Embedding,
  encoderDecoder,
  Generator,
  GRU,
  generate,
  LayerNormalization,
  type Model,
  MultiHeadAttention,
  PositionalEncoding,
  random,
  Sequential,
  SimpleRNN,
  saveModel,
  scope,
  softmax,
  tensor,
  transformerLanguageModel,
} from "../node.ts";
import { chooser } from "./sampling.ts";
import { Stepper } from "./stepper.ts";

const SYMBOLS = 7;
const last = new Dense(SYMBOLS, { activation: "softmax" });
const MODELS: [string, () => Model][] = [
  [
    "characterLSTM of two layers",
    () => characterLSTM({ symbols: SYMBOLS, units: 9, embedding: 5, layers: 2, seed: 3 }),
  ],
  [
    "a stateful model of another batch size",
    () => characterLSTM({ symbols: SYMBOLS, units: 9, embedding: 5, stateful: true, batchSize: 6, seed: 3 }),
  ],
  [
    "GRU and SimpleRNN, normalised between them",
    () =>
      new Sequential(
        [
          new Embedding(SYMBOLS, 6),
          new GRU(8, { returnSequences: true }),
          new LayerNormalization(),
          new SimpleRNN(8, { returnSequences: true }),
          new Dense(SYMBOLS, { activation: "softmax" }),
        ],
        { inputShape: [null], seed: 4 },
      ),
  ],
  ["a transformer", () => transformerLanguageModel({ symbols: SYMBOLS, length: 40, size: 16, heads: 2, seed: 5 })],
  [
    "attention with waves of positions",
    () =>
      new Sequential(
        [
          new Embedding(SYMBOLS, 8),
          new PositionalEncoding(),
          new MultiHeadAttention(2, { causal: true }),
          new Dense(SYMBOLS, { activation: "softmax" }),
        ],
        { inputShape: [null], seed: 6 },
      ),
  ],
];

/** Logits behind the last step, all read anew. */
const whole = (model: Model, row: readonly number[]): number[] => {
  const fresh = model.isStateful ? characterLSTM({ symbols: SYMBOLS, units: 9, embedding: 5, seed: 3 }) : model;
  return scope(() =>
    fresh
      .logits(tensor([[...row]], "int32"))
      .get(0, -1)
      .toArray(),
  ) as number[];
};

describe.each(MODELS)("%s", (_, make) => {
  test("step by step, replayed, it says what it says of the whole", () => {
    const model = make();
    const stepper = new Stepper(model, undefined);
    expect(stepper.remembers).toBe(true);
    const row = [1, 4, 2];
    let [logits] = stepper.begin([row]);
    for (let i = 0; i < 12; i++) {
      const expected = whole(model, row);
      expected.forEach((value, k) => {
        expect(logits[k]).toBeCloseTo(value, 5);
      });
      row.push((3 * i + 1) % SYMBOLS);
      [logits] = stepper.next([row.at(-1)!]);
    }
  });

  test("several sequences at a time, chosen among", () => {
    const model = make();
    const stepper = new Stepper(model, undefined);
    stepper.begin([
      [1, 2],
      [3, 4],
    ]);
    stepper.next([5, 6]);
    stepper.select([1, 1, 0]);
    const logits = stepper.next([0, 1, 2]);
    [
      [3, 4, 6, 0],
      [3, 4, 6, 1],
      [1, 2, 5, 2],
    ].forEach((row, i) => {
      whole(model, row).forEach((value, k) => {
        expect(logits[i][k]).toBeCloseTo(value, 5);
      });
    });
  });

  test("writing leaves the model as it is", () => {
    const model = make();
    const before = saveModel(model);
    generate(model, [1, 2], { length: 9 });
    beamSearch(model, [1, 2], { length: 4 });
    expect(saveModel(model)).toEqual(before);
  });
});

test("a model that looks at several symbols at once reads all again, and writes what it should", () => {
  const model = new Sequential([new Embedding(SYMBOLS, 4), new Conv1D(6, 3, { padding: "same" }), last], {
    inputShape: [null],
    seed: 2,
  });
  expect(new Stepper(model, undefined).remembers).toBe(false);
  const row = [1, 2];
  for (let i = 0; i < 5; i++) {
    const logits = whole(model, row);
    row.push(logits.indexOf(Math.max(...logits)));
  }
  expect(generate(model, [1, 2], { length: 5, temperature: 0 })).toEqual(row.slice(2));
});

test("a context shows the last symbols only", () => {
  const model = transformerLanguageModel({ symbols: SYMBOLS, length: 5, size: 8, heads: 2, seed: 1 });
  const row = [1, 2, 3, 4];
  for (let i = 0; i < 6; i++) {
    const logits = whole(model, row.slice(-5));
    row.push(logits.indexOf(Math.max(...logits)));
  }
  expect(generate(model, [1, 2, 3, 4], { length: 6, temperature: 0, context: 5 })).toEqual(row.slice(4));
  expect(() => generate(model, [1, 2, 3, 4], { length: 6 })).toThrow(/has vectors for 5 positions, got sequences of 6/);
});

describe("choosing", () => {
  const logits = Float32Array.from([0.5, 3, 1, 2.5, -1]);
  /** Shares with which symbols are chosen, by evenly spaced u. */
  const shares = (options: Parameters<typeof chooser>[1], n = 20_000): number[] => {
    const choose = chooser("test", options);
    const counts = new Array<number>(logits.length).fill(0);
    for (let i = 0; i < n; i++) counts[choose(logits, (i + 0.5) / n)] += 1 / n;
    return counts;
  };
  /** exp(z / T) over those that are left, and their sum. */
  const expected = (kept: readonly number[], temperature = 1): number[] => {
    const all = [...logits].map((z, i) => (kept.includes(i) ? Math.exp(z / temperature) : 0));
    const sum = all.reduce((a, b) => a + b);
    return all.map((value) => value / sum);
  };

  test.each<[string, Parameters<typeof chooser>[1], number[]]>([
    ["all: the softmax", {}, expected([0, 1, 2, 3, 4])],
    ["temperature 2", { temperature: 2 }, expected([0, 1, 2, 3, 4], 2)],
    ["temperature 0: the largest", { temperature: 0 }, [0, 1, 0, 0, 0]],
    ["top 2", { topK: 2 }, expected([1, 3])],
    ["top 9 of 5: all", { topK: 9 }, expected([0, 1, 2, 3, 4])],
    // Shares 0.526, 0.319, 0.071, 0.043, 0.010: two reach 0.8, three 0.9.
    ["p 0.5: one", { topP: 0.5 }, [0, 1, 0, 0, 0]],
    ["p 0.8: two", { topP: 0.8 }, expected([1, 3])],
    ["p 0.9: three", { topP: 0.9 }, expected([1, 2, 3])],
    ["p 1: all", { topP: 1 }, expected([0, 1, 2, 3, 4])],
    // Of the two that are left the first has 0.62.
    ["top 2, and p 0.6 of those", { topK: 2, topP: 0.6 }, [0, 1, 0, 0, 0]],
    ["temperature, then p: at 5 two do not reach 0.8", { temperature: 5, topP: 0.8 }, expected([0, 1, 2, 3], 5)],
  ])("%s", (_, options, wanted) => {
    shares(options).forEach((share, i) => {
      expect(share).toBeCloseTo(wanted[i], 3);
    });
  });

  test("equal ones: the first counts for likelier", () => {
    expect(chooser("test", { topK: 1 })([2, 2, 2], 0.99)).toBe(0);
    expect(chooser("test", { temperature: 0 })([1, 2, 2], 0.99)).toBe(1);
  });

  test("what is refused", () => {
    const model = characterLSTM({ symbols: 5 });
    const write = (options: object) => () => generate(model, [1], { length: 1, ...options });
    expect(write({ topK: 0 })).toThrow(/generate: topK must be a whole number of at least 1, got 0/);
    expect(write({ topP: 0 })).toThrow(/generate: topP must be a number above 0 and at most 1, got 0/);
    expect(write({ topP: 1.5 })).toThrow(/topP must be a number above 0 and at most 1, got 1.5/);
    expect(write({ temperature: -0.5 })).toThrow(/temperature must be a finite number/);
    for (const end of [5, -1, 1.5]) {
      expect(write({ end })).toThrow(/generate: end must be/);
      expect(() => beamSearch(model, [1], { length: 1, end })).toThrow(/beamSearch: end must be/);
    }
    const translator = encoderDecoder({ symbols: 5, units: 4, embedding: 2, seed: 1 });
    const source = tensor([[3]], "int32");
    expect(() => decode(translator, source, { start: 1, end: 5, length: 1 })).toThrow(
      "decode: end must be one of the model's symbols, 0 to 4, got 5",
    );
    for (const wrong of [1.5, Number.NaN, -1]) {
      expect(() => generate(model, [1, wrong], { length: 1 })).toThrow(
        `generate: symbol 1 of the beginning must be a whole number of at least 0, got ${wrong}`,
      );
      expect(() => beamSearch(model, [wrong], { length: 1 })).toThrow(/beamSearch: symbol 0 of the beginning must be/);
    }
    expect(() => generate(model, [5], { length: 1 })).toThrow(/index 5 at position 0 is not in 0 to 4/);
    expect(() => chooser("test", {})([1, Number.NaN], 0)).toThrow(/answers NaN for symbol 1/);
    const dense = new Sequential([new Dense(2)], { inputShape: [3] });
    expect(() => generate(dense, [1], { length: 1 })).toThrow(
      /needs a model from symbols \[n, time\] .* outputs of shape .*"n", 2.*returnSequences/,
    );
    expect(() => beamSearch(model, [], { length: 1 })).toThrow(/the beginning must hold at least one symbol/);
    expect(() => beamSearch(model, [1], { length: 1, beams: 0 })).toThrow(/beams must be a whole number of at least 1/);
    expect(() => beamSearch(model, [1], { length: 1, lengthPenalty: -1 })).toThrow(/lengthPenalty must be a finite/);
  });
});

describe("beam search", () => {
  const model = characterLSTM({ symbols: 4, units: 12, embedding: 6, seed: 8 });
  /** Likelier differences than an untrained model's. */
  for (const parameter of model.parameters) {
    parameter.assign(random.normal(parameter.shape, 0, 1.2, { generator: new Generator(parameter.size) }));
  }
  /** log P of every continuation of so many symbols, by reading each whole; `end` ends some before. */
  const every = (length: number, end?: number): { symbols: number[]; logProbability: number; ended: boolean }[] => {
    const all: { symbols: number[]; logProbability: number; ended: boolean }[] = [];
    const follow = (symbols: number[], logProbability: number): void => {
      if (symbols.length === length) {
        all.push({ symbols, logProbability, ended: false });
        return;
      }
      const shares = scope(() =>
        softmax(model.logits(tensor([[1, 2, ...symbols]], "int32")).get(0, -1)).toArray(),
      ) as number[];
      shares.forEach((share, symbol) => {
        const after = logProbability + Math.log(share);
        if (symbol === end) all.push({ symbols, logProbability: after, ended: true });
        else follow([...symbols, symbol], after);
      });
    };
    follow([], 0);
    return all.sort((a, b) => b.logProbability - a.logProbability);
  };

  test("wide enough, it finds the best of all 256 continuations", () => {
    const found = beamSearch(model, [1, 2], { length: 4, beams: 64 });
    const all = every(4);
    for (let i = 0; i < 5; i++) {
      expect(found[i].symbols).toEqual(all[i].symbols);
      expect(found[i].logProbability).toBeCloseTo(all[i].logProbability, 4);
    }
  });

  test("with an end: those that reached it and those that did not, by log P", () => {
    const found = beamSearch(model, [1, 2], { length: 4, beams: 64, end: 3 });
    const all = every(4, 3);
    for (let i = 0; i < 5; i++) {
      expect([found[i].symbols, found[i].ended]).toEqual([all[i].symbols, all[i].ended]);
      expect(found[i].logProbability).toBeCloseTo(all[i].logProbability, 4);
    }
  });

  test("one beam is greedy, and more are never worse than it here", () => {
    const greedy = generate(model, [1, 2], { length: 6, temperature: 0 });
    const [one] = beamSearch(model, [1, 2], { length: 6, beams: 1 });
    expect(one.symbols).toEqual(greedy);
    const [four] = beamSearch(model, [1, 2], { length: 6 });
    expect(four.logProbability).toBeGreaterThanOrEqual(one.logProbability);
    expect(every(6)[0].logProbability).toBeGreaterThanOrEqual(four.logProbability - 1e-5);
    expect(beamSearch(model, [1, 2], { length: 0 })).toEqual([{ symbols: [], logProbability: 0, ended: false }]);
  });

  test("a length penalty prefers the longer", () => {
    const lengths = [0, 1, 4].map((lengthPenalty) => {
      const [best] = beamSearch(model, [1, 2], { length: 6, beams: 32, end: 3, lengthPenalty });
      return best.symbols.length;
    });
    expect(lengths[0]).toBeLessThanOrEqual(lengths[1]);
    expect(lengths[1]).toBeLessThanOrEqual(lengths[2]);
    expect(lengths[2]).toBeGreaterThan(lengths[0]);
  });

  test("decode with beams: the likeliest target of an encoder-decoder, of all that there are", () => {
    const translator = encoderDecoder({ symbols: 5, units: 8, embedding: 4, seed: 2 });
    for (const parameter of translator.parameters) {
      parameter.assign(random.normal(parameter.shape, 0, 1, { generator: new Generator(parameter.size) }));
    }
    const source = tensor([[3, 4, 1]], "int32");
    let best = { symbols: [] as number[], logProbability: Number.NEGATIVE_INFINITY };
    const follow = (symbols: number[], logProbability: number): void => {
      const consider = (all: number[], log: number): void => {
        if (log > best.logProbability) best = { symbols: all, logProbability: log };
      };
      if (symbols.length === 3) {
        consider(symbols, logProbability);
        return;
      }
      const target = tensor([[1, ...symbols]], "int32");
      const shares = scope(() => softmax(translator.logits([source, target]).get(0, -1)).toArray()) as number[];
      shares.forEach((share, symbol) => {
        if (symbol === 2) consider(symbols, logProbability + Math.log(share));
        else follow([...symbols, symbol], logProbability + Math.log(share));
      });
    };
    follow([], 0);
    expect(decode(translator, source, { start: 1, end: 2, length: 3, beams: 32 })).toEqual([best.symbols]);
  });
});
