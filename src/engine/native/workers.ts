// Worker threads that run chunks of kernels as any engine's do, and beside them parts that go to a native library.
import { Worker } from "node:worker_threads";
import { platform, setPlatform, type WorkerHandle, type WorkerStart } from "../platform.ts";
import { BLOCKED, blockedParts } from "./blocked.ts";
import { type LoadedKoffi, memoryAddress } from "./koffi.ts";
import type { NativeLibraries } from "./library.ts";
import { closeGate, LOADING, loadBehind, makeGate } from "./loading.ts";
import { PATCHES, patchParts } from "./patches.ts";
import { PRODUCT, productParts } from "./products.ts";
import { RECURRENT, recurrentParts } from "./recurrent.ts";
import { bindCalls, type RunPart, SIGNALS, STEPS, TASK, type Thread } from "./thread.ts";
import { WINOGRAD, winogradParts } from "./winograd.ts";

/** Makes parts of every kind. */
function runnerOf(
  thread: Thread,
  products: typeof productParts,
  blocked: typeof blockedParts,
  patches: typeof patchParts,
  recurrent: typeof recurrentParts,
  winograds: typeof winogradParts,
  words: typeof WORDS,
): RunPart {
  const product = products(thread, words.product);
  const convolution = blocked(thread, words.blocked);
  const patch = patches(thread, words.patches);
  const sequence = recurrent(thread, words.recurrent);
  const winograd = winograds(thread, words.winograd);
  const { kind, kinds } = words.task;
  return (part) => {
    switch (thread.task[kind]) {
      case kinds.float32Product:
      case kinds.float64Product:
        return product(part);
      case kinds.blocked:
        return convolution(part);
      case kinds.rnnForward:
      case kinds.rnnBackward:
      case kinds.lstmForward:
      case kinds.lstmBackward:
      case kinds.gruForward:
      case kinds.gruBackward:
        return sequence(part);
      case kinds.winograd:
        return winograd(part);
      default:
        return patch(part);
    }
  };
}

const WORDS = {
  loading: LOADING,
  task: TASK,
  product: PRODUCT,
  blocked: BLOCKED,
  patches: PATCHES,
  recurrent: RECURRENT,
  winograd: WINOGRAD,
} as const;

/** What the calling thread runs parts with. */
export function makeRunner(thread: Thread): RunPart {
  return runnerOf(thread, productParts, blockedParts, patchParts, recurrentParts, winogradParts, WORDS);
}

/** A worker's whole program. A failure is written to the control block (kernels/parallel.ts), where the waiting caller sees it. */
const PROGRAM = `
  // Compilers that keep functions' names write calls of this into them.
  const __name = (f) => f;
  const { workerData: start } = require("node:worker_threads");
  const functions = [${[loadBehind, bindCalls, runnerOf, productParts, blockedParts, patchParts, recurrentParts, winogradParts].map(String).join(", ")}];
  const { memory, native } = start;
  const failed = new Int32Array(memory.buffer, 452, 1);
  try {
    const abort = () => { throw new Error("abort"); };
    const { exports } = new WebAssembly.Instance(start.module, { env: { memory, abort } });
    exports.setScratch(start.scratch, start.scratchBytes);
    const [loadBehind, bind, runnerOf, ...kinds] = functions;
    const calls = loadBehind(native.gate, native.words.loading, () =>
      bind(require(native.koffi), native.libraries, native.base, native.signals),
    );
    // Otherwise the process is about to exit.
    if (calls !== undefined) {
      const runPart = runnerOf(
        {
          calls,
          task: new Uint32Array(memory.buffer, native.words.task.address, native.words.task.words),
          steps: new Float64Array(memory.buffer, native.steps, native.stepWords),
          kernels: exports,
        },
        ...kinds,
        native.words,
      );
      for (let part = exports.workerLoop(); part !== -1; part = exports.workerLoop()) runPart(part);
    }
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
    const base = memoryAddress(koffi, start.memory);
    const gate = makeGate();
    const places = { base, steps: own, stepWords: STEPS.words };
    const native = { libraries, koffi: file, gate, ...places, words: WORDS, signals: SIGNALS };
    // Without the process' own options, as on the other engine (platform.node.ts).
    const worker = new Worker(PROGRAM, { eval: true, workerData: { ...start, native }, execArgv: [] });
    worker.unref();
    worker.on("error", (error) => onError(error instanceof Error ? error.message : String(error)));
    return {
      terminate() {
        closeGate(gate);
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
