// Optimiser updates: each formula in double precision, and PyTorch's trajectories where the golden files are at hand.
import { describe, expect, it } from "vitest";
import { goldenFound, readGolden } from "../golden.ts";
import { loadKernels } from "./load.ts";

const arrays = { f32: Float32Array, f64: Float64Array };
type Type = keyof typeof arrays;
type Values = Float32Array | Float64Array;

/** One element: parameter, gradient and up to three state values in; the new parameter and state out. */
type Rule = (p: number, g: number, m: number, v: number, w: number) => [number, number?, number?, number?];

const rate = 0.07;
const momentum = 0.9;
const epsilon = 1e-3;
const [beta1, beta2] = [0.8, 0.95];
const [correction1, correction2] = [1 - beta1 ** 3, 1 - beta2 ** 3];

interface Method {
  name: string;
  /** State arrays that the kernel takes after the gradient. */
  states: number;
  rule: (decay: number) => Rule;
  parameters: (decay: number) => number[];
  tolerance?: Record<Type, number>;
}

const methods: Method[] = [
  {
    name: "sgd",
    states: 0,
    rule: (decay) => (p, g) => [p - rate * (g + decay * p)],
    parameters: (decay) => [rate, decay],
  },
  {
    name: "momentum",
    states: 1,
    rule: (decay) => (p, g, m) => {
      const velocity = momentum * m + g + decay * p;
      return [p - rate * velocity, velocity];
    },
    parameters: (decay) => [rate, momentum, decay],
  },
  {
    name: "nesterov",
    states: 1,
    rule: (decay) => (p, g, m) => {
      const velocity = momentum * m + g + decay * p;
      return [p - rate * (g + decay * p + momentum * velocity), velocity];
    },
    parameters: (decay) => [rate, momentum, decay],
  },
  {
    name: "adaGrad",
    states: 1,
    rule: (decay) => (p, g, h) => {
      const d = g + decay * p;
      const squares = h + d * d;
      return [p - (rate * d) / (Math.sqrt(squares) + epsilon), squares];
    },
    parameters: (decay) => [rate, epsilon, decay],
  },
  {
    name: "rmsProp",
    states: 1,
    rule: (decay) => (p, g, h) => {
      const d = g + decay * p;
      const squares = beta2 * h + (1 - beta2) * d * d;
      return [p - (rate * d) / (Math.sqrt(squares) + epsilon), squares];
    },
    parameters: (decay) => [rate, beta2, epsilon, decay],
  },
  {
    name: "adaDelta",
    states: 2,
    rule: (decay) => (p, g, h, d) => {
      const gradient = g + decay * p;
      const squares = beta2 * h + (1 - beta2) * gradient * gradient;
      const change = (Math.sqrt(d + epsilon) / Math.sqrt(squares + epsilon)) * gradient;
      return [p - rate * change, squares, beta2 * d + (1 - beta2) * change * change];
    },
    parameters: (decay) => [rate, beta2, epsilon, decay],
  },
  ...[false, true].map((decoupled) => ({
    name: decoupled ? "adamW" : "adam",
    states: 2,
    rule:
      (decay: number): Rule =>
      (p, g, m, v) => {
        const d = decoupled ? g : g + decay * p;
        const x = decoupled ? p * (1 - rate * decay) : p;
        const mean = beta1 * m + (1 - beta1) * d;
        const squares = beta2 * v + (1 - beta2) * d * d;
        const change = mean / correction1 / (Math.sqrt(squares / correction2) + epsilon);
        return [x - rate * change, mean, squares];
      },
    parameters: (decay: number) => [rate, beta1, beta2, epsilon, decay, correction1, correction2],
  })),
  ...[false, true].map((decoupled) => ({
    name: decoupled ? "amsGradW" : "amsGrad",
    states: 3,
    rule:
      (decay: number): Rule =>
      (p, g, m, v, w) => {
        const d = decoupled ? g : g + decay * p;
        const x = decoupled ? p * (1 - rate * decay) : p;
        const mean = beta1 * m + (1 - beta1) * d;
        const squares = beta2 * v + (1 - beta2) * d * d;
        const largest = Math.max(w, squares);
        const change = mean / correction1 / (Math.sqrt(largest / correction2) + epsilon);
        return [x - rate * change, mean, squares, largest];
      },
    parameters: (decay: number) => [rate, beta1, beta2, epsilon, decay, correction1, correction2],
  })),
  {
    name: "mixedAdam",
    states: 2,
    rule: (decay) => (p, g, m, v) => {
      const d = g + decay * p;
      const mean = beta1 * m + (1 - beta1) * d;
      const squares = beta2 * v + (1 - beta2) * d * d;
      return [p - (rate * d + momentum * rate * mean) / (1.5 * Math.sqrt(squares) + epsilon), mean, squares];
    },
    parameters: (decay) => [rate, momentum * rate, beta1, beta2, epsilon, decay, 1.5],
  },
  {
    name: "lion",
    states: 1,
    rule: (decay) => (p, g, m) => {
      const direction = beta1 * m + (1 - beta1) * g;
      return [p * (1 - rate * decay) - rate * Math.sign(direction), beta2 * m + (1 - beta2) * g];
    },
    parameters: (decay) => [rate, beta1, beta2, decay],
  },
  {
    name: "centredRmsProp",
    states: 2,
    rule: (decay) => (p, g, h, a) => {
      const d = g + decay * p;
      const squares = beta2 * h + (1 - beta2) * d * d;
      const mean = beta2 * a + (1 - beta2) * d;
      const variance = Math.max(0, squares - mean * mean);
      return [p - (rate * d) / (Math.sqrt(variance) + 1), squares, mean];
    },
    parameters: (decay) => [rate, beta2, 1, decay],
    // Where the variance is next to 0 its root has half the digits.
    tolerance: { f32: 1e-3, f64: 1e-8 },
  },
];
const cases = methods.flatMap((method) => (["f32", "f64"] as const).map((type) => ({ ...method, type })));

function noise(type: Type, n: number, seed: number): Values {
  return new arrays[type](n).map((_: number, i: number) => 2 * Math.sin(seed + i * 1.37));
}

interface Golden {
  cases: {
    name: string;
    attrs: Record<string, number>;
    start: { data: number[] };
    gradients: { shape: number[]; data: number[] };
    trajectory: { data: number[] };
  }[];
}

describe.each(["strict", "relaxed"] as const)("optimiser updates (%s)", (kind) => {
  const k = loadKernels(kind, 256);

  it.each(cases)(
    "$name of $type equals its formula, with and without weight decay",
    ({ name, type, states, ...rest }) => {
      for (const n of [0, 1, 2, 3, 4, 5, 19, 150_003]) {
        for (const decay of [0, 0.1]) {
          const [p, g] = [noise(type, n, 1), noise(type, n, 2)];
          const [m, v] = [noise(type, n, 3).map((x: number) => x * x), noise(type, n, 4).map((x: number) => x * x)];
          const w = noise(type, n, 5).map((x: number) => x * x);
          const [pp, pg, pm, pv, pw] = [k.put(p), k.put(g), k.put(m), k.put(v), k.put(w)];
          k.exports[`${name}_${type}`](pp, pg, ...[pm, pv, pw].slice(0, states), n, ...rest.parameters(decay));
          const rule = rest.rule(decay);
          const after = [pp, pm, pv, pw].slice(0, states + 1).map((address) => k[type](address, n));
          const tolerance = (rest.tolerance ?? { f32: 2e-6, f64: 1e-14 })[type];
          const far = p.findIndex((x: number, i: number) =>
            rule(x, g[i], m[i], v[i], w[i]).some(
              (expected, j) => !(Math.abs(after[j][i] - expected!) <= tolerance * (1 + Math.abs(expected!))),
            ),
          );
          expect(far, `n = ${n}, decay = ${decay}`).toBe(-1);
          expect(Array.from(k[type](pg, Math.min(n, 9)))).toEqual(Array.from(g.subarray(0, 9)));
        }
      }
    },
  );

  it.each(cases)(
    "$name of $type gives an element the same bits wherever it stands",
    ({ name, type, states, parameters }) => {
      const addresses = [1, 2, 3, 4, 5].map((x) => k.put(new arrays[type](11).fill(x / 3)));
      k.exports[`${name}_${type}`](...addresses.slice(0, states + 2), 11, ...parameters(0.1));
      expect(new Set(k[type](addresses[0], 11)).size).toBe(1);
    },
  );

  const simple: [string, (x: number) => number, number][] = [
    ["clipValue", (x) => Math.max(-0.5, Math.min(0.5, x)), 0.5],
    ["scale", (x) => x * 0.25, 0.25],
    ["shrink", (x) => x - 0.125 * Math.sign(x), 0.125],
  ];
  const simpleCases = simple.flatMap(([name, formula, parameter]) =>
    (["f32", "f64"] as const).map((type) => ({ name, type, formula, parameter })),
  );

  it.each(simpleCases)("$name of $type, special values included", ({ name, type, formula, parameter }) => {
    const specials = [0, NaN, Infinity, -Infinity, 1, -1, 0.5, 2, -3];
    for (const n of [0, 1, 9, 140_001]) {
      const x = new arrays[type](n).map((_: number, i: number) => specials[i % specials.length]);
      const address = k.put(x);
      k.exports[`${name}_${type}`](address, n, parameter);
      const differs = k[type](address, n).findIndex((y: number, i: number) => !Object.is(y, formula(x[i])));
      expect(differs).toBe(-1);
    }
  });

  it.each(["f32", "f64"] as const)("axpy of %s is y + factor * x, with x = y too", (type) => {
    const [x, y] = [noise(type, 21, 1), noise(type, 21, 2)];
    const [px, py] = [k.put(x), k.put(y)];
    k.exports[`axpy_${type}`](py, px, 21, 0.5);
    expect(Array.from(k[type](py, 21))).toEqual(Array.from(y.map((v: number, i: number) => v + 0.5 * x[i])));
    k.exports[`axpy_${type}`](px, px, 21, 1);
    expect(Array.from(k[type](px, 21))).toEqual(Array.from(x.map((v: number) => 2 * v)));
  });

  it("no weight decay leaves infinite parameters alone", () => {
    for (const { name, states, parameters } of methods) {
      const addresses = [Infinity, 0, 1, 1, 1].map((x) => k.put(new Float32Array(5).fill(x)));
      k.exports[`${name}_f32`](...addresses.slice(0, states + 2), 5, ...parameters(0));
      expect(Array.from(k.f32(addresses[0], 5))).toEqual(new Array(5).fill(Infinity));
    }
  });

  it.skipIf(!goldenFound)("follows PyTorch's trajectories", () => {
    const { cases: recorded } = readGolden<Golden>("optimizer");
    for (const { name, attrs, start, gradients, trajectory } of recorded) {
      const [steps, n] = gradients.shape;
      const [p, m, v] = [k.put(Float32Array.from(start.data)), k.put(new Float32Array(n)), k.put(new Float32Array(n))];
      const { learningRate, weightDecay = 0 } = attrs;
      for (let step = 0; step < steps; step++) {
        const g = k.put(Float32Array.from(gradients.data.slice(step * n, (step + 1) * n)));
        const adam = (): number[] => {
          const corrections = [attrs.beta1, attrs.beta2].map((beta) => 1 - beta ** (step + 1));
          return [p, g, m, v, n, learningRate, attrs.beta1, attrs.beta2, attrs.epsilon, weightDecay, ...corrections];
        };
        const argumentsOf: Record<string, () => number[]> = {
          sgd: () => [p, g, n, learningRate, weightDecay],
          momentum: () => [p, g, m, n, learningRate, attrs.momentum, weightDecay],
          nesterov: () => [p, g, m, n, learningRate, attrs.momentum, weightDecay],
          adaGrad: () => [p, g, m, n, learningRate, attrs.epsilon, weightDecay],
          rmsProp: () => [p, g, m, n, learningRate, attrs.decay, attrs.epsilon, weightDecay],
          adaDelta: () => [p, g, m, v, n, learningRate, attrs.decay, attrs.epsilon, weightDecay],
          adam,
          adamW: adam,
        };
        const method = name.split(" ")[0];
        k.exports[`${method}_f32`](...argumentsOf[method]());
        Array.from(k.f32(p, n)).forEach((x, i) => {
          const expected = trajectory.data[step * n + i];
          expect(Math.abs(x - expected), `${name}, step ${step}`).toBeLessThanOrEqual(1e-5 + 1e-4 * Math.abs(expected));
        });
      }
    }
  });
});
