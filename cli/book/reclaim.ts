import { collectStorages } from "../../src/engine/storage.ts";
import { memory } from "../../src/tensor/memory.ts";

/** Bytes of tensors left behind, from which the next experiment should not have to wait for the collector. */
const MUCH = 1 << 29;

/** Gives back what an experiment left behind, if it is much. */
export function reclaim(): void {
  if (memory().bytes > MUCH) collectStorages();
}
