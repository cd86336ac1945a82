// A rectifier whose slope below 0 is learnt.
import { knownOptions } from "../../engine/checks.ts";
import { mul } from "../../ops/arithmetic.ts";
import { where } from "../../ops/choice.ts";
import { greater } from "../../ops/comparison.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import type { Constraint } from "../constraints.ts";
import { checkInitialiser, type Initialiser } from "../initialisers.ts";
import { Layer } from "../layer.ts";
import { type Check, is, type LayerKind, listOf, optional } from "../layer-kind.ts";
import type { Parameter } from "../parameters.ts";
import { checkPenalty, type Penalty } from "../penalties.ts";
import { checkOpenShape, fixedLength, type OpenShape } from "../shapes.ts";
import { axisWithin, checkAxis } from "./axes.ts";

/** What a rectifier with learnt slopes takes. */
export interface PReLUOptions extends LayerOptions {
  /** How the slopes start; default zeros, a plain rectifier. He et al. begin with `initialiser.constant(0.25)`. */
  alpha?: Initialiser;
  /** Axes along which one slope holds, 1 the first after the batch's: [2, 3] for one a channel of images. Default none: one an element. */
  sharedAxes?: readonly number[];
  /** On the slopes, added to the loss. */
  penalty?: Penalty;
  /** What the slopes are brought back to after every step: "nonNegative". */
  constraint?: Extract<Constraint, string>;
}

/**
 * The parametric rectifier (He et al. 2015): y = x where x > 0, else alpha x. Shapes: [n, ...] to the same. Parameters: alpha, one an element of
 * a sample, or fewer where axes share them; they have no weight decay, which would pull them to a plain rectifier.
 * @throws RangeError for shared axes that inputs have not, or open lengths that are not shared.
 * @example
 * ```ts
 * const model = new Sequential([new PReLU({ alpha: initialiser.constant(0.25), sharedAxes: [2, 3] })], { inputShape: [3, 8, 8] });
 * model.parameterCount; // 3
 * model.call(full([1, 3, 8, 8], -4)).max().item(); // -1
 * ```
 */
export class PReLU extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "prelu";
  readonly sharedAxes: readonly number[];
  private slopes: Parameter | undefined;

  constructor(private readonly options: PReLUOptions = {}) {
    super(options);
    knownOptions("PReLU", options, ["alpha", "sharedAxes", "penalty", "constraint", ...LAYER_OPTIONS]);
    const { alpha, penalty, constraint, sharedAxes = [] } = options;
    if (alpha !== undefined) checkInitialiser(alpha);
    if (penalty !== undefined) checkPenalty("PReLU", penalty);
    if (constraint !== undefined) nonNegative("PReLU", "constraint", constraint);
    if (!Array.isArray(sharedAxes)) throw new TypeError("PReLU: sharedAxes must be a list of axes, such as [2, 3]");
    this.sharedAxes = sharedAxes.map((axis: number) => checkAxis("PReLU", "sharedAxes", axis));
  }

  build(inputShape: OpenShape): OpenShape {
    checkOpenShape(this.name, inputShape);
    const shared = this.sharedAxes.map((axis) => axisWithin(this.name, axis, inputShape.length));
    const shape = inputShape.map((_, axis) =>
      shared.includes(axis) ? 1 : fixedLength(this.name, inputShape, axis, "elements, or a shared axis"),
    );
    const { alpha = "zeros", penalty, constraint } = this.options;
    this.slopes = this.declare("alpha", shape, { initialiser: alpha, decay: false, penalty, constraint });
    return inputShape;
  }

  call(x: Tensor): Tensor {
    if (this.slopes === undefined) throw new Error("PReLU: the layer is not built; put it in a model");
    return where(greater(x, 0), x, mul(x, this.slopes.tensor));
  }

  config(): LayerConfig {
    const { alpha, penalty, constraint } = this.options;
    return {
      ...{ type: this.type, sharedAxes: [...this.sharedAxes] },
      ...(typeof alpha === "string" && { alpha }),
      ...(penalty && { penalty }),
      ...(constraint && { constraint }),
    };
  }
}

const nonNegative: Check = (owner, name, value) => {
  if (value === "nonNegative") return value;
  throw new TypeError(`${owner}: ${name} of slopes can only be "nonNegative"`);
};

export const preluKind: LayerKind = {
  type: "prelu",
  settings: {
    ...{ alpha: optional(is.initialiser), sharedAxes: optional(listOf(checkAxis as Check)) },
    ...{ penalty: optional(is.penalty), constraint: optional(nonNegative) },
  },
  make: ({ type: _, ...options }) => new PReLU(options as PReLUOptions),
};
