// A storage is a block of memory with an owner, and nobody frees it by hand. Made inside a scope, it ends with the scope unless it is
// returned or kept; made outside, it is reclaimed when its last tensor becomes garbage.
import type { DType } from "./dtype.ts";
import { platform } from "./platform.ts";

/** Where blocks come from and go to: the part of an engine that storages know. */
export interface StorageOwner {
  /** Address of at least `bytes` bytes, or 0 if there are none. */
  allocateBytes(bytes: number): number;
  releaseBytes(address: number, bytes: number): void;
}

/** A block above this size remembers where it was made, for the report that goes with running out of memory. */
const LARGE_BYTES = 1 << 20;

export class Storage {
  /** Address in the engine's memory; 0 once it has ended. */
  address: number;
  readonly bytes: number;
  readonly owner: StorageOwner;
  /** What made it: an operation's name. */
  readonly label: string;
  /** The scope it ends with, or null if it ends with its last tensor. */
  scope: Scope | null = null;
  /** What is known of a large block, for the report that goes with running out of memory. */
  about: LargeBlock | null = null;
  /** Counts writes into existing storage, so that backward can tell that a value it needs was overwritten. */
  version = 0;

  constructor(address: number, bytes: number, owner: StorageOwner, label: string) {
    this.address = address;
    this.bytes = bytes;
    this.owner = owner;
    this.label = label;
  }
}

interface LargeBlock {
  bytes: number;
  label: string;
  dtype: DType;
  shape: readonly number[];
  /** Carries the stack of the line that made the tensor; formatted only when it is shown. */
  made: Error;
}

/**
 * Large storages by address. Weakly: a stack that is not formatted holds the variables of the asynchronous functions on it, and with them
 * often the very tensor.
 */
const large = new Map<number, WeakRef<Storage>>();

/** A running `scope`: what was made in it. */
export class Scope {
  readonly storages: Storage[] = [];
  constructor(readonly parent: Scope | null) {}
}

let currentScope: Scope | null = null;
let storagesInUse = 0;
let bytesInUse = 0;
/** Bytes of storages that only the garbage collector will end. */
let strayBytes = 0;
/** How much may gather between two collections. */
const STRAY_STEP = 256 << 20;
let strayLimit = STRAY_STEP;
/** Whether the collector was asked, and what it found waits for a turn of the event loop. */
let waiting = false;

interface Stray {
  owner: StorageOwner;
  address: number;
  bytes: number;
}

const registry = new FinalizationRegistry<Stray>(({ owner, address, bytes }) => {
  waiting = false;
  strayBytes -= bytes;
  strayLimit = strayBytes + STRAY_STEP;
  forget(address, bytes);
  owner.releaseBytes(address, bytes);
});

function forget(address: number, bytes: number): void {
  storagesInUse -= 1;
  bytesInUse -= bytes;
  if (bytes >= LARGE_BYTES) large.delete(address);
}

function leaveToCollector(storage: Storage): void {
  storage.scope = null;
  registry.register(storage, { owner: storage.owner, address: storage.address, bytes: storage.bytes }, storage);
  strayBytes += storage.bytes;
  if (strayBytes > strayLimit) {
    // The collector does not see these bytes; without a hint it may wait until memory is full. What it finds is given back when the program
    // next yields to the event loop.
    strayLimit = strayBytes + STRAY_STEP;
    waiting = true;
    platform().collectGarbage();
  }
}

/**
 * Gives the event loop a turn where storages wait for one to be given back. Functions that a program awaits again and
 * again call it: awaiting alone is no turn, and many short calls would fill memory.
 */
export async function giveBackFound(): Promise<void> {
  for (let turn = 0; waiting && turn < 2; turn++) await platform().yieldToEvents();
  waiting = false;
}

function release(storage: Storage): void {
  const { address, bytes } = storage;
  storage.address = 0;
  forget(address, bytes);
  storage.owner.releaseBytes(address, bytes);
}

/** Makes a storage of `bytes` in the running scope. Throws a RangeError that names the largest live tensors when memory is exhausted. */
export function makeStorage(
  owner: StorageOwner,
  bytes: number,
  label: string,
  dtype: DType,
  shape: readonly number[],
): Storage {
  const address = owner.allocateBytes(bytes);
  if (address === 0) throw outOfMemory(bytes, label, shape);
  const storage = new Storage(address, bytes, owner, label);
  storagesInUse += 1;
  bytesInUse += bytes;
  if (bytes >= LARGE_BYTES) {
    storage.about = { bytes, label, dtype, shape, made: new Error() };
    large.set(address, new WeakRef(storage));
  }
  if (currentScope === null) leaveToCollector(storage);
  else {
    storage.scope = currentScope;
    currentScope.storages.push(storage);
  }
  return storage;
}

/** Moves a storage out of every scope: it ends with its last tensor. */
export function keepStorage(storage: Storage): void {
  if (storage.scope !== null && storage.address !== 0) leaveToCollector(storage);
}

/** Runs `body` in a new scope; `escaping` lists the storages of its result, which move to the surrounding scope. */
export function runInScope<R>(body: () => R, escaping: (result: R) => Iterable<Storage>): R {
  const scope = new Scope(currentScope);
  currentScope = scope;
  try {
    const result = body();
    for (const storage of escaping(result)) {
      if (storage.scope !== scope) continue;
      if (scope.parent === null) leaveToCollector(storage);
      else {
        storage.scope = scope.parent;
        scope.parent.storages.push(storage);
      }
    }
    return result;
  } finally {
    currentScope = scope.parent;
    const storages = scope.storages;
    for (let i = 0; i < storages.length; i++) {
      const storage = storages[i];
      if (storage.scope === scope && storage.address !== 0) release(storage);
    }
  }
}

export function insideScope(): boolean {
  return currentScope !== null;
}

/** Figures for `memory()`. */
export function storageStatistics(): { tensors: number; bytes: number; reclaimable: number } {
  return { tensors: storagesInUse, bytes: bytesInUse, reclaimable: strayBytes };
}

/** Why a storage can't be read any more, and what to do about it. */
export function endedError(operation: string, storage: Storage): Error {
  return new Error(
    `${operation}: this tensor's scope has ended, and its memory with it (it was made by ${storage.label}). ` +
      "Return it from scope(() => ...), or call keep(tensor) inside the scope, to use it afterwards.",
  );
}

function readableBytes(bytes: number): string {
  if (bytes >= 1 << 30) return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  if (bytes >= 1 << 20) return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  return `${Math.ceil(bytes / 1024)} KiB`;
}

/** First line of a stack that is not the library's own. */
function callSite(error: Error): string {
  const lines = (error.stack ?? "").split("\n").slice(1);
  const outside = lines.find(
    (line) => !/[/\\](?:src|dist)[/\\](?:engine|tensor|ops|autograd|nn)[/\\]|dist[/\\]\w+\.js/.test(line),
  );
  return (outside ?? lines.at(-1) ?? "").trim().replace(/^at /, "");
}

function outOfMemory(bytes: number, label: string, shape: readonly number[]): RangeError {
  const largest = [...large.values()]
    .flatMap((storage) => storage.deref()?.about ?? [])
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 5);
  const listed = largest.map(
    (block) =>
      `\n  ${readableBytes(block.bytes)}  ${block.dtype} (${block.shape.join(", ")}) made by ${block.label} at ${callSite(block.made)}`,
  );
  const remedy = insideScope()
    ? "Use smaller batches, or an inner scope(() => ...) around the part whose intermediate tensors you do not need."
    : "Wrap each step of your loop in scope(() => ...), which frees what the step made; tensors made outside a scope wait for the garbage collector.";
  return new RangeError(
    `${label}: out of memory: ${readableBytes(bytes)} for shape (${shape.join(", ")}) do not fit beside ` +
      `${readableBytes(bytesInUse)} in ${storagesInUse} live tensors. ${remedy}` +
      (listed.length > 0 ? `\nThe largest live tensors:${listed.join("")}` : ""),
  );
}
