// Pictures of another size. Each axis by itself: every output is a weighted sum of neighbours of its place in the input, so an axis is a few
// gathered rows with weights, or a product with a matrix where the neighbours are many.
import { add, mul } from "../../../ops/arithmetic.ts";
import { where } from "../../../ops/choice.ts";
import { gather } from "../../../ops/gather.ts";
import { matmul } from "../../../ops/linalg.ts";
import { moveAxis, transpose } from "../../../ops/views.ts";
import { tensor } from "../../../tensor/create.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { isFloating } from "../onnx-tensor.ts";
import { axisOf, type Call } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { type ArrayValue, fromNumbers, fromTensor, movedOne } from "../run/value.ts";

/** How an axis is resized. */
interface Axis {
  readonly length: number;
  readonly out: number;
  readonly scale: number;
  /** Region of interest, as shares of the axis. */
  readonly start: number;
  readonly end: number;
}

interface Settings {
  readonly mode: string;
  readonly transformation: string;
  readonly nearest: string;
  readonly cubic: number;
  readonly excludeOutside: boolean;
  readonly antialias: boolean;
  readonly extrapolation: number;
}

/** The place in the input that output i stands for. */
function placeOf(i: number, { length, out, scale, start, end }: Axis, transformation: string): number {
  // Not cut off to a whole number, as the standard's reference has it.
  const resized = scale * length;
  switch (transformation) {
    case "half_pixel":
      return (i + 0.5) / scale - 0.5;
    case "half_pixel_symmetric": {
      const adjustment = out / resized;
      return (length / 2) * (1 - adjustment) + (i + 0.5) / scale - 0.5;
    }
    case "pytorch_half_pixel":
      return out > 1 ? (i + 0.5) / scale - 0.5 : 0;
    case "align_corners":
      return resized === 1 ? 0 : (i * (length - 1)) / (resized - 1);
    case "asymmetric":
      return i / scale;
    case "tf_half_pixel_for_nn":
      return (i + 0.5) / scale;
    case "tf_crop_and_resize":
      return resized !== 1
        ? start * (length - 1) + (i * (end - start) * (length - 1)) / (resized - 1)
        : 0.5 * (start + end) * (length - 1);
    default:
      throw new RangeError(`there is no transformation ${JSON.stringify(transformation)} of coordinates`);
  }
}

function nearestTo(place: number, mode: string): number {
  switch (mode) {
    case "round_prefer_floor":
      return Math.ceil(place - 0.5);
    case "round_prefer_ceil":
      return Math.floor(place + 0.5);
    case "floor":
      return Math.floor(place);
    case "ceil":
      return Math.ceil(place);
    default:
      throw new RangeError(`there is no rounding ${JSON.stringify(mode)} to the nearest`);
  }
}

/** Keys' cubic convolution at distance d (1981). */
function keys(d: number, a: number): number {
  const x = Math.abs(d);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/** The neighbours of a place, and their weights. */
function neighbours(place: number, { length, scale }: Axis, settings: Settings): { at: number[]; weights: number[] } {
  const { mode, antialias, cubic: a } = settings;
  // Where the picture shrinks, antialiasing widens the filter by as much.
  const width = antialias ? Math.min(scale, 1) : 1;
  const reach = mode === "cubic" ? 2 : 1;
  const base = Math.floor(place);
  const first = Math.floor(-reach / width) + 1;
  const at: number[] = [];
  let weights: number[] = [];
  for (let k = first; k < first + 2 * reach - 2 * (first + reach - 1); k++) {
    const d = width * (base + k - place);
    at.push(base + k);
    weights.push(mode === "cubic" ? keys(d, a) : Math.max(1 - Math.abs(d), 0));
  }
  if (settings.excludeOutside) weights = weights.map((weight, i) => (at[i] < 0 || at[i] >= length ? 0 : weight));
  if (settings.excludeOutside || antialias) {
    const sum = weights.reduce((total, weight) => total + weight, 0);
    weights = weights.map((weight) => weight / sum);
  }
  return { at: at.map((i) => Math.min(Math.max(i, 0), length - 1)), weights };
}

/** Most neighbours that are gathered row by row. */
const FEW = 4;

function interpolated(x: Tensor, axis: number, along: Axis, places: readonly number[], settings: Settings): Tensor {
  const all = places.map((place) => neighbours(place, along, settings));
  const taps = Math.max(...all.map(({ at }) => at.length));
  if (taps > FEW) {
    const matrix = new Float32Array(along.length * along.out);
    all.forEach(({ at, weights }, i) => {
      at.forEach((from, k) => {
        matrix[from * along.out + i] += weights[k];
      });
    });
    return moveAxis(
      matmul(moveAxis(x, axis, -1), tensor(matrix, { shape: [along.length, along.out], dtype: x.dtype })),
      -1,
      axis,
    );
  }
  const shape = x.shape.map((_, i) => (i === axis ? along.out : 1));
  let sum: Tensor | null = null;
  for (let k = 0; k < taps; k++) {
    const rows = gather(x, tensor(Int32Array.from(all, ({ at }) => at[k])), axis);
    const part = mul(
      rows,
      tensor(
        Float64Array.from(all, ({ weights }) => weights[k]),
        { shape, dtype: x.dtype },
      ),
    );
    sum = sum === null ? part : add(sum, part);
  }
  return sum!;
}

function resizeTo(x: ArrayValue, axes: ReadonlyMap<number, Axis>, settings: Settings): ArrayValue {
  const places = new Map<number, number[]>();
  for (const [axis, along] of axes) {
    places.set(
      axis,
      Array.from({ length: along.out }, (_, i) => placeOf(i, along, settings.transformation)),
    );
  }
  if (settings.mode === "nearest") {
    let y = x;
    for (const [axis, along] of axes) {
      const at = places
        .get(axis)!
        .map((place) => Math.min(Math.max(nearestTo(place, settings.nearest), 0), along.length - 1));
      y = movedOne(y, (t) => gather(t, tensor(Int32Array.from(at)), axis));
    }
    return y;
  }
  if (settings.mode !== "linear" && settings.mode !== "cubic")
    throw new RangeError(`there is no mode ${JSON.stringify(settings.mode)} of resizing`);
  let y = isFloating(x.type) ? x.tensor : x.tensor.cast("float32");
  for (const [axis, along] of axes) y = interpolated(y, axis, along, places.get(axis)!, settings);
  if (settings.transformation === "tf_crop_and_resize") {
    for (const [axis, along] of axes) {
      const outside = places.get(axis)!.map((place) => (place < 0 || place > along.length - 1 ? 1 : 0));
      const shape = x.shape.map((_, i) => (i === axis ? along.out : 1));
      if (outside.includes(1)) y = where(tensor(outside, { shape }).greater(0), settings.extrapolation, y);
    }
  }
  return isFloating(x.type) ? fromTensor(y, x.type) : fromNumbers(x.type, y.shape, y.round().dataSync());
}

/** Outputs along the axes, from sizes or scales. */
function axesOf(
  call: Call,
  x: ArrayValue,
  scales: number[] | undefined,
  sizes: number[] | undefined,
  roi: number[],
): Map<number, Axis> {
  const listed = call.attributes.ints("axes");
  const axes = (listed ?? x.shape.map((_, i) => i)).map((axis) => axisOf(axis, x.rank));
  const policy = call.attributes.text("keep_aspect_ratio_policy", "stretch");
  let common: number | undefined;
  if (sizes !== undefined && policy !== "stretch") {
    const ratios = axes.map((axis, i) => sizes[i] / x.shape[axis]);
    common = policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios);
  }
  const found = new Map<number, Axis>();
  axes.forEach((axis, i) => {
    const length = x.shape[axis];
    const scale = common ?? (sizes === undefined ? scales![i] : sizes[i] / length);
    const out = common !== undefined ? Math.floor(scale * length + 0.5) : (sizes?.[i] ?? Math.floor(length * scale));
    const [start, end] = [roi[i] ?? 0, roi[i + axes.length] ?? 1];
    const cropped =
      call.attributes.text("coordinate_transformation_mode", "") === "tf_crop_and_resize" && (start !== 0 || end !== 1);
    if (out !== length || scale !== 1 || cropped) found.set(axis, { length, out, scale, start, end });
  });
  return found;
}

function resized(call: Call): ArrayValue[] {
  const { attributes } = call;
  const x = call.value(0);
  const listOf = (i: number): number[] | undefined => {
    const list = call.numbers(i);
    return list === undefined || list.length === 0 ? undefined : list;
  };
  // Version 10 has the scales alone, and always counts from the corner.
  const old = call.opset < 11;
  const scales = listOf(old ? 1 : 2);
  const sizes = old ? undefined : listOf(3);
  if (scales === undefined && sizes === undefined) throw new TypeError("has neither scales nor sizes");
  const settings: Settings = {
    mode: attributes.text("mode", "nearest"),
    transformation: old ? "asymmetric" : attributes.text("coordinate_transformation_mode", "half_pixel"),
    nearest: old ? "floor" : attributes.text("nearest_mode", "round_prefer_floor"),
    cubic: attributes.float("cubic_coeff_a", -0.75),
    excludeOutside: attributes.flag("exclude_outside", false),
    antialias: attributes.flag("antialias", false),
    extrapolation: attributes.float("extrapolation_value", 0),
  };
  return [resizeTo(x, axesOf(call, x, scales, sizes, old ? [] : (listOf(1) ?? [])), settings)];
}

/** The older name: scales as an attribute before version 9. */
function upsampled(call: Call): ArrayValue[] {
  const { attributes } = call;
  const x = call.value(0);
  const scales = call.numbers(1) ??
    attributes.floats("scales") ?? [1, 1, attributes.float("height_scale", 1), attributes.float("width_scale", 1)];
  const mode = attributes.text("mode", "nearest");
  const settings: Settings = {
    mode: mode === "bilinear" ? "linear" : mode,
    ...{
      transformation: "asymmetric",
      nearest: "floor",
      cubic: -0.75,
      excludeOutside: false,
      antialias: false,
      extrapolation: 0,
    },
  };
  return [resizeTo(x, axesOf(call, x, scales, undefined, []), settings)];
}

/** Points [n, ...lengths, axes] of a grid that theta [n, axes, axes + 1] maps. */
function affineGrid(call: Call): ArrayValue[] {
  const { type, tensor: theta } = call.value(0);
  const lengths = call.value(1).numbers.slice(2);
  const corners = call.attributes.flag("align_corners", false);
  const count = lengths.reduce((product, length) => product * length, 1);
  const points = new Float64Array(count * (lengths.length + 1));
  for (let i = 0; i < count; i++) {
    let rest = i;
    // The last axis is the first coordinate.
    for (let axis = lengths.length - 1, k = 0; axis >= 0; axis--, k++) {
      const at = rest % lengths[axis];
      rest = Math.floor(rest / lengths[axis]);
      points[i * (lengths.length + 1) + k] = corners
        ? lengths[axis] === 1
          ? 0
          : (2 * at) / (lengths[axis] - 1) - 1
        : (2 * at + 1) / lengths[axis] - 1;
    }
    points[i * (lengths.length + 1) + lengths.length] = 1;
  }
  const grid = tensor(points, { shape: [count, lengths.length + 1], dtype: theta.dtype });
  const y = matmul(grid, transpose(theta, [0, 2, 1]));
  return [fromTensor(y.reshape([theta.shape[0], ...lengths, lengths.length]), type)];
}

/** Operators of this family. */
export const resizing: OperatorTable = {
  Resize: entry(resized, { shapedBy: "values" }),
  Upsample: entry(upsampled, { shapedBy: "values" }),
  AffineGrid: entry(affineGrid, { shapedBy: "values" }),
};
