// Where the full forms that take hours keep their trainings: a folder a section of the source, for experiments that compare with one another train the
// same networks, and in it a folder a training, which one process uses at a time. What is there is gone on with.
import { dirname, join } from "node:path";
import type { Experiment, Store } from "../../book/experiment.ts";
import { type Result, type RunOptions, runExperiment } from "../../book/run.ts";
import { makeFolder, writeFileAtomically } from "../../src/data/atomic.node.ts";
import { errorCode, explain, readRegularFile } from "../../src/data/file.node.ts";
import { UserError } from "../errors.ts";
import { type FolderLock, lockFolder } from "../run-lock.ts";

/** Where they are kept unless told otherwise. */
const KEPT = join("runs", "book");

export interface FolderStore extends Store {
  /** Gives the folders free. */
  close(): void;
}

/** The store of an experiment in `folder`; nothing is made before the experiment asks for it. */
export function folderStore(folder: string, id: string): FolderStore {
  const place = join(folder, id.split("-")[0].replaceAll("/", "-"));
  const locks = new Map<string, FolderLock>();
  /** The path of a file, in a folder that this process has. */
  const take = async (name: string): Promise<string> => {
    const path = join(place, name);
    const home = dirname(path);
    if (locks.has(home)) return path;
    try {
      await makeFolder(home);
      locks.set(home, await lockFolder(home));
      return path;
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(`cannot keep trainings in ${home}: ${explain(error)}. Choose another folder with --keep.`, {
        cause: error,
      });
    }
  };
  return {
    place,
    async read(name) {
      const path = await take(name);
      try {
        return await readRegularFile(path);
      } catch (error) {
        if (errorCode((error as Error).cause) === "ENOENT") return undefined;
        throw error;
      }
    },
    async write(name, bytes) {
      await writeFileAtomically(await take(name), bytes);
    },
    close() {
      for (const lock of locks.values()) lock.release();
      locks.clear();
    },
  };
}

/** Runs an experiment; one that takes hours with its store in `folder`. */
export async function runKept(experiment: Experiment, options: RunOptions, folder: string = KEPT): Promise<Result> {
  if (options.form !== "full" || experiment.hours === undefined) return runExperiment(experiment, options);
  const store = folderStore(folder, experiment.id);
  try {
    return await runExperiment(experiment, { ...options, store });
  } finally {
    store.close();
  }
}
