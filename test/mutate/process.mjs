// Starting what runs experiments, and asking it.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const PERFORM = fileURLToPath(new URL("./perform.mjs", import.meta.url));

/** One thread, and the engine that computes the same bits on every machine: a verdict is then the program's, not the machine's. */
export function start(mirror) {
  const env = { ...process.env, NABLA_ENGINE: "wasm", NABLA_THREADS: "1" };
  return fork(PERFORM, [mirror], { env, serialization: "advanced" });
}

/** The record of an order; one that takes longer than `seconds`, or ends its process, has failed. */
export function ask(child, order, seconds) {
  const nothing = { ...order, measured: {}, missed: [], unexplained: [], undecided: [], seconds };
  return new Promise((resolve) => {
    const settle = (record) => {
      clearTimeout(timer);
      child.removeAllListeners("message").removeAllListeners("exit");
      resolve(record);
    };
    const fail = (error) => settle({ ...nothing, verdict: "failed", error });
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      fail(`no answer in ${seconds} s`);
    }, seconds * 1000);
    child.on("message", settle);
    child.on("exit", (code, signal) => fail(`its process ended with ${signal ?? `exit code ${code}`}`));
    child.send(order);
  });
}

/** Does `work(item, worker)` for every item, `count` at a time. */
export async function inParallel(items, count, work) {
  const queue = [...items];
  const worker = async (_, index) => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item, index);
  };
  await Promise.all(Array.from({ length: Math.min(count, items.length) }, worker));
}
