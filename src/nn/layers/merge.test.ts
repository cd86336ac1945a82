// Layers that merge branches: values, masks, and what they say of inputs that don't fit.
import { describe, expect, test } from "vitest";
import {
  Add,
  Average,
  Concatenate,
  Dense,
  Dot,
  input,
  Maximum,
  Minimum,
  Model,
  type MultiLayer,
  Multiply,
  type OpenShape,
  ones,
  Sequential,
  Subtract,
  type Tensor,
  tensor,
  zeros,
} from "../../node.ts";

const context = { training: false } as never;
const values = (layer: MultiLayer, ...xs: Tensor[]): unknown => layer.call(xs, context)[0].toArray();

describe("values", () => {
  const [a, b, c] = [tensor([[1, 5]]), tensor([[4, 2]]), tensor([[1, 2]])];
  test.each([
    ["x1 + x2 + x3", new Add(), [[6, 9]]],
    ["x1 x2 x3", new Multiply(), [[4, 20]]],
    ["(x1 + x2 + x3) / 3", new Average(), [[2, 3]]],
    ["the largest", new Maximum(), [[4, 5]]],
    ["the smallest", new Minimum(), [[1, 2]]],
    ["one after the other", new Concatenate(), [[1, 5, 4, 2, 1, 2]]],
  ])("%s", (_, layer, expected) => {
    expect(values(layer, a, b, c)).toEqual(expected);
  });

  test("x1 - x2, and the dot product, and the cosine, 0 where a vector is", () => {
    expect(values(new Subtract(), a, b)).toEqual([[-3, 3]]);
    expect(values(new Dot(1), a, b)).toEqual([[14]]);
    const cosine = new Dot(1, { normalise: true }).call([tensor([[3, 4]]), tensor([[4, 3]])]);
    expect(cosine[0].item()).toBeCloseTo(0.96, 6);
    expect(values(new Dot(1, { normalise: true }), zeros([1, 2]), ones([1, 2]))).toEqual([[0]]);
  });

  test("lengths of 1 are repeated, and open lengths stay open", () => {
    const shape = (layer: MultiLayer, ...shapes: OpenShape[]): OpenShape =>
      layer.apply(shapes.map((each) => input(each))).shape;
    expect(shape(new Add(), [3, 1], [1, 4])).toEqual([3, 4]);
    expect(shape(new Add(), [null, 4], [null, 4])).toEqual([null, 4]);
    expect(shape(new Add(), [null, 4], [7, 4])).toEqual([7, 4]);
    expect(shape(new Concatenate({ axis: 1 }), [null, 4], [2, 4])).toEqual([null, 4]);
    expect(shape(new Concatenate(), [null, 4], [7, 2])).toEqual([7, 6]);
    expect(shape(new Dot(-1), [null, 4], [5, 4])).toEqual([null, 5]);
  });
});

describe("masks", () => {
  const x = zeros([2, 3, 1]);
  const [first, second] = [
    [
      [true, true, false],
      [true, false, false],
    ],
    [
      [true, false, true],
      [true, true, false],
    ],
  ].map((mask) => tensor(mask));
  const both = [
    [true, false, false],
    [true, false, false],
  ];

  test("steps count that count in every input", () => {
    expect(new Add().maskOf([x, x], [x], [first, second])[0]!.toArray()).toEqual(both);
    expect(new Add().maskOf([x, x], [x], [null, second])[0]).toBe(second);
    expect(new Concatenate().maskOf([x, x], [zeros([2, 3, 2])], [first, second])[0]!.toArray()).toEqual(both);
    expect(new Add().maskOf([x, x], [x], [null, null])).toEqual([null]);
    expect(new Dot(2).maskOf()).toEqual([null]);
  });

  test("along the steps they follow one another, all steps counting where there is no mask", () => {
    const joined = new Concatenate({ axis: 1 }).maskOf([x, zeros([2, 1, 1])], [zeros([2, 4, 1])], [first, null])[0]!;
    expect(joined.toArray()).toEqual([
      [true, true, false, true],
      [true, false, false, true],
    ]);
  });
});

describe("bad input", () => {
  const a = input([3, 2]);
  test.each<[string, () => unknown, RegExp]>([
    ["one input", () => new Add().apply(a), /add: merges at least 2 inputs, got 1; .*\.apply\(\[a, b\]\)/],
    ["in a line", () => new Sequential([new Dense(2), new Add()], { inputShape: [2] }), /1\.add: merges at least 2/],
    ["three to subtract", () => new Subtract().apply([a, a, a]), /subtract: merges 2 inputs, got 3/],
    ["other lengths", () => new Add().apply([a, input([4, 2])]), /shapes \(3, 2\) and \(4, 2\); .* same length or 1/],
    ["other ranks", () => new Multiply().apply([a, input([2])]), /shapes \(3, 2\) and \(2,\); they must have as many/],
    [
      "other lengths beside",
      () => new Concatenate().apply([a, input([4, 2])]),
      /shapes \(3, 2\) and \(4, 2\); they must agree in every axis but 2/,
    ],
    ["the batch's axis", () => new Concatenate({ axis: 0 }), /axis must not be 0, the batch's/],
    ["no axis", () => new Concatenate({ axis: 3 }).apply([a, a]), /axis 3 is out of range; .* 1 to 2, or -2 to -1/],
    ["half an axis", () => new Concatenate({ axis: 1.5 }), /axis must be a whole number, got 1\.5/],
    ["axes of two lengths", () => new Dot([1, 2]).apply([a, a]), /lengths 3 and 2 along axes 1 and 2 must be equal/],
    ["three axes", () => new Dot([1, 2, 3] as never), /axes are a number, or a pair of them/],
    [
      "lengths that turn out to differ",
      () => {
        const xs = [input([null, 2]), input([null, 2])];
        const model = new Model({ inputs: xs, outputs: new Add().apply(xs) });
        return model.call([zeros([1, 3, 2]), zeros([1, 4, 2])]);
      },
      /add: shapes \(1, 3, 2\) and \(1, 4, 2\)/,
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});
