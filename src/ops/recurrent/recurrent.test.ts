// Recurrent layers against PyTorch's numbers, against the same layers composed of ordinary operations, and against differences.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeGolden, expectClose } from "../../../test/golden.ts";
import { goldenRunners } from "../../../test/golden-runners.ts";
import * as nb from "../../node.ts";
import {
  bidirectional,
  type GruOptions,
  grad,
  gru,
  type LstmOptions,
  lstm,
  type RecurrentParameters,
  type RnnOptions,
  rnn,
  scope,
  splitConcatenated,
  stackedLayers,
  sum,
  type Tensor,
  tensor,
  zeros,
} from "../../node.ts";

describeGolden("recurrent", goldenRunners.recurrent);

// Random layers

interface Layer {
  x: Tensor;
  h0: Tensor;
  c0: Tensor;
  inputWeights: Tensor;
  stateWeights: Tensor;
  inputBias: Tensor;
  stateBias: Tensor;
}

function layer(gates: number, [steps, batch, inputs, size]: readonly number[], seed: number): Layer {
  const generator = new nb.Generator(seed);
  const make = (...shape: number[]): Tensor => nb.random.normal(shape, 0, 0.6, { dtype: "float64", generator });
  return {
    x: make(steps, batch, inputs),
    h0: make(batch, size),
    c0: make(batch, size),
    inputWeights: make(gates * size, inputs),
    stateWeights: make(gates * size, size),
    inputBias: make(gates * size),
    stateBias: make(gates * size),
  };
}

/** A function of a layer's tensors, to one number in which every output has its own weight. */
type Loss = (...tensors: Tensor[]) => Tensor;

function weighted(x: Tensor): Tensor {
  const weights = Float64Array.from({ length: x.size }, (_, i) => Math.sin(i + 1));
  return sum(x.mul(tensor(weights, { shape: x.shape })));
}

const cells = {
  rnn:
    (options: RnnOptions): Loss =>
    (x, h0, _c0, inputWeights, stateWeights, inputBias, stateBias) => {
      const y = rnn(x, h0, { inputWeights, stateWeights, inputBias, stateBias }, options);
      return weighted(y.outputs).add(weighted(y.state));
    },
  lstm:
    (options: LstmOptions): Loss =>
    (x, h0, c0, inputWeights, stateWeights, inputBias, stateBias) => {
      const y = lstm(x, h0, c0, { inputWeights, stateWeights, inputBias, stateBias }, options);
      return weighted(y.outputs).add(weighted(y.state)).add(weighted(y.cell));
    },
  gru:
    (options: GruOptions): Loss =>
    (x, h0, _c0, inputWeights, stateWeights, inputBias, stateBias) => {
      const y = gru(x, h0, { inputWeights, stateWeights, inputBias, stateBias }, options);
      return weighted(y.outputs).add(weighted(y.state));
    },
};

const gatesOf = { rnn: 1, lstm: 4, gru: 3 };

const variants: { cell: keyof typeof cells; options: RnnOptions & LstmOptions & GruOptions }[] = [
  ...(["tanh", "sigmoid", "none"] as const).map((nonlinearity) => ({
    cell: "rnn" as const,
    options: { nonlinearity },
  })),
  ...(["tanh", "none"] as const).map((cellActivation) => ({ cell: "lstm" as const, options: { cellActivation } })),
  ...(["after", "before"] as const).flatMap((reset) =>
    (["keeps", "writes"] as const).map((update) => ({ cell: "gru" as const, options: { reset, update } })),
  ),
];

describe.each(variants)("$cell $options", ({ cell, options }) => {
  const sequences: { name: string; sequence: RnnOptions }[] = [
    { name: "forward", sequence: {} },
    { name: "backward", sequence: { direction: "backward" } },
    { name: "unequal lengths", sequence: { lengths: [5, 0, 3] } },
    { name: "unequal lengths backward", sequence: { lengths: [2, 5, 1], direction: "backward" } },
  ];

  test.each(sequences)("gradients over 5 steps are exact in float64: $name", ({ sequence }) => {
    const values = Object.values(layer(gatesOf[cell], [5, 3, 2, 3], 1));
    nb.expectGradients(cells[cell]({ ...options, ...sequence }), values);
  });

  test("fused and composed form agree, values and gradients, whatever the sizes", () => {
    fc.assert(
      fc.property(
        fc.tuple(
          fc.integer({ min: 1, max: 5 }),
          fc.integer({ min: 1, max: 9 }),
          fc.integer({ min: 1, max: 5 }),
          fc.integer({ min: 1, max: 11 }),
        ),
        fc.constantFrom("forward" as const, "backward" as const),
        fc.nat(3),
        fc.boolean(),
        fc.nat(1000),
        (shape, direction, truncate, masked, seed) => {
          scope(() => {
            const values = Object.values(layer(gatesOf[cell], shape, seed));
            const generator = new nb.Generator(seed);
            const mask = masked ? nb.random.bernoulli([shape[0], shape[1]], 0.7, { generator }) : undefined;
            const all = { ...options, direction, truncate, mask };
            const [a, da] = nb.valueAndGrad(cells[cell](all))(...values);
            const [b, db] = nb.valueAndGrad(cells[cell]({ ...all, form: "composed" }))(...values);
            expectClose(a.dataSync(), b.dataSync(), "value");
            da.forEach((gradient, i) => {
              expectClose(gradient.dataSync(), db[i].dataSync(), `gradient ${i}`);
            });
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  /** Squares of a loss's gradient by all operands, added up. */
  const penaltyOf =
    (loss: Loss): Loss =>
    (...all) =>
      nb
        .valueAndGrad(loss)(...all)[1]
        .reduce((total: Tensor, each) => total.add(each.square().sum()), zeros([], "float64"));
  const forms = ["fused", "composed"] as const;
  const same = (fused: readonly Tensor[], composed: readonly Tensor[]): void => {
    expect(fused).toHaveLength(composed.length);
    fused.forEach((gradient, i) => {
      expectClose(gradient.dataSync(), composed[i].dataSync(), `gradient ${i}`);
    });
  };

  test("the gradient of the fused form has the composed form's gradient, by every operand, and a third", () => {
    const operands = Object.values(layer(gatesOf[cell], [4, 2, 2, 2], 3));
    for (const sequence of [{}, { direction: "backward", lengths: [2, 4] }, { truncate: 2 }] as const) {
      const [fused, composed] = forms.map((form) => penaltyOf(cells[cell]({ ...options, ...sequence, form })));
      same(nb.valueAndGrad(fused)(...operands)[1], nb.valueAndGrad(composed)(...operands)[1]);
      // With truncation the gradient is one by choice, not that of the function.
      if (!("truncate" in sequence)) nb.expectGradients(fused, operands);
    }
    const short = Object.values(layer(gatesOf[cell], [2, 1, 2, 2], 5));
    const [fused, composed] = forms.map((form) => penaltyOf(penaltyOf(cells[cell]({ ...options, form }))));
    same(nb.valueAndGrad(fused)(...short)[1], nb.valueAndGrad(composed)(...short)[1]);
  });

  test("a gradient penalty on what a function captured is collected by backward", () => {
    const { x, ...rest } = layer(gatesOf[cell], [3, 1, 2, 2], 3);
    const [fused, composed] = forms.map((form) => {
      const leaves = Object.values(rest).map((each) => each.clone().requireGradient());
      const slope = grad((z: Tensor) => cells[cell]({ ...options, form })(z, ...leaves), { differentiable: true });
      nb.backward(slope(x).square().sum());
      return leaves.flatMap((leaf) => leaf.gradient ?? []);
    });
    same(fused, composed);
  });
});

describe.each(variants)("factors of the state in $cell $options", ({ cell, options }) => {
  test("are factors of the weights' columns, sequence by sequence", () => {
    const { x, h0, c0, ...parameters } = layer(gatesOf[cell], [4, 3, 2, 5], 17);
    const factors = nb.random.bernoulli([3, 5], 0.6, {
      dtype: "float64",
      value: 1 / 0.6,
      generator: new nb.Generator(3),
    });
    const run = (i: number | null, given: RecurrentParameters, more: object): nb.RecurrentResult => {
      const pick = i === null ? ":" : `${i}:${i + 1}`;
      const [input, h, c] = [x.get(":", pick), h0.get(pick), c0.get(pick)];
      const all = { ...options, ...more };
      if (cell === "rnn") return rnn(input, h, given, all);
      return cell === "lstm" ? lstm(input, h, c, given, all) : gru(input, h, given, all);
    };
    const batch = run(null, parameters, { stateFactors: factors });
    for (let i = 0; i < 3; i++) {
      const scaled = { ...parameters, stateWeights: parameters.stateWeights.mul(factors.get(i)) };
      const alone = run(i, scaled, {});
      expectClose(batch.outputs.get(":", i).dataSync(), alone.outputs.dataSync(), "outputs");
      expectClose(batch.state.get(i).dataSync(), alone.state.dataSync(), "state");
    }
    const loss: Loss = (...tensors) => cells[cell]({ ...options, stateFactors: tensors[7] })(...tensors);
    nb.expectGradients(loss, [x, h0, c0, ...Object.values(parameters), factors]);
  });
});

/** The layers' formulas in plain loops: the outputs of all steps for a forward pass. */
function byLoops(cell: keyof typeof cells, options: RnnOptions & LstmOptions & GruOptions, values: Layer): number[] {
  const [steps, batch, inputs] = values.x.shape;
  const size = values.h0.shape[1];
  const [x, h0, c0, wx, wh, bx, bh] = Object.values(values).map((t: Tensor) => t.dataSync());
  const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
  const f = { tanh: Math.tanh, sigmoid, relu: (z: number) => Math.max(z, 0), none: (z: number) => z };
  const outputs: number[] = [];
  let h = Array.from({ length: batch }, (_, b) => [...h0.subarray(b * size, (b + 1) * size)]);
  const c = Array.from({ length: batch }, (_, b) => [...c0.subarray(b * size, (b + 1) * size)]);
  for (let t = 0; t < steps; t++) {
    h = h.map((before, b) => {
      const fromInput = (row: number): number => {
        let z = bx[row];
        for (let i = 0; i < inputs; i++) z += wx[row * inputs + i] * x[(t * batch + b) * inputs + i];
        return z;
      };
      const fromState = (row: number, state: readonly number[]): number =>
        state.reduce((z, value, i) => z + wh[row * size + i] * value, bh[row]);
      const gate = (block: number, j: number): number =>
        fromInput(block * size + j) + fromState(block * size + j, before);
      const reset = before.map((value, j) => sigmoid(gate(0, j)) * value);
      return before.map((old, j) => {
        if (cell === "rnn") return f[options.nonlinearity!](gate(0, j));
        if (cell === "lstm") {
          c[b][j] = sigmoid(gate(1, j)) * c[b][j] + sigmoid(gate(0, j)) * Math.tanh(gate(2, j));
          return sigmoid(gate(3, j)) * f[options.cellActivation!](c[b][j]);
        }
        const row = 2 * size + j;
        const state = options.reset === "before" ? fromState(row, reset) : sigmoid(gate(0, j)) * fromState(row, before);
        const candidate = Math.tanh(fromInput(row) + state);
        const z = sigmoid(gate(1, j));
        return options.update === "keeps" ? z * old + (1 - z) * candidate : (1 - z) * old + z * candidate;
      });
    });
    outputs.push(...h.flat());
  }
  return outputs;
}

describe("recurrent layers", () => {
  test.each([...variants, { cell: "rnn" as const, options: { nonlinearity: "relu" as const } }])(
    "$cell $options follows its formula in loops, in both forms",
    ({ cell, options }) => {
      const values = layer(gatesOf[cell], [4, 5, 3, 6], 21);
      const { x, h0, c0, ...parameters } = values;
      const expected = byLoops(cell, options, values);
      for (const form of ["fused", "composed"] as const) {
        const all = { ...options, form };
        const { outputs } =
          cell === "rnn"
            ? rnn(x, h0, parameters, all)
            : cell === "lstm"
              ? lstm(x, h0, c0, parameters, all)
              : gru(x, h0, parameters, all);
        outputs.dataSync().forEach((value, i) => {
          expect(value).toBeCloseTo(expected[i], 12);
        });
      }
    },
  );

  test("float32 follows float64", () => {
    const values = Object.values(layer(4, [6, 7, 3, 5], 2));
    const [, exact] = nb.valueAndGrad(cells.lstm({}))(...values);
    const [, single] = nb.valueAndGrad(cells.lstm({}))(...values.map((x) => x.cast("float32")));
    single.forEach((gradient, i) => {
      expect(gradient.dtype).toBe("float32");
      expectClose(gradient.dataSync(), exact[i].dataSync(), `gradient ${i}`);
    });
  });

  test("a textbook's recurrent neuron: state [0.53704957, 0.46211716], then [0.85973818, 0.88366641]", () => {
    const parameters = {
      inputWeights: tensor([[0.5], [0.6]], "float64"),
      stateWeights: tensor(
        [
          [0.1, 0.3],
          [0.2, 0.4],
        ],
        "float64",
      ),
      inputBias: tensor([0.1, -0.1], "float64"),
    };
    const { outputs } = rnn(tensor([[[1]], [[2]]], "float64"), null, parameters);
    const expected = [0.53704957, 0.46211716, 0.85973818, 0.88366641];
    outputs.dataSync().forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 8);
    });
    const readOut = outputs
      .matmul(tensor([[1], [2]], "float64"))
      .add(0.1)
      .dataSync();
    expect(readOut[0]).toBeCloseTo(1.56128388, 8);
    expect(readOut[1]).toBeCloseTo(2.72707101, 8);
  });

  test("each sequence of a batch with lengths equals the sequence alone", () => {
    const { x, h0, c0, ...parameters } = layer(4, [6, 3, 2, 4], 4);
    const lengths = [4, 6, 1];
    for (const direction of ["forward", "backward"] as const) {
      const batch = lstm(x, h0, c0, parameters, { lengths, direction });
      lengths.forEach((length, i) => {
        const pick = { start: i, stop: i + 1 };
        const alone = lstm(x.get({ stop: length }, pick), h0.get(pick), c0.get(pick), parameters, { direction });
        expectClose(batch.outputs.get({ stop: length }, pick).dataSync(), alone.outputs.dataSync(), "outputs");
        expectClose(batch.state.get(i).dataSync(), alone.state.dataSync(), "state");
        expectClose(batch.cell.get(i).dataSync(), alone.cell.dataSync(), "cell");
        expect(batch.outputs.get({ start: length }, i).abs().sum().item()).toBe(0);
      });
    }
  });

  describe.each(["float32", "float64"] as const)("%s", (dtype) => {
    type Run = (l: Layer, h0: Tensor | null, c0: Tensor | null) => Tensor;
    const cells: [name: string, gates: number, run: Run][] = [
      ["rnn", 1, ({ x, ...all }, h0) => rnn(x, h0, all).outputs],
      ["lstm", 4, ({ x, ...all }, h0, c0) => lstm(x, h0, c0, all).outputs],
      ["gru", 3, ({ x, ...all }, h0) => gru(x, h0, all).outputs],
      ["gru, reset before", 3, ({ x, ...all }, h0) => gru(x, h0, all, { reset: "before" }).outputs],
    ];
    // 21 units: panels of columns in fours, a rest of them, and one that is not full.
    const cast = (l: Layer): Layer =>
      Object.fromEntries(Object.entries(l).map(([name, x]) => [name, nb.cast(x, dtype)])) as unknown as Layer;

    test.each(cells)("%s: one sequence alone has the bits that it has among five", (_, gates, run) => {
      for (const steps of [1, 2, 3]) {
        const all = cast(layer(gates, [steps, 5, 4, 21], 12));
        const together = run(all, all.h0, all.c0);
        for (let i = 0; i < 5; i++) {
          const pick = { start: i, stop: i + 1 };
          const alone = run({ ...all, x: all.x.get(":", pick) }, all.h0.get(pick), all.c0.get(pick));
          expect(alone.toArray()).toEqual(together.get(":", pick).toArray());
        }
      }
    });

    test.each(cells)("%s: no first state is one of zeros", (_, gates, run) => {
      for (const steps of [1, 2]) {
        const all = cast(layer(gates, [steps, 3, 4, 21], 13));
        const none = zeros([3, 21], dtype);
        expect(run(all, null, null).toArray()).toEqual(run(all, none, none).toArray());
      }
    });
  });

  test("NaN beyond the end of a sequence reaches neither values nor gradients", () => {
    const { x, h0, c0, ...parameters } = layer(4, [3, 2, 2, 2], 5);
    x.set([2, 1], Number.NaN);
    for (const form of ["fused", "composed"] as const) {
      const loss = (w: Tensor): Tensor =>
        sum(lstm(x, h0, c0, { ...parameters, inputWeights: w }, { lengths: [3, 2], form }).outputs);
      expect(nb.isfinite(grad(loss)(parameters.inputWeights)).all().item()).toBe(1);
    }
  });

  test("reading backward is reading the reversed sequence", () => {
    const { x, h0, c0, ...parameters } = layer(3, [5, 2, 3, 4], 6);
    const backward = gru(x, h0, parameters, { direction: "backward" });
    const reversed = gru(x.flip(0), h0, parameters);
    expectClose(backward.outputs.dataSync(), reversed.outputs.flip(0).dataSync(), "outputs");
    expectClose(backward.state.dataSync(), reversed.state.dataSync(), "state");
  });

  test("truncated: the gradient of x is that of chunks with the state handed on without gradient", () => {
    const { x, h0, c0, ...parameters } = layer(1, [6, 2, 3, 4], 7);
    const whole = grad((z: Tensor) => sum(rnn(z, h0, parameters, { truncate: 3 }).outputs))(x);
    const chunks = grad((z: Tensor) => {
      const head = rnn(z.get(":3"), h0, parameters);
      const tail = rnn(z.get("3:"), nb.stopGradient(head.state), parameters);
      return sum(head.outputs).add(sum(tail.outputs));
    })(x);
    expectClose(whole.dataSync(), chunks.dataSync(), "gradient");
  });

  test("two layers with a bidirectional one below have exact gradients", () => {
    const below = layer(3, [4, 2, 2, 2], 8);
    const back = layer(3, [4, 2, 2, 2], 9);
    const above = layer(4, [4, 2, 4, 3], 10);
    const loss = (x: Tensor, w: Tensor): Tensor => {
      const first = bidirectional((direction) =>
        gru(x, null, direction === "forward" ? { ...below, stateWeights: w } : back, { direction }),
      );
      return weighted(lstm(first.outputs, null, null, above).outputs);
    };
    nb.expectGradients(loss, [below.x, below.stateWeights]);
  });

  test("stacked layers: outputs of one are inputs of the next, dropout scales what it leaves", () => {
    const one = { inputWeights: tensor([[1]]), stateWeights: tensor([[0]]) };
    const run = (x: Tensor, parameters: RecurrentParameters): ReturnType<typeof rnn> =>
      rnn(x, null, parameters, { nonlinearity: "none" });
    const generator = new nb.Generator(1);
    const deep = stackedLayers(nb.ones([400, 1, 1]), [one, one], run, { dropout: 0.75, generator });
    expect(deep.layers[0].outputs.sum().item()).toBe(400);
    const values = new Set(deep.outputs.dataSync());
    expect(values).toEqual(new Set([0, 4]));
    expect(() => stackedLayers(nb.ones([1, 1, 1]), [one], run, { dropout: 1 })).toThrow("below 1");
    expect(() => stackedLayers(nb.ones([1, 1, 1]), [], run)).toThrow("at least one layer");
  });

  test("gradients are collected once each, also into existing slots", () => {
    const { x, h0, c0, ...parameters } = layer(4, [3, 2, 2, 3], 11);
    const leaves = Object.values(parameters);
    const loss = (): Tensor => weighted(lstm(x, h0, c0, parameters).outputs);
    for (const leaf of leaves) leaf.requireGradient();
    nb.backward(loss());
    const once = leaves.map((leaf) => leaf.gradient!.clone().dataSync());
    nb.backward(loss());
    leaves.forEach((leaf, i) => {
      expectClose(
        leaf.gradient!.dataSync(),
        once[i].map((value: number) => 2 * value),
        `gradient ${i}`,
      );
    });
  });

  test("empty sequences and batches", () => {
    const { x, h0, c0, ...parameters } = layer(4, [0, 2, 2, 3], 12);
    const none = lstm(x, h0, c0, parameters);
    expect(none.outputs.shape).toEqual([0, 2, 3]);
    expect(none.state.toArray()).toEqual(h0.toArray());
    expect(none.cell.toArray()).toEqual(c0.toArray());
    const nobody = gru(zeros([3, 0, 2], "float64"), null, layer(3, [1, 1, 2, 3], 1));
    expect(nobody.outputs.shape).toEqual([3, 0, 3]);
    expect(nobody.state.shape).toEqual([0, 3]);
  });

  test("bad input is named", () => {
    const { x, h0, c0, ...parameters } = layer(4, [3, 2, 2, 3], 13);
    expect(() => lstm(x.get(0), h0, c0, parameters)).toThrow(
      "lstm: x must be [time, batch, feature], got shape (2, 2)",
    );
    expect(() => gru(x, h0, parameters)).toThrow("stateWeights must be [3 * state, state], got shape (12, 3)");
    expect(() => lstm(x, h0.get(":", ":2"), c0, parameters)).toThrow(
      "the first state must have shape (2, 3), [batch, state]; got (2, 2)",
    );
    expect(() => lstm(x, h0, c0.T, parameters)).toThrow("the first cell must have shape (2, 3)");
    expect(() => lstm(x, h0, c0, { ...parameters, inputBias: h0 })).toThrow("inputBias must have shape (12,)");
    expect(() => lstm(x, h0, c0, { ...parameters, inputWeights: h0 })).toThrow("inputWeights must have shape (12, 2)");
    expect(() => lstm(x, h0, c0, parameters, { lengths: [4, 1] })).toThrow("whole number from 0 to 3, got 4");
    expect(() => lstm(x, h0, c0, parameters, { lengths: [1] })).toThrow("lengths has 1 entries for a batch of 2");
    expect(() => lstm(x, h0, c0, parameters, { mask: h0 })).toThrow("mask must have shape (3, 2), [time, batch]");
    expect(() => lstm(x, h0, c0, parameters, { stateFactors: x })).toThrow("stateFactors must have shape (2, 3)");
    expect(() => lstm(x, h0, c0, parameters, { truncate: 1.5 })).toThrow("truncate must be a whole number");
    expect(() => rnn(x, h0, layer(1, [3, 2, 2, 3], 1), { nonlinearity: "sine" as "tanh" })).toThrow('got "sine"');
    expect(() => splitConcatenated([zeros([2, 2])], "state-input")).toThrow("[state, state + in], got (2, 2)");
  });
});
