// Axes in another order.
import { knownOptions, list, whole } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import { transpose } from "../../ops/views.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkMasks, LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { Layer } from "../layer.ts";
import { is, type LayerKind, listOf } from "../layer-kind.ts";
import { checkOpenShape, formatOpen, type OpenShape } from "../shapes.ts";

/**
 * The axes of a sample in another order, those of the output named by those of the input; 1 is the first after the batch's. [n, a, b] with
 * [2, 1] to [n, b, a]. A view: nothing is copied. No parameters.
 * @throws RangeError unless every axis from 1 on is named once, or inputs have another number of axes.
 * @example
 * ```ts
 * // Pictures that come as [height, width, channels].
 * new Sequential([new Permute([3, 1, 2])], { inputShape: [32, 48, 3] }).outputShape; // [3, 32, 48]
 * ```
 */
export class Permute extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "permute";
  readonly axes: readonly number[];

  constructor(axes: readonly number[], options: LayerOptions = {}) {
    super(options);
    knownOptions("Permute", options, LAYER_OPTIONS);
    this.axes = [...list("Permute", "axes", axes)];
    for (const axis of this.axes) whole("Permute", "an axis", axis, 1);
    if (this.axes.length === 0 || [...this.axes].sort((a, b) => a - b).some((axis, i) => axis !== i + 1)) {
      throw new RangeError(`Permute: ${quote(axes)} must name each axis once, from 1, the first after the batch's`);
    }
  }

  build(inputShape: OpenShape): OpenShape {
    checkOpenShape(this.name, inputShape);
    if (inputShape.length === this.axes.length) return this.axes.map((axis) => inputShape[axis - 1]);
    throw new RangeError(
      `${this.name}: ${quote(this.axes)} is an order of ${this.axes.length} axes, but its inputs have shape ${formatOpen(inputShape)}`,
    );
  }

  call(x: Tensor): Tensor {
    return transpose(x, [0, ...this.axes]);
  }

  override maskOf(
    _: readonly Tensor[],
    ys: readonly Tensor[],
    masks: readonly (Tensor | null)[],
  ): readonly (Tensor | null)[] {
    checkMasks(ys, masks);
    return [this.axes[0] === 1 ? (masks[0] ?? null) : null];
  }

  config(): LayerConfig {
    return { type: this.type, axes: [...this.axes] };
  }
}

export const permuteKind: LayerKind = {
  type: "permute",
  settings: { axes: listOf(is.count) },
  make: ({ axes }) => new Permute(axes as number[]),
};
