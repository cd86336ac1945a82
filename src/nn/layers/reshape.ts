// Inputs in another shape.
import { integer, knownOptions, list } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import { reshape } from "../../ops/views.ts";
import { checkTensor } from "../../tensor/check.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { Layer } from "../layer.ts";
import { is, type LayerKind, listOf } from "../layer-kind.ts";
import { checkOpenShape, formatOpen, type OpenShape, openSize } from "../shapes.ts";

/**
 * Samples in another shape, row-major: [n, ...input shape] to [n, ...shape]. One length may be -1: it follows from the others, and stays open
 * where the input's size is. No parameters. A view where x is row-major.
 * @throws RangeError if the sizes differ, or for lengths that are no whole numbers, or more than one of -1.
 * @example
 * ```ts
 * const model = new Sequential([new Reshape([1, 28, 28])], { inputShape: [784] });
 * model.call(zeros([5, 784])).shape; // [5, 1, 28, 28]
 * new Sequential([new Reshape([-1, 2])], { inputShape: [3, 4] }).outputShape; // [6, 2]
 * ```
 */
export class Reshape extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "reshape";
  readonly shape: readonly number[];

  constructor(shape: readonly number[], options: LayerOptions = {}) {
    super(options);
    knownOptions("Reshape", options, LAYER_OPTIONS);
    this.shape = [...list("Reshape", "shape", shape)];
    for (const length of this.shape) {
      if (integer("Reshape", "a length of the shape", length) < -1) {
        throw new RangeError(
          `Reshape: lengths are from 0 on, or -1 for one that follows from the others, got ${length}`,
        );
      }
    }
    if (this.shape.filter((length) => length === -1).length > 1) {
      throw new RangeError(`Reshape: only one length can follow from the others, got ${quote(shape)}`);
    }
  }

  build(inputShape: OpenShape): OpenShape {
    const size = openSize(checkOpenShape(this.name, inputShape));
    const rest = this.shape.reduce((product, length) => (length === -1 ? product : product * length), 1);
    const follows = this.shape.indexOf(-1);
    const misfit = (): RangeError =>
      new RangeError(
        `${this.name}: inputs of shape ${formatOpen(inputShape)} can't be seen as ${formatOpen(this.shape)}${size === null ? "; a length that follows, -1, takes up open ones" : `: ${size} elements`}`,
      );
    if (size === null) {
      if (follows < 0) throw misfit();
      return checkOpenShape(
        this.name,
        this.shape.map((length) => (length === -1 ? null : length)),
      );
    }
    if (follows < 0 ? rest !== size : rest === 0 || size % rest !== 0) throw misfit();
    return checkOpenShape(this.name, follows < 0 ? this.shape : this.shape.with(follows, size / rest));
  }

  call(x: Tensor): Tensor {
    checkTensor("Reshape", x);
    return reshape(x, [x.shape[0], ...this.shape]);
  }

  override maskOf(): null[] {
    return [null];
  }

  config(): LayerConfig {
    return { type: this.type, shape: [...this.shape] };
  }
}

export const reshapeKind: LayerKind = {
  type: "reshape",
  settings: { shape: listOf(is.integer) },
  make: ({ shape }) => new Reshape(shape as number[]),
};
