// Files that are either whole or not there: data in the cache, checkpoints, reports.
import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorCode } from "./file.node.ts";

/** Names of files in the making. */
const UNFINISHED = /^\..+\.[0-9a-f]{12}\.part$/;

/** Makes a folder and those above it, one by one: at once, Node blames a missing file for what a read-only disk refused. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (errorCode(error) === "EEXIST" && (await stat(path)).isDirectory()) return;
    if (errorCode(error) !== "ENOENT" || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await makeFolder(path);
  }
}

/** Writes a file so that under its name there is either nothing new or all of it, whatever happens in between:
 * to a temporary file in the same folder, flushed to the disk, then renamed. Missing folders are made. */
export async function writeFileAtomically(path: string, bytes: Uint8Array | string): Promise<void> {
  const folder = dirname(path);
  await makeFolder(folder);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString("hex")}.part`);
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** Removes what writers that were killed left half-written in a folder.
 *
 * @param age only files that nobody wrote to for so many seconds: where another process may be writing (default 0) */
export async function removeUnfinished(folder: string, age = 0): Promise<void> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => UNFINISHED.test(name));
  await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const written = age > 0 ? await stat(path).catch(() => undefined) : undefined;
      if (written === undefined || Date.now() - written.mtimeMs >= 1000 * age) await rm(path, { force: true });
    }),
  );
}

/** Makes the rename itself durable. Windows cannot open folders, and keeps its own journal. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
