// Options that may be one for all outputs of a model, a list in their order, or a record by name.
import { hintAt } from "../engine/names.ts";
import { quote } from "../engine/quote.ts";

/** One for all outputs of a model, a list in their order, or a record by their names. */
export type PerOutput<T> = T | readonly T[] | Readonly<Record<string, T>>;

/**
 * The option of each output; undefined where it is not given.
 * @param isOne whether a value is one for all.
 * @throws TypeError, RangeError for a list of another length, and for names that no output has.
 */
export function perOutput<T>(
  owner: string,
  option: string,
  outputs: readonly string[],
  given: PerOutput<T> | undefined,
  isOne: (value: unknown) => boolean,
): (T | undefined)[] {
  if (given === undefined || isOne(given)) return outputs.map(() => given as T | undefined);
  if (Array.isArray(given)) {
    if (given.length !== outputs.length) {
      throw new RangeError(
        `${owner}: ${option} has ${given.length} entries, the model ${countOf(outputs)}; give one for each, or a record by name`,
      );
    }
    return [...(given as readonly T[])];
  }
  if (typeof given !== "object" || given === null) {
    throw new TypeError(
      `${owner}: ${option} must be one for all outputs, a list, or a record by name; got ${quote(given)}`,
    );
  }
  checkNames(owner, option, Object.keys(given), outputs);
  return outputs.map((name) => (Object.hasOwn(given, name) ? (given as Readonly<Record<string, T>>)[name] : undefined));
}

/** Throws for a name that no output has. */
export function checkNames(
  owner: string,
  option: string,
  given: readonly string[],
  names: readonly string[],
  what = "output",
): void {
  const stranger = given.find((name) => !names.includes(name));
  if (stranger === undefined) return;
  throw new TypeError(
    `${owner}: ${option} names ${quote(stranger)}, and the model has no such ${what}${hintAt(stranger, names)}; its ${what}s are ${names.join(", ")}`,
  );
}

/** "2 outputs (kind, value)" */
export function countOf(names: readonly string[], what = "output"): string {
  return `${names.length} ${what}${names.length === 1 ? "" : "s"} (${names.join(", ")})`;
}
