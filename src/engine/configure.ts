// Choosing and changing the engine.
import { type Engine, type EngineStatus, engine, setDefaultEngine, setEngine } from "./engine.ts";
import { platform } from "./platform.ts";
import { storageStatistics } from "./storage.ts";
import { WasmEngine } from "./wasm/engine.ts";

/** Engines by name; "auto" takes the fastest one that the machine has. */
export type EngineName = "auto" | "wasm";

/** What `configureEngine` takes; what is left out has its default. */
export interface EngineOptions {
  /** Default "auto". */
  engine?: EngineName;
  /**
   * Threads, the calling one included; default: the environment's NABLA_THREADS, else the number of processors, at most
   * 16. More than there are processors is lowered to that, with a warning.
   */
  threads?: number;
  /**
   * Same bits on every machine and in every JavaScript engine: leaves out instructions whose rounding depends on the
   * processor. Slower by about a third; default false.
   */
  deterministic?: boolean;
  /** Most bytes that tensors may take together; default and maximum 4 GiB. */
  maximumBytes?: number;
}

let configured: EngineOptions = {};
let warn: (message: string) => void = (message) => console.warn(message);

/**
 * Sets where the engine's warnings go; by default to console.warn.
 * @example
 * ```ts
 * const warnings: string[] = [];
 * onEngineWarning((message) => warnings.push(message));
 * ```
 */
export function onEngineWarning(handler: (message: string) => void): void {
  warn = handler;
}

function threadsFor(options: EngineOptions): number | undefined {
  const named = options.threads ?? numberFrom(platform().environment("NABLA_THREADS"));
  if (named === undefined) return undefined;
  const processors = platform().processors();
  if (!Number.isInteger(named) || named < 1) {
    throw new RangeError(`engine: threads must be a whole number of at least 1, got ${named}`);
  }
  if (named <= processors) return named;
  warn(`engine: ${named} threads asked for, but the machine has ${processors} processors; using ${processors}`);
  return processors;
}

function numberFrom(text: string | undefined): number | undefined {
  return text === undefined || text === "" ? undefined : Number(text);
}

function make(): Engine {
  return new WasmEngine({
    threads: threadsFor(configured),
    deterministic: configured.deterministic,
    maximumBytes: configured.maximumBytes,
  });
}

setDefaultEngine(make);

/**
 * Chooses the engine, its threads and whether it is deterministic. To be called before the first tensor is made, for
 * tensors belong to their engine.
 * @throws Error if tensors are alive; RangeError for threads that are not a whole number from 1 on; TypeError for an
 * unknown engine.
 * @example
 * ```ts
 * configureEngine({ threads: 1, deterministic: true });
 * engineStatus().deterministic; // true
 * ```
 */
export function configureEngine(options: EngineOptions): void {
  const name = options.engine ?? "auto";
  if (name !== "auto" && name !== "wasm") {
    throw new TypeError(`configureEngine: unknown engine ${JSON.stringify(name)}; there are "auto" and "wasm"`);
  }
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
