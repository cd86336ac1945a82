// Pooling's options, adaptive bins and resizing against PyTorch's values and gradients (1.13, float64): x_k = sin(1.7 k + 0.3), the gradient is that of
// sum_k y_k cos(0.9 k).
import { describe, expect, it } from "vitest";
import {
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  arange,
  avgPool1d,
  avgPool2d,
  expectGradients,
  grad,
  l2Pool2d,
  maxPool1d,
  maxPool2d,
  pad,
  resize,
  type Tensor,
  tensor,
  zeros,
} from "../node.ts";

const functions: Record<string, (x: Tensor) => Tensor> = {
  "max ceil": (x) => maxPool2d(x, 2, { ceilMode: true }),
  "max ceil padding": (x) => maxPool2d(x, 3, { stride: 2, padding: 1, ceilMode: true }),
  "max dilation": (x) => maxPool2d(x, 2, { stride: 1, padding: 1, dilation: 2 }),
  "max dilation ceil": (x) => maxPool2d(x, 2, { stride: [2, 3], dilation: [2, 1], ceilMode: true }),
  "avg without padding": (x) => avgPool2d(x, 3, { stride: 2, padding: 1, countIncludePadding: false }),
  "avg ceil": (x) => avgPool2d(x, 3, { stride: 2, padding: 1, ceilMode: true }),
  "avg ceil without padding": (x) =>
    avgPool2d(x, 3, { stride: 2, padding: 1, ceilMode: true, countIncludePadding: false }),
  "adaptive avg": (x) => adaptiveAvgPool2d(x, [2, 3]),
  "adaptive max": (x) => adaptiveMaxPool2d(x, [2, 3]),
  "adaptive avg up": (x) => adaptiveAvgPool2d(x, [3, 2]),
  bilinear: (x) => resize(x, [3, 7]),
  "bilinear corners": (x) => resize(x, [5, 2], { alignCorners: true }),
  nearest: (x) => resize(x, [5, 4], { method: "nearest" }),
};

type Case = [name: string, shape: number[], out: number[], y: number[], slope: number[]];

// biome-ignore format: a function a row
const cases: Case[] = [
  ["max ceil", [1, 1, 5, 3], [1, 1, 3, 2], [0.909297427, 0.584917193, 0.107753652, 0.972007501, 0.961152725, -0.858707003], [0, 1, 0, 0, 0, 0.621609968, 0, 0, -0.904072142, -0.227202095, 0, 0, -0.896758416, 0, -0.210795799]],
  ["max ceil padding", [1, 1, 4, 4], [1, 1, 3, 3], [0.909297427, 0.909297427, -0.358229282, 0.972007501, 0.618835022, 0.618835022, 0.961152725, 0.618835022, 0.618835022], [0, 1.62160997, 0, 0, 0, 0, 0, -0.227202095, -0.904072142, 0, 0, 0, 0.634692876, 0, 0, 0.500655735]],
  ["max dilation", [1, 1, 4, 3], [1, 1, 4, 3], [0.72896904, 0.584917193, 0.72896904, 0.909297427, 0.972007501, 0.909297427, 0.72896904, 0.584917193, 0.72896904, -0.358229282, 0.972007501, -0.358229282], [0, -1.11486794, 0, 0, 2.0158421, 1.6214686, 0, -1.13273531, -1.80788868, 0, 0, 0]],
  ["max dilation ceil", [1, 1, 6, 4], [1, 1, 3, 2], [0.972007501, 0.14987721, 0.972007501, 0.926150021, 0.699240032, 0.926150021], [0, 0, 0, 0, 0, 0, 0, 0, 0.772797905, 0, 0, 0.621609968, 0, 0, 0, 0, -0.896758416, 0, 0, -1.11486794, 0, 0, 0, 0]],
  ["avg without padding", [1, 1, 4, 5], [1, 1, 2, 3], [0.227509767, -0.109870124, 0.258991427, 0.0288998775, -0.0161739702, 0.0427179156], [0.25, 0.353601661, 0.103601661, 0.0468011377, -0.0568005237, 0.0993213097, 0.103283147, 0.00396183734, -0.0879713196, -0.0919331569, -0.15067869, -0.250318514, -0.099639824, -0.134772457, -0.0351326332, -0.15067869, -0.250318514, -0.099639824, -0.134772457, -0.0351326332]],
  ["avg ceil", [1, 1, 4, 4], [1, 1, 3, 3], [0.279855985, -0.116256783, -0.188498962, 0.328582714, -0.22584212, 0.0684138249, 0.0939328402, -0.106237944, 0.154708756], [0.111111111, 0.180178885, 0.0690677743, 0.0312007585, 0.0106586509, -0.0199133989, -0.0305720498, -0.103571699, -0.10045246, -0.200092284, -0.099639824, -0.134772457, 0.00532968577, 0.0723329678, 0.067003282, 0.183958477]],
  ["avg ceil without padding", [1, 1, 4, 4], [1, 1, 3, 3], [0.629675967, -0.174385175, -0.565496885, 0.492874071, -0.22584212, 0.13682765, 0.281798521, -0.212475888, 0.618835022], [0.25, 0.353601661, 0.103601661, -0.00999938597, 0.0993213097, 0.103283147, 0.00396183734, -0.179904476, -0.15067869, -0.250318514, -0.099639824, -0.169905091, 0.166667748, 0.400314136, 0.233646388, 0.771732436]],
  ["adaptive avg", [1, 1, 5, 4], [1, 1, 2, 3], [0.59974417, -0.134556343, -0.565070482, 0.257262791, -0.57344099, -0.109493363], [0.166666667, 0.270268328, 0.0657346456, -0.0378670158, 0.166666667, 0.270268328, 0.0657346456, -0.0378670158, 0.0159879763, -0.0298700983, -0.118857724, -0.072999649, -0.15067869, -0.300138426, -0.184592369, -0.0351326332, -0.15067869, -0.300138426, -0.184592369, -0.0351326332]],
  ["adaptive max", [1, 1, 5, 4], [1, 1, 2, 3], [0.972007501, 0.909297427, 0.14987721, 0.972007501, 0.107753652, 0.926150021], [0, 0.621609968, 0, 0, 0, 0, 0, 0, 0.095927858, -0.896758416, 0, -0.227202095, 0, 0, 0, 0, 0, 0, 0, -0.210795799]],
  ["adaptive avg up", [1, 1, 2, 2], [1, 1, 3, 2], [0.295520207, 0.909297427, -0.117157967, 0.0682664696, -0.529836141, -0.772764488], [0.886398953, 0.169573897, -1.01035946, -0.66283187]],
  ["bilinear", [1, 1, 4, 3], [1, 1, 3, 7], [0.117472758, 0.226297034, 0.552769865, 0.879242696, 0.354977004, -0.169288688, -0.344043919, -0.826230124, -0.681715838, -0.248172979, 0.185369879, 0.439552365, 0.693734852, 0.778462347, -0.0568212497, -0.176253963, -0.534552101, -0.89285024, -0.387243455, 0.11836333, 0.286898925], [1.19619685, -1.23970629, 0.0580714388, 0.947702647, -0.997572091, 0.0615872502, 0.941465992, -1.00137281, 0.0716692734, 1.16501357, -1.25870991, 0.108481555]],
  ["bilinear corners", [1, 1, 3, 4], [1, 1, 5, 2], [0.295520207, -0.772764488, 0.512244623, -0.565496885, 0.72896904, -0.358229282, 0.850488271, -0.104176036, 0.972007501, 0.14987721], [0.886398953, 0, 0, 0.169573897, -0.693013026, 0, 0, -0.162902552, 0.925697753, 0, 0, 0.256385164]],
  ["nearest", [1, 1, 3, 6], [1, 1, 5, 4], [0.295520207, -0.529836141, -0.772764488, 0.584917193, 0.295520207, -0.529836141, -0.772764488, 0.584917193, -0.87969576, 0.972007501, 0.107753652, 0.14987721, 0.961152725, -0.858707003, 0.618835022, -0.799021479, 0.961152725, -0.858707003, 0.618835022, -0.799021479], [0.103241584, 0, 0.410814169, 0.407490781, 0, 0.0957864944, 0.608351315, 0, -0.243544154, -0.911130262, 0, -0.889191153, -0.454147263, 0, -0.270334442, 0.118062095, 0, 0.417111592]],
];

const image = (shape: number[], dtype: "float32" | "float64"): Tensor =>
  arange(
    0,
    shape.reduce((a, b) => a * b),
    1,
    "float64",
  )
    .mul(1.7)
    .add(0.3)
    .sin()
    .reshape(shape)
    .cast(dtype);

function near(actual: Tensor, expected: readonly number[], tolerance: number): void {
  const values = [...actual.dataSync()];
  expect(values).toHaveLength(expected.length);
  values.forEach((value, i) => {
    expect(Math.abs(value - expected[i]), `element ${i}: ${value}, not ${expected[i]}`).toBeLessThan(tolerance);
  });
}

describe.each(["float32", "float64"] as const)("PyTorch's values and gradients, %s", (dtype) => {
  it.each(cases)("%s", (name, shape, out, y, slope) => {
    const f = functions[name];
    const x = image(shape, dtype);
    const tolerance = dtype === "float64" ? 2e-8 : 2e-6;
    expect(f(x).shape).toEqual(out);
    near(f(x), y, tolerance);
    const weights = arange(0, y.length, 1, "float64").mul(0.9).cos().reshape(out).cast(dtype);
    near(grad((z: Tensor) => f(z).mul(weights).sum())(x), slope, tolerance);
  });
});

describe("the same by another way", () => {
  it.each(Object.entries(functions))("%s: gradients and gradients of gradients against differences", (_, f) => {
    const x = image([2, 1, 6, 6], "float64");
    expectGradients((z) => f(z).square().sum(), [x], { tolerance: 1e-6 });
    expectGradients(
      (z) =>
        grad((a: Tensor) => f(a).square().mul(f(a)).sum())(z)
          .square()
          .sum(),
      [x],
      { tolerance: 1e-6 },
    );
  });

  it("one axis is one row of two", () => {
    const x = image([1, 2, 9], "float64");
    const row = x.reshape([1, 2, 1, 9]);
    const flat = (y: Tensor): unknown => y.reshape([1, 2, -1]).toArray();
    expect(maxPool1d(x, 2, { dilation: 3, stride: 2, padding: 1, ceilMode: true }).toArray()).toEqual(
      flat(maxPool2d(row, [1, 2], { dilation: [1, 3], stride: [1, 2], padding: [0, 1], ceilMode: true })),
    );
    expect(avgPool1d(x, 4, { stride: 3, padding: 2, ceilMode: true, countIncludePadding: false }).toArray()).toEqual(
      flat(avgPool2d(row, [1, 4], { stride: [1, 3], padding: [0, 2], ceilMode: true, countIncludePadding: false })),
    );
  });

  it("adaptive bins that divide the image are windows; of one bin the mean and the largest of all", () => {
    const x = image([2, 3, 6, 4], "float64");
    near(adaptiveAvgPool2d(x, [3, 2]), [...avgPool2d(x, 2).dataSync()], 1e-14);
    expect(adaptiveMaxPool2d(x, [3, 2]).toArray()).toEqual(maxPool2d(x, 2).toArray());
    near(adaptiveAvgPool2d(x, 1), [...x.mean([2, 3]).dataSync()], 1e-14);
    expect(adaptiveMaxPool2d(x, [6, 4]).toArray()).toEqual(x.toArray());
  });

  it("more results than bins: each bin is computed once, and its gradient adds up", () => {
    const x = image([1, 2, 2, 3], "float64");
    for (const pool of [adaptiveAvgPool2d, adaptiveMaxPool2d]) {
      // Bins of one element each, four of them in a row.
      expect(pool(x, [8, 12]).toArray()).toEqual(resize(x, [8, 12], { method: "nearest" }).toArray());
      expect(grad((z: Tensor) => pool(z, [8, 12]).sum())(x).dataSync()).toEqual(new Float64Array(12).fill(16));
      expect(pool(x, [1, 100_000]).shape).toEqual([1, 2, 1, 100_000]);
    }
  });

  it("equal elements: the gradient goes to the first, row by row, with dilation too; NaN wins", () => {
    const ones = tensor([
      [
        [
          [1, 1, 1],
          [1, 1, 1],
          [1, 1, 1],
        ],
      ],
    ]);
    const slope = (f: (x: Tensor) => Tensor): unknown => grad((z: Tensor) => f(z).sum())(ones).toArray();
    expect(slope((x) => maxPool2d(x, 2, { dilation: 2 }))).toEqual([
      [
        [
          [1, 0, 0],
          [0, 0, 0],
          [0, 0, 0],
        ],
      ],
    ]);
    expect(slope((x) => adaptiveMaxPool2d(x, 1))).toEqual([
      [
        [
          [1, 0, 0],
          [0, 0, 0],
          [0, 0, 0],
        ],
      ],
    ]);
    const spoiled = tensor([
      [
        [
          [1, 0, Number.NaN],
          [0, 0, 0],
          [3, 0, 2],
        ],
      ],
    ]);
    expect(maxPool2d(spoiled, 2, { dilation: 2 }).toArray()).toEqual([[[[Number.NaN]]]]);
  });

  it("a size resized to itself is the same image, and what is constant stays constant", () => {
    const x = image([1, 2, 3, 5], "float64");
    for (const options of [{}, { alignCorners: true }, { method: "nearest" }] as const) {
      expect(resize(x, [3, 5], options).toArray()).toEqual(x.toArray());
      near(resize(zeros([1, 1, 2, 2], "float64").add(7), [5, 3], options), new Array<number>(15).fill(7), 1e-14);
    }
    expect(resize(tensor([[[[1, 2]]]], "int32"), [1, 2]).dtype).toBe("float32");
  });
});

describe("what can't be is an error that says why", () => {
  const x = zeros([1, 1, 4, 4]);
  it("options", () => {
    expect(() => maxPool2d(x, 2, { countIncludePadding: true } as object)).toThrow(
      "maxPool2d: there is no option countIncludePadding",
    );
    expect(() => avgPool2d(x, 2, { dilation: 2 } as object)).toThrow("avgPool2d: there is no option dilation");
    expect(() => l2Pool2d(x, 2, { dilation: 2 } as object)).toThrow("l2Pool2d: there is no option dilation");
    expect(() => maxPool2d(x, 2, { dilation: 0 })).toThrow("dilation must be a whole number of at least 1");
    expect(() => maxPool2d(x, 2, { dilation: 4 })).toThrow(
      "a window of 5 by 5 is larger than the padded input, 4 by 4",
    );
    expect(() => avgPool2d(x, 2, { ceilMode: 1 as unknown as boolean })).toThrow(
      "avgPool2d: ceilMode must be true or false",
    );
    expect(() => resize(x, 2, { method: "bicubic" as "nearest" })).toThrow(
      "resize: method must be one of nearest, bilinear",
    );
    expect(() => resize(x, 2, { method: "nearest", alignCorners: true })).toThrow("alignCorners is for bilinear");
  });

  it("shapes and sizes", () => {
    expect(() => adaptiveAvgPool2d(zeros([4, 4]), 2)).toThrow(
      "adaptiveAvgPool2d: x must be [batch, channels, height, width]",
    );
    expect(() => adaptiveMaxPool2d(x, 0)).toThrow("outputSize must be a whole number of at least 1");
    expect(() => resize(zeros([1, 1, 0, 2]), 2)).toThrow(
      "resize: x must be [batch, channels, height, width] with rows and columns",
    );
    expect(() => resize(x, [1, 2.5])).toThrow("resize: size must be a whole number of at least 1");
  });
});

describe('padding "same": as much as makes the output input / stride long, rounded up, an odd row or column after', () => {
  const x = image([2, 2, 5, 7], "float64");
  const around = (y: Tensor, value: number, size: number, stride: number): Tensor => {
    const sides = [5, 7].map((length): [number, number] => {
      const total = Math.max(0, (Math.ceil(length / stride) - 1) * stride + size - length);
      return [Math.floor(total / 2), Math.ceil(total / 2)];
    });
    return pad(y, [[0, 0], [0, 0], ...sides], "constant", value);
  };
  it.each([
    [2, 1],
    [2, 2],
    [3, 1],
    [3, 2],
    [1, 2],
    [4, 3],
    [2, 3],
  ])("windows of %i, %i apart", (size, stride) => {
    const settings = { stride, padding: "same" } as const;
    const same = (a: Tensor, b: Tensor): void => {
      expect(a.shape).toEqual([2, 2, Math.ceil(5 / stride), Math.ceil(7 / stride)]);
      near(a, [...b.dataSync()], 1e-12);
    };
    same(maxPool2d(x, size, settings), maxPool2d(around(x, Number.NEGATIVE_INFINITY, size, stride), size, { stride }));
    const total = avgPool2d(around(x, 0, size, stride), size, { stride });
    same(avgPool2d(x, size, { ...settings, countIncludePadding: true }), total);
    // The mean over the image alone is the default here.
    const share = avgPool2d(around(x.mul(0).add(1), 0, size, stride), size, { stride });
    same(avgPool2d(x, size, settings), total.div(share));
    same(
      l2Pool2d(x, size, settings),
      avgPool2d(around(x.square(), 0, size, stride), size, { stride })
        .mul(size ** 2)
        .sqrt(),
    );
    expectGradients((y) => avgPool2d(y, size, settings).square().sum(), [x.slice(0, 1)]);
    expectGradients((y) => maxPool2d(y, size, settings).square().sum(), [x.slice(0, 1)]);
  });

  it("along one axis, and with gaps", () => {
    const row = tensor([[[1, 5, 2, 4, 3]]]);
    expect(maxPool1d(row, 2, { stride: 1, padding: "same" }).toArray()).toEqual([[[5, 5, 4, 4, 3]]]);
    expect(maxPool1d(row, 2, { stride: 1, padding: "same", dilation: 2 }).toArray()).toEqual([[[5, 2, 5, 3, 4]]]);
    expect(avgPool1d(row, 2, { stride: 2, padding: "same" }).toArray()).toEqual([[[3, 3, 3]]]);
    expect(maxPool1d(row, 2, { padding: "valid" }).toArray()).toEqual([[[5, 4]]]);
  });

  it("is one of two names", () => {
    expect(() => maxPool2d(x, 2, { padding: "full" as never })).toThrow(
      /maxPool2d: padding must be a whole number from 0 on, a pair of them, "same" or "valid", got "full"/,
    );
  });
});
