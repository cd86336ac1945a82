// How near an input is to each of some points.
import { knownOptions, whole } from "../../engine/checks.ts";
import { neg, square, sub } from "../../ops/arithmetic.ts";
import { sum } from "../../ops/broadcast.ts";
import { expandDims } from "../../ops/views.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { checkInitialiser, type Initialiser } from "../initialisers.ts";
import { Layer } from "../layer.ts";
import { is, type LayerKind, optional } from "../layer-kind.ts";
import type { Parameter } from "../parameters.ts";
import { checkOpenShape, checkRank, fixedLength, type OpenShape } from "../shapes.ts";

/** What a layer of radial basis units takes. */
export interface RadialBasisOptions extends LayerOptions {
  /** The points, [units, in]; default "normal". `trainable: false` keeps them where they are. */
  centres?: Initialiser;
}

/**
 * Euclidean radial basis units (LeCun et al. 1998): y_i = -sum over j of (x_j - c_ij)^2, minus the squared distance from a unit's point, so that the
 * nearest has the largest output. Shapes: x [n, in] to [n, units]. Parameters: centres [units, in], without weight decay.
 * @throws RangeError for a number of units that is not a whole number from 1 on, or inputs that are no vectors.
 * @example
 * ```ts
 * const model = new Sequential([new RadialBasis(2, { centres: () => tensor([[0, 0], [1, 1]]) })], { inputShape: [2] });
 * model.call(tensor([[1, 0.5]])).toArray(); // [[-1.25, -0.25]]
 * ```
 */
export class RadialBasis extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "radialBasis";
  private centres: Parameter | undefined;

  constructor(
    readonly units: number,
    private readonly options: RadialBasisOptions = {},
  ) {
    super(options);
    knownOptions("RadialBasis", options, ["centres", ...LAYER_OPTIONS]);
    whole("RadialBasis", "units", units, 1);
    if (options.centres !== undefined) checkInitialiser(options.centres);
  }

  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), 1, "[features]");
    const features = fixedLength(this.name, inputShape, 0, "features");
    this.centres = this.declare("centres", [this.units, features], {
      ...{ initialiser: this.options.centres ?? "normal", decay: false, fans: { fanIn: features, fanOut: this.units } },
    });
    return [this.units];
  }

  call(x: Tensor): Tensor {
    if (this.centres === undefined) throw new Error("RadialBasis: the layer is not built; put it in a model");
    return neg(sum(square(sub(expandDims(x, 1), this.centres.tensor)), 2));
  }

  config(): LayerConfig {
    const { centres } = this.options;
    return { type: this.type, units: this.units, ...(typeof centres === "string" && { centres }) };
  }
}

export const radialBasisKind: LayerKind = {
  type: "radialBasis",
  settings: { units: is.count, centres: optional(is.initialiser) },
  make: ({ type: _, units, ...options }) => new RadialBasis(units as number, options as RadialBasisOptions),
};
