// Storages outside every scope end when nothing refers to them any more. Where the platform can collect garbage on demand, a running loop does
// not have to wait: each has a weak reference, and when much has gathered, or an allocation fails, the garbage is collected and the empty
// references tell what to give back. Elsewhere (browsers) finalisers do, and they need a turn of the event loop.
import { platform } from "./platform.ts";

/** A storage that only the garbage collector ends: what must be known of it afterwards. */
export interface Stray<Owner> {
  readonly owner: Owner;
  readonly address: number;
  readonly bytes: number;
}

interface Entry<Owner> extends Stray<Owner> {
  /** Leads to the storage while it lives. */
  readonly storage: WeakRef<object>;
}

/** How many bytes may gather between two collections: the collector does not see them, and would wait until memory is full. */
const BYTES_STEP = 256 << 20;
/** The same for their number: of small ones, what JavaScript holds weighs more. */
const COUNT_STEP = 1 << 18;
/** A weak reference holds its target until the job ends in which it was made; after so many, those are let go. */
const HELD_STEP = 1 << 10;

export class Strays<Owner> {
  /** Bytes of all strays. */
  bytes = 0;
  private entries: Entry<Owner>[] = [];
  private bytesLimit = BYTES_STEP;
  private countLimit = COUNT_STEP;
  private held = 0;
  /** Whether finalisers wait for a turn of the event loop, as far as one can know. */
  private waiting = false;
  private watching = false;
  /** Where there is no collector: ends each when it is found. */
  private readonly found = new FinalizationRegistry<Stray<Owner>>((stray) => {
    this.waiting = false;
    this.end(stray);
    this.setLimits();
  });
  /** Where there is one: told, in the next turn, of every collection that the JavaScript engine makes by itself. */
  private readonly collected = new FinalizationRegistry<null>(() => {
    this.watch();
    this.sweep();
  });

  /** `release` gives back the memory of a stray. */
  constructor(private readonly release: (stray: Stray<Owner>) => void) {}

  /** Whether garbage can be collected while the program runs. */
  get canCollect(): boolean {
    return platform().collector() !== null;
  }

  /** Leaves a storage to the garbage collector. */
  add(storage: object, owner: Owner, address: number, bytes: number): void {
    const collector = platform().collector();
    // Before the storage is added: the caller may not refer to it any more.
    if (this.bytes > this.bytesLimit || this.entries.length > this.countLimit) {
      if (!this.collect()) {
        this.waiting = true;
        this.setLimits();
      }
    }
    this.bytes += bytes;
    if (collector === null) {
      this.found.register(storage, { owner, address, bytes }, storage);
      return;
    }
    if (!this.watching) this.watch();
    this.entries.push({ owner, address, bytes, storage: new WeakRef(storage) });
    this.held += 1;
    if (this.held >= HELD_STEP) {
      this.held = 0;
      collector.letGo();
    }
  }

  /** Some have moved to another owner; those whose address is 0 are no business of anybody's any more. */
  move(places: ReadonlyMap<object, Stray<Owner>>): void {
    const collector = platform().collector();
    if (collector === null) {
      for (const [storage, stray] of places) {
        if (!this.found.unregister(storage)) continue;
        if (stray.address !== 0) this.found.register(storage, stray, storage);
      }
      return;
    }
    const entries: Entry<Owner>[] = [];
    for (const entry of this.entries) {
      const storage = entry.storage.deref();
      const stray = storage === undefined ? undefined : places.get(storage);
      if (stray === undefined) entries.push(entry);
      else {
        const { owner, address } = stray;
        const bytes = address === 0 ? 0 : stray.bytes;
        this.bytes += bytes - entry.bytes;
        if (address !== 0) entries.push({ owner, address, bytes, storage: entry.storage });
      }
    }
    this.entries = entries;
  }

  /** Gives back, at once, the memory of all strays that nothing refers to. False where the platform can't. */
  collect(): boolean {
    const collector = platform().collector();
    if (collector === null) return false;
    collector.letGo();
    collector.collect();
    this.sweep();
    return true;
  }

  /** Gives the event loop a turn or two where finalisers wait for one. */
  async turn(): Promise<void> {
    for (let turn = 0; this.waiting && turn < 2; turn++) await platform().yieldToEvents();
    this.waiting = false;
  }

  private watch(): void {
    this.watching = true;
    this.collected.register({}, null);
  }

  /** Ends those whose reference is empty. */
  private sweep(): void {
    const living: Entry<Owner>[] = [];
    for (const entry of this.entries) {
      if (entry.storage.deref() === undefined) this.end(entry);
      else living.push(entry);
    }
    this.entries = living;
    this.setLimits();
  }

  private end(stray: Stray<Owner>): void {
    this.bytes -= stray.bytes;
    this.release(stray);
  }

  /** A collection takes as long as there is much to look at: the more lives, the more may gather. */
  private setLimits(): void {
    this.bytesLimit = this.bytes + BYTES_STEP;
    this.countLimit = this.entries.length + Math.max(COUNT_STEP, this.entries.length);
  }
}
