// What JavaScript knows of the device's memory without asking: values that it put there itself, or has read, and that nothing has written over
// since. Labels, orders and masks are looked at while a step is prepared; they came from JavaScript, and need no way back.
import { type TypedArray, typedArray } from "../dtype.ts";
import type { ArrayView } from "../engine.ts";
import type { Storage } from "../storage.ts";

/** Storages above this are not remembered when they are written: a second copy of a data set's pictures would be no good. */
const MOST_BYTES = 16 << 20;

export class Known {
  /** `most`: bytes of the largest storage that is remembered when it is written. */
  constructor(private readonly most = MOST_BYTES) {}

  private readonly values = new WeakMap<Storage, TypedArray>();

  /** Remembers what a view is written with, if it is all of its storage. */
  remember({ storage, offset, size, contiguous }: ArrayView, values: TypedArray): void {
    this.values.delete(storage);
    if (offset !== 0 || !contiguous || 4 * size !== storage.bytes || storage.bytes > this.most) return;
    this.values.set(storage, values.slice() as TypedArray);
  }

  /** Remembers all of a storage, as it was read. */
  learn(storage: Storage, values: TypedArray): void {
    this.values.set(storage, values);
  }

  /** What was in one storage is in another now, if both are wholly so. */
  follow(from: ArrayView, to: ArrayView): void {
    const values = this.values.get(from.storage);
    this.values.delete(to.storage);
    if (values === undefined || from.storage.bytes !== to.storage.bytes) return;
    const whole = (view: ArrayView): boolean =>
      view.offset === 0 && view.contiguous && 4 * view.size === view.storage.bytes;
    if (whole(from) && whole(to)) this.values.set(to.storage, values);
  }

  /** Something was written to a storage. */
  forget(storage: Storage): void {
    this.values.delete(storage);
  }

  /** All elements of a storage, to be looked at only; undefined if they are not known. */
  of(storage: Storage): TypedArray | undefined {
    return this.values.get(storage);
  }

  has(view: ArrayView): boolean {
    return view.storage.address !== 0 && this.values.has(view.storage);
  }

  /** A view's elements, row-major, or undefined. */
  read({ storage, offset, shape, strides, size, dtype, contiguous }: ArrayView): TypedArray | undefined {
    const all = this.values.get(storage);
    if (all === undefined) return undefined;
    if (contiguous) return all.slice(offset, offset + size) as TypedArray;
    const result = typedArray(dtype, size);
    const index = new Array<number>(shape.length).fill(0);
    let at = offset;
    for (let i = 0; i < size; i++) {
      result[i] = all[at];
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        index[axis] += 1;
        at += strides[axis];
        if (index[axis] < shape[axis]) break;
        at -= strides[axis] * shape[axis];
        index[axis] = 0;
      }
    }
    return result;
  }
}
