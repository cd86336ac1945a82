// The wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding): a message is a row of fields, each a key (number and kind of coding)
// and a value. One description of a message (`Message`) serves reading and writing. Unknown fields are skipped; every length is checked before it is used.

import type { Bytes } from "../../../engine/dtype.ts";

/** What a field holds. `count` is an int64 or an enum that fits a JavaScript number; `int64` and `uint64` are exact, as bigints. */
export type FieldKind = "count" | "int64" | "uint64" | "int32" | "float" | "double" | "text" | "bytes";

/** A field of a message: its number, what it holds, and whether there may be several. Arrays of numbers are typed arrays, `packed` into one value when written. */
export interface Field {
  readonly number: number;
  readonly holds: FieldKind | (() => Message<object>);
  readonly many: boolean;
  /** Several numbers are written as one value; read either way. */
  readonly packed: boolean;
}

/** What a message is made of, by the names of its fields here. */
export interface Message<T extends object> {
  readonly name: string;
  readonly fields: { readonly [Name in keyof T]-?: Field };
}

/** A message as it may be given for writing: any field may be left out. */
export type Draft<T> = T extends ArrayBufferView | string | number | bigint | undefined
  ? T
  : T extends readonly (infer Element)[]
    ? readonly Draft<Element>[]
    : { readonly [Name in keyof T]?: Draft<T[Name]> };

/** One value. */
export function one<T extends object>(number: number, holds: FieldKind | (() => Message<T>)): Field {
  return { number, holds: holds as Field["holds"], many: false, packed: false };
}

/** Several values. */
export function many<T extends object>(number: number, holds: FieldKind | (() => Message<T>)): Field {
  return { number, holds: holds as Field["holds"], many: true, packed: false };
}

/** Several numbers, written as one value. */
export function packed(number: number, holds: FieldKind): Field {
  return { number, holds, many: true, packed: true };
}

/** Makes the error of a damaged file of what is wrong with it; of another one with the reason `why`. */
export type Damaged = (what: string, why?: string) => Error;

/** Messages within messages, at most: a file that nests deeper is made to break readers. */
const DEEPEST = 100;

const VARINT = 0;
const EIGHT = 1;
const LENGTH = 2;
const FOUR = 5;

type Numbers = Float32Array | Float64Array | Int32Array | BigInt64Array | BigUint64Array;

/** The typed array that several numbers of a kind become; null for kinds that become a plain array. */
function arrayOf(holds: Field["holds"], length: number): Numbers | null {
  switch (holds) {
    case "float":
      return new Float32Array(length);
    case "double":
      return new Float64Array(length);
    case "int32":
      return new Int32Array(length);
    case "int64":
      return new BigInt64Array(length);
    case "uint64":
      return new BigUint64Array(length);
    default:
      return null;
  }
}

/** Some of a field's numbers. */
type Piece = Numbers | number[] | bigint[];

function pieceList(pieces: Map<string, Piece[]>, name: string): Piece[] {
  let list = pieces.get(name);
  if (list === undefined) {
    list = [];
    pieces.set(name, list);
  }
  return list;
}

function joined(holds: Field["holds"], list: readonly Piece[]): Numbers | unknown[] {
  const numbers = arrayOf(
    holds,
    list.reduce((sum, { length }) => sum + length, 0),
  );
  if (numbers === null)
    return list.length === 1 && Array.isArray(list[0]) ? list[0] : list.flatMap((piece) => [...piece]);
  if (list.length === 1 && list[0].constructor === numbers.constructor) return list[0] as Numbers;
  let at = 0;
  for (const piece of list) {
    numbers.set(piece as never, at);
    at += piece.length;
  }
  return numbers;
}

function codingOf(holds: Field["holds"]): number {
  if (typeof holds === "function" || holds === "text" || holds === "bytes") return LENGTH;
  return holds === "float" ? FOUR : holds === "double" ? EIGHT : VARINT;
}

const byNumber = new WeakMap<Message<object>, Map<number, readonly [string, Field]>>();

function fieldsOf(message: Message<object>): Map<number, readonly [string, Field]> {
  let found = byNumber.get(message);
  if (found === undefined) {
    const entries = Object.entries<Field>(message.fields as Record<string, Field>);
    found = new Map(entries.map(([name, field]) => [field.number, [name, field] as const]));
    byNumber.set(message, found);
  }
  return found;
}

/**
 * Reads a message. Fields that are not there are undefined, or empty where there may be several; `bytes` are windows on the file's.
 * @throws what `damaged` makes of a value that ends after the message, is coded in another way than its field, or is no text.
 */
export function readMessage<T extends object>(message: Message<T>, bytes: Uint8Array, damaged: Damaged): T {
  return new Reader(bytes, damaged).message(message, 0, bytes.length, 0);
}

class Reader {
  private at = 0;
  private readonly view: DataView;
  private readonly decoder = new TextDecoder("utf-8", { fatal: true });

  constructor(
    private readonly bytes: Uint8Array,
    private readonly damaged: Damaged,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  message<T extends object>(message: Message<T>, start: number, end: number, depth: number): T {
    if (depth > DEEPEST) throw this.damaged(`its messages are nested more than ${DEEPEST} deep`);
    const read: Record<string, unknown> = {};
    const known = fieldsOf(message as unknown as Message<object>);
    for (const [name, field] of known.values()) {
      read[name] = field.many ? (arrayOf(field.holds, 0) ?? []) : undefined;
    }
    // A field's numbers may come one by one, in several packed values, or both: they are joined at the end, in one pass.
    const pieces = new Map<string, Piece[]>();
    this.at = start;
    while (this.at < end) {
      const key = Number(this.varint(end));
      const [number, coding] = [Math.floor(key / 8), key % 8];
      if (number === 0) throw this.damaged(`a field of number 0 at byte ${this.at}`);
      const found = known.get(number);
      if (found === undefined) {
        this.skip(coding, end);
        continue;
      }
      const [name, field] = found;
      const what = `${message.name}.${name}`;
      const wanted = codingOf(field.holds);
      if (field.many && coding === LENGTH && wanted !== LENGTH) {
        pieceList(pieces, name).push(this.several(field, end, what));
        continue;
      }
      if (coding !== wanted) throw this.damaged(`${what} is coded as ${coding}, not ${wanted}`);
      const value = this.value(field, end, depth, what);
      if (!field.many) read[name] = value;
      else if (wanted === LENGTH) (read[name] as unknown[]).push(value);
      else {
        const list = pieceList(pieces, name);
        const last = list.at(-1);
        if (Array.isArray(last)) last.push(value as never);
        else list.push([value as never]);
      }
    }
    for (const [name, list] of pieces) {
      read[name] = joined((message.fields as Record<string, Field>)[name].holds, list);
    }
    return read as T;
  }

  /** Numbers that were written as one value. */
  private several({ holds }: Field, end: number, what: string): Piece {
    const stop = this.length(end);
    const bytes = stop - this.at;
    const width = holds === "float" ? 4 : holds === "double" ? 8 : 0;
    let count = 0;
    if (width > 0) {
      if (bytes % width !== 0) throw this.damaged(`${what} has ${bytes} bytes, and its numbers take ${width} each`);
      count = bytes / width;
    } else for (let i = this.at; i < stop; i++) if (this.bytes[i] < 0x80) count += 1;
    const numbers: Piece = arrayOf(holds, count) ?? new Array<number>(count);
    for (let i = 0; this.at < stop; i++) numbers[i] = this.number(holds as FieldKind, stop, what) as never;
    return numbers;
  }

  private value({ holds }: Field, end: number, depth: number, what: string): unknown {
    if (typeof holds === "function") {
      const stop = this.length(end);
      const read = this.message(holds(), this.at, stop, depth + 1);
      this.at = stop;
      return read;
    }
    if (holds !== "text" && holds !== "bytes") return this.number(holds, end, what);
    const stop = this.length(end);
    const window = this.bytes.subarray(this.at, stop);
    this.at = stop;
    if (holds === "bytes") return window;
    try {
      return this.decoder.decode(window);
    } catch {
      throw this.damaged(`${what} is no text in UTF-8`);
    }
  }

  private number(holds: FieldKind, end: number, what: string): number | bigint {
    if (holds === "float" || holds === "double") {
      const width = holds === "float" ? 4 : 8;
      if (this.at + width > end) throw this.ends();
      const value = width === 4 ? this.view.getFloat32(this.at, true) : this.view.getFloat64(this.at, true);
      this.at += width;
      return value;
    }
    const value = this.varint(end);
    if (holds === "uint64") return BigInt.asUintN(64, BigInt(value));
    if (holds === "int64") return BigInt.asIntN(64, BigInt(value));
    if (holds === "int32") return typeof value === "number" ? value | 0 : Number(BigInt.asIntN(32, value));
    const count = typeof value === "number" ? value : Number(BigInt.asIntN(64, value));
    if (!Number.isSafeInteger(count)) throw this.damaged(`${what} is ${value}, beyond what a count can be`);
    return count;
  }

  /** An unsigned number in groups of seven bits: a bigint only where a number would not be exact. */
  private varint(end: number): number | bigint {
    let [value, factor] = [0, 1];
    const start = this.at;
    for (let i = 0; i < 7; i++) {
      if (this.at >= end) throw this.ends();
      const byte = this.bytes[this.at++];
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    let large = BigInt(value);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      if (this.at >= end) throw this.ends();
      const byte = this.bytes[this.at++];
      large |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, large);
    }
    throw this.damaged(`a number at byte ${start} has more than ten bytes`);
  }

  /** Where the value ends that begins here with its length. */
  private length(end: number): number {
    const length = Number(this.varint(end));
    const stop = this.at + length;
    if (stop > end) throw this.damaged(`a value of ${length} bytes at byte ${this.at}, and ${end - this.at} are left`);
    return stop;
  }

  private skip(coding: number, end: number): void {
    if (coding === VARINT) this.varint(end);
    else if (coding === LENGTH) this.at = this.length(end);
    else if (coding === EIGHT || coding === FOUR) {
      this.at += coding === EIGHT ? 8 : 4;
      if (this.at > end) throw this.ends();
    } else throw this.damaged(`a value coded as ${coding} at byte ${this.at}, which there is not`);
  }

  private ends(): Error {
    return this.damaged(`it ends in the middle of a value, at byte ${this.at}`);
  }
}

/** Writes a message: its fields in the order of their numbers, those that are undefined or empty left out. Equal messages give equal bytes. */
export function writeMessage<T extends object>(message: Message<T>, value: Draft<T>): Bytes {
  const parts = new Writer();
  parts.message(message as unknown as Message<object>, value as Readonly<Record<string, unknown>>);
  return parts.joined();
}

/** Bytes to come, in pieces: large values are not copied before the end. */
class Writer {
  private readonly pieces: Uint8Array[] = [];
  private small = new Uint8Array(256);
  private filled = 0;
  length = 0;

  message(message: Message<object>, value: Readonly<Record<string, unknown>>): void {
    const inOrder = [...fieldsOf(message)].sort(([a], [b]) => a - b);
    for (const [number, [name, field]] of inOrder) {
      const given = value[name];
      if (given === undefined) continue;
      const key = number * 8;
      if (!field.many) this.value(key, field.holds, given);
      else if (!field.packed) for (const each of given as Iterable<unknown>) this.value(key, field.holds, each);
      else if ((given as ArrayLike<unknown>).length > 0) {
        const inner = new Writer();
        for (const each of given as Iterable<number | bigint>) inner.number(field.holds as FieldKind, each);
        this.nested(key, inner);
      }
    }
  }

  private value(key: number, holds: Field["holds"], given: unknown): void {
    if (typeof holds === "function") {
      const inner = new Writer();
      inner.message(holds(), given as Readonly<Record<string, unknown>>);
      this.nested(key, inner);
    } else if (holds === "text" || holds === "bytes") {
      const bytes = holds === "text" ? new TextEncoder().encode(given as string) : (given as Uint8Array);
      this.varint(key + LENGTH);
      this.varint(bytes.length);
      this.piece(bytes);
    } else {
      this.varint(key + codingOf(holds));
      this.number(holds, given as number | bigint);
    }
  }

  private nested(key: number, inner: Writer): void {
    this.varint(key + LENGTH);
    this.varint(inner.length);
    inner.flush();
    for (const piece of inner.pieces) this.piece(piece);
  }

  private number(holds: FieldKind, value: number | bigint): void {
    if (holds === "float" || holds === "double") {
      const bytes = new Uint8Array(holds === "float" ? 4 : 8);
      const view = new DataView(bytes.buffer);
      if (holds === "float") view.setFloat32(0, value as number, true);
      else view.setFloat64(0, value as number, true);
      for (const byte of bytes) this.byte(byte);
    } else if (typeof value === "number" && value >= 0) this.varint(value);
    else this.large(BigInt.asUintN(64, BigInt(value)));
  }

  private varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  private large(value: bigint): void {
    let rest = value;
    while (rest >= 0x80n) {
      this.byte(Number(rest & 0x7fn) + 128);
      rest >>= 7n;
    }
    this.byte(Number(rest));
  }

  private byte(value: number): void {
    if (this.filled === this.small.length) {
      this.flush();
      this.small = new Uint8Array(4096);
    }
    this.small[this.filled++] = value;
    this.length += 1;
  }

  private piece(bytes: Uint8Array): void {
    if (bytes.length < 64) {
      for (const byte of bytes) this.byte(byte);
      return;
    }
    this.flush();
    this.pieces.push(bytes);
    this.length += bytes.length;
  }

  private flush(): void {
    if (this.filled > 0) this.pieces.push(this.small.subarray(0, this.filled));
    this.small = this.small.subarray(this.filled);
    this.filled = 0;
  }

  joined(): Bytes {
    this.flush();
    const whole = new Uint8Array(this.length);
    let at = 0;
    for (const piece of this.pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }
}
