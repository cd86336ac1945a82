// Reads JPEG: baseline, extended and progressive Huffman-coded files of 8 bits a sample; grey, YCbCr, RGB, CMYK and YCCK.
// Nothing is reserved before the file has shown that it can fill it: a block takes at least two bits of a sequential scan, and one of a
// progressive scan, so a file of a few bytes cannot ask for a large picture. Every coefficient's bit is taken once, so scans end too.
// Strict where other decoders paint what is missing grey: a wrong digit would be read from it without a word.
// Why not a library: jpeg-js, which stood here, is not kept up, takes an object a block (2.9 GB for 100 megapixels) and can't be bounded;
// libjpeg compiled to WebAssembly weighs eight times as much, and no build of it tells damage in words or knows CMYK.
// Source: ITU-T T.81 (1992); the transform's meaning, APP14: Adobe Technical Note 5116; orientation: Exif 2.3, 4.6.4.

import { Bits, type HuffmanTable, huffmanTable } from "./jpeg-bits.ts";
import {
  type Carried,
  type Progress,
  progressiveBlock,
  progressiveMean,
  samplesOf,
  sequentialBlock,
  ZIGZAG,
} from "./jpeg-blocks.ts";
import type { Picture } from "./picture.ts";

/** Encoders send about ten. */
const MOST_SCANS = 100;

/** One of a picture's colours. */
interface Component {
  readonly id: number;
  /** Samples across and down for each unit of the picture. */
  readonly across: number;
  readonly down: number;
  readonly quantisation: number;
  /** Blocks that hold picture, as scans of this component alone have them. */
  readonly columns: number;
  readonly rows: number;
  /** Blocks as they are kept, whole units. */
  readonly stride: number;
  readonly blocks: number;
  /** Progressive: 64 numbers a block, and for each coefficient the lowest bit that came, -1 before any. */
  coefficients?: Int16Array;
  readonly lowest: Int8Array;
  samples?: Uint8ClampedArray;
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly progressive: boolean;
  readonly components: readonly Component[];
  readonly mostAcross: number;
  readonly mostDown: number;
}

/** What stands before a picture's data, and what decoding needs of it. */
class Tables {
  readonly quantisation: (Uint16Array | undefined)[] = [];
  readonly dc: (HuffmanTable | undefined)[] = [];
  readonly ac: (HuffmanTable | undefined)[] = [];
  restartInterval = 0;
  /** How an Adobe program says that it stored the colours. */
  adobe: number | undefined;
  orientation = 1;
}

/** Decodes a JPEG file to 1 (grey) or 3 (RGB) bytes a pixel, turned upright as its EXIF orientation asks.
 *
 * @param acceptSize may throw, before anything of that size is reserved
 * @throws Error saying what is wrong with the file */
export function decodeJpeg(bytes: Uint8Array, acceptSize: (width: number, height: number) => void): Picture {
  const tables = new Tables();
  let frame: Frame | undefined;
  let scans = 0;
  let at = 2;
  while (true) {
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++;
    if (at + 2 > bytes.length) throw new Error(frame === undefined ? "it ends within its header" : "it ends too early");
    if (bytes[at] !== 0xff) throw new Error(`no marker at byte ${at}`);
    const marker = bytes[at + 1];
    at += 2;
    if (marker === 0xd9) break;
    const length = bytes[at] * 256 + bytes[at + 1];
    if (!(at + length <= bytes.length)) {
      throw new Error(frame === undefined ? "it ends within its header" : "it ends too early");
    }
    if (length < 2) throw new Error(`a segment of ${length} bytes at byte ${at}`);
    const segment = bytes.subarray(at + 2, at + length);
    at += length;
    if (marker === 0xda) {
      if (frame === undefined) throw new Error("picture data without a size");
      if (++scans > MOST_SCANS) throw new Error(`more than ${MOST_SCANS} scans`);
      at = readScan(bytes, at, segment, frame, tables);
    } else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      if (frame !== undefined) throw new Error("two sizes in one file");
      frame = readFrame(marker, segment, acceptSize);
    } else readTable(marker, segment, tables);
  }
  if (frame === undefined) throw new Error("a file without a picture");
  return upright(colours(frame, tables), tables.orientation);
}

function readTable(marker: number, segment: Uint8Array, tables: Tables): void {
  if (marker === 0xc4) readHuffman(segment, tables);
  else if (marker === 0xdb) readQuantisation(segment, tables);
  else if (marker === 0xdd) {
    if (segment.length !== 2) throw new Error("a restart interval of the wrong length");
    tables.restartInterval = segment[0] * 256 + segment[1];
  } else if (marker === 0xe1) tables.orientation = exifOrientation(segment) ?? tables.orientation;
  else if (marker === 0xee) {
    if (segment.length >= 12 && String.fromCharCode(...segment.subarray(0, 5)) === "Adobe") tables.adobe = segment[11];
  } else if (marker === 0xdc) throw new Error("a height that comes after the picture, which is not supported");
  // Everything else is for other programs, but for what would change how the picture is coded.
  else if (!(marker >= 0xe0 && marker <= 0xef) && marker !== 0xfe) {
    throw new Error(`marker FF ${marker.toString(16).toUpperCase().padStart(2, "0")} where none may be`);
  }
}

function readHuffman(segment: Uint8Array, tables: Tables): void {
  for (let at = 0; at < segment.length; ) {
    const counts = segment.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const [kind, slot] = [segment[at] >> 4, segment[at] & 15];
    if (kind > 1 || slot > 3 || counts.length < 16 || at + 17 + total > segment.length || total > 256) {
      throw new Error("a Huffman table that is cut off or has no place");
    }
    tables[kind === 0 ? "dc" : "ac"][slot] = huffmanTable(counts, segment.subarray(at + 17, at + 17 + total));
    at += 17 + total;
  }
}

function readQuantisation(segment: Uint8Array, tables: Tables): void {
  for (let at = 0; at < segment.length; ) {
    const [wide, slot] = [segment[at] >> 4, segment[at] & 15];
    const size = 64 * (wide + 1);
    if (wide > 1 || slot > 3 || at + 1 + size > segment.length) {
      throw new Error("a quantisation table that is cut off or has no place");
    }
    const table = new Uint16Array(64);
    for (let k = 0; k < 64; k++) {
      const from = at + 1 + k * (wide + 1);
      table[ZIGZAG[k]] = wide === 1 ? segment[from] * 256 + segment[from + 1] : segment[from];
    }
    tables.quantisation[slot] = table;
    at += 1 + size;
  }
}

function readFrame(marker: number, segment: Uint8Array, acceptSize: (width: number, height: number) => void): Frame {
  if (marker > 0xc2) throw new Error("coded in a way (arithmetic, lossless or hierarchical) that is not supported");
  if (segment.length < 6 || segment.length !== 6 + 3 * segment[5]) throw new Error("a size of the wrong length");
  const [height, width, count] = [segment[1] * 256 + segment[2], segment[3] * 256 + segment[4], segment[5]];
  acceptSize(width, height);
  if (segment[0] !== 8) throw new Error(`${segment[0]} bits a sample, which is not supported`);
  if (![1, 3, 4].includes(count)) throw new Error(`${count} colours, which is not supported`);
  const factors = Array.from({ length: count }, (_, k) => segment[7 + 3 * k]);
  if (factors.some((both) => both >> 4 < 1 || both >> 4 > 4 || (both & 15) < 1 || (both & 15) > 4)) {
    throw new Error("a sampling factor that is not 1 to 4");
  }
  const mostAcross = Math.max(...factors.map((both) => both >> 4));
  const mostDown = Math.max(...factors.map((both) => both & 15));
  const components = factors.map((both, k): Component => {
    const [across, down] = [both >> 4, both & 15];
    const stride = across * Math.ceil(width / (8 * mostAcross));
    return {
      id: segment[6 + 3 * k],
      across,
      down,
      quantisation: segment[8 + 3 * k],
      columns: Math.ceil(Math.ceil((width * across) / mostAcross) / 8),
      rows: Math.ceil(Math.ceil((height * down) / mostDown) / 8),
      stride,
      blocks: stride * down * Math.ceil(height / (8 * mostDown)),
      lowest: new Int8Array(64).fill(-1),
    };
  });
  return { width, height, progressive: marker === 0xc2, components, mostAcross, mostDown };
}

/** Decodes one scan; returns where the file goes on. */
function readScan(bytes: Uint8Array, at: number, header: Uint8Array, frame: Frame, tables: Tables): number {
  const count = header[0];
  if (!(count >= 1 && count <= 4) || header.length !== 4 + 2 * count)
    throw new Error("a scan's header of the wrong length");
  const chosen = Array.from({ length: count }, (_, k) => {
    const component = frame.components.find(({ id }) => id === header[1 + 2 * k]);
    if (component === undefined) throw new Error("a scan of a colour that the picture lacks");
    return { component, dc: tables.dc[header[2 + 2 * k] >> 4], ac: tables.ac[header[2 + 2 * k] & 15] };
  });
  if (new Set(chosen.map(({ component }) => component)).size !== count) throw new Error("a scan with one colour twice");
  const [first, last, bitRange] = header.subarray(1 + 2 * count);
  const scan: Progress = frame.progressive
    ? { first, last, low: bitRange & 15, refines: bitRange >> 4 !== 0 }
    : { first: 0, last: 63, low: 0, refines: false };
  for (const { component } of chosen) noteProgress(component, scan, bitRange >> 4, frame.progressive, count);
  const alone = count === 1 ? chosen[0].component : undefined;
  const unitColumns = alone?.columns ?? Math.ceil(frame.width / (8 * frame.mostAcross));
  const units = unitColumns * (alone?.rows ?? Math.ceil(frame.height / (8 * frame.mostDown)));
  const blocksOf = ({ across, down }: Component) => (alone ? 1 : across * down);
  const blocks = units * chosen.reduce((sum, { component }) => sum + blocksOf(component), 0);
  // A code has at least one bit. Blocks of which only later coefficients come may be left out by the thousand.
  const bitsNeeded = first === 0 || !frame.progressive ? blocks * (frame.progressive ? 1 : 2) : 0;
  if (bitsNeeded > 8 * (bytes.length - at)) {
    throw new Error(
      `${frame.width}x${frame.height} pixels take at least ${Math.ceil(bitsNeeded / 8)} bytes, and ${bytes.length - at} are left`,
    );
  }
  const bits = new Bits(bytes, at);
  const readers = chosen.map(({ component, dc, ac }) => {
    const carried: Carried = { previous: 0, emptyBlocks: 0 };
    return { component, carried, read: blockReader(bits, component, dc, ac, carried, scan, frame, tables) };
  });
  const { restartInterval } = tables;
  for (let unit = 0; unit < units; unit++) {
    if (restartInterval > 0 && unit > 0 && unit % restartInterval === 0) {
      bits.restart((unit / restartInterval - 1) & 7);
      for (const { carried } of readers) Object.assign(carried, { previous: 0, emptyBlocks: 0 });
    }
    const row = Math.floor(unit / unitColumns);
    const column = unit - row * unitColumns;
    if (alone) readers[0].read(row, column);
    else {
      for (const { component, read } of readers) {
        for (let v = 0; v < component.down; v++) {
          for (let h = 0; h < component.across; h++) read(row * component.down + v, column * component.across + h);
        }
      }
    }
  }
  return bits.end();
}

/** Each bit of each coefficient comes once, from high to low, the first coefficient's before all others. */
function noteProgress(component: Component, scan: Progress, high: number, progressive: boolean, count: number): void {
  const { first, last, low, refines } = scan;
  const { lowest } = component;
  const fits = progressive
    ? first <= last &&
      last <= 63 &&
      (first > 0 || last === 0) &&
      low <= 13 &&
      (!refines || high === low + 1) &&
      (first === 0 || count === 1)
    : true;
  if (!fits || (first > 0 && lowest[0] < 0)) throw new Error("a scan of coefficients that cannot be");
  for (let k = first; k <= last; k++) {
    if (refines ? lowest[k] !== high : lowest[k] !== -1)
      throw new Error("a scan that comes twice, or in the wrong order");
    lowest[k] = low;
  }
}

/** How one block of a component is read in this scan, by its row and column. */
function blockReader(
  bits: Bits,
  component: Component,
  dc: HuffmanTable | undefined,
  ac: HuffmanTable | undefined,
  carried: Carried,
  scan: Progress,
  frame: Frame,
  tables: Tables,
): (row: number, column: number) => void {
  const needsDc = scan.first === 0 && !scan.refines;
  const needsAc = scan.last > 0;
  if ((needsDc && dc === undefined) || (needsAc && ac === undefined))
    throw new Error("a scan without its Huffman table");
  const [means, others] = [dc as HuffmanTable, ac as HuffmanTable];
  const { stride } = component;
  if (frame.progressive) {
    const all = (component.coefficients ??= new Int16Array(64 * component.blocks));
    const blockAt = (row: number, column: number) => {
      const from = 64 * (row * stride + column);
      return all.subarray(from, from + 64);
    };
    if (scan.first === 0) return (row, column) => progressiveMean(bits, blockAt(row, column), means, carried, scan);
    return (row, column) => progressiveBlock(bits, blockAt(row, column), others, carried, scan);
  }
  const samples = (component.samples = new Uint8ClampedArray(64 * component.blocks));
  const quantisation = quantisationOf(component, tables);
  const block = new Int16Array(64);
  return (row, column) => {
    block.fill(0);
    sequentialBlock(bits, block, means, others, carried);
    samplesOf(block, quantisation, samples, 64 * row * stride + 8 * column, 8 * stride);
  };
}

function quantisationOf(component: Component, tables: Tables): Uint16Array {
  const table = tables.quantisation[component.quantisation];
  if (table === undefined) throw new Error("a colour without its quantisation table");
  return table;
}

/** The samples of a component, which a progressive file has only when all scans are read. */
function samplesOfComponent(component: Component, tables: Tables): Uint8ClampedArray {
  const { coefficients, stride, blocks } = component;
  if (coefficients !== undefined) {
    const quantisation = quantisationOf(component, tables);
    const samples = new Uint8ClampedArray(64 * blocks);
    for (let k = 0; k < blocks; k++) {
      const [row, column] = [Math.floor(k / stride), k % stride];
      const block = coefficients.subarray(64 * k, 64 * k + 64);
      samplesOf(block, quantisation, samples, 64 * row * stride + 8 * column, 8 * stride);
    }
    component.coefficients = undefined;
    component.samples = samples;
  }
  if (component.samples === undefined) throw new Error("a colour is missing");
  return component.samples;
}

function colours(frame: Frame, tables: Tables): Picture {
  const { width, height, components, mostAcross, mostDown } = frame;
  const planes = components.map((component) => samplesOfComponent(component, tables));
  const channels = components.length === 1 ? 1 : 3;
  const data = new Uint8ClampedArray(width * height * channels);
  const named = components.map(({ id }) => String.fromCharCode(id)).join("");
  const separate = tables.adobe === 0 || (tables.adobe === undefined && named === "RGB");
  const luminance = components.length === 3 ? !separate : tables.adobe === 2;
  // A row of each component, with a sample for each pixel.
  const lines = components.map(() => new Uint8Array(width));
  for (let y = 0; y < height; y++) {
    for (const [k, { across, down, stride }] of components.entries()) {
      const from = 8 * stride * Math.floor((y * down) / mostDown);
      spreadLine(planes[k], from, across, mostAcross, lines[k]);
    }
    const to = y * width * channels;
    if (channels === 1) data.set(lines[0], to);
    else if (luminance) fromLuminance(lines, data, to);
    else for (let x = 0; x < width; x++) for (let c = 0; c < 3; c++) data[to + 3 * x + c] = lines[c][x];
    if (components.length === 4) darken(lines[3], data, to, tables.adobe !== undefined);
  }
  return { width, height, channels, data: new Uint8Array(data.buffer) };
}

function spreadLine(plane: Uint8ClampedArray, from: number, across: number, most: number, line: Uint8Array): void {
  if (across === most) line.set(plane.subarray(from, from + line.length));
  else for (let x = 0; x < line.length; x++) line[x] = plane[from + Math.floor((x * across) / most)];
}

/** YCbCr to RGB, as JFIF has it. */
function fromLuminance([luminances, blues, reds]: readonly Uint8Array[], data: Uint8ClampedArray, to: number): void {
  for (let x = 0, at = to; x < luminances.length; x++, at += 3) {
    const y = luminances[x];
    const [cb, cr] = [blues[x] - 128, reds[x] - 128];
    data[at] = y + 1.402 * cr;
    data[at + 1] = y - 0.344136 * cb - 0.714136 * cr;
    data[at + 2] = y + 1.772 * cb;
  }
}

/** Inks to light, with the black one. Adobe's programs store inks inverted: 255 is none. */
function darken(blacks: Uint8Array, data: Uint8ClampedArray, to: number, inverted: boolean): void {
  for (let k = 0; k < 3 * blacks.length; k++) {
    const [ink, black] = [data[to + k], blacks[Math.floor(k / 3)]];
    data[to + k] = inverted ? (ink * black) / 255 : ((255 - ink) * (255 - black)) / 255;
  }
}

/** The EXIF tag 0x0112 of the first image directory: 1 is upright, 2 to 8 are the mirrored and turned ones. */
function exifOrientation(segment: Uint8Array): number | undefined {
  if (String.fromCharCode(...segment.subarray(0, 6)) !== "Exif\0\0" || segment.length < 14) return undefined;
  const tiff = new DataView(segment.buffer, segment.byteOffset + 6, segment.byteLength - 6);
  const little = tiff.getUint16(0) === 0x4949;
  const directory = tiff.getUint32(4, little);
  if (directory + 2 > tiff.byteLength) return undefined;
  const entries = tiff.getUint16(directory, little);
  for (let k = 0; k < entries; k++) {
    const entry = directory + 2 + 12 * k;
    if (entry + 12 > tiff.byteLength) return undefined;
    if (tiff.getUint16(entry, little) !== 0x0112) continue;
    const value = tiff.getUint16(entry + 8, little);
    return value >= 1 && value <= 8 ? value : undefined;
  }
  return undefined;
}

/** Turns and mirrors a picture as its EXIF orientation asks. */
function upright(picture: Picture, orientation: number): Picture {
  if (orientation === 1) return picture;
  const { width, height, channels, data } = picture;
  const swapped = orientation >= 5;
  const [newWidth, newHeight] = swapped ? [height, width] : [width, height];
  const turned = new Uint8Array(data.length);
  for (let row = 0; row < newHeight; row++) {
    for (let column = 0; column < newWidth; column++) {
      // Where the stored picture has this pixel, for orientations 2 to 8.
      const alongColumns = swapped ? row : column;
      const alongRows = swapped ? column : row;
      const x = [2, 3, 7, 8].includes(orientation) ? width - 1 - alongColumns : alongColumns;
      const y = [3, 4, 6, 7].includes(orientation) ? height - 1 - alongRows : alongRows;
      const from = (y * width + x) * channels;
      const to = (row * newWidth + column) * channels;
      for (let c = 0; c < channels; c++) turned[to + c] = data[from + c];
    }
  }
  return { width: newWidth, height: newHeight, channels, data: turned };
}
