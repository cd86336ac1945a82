// Attention, and rotary embeddings of positions.
import { add, div, mul, sub } from "../../../ops/arithmetic.ts";
import { cast } from "../../../ops/cast.ts";
import { where } from "../../../ops/choice.ts";
import { equal, less, lessEqual } from "../../../ops/comparison.ts";
import { gather } from "../../../ops/gather.ts";
import { concat } from "../../../ops/join.ts";
import { matmul } from "../../../ops/linalg.ts";
import { pad } from "../../../ops/padding.ts";
import { max } from "../../../ops/reduce.ts";
import { repeat } from "../../../ops/repeat.ts";
import { slice } from "../../../ops/slices.ts";
import { softmax } from "../../../ops/softmax.ts";
import { tanh } from "../../../ops/trigonometry.ts";
import { expandDims, reshape, swapAxes, transpose } from "../../../ops/views.ts";
import { arange, tensor } from "../../../tensor/create.ts";
import { formatShape } from "../../../tensor/shape.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { isFloating } from "../onnx-tensor.ts";
import type { Call } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { type ArrayValue, fromTensor, type Value } from "../run/value.ts";

const MINUS_INFINITY = Number.NEGATIVE_INFINITY;

/** [batch, positions, heads * size] to [batch, heads, positions, size]. */
function byHeads(x: Tensor, heads: number): Tensor {
  if (x.rank === 4) return x;
  if (heads < 1 || x.shape[2] % heads !== 0)
    throw new RangeError(`${formatShape(x.shape)} has not the size of ${heads} heads`);
  return transpose(reshape(x, [x.shape[0], x.shape[1], heads, x.shape[2] / heads]), [0, 2, 1, 3]);
}

/** What is added to the scores: 0 where a query may look at a key, minus infinity where not. Null for nothing. */
function biasOf(call: Call, batch: number, queries: number, keys: number, past: number): Tensor | null {
  const { attributes } = call;
  let bias: Tensor | null = null;
  const plus = (x: Tensor): void => {
    bias = bias === null ? x : add(bias, x);
  };
  if (call.has(3)) {
    const mask = call.value(3);
    const short = keys - mask.shape.at(-1)!;
    const widths = mask.shape.map((_, i): [number, number] => [0, i === mask.rank - 1 ? Math.max(short, 0) : 0]);
    const additive = isFloating(mask.type) ? mask.tensor : where(mask.tensor, 0, MINUS_INFINITY);
    plus(short > 0 ? pad(additive, widths, "constant", MINUS_INFINITY) : additive);
  }
  const lengths = call.numbers(6);
  const columns = arange(0, keys, 1, "int32");
  // Where the block of queries begins among the keys: the same for all, or one place a sequence.
  const starts = lengths !== undefined ? lengths.map((length) => length - queries) : [past];
  const rows = add(
    reshape(arange(0, queries, 1, "int32"), [queries, 1]),
    tensor(Int32Array.from(starts), { shape: [starts.length, 1, 1, 1] }),
  );
  const ahead = sub(columns, rows);
  const [left, right] = [attributes.int("left_window_size", -1), attributes.int("right_window_size", -1)];
  const allow = (allowed: Tensor): void => plus(where(allowed, 0, MINUS_INFINITY));
  if (attributes.flag("is_causal", false)) allow(lessEqual(ahead, 0));
  if (left >= 0) allow(lessEqual(sub(rows, columns), left));
  if (right >= 0) allow(lessEqual(ahead, right));
  if (lengths !== undefined) allow(less(columns, tensor(Int32Array.from(lengths), { shape: [batch, 1, 1, 1] })));
  return bias;
}

function attention(call: Call): (Value | undefined)[] {
  const { attributes } = call;
  const { type, tensor: given } = call.value(0);
  const flat = given.rank === 3;
  const q = byHeads(given, attributes.int("q_num_heads", 0));
  let [k, v] = [1, 2].map((i) => byHeads(call.tensor(i), attributes.int("kv_num_heads", 0)));
  const past = call.has(4) ? call.tensor(4).shape[2] : 0;
  if (call.has(4)) k = concat([call.tensor(4), k], 2);
  if (call.has(5)) v = concat([call.tensor(5), v], 2);
  const [presentKey, presentValue] = [k, v];
  const [batch, heads, queries, size] = q.shape as [number, number, number, number];
  const keys = k.shape[2]!;
  const times = heads / k.shape[1];
  if (times > 1) [k, v] = [repeat(k, times, 1), repeat(v, times, 1)];
  const scale = Math.sqrt(attributes.float("scale", 1 / Math.sqrt(size)));
  let scores = matmul(mul(q, scale), mul(swapAxes(k, -1, -2), scale));
  const seen: Tensor[] = [scores];
  const cap = attributes.float("softcap", 0);
  if (cap > 0) scores = mul(tanh(div(scores, cap)), cap);
  seen.push(scores);
  const bias = biasOf(call, batch, queries, keys, past);
  if (bias !== null) scores = add(scores, cast(bias, scores.dtype));
  seen.push(scores);
  let weights: Tensor;
  if (bias === null) weights = softmax(scores, -1);
  else {
    // A query that may look at nothing has weights 0.
    const nothing = equal(max(bias, -1, true), MINUS_INFINITY);
    weights = where(nothing, 0, softmax(where(nothing, 0, scores), -1));
  }
  seen.push(weights);
  let y = matmul(weights, v);
  if (flat) y = reshape(transpose(y, [0, 2, 1, 3]), [batch, queries, heads * v.shape[3]!]);
  // Version 23 numbers what is shown otherwise: 1 is with the mask, 2 with the cap after it.
  const shown = seen[attributes.int("qk_matmul_output_mode", 0)];
  return [fromTensor(y, type), fromTensor(presentKey, type), fromTensor(presentValue, type), fromTensor(shown, type)];
}

/** Pairs of features turned by angles that grow with the position. */
function rotary(call: Call): ArrayValue[] {
  const { attributes } = call;
  const { type, tensor: given } = call.value(0);
  const heads = attributes.int("num_heads", 0);
  // [batch, positions, heads, size]
  const x =
    given.rank === 4
      ? transpose(given, [0, 2, 1, 3])
      : reshape(given, [given.shape[0], given.shape[1], heads, given.shape[2] / heads]);
  const turned = attributes.int("rotary_embedding_dim", 0) || x.shape[3]!;
  const [front, rest] = [slice(x, 0, turned, 1, 3), slice(x, turned, undefined, 1, 3)];
  const angles = (i: number): Tensor => {
    const table = call.tensor(i);
    return expandDims(call.has(3) ? gather(table, cast(call.tensor(3), "int32")) : table, 2);
  };
  const [c, s] = [angles(1), angles(2)];
  const interleaved = attributes.flag("interleaved", false);
  const half = turned / 2;
  const [a, b] = interleaved
    ? [slice(front, 0, undefined, 2, 3), slice(front, 1, undefined, 2, 3)]
    : [slice(front, 0, half, 1, 3), slice(front, half, undefined, 1, 3)];
  const [real, imaginary] = [sub(mul(c, a), mul(s, b)), add(mul(s, a), mul(c, b))];
  const y = interleaved
    ? reshape(concat([expandDims(real, 4), expandDims(imaginary, 4)], 4), front.shape)
    : concat([real, imaginary], 3);
  const whole = rest.size === 0 ? y : concat([y, rest], 3);
  return [fromTensor(given.rank === 4 ? transpose(whole, [0, 2, 1, 3]) : reshape(whole, given.shape), type)];
}

/** Operators of this family. */
export const attentions: OperatorTable = {
  Attention: entry(attention),
  RotaryEmbedding: entry(rotary),
};
