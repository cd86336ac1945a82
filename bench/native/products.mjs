// Matrix products of the sizes that training meets, on the engines wasm and native: microseconds and GFLOP/s, the best of many.
// Usage: node bench/native/products.mjs [--threads 1,2] [--size 10x30x784,...] [--seconds 0.3]
// A size is MxNxK; a trailing A or B marks a transposed factor, s a bias and sigmoid as a layer has them.
import { parseArgs } from "node:util";
import * as nabla from "../../dist/node.js";

const { values } = parseArgs({
  options: {
    threads: { type: "string", default: "1,2" },
    seconds: { type: "string", default: "0.3" },
    size: {
      type: "string",
      default:
        "10x10x30,16x16x16,24x24x24,32x32x32,10x30x784,10x30x784s,784x30x10A,10x784x30B,64x10x128,64x128x784,784x128x64A," +
        "64x784x128B,512x10x128,32x512x192,512x256x784,784x256x512A,512x784x256B,512x512x512,1024x1024x1024,1x1000x1000,1000x1x1000",
    },
  },
});

async function engineReady(engine, threads) {
  nabla.configureEngine({ engine, threads });
  for (let i = 0; i < 200 && nabla.engineStatus().threadsReady < nabla.engineStatus().threads; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function parse(size) {
  const [, m, n, k, marks] = /^(\d+)x(\d+)x(\d+)([ABs]*)$/.exec(size) ?? [];
  if (m === undefined) throw new Error(`products: size ${size} is not of the form MxNxK with A, B or s behind it`);
  return { m: +m, n: +n, k: +k, marks };
}

/** Microseconds of one product. */
function measure({ m, n, k, marks }) {
  return nabla.scope(() => {
    const [left, right] = [nabla.random.normal([m * k]), nabla.random.normal([k * n])];
    const a = marks.includes("A") ? left.reshape([k, m]).T : left.reshape([m, k]);
    const b = marks.includes("B") ? right.reshape([n, k]).T : right.reshape([k, n]);
    const bias = nabla.zeros([n]);
    const run = marks.includes("s") ? () => nabla.linear(a, b, bias, "sigmoid") : () => nabla.matmul(a, b);
    const times = Math.max(1, Math.ceil(2e7 / (m * n * k)));
    let best = Number.POSITIVE_INFINITY;
    const began = performance.now();
    for (let round = 0; round < 10 || performance.now() - began < 1000 * values.seconds; round++) {
      nabla.scope(() => {
        const start = performance.now();
        for (let i = 0; i < times; i++) run();
        best = Math.min(best, performance.now() - start);
      });
    }
    return (1000 * best) / times;
  });
}

for (const threads of values.threads.split(",").map(Number)) {
  const sizes = values.size.split(",").map(parse);
  const times = {};
  for (const engine of ["wasm", "native"]) {
    await engineReady(engine, threads);
    times[engine] = sizes.map(measure);
  }
  const { library } = nabla.engineStatus();
  console.log(`\n${library}; threads: ${threads}; microseconds (GFLOP/s)`);
  console.log(
    "size".padEnd(18) + ["wasm", "native", "native is faster by"].map((title) => title.padStart(20)).join(""),
  );
  values.size.split(",").forEach((size, i) => {
    const { m, n, k } = sizes[i];
    const cells = ["wasm", "native"].map((engine) => {
      const time = times[engine][i];
      return `${time.toFixed(2)} (${((2 * m * n * k) / time / 1000).toFixed(0).padStart(3)})`.padStart(20);
    });
    console.log(size.padEnd(18) + cells.join("") + (times.wasm[i] / times.native[i]).toFixed(2).padStart(20));
  });
}
