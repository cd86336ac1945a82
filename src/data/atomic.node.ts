// Files that are either whole or not there: data in the cache, checkpoints, reports.
import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
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
    // Once: in a file system that takes no folders, such as /proc, it is missing for ever. Another process may have made it by now.
    await mkdir(path).catch((again: unknown) => {
      if (errorCode(again) !== "EEXIST") throw again;
    });
  }
}

/** Which file it is, whatever its name. The number alone does not tell: that of a deleted file is given to the next one. */
export interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly birthtimeNs: bigint;
}

/** Whether they are of one file. */
export function sameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.birthtimeNs === b.birthtimeNs;
}

/** Writes a file so that under its name there is either nothing new or all of it, whatever happens in between:
 * to a temporary file in the same folder, flushed to the disk, then renamed. Missing folders are made. A link stays one, and what it names is
 * written. What is no file, such as /dev/null and pipes, is written into: renaming would put a file in its place.
 * @returns which file it is. */
export async function writeFileAtomically(given: string, bytes: Uint8Array | string): Promise<FileIdentity> {
  const there = await stat(given, { bigint: true }).catch(() => undefined);
  if (there !== undefined && !there.isDirectory() && (!there.isFile() || /^\/(dev|proc)\//.test(given))) {
    await writeFile(given, bytes);
    return there;
  }
  const path = there === undefined ? given : await realpath(given);
  const folder = dirname(path);
  await makeFolder(folder);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString("hex")}.part`);
  let identity: FileIdentity;
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
      identity = await file.stat({ bigint: true });
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
  return identity;
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
