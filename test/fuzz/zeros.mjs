// Compressed zeros by the hundred megabytes, made of one compressed megabyte repeated: nothing large is held to make them.
import { constants, deflateRawSync, gzipSync } from "node:zlib";
import { concat, word } from "./mutate.mjs";

const MEGABYTE = new Uint8Array(2 ** 20);
const part = deflateRawSync(MEGABYTE, { finishFlush: constants.Z_FULL_FLUSH });

/** A zlib stream of so many megabytes. Of zeros, Adler's first sum stays 1 and the second counts them. */
export function zlibZeros(megabytes) {
  const count = (megabytes * 2 ** 20) % 65521;
  const parts = Array.from({ length: megabytes }, () => part);
  return concat(Uint8Array.of(0x78, 0x9c), ...parts, Uint8Array.of(3, 0), word(count * 65536 + 1));
}

/** A gzip file of as many members as megabytes. */
export function gzipZeros(megabytes) {
  const member = gzipSync(MEGABYTE);
  return concat(...Array.from({ length: megabytes }, () => member));
}
