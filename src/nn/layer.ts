// What a layer is: it names its parameters once it knows its input's shape, and maps tensors to tensors.
import { fields, flag, instance } from "../engine/checks.ts";
import { Generator } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { ActivationName } from "./activations.ts";
import { BaseLayer, type CallContext, checkSymbolic, type LayerOptions, type Symbolic } from "./base-layer.ts";
import type { OpenShape } from "./shapes.ts";

/**
 * What layers of one input and one output have in common. A layer of your own says what shape it makes of its input's, declaring its
 * parameters as it does, and how it maps a batch; gradients follow from the operations it uses.
 *
 * `build` may be called again where a layer is shared, so what `call` does may depend on its tensors, its settings and its parameters,
 * not on the shape of the last `build`.
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
export abstract class Layer extends BaseLayer {
  constructor(options: LayerOptions = {}) {
    super(options);
  }

  /**
   * Declares parameters for inputs of the given shape (without the batch axis) and returns the shape of the outputs.
   * @throws RangeError if the layer can't take such inputs.
   */
  abstract build(inputShape: OpenShape): OpenShape;

  /** Maps a batch [n, ...input shape] to [n, ...output shape]. */
  abstract call(x: Tensor, context: CallContext): Tensor;

  /** The activation that it ends in: what `logits` leaves out. Undefined unless a layer says it. */
  get outputActivation(): ActivationName | undefined {
    return undefined;
  }

  /** As `call`, without the activation that it ends in: for a loss that brings its own. */
  logits(x: Tensor, context: CallContext): Tensor {
    return this.call(x, context);
  }

  /**
   * Connects the layer to a symbolic input, for a graph `Model`; applied again, it is shared.
   * @throws RangeError if the layer can't take such inputs; TypeError for what is not symbolic.
   * @example
   * ```ts
   * const [a, b] = [input([3]), input([3])];
   * const shared = new Dense(2);
   * const model = new Model({ inputs: [a, b], outputs: new Add().apply([shared.apply(a), shared.apply(b)]) });
   * model.parameterCount; // 8
   * ```
   */
  apply(x: Symbolic): Symbolic {
    return this.connectTo([checkSymbolic(this.name, x)])[0];
  }

  /** See `BaseLayer`. @internal */
  connect(shapes: readonly OpenShape[]): readonly OpenShape[] {
    if (shapes.length !== 1) throw new RangeError(`${this.name}: takes one input, got ${shapes.length}`);
    return [this.build(shapes[0])];
  }

  /** See `BaseLayer`. @internal */
  forward(xs: readonly Tensor[], context: CallContext): readonly Tensor[] {
    return [this.call(xs[0], context)];
  }

  /** See `BaseLayer`. @internal */
  override forwardLogits(xs: readonly Tensor[], context: CallContext): readonly Tensor[] {
    return [this.logits(xs[0], context)];
  }

  /** See `BaseLayer`. @internal */
  override activationOf(_index: number): ActivationName | undefined {
    return this.outputActivation;
  }
}

/** The context of a call; layers that behave differently while training can't do without. */
export function checkContext(owner: string, context: CallContext): CallContext {
  const { training, generator } = fields(owner, "the context of the call, { training, generator },", context);
  flag(owner, "training", training);
  instance(owner, "generator", generator, Generator, "a Generator");
  return context;
}
