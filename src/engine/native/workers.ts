// Worker threads that run chunks of kernels as any engine's do, and beside them parts that go to a native library.
import { Worker } from "node:worker_threads";
import { platform, setPlatform, type WorkerHandle, type WorkerStart } from "../platform.ts";
import { type LoadedKoffi, memoryAddress } from "./koffi.ts";
import type { NativeLibraries } from "./library.ts";
import { LAYOUTS, makeParts, STEPS } from "./parts.ts";

/** A worker's whole program. A failure is written to the control block (kernels/parallel.ts), where the waiting caller sees it. */
const PROGRAM = `
  const { workerData: start } = require("node:worker_threads");
  const makeParts = ${makeParts.toString()};
  const { memory, native } = start;
  const failed = new Int32Array(memory.buffer, 452, 1);
  try {
    const abort = () => { throw new Error("abort"); };
    const { exports } = new WebAssembly.Instance(start.module, { env: { memory, abort } });
    exports.setScratch(start.scratch, start.scratchBytes);
    const steps = new Float64Array(memory.buffer, native.steps, native.layouts.steps.words);
    const koffi = require(native.koffi);
    const parts = makeParts(koffi, native.libraries, native.base, memory.buffer, steps, exports, native.layouts);
    for (let part = exports.outsideWorkerLoop(); part !== -1; part = exports.outsideWorkerLoop()) parts.run(part);
  } catch (error) {
    Atomics.store(failed, 0, 1);
    throw error;
  }
`;

/**
 * Runs `make`; worker threads that it starts are of this kind. Adds to `steps` where each one's steps are written: at
 * the end of its scratch memory, which no kernel uses while parts run.
 */
export function withNativeWorkers<T>(
  { koffi, file }: LoadedKoffi,
  libraries: NativeLibraries,
  steps: number[],
  make: () => T,
): T {
  const startWorker = (start: WorkerStart, onError: (message: string) => void): WorkerHandle => {
    const own = start.scratch + start.scratchBytes - 8 * STEPS.words;
    steps.push(own);
    const native = { libraries, koffi: file, base: memoryAddress(koffi, start.memory), steps: own, layouts: LAYOUTS };
    const worker = new Worker(PROGRAM, { eval: true, workerData: { ...start, native } });
    worker.unref();
    worker.on("error", (error) => onError(error instanceof Error ? error.message : String(error)));
    return {
      terminate() {
        void worker.terminate();
      },
    };
  };
  const usual = platform();
  setPlatform({ ...usual, startWorker });
  try {
    return make();
  } finally {
    setPlatform(usual);
  }
}
