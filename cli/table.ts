// A table in CSV as samples: one column is the class to tell, the others become numbers of one scale.
import type { Samples } from "../src/data/batches.ts";
import type { CsvRow } from "../src/data/csv.ts";
import type { Dataset } from "../src/data/dataset/dataset.ts";
import { holdOut } from "../src/data/image-set.ts";
import { StandardScaler } from "../src/data/scalers.ts";
import { TableEncoder } from "../src/data/table-encoder.ts";
import { tensor } from "../src/tensor/create.ts";
import { keep, scope } from "../src/tensor/tensor.ts";
import { UserError } from "./errors.ts";

/** Share of each class that is kept for testing. */
export const TEST_SHARE = 0.2;
/** How columns become numbers. */
export const ENCODING = { task: "class", missing: "mean" } as const;
/** Bytes of numbers. */
const MOST_BYTES = 2 ** 30;

/** A table for training. */
export interface Table {
  train: Samples;
  test: Samples;
  inputs: number;
  classNames: readonly string[];
  notes: string[];
  /** What belongs into the model's file, so that new rows can be turned into the same numbers. */
  metadata: Record<string, string>;
}

/** The column that is told: the one asked for, one whose name says so, or the last. */
export async function targetOf(rows: Dataset<CsvRow>, path: string, label: string | undefined): Promise<string> {
  const [first] = await rows.take(1).toArray();
  if (first === undefined) throw new UserError(`${path}: holds names of columns and no rows`);
  if (label === undefined)
    return first.names.find((name) => /^(label|class|target|species|y)$/i.test(name)) ?? first.names.at(-1)!;
  if (first.names.includes(label)) return label;
  throw new UserError(`${path}: there is no column ${label}; there are ${first.names.slice(0, 20).join(", ")}`);
}

/** Reads a table. @throws Error naming file, line and column. */
export async function loadTable(rows: Dataset<CsvRow>, path: string, label: string | undefined): Promise<Table> {
  const target = await targetOf(rows, path, label);
  let encoder: TableEncoder;
  const x: Float32Array[] = [];
  const y: number[] = [];
  try {
    encoder = await TableEncoder.fit(rows, { target, ...ENCODING });
    const inputs = encoder.features.length;
    for await (const row of rows) {
      const encoded = encoder.encode(row);
      x.push(encoded.x);
      y.push(encoded.y!);
      if (x.length * inputs * 4 > MOST_BYTES) throw new Error(`more than ${MOST_BYTES} bytes of numbers`);
    }
  } catch (error) {
    const { message } = error as Error;
    throw new UserError(message.includes(path) ? message : `${path}: ${message}`, { cause: error });
  }
  const classNames = encoder.classNames ?? [];
  const inputs = encoder.features.length;
  if (classNames.length < 2)
    throw new UserError(`${path}: column ${target} has one value only, ${classNames[0]}; name another with --label`);
  if (inputs === 0) throw new UserError(`${path}: there is no column beside ${target} to tell it by`);
  const numbers = holdOut(y, TEST_SHARE, path);
  const part = (chosen: readonly number[]): Samples => {
    const values = new Float32Array(chosen.length * inputs);
    chosen.forEach((row, k) => {
      values.set(x[row], k * inputs);
    });
    return {
      x: tensor(values, { shape: [chosen.length, inputs] }),
      y: tensor(Int32Array.from(chosen, (row) => y[row])),
    };
  };
  const scaler = new StandardScaler();
  const [train, test] = keep(
    scope(() =>
      [part(numbers.train), part(numbers.test)].map((samples, k) => {
        if (k === 0) scaler.fit(samples.x);
        return { x: scaler.transform(samples.x), y: samples.y };
      }),
    ),
  );
  const notes = [
    `The class to tell is the column ${target}: ${classNames.slice(0, 10).join(", ")}${classNames.length > 10 ? ", ..." : ""}; ${inputs} numbers tell it, scaled to mean 0 and deviation 1.`,
    `${numbers.test.length} of ${y.length} rows, the same share of every class, are kept for testing.`,
  ];
  const metadata = { table: JSON.stringify(encoder.config()), scaler: JSON.stringify(scaler.config()) };
  return { train, test, inputs, classNames, notes, metadata };
}
