// Pictures sampled at places that data say: grids, regions of interest, and convolution whose taps move.
import { abs, add, mul, remainder, sub } from "../../../ops/arithmetic.ts";
import { cast } from "../../../ops/cast.ts";
import { clip, where } from "../../../ops/choice.ts";
import { greater, greaterEqual, lessEqual, logicalAnd } from "../../../ops/comparison.ts";
import { gather } from "../../../ops/gather.ts";
import { concat } from "../../../ops/join.ts";
import { matmul } from "../../../ops/linalg.ts";
import { max, mean } from "../../../ops/reduce.ts";
import { floor, round } from "../../../ops/rounding.ts";
import { slice } from "../../../ops/slices.ts";
import { expandDims, moveAxis, reshape, transpose } from "../../../ops/views.ts";
import { arange, tensor } from "../../../tensor/create.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import type { Call } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { type ArrayValue, fromNumbers, fromTensor } from "../run/value.ts";

type Outside = "zeros" | "border" | "reflection";

/** Places reflected at the borders low and high until they are between them. */
function reflected(x: Tensor, low: number, high: number): Tensor {
  const range = high - low;
  if (range <= 0) return mul(x, 0);
  const along = remainder(abs(sub(x, low)), 2 * range);
  return add(where(greater(along, range), sub(2 * range, along), along), low);
}

/** The pictures [n, channels, ...lengths] with the channels last, in rows: what places are gathered from. */
function rowsOf(x: Tensor): Tensor {
  return reshape(moveAxis(x, 1, -1), [-1, x.shape[1]]);
}

/**
 * The values at whole-numbered places, one tensor an axis, all of shape [n, places], as [n, places, channels]; what is outside is 0 unless the
 * places are moved inside.
 */
function pixels(
  rows: Tensor,
  lengths: readonly number[],
  places: readonly Tensor[],
  outside: Outside,
  corners: boolean,
): Tensor {
  const n = places[0].shape[0];
  let index: Tensor = reshape(arange(0, n, 1, "int32"), [n, 1]);
  let within: Tensor | null = null;
  places.forEach((place, axis) => {
    const length = lengths[axis];
    const last = length - 1;
    let at = place;
    if (outside === "reflection") at = corners ? reflected(at, 0, last) : reflected(at, -0.5, length - 0.5);
    else if (outside === "zeros") {
      const inside = logicalAnd(greaterEqual(at, 0), lessEqual(at, last));
      within = within === null ? inside : logicalAnd(within, inside);
    }
    index = add(mul(index, length), cast(clip(round(at), 0, last), "int32"));
  });
  const values = gather(rows, index);
  return within === null ? values : where(expandDims(within, -1), values, 0);
}

/** Weights of the taps of cubic interpolation for the shares behind the first inner one. */
function cubicWeights(t: Tensor): Tensor[] {
  const a = -0.75;
  const near = (d: Tensor): Tensor => add(mul(mul(d, d), sub(mul(d, a + 2), a + 3)), 1);
  const far = (d: Tensor): Tensor => sub(mul(add(mul(sub(mul(d, a), 5 * a), d), 8 * a), d), 4 * a);
  return [far(add(t, 1)), near(t), near(sub(1, t)), far(sub(2, t))];
}

/** Values [n, places, channels] at any places: those around, weighted. */
function sampled(
  rows: Tensor,
  lengths: readonly number[],
  places: readonly Tensor[],
  mode: string,
  outside: Outside,
  corners: boolean,
): Tensor {
  // Places beyond the borders come in first; not for cubic, whose taps do so one by one, as PyTorch and onnxruntime have it.
  const inner = places.map((place, axis) => {
    if (mode === "cubic") return place;
    if (outside === "border") return clip(place, 0, lengths[axis] - 1);
    if (outside === "reflection")
      return corners ? reflected(place, 0, lengths[axis] - 1) : reflected(place, -0.5, lengths[axis] - 0.5);
    return place;
  });
  if (mode === "nearest") return pixels(rows, lengths, inner.map(round), outside, corners);
  const bases = inner.map(floor);
  const shares = inner.map((place, axis) => sub(place, bases[axis]));
  const cubic = mode === "cubic";
  const weights = shares.map((t) => (cubic ? cubicWeights(t) : [sub(1, t), t]));
  const first = cubic ? -1 : 0;
  const taps = cubic ? 4 : 2;
  let sum: Tensor | null = null;
  for (let k = 0; k < taps ** places.length; k++) {
    let [rest, weight] = [k, null as Tensor | null];
    const at = bases.map((base, axis) => {
      const tap = rest % taps;
      rest = Math.floor(rest / taps);
      weight = weight === null ? weights[axis][tap] : mul(weight, weights[axis][tap]);
      return add(base, tap + first);
    });
    const part = mul(pixels(rows, lengths, at, outside, corners), expandDims(weight!, -1));
    sum = sum === null ? part : add(sum, part);
  }
  return sum!;
}

function gridSample(call: Call): ArrayValue[] {
  const { type, tensor: x } = call.value(0);
  const grid = call.tensor(1);
  const corners = call.attributes.flag("align_corners", false);
  const outside = call.attributes.text("padding_mode", "zeros") as Outside;
  const given = call.attributes.text("mode", "linear");
  const mode = given === "bilinear" ? "linear" : given === "bicubic" ? "cubic" : given;
  const lengths = x.shape.slice(2);
  const n = x.shape[0];
  const count = grid.shape.slice(1, -1).reduce((product, length) => product * length, 1);
  if (n * count === 0) return [fromNumbers(type, [n, x.shape[1], ...grid.shape.slice(1, -1)], [])];
  const points = reshape(grid, [n, count, lengths.length]);
  // The first coordinate goes along the last axis.
  const places = lengths.map((length, axis) => {
    const k = lengths.length - 1 - axis;
    const share = reshape(slice(points, k, k + 1, 1, 2), [n, count]);
    return corners ? mul(add(share, 1), (length - 1) / 2) : sub(mul(add(share, 1), length / 2), 0.5);
  });
  const y = sampled(rowsOf(x), lengths, places, mode, outside, corners);
  return [fromTensor(reshape(transpose(y, [0, 2, 1]), [n, x.shape[1], ...grid.shape.slice(1, -1)]), type)];
}

/** Places in a picture for RoiAlign: the four pixels around, and their weights; nothing for what is more than a pixel outside. */
function around(y: number, x: number, height: number, width: number): { at: number[]; weights: number[] } {
  if (y < -1 || y > height || x < -1 || x > width) return { at: [0, 0, 0, 0], weights: [0, 0, 0, 0] };
  const [v, u] = [Math.max(y, 0), Math.max(x, 0)];
  const top = Math.min(Math.floor(v), height - 1);
  const left = Math.min(Math.floor(u), width - 1);
  const [bottom, right] = [Math.min(top + 1, height - 1), Math.min(left + 1, width - 1)];
  const [dv, du] = [top === height - 1 ? 0 : v - top, left === width - 1 ? 0 : u - left];
  return {
    at: [top * width + left, top * width + right, bottom * width + left, bottom * width + right],
    weights: [(1 - dv) * (1 - du), (1 - dv) * du, dv * (1 - du), dv * du],
  };
}

function roiAlign(call: Call): ArrayValue[] {
  const { attributes } = call;
  const { type, tensor: x } = call.value(0);
  const [n, channels, height, width] = x.shape as [number, number, number, number];
  const [regions, batches] = [call.value(1).numbers, call.value(2).numbers];
  const [rows, columns] = [attributes.int("output_height", 1), attributes.int("output_width", 1)];
  const [ratio, scale] = [attributes.int("sampling_ratio", 0), attributes.float("spatial_scale", 1)];
  const half =
    attributes.text("coordinate_transformation_mode", call.opset < 16 ? "output_half_pixel" : "half_pixel") ===
    "half_pixel";
  const largest = attributes.text("mode", "avg") === "max";
  if (batches.length === 0) return [fromNumbers(type, [0, channels, rows, columns], [])];
  const source = reshape(moveAxis(x, 1, -1), [n * height * width, channels]);
  const parts = batches.map((batch, r) => {
    const [x1, y1, x2, y2] = regions.slice(r * 4, r * 4 + 4).map((corner) => corner * scale - (half ? 0.5 : 0));
    const [w, h] = half ? [x2 - x1, y2 - y1] : [Math.max(x2 - x1, 1), Math.max(y2 - y1, 1)];
    const [cellHeight, cellWidth] = [h / rows, w / columns];
    const samplesHigh = Math.max(ratio > 0 ? ratio : Math.ceil(cellHeight), 0);
    const samplesWide = Math.max(ratio > 0 ? ratio : Math.ceil(cellWidth), 0);
    const samples = Math.max(samplesHigh * samplesWide, 1);
    const [at, weights] = [
      new Int32Array(rows * columns * samples * 4),
      new Float64Array(rows * columns * samples * 4),
    ];
    let place = 0;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        place = (i * columns + j) * samples * 4;
        for (let a = 0; a < samplesHigh; a++) {
          for (let b = 0; b < samplesWide; b++) {
            const near = around(
              y1 + i * cellHeight + ((a + 0.5) * cellHeight) / samplesHigh,
              x1 + j * cellWidth + ((b + 0.5) * cellWidth) / samplesWide,
              height,
              width,
            );
            for (let k = 0; k < 4; k++, place++) {
              at[place] = batch * height * width + near.at[k];
              weights[place] = near.weights[k];
            }
          }
        }
      }
    }
    const values = mul(gather(source, tensor(at)), tensor(weights, { shape: [weights.length, 1], dtype: x.dtype }));
    const cells = reshape(values, [rows * columns, samples * 4, channels]);
    // The standard takes the largest of the weighted pixels, not of their sums.
    const y = largest ? max(cells, 1) : mul(mean(cells, 1), 4);
    return reshape(transpose(y), [1, channels, rows, columns]);
  });
  return [fromTensor(concat(parts, 0), type)];
}

/** Convolution whose taps are each moved by offsets [n, groups * size * 2, outHeight, outWidth] and weighted by a mask. */
function deformable(call: Call): ArrayValue[] {
  const { attributes } = call;
  const { type, tensor: x } = call.value(0);
  const [weights, offset, bias, mask] = [call.tensor(1), call.tensor(2), call.optional(3), call.optional(4)];
  const [n, channels, height, width] = x.shape as [number, number, number, number];
  const [filters, perGroup, kh, kw] = weights.shape as [number, number, number, number];
  const [outHeight, outWidth] = offset.shape.slice(2) as [number, number];
  const [groups, offsetGroups] = [attributes.int("group", 1), attributes.int("offset_group", 1)];
  const pads = attributes.ints("pads") ?? [0, 0, 0, 0];
  const [strides, dilations] = [attributes.ints("strides") ?? [1, 1], attributes.ints("dilations") ?? [1, 1]];
  const count = outHeight * outWidth;
  const each = channels / offsetGroups;
  const moves = reshape(offset, [n, offsetGroups, kh * kw, 2, count]);
  const shares = mask === null ? null : reshape(mask, [n, offsetGroups, kh * kw, count]);
  const groupsOfColumns: Tensor[] = [];
  for (let g = 0; g < offsetGroups; g++) {
    const rows = rowsOf(slice(x, g * each, (g + 1) * each, 1, 1));
    const base = (axis: 0 | 1): Tensor => {
      const places = new Float64Array(kh * kw * count);
      for (let k = 0; k < kh * kw; k++) {
        for (let o = 0; o < count; o++) {
          const [tap, out] = axis === 0 ? [Math.floor(k / kw), Math.floor(o / outWidth)] : [k % kw, o % outWidth];
          places[k * count + o] = out * strides[axis] - pads[axis] + tap * dilations[axis];
        }
      }
      return tensor(places, { shape: [1, kh * kw * count], dtype: x.dtype });
    };
    const own = reshape(slice(moves, g, g + 1, 1, 1), [n, kh * kw, 2, count]);
    const moved = (axis: 0 | 1): Tensor =>
      add(base(axis), reshape(slice(own, axis, axis + 1, 1, 2), [n, kh * kw * count]));
    let values = sampled(rows, [height, width], [moved(0), moved(1)], "linear", "zeros", false);
    if (shares !== null) values = mul(values, reshape(slice(shares, g, g + 1, 1, 1), [n, kh * kw * count, 1]));
    // [n, channels of the group, taps, places]
    groupsOfColumns.push(transpose(reshape(values, [n, kh * kw, count, each]), [0, 3, 1, 2]));
  }
  const columns = concat(groupsOfColumns, 1);
  const results: Tensor[] = [];
  for (let g = 0; g < groups; g++) {
    const part = reshape(slice(columns, g * perGroup, (g + 1) * perGroup, 1, 1), [n, perGroup * kh * kw, count]);
    const own = reshape(slice(weights, (g * filters) / groups, ((g + 1) * filters) / groups), [
      filters / groups,
      perGroup * kh * kw,
    ]);
    results.push(matmul(own, part));
  }
  const y = reshape(concat(results, 1), [n, filters, outHeight, outWidth]);
  return [fromTensor(bias === null ? y : add(y, reshape(bias, [filters, 1, 1])), type)];
}

interface Box {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** The share of two boxes' union that both cover. */
function overlap(a: Box, b: Box): number {
  const high = Math.max(Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top), 0);
  const wide = Math.max(Math.min(a.right, b.right) - Math.max(a.left, b.left), 0);
  const area = ({ top, left, bottom, right }: Box): number => (bottom - top) * (right - left);
  const both = high * wide;
  const union = area(a) + area(b) - both;
  return union <= 0 ? 0 : both / union;
}

/** For each class of each picture its boxes in the order of their scores, without those that overlap a better one. */
function nonMaximumSuppression(call: Call): ArrayValue[] {
  const [boxes, scores] = [call.value(0), call.value(1)];
  const most = call.number(2, 0);
  const threshold = call.number(3, 0);
  const least = call.has(4) ? call.value(4).number : Number.NEGATIVE_INFINITY;
  const centred = call.attributes.int("center_point_box", 0) === 1;
  const [n, classes, count] = scores.shape as [number, number, number];
  const [corners, values] = [boxes.numbers, scores.numbers];
  const boxAt = (b: number, i: number): Box => {
    const [p, q, r, s] = corners.slice((b * count + i) * 4, (b * count + i) * 4 + 4);
    if (centred) return { left: p - r / 2, right: p + r / 2, top: q - s / 2, bottom: q + s / 2 };
    return { top: Math.min(p, r), bottom: Math.max(p, r), left: Math.min(q, s), right: Math.max(q, s) };
  };
  const chosen: number[] = [];
  for (let b = 0; b < n; b++) {
    const all = Array.from({ length: count }, (_, i) => boxAt(b, i));
    for (let c = 0; c < classes; c++) {
      const score = (i: number): number => values[(b * classes + c) * count + i];
      const order = all
        .map((_, i) => i)
        .filter((i) => score(i) > least)
        .sort((i, j) => score(j) - score(i) || i - j);
      const kept: number[] = [];
      for (const i of order) {
        if (kept.length >= most) break;
        if (kept.every((j) => overlap(all[i], all[j]) <= threshold)) kept.push(i);
      }
      for (const i of kept) chosen.push(b, c, i);
    }
  }
  return [fromNumbers("int64", [chosen.length / 3, 3], chosen)];
}

/** Operators of this family. */
export const sampling: OperatorTable = {
  GridSample: entry(gridSample),
  RoiAlign: entry(roiAlign),
  DeformConv: entry(deformable),
  NonMaxSuppression: entry(nonMaximumSuppression, { shapedBy: "data" }),
};
