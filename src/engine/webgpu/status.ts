// What the engine says of itself: types that need none of the browser's.
import type { EngineStatus } from "../engine.ts";

/** Counts for those who measure: since the engine started. */
export interface QueueCounts {
  dispatches: number;
  submits: number;
  readBytes: number;
  writtenBytes: number;
}

/** `EngineStatus`, and the device. */
export interface WebGpuStatus extends EngineStatus {
  /** Name of the graphics processor, as the platform tells it. */
  adapter: string;
  /** Whether the processor itself stands in for one. */
  software: boolean;
  /** What was asked of the device so far. */
  counts: QueueCounts;
}
