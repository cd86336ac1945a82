// Attention with several heads, and the blocks of transformers, as the products and sums that they are.
import type { BaseLayer } from "../../../../nn/base-layer.ts";
import { LayerNormalization } from "../../../../nn/layers/layer-normalisation.ts";
import { MultiHeadAttention } from "../../../../nn/layers/multi-head-attention.ts";
import type { TransformerDecoder, TransformerEncoder } from "../../../../nn/layers/transformer.ts";
import type { OpenShape } from "../../../../nn/shapes.ts";
import type { OnnxSymbol } from "../graph.ts";
import type { OnnxLayerExport, OnnxMask, OnnxMaskExport, OnnxScope } from "../scope.ts";
import { activate } from "./activations.ts";
import { affine } from "./basic.ts";

/** The scores of keys that may not be looked at, as in `scaledDotProductAttention`. */
const LOWEST = { float32: -(2 ** 127), float64: -(2 ** 1023) };

export const multiHeadAttention: OnnxLayerExport<MultiHeadAttention> = (layer, inputs, to) => {
  const { heads, causal, returnWeights } = layer;
  const [query, value = query, key = value] = inputs.map((x) => to.real(x));
  const [queryShape, valueShape = queryShape, keyShape = valueShape] = to.shapes;
  const mask = to.commonMask(inputs.length === 1 ? [to.masks[0]] : [to.masks[1] ?? null, to.masks[2] ?? null]);
  const project = (part: string, x: OnnxSymbol): OnnxSymbol =>
    affine(to, x, to.parameter(`${part}Weights`)!, to.parameter(`${part}Bias`));
  const sizeOf = (part: string): number => to.values(`${part}Weights`)!.shape[1] / heads;
  const split = (part: string, x: OnnxSymbol): OnnxSymbol => to.reshape(project(part, x), [0, 0, heads, sizeOf(part)]);
  const q = to.transpose(split("query", query), 0, 2, 1, 3);
  const k = to.transpose(split("key", key), 0, 2, 3, 1);
  const v = to.transpose(split("value", value), 0, 2, 1, 3);
  const scaled = to.node("Mul", [q, to.number(1 / Math.sqrt(sizeOf("query")))]);
  let scores = to.node("MatMul", [scaled, k]);
  const allowed = allowedKeys(to, { mask, causal, query, key }, queryShape[0], keyShape[0]);
  if (allowed !== null) scores = to.where(allowed, scores, LOWEST[to.float]);
  let weights = to.node("Softmax", [scores], { axis: -1 });
  // Where no key is allowed all scores are the lowest, and the softmax is even.
  if (mask !== null) weights = to.where(allowed!, weights, 0);
  const seen = to.transpose(to.node("MatMul", [weights, v]), 0, 2, 1, 3);
  const y = project("output", to.reshape(seen, [0, 0, heads * sizeOf("value")]));
  return returnWeights ? [y, weights] : [y];
};

/** Which keys each query may look at, broadcast to [n, heads, queries, keys]; null for all. */
function allowedKeys(
  to: OnnxScope,
  { mask, causal, query, key }: { mask: OnnxMask | null; causal: boolean; query: OnnxSymbol; key: OnnxSymbol },
  queries: number | null,
  keys: number | null,
): OnnxSymbol | null {
  const counted = mask === null ? null : to.unsqueeze(mask.value, 1, 2);
  if (!causal) return counted;
  const past = pastKeys(to, query, key, queries, keys);
  return counted === null ? past : to.node("And", [counted, past]);
}

/** bool [queries, keys]: keys up to the query's own place. */
function pastKeys(
  to: OnnxScope,
  query: OnnxSymbol,
  key: OnnxSymbol,
  queries: number | null,
  keys: number | null,
): OnnxSymbol {
  if (queries !== null && keys !== null) {
    const past = Array.from({ length: queries * keys }, (_, i) => Number(i % keys <= Math.floor(i / keys)));
    return to.truths("past", past, [queries, keys]);
  }
  const rows = to.unsqueeze(to.range(to.length(query, 1)), 1);
  return to.node("LessOrEqual", [to.range(to.length(key, 1)), rows], {}, "bool");
}

export const attentionMask: OnnxMaskExport = (_, __, to) =>
  to.outputShapes.map((_shape, i) => (i === 0 ? to.masks[0] : null));

/** A block: x + part(x) for each part, normalised before the part or behind the sum. */
export const transformer: OnnxLayerExport<TransformerEncoder | TransformerDecoder> = (layer, inputs, to) => {
  const [x, memory] = inputs.map((input) => to.real(input));
  const [shape, memoryShape] = to.shapes;
  const [own, theirs = null] = to.masks;
  const attentions = layer.children.filter((child) => child instanceof MultiHeadAttention);
  const norms = layer.children.filter((child) => child instanceof LayerNormalization);
  const attend =
    (
      attention: BaseLayer,
      more: readonly OnnxSymbol[],
      shapes: readonly OpenShape[],
      masks: readonly (OnnxMask | null)[],
    ) =>
    (z: OnnxSymbol): OnnxSymbol =>
      to.within(attention, [z, ...more], [shape, ...shapes], masks).outputs[0];
  const think = (z: OnnxSymbol): OnnxSymbol => {
    const [w, b, v, c] = ["hidden.weights", "hidden.bias", "output.weights", "output.bias"].map((name) =>
      to.parameter(name),
    );
    return affine(to, activate(to, affine(to, z, w!, b), layer.activation), v!, c);
  };
  const parts = [attend(attentions[0], [], [], [own])];
  if (memory !== undefined) parts.push(attend(attentions[1], [memory], [memoryShape], [own, theirs]));
  parts.push(think);
  let z = x;
  parts.forEach((part, i) => {
    const normal = (y: OnnxSymbol): OnnxSymbol => to.call(norms[i], [y], [shape])[0];
    z = layer.normaliseFirst ? to.node("Add", [z, part(normal(z))]) : normal(to.node("Add", [z, part(z)]));
  });
  return z;
};
