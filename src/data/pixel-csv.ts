// Pictures in CSV, as Kaggle has MNIST: a line a picture, its label and then its pixels (`label,pixel0,...,pixel783`), with or without names.
import { instance, text } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import type { CsvRow } from "./csv.ts";
import { Dataset } from "./dataset/dataset.ts";
import { checkImageSet, type ImageSet } from "./image-set.ts";

/** Smallest side of a picture: fewer columns may be a table of anything. */
const LEAST_SIDE = 4;
/** Most bytes of pictures. */
const MOST_BYTES = 2 ** 30;
const ROWS_AT_A_TIME = 4096;

/** What the columns say: where the label stands (-1: nowhere), and the side of the square that the others are; undefined if they are no square. */
export function pixelColumns(row: CsvRow): { label: number; side: number } | undefined {
  const { names, values } = row;
  const named = names.findIndex((name) => /^(label|class|digit|y)$/i.test(name));
  const sideOf = (count: number): number => (Number.isInteger(Math.sqrt(count)) ? Math.sqrt(count) : 0);
  const pixels = (skip: number): boolean => values.every((value, k) => k === skip || isByte(value));
  const label = named >= 0 ? named : sideOf(values.length - 1) > 0 ? 0 : -1;
  const side = sideOf(values.length - (label >= 0 ? 1 : 0));
  return side >= LEAST_SIDE && pixels(label) ? { label, side } : undefined;
}

function isByte(text: string): boolean {
  const value = Number(text);
  return text.trim() !== "" && Number.isInteger(value) && value >= 0 && value <= 255;
}

/**
 * Pictures and their labels from rows of CSV, of which each is a picture: a label (in the column `label`, else the first) and the pixels of a square
 * picture, row by row, 0 to 255.
 * @param name what to call the rows in error messages, such as the file's path.
 * @throws Error, with the line, if the columns are no square picture with a label, or a value is no byte.
 * @example
 * ```ts
 * const pixels = new Array(16).fill(0);
 * const rows = csvRows(`label,${pixels.map((_, k) => `pixel${k}`).join()}\n7,${pixels.join()}\n`);
 * const { count, width, labels } = await imagesFromCsv(rows);
 * count; // 1
 * width; // 4
 * labels; // [7]
 * ```
 */
export async function imagesFromCsv(rows: Dataset<CsvRow>, name = "CSV"): Promise<ImageSet> {
  instance("imagesFromCsv", "the first argument", rows, Dataset, "a Dataset of CSV rows, csvRows(...)");
  text("imagesFromCsv", "name", name);
  const parts: { images: Uint8Array; labels: Uint8Array }[] = [];
  let form: { label: number; side: number } | undefined;
  let count = 0;
  let size = 0;
  for await (const row of rows) {
    form ??= formOf(row, name);
    size = form.side * form.side;
    const k = count % ROWS_AT_A_TIME;
    if (k === 0) {
      if (count * size > MOST_BYTES) throw new Error(`${name}: more than ${MOST_BYTES} bytes of pictures`);
      parts.push({ images: new Uint8Array(ROWS_AT_A_TIME * size), labels: new Uint8Array(ROWS_AT_A_TIME) });
    }
    const { images, labels } = parts.at(-1)!;
    let at = k * size;
    for (let column = 0; column < row.values.length; column++) {
      const value = byteAt(row, column, name);
      if (column === form.label) labels[k] = value;
      else images[at++] = value;
    }
    count += 1;
  }
  if (form === undefined) throw new Error(`${name}: holds no pictures, only names of columns`);
  const images = new Uint8Array(count * size);
  const labels = new Uint8Array(count);
  parts.forEach((part, k) => {
    const rest = Math.min(ROWS_AT_A_TIME, count - k * ROWS_AT_A_TIME);
    images.set(part.images.subarray(0, rest * size), k * ROWS_AT_A_TIME * size);
    labels.set(part.labels.subarray(0, rest), k * ROWS_AT_A_TIME);
  });
  const classes = labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  return checkImageSet({ images, labels, count, height: form.side, width: form.side, classes }, name);
}

function formOf(row: CsvRow, name: string): { label: number; side: number } {
  const form = pixelColumns(row);
  if (form === undefined || form.label < 0) {
    const what = form === undefined ? "are no label and the pixels of a square picture, 0 to 255" : "hold no label";
    throw new Error(`${name}, line ${row.line}: ${row.values.length} columns, which ${what}`);
  }
  return form;
}

function byteAt(row: CsvRow, column: number, name: string): number {
  const text = row.values[column];
  const value = Number(text);
  if (value >= 0 && value <= 255 && Number.isInteger(value) && text !== "") return value;
  throw new Error(
    `${name}, line ${row.line}: ${row.names[column]} is ${quote(text)}; pixels and labels must be whole numbers from 0 to 255`,
  );
}
