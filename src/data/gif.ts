// Reads GIF: the first picture of a file, on its canvas. Animations after it are left unread.
// The picture is a list of numbers of colours, packed by LZW: each code stands for a run of colours that was seen before and one more.
// Source: Graphics Interchange Format, version 89a, CompuServe 1990.
import type { Picture } from "./picture.ts";

const MOST_CODES = 4096;
const TOO_SHORT = "it ends too early";
/** First row and step of each pass of an interlaced picture. */
const PASSES = [
  [0, 8],
  [4, 8],
  [2, 4],
  [1, 2],
] as const;

/** The place of the first picture on the canvas, and how it is stored. */
interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly interlaced: boolean;
}

/** Decodes the first picture of a GIF file to 3 (RGB) or, where some of the canvas stays transparent, 4 (RGBA) bytes a pixel.
 *
 * @param acceptSize may throw, before anything of that size is reserved
 * @throws Error saying what is wrong with the file */
export function decodeGif(bytes: Uint8Array, acceptSize: (width: number, height: number) => void): Picture {
  const file = new Blocks(bytes);
  file.skip(6);
  let width = file.two();
  let height = file.two();
  const screen = file.one();
  file.skip(2);
  const common = screen & 0x80 ? file.take(3 << ((screen & 7) + 1)) : undefined;
  let transparent: number | undefined;
  for (;;) {
    const kind = file.one();
    if (kind === 0x3b) throw new Error("it ends without a picture");
    if (kind === 0x21) {
      const label = file.one();
      const body = file.subBlocks();
      if (label === 0xf9 && body.length >= 4) transparent = body[0] & 1 ? body[3] : undefined;
      continue;
    }
    if (kind !== 0x2c) throw new Error(`no block begins with ${kind}, at byte ${file.at - 1}`);
    const [left, top, columns, rows, flags] = [file.two(), file.two(), file.two(), file.two(), file.one()];
    const frame: Frame = { left, top, width: columns, height: rows, interlaced: (flags & 0x40) !== 0 };
    const palette = flags & 0x80 ? file.take(3 << ((flags & 7) + 1)) : common;
    // Some programs leave the size of the canvas 0, or let the picture reach over it: then the canvas is as large as the picture needs.
    width = Math.max(width, left + columns);
    height = Math.max(height, top + rows);
    if (columns === 0 || rows === 0) acceptSize(columns, rows);
    acceptSize(width, height);
    if (palette === undefined) throw new Error("it has no list of colours");
    const smallest = file.one();
    if (smallest < 1 || smallest > 11) throw new Error(`codes that begin with ${smallest} bits`);
    const codes = file.subBlocks();
    // Even a code of few bits can stand for a run of 4096 pixels, but not the first ones.
    if (columns * rows > 4096 * 4 * (codes.length + 1)) {
      throw new Error(`${columns}x${rows} pixels take more than the ${codes.length} bytes of compressed data can hold`);
    }
    const indices = unpack(codes, smallest, columns * rows);
    return paint(indices, frame, width, height, palette, transparent);
  }
}

/** Bytes in order; past the end is an error. */
class Blocks {
  at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  one(): number {
    if (this.at >= this.bytes.length) throw new Error(TOO_SHORT);
    return this.bytes[this.at++];
  }

  two(): number {
    return this.one() + 256 * this.one();
  }

  take(count: number): Uint8Array {
    if (this.at + count > this.bytes.length) throw new Error(TOO_SHORT);
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  skip(count: number): void {
    this.take(count);
  }

  /** Pieces of at most 255 bytes, each after its length, up to one of length 0. */
  subBlocks(): Uint8Array {
    const start = this.at;
    let length = 0;
    for (let size = this.one(); size > 0; size = this.one()) {
      this.skip(size);
      length += size;
    }
    const joined = new Uint8Array(length);
    let to = 0;
    for (let at = start; to < length; at += this.bytes[at] + 1) {
      joined.set(this.bytes.subarray(at + 1, at + 1 + this.bytes[at]), to);
      to += this.bytes[at];
    }
    return joined;
  }
}

/** LZW with codes of growing length, lowest bits first. A code's run is written from its end to its beginning, by its predecessors. */
function unpack(codes: Uint8Array, smallest: number, count: number): Uint8Array {
  const clear = 1 << smallest;
  const end = clear + 1;
  const before = new Uint16Array(MOST_CODES);
  const last = new Uint8Array(MOST_CODES);
  const lengths = new Uint16Array(MOST_CODES);
  for (let k = 0; k < clear; k++) {
    last[k] = k;
    lengths[k] = 1;
  }
  const out = new Uint8Array(count);
  let next = end + 1;
  let size = smallest + 1;
  let previous = -1;
  let written = 0;
  let bits = 0;
  let held = 0;
  for (let at = 0; written < count; ) {
    while (held < size) {
      if (at >= codes.length) throw new Error(`its pixels end after ${written} of ${count}`);
      bits |= codes[at++] << held;
      held += 8;
    }
    const code = bits & ((1 << size) - 1);
    bits >>>= size;
    held -= size;
    if (code === clear) {
      next = end + 1;
      size = smallest + 1;
      previous = -1;
      continue;
    }
    if (code === end) throw new Error(`its pixels end after ${written} of ${count}`);
    if (code > next || (code === next && (previous < 0 || next >= MOST_CODES)))
      throw new Error(`code ${code} before it has a meaning`);
    // A code that is just being made is the run before, and its first colour again.
    const known = code < next ? code : previous;
    const length = lengths[known];
    let run = known;
    for (let k = written + length - 1; k >= written; k--) {
      if (k < count) out[k] = last[run];
      run = before[run];
    }
    const first = out[written];
    written += length;
    if (known !== code && written < count) out[written++] = first;
    if (previous >= 0 && next < MOST_CODES) {
      before[next] = previous;
      last[next] = first;
      lengths[next] = lengths[previous] + 1;
      next++;
      if (next === 1 << size && size < 12) size++;
    }
    previous = code;
  }
  return out;
}

function paint(
  indices: Uint8Array,
  frame: Frame,
  width: number,
  height: number,
  palette: Uint8Array,
  transparent: number | undefined,
): Picture {
  const colours = palette.length / 3;
  const covered = frame.width === width && frame.height === height;
  const channels = covered && (transparent === undefined || !indices.includes(transparent)) ? 3 : 4;
  const data = new Uint8Array(width * height * channels);
  let from = 0;
  for (const [start, step] of frame.interlaced ? PASSES : ([[0, 1]] as const)) {
    for (let row = start; row < frame.height; row += step) {
      let to = ((frame.top + row) * width + frame.left) * channels;
      for (let column = 0; column < frame.width; column++, to += channels) {
        const index = indices[from++];
        if (index === transparent) continue;
        if (index >= colours) throw new Error(`colour ${index} of a list of ${colours}`);
        data[to] = palette[3 * index];
        data[to + 1] = palette[3 * index + 1];
        data[to + 2] = palette[3 * index + 2];
        if (channels === 4) data[to + 3] = 255;
      }
    }
  }
  return { width, height, channels, data };
}
