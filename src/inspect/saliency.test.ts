// Saliency, Grad-CAM and occlusion: gradients against finite differences, models whose answers are known by hand, and properties.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  Activation,
  Conv1D,
  Conv2D,
  Dense,
  Flatten,
  Generator,
  input,
  MaxPooling2D,
  Model,
  Reshape,
  random,
  Sequential,
  type Tensor,
  tensor,
  zeros,
} from "../index.ts";
import { attributionMap, gradCam, occlusion, saliency } from "./index.ts";

const picture = (n: number, shape: readonly number[], seed = 1): Tensor =>
  random.uniform([n, ...shape], 0, 1, { dtype: "float64", generator: new Generator(seed) });

/** A small convolutional network in float64, several channels, models within models. */
const nested = (): Sequential => {
  const inner = new Sequential(
    [
      new Conv2D(3, 3, { activation: "tanh" }),
      new MaxPooling2D(),
      new Flatten(),
      new Dense(4, { activation: "softmax" }),
    ],
    { inputShape: [2, 6, 6], seed: 3, dtype: "float64" },
  );
  return new Sequential([new Reshape([2, 6, 6]), inner], { inputShape: [72], seed: 4, dtype: "float64" });
};

/** dS/dx by central differences of any score. */
function differences(x: Tensor, score: (x: Tensor) => number): number[] {
  const values = Array.from(x.dataSync(), Number);
  const h = 1e-5;
  return values.map((_, i) => {
    const at = (shift: number): number =>
      score(
        tensor(
          Float64Array.from(values, (value, k) => (k === i ? value + shift : value)),
          { shape: x.shape },
        ),
      );
    return (at(h) - at(-h)) / (2 * h);
  });
}

const close = (actual: Tensor, expected: readonly number[], tolerance = 1e-7): void => {
  const values = Array.from(actual.dataSync(), Number);
  expect(values).toHaveLength(expected.length);
  values.forEach((value, i) => {
    expect(Math.abs(value - expected[i])).toBeLessThan(tolerance + tolerance * Math.abs(expected[i]));
  });
};

describe("saliency", () => {
  test("of a logit, a probability and a score of one's own is the derivative by central differences", () => {
    const model = nested();
    const x = picture(1, [72]);
    close(
      saliency(model, x, { target: 2 }),
      differences(x, (at) => Number(model.logits(at).dataSync()[2])),
    );
    close(
      saliency(model, x, { target: 2, of: "probability" }),
      differences(x, (at) => Number(model.call(at).dataSync()[2])),
    );
    const own = (outputs: Tensor): Tensor => outputs.square().sum(1);
    close(
      saliency(model, x, { target: own }),
      differences(x, (at) => own(model.logits(at)).item()),
    );
  });

  test("without a target is that of the class answered, for each sample its own", () => {
    const model = nested();
    const x = picture(5, [72]);
    const answers = Array.from(model.call(x).argmax(1).dataSync(), Number);
    close(saliency(model, x), Array.from(saliency(model, x, { target: answers }).dataSync(), Number), 1e-12);
  });

  test("does not depend on how many samples are taken at a time", () => {
    const model = nested();
    const x = picture(5, [72]);
    const whole = Array.from(saliency(model, x).dataSync(), Number);
    close(saliency(model, x, { batchSize: 2 }), whole, 1e-12);
  });

  test("integrated gradients add up to S(x) - S(baseline) (Sundararajan et al., completeness)", () => {
    const model = nested();
    const x = picture(3, [72]);
    const baseline = picture(1, [72], 9).reshape([72]);
    for (const from of [0, baseline]) {
      const a = saliency(model, x, { method: "integrated", target: 1, baseline: from, steps: 400 });
      const start = typeof from === "number" ? zeros([1, 72], "float64") : from.reshape([1, 72]);
      const fall = model.logits(x).sub(model.logits(start));
      const expected = Array.from({ length: 3 }, (_, i) => Number(fall.get(i, 1).item()));
      close(a.sum(1), expected, 1e-3);
    }
  });

  test("integrated gradients of a linear model are x w at any number of steps, whatever the noise of smooth gradients these are w", () => {
    const w = [[1], [-2], [3]];
    const model = new Sequential([new Dense(1, { weights: () => tensor(w) })], { inputShape: [3] });
    const x = tensor([[2, 5, -1]]);
    expect(saliency(model, x, { method: "integrated", steps: 1, target: 1 }).toArray()).toEqual([[2, -10, -3]]);
    close(saliency(model, x, { method: "smooth", target: 1, steps: 3 }), [1, -2, 3], 1e-6);
    // Class 0 of one output is what speaks against it.
    expect(saliency(model, x, { target: 0 }).toArray()).toEqual([[-1, 2, -3]]);
  });

  test("smooth gradients are drawn by the seed", () => {
    const model = nested();
    const x = picture(2, [72]);
    const by = (seed: number) => saliency(model, x, { method: "smooth", seed, steps: 3 }).toArray();
    expect(by(1)).toEqual(by(1));
    expect(by(1)).not.toEqual(by(2));
  });

  test("attributionMap folds channels: largest magnitude, sum, sum of magnitudes", () => {
    const a = tensor([[[[1, -4]], [[2, 3]]]]);
    expect(attributionMap(a, { fold: "magnitude" }).toArray()).toEqual([[[3, 7]]]);
    expect(() => attributionMap(zeros([1, 4]))).toThrow("[n, channels, height, width]");
  });

  test("wrong calls say what would be right", () => {
    const model = nested();
    const x = picture(2, [72]);
    expect(() => saliency(model, x.get(0))).toThrow("one sample is a batch of one: reshape([1, 72])");
    expect(() => saliency(model, x, { target: 4 })).toThrow("the model's classes are 0 to 3");
    expect(() => saliency(model, x, { target: [1] })).toThrow("one for each of the 2 samples, got 1");
    expect(() => saliency(model, x, { baseline: 1 })).toThrow("baseline is for method integrated, not for gradient");
    expect(() => saliency(model, x, { target: () => zeros([3]) })).toThrow("one number a sample");
    const [a, b] = [input([2]), input([2])];
    const two = new Model({ inputs: [a, b], outputs: [new Dense(1).apply(a), new Dense(1).apply(b)] });
    expect(() => saliency(two, x)).toThrow("models of one input and one output; this one has 2 and 2");
  });
});

describe("gradCam", () => {
  test("weighs maps by the mean of the score's gradient over them, and keeps what speaks for the class", () => {
    // Two maps, x and -x; the class's weights on them are the same 1 everywhere, so S = sum x - sum x: weights 1 and 1.
    const conv = new Conv2D(2, 1, { weights: () => tensor([[[[1]]], [[[-1]]]]), name: "maps" });
    const dense = new Dense(2, { weights: () => tensor([...[3, 3, 3, 3], ...[1, 1, 1, 1]].map((w) => [w, 0])) });
    const model = new Sequential([conv, new Flatten(), dense], { inputShape: [1, 2, 2] });
    const x = tensor([
      [
        [
          [1, -2],
          [3, 0],
        ],
      ],
    ]);
    // a = 3, 1: relu(3 x - x) = relu(2 x).
    expect(gradCam(model, x, { target: 0 }).toArray()).toEqual([
      [
        [2, 0],
        [6, 0],
      ],
    ]);
  });

  test("is the gradient by central differences of the layer's maps", () => {
    const model = nested();
    const x = picture(2, [72]);
    const layer = "1.sequential.0.conv2d";
    const inner = model.layers[1] as Sequential;
    const tail = new Model({ inputs: inner.layers[0].output, outputs: inner.layers.at(-1)!.output, dtype: "float64" });
    const maps = inner.upTo("0.conv2d").call(x.reshape([2, 2, 6, 6]));
    for (const sample of [0, 1]) {
      const own = maps.slice(sample, sample + 1);
      const slopes = differences(own, (at) => Number(tail.logits(at).dataSync()[3]));
      const size = 16;
      const values = Array.from(own.dataSync(), Number);
      const expected = Array.from({ length: size }, (_, p) => {
        let sum = 0;
        for (let k = 0; k < 3; k++) {
          const weight = slopes.slice(k * size, (k + 1) * size).reduce((a, b) => a + b, 0) / size;
          sum += weight * values[k * size + p];
        }
        return Math.max(0, sum);
      });
      const map = gradCam(model, x, { layer, target: 3, resized: false }).get(sample);
      expect(map.shape).toEqual([4, 4]);
      close(map, expected);
    }
    expect(gradCam(model, x).shape).toEqual([2, 6, 6]);
  });

  test("works on sequences, and says what is missing", () => {
    const conv = new Conv1D(1, 1, { weights: "ones" });
    const model = new Sequential([conv, new Flatten(), new Dense(1, { weights: "ones" })], { inputShape: [3, 1] });
    expect(gradCam(model, tensor([[[1], [-1], [2]]]), { target: 1 }).toArray()).toEqual([[1, 0, 2]]);
    const plain = new Sequential([new Dense(2), new Activation("relu")], { inputShape: [2] });
    expect(() => gradCam(plain, zeros([1, 2]))).toThrow("has no convolution");
    expect(() => gradCam(plain, zeros([1, 2]), { layer: "0.dense" })).toThrow("gives no maps");
    expect(() => gradCam(plain, zeros([1, 2]), { layer: "conv" })).toThrow("it has 0.dense, 1.activation");
  });
});

describe("occlusion", () => {
  /** Looks at the left half of a 4 x 4 picture only. */
  const leftOnly = new Sequential(
    [
      new Flatten(),
      new Dense(2, { weights: () => tensor(Array.from({ length: 16 }, (_, i) => [i % 4 < 2 ? 1 : 0, 0])) }),
    ],
    { inputShape: [1, 4, 4] },
  );

  test("is 0 where the model does not look, for all pictures and patches", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 16, maxLength: 16 }),
        fc.constantFrom(1, 2),
        (values, patch) => {
          const x = tensor(values).reshape([1, 1, 4, 4]);
          const { drops, map, tops, lefts } = occlusion(leftOnly, x, { target: 0, patch, stride: patch });
          expect(tops).toEqual(patch === 1 ? [0, 1, 2, 3] : [0, 2]);
          const right = drops.slice(lefts.length / 2, lefts.length, 1, 2);
          expect(right.abs().max().item()).toBe(0);
          expect(map.slice(2, 4, 1, 2).abs().max().item()).toBe(0);
          // A linear model loses what the patch held.
          const covered = drops.sum().item();
          expect(covered).toBeCloseTo(x.slice(0, 2, 1, 3).sum().item(), 4);
        },
      ),
    );
  });

  test("of patches that overlap: the mean over those that cover a pixel; the last patch ends at the edge", () => {
    const x = tensor([
      [
        [
          [4, 0, 0, 0],
          [0, 0, 0, 0],
          [0, 0, 0, 0],
          [0, 0, 0, 0],
        ],
      ],
    ]);
    const { drops, map, tops } = occlusion(leftOnly, x, { target: 0, patch: 3, stride: 2 });
    expect(tops).toEqual([0, 1]);
    expect(drops.toArray()).toEqual([
      [
        [4, 0],
        [0, 0],
      ],
    ]);
    // The corner is covered by the first patch alone, the pixel beside it by two, the one in the middle by all four.
    expect(map.get(0, 0, 0).item()).toBe(4);
    expect(map.get(0, 0, 1).item()).toBe(2);
    expect(map.get(0, 1, 1).item()).toBe(1);
  });

  test("takes rows of pixels as pictures, channels together, and sequences by their steps", () => {
    const rows = new Sequential([new Reshape([2, 1, 2]), new Flatten(), new Dense(1, { weights: "ones" })], {
      inputShape: [4],
    });
    const both = occlusion(rows, tensor([[1, 2, 10, 20]]), { target: 1, patch: 1 });
    expect(both.drops.toArray()).toEqual([[[11, 22]]]);
    const dense = new Sequential([new Dense(1, { weights: "ones" })], { inputShape: [4] });
    const as = occlusion(dense, tensor([[1, 2, 3, 4]]), { target: 1, patch: [2, 1], stride: 1, picture: [2, 2] });
    expect(as.drops.toArray()).toEqual([[[4, 6]]]);
    const curve = occlusion(
      new Sequential([new Flatten(), new Dense(1, { weights: "ones" })], { inputShape: [3, 2] }),
      tensor([
        [
          [1, 1],
          [2, 2],
          [3, 3],
        ],
      ]),
      { target: 1, patch: 1, fill: 1 },
    );
    expect(curve.drops.toArray()).toEqual([[[0, 2, 4]]]);
  });

  test("refuses patches that are too large", () => {
    expect(() => occlusion(leftOnly, zeros([1, 1, 4, 4]), { patch: 5 })).toThrow(
      "a patch of 5 x 5 is larger than the picture of 4 x 4",
    );
  });
});
