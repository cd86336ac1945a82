// Instantiates the compiled kernels on a memory of their own, without the engine, so that each kernel can be tested by its numbers.
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";

export interface Kernels {
  /** The module's exports: `exports.add_f32(0, a, b, out, n)`. */
  exports: Record<string, (...values: number[]) => number>;
  memory: WebAssembly.Memory;
  /** Copies values into the memory and returns their address. */
  put(values: Float32Array | Float64Array | Int32Array | Uint8Array): number;
  /** Reserves bytes (64-byte aligned) and returns their address. */
  reserve(bytes: number): number;
  f32(address: number, length: number): Float32Array;
  f64(address: number, length: number): Float64Array;
  i32(address: number, length: number): Int32Array;
  u8(address: number, length: number): Uint8Array;
}

/** Loads `strict` or `relaxed` with `megabytes` of memory. One thread. */
export function loadKernels(kind: "strict" | "relaxed" = "strict", megabytes = 64): Kernels {
  const memory = new WebAssembly.Memory({ initial: megabytes * 16, maximum: 65536, shared: true });
  const bytes = readFileSync(new URL(`../../kernels/build/${kind}.wasm`, import.meta.url));
  // A switch that only those versions of Node have that need it.
  if (!WebAssembly.validate(bytes)) setFlagsFromString("--experimental-wasm-relaxed-simd");
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    env: { memory, abort: () => {} },
  });
  const exports = instance.exports as unknown as Kernels["exports"];
  const heapBase = 1 << 20;
  const scratchBytes = 2 << 20;
  exports["setScratch"]!(heapBase, scratchBytes);
  let top = heapBase + scratchBytes;
  const reserve = (size: number): number => {
    const address = top;
    top = (top + size + 63) & ~63;
    if (top > memory.buffer.byteLength) throw new Error(`loadKernels: ${megabytes} MiB are used up`);
    return address;
  };
  return {
    exports,
    memory,
    reserve,
    put(values) {
      const address = reserve(values.byteLength);
      new Uint8Array(memory.buffer, address, values.byteLength).set(
        new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      );
      return address;
    },
    f32: (address, length) => new Float32Array(memory.buffer, address, length),
    f64: (address, length) => new Float64Array(memory.buffer, address, length),
    i32: (address, length) => new Int32Array(memory.buffer, address, length),
    u8: (address, length) => new Uint8Array(memory.buffer, address, length),
  };
}
