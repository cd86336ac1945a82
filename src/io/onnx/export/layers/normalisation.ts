// Normalisations.
import type { BatchNormalization } from "../../../../nn/layers/batch-normalisation.ts";
import type { GroupNormalization } from "../../../../nn/layers/group-normalisation.ts";
import type { LayerNormalization } from "../../../../nn/layers/layer-normalisation.ts";
import type { LocalResponseNormalization } from "../../../../nn/layers/local-response-normalisation.ts";
import type { OnnxSymbol } from "../graph.ts";
import type { OnnxLayerExport, OnnxScope } from "../scope.ts";

export const batchNormalization: OnnxLayerExport<BatchNormalization> = (layer, [x], to) => {
  const statistics = ["gamma", "beta", "runningMean", "runningVariance"].map((name) => to.parameter(name));
  return to.node("BatchNormalization", [to.real(x), ...statistics], { epsilon: { float: layer.epsilon } });
};

export const layerNormalization: OnnxLayerExport<LayerNormalization> = (layer, [x], to) => {
  const [gamma, beta] = [to.parameter("gamma"), to.parameter("beta")];
  const settings = { axis: -layer.axes.length, epsilon: { float: layer.epsilon } };
  return to.node("LayerNormalization", [to.real(x), gamma, beta], settings);
};

/** Groups as the channels of instance normalisation, then a number to multiply and one to add for each channel. */
export const groupNormalization: OnnxLayerExport<GroupNormalization> = (layer, [x], to) => {
  const { groups, epsilon } = layer;
  const [channels, ...rest] = to.shapes[0];
  const input = to.real(x);
  const flat = to.reshape(input, [0, groups, -1]);
  const same = [
    to.array("ones", new Array(groups).fill(1), [groups]),
    to.array("zeros", new Array(groups).fill(0), [groups]),
  ];
  const normal = to.node("InstanceNormalization", [flat, ...same], { epsilon: { float: epsilon } });
  const back = to.node("Reshape", [normal, to.node("Shape", [input], {}, "int64")]);
  const shape = [channels!, ...rest.map(() => 1)];
  const [gamma, beta] = ["gamma", "beta"].map((name) => to.array(name, to.values(name)!.data, shape));
  return to.node("Add", [to.node("Mul", [back, gamma]), beta]);
};

export const localResponseNormalization: OnnxLayerExport<LocalResponseNormalization> = (layer, [x], to) => {
  const { size, alpha, beta, k } = layer;
  const input = to.real(x);
  // ONNX has the larger half of an even window behind a channel, not before it, and runtimes want odd ones, and images.
  if (size % 2 === 1 && to.shapes[0].length === 3) {
    return to.node("LRN", [input], {
      ...{ size, alpha: { float: alpha }, beta: { float: beta }, bias: { float: k } },
    });
  }
  const channels = to.shapes[0][0];
  if (channels === null) return to.fail("needs a fixed number of channels");
  const before = Math.floor(size / 2);
  const rank = to.shapes[0].length + 1;
  const pads = new Array<number>(2 * rank).fill(0);
  pads[1] = before;
  pads[rank + 1] = size - 1 - before;
  const squares = to.node("Pad", [to.node("Mul", [input, input]), to.ints(pads), to.number(0)]);
  const shifted = Array.from({ length: size }, (_, i) => sliceChannels(to, squares, i, i + channels));
  const sum = shifted.length === 1 ? shifted[0] : to.node("Sum", shifted);
  const strength = to.node("Add", [to.node("Mul", [sum, to.number(alpha / size)]), to.number(k)]);
  return to.node("Div", [input, to.node("Pow", [strength, to.number(beta)])]);
};

function sliceChannels(to: OnnxScope, x: OnnxSymbol, start: number, end: number): OnnxSymbol {
  return to.node("Slice", [x, to.ints([start]), to.ints([end]), to.ints([1])]);
}
