// A storage is a block of memory with an owner, and nobody frees it by hand. Made inside a scope, it ends with the scope unless it is
// returned or kept; made outside, it is reclaimed when its last tensor becomes garbage (strays.ts).
import type { DType } from "./dtype.ts";
import { LARGE_BYTES, type LargeBlock, outOfMemory } from "./out-of-memory.ts";
import { Strays } from "./strays.ts";

/** Where blocks come from and go to: the part of an engine that storages know. */
export interface StorageOwner {
  /** Address of at least `bytes` bytes, or 0 if there are none. */
  allocateBytes(bytes: number): number;
  releaseBytes(address: number, bytes: number): void;
}

export class Storage {
  /** Address in the engine's memory; 0 once it has ended. */
  address: number;
  bytes: number;
  owner: StorageOwner;
  /** What made it: an operation's name. */
  readonly label: string;
  /** The scope it ends with, or null if it ends with its last tensor. */
  scope: Scope | null = null;
  /** What is known of a large block, for the report that goes with running out of memory. */
  about: LargeBlock | null = null;
  /** Counts writes into existing storage, so that backward can tell that a value it needs was overwritten. */
  version = 0;
  /** Whether a program that runs may write to it without counting: it is a step's own memory, or changes in the step. */
  uncounted = false;

  constructor(address: number, bytes: number, owner: StorageOwner, label: string) {
    this.address = address;
    this.bytes = bytes;
    this.owner = owner;
    this.label = label;
  }
}

/**
 * Large storages by address. Weakly: a stack that is not formatted holds the variables of the asynchronous functions on it, and with them
 * often the very tensor.
 */
const large = new Map<number, WeakRef<Storage>>();

/** A running `scope`: what was made in it. */
export class Scope {
  readonly storages: Storage[] = [];
  /** How many scopes it stands in. */
  readonly depth: number;

  constructor(readonly parent: Scope | null) {
    this.depth = parent === null ? 0 : parent.depth + 1;
  }
}

let currentScope: Scope | null = null;
let storagesInUse = 0;
let bytesInUse = 0;

const strays = new Strays<StorageOwner>(({ owner, address, bytes }) => {
  forget(address, bytes);
  owner.releaseBytes(address, bytes);
});

function forget(address: number, bytes: number): void {
  storagesInUse -= 1;
  bytesInUse -= bytes;
  if (bytes >= LARGE_BYTES) large.delete(address);
}

/** Storages whose memory was lost with its owner. */
const lost = new WeakSet<Storage>();

/** A storage's new place, in another owner's memory: `address` 0 if there is none, and what was in it is lost. */
export interface Place {
  readonly owner: StorageOwner;
  readonly address: number;
  readonly bytes: number;
}

/**
 * Storages move to other places, because the memory of their owner is of no use any more: it is not given back. What is in the new places is
 * the caller's business.
 */
export function moveStorages(places: ReadonlyMap<Storage, Place>): void {
  strays.move(places);
  for (const [storage, { owner, address, bytes }] of places) {
    forget(storage.address, storage.bytes);
    Object.assign(storage, { owner, address, bytes });
    if (address === 0) {
      lost.add(storage);
      continue;
    }
    storagesInUse += 1;
    bytesInUse += bytes;
    if (bytes >= LARGE_BYTES && storage.about !== null) large.set(address, new WeakRef(storage));
  }
}

function leaveToCollector(storage: Storage): void {
  storage.scope = null;
  strays.add(storage, storage.owner, storage.address, storage.bytes);
}

/**
 * Gives back what nothing refers to: at once where garbage can be collected on demand, else in a turn of the event loop. Functions that a
 * program awaits again and again call it: awaiting alone is no turn, and many short calls would fill memory.
 */
export function giveBackFound(): Promise<void> {
  return strays.turn();
}

/** Collects the garbage among tensors outside every scope, and gives its memory back; false where the platform can't do it at once. */
export function collectStorages(): boolean {
  return strays.collect();
}

function release(storage: Storage): void {
  const { address, bytes } = storage;
  storage.address = 0;
  forget(address, bytes);
  storage.owner.releaseBytes(address, bytes);
}

/** Address of at least `bytes` bytes, or 0: then there are none, even after collecting the garbage. The caller still refers to what it needs. */
export function allocateOrCollect(owner: StorageOwner, bytes: number): number {
  return owner.allocateBytes(bytes) || collectAndAllocate(owner, bytes);
}

function collectAndAllocate(owner: StorageOwner, bytes: number): number {
  return strays.collect() ? owner.allocateBytes(bytes) : 0;
}

/** Makes a storage of `bytes` in the running scope. Throws a RangeError that names the largest live tensors when memory is exhausted. */
export function makeStorage(
  owner: StorageOwner,
  bytes: number,
  label: string,
  dtype: DType,
  shape: readonly number[],
): Storage {
  const address = allocateOrCollect(owner, bytes);
  if (address === 0) throw exhausted(bytes, label, shape);
  const storage = new Storage(address, bytes, owner, label);
  storagesInUse += 1;
  bytesInUse += bytes;
  if (bytes >= LARGE_BYTES) remember(storage, dtype, shape);
  if (currentScope === null) leaveToCollector(storage);
  else {
    storage.scope = currentScope;
    currentScope.storages.push(storage);
  }
  return storage;
}

/** A storage outside every scope, that ends with the last who refers to it; null where memory is short. */
export function keptStorage(owner: StorageOwner, bytes: number, label: string): Storage | null {
  const address = owner.allocateBytes(bytes);
  if (address === 0) return null;
  const storage = new Storage(address, bytes, owner, label);
  storagesInUse += 1;
  bytesInUse += bytes;
  leaveToCollector(storage);
  return storage;
}

/**
 * Ends a storage that the running scope would end later. The caller knows that nothing reads it any more: a model's run, of what has been
 * used for the last time.
 */
export function endEarly(storage: Storage): void {
  if (currentScope !== null && storage.scope === currentScope && storage.address !== 0) release(storage);
}

// What is rarely needed stands apart: a function that is short enough runs as part of its caller.

function remember(storage: Storage, dtype: DType, shape: readonly number[]): void {
  const { bytes, label } = storage;
  storage.about = { bytes, label, dtype, shape, made: new Error() };
  large.set(storage.address, new WeakRef(storage));
}

function exhausted(bytes: number, label: string, shape: readonly number[]): RangeError {
  return outOfMemory({
    ...{ bytes, label, shape, bytesInUse },
    tensors: storagesInUse,
    blocks: [...large.values()].flatMap((storage) => storage.deref()?.about ?? []),
    strayBytes: strays.bytes,
    insideScope: insideScope(),
    collected: strays.canCollect,
  });
}

/** Moves a storage out of every scope: it ends with its last tensor. */
export function keepStorage(storage: Storage): void {
  if (storage.scope !== null && storage.address !== 0) leaveToCollector(storage);
}

/** Ends what a scope that nothing runs in any more still owns. */
export function endScope(scope: Scope): void {
  const { storages } = scope;
  for (let i = 0; i < storages.length; i++) {
    const storage = storages[i];
    if (storage.scope === scope && storage.address !== 0) release(storage);
  }
  storages.length = 0;
}

/** Moves a storage from one scope to another; what belongs elsewhere stays there. */
export function bequeath(storage: Storage, from: Scope, to: Scope): void {
  if (storage.scope !== from) return;
  storage.scope = to;
  to.storages.push(storage);
}

/** Begins a scope inside the running one. Whoever begins it calls `finishScope`, whatever happens between. */
export function beginScope(): Scope {
  const scope = new Scope(currentScope);
  const { depth } = scope;
  if (depth >= DEEP && depth % 8 === 0) checkStack(depth);
  currentScope = scope;
  return scope;
}

/** The scope around goes on, and what this one still owns ends. */
export function finishScope(scope: Scope): void {
  currentScope = scope.parent;
  endScope(scope);
}

/** Storages leave a scope for `heir`, which is the one around where nobody else holds one; without any they end with their last tensor. */
export function moveOut(storages: Iterable<Storage>, scope: Scope, heir: Scope | null = scope.parent): void {
  for (const storage of storages) {
    if (storage.scope !== scope) continue;
    if (heir === null) leaveToCollector(storage);
    else bequeath(storage, scope, heir);
  }
}

/**
 * Runs `body` in a new scope; `escaping` lists the storages of its result, which move to `heir`: a scope that somebody holds and ends later,
 * whatever surrounds the call. `escaping` is given the scope too, all of whose storages may escape.
 */
export function runInScope<R>(body: () => R, escaping: (result: R, scope: Scope) => Iterable<Storage>, heir: Scope): R {
  const scope = beginScope();
  try {
    const result = body();
    moveOut(escaping(result, scope), scope, heir);
    return result;
  } finally {
    finishScope(scope);
  }
}

/** From so many scopes inside each other on, there may not be enough of the stack left. */
const DEEP = 256;
/** Calls that must fit: some 100 KB, of which V8 wants 40 to compile a function that is called for the first time. */
const STACK_RESERVE = 1200;

/** Throws where the stack is nearly full: in the middle of an operation an overflow would leave things half done. */
function checkStack(scopes: number): void {
  const descend = (calls: number): number => (calls === 0 ? 0 : 1 + descend(calls - 1));
  try {
    descend(STACK_RESERVE);
  } catch (cause) {
    throw new RangeError(
      `scope: the stack does not hold more than these ${scopes} scopes inside each other. A function that opens a scope and calls itself in ` +
        "it goes as deep as the stack; use a loop, or one scope around the whole recursion. In Node, --stack-size makes room for more.",
      { cause },
    );
  }
}

export function insideScope(): boolean {
  return currentScope !== null;
}

/** Figures for `memory()`. */
export function storageStatistics(): { tensors: number; bytes: number; reclaimable: number } {
  return { tensors: storagesInUse, bytes: bytesInUse, reclaimable: strays.bytes };
}

/** Why a storage can't be read any more, and what to do about it. */
export function endedError(operation: string, storage: Storage): Error {
  if (lost.has(storage)) {
    return new Error(
      `${operation}: this tensor (made by ${storage.label}) was lost with the device that it was on; make it anew from its data`,
    );
  }
  return new Error(
    `${operation}: this tensor's scope has ended, and its memory with it (it was made by ${storage.label}). ` +
      "Return it from scope(() => ...), or call keep(tensor) inside the scope, to use it afterwards.",
  );
}
