// Operations that move elements, against PyTorch's numbers and plain loops; gradients against differences.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeGolden } from "../../test/golden.ts";
import { goldenRunners } from "../../test/golden-runners.ts";
import * as nb from "../node.ts";
import { arange, sum, type Tensor, tensor, zeros } from "../node.ts";

describeGolden("shape", goldenRunners.shape);

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

function place(at: readonly number[], shape: readonly number[]): number {
  return at.reduce((flat, i, axis) => flat * shape[axis] + i, 0);
}

function indexOf(flat: number, shape: readonly number[]): number[] {
  const at: number[] = [];
  for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
    at[axis] = rest % shape[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return at;
}

/** The values that `source(index)` says stand at each index of a shape. */
function byLoops(shape: readonly number[], source: (at: number[]) => number): number[] {
  return Array.from({ length: sizeOf(shape) }, (_, flat) => source(indexOf(flat, shape)));
}

function counting(shape: readonly number[]): Tensor {
  return arange(0, sizeOf(shape), 1, "float64").reshape(shape);
}

function expectValues(y: Tensor, shape: readonly number[], source: (at: number[]) => number): void {
  expect(y.shape).toEqual(shape);
  expect([...y.dataSync()]).toEqual(byLoops(shape, source));
}

const anyShape = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 });
const shapeAndAxis = anyShape.chain((shape) => fc.tuple(fc.constant(shape), fc.nat(shape.length - 1)));

function property<T>(arbitrary: fc.Arbitrary<T>, check: (value: T) => void): void {
  fc.assert(
    fc.property(arbitrary, (value) => {
      nb.scope(() => {
        check(value);
      });
    }),
    { numRuns: 1000 },
  );
}

describe("values, by definition", () => {
  test("transpose: y[at] = x[at in the order undone]", () => {
    const arbitrary = anyShape.chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.shuffledSubarray([...shape.keys()], { minLength: shape.length, maxLength: shape.length }),
      ),
    );
    property(arbitrary, ([shape, axes]) => {
      const target = axes.map((axis) => shape[axis]);
      expectValues(nb.transpose(counting(shape), axes), target, (at) =>
        place(
          shape.map((_, axis) => at[axes.indexOf(axis)]),
          shape,
        ),
      );
    });
  });

  test("swapAxes and moveAxis are transposes", () => {
    expect(nb.swapAxes(counting([2, 3, 4]), 0, -1).toArray()).toEqual(nb.transpose(counting([2, 3, 4])).toArray());
    expect(nb.moveAxis(counting([2, 3, 4]), 0, 2).toArray()).toEqual(
      nb.transpose(counting([2, 3, 4]), [1, 2, 0]).toArray(),
    );
  });

  test("reshape keeps the row-major order, of strided views too; a view where it can", () => {
    const x = counting([2, 3, 4]);
    expect([...nb.reshape(x.T, [6, -1]).dataSync()]).toEqual([...x.T.dataSync()]);
    expect(nb.reshape(x, [24]).storage).toBe(x.storage);
    expect(nb.flatten(tensor(5)).shape).toEqual([1]);
    expect(nb.expandDims(x, -1).shape).toEqual([2, 3, 4, 1]);
    expect(nb.squeeze(zeros([1, 3, 1]), 0).shape).toEqual([3, 1]);
  });

  test("slice: every step-th from start on, as Python's range", () => {
    const bound = fc.option(fc.integer({ min: -6, max: 6 }), { nil: undefined });
    const arbitrary = fc.tuple(shapeAndAxis, bound, bound, fc.constantFrom(1, 2, 3, -1, -2));
    property(arbitrary, ([[shape, axis], start, stop, step]) => {
      const n = shape[axis];
      const clamp = (value: number): number =>
        Math.min(Math.max(value < 0 ? value + n : value, step > 0 ? 0 : -1), step > 0 ? n : n - 1);
      const from = start === undefined ? (step > 0 ? 0 : n - 1) : clamp(start);
      const to = stop === undefined ? (step > 0 ? n : -1) : clamp(stop);
      const kept: number[] = [];
      for (let i = from; step > 0 ? i < to : i > to; i += step) kept.push(i);
      expectValues(nb.slice(counting(shape), start, stop, step, axis), shape.with(axis, kept.length), (at) =>
        place(at.with(axis, kept[at[axis]]), shape),
      );
    });
  });

  test("flip, roll and repeat", () => {
    property(fc.tuple(shapeAndAxis, fc.integer({ min: -9, max: 9 }), fc.nat(3)), ([[shape, axis], shift, times]) => {
      const n = shape[axis];
      const x = counting(shape);
      expectValues(nb.flip(x, axis), shape, (at) => place(at.with(axis, n - 1 - at[axis]), shape));
      expectValues(nb.roll(x, shift, axis), shape, (at) =>
        place(at.with(axis, (((at[axis] - shift) % n) + n) % n), shape),
      );
      expectValues(nb.repeat(x, times, axis), shape.with(axis, n * times), (at) =>
        place(at.with(axis, Math.floor(at[axis] / times)), shape),
      );
    });
  });

  test("tile: y[at] = x[at modulo the lengths]", () => {
    const arbitrary = fc.tuple(
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
    );
    property(arbitrary, ([shape, times]) => {
      const rank = Math.max(shape.length, times.length);
      const pad = (list: number[]): number[] => [...new Array<number>(rank - list.length).fill(1), ...list];
      const [lengths, repetitions] = [pad(shape), pad(times)];
      const target = lengths.map((length, i) => length * repetitions[i]);
      expectValues(nb.tile(counting(shape), times), target, (at) =>
        place(
          at.map((i, axis) => i % lengths[axis]),
          lengths,
        ),
      );
    });
  });

  test("concat, stack and split are each other's inverse", () => {
    property(
      fc.tuple(shapeAndAxis, fc.array(fc.nat(3), { minLength: 1, maxLength: 4 })),
      ([[shape, axis], lengths]) => {
        const parts = lengths.map((length, i) => counting(shape.with(axis, length)).add(100 * i));
        const joined = nb.concat(parts, axis);
        expect(joined.shape).toEqual(
          shape.with(
            axis,
            lengths.reduce((a, b) => a + b, 0),
          ),
        );
        nb.split(joined, lengths, axis).forEach((part, i) => {
          expect(part.toArray()).toEqual(parts[i].toArray());
        });
        const same = [counting(shape), counting(shape).add(1)];
        nb.split(nb.stack(same, axis), 2, axis).forEach((part, i) => {
          expect(nb.squeeze(part, axis).toArray()).toEqual(same[i].toArray());
        });
      },
    );
  });

  test("broadcastTo: axes of length 1 repeat", () => {
    const arbitrary = anyShape.chain((shape) =>
      fc.tuple(fc.constant(shape), fc.nat(shape.length), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 })),
    );
    property(arbitrary, ([shape, drop, ones]) => {
      const own = shape.map((length, i) => (ones[i] ? 1 : length)).slice(drop);
      expectValues(nb.broadcastTo(counting(own), shape), shape, (at) =>
        place(
          at.slice(drop).map((i, axis) => (own[axis] === 1 ? 0 : i)),
          own,
        ),
      );
    });
  });

  test.each([
    ["constant", [9, 9, 9, 1, 2, 3, 9, 9, 9, 9]],
    ["edge", [1, 1, 1, 1, 2, 3, 3, 3, 3, 3]],
    ["reflect", [2, 3, 2, 1, 2, 3, 2, 1, 2, 3]],
    ["symmetric", [3, 2, 1, 1, 2, 3, 3, 2, 1, 1]],
    ["wrap", [1, 2, 3, 1, 2, 3, 1, 2, 3, 1]],
  ] as const)("pad [1, 2, 3] by 3 and 4, mode %s, as NumPy does", (mode, expected) => {
    expect(nb.pad(tensor([1, 2, 3]), [[3, 4]], mode, 9).toArray()).toEqual(expected);
    expect(
      nb
        .pad(
          tensor([[1, 2, 3]]),
          [
            [0, 0],
            [3, 4],
          ],
          mode,
          9,
        )
        .toArray(),
    ).toEqual([expected]);
    // Wider than the array many times over, by another way: the same around the middle, and every element where it is repeated gets its share.
    const wide = nb.pad(tensor([1, 2, 3]), [[303, 404]], mode, 9);
    expect(wide.slice(300, 310).toArray()).toEqual(expected);
    const shares = nb
      .grad((x: nb.Tensor) => x.pad([[303, 404]], mode).sum())(tensor([1, 2, 3]))
      .toArray() as number[];
    const counts = [1, 2, 3].map((value) => [...wide.dataSync()].filter((each) => each === value).length);
    expect(shares).toEqual(counts);
  });

  test("triangles and diagonals", () => {
    const x = counting([3, 4]);
    for (let offset = -4; offset <= 5; offset++) {
      expectValues(nb.lowerMask(x, offset), [3, 4], ([i, j]) => Number(j <= i + offset));
      expectValues(nb.upperMask(x, offset), [3, 4], ([i, j]) => Number(j >= i + offset));
      const expected = byLoops([3, 4], ([i, j]) => (j - i === offset ? i * 4 + j : -1)).filter((value) => value >= 0);
      expect(nb.diagonal(x, offset).toArray()).toEqual(expected);
    }
    expect(nb.trace(x).item()).toBe(0 + 5 + 10);
  });
});

describe("gradients", () => {
  const x = nb.random.normal([2, 3, 2], 0, 1, { dtype: "float64", generator: new nb.Generator(1) });
  const matrix = x.get(0);

  test.each<[string, (z: Tensor) => Tensor, Tensor?]>([
    ["reshape", (z) => nb.reshape(z, [4, -1])],
    ["flatten of a strided view", (z) => nb.flatten(z.T)],
    ["transpose", (z) => nb.transpose(z, [1, 2, 0])],
    ["swapAxes", (z) => nb.swapAxes(z, 0, 2)],
    ["moveAxis", (z) => nb.moveAxis(z, 0, 2)],
    ["expandDims", (z) => nb.expandDims(z, 1)],
    ["squeeze", (z) => nb.squeeze(nb.expandDims(z, 1))],
    ["broadcastTo", (z) => nb.broadcastTo(nb.expandDims(z, 1), [2, 3, 3, 2])],
    ["clone", (z) => nb.clone(z)],
    ["slice", (z) => nb.slice(z, -1, undefined, -2, 1)],
    ["flip", (z) => nb.flip(z, [0, 2])],
    ["roll", (z) => nb.roll(z, 2, 1)],
    ["concat", (z) => nb.concat([z, z.mul(2), z], 1)],
    ["stack", (z) => nb.stack([z, z.square()], 2)],
    ["split", (z) => nb.split(z, [1, 2], 1)[1]],
    ["tile", (z) => nb.tile(z, [2, 1, 3])],
    ["repeat", (z) => nb.repeat(z, 2, 1)],
    [
      "pad constant",
      (z) =>
        nb.pad(
          z,
          [
            [1, 0],
            [0, 2],
            [1, 1],
          ],
          "constant",
          5,
        ),
    ],
    [
      "pad edge",
      (z) =>
        nb.pad(
          z,
          [
            [1, 2],
            [0, 0],
            [1, 1],
          ],
          "edge",
        ),
    ],
    [
      "pad reflect",
      (z) =>
        nb.pad(
          z,
          [
            [1, 0],
            [2, 3],
            [0, 0],
          ],
          "reflect",
        ),
    ],
    [
      "pad symmetric",
      (z) =>
        nb.pad(
          z,
          [
            [3, 0],
            [0, 4],
            [0, 0],
          ],
          "symmetric",
        ),
    ],
    [
      "pad wrap",
      (z) =>
        nb.pad(
          z,
          [
            [1, 2],
            [0, 4],
            [0, 0],
          ],
          "wrap",
        ),
    ],
    ["diagonal", (z) => nb.diagonal(z, -1), matrix],
    ["trace", (z) => nb.trace(z), matrix],
  ])("%s, and the gradient of that", (_, f, input = x) => {
    const loss = (z: Tensor): Tensor => {
      const y = f(z);
      return sum(y.pow(3).mul(arange(1, y.size + 1, 1, "float64").reshape(y.shape))).mul(0.05);
    };
    nb.expectGradients(loss, [input]);
    nb.expectGradients((z: Tensor) => sum(nb.grad(loss)(z).square()), [input]);
  });
});

describe("mistakes are named", () => {
  const x = zeros([2, 3]);

  test.each<[string, () => unknown]>([
    ["reshape: shape (2, 3) has 6 elements, (4,) would have 4", () => nb.reshape(x, [4])],
    ["can't be divided into (4, -1)", () => nb.reshape(x, [4, -1])],
    ["only one length may be -1", () => nb.reshape(x, [-1, -1])],
    ["must be whole numbers from 0 on, got 1.5", () => nb.reshape(x, [1.5, 4])],
    ["must name each of the 2 axes of (2, 3) once", () => nb.transpose(x, [0, 0])],
    ["transpose: axis 2 is out of range for rank 2", () => nb.transpose(x, [0, 2])],
    ["squeeze: axis 0 of (2, 3) has length 2, not 1", () => nb.squeeze(x, 0)],
    ["can't be broadcast", () => nb.broadcastTo(x, [2, 4])],
    ["can't be broadcast to the smaller (3,)", () => nb.broadcastTo(x, [3])],
    ["slice bounds and steps must be whole numbers", () => nb.slice(x, 0.5)],
    ["step must not be 0", () => nb.slice(x, 0, 1, 0)],
    ["concat: shapes (2, 3) and (2, 2) must agree in every axis but axis 0", () => nb.concat([x, zeros([2, 2])])],
    ["concat: dtypes float32 and int32 differ", () => nb.concat([x, zeros([2, 3], "int32")])],
    ["concat: needs at least one tensor", () => nb.concat([])],
    ["stack: shapes must be equal, got (2, 3) and (3, 2)", () => nb.stack([x, x.T])],
    ["can't be cut into 4 equal parts", () => nb.split(x, 4, 1)],
    ["lengths [1, 1] must add up to 3", () => nb.split(x, [1, 1], 1)],
    ["pad: needs a pair of widths for each of the 2 axes", () => nb.pad(x, [[1, 1]])],
    [
      "got -1",
      () =>
        nb.pad(x, [
          [-1, 1],
          [0, 0],
        ]),
    ],
    [
      "axis 0 of (0, 2) is empty",
      () =>
        nb.pad(
          zeros([0, 2]),
          [
            [1, 1],
            [0, 0],
          ],
          "edge",
        ),
    ],
    ["the shift must be a whole number, got 0.5", () => nb.roll(x, 0.5)],
    ["needs at least two axes", () => nb.lowerMask(zeros([3]))],
    ["diagonal: needs a matrix", () => nb.diagonal(zeros([3]))],
    ["flip: axes [0, 0] name an axis twice", () => nb.flip(x, [0, 0])],
  ])("%s", (message, run) => {
    expect(run).toThrow(message);
  });
});
