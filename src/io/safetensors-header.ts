// The header of a safetensors file: which tensors it holds, and where. Every number of it is compared with the file's length, and, as the reference
// implementation has it, every byte of the data belongs to one tensor.

import { refuseLfsPointer } from "../data/lfs.ts";
import { quote } from "../engine/quote.ts";
import { formatShape, MAXIMUM_RANK, sizeOf } from "../tensor/shape.ts";
import { STORED_TYPES, type StoredType } from "./elements.ts";
import type { Damaged } from "./zip.ts";

/** The format's names of element types. */
export const SAFETENSORS_NAMES = {
  ...{
    F64: "float64",
    F32: "float32",
    F16: "float16",
    BF16: "bfloat16",
    F8_E4M3: "float8_e4m3fn",
    F8_E5M2: "float8_e5m2",
  },
  ...{ I64: "int64", I32: "int32", I16: "int16", I8: "int8", U64: "uint64", U32: "uint32", U16: "uint16", U8: "uint8" },
  BOOL: "bool",
} as const satisfies Record<string, StoredType>;
const TYPE_OF = new Map<string, StoredType>(Object.entries(SAFETENSORS_NAMES));
/** The format's own limit. */
const MAXIMUM_HEADER = 100_000_000;
const OPENING_BRACE = 0x7b;

/** What a header says. */
export interface SafetensorsHeader {
  readonly places: readonly Place[];
  readonly metadata: Record<string, string>;
  /** Where the data begin in the file. */
  readonly dataStart: number;
}

/** What is wrong with a file of that name. */
export function damagedSafetensors(name: string): Damaged {
  return (what) => new Error(`${name}: ${what}; the file is damaged or not in the safetensors format`);
}

/** How long the header is. `start`: the file's first bytes, 1024 or as many as it has. */
export function headerLength(start: Uint8Array, length: number, name: string): number {
  const damaged = damagedSafetensors(name);
  refuseLfsPointer(name, start);
  if (length < 8) throw damaged(`${length} bytes are too few`);
  const bytes = Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true));
  if (bytes > MAXIMUM_HEADER) throw damaged(`a header of ${bytes} bytes, and the format allows ${MAXIMUM_HEADER}`);
  if (8 + bytes > length) throw damaged(`the header would be ${bytes} bytes long, the file has ${length}`);
  return bytes;
}

/** What the JSON of a header says, for a file of `length` bytes. */
export function readHeader(json: Uint8Array, length: number, name: string): SafetensorsHeader {
  const damaged = damagedSafetensors(name);
  const header = parseHeader(json, damaged);
  const places = Object.entries(header)
    .filter(([key]) => key !== "__metadata__")
    .map(([key, value]) => placeOf(key, value, (what) => damaged(`tensor ${quote(key)}: ${what}`)));
  const metadata = readMetadata(header["__metadata__"], damaged);
  const dataStart = 8 + json.length;
  checkCover(places, length - dataStart, damaged);
  return { places, metadata, dataStart };
}

/** Where a tensor stands in the data, every number of it checked. */
export interface Place {
  readonly name: string;
  /** Its type as the format has it: F32. */
  readonly label: string;
  readonly type: StoredType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly stop: number;
}

function parseHeader(bytes: Uint8Array, damaged: Damaged): Record<string, unknown> {
  if (bytes[0] !== OPENING_BRACE) throw damaged("the header does not begin with {");
  if (bytes.at(-1) === 0) {
    throw damaged(
      "the header ends in zero bytes: what wrote it filled it up with NUL where the format has spaces, and has to be mended",
    );
  }
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    throw damaged("the header is not JSON");
  }
  const twice = doubleKey(text);
  if (twice !== undefined) throw damaged(`two entries are called ${quote(twice)}`);
  return header as Record<string, unknown>;
}

/** The first key that an object in the JSON `text` has twice: JSON.parse keeps the last one without a word. */
function doubleKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"\s*:?|[{}[\]]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(undefined);
    else if (token === "}" || token === "]") open.pop();
    else if (token.endsWith(":")) {
      const key = JSON.parse(token.slice(0, -1)) as string;
      if (open.at(-1)?.has(key)) return key;
      open.at(-1)?.add(key);
    }
  }
  return undefined;
}

function readMetadata(value: unknown, damaged: Damaged): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null);
  if (value === undefined) return metadata;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw damaged("__metadata__ is not a map of strings");
  }
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string")
      throw damaged(`__metadata__ is not a map of strings: ${quote(key)} is ${quote(text)}`);
    metadata[key] = text;
  }
  return metadata;
}

function placeOf(name: string, value: unknown, damaged: Damaged): Place {
  if (typeof value !== "object" || value === null) throw damaged("shape or place is missing");
  const { dtype: label, shape, data_offsets: offsets } = value as Record<string, unknown>;
  if (typeof label !== "string")
    throw damaged(`the dtype is ${label === undefined ? "missing" : quote(label)}, not a name`);
  const type = TYPE_OF.get(label);
  if (type === undefined)
    throw damaged(`dtype ${quote(label)} is not supported (${[...TYPE_OF.keys()].join(", ")} are)`);
  const counts = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0);
  const lengths = (list: unknown): list is number[] => counts(list) && list.every((n) => n < 2 ** 31);
  if (!lengths(shape))
    throw damaged(`the shape is ${shape === undefined ? "missing" : quote(shape)}, not a list of sizes`);
  if (!counts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    const what = offsets === undefined ? "missing" : quote(offsets);
    throw damaged(`the place in the data is ${what}, not where it begins and ends`);
  }
  if (shape.length > MAXIMUM_RANK) throw damaged(`${shape.length} axes, and at most ${MAXIMUM_RANK} are supported`);
  const [start, stop] = offsets;
  const needed = shape.includes(0) ? 0 : sizeOf(shape) * STORED_TYPES[type].bytes;
  if (stop - start !== needed) {
    throw damaged(`shape ${formatShape(shape)} of ${label} needs ${needed} bytes, got ${stop - start}`);
  }
  return { name, label, type, shape, start, stop };
}

/** Every byte belongs to exactly one tensor, as the format has it: what hides in a file would otherwise go unseen. */
function checkCover(places: readonly Place[], length: number, damaged: Damaged): void {
  const inOrder = [...places].sort((a, b) => a.start - b.start || a.stop - b.stop);
  let covered = 0;
  for (const { name, start, stop } of inOrder) {
    const tensor = `tensor ${quote(name)}`;
    if (stop > length) throw damaged(`${tensor}: bytes ${start} to ${stop} are outside the file's ${length}`);
    if (start < covered)
      throw damaged(`${tensor}: bytes ${start} to ${stop} overlap another tensor's, which end at ${covered}`);
    if (start > covered)
      throw damaged(`${tensor}: begins at byte ${start}, and bytes ${covered} to ${start} are no tensor's`);
    covered = stop;
  }
  if (covered < length) throw damaged(`${length - covered} bytes follow the last tensor`);
}
