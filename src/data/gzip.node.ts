// Decompressing no more than the content itself says it is: a gzip file of 2 MB may inflate to gigabytes.
import { createGunzip } from "node:zlib";
import { errorCode } from "./file.node.ts";

/** Deflate makes no more than this many bytes of one (a match of 258 bytes takes two bits). */
export const MOST_INFLATION = 1032;

/** `bytes` decompressed if they start as gzip does, else as they are.
 *
 * @param name what to call the bytes in error messages
 * @param sizeFrom how long the content is, as soon as its first bytes tell (undefined: not yet). No more than that and 64 KB is
 * decompressed; what it throws is passed on
 * @throws if the data are damaged, or longer than `sizeFrom` says; the message names them */
export async function gunzipIfNeeded(
  bytes: Uint8Array,
  name: string,
  sizeFrom: (start: Uint8Array) => number | undefined,
): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  // A file may be of many parts, each compressed by itself: neither its end nor any of its headers tells the length of the whole.
  const stream = createGunzip({ chunkSize: 64 * 1024 });
  stream.end(bytes);
  let content: Uint8Array = new Uint8Array(0);
  let filled = 0;
  let size: number | undefined;
  const take = (chunk: Uint8Array): void => {
    if (size === undefined) {
      const start = Buffer.concat([content, chunk]);
      filled = start.length;
      size = sizeFrom(start);
      content = size === undefined ? start : new Uint8Array(size);
      if (size !== undefined) content.set(start.subarray(0, size));
    } else {
      if (filled < size) content.set(chunk.subarray(0, size - filled), filled);
      filled += chunk.length;
    }
    if (size !== undefined && filled > size) {
      throw new Error(
        `${name}: more follows than the ${size} bytes that it should hold; the file is damaged, so fetch it again`,
      );
    }
  };
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) take(chunk);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw new Error(`${name}: damaged or incomplete gzip data (${(error as Error).message}); fetch the file again`);
  } finally {
    stream.destroy();
  }
  return content.subarray(0, filled);
}
