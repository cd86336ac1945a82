// IDX files on disk, plain or compressed.
import { MOST_BYTES, readRegularFile } from "./file.node.ts";
import { gunzipIfNeeded, MOST_INFLATION } from "./gzip.node.ts";
import { type IdxArray, idxSize, readIdx } from "./idx.ts";

/** Reads an IDX file, plain or compressed with gzip, whatever it is called.
 *
 * @param maxBytes the longest content to read (default 1 GiB); a compressed file is decompressed as far as its header says, and no further
 * @throws if the file cannot be read, is not sound, or is longer than `maxBytes`; the message names it */
export async function readIdxFile(path: string, maxBytes: number = MOST_BYTES): Promise<IdxArray> {
  const bytes = await readRegularFile(path, maxBytes);
  const sizeFrom = (start: Uint8Array): number | undefined => {
    const size = idxSize(start, path);
    if (size !== undefined && size > maxBytes) {
      throw new Error(
        `${path}: its header says ${size} bytes, at most ${maxBytes} are read; set maxBytes to read more`,
      );
    }
    if (size !== undefined && size > MOST_INFLATION * bytes.length) {
      throw new Error(
        `${path}: its header says ${size} bytes, more than ${bytes.length} compressed bytes can hold; the file is damaged, so fetch it again`,
      );
    }
    return size;
  };
  return readIdx(await gunzipIfNeeded(bytes, path, sizeFrom), path);
}
