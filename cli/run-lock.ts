// The lock of a run's folder, for commands: what stands in the way is the user's to mend.
import { existsSync } from "node:fs";
import { makeFolder } from "../src/data/atomic.node.ts";
import { FolderInUse, type FolderLock, lockFolder as lock } from "../src/runs/folder-lock.node.ts";
import { UserError } from "./errors.ts";

export { type FolderLock, holderOf } from "../src/runs/folder-lock.node.ts";

/**
 * Takes the lock of a folder that exists.
 * @throws UserError if another process holds it; what the file system says if it can't be written.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  try {
    return await lock(folder, ["nabla", ...process.argv.slice(2)].join(" "));
  } catch (error) {
    if (error instanceof FolderInUse) throw new UserError(`${error.message} with --out.`, { cause: error });
    throw error;
  }
}

/**
 * Takes the lock again that a run has lost with its folder: someone deleted it while the run went on. Made anew, it is told in `anew`.
 * @throws UserError if another run has begun in its place.
 */
export async function lockAgain(
  folder: string,
  lost: FolderLock | undefined,
  isOurs: () => boolean,
  anew: string[],
): Promise<FolderLock> {
  if (!existsSync(folder)) anew.push("the folder");
  await makeFolder(folder);
  lost?.release();
  const taken = await lockFolder(folder);
  let ours = false;
  try {
    ours = isOurs();
  } finally {
    if (!ours) taken.release();
  }
  if (ours) return taken;
  throw new UserError(`${folder} was deleted while this run went on, and another run has its place now`);
}
