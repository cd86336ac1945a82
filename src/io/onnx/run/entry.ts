// What the tables of operators hold.
import type { Operator } from "./call.ts";

/** An operator's implementation, and what may be known of its outputs before it runs. */
export interface OperatorEntry {
  readonly run: Operator;
  /** The first and the last version of the operators' set that it is for. */
  readonly since: number;
  readonly until: number;
  /**
   * What the outputs' shapes depend on: the inputs' shapes; the values of the inputs beside the first, too (`values`); or the values of all
   * (`data`).
   */
  readonly shapedBy: "shapes" | "values" | "data";
  /** Its outputs depend on the first input's shape alone. */
  readonly ofShape: boolean;
  /** Gives the same for the same inputs: no random numbers, nothing that depends on whether a model trains. */
  readonly pure: boolean;
}

/** What `entry` takes beside the implementation. */
export type EntryOptions = Partial<Omit<OperatorEntry, "run">>;

/** An operator with the usual properties, but for those given. */
export function entry(run: Operator, options: EntryOptions = {}): OperatorEntry {
  return { run, since: 1, until: Number.POSITIVE_INFINITY, shapedBy: "shapes", ofShape: false, pure: true, ...options };
}

/** Operators by name; several implementations where versions differ. */
export type OperatorTable = Readonly<Record<string, OperatorEntry | readonly OperatorEntry[]>>;
