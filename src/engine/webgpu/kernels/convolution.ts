// Convolution and its two gradients as products of matrices that are never written out: an element of the matrix of windows is looked up in the
// image when its tile is loaded. Forward, W times the windows; by the input, W turned round times the windows of dy; by the weights, dy times the
// windows, a long sum over batch and places that is cut into parts.
import type { FusedActivation } from "../../engine.ts";
import { type KernelText, once } from "../shader.ts";
import { range } from "../waiting.ts";
import {
  ACTIVATIONS,
  followerText,
  joinText,
  NO_FOLLOWER,
  partsOfSum,
  suffixOf,
  type TileSize,
  tiledText,
  tilesOf,
} from "./matmul.ts";
import { float, type NamedEntry } from "./named.ts";

const GEOMETRY =
  "x w y bias channels height width filters kh kw sh sw top:i32 left_:i32 dh dw groups outHeight outWidth accumulate";
const NAMES: readonly FusedActivation[] = ["none", "sigmoid", "tanh", "relu"];

/** What a tap sees of the image, or 0 beyond its edge: `plane` is where a channel begins. */
const PIXEL = `
fn pixel(plane: u32, row: i32, column: i32) -> f32 {
  // Before the edge is far behind it, without a sign; and neighbours go one way.
  let inside = (u32(row) < p.height) & (u32(column) < p.width);
  return select(0.0, load(select(plane, plane + u32(row) * p.width + u32(column), inside)), inside);
}
struct Corner { plane: u32, row: i32, column: i32 }
// Where the window of a place begins, in the first channel of a group.
fn windowOf(place: u32, group: u32) -> Corner {
  let size = p.outHeight * p.outWidth;
  let image = place / size;
  let i = (place % size) / p.outWidth;
  let j = place % p.outWidth;
  let plane = p.x + (image * p.channels + group * (p.channels / p.groups)) * p.height * p.width;
  return Corner(plane, i32(i * p.sh) - p.top, i32(j * p.sw) - p.left_);
}
// How far a tap lies from there.
fn tapOf(tap: u32) -> Corner {
  let row = tap / p.kw;
  return Corner((row / p.kh) * p.height * p.width, i32((row % p.kh) * p.dh), i32((tap % p.kw) * p.dw));
}
fn seen(window: Corner, tap: Corner) -> f32 {
  return pixel(window.plane + tap.plane, window.row + tap.row, window.column + tap.column);
}`;

/** y[filters, places] = W[filters, taps] windows[taps, places]. */
const forwardText = once(
  (size: TileSize, activation: FusedActivation): KernelText =>
    tiledText(
      `convolution_${activation}`,
      GEOMETRY,
      size,
      "columns",
      "columns",
      `${PIXEL}
fn leftOf(r: u32, z: u32) -> u32 { return p.w + (z * p.m + r) * p.k; }
fn leftAt(k: u32, z: u32) -> u32 { return k; }
fn left(start: u32, k: u32) -> f32 { return load(start + k); }
fn rightOf(s: u32, z: u32) -> Corner { return windowOf(s, z); }
fn rightAt(k: u32, z: u32) -> Corner { return tapOf(k); }
fn right(window: Corner, tap: Corner) -> f32 { return seen(window, tap); }
fn finish(r: u32, s: u32, z: u32, sum: f32) {
  let size = p.outHeight * p.outWidth;
  let map = z * p.m + r;
  var value = sum;
  if (p.bias != 0u) { value = value + load(p.bias + map); }
  store(p.y + ((s / size) * p.filters + map) * size + s % size, ${ACTIVATIONS[activation]});
}`,
    ),
);

/** dx[channels, places] = W turned [channels, filters taps] times what of dy each place took part in. */
const inputGradientText = once(
  (size: TileSize, activation: FusedActivation, follower: string, first: boolean): KernelText =>
    tiledText(
      `convolutionInput_${activation}${suffixOf(follower, first)}`,
      `${GEOMETRY} other out`,
      size,
      "columns",
      "columns",
      `
struct Place { plane: u32, down: i32, across: i32 }
fn leftOf(r: u32, z: u32) -> u32 { return p.w + (z * (p.filters / p.groups) * p.m + r) * p.kh * p.kw; }
fn leftAt(k: u32, z: u32) -> u32 {
  let taps = p.kh * p.kw;
  return (k / taps) * p.m * taps + k % taps;
}
fn left(start: u32, tap: u32) -> f32 { return load(start + tap); }
fn rightOf(s: u32, z: u32) -> Place {
  let size = p.height * p.width;
  let plane = p.y + ((s / size) * p.filters + z * (p.filters / p.groups)) * p.outHeight * p.outWidth;
  return Place(plane, i32((s % size) / p.width) + p.top, i32(s % p.width) + p.left_);
}
fn rightAt(k: u32, z: u32) -> Place {
  let row = k / p.kw;
  return Place((row / p.kh) * p.outHeight * p.outWidth, i32((row % p.kh) * p.dh), i32((k % p.kw) * p.dw));
}
fn right(place: Place, tap: Place) -> f32 {
  let down = place.down - tap.down;
  let across = place.across - tap.across;
  var i = u32(down);
  var j = u32(across);
  var seen = true;
  // Division is dear, and most convolutions look everywhere.
  if (p.sh != 1u || p.sw != 1u) {
    i = i / p.sh;
    j = j / p.sw;
    seen = (down >= 0) & (across >= 0) & (i * p.sh == u32(down)) & (j * p.sw == u32(across));
  }
  seen = seen & (i < p.outHeight) & (j < p.outWidth);
  let plane = place.plane + tap.plane;
  return select(0.0, load(select(plane, plane + i * p.outWidth + j, seen)), seen);
}
fn finish(r: u32, s: u32, z: u32, sum: f32) {
  let size = p.height * p.width;
  let channel = z * p.m + r;
  var value = sum;
  if (p.bias != 0u) { value = value + load(p.bias + channel); }
  let at = ((s / size) * p.channels + channel) * size + s % size;
  let result = ${ACTIVATIONS[activation]};
  store(p.x + at, result);${followerText(follower, first, "at")}
}`,
    ),
);

/** Parts of dW[filters, taps] = dy[filters, places] windows[places, taps], one behind the other. */
const weightGradientText = once(
  (size: TileSize): KernelText =>
    tiledText(
      "convolutionWeights",
      GEOMETRY,
      size,
      "columns",
      "rows",
      `${PIXEL}
fn leftOf(r: u32, z: u32) -> u32 { return p.y + ((z / p.parts) * p.m + r) * p.outHeight * p.outWidth; }
fn leftAt(k: u32, z: u32) -> u32 {
  let size = p.outHeight * p.outWidth;
  return (k / size) * p.filters * size + k % size;
}
fn left(start: u32, place: u32) -> f32 { return load(start + place); }
fn rightOf(s: u32, z: u32) -> Corner { return tapOf(s); }
fn rightAt(k: u32, z: u32) -> Corner { return windowOf(k, z / p.parts); }
fn right(tap: Corner, window: Corner) -> f32 { return seen(window, tap); }
fn finish(r: u32, s: u32, z: u32, sum: f32) {
  let at = p.w + (z * p.m + r) * p.n + s;
  store(at, select(sum, load(at) + sum, p.accumulate != 0u));
}`,
    ),
);

interface Shape {
  batch: number;
  channels: number;
  height: number;
  width: number;
  filters: number;
  taps: number;
  groups: number;
  places: number;
  /** What kernels are given of it, from the channels on. */
  numbers: readonly number[];
}

function shapeOf(values: readonly number[]): Shape {
  const [batch, channels, height, width, filters, kh, kw] = values;
  const [groups, outHeight, outWidth] = values.slice(13) as [number, number, number];
  const taps = kh * kw;
  return {
    batch,
    channels,
    height,
    width,
    filters,
    taps,
    groups,
    places: outHeight * outWidth,
    numbers: values.slice(1),
  };
}

export const CONVOLUTION: Readonly<Record<string, NamedEntry>> = {
  // The kernels' own memory is enough.
  convolutionWorkspace: float(() => {}),
  convolution: float((calls, [x, w, bias, y, , activation, ...geometry]) => {
    const s = shapeOf(geometry);
    const [m, n, k] = [s.filters / s.groups, s.batch * s.places, (s.channels / s.groups) * s.taps];
    const size = calls.tiling(m, n, s.groups);
    const values = [m, n, k, k, 1, s.groups, x, w, y, bias, ...s.numbers, 0];
    calls.groups(forwardText(size, NAMES[activation]), values, tilesOf(size, m, n, s.groups));
  }),
  convolutionInputGradient: float((calls, [dy, w, bias, dx, , activation, ...geometry]) => {
    const s = shapeOf(geometry);
    const [m, n, k] = [s.channels / s.groups, s.batch * s.height * s.width, (s.filters / s.groups) * s.taps];
    const size = calls.tiling(m, n, s.groups);
    const values = [m, n, k, k, 1, s.groups, dx, w, dy, bias, ...s.numbers, 0];
    const reads = [range(dy, s.batch * s.filters * s.places), range(w, s.groups * m * k), range(bias, s.channels)];
    calls.hold({
      takes: "elements",
      out: dx,
      count: s.groups * m * n,
      reads: bias === 0 ? reads.slice(0, 2) : reads,
      run({ op, first, other, out } = NO_FOLLOWER) {
        const text = inputGradientText(size, NAMES[activation], op, first);
        calls.groups(text, [...values, other, out], tilesOf(size, m, n, s.groups));
      },
    });
  }),
  convolutionWeightGradient: float((calls, [x, dy, dw, , accumulate, ...geometry]) => {
    const s = shapeOf(geometry);
    const [m, n, k] = [s.filters / s.groups, (s.channels / s.groups) * s.taps, s.batch * s.places];
    const size = calls.tiling(m, n, s.groups);
    const parts = partsOfSum(size, m, n, k, s.groups);
    const all = s.groups * m * n;
    const into = parts === 1 ? dw : calls.scratch(parts * all);
    const add = parts === 1 ? accumulate : 0;
    const layers = s.groups * parts;
    const values = [m, n, k, Math.ceil(k / parts), parts, layers, x, into, dy, 0, ...s.numbers, add];
    calls.groups(weightGradientText(size), values, tilesOf(size, m, n, layers));
    if (parts > 1) calls.each(joinText("none"), [into, dw, 0, all, m * n, n, parts, n, m * n, accumulate], all);
  }),
};
