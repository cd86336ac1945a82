// Speed of the matrix-product kernels alone, in GFLOP/s, on one thread and on several, for sizes that training meets.
// Usage: node bench/kernels/gemm.mjs [--kind relaxed,strict] [--type f32,f64] [--threads 1,2] [--size 512x256x784,...] [--module FILE]
// A size is MxNxK; a trailing A or B marks a transposed factor: 784x30x10A is the gradient of the weights of a 784-30 layer.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { isMainThread, Worker, workerData } from "node:worker_threads";

const MEBIBYTE = 1 << 20;
const SCRATCH_BYTES = 2 * MEBIBYTE;

function instantiate(module, memory, thread) {
  const { exports } = new WebAssembly.Instance(module, { env: { memory, abort() {} } });
  exports.setScratch(MEBIBYTE + thread * SCRATCH_BYTES, SCRATCH_BYTES);
  return exports;
}

if (isMainThread) {
  await main();
} else {
  const { module, memory, thread } = workerData;
  instantiate(module, memory, thread).workerLoop();
}

async function main() {
  const { values } = parseArgs({
    options: {
      kind: { type: "string", default: "relaxed,strict" },
      type: { type: "string", default: "f32" },
      threads: { type: "string", default: "1,2" },
      module: { type: "string" },
      size: {
        type: "string",
        default:
          "10x30x784,10x10x30,10x30x10B,30x10x10A,784x30x10A,128x10x100,10x100x640,64x128x784,512x256x784,784x256x512A," +
          "512x784x256B,512x512x512,1024x1024x1024,1024x1024x1024A,1024x1024x1024B,1x1000x1000,1x1000x1000B,1000x1x1000,784x1x10A",
      },
    },
  });
  const types = values.type.split(",");
  const threadCounts = values.threads.split(",").map(Number);
  for (const kind of values.kind.split(",")) {
    const file = values.module ?? new URL(`../../kernels/build/${kind}.wasm`, import.meta.url);
    const bytes = readFileSync(file);
    // A switch that only those versions of Node have that need it.
    if (!WebAssembly.validate(bytes)) setFlagsFromString("--experimental-wasm-relaxed-simd");
    const module = new WebAssembly.Module(bytes);
    const columns = [];
    for (const threads of threadCounts) {
      for (const type of types)
        columns.push([`${type} x${threads}`, await measure(module, type, threads, values.size.split(","))]);
    }
    console.log(`${kind}, GFLOP/s`.padEnd(22), columns.map(([name]) => name.padStart(9)).join(""));
    values.size.split(",").forEach((size, row) => {
      console.log(size.padEnd(22), columns.map(([, rates]) => rates[row].toFixed(1).padStart(9)).join(""));
    });
  }
}

async function measure(module, type, threads, sizes) {
  const memory = new WebAssembly.Memory({ initial: 2048, maximum: 65536, shared: true });
  const kernels = instantiate(module, memory, 0);
  const workers = [];
  for (let thread = 1; thread < threads; thread++) {
    workers.push(new Worker(new URL(import.meta.url), { workerData: { module, memory, thread } }));
  }
  while (kernels.threadCount() < threads) await new Promise((resolve) => setTimeout(resolve, 1));

  const Values = type === "f32" ? Float32Array : Float64Array;
  const base = MEBIBYTE + threads * SCRATCH_BYTES;
  const space = 32 * MEBIBYTE;
  const factors = new Values(memory.buffer, base, (2 * space) / Values.BYTES_PER_ELEMENT);
  for (let i = 0; i < factors.length; i++) factors[i] = ((i * 7919) % 1009) / 1009 - 0.5;
  const rates = sizes.map((size) => {
    const [, m, n, k, transposed] = /^(\d+)x(\d+)x(\d+)([AB]*)$/.exec(size) ?? [];
    if (m === undefined) throw new Error(`gemm: size ${size} is not of the form MxNxK, MxNxKA, MxNxKB or MxNxKAB`);
    const a = transposed.includes("A") ? [1, +m] : [+k, 1];
    const b = transposed.includes("B") ? [1, +k] : [+n, 1];
    const run = (times) => {
      const product = kernels[`gemm_${type}`];
      for (let i = 0; i < times; i++)
        product(+m, +n, +k, base, ...a, base + space, ...b, base + 2 * space, +n, 0, 0, 0);
    };
    const flops = 2 * m * n * k;
    const times = Math.max(1, Math.ceil(2e7 / flops));
    let best = Number.POSITIVE_INFINITY;
    const began = performance.now();
    for (let round = 0; round < 12 || performance.now() - began < 300; round++) {
      const start = performance.now();
      run(times);
      best = Math.min(best, performance.now() - start);
    }
    return (flops * times) / best / 1e6;
  });
  kernels.stopWorkers();
  await Promise.all(workers.map((worker) => worker.terminate()));
  return rates;
}
