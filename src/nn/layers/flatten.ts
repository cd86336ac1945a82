// From images to vectors.

import { knownOptions } from "../../engine/checks.ts";
import { reshape } from "../../ops/views.ts";
import { checkTensor } from "../../tensor/check.ts";
import { sizeOf } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { Layer } from "../layer.ts";
import type { LayerKind } from "../layer-kind.ts";
import { checkOpenShape, type OpenShape, openSize } from "../shapes.ts";

/**
 * All axes but the first in one, row-major: [n, a, b, ...] to [n, a b ...]. A view where x is row-major. No parameters.
 * @example
 * ```ts
 * const model = new Sequential([new Flatten(), new Dense(10)], { inputShape: [28, 28] });
 * model.call(zeros([5, 28, 28])).shape; // [5, 10]
 * ```
 */
export class Flatten extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "flatten";

  constructor(options: LayerOptions = {}) {
    super(options);
    knownOptions("Flatten", options, LAYER_OPTIONS);
  }

  build(inputShape: OpenShape): OpenShape {
    return [openSize(checkOpenShape("Flatten", inputShape))];
  }

  call(x: Tensor): Tensor {
    checkTensor("Flatten", x);
    if (x.rank === 0) throw new RangeError("Flatten: a scalar has no batch axis; inputs are [n, ...]");
    return reshape(x, [x.shape[0], sizeOf(x.shape.slice(1))]);
  }

  config(): LayerConfig {
    return { type: this.type };
  }
}

export const flattenKind: LayerKind = { type: "flatten", settings: {}, make: () => new Flatten() };
