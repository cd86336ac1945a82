// Attention with several heads as a layer: every position looks at all positions of its own or another sequence.
import { flag, knownOptions, list, share, whole } from "../../engine/checks.ts";
import { scaledDotProductAttention } from "../../ops/attention.ts";
import { lessEqual } from "../../ops/comparison.ts";
import { concat } from "../../ops/join.ts";
import { linear } from "../../ops/linalg.ts";
import { reshape, swapAxes } from "../../ops/views.ts";
import { checkTensors } from "../../tensor/check.ts";
import { arange } from "../../tensor/create.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type CallContext, checkMasks, LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import type { Constraint } from "../constraints.ts";
import { checkInitialiser, type Initialiser } from "../initialisers.ts";
import { checkContext } from "../layer.ts";
import { among, either, is, type LayerKind, optional } from "../layer-kind.ts";
import { MultiLayer } from "../multi-layer.ts";
import type { Parameter } from "../parameters.ts";
import type { Penalty } from "../penalties.ts";
import { checkOpenShape, checkRank, fixedLength, formatOpen, type OpenShape } from "../shapes.ts";
import { commonMask } from "./merge.ts";

/** What attention takes beside the number of heads. */
export interface MultiHeadAttentionOptions extends LayerOptions {
  /** Size of a head's queries and keys; default: the queries' features divided by the heads. */
  keySize?: number;
  /** Size of a head's values; default: keySize. */
  valueSize?: number;
  /** Features of the outputs; default: those of the queries. */
  outputSize?: number;
  /** true: position i looks at positions 0 to i only, for what is made from left to right. Default false. */
  causal?: boolean;
  /** Share of the attention weights that are 0 while training, the others divided by 1 - dropout; default 0. */
  dropout?: number;
  /** true: a second output, how much each position takes of each other, [n, heads, time, time]. Default false. */
  returnWeights?: boolean;
  /** Of all four matrices; default "xavierUniform". */
  weights?: Initialiser;
  /** Of all four biases; default zeros; null leaves them out. */
  bias?: Initialiser | null;
  /** On the matrices, added to the loss. */
  kernelPenalty?: Penalty;
  /** What the weights into a unit of the four matrices are brought back to after every step. */
  kernelConstraint?: Constraint;
}

const OPTIONS = [
  ...["keySize", "valueSize", "outputSize", "causal", "dropout", "returnWeights", "weights", "bias"],
  ...["kernelPenalty", "kernelConstraint", ...LAYER_OPTIONS],
];

/** A matrix and its bias. */
interface Projection {
  weights: Parameter;
  bias: Parameter | undefined;
}

const PARTS = ["query", "key", "value", "output"] as const;

/**
 * Attention with several heads (Vaswani et al. 2017): head_i = softmax(Q_i K_i^T / sqrt(keySize)) V_i with Q_i = query W_i + b_i, K_i and V_i
 * likewise from key and value, and y = [head_1, ..., head_h] W + b.
 *
 * Inputs, in Keras' order: `apply(x)` is self-attention, x looks at itself; `apply([query, value])` looks at another sequence; `apply([query,
 * value, key])` has keys of its own. Shapes: query [n, time, features], value and key [n, time 2, ...], y [n, time, outputSize];
 * matrices [in, heads keySize] for queries and keys, [in, heads valueSize] for values, [heads valueSize, outputSize]. All times may be open.
 * Parameters for one size d and the defaults: 4 d (d + 1). Initialisation: Xavier uniform, biases 0.
 *
 * Where masks come with the inputs, masked positions of value and key are not looked at; a position that may look at nothing gets the
 * last bias alone. The outputs have the query's mask.
 * @throws RangeError for sizes that are not whole numbers from 1 on, features that the heads do not divide where keySize is not given, or inputs
 * that do not fit; TypeError for an unknown option.
 * @example
 * ```ts
 * const x = input([null, 8]);
 * const model = new Model({ inputs: x, outputs: new MultiHeadAttention(2, { causal: true }).apply(x) });
 * model.call(zeros([3, 5, 8])).shape; // [3, 5, 8]
 * model.parameterCount; // 288
 * ```
 */
export class MultiHeadAttention extends MultiLayer {
  /** See `BaseLayer`. */
  static override readonly repeatable = true;
  readonly type = "multiHeadAttention";
  readonly causal: boolean;
  readonly dropout: number;
  readonly returnWeights: boolean;
  private projections: Record<(typeof PARTS)[number], Projection> | undefined;

  constructor(
    readonly heads: number,
    private readonly options: MultiHeadAttentionOptions = {},
  ) {
    super(options);
    const owner = "MultiHeadAttention";
    knownOptions(owner, options, OPTIONS);
    whole(owner, "heads", heads, 1);
    for (const size of ["keySize", "valueSize", "outputSize"] as const) {
      if (options[size] !== undefined) whole(owner, size, options[size], 1);
    }
    this.causal = flag(owner, "causal", options.causal ?? false);
    this.dropout = share(owner, "dropout", options.dropout ?? 0);
    this.returnWeights = flag(owner, "returnWeights", options.returnWeights ?? false);
    if (options.weights !== undefined) checkInitialiser(options.weights);
    if (options.bias !== undefined && options.bias !== null) checkInitialiser(options.bias);
  }

  build(inputShapes: readonly OpenShape[]): readonly OpenShape[] {
    this.checkCount(list(this.name, "the inputs' shapes", inputShapes).length);
    for (const shape of inputShapes) {
      checkRank(this.name, checkOpenShape(this.name, shape), 2, "[time, features]");
    }
    const [query, value = query, key = value] = inputShapes;
    if (value[0] !== null && key[0] !== null && value[0] !== key[0]) {
      throw new RangeError(
        `${this.name}: value and key must have as many positions, got shapes ${formatOpen(value)} and ${formatOpen(key)}`,
      );
    }
    const sizes = [query, key, value].map((shape) => fixedLength(this.name, shape, 1, "features"));
    const { outputSize = sizes[0] } = this.options;
    const keySize = this.options.keySize ?? this.share(sizes[0]);
    const valueSize = this.options.valueSize ?? keySize;
    const { heads } = this;
    this.projections = {
      query: this.project("query", sizes[0], heads * keySize),
      key: this.project("key", sizes[1], heads * keySize),
      value: this.project("value", sizes[2], heads * valueSize),
      output: this.project("output", heads * valueSize, outputSize),
    };
    const y = [query[0], outputSize];
    return this.returnWeights ? [y, [heads, query[0], key[0]]] : [y];
  }

  private checkCount(count: number): void {
    if (count >= 1 && count <= 3) return;
    throw new RangeError(`${this.name}: takes x, or [query, value], or [query, value, key], got ${count} inputs`);
  }

  /** The size of a head where nothing is said. */
  private share(features: number): number {
    const { heads } = this;
    if (features % heads === 0) return features / heads;
    throw new RangeError(
      `${this.name}: ${features} features can't be shared out among ${heads} heads evenly; give the size of a head, { keySize: ${Math.max(1, Math.round(features / heads))} }, or another number of heads`,
    );
  }

  private project(part: (typeof PARTS)[number], from: number, to: number): Projection {
    const { weights = "xavierUniform", bias = "zeros", kernelPenalty, kernelConstraint } = this.options;
    return {
      weights: this.declare(`${part}Weights`, [from, to], {
        ...{ initialiser: weights, decay: true, penalty: kernelPenalty, constraint: kernelConstraint },
      }),
      bias:
        bias === null
          ? undefined
          : this.declare(`${part}Bias`, [to], { initialiser: bias, decay: false, fans: { fanIn: 1, fanOut: to } }),
    };
  }

  call(xs: readonly Tensor[], context: CallContext): readonly Tensor[] {
    const { training, generator } = checkContext("MultiHeadAttention", context);
    checkTensors(this.name, "the inputs", xs);
    this.checkCount(xs.length);
    for (const x of xs) {
      if (x.rank === 3) continue;
      throw new RangeError(`${this.name}: inputs must be [n, time, features], got shape ${formatShape(x.shape)}`);
    }
    if (this.projections === undefined) {
      throw new Error("MultiHeadAttention: the layer is not built; put it in a model");
    }
    const masks = context.masks ?? [];
    const [query, value = query, key = value] = xs;
    const keyMask = commonMask(xs.length === 1 ? [masks[0] ?? null] : [masks[1] ?? null, masks[2] ?? null]);
    const q = this.headsOf("query", query);
    let [k, v] = [this.headsOf("key", key), this.headsOf("value", value)];
    const { memory } = context;
    const [before, steps] = [memory?.get(this), query.shape[1]];
    if (before !== undefined) [k, v] = [concat([before[0], k], 2), concat([before[1], v], 2)];
    memory?.set(this, [k, v]);
    const past = k.shape[2] - steps;
    const { outputs, weights } = scaledDotProductAttention(q, k, v, {
      ...{ causal: this.causal && past === 0, generator, dropout: training ? this.dropout : 0 },
      ...(keyMask && { mask: reshape(keyMask, [keyMask.shape[0], 1, 1, keyMask.shape[1]]) }),
      // Further steps: each looks at all that was read before, and at itself and those of its own call before it.
      ...(past > 0 && memory !== undefined && steps > 1 && { mask: upTo(steps, past) }),
    });
    const [n, heads, time, size] = outputs.shape;
    const y = this.affine("output", reshape(swapAxes(outputs, 1, 2), [n, time, heads * size]));
    return this.returnWeights ? [y, weights] : [y];
  }

  private affine(part: (typeof PARTS)[number], x: Tensor): Tensor {
    const { weights, bias } = this.projections![part];
    return linear(x, weights.tensor, bias?.tensor ?? null);
  }

  /** [n, time, features] projected, [n, heads, time, size]. */
  private headsOf(part: (typeof PARTS)[number], x: Tensor): Tensor {
    const y = this.affine(part, x);
    const [n, time, width] = y.shape;
    return swapAxes(reshape(y, [n, time, this.heads, width / this.heads]), 1, 2);
  }

  override maskOf(
    _xs: readonly Tensor[],
    ys: readonly Tensor[],
    masks: readonly (Tensor | null)[],
  ): readonly (Tensor | null)[] {
    checkMasks(ys, masks);
    return ys.map((_, i) => (i === 0 ? (masks[0] ?? null) : null));
  }

  /** See `BaseLayer`. @internal */
  override isStepwise(inputs: number): boolean {
    return inputs === 1 && this.causal && !this.returnWeights;
  }

  config(): LayerConfig {
    const { name: _, trainable: __, weights, bias, ...rest } = this.options;
    return {
      ...{ type: this.type, heads: this.heads, ...rest },
      ...(typeof weights === "string" && { weights }),
      ...(bias === null ? { bias: false } : typeof bias === "string" && { bias }),
    };
  }
}

/** Which of past + steps positions each of the last steps looks at, bool [steps, past + steps]. */
function upTo(steps: number, past: number): Tensor {
  return lessEqual(arange(0, past + steps, 1, "int32"), reshape(arange(past, past + steps, 1, "int32"), [steps, 1]));
}

export const multiHeadAttentionKind: LayerKind = {
  type: "multiHeadAttention",
  settings: {
    ...{ heads: is.count, keySize: optional(is.count), valueSize: optional(is.count), outputSize: optional(is.count) },
    ...{ causal: optional(is.flag), dropout: optional(is.share), returnWeights: optional(is.flag) },
    ...{ weights: optional(is.initialiser), bias: optional(either(among(false as never), is.initialiser)) },
    ...{ kernelPenalty: optional(is.penalty), kernelConstraint: optional(is.constraint) },
  },
  make: ({ type: _, heads, bias, ...options }) =>
    new MultiHeadAttention(heads as number, {
      ...(options as MultiHeadAttentionOptions),
      ...(bias !== undefined && { bias: bias === false ? null : (bias as Initialiser) }),
    }),
};
