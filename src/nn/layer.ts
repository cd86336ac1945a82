// What a layer is: it names its parameters once it knows its input's shape, and maps tensors to tensors.
import { fields, flag, instance, text } from "../engine/checks.ts";
import { Generator } from "../tensor/random.ts";
import { checkShape, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Parameter, type ParameterOptions } from "./parameters.ts";

/** How a layer is being used right now. */
export interface CallContext {
  /** true while training: dropout drops, batch normalisation uses the batch. */
  training: boolean;
  /** Random numbers for layers that need them while training, such as dropout. */
  generator: Generator;
}

/** A layer's settings as JSON, enough to make it again. */
export interface LayerConfig {
  /** Kind of layer. */
  type: string;
  [setting: string]: unknown;
}

/**
 * What layers have in common. A layer of your own says what shape it makes of its input's, declaring its parameters as
 * it does, and how it maps a batch; gradients follow from the operations it uses.
 * @example
 * ```ts
 * class Scale extends Layer {
 *   readonly type = "scale";
 *   private factor: Parameter | undefined;
 *   build(inputShape: Shape): Shape {
 *     this.factor = this.declare("factor", inputShape, { initialiser: "ones", decay: false });
 *     return inputShape;
 *   }
 *   call(x: Tensor): Tensor {
 *     return x.mul(this.factor!.tensor);
 *   }
 *   config(): LayerConfig {
 *     return { type: this.type };
 *   }
 * }
 * const model = new Sequential([new Scale()], { inputShape: [2] });
 * model.call(tensor([[3, 4]])).toArray(); // [[3, 4]]
 * ```
 */
export abstract class Layer {
  /**
   * A class of your own sets this to true if `call` depends on its input, the layer's parameters and the context alone,
   * looks at no values (`item()`, `dataSync()`), keeps no tensor that it makes, and draws random numbers from the
   * context's generator only. Then `fit` may record the kernels of a step and run them again without calling the layer.
   * A subclass has to say it for itself.
   */
  static readonly repeatable: boolean = false;
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

  /** Its settings, enough to make the layer again. */
  abstract config(): LayerConfig;

  /** Its parameters, in the order of their declaration; none before `build`. */
  get parameters(): readonly Parameter[] {
    return this.own;
  }

  /** For `build`: declares a parameter and names it `<layer>.<name>`. It has values once the model is built. */
  protected declare(name: string, shape: Shape, options: ParameterOptions): Parameter {
    text(`${this.type}.declare`, "the name", name);
    checkShape(`${this.type}.declare`, shape);
    const parameter = new Parameter(`${this.name}.${name}`, shape, options);
    this.own.push(parameter);
    return parameter;
  }
}

/** The context of a call; layers that behave differently while training can't do without. */
export function checkContext(owner: string, context: CallContext): CallContext {
  const { training, generator } = fields(owner, "the context of the call, { training, generator },", context);
  flag(owner, "training", training);
  instance(owner, "generator", generator, Generator, "a Generator");
  return context;
}
