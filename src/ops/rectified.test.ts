// A pooling that takes over the gradient of the rectifier before it gives what the two give one after the other.
import { expect, test } from "vitest";
import { add, conv2d, grad, maxPool2d, mul, relu, type Tensor, tensor } from "../node.ts";

type Head = (y: Tensor) => Tensor;

const HEADS: Record<string, Head> = {
  "windows side by side": (y) => maxPool2d(y, 2),
  "windows that overlap": (y) => maxPool2d(y, 3, { stride: 1 }),
  "a second use of what is pooled": (y) => add(maxPool2d(y, 2).sum(), mul(y, y).sum()),
  "two poolings": (y) => add(maxPool2d(y, 2).sum(), maxPool2d(y, 3).sum()),
};

/** Numbers of both signs without a pattern that windows share. */
function waves(shape: number[], phase: number): Tensor {
  const size = shape.reduce((a, b) => a * b);
  return tensor(Float32Array.from({ length: size }, (_, i) => Math.sin(phase + i * i * 0.7))).reshape(shape);
}

for (const [name, head] of Object.entries(HEADS)) {
  test(name, () => {
    const x = waves([2, 3, 9, 9], 1);
    const w = waves([4, 3, 2, 2], 2);
    const b = waves([4], 3);
    const gradients = [
      (x: Tensor, w: Tensor, b: Tensor) => conv2d(x, w, b, { activation: "relu" }),
      (x: Tensor, w: Tensor, b: Tensor) => relu(conv2d(x, w, b)),
    ].map((layer) => grad((x: Tensor, w: Tensor, b: Tensor) => mul(head(layer(x, w, b)), 0.5).sum())(x, w, b));
    const [inOne, oneByOne] = gradients.map((all) => (all as unknown as Tensor[]).map((g) => g.toArray()));
    expect(inOne).toEqual(oneByOne);
    expect((inOne as number[][][][][]).flat(5).some((value) => value !== 0)).toBe(true);
  });
}
