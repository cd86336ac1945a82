// Where downloaded data lives on this machine, and reading it from there.
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { type Environment, environment as ownEnvironment } from "../engine/environment.node.ts";
import { type IdxArray, readIdx } from "./idx.ts";

/** The folder for data that Nabla may keep between runs: `NABLA_CACHE_DIR` if set, else the platform's usual place
 * (`$XDG_CACHE_HOME/nabla` or `~/.cache/nabla`; `~/Library/Caches/nabla` on macOS; `%LOCALAPPDATA%\nabla\cache` on Windows).
 * @example
 * ```ts
 * cacheFolder({ NABLA_CACHE_DIR: "/data/nabla" }, "linux"); // "/data/nabla"
 * ```
 */
export function cacheFolder(
  environment: Environment = ownEnvironment,
  platform: string = process.platform,
  home: string = homedir(),
): string {
  if (environment.NABLA_CACHE_DIR) return resolve(environment.NABLA_CACHE_DIR);
  if (platform === "win32") return join(environment.LOCALAPPDATA || join(home, "AppData", "Local"), "nabla", "cache");
  if (platform === "darwin") return join(home, "Library", "Caches", "nabla");
  return join(environment.XDG_CACHE_HOME || join(home, ".cache"), "nabla");
}

/** The code of a file system error, such as `ENOENT`; undefined for any other error. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** `bytes` decompressed if they start as gzip does, else as they are.
 *
 * @param name what to call the bytes in error messages */
export async function gunzipIfNeeded(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await promisify(gunzip)(bytes);
  } catch (error) {
    throw new Error(
      `${name}: damaged or incomplete gzip data (${error instanceof Error ? error.message : error}); fetch the file again`,
    );
  }
}

/** Reads an IDX file, plain or compressed with gzip, whatever it is called.
 *
 * @throws if the file cannot be read or is not sound; the message names it */
export async function readIdxFile(path: string): Promise<IdxArray> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new Error(`${path}: ${explain(error)}`);
  }
  return readIdx(await gunzipIfNeeded(bytes, path), path);
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
      return "no space left on the disk";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
