// Images with a frame of zeros.
import { knownOptions } from "../../engine/checks.ts";
import { pad } from "../../ops/padding.ts";
import { type Pair, pair } from "../../ops/windows.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { Layer } from "../layer.ts";
import type { LayerKind } from "../layer-kind.ts";
import { checkOpenShape, checkRank, type OpenShape } from "../shapes.ts";

/** A number for all four sides; [above and below, left and right]; or [[above, below], [left, right]]. */
export type Frame = Pair | readonly [readonly [number, number], readonly [number, number]];

type Sides = readonly [readonly [number, number], readonly [number, number]];

function sidesOf(owner: string, padding: Frame): Sides {
  if (!Array.isArray(padding) || !padding.some((side) => Array.isArray(side))) {
    const [down, across] = pair(owner, "padding", padding as Pair, 0);
    return [
      [down, down],
      [across, across],
    ];
  }
  const [down, across, ...more] = padding as Sides;
  if (more.length > 0) pair(owner, "padding", padding as unknown as Pair, 0);
  return [pair(owner, "padding", down, 0), pair(owner, "padding", across, 0)];
}

/**
 * Rows and columns of zeros around images: [n, channels, height, width] to [n, channels, above + height + below, left + width + right]; height and
 * width may be open. No parameters. A convolution that follows does the same with its `padding` and copies nothing.
 * @param padding a number for all sides, [above and below, left and right], or [[above, below], [left, right]]; default 1.
 * @throws RangeError for what is no whole number from 0 on.
 * @example
 * ```ts
 * new Sequential([new ZeroPadding2D([[0, 1], [2, 2]])], { inputShape: [3, 8, 8] }).outputShape; // [3, 9, 12]
 * ```
 */
export class ZeroPadding2D extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "zeroPadding2d";
  readonly padding: Sides;

  constructor(padding: Frame = 1, options: LayerOptions = {}) {
    super(options);
    knownOptions("ZeroPadding2D", options, LAYER_OPTIONS);
    this.padding = sidesOf("ZeroPadding2D", padding);
  }

  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), 3, "[channels, height, width]");
    const [channels, ...size] = inputShape;
    const wider = size.map((length, axis) => {
      const [before, after] = this.padding[axis];
      return length === null ? null : before + length + after;
    });
    return checkOpenShape(this.name, [channels, ...wider]);
  }

  call(x: Tensor): Tensor {
    return pad(x, [[0, 0], [0, 0], ...this.padding]);
  }

  config(): LayerConfig {
    return { type: this.type, padding: this.padding.map((sides) => [...sides]) };
  }
}

export const zeroPadding2dKind: LayerKind = {
  type: "zeroPadding2d",
  settings: { padding: (owner, _, value) => sidesOf(owner, value as Frame) },
  make: ({ padding }) => new ZeroPadding2D(padding as Frame),
};
