// Layers of sequences that are neither recurrent nor attention: embeddings, masks, positions.
import type { Embedding } from "../../../../nn/layers/embedding.ts";
import type { Masking } from "../../../../nn/layers/masking.ts";
import type { PositionalEncoding, PositionEmbedding } from "../../../../nn/layers/positions.ts";
import type { OnnxSymbol } from "../graph.ts";
import type { OnnxLayerExport, OnnxMaskExport, OnnxScope } from "../scope.ts";

export const embedding: OnnxLayerExport<Embedding> = (_, [x], to) => {
  const weights = to.parameter("weights")!;
  return to.node("Gather", [weights, x], { axis: 0 });
};

/** Undefined where the layer passes the mask of its input on as others do. */
export const embeddingMask: OnnxMaskExport<Embedding> = (layer, [x], to) => {
  const [shape] = to.shapes;
  if (!layer.maskZero) return [shape.length > 0 ? to.masks[0] : null];
  if (shape.length !== 1) return [null];
  return [{ value: notEqual(to, x, 0), time: shape[0] }];
};

function notEqual(to: OnnxScope, x: OnnxSymbol, value: number): OnnxSymbol {
  return to.node("Not", [to.node("Equal", [x, to.number(value, x.dtype)], {}, "bool")]);
}

/** Steps of which some feature is not the value, bool [n, time]. */
function counts(layer: Masking, x: OnnxSymbol, to: OnnxScope, keepdims: 0 | 1): OnnxSymbol {
  const other = to.cast(notEqual(to, x, layer.value), "float32");
  return to.cast(to.node("ReduceMax", [other], { axes: [2], keepdims }), "bool");
}

export const masking: OnnxLayerExport<Masking> = (layer, [x], to) => to.where(counts(layer, x, to, 1), x, 0);

export const maskingMask: OnnxMaskExport<Masking> = (layer, [x], to) => {
  const own = counts(layer, x, to, 0);
  const [mask] = to.masks;
  return [{ value: mask === null ? own : to.node("And", [mask.value, own]), time: to.shapes[0][0] }];
};

export const positionEmbedding: OnnxLayerExport<PositionEmbedding> = (layer, [x], to) => {
  const weights = to.parameter("weights")!;
  const input = to.real(x);
  const [time] = to.shapes[0];
  if (time === layer.length) return to.node("Add", [input, weights]);
  const end = time === null ? to.lengths(input, 1, 2) : to.ints([time]);
  return to.node("Add", [input, to.node("Slice", [weights, to.ints([0]), end, to.ints([0])])]);
};

export const positionalEncoding: OnnxLayerExport<PositionalEncoding> = (layer, [x], to) => {
  const { scale, base } = layer;
  const input = to.real(x);
  const scaled = scale === 1 ? input : to.node("Mul", [input, to.number(scale)]);
  const [time, features] = to.shapes[0] as readonly [number | null, number];
  const rate = (k: number): number => base ** ((-2 * Math.floor(k / 2)) / features);
  if (time !== null) {
    const waves = Float64Array.from({ length: time * features }, (_, i) => {
      const angle = Math.floor(i / features) * rate(i % features);
      return (i % features) % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
    });
    return to.node("Add", [scaled, to.array("waves", waves, [time, features])]);
  }
  // In float64: in float32 the angles of late positions have no digits left behind the point. The cosine is a sine a quarter of a turn on.
  const { graph } = to.run;
  const numbers = (name: string, of: (k: number) => number): OnnxSymbol =>
    graph.constant(
      `${to.name}.${name}`,
      Float64Array.from({ length: features }, (_, k) => of(k)),
      [features],
      "float64",
    );
  const positions = to.unsqueeze(to.cast(to.range(to.length(input, 1)), "float64"), 1);
  const turned = to.node("Mul", [positions, numbers("rates", rate)]);
  const angles = to.node("Add", [turned, numbers("phases", (k) => (k % 2 === 0 ? 0 : Math.PI / 2))]);
  return to.node("Add", [scaled, to.cast(to.node("Sin", [angles]), to.float)]);
};
