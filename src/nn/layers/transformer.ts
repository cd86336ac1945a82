// The blocks that transformers are stacks of: attention, then a small network at each position, each with a way around it and normalised.
import { flag, knownOptions, list, notNegative, share, whole } from "../../engine/checks.ts";
import { add } from "../../ops/arithmetic.ts";
import { linear } from "../../ops/linalg.ts";
import { checkTensors } from "../../tensor/check.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type ActivationName, activationByName, fusedActivation } from "../activations.ts";
import { type CallContext, checkMasks, LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { checkInitialiser, type Initialiser } from "../initialisers.ts";
import { checkContext } from "../layer.ts";
import { is, type LayerKind, optional } from "../layer-kind.ts";
import { MultiLayer } from "../multi-layer.ts";
import type { Parameter } from "../parameters.ts";
import { checkOpenShape, checkRank, fixedLength, type OpenShape } from "../shapes.ts";
import { initialiserFor } from "./dense.ts";
import { Dropout } from "./dropout.ts";
import { LayerNormalization } from "./layer-normalisation.ts";
import { MultiHeadAttention } from "./multi-head-attention.ts";

/** What the blocks of transformers take beside heads and hidden units. */
export interface TransformerOptions extends LayerOptions {
  /** Of the hidden units; default "relu". */
  activation?: ActivationName;
  /**
   * Share that is 0 while training: of the attention weights, of the hidden units, and of what each part adds to x; the rest is divided by 1 -
   * dropout. Default 0.
   */
  dropout?: number;
  /** true: x is normalised before each part, which trains more easily; false (default): the sum behind it is, as in the paper. */
  normaliseFirst?: boolean;
  /** Added to the variance; default 1e-5. */
  epsilon?: number;
  /** Of the attention's matrices and the hidden units'; default "xavierUniform" for the former, for the latter as in `Dense`. */
  weights?: Initialiser;
}

const OPTIONS = ["activation", "dropout", "normaliseFirst", "epsilon", "weights", ...LAYER_OPTIONS];

/** A matrix and its bias. */
type Pair = readonly [Parameter, Parameter];

/** What encoder and decoder blocks have in common. */
abstract class TransformerBlock extends MultiLayer {
  readonly activation: ActivationName;
  readonly normaliseFirst: boolean;
  protected readonly attention: MultiHeadAttention;
  private readonly dropout: Dropout;
  private readonly norms: readonly LayerNormalization[];
  private network: readonly [Pair, Pair] | undefined;

  protected constructor(
    readonly heads: number,
    readonly hidden: number,
    private readonly options: TransformerOptions,
    causal: boolean,
    parts: number,
  ) {
    super(options);
    const owner = new.target.name;
    knownOptions(owner, options, OPTIONS);
    whole(owner, "heads", heads, 1);
    whole(owner, "hidden", hidden, 1);
    this.activation = options.activation ?? "relu";
    activationByName(this.activation);
    this.normaliseFirst = flag(owner, "normaliseFirst", options.normaliseFirst ?? false);
    const epsilon = notNegative(owner, "epsilon", options.epsilon ?? 1e-5);
    const dropout = share(owner, "dropout", options.dropout ?? 0);
    if (options.weights !== undefined) checkInitialiser(options.weights);
    this.dropout = this.owns("dropout", new Dropout(dropout));
    this.attention = this.owns("attention", this.attend(causal));
    this.norms = Array.from({ length: parts }, (_, i) =>
      this.owns(`norm${i + 1}`, new LayerNormalization({ epsilon })),
    );
  }

  protected attend(causal: boolean): MultiHeadAttention {
    const { dropout, weights } = this.options;
    return new MultiHeadAttention(this.heads, { causal, dropout, weights });
  }

  /** Builds as many normalisations as there are parts, and the network, for x [time, features]. */
  protected prepare(x: OpenShape, parts: number): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, x), 2, "[time, features]");
    const size = fixedLength(this.name, x, 1, "features");
    for (const norm of this.norms.slice(0, parts)) norm.build(x);
    const { hidden } = this;
    const { weights } = this.options;
    const dense = (name: string, from: number, to: number, initialiser: Initialiser): Pair => [
      this.declare(`${name}.weights`, [from, to], { initialiser: weights ?? initialiser, decay: true }),
      this.declare(`${name}.bias`, [to], { initialiser: "zeros", decay: false, fans: { fanIn: 1, fanOut: to } }),
    ];
    this.network = [
      dense("hidden", size, hidden, initialiserFor(this.activation)),
      dense("output", hidden, size, initialiserFor("linear")),
    ];
    return x;
  }

  /** x + part(x), normalised before the part or behind the sum. */
  protected around(x: Tensor, norm: number, context: CallContext, part: (x: Tensor) => Tensor): Tensor {
    if (this.network === undefined) throw new Error(`${this.type}: the layer is not built; put it in a model`);
    const normalised = (z: Tensor): Tensor => this.norms[norm].call(z);
    const thinned = (z: Tensor): Tensor => this.dropout.call(z, context);
    if (this.normaliseFirst) return add(x, thinned(part(normalised(x))));
    return normalised(add(x, thinned(part(x))));
  }

  /** The network at each position. */
  protected think(x: Tensor, context: CallContext): Tensor {
    const [[w, b], [v, c]] = this.network!;
    const fused = fusedActivation(this.activation);
    const z = linear(x, w.tensor, b.tensor, fused ?? "none");
    const h = fused === undefined ? activationByName(this.activation)(z) : z;
    return linear(this.dropout.call(h, context), v.tensor, c.tensor);
  }

  override maskOf(
    _xs: readonly Tensor[],
    ys: readonly Tensor[],
    masks: readonly (Tensor | null)[],
  ): readonly (Tensor | null)[] {
    checkMasks(ys, masks);
    return [masks[0] ?? null];
  }

  config(): LayerConfig {
    const { name: _, trainable: __, weights, ...rest } = this.options;
    return {
      ...{ type: this.type, heads: this.heads, hidden: this.hidden, ...rest },
      ...(typeof weights === "string" && { weights }),
    };
  }
}

/**
 * A block of a transformer's encoder (Vaswani et al. 2017): self-attention over all positions, then at each position a network of one
 * hidden layer, both with a way around them: z = norm(x + attention(x)), y = norm(z + f(z W + b) V + c), or with `normaliseFirst` z = x +
 * attention(norm(x)), y = z + f(norm(z) W + b) V + c. Masked positions are not looked at.
 *
 * Shapes: x [n, time, features] to the same; W [features, hidden], V [hidden, features]. Parameters for d features: 4 d (d + 1) of the
 * attention, 2 d hidden + hidden + d of the network, 4 d of the normalisations.
 * @throws RangeError for numbers out of range, features that the heads do not divide, or inputs of another rank; TypeError for an unknown option.
 * @example
 * ```ts
 * const layers = [new Embedding(50, 8), new PositionalEncoding(), new TransformerEncoder(2, 16)];
 * const model = new Sequential(layers, { inputShape: [null] });
 * model.call(zeros([3, 7], "int32")).shape; // [3, 7, 8]
 * model.summaryRows()[2].parameters; // 600
 * ```
 */
export class TransformerEncoder extends TransformerBlock {
  /** See `BaseLayer`. */
  static override readonly repeatable = true;
  readonly type = "transformerEncoder";

  constructor(heads: number, hidden: number, options: TransformerOptions = {}) {
    super(heads, hidden, options, false, 2);
  }

  build(inputShapes: readonly OpenShape[]): readonly OpenShape[] {
    list(this.name, "the inputs' shapes", inputShapes);
    if (inputShapes.length !== 1) throw new RangeError(`${this.name}: takes one input, got ${inputShapes.length}`);
    const shape = this.prepare(inputShapes[0], 2);
    this.attention.build([shape]);
    return [shape];
  }

  call(xs: readonly Tensor[], context: CallContext): readonly Tensor[] {
    checkContext("TransformerEncoder", context);
    checkTensors(this.name, "the inputs", xs);
    const [x] = xs;
    const z = this.around(x, 0, context, (h) => this.attention.call([h], context)[0]);
    return [this.around(z, 1, context, (h) => this.think(h, context))];
  }
}

/**
 * A block of a transformer's decoder (Vaswani et al. 2017): causal self-attention, so that a position sees those before it only; attention
 * to what an encoder has made, where that is given; then the network, as in `TransformerEncoder`. Applied to x alone, it is a block of a
 * language model.
 *
 * Shapes: x [n, time, features] to the same, beside memory [n, time 2, features 2]: `apply(x)` or `apply([x, memory])`. Parameters: those of an
 * encoder's block, and with a memory those of another attention and normalisation.
 * @throws RangeError for numbers out of range, features that the heads do not divide, or inputs of another rank; TypeError for an unknown option.
 * @example
 * ```ts
 * const [x, memory] = [input([null, 8]), input([null, 8])];
 * const block = new TransformerDecoder(2, 16, { normaliseFirst: true });
 * const model = new Model({ inputs: [x, memory], outputs: block.apply([x, memory]) });
 * model.call([zeros([3, 4, 8]), zeros([3, 7, 8])]).shape; // [3, 4, 8]
 * model.parameterCount; // 904
 * ```
 */
export class TransformerDecoder extends TransformerBlock {
  /** See `BaseLayer`. */
  static override readonly repeatable = true;
  readonly type = "transformerDecoder";
  private readonly cross: MultiHeadAttention;

  constructor(heads: number, hidden: number, options: TransformerOptions = {}) {
    super(heads, hidden, options, true, 3);
    this.cross = this.owns("cross", this.attend(false));
  }

  build(inputShapes: readonly OpenShape[]): readonly OpenShape[] {
    list(this.name, "the inputs' shapes", inputShapes);
    if (inputShapes.length !== 1 && inputShapes.length !== 2) {
      throw new RangeError(`${this.name}: takes x, or [x, memory], got ${inputShapes.length} inputs`);
    }
    const [x, memory] = inputShapes;
    const shape = this.prepare(x, memory === undefined ? 2 : 3);
    this.attention.build([shape]);
    if (memory !== undefined) this.cross.build([shape, memory]);
    return [shape];
  }

  call(xs: readonly Tensor[], context: CallContext): readonly Tensor[] {
    checkContext("TransformerDecoder", context);
    checkTensors(this.name, "the inputs", xs);
    const [x, memory] = xs;
    const [own = null, theirs = null] = context.masks ?? [];
    let z = this.around(x, 0, context, (h) => this.attention.call([h], { ...context, masks: [own] })[0]);
    if (memory !== undefined) {
      const masks = [own, theirs];
      z = this.around(z, 1, context, (h) => this.cross.call([h, memory], { ...context, masks })[0]);
    }
    return [this.around(z, memory === undefined ? 1 : 2, context, (h) => this.think(h, context))];
  }

  /** See `BaseLayer`. @internal */
  override isStepwise(inputs: number): boolean {
    return inputs === 1;
  }
}

const settings = {
  ...{ heads: is.count, hidden: is.count, activation: optional(is.activation), dropout: optional(is.share) },
  ...{ normaliseFirst: optional(is.flag), epsilon: optional(is.notNegative), weights: optional(is.initialiser) },
};

export const transformerEncoderKind: LayerKind = {
  type: "transformerEncoder",
  settings,
  make: ({ type: _, heads, hidden, ...options }) =>
    new TransformerEncoder(heads as number, hidden as number, options as TransformerOptions),
};

export const transformerDecoderKind: LayerKind = {
  type: "transformerDecoder",
  settings,
  make: ({ type: _, heads, hidden, ...options }) =>
    new TransformerDecoder(heads as number, hidden as number, options as TransformerOptions),
};
