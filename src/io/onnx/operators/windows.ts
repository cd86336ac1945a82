// Where windows lie on the axes of pictures: for convolution, pooling and padding of any number of axes.
import type { Call } from "../run/call.ts";

/** How a window walks along an axis: elements added before and after. */
export interface Along {
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
}

/** The window of a convolution or a pooling over axes of these lengths, from its attributes: `auto_pad` or `pads`. */
export function alongAxes({ attributes }: Call, lengths: readonly number[], sizes: readonly number[]): Along[] {
  const strides = attributes.ints("strides") ?? lengths.map(() => 1);
  const dilations = attributes.ints("dilations") ?? lengths.map(() => 1);
  const pads = attributes.ints("pads") ?? new Array<number>(lengths.length * 2).fill(0);
  const auto = attributes.text("auto_pad", "NOTSET");
  return lengths.map((length, axis) => {
    const common = { size: sizes[axis], stride: strides[axis], dilation: dilations[axis] };
    if (auto === "VALID") return { ...common, before: 0, after: 0 };
    if (auto !== "SAME_UPPER" && auto !== "SAME_LOWER")
      return { ...common, before: pads[axis], after: pads[axis + lengths.length] };
    // As many outputs as strides fit; what the windows need beyond the axis is added around it, the odd one at the end or at the head.
    const outputs = Math.ceil(length / common.stride);
    const total = Math.max((outputs - 1) * common.stride + spanOf(common) - length, 0);
    const less = Math.floor(total / 2);
    return auto === "SAME_UPPER"
      ? { ...common, before: less, after: total - less }
      : { ...common, before: total - less, after: less };
  });
}

/** Elements from a window's first to its last. */
export function spanOf({ size, dilation }: { readonly size: number; readonly dilation: number }): number {
  return (size - 1) * dilation + 1;
}

/** Number of windows along an axis. With `ceil` one more that begins within, though it ends beyond. */
export function countOf(length: number, along: Along, ceil: boolean): number {
  const room = length + along.before + along.after - spanOf(along);
  if (!ceil) return Math.floor(room / along.stride) + 1;
  const count = Math.ceil(room / along.stride) + 1;
  // A window that would begin in the padding after the end is none.
  return (count - 1) * along.stride >= length + along.before ? count - 1 : count;
}

/** The places from which a padded axis takes its elements. @throws RangeError for a mode that there is not, or an empty axis. */
export function numbersOfPadding(length: number, before: number, after: number, mode: string): number[] {
  if (length === 0) throw new RangeError(`an axis of length 0 can't be padded by ${mode}`);
  const place = (i: number): number => {
    if (mode === "edge") return Math.min(Math.max(i, 0), length - 1);
    if (mode === "wrap") return ((i % length) + length) % length;
    if (mode !== "reflect") throw new RangeError(`there is no mode ${JSON.stringify(mode)} of padding`);
    if (length === 1) return 0;
    const period = 2 * (length - 1);
    const at = ((i % period) + period) % period;
    return at < length ? at : period - at;
  };
  return Array.from({ length: length + before + after }, (_, i) => place(i - before));
}
