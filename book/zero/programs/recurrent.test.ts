// Parts 5 and 6: worked numbers, gradient checks over three and more steps, the listed programs' defects, and the framework's layers beside them.
import { describe, expect, it, test } from "vitest";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { gruForm, largestDifference, lstmForm, rnnForm } from "../framework/same-recurrent.ts";
import { IdentityActivator, ReluActivator } from "./activators.ts";
import { BidirectionalNetwork } from "./bidirectional.ts";
import { SigmoidActivator, TanhActivator } from "./fc.ts";
import { slopeOf } from "./gradient-check.ts";
import { GruLayer } from "./gru.ts";
import { LstmLayer } from "./lstm.ts";
import { PrintedLstmLayer } from "./lstm-as-printed.ts";
import { dataSet, RecurrentLayer } from "./rnn.ts";
import { PrintedRecurrentLayer } from "./rnn-as-printed.ts";
import { gradientCheck, readSequence, relativeError, type TimeLayer, type TimeParameter } from "./through-time.ts";
import {
  bound,
  clipByNorm,
  clipByValue,
  ExplosionError,
  gradientNorm,
  orthogonal,
  spectralNorm,
  trainLastState,
} from "./through-time-bounds.ts";

const identity = new IdentityActivator();
function near(values: ArrayLike<number>, expected: readonly number[], digits = 14): void {
  expect(values.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(values[i]).toBeCloseTo(expected[i], digits);
}

function close(matrix: Matrix, rows: number[][]): void {
  near(matrix.values, rows.flat(), 12);
}

/** The one unit's numbers at the steps 1 to T. */
const alone = (list: readonly Matrix[]) => list.slice(1).map(({ values }) => values[0]);

function three(layer: RecurrentLayer): RecurrentLayer {
  layer.U.values.set([0.1, -0.2, 0.3, 0.4, 0.5, -0.6]);
  layer.W.values.set([0.7, -0.8, 0.9, 0.2]);
  readSequence(layer, dataSet(3));
  layer.backward(Matrix.column([1, 1]));
  return layer;
}

const sequence = (steps: number, width: number, random: Random) =>
  Array.from({ length: steps }, () => Matrix.fill(width, 1, () => random.uniform(-1, 1)));

/** The layer, and a step that reads a sequence and goes back through it. */
function stepping<Layer extends TimeLayer>(layer: Layer, random: Random): Layer & { step(): void } {
  const step = (): void => {
    readSequence(layer, sequence(4, 3, random));
    layer.backward(layer.outputs.map((output) => output.map(() => 1)));
  };
  return Object.assign(layer, { step });
}

const worst = (checked: ReturnType<typeof gradientCheck>) => Math.max(...[...checked.values()].map(relativeError));

describe("RecurrentLayer", () => {
  it("three steps, identity: s, E = 3.448, dW = 2.5 -0.28 / 1.18 0.6, dU = 6.78 9.96 13.14 / 0.4 -0.6 -1.6", () => {
    const layer = three(new RecurrentLayer(3, 2, identity, 1e-3, new Random(1)));
    close(layer.stateList[1], [[0.6], [-0.4]]);
    close(layer.stateList[2], [[1.54], [0.36]]);
    close(layer.stateList[3], [[1.79], [1.658]]);
    expect(layer.stateList[3].sum()).toBeCloseTo(3.448, 12);
    close(layer.WGradient, [
      [2.5, -0.28],
      [1.18, 0.6],
    ]);
    close(layer.UGradient, [
      [6.78, 9.96, 13.14],
      [0.4, -0.6, -1.6],
    ]);
  });

  it("three steps, tanh: E = 1.673543013574687 and its dW", () => {
    const layer = three(new RecurrentLayer(3, 2, new TanhActivator(), 1e-3, new Random(1)));
    expect(layer.stateList[3].sum()).toBeCloseTo(1.673543013574687, 14);
    close(layer.WGradient, [
      [0.2469243902083928, 0.030247287326937065],
      [0.2902182960274051, 0.1467283400980114],
    ]);
  });

  it("as printed gives dW = 2.7184 -0.1456 / 0.40312 1.39792 instead", () => {
    const layer = three(new PrintedRecurrentLayer(3, 2, identity, 1e-3, new Random(1)));
    close(layer.WGradient, [
      [2.7184, -0.1456],
      [0.40312, 1.39792],
    ]);
  });

  it("has 10 parameters for 3 inputs and 2 states, and checks at every number of steps, the loss at the last or at all", () => {
    for (const activator of [identity, new TanhActivator(), new SigmoidActivator(), new ReluActivator()]) {
      const random = new Random(3);
      const layer = new RecurrentLayer(3, 2, activator, 1e-3, random, 0.7);
      expect(layer.parameterCount).toBe(10);
      for (const times of [1, 2, 3, 6]) {
        for (const steps of ["last", "every"] as const) {
          expect(worst(gradientCheck(layer, sequence(times, 3, random), steps, 1e-5))).toBeLessThan(1e-7);
        }
      }
    }
  });

  it("equals the framework's rnn", () => {
    const random = new Random(5);
    const layer = new RecurrentLayer(4, 3, new TanhActivator(), 1e-3, random, 0.8);
    for (const steps of ["last", "every"] as const) {
      expect(largestDifference(layer, rnnForm(layer, "tanh"), sequence(7, 4, random), steps)).toBeLessThan(1e-13);
    }
  });

  it("update moves U and W against their gradients", () => {
    const layer = three(new RecurrentLayer(3, 2, identity, 0.1, new Random(1)));
    layer.update();
    close(layer.W, [
      [0.45, -0.772],
      [0.782, 0.14],
    ]);
    expect(layer.U.at(0, 0)).toBeCloseTo(0.1 - 0.678, 12);
  });

  it("says what is wrong with its sensitivities", () => {
    const layer = new RecurrentLayer(3, 2, identity, 1e-3, new Random(1));
    expect(() => layer.backward(Matrix.column([1, 1]))).toThrow("RecurrentLayer: nothing has been read yet");
    readSequence(layer, dataSet(2));
    expect(() => layer.backward(Matrix.column([1]))).toThrow("a column of 2 numbers, got shape (1,1)");
    expect(() => layer.backward([Matrix.column([1, 1])])).toThrow("1 sensitivities for 2 steps");
    expect(() => layer.forward(Matrix.column([1]))).toThrow("not aligned");
  });
});

test.each<[string, (random: Random) => { parameters: readonly TimeParameter[]; update(): void; step(): void }]>([
  ["LstmLayer", (random) => stepping(new LstmLayer(3, 2, 0.25, random, { reach: 0.5 }), random)],
  ["GruLayer", (random) => stepping(new GruLayer(3, 2, 0.25, random, 0.5), random)],
  [
    "BidirectionalNetwork",
    (random) => {
      const network = new BidirectionalNetwork(
        {
          ...{ stateWidths: [3, 2], inputWidth: 3, outputWidth: 2, learningRate: 0.25, reach: 0.5 },
          ...{ activator: new TanhActivator(), outputActivator: new SigmoidActivator() },
        },
        random,
      );
      const step = (): void => {
        network.run(sequence(4, 3, random));
        network.backward(network.outputs.map((output) => output.map(() => 1)));
      };
      return Object.assign(network, { step });
    },
  ],
])("%s: update takes the rate times its gradient from every weight, and leaves no part out", (_, make) => {
  const layer = make(new Random(3));
  layer.step();
  const wanted = layer.parameters.map(({ values, gradient }) => values.minus(gradient.times(0.25)));
  expect(layer.parameters.every(({ gradient }) => gradient.norm() > 0)).toBe(true);
  layer.update();
  layer.parameters.forEach(({ values }, i) => {
    expect(values.minus(wanted[i]).norm()).toBeLessThan(1e-15);
  });
});

describe("BidirectionalNetwork", () => {
  const make = (stateWidths: number[], seed = 1) =>
    new BidirectionalNetwork(
      {
        stateWidths,
        inputWidth: 3,
        outputWidth: 2,
        activator: new TanhActivator(),
        outputActivator: new SigmoidActivator(),
        learningRate: 0.1,
        reach: 0.8,
      },
      new Random(seed),
    );

  it("has six matrices, none shared; y2 = g(V A2 + V' A2'), A2 = f(W A1 + U x2), A2' = f(W' A3' + U' x2)", () => {
    const network = make([4]);
    expect(network.parameters.map(({ name }) => name)).toEqual(["U", "W", "U'", "W'", "V", "V'"]);
    expect(new Set(network.parameters.map(({ values }) => values)).size).toBe(6);
    const xs = sequence(3, 3, new Random(2));
    const [, y2] = network.run(xs);
    const [{ U, W }] = network.forwards.layers;
    const [{ U: U2, W: W2 }] = network.backwards.layers;
    const f = (matrix: Matrix) => matrix.map(Math.tanh);
    const a1 = f(U.dot(xs[0]));
    const a2 = f(W.dot(a1).plus(U.dot(xs[1])));
    const a3 = f(U2.dot(xs[2]));
    const a2Prime = f(W2.dot(a3).plus(U2.dot(xs[1])));
    const expected = network.V.dot(a2)
      .plus(network.VPrime.dot(a2Prime))
      .map((value) => 1 / (1 + Math.exp(-value)));
    expect(y2.minus(expected).norm()).toBeLessThan(1e-15);
  });

  it("reversing the input swaps the directions", () => {
    const [network, swapped] = [make([4, 3]), make([4, 3])];
    const [there, back] = [network.parameters, swapped.parameters];
    for (const { name, values } of there) {
      const other = name.includes("'") ? name.replace("'", "") : `${name[0]}'${name.slice(1)}`;
      back.find((parameter) => parameter.name === other)!.values.values.set(values.values);
    }
    const xs = sequence(5, 3, new Random(4));
    const straight = network.run(xs);
    const reversed = [...swapped.run([...xs].reverse())].reverse();
    for (const [t, output] of straight.entries()) expect(output.minus(reversed[t]).norm()).toBeLessThan(1e-15);
  });

  it.each([[[4]], [[4, 3]], [[2, 3, 2]]])("widths %j: every gradient checks", (widths) => {
    const network = make(widths, 7);
    const xs = sequence(4, 3, new Random(8));
    const error = () => network.run(xs).reduce((sum, output) => sum + output.sum(), 0);
    error();
    network.backward(network.outputs.map((output) => output.map(() => 1)));
    const all = [
      ...network.parameters.map(({ values, gradient }) => ({
        values: values.values,
        gradient: gradient.values.slice(),
      })),
      ...network.inputDeltas.map((delta, t) => ({ values: xs[t].values, gradient: delta.values.slice() })),
    ];
    for (const { values, gradient } of all) {
      gradient.forEach((actual, i) => {
        const write = (value: number) => {
          values[i] = value;
        };
        expect(slopeOf(error, () => values[i], write, 1e-5)).toBeCloseTo(actual, 8);
      });
    }
  });

  it("the stacks join only at the output: without V' what is to come changes nothing", () => {
    const network = make([4, 3]);
    network.VPrime.values.fill(0);
    const xs = sequence(4, 3, new Random(4));
    const [first] = network.run(xs);
    const [same] = network.run([xs[0], ...sequence(3, 3, new Random(9))]);
    expect(same.minus(first).norm()).toBe(0);
    expect(() => network.backward([])).toThrow("0 sensitivities for 4 outputs");
  });
});

describe("gradients through time", () => {
  test("0.25^3, 1.1^100 and 0.9^100", () => {
    expect(bound(1, 0.25, 3)).toBe(0.015625);
    expect(bound(1.1, 1, 100)).toBeCloseTo(13780.6, 1);
    expect(bound(0.9, 1, 100)).toBeCloseTo(2.656e-5, 8);
  });

  test("the largest stretch of 3 0 / 4 5 is sqrt(45); a rotation stretches nothing", () => {
    expect(
      spectralNorm(
        Matrix.from([
          [3, 0],
          [4, 5],
        ]),
      ),
    ).toBeCloseTo(Math.sqrt(45), 12);
    const rotation = orthogonal(6, new Random(1));
    expect(
      rotation.transposed
        .dot(rotation)
        .minus(Matrix.fill(6, 6, (i, j) => Number(i === j)))
        .norm(),
    ).toBeLessThan(1e-14);
    expect(spectralNorm(rotation)).toBeCloseTo(1, 12);
    expect(spectralNorm(new Matrix(2, 2))).toBe(0);
  });

  test("clipping by the norm keeps the direction and the length below the threshold; by value it need not", () => {
    const make = () => [Matrix.column([3, 0]), Matrix.column([4])];
    const byNorm = make();
    expect(clipByNorm(byNorm, 1)).toBe(5);
    near(
      byNorm.flatMap(({ values }) => [...values]),
      [0.6, 0, 0.8],
    );
    expect(gradientNorm(byNorm)).toBeCloseTo(1, 15);
    expect(clipByNorm(make(), 10)).toBe(5);
    const byValue = make();
    clipByValue(byValue, 1);
    expect(byValue.flatMap(({ values }) => [...values])).toEqual([1, 0, 1]);
    for (const clip of [clipByNorm, clipByValue]) {
      for (const wrong of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(() => clip(make(), wrong)).toThrow("the threshold must be a finite number above 0");
      }
    }
  });

  test("an explosion is an error that names its step, and leaves the weights of before", () => {
    const layer = new RecurrentLayer(1, 1, identity, 0.01, new Random(1));
    layer.U.values[0] = 1;
    layer.W.values[0] = 1.5;
    const xs = Array.from({ length: 30 }, (_, t) => Matrix.column([t === 0 ? 1 : 0]));
    const errors: number[] = [];
    let caught: unknown;
    try {
      trainLastState(layer, xs, Matrix.column([0.5]), 100, "none", errors);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(ExplosionError);
    const { step, message } = caught as ExplosionError;
    expect(step).toBe(errors.length);
    expect(message).toContain(`step ${step}: the gradient of`);
    // E = 1/2 (s_T - 0.5)^2 with s_T = 1.5^29.
    expect(errors[0] / ((1.5 ** 29 - 0.5) ** 2 / 2)).toBeCloseTo(1, 12);
    expect(layer.parameters.every(({ values }) => values.values.every(Number.isFinite))).toBe(true);
  });
});

test("one update clipped by value moves no weight by more than the rate times the threshold, by the norm not all of them together", () => {
  for (const clipping of [{ value: 0.5 }, { norm: 0.5 }]) {
    const layer = new RecurrentLayer(1, 1, identity, 0.01, new Random(1));
    layer.U.values[0] = 1;
    layer.W.values[0] = 1.5;
    const xs = Array.from({ length: 30 }, (_, t) => Matrix.column([t === 0 ? 1 : 0]));
    trainLastState(layer, xs, Matrix.column([0.5]), 1, clipping);
    const moved = [1 - layer.U.values[0], 1.5 - layer.W.values[0]];
    if ("value" in clipping) for (const each of moved) expect(each).toBeCloseTo(0.005, 12);
    else expect(Math.hypot(...moved)).toBeCloseTo(0.005, 12);
  }
});

describe("LstmLayer", () => {
  const halves = (layer: TimeLayer) => {
    for (const { name, values } of layer.parameters) values.values.fill(name.startsWith("b") ? 0 : 0.5);
    readSequence(
      layer,
      [1, 1, 1].map((x) => Matrix.column([x])),
    );
    return layer;
  };

  it("weights of 0.5, x = 1: part 6's h and c, and the textbook's where the cell itself comes out", () => {
    const z = halves(new LstmLayer(1, 1, 0.1, new Random(1))) as LstmLayer;
    near(alone(z.cList), [0.28764913664496794, 0.5241157233866811, 0.7230616145300965]);
    near(alone(z.hList), [0.17426971865610508, 0.3090589306416473, 0.40719065514408254]);
    const p = halves(new LstmLayer(1, 1, 0.1, new Random(1), { cellOutput: "cell" })) as LstmLayer;
    near(alone(p.cList), [0.28764913664496794, 0.5256708418296898, 0.7340632153385898]);
    near(alone(p.hList), [0.17904988921681764, 0.3381409958407423, 0.4854323317141844]);
  });

  it("LstmLayer(3, 2) has 48 parameters in 12 arrays; 4 ((n + x) n + n)", () => {
    const layer = new LstmLayer(3, 2, 1e-3, new Random(1));
    expect(layer.parameters.length).toBe(12);
    expect(layer.parameterCount).toBe(48);
    expect(new LstmLayer(50, 100, 0.1, new Random(1)).parameterCount).toBe(60_400);
  });

  it.each(["tanh", "cell"] as const)("output %s: all twelve gradients check at every number of steps", (cellOutput) => {
    const random = new Random(2);
    const layer = new LstmLayer(3, 2, 1e-3, random, { reach: 0.5, cellOutput });
    for (const times of [1, 2, 3, 6]) {
      for (const steps of ["last", "every"] as const) {
        expect(worst(gradientCheck(layer, sequence(times, 3, random), steps, 1e-5))).toBeLessThan(1e-6);
      }
    }
  });

  it.each(["tanh", "cell"] as const)("output %s: equals the framework's lstm", (cellOutput) => {
    const random = new Random(6);
    const layer = new LstmLayer(4, 3, 1e-3, random, { reach: 0.8, cellOutput });
    for (const { name, values } of layer.parameters) {
      if (name.startsWith("b")) values.values.set(values.values.map(() => random.uniform(-1, 1)));
    }
    for (const steps of ["last", "every"] as const) {
      expect(largestDifference(layer, lstmForm(layer), sequence(7, 4, random), steps)).toBeLessThan(1e-13);
    }
  });

  it("as printed: with two steps W_fh and all W_h pass, W_ix, W_ox, W_cx, b_i, b_o and b_c fail", () => {
    const random = new Random(4);
    const layer = new PrintedLstmLayer(3, 2, 1e-3, random, { reach: 0.5 });
    const checked = gradientCheck(layer, dataSet(2), "last", 1e-5);
    const passes = [...checked].filter(([name, pairs]) => name !== "x" && relativeError(pairs) < 1e-6);
    expect(passes.map(([name]) => name)).toEqual(["Wfh", "Wfx", "bf", "Wih", "Woh", "Wch"]);
    expect(relativeError(gradientCheck(layer, dataSet(3), "last", 1e-5).get("Wfh")!)).toBeGreaterThan(0.05);
  });

  it("as printed, three steps: without the way back through the cell W_fh is wrong by a tenth to a fifth, the rest is not looked at", () => {
    for (let seed = 1; seed <= 6; seed++) {
      const [printed, mended] = [PrintedLstmLayer, LstmLayer].map((Kind) => {
        const layer = new Kind(3, 2, 1e-3, new Random(seed), { reach: 0.1 });
        return gradientCheck(layer, dataSet(3), "last", 1e-4);
      });
      expect(relativeError(printed.get("Wfh")!)).toBeGreaterThan(0.09);
      expect(relativeError(printed.get("Wfh")!)).toBeLessThan(0.25);
      expect(mended.size).toBe(13);
      expect(worst(mended)).toBeLessThan(1e-6);
    }
  });

  it("the text's check: 1.3908e-9, 1.4017e-9, 1.4017e-9, 1.4126e-9 are c1_i c1_j / 16, so 1.40166e-9 = sqrt(1.3908e-9 1.4126e-9)", () => {
    expect(Math.sqrt(1.3908e-9 * 1.4126e-9)).toBeCloseTo(1.40166e-9, 14);
    for (const Kind of [PrintedLstmLayer, LstmLayer]) {
      const layer = new Kind(3, 2, 1e-3, new Random(1));
      const [g00, g01, g10, g11] = gradientCheck(layer, dataSet(2), "last", 1e-3)
        .get("Wfh")!
        .map(({ actual }) => actual);
      const [a, b] = layer.cList[1].values;
      [a * a, a * b, b * a, b * b].forEach((product, i) => {
        expect(product / 16 / [g00, g01, g10, g11][i]).toBeCloseTo(1, 2);
      });
      expect(Math.abs(g01) / Math.sqrt(g00 * g11)).toBeCloseTo(1, 3);
      expect(g01 / g10).toBeCloseTo(1, 3);
    }
  });

  it("f = 1, i = 0 keeps the cell exactly", () => {
    const layer = new LstmLayer(1, 1, 0.1, new Random(1), { reach: 0.5 });
    layer.gates.f.b.values[0] = 800;
    layer.gates.i.b.values[0] = -800;
    readSequence(layer, [Matrix.column([1])]);
    layer.cList[1] = Matrix.column([0.123456789]);
    for (let t = 0; t < 50; t++) layer.forward(Matrix.column([t]));
    expect(layer.cList[51].values[0]).toBe(0.123456789);
  });
});

describe("GruLayer", () => {
  it("weights of 0.5, x = 1: h = 0.28764913664496794, 0.44849024459521564, 0.5319273708371206", () => {
    const layer = new GruLayer(1, 1, 0.1, new Random(1));
    for (const { values } of layer.parameters) values.values.fill(0.5);
    readSequence(
      layer,
      [1, 1, 1].map((x) => Matrix.column([x])),
    );
    near(alone(layer.hList), [0.28764913664496794, 0.44849024459521564, 0.5319273708371206]);
  });

  it("has 3 n (n + x) parameters; every gradient checks; equals the framework's gru with reset before the product", () => {
    const random = new Random(2);
    const layer = new GruLayer(3, 2, 1e-3, random, 0.7);
    expect(layer.parameterCount).toBe(30);
    for (const times of [1, 2, 3, 6]) {
      for (const steps of ["last", "every"] as const) {
        expect(worst(gradientCheck(layer, sequence(times, 3, random), steps, 1e-5))).toBeLessThan(1e-6);
        expect(largestDifference(layer, gruForm(layer), sequence(times, 3, random), steps)).toBeLessThan(1e-13);
      }
    }
  });

  it("z = 0 keeps h exactly", () => {
    const layer = new GruLayer(1, 1, 0.1, new Random(1), 0.5);
    readSequence(layer, [Matrix.column([1])]);
    const [, h] = layer.hList;
    layer.gates.z.Wx.values[0] = -1e6;
    for (let t = 0; t < 20; t++) layer.forward(Matrix.column([1]));
    expect(layer.hList[21].values[0]).toBe(h.values[0]);
  });
});
