// Two inputs compared, sample by sample.
import { flag, knownOptions, list } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import { div } from "../../ops/arithmetic.ts";
import { maximum } from "../../ops/choice.ts";
import { einsum } from "../../ops/einsum.ts";
import { norm } from "../../ops/reduce.ts";
import { checkTensors } from "../../tensor/check.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { is, type LayerKind, optional } from "../layer-kind.ts";
import { MultiLayer } from "../multi-layer.ts";
import { checkOpenShape, formatOpen, type OpenShape } from "../shapes.ts";
import { axisWithin, checkAxis } from "./axes.ts";
import { checkInputCount } from "./merge.ts";

/** What a dot product of inputs takes beside its axes. */
export interface DotOptions extends LayerOptions {
  /** Whether both are brought to length 1 along their axis first: the result is their cosine. Default false. */
  normalise?: boolean;
}

/** The length below which a vector is not brought to length 1: zeros stay zeros. */
const LEAST_NORM = 1e-12;

function checkAxes(owner: string, axes: number | readonly [number, number]): readonly [number, number] {
  const both: unknown = typeof axes === "number" ? [axes, axes] : axes;
  if (!Array.isArray(both) || both.length !== 2) {
    throw new TypeError(`${owner}: axes are a number, or a pair of them, one an input; got ${quote(axes)}`);
  }
  return [checkAxis(owner, "axes", both[0]), checkAxis(owner, "axes", both[1])];
}

/**
 * The dot product of its two inputs along an axis of each, sample by sample: a [n, ..., k, ...] and b [n, ..., k, ...] to [n, ...other axes
 * of a, ...other axes of b]; of vectors [n, k], it is [n, 1]. Axes count from 1, the first after the batch's, or from -1, the last. No parameters.
 * @throws RangeError unless there are two inputs, for an axis that they have not, or one that has two lengths.
 * @example
 * ```ts
 * const [a, b] = [input([2]), input([2])];
 * const model = new Model({ inputs: [a, b], outputs: new Dot(-1).apply([a, b]) });
 * model.call([tensor([[3, 4]]), tensor([[1, 2]])]).toArray(); // [[11]]
 * new Dot([2, 1]).apply([input([5, 3]), input([3, 4])]).shape; // [5, 4]
 * ```
 */
export class Dot extends MultiLayer {
  /** See `BaseLayer`. */
  static override readonly repeatable = true;
  readonly type = "dot";
  readonly axes: readonly [number, number];
  readonly normalise: boolean;

  /** `axes`: the axis that is summed over, one for both inputs, or a pair. */
  constructor(axes: number | readonly [number, number], options: DotOptions = {}) {
    super(options);
    knownOptions("Dot", options, ["normalise", ...LAYER_OPTIONS]);
    this.axes = checkAxes("Dot", axes);
    this.normalise = flag("Dot", "normalise", options.normalise ?? false);
  }

  build(inputShapes: readonly OpenShape[]): readonly OpenShape[] {
    checkInputCount(this.name, list(this.name, "the inputs' shapes", inputShapes).length, 2, 2);
    const rest: (number | null)[] = [];
    const lengths = inputShapes.map((shape, i) => {
      const axis = axisWithin(this.name, this.axes[i], checkOpenShape(this.name, shape).length);
      rest.push(...shape.toSpliced(axis, 1));
      return shape[axis];
    });
    if (lengths[0] !== lengths[1] && !lengths.includes(null)) {
      throw new RangeError(
        `${this.name}: its inputs have shapes ${inputShapes.map(formatOpen).join(" and ")}: lengths ${lengths.join(" and ")} along axes ${this.axes.join(" and ")} must be equal`,
      );
    }
    return [rest.length === 0 ? [1] : rest];
  }

  call(xs: readonly Tensor[]): readonly Tensor[] {
    checkTensors("Dot", "the inputs", xs);
    checkInputCount(this.name, xs.length, 2, 2);
    let next = 0;
    const letters = (count: number): string[] => Array.from({ length: count }, () => String.fromCharCode(97 + next++));
    const labels = xs.map(({ rank }, i) => letters(rank - 1).with(axisWithin(this.name, this.axes[i], rank - 1), "z"));
    const rest = labels.flat().filter((letter) => letter !== "z");
    const [a, b] = this.normalise ? xs.map((x, i) => unit(x, this.axes[i])) : xs;
    const y = einsum(`y${labels[0].join("")},y${labels[1].join("")}->y${rest.join("")}`, a, b);
    return [rest.length === 0 ? y.expandDims(1) : y];
  }

  override maskOf(): null[] {
    return [null];
  }

  config(): LayerConfig {
    return { type: this.type, axes: this.axes, normalise: this.normalise };
  }
}

function unit(x: Tensor, axis: number): Tensor {
  return div(x, maximum(norm(x, axis, true), LEAST_NORM));
}

export const dotKind: LayerKind = {
  type: "dot",
  settings: { axes: (owner, _, value) => checkAxes(owner, value as number), normalise: optional(is.flag) },
  make: ({ axes, normalise }) => new Dot(axes as [number, number], { normalise: normalise as boolean | undefined }),
};
