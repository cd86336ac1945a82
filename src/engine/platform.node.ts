// Node's answers: worker threads that do not keep the process alive, the switch for relaxed SIMD, a garbage collection on demand.
import { availableParallelism } from "node:os";
import { setFlagsFromString } from "node:v8";
import { createContext, runInNewContext, Script } from "node:vm";
import { Worker } from "node:worker_threads";
import { environment } from "./environment.node.ts";
import { type Collector, type Platform, WORKER_PROGRAM } from "./platform.ts";

let collector: Collector | null | undefined;
/** Devices live as long as what they came from is referred to. */
let dawn: GPU | undefined;

/**
 * A weak reference that was made or followed holds its target until the job ends, which a loop may not do for minutes. The hold ends with any
 * queue of microtasks that has been emptied, and a context may have a queue of its own: a script that does nothing there is enough, and runs
 * none of the program's microtasks.
 */
function makeCollector(): Collector | null {
  try {
    const nothing = new Script("0");
    const context = createContext({}, { microtaskMode: "afterEvaluate" });
    return { letGo: () => void nothing.runInContext(context), collect: garbageCollection() };
  } catch {
    return null;
  }
}

function garbageCollection(): () => void {
  const { Bun } = globalThis as { Bun?: { gc(wait: boolean): void } };
  if (Bun !== undefined) return () => Bun.gc(true);
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}

export const nodePlatform: Platform = {
  name: "node",
  processors: () => availableParallelism(),
  startWorker(start, onError) {
    const source = `${WORKER_PROGRAM}; run(require("node:worker_threads").workerData);`;
    // Without variables, which it does not need: Deno would ask its user for all of them, to copy. Without the process' own options too:
    // under `node --input-type=module` this program would be read as a module, and what `--import` names would run once more in each thread.
    const worker = new Worker(source, { eval: true, workerData: start, env: {}, execArgv: [] });
    worker.unref();
    worker.on("error", (error) => onError(error instanceof Error ? error.message : String(error)));
    return {
      terminate() {
        void worker.terminate();
      },
    };
  },
  workerRemedy: () => "Processes may start no more threads here, or have no memory for them",
  sharedMemory: () => true,
  enableRelaxedSimd() {
    setFlagsFromString("--experimental-wasm-relaxed-simd");
  },
  collector() {
    if (collector === undefined) collector = makeCollector();
    return collector;
  },
  yieldToEvents: () => new Promise((resolve) => setImmediate(resolve)),
  async gpu() {
    // Deno has its own.
    if (globalThis.navigator?.gpu !== undefined) return globalThis.navigator.gpu;
    try {
      dawn ??= (await import("webgpu")).create([]);
      return dawn;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const remedy = "Node has WebGPU through Dawn: npm install webgpu";
      if (code === "ERR_MODULE_NOT_FOUND") return { reason: "the package webgpu is not installed", remedy };
      return { reason: `the package webgpu can't be loaded (${message})`, remedy };
    }
  },
  environment: (name) => environment[name],
  terminal() {
    const { stdout } = process;
    if (!stdout.isTTY) return null;
    return { columns: () => stdout.columns ?? 80, write: (text) => void stdout.write(text) };
  },
};
