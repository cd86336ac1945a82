// From the embedded bytes to a compiled module: chooses strict or relaxed instructions, and private memory where none can be shared.
import { inflateSync } from "fflate";
import { platform } from "../platform.ts";
import * as binaries from "./binaries.generated.ts";
import { headOf } from "./writer.ts";

/** The smallest module with one relaxed instruction: valid exactly where relaxed SIMD is. */
const RELAXED_PROBE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0],
  ...[10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2, 253, 133, 2, 11],
);

/** The smallest module with one SIMD instruction. */
const SIMD_PROBE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  ...[10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
);

let relaxed: boolean | undefined;

/** Whether the machine's WebAssembly has SIMD at all; without it Nabla can't run. */
export function hasSimd(): boolean {
  return WebAssembly.validate(SIMD_PROBE);
}

/** Whether relaxed SIMD (fused multiply-add) is there. */
export function hasRelaxedSimd(): boolean {
  if (relaxed === undefined) {
    // Asked first: where no switch is needed, there may be none any more, and turning it is a complaint on standard error.
    relaxed = WebAssembly.validate(RELAXED_PROBE);
    if (!relaxed) {
      platform().enableRelaxedSimd();
      relaxed = WebAssembly.validate(RELAXED_PROBE);
    }
  }
  return relaxed;
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return inflateSync(bytes) as Uint8Array<ArrayBuffer>;
}

/**
 * Clears the "shared" bit of the imported memory's limits, the only difference between a module for shared and one for private memory.
 * The import section (id 2) holds one import: two names, kind 2 (memory), limits flags.
 */
export function withPrivateMemory(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  let at = 8;
  const leb = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = copy[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
  };
  // A call of its own: in `at += leb()` the old `at` would be read before leb moves it.
  const skip = (count: number): void => {
    at += count;
  };
  while (at < copy.length) {
    const id = copy[at++];
    const length = leb();
    if (id !== 2) {
      skip(length);
      continue;
    }
    for (let imports = leb(); imports > 0; imports--) {
      skip(leb());
      skip(leb());
      const kind = copy[at++];
      if (kind === 2) {
        copy[at] = copy[at] & ~2;
        return copy;
      }
      if (kind === 0) leb();
      else throw new Error("kernels: unexpected import in the compiled module");
    }
  }
  throw new Error("kernels: the compiled module imports no memory");
}

/** The relaxed module, put together from parts of the strict one and the bytes that differ (scripts/build-kernels.mjs). */
function relaxedFrom(strict: Uint8Array): Uint8Array<ArrayBuffer> {
  const fresh = decode(binaries.relaxedBytes);
  const copies = binaries.relaxedCopies;
  let length = 0;
  for (let i = 0; i < copies.length; i += 3) length += copies[i] + copies[i + 2];
  const bytes = new Uint8Array(length);
  let at = 0;
  let used = 0;
  for (let i = 0; i < copies.length; i += 3) {
    const [literal, from, count] = [copies[i], copies[i + 1], copies[i + 2]];
    bytes.set(fresh.subarray(used, used + literal), at);
    bytes.set(strict.subarray(from, from + count), at + literal);
    used += literal;
    at += literal + count;
  }
  return bytes;
}

/** The kernels' module as bytes. */
export function kernelBytes(options: { relaxed: boolean; shared: boolean }): Uint8Array<ArrayBuffer> {
  const strict = decode(binaries.strict);
  const bytes = options.relaxed ? relaxedFrom(strict) : strict;
  return options.shared ? bytes : withPrivateMemory(bytes);
}

/** Compiles the kernels. `head`: the module's bytes before the code. */
export function compileKernels(options: { relaxed: boolean; shared: boolean }): {
  module: WebAssembly.Module;
  head: Uint8Array;
} {
  if (!hasSimd()) {
    throw new Error(
      "Nabla needs WebAssembly SIMD, which this JavaScript engine does not have; use Node 20 or later, or a browser from 2023 or later",
    );
  }
  try {
    const bytes = kernelBytes(options);
    return { module: new WebAssembly.Module(bytes), head: headOf(bytes) };
  } catch (cause) {
    if (!/content security policy|unsafe-eval/i.test(String(cause))) throw cause;
    throw new Error(
      "engine: the page's Content-Security-Policy forbids WebAssembly, in which Nabla computes; add 'wasm-unsafe-eval' to its script-src " +
        "(it allows WebAssembly, not eval)",
      { cause },
    );
  }
}
