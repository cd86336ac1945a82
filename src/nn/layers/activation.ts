// An activation as a layer.

import { knownOptions } from "../../engine/checks.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type ActivationName, activationByName } from "../activations.ts";
import type { LayerConfig, LayerOptions } from "../base-layer.ts";
import { LAYER_OPTIONS } from "../base-layer.ts";
import { Layer } from "../layer.ts";
import { is, type LayerKind } from "../layer-kind.ts";
import { checkOpenShape, type OpenShape } from "../shapes.ts";

/**
 * Applies an activation: y = f(x). Shapes: [n, ...] to the same. No parameters.
 * @throws TypeError for an unknown name.
 * @example
 * ```ts
 * const model = new Sequential([new Activation("relu")], { inputShape: [2] });
 * model.call(tensor([[-1, 2]])).toArray(); // [[0, 2]]
 * ```
 */
export class Activation extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "activation";
  private readonly f: (x: Tensor) => Tensor;

  constructor(
    readonly activation: ActivationName,
    options: LayerOptions = {},
  ) {
    super(options);
    knownOptions("Activation", options, LAYER_OPTIONS);
    this.f = activationByName(activation);
  }

  build(inputShape: OpenShape): OpenShape {
    return checkOpenShape("Activation", inputShape);
  }

  override get outputActivation(): ActivationName {
    return this.activation;
  }

  override logits(x: Tensor): Tensor {
    return x;
  }

  call(x: Tensor): Tensor {
    return this.f(x);
  }

  /** See `BaseLayer`. @internal */
  override isStepwise(inputs: number): boolean {
    return inputs === 1;
  }

  config(): LayerConfig {
    return { type: this.type, activation: this.activation };
  }
}

export const activationKind: LayerKind = {
  type: "activation",
  settings: { activation: is.activation },
  make: (config) => new Activation(config["activation"] as ActivationName),
};
