// What the engine needs from its surroundings and can't do portably. This file holds the browser's answers; src/node.ts installs Node's.

/** A thread that runs kernels. */
export interface WorkerHandle {
  /** Ends the thread at once. */
  terminate(): void;
}

/** What a worker is given to start with. */
export interface WorkerStart {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  scratch: number;
  scratchBytes: number;
}

/** A garbage collection on demand. */
export interface Collector {
  /** Lets go of what weak references hold until the running job ends. */
  letGo(): void;
  /** Collects everything that nothing refers to: weak references to it are empty afterwards, if they were let go. */
  collect(): void;
}

/** A terminal, on which a line may be drawn over. */
export interface Terminal {
  /** Characters a line holds. */
  columns(): number;
  write(text: string): void;
}

/** What differs between Node and the browser. */
export interface Platform {
  readonly name: "node" | "browser";
  /** Logical processors. */
  processors(): number;
  /**
   * Starts a thread that instantiates the module on the memory and enters its worker loop. `onError` is called if it does not come to that, or
   * dies; the message may be empty. `url` leads to its program, where the platform wants one.
   */
  startWorker(start: WorkerStart, onError: (message: string) => void, url?: string | URL): WorkerHandle;
  /** What to do about workers that do not start. */
  workerRemedy(url?: string | URL): string;
  /** Whether memory can be shared with workers. */
  sharedMemory(): boolean;
  /** Makes relaxed SIMD valid where a switch is needed for it. */
  enableRelaxedSimd(): void;
  /** Collects garbage while the program runs; null where that is not possible. */
  collector(): Collector | null;
  /** Lets waiting events (timers, messages, finalisers) run. */
  yieldToEvents(): Promise<void>;
  /** Where WebGPU is asked for devices; or why there is none, and what to do. */
  gpu(): Promise<GPU | { reason: string; remedy: string }>;
  /** Environment variable, where there are any. */
  environment(name: string): string | undefined;
  /** The terminal that the program writes to, or null where its output goes elsewhere. */
  terminal(): Terminal | null;
}

/**
 * The worker's whole program: everything else happens inside the module. It runs as a classic script, where `receive` is set up by the
 * platform; a trap is written to the control block (kernels/parallel.ts), where the waiting caller sees it.
 */
export const WORKER_PROGRAM = `
  function run(start) {
    const failed = new Int32Array(start.memory.buffer, 452, 1);
    try {
      const instance = new WebAssembly.Instance(start.module, { env: { memory: start.memory, abort() { throw new Error("abort"); } } });
      instance.exports.setScratch(start.scratch, start.scratchBytes);
      instance.exports.workerLoop();
    } catch (error) {
      Atomics.store(failed, 0, 1);
      throw error;
    }
  }
`;

/** The program of a browser's worker: the blob that it comes as, and the file `nabla/worker` (see tsdown.config.ts). */
export const BROWSER_WORKER = `${WORKER_PROGRAM}; onmessage = (event) => run(event.data);`;

const browser: Platform = {
  name: "browser",
  processors: () => globalThis.navigator?.hardwareConcurrency ?? 1,
  startWorker(start, onError, url) {
    const blob = url === undefined ? URL.createObjectURL(new Blob([BROWSER_WORKER], { type: "text/javascript" })) : "";
    const worker = new Worker(url ?? blob);
    worker.onerror = (event) => onError(event.message ?? "");
    worker.postMessage(start);
    return {
      terminate() {
        worker.terminate();
        if (blob !== "") URL.revokeObjectURL(blob);
      },
    };
  },
  workerRemedy: (url) =>
    url === undefined
      ? "If the page's Content-Security-Policy forbids workers from blobs, give configureEngine({ workerUrl }) the address of the file " +
        "nabla/worker, or allow worker-src blob:"
      : `Is ${String(url)} the file nabla/worker, from the page's own origin, as JavaScript, allowed by worker-src in the page's ` +
        "Content-Security-Policy, and sent with Cross-Origin-Embedder-Policy: require-corp?",
  sharedMemory: () => typeof SharedArrayBuffer !== "undefined" && globalThis.crossOriginIsolated === true,
  enableRelaxedSimd() {},
  collector: () => null,
  yieldToEvents: () =>
    new Promise((resolve) => {
      // A message comes back at once; a timer would wait four milliseconds.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    }),
  gpu: async () =>
    globalThis.navigator?.gpu ??
    (globalThis.isSecureContext === false
      ? { reason: "browsers have WebGPU for pages from https: or localhost only", remedy: "Serve the page so" }
      : { reason: "this browser has no WebGPU", remedy: "Chrome, Edge, Safari and Firefox of 2026 have it" }),
  environment: () => undefined,
  terminal: () => null,
};

let current: Platform = browser;

/** The platform in use. */
export function platform(): Platform {
  return current;
}

/** Replaces the platform; to be called before the first tensor is made. */
export function setPlatform(value: Platform): void {
  current = value;
}
