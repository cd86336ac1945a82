// The fully connected layer.

import { knownOptions, whole } from "../../engine/checks.ts";
import type { FusedActivation } from "../../engine/engine.ts";
import { linear } from "../../ops/linalg.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type ActivationName, activationByName, fusedActivation, RECTIFYING } from "../activations.ts";
import { LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import type { Constraint } from "../constraints.ts";
import { checkInitialiser, type Initialiser, type InitialiserName } from "../initialisers.ts";
import { Layer } from "../layer.ts";
import { is, type LayerKind, optional } from "../layer-kind.ts";
import type { Parameter } from "../parameters.ts";
import type { Penalty } from "../penalties.ts";
import { checkOpenShape, fixedLength, formatOpen, type OpenShape } from "../shapes.ts";

/** What a dense layer takes beside its size. */
export interface DenseOptions extends LayerOptions {
  /** Default "linear", which changes nothing. */
  activation?: ActivationName;
  /** Default: Xavier; He for relu and its relatives, "scaled" for selu. */
  weights?: Initialiser;
  /** Default: zeros; null leaves the bias out. */
  bias?: Initialiser | null;
  /** On the weights, added to the loss. */
  kernelPenalty?: Penalty;
  /** What the weights into a unit are brought back to after every step. */
  kernelConstraint?: Constraint;
}

const OPTIONS = ["activation", "weights", "bias", "kernelPenalty", "kernelConstraint", ...LAYER_OPTIONS];

/** The initialiser of weights before an activation. */
export function initialiserFor(activation: ActivationName): InitialiserName {
  if (activation === "selu") return "scaled";
  return RECTIFYING.includes(activation) ? "he" : "xavier";
}

/**
 * The fully connected layer: y = f(x W + b). Shapes: x [n, in], W [in, out], b [out], y [n, out], or a sequence step by step, x [n,
 * time, in] to [n, time, out]; parameters: (in + 1) out. Initialisation: Xavier, or He for relu, leakyRelu, elu, gelu, silu and mish, N(0, 1 / in) for selu; the bias is 0.
 * @throws RangeError for a number of units that is not a whole number from 1 on; TypeError for an unknown activation.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2, { weights: "ones" })], { inputShape: [3] });
 * model.call(tensor([[1, 2, 3]])).toArray(); // [[6, 6]]
 * ```
 */
export class Dense extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "dense";
  private weights: Parameter | undefined;
  private bias: Parameter | undefined;
  private readonly activate: (x: Tensor) => Tensor;
  private readonly fused: FusedActivation | undefined;
  readonly activation: ActivationName;

  constructor(
    readonly units: number,
    private readonly options: DenseOptions = {},
  ) {
    super(options);
    knownOptions("Dense", options, OPTIONS);
    whole("Dense", "units", units, 1);
    if (options.weights !== undefined) checkInitialiser(options.weights);
    if (options.bias !== undefined && options.bias !== null) checkInitialiser(options.bias);
    this.activation = options.activation ?? "linear";
    this.activate = activationByName(this.activation);
    this.fused = fusedActivation(this.activation);
  }

  build(inputShape: OpenShape): OpenShape {
    checkOpenShape("Dense", inputShape);
    if (inputShape.length === 0)
      throw new RangeError(`${this.name}: needs inputs with at least one axis, got a scalar`);
    if (inputShape.length > 2) {
      throw new RangeError(
        `${this.name}: a dense layer takes vectors, or sequences of them, but its inputs have shape ${formatOpen(inputShape)}; put a Flatten layer before it`,
      );
    }
    const inputs = fixedLength(this.name, inputShape, -1, "features");
    this.weights = this.declare("weights", [inputs, this.units], {
      initialiser: this.options.weights ?? initialiserFor(this.activation),
      decay: true,
      penalty: this.options.kernelPenalty,
      constraint: this.options.kernelConstraint,
    });
    if (this.options.bias !== null) {
      // A bias counts as a weight from one constant input: N(0, 1) stays N(0, 1) under "scaled", as in Nielsen's networks.
      this.bias = this.declare("bias", [this.units], {
        initialiser: this.options.bias ?? "zeros",
        decay: false,
        fans: { fanIn: 1, fanOut: this.units },
      });
    }
    return [...inputShape.slice(0, -1), this.units];
  }

  call(x: Tensor): Tensor {
    const y = this.affine(x, this.fused ?? "none");
    return this.fused === undefined ? this.activate(y) : y;
  }

  /** x W + b without the activation: what a loss that brings its own activation starts from. */
  override logits(x: Tensor): Tensor {
    return this.affine(x, "none");
  }

  private affine(x: Tensor, activation: FusedActivation): Tensor {
    if (this.weights === undefined) throw new Error("Dense: the layer is not built; put it in a model");
    return linear(x, this.weights.tensor, this.bias?.tensor ?? null, activation);
  }

  override get outputActivation(): ActivationName {
    return this.activation;
  }

  /** See `BaseLayer`. @internal */
  override isStepwise(inputs: number): boolean {
    return inputs === 1;
  }

  config(): LayerConfig {
    const { weights, bias, kernelPenalty, kernelConstraint } = this.options;
    return {
      ...{ type: this.type, units: this.units, activation: this.activation, bias: bias !== null },
      ...(typeof weights === "string" && { weights }),
      ...(kernelPenalty && { kernelPenalty }),
      ...(kernelConstraint && { kernelConstraint }),
    };
  }
}

export const denseKind: LayerKind = {
  type: "dense",
  settings: {
    ...{ units: is.count, activation: optional(is.activation), bias: optional(is.flag) },
    ...{ weights: optional(is.initialiser), kernelPenalty: optional(is.penalty) },
    kernelConstraint: optional(is.constraint),
  },
  make({ type: _, units, bias, ...options }) {
    return new Dense(units as number, { ...(options as DenseOptions), ...(bias === false && { bias: null }) });
  },
};
