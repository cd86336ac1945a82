// Recurrent layers beside their formulas: sequences of unequal length, states in and out, state that goes on, dropout, and what is refused.
import { describe, expect, test } from "vitest";
import {
  Bidirectional,
  backward,
  Dense,
  Embedding,
  evaluate,
  Generator,
  GRU,
  input,
  keep,
  Layer,
  type LayerConfig,
  LSTM,
  loadModel,
  Masking,
  Model,
  NonFiniteLossError,
  type OpenShape,
  ones,
  predict,
  type RecurrentLayer,
  type RecurrentOptions,
  random,
  readSafetensors,
  registerLayer,
  Sequential,
  SimpleRNN,
  saveModel,
  scope,
  type Tensor,
  Trainer,
  tensor,
  writeSafetensors,
  zeros,
} from "../../node.ts";

type Float = "float32" | "float64";

const normal = (shape: number[], seed: number, dtype: Float = "float32"): Tensor =>
  random.normal(shape, 0, 1, { dtype, generator: new Generator(seed) });

const cells: Record<string, (units: number, options?: RecurrentOptions) => RecurrentLayer> = {
  SimpleRNN: (units, options) => new SimpleRNN(units, options),
  LSTM: (units, options) => new LSTM(units, options),
  GRU: (units, options) => new GRU(units, options),
};

const each = Object.entries(cells);

/** The largest difference. */
const apart = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();

describe("the books' figures", () => {
  /** Every weight 0.5, no bias, x = 1 three times: the states. */
  const states = (layer: RecurrentLayer): number[] => {
    const model = new Sequential([layer], { inputShape: [3, 1], dtype: "float64" });
    for (const parameter of model.parameters) parameter.assign(parameter.tensor.mul(0).add(0.5));
    return Array.from(model.call(ones([1, 3, 1], "float64")).dataSync());
  };
  const options = { returnSequences: true, bias: null } as const;

  test.each<[string, RecurrentLayer, number[]]>([
    ["LSTM, tanh on the cell", new LSTM(1, options), [0.17426971865610508, 0.3090589306416473, 0.40719065514408254]],
    [
      "LSTM, no tanh on the cell",
      new LSTM(1, { ...options, cellActivation: "linear" }),
      [0.17904988921681764, 0.3381409958407423, 0.4854323317141844],
    ],
    [
      "GRU, reset before, update writes",
      new GRU(1, { ...options, reset: "before", update: "writes" }),
      [0.28764913664496794, 0.44849024459521564, 0.5319273708371206],
    ],
  ])("%s: the states for weights of 0.5", (_, layer, expected) => {
    states(layer).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 14);
    });
  });

  test("reset before and after the product are two functions from the second step on", () => {
    const wide = (["before", "after"] as const).map((reset) => {
      const model = new Sequential([new GRU(2, { ...options, reset })], { inputShape: [3, 1], seed: 1 });
      return Array.from(model.call(ones([1, 3, 1])).dataSync());
    });
    expect(wide[1].slice(0, 2)).toEqual(wide[0].slice(0, 2));
    for (let i = 2; i < 6; i++) expect(Math.abs(wide[1][i] - wide[0][i])).toBeGreaterThan(1e-4);
  });

  test.each<[string, RecurrentLayer, number, number]>([
    ["RecurrentLayer(3, 2)", new SimpleRNN(2, { bias: null }), 3, 10],
    ["LstmLayer(3, 2)", new LSTM(2), 3, 48],
    ["LSTM of 100 units on 50", new LSTM(100), 50, 60_400],
    ["GRU without biases, 3 n (n + x)", new GRU(4, { bias: null }), 5, 108],
    ["GRU, reset before, + 3 n", new GRU(4, { reset: "before" }), 5, 120],
    ["GRU, two biases, + 6 n", new GRU(4), 5, 132],
    ["two layers of LSTM", new LSTM(4, { layers: 2 }), 3, 128 + 144],
  ])("%s has its parameters", (_, layer, features, count) => {
    expect(new Sequential([layer], { inputShape: [null, features] }).parameterCount).toBe(count);
  });

  test("parameters begin as in Keras, and are named by layer", () => {
    const model = new Sequential([new LSTM(8, { layers: 2 })], { inputShape: [null, 32], seed: 1 });
    const named = new Map(model.named.map(({ name, parameter }) => [name, parameter.tensor]));
    expect([...named.keys()]).toEqual(
      [1, 2].flatMap((k) => ["weights", "stateWeights", "bias"].map((part) => `0.lstm.layer${k}.${part}`)),
    );
    expect(named.get("0.lstm.layer1.bias")!.reshape([4, 8]).sum(1).toArray()).toEqual([0, 8, 0, 0]);
    const state = named.get("0.lstm.layer1.stateWeights")!;
    expect(
      state.T.matmul(state)
        .sub(tensor(Array.from({ length: 8 }, (_, i) => Array.from({ length: 8 }, (__, j) => Number(i === j)))))
        .abs()
        .max()
        .item(),
    ).toBeLessThan(1e-6);
    // U(sqrt(6 / (in + out))): 32 in, 4 blocks of 8 out.
    const limit = Math.sqrt(6 / 64);
    const largest = named.get("0.lstm.layer1.weights")!.abs().max().item();
    expect(largest).toBeLessThan(limit);
    expect(largest).toBeGreaterThan(0.98 * limit);
    const own = new Sequential([new LSTM(2, { bias: "zeros" }), new Dense(1)], { inputShape: [null, 1] });
    expect(own.parameters[2].tensor.sum().item()).toBe(0);
    const forgetful = new Sequential([new LSTM(2, { forgetBias: -3 })], { inputShape: [null, 1] });
    expect(forgetful.parameters[2].tensor.toArray()).toEqual([0, 0, -3, -3, 0, 0, 0, 0]);
  });
});

describe.each(each)("%s: sequences of unequal length", (_, make) => {
  const lengths = [5, 2, 1, 0];
  const words = tensor(
    lengths.map((length) => Array.from({ length: 5 }, (__, t) => (t < length ? 1 + ((t * 7 + length) % 9) : 0))),
    "int32",
  );
  const variants: [string, (returnSequences: boolean) => Sequential["layers"][number][]][] = [
    ["one layer", (returnSequences) => [make(3, { returnSequences })]],
    ["two layers backward", (returnSequences) => [make(3, { returnSequences, layers: 2, direction: "backward" })]],
    ["both directions", (returnSequences) => [new Bidirectional(make(3, { returnSequences }))]],
    ["layers on each other", (returnSequences) => [make(4, { returnSequences: true }), make(3, { returnSequences })]],
  ];

  test.each(variants)("%s: each is computed as if alone", (__, layers) => {
    for (const returnSequences of [true, false]) {
      const model = new Sequential([new Embedding(10, 4, { maskZero: true }), ...layers(returnSequences)], {
        ...{ inputShape: [null], seed: 2, dtype: "float64" },
      });
      const y = model.call(words);
      lengths.forEach((length, i) => {
        const alone = model.call(words.slice(i, i + 1).slice(0, length, 1, 1));
        if (!returnSequences) {
          expect(apart(y.get(i), alone.get(0))).toBeLessThan(1e-12);
          return;
        }
        expect(alone.shape[1]).toBe(length);
        if (length > 0) expect(apart(y.get(i).slice(0, length), alone.get(0))).toBeLessThan(1e-12);
        // Outputs of masked steps are 0.
        if (length < 5) expect(y.get(i).slice(length).abs().max().item()).toBe(0);
      });
    }
  });

  test("steps in the middle may be masked, too: the state passes them by", () => {
    const layers = [new Masking(7), make(3, { returnSequences: true })];
    const model = new Sequential(layers, { inputShape: [null, 2], seed: 3, dtype: "float64" });
    const x = normal([2, 4, 2], 1, "float64");
    const gap = x.set([":", 1], 7);
    const y = model.call(gap);
    const without = model.call(x.get(":", [0, 2, 3]));
    expect(apart(y.get(":", [0, 2, 3]), without)).toBeLessThan(1e-14);
    expect(y.get(":", 1).abs().max().item()).toBe(0);
  });
});

describe.each(each)("%s: states go in and out", (_, make) => {
  const count = make === cells["LSTM"] ? 2 : 1;

  test("first states: the second half of a sequence begins where the first ended", () => {
    for (const layers of [1, 2]) {
      const x = input([null, 3]);
      const first = Array.from({ length: layers * count }, () => input([4]));
      const layer = make(4, { layers, returnSequences: true, returnState: true });
      const whole = new Model({ inputs: x, outputs: layer.applyAll(x), seed: 1, dtype: "float64" });
      const going = new Model({ inputs: [x, ...first], outputs: layer.applyAll([x, ...first]), dtype: "float64" });
      const data = normal([2, 6, 3], 5, "float64");
      const [y, ...last] = Object.values(whole.callAll(data));
      expect(last).toHaveLength(layers * count);
      const [, ...middle] = Object.values(whole.callAll(data.slice(0, 2, 1, 1)));
      const [rest, ...end] = Object.values(going.callAll([data.slice(2, 6, 1, 1), ...middle]));
      expect(apart(rest, y.slice(2, 6, 1, 1))).toBeLessThan(1e-14);
      end.forEach((state, i) => {
        expect(apart(state, last[i])).toBeLessThan(1e-14);
      });
      // The last state of the upper layer is what the last output is.
      expect(apart(last[(layers - 1) * count], y.get(":", -1))).toBe(0);
    }
  });

  test("an encoder's state is a decoder's first, and gradients pass", () => {
    const [source, target] = [input([null, 2], { name: "source" }), input([null, 2], { name: "target" })];
    const [, ...state] = make(3, { returnState: true }).applyAll(source);
    const y = make(3, { returnSequences: true }).apply([target, ...state]);
    const model = new Model({ inputs: [source, target], outputs: y, seed: 1 });
    backward(model.call([normal([2, 4, 2], 1), normal([2, 3, 2], 2)]).sum());
    for (const { name, tensor: value } of model.parameters) {
      expect(value.gradient!.abs().max().item(), name).toBeGreaterThan(0);
    }
    const again = loadModel(saveModel(model));
    const xs = [normal([2, 1, 2], 3), normal([2, 5, 2], 4)];
    expect(again.call(xs).dataSync()).toEqual(model.call(xs).dataSync());
  });

  test("sequences of length 1 and 0, and no sequences", () => {
    const layer = make(3, { returnSequences: true, returnState: true });
    const x = input([null, 2]);
    const model = new Model({ inputs: x, outputs: layer.applyAll(x), seed: 1 });
    for (const [n, time] of [
      [2, 1],
      [2, 0],
      [0, 4],
    ]) {
      const [y, ...states] = Object.values(model.callAll(normal([n, time, 2], 1)));
      expect(y.shape).toEqual([n, time, 3]);
      expect(states.map(({ shape }) => shape)).toEqual(states.map(() => [n, 3]));
      if (time === 0) for (const state of states) expect(state.abs().sum().item()).toBe(0);
    }
  });

  test("other first states than there are steps for are refused", () => {
    const x = input([null, 3]);
    const layer = make(4, { layers: 2, name: "it" });
    expect(() => layer.applyAll([x, input([4])])).toThrow(
      count === 2
        ? /it: takes x alone, or x and first states: state, cell for each of its 2 layers; got 1 beside x, needs 4/
        : /it: takes x alone, or x and first states: state for each of its 2 layers; got 1 beside x, needs 2/,
    );
    const wrong = Array.from({ length: 2 * count }, () => input([3]));
    expect(() => layer.applyAll([x, ...wrong])).toThrow(/it: a first state must have shape \(4,\).*got \(3,\)/);
    expect(() => make(2, { returnState: true }).apply(x)).toThrow(/has \d outputs; applyAll/);
    expect(() => new Sequential([make(2, { returnState: true })], { inputShape: [null, 3] })).toThrow(
      /outputs; in a line every layer has one/,
    );
  });
});

describe.each(each)("%s: stateful", (_, make) => {
  const stateful = (batchSize: number, seed = 1): Sequential =>
    new Sequential([make(3, { stateful: true, batchSize, layers: 2 }), new Dense(2)], { inputShape: [null, 2], seed });
  const kept = (model: Model): number[] =>
    model.parameters.filter(({ isState }) => isState).flatMap(({ tensor: x }) => Array.from(x.dataSync()));

  test("pieces of a sequence are computed as the whole, and resetStates begins anew", () => {
    const model = stateful(2);
    const x = normal([2, 6, 2], 1);
    const first = model.call(x).clone();
    const second = model.call(x);
    expect(apart(first, second)).toBeGreaterThan(1e-3);
    for (const pieces of [
      [0, 2, 5, 6],
      [0, 1, 6],
    ]) {
      model.resetStates();
      let y: Tensor | undefined;
      for (let i = 1; i < pieces.length; i++) y = model.call(x.slice(pieces[i - 1], pieces[i], 1, 1));
      expect(apart(y!, first)).toBeLessThan(1e-6);
    }
    model.resetStates();
    expect(kept(model).every((value) => value === 0)).toBe(true);
    expect(model.call(x).dataSync()).toEqual(first.dataSync());
  });

  test("the state is no parameter to be trained, has no gradient, and gradients stay in their batch", () => {
    const model = stateful(2);
    const count = new Sequential([make(3, { layers: 2 }), new Dense(2)], { inputShape: [null, 2] }).parameterCount;
    expect(model.parameterCount).toBe(count);
    const [a, b] = [normal([2, 3, 2], 1).requireGradient(), normal([2, 3, 2], 2).requireGradient()];
    model.call(a);
    const y = model.call(b).sum();
    // The state that b began in has been overwritten by the one it ended in; backward still works.
    backward(y);
    expect(a.gradient).toBeNull();
    expect(b.gradient!.abs().max().item()).toBeGreaterThan(0);
    const state = model.parameters.find(({ isState }) => isState)!;
    expect(state.tensor.gradient).toBeNull();
  });

  test("masked steps leave the state as it is", () => {
    const layers = [new Masking(), make(3, { stateful: true, batchSize: 2 })];
    const model = new Sequential(layers, { inputShape: [null, 2], seed: 1 });
    model.call(normal([2, 3, 2], 1));
    const before = kept(model);
    model.call(zeros([2, 4, 2]));
    expect(kept(model)).toEqual(before);
  });

  test("another batch size is refused, and says what to do", () => {
    const model = stateful(4);
    model.call(normal([4, 3, 2], 1));
    const before = kept(model);
    expect(() => model.call(normal([3, 3, 2], 1))).toThrow(
      /0\..*: is stateful for batches of 4 samples, got 3: .*make the model again with another batchSize/,
    );
    const data = { x: normal([10, 3, 2], 1), y: normal([10, 2], 2) };
    expect(() => predict(model, data.x)).toThrow(/batches of 4 samples, got 10/);
    expect(() => evaluate(model, data, { loss: "meanSquaredError" })).toThrow(/batches of 4 samples, got 10/);
    expect(kept(model)).toEqual(before);
    model.resetStates();
    const eight = data.x.slice(0, 8);
    const both = predict(model, eight, { batchSize: 4 });
    model.resetStates();
    const parts = [0, 4].map((start) => model.call(eight.slice(start, start + 4)));
    parts.forEach((y, i) => {
      expect(both.slice(4 * i, 4 * i + 4).dataSync()).toEqual(y.dataSync());
    });
  });

  test("a last short batch of training is refused, and leaves everything as it was before the step", () => {
    const model = stateful(4);
    const data = { x: normal([10, 3, 2], 1), y: normal([10, 2], 2) };
    const trainer = new Trainer(model, data, { loss: "meanSquaredError", batchSize: 4, shuffle: false });
    trainer.takeStep();
    trainer.takeStep();
    const bytes = saveModel(model);
    expect(() => trainer.takeStep()).toThrow(/batches of 4 samples, got 2/);
    expect(saveModel(model)).toEqual(bytes);
  });

  const data = { x: normal([12, 3, 2], 1), y: normal([12, 2], 2) };
  const trainerOf = (model: Model, replay = true): Trainer =>
    new Trainer(model, data, { loss: "meanSquaredError", batchSize: 4, shuffle: false, learningRate: 0.05, replay });

  test("replayed steps carry the state on, to the bits of steps that are not replayed", () => {
    const [eager, replayed] = [stateful(4), stateful(4)];
    const [a, b] = [trainerOf(eager, false), trainerOf(replayed)];
    for (let step = 0; step < 9; step++) {
      expect(b.takeStep().loss).toBe(a.takeStep().loss);
      expect(saveModel(replayed)).toEqual(saveModel(eager));
      if (step === 5) for (const model of [eager, replayed]) model.resetStates();
    }
    expect(b.replaying).toEqual({ active: true, obstacle: null });
  });

  test("saved, loaded and trained on, it goes on to the same bits", async () => {
    const whole = stateful(4);
    const trainer = trainerOf(whole);
    for (let step = 0; step < 4; step++) trainer.takeStep();
    const state = trainer.state();
    const saved = readSafetensors(writeSafetensors(trainer.tensors(), {})).tensors;
    const bytes = saveModel(whole);
    await trainer.finishEpoch();
    const again = loadModel(bytes);
    expect(kept(again).some((value) => value !== 0)).toBe(true);
    const resumed = trainerOf(again);
    resumed.restore(state, saved);
    await resumed.finishEpoch();
    expect(saveModel(again)).toEqual(saveModel(whole));
    const x = normal([4, 2, 2], 9);
    expect(again.call(x).dataSync()).toEqual(whole.call(x).dataSync());
  });

  test("a step that fails gives the state back", () => {
    const model = stateful(4);
    const wrong = { x: data.x.set([5], Number.NaN), y: data.y };
    const trainer = new Trainer(model, wrong, { loss: "meanSquaredError", batchSize: 4, shuffle: false });
    trainer.takeStep();
    const before = kept(model);
    expect(() => trainer.takeStep()).toThrow(NonFiniteLossError);
    expect(kept(model)).toEqual(before);
  });

  test("settings that do not go together", () => {
    expect(() => make(3, { stateful: true })).toThrow(/a stateful layer keeps a state for each sample.*batchSize: 32/);
    expect(() => make(3, { batchSize: 4 })).toThrow(/batchSize is for stateful layers/);
    const first = Array.from({ length: make === cells["LSTM"] ? 2 : 1 }, () => input([3]));
    expect(() => make(3, { stateful: true, batchSize: 4 }).apply([input([null, 2]), ...first])).toThrow(
      /is stateful, so it begins in the states in which the last batch ended; leave the first states out/,
    );
  });
});

describe.each(each)("%s: dropout", (_, make) => {
  const model = (options: RecurrentOptions, layers = 1): Sequential =>
    new Sequential([make(4, { layers, returnSequences: true, bias: "ones", ...options })], {
      ...{ inputShape: [null, 3], seed: 1, dtype: "float64" },
    });
  const x = normal([5, 6, 3], 1, "float64");

  test("none outside training, and the weights do not depend on it", () => {
    const [plain, thinned] = [model({}, 2), model({ dropout: 0.5, recurrentDropout: 0.5, layerDropout: 0.5 }, 2)];
    expect(thinned.call(x).dataSync()).toEqual(plain.call(x).dataSync());
    expect(apart(thinned.call(x, { training: true }), plain.call(x))).toBeGreaterThan(1e-3);
  });

  test("the same features of x are left out at all steps of a sequence, others in other sequences", () => {
    const [plain, thinned] = [model({}), model({ dropout: 0.5 })];
    const seen = new Set<string>();
    const y = thinned.call(x, { training: true });
    for (let i = 0; i < 5; i++) {
      // One of the eight ways to leave features out explains the whole sequence.
      const ways = Array.from({ length: 8 }, (_way, bits) => [bits & 1, (bits >> 1) & 1, (bits >> 2) & 1]);
      const found = ways.filter((way) => {
        const factors = tensor(
          way.map((kept) => 2 * kept),
          "float64",
        );
        return apart(plain.call(x.slice(i, i + 1).mul(factors)), y.slice(i, i + 1)) < 1e-12;
      });
      expect(found).toHaveLength(1);
      seen.add(found[0].join());
    }
    expect(seen.size).toBeGreaterThan(1);
  });

  test("of the state: does nothing to the first step, and something to the next", () => {
    const [plain, thinned] = [model({}), model({ recurrentDropout: 0.5 })];
    const difference = thinned.call(x, { training: true }).sub(plain.call(x)).abs();
    expect(difference.get(":", 0).max().item()).toBeLessThan(1e-12);
    expect(difference.get(":", 1).max().item()).toBeGreaterThan(1e-3);
  });

  test("between layers: each step by itself, and none of a single layer", () => {
    expect(apart(model({ layerDropout: 0.9 }).call(x, { training: true }), model({}).call(x))).toBe(0);
    expect(apart(model({ layerDropout: 0.9 }, 2).call(x, { training: true }), model({}, 2).call(x))).toBeGreaterThan(
      1e-3,
    );
  });
});

describe("Bidirectional", () => {
  const x = normal([2, 4, 3], 1, "float64");
  const both = (merge: "concat" | "sum" | "average" | "multiply" | "none") => {
    const inputs = input([null, 3]);
    const layer = new Bidirectional(new GRU(2, { returnSequences: true }), { merge });
    return new Model({ inputs, outputs: layer.applyAll(inputs), seed: 1, dtype: "float64" });
  };

  test("joins both directions as it is told", () => {
    const [ahead, back] = Object.values(both("none").callAll(x));
    expect(both("concat").call(x).dataSync()).toEqual(concatOf(ahead, back).dataSync());
    expect(apart(both("sum").call(x), ahead.add(back))).toBeLessThan(1e-15);
    expect(apart(both("average").call(x), ahead.add(back).mul(0.5))).toBeLessThan(1e-15);
    expect(apart(both("multiply").call(x), ahead.mul(back))).toBeLessThan(1e-15);
  });

  const concatOf = (a: Tensor, b: Tensor): Tensor =>
    a
      .pad([
        [0, 0],
        [0, 0],
        [0, 2],
      ])
      .add(
        b.pad([
          [0, 0],
          [0, 0],
          [2, 0],
        ]),
      );

  test("reversing the input and swapping the directions' weights reverses the output", () => {
    const model = both("none");
    const [ahead, back] = Object.values(model.callAll(x)).map((y) => y.clone());
    const half = model.parameters.length / 2;
    const values = model.weights();
    model.setWeights([...values.slice(half), ...values.slice(0, half)]);
    const [there, and] = Object.values(model.callAll(x.flip(1)));
    expect(apart(there.flip(1), back)).toBeLessThan(1e-15);
    expect(apart(and.flip(1), ahead)).toBeLessThan(1e-15);
  });

  test("has the settings of its layer in both directions, saved and loaded", () => {
    const layer = new LSTM(2, {
      cellActivation: "linear",
      layers: 2,
      recurrentDropout: 0.1,
      name: "it",
      trainable: false,
    });
    const model = new Sequential([new Bidirectional(layer, { merge: "sum" })], { inputShape: [null, 3] });
    expect(model.parameterCount).toBe(0);
    const again = loadModel(saveModel(model));
    expect(again.config()).toEqual(model.config());
    expect(again.parameterCount).toBe(0);
    expect(again.named.map(({ name }) => name).at(-1)).toBe("0.bidirectional.backward.layer2.bias");
    expect(again.call(x.cast("float32")).dataSync()).toEqual(model.call(x.cast("float32")).dataSync());
  });

  test("takes a fresh recurrent layer that reads forward", () => {
    expect(() => new Bidirectional(new Dense(2) as never)).toThrow(/needs a recurrent layer, such as new LSTM\(8\)/);
    expect(() => new Bidirectional(new GRU(2, { direction: "backward" }))).toThrow(/reads backward already/);
    const placed = new GRU(2);
    new Sequential([placed], { inputShape: [null, 1] });
    expect(() => new Bidirectional(placed)).toThrow(/is part of something else already/);
    const one = new Bidirectional(new GRU(2));
    expect(() => one.applyAll([input([null, 3]), input([2])])).toThrow(/2 beside x; got 1/);
  });
});

describe("Embedding and Masking", () => {
  test("an embedding's gradient adds up where a word occurs twice, and masked words have none", () => {
    const layers = [new Embedding(5, 2, { maskZero: true }), new SimpleRNN(2)];
    const model = new Sequential(layers, { inputShape: [null], seed: 1 });
    backward(model.call(tensor([[3, 3, 1, 0]], "int32")).sum());
    const gradient = model.parameters[0].tensor.gradient!;
    expect(gradient.abs().sum(1).greater(0).toArray()).toEqual([false, true, false, true, false]);
  });

  test("words are int32, and in the table", () => {
    const model = new Sequential([new Embedding(5, 2)], { inputShape: [3] });
    expect(model.inputs[0].dtype).toBe("int32");
    expect(() => model.call(zeros([2, 3]))).toThrow(/inputs must be int32 \(indices\), got float32/);
    expect(() => model.call(tensor([[1, 5, 0]], "int32"))).toThrow(/index 5 at position 1 is not in 0 to 4/);
    expect(() => model.call(tensor([[1, -1, 0]], "int32"))).toThrow(/index -1 at position 1 is not in 0 to 4/);
    const x = input([3]);
    const graph = new Model({ inputs: x, outputs: new Embedding(5, 2, { name: "words" }).apply(x) });
    expect(() => graph.call(zeros([2, 3]))).toThrow(
      /words: takes indices, int32, got float32; in a graph.*dtype: "int32"/,
    );
    expect(() => new Embedding(0, 2)).toThrow(/words must be a whole number of at least 1, got 0/);
    expect(() => new Embedding(2, 2, { mask_zero: true } as never)).toThrow(/no option mask_zero.*maskZero/);
  });

  test("a model of words is trained, replayed, saved and loaded to the same bits", () => {
    const x = random.integers([10, 4], 0, 6, { generator: new Generator(1) });
    const y = normal([10, 1], 2);
    const make = (): Sequential =>
      new Sequential(
        [new Embedding(6, 3, { maskZero: true, kernelConstraint: { maxNorm: 0.2 } }), new GRU(3), new Dense(1)],
        {
          ...{ inputShape: [null], seed: 1 },
        },
      );
    const [a, b] = [false, true].map((replay) => {
      const model = make();
      const trainer = new Trainer(
        model,
        { x, y },
        { loss: "meanSquaredError", batchSize: 4, learningRate: 0.1, replay },
      );
      for (let step = 0; step < 8; step++) trainer.takeStep();
      expect(trainer.replaying.active).toBe(replay);
      return model;
    });
    expect(saveModel(b)).toEqual(saveModel(a));
    const rows = b.parameters[0].tensor.square().sum(1).sqrt();
    expect(rows.max().item()).toBeLessThan(0.2 + 1e-6);
    const again = loadModel(saveModel(b));
    expect(again.call(x).dataSync()).toEqual(b.call(x).dataSync());
  });

  test("Masking adds to the masks that there are, and masks pass layers that keep the steps", () => {
    const layers = [
      new Masking(),
      new Dense(2, { weights: "ones" }),
      new Masking(3),
      new SimpleRNN(1, { returnSequences: true, bias: "ones" }),
    ];
    const model = new Sequential(layers, { inputShape: [null, 1] });
    // 0 is masked by the first, 3 by the second.
    const y = model.call(tensor([[[1], [0], [3], [2]]]));
    expect(y.notEqual(0).reshape([4]).toArray()).toEqual([true, false, false, true]);
    expect(() => new Masking("0" as never)).toThrow(/value must be a number/);
    expect(() => new Sequential([new Masking()], { inputShape: [3] })).toThrow(
      /takes inputs of 2 axes, \[time, features\]/,
    );
  });
});

describe("what is refused", () => {
  test("sizes, shapes and options", () => {
    expect(() => new LSTM(0)).toThrow(/LSTM: units must be a whole number of at least 1, got 0/);
    expect(() => new LSTM(2, { layers: 1.5 })).toThrow(/LSTM: layers must be a whole number of at least 1, got 1.5/);
    expect(() => new GRU(2, { dropout: 1 })).toThrow(/GRU: dropout must be at least 0 and below 1, got 1/);
    expect(() => new GRU(2, { direction: "both" as "forward" })).toThrow(
      /direction must be one of forward, backward, got "both"/,
    );
    expect(() => new GRU(2, { reset: true as never })).toThrow(/GRU: reset must be one of after, before, got true/);
    expect(() => new SimpleRNN(2, { activation: "softmax" as "tanh" })).toThrow(
      /SimpleRNN: activation must be one of tanh, relu/,
    );
    expect(() => new LSTM(2, { truncate: 0 })).toThrow(/truncate must be a whole number of at least 1, got 0/);
    expect(() => new Sequential([new LSTM(2)], { inputShape: [3] })).toThrow(
      /takes inputs of 2 axes, \[time, features\] without the batch axis, but its inputs have shape \(3,\)/,
    );
    expect(() => new Sequential([new LSTM(2)], { inputShape: [4, null] })).toThrow(/needs a fixed number of features/);
    const model = new Sequential([new LSTM(2)], { inputShape: [null, 3] });
    expect(() => model.call(zeros([2, 3]))).toThrow(/inputs must have shape \(n, any, 3\), got \(2, 3\)/);
  });

  test.each<[string, string]>([
    ["hiddenSize", "the number of units is the first argument, new LSTM(32)"],
    ["numLayers", "here it is layers"],
    ["batchFirst", "batches come first, [n, time, features]"],
    ["bidirectional", "new Bidirectional(new LSTM(32))"],
    ["goBackwards", "here it is direction"],
    ["recurrentInitializer", "here it is stateWeights"],
    ["unitForgetBias", "here it is forgetBias"],
    ["recurrentRegularizer", "here it is recurrentPenalty"],
    ["return_sequences", "did you mean returnSequences?"],
  ])("%s is told its name here", (name, hint) => {
    expect(() => new LSTM(2, { [name]: 1 } as never)).toThrow(hint);
  });
});

test("truncated: gradients do not pass a multiple of the steps", () => {
  scope(() => {
    const model = new Sequential([new SimpleRNN(2, { truncate: 2 })], { inputShape: [null, 1], seed: 1 });
    const x = normal([1, 4, 1], 1).requireGradient();
    backward(model.call(x).sum());
    expect(x.gradient!.notEqual(0).reshape([4]).toArray()).toEqual([false, false, true, true]);
  });
});

/** Keeps what a recurrent layer is told, to be shared. */
class Twice extends Layer {
  static override readonly repeatable = true;
  readonly type = "recurrentTestTwice";
  private readonly inner = this.owns("inner", new LSTM(2));
  build(inputShape: OpenShape): OpenShape {
    return this.inner.build([inputShape])[0];
  }
  call(x: Tensor, context: Parameters<Layer["call"]>[1]): Tensor {
    return this.inner.call([x], context)[0].mul(2);
  }
  config(): LayerConfig {
    return { type: this.type };
  }
}
registerLayer("recurrentTestTwice", () => new Twice());

test("a layer of one's own is made of a recurrent one", () => {
  const model = new Sequential([new Twice(), new Dense(1)], { inputShape: [null, 2], seed: 1 });
  const data = keep({ x: normal([6, 3, 2], 1), y: normal([6, 1], 2) });
  const trainer = new Trainer(model, data, { loss: "meanSquaredError", batchSize: 3 });
  for (let step = 0; step < 4; step++) trainer.takeStep();
  expect(trainer.replaying.active).toBe(true);
  expect(loadModel(saveModel(model)).call(data.x).dataSync()).toEqual(model.call(data.x).dataSync());
});
