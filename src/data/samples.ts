// From pictures as bytes to what a network takes.
import { tensor } from "../tensor/create.ts";
import { keep, scope } from "../tensor/tensor.ts";
import type { Samples } from "./batches.ts";
import type { ImageSet } from "./image-set.ts";

/**
 * Pictures as samples: pixels divided by 255, float32, in rows [n, height width] (or [n, channels 1, height, width] with `layout: "images"`);
 * labels as class indices [n], int32. The tensors live as long as something refers to them.
 * @example
 * ```ts
 * const { train } = digits({ train: 100, test: 10 });
 * toSamples(train).x.shape; // [100, 784]
 * toSamples(train, "images").x.shape; // [100, 1, 28, 28]
 * ```
 */
export function toSamples(set: ImageSet, layout: "rows" | "images" = "rows"): Samples {
  const pixels = new Float32Array(set.images.length);
  for (let i = 0; i < pixels.length; i++) pixels[i] = set.images[i] / 255;
  const shape = layout === "rows" ? [set.count, set.height * set.width] : [set.count, 1, set.height, set.width];
  return keep(
    scope(() => ({ x: tensor(pixels, { shape }), y: tensor(Int32Array.from(set.labels), { shape: [set.count] }) })),
  );
}
