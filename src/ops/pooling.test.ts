// Pooling against plain loops over the windows, against differences, and where ties and NaN stand.
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import * as nb from "../node.ts";
import { Generator, random, scope, type Tensor, tensor } from "../node.ts";

interface Windows {
  planes: [number, number];
  image: [number, number];
  size: [number, number];
  stride: [number, number];
  padding: [number, number];
}

const both = (least: number, most: number): fc.Arbitrary<[number, number]> =>
  fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }));

const general = fc
  .record({ planes: both(1, 3), extra: both(0, 12), size: both(1, 4), stride: both(1, 4), half: both(0, 2) })
  .map(({ planes, extra, size, stride, half }): Windows => {
    const padding = half.map((n, i) => Math.min(n, Math.floor(size[i] / 2))) as [number, number];
    const image = extra.map((n, i) => Math.max(1, size[i] + n - 2 * padding[i])) as [number, number];
    return { planes, image, size, stride, padding };
  });
const twoByTwo = fc
  .record({ planes: both(1, 3), image: both(2, 23) })
  .map((w): Windows => ({ ...w, size: [2, 2], stride: [2, 2], padding: [0, 0] }));
const windows = fc.oneof({ weight: 3, arbitrary: general }, { weight: 1, arbitrary: twoByTwo });

/** Positions in the plane that each window covers, window by window. */
function cover({ image, size, stride, padding }: Windows): { out: [number, number]; places: number[][] } {
  const out = [0, 1].map((i) => Math.floor((image[i] + 2 * padding[i] - size[i]) / stride[i]) + 1) as [number, number];
  const places: number[][] = [];
  for (let i = 0; i < out[0]; i++) {
    for (let j = 0; j < out[1]; j++) {
      const window: number[] = [];
      for (let k = 0; k < size[0]; k++) {
        for (let l = 0; l < size[1]; l++) {
          const [row, column] = [i * stride[0] - padding[0] + k, j * stride[1] - padding[1] + l];
          if (row >= 0 && row < image[0] && column >= 0 && column < image[1]) window.push(row * image[1] + column);
        }
      }
      places.push(window);
    }
  }
  return { out, places };
}

type Pool = (
  x: Tensor,
  size: [number, number],
  options: { stride: [number, number]; padding: [number, number] },
) => Tensor;
/** The value of a window, and how much dy each of its elements receives. */
type Definition = (window: number[], elements: number) => { value: number; shares: number[] };

const firstLargest: Definition = (window) => {
  const value = Math.max(...window);
  const at = Number.isNaN(value) ? window.findIndex(Number.isNaN) : window.indexOf(value);
  return { value, shares: window.map((_, i) => (i === at ? 1 : 0)) };
};
const meanOf: Definition = (window, elements) => ({
  value: window.reduce((a, b) => a + b, 0) / elements,
  shares: window.map(() => 1 / elements),
});
const rootOfSquares: Definition = (window) => {
  const value = Math.sqrt(window.reduce((a, b) => a + b * b, 0));
  return { value, shares: window.map((x) => (value === 0 ? 0 : x / value)) };
};

function compare(
  pool: Pool,
  define: Definition,
  w: Windows,
  valueAt: (i: number) => number,
  dtype: "float32" | "float64",
): void {
  const shape = [...w.planes, ...w.image];
  const plane = w.image[0] * w.image[1];
  const planes = w.planes[0] * w.planes[1];
  const xs = Float64Array.from({ length: planes * plane }, (_, i) => Math.fround(valueAt(i)));
  const { out, places } = cover(w);
  const dys = Float64Array.from({ length: planes * places.length }, (_, i) => Math.fround(((i * 37) % 19) - 9));
  const ys = new Float64Array(dys.length);
  const dxs = new Float64Array(xs.length);
  for (let p = 0; p < planes; p++) {
    places.forEach((window, i) => {
      const at = p * places.length + i;
      const { value, shares } = define(
        window.map((place) => xs[p * plane + place]),
        w.size[0] * w.size[1],
      );
      ys[at] = value;
      window.forEach((place, j) => {
        dxs[p * plane + place] += shares[j] * dys[at];
      });
    });
  }
  scope(() => {
    const x = tensor(xs, { shape, dtype }).requireGradient();
    const options = { stride: w.stride, padding: w.padding };
    const y = pool(x, w.size, options);
    expect(y.shape).toEqual([...w.planes, ...out]);
    const tolerance = dtype === "float32" ? 1e-5 : 1e-13;
    const close = (a: ArrayLike<number>, b: Float64Array, what: string): void => {
      for (let i = 0; i < b.length; i++) {
        const same = Object.is(a[i], b[i]) || Math.abs(a[i] - b[i]) <= tolerance * Math.max(1, Math.abs(b[i]));
        if (!same) throw new Error(`${what}, element ${i}: got ${a[i]}, expected ${b[i]}`);
      }
    };
    close(y.dataSync(), ys, "y");
    close(nb.noGrad(() => pool(x, w.size, options)).dataSync(), ys, "y without recording");
    nb.backward(y, tensor(dys, { shape: y.shape, dtype }));
    close(x.gradient!.dataSync(), dxs, "dx");
  });
}

const operations: [string, Pool, Definition][] = [
  ["maxPool2d is the largest of a window; its gradient goes to the first of equals", nb.maxPool2d, firstLargest],
  ["avgPool2d is the mean of a window, padding counted", nb.avgPool2d, meanOf],
  ["l2Pool2d is the root of the sum of squares; its gradient is dy x / y, 0 where y is 0", nb.l2Pool2d, rootOfSquares],
];

describe.each(operations)("%s", (_, pool, define) => {
  // Few different values, so that ties and windows of zeros occur.
  it.each(["float32", "float64"] as const)("for any windows, overlapping or not, in %s", (dtype) => {
    fc.assert(
      fc.property(windows, fc.integer({ min: 2, max: 40 }), (w, kinds) => {
        compare(pool, define, w, (i) => ((i * 31 + ((i * i) % 7)) % kinds) - Math.floor(kinds / 2), dtype);
      }),
      { numRuns: 1000 },
    );
  });
});

test("maxPool2d: NaN wins, the first of several; -Infinity alone is found", () => {
  const ways: Windows[] = [
    { planes: [1, 2], image: [9, 11], size: [2, 2], stride: [2, 2], padding: [0, 0] },
    { planes: [1, 2], image: [9, 11], size: [3, 2], stride: [1, 1], padding: [1, 1] },
  ];
  for (const dtype of ["float32", "float64"] as const) {
    for (const w of ways) {
      compare(nb.maxPool2d, firstLargest, w, (i) => (i % 5 === 0 ? Number.NaN : i % 3), dtype);
      compare(nb.maxPool2d, firstLargest, w, () => Number.NEGATIVE_INFINITY, dtype);
    }
  }
});

test("pooling in one dimension and over whole planes", () => {
  const x = tensor([[[1, 5, 2, 2, -1, 0]]]);
  expect(nb.maxPool1d(x, 3, { stride: 1, padding: 1 }).toArray()).toEqual([[[5, 5, 5, 2, 2, 0]]]);
  expect(nb.avgPool1d(x, 2).toArray()).toEqual([[[3, 2, -0.5]]]);
  const image = tensor([
    [
      [
        [1, 7],
        [7, 3],
      ],
      [
        [-4, -3],
        [-2, -6],
      ],
    ],
  ]);
  expect(nb.globalMaxPool2d(image).toArray()).toEqual([[7, -2]]);
  expect(nb.globalAvgPool2d(image).toArray()).toEqual([[4.5, -3.75]]);
  const dx = nb.grad((z) => nb.sum(nb.globalMaxPool2d(z)))(image);
  expect(dx.toArray()).toEqual([
    [
      [
        [0, 1],
        [0, 0],
      ],
      [
        [0, 0],
        [1, 0],
      ],
    ],
  ]);
  expect(nb.maxPool2d(nb.zeros([0, 3, 4, 4]), 2).shape).toEqual([0, 3, 2, 2]);
  expect(
    nb.maxPool2d(
      tensor(
        [
          [
            [
              [1, 2],
              [3, 4],
            ],
          ],
        ],
        "int32",
      ),
      2,
    ).dtype,
  ).toBe("float32");
});

describe("gradients of pooling equal differences, first and second order", () => {
  const x = random.normal([2, 2, 6, 7], 0, 1, { dtype: "float64", generator: new Generator(3) });
  const row = random.normal([2, 2, 9], 0, 1, { dtype: "float64", generator: new Generator(4) });
  const weighted = (y: Tensor): Tensor =>
    nb.sum(nb.square(y).mul(random.normal([...y.shape], 0, 1, { dtype: "float64", generator: new Generator(5) })));
  const walk = { stride: [2, 1], padding: 1 } as const;
  const cases: [string, (x: Tensor) => Tensor, Tensor][] = [
    ["maxPool2d", (z) => nb.maxPool2d(z, 3, walk), x],
    ["maxPool2d 2x2", (z) => nb.maxPool2d(z, 2), x],
    ["avgPool2d", (z) => nb.avgPool2d(z, 3, walk), x],
    ["l2Pool2d", (z) => nb.l2Pool2d(z, 3, walk), x],
    ["globalMaxPool2d", nb.globalMaxPool2d, x],
    ["globalAvgPool2d", nb.globalAvgPool2d, x],
    ["maxPool1d", (z) => nb.maxPool1d(z, 3, { stride: 2, padding: 1 }), row],
    ["avgPool1d", (z) => nb.avgPool1d(z, 3, { stride: 2, padding: 1 }), row],
  ];
  it.each(cases)("%s", (_, f, input) => {
    // Steps small enough that no difference changes which element is the largest.
    const options = { step: 1e-5, order: 2 } as const;
    expect(nb.checkGradients((z) => weighted(f(z!)), [input], options).maxRelativeError).toBeLessThan(1e-6);
    const second = (z: Tensor): Tensor => nb.sum(nb.square(nb.grad((v) => weighted(f(v)))(z)));
    expect(nb.checkGradients((z) => second(z!), [input], options).maxRelativeError).toBeLessThan(1e-6);
  });

  test("of l2Pool2d stay finite, to second order, where a window is all zeros", () => {
    const f = (z: Tensor): Tensor => nb.sum(nb.grad((v) => nb.sum(nb.l2Pool2d(v, 2)))(z));
    expect(
      nb
        .grad(f)(nb.zeros([1, 1, 2, 2]))
        .toArray(),
    ).toEqual([
      [
        [
          [0, 0],
          [0, 0],
        ],
      ],
    ]);
  });
});

describe("pooling says what does not fit", () => {
  const x = nb.zeros([1, 1, 4, 5]);
  const cases: [string, () => unknown, RegExp][] = [
    [
      "rank",
      () => nb.maxPool2d(nb.zeros([4, 5]), 2),
      /x must be \[batch, channels, height, width\], got shape \(4, 5\)/,
    ],
    ["size", () => nb.avgPool2d(x, [2, 0]), /size must be a whole number of at least 1.*got \[2, 0\]/],
    ["window", () => nb.l2Pool2d(x, 5), /a window of 5 by 5 is larger than the padded input, 4 by 5/],
    ["padding", () => nb.maxPool2d(x, 3, { padding: 2 }), /padding 2 is more than half of the window's size, 3/],
    ["stride", () => nb.maxPool2d(x, 2, { stride: -1 }), /stride must be a whole number/],
    ["sequence", () => nb.maxPool1d(x, 2), /x must be \[batch, channels, length\]/],
    ["global", () => nb.globalAvgPool2d(nb.zeros([2, 3])), /x must be \[batch, channels, height, width\]/],
    ["no elements", () => nb.maxPool2d(nb.zeros([1, 1, 0, 4]), 2), /larger than the padded input, 0 by 4/],
    ["no tensor", () => nb.maxPool2d(3 as unknown as Tensor, 2), /needs a tensor/],
  ];
  it.each(cases)("%s", (_, call, message) => {
    expect(call).toThrow(message);
  });
});
