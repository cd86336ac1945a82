// Convolutions against the oracle, against their definition as loops, against differences, and against the worked numbers of "Deep Learning from
// Zero", part 4.
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { describeGolden } from "../../test/golden.ts";
import { goldenRunners } from "../../test/golden-runners.ts";
import * as nb from "../node.ts";
import { type ConvolutionOptions, Generator, random, scope, type Tensor, tensor } from "../node.ts";

describeGolden("conv", goldenRunners.conv);

interface Problem {
  batch: number;
  groups: number;
  perGroup: number;
  filtersPerGroup: number;
  size: [number, number];
  kernel: [number, number];
  stride: [number, number];
  padding: [number, number];
  dilation: [number, number];
}

const both = (least: number, most: number): fc.Arbitrary<[number, number]> =>
  fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }));

const problems: fc.Arbitrary<Problem> = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    groups: fc.integer({ min: 1, max: 3 }),
    perGroup: fc.integer({ min: 1, max: 5 }),
    filtersPerGroup: fc.integer({ min: 1, max: 9 }),
    extra: both(0, 8),
    kernel: both(1, 4),
    stride: both(1, 3),
    padding: both(0, 2),
    dilation: both(1, 2),
  })
  .map(({ extra, ...p }) => {
    const size = extra.map((n, i) => Math.max(1, p.dilation[i] * (p.kernel[i] - 1) + 1 + n - 2 * p.padding[i]));
    return { ...p, size: size as [number, number] };
  });

/** y, and the gradients of sum(y dy) by x and w, straight from the definition. */
function byDefinition(p: Problem, x: Float64Array, w: Float64Array, b: Float64Array, dyAt: (i: number) => number) {
  const [height, width] = p.size;
  const channels = p.groups * p.perGroup;
  const filters = p.groups * p.filtersPerGroup;
  const [rows, columns] = [0, 1].map(
    (i) => Math.floor((p.size[i] + 2 * p.padding[i] - p.dilation[i] * (p.kernel[i] - 1) - 1) / p.stride[i]) + 1,
  ) as [number, number];
  const y = new Float64Array(p.batch * filters * rows * columns);
  const dx = new Float64Array(x.length);
  const dw = new Float64Array(w.length);
  for (let n = 0, at = 0; n < p.batch; n++) {
    for (let f = 0; f < filters; f++) {
      const first = Math.floor(f / p.filtersPerGroup) * p.perGroup;
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++, at++) {
          y[at] = b[f];
          for (let c = 0; c < p.perGroup; c++) {
            for (let k = 0; k < p.kernel[0]; k++) {
              for (let l = 0; l < p.kernel[1]; l++) {
                const row = i * p.stride[0] - p.padding[0] + k * p.dilation[0];
                const column = j * p.stride[1] - p.padding[1] + l * p.dilation[1];
                if (row < 0 || column < 0 || row >= height || column >= width) continue;
                const xi = ((n * channels + first + c) * height + row) * width + column;
                const wi = ((f * p.perGroup + c) * p.kernel[0] + k) * p.kernel[1] + l;
                y[at] += w[wi] * x[xi];
                dx[xi] += w[wi] * dyAt(at);
                dw[wi] += x[xi] * dyAt(at);
              }
            }
          }
        }
      }
    }
  }
  return { y, dx, dw, shape: [p.batch, filters, rows, columns] };
}

function shapesOf(p: Problem): { x: number[]; w: number[]; options: ConvolutionOptions } {
  return {
    x: [p.batch, p.groups * p.perGroup, ...p.size],
    w: [p.groups * p.filtersPerGroup, p.perGroup, ...p.kernel],
    options: { stride: p.stride, padding: p.padding, dilation: p.dilation, groups: p.groups },
  };
}

const pseudo = (i: number, salt: number): number => ((i * 7919 + salt * 104729) % 2003) / 1001 - 1;
const values = (shape: number[], salt: number): Float64Array =>
  Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => pseudo(i, salt));

const normal = (shape: number[], seed: number, dtype: "float32" | "float64" = "float64"): Tensor =>
  random.normal(shape, 0, 1, { dtype, generator: new Generator(seed) });

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0);
}

describe("conv2d is sum over c, k, l of w[f, c, k, l] x[n, c, i s - p + k d, j s - p + l d] + b[f]", () => {
  it.each([
    ["float32", 2e-5],
    ["float64", 1e-13],
  ] as const)(
    "with its gradients, for any shapes, strides, paddings, dilations and groups, in %s",
    (dtype, tolerance) => {
      fc.assert(
        fc.property(problems, (p) => {
          const { x: xShape, w: wShape, options } = shapesOf(p);
          const [xs, ws, bs] = [values(xShape, 1), values(wShape, 2), values([wShape[0]!], 3)];
          const expected = byDefinition(p, xs, ws, bs, (i) => pseudo(i, 4));
          scope(() => {
            const x = tensor(xs, { dtype, shape: xShape }).requireGradient();
            const w = tensor(ws, { dtype, shape: wShape }).requireGradient();
            const b = tensor(bs, { dtype, shape: [wShape[0]!] }).requireGradient();
            const y = nb.conv2d(x, w, b, options);
            expect(y.shape).toEqual(expected.shape);
            expect(largestDifference(y.dataSync(), expected.y)).toBeLessThan(tolerance);
            nb.backward(y, tensor(values(expected.shape, 4), { dtype, shape: expected.shape }));
            expect(largestDifference(x.gradient!.dataSync(), expected.dx)).toBeLessThan(tolerance);
            expect(largestDifference(w.gradient!.dataSync(), expected.dw)).toBeLessThan(4 * tolerance);
            const sums = Array.from({ length: wShape[0] }, (_, f) => {
              const plane = expected.shape[2] * expected.shape[3];
              let sum = 0;
              for (let i = 0; i < expected.y.length; i++) {
                if (Math.floor(i / plane) % wShape[0] === f) sum += pseudo(i, 4);
              }
              return sum;
            });
            expect(largestDifference(b.gradient!.dataSync(), sums)).toBeLessThan(4 * tolerance);
          });
        }),
        { numRuns: 1000 },
      );
    },
  );

  it("agrees with itself bit by bit on views, in parts of a batch, and with a fused activation", () => {
    const x = normal([5, 3, 9, 11], 1, "float32");
    const w = normal([7, 3, 3, 3], 2, "float32");
    const b = normal([7], 3, "float32");
    const y = nb.conv2d(x, w, b, { padding: 1 }).dataSync();
    const turned = nb.transpose(tensor(nb.transpose(x, [0, 1, 3, 2])), [0, 1, 3, 2]);
    expect(turned.contiguous).toBe(false);
    expect(nb.conv2d(turned, w, b, { padding: 1 }).dataSync()).toEqual(y);
    expect(nb.conv2d(nb.slice(x, 3, 4), w, b, { padding: 1 }).dataSync()).toEqual(
      y.slice((3 * y.length) / 5, (4 * y.length) / 5),
    );
    for (const activation of ["sigmoid", "tanh", "relu"] as const) {
      const separate = { sigmoid: nb.sigmoid, tanh: nb.tanh, relu: nb.relu }
        [activation](tensor(y, { shape: [5, 7, 9, 11] }))
        .dataSync();
      expect(nb.conv2d(x, w, b, { padding: 1, activation }).dataSync()).toEqual(separate);
    }
  });

  test('padding "same" makes ceil(in / stride) outputs, an odd zero below and right; "valid" is none', () => {
    const x = normal([1, 2, 7, 8], 4, "float32");
    const w = normal([3, 2, 2, 4], 5, "float32");
    const same = nb.conv2d(x, w, null, { padding: "same", stride: [2, 1] });
    expect(same.shape).toEqual([1, 3, 4, 8]);
    const padded = nb.pad(x, [
      [0, 0],
      [0, 0],
      [0, 1],
      [1, 2],
    ]);
    expect(same.toArray()).toEqual(nb.conv2d(padded, w, null, { padding: "valid", stride: [2, 1] }).toArray());
  });

  test("many taps (several blocks of 512), many pixels (several of 1024), a huge kernel and bands of a large image come out right", () => {
    const cases: Problem[] = [
      { ...base, perGroup: 70, filtersPerGroup: 5, size: [6, 5], kernel: [3, 3], padding: [1, 1] },
      { ...base, perGroup: 2, filtersPerGroup: 3, size: [40, 41], kernel: [2, 3], padding: [0, 1] },
      { ...base, perGroup: 2, filtersPerGroup: 2, size: [30, 40], kernel: [25, 30], padding: [3, 0] },
      { ...base, perGroup: 3, size: [300, 700], padding: [1, 1] },
      { ...base, perGroup: 3, filtersPerGroup: 600, size: [4, 4], kernel: [2, 2], padding: [0, 0] },
    ];
    for (const p of cases) {
      const { x: xShape, w: wShape, options } = shapesOf(p);
      const [xs, ws] = [values(xShape, 1), values(wShape, 2)];
      const expected = byDefinition(p, xs, ws, new Float64Array(wShape[0]), (i) => pseudo(i, 4));
      const x = tensor(xs, { shape: xShape });
      const w = tensor(ws, { shape: wShape });
      const [y, pullBack] = nb.vjp((a: Tensor, c: Tensor) => nb.conv2d(a, c, null, options), x, w);
      const [dx, dw] = pullBack(tensor(values(expected.shape, 4), { shape: expected.shape }));
      expect(largestDifference(y.dataSync(), expected.y)).toBeLessThan(1e-11);
      expect(largestDifference(dx!.dataSync(), expected.dx)).toBeLessThan(1e-11);
      // A sum over all pixels: its rounding grows with their number.
      expect(largestDifference(dw!.dataSync(), expected.dw)).toBeLessThan(1e-12 * (100 + expected.y.length));
    }
  });

  test("a padded image too large for a thread's scratch memory is padded as a whole, with the same result", () => {
    const p: Problem = {
      ...base,
      perGroup: 2,
      filtersPerGroup: 1,
      size: [2, 140_000],
      kernel: [2, 3],
      padding: [1, 1],
    };
    const { x: xShape, w: wShape, options } = shapesOf(p);
    const [xs, ws] = [values(xShape, 1), values(wShape, 2)];
    const expected = byDefinition(p, xs, ws, Float64Array.of(0.5), (i) => pseudo(i, 4));
    const f = (x: Tensor, w: Tensor): Tensor => nb.conv2d(x, w, tensor([0.5], "float64"), options);
    const [y, pullBack] = nb.vjp(f, tensor(xs, { shape: xShape }), tensor(ws, { shape: wShape }));
    const [dx, dw] = pullBack(tensor(values(expected.shape, 4), { shape: expected.shape }));
    expect(largestDifference(y.dataSync(), expected.y)).toBeLessThan(1e-9);
    expect(largestDifference(dx!.dataSync(), expected.dx)).toBeLessThan(1e-9);
    expect(largestDifference(dw!.dataSync(), expected.dw)).toBeLessThan(1e-6);
  });

  test("an empty batch gives an empty result and gradients of zeros", () => {
    const w = tensor(values([2, 3, 2, 2], 1), { shape: [2, 3, 2, 2] });
    const [y, pullBack] = nb.vjp((x: Tensor, v: Tensor) => nb.conv2d(x, v), nb.zeros([0, 3, 4, 4], "float64"), w);
    expect(y.shape).toEqual([0, 2, 3, 3]);
    const [dx, dw] = pullBack(y);
    expect(dx!.shape).toEqual([0, 3, 4, 4]);
    expect(dw!.toArray()).toEqual(nb.zerosLike(w).toArray());
  });
});

const base: Problem = {
  batch: 2,
  groups: 1,
  perGroup: 1,
  filtersPerGroup: 1,
  size: [4, 4],
  kernel: [3, 3],
  stride: [1, 1],
  padding: [0, 0],
  dilation: [1, 1],
};

describe("convTranspose2d is the adjoint of conv2d: <conv(x), y> = <x, convTranspose(y)>", () => {
  it("for any shapes and options", () => {
    fc.assert(
      fc.property(problems, (p) => {
        scope(() => {
          const { x: xShape, w: wShape, options } = shapesOf(p);
          const x = tensor(values(xShape, 1), { shape: xShape });
          const w = tensor(values(wShape, 2), { shape: wShape });
          const y = nb.conv2d(x, w, null, options);
          const g = tensor(values([...y.shape], 3), { shape: y.shape });
          const missing = [0, 1].map((i) => {
            const reach = (y.shape[2 + i] - 1) * p.stride[i] + p.dilation[i] * (p.kernel[i] - 1) + 1;
            return p.size[i] + 2 * p.padding[i] - reach;
          }) as [number, number];
          const { activation: _, padding: __, ...walk } = options;
          const back = nb.convTranspose2d(g, w, null, { ...walk, padding: p.padding, outputPadding: missing });
          expect(back.shape).toEqual(xShape);
          expect(Math.abs(nb.sum(y.mul(g)).item() - nb.sum(x.mul(back)).item())).toBeLessThan(1e-10);
        });
      }),
      { numRuns: 300 },
    );
  });

  it("adds bias and activation everywhere, rows that no input reaches included", () => {
    const x = nb.ones([1, 1, 2, 2]);
    const y = nb.convTranspose2d(x, nb.ones([1, 2, 1, 1]), tensor([1, -3]), {
      stride: 2,
      outputPadding: 1,
      activation: "relu",
    });
    expect(y.toArray()).toEqual([
      [Array(4).fill(0), Array(4).fill(0)].map((rows, o) =>
        rows.map((_, i) => [0, 1, 2, 3].map((j) => (o ? 0 : i % 2 || j % 2 ? 1 : 2))),
      ),
    ]);
    const cut = nb.convTranspose2d(x, nb.ones([1, 1, 3, 3]), tensor([10]), { padding: 1, stride: 2, outputPadding: 1 });
    expect(cut.toArray()).toEqual([
      [
        [
          [11, 12, 11, 11],
          [12, 14, 12, 12],
          [11, 12, 11, 11],
          [11, 12, 11, 11],
        ],
      ],
    ]);
  });
});

describe("gradients equal differences", () => {
  const weighted = (y: Tensor): Tensor =>
    nb.sum(y.mul(tensor(values([...y.shape], 9), { dtype: y.dtype, shape: y.shape })));

  it.each(["none", "sigmoid", "tanh", "relu"] as const)(
    "of conv2d by x, weights and bias, activation %s",
    (activation) => {
      const options = { stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 2, activation } as const;
      const inputs = [normal([2, 4, 5, 6], 1), normal([6, 2, 3, 2], 2), normal([6], 3)];
      expect(
        nb.checkGradients((x, w, b) => weighted(nb.conv2d(x!, w!, b, options)), inputs).maxRelativeError,
      ).toBeLessThan(1e-6);
    },
  );

  it.each(["none", "tanh"] as const)("of convTranspose2d, activation %s", (activation) => {
    const options = { stride: [2, 3], padding: 1, outputPadding: [1, 2], dilation: 2, groups: 2, activation } as const;
    const inputs = [normal([2, 4, 3, 2], 1), normal([4, 3, 2, 3], 2), normal([6], 3)];
    const check = nb.checkGradients((x, w, b) => weighted(nb.convTranspose2d(x!, w!, b, options)), inputs);
    expect(check.maxRelativeError).toBeLessThan(1e-6);
  });

  it("of conv1d", () => {
    const inputs = [normal([2, 4, 9], 1), normal([6, 2, 3], 2), normal([6], 3)];
    const options = { stride: 2, padding: 1, dilation: 2, groups: 2 };
    const check = nb.checkGradients((x, w, b) => weighted(nb.conv1d(x!, w!, b, options)), inputs);
    expect(check.maxRelativeError).toBeLessThan(1e-6);
  });

  it("of the gradients themselves (second order), for conv2d and convTranspose2d", () => {
    const options = { stride: [2, 1], padding: 1, activation: "tanh" } as const;
    const inputs = [normal([1, 2, 4, 5], 1), normal([3, 2, 3, 2], 2), normal([3], 3)];
    const second =
      (f: (...inputs: readonly Tensor[]) => Tensor) =>
      (...inputs: readonly Tensor[]): Tensor => {
        const [, gradients] = nb.valueAndGrad(f)(...inputs);
        return gradients.map((g) => nb.sum(nb.square(g))).reduce((a, b) => a.add(b));
      };
    const conv = second((x, w, b) => nb.sum(nb.square(nb.conv2d(x!, w!, b, options))));
    expect(nb.checkGradients(conv, inputs).maxRelativeError).toBeLessThan(1e-6);
    const transposed = [normal([1, 3, 2, 3], 1), normal([3, 2, 3, 2], 2), normal([2], 3)];
    const f = second((x, w, b) => nb.sum(nb.square(nb.convTranspose2d(x!, w!, b, options))));
    expect(nb.checkGradients(f, transposed).maxRelativeError).toBeLessThan(1e-6);
  });

  test("backward adds up over two uses of the same weights and over two calls", () => {
    const x = normal([2, 2, 5, 5], 1);
    const make = () => [normal([2, 2, 3, 3], 2).requireGradient(), normal([2], 3).requireGradient()] as const;
    const [w, b] = make();
    const twice = (v: Tensor, c: Tensor): Tensor => nb.sum(nb.conv2d(nb.conv2d(x, v, c), v, c));
    nb.backward(twice(w, b));
    const [dw, db] = [w.gradient!.dataSync(), b.gradient!.dataSync()];
    const [, [fw, fb]] = nb.valueAndGrad(twice)(w, b);
    expect(largestDifference(dw, fw!.dataSync())).toBeLessThan(1e-11);
    expect(largestDifference(db, fb!.dataSync())).toBeLessThan(1e-11);
    nb.backward(twice(w, b));
    expect(
      largestDifference(
        w.gradient!.dataSync(),
        dw.map((v) => 2 * v),
      ),
    ).toBeLessThan(1e-10);
    expect(
      largestDifference(
        b.gradient!.dataSync(),
        db.map((v) => 2 * v),
      ),
    ).toBeLessThan(1e-10);
  });
});

describe("Deep Learning from Zero, part 4", () => {
  // biome-ignore format: as the source prints them
  const a = tensor([[
    [[0,1,1,0,2],[2,2,2,2,1],[1,0,0,2,0],[0,1,1,0,0],[1,2,0,0,2]],
    [[1,0,2,2,0],[0,0,0,2,0],[1,2,1,2,1],[1,0,0,0,0],[1,2,1,1,1]],
    [[2,1,2,0,0],[1,0,0,1,0],[0,2,1,0,1],[0,1,2,2,2],[2,1,0,0,1]],
  ]]);
  // biome-ignore format: as the source prints them
  const filters = tensor([
    [[[-1,1,0],[0,1,0],[0,1,1]], [[-1,-1,0],[0,0,0],[0,-1,0]], [[0,0,-1],[0,1,0],[1,-1,-1]]],
    [[[1,1,-1],[-1,-1,1],[0,-1,1]], [[0,1,0],[-1,0,-1],[-1,1,0]], [[-1,0,0],[-1,0,1],[-1,0,0]]],
  ]);
  const options = { padding: 1, stride: 2 };

  test("forward of the 5x5x3 example, padding 1, stride 2", () => {
    const y = nb.conv2d(a, filters, tensor([1, 0]), options);
    expect(y.toArray()).toEqual([
      [
        [
          [6, 7, 5],
          [3, -1, -1],
          [2, -1, 4],
        ],
        [
          [2, -5, -8],
          [1, -4, -4],
          [0, -5, -5],
        ],
      ],
    ]);
  });

  test("its gradients for a sensitivity map of ones", () => {
    const f = (x: Tensor, w: Tensor, b: Tensor): Tensor => nb.sum(nb.conv2d(x, w, b, options));
    const [dx, dw, db] = nb.grad(f)(a, filters, tensor([1, 0])) as [Tensor, Tensor, Tensor];
    const each = [
      [
        [5, 6, 5],
        [5, 7, 5],
        [5, 6, 5],
      ],
      [
        [2, 1, 2],
        [9, 9, 9],
        [2, 1, 2],
      ],
      [
        [4, 5, 4],
        [4, 9, 4],
        [4, 5, 4],
      ],
    ];
    expect(dw.toArray()).toEqual([each, each]);
    expect(db.toArray()).toEqual([9, 9]);
    const alternating = (even: number[], odd: number[]): number[][] => [even, odd, even, odd, even];
    expect(dx.toArray()).toEqual([
      [
        alternating([0, 0, 0, 0, 0], [2, 1, 2, 1, 2]),
        alternating([0, -2, 0, -2, 0], [0, -2, 0, -2, 0]),
        alternating([1, 0, 1, 0, 1], [-1, -3, -1, -3, -1]),
      ],
    ]);
  });
});

describe("conv2d says what does not fit", () => {
  const x = nb.zeros([1, 4, 5, 5]);
  const cases: [string, () => unknown, RegExp][] = [
    [
      "rank of x",
      () => nb.conv2d(nb.zeros([4, 5, 5]), nb.zeros([2, 4, 3, 3])),
      /x must be \[batch, channels, height, width\], got shape \(4, 5, 5\)/,
    ],
    ["rank of weights", () => nb.conv2d(x, nb.zeros([2, 4, 3])), /weights must have 4 axes.*\(2, 4, 3\)/],
    ["channels", () => nb.conv2d(x, nb.zeros([2, 3, 3, 3])), /are for 3 channels, but x of shape \(1, 4, 5, 5\) has 4/],
    [
      "groups",
      () => nb.conv2d(x, nb.zeros([6, 4, 3, 3]), null, { groups: 3 }),
      /4 channels can't be divided into 3 groups/,
    ],
    ["kernel", () => nb.conv2d(x, nb.zeros([2, 4, 3, 6])), /kernel of 3 by 6 is larger than the padded input, 5 by 5/],
    ["dilation", () => nb.conv2d(x, nb.zeros([2, 4, 3, 3]), null, { dilation: 3 }), /with dilation 3, 3 is larger/],
    [
      "stride",
      () => nb.conv2d(x, nb.zeros([2, 4, 3, 3]), null, { stride: 0 }),
      /stride must be a whole number of at least 1.*got 0/,
    ],
    [
      "padding",
      () => nb.conv2d(x, nb.zeros([2, 4, 3, 3]), null, { padding: [1, 0.5] }),
      /padding must be a whole number of at least 0.*got \[1, 0\.5\]/,
    ],
    ["bias", () => nb.conv2d(x, nb.zeros([2, 4, 3, 3]), nb.zeros([3])), /bias must have shape \(2,\), got \(3,\)/],
    ["no tensor", () => nb.conv2d([[1]] as unknown as Tensor, x), /needs a tensor, got \[\[1\]\]; wrap it/],
    ["empty kernel", () => nb.conv2d(x, nb.zeros([2, 4, 0, 3])), /every length must be at least 1/],
    ["size", () => nb.conv2d(x, nb.zeros([2, 4, 3, 3]), null, { padding: 2 ** 20 }), /at most 2147483647 are possible/],
    [
      "transposed channels",
      () => nb.convTranspose2d(x, nb.zeros([3, 2, 3, 3])),
      /are for 3 input channels, x \(1, 4, 5, 5\) has 4/,
    ],
    [
      "output padding",
      () => nb.convTranspose2d(x, nb.zeros([4, 2, 3, 3]), null, { outputPadding: 1 }),
      /outputPadding 1 must be less than the stride 1 or the dilation 1/,
    ],
    [
      "nothing left",
      () => nb.convTranspose2d(x, nb.zeros([4, 2, 1, 1]), null, { padding: 3 }),
      /leaves an output of -1 by -1/,
    ],
    ["1-d rank", () => nb.conv1d(x, x), /x must be \[batch, channels, length\]/],
    [
      "1-d stride",
      () => nb.conv1d(nb.zeros([1, 2, 5]), nb.zeros([1, 2, 2]), null, { stride: [1, 1] as unknown as number }),
      /stride/,
    ],
  ];
  it.each(cases)("%s", (_, call, message) => {
    expect(call).toThrow(message);
  });
});
