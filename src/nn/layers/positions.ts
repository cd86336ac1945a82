// Where in a sequence a vector stands, for attention, which does not see it: waves of all lengths, or vectors that are learnt.
import { onCpu } from "../../engine/beside.ts";
import { finite, knownOptions, positive, whole } from "../../engine/checks.ts";
import { engine } from "../../engine/engine.ts";
import { add, mul } from "../../ops/arithmetic.ts";
import { cast } from "../../ops/cast.ts";
import { exp } from "../../ops/exponentials.ts";
import { stack } from "../../ops/join.ts";
import { random } from "../../ops/random.ts";
import { slice } from "../../ops/slices.ts";
import { cos, sin } from "../../ops/trigonometry.ts";
import { reshape } from "../../ops/views.ts";
import { checkTensor } from "../../tensor/check.ts";
import { arange, tensor } from "../../tensor/create.ts";
import { formatShape } from "../../tensor/shape.ts";
import { scope, type Tensor } from "../../tensor/tensor.ts";
import { type CallContext, LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { checkInitialiser, type Initialiser } from "../initialisers.ts";
import { Layer } from "../layer.ts";
import { is, type LayerKind, optional } from "../layer-kind.ts";
import type { Parameter } from "../parameters.ts";
import { checkOpenShape, checkRank, fixedLength, type OpenShape } from "../shapes.ts";

/** What the encoding of positions takes. */
export interface PositionalEncodingOptions extends LayerOptions {
  /** What x is multiplied by first, sqrt(features) in the paper; default 1. */
  scale?: number;
  /** The longest wave is 2 pi times as many positions; default 10000. */
  base?: number;
}

/**
 * Adds to each vector of a sequence where it stands, as waves (Vaswani et al. 2017): y = scale x + P with P[t, 2 i] = sin(t / base^(2 i /
 * features)), P[t, 2 i + 1] = cos of the same. Shapes: [n, time, features] to the same, for sequences of any length. No parameters.
 * @throws RangeError for inputs of another rank, or numbers out of range.
 * @example
 * ```ts
 * const model = new Sequential([new PositionalEncoding()], { inputShape: [null, 2] });
 * model.call(zeros([1, 2, 2])).toArray(); // [[[0, 1], [0.8414710, 0.5403023]]]
 * ```
 */
export class PositionalEncoding extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "positionalEncoding";
  readonly scale: number;
  readonly base: number;

  constructor(options: PositionalEncodingOptions = {}) {
    super(options);
    knownOptions("PositionalEncoding", options, ["scale", "base", ...LAYER_OPTIONS]);
    this.scale = finite("PositionalEncoding", "scale", options.scale ?? 1);
    this.base = positive("PositionalEncoding", "base", options.base ?? 10_000);
  }

  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), 2, "[time, features]");
    fixedLength(this.name, inputShape, 1, "features");
    return inputShape;
  }

  call(x: Tensor, context?: CallContext): Tensor {
    checkTensor(this.name, x);
    if (x.rank !== 3) {
      throw new RangeError(`${this.name}: x must be [n, time, features], got shape ${formatShape(x.shape)}`);
    }
    const scaled = this.scale === 1 ? x : mul(x, this.scale);
    return add(scaled, cast(this.waves(x.shape[1], x.shape[2], context?.memory?.position ?? 0), x.dtype));
  }

  /** P [time, features] from a position on, computed in float64. */
  private waves(time: number, features: number, first: number): Tensor {
    if (!engine().asynchronous) return this.wavesHere(time, features, first);
    const values = onCpu(() => scope(() => this.wavesHere(time, features, first).dataSync()));
    return tensor(Float32Array.from(values), { shape: [time, features] });
  }

  private wavesHere(time: number, features: number, first: number): Tensor {
    const pairs = Math.ceil(features / 2);
    const rates = exp(mul(arange(0, pairs, 1, "float64"), (-2 * Math.log(this.base)) / features));
    const angles = mul(reshape(arange(first, first + time, 1, "float64"), [time, 1]), rates);
    const both = reshape(stack([sin(angles), cos(angles)], 2), [time, 2 * pairs]);
    return features === 2 * pairs ? both : slice(both, 0, features, 1, 1);
  }

  /** See `BaseLayer`. @internal */
  override isStepwise(inputs: number): boolean {
    return inputs === 1;
  }

  config(): LayerConfig {
    return { type: this.type, scale: this.scale, base: this.base };
  }
}

export const positionalEncodingKind: LayerKind = {
  type: "positionalEncoding",
  settings: { scale: optional(is.finite), base: optional(is.positive) },
  make: ({ type: _, ...options }) => new PositionalEncoding(options as PositionalEncodingOptions),
};

/** What an embedding of positions takes beside the length. */
export interface PositionEmbeddingOptions extends LayerOptions {
  /** Default: uniform in [-0.05, 0.05). */
  weights?: Initialiser;
}

/**
 * Adds to each vector of a sequence a vector of its position, which is learnt: y = x + W[0 ... time - 1]. Shapes: [n, time, features] to the
 * same, for sequences of up to `length` steps; W [length, features]. Parameters: length features; initialisation: uniform in [-0.05, 0.05).
 * @throws RangeError for a length that is not a whole number from 1 on, or sequences that are longer.
 * @example
 * ```ts
 * const model = new Sequential([new PositionEmbedding(8)], { inputShape: [null, 4] });
 * model.call(zeros([2, 5, 4])).shape; // [2, 5, 4]
 * model.parameterCount; // 32
 * ```
 */
export class PositionEmbedding extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "positionEmbedding";
  private weights: Parameter | undefined;

  constructor(
    readonly length: number,
    private readonly options: PositionEmbeddingOptions = {},
  ) {
    super(options);
    knownOptions("PositionEmbedding", options, ["weights", ...LAYER_OPTIONS]);
    whole("PositionEmbedding", "length", length, 1);
    if (options.weights !== undefined) checkInitialiser(options.weights);
  }

  private checkTime(time: number | null): void {
    if (time === null || time <= this.length) return;
    throw new RangeError(
      `${this.name}: has vectors for ${this.length} positions, got sequences of ${time} steps; cut them, or make the layer longer`,
    );
  }

  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), 2, "[time, features]");
    this.checkTime(inputShape[0]);
    this.weights = this.declare("weights", [this.length, fixedLength(this.name, inputShape, 1, "features")], {
      initialiser:
        this.options.weights ??
        (({ shape, dtype, generator }) => random.uniform(shape, -0.05, 0.05, { dtype, generator })),
      decay: true,
      transposed: true,
    });
    return inputShape;
  }

  call(x: Tensor, context?: CallContext): Tensor {
    checkTensor(this.name, x);
    if (this.weights === undefined) throw new Error("PositionEmbedding: the layer is not built; put it in a model");
    if (x.rank !== 3) {
      throw new RangeError(`${this.name}: x must be [n, time, features], got shape ${formatShape(x.shape)}`);
    }
    const first = context?.memory?.position ?? 0;
    this.checkTime(first + x.shape[1]);
    return add(x, slice(this.weights.tensor, first, first + x.shape[1]));
  }

  /** See `BaseLayer`. @internal */
  override isStepwise(inputs: number): boolean {
    return inputs === 1;
  }

  config(): LayerConfig {
    const { weights } = this.options;
    return { type: this.type, length: this.length, ...(typeof weights === "string" && { weights }) };
  }
}

export const positionEmbeddingKind: LayerKind = {
  type: "positionEmbedding",
  settings: { length: is.count, weights: optional(is.initialiser) },
  make: ({ type: _, length, ...options }) =>
    new PositionEmbedding(length as number, options as PositionEmbeddingOptions),
};
