// A reader's own table as points: two columns of numbers and one that says the class, or the value to learn. Columns are brought to the plane's
// range, and what was done is said.
import { csvRows } from "../../../src/data/csv.ts";
import { EDGE, MOST_CLASSES, type Point, type Problem } from "./points.ts";

export interface TablePoints {
  readonly points: Point[];
  /** Names of the classes, in the order of their numbers; empty for values. */
  readonly classes: string[];
  readonly columns: readonly string[];
}

/** What a table lacks, in both languages. */
export class TableError extends Error {
  override readonly name = "TableError";
  readonly says: { readonly en: string; readonly zh: string };
  constructor(en: string, zh: string) {
    super(en);
    this.says = { en, zh };
  }
}

/** They all stand in the address. */
export const MOST_POINTS = 5000;

/**
 * `file`: bytes, of which the reader tells what is no text, or text.
 * @throws TableError that says what the table lacks; Error where it can't be read as one
 */
export async function pointsFromCsv(file: string | Uint8Array, problem: Problem): Promise<TablePoints> {
  const rows: Record<string, string>[] = [];
  for await (const { names, values } of csvRows(() => [file], { encoding: encodingOf(file) })) {
    rows.push(Object.fromEntries(names.map((name, i) => [name, values[i]])));
  }
  if (rows.length === 0) throw new TableError("the table has no rows", "表中没有数据行");
  if (rows.length > MOST_POINTS)
    throw new TableError(
      `the table has ${rows.length} rows; ${MOST_POINTS} can be shown`,
      `表有 ${rows.length} 行，最多可显示 ${MOST_POINTS} 行`,
    );
  const columns = Object.keys(rows[0]);
  if (columns.length < 3)
    throw new TableError(
      `three columns are needed, two of numbers and one for the ${problem === "classes" ? "class" : "value"}; there are ${columns.length}`,
      `需要三列：两列数字，一列${problem === "classes" ? "类别" : "数值"}；表中有 ${columns.length} 列`,
    );
  const numeric = columns.filter((column) =>
    rows.every((row) => row[column].trim() !== "" && Number.isFinite(Number(row[column]))),
  );
  const target = columns[columns.length - 1];
  const inputs = numeric.filter((column) => column !== target).slice(0, 2);
  if (inputs.length < 2)
    throw new TableError(
      `two columns of numbers are needed beside "${target}"; there ${inputs.length === 1 ? "is one" : "is none"}`,
      `除“${target}”外还需要两列数字，表中${inputs.length === 1 ? "只有一列" : "没有"}`,
    );
  const scaled = inputs.map((column) =>
    scale(
      rows.map((row) => Number(row[column])),
      EDGE * 0.9,
    ),
  );
  if (problem === "values") {
    if (!numeric.includes(target))
      throw new TableError(`the last column, "${target}", must hold numbers`, `最后一列“${target}”必须是数字`);
    const values = scale(
      rows.map((row) => Number(row[target])),
      1,
    );
    return {
      points: rows.map((_, i) => ({ x: scaled[0][i], y: scaled[1][i], label: values[i] })),
      classes: [],
      columns: [...inputs, target],
    };
  }
  const classes = [...new Set(rows.map((row) => row[target].trim()))].sort();
  if (classes.length < 2)
    throw new TableError(`the last column, "${target}", holds one class only`, `最后一列“${target}”只有一个类别`);
  if (classes.length > MOST_CLASSES)
    throw new TableError(
      `the last column, "${target}", holds ${classes.length} different entries; up to ${MOST_CLASSES} classes can be told apart`,
      `最后一列“${target}”有 ${classes.length} 种取值，最多可区分 ${MOST_CLASSES} 个类别`,
    );
  return {
    points: rows.map((row, i) => ({ x: scaled[0][i], y: scaled[1][i], label: classes.indexOf(row[target].trim()) })),
    classes,
    columns: [...inputs, target],
  };
}

/** Spreadsheets write a table in UTF-8, or, on a Chinese system, in GBK, of which GB 18030 knows more characters. */
function encodingOf(file: string | Uint8Array): string {
  if (typeof file === "string") return "utf-8";
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(file);
    return "utf-8";
  } catch {
    // What begins with UTF-16's mark is left to the reader, which names it.
    return file[0] >= 0xfe ? "utf-8" : "gb18030";
  }
}

/** To the range from -edge to edge; a column of one value lies at 0. */
function scale(values: readonly number[], edge: number): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return values.map((value) => (high === low ? 0 : edge * (-1 + (2 * (value - low)) / (high - low))));
}
