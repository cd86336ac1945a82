// Reads PNG: every depth, colour type and interlacing of the standard, as 8 bits a channel. Only the chunks that pixels need are looked into, and
// the header says how many bytes they inflate to: not one more is inflated, so that a small file cannot fill memory.
// Why not fast-png, which stood here: it inflates colour profiles and texts of any size, takes the palette that a true-colour file may suggest
// for its colours, and holds the picture four times.
// Source: PNG (Third Edition), W3C 2025.
import { crc32, inflateSync } from "node:zlib";
import { MOST_INFLATION } from "./gzip.node.ts";
import type { Picture } from "./picture.ts";

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: Colour;
  readonly interlaced: boolean;
}

/** By the number that files have: how many numbers make a pixel, and of how many bits. */
const COLOURS = [
  { number: 0, name: "grey", samples: 1, depths: [1, 2, 4, 8, 16] },
  { number: 2, name: "colour", samples: 3, depths: [8, 16] },
  { number: 3, name: "palette", samples: 1, depths: [1, 2, 4, 8] },
  { number: 4, name: "grey with alpha", samples: 2, depths: [8, 16] },
  { number: 6, name: "colour with alpha", samples: 4, depths: [8, 16] },
] as const;
type Colour = (typeof COLOURS)[number];

/** Left and top of each pass of an interlaced picture, and its steps across and down. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
const WHOLE = [[0, 0, 1, 1]] as const;

/** Decodes a PNG file to 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) bytes a pixel. Colour profiles, gamma and texts are left unread.
 *
 * @param acceptSize may throw, before anything of that size is reserved
 * @throws Error saying what is wrong with the file */
export function decodePng(
  bytes: Uint8Array,
  acceptSize: (width: number, height: number, bytes: number) => void,
): Picture {
  const { header, palette, transparency, data } = readChunks(bytes);
  const { width, height, depth, colour } = header;
  const passes = passesOf(header);
  const size = passes.reduce((sum, pass) => sum + pass.rows * (1 + pass.bytesPerRow), 0);
  acceptSize(width, height, size);
  if (size > MOST_INFLATION * data.length) {
    throw new Error(`${width}x${height} pixels take more than the ${data.length} bytes of compressed data can hold`);
  }
  const pixels = inflate(data, size);
  let at = 0;
  for (const { rows, bytesPerRow } of passes) {
    unfilter(
      pixels.subarray(at, at + rows * (1 + bytesPerRow)),
      rows,
      bytesPerRow,
      Math.max(1, (depth * colour.samples) >> 3),
    );
    at += rows * (1 + bytesPerRow);
  }
  const samples = header.interlaced ? weave(header, passes, pixels) : withoutFilters(header, pixels);
  if (colour.number === 3) return fromPalette(header, samples, palette, transparency);
  if (depth < 8) for (let k = 0; k < samples.length; k++) samples[k] = (samples[k] * 255) / (2 ** depth - 1);
  const picture = { width, height, channels: colour.samples, data: samples };
  return transparency === undefined ? picture : keyOut(picture, transparency, depth);
}

function readChunks(bytes: Uint8Array): {
  header: Header;
  palette: Uint8Array;
  transparency: Uint8Array | undefined;
  data: Uint8Array;
} {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: Header | undefined;
  let palette: Uint8Array = new Uint8Array(0);
  let transparency: Uint8Array | undefined;
  const parts: Uint8Array[] = [];
  for (let at = 8, ended = false; !ended; ) {
    if (at + 12 > bytes.length)
      throw new Error(header === undefined ? "it ends within its header" : "it ends too early");
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (at + 12 + length > bytes.length) {
      throw new Error(header === undefined ? "it ends within its header" : "it ends too early");
    }
    const checked = bytes.subarray(at + 4, at + 8 + length);
    if (!/^[A-Za-z]{4}$/.test(type)) throw new Error(`no chunk at byte ${at}`);
    if (crc32(checked) !== view.getUint32(at + 8 + length)) throw new Error(`the checksum of chunk ${type} differs`);
    const body = checked.subarray(4);
    if ((header === undefined) !== (type === "IHDR")) {
      throw new Error(header === undefined ? `it begins with chunk ${type} instead of IHDR` : "two headers");
    }
    switch (type) {
      case "IHDR":
        header = readHeader(body);
        break;
      case "PLTE":
        if (body.length === 0 || body.length % 3 !== 0 || body.length > 768) {
          throw new Error(`a palette of ${body.length} bytes`);
        }
        palette = body;
        break;
      case "tRNS":
        transparency = body;
        break;
      case "IDAT":
        parts.push(body);
        break;
      case "IEND":
        ended = true;
        break;
      default:
        // A capital letter says that the picture means nothing without it.
        if (type[0] < "a") throw new Error(`chunk ${type}, which is not supported`);
    }
    at += 12 + length;
  }
  if (header === undefined) throw new Error("it ends within its header");
  return { header, palette, transparency: alphaFor(header, palette, transparency), data: Buffer.concat(parts) };
}

function readHeader(body: Uint8Array): Header {
  if (body.length !== 13) throw new Error(`a header of ${body.length} bytes`);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const [depth, number, compression, filter, interlace] = body.subarray(8);
  const colour = COLOURS.find((candidate) => candidate.number === number);
  if (colour === undefined || !(colour.depths as readonly number[]).includes(depth)) {
    throw new Error(`colours of type ${number} with ${depth} bits`);
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw new Error(
      `compression ${compression}, filter ${filter}, interlacing ${interlace}, of which it can only have 0, 0 and 0 or 1`,
    );
  }
  return { width: view.getUint32(0), height: view.getUint32(4), depth, colour, interlaced: interlace === 1 };
}

/** What chunk tRNS says, where the colours leave it anything to say. */
function alphaFor(header: Header, palette: Uint8Array, transparency: Uint8Array | undefined): Uint8Array | undefined {
  if (transparency === undefined || header.colour.number >= 4) return undefined;
  const { number, samples } = header.colour;
  const fits = number === 3 ? transparency.length <= palette.length / 3 : transparency.length === 2 * samples;
  if (!fits) throw new Error(`transparency of ${transparency.length} bytes`);
  return transparency;
}

interface Pass {
  readonly left: number;
  readonly top: number;
  readonly across: number;
  readonly down: number;
  readonly columns: number;
  readonly rows: number;
  readonly bytesPerRow: number;
}

function passesOf({ width, height, depth, colour, interlaced }: Header): Pass[] {
  return (interlaced ? PASSES : WHOLE)
    .map(([left, top, across, down]) => {
      const columns = Math.ceil((width - left) / across);
      const rows = Math.ceil((height - top) / down);
      return { left, top, across, down, columns, rows, bytesPerRow: Math.ceil((columns * depth * colour.samples) / 8) };
    })
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
}

/** Exactly `size` bytes, in one piece of memory. */
function inflate(data: Uint8Array, size: number): Uint8Array {
  let pixels: Buffer;
  try {
    pixels = inflateSync(data, { maxOutputLength: size, chunkSize: Math.max(64, size) });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ERR_BUFFER_TOO_LARGE") throw new Error("more pixels than its size says");
    throw new Error(
      code === "Z_BUF_ERROR" ? "its compressed data end too early" : `its compressed data: ${(error as Error).message}`,
    );
  }
  if (pixels.length !== size) throw new Error(`${pixels.length} bytes of pixels where its size says ${size}`);
  return new Uint8Array(pixels.buffer, pixels.byteOffset, size);
}

/** Adds to each byte what the filter at its row's beginning foretold, in place. `step`: bytes from a pixel to the one before. */
function unfilter(pass: Uint8Array, rows: number, bytesPerRow: number, step: number): void {
  for (let row = 0; row < rows; row++) {
    const from = row * (bytesPerRow + 1) + 1;
    const above = from - bytesPerRow - 1;
    const filter = pass[from - 1];
    if (filter > 4) throw new Error(`filter ${filter} in row ${row}`);
    if (filter === 0) continue;
    for (let k = 0; k < bytesPerRow; k++) {
      const a = k >= step ? pass[from + k - step] : 0;
      const b = row > 0 ? pass[above + k] : 0;
      let foretold = filter === 1 ? a : filter === 2 ? b : (a + b) >> 1;
      if (filter === 4) {
        const c = k >= step && row > 0 ? pass[above + k - step] : 0;
        const [da, db, dc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
        foretold = da <= db && da <= dc ? a : db <= dc ? b : c;
      }
      pass[from + k] += foretold;
    }
  }
}

/** Rows moved together, where each number is a byte in the same place; else each number a byte: the upper one of 16 bits. */
function withoutFilters(header: Header, pixels: Uint8Array): Uint8Array {
  const { width, height, depth, colour } = header;
  const perRow = width * colour.samples;
  const bytesPerRow = Math.ceil((perRow * depth) / 8);
  // Numbers of 8 or 16 bits move towards the front: no second piece of memory.
  const samples = depth >= 8 ? pixels.subarray(0, perRow * height) : new Uint8Array(perRow * height);
  for (let row = 0; row < height; row++) {
    const from = row * (bytesPerRow + 1) + 1;
    if (depth === 8) pixels.copyWithin(row * perRow, from, from + perRow);
    else for (let k = 0; k < perRow; k++) samples[row * perRow + k] = sampleAt(pixels, from, k, depth);
  }
  return samples;
}

function sampleAt(pixels: Uint8Array, from: number, k: number, depth: number): number {
  if (depth >= 8) return pixels[from + (k * depth) / 8];
  const bit = k * depth;
  return (pixels[from + (bit >> 3)] >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}

/** The passes of an interlaced picture put in their places. */
function weave(header: Header, passes: readonly Pass[], pixels: Uint8Array): Uint8Array {
  const { width, height, depth, colour } = header;
  const samples = new Uint8Array(width * height * colour.samples);
  let from = 0;
  for (const { left, top, across, down, columns, rows, bytesPerRow } of passes) {
    for (let row = 0; row < rows; row++, from += bytesPerRow + 1) {
      for (let column = 0; column < columns; column++) {
        const to = ((top + row * down) * width + left + column * across) * colour.samples;
        for (let s = 0; s < colour.samples; s++) {
          samples[to + s] = sampleAt(pixels, from + 1, column * colour.samples + s, depth);
        }
      }
    }
  }
  return samples;
}

function fromPalette({ width, height }: Header, indices: Uint8Array, palette: Uint8Array, alpha?: Uint8Array): Picture {
  const channels = alpha === undefined ? 3 : 4;
  const data = new Uint8Array(indices.length * channels);
  const count = palette.length / 3;
  for (let p = 0; p < indices.length; p++) {
    const index = indices[p];
    if (index >= count) throw new Error(`colour ${index} of a palette of ${count}`);
    for (let c = 0; c < 3; c++) data[p * channels + c] = palette[3 * index + c];
    if (alpha !== undefined) data[p * channels + 3] = index < alpha.length ? alpha[index] : 255;
  }
  return { width, height, channels, data };
}

/** A picture without an alpha channel may name one colour that is transparent, in its own depth. */
function keyOut({ width, height, channels, data }: Picture, named: Uint8Array, depth: number): Picture {
  const most = 2 ** depth - 1;
  const key = Array.from({ length: channels }, (_, c) => {
    const value = named[2 * c] * 256 + named[2 * c + 1];
    return depth === 16 ? value >> 8 : (value * 255) / most;
  });
  const keyed = new Uint8Array(width * height * (channels + 1));
  for (let p = 0; p < width * height; p++) {
    let same = true;
    for (let c = 0; c < channels; c++) {
      const value = data[p * channels + c];
      keyed[p * (channels + 1) + c] = value;
      same &&= value === key[c];
    }
    keyed[p * (channels + 1) + channels] = same ? 0 : 255;
  }
  return { width, height, channels: channels + 1, data: keyed };
}
