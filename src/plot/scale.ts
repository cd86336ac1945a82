// Numbers for the eye: which ticks an axis carries, how a number is written, how values fall into bins, and how a long
// series is thinned to what a screen can show.
import { whole } from "../engine/checks.ts";
import type { Axis, Numbers } from "./chart.ts";
import { valueAt } from "./chart.ts";

export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** The stretch of numbers an axis shows, with its ticks inside; all in the axis's own numbers, logarithmic or not. */
export interface AxisRange {
  readonly min: number;
  readonly max: number;
  readonly log: boolean;
  readonly ticks: readonly Tick[];
}

/**
 * A number as a reader expects it: `50,000`, `0.0371`, `−2.5`, `3.1×10⁻⁷`.
 * Self-contained, because pages carry this function's own source for their read-outs.
 */
export function formatNumber(value: number, digits = 4): string {
  // Pages take this function's own text along: it may use nothing of this module.
  if (!Number.isInteger(digits) || digits < 1 || digits > 100) {
    throw new RangeError("formatNumber: digits must be a whole number from 1 to 100");
  }
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  if (size >= 1e7 || size < 1e-4) {
    const [mantissa, power] = size.toExponential(Math.max(0, digits - 2)).split("e");
    const raised = String(Number(power)).replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]));
    const factor = String(Number(mantissa));
    return `${sign}${factor === "1" ? "" : `${factor}×`}10${raised}`;
  }
  const rounded = size >= 10 ** digits ? String(Math.round(size)) : String(Number(size.toPrecision(digits)));
  const [whole, fraction] = rounded.split(".");
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, ",") : whole;
  return sign + grouped + (fraction === undefined ? "" : `.${fraction}`);
}

/** A share as per cent, with the given number of decimals: `97.63%`. */
export function formatPercent(share: number, decimals = 2): string {
  if (whole("formatPercent", "decimals", decimals, 0) > 100) {
    throw new RangeError(`formatPercent: decimals must be at most 100, got ${decimals}`);
  }
  return Number.isFinite(share) ? `${(share * 100).toFixed(decimals)}%` : "–";
}

/** Smallest and largest of all values that are no gaps; `[0, 1]` where there are none. */
export function extentOf(lists: Iterable<Numbers>): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      const value = valueAt(list, i);
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : [0, 1];
}

/** The round step (1, 2 or 5 times a power of ten) that divides `span` into about `count` parts. */
export function roundStep(span: number, count: number): number {
  const raw = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = raw / power;
  return (factor < 1.5 ? 1 : factor < 3.5 ? 2 : factor < 7.5 ? 5 : 10) * power;
}

export interface RangeWish {
  /** About how many ticks fit. */
  readonly count: number;
  /** `"snug"` ends at the data, `"round"` at the next tick, `"loose"` leaves a margin for points. */
  readonly ends: "snug" | "round" | "loose";
  /** Zero belongs to the axis: bars grow from it. */
  readonly zero?: boolean;
  /** Steps of less than one make no sense: epochs. */
  readonly whole?: boolean;
}

/** The range and ticks of an axis for data from `low` to `high`; limits given in `axis` win. */
export function axisRange(axis: Axis | undefined, low: number, high: number, wish: RangeWish): AxisRange {
  return axis?.scale === "log" ? logRange(axis, low, high, wish) : linearRange(axis, low, high, wish);
}

function linearRange(axis: Axis | undefined, low: number, high: number, wish: RangeWish): AxisRange {
  let min = axis?.min ?? low;
  let max = axis?.max ?? high;
  if (wish.zero) {
    if (axis?.min === undefined) min = Math.min(0, min);
    if (axis?.max === undefined) max = Math.max(0, max);
  } else if (wish.ends === "round" && axis?.min === undefined && min > 0 && min < 0.4 * max) {
    // Where zero is near it is worth showing; far from it, it would flatten the curve.
    min = 0;
  }
  if (!(max > min)) {
    const pad = wish.whole ? 0.5 : Math.abs(min) * 0.1 || 0.5;
    if (axis?.min === undefined) min -= pad;
    if (axis?.max === undefined || axis.max <= min) max = (axis?.min ?? max) + pad;
  }
  if (wish.ends === "loose") {
    const margin = (max - min) * 0.05;
    if (axis?.min === undefined) min = tidy(min - margin);
    if (axis?.max === undefined) max = tidy(max + margin);
  }
  let step = roundStep(max - min, wish.count);
  if (wish.whole) step = Math.max(1, step);
  const slack = step * 1e-9;
  if (wish.ends === "round") {
    if (axis?.min === undefined) min = tidy(Math.floor(min / step + 1e-9) * step);
    if (axis?.max === undefined) max = tidy(Math.ceil(max / step - 1e-9) * step);
    if (axis?.format === "percent" && high <= 1 && axis?.max === undefined) max = Math.min(1, max);
  }
  const ticks: Tick[] = [];
  const shownStep = axis?.format === "percent" ? step * 100 : step;
  const decimals = Math.min(20, Math.max(0, -Math.floor(Math.log10(shownStep) + 1e-9)));
  for (let k = Math.ceil((min - slack) / step); k * step <= max + slack; k++) {
    const at = k === 0 ? 0 : tidy(k * step);
    ticks.push({ at, label: tickLabel(at, decimals, axis?.format) });
  }
  return { min, max, log: false, ticks };
}

/** 0.82 for 0.8200000000000001: ECharts rounds ends itself and rejects a range whose ends it rounds outwards. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}

/** All labels of an axis have the same decimals, so that they align. */
function tickLabel(at: number, decimals: number, format: Axis["format"]): string {
  if (format === "percent") return `${(at * 100).toFixed(decimals).replace("-", "−")}%`;
  if (at !== 0 && (Math.abs(at) >= 1e6 || decimals > 4)) return formatNumber(at, 3);
  const [whole, fraction] = Math.abs(at).toFixed(decimals).split(".");
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, ",") : whole;
  return (at < 0 ? "−" : "") + grouped + (fraction === undefined ? "" : `.${fraction}`);
}

function logRange(axis: Axis, low: number, high: number, wish: RangeWish): AxisRange {
  let min = axis.min ?? low;
  let max = axis.max ?? high;
  if (!(max > min)) {
    if (axis.min === undefined) min /= 2;
    if (axis.max === undefined) max = Math.max(max, min) * 2;
  }
  const decades = Math.log10(max / min);
  if (wish.ends === "loose") {
    if (axis.min === undefined) min /= 10 ** (decades * 0.05);
    if (axis.max === undefined) max *= 10 ** (decades * 0.05);
  }
  // Under half a decade 1, 2, 5 are too few: then the ticks of a linear axis serve, at their logarithmic places.
  const values = decades < 0.5 ? linearTicks(min, max, wish.count) : logTicks(min, max, wish.count);
  if (wish.ends === "round" && values.length > 1) {
    if (axis.min === undefined) min = values[0];
    if (axis.max === undefined) max = values[values.length - 1];
  }
  const slack = 1e-9;
  const inside = values.filter((value) => value >= min * (1 - slack) && value <= max * (1 + slack));
  const percent = axis.format === "percent";
  const ticks = inside.map((at) => ({ at, label: percent ? `${formatNumber(at * 100)}%` : formatNumber(at, 3) }));
  return { min, max, log: true, ticks };
}

function linearTicks(min: number, max: number, count: number): number[] {
  const step = roundStep(max - min, count);
  const ticks: number[] = [];
  const first = Math.max(1, Math.floor(min / step + 1e-9));
  for (let k = first; ; k++) {
    ticks.push(tidy(k * step));
    if (k * step >= max * (1 - 1e-9)) return ticks;
  }
}

/** Powers of ten, with 2 and 5 between them where there is room; the first at or below `min`, the last at or above `max`. */
function logTicks(min: number, max: number, count: number): number[] {
  const from = Math.floor(Math.log10(min) + 1e-9);
  const to = Math.ceil(Math.log10(max) - 1e-9);
  const factors = (to - from) * 3 <= count + 3 ? [1, 2, 5] : [1];
  const stride = Math.max(1, Math.round(Math.log10(max / min) / Math.max(1, count) + 0.2));
  const all: number[] = [];
  for (let power = from; power < to + stride; power += stride) {
    for (const factor of factors) all.push(Number(`${factor}e${power}`));
  }
  const first = all.findLastIndex((value) => value <= min * (1 + 1e-9));
  const last = all.findIndex((value) => value >= max * (1 - 1e-9));
  return all.slice(Math.max(0, first), last + 1);
}

export interface Bins {
  readonly edges: readonly number[];
  /** `counts[series][bin]`. A value on an inner edge belongs to the bin above it; on the last edge, to the last bin. */
  readonly counts: readonly (readonly number[])[];
}

/** Counts the values of each series in common bins: `bins` equal ones over the whole extent, or between the given edges. */
export function binValues(lists: readonly Numbers[], bins: number | readonly number[]): Bins {
  let edges: readonly number[];
  if (typeof bins === "number") {
    let [low, high] = extentOf(lists);
    if (low === high) [low, high] = [low - 0.5, high + 0.5];
    edges = Array.from({ length: bins + 1 }, (_, i) => low + ((high - low) * i) / bins);
  } else edges = bins;
  const last = edges.length - 1;
  const counts = lists.map((list) => {
    const row = new Array<number>(last).fill(0);
    for (let i = 0; i < list.length; i++) {
      const value = valueAt(list, i);
      if (!(value >= edges[0] && value <= edges[last])) continue;
      let from = 0;
      let to = last;
      while (to - from > 1) {
        const middle = (from + to) >> 1;
        if (value >= edges[middle]) from = middle;
        else to = middle;
      }
      row[from]++;
    }
    return row;
  });
  return { edges, counts };
}

/**
 * The indices worth drawing of a series that is longer than `most`: of each stretch its smallest and its largest value,
 * so that no spike is lost. Gaps stay gaps.
 */
export function thin(values: Numbers, most: number): number[] {
  const length = values.length;
  if (length <= most) return Array.from({ length }, (_, i) => i);
  const stretches = Math.max(1, Math.floor(most / 3));
  const kept: number[] = [];
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((length * stretch) / stretches);
    const to = Math.floor((length * (stretch + 1)) / stretches);
    let low = -1;
    let high = -1;
    let gap = -1;
    for (let i = from; i < to; i++) {
      const value = valueAt(values, i);
      if (Number.isNaN(value)) gap = i;
      else {
        if (low < 0 || value < valueAt(values, low)) low = i;
        if (high < 0 || value > valueAt(values, high)) high = i;
      }
    }
    const own = [low, high, gap].filter((i) => i >= 0);
    if (stretch === 0) own.push(0);
    if (stretch === stretches - 1) own.push(length - 1);
    kept.push(...[...new Set(own)].sort((a, b) => a - b));
  }
  return kept;
}
