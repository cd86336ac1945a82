// The folder that --out names.
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { makeFolder } from "../src/data/atomic.node.ts";
import { errorCode, explain } from "../src/data/file.node.ts";
import { UserError } from "./errors.ts";

/** What is said of a folder that can't be written to. */
export function unwritable(folder: string, cause: unknown): UserError {
  return new UserError(
    `cannot write to the output folder ${folder}: ${explain(cause)}. Choose another with --out FOLDER.`,
    { cause },
  );
}

/** What `write` gives. @throws UserError where the file system refuses */
export async function writingTo<T>(folder: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw errorCode(error) === undefined ? error : unwritable(folder, error);
  }
}

/**
 * Makes it, before the work whose results are to lie there.
 * @throws UserError if it can't be made, or nothing may be written in it
 */
export async function makeOutputFolder(folder: string): Promise<void> {
  await writingTo(folder, async () => {
    await makeFolder(folder);
    await access(folder, constants.W_OK);
  });
}
