// Steps that count for nothing, marked by their values.
import { knownOptions, numeric } from "../../engine/checks.ts";
import { where } from "../../ops/choice.ts";
import { logicalAnd, notEqual } from "../../ops/comparison.ts";
import { any } from "../../ops/reduce.ts";
import { expandDims } from "../../ops/views.ts";
import { checkTensor, checkTensors } from "../../tensor/check.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkMasks, LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { Layer } from "../layer.ts";
import { is, type LayerKind, optional } from "../layer-kind.ts";
import { checkOpenShape, checkRank, type OpenShape } from "../shapes.ts";

/**
 * Masks the steps of sequences that are `value` in every feature, 0 by default: recurrent layers that follow pass them by, attention
 * does not look at them. So sequences of unequal length, filled up, are as long as they are. Shapes: [n, time, features] to the same, masked steps
 * 0. No parameters. For indices, `Embedding` masks 0 by itself.
 * @throws RangeError for inputs of another rank; TypeError for a value that is no number.
 * @example
 * ```ts
 * const layers = [new Masking(-1), new SimpleRNN(1, { activation: "linear", weights: "ones", stateWeights: "ones" })];
 * const model = new Sequential(layers, { inputShape: [null, 1] });
 * model.call(tensor([[[1], [2], [-1]], [[1], [2], [3]]])).toArray(); // [[3], [6]]
 * ```
 */
export class Masking extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "masking";

  constructor(
    readonly value = 0,
    options: LayerOptions = {},
  ) {
    super(options);
    knownOptions("Masking", options, LAYER_OPTIONS);
    numeric("Masking", "value", value);
  }

  override get makesMasks(): boolean {
    return true;
  }

  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), 2, "[time, features]");
    return inputShape;
  }

  /** Which steps are something else, bool [n, time]. */
  private counts(x: Tensor): Tensor {
    return any(notEqual(x, this.value), -1);
  }

  call(x: Tensor): Tensor {
    checkTensor(this.name, x);
    return where(expandDims(this.counts(x), -1), x, 0);
  }

  override maskOf(
    xs: readonly Tensor[],
    ys: readonly Tensor[],
    masks: readonly (Tensor | null)[],
  ): readonly (Tensor | null)[] {
    checkMasks(ys, masks);
    checkTensors("maskOf", "the inputs", xs);
    const [x] = xs;
    const [mask] = masks;
    const counts = this.counts(x);
    return [mask ? logicalAnd(mask, counts) : counts];
  }

  config(): LayerConfig {
    return { type: this.type, value: this.value };
  }
}

export const maskingKind: LayerKind = {
  type: "masking",
  settings: { value: optional(is.finite) },
  make: ({ value }) => new Masking(value as number | undefined),
};
