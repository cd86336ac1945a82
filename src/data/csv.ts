// CSV, text in rows and columns: fields between delimiters, in quotes where they hold delimiters, line breaks or (doubled) quotes. Read as a stream: no
// more than a record is held, and a record has an end, so that a quote that is never closed can't fill memory.
// Why not a library: papaparse streams only what it fetches itself, csv-parse brings Node's streams and buffers into the browser, and neither
// tells the line on which a record with line breaks in its fields begins; a number's way from text to tensor is ours anyway.
// Source: RFC 4180.
import { flag, knownOptions, list, positive, text } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import { Dataset } from "./dataset/dataset.ts";
import type { AnyIterable } from "./dataset/sources.ts";
import { refuseLfsPointer } from "./lfs.ts";

/** How CSV is written. */
export interface CsvOptions {
  /** What stands between fields, one character. Default: of comma, semicolon, tab and | the one that stands most often in the first line. */
  readonly delimiter?: string;
  /** Whether the first line names the columns, or the names of a file without such a line; default true. Without names they are "0", "1", ... */
  readonly header?: boolean | readonly string[];
  /** What bytes are text in: "utf-8" (default), "gbk", "shift_jis", "windows-1252" and what else `TextDecoder` knows. */
  readonly encoding?: string;
  /** Characters in a record at most; default 16 Mi. */
  readonly maxRecord?: number;
  /** What to call the text in errors, such as the file's path; default "CSV". */
  readonly name?: string;
}

/** A record of a CSV file. */
export interface CsvRow {
  /** The columns' names, the same array for all rows. */
  readonly names: readonly string[];
  readonly values: readonly string[];
  /** Line on which the record begins, from 1. */
  readonly line: number;
}

/** Text in pieces, or bytes. */
export type TextChunks = AnyIterable<string | Uint8Array>;

const MOST_CHARACTERS = 2 ** 24;
const DEFAULT_ENCODING = "utf-8";
const DELIMITERS = [",", ";", "\t", "|"];
const QUOTE = 34;
const NEWLINE = 10;
const RETURN = 13;

interface RawRecord {
  values: string[];
  line: number;
}

/** Cuts text that comes in pieces into records. */
export class CsvTokenizer {
  private values: string[] = [];
  private field = "";
  private state: "start" | "plain" | "quoted" | "closed" = "start";
  private line = 1;
  private begun = 1;
  private length = 0;
  private afterReturn = false;

  constructor(
    private readonly delimiter: string,
    private readonly name: string,
    private readonly most: number,
  ) {}

  private fail(line: number, what: string): Error {
    return new Error(`${this.name}, line ${line}: ${what}`);
  }

  /** The records that end in this piece. */
  push(piece: string): RawRecord[] {
    const records: RawRecord[] = [];
    const delimiter = this.delimiter.charCodeAt(0);
    let at = 0;
    while (at < piece.length) {
      const from = at;
      if (this.state === "quoted") {
        const end = piece.indexOf('"', at);
        at = end < 0 ? piece.length : end;
        this.take(piece, from, at);
        this.countLines(piece, from, at);
        if (end >= 0) {
          this.state = "closed";
          this.afterReturn = false;
          at += 1;
        }
        continue;
      }
      let code = piece.charCodeAt(at);
      if (code === NEWLINE && this.afterReturn) {
        this.afterReturn = false;
        at += 1;
        continue;
      }
      this.afterReturn = false;
      if (this.state === "closed" && code === QUOTE) {
        // A doubled quote stands for one.
        this.take('"', 0, 1);
        this.state = "quoted";
        at += 1;
        continue;
      }
      if (this.state === "start" && code === QUOTE) {
        this.state = "quoted";
        at += 1;
        continue;
      }
      while (code !== delimiter && code !== NEWLINE && code !== RETURN) {
        if (++at === piece.length) break;
        code = piece.charCodeAt(at);
      }
      if (at > from) {
        if (this.state === "closed") {
          throw this.fail(
            this.line,
            `${quote(piece.slice(from, at))} follows a closing quote; a quote within a field in quotes is doubled`,
          );
        }
        this.take(piece, from, at);
        this.state = "plain";
      }
      if (at === piece.length) break;
      at += 1;
      if (code === delimiter) {
        this.endField();
        this.length += 1;
        continue;
      }
      this.endRecord(records);
      this.line += 1;
      this.begun = this.line;
      this.afterReturn = code === RETURN;
    }
    return records;
  }

  /** The last record, where no line break ends it. */
  end(): RawRecord[] {
    if (this.state === "quoted") throw this.fail(this.begun, "a quote that is opened in this record is never closed");
    const records: RawRecord[] = [];
    this.endRecord(records);
    return records;
  }

  private take(piece: string, from: number, to: number): void {
    this.length += to - from;
    if (this.length > this.most) {
      throw this.fail(
        this.begun,
        `a record longer than ${this.most} characters; is a quote not closed? Set maxRecord to read longer ones`,
      );
    }
    this.field = this.field === "" ? piece.slice(from, to) : this.field + piece.slice(from, to);
  }

  private countLines(piece: string, from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const code = piece.charCodeAt(at);
      if (code === RETURN || (code === NEWLINE && !this.afterReturn)) this.line += 1;
      this.afterReturn = code === RETURN;
    }
  }

  private endField(): void {
    this.values.push(this.field);
    this.field = "";
    this.state = "start";
  }

  /** An empty line is no record. */
  private endRecord(records: RawRecord[]): void {
    const empty = this.values.length === 0 && this.field === "" && this.state !== "closed";
    this.endField();
    if (!empty) records.push({ values: this.values, line: this.begun });
    this.values = [];
    this.length = 0;
  }
}

/** Pieces of text, decoded where they are bytes, without the mark that some programs write first. */
async function* decoded(chunks: TextChunks, name: string, encoding: string): AsyncGenerator<string> {
  const iterable = chunks as unknown as Partial<AsyncIterable<string> & Iterable<string>> | null | undefined;
  if (!iterable?.[Symbol.asyncIterator] && !iterable?.[Symbol.iterator]) {
    throw new TypeError(`${name}: the function that opens CSV must give its pieces, got ${quote(chunks)}`);
  }
  const decoder = new TextDecoder(encoding, { fatal: true });
  const decode = (...given: Parameters<TextDecoder["decode"]>): string => {
    try {
      return decoder.decode(...given);
    } catch (cause) {
      throw new Error(
        `${name}: holds bytes that are no text in ${encoding}; save it as UTF-8, or set encoding to what it is written in, such as "gbk"`,
        { cause },
      );
    }
  };
  let first = true;
  for await (const chunk of chunks as AsyncIterable<string | Uint8Array>) {
    if (typeof chunk !== "string" && !(chunk instanceof Uint8Array)) {
      throw new TypeError(`${name}: CSV comes as pieces of text or bytes, got ${quote(chunk)}`);
    }
    if (chunk.length === 0) continue;
    if (first) checkText(chunk, name, encoding);
    let piece = typeof chunk === "string" ? chunk : decode(chunk, { stream: true });
    if (first && piece.startsWith("\ufeff")) piece = piece.slice(1);
    first = false;
    if (piece.includes("\0")) throw new Error(`${name}: holds zero bytes, so it is no text; save it as CSV in UTF-8`);
    if (piece !== "") yield piece;
  }
  const rest = decode();
  if (rest !== "") yield rest;
}

/** Says what is no text, where its first bytes tell. */
function checkText(chunk: string | Uint8Array, name: string, encoding: string): void {
  if (typeof chunk === "string") return;
  refuseLfsPointer(name, chunk);
  const [a, b] = chunk;
  if (a === 0x50 && b === 0x4b)
    throw new Error(`${name}: is a ZIP archive or a spreadsheet; unpack it, or save it as CSV`);
  const marked = (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff);
  if (marked && encoding === DEFAULT_ENCODING) throw new Error(`${name}: is UTF-16; save it as UTF-8`);
  if (a === 0x1f && b === 0x8b) throw new Error(`${name}: is compressed with gzip; decompress it first`);
}

/** The delimiter that stands most often in the first line, outside of quotes. */
function delimiterOf(start: string): string {
  const [line] = start.replace(/"[^"]*"/g, "").split(/[\r\n]/, 1);
  const count = (delimiter: string): number => line.split(delimiter).length;
  return DELIMITERS.reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best));
}

const OPTIONS = ["delimiter", "encoding", "header", "maxRecord", "name"];

/** Throws for options that are none. */
export function checkCsvOptions(owner: string, options: CsvOptions): void {
  const { delimiter, encoding, header, maxRecord, name } = knownOptions(owner, options, OPTIONS);
  if (
    delimiter !== undefined &&
    (typeof delimiter !== "string" || delimiter.length !== 1 || '"\r\n'.includes(delimiter))
  ) {
    throw new TypeError(
      `${owner}: delimiter must be one character, and no quote or line break, got ${quote(delimiter)}`,
    );
  }
  if (encoding !== undefined) {
    try {
      new TextDecoder(text(owner, "encoding", encoding));
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      const known = '"utf-8", "gbk", "gb18030", "big5", "shift_jis", "euc-kr", "windows-1252", "utf-16le"';
      throw new RangeError(
        `${owner}: encoding must be one that is known here, such as ${known}; got ${quote(encoding)}`,
        {
          cause,
        },
      );
    }
  }
  if (Array.isArray(header))
    for (const column of list(owner, "header", header)) text(owner, "a name in header", column);
  else if (header !== undefined) flag(owner, "header", header as boolean);
  if (maxRecord !== undefined) positive(owner, "maxRecord", maxRecord);
  if (name !== undefined) text(owner, "name", name);
}

/** The rows of CSV that comes in pieces. */
export async function* rowsOfCsv(chunks: TextChunks, options: CsvOptions): AsyncGenerator<CsvRow> {
  const { header = true, maxRecord = MOST_CHARACTERS, name = "CSV", encoding = DEFAULT_ENCODING } = options;
  let tokenizer: CsvTokenizer | undefined;
  let names = Array.isArray(header) ? (header as readonly string[]) : undefined;
  let width = names?.length;
  const checked = function* (records: readonly RawRecord[]): Generator<CsvRow> {
    for (const { values, line } of records) {
      if (width === undefined) width = values.length;
      else if (values.length !== width) {
        throw new Error(
          `${name}, line ${line}: ${values.length} field${values.length === 1 ? "" : "s"}, but there are ${width} columns; ` +
            "a field that holds the delimiter must stand in quotes",
        );
      }
      if (names !== undefined) yield { names, values, line };
      else if (header === true) names = uniqueNames(values, name);
      else {
        names = values.map((_, k) => String(k));
        yield { names, values, line };
      }
    }
  };
  for await (const piece of decoded(chunks, name, encoding)) {
    tokenizer ??= new CsvTokenizer(options.delimiter ?? delimiterOf(piece), name, maxRecord);
    yield* checked(tokenizer.push(piece));
  }
  if (tokenizer !== undefined) yield* checked(tokenizer.end());
  if (width === undefined) throw new Error(`${name}: holds no text`);
}

function uniqueNames(values: readonly string[], name: string): string[] {
  const names = values.map((value) => value.trim());
  const twice = names.find((column, k) => names.indexOf(column) !== k);
  if (twice !== undefined) {
    throw new Error(
      `${name}, line 1: two columns are called ${quote(twice)}; if the first line holds data and no names, set header to false`,
    );
  }
  return names;
}

/**
 * The rows of CSV text, one after the other; only a record at a time is held. Empty lines are left out. Names of columns come from the first line, unless
 * `header` says otherwise.
 * @param source the text, or a function that opens its pieces, text or bytes, for every pass.
 * @throws TypeError for options that are none; later an Error, with the line, for a row that has more or fewer fields than there are columns, a quote
 * that is never closed, text behind a closing quote, a record that is too long, or what is no text in the encoding.
 * @example
 * ```ts
 * const rows = csvRows('name,says\ncat,"a ""meow"""\n');
 * (await rows.toArray())[0].values; // ["cat", 'a "meow"']
 * ```
 */
export function csvRows(
  source: string | (() => TextChunks | Promise<TextChunks>),
  options: CsvOptions = {},
): Dataset<CsvRow> {
  checkCsvOptions("csvRows", options);
  if (typeof source !== "string" && typeof source !== "function") {
    throw new TypeError(`csvRows: needs CSV text, or a function that opens its pieces, got ${quote(source)}`);
  }
  return Dataset.from(async () => rowsOfCsv(typeof source === "string" ? [source] : await source(), options));
}
