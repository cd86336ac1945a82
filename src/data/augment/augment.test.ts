// Augmentations: what they do to pixels, and chance that follows from seed, epoch and sample alone.
import { describe, expect, test } from "vitest";
import { arange, imageDataset, memory, ones, scope, type Tensor, tensor, zeros } from "../../index.ts";
import { Dataset } from "../dataset/dataset.ts";
import { drawDigits } from "../digits.ts";
import { philoxStream } from "../philox.ts";
import { augment } from "./augment.ts";
import { displacements, gaussianWeights } from "./elastic.ts";
import type { Augmentation } from "./pictures.ts";

const all: [string, Augmentation][] = [
  ["shift", augment.shift(3, { seed: 5 })],
  ["rotate", augment.rotate(30, { seed: 5 })],
  ["skew", augment.skew(20, { seed: 5 })],
  ["elastic", augment.elastic({ alpha: 20, sigma: 3, seed: 5 })],
  ["crop", augment.crop([6, 7], { padding: 1, seed: 5 })],
  ["flip", augment.flip({ seed: 5 })],
  ["flip up and down", augment.flip({ direction: "vertical", seed: 5 })],
  ["cutout", augment.cutout(4, { seed: 5 })],
  ["normalize", augment.normalize([0.1, 0.2, 0.3], 2)],
];
const pictures = (): Tensor =>
  arange(6 * 3 * 8 * 9)
    .reshape([6, 3, 8, 9])
    .mul(0.001)
    .add(1);
const at = (index: number, epoch = 0) => ({ epoch, index, samples: 1, batched: false });

describe.each(all)("%s", (name, change) => {
  test("one by one and in batches of any size to the same bits; another epoch gives others; a restored pass the same", async () => {
    const data = Dataset.fromTensors({ x: pictures(), y: arange(6) }).shuffle({ seed: 2 });
    const values = async (changed: Dataset<{ x: Tensor; y: Tensor }>, epoch = 0) => {
      const found: unknown[] = [];
      for await (const { x } of changed.iterate({ epoch })) found.push(...(x.toArray() as unknown[]));
      return found;
    };
    const alone = await values(data.map(change).batch(6));
    for (const size of [1, 4, 6]) expect(await values(data.batch(size).map(change))).toEqual(alone);
    if (name !== "normalize") {
      const later = await Promise.all(
        [1, 2, 3].map((index) => scope(() => change(pictures().get(0), at(0, index)).toArray())),
      );
      expect(new Set(later.map((picture) => JSON.stringify(picture))).size).toBeGreaterThan(1);
    }
    const rest: unknown[] = [];
    for await (const { x } of data.map(change).restore({ epoch: 0, taken: 4 })) rest.push(x.toArray());
    expect(rest).toEqual(alone.slice(4));
  });

  test("grey pictures without channels, in float64, alone and in a batch", async () => {
    if (name === "normalize")
      return expect(() => change(ones([4, 4]))).toThrow("augment.normalize: 3 numbers for 1 channels");
    const grey = tensor(
      Float64Array.from({ length: 4 * 72 }, (_, k) => k),
      { shape: [4, 8, 9] },
    );
    const [batch] = await Dataset.fromTensors(grey).batch(4).map(change).toArray();
    expect(batch.dtype).toBe("float64");
    expect(batch.shape.slice(0, 1)).toEqual([4]);
    expect(batch.get(2).toArray()).toEqual(change(grey.get(2), at(2)).toArray());
  });

  test("what is no picture is named", () => {
    const wrong = (value: unknown) => () => change(value);
    expect(wrong(ones([3]))).toThrow(/augment\.\w+: pictures must have shape .* got \(3,\)/);
    expect(wrong(tensor([[1]], "int32"))).toThrow("must be float32 or float64, got int32; cast them first");
    expect(wrong({ y: ones([2, 2]) })).toThrow('needs a tensor, or an element whose entry "x" is one');
    expect(wrong(5)).toThrow("got 5");
  });
});

const drawn = (change: Augmentation, x: Tensor, times = 200): number[][][] =>
  Array.from({ length: times }, (_, k) => scope(() => change(x, at(k)).toArray() as number[][]));

test("shift: every move of whole pixels within the bounds, and no other", () => {
  const x = zeros([5, 5]).toArray() as number[][];
  x[2][2] = 1;
  const places = new Set(
    drawn(augment.shift([1, 2]), tensor(x)).map((picture) => {
      const row = picture.findIndex((line) => line.includes(1));
      return `${row - 2},${picture[row].indexOf(1) - 2}`;
    }),
  );
  expect([...places].sort()).toEqual([-1, 0, 1].flatMap((y) => [-2, -1, 0, 1, 2].map((x) => `${y},${x}`)).sort());
  const edge = drawn(
    augment.shift(1, { fill: "edge" }),
    tensor([
      [1, 2],
      [3, 4],
    ]),
  );
  expect(edge.flat(2).every((value) => value > 0)).toBe(true);
});

test("rotate: a quarter turn puts every pixel elsewhere; 0 degrees leaves them", () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
  ]);
  expect(augment.rotate(0)(x).toArray()).toEqual(x.toArray());
  // Whatever the angle, the centre stays and the mean of a picture of one colour does, away from the edge.
  for (const picture of drawn(augment.rotate(180, { fill: "edge" }), x, 20)) expect(picture[1][1]).toBeCloseTo(5, 5);
});

test("rotate and skew keep what is linear: a ramp becomes the turned ramp", () => {
  const ramp = arange(9).reshape([1, 9]).broadcastTo([9, 9]);
  const picture = augment.rotate(40, { fill: "edge", seed: 3 })(ramp, at(1)).toArray() as number[][];
  const [across, down] = [picture[4][5] - picture[4][4], picture[5][4] - picture[4][4]];
  expect(across ** 2 + down ** 2).toBeCloseTo(1, 5);
  expect(Math.abs(Math.atan2(down, across)) * (180 / Math.PI)).toBeLessThanOrEqual(40);
  const skewed = augment.skew(30, { fill: "edge", seed: 3 })(ramp, at(1)).toArray() as number[][];
  expect(skewed[4]).toEqual((ramp.toArray() as number[][])[4]);
  expect(skewed[4][5] - skewed[4][4]).toBeCloseTo(1, 6);
  expect(Math.abs(skewed[5][4] - skewed[4][4])).toBeLessThanOrEqual(Math.tan(Math.PI / 6));
});

test("elastic: displacements are numbers of [-1, 1) convolved with the Gaussian, times alpha", () => {
  const weights = gaussianWeights(1.5);
  expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  const stream = philoxStream(3);
  stream.seek(0, 4);
  const [height, width] = [5, 7];
  const field = Array.from({ length: height * width }, () => 2 * stream.uniform() - 1);
  stream.seek(0, 4);
  const found = displacements(height, width, 10, weights, stream);
  const reach = (weights.length - 1) / 2;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let j = 0; j < height; j++)
        for (let i = 0; i < width; i++)
          sum += (weights[j - y + reach] ?? 0) * (weights[i - x + reach] ?? 0) * field[j * width + i];
      expect(found[y * width + x]).toBeCloseTo(10 * sum, 10);
    }
  }
  expect(augment.elastic({ alpha: 0 })(pictures()).sub(pictures()).abs().max().item()).toBe(0);
});

test("crop: every place within the padded picture", () => {
  const x = arange(9).reshape([3, 3]).add(1);
  const corners = new Set(drawn(augment.crop(2, { padding: 1 }), x).map((picture) => JSON.stringify(picture)));
  expect(corners.size).toBe(16);
  expect(corners).toContain("[[0,0],[0,1]]");
  expect(corners).toContain("[[5,6],[8,9]]");
  expect(() => augment.crop(4)(x)).toThrow(
    "augment.crop: 4x4 can't be cut out of 3x3; choose a smaller size, or padding",
  );
});

test("flip: half of the pictures, or as often as asked for", () => {
  const x = tensor([[1, 2]]);
  const share = (probability: number) =>
    drawn(augment.flip({ probability }), x, 400).filter(([[first]]) => first === 2).length / 400;
  expect([share(0), share(1)]).toEqual([0, 1]);
  expect(Math.abs(share(0.5) - 0.5)).toBeLessThan(0.1);
  expect(augment.flip({ direction: "vertical", probability: 1 })(x.T).toArray()).toEqual([[2], [1]]);
});

test("cutout: a square that may reach over the edge, the same in every channel", () => {
  const counts = new Set<number>();
  for (let k = 0; k < 100; k++) {
    const picture = augment
      .cutout(3, { fill: -1 })(ones([2, 6, 6]), at(k))
      .toArray() as number[][][];
    expect(picture[0]).toEqual(picture[1]);
    counts.add(picture[0].flat().filter((value) => value === -1).length);
  }
  expect([...counts].sort((a, b) => a - b)).toEqual([4, 6, 9]);
});

test("in a pipeline nothing stays behind", async () => {
  const data = imageDataset(drawDigits(64, 1)).shuffle().map(augment.shift(2)).map(augment.elastic()).batch(8);
  const before = memory().tensors;
  await data.forEach(({ x }) => {
    expect(x.shape).toEqual([8, 1, 28, 28]);
  });
  expect(memory().tensors).toBe(before);
});

test("wrong options", () => {
  const wrong = (value: unknown) => value as never;
  expect(() => augment.shift(-1)).toThrow("augment.shift: the bound must be a whole number of at least 0, got -1");
  expect(() => augment.shift([1, 2, 3] as never)).toThrow("the bound is a number, or [rows, columns], got [1, 2, 3]");
  expect(() => augment.rotate(Number.NaN)).toThrow("augment.rotate: the angle in degrees");
  expect(() => augment.skew(90)).toThrow("the angle must be below 90 degrees");
  expect(() => augment.elastic({ sigma: 0 })).toThrow("sigma must be a finite number above 0");
  expect(() => augment.flip({ probability: 2 })).toThrow("probability must be from 0 to 1, got 2");
  expect(() => augment.flip({ direction: wrong("left") })).toThrow("direction must be one of horizontal, vertical");
  expect(() => augment.cutout(2, { fill: wrong("edge") })).toThrow("fill must be a finite number");
  expect(() => augment.normalize([1], [0])).toThrow("augment.normalize: a deviation is 0");
  expect(() => augment.shift(1, wrong({ fillMode: "edge" }))).toThrow("there is no option fillMode (here it is fill)");
});
