// Where the full forms that take hours keep their trainings: a folder an experiment, which one process uses at a time. What is there is gone on with.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Experiment, Store } from "../../book/experiment.ts";
import { type Result, type RunOptions, runExperiment } from "../../book/run.ts";
import { writeFileAtomically } from "../../src/data/atomic.node.ts";
import { errorCode, explain, readRegularFile } from "../../src/data/file.node.ts";
import { UserError } from "../errors.ts";
import { type FolderLock, lockFolder } from "../run-lock.ts";

/** Where they are kept unless told otherwise. */
const KEPT = join("runs", "book");

export interface FolderStore extends Store {
  /** Gives the folder free. */
  close(): void;
}

/** The store of an experiment in `folder`; nothing is made before the experiment asks for it. */
export function folderStore(folder: string, id: string): FolderStore {
  const place = join(folder, id.replaceAll("/", "-"));
  let lock: FolderLock | undefined;
  const take = async (): Promise<void> => {
    if (lock !== undefined) return;
    try {
      await mkdir(place, { recursive: true });
      lock = await lockFolder(place);
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(`cannot keep trainings in ${place}: ${explain(error)}. Choose another folder with --keep.`, {
        cause: error,
      });
    }
  };
  return {
    place,
    async read(name) {
      await take();
      try {
        return await readRegularFile(join(place, name));
      } catch (error) {
        if (errorCode((error as Error).cause) === "ENOENT") return undefined;
        throw error;
      }
    },
    async write(name, bytes) {
      await take();
      await writeFileAtomically(join(place, name), bytes);
    },
    close() {
      lock?.release();
      lock = undefined;
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
