// What memory holds right now.
import { engine } from "../engine/engine.ts";
import { storageStatistics } from "../engine/storage.ts";

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
