// Zip archives as npz, PyTorch and Keras have them: stored or deflated entries, with 64-bit sizes where wanted. Written here and not taken from a library because an
// archive comes from anywhere: every size is compared with the bytes that are there before memory is reserved, entries may not overlap, checksums are
// compared, and what is written depends on nothing but the contents.
// Source: APPNOTE.TXT 6.3.10, PKWARE 2022.
import { deflateSync, Inflate } from "fflate";
import type { Bytes } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import { crc32 } from "./crc32.ts";

/** Makes an error of what is wrong. */
export type Damaged = (what: string) => Error;

/** An entry of an archive. */
export interface ZipEntry {
  readonly name: string;
  /** Whether it is deflated; else it is stored. */
  readonly deflated: boolean;
  /** Bytes of the entry. */
  readonly size: number;
  readonly crc: number;
  /** Its bytes in the archive. */
  readonly start: number;
  readonly stop: number;
}

/** Deflate makes no more than this many bytes of one. */
const MOST_INFLATION = 1032;
/** An archive that holds less than this share of what it unpacks to is taken for one that is made to fill memory, from `FREE_SIZE` on. */
const PLAUSIBLE_INFLATION = 64;
const FREE_SIZE = 128 * 2 ** 20;
const MOST_ENTRIES = 100_000;
/** An end record and the longest comment. */
const LONGEST_END = 22 + 65535;
const [LOCAL, CENTRAL, END, END64, LOCATOR64] = [0x04034b50, 0x02014b50, 0x06054b50, 0x06064b50, 0x07064b50];
const ZIP64 = 1;
const FULL16 = 0xffff;
const FULL32 = 0xffffffff;

/** Whether bytes begin as archives do, an empty one included. */
export function isZip(bytes: Uint8Array): boolean {
  return (
    bytes[0] === 0x50 && bytes[1] === 0x4b && ((bytes[2] === 3 && bytes[3] === 4) || (bytes[2] === 5 && bytes[3] === 6))
  );
}

/**
 * The entries of an archive, in the order of its directory.
 * @param maxBytes most that all may unpack to; default what is plausible for the archive's length.
 * @throws what `damaged` makes of what is wrong: no directory, entries outside the archive or on one another, encryption, two of one name.
 */
export function zipEntries(bytes: Uint8Array, damaged: Damaged, maxBytes?: number): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const directory = directoryOf(view, damaged);
  const entries: (ZipEntry & { from: number })[] = [];
  const names = new Set<string>();
  let at = directory.start;
  for (let k = 0; k < directory.count; k++) {
    if (at + 46 > directory.stop || view.getUint32(at, true) !== CENTRAL)
      throw damaged(`its directory ends at entry ${k} of ${directory.count}`);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((place) => view.getUint16(at + place, true));
    const stop = at + 46 + nameLength + extraLength + commentLength;
    if (stop > directory.stop) throw damaged(`its directory ends at entry ${k} of ${directory.count}`);
    const name = textOf(bytes.subarray(at + 46, at + 46 + nameLength));
    const entry = `entry ${quote(name)}`;
    const flags = view.getUint16(at + 8, true);
    const method = view.getUint16(at + 10, true);
    if (flags & 1) throw damaged(`${entry} is encrypted, which is not supported`);
    if (method !== 0 && method !== 8)
      throw damaged(`${entry} is compressed by method ${method}; only stored and deflated ones are supported`);
    const places = sizesOf(view, at, at + 46 + nameLength, extraLength, (what) => damaged(`${entry}: ${what}`));
    if (names.has(name)) throw damaged(`two entries are called ${quote(name)}`);
    names.add(name);
    // Sizes in the local header are not looked at: NumPy has them in 64 bits there and in 32 here, and writers of streams have none there.
    const { from, packed, size } = places;
    if (from + 30 > directory.start || view.getUint32(from, true) !== LOCAL)
      throw damaged(`${entry} does not begin where the directory says`);
    const start = from + 30 + view.getUint16(from + 26, true) + view.getUint16(from + 28, true);
    if (start + packed > directory.start) throw damaged(`${entry} of ${packed} bytes ends outside the archive`);
    const localName = textOf(bytes.subarray(from + 30, from + 30 + view.getUint16(from + 26, true)));
    if (localName !== name) throw damaged(`${entry} is called ${quote(localName)} where it stands`);
    if (method === 0 && size !== packed)
      throw damaged(`${entry} is stored in ${packed} bytes, and should hold ${size}`);
    if (size > packed * MOST_INFLATION)
      throw damaged(`${entry} should hold ${size} bytes, more than the ${packed} compressed ones can`);
    entries.push({
      name,
      deflated: method === 8,
      size,
      crc: view.getUint32(at + 16, true),
      from,
      start,
      stop: start + packed,
    });
    at = stop;
  }
  let covered = 0;
  for (const { name, from, stop } of [...entries].sort((a, b) => a.from - b.from)) {
    if (from < covered) throw damaged(`entry ${quote(name)} lies on the one before`);
    covered = stop;
  }
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  const most = maxBytes ?? Math.max(FREE_SIZE, PLAUSIBLE_INFLATION * bytes.length);
  if (total > most) {
    const remedy = maxBytes === undefined ? "give maxBytes if that is right" : "give a larger maxBytes";
    throw damaged(`its entries unpack to ${total} bytes, and at most ${most} are unpacked; ${remedy}`);
  }
  return entries;
}

/** Where the directory stands, and how many entries it has. */
function directoryOf(view: DataView, damaged: Damaged): { start: number; stop: number; count: number } {
  const end = endOf(view);
  if (end === undefined) throw damaged("no zip directory at its end; it is cut off or no zip archive");
  if (view.getUint16(end + 4, true) % FULL16 !== 0 || view.getUint16(end + 6, true) % FULL16 !== 0) {
    throw damaged("a part of an archive of several files");
  }
  let [count, length, start] = [
    view.getUint16(end + 10, true),
    view.getUint32(end + 12, true),
    view.getUint32(end + 16, true),
  ];
  let stop = end;
  if (count === FULL16 || length === FULL32 || start === FULL32) {
    const locator = end - 20;
    if (locator >= 0 && view.getUint32(locator, true) === LOCATOR64) {
      const record = number64(view, locator + 8);
      if (!(record + 56 <= locator) || view.getUint32(record, true) !== END64)
        throw damaged("its 64-bit end record is not where it should be");
      [count, length, start] = [number64(view, record + 32), number64(view, record + 40), number64(view, record + 48)];
      stop = record;
    }
  }
  if (count > MOST_ENTRIES) throw damaged(`${count} entries, and at most ${MOST_ENTRIES} are read`);
  if (!(start + length <= stop)) throw damaged("its directory lies outside the archive");
  return { start, stop: start + length, count };
}

function endOf(view: DataView): number | undefined {
  for (let at = view.byteLength - 22; at >= 0 && at >= view.byteLength - LONGEST_END; at--) {
    if (view.getUint32(at, true) === END && at + 22 + view.getUint16(at + 20, true) === view.byteLength) return at;
  }
  return undefined;
}

/** Sizes and place of an entry; those that do not fit into 32 bits stand in a field of their own. */
function sizesOf(
  view: DataView,
  at: number,
  extra: number,
  extraLength: number,
  damaged: Damaged,
): { from: number; packed: number; size: number } {
  const wanted = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
  if (wanted.includes(FULL32)) {
    let field = extra;
    const stop = extra + extraLength;
    while (field + 4 <= stop && view.getUint16(field, true) !== ZIP64) field += 4 + view.getUint16(field + 2, true);
    let place = field + 4;
    if (place > stop) throw damaged("its 64-bit sizes are missing");
    const last = Math.min(stop, place + view.getUint16(field + 2, true));
    for (const [k, value] of wanted.entries()) {
      if (value !== FULL32) continue;
      if (place + 8 > last) throw damaged("its 64-bit sizes are missing");
      wanted[k] = number64(view, place);
      place += 8;
    }
  }
  const [size, packed, from] = wanted;
  return { from, packed, size };
}

function number64(view: DataView, at: number): number {
  return at + 8 <= view.byteLength ? Number(view.getBigUint64(at, true)) : Number.POSITIVE_INFINITY;
}

const decoder = new TextDecoder();

function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/**
 * The bytes of an entry; of a stored one a window on the archive.
 * @throws what `damaged` makes of data that can't be unpacked, or whose length or checksum differ.
 */
export function unzip(bytes: Uint8Array, entry: ZipEntry, damaged: Damaged): Uint8Array {
  const wrong: Damaged = (what) => damaged(`entry ${quote(entry.name)}: ${what}`);
  const packed = bytes.subarray(entry.start, entry.stop);
  const content = entry.deflated ? inflate(packed, entry.size, wrong) : packed;
  if (crc32(content) !== entry.crc) throw wrong("its checksum differs");
  return content;
}

/** Compressed bytes that are looked at together: what they make is known to be of the right length before the next are. */
const PIECE = 16 * 1024;

function inflate(packed: Uint8Array, size: number, damaged: Damaged): Uint8Array {
  const content = new Uint8Array(size);
  let filled = 0;
  const stream = new Inflate((part) => {
    if (filled + part.length > size) throw damaged(`more than the ${size} bytes that it should hold`);
    content.set(part, filled);
    filled += part.length;
  });
  try {
    for (let at = 0; at < packed.length; at += PIECE)
      stream.push(packed.subarray(at, at + PIECE), at + PIECE >= packed.length);
  } catch (error) {
    // What fflate throws has a code.
    if (!(error instanceof Error && "code" in error)) throw error;
    throw damaged(`its compressed data can't be unpacked (${error.message})`);
  }
  if (filled !== size) throw damaged(`${filled} bytes instead of ${size}`);
  return content;
}

/** What goes into an archive. */
export interface ZipPart {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** How an archive is written. */
export interface ZipStyle {
  /** Compress; default store. */
  readonly deflate?: boolean;
  /** Stored bytes begin at multiples of this number, so that they can be mapped into memory. Default 1. */
  readonly alignment?: number;
}

/** 1980-01-01 0:00, the earliest that there is: equal contents make equal archives. */
const DATE = 0x21;
/** "FB", the name of a field that only takes space, as PyTorch has it. */
const PADDING = 0x4246;

/**
 * An archive of the parts in their order. Of equal parts equal bytes.
 * @throws RangeError for parts of 4 GiB or more: JavaScript's arrays hold them, but readers of 32 bits would not.
 */
export function writeZip(
  owner: string,
  parts: readonly ZipPart[],
  { deflate = false, alignment = 1 }: ZipStyle = {},
): Bytes {
  const encoder = new TextEncoder();
  let at = 0;
  const planned = parts.map(({ name, bytes }) => {
    const encoded = encoder.encode(name);
    const data = deflate ? deflateSync(bytes) : bytes;
    const unaligned = at + 30 + encoded.length;
    // A field has a head of 4 bytes.
    const padding =
      alignment === 1 || unaligned % alignment === 0
        ? 0
        : 4 + ((2 * alignment - ((unaligned + 4) % alignment)) % alignment);
    const from = at;
    at = unaligned + padding + data.length;
    return { name: encoded, data, padding, from, size: bytes.length, crc: crc32(bytes) };
  });
  const directory = at;
  const length = planned.reduce((sum, { name }) => sum + 46 + name.length, 0);
  if (directory + length >= FULL32 || planned.length >= FULL16) {
    throw new RangeError(
      `${owner}: ${directory + length} bytes in ${planned.length} entries are more than the 4 GiB in 65534 that are written; write several files, or safetensors`,
    );
  }
  const file = new Uint8Array(directory + length + 22);
  const view = new DataView(file.buffer);
  let central = directory;
  for (const { name, data, padding, from, size, crc } of planned) {
    // Of both headers: version 2.0, names in UTF-8, method, time, date, checksum, sizes, lengths.
    for (const [head, place] of [
      [from, 4],
      [central, 6],
    ]) {
      const fields: [number, number][] = [
        [2, 20],
        [2, 0x800],
        [2, deflate ? 8 : 0],
        [2, 0],
        [2, DATE],
        [4, crc],
        [4, data.length],
        [4, size],
        [2, name.length],
        [2, head === from ? padding : 0],
      ];
      let field = head + place;
      for (const [width, value] of fields) {
        if (width === 2) view.setUint16(field, value, true);
        else view.setUint32(field, value, true);
        field += width;
      }
    }
    view.setUint32(from, LOCAL, true);
    file.set(name, from + 30);
    if (padding > 0) {
      view.setUint16(from + 30 + name.length, PADDING, true);
      view.setUint16(from + 32 + name.length, padding - 4, true);
    }
    file.set(data, from + 30 + name.length + padding);
    view.setUint32(central, CENTRAL, true);
    view.setUint16(central + 4, 20, true);
    view.setUint32(central + 42, from, true);
    file.set(name, central + 46);
    central += 46 + name.length;
  }
  view.setUint32(central, END, true);
  view.setUint16(central + 8, planned.length, true);
  view.setUint16(central + 10, planned.length, true);
  view.setUint32(central + 12, length, true);
  view.setUint32(central + 16, directory, true);
  return file;
}
