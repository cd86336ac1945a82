// A reader's own table as points: two columns of numbers and one that says the class, or the value to learn. Columns are brought to the plane's
// range, and what was done is said.
import { csvRows } from "../../../src/data/csv.ts";
import { EDGE, type Point, type Problem } from "./points.ts";

export interface TablePoints {
  readonly points: Point[];
  /** Names of the classes, in the order of their numbers; empty for values. */
  readonly classes: string[];
  readonly columns: readonly string[];
}

export const MOST_POINTS = 1000;
export const MOST_CLASSES = 8;

/** @throws Error that says what the table lacks */
export async function pointsFromCsv(text: string, problem: Problem): Promise<TablePoints> {
  const rows: Record<string, string>[] = [];
  for await (const { names, values } of csvRows(text)) {
    rows.push(Object.fromEntries(names.map((name, i) => [name, values[i]])));
  }
  if (rows.length === 0) throw new Error("the table has no rows");
  if (rows.length > MOST_POINTS) throw new Error(`the table has ${rows.length} rows; ${MOST_POINTS} can be shown`);
  const columns = Object.keys(rows[0]);
  if (columns.length < 3)
    throw new Error(
      `three columns are needed, two of numbers and one for the ${problem === "classes" ? "class" : "value"}; there are ${columns.length}`,
    );
  const numeric = columns.filter((column) =>
    rows.every((row) => row[column].trim() !== "" && Number.isFinite(Number(row[column]))),
  );
  const target = columns[columns.length - 1];
  const inputs = numeric.filter((column) => column !== target).slice(0, 2);
  if (inputs.length < 2)
    throw new Error(
      `two columns of numbers are needed beside "${target}"; there ${inputs.length === 1 ? "is one" : "is none"}`,
    );
  const scaled = inputs.map((column) =>
    scale(
      rows.map((row) => Number(row[column])),
      EDGE * 0.9,
    ),
  );
  if (problem === "values") {
    if (!numeric.includes(target)) throw new Error(`the last column, "${target}", must hold numbers`);
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
  if (classes.length < 2) throw new Error(`the last column, "${target}", holds one class only`);
  if (classes.length > MOST_CLASSES)
    throw new Error(
      `the last column, "${target}", holds ${classes.length} different entries; up to ${MOST_CLASSES} classes can be told apart`,
    );
  return {
    points: rows.map((row, i) => ({ x: scaled[0][i], y: scaled[1][i], label: classes.indexOf(row[target].trim()) })),
    classes,
    columns: [...inputs, target],
  };
}

/** To the range from -edge to edge; a column of one value lies at 0. */
function scale(values: readonly number[], edge: number): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return values.map((value) => (high === low ? 0 : edge * (-1 + (2 * (value - low)) / (high - low))));
}
