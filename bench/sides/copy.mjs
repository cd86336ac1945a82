// What the machine's memory can do: plain copies of 16 MiB by the C library, on one thread or on several, each with arrays of its own.
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { ramp } from "../lib/ramp.mjs";
import { Cannot, serve } from "./serve.mjs";

// Words by which the threads meet: the round that is on, and how many have finished it.
const ROUND = 0;
const FINISHED = 1;
/** How often a thread looks for the next round before it sleeps. */
const PATIENCE = 1e5;

// Not shared: JavaScript copies shared memory word by word.
function pair(length) {
  return { from: ramp(length, 7919), to: new Float32Array(length) };
}

if (!isMainThread) {
  const { control, length } = workerData;
  const { from, to } = pair(length);
  Atomics.add(control, FINISHED, 1);
  for (let round = 0; ; round++) {
    for (let i = 0; i < PATIENCE && Atomics.load(control, ROUND) === round; i++);
    Atomics.wait(control, ROUND, round);
    to.set(from);
    Atomics.add(control, FINISHED, 1);
  }
} else {
  await serve(async ({ job, threads }) => {
    if (job.operation !== "copy") throw new Cannot("not measured");
    const { length } = job;
    const { from, to } = pair(length);
    const control = new Int32Array(new SharedArrayBuffer(8));
    for (let thread = 1; thread < threads; thread++) {
      new Worker(new URL(import.meta.url), { workerData: { control, length } });
    }
    while (Atomics.load(control, FINISHED) < threads - 1) await new Promise((resolve) => setTimeout(resolve, 1));
    return {
      version: "the C library's",
      start() {},
      advance(count) {
        // A round is as many copies as there are threads.
        for (let done = 0; done < count; done += threads) {
          Atomics.store(control, FINISHED, 0);
          Atomics.add(control, ROUND, 1);
          Atomics.notify(control, ROUND);
          to.set(from);
          while (Atomics.load(control, FINISHED) < threads - 1);
        }
        return to[0];
      },
    };
  });
}
