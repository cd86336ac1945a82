// Starts and ends the worker threads. They meet the calling thread in shared memory (kernels/parallel.ts); JavaScript only sees them start
// and die. A thread that is not up yet is not waited for: the loop runs on those that are. One that does not come up at all is given up.
import { platform, type WorkerHandle, type WorkerStart } from "../platform.ts";
import { warn } from "../warning.ts";

/** Scratch memory of one thread, in bytes. */
export const SCRATCH_BYTES = 2 << 20;

// Words of the control block, as laid out in kernels/parallel.ts.
const STOP = 448 >> 2;
const GENERATION = 128 >> 2;
const SLEEPING = 320 >> 2;
const WORKERS = 384 >> 2;
const FAILED = 452 >> 2;

export class WorkerPool {
  private workers: WorkerHandle[] = [];
  private failure: string | undefined;
  private givenUp = false;

  constructor(
    private readonly module: WebAssembly.Module,
    private readonly memory: WebAssembly.Memory,
    /** Address of the scratch areas of all workers. */
    private readonly scratch: number,
    /** Of the workers' program, where the platform wants one. */
    private readonly url?: string | URL,
  ) {}

  private control(): Int32Array {
    return new Int32Array(this.memory.buffer, 0, 256);
  }

  start(count: number): void {
    const control = this.control();
    for (const word of [STOP, SLEEPING, WORKERS, FAILED]) Atomics.store(control, word, 0);
    for (let i = 0; i < count; i++) {
      const scratch = this.scratch + i * SCRATCH_BYTES;
      const start = { module: this.module, memory: this.memory, scratch, scratchBytes: SCRATCH_BYTES };
      this.startWorker(start);
    }
  }

  private startWorker(start: WorkerStart): void {
    let worker: WorkerHandle | undefined;
    const failed = (message: string): void => {
      const died = Atomics.load(this.control(), FAILED) !== 0 || this.ready() >= this.workers.length;
      if (died) this.failure ??= message;
      else this.giveUp(worker, message);
    };
    try {
      worker = platform().startWorker(start, failed, this.url);
      this.workers.push(worker);
    } catch (error) {
      this.giveUp(undefined, error instanceof Error ? error.message : String(error));
    }
  }

  /** Goes on without a worker that does not start. */
  private giveUp(worker: WorkerHandle | undefined, message: string): void {
    this.workers = this.workers.filter((other) => other !== worker);
    worker?.terminate();
    if (this.givenUp) return;
    this.givenUp = true;
    warn(
      `engine: a worker thread does not start${message ? ` (${message})` : ""}; computing goes on with fewer threads (engineStatus().threads). ` +
        `${platform().workerRemedy(this.url)}`,
    );
  }

  /** Threads that have started, or will, as far as one knows. */
  get size(): number {
    return this.workers.length;
  }

  /** Threads that have reached their loop. */
  ready(): number {
    return Atomics.load(this.control(), WORKERS);
  }

  /** What went wrong in a worker, if something did. */
  failureMessage(): string | undefined {
    if (Atomics.load(this.control(), FAILED) !== 0) return this.failure ?? "a kernel trapped in a worker thread";
    return this.failure;
  }

  /** Ends all workers. The kernels go on with the calling thread alone. */
  stop(): void {
    const control = this.control();
    Atomics.store(control, STOP, 1);
    Atomics.add(control, GENERATION, 1);
    Atomics.notify(control, GENERATION);
    for (const worker of this.workers) worker.terminate();
    this.workers = [];
    Atomics.store(control, WORKERS, 0);
    Atomics.store(control, SLEEPING, 0);
  }
}
