// The foreign function interface, an optional package: loaded when the native engine is asked for, and not before.
import { createRequire } from "node:module";

/** What is used of koffi. */
export interface Koffi {
  readonly version: string;
  /** null: what the process has loaded already. `global`: libraries loaded later find its symbols. */
  load(path: string | null, options?: { global?: boolean }): ForeignLibrary;
  /** Of memory, or of a symbol. */
  address(value: unknown): bigint;
  decode(pointer: unknown, type: string, length?: number): number[];
}

/** A library in this process. */
export interface ForeignLibrary {
  /** The function of that name, its result's and arguments' types as in C. Throws if there is none. */
  func(name: string, result: string, types: string[]): (...values: number[]) => number;
  symbol(name: string): unknown;
}

export interface LoadedKoffi {
  readonly koffi: Koffi;
  /** The package's main file, for worker threads. */
  readonly file: string;
}

/**
 * Where a shared memory lies in the process. It stays there: the addresses up to its largest size are reserved when it
 * is made.
 */
export function memoryAddress(koffi: Koffi, memory: WebAssembly.Memory): number {
  return Number(koffi.address(new Uint8Array(memory.buffer)));
}

let loaded: LoadedKoffi | undefined;

/** The package. Throws an Error that says how to install it. */
export function loadKoffi(): LoadedKoffi {
  if (loaded !== undefined) return loaded;
  try {
    // A bundler that makes CommonJS of this leaves no import.meta.url; there __filename says where the code is.
    const require = createRequire(import.meta.url ?? __filename);
    loaded = { koffi: require("koffi") as Koffi, file: require.resolve("koffi") };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new Error(
      `the package koffi, through which libraries are called, can't be loaded (npm install koffi): ${reason}`,
    );
  }
  return loaded;
}
