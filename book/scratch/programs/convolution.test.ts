// im2col and its transpose, Convolution, Pooling and SimpleConvNet: against loops, differences and the framework; bad input.
import { backward, conv2d, maxPool2d, tensor } from "nabla";
import { describe, expect, it, test } from "vitest";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { checkLayer } from "../chapter5/5.5-layers.ts";
import { Convolution, Pooling } from "./convolution.ts";
import { col2im, im2col, type Shape, type Windows } from "./im2col.ts";
import { deepConvNetParameters, SimpleConvNet } from "./simple-conv-net.ts";

const noise = (rows: number, columns: number, random: Random) => Matrix.fill(rows, columns, () => random.normal());

describe("im2col", () => {
  it("of 1 to 9 in windows of 2x2: 1245, 2356, 4578, 5689; col2im counts each element as often as windows hold it", () => {
    const x = Matrix.row([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const windows: Windows = { height: 2, width: 2, stride: 1, pad: 0 };
    const col = im2col(x, [1, 3, 3], windows);
    expect(col.toRows()).toEqual([
      [1, 2, 4, 5],
      [2, 3, 5, 6],
      [4, 5, 7, 8],
      [5, 6, 8, 9],
    ]);
    expect([...col2im(col, 1, [1, 3, 3], windows).values]).toEqual([1, 4, 3, 8, 20, 12, 7, 16, 9]);
  });

  it("has shape (N OH OW, C FH FW): (90, 75) for 10 images of 3x7x7, filters of 5x5", () => {
    const windows: Windows = { height: 5, width: 5, stride: 1, pad: 0 };
    expect(im2col(new Matrix(1, 147), [3, 7, 7], windows).shape).toEqual([9, 75]);
    expect(im2col(new Matrix(10, 147), [3, 7, 7], windows).shape).toEqual([90, 75]);
  });

  it.each([
    [[2, 6, 5], { height: 3, width: 2, stride: 1, pad: 0 }],
    [[3, 5, 5], { height: 3, width: 3, stride: 2, pad: 1 }],
    [[1, 4, 7], { height: 2, width: 3, stride: 2, pad: 0 }],
    [[2, 3, 3], { height: 2, width: 2, stride: 1, pad: 2 }],
  ] as const)("and col2im are transposes of each other: %o, %o", (shape: Shape, windows: Windows) => {
    const random = new Random(3);
    const x = noise(2, shape[0] * shape[1] * shape[2], random);
    const col = im2col(x, shape, windows);
    const y = noise(col.rows, col.columns, random);
    expect(col.times(y).sum()).toBeCloseTo(x.times(col2im(y, 2, shape, windows)).sum(), 11);
  });
});

describe("Convolution and Pooling", () => {
  it.each([
    ["a filter of 3x2", [2, 6, 5], [3, 2], 1, 0],
    ["stride 2, padding 1", [3, 5, 5], [3, 3], 2, 1],
  ] as const)("%s: loops, differences and the framework agree", (_, shape: Shape, filter, stride, pad) => {
    const random = new Random(4);
    const [channels, height, width] = shape;
    const [fh, fw] = filter;
    const W = noise(4, channels * fh * fw, random);
    const layer = new Convolution(W, noise(1, 4, random), shape, filter, stride, pad);
    const x = noise(3, channels * height * width, random);
    const out = layer.forward(x);
    const [, down, across] = layer.outputShape;
    for (let n = 0; n < 3; n++) {
      for (let f = 0; f < 4; f++) {
        for (let i = 0; i < down; i++) {
          for (let j = 0; j < across; j++) {
            let sum = layer.b.values[f];
            for (let c = 0; c < channels; c++) {
              for (let m = 0; m < fh; m++) {
                for (let k = 0; k < fw; k++) {
                  const [row, column] = [i * stride + m - pad, j * stride + k - pad];
                  if (row < 0 || row >= height || column < 0 || column >= width) continue;
                  sum += W.at(f, (c * fh + m) * fw + k) * x.at(n, (c * height + row) * width + column);
                }
              }
            }
            expect(out.at(n, (f * down + i) * across + j)).toBeCloseTo(sum, 12);
          }
        }
      }
    }
    expect(checkLayer(layer, x, 2)).toBeLessThan(1e-8);
    const of = (values: Float64Array, shape: number[]) => tensor(values, { shape, dtype: "float64" }).requireGradient();
    const [tx, tw, tb] = [
      of(x.values, [3, channels, height, width]),
      of(W.values, [4, channels, fh, fw]),
      of(layer.b.values, [4]),
    ];
    const result = conv2d(tx, tw, tb, { stride, padding: pad });
    expect(result.shape).toEqual([3, 4, down, across]);
    backward(result.square().sum());
    layer.forward(x);
    const dx = layer.backward(out.map((value) => 2 * value));
    for (const [byHand, framework] of [
      [dx, tx],
      [layer.dW, tw],
      [layer.db, tb],
    ] as const) {
      const expected = framework.gradient!.flatten().toArray() as number[];
      byHand.values.forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i], 10);
      });
    }
  });

  it.each([
    [2, 2, 0],
    [3, 1, 0],
    [2, 2, 1],
  ])("pool %i, stride %i, padding %i: maxima of the framework, gradient by differences", (pool, stride, pad) => {
    const random = new Random(6);
    const layer = new Pooling([2, 6, 6], [pool, pool], stride, pad);
    // Above zero, so that padding never holds the maximum.
    const x = Matrix.fill(2, 72, () => random.uniform(0.1, 2));
    const expected = maxPool2d(tensor(x.values, { shape: [2, 2, 6, 6], dtype: "float64" }), pool, {
      stride,
      padding: pad,
    });
    expect([...layer.forward(x).values]).toEqual(expected.flatten().toArray());
    expect(layer.outputShape).toEqual(expected.shape.slice(1));
    expect(checkLayer(layer, x, 3)).toBeLessThan(1e-8);
  });

  it("1124/5678/3210/1234: 68/34; overlapping windows add up, 4 in the middle", () => {
    const layer = new Pooling([1, 4, 4], [2, 2], 2);
    expect([...layer.forward(Matrix.row([1, 1, 2, 4, 5, 6, 7, 8, 3, 2, 1, 0, 1, 2, 3, 4])).values]).toEqual([
      6, 8, 3, 4,
    ]);
    const overlapping = new Pooling([1, 3, 3], [2, 2]);
    overlapping.forward(Matrix.row([1, 2, 3, 4, 9, 5, 6, 7, 8]));
    expect(overlapping.backward(Matrix.row([1, 1, 1, 1])).at(0, 4)).toBe(4);
  });
});

test("SimpleConvNet by backpropagation and by differences", () => {
  const network = new SimpleConvNet({
    inputDim: [1, 10, 10],
    convParam: { filterNum: 3, filterSize: 3, pad: 0, stride: 1 },
    hiddenSize: 4,
    outputSize: 3,
    weightInitStd: 0.5,
    seed: 2,
    delta: 0,
  });
  const random = new Random(1);
  const [x, t] = [noise(2, 100, random), [2, 0]];
  const [exact, numeric] = [network.gradient(x, t), network.numericalGradient(x, t)];
  for (const key of ["W1", "b1", "W2", "b2", "W3", "b3"]) {
    expect(Math.max(...exact[key].minus(numeric[key]).values.map(Math.abs)), key).toBeLessThan(1e-7);
    expect(exact[key].norm(), key).toBeGreaterThan(1e-3);
  }
});

test("parameters: SimpleConvNet 433,890, DeepConvNet 123,552", () => {
  expect(new SimpleConvNet().parameterCount).toBe(433_890);
  expect(deepConvNetParameters().reduce((sum, count) => sum + count)).toBe(123_552);
});

test("bad input names the remedy", () => {
  const W = new Matrix(2, 9);
  const b = new Matrix(1, 2);
  expect(() => new Convolution(W, b, [1, 6, 6], [3, 3], 2)).toThrow(
    "Convolution: height 6 does not divide: (6 - 3 + 2 * 0) / 2 + 1 = 2.5; height 5 or 7 would",
  );
  expect(() => new Convolution(W, b, [1, 2, 6], [3, 3])).toThrow("a window of 3 is larger than the padded height");
  expect(() => new Convolution(W, b, [2, 6, 6], [3, 3])).toThrow(
    "filters of 2 * 3 * 3 weights need rows of 18, W has 9",
  );
  expect(() => new Convolution(W, b, [1, 6, 6], [3, 3]).forward(new Matrix(1, 35))).toThrow(
    "Convolution: takes rows of 1 * 6 * 6 = 36 numbers, got 35",
  );
  expect(() => new Pooling([1, 5, 4], [2, 2], 2)).toThrow("Pooling: height 5 does not divide");
});
