// What the models by name have in common.
import { knownOptions, list, whole } from "../../engine/checks.ts";
import type { DType } from "../../engine/dtype.ts";
import { checkOpenShape, checkRank, type OpenShape } from "../shapes.ts";

/** What every model of pictures takes. */
export interface PictureModelOptions {
  /** Number of classes: the last layer's units. Default 1000, of LeNet-5 and network3 10. */
  classes?: number;
  /** [channels, height, width] of one picture. Default: that of the paper. */
  inputShape?: OpenShape;
  /** Seed of the initial parameters and of dropout; default 0. */
  seed?: number;
  /** float32 by default. */
  dtype?: DType;
}

/** The names of `PictureModelOptions`. */
export const PICTURE_OPTIONS = ["classes", "inputShape", "seed", "dtype"] as const;

/** The common options, looked at; `own` are names of others. */
export function pictureOptions(
  owner: string,
  options: PictureModelOptions,
  own: readonly string[],
  defaults: { classes: number; inputShape: OpenShape },
): { classes: number; inputShape: OpenShape; model: { seed?: number; dtype?: DType } } {
  knownOptions(owner, options, [...PICTURE_OPTIONS, ...own]);
  const classes = whole(owner, "classes", options.classes ?? defaults.classes, 1);
  const inputShape = options.inputShape ?? defaults.inputShape;
  checkRank(owner, checkOpenShape(owner, inputShape), 3, "[channels, height, width]");
  const { seed, dtype } = options;
  return { classes, inputShape, model: { seed, dtype } };
}

/** Sizes of hidden layers. */
export function checkSizes(owner: string, name: string, sizes: readonly number[]): readonly number[] {
  return list(owner, name, sizes).map((size, i) => whole(owner, `${name}[${i}]`, size, 1));
}
