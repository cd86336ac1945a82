// Layers of vectors: fully connected ones, activations with and without slopes of their own, radial bases; and those that act while training only.
import type { Activation } from "../../../../nn/layers/activation.ts";
import type { Dense } from "../../../../nn/layers/dense.ts";
import type { Dropout } from "../../../../nn/layers/dropout.ts";
import type { PReLU } from "../../../../nn/layers/prelu.ts";
import type { RadialBasis } from "../../../../nn/layers/radial-basis.ts";
import type { Rescaling } from "../../../../nn/layers/rescaling.ts";
import type { OnnxSymbol } from "../graph.ts";
import type { OnnxLayerExport, OnnxScope } from "../scope.ts";
import { activate } from "./activations.ts";

/** x W + b of rows of any rank. */
export function affine(to: OnnxScope, x: OnnxSymbol, weights: OnnxSymbol, bias: OnnxSymbol | null): OnnxSymbol {
  const y = to.node("MatMul", [x, weights]);
  return bias === null ? y : to.node("Add", [y, bias]);
}

export const dense: OnnxLayerExport<Dense> = (layer, [x], to) => {
  const [weights, bias] = [to.parameter("weights")!, to.parameter("bias")];
  const rows = to.real(x);
  const vectors = to.shapes[0].length === 1 && bias !== null;
  const y = vectors ? to.node("Gemm", [rows, weights, bias]) : affine(to, rows, weights, bias);
  return activate(to, y, layer.activation);
};

export const activation: OnnxLayerExport<Activation> = (layer, [x], to) => activate(to, to.real(x), layer.activation);

/** Layers that change nothing but while training. */
export const nothing: OnnxLayerExport = (_, [x]) => x;

export const dropout: OnnxLayerExport<Dropout> = (layer, [x], to) =>
  layer.scaling === "atTest" && layer.rate > 0 ? to.node("Mul", [to.real(x), to.number(1 - layer.rate)]) : x;

export const prelu: OnnxLayerExport<PReLU> = (_, [x], to) => to.node("PRelu", [to.real(x), to.parameter("alpha")!]);

export const rescaling: OnnxLayerExport<Rescaling> = ({ scale, offset }, [x], to) =>
  to.node("Add", [to.node("Mul", [to.real(x), to.number(scale)]), to.number(offset)]);

export const radialBasis: OnnxLayerExport<RadialBasis> = (_, [x], to) => {
  const away = to.node("Sub", [to.unsqueeze(to.real(x), 1), to.parameter("centres")!]);
  return to.node("Neg", [to.node("ReduceSumSquare", [away], { axes: [2], keepdims: 0 })]);
};
