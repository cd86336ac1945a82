// Bytes that are read in parts: a file on disk, or a Blob in a page. Readers that take single tensors out of large files ask for no more than they need.
import { quote } from "../engine/quote.ts";

/** Something that holds bytes and gives any part of them. */
export interface ByteSource {
  /** How many bytes there are. */
  readonly size: number;
  /** The bytes from `start` up to `stop`; fewer where it has been cut since. */
  read(start: number, stop: number): Promise<Uint8Array>;
  /** Gives back what it holds; nothing can be read afterwards. */
  close?(): Promise<void>;
}

/** What a Blob is asked for: `File` in a page, `openAsBlob` of Node. */
export interface BlobLike {
  readonly size: number;
  slice(start: number, stop: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** A source from what may be one: bytes, a Blob, or a source itself. */
export function sourceOf(owner: string, value: Uint8Array | BlobLike | ByteSource): ByteSource {
  if (value instanceof Uint8Array) {
    return { size: value.length, read: (start, stop) => Promise.resolve(value.subarray(start, stop)) };
  }
  if (typeof value === "object" && value !== null && typeof value.size === "number") {
    if ("read" in value && typeof value.read === "function") return value;
    // Tensors, too, have a size and slices.
    if ("slice" in value && typeof value.slice === "function" && "arrayBuffer" in value) {
      const { size } = value;
      return { size, read: async (start, stop) => new Uint8Array(await value.slice(start, stop).arrayBuffer()) };
    }
  }
  throw new TypeError(
    `${owner}: needs bytes, a Blob, or an object with size and read(start, stop), got ${quote(value)}`,
  );
}
