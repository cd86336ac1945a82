// Branches side by side.
import { knownOptions, list } from "../../engine/checks.ts";
import { concat } from "../../ops/join.ts";
import { checkTensors } from "../../tensor/check.ts";
import { ones } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkMasks, LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { type Check, type LayerKind, optional } from "../layer-kind.ts";
import { MultiLayer } from "../multi-layer.ts";
import { checkOpenShape, formatOpen, type OpenShape } from "../shapes.ts";
import { axisWithin, checkAxis } from "./axes.ts";
import { checkInputCount, commonMask } from "./merge.ts";

/** What a concatenation takes. */
export interface ConcatenateOptions extends LayerOptions {
  /** The axis along which inputs follow one another: 1 is the first after the batch's (an image's channels), -1 (default) the last. */
  axis?: number;
}

/**
 * Its inputs one after the other along an axis, which adds up: [n, a] and [n, b] to [n, a + b]. The other axes must agree. No parameters.
 * Where inputs have masks, the steps count that count in all of them; along the axis of steps, the masks follow one another, too.
 * @throws RangeError for fewer than two inputs, an axis that they have not, or shapes that do not agree.
 * @example
 * ```ts
 * const [a, b] = [input([2]), input([1])];
 * const model = new Model({ inputs: [a, b], outputs: new Concatenate().apply([a, b]) });
 * model.call([tensor([[1, 2]]), tensor([[3]])]).toArray(); // [[1, 2, 3]]
 * new Concatenate({ axis: 1 }).apply([input([16, 7, 7]), input([32, 7, 7])]).shape; // [48, 7, 7]
 * ```
 */
export class Concatenate extends MultiLayer {
  /** See `BaseLayer`. */
  static override readonly repeatable = true;
  readonly type = "concatenate";
  readonly axis: number;

  constructor(options: ConcatenateOptions = {}) {
    super(options);
    knownOptions("Concatenate", options, ["axis", ...LAYER_OPTIONS]);
    this.axis = checkAxis("Concatenate", "axis", options.axis ?? -1);
  }

  build(inputShapes: readonly OpenShape[]): readonly OpenShape[] {
    checkInputCount(this.name, list(this.name, "the inputs' shapes", inputShapes).length, 2, Number.POSITIVE_INFINITY);
    for (const shape of inputShapes) checkOpenShape(this.name, shape);
    const [first] = inputShapes;
    const along = axisWithin(this.name, this.axis, first.length);
    const lengths = first.map((_, axis): number | null => {
      const all = inputShapes.map((shape) => shape[axis] ?? null);
      if (axis === along) return all.reduce((sum, length) => (sum === null || length === null ? null : sum + length));
      const known = all.filter((length) => length !== null);
      const agree = inputShapes.every((shape) => shape.length === first.length) && new Set(known).size < 2;
      if (agree) return known[0] ?? null;
      throw new RangeError(
        `${this.name}: its inputs have shapes ${inputShapes.map(formatOpen).join(" and ")}; they must agree in every axis but ${along + 1} (the batch's is 0)`,
      );
    });
    return [lengths];
  }

  call(xs: readonly Tensor[]): readonly Tensor[] {
    checkTensors("Concatenate", "the inputs", xs);
    checkInputCount(this.name, xs.length, 2, Number.POSITIVE_INFINITY);
    return [concat(xs, this.axis)];
  }

  override maskOf(xs: readonly Tensor[], ys: readonly Tensor[], masks: readonly (Tensor | null)[]): (Tensor | null)[] {
    checkMasks(ys, masks);
    checkTensors("maskOf", "the inputs", xs);
    const [y] = ys;
    if (y.rank < 3 || masks.every((mask) => mask === null)) return [null];
    if (axisWithin(this.name, this.axis, y.rank - 1) !== 0) return [commonMask(masks)];
    return [
      concat(
        xs.map(({ shape: [n, time] }, i) => masks[i] ?? ones([n, time], "bool"), 1),
        1,
      ),
    ];
  }

  config(): LayerConfig {
    return { type: this.type, axis: this.axis };
  }
}

export const concatenateKind: LayerKind = {
  type: "concatenate",
  settings: { axis: optional(checkAxis as Check) },
  make: ({ type: _, ...options }) => new Concatenate(options as ConcatenateOptions),
};
