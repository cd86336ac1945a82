// The ranks of a job, through MPI. Nothing blocks inside the library: what was begun is tested again and again, so that a rank that waits can
// say how long, ask the others whether they are there, and end the job with a message instead of hanging with it.
import { writeSync } from "node:fs";
import { bytesOf } from "../engine/dtype.ts";
import { type ArrayView, engine } from "../engine/engine.ts";
import type { Group } from "../engine/group.ts";
import { type Call, type Calls, Scratch } from "./calls.ts";

/**
 * Milliseconds of testing without a pause; then others get the processor between two tests, and soon it sleeps between them: where more ranks than
 * processors run, those that wait must not keep those that compute from it.
 */
const BUSY = 0.05;
const AWAKE = 0.5;
const NAP = 0.1;
/** Milliseconds between two looks for questions of other ranks. */
const LISTEN = 50;
/** Milliseconds that ranks have to answer. */
const ANSWER = 2000;
/** Milliseconds after which one who was to speak first has not. */
const SPEAKING = 5000;
/** Waits that a rank may be behind and still count as one that answers. */
const BEHIND = 8;
/** Messages that may be under way at once. */
const MOST_REQUESTS = 1 << 14;
/** Most bytes in one message: counts are C's int. */
const LARGEST = 2 ** 31 - 1;

/** Says something on standard error at once, also where the process ends right after. */
export function say(text: string): void {
  try {
    writeSync(2, `${text}\n`);
  } catch {
    // Nobody listens.
  }
}

export class MpiGroup implements Group {
  readonly rank: number;
  readonly size: number;
  private readonly float: number;
  private readonly double: number;
  /** Communicators: for numbers and stretches of memory, and for questions. */
  private readonly main: number;
  private readonly questions: number;
  private readonly requests: Scratch;
  private begun = 0;
  private readonly flag: Scratch;
  private small: Scratch;
  private readonly note: Scratch;
  private readonly pause: () => void;
  private readonly testAll: Call;
  private readonly iallreduce: Call;
  /** Waits that have come to their end. */
  private waits = 0;
  private inside = 0;
  private readonly nap = new Int32Array(new SharedArrayBuffer(4));

  constructor(
    private readonly calls: Calls,
    readonly host: string,
    /** Seconds that ranks wait for each other. */
    public patience: number,
  ) {
    const { abi, mpi } = calls;
    const { rank, size } = calls.place();
    this.rank = rank;
    this.size = size;
    this.float = abi.float;
    this.double = abi.double;
    this.main = calls.duplicate();
    this.questions = calls.duplicate();
    this.requests = new Scratch(mpi, MOST_REQUESTS * abi.handleBytes);
    this.flag = new Scratch(mpi, 8);
    this.small = new Scratch(mpi, 1024);
    this.note = new Scratch(mpi, 16 * (size + 1));
    this.testAll = calls.get("MPI_Testall", "int", "at", "at", "at");
    this.iallreduce = calls.get("MPI_Iallreduce", "at", "at", "int", "handle", "handle", "handle", "at");
    const yieldNow = process.platform === "win32" ? null : mpi.koffi.load(null).func("sched_yield", "int", []);
    this.pause = () => void yieldNow?.();
  }

  /** Where the next request goes. */
  private request(): number {
    if (this.begun === MOST_REQUESTS) throw new Error("distributed: too many messages at once");
    return this.requests.address + this.begun++ * this.calls.abi.handleBytes;
  }

  private addressOf(view: ArrayView): number {
    return Number(this.calls.mpi.koffi.address(engine().window(view)));
  }

  private scratchOf(bytes: number): Scratch {
    if (this.small.bytes.length < bytes) this.small = new Scratch(this.calls.mpi, 2 * bytes);
    return this.small;
  }

  sum(values: Float64Array, what: string): void {
    const scratch = this.scratchOf(values.byteLength);
    scratch.numbers.set(values);
    const { inPlace, sum } = this.calls.abi;
    this.alone(() => {
      this.iallreduce(inPlace, scratch.address, values.length, this.double, sum, this.main, this.request());
    }, what);
    values.set(scratch.numbers.subarray(0, values.length));
  }

  gather(values: Float64Array, what: string): Float64Array {
    const { size, rank } = this;
    const { length } = values;
    const scratch = this.scratchOf(size * values.byteLength);
    scratch.numbers.set(values, rank * length);
    this.alone(() => this.gatherAt(scratch.address, 8 * length), what);
    return scratch.numbers.slice(0, size * length);
  }

  private gatherAt(address: number, bytes: number): void {
    const { inPlace, byte } = this.calls.abi;
    const gather = this.calls.get("MPI_Iallgather", "at", "int", "handle", "at", "int", "handle", "handle", "at");
    gather(inPlace, bytes, byte, address, bytes, byte, this.main, this.request());
  }

  /** Begins something and waits for it; what else was begun comes first. */
  private alone(begin: () => void, what: string): void {
    if (this.begun > 0) this.finish(what);
    begin();
    this.finish(what);
  }

  broadcastBytes(bytes: Uint8Array, what: string): Uint8Array {
    const length = Float64Array.of(this.rank === 0 ? bytes.length : 0);
    this.sum(length, what);
    const result = new Scratch(this.calls.mpi, length[0]);
    if (this.rank === 0) result.bytes.set(bytes);
    this.broadcastAt(result.address, length[0], what);
    return result.bytes.slice(0, length[0]);
  }

  broadcast(view: ArrayView, what: string): void {
    if (view.size > 0) this.broadcastAt(this.addressOf(view), view.size * bytesOf(view.dtype), what);
  }

  private broadcastAt(address: number, bytes: number, what: string): void {
    const broadcast = this.calls.get("MPI_Ibcast", "at", "int", "handle", "int", "handle", "at");
    for (let at = 0; at < bytes; at += LARGEST) {
      const count = Math.min(LARGEST, bytes - at);
      this.alone(() => broadcast(address + at, count, this.calls.abi.byte, 0, this.main, this.request()), what);
    }
  }

  startSum(view: ArrayView): void {
    const { inPlace, sum } = this.calls.abi;
    const type = view.dtype === "float64" ? this.double : this.float;
    if (view.size > 0) {
      this.iallreduce(inPlace, this.addressOf(view), view.size, type, sum, this.main, this.request());
    }
  }

  startSend(to: number, view: ArrayView): void {
    const send = this.calls.get("MPI_Isend", "at", "int", "handle", "int", "int", "handle", "at");
    const bytes = view.size * bytesOf(view.dtype);
    send(this.addressOf(view), bytes, this.calls.abi.byte, to, 0, this.main, this.request());
  }

  startReceive(from: number, view: ArrayView): void {
    const receive = this.calls.get("MPI_Irecv", "at", "int", "handle", "int", "int", "handle", "at");
    const bytes = view.size * bytesOf(view.dtype);
    receive(this.addressOf(view), bytes, this.calls.abi.byte, from, 0, this.main, this.request());
  }

  startGather(view: ArrayView): void {
    const bytes = (view.size * bytesOf(view.dtype)) / this.size;
    if (bytes > 0) this.gatherAt(this.addressOf(view), bytes);
  }

  progress(): void {
    if (this.begun > 0) this.test();
  }

  /** Whether all that was begun has ended. */
  private test(): boolean {
    const { flag, requests, begun } = this;
    this.testAll(begun, requests.address, flag.address, this.calls.abi.ignoreStatus);
    return flag.ints[0] !== 0;
  }

  finish(what: string): void {
    if (this.begun === 0) return;
    this.waitUntil(() => this.test(), what);
    this.begun = 0;
  }

  enter(): void {
    this.inside += 1;
  }

  leave(): void {
    this.inside -= 1;
  }

  /** Whether other ranks wait for this one, as far as it knows. */
  get busy(): boolean {
    return this.inside > 0;
  }

  private waitUntil(done: () => boolean, what: string): void {
    if (!done()) {
      const start = performance.now();
      let heard = start;
      for (let now = start; !done(); now = performance.now()) {
        const waited = now - start;
        if (waited > AWAKE) Atomics.wait(this.nap, 0, 0, NAP);
        else if (waited > BUSY) this.pause();
        if (now - heard > LISTEN) {
          heard = now;
          this.answer();
        }
        if (waited > 1000 * this.patience && this.callTheRoll(done, what)) break;
      }
    }
    this.waits += 1;
  }

  // Questions: a rank that has waited too long sends its number of waits to all others, and those that wait as well answer with theirs.

  private readonly asked = new Set<number>();

  private sendNote(to: number): void {
    const { note, calls, waits } = this;
    const place = 2 * (to + 1);
    note.numbers[place] = waits;
    note.numbers[place + 1] = this.rank;
    const at = note.address + 8 * place;
    const scratch = new Scratch(calls.mpi, 8);
    const send = calls.get("MPI_Isend", "at", "int", "handle", "int", "int", "handle", "at");
    send(at, 8, calls.abi.byte, to, 1, this.questions, scratch.address);
    // Eight bytes leave at once; the handle is given back when they have.
    calls.get("MPI_Request_free", "at")(scratch.address);
  }

  /** The waits that a rank has told, if it has sent a note. */
  private noteFrom(from: number): number | undefined {
    const { note, flag, calls } = this;
    const probe = calls.get("MPI_Iprobe", "int", "int", "handle", "at", "at");
    probe(from, 1, this.questions, flag.address, calls.abi.ignoreStatus);
    if (flag.ints[0] === 0) return undefined;
    const receive = calls.get("MPI_Recv", "at", "int", "handle", "int", "int", "handle", "at");
    receive(note.address, 8, calls.abi.byte, from, 1, this.questions, calls.abi.ignoreStatus);
    return note.numbers[0];
  }

  /** Answers ranks that ask. Gives those that asked and wait for the same as this one. */
  private answer(): number[] {
    const present: number[] = [];
    for (let other = 0; other < this.size; other++) {
      if (other === this.rank) continue;
      for (let waits = this.noteFrom(other); waits !== undefined; waits = this.noteFrom(other)) {
        if (waits >= this.waits - BEHIND) {
          present.push(other);
          if (!this.asked.has(other)) this.sendNote(other);
          this.asked.add(other);
        }
      }
    }
    return present;
  }

  /** Asks who is there. Whoever waits as well answers: the others are named, and the job ends. True if what was waited for has come after all. */
  private callTheRoll(done: () => boolean, what: string): boolean {
    const present = new Set([this.rank, ...this.asked]);
    for (let other = 0; other < this.size; other++) {
      if (other !== this.rank && !this.asked.has(other)) this.sendNote(other);
      this.asked.add(other);
    }
    const end = performance.now() + ANSWER;
    while (performance.now() < end) {
      if (done()) {
        this.asked.clear();
        return true;
      }
      for (const other of this.answer()) present.add(other);
      Atomics.wait(this.nap, 0, 0, 1);
    }
    const missing = Array.from({ length: this.size }, (_, rank) => rank).filter((rank) => !present.has(rank));
    const seconds = Math.round(this.patience);
    const who =
      missing.length === 0
        ? "all ranks wait, each for something else: they do not make the same steps"
        : `rank${missing.length > 1 ? "s" : ""} ${missing.join(", ")} of ${this.size} did not answer: hanging, or still computing`;
    // One message is enough: that of the first who can speak. The others end the job only if that one could not.
    const before = [...present].filter((rank) => rank < this.rank).length;
    if (before > 0) Atomics.wait(this.nap, 0, 0, SPEAKING + 300 * before);
    say(
      `error: rank ${this.rank} (${this.host}) has waited ${seconds} s for ${what}; ${who}. ` +
        "The job is ended. Where ranks need longer, give more seconds: NABLA_MPI_PATIENCE",
    );
    this.calls.abort(1);
    return false;
  }

  /** At the end: waits until all ranks have come to theirs, so that none takes the library away from another. */
  meet(): void {
    const barrier = this.calls.get("MPI_Ibarrier", "handle", "at");
    this.alone(() => barrier(this.main, this.request()), "the others to end");
  }
}
