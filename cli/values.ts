// Parsers for option values. Each throws commander's InvalidArgumentError, which becomes a usage error that names the option.
import { InvalidArgumentError } from "commander";
import { suggestion } from "./errors.ts";

/** A whole number within bounds. */
export function wholeNumber(minimum: number, maximum = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isSafeInteger(value) || value < minimum || value > maximum) {
      const bounds = maximum === Number.MAX_SAFE_INTEGER ? `from ${minimum} on` : `from ${minimum} to ${maximum}`;
      throw new InvalidArgumentError(`It must be a whole number ${bounds}.`);
    }
    return value;
  };
}

/** A number within bounds; `above` excludes the lower bound, `below` the upper. */
export function realNumber(bounds: { from?: number; above?: number; below?: number }): (text: string) => number {
  return (text) => {
    const value = Number(text);
    const { from, above, below } = bounds;
    const inside =
      Number.isFinite(value) &&
      (from === undefined || value >= from) &&
      (above === undefined || value > above) &&
      (below === undefined || value < below);
    if (text.trim() === "" || !inside) {
      const parts = [
        from !== undefined && `from ${from} on`,
        above !== undefined && `above ${above}`,
        below !== undefined && `below ${below}`,
      ];
      throw new InvalidArgumentError(`It must be a number ${parts.filter(Boolean).join(" and ")}.`);
    }
    return value;
  };
}

/** One of a list of names. */
export function oneOf<Name extends string>(names: readonly Name[]): (text: string) => Name {
  return (text) => {
    if ((names as readonly string[]).includes(text)) return text as Name;
    throw new InvalidArgumentError(`It must be one of ${names.join(", ")}.${suggestion(text, names)}`);
  };
}

/** Sizes of hidden layers: `100,30`; `none` for no hidden layer. */
export function layerSizes(text: string): number[] {
  if (text === "none" || text === "0" || text === "") return [];
  return text.split(",").map((part) => {
    const size = Number(part);
    if (part.trim() === "" || !Number.isInteger(size) || size < 1 || size > 100_000) {
      throw new InvalidArgumentError("It must be sizes of hidden layers such as 100 or 100,30, or none.");
    }
    return size;
  });
}

/** Height and width of pictures: `32` for both, or `32x48`. */
export function pictureSize(text: string): [number, number] {
  const sides = text.split("x").map(Number);
  if (sides.length > 2 || !/^\d+(x\d+)?$/.test(text) || sides.some((side) => side < 1 || side > 10_000)) {
    throw new InvalidArgumentError("It must be a height and width in pixels such as 32 or 32x48.");
  }
  return [sides[0], sides[sides.length - 1]];
}

/** A folder's path. */
export function folderName(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("It must name a folder.");
  return text;
}
