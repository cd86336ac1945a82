// Choosing and changing the engine.

import { flag, knownOptions, whole } from "./checks.ts";
import { isDevices } from "./device-error.ts";
import { type Engine, type EngineStatus, engine, setDefaultEngine, setEngine } from "./engine.ts";
import { platform } from "./platform.ts";
import { quote } from "./quote.ts";
import { collectStorages, storageStatistics } from "./storage.ts";
import { warn } from "./warning.ts";
import { WasmEngine, type WasmOptions } from "./wasm/engine.ts";

/**
 * Engines by name. "wasm" runs everywhere; "native", in Node, hands matrix products to oneDNN or a BLAS found on the
 * machine; "webgpu" computes on the graphics processor, and is started by `startEngine`; "auto" takes native where it is
 * there, and wasm elsewhere: never webgpu, whose tensors are read by `await` only.
 */
export type EngineName = "auto" | "wasm" | "native" | "webgpu";

const NAMES: readonly string[] = ["auto", "wasm", "native", "webgpu"] satisfies EngineName[];

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
  /**
   * Whether convolutions of 3 by 3 may be computed with a quarter of the multiplications (Winograd's minimal filtering, from 16 channels and
   * filters on), which rounds otherwise than the plain sum: by about twice as much. Default true; never where `deterministic`.
   */
  winograd?: boolean;
  /** Most bytes that tensors may take together; default and maximum 4 GiB. */
  maximumBytes?: number;
  /**
   * In a browser: where the page finds the file `nabla/worker`, which worker threads run. For pages whose
   * Content-Security-Policy forbids workers from blobs; by default the program comes as one. Node needs none.
   */
  workerUrl?: string | URL;
  /**
   * With "webgpu": where training goes on when the device fails (it is lost, or out of memory, or refuses a kernel), from the last moment that was
   * kept. Costs memory of the processor for everything that lives on the device, and a read of what changed at every moment. Default: training ends.
   */
  fallback?: "auto" | "wasm" | "native";
  /** With `fallback`: steps between two moments that are kept, beside those at both ends of every epoch. Default 100. */
  fallbackEvery?: number;
}

/** The names of `EngineOptions`. */
const OPTIONS = [
  ...["engine", "threads", "deterministic", "winograd", "maximumBytes", "workerUrl"],
  ...["fallback", "fallbackEvery"],
] as const;

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

/** The engine that is asked for, by an option or by the environment. */
function wantedEngine({ engine: name }: EngineOptions): EngineName {
  const wanted = name ?? (platform().environment("NABLA_ENGINE") || "wasm");
  if (!NAMES.includes(wanted)) {
    const source = name === undefined ? "NABLA_ENGINE" : "configureEngine";
    const known = NAMES.map((known) => JSON.stringify(known)).join(", ");
    throw new TypeError(`${source}: unknown engine ${quote(wanted)}; there are ${known}`);
  }
  return wanted as EngineName;
}

/**
 * The CPU engine that a name stands for on this machine. Where "auto" finds no library it says so once.
 * @throws TypeError for an unknown name; Error for "native" where it can't be had, with what to install, and for "webgpu".
 */
export function engineFor(options: EngineOptions): "wasm" | "native" {
  const { deterministic } = options;
  const wanted = wantedEngine(options);
  if (wanted === "wasm") return "wasm";
  if (wanted === "webgpu") {
    const call = options.engine === undefined ? "startEngine()" : 'startEngine({ engine: "webgpu" })';
    const asked = options.engine === undefined ? "NABLA_ENGINE=webgpu" : 'engine: "webgpu"';
    throw new Error(`engine: a device answers later, so ${asked} takes await ${call}, before the first tensor is made`);
  }
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
    winograd: configured.winograd,
    maximumBytes: configured.maximumBytes,
    workerUrl: configured.workerUrl,
  };
  const made = engineFor(configured) === "native" ? native!.make(options) : new WasmEngine(options);
  return watch(made);
}

let watch: (made: Engine) => Engine = (made) => made;

/** What every engine that is made from now on is replaced by: one that is the same, and watched. */
export function watchEngines(by: (made: Engine) => Engine): void {
  watch = by;
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
  knownOptions("configureEngine", options, OPTIONS);
  for (const option of ["fallback", "fallbackEvery"] as const) {
    if (options[option] === undefined) continue;
    throw new TypeError(`configureEngine: ${option} goes with "webgpu", which startEngine starts; leave it out`);
  }
  if (options.deterministic !== undefined) flag("configureEngine", "deterministic", options.deterministic);
  if (options.winograd !== undefined) flag("configureEngine", "winograd", options.winograd);
  engineFor(options);
  checkNoTensors("configureEngine");
  configured = options;
  current?.close?.();
  current = make();
  setEngine(current);
}

function checkNoTensors(operation: string): void {
  // What nothing refers to any more is none.
  if (storageStatistics().tensors > 0) collectStorages();
  const { tensors } = storageStatistics();
  if (tensors === 0) return;
  throw new Error(
    `${operation}: ${tensors} tensors are alive, and tensors belong to the engine they were made on; configure it first`,
  );
}

/**
 * As `configureEngine`, also for the engine "webgpu", whose device has to be waited for; without an engine, for the one
 * that the environment's NABLA_ENGINE names. On "webgpu" operations return at once, and values are read by
 * `await tensor.data()`.
 * @throws as `configureEngine`; Error where there is no WebGPU or no adapter, with what is missing; TypeError for
 * `threads`, `workerUrl` or `deterministic: true` with "webgpu".
 * @example
 * ```ts
 * (await startEngine({ engine: "wasm" })).engine; // "wasm"
 * ```
 */
export async function startEngine(options: EngineOptions = {}): Promise<EngineStatus> {
  if (wantedEngine(options) !== "webgpu") {
    configureEngine(options);
    return engineStatus();
  }
  knownOptions("startEngine", options, OPTIONS);
  const { fallback, fallbackEvery } = options;
  if (fallbackEvery !== undefined) {
    whole("startEngine", "fallbackEvery", fallbackEvery, 1);
    if (fallback === undefined) throw new TypeError("startEngine: fallbackEvery goes with fallback; leave it out");
  }
  if (fallback !== undefined) checkFallback(fallback);
  if (options.deterministic) {
    throw new TypeError(
      'startEngine: "webgpu" can\'t be deterministic, for every device rounds in its own way; use "wasm"',
    );
  }
  for (const option of ["threads", "winograd", "workerUrl"] as const) {
    if (options[option] !== undefined) {
      throw new TypeError(
        `startEngine: ${option} is an option of the engines "wasm" and "native"; "webgpu" has none: leave it out`,
      );
    }
  }
  checkNoTensors("startEngine");
  const { startWebGpu } = await import("./webgpu/start.ts");
  const started = await startWebGpu({ maximumBytes: options.maximumBytes, keeps: fallback !== undefined });
  try {
    checkNoTensors("startEngine");
  } catch (error) {
    started.close();
    throw error;
  }
  configured = options;
  current?.close?.();
  current = started;
  setEngine(started);
  return started.status();
}

/** @throws TypeError for an unknown engine; Error where it can't be had: better now than when it is needed. */
function checkFallback(fallback: NonNullable<EngineOptions["fallback"]>): void {
  if (!["auto", "wasm", "native"].includes(fallback)) {
    throw new TypeError(`startEngine: fallback must be "auto", "wasm" or "native", got ${quote(fallback)}`);
  }
  engineFor({ engine: fallback });
}

/** Steps between two moments that are to be kept; undefined where nobody asked for a fallback. */
export function momentsEvery(): number | undefined {
  if (engine().keepMoment === undefined) return undefined;
  return configured.fallbackEvery ?? 100;
}

/**
 * If an error is the device's, and a fallback was asked for: from now on that is the engine in use, and tensors are what they were at the
 * last moment that was kept. Else false.
 */
export function fallBack(error: unknown): boolean {
  const lost = engine();
  const { fallback } = configured;
  if (!isDevices(error) || fallback === undefined || lost.moveTo === undefined || lost.keepMoment === undefined) {
    return false;
  }
  configured = { engine: fallback, maximumBytes: configured.maximumBytes };
  const next = make();
  lost.moveTo(next);
  current = next;
  setEngine(next);
  lost.close?.();
  warn(`engine: ${error.message.split(". ")[0]}; training goes on on the engine ${JSON.stringify(next.name)}`);
  return true;
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
