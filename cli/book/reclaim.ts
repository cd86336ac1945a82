import { platform } from "../../src/engine/platform.ts";
import { memory } from "../../src/tensor/memory.ts";

/** Bytes of tensors left behind, from which the next experiment should not have to wait for the collector. */
const MUCH = 1 << 29;

/** Gives back what an experiment left behind, if it is much: once the collector has seen it and the event loop has turned. */
export async function reclaim(): Promise<void> {
  if (memory().bytes <= MUCH) return;
  platform().collectGarbage();
  await platform().yieldToEvents();
  await platform().yieldToEvents();
}
