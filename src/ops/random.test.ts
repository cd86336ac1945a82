// Choices, shuffles and the truncated normal: what is drawn has the probabilities it should (chi-square and moments, with seeds), comes out the
// same for the same seed, and on any number of threads.
import { describe, expect, it } from "vitest";
import { arange, cast, clip, erf, erfinv, Generator, grad, memory, random, type Tensor, tensor } from "../node.ts";

const generator = (): Generator => new Generator(42);

/** Sum of (observed - expected)^2 / expected; impossible results must not occur. */
function chiSquare(drawn: ArrayLike<number>, probabilities: readonly number[]): number {
  const counts = new Array<number>(probabilities.length).fill(0);
  for (const k of Array.from(drawn)) counts[k] += 1;
  return probabilities.reduce((sum, p, k) => {
    if (p === 0) {
      expect(counts[k]).toBe(0);
      return sum;
    }
    const expected = p * drawn.length;
    return sum + (counts[k] - expected) ** 2 / expected;
  }, 0);
}

// For 4 degrees of freedom 23.5 is exceeded once in 10,000 times.
const DRAWN = [
  [34678, 67241, 70326],
  [28769, 1957, 51331],
  [5477, 48220, 87707],
  [683193, -293986],
];
const P = [0.1, 0.4, 0, 0.25, 0.15, 0.1];

describe("random.categorical", () => {
  it("draws class k with probability softmax(logits)_k, each row its own; a class of -Infinity never", () => {
    const logits = tensor([P.map(Math.log), [...P].reverse().map((p) => Math.log(p) + 700)]);
    const drawn = random.categorical(logits, 20_000, { generator: generator() });
    expect(drawn.shape).toEqual([2, 20_000]);
    expect(drawn.dtype).toBe("int32");
    const values = drawn.dataSync() as Int32Array;
    expect(chiSquare(values.subarray(0, 20_000), P)).toBeLessThan(23.5);
    expect(chiSquare(values.subarray(20_000), [...P].reverse())).toBeLessThan(23.5);
  });

  it("gives [count] for [classes], the same for the same seed, another for another", () => {
    const logits = tensor([0, 1, 2], "float64");
    const a = random.categorical(logits, 50, { generator: generator() });
    expect(a.shape).toEqual([50]);
    expect(random.categorical(logits, 50, { generator: generator() }).toArray()).toEqual(a.toArray());
    expect(random.categorical(logits, 50, { generator: new Generator(43) }).toArray()).not.toEqual(a.toArray());
    expect(random.categorical(logits, 0).shape).toEqual([0]);
  });

  it("refuses rows without a class to draw, and other shapes", () => {
    expect(() =>
      random.categorical(
        tensor([
          [0, 1],
          [-Infinity, -Infinity],
        ]),
      ),
    ).toThrow("logits of row 1 must have a finite");
    expect(() => random.categorical(tensor([0, Number.NaN]))).toThrow("logits of row 0");
    expect(() => random.categorical(tensor([0, Infinity]))).toThrow("logits of row 0");
    expect(() => random.categorical(tensor(1))).toThrow("random.categorical: logits must be [classes] or [n, classes]");
    expect(() => random.categorical(tensor([1]), 1.5)).toThrow("lengths must be whole numbers");
    expect(() => random.categorical(tensor([1]), 1, { seed: 1 } as object)).toThrow("there is no option seed");
  });
});

describe("random.choice", () => {
  it("with replacement: all alike, or by their probabilities", () => {
    const even = random.choice(5, 20_000, { generator: generator() });
    expect(chiSquare(even.dataSync(), [0.2, 0.2, 0.2, 0.2, 0.2])).toBeLessThan(23.5);
    const drawn = random.choice(6, [100, 200], { probabilities: P, generator: generator() });
    expect(drawn.shape).toEqual([100, 200]);
    expect(chiSquare(drawn.dataSync(), P)).toBeLessThan(23.5);
  });

  it("without replacement: k different ones, every order equally likely", () => {
    const g = generator();
    const orders = Array.from({ length: 6000 }, () =>
      random.choice(3, 3, { replacement: false, generator: g }).toArray(),
    );
    const index = (orders as number[][]).map(([a, b]) => 2 * a + (b > a ? b - 1 : b));
    expect(chiSquare(index, new Array<number>(6).fill(1 / 6))).toBeLessThan(25.7);
    const ten = random.choice(100, 10, { replacement: false, generator: g }).toArray() as number[];
    expect(new Set(ten).size).toBe(10);
  });

  it("without replacement by probabilities: first p_i, then p_j / (1 - p_i), never one of 0", () => {
    const g = generator();
    const p = [0.5, 0.3, 0.2, 0];
    const pairs = Array.from(
      { length: 6000 },
      () => random.choice(4, 2, { replacement: false, probabilities: p, generator: g }).toArray() as number[],
    );
    const index = pairs.map(([a, b]) => 2 * a + (b > a ? b - 1 : b));
    const expected = [0, 1, 2].flatMap((a) => [0, 1, 2].filter((b) => b !== a).map((b) => (p[a] * p[b]) / (1 - p[a])));
    expect(chiSquare(index, expected)).toBeLessThan(25.7);
    expect(random.choice(4, 3, { replacement: false, probabilities: p }).sort().toArray()).toEqual([0, 1, 2]);
  });

  it("of a tensor: its slices along an axis, with gradients", () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(random.choice(x, [2, 2], { probabilities: [0, 1] }).shape).toEqual([2, 2, 3]);
    expect(random.choice(x, 2, { axis: 1, probabilities: tensor([0, 0, 1]) }).toArray()).toEqual([
      [3, 3],
      [6, 6],
    ]);
    const slope = grad((z: Tensor) => random.choice(z, 3, { probabilities: [0, 1] }).sum())(x);
    expect(slope.toArray()).toEqual([
      [0, 0, 0],
      [3, 3, 3],
    ]);
  });

  it("refuses what can't be drawn, and says why", () => {
    expect(() => random.choice(3, 4, { replacement: false })).toThrow(
      "4 elements without replacement, but there are only 3",
    );
    expect(() => random.choice(0, 1)).toThrow("there is nothing to choose from");
    expect(() => random.choice(2, 1, { probabilities: [0.5, 0.6] })).toThrow(
      "they sum to 1.1; divide them by their sum",
    );
    expect(() => random.choice(2, 1, { probabilities: [1] })).toThrow("must be one for each of 2 elements, got (1,)");
    expect(() => random.choice(2, 1, { probabilities: [1.5, -0.5] })).toThrow("got -0.5 at position 1");
    expect(() => random.choice(3, 2, { replacement: false, probabilities: [1, 0, 0] })).toThrow(
      "2 elements without replacement, but only 1 have a probability above 0",
    );
    expect(() => random.choice(2.5)).toThrow("needs a whole number or a tensor with axis 0, got 2.5");
    expect(() => random.choice([1, 2] as unknown as number)).toThrow(
      "needs a tensor, got [1, 2]; wrap it in tensor(...)",
    );
    expect(() => random.choice(2, 1, { replace: true } as object)).toThrow("there is no option replace");
    expect(random.choice(0, 0).shape).toEqual([0]);
  });
});

it("the same numbers on every engine and any number of threads", () => {
  const g = generator();
  const logits = random.normal([100_000], 0, 1, { dtype: "float64", generator: g });
  const probabilities = logits.softmax();
  expect(
    [
      random.categorical(logits, 3, { generator: g }),
      random.choice(100_000, 3, { replacement: false, generator: g }),
      random.choice(100_000, 3, { replacement: false, probabilities, generator: g }),
      random.truncatedNormal([100_000], 0, 1, { generator: g }).slice(99_998).mul(1e6).round().cast("int32"),
    ].map((x) => x.toArray()),
  ).toEqual(DRAWN);
});

describe("random.shuffle", () => {
  it("puts slices in random order, every order equally likely; the gradient goes back", () => {
    const g = generator();
    const index = Array.from({ length: 6000 }, () => {
      const [a, b] = random.shuffle(arange(3), 0, { generator: g }).toArray() as number[];
      return 2 * a + (b > a ? b - 1 : b);
    });
    expect(chiSquare(index, new Array<number>(6).fill(1 / 6))).toBeLessThan(25.7);
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const columns = random.shuffle(x, 1, { generator: generator() });
    expect(columns.sum(1).toArray()).toEqual([6, 15]);
    expect(columns.get(1).sub(columns.get(0)).toArray()).toEqual([3, 3, 3]);
    const weights = tensor([10, 20, 30]);
    const [values, slope] = [
      random.shuffle(tensor([1, 2, 3]), 0, { generator: generator() }),
      grad((z: Tensor) => random.shuffle(z, 0, { generator: generator() }).mul(weights).sum())(tensor([1, 2, 3])),
    ];
    (values.toArray() as number[]).forEach((value, place) => {
      expect((slope.toArray() as number[])[value - 1]).toBe(10 * (place + 1));
    });
  });

  it("refuses an axis that is not there", () => {
    expect(() => random.shuffle(tensor(1))).toThrow("random.shuffle: there is no axis 0 in shape ()");
    expect(() => random.shuffle(tensor([1]), 2)).toThrow("there is no axis 2 in shape (1,)");
  });
});

describe("random.truncatedNormal", () => {
  it("draws many in parts: what the whole would be, in a share of its memory", () => {
    const n = 3 * 2 ** 18 + 5;
    const before = memory().bytes;
    const x = random.truncatedNormal([n], 0, 3, { generator: generator() });
    // The result has 3 MiB; all at once it took 33.
    expect(memory().peakBytes - before).toBeLessThan(20 << 20);
    const [from, to] = erf(tensor([-Math.SQRT2, Math.SQRT2], "float64")).dataSync() as Float64Array;
    const u = random.uniform([n], from, to, { dtype: "float64", generator: generator() });
    const whole = clip(cast(erfinv(u).mul(3 * Math.SQRT2), "float32"), -6, 6);
    expect(x.dataSync()).toEqual(whole.dataSync());
    const matrix = random.truncatedNormal([3, 2 ** 18], 0, 3, { generator: generator() });
    expect(matrix.reshape([-1]).dataSync()).toEqual(whole.slice(0, 3 * 2 ** 18).dataSync());
  });

  it.each(["float32", "float64"] as const)(
    "within two deviations, with deviation 0.8796 of that given, %s",
    (dtype) => {
      const x = random.truncatedNormal([200_000], 3, 2, { dtype, generator: generator() });
      expect(x.min().item()).toBeGreaterThanOrEqual(-1);
      expect(x.max().item()).toBeLessThanOrEqual(7);
      expect(x.mean().item()).toBeCloseTo(3, 1);
      expect(x.standardDeviation().item() / 2).toBeCloseTo(0.87962566, 2);
    },
  );

  it("one-sided: from a on its mean is phi(a) / (1 - Phi(a)), 1.5251 at 1 and 5.1865 at 5", () => {
    for (const [low, mean] of [
      [1, 1.525135276161],
      [5, 5.186503967126],
    ] as const) {
      const x = random.truncatedNormal([100_000], 0, 1, { low, high: 30, dtype: "float64", generator: generator() });
      expect(x.min().item()).toBeGreaterThanOrEqual(low);
      expect(Math.abs(x.mean().item() - mean)).toBeLessThan(0.01);
    }
  });

  it("the same for the same seed; one number of the stream's a value, so the next draw goes on", () => {
    const [a, b] = [generator(), generator()];
    expect(random.truncatedNormal([5], 0, 1, { generator: a }).toArray()).toEqual(
      random.truncatedNormal([5], 0, 1, { generator: b }).toArray(),
    );
    expect(a.state().counter).toBe(3);
  });

  it("refuses bounds that hold nothing", () => {
    expect(() => random.truncatedNormal([1], 0, 1, { low: 2, high: 1 })).toThrow("low must be below high, got 2 and 1");
    expect(() => random.truncatedNormal([1], 0, 1, { low: 9, high: 10 })).toThrow(
      "next to nothing of the normal distribution",
    );
    expect(() => random.truncatedNormal([1], 0, 0)).toThrow("the deviation must be above 0, got 0");
    expect(() => random.truncatedNormal([1], 0, 1, { dtype: "int32" })).toThrow("dtype must be float32 or float64");
  });
});
