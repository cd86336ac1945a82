// Fork and join over shared memory. A loop is cut into chunks; the calling thread and every worker take chunks until none is left.
// Which thread runs a chunk never matters to the result, so any number of threads gives the same bits. A worker that sleeps delays nobody:
// the caller only waits for chunks that somebody took.

// Control block: one word a cache line, so that threads polling one do not slow down writes to another.
const TICKET: usize = 64; // i64: generation in the upper half, next chunk in the lower
const GENERATION: usize = 128; // i32: what sleeping workers wait on
const DONE: usize = 192; // i32: finished chunks of this generation
const TASK: usize = 256; // five i32: function, arguments, count, grain, chunks
const SLEEPING: usize = 320; // i32
const WORKERS: usize = 384; // i32: workers that have reached their loop
const STOP: usize = 448; // i32: set to end the workers
export const FAILED: usize = 452; // i32: number of the worker that trapped, 0 for none
/** Where a kernel puts the arguments of its task: 512 bytes that stay valid until `parallelFor` returns. */
export const TASK_ARGUMENTS: usize = 512;

/** Polls before a worker goes to sleep: about 50 microseconds. */
const SPINS: i32 = 20000;

/** A kernel's inner loop: `task(arguments, start, end)` runs iterations start to end - 1. It must not call `parallelFor`. */
export type Task = (args: usize, start: i32, end: i32) => void;

/**
 * Runs `task` over [0, count) in chunks of `grain`, on all threads. Chunks begin at multiples of `grain`.
 * Returns when all are done. With one thread, or one chunk, it is a plain call.
 */
export function parallelFor(task: Task, args: usize, count: i32, grain: i32): void {
  const fn = load<u32>(changetype<usize>(task));
  const workers = atomic.load<i32>(WORKERS);
  const chunks = <i32>((<i64>count + grain - 1) / grain);
  if (workers == 0 || chunks <= 1) {
    if (count > 0) call_indirect<void>(fn, args, 0, count);
    return;
  }
  store<u32>(TASK, fn);
  store<u32>(TASK + 4, <u32>args);
  store<i32>(TASK + 8, count);
  store<i32>(TASK + 12, grain);
  store<i32>(TASK + 16, chunks);
  atomic.store<i32>(DONE, 0);
  const generation = load<i32>(GENERATION) + 1;
  atomic.store<i64>(TICKET, (<i64>generation) << 32);
  atomic.store<i32>(GENERATION, generation);
  if (atomic.load<i32>(SLEEPING) > 0) atomic.notify(GENERATION, workers);
  takeChunks(generation);
  while (atomic.load<i32>(DONE) < chunks) {
    if (atomic.load<i32>(FAILED) != 0) unreachable();
  }
}

/** Takes chunks of generation `mine` until there are none. The ticket's generation makes a late worker's attempt on a newer task fail. */
function takeChunks(mine: i32): void {
  for (;;) {
    const ticket = atomic.load<i64>(TICKET);
    if (<i32>(ticket >> 32) != mine) return;
    const chunk = <i32>ticket;
    const chunks = load<i32>(TASK + 16);
    if (chunk >= chunks) return;
    const fn = load<u32>(TASK);
    const args = <usize>load<u32>(TASK + 4);
    const count = load<i32>(TASK + 8);
    const grain = load<i32>(TASK + 12);
    if (atomic.cmpxchg<i64>(TICKET, ticket, ticket + 1) != ticket) continue;
    const start = chunk * grain;
    const end = chunk == chunks - 1 ? count : start + grain;
    call_indirect<void>(fn, args, start, end);
    atomic.add<i32>(DONE, 1);
  }
}

/** The whole life of a worker: poll, then sleep, until told to stop. */
export function workerLoop(): void {
  let seen = atomic.load<i32>(GENERATION);
  atomic.add<i32>(WORKERS, 1);
  while (atomic.load<i32>(STOP) == 0) {
    let spins = 0;
    while (atomic.load<i32>(GENERATION) == seen && spins < SPINS) spins += 1;
    if (atomic.load<i32>(GENERATION) == seen) {
      atomic.add<i32>(SLEEPING, 1);
      atomic.wait<i32>(GENERATION, seen, -1);
      atomic.sub<i32>(SLEEPING, 1);
      continue;
    }
    seen = atomic.load<i32>(GENERATION);
    takeChunks(seen);
  }
  atomic.sub<i32>(WORKERS, 1);
}

/** Ends all workers after their current chunk. */
export function stopWorkers(): void {
  atomic.store<i32>(STOP, 1);
  const generation = load<i32>(GENERATION) + 1;
  atomic.store<i32>(GENERATION, generation);
  atomic.notify(GENERATION, -1);
}

/** Number of threads that share a loop: the workers and the caller. */
export function threadCount(): i32 {
  return atomic.load<i32>(WORKERS) + 1;
}

// Scratch memory of this thread, given by the loader; kernels pack panels into it.
export let scratch: usize = 0;
export let scratchBytes: i32 = 0;

/** Called once on every thread before any kernel. */
export function setScratch(pointer: usize, bytes: i32): void {
  scratch = pointer;
  scratchBytes = bytes;
}
