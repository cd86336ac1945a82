// Fork and join over shared memory. A loop is cut into chunks; the calling thread and every worker take chunks until none is left.
// Which thread runs a chunk never matters to the result, so any number of threads gives the same bits. A worker that sleeps delays nobody:
// the caller only waits for chunks that somebody took. A chunk may also be run outside this module, by JavaScript that calls a library.
// The caller takes chunks from the front, workers from the back: a core that worked on a part of an array in one task mostly gets the
// same part in the next, and finds it in its cache.
//
// Why no chunk is lost, run twice or taken for another task's: the words of the control block that two threads may touch at a time are
// read and written by atomic instructions only, so all threads see one order of them. A task's words change only while its ticket is
// closed, and a ticket's generation never comes back; so if a thread's exchange finds the ticket as it was read before the task's words
// were read, these are that generation's words. Whoever takes a chunk adds one to DONE, once, after its last access to the arguments and
// results; the caller neither goes on nor opens another task before as many are done as there are chunks. This holds also for a caller
// that finds no chunk left for itself: the workers may have taken all and still be busy with them.

// Control block: what one thread polls and another writes stands in a cache line of its own.
const TICKET: usize = 64; // i64: generation in the upper half; below it chunks taken from the back, and from the front
const GENERATION: usize = 128; // i32: what sleeping workers wait on
const DONE: usize = 192; // i32: finished chunks of this generation
const TASK: usize = 256; // i64: function, arguments; i64: count, grain; i64: chunks, number of the first
const SLEEPING: usize = 320; // i32
const WORKERS: usize = 384; // i32: workers that have reached their loop
const STOP: usize = 448; // i32: set to end the workers
const FAILED: usize = 452; // i32: number of the worker that trapped, 0 for none
/** Where a kernel puts the arguments of its task: 512 bytes that stay valid until `parallelFor` returns. */
export const TASK_ARGUMENTS: usize = 512;

/** Polls before a worker goes to sleep: 250 to 500 microseconds. Waking one costs its caller 20, and it comes 40 late. */
const SPINS: i32 = 100000;
/** Chunks of a ticket: what 16 bits hold. Longer tasks are cut. */
const MOST_CHUNKS: i32 = 0xffff;
/** A closed ticket: all are taken, however many there are. */
const CLOSED: i64 = 0xffff;
/** What taking a chunk from the back adds to a ticket. */
const BACK: i64 = 0x10000;
/** Stands where a task has its function, if its chunks are run outside: no function has this number. */
const OUTSIDE: u32 = 0xffffffff;
const NONE: i32 = -1;

/** Throws: a chunk that was taken will never be done. */
@external("env", "abort")
declare function workerDied(): void;

/** Generation that this thread works on, and whether it has a chunk outside. */
let mine: i32 = 0;
let outside: bool = false;
/** Whether this thread is a worker that has reached its loop. */
let joined: bool = false;

/** A kernel's inner loop: `task(arguments, start, end)` runs iterations start to end - 1. It must not call `parallelFor`. */
export type Task = (args: usize, start: i32, end: i32) => void;

/**
 * Runs `task` over [0, count) in chunks of `grain`, on all threads. Chunks begin at multiples of `grain`.
 * Returns when all are done. With one thread, or one chunk, it is a plain call.
 */
export function parallelFor(task: Task, args: usize, count: i32, grain: i32): void {
  const fn = load<u32>(changetype<usize>(task));
  const chunks = <i32>((<i64>count + grain - 1) / grain);
  if (chunks <= 1 || atomic.load<i32>(WORKERS) == 0) {
    if (count > 0) call_indirect<void>(fn, args, 0, count);
    return;
  }
  for (let first = 0; first < chunks; first += MOST_CHUNKS) {
    open(fn, args, count, grain, first, min(MOST_CHUNKS, chunks - first));
    takeOrJoin();
  }
}

/**
 * Whether to hand out a task that is so much work, where `grain` is some microseconds of it. Four of them are worth
 * waking a thread; one, to find threads that are awake. It says nothing about the result, which no cut may change.
 */
// @ts-ignore: decorator
@inline
export function worthSharing(work: i64, grain: i32): bool {
  return work > 4 * <i64>grain || (work > grain && atomic.load<i32>(SLEEPING) == 0);
}

/** The chunk for it: of a short task, short ones. */
// @ts-ignore: decorator
@inline
export function chunkOf(work: i64, grain: i32): i32 {
  return work > 4 * <i64>grain ? grain : grain / 4;
}

/**
 * Offers chunks of a task that is run outside, at most MOST_CHUNKS from number `first` on, and takes the caller's first:
 * see `nextOutside`.
 */
export function forkOutside(first: i32, chunks: i32): i32 {
  open(OUTSIDE, 0, first + chunks, 1, first, chunks);
  return takeOrJoin();
}

/** The caller's next chunk, to be called once it is done; -1 when all are done, its own and the workers'. */
export function nextOutside(): i32 {
  finishOutside();
  return takeOrJoin();
}

/** Makes a new task known to all threads; the last one has ended. */
function open(fn: u32, args: usize, count: i32, grain: i32, firstChunk: i32, chunks: i32): void {
  const generation = atomic.load<i32>(GENERATION) + 1;
  const ticket = <i64>generation << 32;
  atomic.store<i64>(TICKET, ticket | CLOSED);
  atomic.store<i64>(TASK, <i64>fn | (<i64>args << 32));
  atomic.store<i64>(TASK + 8, <i64>count | (<i64>grain << 32));
  atomic.store<i64>(TASK + 16, <i64>chunks | (<i64>firstChunk << 32));
  atomic.store<i32>(DONE, 0);
  mine = generation;
  atomic.store<i64>(TICKET, ticket);
  atomic.store<i32>(GENERATION, generation);
  if (atomic.load<i32>(SLEEPING) > 0) atomic.notify(GENERATION, -1);
}

/** Runs chunks of this thread's generation until none is left: -1; or until one is to be run outside: its number. */
function take(): i32 {
  let ticket = atomic.load<i64>(TICKET);
  while (<i32>(ticket >> 32) == mine) {
    const front = <i32>ticket & 0xffff;
    const back = <i32>(<u32>ticket >> 16);
    const extra = atomic.load<i64>(TASK + 16);
    const chunks = <i32>extra;
    if (front + back >= chunks) break;
    const what = atomic.load<i64>(TASK);
    const extent = atomic.load<i64>(TASK + 8);
    const found = atomic.cmpxchg<i64>(TICKET, ticket, ticket + (joined ? BACK : 1));
    if (found != ticket) {
      ticket = found;
      continue;
    }
    const chunk = <i32>(extra >> 32) + (joined ? chunks - 1 - back : front);
    const fn = <u32>what;
    if (fn == OUTSIDE) {
      outside = true;
      return chunk;
    }
    const grain = <i32>(extent >> 32);
    const start = chunk * grain;
    const end = <i32>min<i64>(<i64>start + grain, <i64><i32>extent);
    call_indirect<void>(fn, <usize>(<u64>what >> 32), start, end);
    atomic.add<i32>(DONE, 1);
    ticket = atomic.load<i64>(TICKET);
  }
  return NONE;
}

function finishOutside(): void {
  if (!outside) return;
  outside = false;
  atomic.add<i32>(DONE, 1);
}

/** The caller's share of its task, and the wait for the workers' shares. */
function takeOrJoin(): i32 {
  const chunk = take();
  if (chunk != NONE) return chunk;
  const chunks = atomic.load<i32>(TASK + 16);
  while (atomic.load<i32>(DONE) < chunks) {
    if (atomic.load<i32>(FAILED) != 0) workerDied();
  }
  return NONE;
}

/**
 * The life of a worker: poll, then sleep, until told to stop. Returns the number of a chunk to be run outside, after
 * which it is to be called again, or -1 when the worker is to end.
 */
export function workerLoop(): i32 {
  if (joined) {
    finishOutside();
  } else {
    joined = true;
    mine = atomic.load<i32>(GENERATION);
    atomic.add<i32>(WORKERS, 1);
  }
  while (atomic.load<i32>(STOP) == 0) {
    const chunk = take();
    if (chunk != NONE) return chunk;
    let spins = 0;
    while (atomic.load<i32>(GENERATION) == mine && spins < SPINS) spins += 1;
    if (atomic.load<i32>(GENERATION) == mine) {
      atomic.add<i32>(SLEEPING, 1);
      atomic.wait<i32>(GENERATION, mine, -1);
      atomic.sub<i32>(SLEEPING, 1);
    }
    mine = atomic.load<i32>(GENERATION);
  }
  atomic.sub<i32>(WORKERS, 1);
  return NONE;
}

/** Ends all workers after their current chunk. */
export function stopWorkers(): void {
  atomic.store<i32>(STOP, 1);
  atomic.add<i32>(GENERATION, 1);
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
