// From pictures as bytes to what a network takes.
import { fields, oneOf } from "../engine/checks.ts";
import type { TypedArray } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { tensor } from "../tensor/create.ts";
import type { Shape } from "../tensor/shape.ts";
import { empty, keep, scope, type Tensor } from "../tensor/tensor.ts";
import type { Samples } from "./batches.ts";
import { checkImageSet, type ImageSet } from "./image-set.ts";

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
  checkImageSet(fields("toSamples", "the set", set), "toSamples");
  oneOf("toSamples", "layout", layout, ["rows", "images"]);
  const shape = layout === "rows" ? [set.count, set.height * set.width] : [set.count, 1, set.height, set.width];
  return keep(
    scope(() => ({ x: shades(set.images, shape), y: tensor(Int32Array.from(set.labels), { shape: [set.count] }) })),
  );
}

/** Bytes divided by 255. They go to the engine as they are, as the bytes of a bool tensor: a quarter of the memory to move. */
function shades(bytes: Uint8Array, shape: Shape): Tensor {
  const whole = empty("pixels", shape, "bool");
  const x = empty("samples", shape, "float32");
  if (x.size === 0) return x;
  engine().write(whole, bytes as TypedArray);
  engine().cast(whole, x);
  engine().binaryScalar("div", x, 255, x, false);
  return x;
}
