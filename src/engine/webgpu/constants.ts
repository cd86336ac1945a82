// Single numbers that were filled in and nobody has looked at yet, such as the gradient of 1 that a backward pass begins with: what is computed of
// them is computed here, and memory sees them when a kernel wants them.
import type { Storage } from "../storage.ts";

/** float32 below this is 0 on a device. */
const SMALLEST = 2 ** -126;

const ARITHMETIC: Readonly<Record<string, (x: number, y: number) => number>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
};

export class Constants {
  private readonly values = new WeakMap<Storage, number>();

  set(storage: Storage, value: number): void {
    this.values.set(storage, Math.fround(value));
  }

  of(storage: Storage): number | undefined {
    return this.values.get(storage);
  }

  /** The number, which is one no more. */
  take(storage: Storage): number | undefined {
    const value = this.values.get(storage);
    if (value !== undefined) this.values.delete(storage);
    return value;
  }
}

/** op(x, y) in float32 as a device has it; undefined where that is the device's business. */
export function folded(op: string, x: number, y: number): number | undefined {
  const value = ARITHMETIC[op] === undefined ? Number.NaN : Math.fround(ARITHMETIC[op](Math.fround(x), Math.fround(y)));
  return Number.isFinite(value) && (value === 0 || Math.abs(value) >= SMALLEST) ? value : undefined;
}
