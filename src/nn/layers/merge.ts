// What layers have in common that merge several inputs into one, element by element, and the layers themselves: sums, products, means, extremes.
import { knownOptions, list } from "../../engine/checks.ts";
import { add, div, mul, sub } from "../../ops/arithmetic.ts";
import { maximum, minimum } from "../../ops/choice.ts";
import { logicalAnd } from "../../ops/comparison.ts";
import { checkTensors } from "../../tensor/check.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkMasks, LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import type { LayerKind } from "../layer-kind.ts";
import { MultiLayer } from "../multi-layer.ts";
import { checkOpenShape, formatOpen, type OpenShape } from "../shapes.ts";

/** Throws unless the layer is applied to that many inputs; `most` may be Infinity. */
export function checkInputCount(owner: string, count: number, least: number, most: number): void {
  if (count >= least && count <= most) return;
  const wanted = least === most ? `${least}` : `at least ${least}`;
  throw new RangeError(
    `${owner}: merges ${wanted} inputs, got ${count}; in a graph model apply it to a list, .apply([a, b])`,
  );
}

/** The length of an axis along which inputs of these lengths meet, a length of 1 being repeated; undefined if they don't fit. */
function commonLength(lengths: readonly (number | null)[]): number | null | undefined {
  const known = lengths.filter((length): length is number => length !== null && length !== 1);
  if (known.some((length) => length !== known[0])) return undefined;
  if (known.length > 0) return known[0];
  return lengths.includes(null) ? null : 1;
}

/** The shape of what inputs of these shapes give element by element. */
function commonShape(owner: string, shapes: readonly OpenShape[]): OpenShape {
  const [first] = shapes;
  return first.map((_, axis) => {
    const length = shapes.every(({ length: rank }) => rank === first.length)
      ? commonLength(shapes.map((shape) => shape[axis]))
      : undefined;
    if (length !== undefined) return length;
    throw new RangeError(
      `${owner}: its inputs have shapes ${shapes.map(formatOpen).join(" and ")}; they must have as many axes, and along each the same length or 1`,
    );
  });
}

/** Steps that count in every input that has a mask. */
export function commonMask(masks: readonly (Tensor | null)[]): Tensor | null {
  const [first, ...others] = new Set(masks.filter((mask) => mask !== null));
  return first === undefined ? null : others.reduce(logicalAnd, first);
}

/** Layers that merge inputs element by element. */
abstract class Merge extends MultiLayer {
  /** The most inputs that it takes. */
  protected readonly most: number = Number.POSITIVE_INFINITY;

  constructor(options: LayerOptions = {}) {
    super(options);
    knownOptions(this.constructor.name, options, LAYER_OPTIONS);
  }

  build(inputShapes: readonly OpenShape[]): readonly OpenShape[] {
    checkInputCount(this.name, list(this.name, "the inputs' shapes", inputShapes).length, 2, this.most);
    for (const shape of inputShapes) checkOpenShape(this.name, shape);
    return [commonShape(this.name, inputShapes)];
  }

  call(xs: readonly Tensor[]): readonly Tensor[] {
    checkTensors(this.constructor.name, "the inputs", xs);
    checkInputCount(this.name, xs.length, 2, this.most);
    return [this.merge(xs)];
  }

  /** Of two inputs or more. */
  protected abstract merge(xs: readonly Tensor[]): Tensor;

  override maskOf(_: readonly Tensor[], ys: readonly Tensor[], masks: readonly (Tensor | null)[]): (Tensor | null)[] {
    checkMasks(ys, masks);
    const [y] = ys;
    const mask = commonMask(masks);
    return [mask !== null && y.rank > 2 && y.shape[1] === mask.shape[1] ? mask : null];
  }

  config(): LayerConfig {
    return { type: this.type };
  }
}

const sumOf = (xs: readonly Tensor[]): Tensor => xs.reduce((sum, x) => add(sum, x));

/**
 * The sum of its inputs: y = x1 + x2 + ... Shapes: two or more of [n, ...], with as many axes each, to the same; a length of 1 is repeated.
 * No parameters. Where inputs have masks, the steps count that count in all of them.
 * @throws RangeError for fewer than two inputs, or shapes that don't fit.
 * @example
 * ```ts
 * // A residual connection (He et al. 2016): x + f(x).
 * const x = input([4]);
 * const model = new Model({ inputs: x, outputs: new Add().apply([x, new Dense(4, { weights: "zeros" }).apply(x)]) });
 * model.call(tensor([[1, 2, 3, 4]])).toArray(); // [[1, 2, 3, 4]]
 * ```
 */
export class Add extends Merge {
  /** See `BaseLayer`. */
  static override readonly repeatable = true;
  readonly type = "add";

  protected merge(xs: readonly Tensor[]): Tensor {
    return sumOf(xs);
  }
}

/**
 * The difference of its two inputs: y = x1 - x2. Shapes as `Add`. No parameters.
 * @throws RangeError unless there are two inputs, or for shapes that don't fit.
 * @example
 * ```ts
 * const [a, b] = [input([2]), input([2])];
 * const model = new Model({ inputs: [a, b], outputs: new Subtract().apply([a, b]) });
 * model.call([tensor([[3, 4]]), tensor([[1, 1]])]).toArray(); // [[2, 3]]
 * ```
 */
export class Subtract extends Merge {
  /** See `BaseLayer`. */
  static override readonly repeatable = true;
  readonly type = "subtract";
  protected override readonly most = 2;

  protected merge([a, b]: readonly Tensor[]): Tensor {
    return sub(a, b);
  }
}

/**
 * The product of its inputs, element by element: y = x1 x2 ... Shapes as `Add`. No parameters.
 * @throws RangeError for fewer than two inputs, or shapes that don't fit.
 * @example
 * ```ts
 * // A gate a channel for an image: [n, 3, 1, 1] times [n, 3, 8, 8].
 * const [image, gate] = [input([3, 8, 8]), input([3, 1, 1])];
 * new Multiply().apply([image, gate]).shape; // [3, 8, 8]
 * ```
 */
export class Multiply extends Merge {
  /** See `BaseLayer`. */
  static override readonly repeatable = true;
  readonly type = "multiply";

  protected merge(xs: readonly Tensor[]): Tensor {
    return xs.reduce((product, x) => mul(product, x));
  }
}

/**
 * The mean of its inputs, element by element: y = (x1 + x2 + ...) / number. Shapes as `Add`. No parameters.
 * @throws RangeError for fewer than two inputs, or shapes that don't fit.
 * @example
 * ```ts
 * const [a, b] = [input([2]), input([2])];
 * const model = new Model({ inputs: [a, b], outputs: new Average().apply([a, b]) });
 * model.call([tensor([[3, 4]]), tensor([[1, 0]])]).toArray(); // [[2, 2]]
 * ```
 */
export class Average extends Merge {
  /** See `BaseLayer`. */
  static override readonly repeatable = true;
  readonly type = "average";

  protected merge(xs: readonly Tensor[]): Tensor {
    return div(sumOf(xs), xs.length);
  }
}

/**
 * The largest of its inputs, element by element. Shapes as `Add`. No parameters. Gradient: to the largest; equals share it.
 * @throws RangeError for fewer than two inputs, or shapes that don't fit.
 * @example
 * ```ts
 * const [a, b] = [input([2]), input([2])];
 * const model = new Model({ inputs: [a, b], outputs: new Maximum().apply([a, b]) });
 * model.call([tensor([[3, 0]]), tensor([[1, 4]])]).toArray(); // [[3, 4]]
 * ```
 */
export class Maximum extends Merge {
  /** See `BaseLayer`. */
  static override readonly repeatable = true;
  readonly type = "maximum";

  protected merge(xs: readonly Tensor[]): Tensor {
    return xs.reduce((largest, x) => maximum(largest, x));
  }
}

/**
 * The smallest of its inputs, element by element. Shapes as `Add`. No parameters. Gradient: to the smallest; equals share it.
 * @throws RangeError for fewer than two inputs, or shapes that don't fit.
 * @example
 * ```ts
 * const [a, b] = [input([2]), input([2])];
 * const model = new Model({ inputs: [a, b], outputs: new Minimum().apply([a, b]) });
 * model.call([tensor([[3, 0]]), tensor([[1, 4]])]).toArray(); // [[1, 0]]
 * ```
 */
export class Minimum extends Merge {
  /** See `BaseLayer`. */
  static override readonly repeatable = true;
  readonly type = "minimum";

  protected merge(xs: readonly Tensor[]): Tensor {
    return xs.reduce((smallest, x) => minimum(smallest, x));
  }
}

export const addKind: LayerKind = { type: "add", settings: {}, make: () => new Add() };
export const subtractKind: LayerKind = { type: "subtract", settings: {}, make: () => new Subtract() };
export const multiplyKind: LayerKind = { type: "multiply", settings: {}, make: () => new Multiply() };
export const averageKind: LayerKind = { type: "average", settings: {}, make: () => new Average() };
export const maximumKind: LayerKind = { type: "maximum", settings: {}, make: () => new Maximum() };
export const minimumKind: LayerKind = { type: "minimum", settings: {}, make: () => new Minimum() };
