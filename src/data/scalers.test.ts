// Scalers: the formulas, constant columns, parts, there and back, and what is saved.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memory, ones, scope, type Tensor, tensor, zeros } from "../index.ts";
import { MinMaxScaler, StandardScaler, scalerFromConfig } from "./scalers.ts";

const rows = (values: number[][], dtype: "float32" | "float64" = "float64"): Tensor => tensor(values, dtype);

describe("StandardScaler", () => {
  test("mean 0 and deviation 1 over n, as scikit-learn has it", () => {
    const scaler = new StandardScaler().fit(
      rows([
        [1, 10],
        [2, 20],
        [4, 60],
      ]),
    );
    const { offset, scale } = scaler.config();
    expect(offset).toEqual([7 / 3, 30]);
    expect(scale[0]).toBeCloseTo(Math.sqrt(14 / 9), 14);
    expect(scale[1]).toBeCloseTo(Math.sqrt(1400 / 3), 12);
  });

  test("a constant column becomes exactly 0, also where its mean is rounded", () => {
    const x = tensor(
      Float64Array.from({ length: 3000 }, () => 0.1),
      { shape: [1000, 3] },
    );
    expect(new StandardScaler().fit(x).transform(x).abs().max().item()).toBe(0);
    const single = ones([1, 2]);
    expect(new StandardScaler().fit(single).transform(single).toArray()).toEqual([[0, 0]]);
  });

  test("large offsets do not drown small differences", () => {
    const x = rows([[1e9], [1e9 + 1], [1e9 + 2]]);
    expect(new StandardScaler().fit(x).transform(x).get(2).get(0).item()).toBeCloseTo(Math.sqrt(1.5), 9);
  });

  test("dtypes: float64 and float32 stay, int32 becomes float32; rows of any shape", () => {
    expect(new StandardScaler().fit(rows([[1], [2]])).transform(rows([[1]])).dtype).toBe("float64");
    const whole = tensor([[1], [3]], "int32");
    expect(new StandardScaler().fit(whole).transform(whole).dtype).toBe("float32");
    const pictures = tensor(Array.from({ length: 24 }, (_, k) => k)).reshape([2, 3, 4]);
    expect(new StandardScaler().fit(pictures).transform(pictures).get(1).toArray()).toEqual(ones([3, 4]).toArray());
  });

  test("what is wrong", () => {
    const scaler = new StandardScaler();
    expect(() => scaler.transform(ones([1, 2]))).toThrow(
      "StandardScaler.transform: nothing was learnt yet; call fit first",
    );
    expect(() => scaler.config()).toThrow("StandardScaler.config: nothing was learnt yet");
    expect(() => scaler.fit(ones([2]))).toThrow("StandardScaler.fit: needs rows, [n, columns], got shape (2,)");
    expect(() => scaler.fit(zeros([0, 2]))).toThrow("needs rows");
    expect(() => scaler.fit([[1]] as never)).toThrow("StandardScaler.fit: needs a tensor, got [[1]]");
    expect(() =>
      scaler.fit(
        rows([
          [1, 2],
          [3, Number.NaN],
        ]),
      ),
    ).toThrow("StandardScaler.fit: column 1 holds NaN in row 1");
    scaler.fit(ones([2, 3]));
    expect(() => scaler.update(ones([2, 4]))).toThrow("rows of shape (3,) were learnt from, got (4,)");
    expect(() => scaler.transform(ones([2, 4]))).toThrow("StandardScaler.transform: rows of shape (3,)");
  });
});

describe("MinMaxScaler", () => {
  test("into [0, 1] or another range; a constant column goes to its lower end", () => {
    const x = rows([
      [1, 5],
      [3, 5],
      [5, 5],
    ]);
    expect(new MinMaxScaler({ range: [-1, 1] }).fit(x).transform(x).toArray()).toEqual([
      [-1, -1],
      [0, -1],
      [1, -1],
    ]);
    expect(
      new MinMaxScaler()
        .fit(x)
        .transform(rows([[7, 6]]))
        .toArray(),
    ).toEqual([[1.5, 1]]);
    expect(() => new MinMaxScaler({ range: [1, 1] })).toThrow("a range is [low, high] with low below high, got [1, 1]");
    expect(() => new MinMaxScaler({ featureRange: [0, 1] } as never)).toThrow(
      "no option featureRange (here it is range)",
    );
  });
});

const table = fc.integer({ min: 1, max: 3 }).chain((columns) =>
  fc.array(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: columns, maxLength: columns }), {
    minLength: 2,
    maxLength: 9,
  }),
);

describe.each([
  ["StandardScaler", () => new StandardScaler()],
  ["MinMaxScaler", () => new MinMaxScaler({ range: [-2, 3] })],
] as const)("%s", (_, make) => {
  test("property: there and back; in parts as at once; saved and loaded; nothing left behind", () => {
    fc.assert(
      fc.property(table, fc.nat(), (values, cut) => {
        scope(() => {
          const x = rows(values);
          const scaler = make().fit(x);
          const y = scaler.transform(x);
          expect(scaler.inverse(y).sub(x).abs().max().item()).toBeLessThan(1e-9);
          const first = 1 + (cut % (values.length - 1));
          const parts = make()
            .update(rows(values.slice(0, first)))
            .update(rows(values.slice(first)));
          expect(parts.config()).toEqual(scaler.config());
          const again = scalerFromConfig(JSON.parse(JSON.stringify(scaler.config())));
          expect(again.transform(x).toArray()).toEqual(y.toArray());
          expect(again.constructor).toBe(scaler.constructor);
        });
      }),
      { numRuns: 60 },
    );
    const x = rows([[1], [2]]);
    const scaler = make();
    const before = memory().tensors;
    scaler.fit(x);
    expect(memory().tensors).toBe(before);
  });
});

test("a configuration that is none", () => {
  const config = new StandardScaler().fit(ones([2, 2])).config();
  const wrong = (change: object) => () => scalerFromConfig({ ...config, ...change } as never);
  expect(wrong({ type: "robust" })).toThrow('type must be "standard" or "minMax", got "robust"');
  expect(wrong({ scale: [1] })).toThrow("scale holds 1 numbers for rows of shape (2,)");
  expect(wrong({ scale: [1, 0] })).toThrow("a number in scale is 0");
  expect(wrong({ offset: [1, null] })).toThrow("a number in offset must be a finite number, got null");
  expect(wrong({ shape: "2" })).toThrow("shape must be an array");
  expect(() => scalerFromConfig(config).update(ones([1, 2]))).toThrow(
    "does not know how many rows it has seen; call fit",
  );
  expect(() => scalerFromConfig(null as never)).toThrow("the configuration must be an object");
});
