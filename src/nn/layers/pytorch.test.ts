// Layers against PyTorch's modules (1.13, float64): outputs, and gradients by inputs and parameters. x_k = sin(1.7 k + 0.3), parameter i has
// sin((1.1 + 0.2 i) k + 0.2), the gradient is that of the sum of y_k cos(0.9 k). Of every array there are the sums with cos(0.9 k) and with
// cos(1.3 k), in which an element that is wrong shows.
import { describe, expect, it } from "vitest";
import {
  AdaptiveAveragePooling2D,
  AdaptiveMaxPooling2D,
  AveragePooling1D,
  AveragePooling2D,
  arange,
  type BaseLayer,
  BatchNormalization,
  backward,
  Conv1D,
  Conv2D,
  Conv2DTranspose,
  DepthwiseConv2D,
  GlobalAveragePooling1D,
  GlobalAveragePooling2D,
  GlobalMaxPooling1D,
  GlobalMaxPooling2D,
  GroupNormalization,
  L2Pooling2D,
  LayerNormalization,
  LocalResponseNormalization,
  MaxPooling1D,
  MaxPooling2D,
  Permute,
  PReLU,
  SeparableConv2D,
  Sequential,
  scope,
  type Tensor,
  UpSampling2D,
  ZeroPadding2D,
} from "../../node.ts";

const layers: Record<string, () => BaseLayer> = {
  Conv1D: () => new Conv1D(4, 3, { stride: 2, padding: 1 }),
  "Conv1D causal": () => new Conv1D(6, 3, { padding: "causal", dilation: 2, groups: 2, activation: "tanh" }),
  "Conv1D same": () => new Conv1D(3, 4, { padding: "same" }),
  Conv2D: () => new Conv2D(4, [3, 2], { stride: [2, 1], padding: [1, 0] }),
  "Conv2D groups": () => new Conv2D(6, 3, { dilation: [1, 2], groups: 2, bias: null, activation: "relu" }),
  "Conv2D same": () => new Conv2D(3, 4, { padding: "same" }),
  "Conv2D softmax": () => new Conv2D(3, 3, { activation: "softmax" }),
  Conv2DTranspose: () => new Conv2DTranspose(4, 3, { stride: 2, padding: 1, outputPadding: 1 }),
  "Conv2DTranspose groups": () => new Conv2DTranspose(6, [2, 3], { stride: [3, 1], dilation: [1, 2], groups: 2 }),
  DepthwiseConv2D: () => new DepthwiseConv2D(3, { depthMultiplier: 2, stride: 2, padding: 1 }),
  SeparableConv2D: () => new SeparableConv2D(2, 3, { depthMultiplier: 2, padding: 1, activation: "sigmoid" }),
  MaxPooling1D: () => new MaxPooling1D(3, { stride: 2, padding: 1 }),
  AveragePooling1D: () => new AveragePooling1D(3, { stride: 2, padding: 1 }),
  MaxPooling2D: () => new MaxPooling2D(3, { stride: 2, padding: 1, ceilMode: true }),
  "MaxPooling2D dilated": () => new MaxPooling2D(2, { stride: 1, dilation: [3, 2] }),
  AveragePooling2D: () => new AveragePooling2D(3, { stride: 2, padding: 1, countIncludePadding: false }),
  L2Pooling2D: () => new L2Pooling2D(3, { stride: 2 }),
  AdaptiveAveragePooling2D: () => new AdaptiveAveragePooling2D([3, 2]),
  AdaptiveMaxPooling2D: () => new AdaptiveMaxPooling2D([3, 2]),
  GlobalAveragePooling2D: () => new GlobalAveragePooling2D(),
  GlobalMaxPooling2D: () => new GlobalMaxPooling2D(),
  GlobalAveragePooling1D: () => new GlobalAveragePooling1D(),
  GlobalMaxPooling1D: () => new GlobalMaxPooling1D(),
  LayerNormalization: () => new LayerNormalization({ epsilon: 1e-3 }),
  "LayerNormalization images": () => new LayerNormalization({ axes: [1, 2, 3] }),
  GroupNormalization: () => new GroupNormalization({ groups: 3 }),
  BatchNormalization: () => new BatchNormalization(),
  LocalResponseNormalization: () => new LocalResponseNormalization(5, { alpha: 0.3, beta: 0.6, k: 2 }),
  UpSampling2D: () => new UpSampling2D([2, 3]),
  "UpSampling2D bilinear": () => new UpSampling2D(2, { method: "bilinear" }),
  ZeroPadding2D: () =>
    new ZeroPadding2D([
      [1, 3],
      [2, 0],
    ]),
  PReLU: () => new PReLU({ sharedAxes: [2, 3] }),
  Permute: () => new Permute([3, 1, 2]),
};

type Sums = number[];
type Case = [name: string, shape: number[], out: number[], y: Sums, dx: Sums, parameters: Sums[]];

// biome-ignore format: a layer a row
const cases: Case[] = [
  ["Conv1D", [2, 8, 3], [2, 4, 4], [5.87655, 1.287306], [0.13144841, -0.4790742], [[5.2272673, 12.331374], [2.2391593, 2.0303457]]],
  ["Conv1D causal", [2, 7, 4], [2, 7, 6], [6.1375573, -1.4219111], [2.3519087, 9.2060115], [[2.1689986, 3.5123248], [0.036530627, -1.2425234]]],
  ["Conv1D same", [2, 7, 2], [2, 7, 3], [-1.5840902, -0.4792801], [2.281383, -1.4351153], [[0.56232519, -3.5084653], [0.033137234, -0.012270887]]],
  ["Conv2D", [2, 3, 7, 6], [2, 4, 4, 5], [-1.3121764, -0.1023359], [32.30097, -3.6075414], [[-0.11557488, 2.7451533], [-0.41321388, -0.24855877]]],
  ["Conv2D groups", [2, 4, 6, 7], [2, 6, 4, 3], [0.33740434, -0.046343811], [-0.6855493, 11.393707], [[0.85863471, 1.5362043]]],
  ["Conv2D same", [1, 2, 5, 6], [1, 3, 5, 6], [-2.731486, -4.49813], [0.87636916, -16.901347], [[-8.4305218, -6.5729577], [1.0272322, 2.0394585]]],
  ["Conv2D softmax", [2, 2, 4, 5], [2, 3, 2, 3], [2.5504156, 2.243011], [0.64095363, -0.25425875], [[-0.4563833, 1.5834653], [-0.28903403, -0.40725516]]],
  ["Conv2DTranspose", [2, 3, 3, 4], [2, 4, 6, 8], [-0.90517017, 3.7418937], [0.098147699, -2.2999622], [[-2.280398, -8.2833884], [0.013536199, 0.0049858877]]],
  ["Conv2DTranspose groups", [1, 4, 3, 3], [1, 6, 8, 7], [1.5619446, 0.0060242987], [-0.87408382, -1.2470987], [[-9.7249174, 4.9219809], [-0.10620863, 0.15583342]]],
  ["DepthwiseConv2D", [2, 3, 6, 5], [2, 6, 3, 3], [-14.755339, -0.64120585], [15.077252, -1.3244143], [[-0.53929301, 5.3390209], [0.82530488, 2.9381576]]],
  ["SeparableConv2D", [2, 3, 4, 4], [2, 2, 4, 4], [0.52310208, 0.48417939], [1.6854051, 0.087957903], [[-0.16649847, 0.0081713071], [-0.46155796, -0.09972461], [0.2259431, 0.20331624]]],
  ["MaxPooling1D", [2, 7, 3], [2, 4, 3], [-0.02725076, 4.2189038], [0.073763194, -1.9188442], []],
  ["AveragePooling1D", [2, 7, 3], [2, 4, 3], [0.46657621, 4.6303725], [-0.086893912, -0.10517022], []],
  ["MaxPooling2D", [2, 2, 7, 6], [2, 2, 4, 4], [2.5406989, 2.2137505], [10.229201, -4.6957314], []],
  ["MaxPooling2D dilated", [2, 2, 7, 6], [2, 2, 4, 4], [0.69512401, -0.059247696], [-2.5947945, 0.94225299], []],
  ["AveragePooling2D", [2, 2, 7, 6], [2, 2, 4, 3], [0.13277019, -0.15612103], [0.55846776, -0.30839925], []],
  ["L2Pooling2D", [2, 2, 6, 6], [2, 2, 2, 2], [4.1796519, 2.9671865], [3.3995385, -0.41731438], []],
  ["AdaptiveAveragePooling2D", [2, 2, 7, 5], [2, 2, 3, 2], [0.0038349608, 0.016941284], [-0.24543751, 0.11761522], []],
  ["AdaptiveMaxPooling2D", [2, 2, 7, 5], [2, 2, 3, 2], [1.5579318, -0.19730779], [2.1863984, 0.45369723], []],
  ["GlobalAveragePooling2D", [2, 3, 4, 2], [2, 3], [0.094278836, -0.15641616], [0.39048959, 0.03791652], []],
  ["GlobalMaxPooling2D", [2, 3, 4, 2], [2, 3], [-0.59331062, 1.1267365], [0.91081924, -1.1320374], []],
  ["GlobalAveragePooling1D", [2, 5, 3], [2, 3], [-0.041673777, -0.0078390653], [-0.02288199, -0.064539216], []],
  ["GlobalMaxPooling1D", [2, 5, 3], [2, 3], [-0.45541475, 1.1944794], [-0.33681991, -0.75182125], []],
  ["LayerNormalization", [2, 3, 5], [2, 3, 5], [2.0209415, -4.6376241], [-2.3554093, 0.17506322], [[0.92374446, -1.3628832], [1.0715583, -0.72701526]]],
  ["LayerNormalization images", [2, 3, 2, 2], [2, 3, 2, 2], [-1.5145242, -0.21833743], [-0.13574203, 1.2335718], [[-0.43402788, 0.93609207], [5.5635978, -2.0617073]]],
  ["GroupNormalization", [2, 6, 3, 2], [2, 6, 3, 2], [-4.2360317, -0.17559106], [0.18038665, -1.7408861], [[0.028737544, 1.4947615], [-4.7360675, -3.4144992]]],
  ["BatchNormalization", [3, 4, 2, 2], [3, 4, 2, 2], [1.3825669, 1.3317967], [7.7327906, -4.6713509], [[5.4259936, 3.340958], [-0.49631935, -0.41212155]]],
  ["LocalResponseNormalization", [2, 7, 2, 3], [2, 7, 2, 3], [0.83387769, 1.2502627], [26.698156, 1.2650247], []],
  ["UpSampling2D", [2, 2, 3, 2], [2, 2, 6, 6], [-2.0520599, 3.0706265], [9.6089743, 0.74528539], []],
  ["UpSampling2D bilinear", [2, 2, 3, 4], [2, 2, 6, 8], [-7.9574656, -0.40028578], [1.730506, -2.7510276], []],
  ["ZeroPadding2D", [1, 2, 3, 3], [1, 2, 7, 5], [0.31493188, 0.20301078], [0.01406226, 5.1532942], []],
  ["PReLU", [2, 3, 2, 2], [2, 3, 2, 2], [0.37545274, 2.2704534], [9.396758, 0.12652886], [[-0.1220895, -0.16111802]]],
  ["Permute", [2, 3, 4, 2], [2, 2, 3, 4], [-1.3757525, 0.017516632], [-0.9267722, 0.073314015], []],
];

type Float = "float32" | "float64";

function wave(shape: readonly number[], step: number, start: number, dtype: Float): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return arange(0, size, 1, "float64")
    .mul(step)
    .add(start)
    .sin()
    .reshape([...shape])
    .cast(dtype);
}

function near(t: Tensor, expected: Sums, dtype: Float, what: string): void {
  [0.9, 1.3].forEach((step, i) => {
    const sum = [...t.dataSync()].reduce((total, value, k) => total + value * Math.cos(step * k), 0);
    const allowed = (dtype === "float32" ? 1e-5 : 1e-7) * Math.max(1, Math.abs(expected[i]));
    expect(Math.abs(sum - expected[i]), `${what}: ${sum}, not ${expected[i]}`).toBeLessThan(allowed);
  });
}

describe.each(["float32", "float64"] as const)("%s", (dtype) => {
  it.each(cases)("%s", (name, shape, out, y, dx, parameters) => {
    scope(() => {
      const model = new Sequential([layers[name]!()], { inputShape: shape.slice(1), dtype });
      const learnt = model.parameters.filter(({ trainable }) => trainable);
      learnt.forEach((parameter, i) => {
        parameter.assign(wave(parameter.shape, 1.1 + 0.2 * i, 0.2, dtype));
      });
      const x = wave(shape, 1.7, 0.3, dtype).requireGradient();
      const value = model.call(x, { training: true });
      expect(value.shape).toEqual(out);
      expect([shape[0], ...model.outputShape]).toEqual(out);
      near(value, y, dtype, "y");
      backward(value, arange(0, value.size, 1, "float64").mul(0.9).cos().reshape(out).cast(dtype));
      near(x.gradient!, dx, dtype, "dx");
      expect(learnt).toHaveLength(parameters.length);
      parameters.forEach((sums, i) => {
        near(learnt[i]!.tensor.gradient!, sums, dtype, learnt[i]!.name);
      });
    });
  });
});

it("every layer here has a case, and every case a layer", () => {
  expect(cases.map(([name]) => name).sort()).toEqual(Object.keys(layers).sort());
});
