// Attacks: against hand calculation and finite differences, and what must hold for all inputs: norms, ranges, seeds.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Dense, eye, Flatten, Generator, random, Sequential, type Tensor, tensor, zeros } from "../index.ts";
import { fastGradient, foolingImages, iteratedGradient, randomNoise, successCurve } from "./index.ts";

/** Two classes apart along the diagonal. */
const linear = (activation: "softmax" | "linear" = "softmax"): Sequential =>
  new Sequential(
    [
      new Dense(2, {
        weights: () =>
          tensor([
            [1, -1],
            [-1, 1],
          ]),
        activation,
      }),
    ],
    { inputShape: [2] },
  );

const network = (dtype: "float32" | "float64" = "float32"): Sequential =>
  new Sequential([new Flatten(), new Dense(8, { activation: "tanh" }), new Dense(3, { activation: "softmax" })], {
    ...{ inputShape: [1, 4, 4], seed: 5, dtype },
  });

const uniform = (n: number, seed: number): Tensor =>
  random.uniform([n, 1, 4, 4], 0, 1, { generator: new Generator(seed) });

/** Largest |a - b| and its root of squares of each sample, in float64. */
function sizesOf(a: Tensor, b: Tensor): { inf: number[]; two: number[] } {
  const [left, right] = [a.dataSync(), b.dataSync()];
  const n = a.shape[0];
  const size = left.length / n;
  const of = (i: number) =>
    Array.from({ length: size }, (_, k) => Math.abs(Number(left[i * size + k]) - Number(right[i * size + k])));
  const all = Array.from({ length: n }, (_, i) => of(i));
  return {
    inf: all.map((row) => Math.max(...row)),
    two: all.map((row) => Math.sqrt(row.reduce((s, d) => s + d * d, 0))),
  };
}

describe("the fast gradient method", () => {
  test("moves each input by epsilon along the loss's sign, worked by hand", () => {
    // dL/dx = W (p - t): for class 0 the first weight row is (1, -1), so that L falls with x0 and grows with x1.
    const { x, before, after, success, sizes } = fastGradient(
      linear(),
      tensor([
        [0.5, 0.25],
        [1, 0],
      ]),
      { epsilon: 0.25 },
    );
    expect(x.toArray()).toEqual([
      [0.25, 0.5],
      [0.75, 0.25],
    ]);
    expect([before, after, success, sizes]).toEqual([
      [0, 0],
      [1, 0],
      [true, false],
      [0.25, 0.25],
    ]);
  });

  test("in the norm 2 moves along the gradient by epsilon", () => {
    const { x, sizes } = fastGradient(linear(), tensor([[0.5, 0.25]]), { epsilon: 0.5, norm: "2", clip: null });
    const step = 0.5 / Math.SQRT2;
    expect(x.get(0, 0).item()).toBeCloseTo(0.5 - step, 6);
    expect(x.get(0, 1).item()).toBeCloseTo(0.25 + step, 6);
    expect(sizes[0]).toBeCloseTo(0.5, 6);
    expect(sizes[0]).toBeLessThanOrEqual(0.5);
  });

  test("goes the way of central differences of the cross-entropy, and towards a target the other way", () => {
    const model = network("float64");
    const x = uniform(3, 1).cast("float64");
    const labels = [0, 1, 2];
    const loss = (at: Tensor, row: number): number =>
      -Math.log(Number(model.call(at).dataSync()[row * 3 + labels[row]]));
    const values = Array.from(x.dataSync(), Number);
    const signs = values.map((_, i) => {
      const at = (shift: number) =>
        tensor(
          Float64Array.from(values, (v, k) => (k === i ? v + shift : v)),
          { shape: x.shape },
        );
      return Math.sign(loss(at(1e-6), Math.floor(i / 16)) - loss(at(-1e-6), Math.floor(i / 16)));
    });
    const away = fastGradient(model, x, { epsilon: 0.01, labels, clip: null }).x.sub(x);
    expect(Array.from(away.dataSync(), (d) => Math.sign(Number(d)))).toEqual(signs);
    const towards = fastGradient(model, x, { epsilon: 0.01, target: labels, clip: null }).x.sub(x);
    expect(Array.from(towards.dataSync(), (d) => Math.sign(Number(d)))).toEqual(signs.map((sign) => -sign));
  });

  test("is not stopped by a softmax that has rounded to 1, with the margin", () => {
    const sure = new Sequential([new Dense(2, { weights: () => eye(2).mul(500), activation: "softmax" })], {
      inputShape: [2],
    });
    const x = tensor([[0.75, 0.25]]);
    expect(fastGradient(sure, x, { epsilon: 0.5 }).success).toEqual([false]);
    expect(fastGradient(sure, x, { epsilon: 0.5, loss: "margin" }).success).toEqual([true]);
  });

  test("takes models that end in sigmoid, in one number, or in nothing", () => {
    const one = new Sequential([new Dense(1, { weights: () => tensor([[2], [-2]]), activation: "sigmoid" })], {
      inputShape: [2],
    });
    const x = tensor([[0.75, 0.25]]);
    expect(fastGradient(one, x, { epsilon: 0.375 }).after).toEqual([0]);
    expect(fastGradient(linear("linear"), x, { epsilon: 0.375 }).after).toEqual([1]);
    const bare = new Sequential([new Dense(1)], { inputShape: [2] });
    expect(() => fastGradient(bare, x, { epsilon: 1 })).toThrow(
      "no loss follows from a last layer that ends in linear",
    );
    expect(fastGradient(bare, x, { epsilon: 0.1, loss: "margin" }).sizes[0]).toBeCloseTo(0.1, 5);
  });
});

describe("whatever the inputs", () => {
  const options = fc.record({
    epsilon: fc.double({ min: 0, max: 0.7, noNaN: true }),
    norm: fc.constantFrom("inf" as const, "2" as const),
    seed: fc.integer({ min: 0, max: 1000 }),
    double: fc.boolean(),
    clip: fc.constantFrom(null, [0, 1] as const, [-0.3, 1.7] as const),
  });

  test("attacks and noise stay within epsilon exactly, and within the range", () => {
    fc.assert(
      fc.property(options, ({ epsilon, norm, seed, double, clip }) => {
        const dtype = double ? "float64" : "float32";
        const model = network(dtype);
        const x = uniform(2, seed).cast(dtype);
        const low = clip === null ? Number.NEGATIVE_INFINITY : Math.fround(clip[0]);
        const high = clip === null ? Number.POSITIVE_INFINITY : Math.fround(clip[1]);
        const bounds = { epsilon, norm, clip };
        const results = [
          fastGradient(model, x, bounds).x,
          iteratedGradient(model, x, { ...bounds, steps: 3, randomStart: true, seed }).x,
          randomNoise(x, { ...bounds, seed }),
        ];
        for (const changed of results) {
          const { inf, two } = sizesOf(changed, x);
          for (const size of norm === "inf" ? inf : two) expect(size).toBeLessThanOrEqual(epsilon);
          const values = Array.from(changed.dataSync(), Number);
          expect(Math.min(...values)).toBeGreaterThanOrEqual(low);
          expect(Math.max(...values)).toBeLessThanOrEqual(high);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("noise is as large as it may be: the control is of equal norm", () => {
    fc.assert(
      fc.property(options, ({ epsilon, norm, seed, clip }) => {
        const x = uniform(2, seed);
        // Half of it would do for the largest noise that [0, 1] has room for: every input can move by 1/2 some way.
        const size = Math.min(epsilon, 0.5);
        const { inf, two } = sizesOf(randomNoise(x, { epsilon: size, norm, seed, clip }), x);
        for (const d of norm === "inf" ? inf : two) expect(d).toBeGreaterThanOrEqual(size * (1 - 1e-5) - 1e-12);
      }),
      { numRuns: 40 },
    );
  });

  test("more steps, a larger ball: the iterated attack is at least as good as the fast one on a linear model", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 500 }),
        fc.double({ min: 0.01, max: 0.4, noNaN: true }),
        (seed, epsilon) => {
          const x = random.uniform([6, 2], 0, 1, { generator: new Generator(seed) });
          const fast = fastGradient(linear(), x, { epsilon }).success.filter(Boolean).length;
          const iterated = iteratedGradient(linear(), x, { epsilon, steps: 10 }).success.filter(Boolean).length;
          expect(iterated).toBeGreaterThanOrEqual(fast);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe("the iterated method", () => {
  test("reaches a target, gives the same for batches of any size, and stops early with smaller changes", () => {
    const model = network();
    const x = uniform(7, 3);
    const attack = { epsilon: 0.9, target: 2, steps: 40, randomStart: true, seed: 4 };
    const whole = iteratedGradient(model, x, attack);
    expect(whole.success).toEqual(new Array(7).fill(true));
    expect(iteratedGradient(model, x, { ...attack, batchSize: 3 }).x.toArray()).toEqual(whole.x.toArray());
    const early = iteratedGradient(model, x, { epsilon: 0.9, target: 2, steps: 40, stopEarly: true });
    expect(early.success).toEqual(new Array(7).fill(true));
    const mean = (sizes: readonly number[]): number => sizes.reduce((a, b) => a + b, 0) / 7;
    expect(mean(early.sizes)).toBeLessThan(
      mean(iteratedGradient(model, x, { epsilon: 0.9, target: 2, steps: 40 }).sizes),
    );
  });
});

describe("randomNoise", () => {
  test("equals the sizes of an attack sample by sample", () => {
    const model = network();
    const x = uniform(5, 8);
    const attacked = fastGradient(model, x, { epsilon: 0.2 });
    const noisy = randomNoise(x, { epsilon: attacked.x, norm: "2", seed: 1 });
    const [of, to] = [sizesOf(attacked.x, x).two, sizesOf(noisy, x).two];
    of.forEach((size, i) => {
      expect(to[i]).toBeLessThanOrEqual(size);
      expect(to[i]).toBeCloseTo(size, 5);
    });
  });

  test("is drawn by the seed, up as often as down", () => {
    const x = zeros([1, 10_000]).add(0.5);
    const by = (seed: number) => randomNoise(x, { epsilon: 0.25, seed });
    expect(by(3).equal(by(3)).all().item()).toBe(1);
    expect(by(3).equal(by(4)).all().item()).toBe(0);
    const up = by(3).greater(0.5).cast("float32").mean().item();
    // 10,000 fair throws: 4 standard deviations are 0.02.
    expect(Math.abs(up - 0.5)).toBeLessThan(0.02);
  });
});

describe("successCurve", () => {
  test("counts what the attack turns, of those that were right, worked by hand", () => {
    // Margins x0 - x1: 0.5 (right), -0.125 (right for class 1), 0.25 (wrong for class 1).
    const data = {
      x: tensor([
        [0.75, 0.25],
        [0.25, 0.375],
        [0.5, 0.25],
      ]),
      y: tensor([0, 1, 1], "int32"),
    };
    // The fast method takes 2 epsilon of the margin; noise half of the time, at most.
    const curve = successCurve(linear(), data, { epsilons: [0, 0.125, 0.26] });
    expect(curve).toMatchObject({ attacked: 2, samples: 3, success: [0, 0.5, 1] });
    expect(curve.accuracy.map((value) => value.toFixed(3))).toEqual(["0.667", "0.333", "0.000"]);
    expect(curve.noise[0]).toBe(0);
  });

  test("is that of fastGradient and iteratedGradient, and noise does less", () => {
    const model = network();
    const x = uniform(60, 2);
    const y = model.call(x).argmax(1);
    const epsilons = [0, 0.05, 0.2];
    for (const [attack, by] of [
      ["fast", fastGradient],
      ["iterated", iteratedGradient],
    ] as const) {
      const curve = successCurve(model, { x, y }, { epsilons, attack, batchSize: 25 });
      const expected = epsilons.map((epsilon) => by(model, x, { epsilon }).success.filter(Boolean).length / 60);
      expect(curve.success).toEqual(expected);
      expect(curve.noise[2]).toBeLessThan(curve.success[2]);
    }
  });

  test("refuses what can't be attacked", () => {
    const data = { x: tensor([[0.75, 0.25]]), y: tensor([1], "int32") };
    expect(() => successCurve(linear(), data)).toThrow("answers none of the 1 samples right");
    const outside = { x: tensor([[7, 0.25]]), y: tensor([0], "int32") };
    expect(() => successCurve(linear(), outside)).toThrow(
      "x holds 7, outside of clip [0, 1]; set clip to the range of the data, or to null for none",
    );
    expect(() => fastGradient(linear(), outside.x, { epsilon: -1 })).toThrow(
      "epsilon must be a finite number of at least 0, got -1",
    );
    expect(() => fastGradient(linear(), data.x, { epsilon: 1, labels: 0, target: 1 })).toThrow("give one of them");
    expect(() => successCurve(linear(), data, { steps: 3 })).toThrow('steps is for attack "iterated"');
  });
});

describe("foolingImages", () => {
  test("raise a class from noise to the confidence asked for, within the range", () => {
    const model = network();
    const { x, classes, confidence, steps } = foolingImages(model, [0, 1, 2], {
      confidence: 0.6,
      clip: [-3, 3],
      seed: 2,
    });
    expect(x.shape).toEqual([3, 1, 4, 4]);
    expect(classes).toEqual([0, 1, 2]);
    const rows = model.call(x).toArray() as number[][];
    classes.forEach((label, i) => {
      expect(rows[i][label]).toBeCloseTo(confidence[i], 6);
      expect(confidence[i]).toBeGreaterThanOrEqual(0.6);
      expect(steps[i]).toBeLessThan(200);
    });
    expect(x.abs().max().item()).toBeLessThanOrEqual(3);
  });

  test("smoothness makes neighbours alike, l2 makes inputs small", () => {
    const model = network();
    const all = { count: 2, steps: 60, confidence: 0, clip: null, seed: 1 } as const;
    const roughness = (x: Tensor): number =>
      x
        .slice(1, 4, 1, 3)
        .sub(x.slice(0, 3, 1, 3))
        .square()
        .sum()
        .item();
    const plain = foolingImages(model, 1, all).x;
    expect(roughness(foolingImages(model, 1, { ...all, smoothness: 5 }).x)).toBeLessThan(0.5 * roughness(plain));
    expect(
      foolingImages(model, 1, { ...all, l2: 5 })
        .x.square()
        .sum()
        .item(),
    ).toBeLessThan(0.5 * plain.square().sum().item());
  });

  test("the same seed gives the same images; jitter needs pictures", () => {
    const model = network();
    const by = (seed: number) => foolingImages(model, 1, { seed, jitter: 1, steps: 5 }).x.toArray();
    expect(by(1)).toEqual(by(1));
    expect(by(1)).not.toEqual(by(2));
    expect(() => foolingImages(linear(), 0, { jitter: 1 })).toThrow("smoothness and jitter are for pictures");
    expect(() => foolingImages(linear(), [0, 2])).toThrow("classes at position 1 is 2; the model's classes are 0 to 1");
  });
});
