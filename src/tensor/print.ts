// Tensors as text, character for character as NumPy 1.24 prints arrays.
// In three steps: pick the elements that will be shown, write each as a cell of the width they all need, lay the cells
// out in brackets and lines. A float's digits come from exact integer arithmetic, so rounding is right to the last
// place and float32 shows the digits that tell it from its float32 neighbours, not from its float64 ones.

import { knownOptions } from "../engine/checks.ts";
import type { DType } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";

/** How many digits a float shows; the names are NumPy's. */
export type FloatMode =
  /** As many as tell the value from its neighbours, `precision` after the point at most. */
  | "maxprec"
  /** As `maxprec`, and every element as many as the longest. */
  | "maxprec_equal"
  /** As many as tell the value from its neighbours, whatever `precision` says. */
  | "unique"
  /** `precision` after the point, always. */
  | "fixed";

export interface PrintOptions {
  /** Digits after the decimal point, at most (default 8). */
  precision: number;
  /** A tensor of more elements than this is summarised (default 1000); `Infinity` shows all. */
  threshold: number;
  /** Elements a summary shows at either end of an axis (default 3). */
  edgeItems: number;
  /** Characters in a line (default 75). */
  lineWidth: number;
  /** Keep small numbers out of exponential notation; what then rounds to zero prints as zero (default false). */
  suppress: boolean;
  /** In front of a positive float: nothing `"-"` (default), a plus `"+"`, or a space `" "`. */
  sign: "-" | "+" | " ";
  /** How many digits a float shows (default `"maxprec"`). */
  floatMode: FloatMode;
}

let current: Readonly<PrintOptions> = {
  precision: 8,
  threshold: 1000,
  edgeItems: 3,
  lineWidth: 75,
  suppress: false,
  sign: "-",
  floatMode: "maxprec",
};

/** The options that apply where a call gives none of its own. */
export function getPrintOptions(): PrintOptions {
  return { ...current };
}

/**
 * Changes how tensors print from now on; what is left out stays as it is.
 * @throws RangeError naming the option, its value and what it accepts.
 */
export function setPrintOptions(options: Partial<PrintOptions>): void {
  current = withOverrides("setPrintOptions", options);
}

const isCount = (value: unknown, least: number) => Number.isInteger(value) && (value as number) >= least;
const oneOf = (...choices: unknown[]) => ({
  accepts: (value: unknown) => choices.includes(value),
  says: `one of ${choices.map((choice) => JSON.stringify(choice)).join(", ")}`,
});

const RULES: Record<keyof PrintOptions, { accepts: (value: unknown) => boolean; says: string }> = {
  precision: { accepts: (value) => isCount(value, 0), says: "an integer >= 0" },
  threshold: {
    accepts: (value) => typeof value === "number" && value >= 0,
    says: "a number >= 0 (Infinity: show everything)",
  },
  edgeItems: { accepts: (value) => isCount(value, 1), says: "an integer >= 1" },
  lineWidth: {
    accepts: (value) => isCount(value, 1) || value === Number.POSITIVE_INFINITY,
    says: "an integer >= 1 or Infinity",
  },
  suppress: oneOf(true, false),
  sign: oneOf("-", "+", " "),
  floatMode: oneOf("maxprec", "maxprec_equal", "unique", "fixed"),
};

function withOverrides(operation: string, options: Partial<PrintOptions>): Readonly<PrintOptions> {
  knownOptions(operation, options, Object.keys(RULES));
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    const rule = RULES[name as keyof PrintOptions];
    if (!rule.accepts(value)) {
      const shown = quote(value);
      throw new RangeError(`${operation}: ${name} is ${shown}; it must be ${rule.says}`);
    }
  }
  return { ...current, ...Object.fromEntries(given) };
}

/**
 * The text of a tensor.
 *
 * `"str"` is what Python's `print(array)` shows; `"repr"` is `tensor([...])` in place of NumPy's `array([...])`. The
 * dtype is written where it is neither float32 nor bool, and for a tensor without elements. Above `threshold` elements
 * only the corners are read, so the cost does not grow with the tensor.
 *
 * @param values elements in row-major order; bool as 0 and 1
 * @param options differences from {@link getPrintOptions} for this call
 * @throws RangeError naming the option, its value and what it accepts.
 */
export function formatArray(
  values: ArrayLike<number>,
  shape: readonly number[],
  dtype: DType,
  options: Partial<PrintOptions> = {},
  form: "str" | "repr" = "str",
): string {
  const chosen = withOverrides("formatArray", options);
  const size = shape.reduce((product, length) => product * length, 1);
  if (form === "repr") return reprOf(values, shape, size, dtype, chosen);
  if (shape.length === 0) return scalarText(dtype === "float32" ? Math.fround(values[0]) : values[0], dtype);
  return size === 0 ? "[]" : bodyOf(values, shape, size, dtype, chosen, " ", "", "");
}

function reprOf(
  values: ArrayLike<number>,
  shape: readonly number[],
  size: number,
  dtype: DType,
  options: PrintOptions,
): string {
  const opening = "tensor(";
  const dtypeIsImplied = size > 0 && (dtype === "float32" || dtype === "bool");
  const suffix = dtypeIsImplied ? ")" : ",";
  let body = "[]";
  if (size > 0) body = bodyOf(values, shape, size, dtype, options, ", ", opening, suffix);
  else if (shape.length > 1) body = `[], shape=(${shape.join(", ")})`;
  const text = opening + body + suffix;
  if (dtypeIsImplied) return text;
  const ending = `dtype=${dtype})`;
  const lastLine = text.length - (text.lastIndexOf("\n") + 1);
  const fits = lastLine + 1 + ending.length <= options.lineWidth;
  return text + (fits ? " " : `\n${" ".repeat(opening.length)}`) + ending;
}

function bodyOf(
  values: ArrayLike<number>,
  shape: readonly number[],
  size: number,
  dtype: DType,
  options: PrintOptions,
  separator: string,
  prefix: string,
  suffix: string,
): string {
  const edge = size > options.threshold ? options.edgeItems : Number.POSITIVE_INFINITY;
  const shown = shownValues(values, shape, edge);
  const cells = cellsOf(shown, shape.length, dtype, options);
  return layOut(cells, shape, edge, separator, " ".repeat(prefix.length + 1), options.lineWidth - suffix.length);
}

// ---- Which elements are shown, and where they stand

/** The elements within `edge` of an end of every axis, in row-major order. */
function shownValues(values: ArrayLike<number>, shape: readonly number[], edge: number): number[] {
  const shown: number[] = [];
  const visit = (axis: number, index: number): void => {
    if (axis === shape.length) {
      shown.push(values[index]);
      return;
    }
    const length = shape[axis];
    for (let i = 0; i < length; i++) {
      if (i === edge && length > 2 * edge) i = length - edge;
      visit(axis + 1, index * length + i);
    }
  };
  visit(0, 0);
  return shown;
}

/**
 * Cells in brackets. `indent` stands before every line but the first and leaves room for what precedes the body and for
 * the opening brackets; `width` shrinks by a closing bracket an axis.
 */
function layOut(
  cells: readonly string[],
  shape: readonly number[],
  edge: number,
  separator: string,
  indent: string,
  width: number,
): string {
  let next = 0;
  const visit = (axis: number, indent: string, width: number): string => {
    if (axis === shape.length) return cells[next++];
    const isSummarised = shape[axis] > 2 * edge;
    const count = isSummarised ? 2 * edge : shape[axis];
    const items: string[] = [];
    for (let i = 0; i < count; i++) {
      if (isSummarised && i === edge) items.push("...");
      items.push(visit(axis + 1, `${indent} `, width - 1));
    }
    const axesLeft = shape.length - axis;
    if (axesLeft === 1) return `[${wrap(items, separator, indent, width - 1)}]`;
    return `[${items.join(separator.trimEnd() + "\n".repeat(axesLeft - 1) + indent)}]`;
  };
  return visit(0, indent, width);
}

/** One row of cells, broken before a cell that would pass `width`, unless it stands alone in its line. */
function wrap(items: readonly string[], separator: string, indent: string, width: number): string {
  let finished = "";
  let line = indent;
  items.forEach((item, i) => {
    if (line.length > indent.length && line.length + item.length > width) {
      finished += `${line.trimEnd()}\n`;
      line = indent;
    }
    line += i < items.length - 1 ? item + separator : item;
  });
  return (finished + line).slice(indent.length);
}

// ---- Elements as cells of equal width

function cellsOf(values: readonly number[], rank: number, dtype: DType, options: PrintOptions): string[] {
  if (dtype === "float32") return floatCells(values.map(Math.fround), dtype, options);
  if (dtype === "float64") return floatCells(values, dtype, options);
  if (dtype === "bool") return values.map((value) => (value ? (rank > 0 ? " True" : "True") : "False"));
  return alignRight(values.map(String));
}

function alignRight(texts: readonly string[]): string[] {
  const width = longest(texts);
  return texts.map((text) => text.padStart(width));
}

function longest(texts: readonly string[]): number {
  return texts.reduce((length, text) => Math.max(length, text.length), 0);
}

function floatCells(values: readonly number[], dtype: "float32" | "float64", options: PrintOptions): string[] {
  const { sign, floatMode } = options;
  const numbers = values.map((value) => (Number.isFinite(value) ? exactly(value, dtype) : undefined));
  const finite = numbers.filter((number) => number !== undefined);
  const exponential = needsExponent(values, dtype, options.suppress);
  const write = exponential ? scientific : positional;
  const plus = sign === "+";

  // How far the longest goes on either side of the point decides what every cell must leave room for.
  const draft: DigitRule = {
    unique: floatMode !== "fixed",
    precision: floatMode === "unique" ? Number.POSITIVE_INFINITY : options.precision,
    atLeast: floatMode === "fixed" ? options.precision : Number.NEGATIVE_INFINITY,
  };
  const drafts = finite.map((number) => write(number, draft, plus));
  const fractionDigits = longest(drafts.map(({ fraction }) => fraction));
  const exponentDigits = longest(drafts.map(({ exponent }) => exponent));
  let left = longest(drafts.map(({ whole }) => whole));
  if (sign === " " && !finite.some(({ negative }) => negative)) left++;
  const right = fractionDigits + (exponential ? exponentDigits + 2 : 0);
  if (finite.length < values.length) {
    const signOfInfinity = sign !== "-" || values.includes(Number.NEGATIVE_INFINITY) ? 1 : 0;
    left = Math.max(left, "inf".length + signOfInfinity - (right + 1));
  }

  const equal = exponential || floatMode === "fixed" || floatMode === "maxprec_equal";
  const rule: DigitRule = {
    unique: draft.unique,
    precision: equal ? fractionDigits : draft.precision,
    atLeast: equal ? fractionDigits : 0,
  };
  return numbers.map((number, i) => {
    if (number === undefined) return nonFiniteText(values[i], plus).padStart(left + 1 + right);
    const { whole, fraction, exponent, exponentSign } = write(number, rule, plus);
    const end = exponential ? `e${exponentSign}${exponent.padStart(exponentDigits, "0")}` : "";
    return `${whole.padStart(left)}.${equal ? fraction : fraction.padEnd(fractionDigits)}${end}`;
  });
}

function nonFiniteText(value: number, plus: boolean): string {
  const sign = value === Number.NEGATIVE_INFINITY ? "-" : plus ? "+" : "";
  return sign + (Number.isNaN(value) ? "nan" : "inf");
}

/** Whether the magnitudes are too large, too small or too far apart to be read in columns of plain digits. */
function needsExponent(values: readonly number[], dtype: "float32" | "float64", suppress: boolean): boolean {
  let largest = 0;
  let smallest = Number.POSITIVE_INFINITY;
  for (const value of values) {
    const magnitude = Math.abs(value);
    if (magnitude === 0 || !Number.isFinite(magnitude)) continue;
    largest = Math.max(largest, magnitude);
    smallest = Math.min(smallest, magnitude);
  }
  if (largest === 0) return false;
  const quotient = largest / smallest;
  const ratio = dtype === "float32" ? Math.fround(quotient) : quotient;
  return largest >= 1e8 || (!suppress && (smallest < 1e-4 || ratio > 1000));
}

/** A scalar by itself: shortest digits that read back as the value, whatever the print options. */
function scalarText(value: number, dtype: DType): string {
  if (dtype === "bool") return value ? "True" : "False";
  if (dtype === "int32") return String(value);
  if (!Number.isFinite(value)) return nonFiniteText(value, false);
  const rule: DigitRule = {
    unique: true,
    precision: Number.POSITIVE_INFINITY,
    atLeast: Number.NEGATIVE_INFINITY,
  };
  const magnitude = Math.abs(value);
  if (magnitude === 0 || (magnitude >= 1e-4 && magnitude < 1e16)) {
    const { whole, fraction } = positional(exactly(value, dtype), rule, false);
    return `${whole}.${fraction || "0"}`;
  }
  const { whole, fraction, exponentSign, exponent } = scientific(exactly(value, dtype), rule, false);
  return `${whole}${fraction && `.${fraction}`}e${exponentSign}${exponent}`;
}

// ---- Digits of a float
// A digit's position is the power of ten it counts: 0 for units, -1 for tenths.

/** significand · 2^power, in magnitude, with what is needed to find its digits. */
interface ExactFloat {
  readonly negative: boolean;
  readonly significand: bigint;
  readonly power: number;
  /** The neighbour towards zero is only half as far away as the other: so it is for powers of two. */
  readonly nearerBelow: boolean;
  /** Position of the first digit. */
  readonly first: number;
  /** Position of the last digit of the shortest decimal that reads back as this float. */
  readonly last: number;
}

interface DigitRule {
  /** Stop where the digits tell the float from its neighbours. */
  readonly unique: boolean;
  /** Digits after the point, at most. */
  readonly precision: number;
  /** Digits after the point, at least, as far as `precision` allows; trailing zeros go only beyond these. */
  readonly atLeast: number;
}

interface Decimal {
  /** Digits before the point, with the sign. */
  readonly whole: string;
  readonly fraction: string;
  readonly exponentSign: string;
  readonly exponent: string;
}

const bits = new DataView(new ArrayBuffer(8));

function exactly(value: number, dtype: "float32" | "float64"): ExactFloat {
  const isSingle = dtype === "float32";
  const fractionBits = isSingle ? 23 : 52;
  if (isSingle) bits.setFloat32(0, value);
  else bits.setFloat64(0, value);
  const pattern = isSingle ? BigInt(bits.getUint32(0)) : bits.getBigUint64(0);
  const fraction = BigInt.asUintN(fractionBits, pattern);
  const biased = Number(pattern >> BigInt(fractionBits)) & (isSingle ? 0xff : 0x7ff);
  const power = Math.max(biased, 1) - (isSingle ? 127 : 1023) - fractionBits;
  const significand = biased === 0 ? fraction : fraction | (1n << BigInt(fractionBits));
  const nearerBelow = fraction === 0n && biased > 1;
  const negative = value < 0 || Object.is(value, -0);
  const number = { negative, significand, power, nearerBelow, first: 0, last: 0 };
  if (significand === 0n) return number;

  // The logarithm is rounded, so near a power of ten it may miss by one.
  let first = Math.floor(Math.log10(Math.abs(value)));
  const leading = divideAt(number, first).quotient;
  if (leading === 0n) first--;
  else if (leading >= 10n) first++;
  let last = first;
  while (!roundAt(number, last, true).identifies) last--;
  return { ...number, first, last };
}

/** Magnitude divided by 10^position, with the remainder and the divisor in `scale`-ths of a quarter of 2^power. */
function divideAt({ significand, power }: Pick<ExactFloat, "significand" | "power">, position: number) {
  const scale = (10n ** BigInt(Math.max(-position, 0))) << BigInt(Math.max(power - 2, 0));
  const divisor = (10n ** BigInt(Math.max(position, 0))) << BigInt(Math.max(2 - power, 0));
  const dividend = 4n * significand * scale;
  const quotient = dividend / divisor;
  return { quotient, remainder: dividend - quotient * divisor, divisor, scale };
}

/**
 * Magnitude as a whole number of 10^position, and whether such a number identifies the float: reads back as it, being
 * no further away than halfway to the neighbour. Of the candidates below and above, the nearer is taken, in the middle
 * the even one; but if `unique`, one that reads back goes before one that does not.
 * Source: Steele and White, How to print floating-point numbers accurately (1990), with a cut-off position.
 */
function roundAt(
  number: Pick<ExactFloat, "significand" | "power" | "nearerBelow">,
  position: number,
  unique: boolean,
): { units: bigint; identifies: boolean } {
  const { quotient, remainder, divisor, scale } = divideAt(number, position);
  const halfwayBelow = number.nearerBelow ? scale : 2n * scale;
  const halfwayAbove = 2n * scale;
  const above = divisor - remainder;
  // Reading rounds a tie to the even significand, so only an even one owns its boundaries.
  const ownsBoundary = number.significand % 2n === 0n ? 1n : 0n;
  const belowIdentifies = remainder < halfwayBelow + ownsBoundary;
  const aboveIdentifies = above < halfwayAbove + ownsBoundary;
  let takeAbove = remainder > above || (remainder === above && quotient % 2n === 1n);
  if (unique && belowIdentifies !== aboveIdentifies) takeAbove = aboveIdentifies;
  return { units: takeAbove ? quotient + 1n : quotient, identifies: belowIdentifies || aboveIdentifies };
}

/** Position of the last digit to write, when the digit before the point has position `units`. */
function lastPosition(number: ExactFloat, units: number, { unique, precision, atLeast }: DigitRule): number {
  return unique ? Math.max(Math.min(number.last, units - atLeast), units - precision) : units - precision;
}

function positional(number: ExactFloat, rule: DigitRule, plus: boolean): Decimal {
  const last = lastPosition(number, 0, rule);
  const units = roundAt(number, last, rule.unique).units.toString();
  const digits = last > 0 ? units + "0".repeat(last) : units.padStart(1 - last, "0");
  return decimal(number, digits, digits.length + Math.min(last, 0), 0, rule, plus);
}

function scientific(number: ExactFloat, rule: DigitRule, plus: boolean): Decimal {
  const last = lastPosition(number, number.first, rule);
  const count = number.first - last + 1;
  const units = roundAt(number, last, rule.unique).units.toString();
  // One digit more than asked for: rounding has reached the next power of ten.
  const exponent = units.length > count ? number.first + 1 : number.first;
  return decimal(number, units.padEnd(count, "0").slice(0, count), 1, exponent, rule, plus);
}

function decimal(
  number: ExactFloat,
  digits: string,
  point: number,
  exponent: number,
  rule: DigitRule,
  plus: boolean,
): Decimal {
  const sign = number.negative ? "-" : plus ? "+" : "";
  let end = digits.length;
  while (end > point && end - point > rule.atLeast && digits[end - 1] === "0") end--;
  return {
    whole: sign + digits.slice(0, point),
    fraction: digits.slice(point, end),
    exponentSign: exponent < 0 ? "-" : "+",
    exponent: String(Math.abs(exponent)).padStart(2, "0"),
  };
}
