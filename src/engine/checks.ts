// The options that functions, optimisers and schedules are given: each check names its owner, the setting and the value.
import { hintAtOption } from "./names.ts";
import { quote } from "./quote.ts";

/** Characters of an option's name that an error shows as they are. */
const LONGEST_NAME = 40;

/** Any number, NaN and the infinities included. */
export function numeric(owner: string, name: string, value: number): number {
  if (typeof value !== "number") throw notNumeric(owner, name, value);
  return value;
}

function notNumeric(owner: string, name: string, value: unknown): TypeError {
  return new TypeError(`${owner}: ${name} must be a number, got ${quote(value)}`);
}

/** Any finite number. */
export function finite(owner: string, name: string, value: number): number {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new RangeError(`${owner}: ${name} must be a finite number, got ${quote(value)}`);
  }
  return value;
}

/** A finite number from 0 on. */
export function notNegative(owner: string, name: string, value: number): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) {
    throw new RangeError(`${owner}: ${name} must be a finite number of at least 0, got ${quote(value)}`);
  }
  return value;
}

/** A finite number above 0. */
export function positive(owner: string, name: string, value: number): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) {
    throw new RangeError(`${owner}: ${name} must be a finite number above 0, got ${quote(value)}`);
  }
  return value;
}

/** A share: from 0 up to, but not including, 1. */
export function share(owner: string, name: string, value: number): number {
  if (typeof value !== "number" || !(value >= 0 && value < 1)) {
    throw new RangeError(`${owner}: ${name} must be at least 0 and below 1, got ${quote(value)}`);
  }
  return value;
}

/** A whole number from `least` on. */
export function whole(owner: string, name: string, value: number, least: number): number {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`${owner}: ${name} must be a whole number of at least ${least}, got ${quote(value)}`);
  }
  return value;
}

/** Any whole number. */
export function integer(owner: string, name: string, value: number): number {
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`${owner}: ${name} must be a whole number, got ${quote(value)}`);
  }
  return value;
}

/** Something to call. */
export function callable<F>(owner: string, name: string, value: F): F {
  if (typeof value !== "function" || isClass(value)) {
    throw new TypeError(`${owner}: ${name} must be a function, got ${quote(value)}`);
  }
  return value;
}

/** Of all that can be called, only a class has a prototype for good. */
function isClass(value: { readonly prototype?: unknown }): boolean {
  return value.prototype !== undefined && Object.getOwnPropertyDescriptor(value, "prototype")?.writable === false;
}

/** Elements up to which nobody minds a walk through an array, whatever it holds. */
const SHORT = 2 ** 24;

/** Whether an array seems to be made of holes, billions maybe: an element at its beginning, middle or end is missing. */
export function isHoles(value: readonly unknown[]): boolean {
  const { length } = value;
  return length > SHORT && !(0 in value && length >>> 1 in value && length - 1 in value);
}

/** A list, of which the caller looks at the elements. */
export function list<T>(owner: string, name: string, value: readonly T[]): readonly T[] {
  if (!Array.isArray(value)) throw new TypeError(`${owner}: ${name} must be an array, got ${quote(value)}`);
  if (isHoles(value)) throw new TypeError(`${owner}: ${name} must be an array without holes, got ${quote(value)}`);
  return value;
}

/** An object with fields, of which the caller looks at those that it needs. */
export function fields<T extends object>(owner: string, name: string, value: T): T {
  if (typeof value !== "object" || value === null) {
    throw new TypeError(`${owner}: ${name} must be an object, got ${quote(value)}`);
  }
  return value;
}

/** Something that a class of ours made; `what` says so in words: "a Sequential model". */
export function instance<T>(
  owner: string,
  name: string,
  value: T,
  type: { readonly prototype: T; [Symbol.hasInstance](value: unknown): boolean },
  what: string,
): T {
  if (!(value instanceof type)) throw new TypeError(`${owner}: ${name} must be ${what}, got ${quote(value)}`);
  return value;
}

/** A string. */
export function text(owner: string, name: string, value: string): string {
  if (typeof value !== "string") throw new TypeError(`${owner}: ${name} must be a string, got ${quote(value)}`);
  return value;
}

/** Yes or no. */
export function flag(owner: string, name: string, value: boolean): boolean {
  if (typeof value !== "boolean") throw new TypeError(`${owner}: ${name} must be true or false, got ${quote(value)}`);
  return value;
}

/** Whether a value is a name in a table; the names of Object.prototype are in none. */
export function isNameIn(table: object, name: unknown): name is string {
  return typeof name === "string" && Object.hasOwn(table, name);
}

/** The bytes of a file. */
export function bytesOfFile(owner: string, value: Uint8Array): Uint8Array {
  if (!(value instanceof Uint8Array)) {
    throw new TypeError(`${owner}: needs the bytes of a file as a Uint8Array, got ${quote(value)}`);
  }
  return value;
}

/** One of a few names. */
export function oneOf<Name extends string | number>(
  owner: string,
  name: string,
  value: Name,
  names: readonly Name[],
): Name {
  if (!names.includes(value)) {
    throw new TypeError(`${owner}: ${name} must be one of ${names.join(", ")}, got ${quote(value)}`);
  }
  return value;
}

/**
 * The options, whose names are known: a misspelt one would otherwise be a default that nobody asked for. Costs nothing where there are none;
 * `own` are further names, so that no list has to be made for a call.
 * @throws TypeError for an unknown name, with the nearest one or what it is called here, and all that there are.
 */
export function knownOptions<T extends object>(
  owner: string,
  options: T,
  names: readonly string[],
  own?: readonly string[],
): T {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw notOptions(owner, options, names);
  for (const key in options) {
    if (!names.includes(key) && !own?.includes(key))
      throw unknownOption(owner, options, key, [...names, ...(own ?? [])]);
  }
  return options;
}

function notOptions(owner: string, options: unknown, names: readonly string[]): TypeError {
  return new TypeError(`${owner}: options must be an object such as { ${names[0]}: ... }, got ${quote(options)}`);
}

function unknownOption(owner: string, options: object, key: string, names: readonly string[]): TypeError {
  // A tensor, a model or a signal in their place.
  const prototype: unknown = Object.getPrototypeOf(options);
  if (prototype !== Object.prototype && prototype !== null) return notOptions(owner, options, names);
  const hint = hintAtOption(key, names);
  const shown = key.length <= LONGEST_NAME ? key : quote(key);
  return new TypeError(`${owner}: there is no option ${shown}${hint}; the options are ${names.join(", ")}`);
}
