// Reads WebP by @jsquash/webp, which is Google's own decoder as WebAssembly. Few need it, so it is not part of Nabla: whoever does installs it.
// The size is read from the header first, so that nothing huge is unpacked.
// Source: RFC 9649, WebP Image Format.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Picture } from "./picture.ts";

/** Not literals: bundlers would look for the package. */
const DECODER = "@jsquash/webp/decode.js";
const KERNELS = "@jsquash/webp/codec/dec/webp_dec.wasm";

/** What is used of @jsquash/webp. */
interface Decoder {
  init(kernels: WebAssembly.Module): Promise<void>;
  default(bytes: ArrayBuffer): Promise<{ width: number; height: number; data: Uint8ClampedArray }>;
}

/** The package is not there, which is no fault of the picture. */
export class NoWebpDecoder extends Error {}

let decoder: Promise<Decoder> | undefined;

/** Decodes a WebP file to 3 (RGB) or, where it says that it has transparency, 4 (RGBA) bytes a pixel.
 *
 * @param acceptSize may throw, before anything of that size is reserved
 * @throws NoWebpDecoder where the package is not installed; Error saying what is wrong with the file */
export async function decodeWebp(
  bytes: Uint8Array,
  acceptSize: (width: number, height: number) => void,
): Promise<Picture> {
  const { width, height, alpha } = readHeader(bytes);
  acceptSize(width, height);
  decoder ??= load();
  const { default: decode } = await decoder;
  const picture = await decode(bytes.slice().buffer);
  if (picture.width !== width || picture.height !== height) {
    throw new Error(`its header says ${width}x${height} pixels, and it holds ${picture.width}x${picture.height}`);
  }
  const data = new Uint8Array(picture.data.buffer, picture.data.byteOffset, picture.data.length);
  if (alpha) return { width, height, channels: 4, data };
  const opaque = new Uint8Array(3 * width * height);
  for (let p = 0; p < width * height; p++) {
    opaque[3 * p] = data[4 * p];
    opaque[3 * p + 1] = data[4 * p + 1];
    opaque[3 * p + 2] = data[4 * p + 2];
  }
  return { width, height, channels: 3, data: opaque };
}

async function load(): Promise<Decoder> {
  try {
    const found = (await import(DECODER)) as Decoder;
    // A bundler that makes CommonJS of this leaves no import.meta.url; there __filename says where the code is.
    const path = createRequire(import.meta.url ?? __filename).resolve(KERNELS);
    await found.init(await WebAssembly.compile(await readFile(path)));
    return found;
  } catch (cause) {
    decoder = undefined;
    throw new NoWebpDecoder(
      "to read WebP, the package @jsquash/webp is needed, which is not installed: npm install @jsquash/webp, or convert the picture to PNG",
      { cause },
    );
  }
}

/** Three kinds of file: lossy, lossless, and extended, which may hold either with transparency, or an animation. */
function readHeader(bytes: Uint8Array): { width: number; height: number; alpha: boolean } {
  if (bytes.length < 30) throw new Error("it ends within its header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = String.fromCharCode(...bytes.subarray(12, 16));
  const three = (at: number) => view.getUint16(at, true) + 65536 * bytes[at + 2];
  switch (kind) {
    case "VP8 ":
      if (three(23) !== 0x2a019d) throw new Error("no frame where the first one begins");
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff, alpha: false };
    case "VP8L": {
      if (bytes[20] !== 0x2f) throw new Error("no picture where it begins");
      const packed = view.getUint32(21, true);
      return { width: (packed & 0x3fff) + 1, height: ((packed >> 14) & 0x3fff) + 1, alpha: ((packed >> 28) & 1) === 1 };
    }
    case "VP8X":
      if (bytes[20] & 2) throw new Error("an animation, which is not read");
      return { width: three(24) + 1, height: three(27) + 1, alpha: (bytes[20] & 16) !== 0 };
    default:
      throw new Error(`it begins with chunk ${JSON.stringify(kind)}`);
  }
}
