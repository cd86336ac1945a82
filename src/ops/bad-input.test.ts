// Bad input: each error names the operation, the values and the rule; and empty tensors work wherever NumPy lets them.
import { describe, expect, test } from "vitest";
import * as nb from "../node.ts";
import { arange, memory, ones, type Tensor, tensor, zeros } from "../node.ts";

const m23 = zeros([2, 3]);
const m22 = zeros([2, 2]);
const v3 = zeros([3]);

describe("named errors", () => {
  const cases: [string, () => unknown, RegExp][] = [
    [
      "a fractional length",
      () => zeros([2.5]),
      /^RangeError: zeros: lengths must be whole numbers from 0 on, got 2\.5 in shape \(2\.5,\)/,
    ],
    ["a negative length", () => zeros([2, -1]), /got -1 in shape \(2, -1\)/],
    ["a length that is not finite", () => zeros([Number.NaN]), /got NaN/],
    ["an infinite length", () => zeros([Number.POSITIVE_INFINITY]), /got Infinity/],
    ["a rank above 8", () => zeros([1, 1, 1, 1, 1, 1, 1, 1, 1]), /rank 9 .* above the largest, 8/],
    [
      "a shape that is no array",
      () => zeros(3 as unknown as number[]),
      /a shape is an array of lengths such as \[2, 3\], got 3/,
    ],
    ["too many elements", () => zeros([100_000, 100_000]), /has 10000000000 elements; at most 2147483647/],
    ["more than memory holds", () => zeros([2 ** 30], "float64"), /out of memory: 8\.00 GiB/],
    [
      "an unknown dtype",
      () => zeros([1], "float16" as "float32"),
      /unknown dtype "float16"; use one of float32, float64, int32, bool/,
    ],
    [
      "ragged nested arrays",
      () => tensor([[1, 2], [3]]),
      /not rectangular: element \[1\] has 1 elements where 2 elements were expected/,
    ],
    ["text among numbers", () => tensor([1, "2"] as unknown as number[]), /element \[1\] is "2"; nested/],
    [
      "a shape of another size",
      () => tensor([1, 2, 3], { shape: [2, 2] }),
      /shape \(2, 2\) holds 4 elements, but 3 values were given/,
    ],
    [
      "an array for a tensor",
      () => nb.add([1] as unknown as Tensor, m22),
      /add: needs a tensor, got \[1\]; wrap it in tensor\(\.\.\.\)/,
    ],
    ["undefined for a tensor", () => nb.exp(undefined as unknown as Tensor), /exp: needs a tensor, got undefined/],
    ["two numbers", () => nb.add(1, 2), /add: at least one operand must be a tensor/],
    [
      "shapes that don't broadcast",
      () => m23.add(m22),
      /add: shapes \(2, 3\) and \(2, 2\) can't be broadcast together: 3 \(axis 1\) and 2 \(axis 1\)/,
    ],
    [
      "matmul that is not aligned",
      () => m23.matmul(m22),
      /^RangeError: matmul: shapes \(2,3\) and \(2,2\) not aligned: 3 \(dim 1\) != 2 \(dim 0\)$/,
    ],
    [
      "linear of a scalar",
      () => nb.linear(tensor(1), m22),
      /^RangeError: linear: x is a scalar; it needs an axis of inputs/,
    ],
    [
      "dot that is not aligned",
      () => m23.dot(v3.slice(0, 2)),
      /dot: shapes \(2,3\) and \(2,\) not aligned: 3 \(dim 1\) != 2 \(dim 0\)/,
    ],
    ["matmul of a scalar", () => tensor(1).matmul(m22), /scalar/],
    ["linear with wrong weights", () => nb.linear(m23, m22), /linear: shapes \(2,3\) and \(2,2\) not aligned/],
    ["linear with a wrong bias", () => nb.linear(m23, zeros([3, 4]), v3), /bias must have shape \(4,\), got \(3,\)/],
    ["an axis out of range", () => m23.sum(2), /sum: axis 2 is out of range for rank 2; axes go from -2 to 1/],
    ["a fractional axis", () => m23.sum(0.5), /axis 0\.5 is out of range/],
    ["an axis of a scalar", () => tensor(1).sum(0), /a scalar has no axes/],
    ["an axis twice", () => m23.sum([0, -2]), /name an axis twice/],
    ["max over nothing", () => zeros([0, 2]).max(0), /max: no elements to compare in axes \[0\] of shape \(0, 2\)/],
    ["argmax over nothing", () => zeros([0]).argmax(), /no elements/],
    ["reshape to another size", () => m23.reshape([4]), /reshape: shape \(2, 3\) has 6 elements, \(4,\) would have 4/],
    ["reshape with two unknowns", () => m23.reshape([-1, -1]), /only one length may be -1/],
    ["reshape that does not divide", () => m23.reshape([4, -1]), /can't be divided/],
    ["transpose by a wrong order", () => m23.transpose([0, 0]), /must name each of the 2 axes/],
    ["squeeze of a long axis", () => m23.squeeze(1), /axis 1 of \(2, 3\) has length 3, not 1/],
    ["broadcastTo a smaller shape", () => m23.broadcastTo([3]), /can't be broadcast/],
    ["a slice of step 0", () => v3.slice(0, 2, 0), /step must not be 0/],
    ["a fractional slice", () => v3.slice(0.5), /must be whole numbers/],
    ["concat of other shapes", () => nb.concat([m23, m22], 0), /must agree in every axis but axis 0/],
    [
      "concat of other dtypes",
      () => nb.concat([v3, arange(3, undefined, 1, "int32")]),
      /dtypes float32 and int32 differ/,
    ],
    ["concat of nothing", () => nb.concat([]), /at least one tensor/],
    ["stack of other shapes", () => nb.stack([m23, m22]), /shapes must be equal/],
    ["split that does not come out even", () => v3.split(2), /can't be cut into 2 equal parts/],
    ["split by wrong lengths", () => v3.split([1, 1]), /must add up to 3/],
    ["pad with too few widths", () => m23.pad([[1, 1]]), /a pair of widths for each of the 2 axes/],
    ["pad by a negative width", () => v3.pad([[-1, 0]]), /got -1/],
    ["pad that repeats nothing", () => zeros([0]).pad([[1, 1]], "edge"), /is empty/],
    [
      "pad to what no memory holds",
      () => v3.pad([[2e9, 0]], "reflect"),
      /takes 8000000012 bytes, and an engine has at most/,
    ],
    ["pad whose positions no memory holds", () => v3.pad([[9e8, 0]], "edge"), /RangeError: pad: out of memory/],
    ["resize to what no memory holds", () => nb.resize(zeros([1, 1, 1, 2]), [1, 2e9]), /takes 8000000000 bytes/],
    ["more bins than any memory holds", () => nb.adaptiveMaxPool2d(zeros([1, 1, 1, 2]), [1, 2e9]), /8000000000 bytes/],
    [
      "a probability that is an object",
      () => nb.random.bernoulli([2], Object(false)),
      /must be a number, got a Boolean/,
    ],
    ["probabilities that are lists", () => nb.random.choice(2, 1, { probabilities: [0, [1] as never] }), /got \[1\]/],
    ["clip upside down", () => v3.clip(1, -1), /lower bound 1 must not be above the upper bound -1/],
    ["a step of 0", () => arange(0, 3, 0), /step not 0/],
    ["an infinite bound", () => arange(Number.POSITIVE_INFINITY), /must be finite/],
    ["a negative count", () => nb.linspace(0, 1, -1), /got -1/],
    ["item of many", () => m23.item(), /item: shape \(2, 3\) has 6 elements, not one/],
    ["the length of a scalar", () => tensor(1).length, /a scalar has no first axis/],
    ["a random seed that is none", () => nb.random.seed(-1), /seed: must be a whole number from 0/],
    ["a probability above 1", () => nb.random.bernoulli([1], 1.5), /between 0 and 1, got 1\.5/],
    ["a negative deviation", () => nb.random.normal([1], 0, -1), /must not be negative/],
    ["an empty range of integers", () => nb.random.integers([1], 3, 3), /low < high/],
    [
      "class indices that are no classes",
      () => nb.softmaxCrossEntropy(m23, tensor([0, 3], "int32")),
      /class index 3 at position 1 is not in 0 to 2/,
    ],
    [
      "too few class indices",
      () => nb.softmaxCrossEntropy(m23, tensor([0], "int32")),
      /2 samples need as many class indices, got 1/,
    ],
    [
      "targets of another shape",
      () => nb.meanSquaredError(m23, m22),
      /must have the same shape, got \(2, 3\) and \(2, 2\)/,
    ],
    [
      "one-hot of fractions",
      () => nb.oneHot(tensor([0.5]), 3),
      /class indices are whole numbers within int32, got 0.5/,
    ],
    ["one-hot out of range", () => nb.oneHot(tensor([5], "int32"), 3), /index 5 at position 0 is not in 0 to 2/],
  ];
  test.each(cases)("%s", (_, body, message) => {
    let error: unknown;
    try {
      body();
    } catch (caught) {
      error = caught;
    }
    expect(String(error)).toMatch(message);
  });
});

test("a refused operation leaves nothing behind", () => {
  const before = memory().bytes;
  nb.scope(() => expect(() => m23.matmul(m22)).toThrow());
  expect(memory().bytes).toBe(before);
});

describe("empty tensors", () => {
  const e = zeros([0, 3]);
  test("in every kind of operation that NumPy allows", () => {
    expect(e.add(1).shape).toEqual([0, 3]);
    expect(e.exp().toArray()).toEqual([]);
    expect(e.sum().item()).toBe(0);
    expect(e.prod().item()).toBe(1);
    expect(e.sum(0).toArray()).toEqual([0, 0, 0]);
    expect(e.max(1).shape).toEqual([0]);
    expect(e.T.matmul(e).toArray()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(e.matmul(zeros([3, 2])).shape).toEqual([0, 2]);
    expect(e.reshape([3, 0]).shape).toEqual([3, 0]);
    expect(nb.concat([e, ones([1, 3])]).shape).toEqual([1, 3]);
    expect(e.softmax().shape).toEqual([0, 3]);
    expect(e.cumsum(0).shape).toEqual([0, 3]);
    expect(e.broadcastTo([2, 0, 3]).shape).toEqual([2, 0, 3]);
    expect(e.all().item()).toBe(1);
    expect(e.any().item()).toBe(0);
    expect(String(zeros([0]))).toBe("[]");
    expect(Number.isNaN(e.mean().item())).toBe(true);
  });
  test("with gradients", () => {
    expect(nb.grad((x) => x.mul(x).sum())(e).shape).toEqual([0, 3]);
  });
});

describe("dtypes", () => {
  const i = tensor([1, 2], "int32");
  const b = tensor([true, false]);
  test("the later of bool, int32, float32, float64; numbers take the tensor's", () => {
    expect(i.add(b).dtype).toBe("int32");
    expect(i.add(tensor([1, 2])).dtype).toBe("float32");
    expect(tensor([1]).add(tensor([1], "float64")).dtype).toBe("float64");
    expect(i.add(1).dtype).toBe("int32");
    expect(i.add(0.5).toArray()).toEqual([1.5, 2.5]);
    expect(b.add(b).toArray()).toEqual([2, 0]);
    expect(i.div(2).toArray()).toEqual([0.5, 1]);
    expect(i.exp().dtype).toBe("float32");
    expect(i.sum().dtype).toBe("int32");
    expect(b.sum().item()).toBe(1);
    expect(i.mean().item()).toBe(1.5);
    expect(tensor([1.9, -1.9]).cast("int32").toArray()).toEqual([1, -1]);
    expect(tensor([0, 0.1, Number.NaN]).cast("bool").toArray()).toEqual([false, true, true]);
  });
});
