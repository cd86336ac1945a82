// What a training in a folder needs while it runs: it ends when it is asked to, and what it has learnt is saved epoch by epoch, whatever happens to the
// folder meanwhile.
import { errorCode, explain } from "../src/data/file.node.ts";
import { prefetch } from "../src/tensor/memory.ts";
import type { Trainer } from "../src/train/trainer.ts";
import { whenOutputCloses } from "./output.ts";
import type { RunFolder } from "./run-folder.ts";

/** What can be asked of a process to make it end. */
const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Whether the output was closed meanwhile: then nobody reads what is said. */
export interface Audience {
  unread: boolean;
}

/** Runs something with a signal that is aborted when the process is asked to end, or its output is closed. */
export async function interruptible<R>(body: (signal: AbortSignal, audience: Audience) => Promise<R>): Promise<R> {
  const controller = new AbortController();
  const audience: Audience = { unread: false };
  const onInterrupt = (): void => {
    // A second Ctrl-C is for those who can't wait.
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  for (const signal of INTERRUPTS) process.on(signal, onInterrupt);
  const listen = whenOutputCloses(() => {
    audience.unread = true;
    controller.abort();
  });
  try {
    return await body(controller.signal, audience);
  } finally {
    for (const signal of INTERRUPTS) process.off(signal, onInterrupt);
    listen();
  }
}

export interface SaverOptions<Config, Record> {
  readonly folder: RunFolder<Config, Record & { epoch: number }>;
  readonly trainer: Trainer;
  /** What config.json holds. */
  readonly config: Config;
  readonly architecture: string;
  /** All that there are; the last one is saved. */
  readonly records: readonly (Record & { epoch: number })[];
  /** Checkpoints of complete epochs to keep. */
  readonly keep: number | undefined;
  readonly say: (line: string) => void;
}

/**
 * Writes history and checkpoints. What can't be saved now (a full disk, a folder that is read-only for a while) may be at the next epoch; until then
 * the last checkpoint stands.
 */
export class RunSaver<Config, Record> {
  /** Complete epochs of the last checkpoint. */
  saved: number;
  /** Why the last one could not be saved. */
  unsaved: Error | undefined;
  private readonly options: SaverOptions<Config, Record>;
  /** Checkpoints are written one after the other. */
  private last: Promise<void> = Promise.resolve();

  constructor(options: SaverOptions<Config, Record>) {
    this.options = options;
    this.saved = options.trainer.epoch;
  }

  sayAnew(parts: readonly string[]): void {
    const { say, folder } = this.options;
    if (parts.length > 0)
      say(`${folder.path}: ${parts.join(", ")} was deleted while the run went on; it is written anew`);
  }

  /** Where the run stands, with a line of its history where an epoch is complete. */
  async save(line?: Record & { epoch: number }): Promise<void> {
    const { folder, trainer, config, architecture, records, keep } = this.options;
    await this.last;
    if (line !== undefined) this.sayAnew(await folder.append(line, config, records.slice(0, -1)));
    await prefetch(Object.values(trainer.tensors()));
    await folder.writeCheckpoint(trainer.tensors(), trainer.state(), architecture, keep);
    this.saved = trainer.epoch;
  }

  /** The same, within an epoch: training goes on meanwhile, from what it is now. */
  saveStep(): Promise<void> {
    const { folder, trainer, architecture, keep } = this.options;
    // Both are of now; a checkpoint is made of them before anything is waited for.
    const checkpoint = folder.checkpointOf(trainer.tensors(), trainer.state(), architecture);
    this.last = this.last.then(() =>
      this.attempt(`step ${checkpoint.step} of epoch ${checkpoint.epoch + 1}`, "step", async () => {
        await folder.writeCheckpointFile(checkpoint, keep);
      }),
    );
    return this.last;
  }

  /** As `save`, but what the disk refuses is told, and tried again after the next epoch. */
  trySave(line: Record & { epoch: number }): Promise<void> {
    return this.attempt(`epoch ${line.epoch}`, "epoch", () => this.save(line));
  }

  private async attempt(what: string, next: "epoch" | "step", body: () => Promise<void>): Promise<void> {
    const { say } = this.options;
    try {
      await body();
      if (this.unsaved !== undefined) say("saved again");
      this.unsaved = undefined;
    } catch (error) {
      // Another run has the folder, or the fault is ours.
      if (errorCode(error) === undefined) throw error;
      this.unsaved = error as Error;
      const later = next === "epoch" ? "after the next epoch" : "later";
      say(`cannot save ${what}: ${explain(this.unsaved)}. The run goes on, and tries again ${later}.`);
    }
  }
}
