// Worker threads that run chunks of kernels as any engine's do, and beside them parts that go to a native library.
import { Worker } from "node:worker_threads";
import { type Platform, platform, setPlatform, type WorkerHandle, type WorkerStart } from "../platform.ts";
import { type LoadedKoffi, memoryAddress } from "./koffi.ts";
import type { NativeLibraries } from "./library.ts";
import { makeParts, TASK } from "./parts.ts";

/** A worker's whole program. A failure is written to the control block (kernels/parallel.ts), where the waiting caller sees it. */
const PROGRAM = `
  const { workerData: start } = require("node:worker_threads");
  const makeParts = ${makeParts.toString()};
  const failed = new Int32Array(start.memory.buffer, 452, 1);
  try {
    const abort = () => { throw new Error("abort"); };
    const { exports } = new WebAssembly.Instance(start.module, { env: { memory: start.memory, abort } });
    exports.setScratch(start.scratch, start.scratchBytes);
    const { libraries, koffi, base, layout } = start.native;
    const parts = makeParts(require(koffi), libraries, base, start.memory.buffer, exports, layout);
    for (let part = exports.outsideWorkerLoop(); part !== -1; part = exports.outsideWorkerLoop()) parts.run(part);
  } catch (error) {
    Atomics.store(failed, 0, 1);
    throw error;
  }
`;

function starter({ koffi, file }: LoadedKoffi, libraries: NativeLibraries): Platform["startWorker"] {
  return (start: WorkerStart, onError): WorkerHandle => {
    const native = { libraries, koffi: file, base: memoryAddress(koffi, start.memory), layout: TASK };
    const worker = new Worker(PROGRAM, { eval: true, workerData: { ...start, native } });
    worker.unref();
    worker.on("error", (error) => onError(error instanceof Error ? error.message : String(error)));
    return {
      terminate() {
        void worker.terminate();
      },
    };
  };
}

/** Runs `make`; threads that it starts are of this kind. */
export function withNativeWorkers<T>(loaded: LoadedKoffi, libraries: NativeLibraries, make: () => T): T {
  const usual = platform();
  setPlatform({ ...usual, startWorker: starter(loaded, libraries) });
  try {
    return make();
  } finally {
    setPlatform(usual);
  }
}
