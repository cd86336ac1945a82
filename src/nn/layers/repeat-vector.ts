// One vector as a sequence.
import { knownOptions, whole } from "../../engine/checks.ts";
import { broadcastTo } from "../../ops/broadcast.ts";
import { expandDims } from "../../ops/views.ts";
import { checkTensor } from "../../tensor/check.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { Layer } from "../layer.ts";
import { is, type LayerKind } from "../layer-kind.ts";
import { checkOpenShape, checkRank, type OpenShape } from "../shapes.ts";

/**
 * The same vector at each of `times` steps: [n, features] to [n, times, features]. No parameters. It gives a decoder what an encoder
 * has made of a sequence.
 * @throws RangeError unless `times` is a whole number from 1 on, or for inputs of another rank.
 * @example
 * ```ts
 * const model = new Sequential([new RepeatVector(3)], { inputShape: [2] });
 * model.call(tensor([[1, 2]])).toArray(); // [[[1, 2], [1, 2], [1, 2]]]
 * ```
 */
export class RepeatVector extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "repeatVector";

  constructor(
    readonly times: number,
    options: LayerOptions = {},
  ) {
    super(options);
    knownOptions("RepeatVector", options, LAYER_OPTIONS);
    whole("RepeatVector", "times", times, 1);
  }

  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), 1, "[features]");
    return [this.times, inputShape[0]];
  }

  call(x: Tensor): Tensor {
    checkTensor(this.name, x);
    return broadcastTo(expandDims(x, 1), [x.shape[0], this.times, x.shape[1]]);
  }

  config(): LayerConfig {
    return { type: this.type, times: this.times };
  }
}

export const repeatVectorKind: LayerKind = {
  type: "repeatVector",
  settings: { times: is.count },
  make: ({ times }) => new RepeatVector(times as number),
};
