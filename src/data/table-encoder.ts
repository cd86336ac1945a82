// Rows of text as numbers: columns of numbers as they are, columns of words as categories, by what the training data hold. What was learnt from them
// is saved with the model, so that new rows become the same numbers.
import { fields, instance, knownOptions, list, numeric, oneOf, text } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import type { CsvRow } from "./csv.ts";
import { Dataset } from "./dataset/dataset.ts";
import { isRecord } from "./dataset/structure.ts";

/** What a column becomes: a number, a category (a vector with a 1 for it, or its number), or nothing. */
export type ColumnKind = "number" | "oneHot" | "index" | "skip";

/** How rows become numbers. */
export interface TableOptions {
  /** Column of what is to be predicted; default none: then `encode` gives no `y`. */
  readonly target?: string;
  /** Whether the target is a class or a value. Default: a class, unless it holds numbers that are not whole. */
  readonly task?: "class" | "value";
  /** What columns become. Default: numbers where all values are, else oneHot. */
  readonly columns?: Readonly<Record<string, ColumnKind>>;
  /** What stands for a missing number: an error (default), the column's mean, or a number. A missing category is one of its own. */
  readonly missing?: "error" | "mean" | number;
  /** What becomes of a category that was not among the training data: an error (default), or no 1 at all (the number behind the last for index). */
  readonly unknown?: "error" | "ignore";
}

/** What an encoder has learnt, as JSON. */
export interface TableConfig {
  readonly columns: readonly ColumnConfig[];
  readonly target: { readonly name: string; readonly classes: readonly string[] | null } | null;
  readonly unknown: "error" | "ignore";
}

/** One column of features: a number with what stands for a missing one (null: nothing), or categories. */
export interface ColumnConfig {
  readonly name: string;
  readonly kind: Exclude<ColumnKind, "skip">;
  readonly missing: number | null;
  readonly categories: readonly string[];
}

/** A row as numbers. */
export interface EncodedRow {
  x: ReturnType<typeof Float32Array.of>;
  /** The class's number or the value; absent where there is no target. */
  y?: number;
}

/** What stands for a value that is not there. */
const MISSING = /^\s*(|\?|na|n\/a|nan|null|none)\s*$/i;
/** More different words are names, not categories. */
const MOST_CATEGORIES = 1000;
const KINDS = ["number", "oneHot", "index", "skip"] as const;

/** What is found out about a column. */
class ColumnFacts {
  allNumbers = true;
  allWhole = true;
  count = 0;
  sum = 0;
  firstMissing: number | undefined;
  readonly values = new Set<string>();

  add(value: string, line: number): void {
    if (MISSING.test(value)) {
      this.firstMissing ??= line;
      if (this.values.size <= MOST_CATEGORIES) this.values.add("");
      return;
    }
    const number = Number(value);
    this.count += 1;
    if (Number.isFinite(number)) {
      this.sum += number;
      this.allWhole &&= Number.isInteger(number);
    } else this.allNumbers = this.allWhole = false;
    if (this.values.size <= MOST_CATEGORIES) this.values.add(value.trim());
  }

  /** In the order of numbers where all are, else of letters. */
  categories(owner: string, name: string): string[] {
    if (this.values.size > MOST_CATEGORIES) {
      throw new RangeError(
        `${owner}: column ${quote(name)} has more than ${MOST_CATEGORIES} different values, too many for categories; leave it out: columns: { ${JSON.stringify(name)}: "skip" }`,
      );
    }
    const found = [...this.values];
    return this.allNumbers ? found.sort((a, b) => Number(a) - Number(b)) : found.sort();
  }
}

/**
 * Turns rows of text into numbers for a network, after what a training set holds: `x`, the columns' numbers one behind the other, and `y`, the target.
 * A category becomes a vector with a 1 for it (oneHot), or its number (index).
 * @example
 * ```ts
 * const rows = csvRows("size,colour,kind\n1.5,red,apple\n2,green,pear\n");
 * const encoder = await TableEncoder.fit(rows, { target: "kind" });
 * encoder.features; // ["size", "colour=green", "colour=red"]
 * const batches = rows.map((row) => encoder.encode(row)).batch(2);
 * const { x, y } = (await batches.toArray())[0];
 * x.toArray(); // [[1.5, 0, 1], [2, 1, 0]]
 * y?.toArray(); // [0, 1]
 * ```
 */
export class TableEncoder {
  /** What each number of `x` is. */
  readonly features: readonly string[];
  private readonly numbers: readonly ReadonlyMap<string, number>[];
  private readonly classNumbers: ReadonlyMap<string, number> | null;
  private places: { names: readonly string[]; columns: number[]; target: number } | undefined;

  /**
   * `TableEncoder.fit` and `fromConfig` make encoders.
   * @internal
   */
  constructor(private readonly settings: TableConfig) {
    this.features = settings.columns.flatMap(({ name, kind, categories }) =>
      kind === "oneHot" ? categories.map((category) => `${name}=${category}`) : [name],
    );
    const numbered = (values: readonly string[]) => new Map(values.map((value, k) => [value, k]));
    this.numbers = settings.columns.map(({ categories }) => numbered(categories));
    this.classNumbers = settings.target?.classes ? numbered(settings.target.classes) : null;
  }

  /** Names of the classes; undefined where the target is a value, or there is none. */
  get classNames(): readonly string[] | undefined {
    return this.settings.target?.classes ?? undefined;
  }

  /**
   * Learns from rows what their columns are, in one pass.
   * @throws TypeError, RangeError for columns that there are not, a column with too many categories, missing numbers where none may be; the message
   * names column and line.
   * @example
   * ```ts
   * const encoder = await TableEncoder.fit(csvRows("a,b\n1,2\n,4\n"), { missing: "mean", columns: { b: "skip" } });
   * encoder.features; // ["a"]
   * ```
   */
  static async fit(rows: Dataset<CsvRow>, options: TableOptions = {}): Promise<TableEncoder> {
    const owner = "TableEncoder.fit";
    instance(owner, "the first argument", rows, Dataset, "a Dataset of CSV rows, csvRows(...)");
    knownOptions(owner, options, ["target", "task", "columns", "missing", "unknown"]);
    const { target, task, columns = {}, missing = "error", unknown = "error" } = options;
    if (target !== undefined) text(owner, "target", target);
    if (task !== undefined) oneOf(owner, "task", task, ["class", "value"]);
    oneOf(owner, "unknown", unknown, ["error", "ignore"]);
    if (typeof missing !== "string") numeric(owner, "missing", missing);
    else oneOf(owner, "missing", missing, ["error", "mean"]);
    if (!isRecord(columns)) throw new TypeError(`${owner}: columns must be an object, got ${quote(columns)}`);
    for (const [name, kind] of Object.entries(columns)) oneOf(owner, `columns.${name}`, kind, KINDS);

    let names: readonly string[] | undefined;
    let facts: ColumnFacts[] = [];
    for await (const row of rows) {
      if (names === undefined) {
        names = row.names;
        for (const name of [...Object.keys(columns), ...(target === undefined ? [] : [target])]) {
          if (!names.includes(name))
            throw new RangeError(`${owner}: there is no column ${quote(name)}; there are ${shown(names)}`);
        }
        facts = names.map(() => new ColumnFacts());
      }
      for (const [k, value] of row.values.entries()) facts[k].add(value, row.line);
    }
    if (names === undefined) throw new RangeError(`${owner}: there are no rows`);
    const learnt: ColumnConfig[] = [];
    for (const [k, name] of names.entries()) {
      if (name === target) continue;
      const own = facts[k];
      const kind = Object.hasOwn(columns, name) ? columns[name] : own.allNumbers ? "number" : "oneHot";
      if (kind === "skip") continue;
      if (kind !== "number") learnt.push({ name, kind, missing: null, categories: own.categories(owner, name) });
      else if (!own.allNumbers) throw new TypeError(`${owner}: column ${quote(name)} holds values that are no numbers`);
      else {
        const instead =
          missing === "mean" ? (own.count > 0 ? own.sum / own.count : 0) : missing === "error" ? null : missing;
        if (instead === null && own.firstMissing !== undefined) throw missingNumber(name, own.firstMissing);
        learnt.push({ name, kind, missing: instead, categories: [] });
      }
    }
    return new TableEncoder({ columns: learnt, target: targetOf(owner, target, task, names, facts), unknown });
  }

  /**
   * An encoder from what `config()` gave.
   * @throws TypeError for what is no such thing.
   * @example
   * ```ts
   * const encoder = await TableEncoder.fit(csvRows("a,b\n1,x\n"));
   * const again = TableEncoder.fromConfig(JSON.parse(JSON.stringify(encoder.config())));
   * again.features; // ["a", "b=x"]
   * ```
   */
  static fromConfig(config: TableConfig): TableEncoder {
    const owner = "TableEncoder.fromConfig";
    const { columns, target, unknown } = fields(owner, "the configuration", config);
    oneOf(owner, "unknown", unknown, ["error", "ignore"]);
    for (const column of list(owner, "columns", columns)) {
      const { name, kind, missing, categories } = fields(owner, "a column", column);
      text(owner, "a column's name", name);
      oneOf(owner, "a column's kind", kind, ["number", "oneHot", "index"]);
      if (missing !== null) numeric(owner, "missing", missing);
      for (const category of list(owner, "categories", categories)) text(owner, "a category", category);
    }
    if (target !== null) {
      const { name, classes } = fields(owner, "target", target);
      text(owner, "target.name", name);
      if (classes !== null) for (const each of list(owner, "target.classes", classes)) text(owner, "a class", each);
    }
    return new TableEncoder({ columns, target, unknown });
  }

  /** What was learnt, as JSON: goes into a model's metadata, `saveModel(model, { table: JSON.stringify(encoder.config()) })`. */
  config(): TableConfig {
    return this.settings;
  }

  /**
   * A row as numbers.
   * @throws RangeError, with the line, for a missing or odd number, a category or class that is unknown, or a column that is not there.
   */
  encode(row: CsvRow): EncodedRow {
    const { names, values, line } = fields("TableEncoder.encode", "the row", row);
    if (this.places === undefined || this.places.names !== names) this.places = this.placesIn(names, values);
    const { columns, target } = this.places!;
    const x = new Float32Array(this.features.length);
    let at = 0;
    this.settings.columns.forEach(({ name, kind, missing, categories }, k) => {
      const value = values[columns[k]];
      const gone = MISSING.test(value);
      if (kind === "number") {
        if (gone && missing === null) throw missingNumber(name, line);
        const number = gone ? missing! : Number(value);
        if (!Number.isFinite(number))
          throw new RangeError(`line ${line}: ${name} is ${quote(value)}, which is no number`);
        x[at++] = number;
        return;
      }
      const number = this.numbers[k].get(gone ? "" : value.trim());
      if (number === undefined && this.settings.unknown === "error") throw strange(line, name, value, categories);
      if (kind === "index") x[at++] = number ?? categories.length;
      else {
        if (number !== undefined) x[at + number] = 1;
        at += categories.length;
      }
    });
    if (target < 0) return { x };
    return { x, y: this.targetValue(values[target], line) };
  }

  private targetValue(value: string, line: number): number {
    const { name, classes } = this.settings.target!;
    if (this.classNumbers === null) {
      const number = Number(value);
      if (MISSING.test(value)) throw missingNumber(name, line);
      if (!Number.isFinite(number))
        throw new RangeError(`line ${line}: ${name} is ${quote(value)}, which is no number`);
      return number;
    }
    const number = this.classNumbers.get(value.trim());
    if (number === undefined) throw strange(line, name, value, classes!);
    return number;
  }

  private placesIn(names: unknown, values: unknown): NonNullable<TableEncoder["places"]> {
    const owner = "TableEncoder.encode";
    const found = list(owner, "the row's names", names as readonly string[]);
    if (list(owner, "the row's values", values as readonly string[]).length !== found.length) {
      throw new RangeError(`${owner}: ${found.length} names of columns, but ${(values as unknown[]).length} values`);
    }
    const columns = this.settings.columns.map(({ name }) => {
      const place = found.indexOf(name);
      if (place < 0) throw new RangeError(`${owner}: the row has no column ${quote(name)}; it has ${shown(found)}`);
      return place;
    });
    // Rows to be predicted have none.
    return {
      names: found,
      columns,
      target: this.settings.target === null ? -1 : found.indexOf(this.settings.target.name),
    };
  }
}

function targetOf(
  owner: string,
  name: string | undefined,
  task: TableOptions["task"],
  names: readonly string[],
  facts: readonly ColumnFacts[],
): TableConfig["target"] {
  if (name === undefined) return null;
  const own = facts[names.indexOf(name)];
  if (own.firstMissing !== undefined) {
    throw new RangeError(
      `${owner}: line ${own.firstMissing}: the target ${quote(name)} is missing; leave the row out with filter`,
    );
  }
  const asClass = task === undefined ? !own.allNumbers || own.allWhole : task === "class";
  if (!asClass && !own.allNumbers)
    throw new TypeError(`${owner}: the target ${quote(name)} holds values that are no numbers`);
  return { name, classes: asClass ? own.categories(owner, name) : null };
}

function missingNumber(name: string, line: number): RangeError {
  return new RangeError(
    `line ${line}: ${name} is missing; say what stands for it, missing: "mean" or a number, or leave the row out with filter`,
  );
}

function strange(line: number, name: string, value: string, known: readonly string[]): RangeError {
  return new RangeError(
    `line ${line}: ${name} is ${quote(value)}, which is none of the ${known.length} known ones: ${shown(known)}`,
  );
}

function shown(names: readonly string[]): string {
  const first = names.slice(0, 12).map((name) => quote(name));
  return names.length > 12 ? `${first.join(", ")} and ${names.length - 12} more` : first.join(", ");
}
