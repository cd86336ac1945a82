// Tensors grown at their edges.
import { list, numeric, oneOf } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import { tensor } from "../tensor/create.ts";
import { record, tracked } from "../tensor/graph.ts";
import { checkShape, formatShape } from "../tensor/shape.ts";
import { checkRoom, empty, scope, type Tensor } from "../tensor/tensor.ts";
import { checkTensor } from "./check.ts";
import { gather } from "./gather.ts";
import { concat } from "./join.ts";
import { slice, windowAlongAxes } from "./slices.ts";

/** What `pad` puts outside: a value, the edge element, the mirror image without the edge, or with it, or the other end. */
export type PadMode = "constant" | "edge" | "reflect" | "symmetric" | "wrap";

const MODES: readonly PadMode[] = ["constant", "edge", "reflect", "symmetric", "wrap"];

/** Neighbours are taken as slices, so that padding is a few block copies; so many at most, beyond which each element is looked up. */
const MOST_RUNS = 16;

/** Source position of each position along a padded axis. */
function paddedPositions(length: number, before: number, after: number, mode: PadMode): Int32Array {
  const period = mode === "reflect" ? Math.max(1, 2 * (length - 1)) : 2 * length;
  const positions = new Int32Array(before + length + after);
  for (let i = 0; i < positions.length; i++) {
    const position = i - before;
    if (mode === "edge") positions[i] = Math.min(length - 1, Math.max(0, position));
    else if (mode === "wrap") positions[i] = ((position % length) + length) % length;
    else {
      const within = ((position % period) + period) % period;
      positions[i] = within < length ? within : period - within - (mode === "reflect" ? 0 : 1);
    }
  }
  return positions;
}

/** The parts, each of neighbours in rising or falling order, that positions fall into: first and last position of each. */
function runsOf(positions: Int32Array): [number, number][] {
  const runs: [number, number][] = [];
  for (let i = 0; i < positions.length; ) {
    const start = positions[i];
    const step = Math.sign((positions[i + 1] ?? start) - start) || 1;
    let count = 1;
    while (i + count < positions.length && positions[i + count] === start + step * count) count += 1;
    runs.push([start, start + step * (count - 1)]);
    if (runs.length > MOST_RUNS) break;
    i += count;
  }
  return runs;
}

/**
 * x with `[before, after]` elements added along each axis: [a, b] becomes [before + a + after, ...].
 *
 * Gradient: dy inside; modes other than "constant" add up what was repeated.
 * @param widths a pair for each axis of x.
 * @throws RangeError unless there is a pair of whole numbers from 0 on for each axis, or if a mode would repeat
 * elements of an axis without any; TypeError if x is not a tensor.
 * @example
 * ```ts
 * pad(tensor([1, 2]), [[1, 1]]).toArray(); // [0, 1, 2, 0]
 * pad(tensor([1, 2, 3]), [[2, 0]], "reflect").toArray(); // [3, 2, 1, 2, 3]
 * ```
 */
export function pad(
  x: Tensor,
  widths: readonly (readonly [number, number])[],
  mode: PadMode = "constant",
  value = 0,
): Tensor {
  checkTensor("pad", x);
  oneOf("pad", "mode", mode, MODES);
  numeric("pad", "value", value);
  for (const width of list("pad", "widths", widths)) list("pad", "a pair of widths", width);
  if (widths.length !== x.rank) {
    throw new RangeError(
      `pad: needs a pair of widths for each of the ${x.rank} axes of ${formatShape(x.shape)}, got ${quote(widths.length)}`,
    );
  }
  for (const [before, after] of widths) checkShape("pad", [before, after]);
  if (mode === "constant") return padConstant(x, widths, value);
  let y = x;
  widths.forEach(([before, after], axis) => {
    if (before === 0 && after === 0) return;
    const length = x.shape[axis];
    if (length === 0)
      throw new RangeError(
        `pad: mode ${mode} needs elements to repeat, but axis ${axis} of ${formatShape(x.shape)} is empty`,
      );
    const target = y.shape.with(axis, before + length + after);
    checkRoom("pad", target, x.dtype);
    // Whether there is memory for the result and for the positions is asked before they are made one by one.
    scope(() => [empty("pad", target, x.dtype), empty("pad", [target[axis]], "int32")]);
    const positions = paddedPositions(length, before, after, mode);
    const runs = runsOf(positions);
    if (runs.length > MOST_RUNS) {
      y = gather(y, tensor(positions, "int32"), axis);
      return;
    }
    const parts = runs.map(([first, last]) => {
      const step = last < first ? -1 : 1;
      return slice(y, first, last + step < 0 ? undefined : last + step, step, axis);
    });
    y = concat(parts, axis);
  });
  return y;
}

function padConstant(x: Tensor, widths: readonly (readonly [number, number])[], value: number): Tensor {
  const windows = x.shape.map((length, i) => ({ start: widths[i][0], step: 1, length }));
  const shape = x.shape.map((length, i) => widths[i][0] + length + widths[i][1]);
  checkShape("pad", shape);
  const y = empty("pad", shape, x.dtype);
  engine().fill(y, value);
  if (x.size > 0) engine().copy(x, windowAlongAxes("pad", y, windows));
  return tracked(x) ? record("pad", y, [x], (dy) => [windowAlongAxes("slice", dy, windows)]) : y;
}
