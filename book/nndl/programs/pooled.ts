// What pooling leaves of one feature map: the largest of each region, the root of the sum of squares of which the book speaks, or the mean.
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { Volume } from "../../volume.ts";
import { MeanPoolingLayer } from "../../zero/programs/pooling-layer.ts";
import { ConvPoolLayer, linear } from "./network3-layers.ts";

export const POOLINGS = ["max", "l2", "mean"] as const;
export type Pooling = (typeof POOLINGS)[number];

/**
 * A map by regions of `side` by `side`, by the book's own layer with a filter of a single 1 before it; its mean pooling is part 4's layer.
 * @throws RangeError where the sides do not divide, or for more than one map.
 */
export function pooled(map: Volume, pooling: Pooling, side = 2): Volume {
  const { depth, height, width } = map;
  if (depth !== 1) throw new RangeError(`pooled: takes one map, got ${depth}; give them one by one`);
  if (pooling === "mean") return new MeanPoolingLayer(width, height, 1, side, side, side).forward(map);
  const options = { activationFn: linear, pooling, poolsize: [side, side] } as const;
  const layer = new ConvPoolLayer([1, 1, 1, 1], [1, 1, height, width], new Random(1), options);
  layer.w.values[0] = 1;
  layer.b.values[0] = 0;
  layer.setInpt(Matrix.row(map.values));
  return new Volume(1, ...layer.pooled, layer.output.values);
}
