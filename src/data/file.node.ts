// Reading files that may be anything: regular files only, up to a length, and errors of the file system in words.
import { closeSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { open, stat } from "node:fs/promises";

/** Most that a data file may hold, compressed or not, unless told otherwise; MNIST's largest is 47 MB. */
export const MOST_BYTES = 2 ** 30;

/** Characters of a path that a message shows: its end says more. */
const LONGEST_PATH = 180;

/** Reads a regular file of at most `maxBytes` bytes: a device or a pipe may have no end.
 *
 * @throws if there is none, it is something else, or it is longer; the message names it */
export async function readRegularFile(path: string, maxBytes: number = MOST_BYTES): Promise<Uint8Array> {
  try {
    const size = sizeToRead(await stat(path), maxBytes);
    const file = await open(path);
    try {
      const bytes = unfilled(size);
      let filled = 0;
      while (filled < size) {
        const { bytesRead } = await file.read(bytes, filled, size - filled, filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new Error(`${nameOf(path)}: ${explain(error)}`, { cause: error });
  }
}

/** Bytes that are about to be read into: zeros first would be a second pass over memory, and what is not filled is cut off. */
function unfilled(size: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}

/** `readRegularFile` for what cannot wait. */
export function readRegularFileSync(path: string, maxBytes: number = MOST_BYTES): Uint8Array {
  try {
    const size = sizeToRead(statSync(path), maxBytes);
    const file = openSync(path, "r");
    try {
      const bytes = unfilled(size);
      let filled = 0;
      while (filled < size) {
        const count = readSync(file, bytes, filled, size - filled, filled);
        if (count === 0) break;
        filled += count;
      }
      return bytes.subarray(0, filled);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new Error(`${nameOf(path)}: ${explain(error)}`, { cause: error });
  }
}

/** A path as a message names it: its end, where it is longer than any path that a person reads. */
export function nameOf(path: string): string {
  if (path === "") return `""`;
  return path.length <= LONGEST_PATH ? path : `...${path.slice(-LONGEST_PATH)}`;
}

function sizeToRead(status: Stats, maxBytes: number): number {
  if (status.isDirectory()) throw new Error("is a folder, not a file");
  if (!status.isFile()) {
    throw new Error("is a device, a pipe or a socket, not a regular file; give a file that has an end");
  }
  if (status.size > maxBytes) {
    throw new Error(
      `${status.size} bytes is too large, at most ${maxBytes} are read; give a smaller file, or set maxBytes`,
    );
  }
  return status.size;
}

/** The code of a file system error, such as `ENOENT`; undefined for any other error. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** What a file system error means, in words. */
export function explain(error: unknown): string {
  switch (errorCode(error)) {
    case "ENOENT":
      return "there is no such file or folder";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "EISDIR":
      return "is a folder, not a file";
    case "ENOTDIR":
      return "a part of the path is a file, not a folder";
    case "EROFS":
      return "the file system is read-only";
    case "ENOSPC":
    case "EDQUOT":
      return "no space left on the disk";
    case "EFBIG":
      return "files may not grow that large here";
    case "ELOOP":
      return "symbolic links that run in a circle";
    case "ENAMETOOLONG":
      return "the name is too long";
    case "EMFILE":
    case "ENFILE":
      return "too many files are open";
    case "EIO":
      return "the disk or the connection to it failed";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
