// Part 4: every tensor that the text prints or that follows from it, gradient checks, where the series' own program is wrong, and bad input.
import { avgPool2d, backward, conv2d, maxPool2d, quadraticCost, type Tensor, tensor } from "nabla";
import { describe, expect, it, test } from "vitest";
import { Random } from "../../random.ts";
import { placesOf } from "../../sizes.ts";
import { Volume } from "../../volume.ts";
import { IdentityActivator, ReluActivator } from "./activators.ts";
import { FullConnected, gradientCheck, leNet5, Network, parametersOf } from "./cnn.ts";
import { ConvLayer, Filter } from "./conv-layer.ts";
import {
  conv,
  convolution,
  elementWiseOp,
  getPatch,
  kronecker,
  padding,
  rotate180,
  runningSums,
  validPart,
} from "./convolution.ts";
import { SigmoidActivator, TanhActivator } from "./fc.ts";
import { agreeingDigits } from "./gradient-check.ts";
import { FILTER, IMAGE, initTest, SKEW_FILTER } from "./init-test.ts";
import { getMaxIndex, MaxPoolingLayer, MeanPoolingLayer, maxBackwardAsPrinted } from "./pooling-layer.ts";
import { sensitivityTerms } from "./sensitivity-terms.ts";

const flat = (volume: Volume) => volume.toChannels()[0];
const ones = (depth: number, height: number, width: number) => Volume.fill(depth, height, width, () => 1);

function correlate(image: Volume, filter: Volume, stride = 1): number[][] {
  const rows = placesOf("test", "height", image.height, filter.height, 0, stride);
  const columns = placesOf("test", "width", image.width, filter.width, 0, stride);
  const output = new Volume(1, rows, columns);
  conv(image, filter, output, stride, 0);
  return flat(output);
}

describe("convolution", () => {
  it("of the text's image: 434/243/234 with stride 1, 44/24 with stride 2; the first sums are 4 and 3", () => {
    expect(correlate(IMAGE, FILTER)).toEqual([
      [4, 3, 4],
      [2, 4, 3],
      [2, 3, 4],
    ]);
    expect(correlate(IMAGE, FILTER, 2)).toEqual([
      [4, 4],
      [2, 4],
    ]);
    const patch = getPatch(IMAGE, 0, 1, 3, 3, 1);
    expect(flat(patch)).toEqual([
      [1, 1, 0],
      [1, 1, 1],
      [0, 1, 1],
    ]);
  });

  it("product by product: the first output of the text's image is 1 + 1 + 1 + 1, with a bias before them", () => {
    // Image 111/011/001 under filter 101/010/101.
    const patch = getPatch(IMAGE, 0, 0, 3, 3, 1);
    expect(runningSums(patch, FILTER)).toEqual([0, 1, 1, 2, 2, 3, 3, 3, 3, 4]);
    expect(runningSums(patch, FILTER, -2).at(-1)).toBe(2);
    expect(() => runningSums(IMAGE, FILTER)).toThrow(
      "runningSums: a patch of shape (1,5,5) does not fit a kernel of (1,3,3)",
    );
  });

  it("is correlation with the filter turned by 180 degrees, and commutes", () => {
    const [correlation, turned] = [
      [
        [3, 3, 1],
        [1, 3, 4],
        [-1, 3, 4],
      ],
      [
        [1, 3, 3],
        [1, 3, 2],
        [3, 3, 0],
      ],
    ];
    expect(correlate(IMAGE, SKEW_FILTER)).toEqual(correlation);
    expect(flat(validPart(convolution(IMAGE, SKEW_FILTER), SKEW_FILTER))).toEqual(turned);
    expect(correlate(IMAGE, rotate180(SKEW_FILTER))).toEqual(turned);
    expect(flat(convolution(SKEW_FILTER, IMAGE))).toEqual(flat(convolution(IMAGE, SKEW_FILTER)));
  });

  it("pads two and three axes, each side by its own number", () => {
    expect(flat(padding(Volume.from([[[1]]]), [1, 0]))).toEqual([[0], [1], [0]]);
    expect(padding(ones(2, 2, 2), 1).toChannels()[1]).toEqual([
      [0, 0, 0, 0],
      [0, 1, 1, 0],
      [0, 1, 1, 0],
      [0, 0, 0, 0],
    ]);
  });

  it("elementWiseOp writes into what it is given: a derivative into whole numbers is cut to 0", () => {
    const outputs = new Float64Array([0.5]);
    elementWiseOp(outputs, (y) => y * (1 - y));
    expect([...outputs]).toEqual([0.25]);
    const whole = Int32Array.of(1, 2);
    elementWiseOp(whole, (y) => 0.25 * y);
    expect([...whole]).toEqual([0, 0]);
  });
});

test("delta [[5,6],[7,8]] through the filter [[1,2],[3,4]]: dE/da = [[5,16,12],[22,60,40],[21,52,32]]", () => {
  const layer = new ConvLayer(3, 3, 1, 2, 2, 1, 0, 1, new IdentityActivator(), 0.1, new Random(1));
  layer.filters[0].setWeights(
    Volume.from([
      [
        [1, 2],
        [3, 4],
      ],
    ]),
  );
  const sensitivity = Volume.from([
    [
      [5, 6],
      [7, 8],
    ],
  ]);
  expect(flat(layer.bpSensitivityMap(ones(1, 3, 3), sensitivity, new IdentityActivator()))).toEqual([
    [5, 16, 12],
    [22, 60, 40],
    [21, 52, 32],
  ]);
});

describe("which deltas come back to a number of the input", () => {
  const layerOf = (size: number, filter: number, pad: number, stride: number) =>
    new ConvLayer(size, size, 1, filter, filter, 1, pad, stride, new IdentityActivator(), 0.1, new Random(3), 1);

  it("a11, a12 and a22 of the text: d11 w11; d11 w12 + d12 w11; d11 w22 + d12 w21 + d21 w12 + d22 w11", () => {
    const written = (i: number, j: number) =>
      sensitivityTerms(layerOf(3, 2, 0, 1), i, j).map(
        ({ row, column, m, n }) => `d${row + 1}${column + 1} w${m + 1}${n + 1}`,
      );
    expect(written(0, 0)).toEqual(["d11 w11"]);
    expect(written(0, 1)).toEqual(["d11 w12", "d12 w11"]);
    expect(written(1, 1)).toEqual(["d11 w22", "d12 w21", "d21 w12", "d22 w11"]);
  });

  it.each([
    [5, 3, 1, 2],
    [4, 2, 0, 2],
    [6, 3, 2, 1],
  ])(
    "their sum is what the layer hands back: input %i, filter %i, padding %i, stride %i",
    (size, filter, pad, stride) => {
      const layer = layerOf(size, filter, pad, stride);
      const random = new Random(4);
      const delta = Volume.fill(1, layer.outputHeight, layer.outputWidth, () => random.normal());
      const back = layer.bpSensitivityMap(new Volume(1, size, size), delta, new IdentityActivator());
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < size; j++) {
          const terms = sensitivityTerms(layer, i, j);
          const sum = terms.reduce(
            (total, { row, column, m, n }) => total + delta.at(0, row, column) * layer.filters[0].weights.at(0, m, n),
            0,
          );
          expect(sum).toBeCloseTo(back.at(0, i, j), 12);
        }
      }
    },
  );
});

describe("init_test", () => {
  const { a, b, layer } = initTest();
  const outputs = layer.forward(a).toChannels();
  const deltaB = layer.backward(a, b, new IdentityActivator()).toChannels();
  const gradB = layer.filters.map(({ weightsGrad, biasGrad }) => ({ weights: weightsGrad.toChannels(), biasGrad }));

  it("forward: sums 24 and -28", () => {
    expect(outputs).toEqual([
      [
        [6, 7, 5],
        [3, -1, -1],
        [2, -1, 4],
      ],
      [
        [2, -5, -8],
        [1, -4, -4],
        [0, -5, -5],
      ],
    ]);
    expect(outputs.map((map) => map.flat().reduce((sum, value) => sum + value))).toEqual([24, -28]);
  });

  it("gradients with the sensitivity map b", () => {
    expect(gradB[0]).toEqual({
      weights: [
        [
          [8, 10, 9],
          [5, 6, 6],
          [6, 5, 4],
        ],
        [
          [4, 1, 4],
          [10, 9, 12],
          [2, 2, 2],
        ],
        [
          [2, 2, 3],
          [5, 8, 5],
          [7, 8, 7],
        ],
      ],
      biasGrad: 9,
    });
    expect(gradB[1]).toEqual({
      weights: [
        [
          [2, 2, 1],
          [4, 7, 3],
          [4, 4, 2],
        ],
        [
          [0, 1, 0],
          [9, 5, 4],
          [4, 0, 0],
        ],
        [
          [4, 6, 5],
          [2, 5, 2],
          [2, 1, 0],
        ],
      ],
      biasGrad: 7,
    });
  });

  it("the delta of the layer before with the sensitivity map b", () => {
    expect(deltaB).toEqual([
      [
        [-1, 1, 1, -2, -1],
        [1, -1, 3, -1, 1],
        [2, 0, 2, 0, 2],
        [4, 3, 4, 1, 3],
        [0, -1, -2, 1, -1],
      ],
      [
        [0, -1, 0, -2, 0],
        [-1, -2, -3, -4, -1],
        [0, 0, 0, 0, 0],
        [-2, 0, 0, 0, -1],
        [0, -3, 0, -3, 0],
      ],
      [
        [0, 1, 1, -2, 1],
        [0, -1, -1, -4, -1],
        [2, 0, 2, 0, 2],
        [-2, -3, -2, -1, -2],
        [1, -1, 0, 1, 0],
      ],
    ]);
  });

  it("after an update with rate 0.001: first row -1.008, 0.99, -0.009, biases 0.991 and -0.007", () => {
    layer.update();
    const [first, second] = layer.filters;
    [-1.008, 0.99, -0.009].forEach((weight, i) => {
      expect(first.weights.values[i]).toBeCloseTo(weight, 15);
    });
    expect([first.bias, second.bias]).toEqual([0.991, -0.007]);
  });

  it("with a sensitivity map of ones", () => {
    const fresh = initTest();
    fresh.layer.forward(fresh.a);
    const delta = fresh.layer.backward(fresh.a, ones(2, 3, 3), new IdentityActivator()).toChannels();
    for (const { weightsGrad, biasGrad } of fresh.layer.filters) {
      expect(biasGrad).toBe(9);
      expect(weightsGrad.toChannels()).toEqual([
        [
          [5, 6, 5],
          [5, 7, 5],
          [5, 6, 5],
        ],
        [
          [2, 1, 2],
          [9, 9, 9],
          [2, 1, 2],
        ],
        [
          [4, 5, 4],
          [4, 9, 4],
          [4, 5, 4],
        ],
      ]);
    }
    const even = [
      [0, 0, 0, 0, 0],
      [0, -2, 0, -2, 0],
      [1, 0, 1, 0, 1],
    ];
    const odd = [
      [2, 1, 2, 1, 2],
      [0, -2, 0, -2, 0],
      [-1, -3, -1, -3, -1],
    ];
    delta.forEach((rows, d) => {
      rows.forEach((row, i) => {
        expect(row, `channel ${d}, row ${i}`).toEqual(i % 2 === 0 ? even[d] : odd[d]);
      });
    });
  });
});

describe("pooling", () => {
  const image = Volume.from([
    [
      [1, 1, 2, 4],
      [5, 6, 7, 8],
      [3, 2, 1, 0],
      [1, 2, 3, 4],
    ],
  ]);
  const sensitivity = Volume.from([
    [
      [1, 2],
      [3, 4],
    ],
  ]);

  it("of 1124/5678/3210/1234: maxima 68/34, means 3.25 5.25/2 2", () => {
    expect(flat(new MaxPoolingLayer(4, 4, 1, 2, 2, 2).forward(image))).toEqual([
      [6, 8],
      [3, 4],
    ]);
    expect(flat(new MeanPoolingLayer(4, 4, 1, 2, 2, 2).forward(image))).toEqual([
      [3.25, 5.25],
      [2, 2],
    ]);
  });

  it("max hands a delta to the largest element, mean a quarter to each: Kronecker's product with 1/4", () => {
    const max = new MaxPoolingLayer(4, 4, 1, 2, 2, 2);
    expect(flat(max.backward(image, sensitivity))).toEqual([
      [0, 0, 0, 0],
      [0, 1, 0, 2],
      [3, 0, 0, 0],
      [0, 0, 0, 4],
    ]);
    const mean = new MeanPoolingLayer(4, 4, 1, 2, 2, 2);
    const quarters = Volume.fill(1, 2, 2, () => 1 / 4);
    expect(flat(mean.backward(image, sensitivity))).toEqual(flat(kronecker(sensitivity, quarters)));
  });

  it("overlapping windows add up, 4 at the centre; as printed they overwrite each other, 1", () => {
    const peak = Volume.from([
      [
        [1, 2, 3],
        [4, 9, 5],
        [6, 7, 8],
      ],
    ]);
    const layer = new MaxPoolingLayer(3, 3, 1, 2, 2, 1);
    layer.forward(peak);
    expect(layer.backward(peak, ones(1, 2, 2)).at(0, 1, 1)).toBe(4);
    expect(maxBackwardAsPrinted(layer, peak, ones(1, 2, 2)).at(0, 1, 1)).toBe(1);
  });

  it("of equal elements the first one is the largest, row by row", () => {
    expect(
      getMaxIndex(
        Volume.from([
          [
            [0, 7],
            [7, 7],
          ],
        ]),
      ),
    ).toEqual([0, 1]);
    const layer = new MaxPoolingLayer(2, 2, 1, 2, 2, 2);
    const zeros = new Volume(1, 2, 2);
    layer.forward(zeros);
    expect(flat(layer.backward(zeros, ones(1, 1, 1)))).toEqual([
      [1, 0],
      [0, 0],
    ]);
  });

  it("multiplies by the derivative of the layer before: through a ReLU at rest nothing passes", () => {
    const zeros = new Volume(1, 2, 2);
    const layer = new MaxPoolingLayer(2, 2, 1, 2, 2, 2);
    expect(layer.backward(zeros, ones(1, 1, 1), new ReluActivator()).sum()).toBe(0);
  });
});

describe("gradients", () => {
  const random = new Random(7);
  const list = (length: number) => Array.from({ length }, () => random.uniform(0.1, 0.9));
  const chain = (pooling: typeof MaxPoolingLayer | typeof MeanPoolingLayer) =>
    new Network([
      // A filter of 3 rows and 2 columns, padding 1, stride 2; then overlapping windows.
      new ConvLayer(11, 8, 2, 2, 3, 3, 1, 1, new TanhActivator(), 0.1, random, 0.5),
      new pooling(12, 8, 3, 2, 2, 2),
      new ConvLayer(6, 4, 3, 3, 3, 4, 2, 1, new SigmoidActivator(), 0.1, random, 0.5),
      new pooling(8, 6, 4, 2, 3, 1),
      new ConvLayer(7, 4, 4, 3, 2, 2, 1, 2, new TanhActivator(), 0.1, random, 0.5),
      new ConvLayer(4, 3, 2, 2, 2, 3, 0, 1, new SigmoidActivator(), 0.1, random, 0.5),
      new FullConnected([3, 2, 3], 5, new TanhActivator(), 0.1, random, 0.5),
      new FullConnected([5, 1, 1], 3, new SigmoidActivator(), 0.1, random, 0.5),
    ]);

  it.each([
    ["max", MaxPoolingLayer],
    ["mean", MeanPoolingLayer],
  ] as const)("of a whole chain with %s pooling agree to 4 digits with differences", (_, pooling) => {
    expect(agreeingDigits(gradientCheck(chain(pooling), list(176), list(3), 1e-5))).toBeGreaterThan(4);
  });

  it("padding beyond filter - 1 is cut off on the way back", () => {
    const network = new Network([
      new ConvLayer(3, 3, 1, 1, 1, 2, 0, 1, new TanhActivator(), 0.1, random, 1),
      new ConvLayer(3, 3, 2, 2, 2, 1, 3, 1, new TanhActivator(), 0.1, random, 1),
      new FullConnected([1, 8, 8], 2, new SigmoidActivator(), 0.1, random, 0.5),
    ]);
    expect(agreeingDigits(gradientCheck(network, list(9), list(2), 1e-5))).toBeGreaterThan(4);
  });

  it.each([
    ["max", MaxPoolingLayer, maxPool2d],
    ["mean", MeanPoolingLayer, avgPool2d],
  ] as const)("and twenty steps of training equal the framework's: %s pooling", (_, Pooling, pool) => {
    const network = new Network([
      new ConvLayer(8, 8, 2, 3, 3, 3, 1, 1, new TanhActivator(), 0.1, random, 0.5),
      new Pooling(8, 8, 3, 2, 2, 2),
      new ConvLayer(4, 4, 3, 3, 3, 4, 0, 1, new TanhActivator(), 0.1, random, 0.5),
      new FullConnected([4, 2, 2], 3, new SigmoidActivator(), 0.1, random, 0.5),
    ]);
    const shapes = [[3, 2, 3, 3], [3], [4, 3, 3, 3], [4], [3, 16], [3]];
    const layers = network.layers.map(parametersOf).filter(({ count }) => count > 0);
    /** Weights of all filters, then biases, as the framework has them. */
    const gathered = (what: "read" | "gradient") =>
      layers.flatMap((layer, l) => {
        const all = Array.from({ length: layer.count }, (_, i) => layer[what](i));
        if (l === 2) return [all.slice(0, 48), all.slice(48)];
        const size = shapes[2 * l].slice(1).reduce((a, b) => a * b) + 1;
        return [all.filter((_, i) => i % size !== size - 1), all.filter((_, i) => i % size === size - 1)];
      });
    let values = gathered("read").map((list) => Float64Array.from(list.flat()));
    const forward = (sample: number[], [w1, b1, w2, b2, w3, b3]: readonly Tensor[]): Tensor => {
      const maps = pool(
        conv2d(tensor(sample, { shape: [1, 2, 8, 8], dtype: "float64" }), w1, b1, { padding: 1 }).tanh(),
        2,
      );
      const flattened = conv2d(maps, w2, b2).tanh().reshape([1, 16]);
      return flattened.matmul(w3.transpose()).add(b3).sigmoid();
    };
    for (let step = 0; step < 20; step++) {
      const [sample, label] = [list(128), list(3)];
      const parameters = values.map((list, i) =>
        tensor(list, { shape: shapes[i], dtype: "float64" }).requireGradient(),
      );
      backward(quadraticCost(forward(sample, parameters), tensor([label], "float64")));
      const gradients = parameters.map(({ gradient }) => gradient!.flatten().toArray() as number[]);
      network.predict(sample);
      network.calcGradient(label);
      gathered("gradient").forEach((byHand, i) => {
        byHand.flat().forEach((gradient, k) => {
          expect(gradient, `step ${step}, parameter ${i}`).toBeCloseTo(gradients[i][k], 13);
        });
      });
      network.updateWeight(0.5);
      values = values.map((list, i) => list.map((value, k) => value - 0.5 * gradients[i][k]));
    }
    gathered("read").forEach((byHand, i) => {
      byHand.flat().forEach((weight, k) => {
        expect(weight).toBeCloseTo(values[i][k], 12);
      });
    });
  });
});

describe("LeNet-5", () => {
  it("has 61,706 parameters: 156, 2,416, 48,120, 10,164, 850", () => {
    const network = leNet5(new Random(1));
    expect(network.layers.map(({ parameterCount }) => parameterCount)).toEqual([156, 0, 2416, 0, 48120, 10164, 850]);
    expect(network.parameterCount).toBe(61706);
  });

  it("its 120 neurons are 120 filters of 5x5 on 16 maps of 5x5", () => {
    const full = new FullConnected([16, 5, 5], 120, new TanhActivator(), 0.1, new Random(2));
    const filters = new ConvLayer(5, 5, 16, 5, 5, 120, 0, 1, new TanhActivator(), 0.1, new Random(3));
    filters.filters.forEach((filter, f) => {
      filter.setWeights(new Volume(16, 5, 5, full.layer.W.values.slice(400 * f, 400 * (f + 1))));
    });
    const random = new Random(4);
    const maps = Volume.fill(16, 5, 5, () => random.normal());
    const [byNeurons, byFilters] = [full.forward(maps).values, filters.forward(maps).values];
    byNeurons.forEach((value, i) => {
      expect(byFilters[i]).toBeCloseTo(value, 13);
    });
    expect(filters.parameterCount).toBe(full.parameterCount);
  });
});

test("two filters of 3x3x3 have 56 parameters, on any image", () => {
  for (const size of [5, 7, 9]) {
    const layer = new ConvLayer(size, size, 3, 3, 3, 2, 0, 2, new ReluActivator(), 0.1, new Random(1));
    expect(layer.parameterCount).toBe(56);
  }
});

describe("bad input", () => {
  const make = (width: number, filter: number, pad: number, stride: number) => () =>
    new ConvLayer(width, width, 1, filter, filter, 1, pad, stride, new ReluActivator(), 0.1, new Random(1));

  it("sizes that do not divide: names the nearest that do", () => {
    expect(make(6, 3, 0, 2)).toThrow(
      "ConvLayer: width 6 does not divide: (6 - 3 + 2 * 0) / 2 + 1 = 2.5; width 5 or 7 would",
    );
    expect(make(5, 3, 0, 2)).not.toThrow();
    expect(make(7, 3, 0, 2)).not.toThrow();
    expect(() => new MaxPoolingLayer(9, 8, 1, 2, 2, 2)).toThrow("PoolingLayer: width 9 does not divide");
    expect(() => new MeanPoolingLayer(8, 9, 1, 2, 2, 2)).toThrow("height 8 or 10 would");
  });

  it("a filter larger than the padded image: how large it may be, or how much padding it needs", () => {
    expect(make(3, 7, 1, 1)).toThrow(
      "ConvLayer: a window of 7 is larger than the padded width, 3 + 2 * 1 = 5; take a window of at most 5, or pad by 2",
    );
    expect(make(3, 7, 2, 1)).not.toThrow();
  });

  it("sizes that are no whole numbers", () => {
    expect(make(5, 2.5, 0, 1)).toThrow("the window must be a whole number from 1 on, got 2.5");
    expect(make(5, 3, -1, 1)).toThrow("the padding must be a whole number from 0 on, got -1");
    expect(make(5, 3, 0, 0)).toThrow("the stride must be a whole number from 1 on, got 0");
  });

  it("a filter of another shape, an image of another shape, layers that do not fit", () => {
    expect(() => new Filter(3, 3, 2, new Random(1)).setWeights(ones(1, 3, 3))).toThrow(
      "Filter: weights of shape (1,3,3) do not fit a filter of (2,3,3)",
    );
    const layer = new ConvLayer(5, 5, 1, 3, 3, 2, 0, 1, new ReluActivator(), 0.1, new Random(1));
    expect(() => layer.forward(ones(1, 6, 5))).toThrow("ConvLayer: takes an input of shape (1,5,5), got (1,6,5)");
    expect(() => layer.backward(ones(1, 5, 5), ones(2, 2, 3), new ReluActivator())).toThrow(
      "takes a sensitivity map of shape (2,3,3), got (2,2,3)",
    );
    expect(() => new Network([layer, new MaxPoolingLayer(4, 4, 2, 2, 2, 2)])).toThrow(
      "Network: layer 1 takes (2,4,4), but layer 0 gives (2,3,3)",
    );
    expect(() => new Network([layer]).predict([1, 2])).toThrow("Volume: 1x5x5 takes 25 numbers, got 2");
    expect(() => new Volume(1, 2, 2, [1])).toThrow("1x2x2 takes 4 numbers, got 1");
    expect(() => Volume.from([[[1, 2], [3]]])).toThrow("differ in length");
  });
});
