// Attention: each query looks at all keys, and takes the mean of their values, weighted by how well they fit.
import { flag, knownOptions, share } from "../engine/checks.ts";
import { isFloat, promote } from "../engine/dtype.ts";
import { arange } from "../tensor/create.ts";
import { type Generator, random } from "../tensor/random.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { mul } from "./arithmetic.ts";
import { broadcastsTo } from "./broadcast.ts";
import { cast } from "./cast.ts";
import { checkTensor } from "./check.ts";
import { where } from "./choice.ts";
import { lessEqual, logicalAnd } from "./comparison.ts";
import { matmul } from "./linalg.ts";
import { softmax } from "./softmax.ts";
import { reshape, swapAxes } from "./views.ts";

/** What `scaledDotProductAttention` takes. */
export interface AttentionOptions {
  /** bool, broadcast to [..., queries, keys]: which keys a query may look at. Default: all. */
  mask?: Tensor;
  /** true: query i looks at keys 0 to i only. Default false. */
  causal?: boolean;
  /** Share of the weights that are set to 0, the others divided by 1 - dropout, from 0 up to 1; default 0. Pass it while training only. */
  dropout?: number;
  /** Draws the dropout; default: the common one. */
  generator?: Generator;
}

/** What attention gives. */
export interface AttentionResult {
  /** [..., queries, value size]. */
  outputs: Tensor;
  /** How much each query takes of each key's value, before dropout: [..., queries, keys]. */
  weights: Tensor;
}

const OPTIONS = ["mask", "causal", "dropout", "generator"];

/** The scores of keys that may not be looked at: e to that power is 0 beside any other score, and their sum stays a number. */
const LOWEST = { float32: -(2 ** 127), float64: -(2 ** 1023) };

/**
 * Scaled dot-product attention (Vaswani et al. 2017): outputs = softmax(query key^T / sqrt(d)) value, the softmax over the keys.
 * query [..., queries, d], key [..., keys, d], value [..., keys, v]; the axes in front broadcast. A query that may look at no key
 * has weights 0 and output 0.
 *
 * Gradients: by query, key and value, any number of times.
 * @throws RangeError if shapes do not fit or the dropout is not from 0 up to 1; TypeError for what is no tensor, or a mask that is not bool.
 * @example
 * ```ts
 * const key = tensor([[4, 0], [0, 4]]);
 * const { outputs } = scaledDotProductAttention(tensor([[20, 0]]), key, tensor([[1], [3]]));
 * outputs.item(); // 1
 * scaledDotProductAttention(zeros([2, 2]), key, tensor([[1], [3]]), { causal: true }).outputs.toArray(); // [[1], [2]]
 * ```
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions = {},
): AttentionResult {
  const owner = "scaledDotProductAttention";
  knownOptions(owner, options, OPTIONS);
  const { mask, generator } = options;
  const causal = flag(owner, "causal", options.causal ?? false);
  const dropout = share(owner, "dropout", options.dropout ?? 0);
  for (const [role, x] of [
    ["query", query],
    ["key", key],
    ["value", value],
  ] as const) {
    checkTensor(`${owner}: ${role}`, x);
    if (x.rank < 2) {
      throw new RangeError(`${owner}: ${role} must be [..., positions, size], got shape ${formatShape(x.shape)}`);
    }
  }
  const size = query.shape.at(-1)!;
  if (key.shape.at(-1) !== size || key.shape.at(-2) !== value.shape.at(-2)) {
    throw new RangeError(
      `${owner}: query ${formatShape(query.shape)} and key ${formatShape(key.shape)} need one size (the last axis), ` +
        `key and value ${formatShape(value.shape)} as many positions (the one before)`,
    );
  }
  const common = [query, key, value].map(({ dtype }) => dtype).reduce(promote);
  const dtype = isFloat(common) ? common : "float32";
  const [q, k, v] = [cast(query, dtype), cast(key, dtype), cast(value, dtype)];
  let scores = matmul(mul(q, 1 / Math.sqrt(Math.max(size, 1))), swapAxes(k, -1, -2));
  let allowed: Tensor | null = null;
  if (mask !== undefined) {
    checkTensor(`${owner}: mask`, mask);
    if (mask.dtype !== "bool") throw new TypeError(`${owner}: the mask must be bool, got ${mask.dtype}`);
    if (!broadcastsTo(mask.shape, scores.shape)) {
      throw new RangeError(
        `${owner}: a mask of shape ${formatShape(mask.shape)} can't be broadcast to [..., queries, keys], ${formatShape(scores.shape)}`,
      );
    }
    allowed = mask;
  }
  if (causal) {
    const [queries, keys] = scores.shape.slice(-2) as [number, number];
    const past = lessEqual(arange(0, keys, 1, "int32"), reshape(arange(0, queries, 1, "int32"), [queries, 1]));
    allowed = allowed === null ? past : logicalAnd(allowed, past);
  }
  if (allowed !== null) scores = where(allowed, scores, LOWEST[dtype as "float32" | "float64"]);
  let weights = softmax(scores, -1);
  // Where no key is allowed all scores are the lowest, and the softmax is even.
  if (mask !== undefined) weights = where(allowed!, weights, 0);
  if (dropout === 0) return { outputs: matmul(weights, v), weights };
  const kept = random.bernoulli(weights.shape, 1 - dropout, { dtype, generator, value: 1 / (1 - dropout) });
  return { outputs: matmul(mul(weights, kept), v), weights };
}
