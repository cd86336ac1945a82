// Starts and ends the worker threads. They meet the calling thread in shared memory (kernels/parallel.ts); JavaScript only sees them start
// and die. A thread that is not up yet is not waited for: the loop runs on those that are.
import { platform, type WorkerHandle } from "../platform.ts";

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

  constructor(
    private readonly module: WebAssembly.Module,
    private readonly memory: WebAssembly.Memory,
    /** Address of the scratch areas of all workers. */
    private readonly scratch: number,
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
      this.workers.push(
        platform().startWorker(start, (message) => {
          this.failure ??= message;
        }),
      );
    }
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
