// From indices, of words or symbols, to vectors.
import { flag, knownOptions, whole } from "../../engine/checks.ts";
import { notEqual } from "../../ops/comparison.ts";
import { embedding } from "../../ops/gather.ts";
import { random } from "../../ops/random.ts";
import { checkTensor, checkTensors } from "../../tensor/check.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import type { Constraint } from "../constraints.ts";
import { checkInitialiser, type Initialiser } from "../initialisers.ts";
import { Layer } from "../layer.ts";
import { is, type LayerKind, optional } from "../layer-kind.ts";
import type { Parameter } from "../parameters.ts";
import type { Penalty } from "../penalties.ts";
import { checkOpenShape, type OpenShape } from "../shapes.ts";

/** What an embedding takes beside its sizes. */
export interface EmbeddingOptions extends LayerOptions {
  /** Default: uniform in [-0.05, 0.05). */
  weights?: Initialiser;
  /** true: index 0 is padding, and its steps count for nothing in the layers that follow. Default false. */
  maskZero?: boolean;
  /** On the vectors, added to the loss. */
  kernelPenalty?: Penalty;
  /** What each vector is brought back to after every step. */
  kernelConstraint?: Constraint;
}

const OPTIONS = ["weights", "maskZero", "kernelPenalty", "kernelConstraint", ...LAYER_OPTIONS];

/**
 * A table of vectors, one for each index from 0 to words - 1: y = W[x]. Shapes: x [n, ...], int32, often [n, time]; W [words, size]; y [n,
 * ..., size]. Parameters: words size; initialisation: uniform in [-0.05, 0.05), as in Keras.
 *
 * With `maskZero` a step [n, time] with index 0 is masked: recurrent layers pass it by, attention does not look at it. 0 still has a
 * vector, so `words` counts it. A sequential model that begins with an embedding takes int32; in a graph the input says so.
 * @throws RangeError for sizes that are not whole numbers from 1 on, or an index that is not in 0 to words - 1; TypeError for indices that are not
 * int32, or an unknown option.
 * @example
 * ```ts
 * const model = new Sequential([new Embedding(100, 3)], { inputShape: [null] });
 * model.call(tensor([[7, 7, 99]], "int32")).shape; // [1, 3, 3]
 * model.parameterCount; // 300
 * ```
 */
export class Embedding extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "embedding";
  readonly maskZero: boolean;
  private weights: Parameter | undefined;

  constructor(
    readonly words: number,
    readonly size: number,
    private readonly options: EmbeddingOptions = {},
  ) {
    super(options);
    knownOptions("Embedding", options, OPTIONS);
    whole("Embedding", "words", words, 1);
    whole("Embedding", "size", size, 1);
    if (options.weights !== undefined) checkInitialiser(options.weights);
    this.maskZero = flag("Embedding", "maskZero", options.maskZero ?? false);
  }

  override get takesIndices(): boolean {
    return true;
  }

  override get makesMasks(): boolean {
    return this.maskZero;
  }

  build(inputShape: OpenShape): OpenShape {
    checkOpenShape(this.name, inputShape);
    this.weights = this.declare("weights", [this.words, this.size], {
      initialiser:
        this.options.weights ??
        (({ shape, dtype, generator }) => random.uniform(shape, -0.05, 0.05, { dtype, generator })),
      ...{ decay: true, transposed: true },
      ...{ penalty: this.options.kernelPenalty, constraint: this.options.kernelConstraint },
    });
    return [...inputShape, this.size];
  }

  call(x: Tensor): Tensor {
    checkTensor(this.name, x);
    if (this.weights === undefined) throw new Error("Embedding: the layer is not built; put it in a model");
    if (x.dtype !== "int32") {
      throw new TypeError(
        `${this.name}: takes indices, int32, got ${x.dtype}; in a graph model the input says so, input([null], { dtype: "int32" })`,
      );
    }
    return embedding(this.weights.tensor, x);
  }

  override maskOf(
    xs: readonly Tensor[],
    ys: readonly Tensor[],
    masks: readonly (Tensor | null)[],
  ): readonly (Tensor | null)[] {
    if (!this.maskZero) return super.maskOf(xs, ys, masks);
    checkTensors("maskOf", "the inputs", xs);
    const [x] = xs;
    return [x.rank === 2 ? notEqual(x, 0) : null];
  }

  /** See `BaseLayer`. @internal */
  override isStepwise(inputs: number): boolean {
    return inputs === 1 && !this.maskZero;
  }

  config(): LayerConfig {
    const { weights, kernelPenalty, kernelConstraint } = this.options;
    return {
      ...{ type: this.type, words: this.words, size: this.size, maskZero: this.maskZero },
      ...(typeof weights === "string" && { weights }),
      ...(kernelPenalty && { kernelPenalty }),
      ...(kernelConstraint && { kernelConstraint }),
    };
  }
}

export const embeddingKind: LayerKind = {
  type: "embedding",
  settings: {
    ...{ words: is.count, size: is.count, maskZero: optional(is.flag), weights: optional(is.initialiser) },
    ...{ kernelPenalty: optional(is.penalty), kernelConstraint: optional(is.constraint) },
  },
  make: ({ type: _, words, size, ...options }) =>
    new Embedding(words as number, size as number, options as EmbeddingOptions),
};
