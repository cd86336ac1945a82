// Node's answers: worker threads that do not keep the process alive, the switch for relaxed SIMD, a garbage collection on demand.
import { availableParallelism } from "node:os";
import { setFlagsFromString } from "node:v8";
import { createContext, runInNewContext, Script } from "node:vm";
import { Worker } from "node:worker_threads";
import { environment } from "./environment.node.ts";
import { type Collector, type Platform, WORKER_PROGRAM } from "./platform.ts";

let collector: Collector | null | undefined;

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
    // Without variables, which it does not need: Deno would ask its user for all of them, to copy.
    const worker = new Worker(source, { eval: true, workerData: start, env: {} });
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
  environment: (name) => environment[name],
  terminal() {
    const { stdout } = process;
    if (!stdout.isTTY) return null;
    return { columns: () => stdout.columns ?? 80, write: (text) => void stdout.write(text) };
  },
};
