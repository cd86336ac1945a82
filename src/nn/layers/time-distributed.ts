// A layer at every step of a sequence.
import { fields, knownOptions } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import { reshape } from "../../ops/views.ts";
import { checkTensor } from "../../tensor/check.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type CallContext, LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { Layer } from "../layer.ts";
import type { LayerKind } from "../layer-kind.ts";
import { checkOpenShape, fixedShape, formatOpen, type OpenShape } from "../shapes.ts";

/**
 * Applies a layer to every step of a sequence by itself: [n, time, ...shape] to [n, time, ...what the layer makes of it]. Parameters: those of
 * the layer, the same at all steps. A `Dense` does so by itself.
 * @throws TypeError for what is no layer of one input and one output; RangeError for inputs without a time axis, or with other open lengths than the time.
 * @example
 * ```ts
 * const model = new Sequential([new TimeDistributed(new Flatten())], { inputShape: [null, 2, 3] });
 * model.call(zeros([5, 4, 2, 3])).shape; // [5, 4, 6]
 * ```
 */
export class TimeDistributed extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "timeDistributed";
  private readonly layer: Layer;

  constructor(layer: Layer, options: LayerOptions = {}) {
    super(options);
    knownOptions("TimeDistributed", options, LAYER_OPTIONS);
    if (!(layer instanceof Layer)) {
      throw new TypeError(
        `TimeDistributed: needs a layer of one input and one output, such as new Flatten(), got ${quote(layer)}`,
      );
    }
    this.layer = this.owns("layer", layer);
  }

  build(inputShape: OpenShape): OpenShape {
    checkOpenShape(this.name, inputShape);
    if (inputShape.length === 0) {
      throw new RangeError(`${this.name}: needs inputs with a time axis, got shape ${formatOpen(inputShape)}`);
    }
    const [time, ...shape] = inputShape;
    return [time, ...fixedShape(this.name, this.layer.build(fixedShape(this.name, shape)))];
  }

  call(x: Tensor, context: CallContext): Tensor {
    checkTensor(this.name, x);
    if (x.rank < 2) throw new RangeError(`${this.name}: x must be [n, time, ...], got shape ${formatShape(x.shape)}`);
    const [n, time, ...shape] = x.shape;
    // Masks are of steps, and the layer does not see any.
    const y = this.layer.call(reshape(x, [n * time, ...shape]), { ...context, masks: undefined });
    return reshape(y, [n, time, ...y.shape.slice(1)]);
  }

  /** See `BaseLayer`. @internal */
  override isStepwise(inputs: number): boolean {
    return inputs === 1;
  }

  config(): LayerConfig {
    return { type: this.type, layer: this.layer.fullConfig() };
  }
}

export const timeDistributedKind: LayerKind = {
  type: "timeDistributed",
  settings: { layer: (owner, name, value) => fields(owner, name, value as object) },
  make: ({ layer }, makeLayer) => new TimeDistributed(makeLayer(layer as LayerConfig, "TimeDistributed") as Layer),
};
