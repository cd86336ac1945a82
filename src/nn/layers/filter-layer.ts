// What layers with filters do alike: weights and bias, the sum over a window, and the activation after it.
import { knownOptions } from "../../engine/checks.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { ActivationName } from "../activations.ts";
import { LAYER_OPTIONS } from "../base-layer.ts";
import type { Constraint } from "../constraints.ts";

import { Layer } from "../layer.ts";
import type { Parameter } from "../parameters.ts";
import {
  type AfterSum,
  afterSum,
  checkFilterOptions,
  FILTER_OPTIONS,
  type FilterOptions,
} from "./convolution-options.ts";
import { initialiserFor } from "./dense.ts";

/** Weights and bias of a layer that is built; the bias is null where it is left out. */
export interface Filters {
  readonly weights: Tensor;
  readonly bias: Tensor | null;
}

/**
 * A layer of filters: y = g(sums(x)), where `sums` is what the layer is about. Its results have channels, one a filter, on the second axis.
 * @internal
 */
export abstract class FilterLayer<Options extends FilterOptions & { kernelConstraint?: Constraint }> extends Layer {
  readonly activation: ActivationName;
  protected readonly after: AfterSum;
  private weights: Parameter | undefined;
  private bias: Parameter | undefined;

  /** `owner` is named in errors; `names` are the options that it takes beside those of all filters. */
  protected constructor(
    private readonly owner: string,
    names: readonly string[],
    protected readonly options: Options,
  ) {
    super(options);
    knownOptions(owner, options, [...names, ...FILTER_OPTIONS, ...LAYER_OPTIONS]);
    checkFilterOptions(owner, options);
    this.activation = options.activation ?? "linear";
    this.after = afterSum(this.activation, 1);
  }

  /** Declares weights of a shape and a bias for each filter, initialised as `Dense`'s for so many numbers that come together and go apart. */
  protected declareFilters(filters: number, shape: Shape, fans: { fanIn: number; fanOut: number }): void {
    const { options } = this;
    this.weights = this.declare("weights", shape, {
      initialiser: options.weights ?? initialiserFor(this.activation),
      decay: true,
      fans,
      penalty: options.kernelPenalty,
      constraint: options.kernelConstraint,
    });
    if (options.bias !== null) {
      this.bias = this.declare("bias", [filters], {
        ...{ initialiser: options.bias ?? "zeros", decay: false, fans: { fanIn: 1, fanOut: filters } },
      });
    }
  }

  /** The sums of the windows with the bias, through an activation that can be applied in the same pass. */
  protected abstract sums(x: Tensor, activation: AfterSum["fused"], filters: Filters): Tensor;

  /** `sums` of a layer that is built. */
  protected filtered(x: Tensor, activation: AfterSum["fused"]): Tensor {
    const { weights, bias } = this;
    if (weights === undefined) throw new Error(`${this.owner}: the layer is not built; put it in a model`);
    return this.sums(x, activation, { weights: weights.tensor, bias: bias?.tensor ?? null });
  }

  call(x: Tensor): Tensor {
    const y = this.filtered(x, this.after.fused);
    return this.after.rest === null ? y : this.after.rest(y);
  }

  /** Without the activation; where that is softmax, over the filters, it belongs to the layer. */
  override logits(x: Tensor): Tensor {
    return this.activation === "softmax" ? this.call(x) : this.filtered(x, "none");
  }

  override get outputActivation(): ActivationName | undefined {
    return this.activation === "softmax" ? undefined : this.activation;
  }
}
