// Files that are either whole or not there: written beside their place, flushed to the disk, then renamed over it.
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

let counter = 0;

/**
 * Writes a file atomically: whoever reads `path`, even after a crash, finds the old content or the new, never a part.
 * @throws Error of the file system (no space, no permission); then nothing is left behind.
 */
export function writeFileAtomic(path: string, content: Uint8Array | string): void {
  counter += 1;
  const temporary = `${path}.${process.pid}.${counter}.tmp`;
  const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : content;
  try {
    const file = openSync(temporary, "w");
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** Makes the renaming itself durable, where the system lets a folder be flushed. */
function syncFolder(path: string): void {
  let folder: number;
  try {
    folder = openSync(path, "r");
  } catch {
    return;
  }
  try {
    fsyncSync(folder);
  } catch {
    // Windows can't; there the rename is durable enough.
  } finally {
    closeSync(folder);
  }
}
