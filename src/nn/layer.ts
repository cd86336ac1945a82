// What a layer is: it names its parameters once it knows its input's shape, and maps tensors to tensors.
import type { Generator } from "../tensor/random.ts";
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Parameter, type ParameterOptions } from "./parameters.ts";

/** How a layer is being used right now. */
export interface CallContext {
  /** true while training: dropout drops, batch normalisation uses the batch. */
  training: boolean;
  /** Random numbers for layers that need them while training. */
  generator: Generator;
}

/** A layer's settings as JSON, enough to make it again. */
export interface LayerConfig {
  type: string;
  [setting: string]: unknown;
}

export abstract class Layer {
  /** Kind of layer, as the configuration names it. */
  abstract readonly type: string;
  /** Set by the model: unique in it. */
  name = "";
  private readonly own: Parameter[] = [];

  /**
   * Declares parameters for inputs of the given shape (without the batch axis) and returns the shape of the outputs.
   * @throws RangeError if the layer can't take such inputs.
   */
  abstract build(inputShape: Shape): Shape;

  /** Maps a batch [n, ...input shape] to [n, ...output shape]. */
  abstract call(x: Tensor, context: CallContext): Tensor;

  abstract config(): LayerConfig;

  get parameters(): readonly Parameter[] {
    return this.own;
  }

  /** For `build`: declares a parameter `layer.name`. */
  protected declare(name: string, shape: Shape, options: ParameterOptions): Parameter {
    const parameter = new Parameter(`${this.name}.${name}`, shape, options);
    this.own.push(parameter);
    return parameter;
  }
}
