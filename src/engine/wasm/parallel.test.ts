// Fork and join (kernels/parallel.ts) as its threads see it: whoever comes late, or is many, every chunk is run once and before the call returns.
import { Worker } from "node:worker_threads";
import { afterAll, expect, test } from "vitest";
import { ones, rnn, scope, tensor, zeros } from "../../node.ts";
import { engine, setEngine } from "../engine.ts";
import { WasmEngine } from "./engine.ts";

/** Elements of a chunk of the negation's loop. */
const CHUNK = 32768;

async function start(threads: number): Promise<WasmEngine> {
  const before = engine();
  if (before instanceof WasmEngine) before.close();
  const next = new WasmEngine({ threads });
  setEngine(next);
  for (let i = 0; i < 500 && next.status().threadsReady < threads; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return next;
}

afterAll(async () => {
  (await start(1)).close();
});

/** Looks at the control block as a worker that is about to take a chunk does, and counts the looks that would take one of a wrong size. */
const WATCHER = `
  const { workerData: { buffer, origin, chunks }, parentPort } = require("node:worker_threads");
  const [words, longs] = [new Int32Array(buffer), new BigInt64Array(buffer)];
  const [TICKET, CHUNKS] = [64 >> 3, 272 >> 2];
  parentPort.postMessage("ready");
  let [open, wrong] = [0, 0];
  for (const end = Date.now() + 400; Date.now() < end; ) {
    for (let i = 0; i < 1000; i++) {
      const ticket = Atomics.load(longs, TICKET);
      const offered = Atomics.load(words, CHUNKS);
      if (Atomics.load(longs, TICKET) !== ticket) continue;
      const generation = Number(ticket >> 32n);
      const taken = Number(ticket & 0xffffn) + Number((ticket >> 16n) & 0xffffn);
      if (generation <= origin || taken >= offered) continue;
      open += 1;
      if (offered !== chunks[(generation - origin) % 2]) wrong += 1;
    }
  }
  parentPort.postMessage({ open, wrong });
`;

test("a thread that comes late never finds the old ticket with the new task", async () => {
  const { memoryObject, byName } = (await start(2)) as unknown as {
    memoryObject: WebAssembly.Memory;
    byName: Record<string, (...values: number[]) => void>;
  };
  const { buffer } = memoryObject;
  const chunks = [7, 3] as const;
  const origin = Atomics.load(new Int32Array(buffer), 128 >> 2);
  const at = zeros([64]).storage.address;
  // A recurrent layer of no steps: nothing but fork and join, a chunk for every four rows.
  const fork = (count: number): void => byName["rnnForward_f32"]!(at, 0, 0, at + 64, at + 128, 0, 4 * count, 1, 0, 0);
  const watcher = new Worker(WATCHER, { eval: true, workerData: { buffer, origin, chunks } });
  const messages: unknown[] = [];
  watcher.on("message", (message) => messages.push(message));
  try {
    while (messages.length < 2) {
      for (let i = 0; messages.length > 0 && i < 2000; i++) {
        fork(chunks[1]);
        fork(chunks[0]);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    await watcher.terminate();
  }
  const { open, wrong } = messages[1] as { open: number; wrong: number };
  expect(open).toBeGreaterThan(100);
  expect(wrong).toBe(0);
});

test("with more threads than processors every chunk is run once", async () => {
  const next = await start(8);
  scope(() => {
    const [few, many] = [ones([3 * CHUNK]), ones([24 * CHUNK])];
    for (let i = 0; i < 501; i++) {
      next.unary("neg", few, few);
      next.unary("neg", many, many);
    }
    for (const x of [few, many]) expect(Array.from(x.dataSync()).every((value) => value === -1)).toBe(true);
  });
});

test("a task of more chunks than a ticket counts is run in full", async () => {
  await start(2);
  // A chunk for every four rows; a ticket counts to 65,535.
  const rows = 4 * 70_000 + 1;
  scope(() => {
    const x = tensor(Float32Array.from({ length: rows }, (_, i) => i)).reshape([1, rows, 1]);
    const weights = { inputWeights: tensor([[1]]), stateWeights: tensor([[1]]) };
    const { state } = rnn(x, null, weights, { nonlinearity: "none" });
    expect(state.dataSync()).toEqual(x.dataSync());
  });
});
