// Layers of several inputs or outputs: what merges branches, and recurrence that takes and gives its state.
import { quote } from "../engine/quote.ts";
import { Tensor } from "../tensor/tensor.ts";
import { BaseLayer, type CallContext, checkSymbolic, type LayerOptions, type Symbolic } from "./base-layer.ts";
import type { OpenShape } from "./shapes.ts";

/**
 * What layers of several inputs or several outputs have in common: as `Layer`, with lists.
 * @example
 * ```ts
 * class Difference extends MultiLayer {
 *   readonly type = "difference";
 *   build([a]: readonly OpenShape[]): readonly OpenShape[] {
 *     return [a];
 *   }
 *   call([a, b]: readonly Tensor[]): readonly Tensor[] {
 *     return [a.sub(b)];
 *   }
 *   config(): LayerConfig {
 *     return { type: this.type };
 *   }
 * }
 * const [a, b] = [input([2]), input([2])];
 * const model = new Model({ inputs: [a, b], outputs: new Difference().apply([a, b]) });
 * model.call([tensor([[3, 4]]), tensor([[1, 1]])]).toArray(); // [[2, 3]]
 * ```
 */
export abstract class MultiLayer extends BaseLayer {
  constructor(options: LayerOptions = {}) {
    super(options);
  }

  /**
   * Declares parameters for inputs of the given shapes (without the batch axis) and returns the shapes of the outputs.
   * @throws RangeError if the layer can't take such inputs, or so many.
   */
  abstract build(inputShapes: readonly OpenShape[]): readonly OpenShape[];

  /** Maps batches [n, ...input shape] to batches [n, ...output shape]. */
  abstract call(xs: readonly Tensor[], context: CallContext): readonly Tensor[];

  /**
   * Connects the layer to symbolic inputs, for a graph `Model`, and gives its output.
   * @throws RangeError if the layer can't take such inputs, or has several outputs: then `applyAll` gives them.
   */
  apply(inputs: Symbolic | readonly Symbolic[]): Symbolic {
    const outputs = this.applyAll(inputs);
    if (outputs.length === 1) return outputs[0];
    throw new RangeError(`${this.name}: has ${outputs.length} outputs; applyAll gives them as a list`);
  }

  /** As `apply`, for layers of several outputs. */
  applyAll(inputs: Symbolic | readonly Symbolic[]): readonly Symbolic[] {
    const xs: readonly Symbolic[] = Array.isArray(inputs) ? inputs : [inputs as Symbolic];
    // Not `map`, which would walk through a list of holes to its end.
    for (const x of xs) checkSymbolic(this.name, x);
    return this.connectTo(xs);
  }

  /** See `BaseLayer`. @internal */
  connect(shapes: readonly OpenShape[]): readonly OpenShape[] {
    return this.build(shapes);
  }

  /** See `BaseLayer`. @internal */
  forward(xs: readonly Tensor[], context: CallContext): readonly Tensor[] {
    const ys = this.call(xs, context);
    if (Array.isArray(ys) && ys.every((y) => y instanceof Tensor)) return ys;
    throw new TypeError(`${this.name}: call must return a list of tensors, got ${quote(ys)}`);
  }
}
