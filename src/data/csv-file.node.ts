// CSV files on disk, plain or compressed, read piece by piece.
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { text } from "../engine/checks.ts";
import { type CsvOptions, type CsvRow, checkCsvOptions, rowsOfCsv } from "./csv.ts";
import { Dataset } from "./dataset/dataset.ts";
import { errorCode, explain, nameOf } from "./file.node.ts";

/**
 * The rows of a CSV file, plain or compressed with gzip, as `csvRows` gives them; the file is read piece by piece, anew for every pass.
 * @throws TypeError for options that are none; later an Error, with file and line, as `csvRows`, or if the file can't be read.
 * @example
 * ```ts
 * const first = async (path: string) => (await csvFileRows(path).take(1).toArray())[0];
 * ```
 */
export function csvFileRows(path: string, options: CsvOptions = {}): Dataset<CsvRow> {
  text("csvFileRows", "the path", path);
  checkCsvOptions("csvFileRows", options);
  return Dataset.from(() => rowsOfCsv(bytesOf(path), { ...options, name: options.name ?? path }));
}

/** The bytes of a regular file, decompressed, in pieces. */
async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  const packed = await startsAsGzip(path);
  const file = createReadStream(path);
  const stream = packed ? file.pipe(createGunzip()) : file;
  // What goes wrong with the file goes on to whoever reads what comes of it.
  if (packed) file.on("error", (error) => stream.destroy(error));
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) yield chunk;
  } catch (error) {
    if (errorCode(error)?.startsWith("Z_")) {
      throw new Error(`${path}: damaged or incomplete gzip data (${(error as Error).message}); fetch the file again`);
    }
    throw errorCode(error) === undefined ? error : new Error(`${nameOf(path)}: ${explain(error)}`, { cause: error });
  } finally {
    stream.destroy();
    file.destroy();
  }
}

async function startsAsGzip(path: string): Promise<boolean> {
  try {
    const status = await stat(path);
    if (!status.isFile()) {
      throw new Error(
        status.isDirectory() ? "is a folder, not a file" : "is no regular file; give a file that has an end",
      );
    }
    const file = await open(path);
    try {
      const start = new Uint8Array(2);
      const { bytesRead } = await file.read(start, 0, 2, 0);
      return bytesRead === 2 && start[0] === 0x1f && start[1] === 0x8b;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new Error(`${nameOf(path)}: ${explain(error)}`, { cause: error });
  }
}
