// Choosing and changing the engine.

import { flag, knownOptions } from "./checks.ts";
import { type Engine, type EngineStatus, engine, setDefaultEngine, setEngine } from "./engine.ts";
import { platform } from "./platform.ts";
import { quote } from "./quote.ts";
import { storageStatistics } from "./storage.ts";
import { warn } from "./warning.ts";
import { WasmEngine, type WasmOptions } from "./wasm/engine.ts";

/**
 * Engines by name. "wasm" runs everywhere; "native", in Node, hands matrix products to oneDNN or a BLAS found on the
 * machine; "auto" takes native where it is there, and wasm elsewhere.
 */
export type EngineName = "auto" | "wasm" | "native";

const NAMES: readonly string[] = ["auto", "wasm", "native"] satisfies EngineName[];

/** What `configureEngine` takes; what is left out has its default. */
export interface EngineOptions {
  /** Default: the environment's NABLA_ENGINE, else "wasm". */
  engine?: EngineName;
  /**
   * Threads, the calling one included; default: the environment's NABLA_THREADS, else the number of processors, at most
   * 16. More than there are processors is lowered to that, with a warning.
   */
  threads?: number;
  /**
   * Same bits on every machine and in every JavaScript engine: leaves out instructions whose rounding depends on the
   * processor, and native libraries. Slower by about a third; default false.
   */
  deterministic?: boolean;
  /** Most bytes that tensors may take together; default and maximum 4 GiB. */
  maximumBytes?: number;
  /**
   * In a browser: where the page finds the file `nabla/worker`, which worker threads run. For pages whose
   * Content-Security-Policy forbids workers from blobs; by default the program comes as one. Node needs none.
   */
  workerUrl?: string | URL;
}

/** Makes native engines; Node's entry has one (src/engine/native). */
export interface NativeProvider {
  /** Null if there is a library to use; else why not, in a few words and in full with what to install. */
  problem(): { reason: string; message: string } | null;
  make(options: WasmOptions): Engine;
}

let native: NativeProvider | undefined;

/** Says how to make native engines. */
export function provideNativeEngine(provider: NativeProvider): void {
  native = provider;
}

let configured: EngineOptions = {};
function threadsFor(options: EngineOptions): number | undefined {
  const wished = platform().environment("NABLA_THREADS");
  if (options.threads === undefined && !wished) return undefined;
  const named = options.threads ?? Number(wished);
  const processors = platform().processors();
  if (!Number.isInteger(named) || named < 1) {
    if (options.threads === undefined) {
      throw new RangeError(
        `engine: the environment variable NABLA_THREADS must be a whole number of at least 1, got ${quote(wished)}; unset it to use all processors`,
      );
    }
    throw new RangeError(`engine: threads must be a whole number of at least 1, got ${quote(named)}`);
  }
  if (named <= processors) return named;
  warn(`engine: ${named} threads asked for, but the machine has ${processors} processors; using ${processors}`);
  return processors;
}

let fallbackSaid = false;

/**
 * The engine that a name stands for on this machine. Where "auto" finds no library it says so once.
 * @throws TypeError for an unknown name; Error for "native" where it can't be had, with what to install.
 */
export function engineFor({ engine: name, deterministic }: EngineOptions): "wasm" | "native" {
  const wanted = name ?? (platform().environment("NABLA_ENGINE") || "wasm");
  if (!NAMES.includes(wanted)) {
    const source = name === undefined ? "NABLA_ENGINE" : "configureEngine";
    const known = NAMES.map((known) => JSON.stringify(known)).join(", ");
    throw new TypeError(`${source}: unknown engine ${quote(wanted)}; there are ${known}`);
  }
  if (wanted === "wasm") return "wasm";
  const problem = problemOfNative(deterministic ?? false);
  if (problem === null) return "native";
  if (wanted === "native") throw new Error(problem.message);
  if (problem.reason !== "" && !fallbackSaid) {
    fallbackSaid = true;
    warn(`engine: using wasm, for native is not available (${problem.reason}); npx nabla doctor says what to install`);
  }
  return "wasm";
}

/** Why there can be no native engine; the reason is empty where nobody can do anything about it. */
function problemOfNative(deterministic: boolean): { reason: string; message: string } | null {
  const because = (why: string) => ({ reason: "", message: `engine: "native" ${why}; use "wasm"` });
  if (native === undefined) return because("runs in Node only, where libraries can be called");
  if (deterministic) return because("can't be deterministic, for a library rounds in its own way");
  if (!platform().sharedMemory()) return because("needs shared memory, which is not allowed here");
  return native.problem();
}

function make(): Engine {
  const options: WasmOptions = {
    threads: threadsFor(configured),
    deterministic: configured.deterministic,
    maximumBytes: configured.maximumBytes,
    workerUrl: configured.workerUrl,
  };
  return engineFor(configured) === "native" ? native!.make(options) : new WasmEngine(options);
}

setDefaultEngine(make);

/**
 * Chooses the engine, its threads and whether it is deterministic. To be called before the first tensor is made, for
 * tensors belong to their engine.
 * @throws Error if tensors are alive, or if "native" is asked for and there is no library for it; RangeError for
 * threads that are not a whole number from 1 on; TypeError for an unknown engine.
 * @example
 * ```ts
 * configureEngine({ threads: 1, deterministic: true });
 * engineStatus().deterministic; // true
 * ```
 */
export function configureEngine(options: EngineOptions): void {
  knownOptions("configureEngine", options, ["engine", "threads", "deterministic", "maximumBytes", "workerUrl"]);
  if (options.deterministic !== undefined) flag("configureEngine", "deterministic", options.deterministic);
  engineFor(options);
  if (storageStatistics().tensors > 0) {
    throw new Error(
      `configureEngine: ${storageStatistics().tensors} tensors are alive, and tensors belong to the engine they were made on; configure it first`,
    );
  }
  configured = options;
  if (current instanceof WasmEngine) current.close();
  current = make();
  setEngine(current);
}

let current: Engine | undefined;

/**
 * What the engine is and has: its name, threads and instructions.
 * @example
 * ```ts
 * engineStatus().engine; // "wasm"
 * ```
 */
export function engineStatus(): EngineStatus {
  return engine().status();
}
