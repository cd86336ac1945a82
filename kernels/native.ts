// What the native engine (src/engine/native) needs beside the kernels: chunks of a loop whose body stands outside this
// module, in a library that JavaScript calls. They are handed out by the same fork and join as chunks of kernels
// (parallel.ts), so that one set of threads serves both. A worker leaves its loop with the number of such a chunk and
// comes back when it is done.
import { multiply, PART, Product } from "./gemm-block";
import { loadPart, storePart } from "./lanes";
import { FAILED, scratch } from "./parallel";

// Words of the control block, as laid out in parallel.ts.
const TICKET: usize = 64;
const GENERATION: usize = 128;
const DONE: usize = 192;
const TASK: usize = 256;
const SLEEPING: usize = 320;
const WORKERS: usize = 384;
const STOP: usize = 448;

const SPINS: i32 = 20000;

/** Stands where a task has its function: no function has this number. */
const OUTSIDE: u32 = 0xffffffff;
const NONE: i32 = -1;
/** A ticket of no generation. */
const CLOSED: i64 = -1;

/** Generation that this thread works on. */
let current: i32 = 0;
let joined: bool = false;

/** Runs chunks of kernels of this thread's generation; returns a chunk that is to be run outside, or -1 if none is left. */
function takeChunk(): i32 {
  let ticket = atomic.load<i64>(TICKET);
  while (<i32>(ticket >> 32) == current) {
    const chunk = <i32>ticket;
    const fn = load<u32>(TASK);
    const args = <usize>load<u32>(TASK + 4);
    const count = load<i32>(TASK + 8);
    const grain = load<i32>(TASK + 12);
    const chunks = load<i32>(TASK + 16);
    if (chunk >= chunks) break;
    if (atomic.cmpxchg<i64>(TICKET, ticket, ticket + 1) == ticket) {
      if (fn == OUTSIDE) return chunk;
      const start = chunk * grain;
      const end = chunk == chunks - 1 ? count : start + grain;
      call_indirect<void>(fn, args, start, end);
      atomic.add<i32>(DONE, 1);
    }
    ticket = atomic.load<i64>(TICKET);
  }
  return NONE;
}

/**
 * A worker's life, in place of `workerLoop`: returns the number of a chunk to be run outside, after which it is to be
 * called again, or -1 when the worker is to end.
 */
export function outsideWorkerLoop(): i32 {
  if (joined) {
    atomic.add<i32>(DONE, 1);
  } else {
    joined = true;
    current = atomic.load<i32>(GENERATION);
    atomic.add<i32>(WORKERS, 1);
  }
  while (atomic.load<i32>(STOP) == 0) {
    const chunk = takeChunk();
    if (chunk != NONE) return chunk;
    let spins = 0;
    while (atomic.load<i32>(GENERATION) == current && spins < SPINS) spins += 1;
    if (atomic.load<i32>(GENERATION) == current) {
      atomic.add<i32>(SLEEPING, 1);
      atomic.wait<i32>(GENERATION, current, -1);
      atomic.sub<i32>(SLEEPING, 1);
    }
    current = atomic.load<i32>(GENERATION);
  }
  atomic.sub<i32>(WORKERS, 1);
  return NONE;
}

/** Offers `chunks` chunks to all threads and takes the first for the caller. */
export function forkOutside(chunks: i32): i32 {
  // A worker that still looks at the last task must not take its next chunk for one of this task.
  atomic.store<i64>(TICKET, CLOSED);
  store<u32>(TASK, OUTSIDE);
  store<i32>(TASK + 8, chunks);
  store<i32>(TASK + 12, 1);
  store<i32>(TASK + 16, chunks);
  atomic.store<i32>(DONE, 0);
  current = load<i32>(GENERATION) + 1;
  atomic.store<i64>(TICKET, (<i64>current) << 32);
  atomic.store<i32>(GENERATION, current);
  if (atomic.load<i32>(SLEEPING) > 0) atomic.notify(GENERATION, NONE);
  return takeChunk();
}

/** The caller's next chunk, one being done; -1 once all are done, its own and the workers'. */
export function nextOutside(): i32 {
  atomic.add<i32>(DONE, 1);
  const chunk = takeChunk();
  if (chunk != NONE) return chunk;
  while (atomic.load<i32>(DONE) < load<i32>(TASK + 16)) {
    if (atomic.load<i32>(FAILED) != 0) unreachable();
  }
  return NONE;
}

/**
 * Adds the bias [n] to the rows of a product C[m,n], unless its address is 0, and applies the activation, numbered as in
 * `gemm`; rows are cRow elements apart. The same bits as `gemm` gives.
 */
export function finishProduct_f32(m: i32, n: i32, c: usize, cRow: i32, bias: usize, activation: i32): void {
  finish<f32>(m, n, c, cRow, bias, activation);
}

export function finishProduct_f64(m: i32, n: i32, c: usize, cRow: i32, bias: usize, activation: i32): void {
  finish<f64>(m, n, c, cRow, bias, activation);
}

function finish<T>(m: i32, n: i32, c: usize, cRow: i32, bias: usize, activation: i32): void {
  const step = <usize>cRow * sizeof<T>();
  if (activation == 3) return finishRows<T>(true, m, n, c, step, bias);
  if (activation == 0) return finishRows<T>(false, m, n, c, step, bias);
  // A product without steps leaves C as it is, and finishes it.
  const product = changetype<Product>(scratch + PART);
  product.m = m;
  product.n = n;
  product.k = 0;
  product.c = c;
  product.cRow = step;
  product.accumulate = true;
  product.bias = bias;
  product.activation = activation;
  multiply<T>(product);
}

/** What costs little to compute, without a loop's cost for every vector. */
// @ts-ignore: decorator
@inline
function finishRows<T>(relu: bool, m: i32, n: i32, c: usize, step: usize, bias: usize): void {
  if (bias) {
    for (; m > 0; --m, c += step) finishRow<T>(relu, true, n, c, bias);
  } else {
    for (; m > 0; --m, c += step) finishRow<T>(relu, false, n, c, 0);
  }
}

// @ts-ignore: decorator
@inline
function finishRow<T>(relu: bool, biased: bool, n: i32, c: usize, bias: usize): void {
  const end = c + <usize>n * sizeof<T>();
  for (; c + 64 <= end; c += 64, bias += 64) {
    finishVector<T>(relu, biased, c, bias, 0);
    finishVector<T>(relu, biased, c, bias, 16);
    finishVector<T>(relu, biased, c, bias, 32);
    finishVector<T>(relu, biased, c, bias, 48);
  }
  for (; c + 16 <= end; c += 16, bias += 16) finishVector<T>(relu, biased, c, bias, 0);
  const rest = <i32>(end - c) / <i32>sizeof<T>();
  if (rest > 0) {
    let x = loadPart<T>(c, rest);
    if (biased) x = v128.add<T>(x, loadPart<T>(bias, rest));
    storePart<T>(c, relu ? positive<T>(x) : x, rest);
  }
}

// @ts-ignore: decorator
@inline
function finishVector<T>(relu: bool, biased: bool, c: usize, bias: usize, offset: usize): void {
  let x = v128.load(c + offset);
  if (biased) x = v128.add<T>(x, v128.load(bias + offset));
  v128.store(c + offset, relu ? positive<T>(x) : x);
}

/** Only what is smaller gives way to zero: NaN stays. */
// @ts-ignore: decorator
@inline
function positive<T>(x: v128): v128 {
  return v128.pmax<T>(x, v128.splat<T>(0));
}
