// Several processes that train one model together, as ranks 0 to size - 1. What training needs of them stands here; who starts and connects
// them is elsewhere (src/distributed, by MPI, in Node). Every call below is collective: all ranks make the same calls in the same order.
import type { ArrayView } from "./engine.ts";

/** The ranks of a job, seen from one of them. `what` names the moment, for errors. */
export interface Group {
  /** This process's number, from 0. */
  readonly rank: number;
  /** Number of processes. */
  readonly size: number;
  /** Adds the numbers of all ranks; all get the same bits. */
  sum(values: Float64Array, what: string): void;
  /** The numbers of all ranks, one after the other. As many from each. */
  gather(values: Float64Array, what: string): Float64Array;
  /** The bytes of rank 0. */
  broadcastBytes(bytes: Uint8Array, what: string): Uint8Array;
  /** Contiguous numbers become those of rank 0. */
  broadcast(view: ArrayView, what: string): void;
  /** Begins to add contiguous float numbers of all ranks, in place. Nobody touches them until `finish`. */
  startSum(view: ArrayView): void;
  /** Begins to send contiguous numbers to a rank, or to receive some: messages between two ranks keep their order. */
  startSend(to: number, view: ArrayView): void;
  startReceive(from: number, view: ArrayView): void;
  /** Begins to gather: `view` is cut into as many equal stretches as there are ranks, and each brings its own. */
  startGather(view: ArrayView): void;
  /** Lets what was begun go on: messages move while somebody looks after them. */
  progress(): void;
  /** Waits for all that was begun. */
  finish(what: string): void;
  /** Between these two, a rank that ends takes the others with it: they wait for it. */
  enter(): void;
  leave(): void;
}

/** How ranks wait for each other. */
export interface GroupOptions {
  /** Seconds that ranks wait for one of them before the job is ended with a message. */
  patience?: number;
}

/** Makes the group of this process, or gives null where it was started alone. */
export type GroupProvider = (options: GroupOptions) => Group | null;

let provider: GroupProvider | undefined;
let joined: Group | null = null;

/** Says how to find the other ranks; Node's entry does (src/distributed). */
export function provideGroup(value: GroupProvider): void {
  provider = value;
}

/** The group of this process; null where it is alone, as every page in a browser is. */
export function joinGroup(options: GroupOptions = {}): Group | null {
  joined = provider?.(options) ?? null;
  return joined;
}

/** The group, if it was joined already. */
export function groupJoined(): Group | null {
  return joined;
}

/** Bytes of each rank that travel at a time. */
const AT_A_TIME = 16 << 20;

/** The bytes of every rank, which may be of different lengths. */
export function gatherBytes(group: Group, bytes: Uint8Array, what: string): Uint8Array[] {
  const lengths = group.gather(Float64Array.of(bytes.length), what);
  const found = Array.from(lengths, (length) => new Uint8Array(length));
  const longest = Math.max(...lengths);
  for (let at = 0; at < longest; at += AT_A_TIME) {
    // Numbers travel: as many from each, so that the last are padded.
    const stride = 8 * Math.ceil(Math.min(AT_A_TIME, longest - at) / 8);
    const mine = new Float64Array(stride / 8);
    new Uint8Array(mine.buffer).set(bytes.subarray(at, at + stride));
    const all = new Uint8Array(group.gather(mine, what).buffer);
    found.forEach((own, rank) => {
      const left = Math.max(0, Math.min(stride, own.length - at));
      own.set(all.subarray(rank * stride, rank * stride + left), Math.min(at, own.length));
    });
  }
  return found;
}
