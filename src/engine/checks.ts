// The options that functions, optimisers and schedules are given: each check names its owner, the setting and the value.
import { quote } from "./quote.ts";

/** Any number, NaN and the infinities included. */
export function numeric(owner: string, name: string, value: number): number {
  if (typeof value !== "number") throw new TypeError(`${owner}: ${name} must be a number, got ${quote(value)}`);
  return value;
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
  if (typeof value !== "function") throw new TypeError(`${owner}: ${name} must be a function, got ${quote(value)}`);
  return value;
}

/** A list, of which the caller looks at the elements. */
export function list<T>(owner: string, name: string, value: readonly T[]): readonly T[] {
  if (!Array.isArray(value)) throw new TypeError(`${owner}: ${name} must be an array, got ${quote(value)}`);
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

/** A misspelt option would otherwise be a default that nobody asked for. */
export function knownOptions(owner: string, options: object, names: readonly string[]): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${owner}: options must be an object such as { ${names[0]}: ... }, got ${quote(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (!names.includes(key)) {
      throw new TypeError(`${owner}: there is no option ${key}; the options are ${names.join(", ")}`);
    }
  }
}
