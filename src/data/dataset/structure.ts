// Elements are values, or values in objects and arrays: what is done to every leaf, and how a leaf is called in errors.
import { list } from "../../engine/checks.ts";

/** Whether a value is a plain object, whose entries are leaves or more of such. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** `path.key`, or `key` at the top. */
export function below(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** Deeper ones are no elements: one that holds itself would go on for ever. */
const DEEPEST = 16;

/** Throws where values lie deeper in each other than elements do. */
export function checkDepth(owner: string, depth: number): void {
  if (depth > DEEPEST)
    throw new RangeError(`${owner}: an element's arrays and objects are nested deeper than ${DEEPEST}`);
}

/** The value with every leaf changed; arrays and plain objects are gone into. */
export function mapLeaves(
  value: unknown,
  change: (leaf: unknown, path: string) => unknown,
  path = "",
  depth = 0,
): unknown {
  checkDepth("Dataset", depth);
  if (Array.isArray(value))
    return list("Dataset", path || "an element", value).map((part, k) =>
      mapLeaves(part, change, below(path, k), depth + 1),
    );
  if (!isRecord(value)) return change(value, path);
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, mapLeaves(part, change, below(path, key), depth + 1)]),
  );
}
