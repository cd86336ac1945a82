// The lock of a run's folder, for commands: what stands in the way is the user's to mend.
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
