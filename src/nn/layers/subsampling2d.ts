// Pooling that learns (LeCun et al. 1998): the sum of a window, times a number and plus another, a pair of them a channel.
import { knownOptions } from "../../engine/checks.ts";
import { add, mul } from "../../ops/arithmetic.ts";
import { avgPool2d } from "../../ops/pooling.ts";
import { type Pair, pair } from "../../ops/windows.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type ActivationName, activationByName } from "../activations.ts";
import { LAYER_OPTIONS, type LayerConfig } from "../base-layer.ts";
import { Layer } from "../layer.ts";
import { type LayerKind, optional } from "../layer-kind.ts";
import type { Parameter } from "../parameters.ts";
import { checkOpenShape, checkRank, fixedLength, type OpenShape } from "../shapes.ts";
import {
  asSetting,
  checkFilterOptions,
  FILTER_OPTIONS,
  FILTER_SETTINGS,
  type FilterOptions,
  filterConfig,
  filterOptionsOf,
  pairFrom,
} from "./convolution-options.ts";
import { pooledLength } from "./pooling2d.ts";

/**
 * Trainable subsampling (LeCun et al. 1998): y = g(w[c] sum of the window + b[c]) for windows that touch, channel by channel. Shapes: x [n, channels,
 * height, width] to [n, channels, floor(height / size), floor(width / size)]. Parameters: weights and bias [channels]; the weights start
 * as N(0, 1 / window), the bias at 0.
 * @param size of a window, a number or [height, width]; default 2.
 * @throws RangeError for sizes that are not whole numbers from 1 on; TypeError for an unknown activation, or softmax.
 * @example
 * ```ts
 * const model = new Sequential([new Subsampling2D(2, { weights: "ones" })], { inputShape: [1, 2, 4] });
 * model.call(tensor([[[[1, 2, 5, 6], [3, 4, 7, 8]]]])).toArray(); // [[[[10, 26]]]]
 * model.parameterCount; // 2
 * ```
 */
export class Subsampling2D extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "subsampling2d";
  readonly size: readonly [number, number];
  readonly activation: ActivationName;
  private readonly activate: (x: Tensor) => Tensor;
  private weights: Parameter | undefined;
  private bias: Parameter | undefined;

  constructor(
    size: Pair = 2,
    private readonly options: FilterOptions = {},
  ) {
    super(options);
    const owner = "Subsampling2D";
    knownOptions(owner, options, [...FILTER_OPTIONS, ...LAYER_OPTIONS]);
    checkFilterOptions(owner, options);
    this.size = pair(owner, "size", size, 1);
    this.activation = options.activation ?? "linear";
    this.activate = activationByName(this.activation);
    if (this.activation === "softmax") throw new TypeError(`${owner}: softmax is for the last axis; use Activation`);
  }

  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), 3, "[channels, height, width]");
    const { size, options } = this;
    const channels = fixedLength(this.name, inputShape, 0, "channels");
    const lengths = inputShape
      .slice(1)
      .map((length, axis) => pooledLength(this.name, length, size[axis], size[axis], "valid", false));
    const shape = [channels, 1, 1];
    this.weights = this.declare("weights", shape, {
      initialiser: options.weights ?? "scaled",
      decay: true,
      fans: { fanIn: size[0] * size[1], fanOut: 1 },
      penalty: options.kernelPenalty,
    });
    if (options.bias !== null) {
      this.bias = this.declare("bias", shape, {
        ...{ initialiser: options.bias ?? "zeros", decay: false, fans: { fanIn: 1, fanOut: 1 } },
      });
    }
    return [channels, ...lengths];
  }

  call(x: Tensor): Tensor {
    return this.activate(this.logits(x));
  }

  override logits(x: Tensor): Tensor {
    const { weights, bias, size } = this;
    if (weights === undefined) throw new Error("Subsampling2D: the layer is not built; put it in a model");
    // The sum of a window is its mean times its size.
    const y = mul(avgPool2d(x, size), mul(weights.tensor, size[0] * size[1]));
    return bias === undefined ? y : add(y, bias.tensor);
  }

  override get outputActivation(): ActivationName {
    return this.activation;
  }

  config(): LayerConfig {
    return { type: this.type, size: asSetting(this.size), ...filterConfig(this.activation, this.options) };
  }
}

export const subsampling2dKind: LayerKind = {
  type: "subsampling2d",
  settings: { size: optional(pairFrom(1)), ...FILTER_SETTINGS },
  make: ({ type: _, size, ...settings }) =>
    new Subsampling2D(size as Pair | undefined, filterOptionsOf(settings) as FilterOptions),
};
