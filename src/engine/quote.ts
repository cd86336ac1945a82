// A value as an error quotes it: short whatever it is, so that a message names what was given without printing a whole model. It reads a few
// elements at most, calls nothing of the value's own and never throws, since the values it is asked about are the wrong ones.
import type { ArrayView } from "./engine.ts";

/** Characters of a string, and of everything else, that a quotation shows. */
const LONGEST_TEXT = 60;
const LONGEST = 120;
/** Elements of an array or entries of an object that a quotation shows. */
const MOST = 6;

/**
 * `value` in at most some hundred characters: `"sgd"`, `NaN`, `12n`, `[1, 2, 3]`, `{ axis: 1 }`, `a tensor of shape (2,)`,
 * `a Float32Array of 3`, `a function relu`, `a Date`.
 */
export function quote(value: unknown): string {
  try {
    return shorten(textOf(value, 2), LONGEST);
  } catch {
    // A proxy may throw at any question.
    return "an object that can't be read";
  }
}

function shorten(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 3)}...`;
}

function quoted(text: string): string {
  if (text.length <= LONGEST_TEXT) return JSON.stringify(text);
  return `${JSON.stringify(text.slice(0, LONGEST_TEXT))}... (${text.length} characters)`;
}

function textOf(value: unknown, depth: number): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "bigint") return `${shorten(String(value), LONGEST_TEXT)}n`;
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "function") return named(nameOfClass(value) ? "the class" : "a function", value);
  if (typeof value !== "object" || value === null) return shorten(String(value), LONGEST_TEXT);
  if (Array.isArray(value)) return listOf(value, depth);
  if (ArrayBuffer.isView(value)) return `a ${kindOf(value)} of ${"length" in value ? value.length : value.byteLength}`;
  if (isView(value)) {
    const { shape } = value;
    return `a tensor of shape ${shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`}`;
  }
  const kind = kindOf(value);
  if (kind === "Promise") return "a promise; await it first";
  if (kind !== "Object") return `${/^[AEIOU]/.test(kind) ? "an" : "a"} ${kind}`;
  return entriesOf(value as Record<string, unknown>, depth);
}

function isView(value: object): value is ArrayView {
  return "storage" in value && "dtype" in value && "shape" in value && Array.isArray(value.shape);
}

function listOf(list: readonly unknown[], depth: number): string {
  if (list.length === 0) return "[]";
  if (depth === 0) return `an array of ${list.length}`;
  const shown: string[] = [];
  for (let i = 0; i < Math.min(list.length, MOST); i++) shown.push(textOf(list[i], depth - 1));
  if (list.length > MOST) shown.push(`... ${list.length} in all`);
  return `[${shown.join(", ")}]`;
}

function entriesOf(object: Record<string, unknown>, depth: number): string {
  const keys = Object.keys(object);
  if (keys.length === 0) return "{}";
  if (depth === 0) return "an object";
  const shown = keys.slice(0, MOST).map((key) => `${shorten(key, LONGEST_TEXT)}: ${textOf(object[key], depth - 1)}`);
  if (keys.length > MOST) shown.push(`... ${keys.length} in all`);
  return `{ ${shown.join(", ")} }`;
}

function nameOfClass(value: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value).slice(0, 6));
}

function named(what: string, value: { name?: unknown }): string {
  return typeof value.name === "string" && value.name !== "" ? `${what} ${shorten(value.name, LONGEST_TEXT)}` : what;
}

/** The name of the class that made an object, "Object" for a plain one. */
function kindOf(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return "Object";
  const maker = (prototype as { constructor?: { name?: unknown } }).constructor;
  return typeof maker?.name === "string" && maker.name !== "" ? shorten(maker.name, LONGEST_TEXT) : "Object";
}
