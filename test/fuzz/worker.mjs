// Runs cases one after the other, and notes in shared memory which one is in work, so that run.mjs can tell when it hangs.
import { parentPort, workerData } from "node:worker_threads";
import { LIMITS, runCase } from "./cases.mjs";

const { name, seed, from, to, shared } = workerData;
const now = new Float64Array(shared);
await runCase(name, seed, 0);
let before = process.memoryUsage.rss();
for (let number = from; number < to; number++) {
  now[0] = number;
  now[1] = Date.now();
  const { outcome, failure, milliseconds } = await runCase(name, seed, number);
  now[1] = Number.POSITIVE_INFINITY;
  now[outcome === "read" ? 2 : 3] += 1;
  if (failure !== undefined) parentPort.postMessage({ failure: `${name} ${number}: ${failure}` });
  const after = process.memoryUsage.rss();
  if (milliseconds > LIMITS.milliseconds || after - before > LIMITS.bytes / 4)
    parentPort.postMessage({ suspect: number });
  before = after;
}
