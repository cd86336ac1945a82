// From pictures as bytes to what a network takes.
import { fields, oneOf } from "../engine/checks.ts";
import type { TypedArray } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { tensor } from "../tensor/create.ts";
import type { Shape } from "../tensor/shape.ts";
import { empty, keep, scope, type Tensor } from "../tensor/tensor.ts";
import type { Samples } from "./batches.ts";
import { Dataset } from "./dataset/dataset.ts";
import { hold } from "./dataset/held.ts";
import { numbered } from "./dataset/stage.ts";
import { checkImageSet, type ImageSet } from "./image-set.ts";

/**
 * Pictures as samples: pixels divided by 255, float32, in rows [n, channels height width] (or [n, channels, height, width] with `layout: "images"`);
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
  const shape = [set.count, ...shapeOf(set, layout)];
  return keep(
    scope(() => ({ x: shades(set.images, shape), y: tensor(Int32Array.from(set.labels), { shape: [set.count] }) })),
  );
}

/** The shape of one picture. */
function shapeOf({ height, width, channels = 1 }: ImageSet, layout: "rows" | "images"): number[] {
  return layout === "rows" ? [channels * height * width] : [channels, height, width];
}

/**
 * Pictures as a dataset of `{ x, y }`: pixels divided by 255, float32, [channels, height, width] (or one row with `layout: "rows"`), and the class
 * index, int32. The pictures stay bytes until they are asked for: an epoch takes a quarter of the memory of `toSamples`.
 * @throws TypeError, Error for what is no set of pictures.
 * @example
 * ```ts
 * const { train } = digits({ train: 100, test: 10 });
 * const batches = imageDataset(train).shuffle({ seed: 1 }).batch(32);
 * (await batches.iterate().next()).value?.x.shape; // [32, 1, 28, 28]
 * ```
 */
export function imageDataset(set: ImageSet, layout: "rows" | "images" = "images"): Dataset<Samples> {
  checkImageSet(fields("imageDataset", "the set", set), "imageDataset");
  oneOf("imageDataset", "layout", layout, ["rows", "images"]);
  const { images, labels, count } = set;
  const shape = shapeOf(set, layout);
  const size = images.length / count;
  return new Dataset(
    numbered<Samples>(
      count,
      undefined,
      (index) =>
        hold(() => ({
          x: shades(images.subarray(index * size, (index + 1) * size), shape),
          y: tensor(Int32Array.of(labels[index]), { shape: [] }),
        })),
      (indices) =>
        hold(() => {
          const bytes = new Uint8Array(indices.length * size);
          for (const [k, index] of indices.entries())
            bytes.set(images.subarray(index * size, (index + 1) * size), k * size);
          const y = tensor(indices.map((index) => labels[index]));
          return { x: shades(bytes, [indices.length, ...shape]), y };
        }),
    ),
  );
}

/** Bytes divided by 255. They go to the engine as they are, as the bytes of a bool tensor: a quarter of the memory to move. */
export function shades(bytes: Uint8Array, shape: Shape): Tensor {
  const whole = empty("pixels", shape, "bool");
  const x = empty("samples", shape, "float32");
  if (x.size === 0) return x;
  engine().write(whole, bytes as TypedArray);
  engine().cast(whole, x);
  engine().binaryScalar("div", x, 255, x, false);
  return x;
}
