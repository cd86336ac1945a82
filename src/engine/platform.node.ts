// Node's answers: worker threads that do not keep the process alive, the switch for relaxed SIMD, a garbage collection on demand.
import { availableParallelism } from "node:os";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { environment } from "./environment.node.ts";
import { type Platform, WORKER_PROGRAM } from "./platform.ts";

let collect: (() => void) | undefined;

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
  sharedMemory: () => true,
  enableRelaxedSimd() {
    setFlagsFromString("--experimental-wasm-relaxed-simd");
  },
  collectGarbage() {
    if (!collect) {
      setFlagsFromString("--expose-gc");
      collect = runInNewContext("gc") as () => void;
    }
    collect();
  },
  yieldToEvents: () => new Promise((resolve) => setImmediate(resolve)),
  environment: (name) => environment[name],
};
