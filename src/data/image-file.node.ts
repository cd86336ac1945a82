// Reads a picture from a PNG, JPEG, GIF or WebP file as bytes. The format is told by the first bytes, not by the file's name, and the size
// by the header, so that nothing huge is unpacked.
import { fields, knownOptions, positive, text } from "../engine/checks.ts";
import { readRegularFile } from "./file.node.ts";
import { decodeGif } from "./gif.ts";
import { decodeJpeg } from "./jpeg.ts";
import { refuseLfsPointer } from "./lfs.ts";
import type { Picture } from "./picture.ts";
import { decodePng } from "./png.node.ts";
import { decodeWebp, NoWebpDecoder } from "./webp.node.ts";

const MEGA = 1e6;

/** What `readImageFile` may be told. */
export interface ImageFileOptions {
  /** Larger pictures are refused before they are unpacked. Default 100,000,000, which take up to 1 GB while they are read. */
  readonly maxPixels?: number;
  /** Longer files are refused before they are read. Default 256 MiB. */
  readonly maxBytes?: number;
}

/** The picture is whole, and is not wanted. */
class Unwanted extends Error {}

/** Reads a PNG, JPEG, GIF or WebP file: 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) bytes a pixel, row by row. PNG with 16 bits a channel is
 * reduced to 8, with 1, 2 or 4 bits or a palette expanded; JPEG may be baseline or progressive, its inks (CMYK) become RGB, and one
 * that says how the camera was held is turned upright. Of a GIF with several pictures the first is read. WebP needs the package @jsquash/webp
 * beside Nabla, and its animations are refused.
 *
 * Memory is bounded by the size in the header and by what the bytes present can hold: a file that claims more pixels than it has data for
 * is refused before they are reserved.
 *
 * @param options `maxPixels`: the largest picture to read (default 100 megapixels); `maxBytes`: the longest file (default 256 MiB)
 * @throws if the file is missing, unreadable, not a regular file (a device or a pipe has no end), none of these, damaged, or larger
 * than the options allow; the message names it
 * @example
 * ```ts
 * const pixelsOf = async (path: string) => fitAsMnist(await readImageFile(path));
 * ```
 */
export async function readImageFile(path: string, options: ImageFileOptions = {}): Promise<Picture> {
  text("readImageFile", "the path", path);
  fields("readImageFile", "options", options);
  knownOptions("readImageFile", options, ["maxPixels", "maxBytes"]);
  const { maxPixels = 100 * MEGA, maxBytes = 256 * 2 ** 20 } = options;
  positive("readImageFile", "maxPixels", maxPixels);
  positive("readImageFile", "maxBytes", maxBytes);
  const bytes = await readRegularFile(path, maxBytes);
  const format = formatOf(bytes);
  if (format === undefined) {
    refuseLfsPointer(path, bytes);
    const what = bytes.length === 0 ? "an empty file" : "not a PNG, JPEG, GIF or WebP picture";
    throw new Error(`${path}: ${what}; convert the picture to PNG or JPEG`);
  }
  // Four bytes a pixel, as most pictures have them unpacked; those with 16 bits a channel take more.
  const acceptSize = (width: number, height: number, size = 0): void => {
    if (width === 0 || height === 0) throw new Unwanted(`${width}x${height} pixels, a picture without content`);
    if (width * height > maxPixels || size > 4 * maxPixels + height) {
      const what = width * height > maxPixels ? "" : " of 16 bits a channel";
      throw new Unwanted(
        `${width}x${height} pixels${what} is too large, at most ${maxPixels / MEGA} megapixels are read; make the picture smaller, or set maxPixels`,
      );
    }
  };
  try {
    return await DECODERS[format](bytes, acceptSize);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof Unwanted || error instanceof NoWebpDecoder) throw new Error(`${path}: ${message}`);
    throw new Error(`${path}: damaged ${format} picture (${message}); open it in an image program and save it again`);
  }
}

type Format = "PNG" | "JPEG" | "GIF" | "WebP";
type Decode = (
  bytes: Uint8Array,
  acceptSize: (width: number, height: number, bytes?: number) => void,
) => Picture | Promise<Picture>;
const DECODERS: Record<Format, Decode> = { PNG: decodePng, JPEG: decodeJpeg, GIF: decodeGif, WebP: decodeWebp };

function formatOf(bytes: Uint8Array): Format | undefined {
  const holds = (at: number, ...magic: number[]) => magic.every((byte, k) => bytes[at + k] === byte);
  if (holds(0, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "PNG";
  if (holds(0, 0xff, 0xd8, 0xff)) return "JPEG";
  // GIF87a, GIF89a
  if (holds(0, 0x47, 0x49, 0x46, 0x38) && (bytes[4] === 0x37 || bytes[4] === 0x39) && bytes[5] === 0x61) return "GIF";
  // RIFF....WEBP
  if (holds(0, 0x52, 0x49, 0x46, 0x46) && holds(8, 0x57, 0x45, 0x42, 0x50)) return "WebP";
  return undefined;
}
