// A view never leads outside the memory that it is of, and one wrong number neither becomes an address nor spoils the memory for what comes after.
import fc from "fast-check";
import { expect, test } from "vitest";
import { arange, Dense, memory, ones, predict, Sequential, scope, tensor } from "../node.ts";
import { empty, windowOf } from "./tensor.ts";

test("a view is made where all its elements lie in the memory, and refused where one does not", () => {
  const whole = fc.integer({ min: -3, max: 30 });
  const number = fc.oneof({ weight: 8, arbitrary: whole }, fc.constantFrom(Number.NaN, 0.5, Number.POSITIVE_INFINITY));
  const axes = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: -5, max: 5 })), { maxLength: 3 });
  const x = arange(24);
  let made = 0;
  fc.assert(
    fc.property(number, axes, (offset, list) => {
      const shape = list.map(([length]) => length);
      const strides = list.map(([, stride]) => stride);
      let places = [offset];
      for (const [length, stride] of list) {
        places = places.flatMap((place) => Array.from({ length }, (_, i) => place + i * stride));
      }
      const inside = places.every((place) => place >= 0 && place < 24) && Number.isInteger(offset) && offset >= 0;
      if (inside) {
        made += 1;
        expect(Array.from(windowOf(x, shape, offset, strides).dataSync())).toEqual(places);
      } else expect(() => windowOf(x, shape, offset, strides)).toThrow(/^view: offset/);
    }),
    { numRuns: 2000 },
  );
  expect(made).toBeGreaterThan(100);
});

test.each([[[Number.NaN]], [[2, 0.5]], [[-1]], [[25]], [[5, 5]]])(
  "a row-major view of shape [%s] is refused",
  (shape) => {
    expect(() => windowOf(arange(24), shape, 0, null)).toThrow(RangeError);
  },
);

test.each([Number.NaN, -4, 0.5, Number.POSITIVE_INFINITY])("after a length of %s, memory is what it was", (length) => {
  const before = memory();
  expect(() => empty("test", [length], "float32")).toThrow(RangeError);
  expect(memory()).toEqual(before);
  expect(ones([1000]).sum().item()).toBe(1000);
});

test("what once spoiled the memory is refused, and operations go on", () => {
  const model = new Sequential([new Dense(1, { weights: "ones" })], { inputShape: [2] });
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  const { tensors, bytes } = memory();
  expect(() => x.diagonal(Number.NaN)).toThrow(RangeError);
  expect(() => predict(model, x, { batchSize: Number.NaN })).toThrow(RangeError);
  expect(memory()).toMatchObject({ tensors, bytes });
  scope(() => {
    for (let n = 1; n < 3000; n += 7) expect(ones([n]).sum().item()).toBe(n);
  });
  expect(predict(model, x).toArray()).toEqual([[3], [7]]);
});
