// What memory holds right now, and bringing it where it can be looked at.
import { engine } from "../engine/engine.ts";
import { storageStatistics } from "../engine/storage.ts";
import type { Tensor } from "./tensor.ts";

/** What `memory` reports. */
export interface MemoryReport {
  /** Live tensors (views share one). */
  tensors: number;
  /** Bytes of live tensors. */
  bytes: number;
  /** Of these, bytes of tensors made outside every scope: freed when nothing refers to them and the garbage has been collected. */
  reclaimable: number;
  /** Bytes the engine has taken from the system. */
  heldBytes: number;
  /** Most bytes that were in use at once, rounded up to allocation sizes. */
  peakBytes: number;
}

/**
 * Reports live tensors and the engine's memory. In a loop whose step is wrapped in `scope`, `tensors` and `bytes` stay
 * the same.
 * @example
 * ```ts
 * const before = memory().tensors;
 * scope(() => {
 *   zeros([10, 10]).add(1);
 * });
 * memory().tensors - before; // 0
 * ```
 */
export function memory(): MemoryReport {
  return { ...storageStatistics(), ...engine().memory() };
}

/**
 * Waits until the values of tensors are known in JavaScript. On the engine "webgpu" it reads them from the device; `dataSync()`, `item()` and what
 * reads values at once, such as `saveModel`, then find them, until something is written to these tensors. On the other engines there is
 * nothing to wait for.
 * @throws Error if tensors are computed while it waits.
 * @example
 * ```ts
 * const x = tensor([1, 2]).mul(2);
 * await prefetch([x]);
 * x.dataSync(); // [2, 4]
 * ```
 */
export async function prefetch(tensors: Iterable<Tensor>): Promise<void> {
  await engine().prefetch?.([...tensors]);
}
