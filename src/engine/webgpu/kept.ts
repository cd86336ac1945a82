// What outlives a device: all storages that live on it, and the values that they had at a moment. Asked for by the option `fallback`; without it
// nothing of this is made.
import type { DType, TypedArray } from "../dtype.ts";
import type { Storage } from "../storage.ts";

/** How many may be listed before those that have ended are taken out. */
const LISTED = 1024;

export class Kept {
  private listed: { storage: WeakRef<Storage>; dtype: DType }[] = [];
  private most = LISTED;
  private moment = new WeakMap<Storage, TypedArray>();

  /** A storage was made. */
  add(storage: Storage, dtype: DType): void {
    this.listed.push({ storage: new WeakRef(storage), dtype });
    if (this.listed.length <= this.most) return;
    this.listed = this.listed.filter((each) => (each.storage.deref()?.address ?? 0) !== 0);
    this.most = Math.max(LISTED, 2 * this.listed.length);
  }

  /** Storages that have not ended. */
  living(): [Storage, DType][] {
    return this.listed.flatMap(({ storage, dtype }) => {
      const found = storage.deref();
      return found === undefined || found.address === 0 ? [] : [[found, dtype] satisfies [Storage, DType]];
    });
  }

  /** From now on this is the moment that tensors go back to. */
  keep(values: WeakMap<Storage, TypedArray>): void {
    this.moment = values;
  }

  valuesOf(storage: Storage): TypedArray | undefined {
    return this.moment.get(storage);
  }
}
