// The fully connected layer.

import { knownOptions, whole } from "../../engine/checks.ts";
import type { FusedActivation } from "../../engine/engine.ts";
import { linear } from "../../ops/linalg.ts";
import { checkShape, formatShape, type Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkInitialiser, type Initialiser } from "../initialisers.ts";
import { Layer, type LayerConfig } from "../layer.ts";
import type { Parameter } from "../parameters.ts";
import { type ActivationName, activationByName } from "./activation.ts";

const FUSED: Partial<Record<ActivationName, FusedActivation>> = {
  linear: "none",
  sigmoid: "sigmoid",
  tanh: "tanh",
  relu: "relu",
};

/** What a dense layer takes beside its size. */
export interface DenseOptions {
  /** Default "linear", which changes nothing. */
  activation?: ActivationName;
  /** Default: Xavier; He for relu and its relatives, "scaled" for selu. */
  weights?: Initialiser;
  /** Default: zeros; null leaves the bias out. */
  bias?: Initialiser | null;
}

const RECTIFYING: readonly ActivationName[] = ["relu", "leakyRelu", "elu", "gelu", "silu", "mish"];

function initialiserFor(activation: ActivationName): Initialiser {
  if (activation === "selu") return "scaled";
  return RECTIFYING.includes(activation) ? "he" : "xavier";
}

/**
 * The fully connected layer: y = f(x W + b). Shapes: x [n, in], W [in, out], b [out], y [n, out]; parameters: (in + 1)
 * out. Initialisation: Xavier, or He for relu, leakyRelu, elu, gelu, silu and mish, N(0, 1 / in) for selu; the bias is 0.
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
    super();
    knownOptions("Dense", options, ["activation", "weights", "bias"]);
    whole("Dense", "units", units, 1);
    if (options.weights !== undefined) checkInitialiser(options.weights);
    if (options.bias !== undefined && options.bias !== null) checkInitialiser(options.bias);
    this.activation = options.activation ?? "linear";
    this.activate = activationByName(this.activation);
    this.fused = FUSED[this.activation];
  }

  build(inputShape: Shape): Shape {
    checkShape("Dense", inputShape);
    if (inputShape.length === 0)
      throw new RangeError(`${this.name}: needs inputs with at least one axis, got a scalar`);
    const inputs = inputShape.at(-1)!;
    if (inputShape.length > 1) {
      throw new RangeError(
        `${this.name}: a dense layer takes vectors, but its inputs have shape ${formatShape(inputShape)}; put a Flatten layer before it`,
      );
    }
    this.weights = this.declare("weights", [inputs, this.units], {
      initialiser: this.options.weights ?? initialiserFor(this.activation),
      decay: true,
    });
    if (this.options.bias !== null) {
      // A bias counts as a weight from one constant input: N(0, 1) stays N(0, 1) under "scaled", as in Nielsen's networks.
      this.bias = this.declare("bias", [this.units], {
        initialiser: this.options.bias ?? "zeros",
        decay: false,
        fans: { fanIn: 1, fanOut: this.units },
      });
    }
    return [this.units];
  }

  call(x: Tensor): Tensor {
    const y = this.affine(x, this.fused ?? "none");
    return this.fused === undefined ? this.activate(y) : y;
  }

  /** x W + b without the activation: what a loss that brings its own activation starts from. */
  logits(x: Tensor): Tensor {
    return this.affine(x, "none");
  }

  private affine(x: Tensor, activation: FusedActivation): Tensor {
    if (this.weights === undefined) throw new Error("Dense: the layer is not built; put it in a model");
    return linear(x, this.weights.tensor, this.bias?.tensor ?? null, activation);
  }

  config(): LayerConfig {
    return { type: this.type, units: this.units, activation: this.activation, bias: this.options.bias !== null };
  }
}
