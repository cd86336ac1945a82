// An epoch's batches: each sample once, in an order that is drawn anew without new memory, and no batch beside those there are.
import { expect, test } from "vitest";
import { arange, EpochOrder, Generator, memory, type Samples, scope, tensor } from "../node.ts";

const data: Samples = { x: arange(20).reshape([10, 2]), y: arange(10, undefined, 1, "int32") };

const labels = (order: EpochOrder): number[] =>
  Array.from({ length: order.batches }, (_, i) => scope(() => order.batch(i).y.toArray()) as number[]).flat();

test("batches hold every sample once, inputs beside their targets", () => {
  const order = new EpochOrder(data, 4, new Generator(3));
  expect(order.batches).toBe(3);
  expect(labels(order).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (let i = 0; i < 3; i++) {
    const { x, y } = order.batch(i);
    expect(x.sum(1).sub(1).div(4).toArray()).toEqual(y.toArray());
    expect(Array.from(order.rows(i))).toEqual(y.toArray());
  }
});

test("draw gives the order of the next epoch in the same memory: that of an order made then", () => {
  const [one, other] = [new Generator(3), new Generator(3)];
  const order = new EpochOrder(data, 4, one);
  const first = new EpochOrder(data, 4, other);
  expect(labels(order)).toEqual(labels(first));
  expect(Array.from(order.rows(0))).toEqual(labels(order).slice(0, 4));
  const { tensors, bytes } = memory();
  order.draw();
  expect(memory()).toMatchObject({ tensors, bytes });
  const second = new EpochOrder(data, 4, other);
  expect(labels(order)).toEqual(labels(second));
  expect(labels(order)).not.toEqual(labels(first));
  expect(Array.from(order.rows(0))).toEqual(labels(order).slice(0, 4));
});

test("without a generator the samples come as they are, epoch after epoch", () => {
  const order = new EpochOrder(data, 4, null);
  order.draw();
  expect(labels(order)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test.each([-1, 3, 0.5, Number.NaN])("there is no batch %s", (i) => {
  for (const generator of [null, new Generator(1)]) {
    const order = new EpochOrder(data, 4, generator);
    expect(() => order.batch(i)).toThrow(`EpochOrder: there is no batch ${i}; the epoch has 3, numbered from 0`);
    expect(() => order.rows(i)).toThrow(RangeError);
  }
});

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("a batch size of %s is refused", (size) => {
  expect(() => new EpochOrder(data, size, null)).toThrow(`EpochOrder: the batch size must be a whole number from 1 on`);
});

test("inputs and targets of different numbers are refused", () => {
  expect(() => new EpochOrder({ x: data.x, y: tensor([1]) }, 2, null)).toThrow(/^EpochOrder: x \(10, 2\) and y \(1,\)/);
});
