// The figures of every epoch as lines of a table, for spreadsheets and plots.
import { callable, knownOptions } from "../engine/checks.ts";
import type { Callback, EpochRecord } from "./history.ts";

/** What `csvLog` takes. */
export interface CsvLogOptions {
  /** Takes each line, without its end; may wait, as for a file. */
  write: (line: string) => void | Promise<void>;
}

/** A field: in quotes where it holds what separates fields (RFC 4180). */
function field(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The figures in their order, those of heads and metrics by their names. */
function figuresOf(record: EpochRecord): [string, number][] {
  return Object.entries(record).flatMap(([name, value]): [string, number][] => {
    if (typeof value === "number") return [[name, value]];
    const prefix = name === "metrics" ? "metrics." : "";
    return Object.entries(value as Record<string, number>).map(([key, figure]) => [`${prefix}${key}`, figure]);
  });
}

/**
 * A callback that writes a line of comma-separated figures an epoch, after a line with their names. A run that goes on (`records`) goes on
 * with its table, without the names.
 * @throws TypeError if `write` is no function, or for options that there are not.
 * @example
 * ```ts
 * const lines: string[] = [];
 * const model = new Sequential([new Dense(1, { weights: "ones" })], { inputShape: [1] });
 * const data = { x: tensor([[1], [2]]), y: tensor([[1], [3]]) };
 * const callbacks = [csvLog({ write: (line) => void lines.push(line) })];
 * await fit(model, data, { epochs: 2, loss: "meanSquaredError", learningRate: 0, callbacks });
 * lines[0]; // "epoch,loss,learningRate,seconds,samplesPerSecond"
 * lines[2].slice(0, 6); // "2,0.5,"
 * ```
 */
export function csvLog(options: CsvLogOptions): Callback {
  const owner = "csvLog";
  knownOptions(owner, options, ["write"]);
  const write = callable(owner, "write", options.write);
  let names: string[] | undefined;
  return {
    onStart({ history }) {
      const last = history.epochs.at(-1);
      names = last === undefined ? undefined : figuresOf(last).map(([name]) => name);
    },
    async onEpochEnd(record) {
      const figures = new Map(figuresOf(record));
      if (names === undefined) {
        names = [...figures.keys()];
        await write(names.map(field).join(","));
      }
      await write(names.map((name) => field(figures.get(name) ?? "")).join(","));
    },
  };
}
