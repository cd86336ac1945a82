// Reads a picture from a PNG or JPEG file as bytes. The format is told by the first bytes, not by the file's name, and the size
// by the header, so that nothing huge is unpacked.
import { readFile, stat } from "node:fs/promises";
import type { DecodedPng } from "fast-png";
import { explain } from "./cache.node.ts";
import type { Picture } from "./fit-image.ts";

const mostPixels = 100e6;
const mostBytes = 512 * 2 ** 20;

/** Reads a PNG or JPEG file: 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) bytes a pixel, row by row. PNG with 16 bits a channel is
 * reduced to 8, with 1, 2 or 4 bits or a palette expanded; a JPEG that says how the camera was held is turned upright.
 *
 * @throws if the file is missing, unreadable, neither PNG nor JPEG, damaged, or above 100 megapixels; the message names it
 * @example
 * ```ts
 * const pixelsOf = async (path: string) => fitAsMnist(await readImageFile(path));
 * ```
 */
export async function readImageFile(path: string): Promise<Picture> {
  const bytes = await load(path);
  const format = formatOf(bytes);
  if (format === undefined) {
    const what = bytes.length === 0 ? "an empty file" : "not a PNG or JPEG picture";
    throw new Error(`${path}: ${what}; convert the picture to PNG or JPEG`);
  }
  let size: { width: number; height: number };
  try {
    size = format === "PNG" ? pngSize(bytes) : jpegHeader(bytes);
  } catch (error) {
    throw damaged(path, format, error);
  }
  if (size.width * size.height > mostPixels) {
    throw new Error(
      `${path}: ${size.width}x${size.height} pixels is too large, at most ${mostPixels / 1e6} megapixels are read; make the picture smaller`,
    );
  }
  if (size.width === 0 || size.height === 0) {
    throw new Error(`${path}: ${size.width}x${size.height} pixels, a picture without content`);
  }
  try {
    return format === "PNG" ? await readPng(bytes) : await readJpeg(bytes);
  } catch (error) {
    throw damaged(path, format, error);
  }
}

async function load(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > mostBytes)
      throw new Error(`${size} bytes is too large, at most 512 MB are read; make the picture smaller`);
    return await readFile(path);
  } catch (error) {
    throw new Error(`${path}: ${explain(error)}`);
  }
}

function damaged(path: string, format: string, error: unknown): Error {
  const detail = error instanceof Error ? error.message : String(error);
  return new Error(`${path}: damaged ${format} picture (${detail}); open it in an image program and save it again`);
}

function formatOf(bytes: Uint8Array): "PNG" | "JPEG" | undefined {
  const starts = (...magic: number[]) => magic.every((byte, k) => bytes[k] === byte);
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "PNG";
  if (starts(0xff, 0xd8, 0xff)) return "JPEG";
  return undefined;
}

function pngSize(bytes: Uint8Array): { width: number; height: number } {
  if (bytes.length < 33) throw new Error("it ends within its header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

async function readPng(bytes: Uint8Array): Promise<Picture> {
  const { decode, convertIndexedToRgb } = await import("fast-png");
  const [depth, interlaced] = [bytes[24], bytes[28] === 1];
  if (interlaced && depth < 8) throw new Error(`interlaced with ${depth} bits a channel, which is not supported`);
  const png = decode(bytes, { checkCrc: true });
  const { width, height } = png;
  if (png.palette) {
    const data = convertIndexedToRgb(png);
    return { width, height, channels: png.palette[0].length, data };
  }
  const data = eightBits(png);
  if (png.transparency?.length) return keyOut(png, data);
  return { width, height, channels: png.channels, data };
}

function eightBits(png: DecodedPng): Uint8Array {
  const { width, height, depth, data } = png;
  if (depth === 8) return Uint8Array.from(data);
  if (depth === 16) return Uint8Array.from(data, (value) => value >> 8);
  const grey = new Uint8Array(width * height);
  const bytesPerRow = Math.ceil((width * depth) / 8);
  const most = 2 ** depth - 1;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const bit = column * depth;
      const byte = data[row * bytesPerRow + (bit >> 3)];
      grey[row * width + column] = (((byte >> (8 - depth - (bit & 7))) & most) * 255) / most;
    }
  }
  return grey;
}

/** PNG without an alpha channel may name one colour that is transparent, in the picture's own depth. */
function keyOut(png: DecodedPng, data: Uint8Array): Picture {
  const { width, height, channels, depth } = png;
  const most = 2 ** depth - 1;
  const key = Array.from(png.transparency ?? [], (value) => (depth === 16 ? value >> 8 : (value * 255) / most));
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

/** Walks the segments of a JPEG up to the frame header; on the way, finds the orientation that a camera notes in its EXIF segment. */
function jpegHeader(bytes: Uint8Array): { width: number; height: number; orientation: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let orientation = 1;
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) throw new Error(`no marker at byte ${at}`);
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++;
      continue;
    }
    const length = view.getUint16(at + 2);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) {
      if (at + 9 > bytes.length) break;
      return { height: view.getUint16(at + 5), width: view.getUint16(at + 7), orientation };
    }
    if (marker === 0xe1) orientation = exifOrientation(bytes.subarray(at + 4, at + 2 + length)) ?? orientation;
    if (marker === 0xda || marker === 0xd9) throw new Error("picture data without a size");
    at += 2 + length;
  }
  throw new Error("it ends within its header");
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

async function readJpeg(bytes: Uint8Array): Promise<Picture> {
  const { default: jpeg } = await import("jpeg-js");
  const { orientation } = jpegHeader(bytes);
  // A tolerant decoder paints what is missing grey, and a wrong digit would be read from it without a word.
  const options = { useTArray: true, formatAsRGBA: false, tolerantDecoding: false, maxMemoryUsageInMB: 4096 } as const;
  const { width, height, data } = jpeg.decode(bytes, options);
  return upright({ width, height, channels: 3, data }, orientation);
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
