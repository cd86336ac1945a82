// Images of another size: each pixel of the result is looked up, or interpolated, at its place in the image.
import { flag, knownOptions, oneOf } from "../engine/checks.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape } from "../tensor/shape.ts";
import { checkRoom, type Tensor } from "../tensor/tensor.ts";
import { add, mul } from "./arithmetic.ts";
import { real } from "./cast.ts";
import { gather } from "./gather.ts";
import { reshape } from "./views.ts";
import { type Pair, pair } from "./windows.ts";

/** What `resize` takes. */
export interface ResizeOptions {
  /** "bilinear" (default): between the four pixels around; "nearest": the nearest pixel's value. */
  method?: "nearest" | "bilinear";
  /** Whether the corner pixels' centres, instead of the images' corners, fall on each other; for "bilinear". Default false. */
  alignCorners?: boolean;
}

/**
 * An image of another size: [batch, channels, height, width] to [batch, channels, ...size]. Pixels are squares with their centres at
 * halves: pixel i of the result lies at (i + 1/2) in / out - 1/2 of the image, what lies beyond its outer centres has their values
 * (PyTorch's "bilinear" and "nearest-exact", Keras' resizing). With `alignCorners` it lies at i (in - 1) / (out - 1). Nothing is
 * averaged where the image becomes smaller.
 *
 * Gradient: dy to the pixels it came from, by their weights.
 * @throws RangeError if x has not four axes or no pixels, or the size is not a whole number (or two) from 1 on; TypeError for another
 * method, an unknown option, or `alignCorners` with "nearest".
 * @example
 * ```ts
 * resize(tensor([[[[0, 4]]]]), [1, 4]).toArray(); // [[[[0, 1, 3, 4]]]]
 * resize(tensor([[[[0, 4]]]]), [1, 4], { method: "nearest" }).toArray(); // [[[[0, 0, 4, 4]]]]
 * resize(tensor([[[[0, 3]]]]), [1, 4], { alignCorners: true }).toArray(); // [[[[0, 1, 2, 3]]]]
 * ```
 */
export function resize(x: Tensor, size: Pair, options: ResizeOptions = {}): Tensor {
  const input = real("resize", x);
  knownOptions("resize", options, ["method", "alignCorners"]);
  const method = oneOf("resize", "method", options.method ?? "bilinear", ["nearest", "bilinear"]);
  const alignCorners = flag("resize", "alignCorners", options.alignCorners ?? false);
  if (alignCorners && method === "nearest") {
    throw new TypeError("resize: alignCorners is for bilinear; the nearest pixel is found by centres");
  }
  if (input.rank !== 4 || input.shape[2] === 0 || input.shape[3] === 0) {
    throw new RangeError(
      `resize: x must be [batch, channels, height, width] with rows and columns, got shape ${formatShape(x.shape)}`,
    );
  }
  const out = pair("resize", "size", size, 1);
  checkRoom("resize", [...input.shape.slice(0, 2), ...out], input.dtype);
  let y = input;
  for (const axis of [2, 3]) {
    const [from, to] = [input.shape[axis], out[axis - 2]!];
    y = method === "nearest" ? nearest(y, axis, from, to) : linear(y, axis, from, to, alignCorners);
  }
  return y;
}

function nearest(x: Tensor, axis: number, from: number, to: number): Tensor {
  const places = new Int32Array(to);
  for (let i = 0; i < to; i++) places[i] = Math.min(from - 1, Math.floor(((i + 0.5) * from) / to));
  return gather(x, tensor(places, "int32"), axis);
}

function linear(x: Tensor, axis: number, from: number, to: number, alignCorners: boolean): Tensor {
  const [below, above] = [new Int32Array(to), new Int32Array(to)];
  const [lower, upper] = [new Float64Array(to), new Float64Array(to)];
  for (let i = 0; i < to; i++) {
    const centre = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    const corner = to === 1 ? 0 : (i * (from - 1)) / (to - 1);
    const place = alignCorners ? corner : centre;
    below[i] = Math.floor(place);
    above[i] = Math.min(below[i] + 1, from - 1);
    upper[i] = place - below[i];
    lower[i] = 1 - upper[i];
  }
  const along = (values: Float64Array): Tensor =>
    reshape(tensor(values, x.dtype), axis === 2 ? [1, 1, to, 1] : [1, 1, 1, to]);
  const first = gather(x, tensor(below, "int32"), axis);
  const second = gather(x, tensor(above, "int32"), axis);
  return add(mul(first, along(lower)), mul(second, along(upper)));
}
