// One side of a measurement in a process of its own. The parent gives a request as an argument; the child prepares the job, does the first steps
// to show that it does the same work as the others, warms up, and then runs whenever it is asked to: one JSON line in, one out.
import { createInterface } from "node:readline";
import { Cannot, Missing } from "./refusals.mjs";

export { Cannot, Missing };

/** Longest that the checked steps may take, in seconds; a slow side checks fewer. */
const CHECK_SECONDS = 20;

/** Imports a peer; a missing one is no error of the benchmark. */
export async function peer(name) {
  try {
    return await import(name);
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Missing(`${name} is not installed; run npm install in bench/`);
  }
}

function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/**
 * `prepare(request)` returns the side's work: `start()` goes back to the initial state, `advance(count)` does so many steps and returns the last
 * one's result (a loss, or numbers of the output); both may be asynchronous. `compared: false` if its results are its own. For the startup job it returns {milliseconds}.
 */
export async function serve(prepare) {
  // Whatever a library prints must not come between the messages.
  console.log = console.error;
  console.warn = () => {};
  const request = JSON.parse(process.argv[2]);
  try {
    const work = await prepare(request);
    if (request.job.kind === "startup") {
      say({ ready: true, ...work });
      process.exit(0);
    }
    await answer(request, work);
  } catch (error) {
    const kind = error instanceof Cannot ? "cannot" : error instanceof Missing ? "missing" : "failed";
    say({ [kind]: error.message.split("\n")[0] });
    if (kind === "failed") console.error(error.stack);
    process.exit(kind === "failed" ? 1 : 0);
  }
}

async function answer(request, work) {
  const results = work.compared === false ? undefined : await check(request.job, work);
  let pace = await warmUp(work, request.warmUpSeconds);
  say({ ready: true, results, secondsPerStep: pace, version: work.version });
  for await (const line of createInterface({ input: process.stdin })) {
    const { seconds } = JSON.parse(line);
    const steps = Math.max(1, Math.round(seconds / pace));
    await work.start();
    const taken = await timed(work, steps);
    pace = taken / steps;
    say({ steps, seconds: taken });
  }
  process.exit(0);
}

async function check(job, work) {
  const results = [];
  const began = performance.now();
  await work.start("check");
  for (let step = 0; step < (job.checkedSteps ?? 1); step++) {
    const result = await work.advance(1);
    results.push(...(Array.isArray(result) ? result : [result]));
    if (performance.now() - began > CHECK_SECONDS * 1000) break;
  }
  return results;
}

/** Runs until the compilers have had their time; returns the seconds a step takes. */
async function warmUp(work, seconds) {
  const end = performance.now() + seconds * 1000;
  await work.start();
  let steps = 1;
  for (;;) {
    const taken = await timed(work, steps);
    const pace = taken / steps;
    if (performance.now() >= end) return pace;
    steps = Math.max(1, Math.min(2 * steps, Math.ceil((end - performance.now()) / 1000 / pace)));
  }
}

async function timed(work, steps) {
  const start = performance.now();
  await work.advance(steps);
  return (performance.now() - start) / 1000;
}
