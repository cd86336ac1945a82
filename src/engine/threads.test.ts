// Two threads give the same bits as one, with relaxed instructions and without; and where memory can't be shared, one thread does it all.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { afterAll, describe, expect, test } from "vitest";
import {
  grad,
  linear,
  onEngineWarning,
  ones,
  random,
  scope,
  softmaxCrossEntropy,
  sum,
  type Tensor,
  tensor,
} from "../node.ts";
import { configureEngine, engineStatus } from "./configure.ts";
import { engine } from "./engine.ts";
import { nodePlatform } from "./platform.node.ts";
import { setPlatform } from "./platform.ts";
import { kernelBytes } from "./wasm/module.ts";

afterAll(() => setPlatform(nodePlatform));

async function threadsUp(): Promise<void> {
  for (let i = 0; i < 500 && engineStatus().threadsReady < engineStatus().threads; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function checksum(x: Tensor): string {
  return createHash("sha256").update(x.dataSync()).digest("hex");
}

/** A little of everything that runs in parallel, large enough to be split. */
function work(): Record<string, string> {
  return scope(() => {
    random.seed(5);
    const x = random.normal([300, 512]);
    const w = random.normal([512, 200], 0, 0.1);
    const labels = random.integers([300], 0, 200);
    const loss = (v: Tensor): Tensor => softmaxCrossEntropy(linear(x, v).tanh(), labels);
    const results: Record<string, Tensor> = {
      matmul: x.matmul(w),
      transposed: x.T.matmul(x),
      gradient: grad(loss)(w),
      exp: x.exp(),
      sums: sum(x.mul(x), 0),
      total: random.uniform([1 << 20]).sum(),
      softmax: x.softmax(),
      permutation: random.permutation(100_000),
      broadcast: x.add(tensor([1, 2]).sum()).div(x.max(1, true)),
    };
    return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, checksum(value)]));
  });
}

describe.each([false, true])("deterministic: %s", (deterministic) => {
  test("two threads, one thread and no shared memory give the same bits", async () => {
    setPlatform({ ...nodePlatform, processors: () => 2 });
    configureEngine({ threads: 2, deterministic });
    await threadsUp();
    expect(engineStatus()).toMatchObject({ threads: 2, threadsReady: 2, relaxedSimd: !deterministic });
    const two = work();
    configureEngine({ threads: 1, deterministic });
    expect(engineStatus().threads).toBe(1);
    expect(work()).toEqual(two);
    setPlatform({ ...nodePlatform, sharedMemory: () => false });
    configureEngine({ deterministic });
    expect(engineStatus()).toMatchObject({ threads: 1, sharedMemory: false });
    expect(work()).toEqual(two);
  });
});

test("a worker that dies with part of a step in its hands is reported, and the engine goes on without it", async () => {
  // Takes one chunk, as kernels/parallel.ts has it, and dies before it has run it.
  const dying = `
    const { memory } = require("node:worker_threads").workerData;
    const words = new Int32Array(memory.buffer, 0, 128);
    const ticket = new BigInt64Array(memory.buffer, 64, 1);
    const extra = new BigInt64Array(memory.buffer, 272, 1);
    const left = (seen) => (Atomics.load(extra, 0) & 0xffffffffn) - (seen & 0xffffn) - ((seen >> 16n) & 0xffffn);
    const generation = Atomics.load(ticket, 0) >> 32n;
    Atomics.add(words, 384 >> 2, 1);
    for (;;) {
      const seen = Atomics.load(ticket, 0);
      if (seen >> 32n === generation || left(seen) <= 0n) continue;
      if (Atomics.compareExchange(ticket, 0, seen, seen + 0x10000n) === seen) break;
    }
    Atomics.store(words, 452 >> 2, 1);
    throw new Error("out of luck");`;
  setPlatform({
    ...nodePlatform,
    processors: () => 2,
    startWorker(start, onError) {
      const worker = new Worker(dying, { eval: true, workerData: start });
      worker.on("error", (error: Error) => onError(error.message));
      return { terminate: () => void worker.terminate() };
    },
  });
  configureEngine({ threads: 2 });
  await threadsUp();
  // On a busy machine many tasks may be over before the worker sees one.
  const steps = (): void => {
    for (let i = 0; i < 10_000; i++) {
      scope(() => {
        ones([1 << 20]).exp();
      });
    }
  };
  expect(steps).toThrow(/a worker thread died .*the step again/);
  expect(engineStatus()).toMatchObject({ threads: 1, threadsReady: 1 });
  expect(
    scope(() =>
      ones([1 << 20])
        .sum()
        .item(),
    ),
  ).toBe(1 << 20);
  setPlatform(nodePlatform);
  configureEngine({});
});

test("more threads than processors are refused down to what is there, with a warning", () => {
  setPlatform({ ...nodePlatform, processors: () => 2 });
  const warnings: string[] = [];
  onEngineWarning((message) => warnings.push(message));
  configureEngine({ threads: 64 });
  expect(engineStatus().threads).toBe(2);
  expect(warnings).toEqual(["engine: 64 threads asked for, but the machine has 2 processors; using 2"]);
  onEngineWarning(console.warn);
});

test("workers that do not start are not counted, and said once, with why", async () => {
  const refused = { terminate() {} };
  const ways: Record<string, typeof nodePlatform.startWorker> = {
    "at once": () => {
      throw new Error("no more threads");
    },
    "after a while": (_, onError) => {
      setTimeout(() => onError("no more threads"), 5);
      return refused;
    },
  };
  for (const startWorker of Object.values(ways)) {
    const warnings: string[] = [];
    onEngineWarning((message) => warnings.push(message));
    setPlatform({ ...nodePlatform, processors: () => 3, startWorker });
    configureEngine({ threads: 3 });
    await threadsUp();
    expect(engineStatus()).toMatchObject({ threads: 1, threadsReady: 1 });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^engine: a worker thread does not start \(no more threads\); computing goes on with fewer/,
    );
    const total = scope(() =>
      ones([1 << 20])
        .sum()
        .item(),
    );
    expect(total).toBe(1 << 20);
  }
  onEngineWarning(console.warn);
  setPlatform(nodePlatform);
  configureEngine({});
});

test.each(["abc", "0", "2.5", "-1", "1e9x"])("NABLA_THREADS=%s is named as the variable that it is", (value) => {
  setPlatform({ ...nodePlatform, environment: (name) => (name === "NABLA_THREADS" ? value : undefined) });
  expect(() => configureEngine({})).toThrow(
    `engine: the environment variable NABLA_THREADS must be a whole number of at least 1, got "${value}"; unset it`,
  );
  configureEngine({ threads: 1 });
  setPlatform({ ...nodePlatform, environment: () => "" });
  configureEngine({});
  setPlatform(nodePlatform);
});

test("bad options are named", () => {
  expect(() => configureEngine({ threads: 0 })).toThrow(/threads must be a whole number of at least 1, got 0/);
  expect(() => configureEngine({ threads: 1.5 })).toThrow(/got 1.5/);
  expect(() => configureEngine({ engine: "gpu" as "wasm" })).toThrow(/unknown engine "gpu"/);
  const alive = tensor([1]);
  expect(() => configureEngine({})).toThrow(/tensors are alive/);
  expect(alive.item()).toBe(1);
  expect(engine().name).toBe("wasm");
});

test("the relaxed module, rebuilt from the strict one, is the compiler's byte for byte", () => {
  const built = readFileSync(new URL("../../kernels/build/relaxed.wasm", import.meta.url));
  expect(Buffer.from(kernelBytes({ relaxed: true, shared: true })).equals(built)).toBe(true);
});

// As `node --input-type=module --eval` and a process with a loader are: the program of the threads is none of theirs.
test.each(["wasm", "native"])("options of the process are not the threads' on %s", (engine) => {
  const program = `
    const { configureEngine, engineStatus, onEngineWarning, ones } = await import(${JSON.stringify(new URL("../../dist/node.js", import.meta.url).href)});
    onEngineWarning(() => {});
    configureEngine({ engine: ${JSON.stringify(engine)}, threads: 2 });
    let failed = "";
    onEngineWarning((message) => { failed = message; });
    ones([4]).add(1);
    const { threads } = engineStatus();
    while (failed === "" && engineStatus().threadsReady < threads) await new Promise((resolve) => setTimeout(resolve, 20));
    console.log(JSON.stringify({ started: engineStatus().threadsReady === threads, failed }));`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
  expect(JSON.parse(stdout)).toEqual({ started: true, failed: "" });
});
