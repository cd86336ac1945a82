// Feeds readers files that are damaged in ways that a seed decides: each must end in a value or in an error of ours, in bounded time and memory.
//
//   npm run fuzz -- --reader png --n 20000 [--seed 7]     one reader; `all` for every one
//   npm run fuzz -- --reader png --seed 7 --only 4711     one case again, by itself; or several, 4711,4712
//   npm run fuzz -- --calls 200000 [--from 120000]        wrong calls instead of wrong files (calls.mjs)
//
// Cases run in a worker thread, which is ended when it hangs or fills memory. What looks too slow or too large is run again in a process of its
// own: only what is so there counts, since other work on the machine and garbage of earlier cases are no fault of a reader. Many that look so go
// there together: where all of them stay within the limits of one, each does, and where they don't, the half that does not is looked for.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { LIMITS, READERS, runCase } from "./cases.mjs";

const { values: options } = parseArgs({
  options: {
    reader: { type: "string", default: "all" },
    n: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    calls: { type: "string" },
    from: { type: "string", default: "0" },
  },
});

/** How many cases that look too large are run again at once. */
const TOGETHER = 64;

function wholeNumber(name) {
  const value = Number(options[name]);
  if (Number.isInteger(value) && value >= 0) return value;
  console.error(`--${name} ${options[name]} is not a whole number`);
  process.exit(2);
}

const seed = wholeNumber("seed");
if (options.calls !== undefined) {
  const { fuzzCalls } = await import("./calls.mjs");
  const n = wholeNumber("calls");
  let failed = 0;
  await fuzzCalls({
    ...{ n, seed, from: wholeNumber("from") },
    report(failure) {
      failed += 1;
      console.log(failure);
    },
    onProgress: (made) => console.error(`${made} of ${n} calls, ${failed} failed`),
  });
  console.log(`calls: ${n} cases of seed ${seed}, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
} else {
  const names = options.reader === "all" ? Object.keys(READERS) : options.reader.split(",");
  const unknown = names.find((name) => !Object.hasOwn(READERS, name));
  if (unknown !== undefined) {
    console.error(`there is no reader ${unknown}; there are ${Object.keys(READERS).join(", ")}`);
    process.exit(2);
  }
  process.exitCode = 0;
  for (const name of names) {
    const code = options.only === undefined ? await runReader(name, wholeNumber("n")) : await runAlone(name);
    process.exitCode ||= code;
  }
}

function conclude(name, n, failures) {
  for (const failure of failures.slice(0, 50))
    console.log(typeof failure === "string" ? failure : JSON.stringify(failure));
  console.log(`${name}: ${n} cases of seed ${seed}, ${failures.length} failed`);
  return failures.length > 0 ? 1 : 0;
}

/** All cases of a reader, in a worker that begins anew behind each case that it had to be ended in. */
async function runReader(name, n) {
  const began = performance.now();
  const failures = [];
  const suspects = new Set();
  const counts = { read: 0, refused: 0 };
  let from = 0;
  while (from < n) {
    const to = Math.min(n, from + (READERS[name].atATime ?? n));
    const stopped = await runWorker(name, from, to, failures, suspects, counts);
    if (stopped !== undefined) suspects.add(stopped);
    from = stopped === undefined ? to : stopped + 1;
  }
  const all = [...suspects];
  for (let i = 0; i < all.length; i += TOGETHER) confirm(name, all.slice(i, i + TOGETHER), failures);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${name}: ${counts.read} read, ${counts.refused} refused, ${seconds} s`);
  return conclude(name, n, failures);
}

/** Runs cases again in a process of their own; those that fail there are told, each after it failed alone. */
function confirm(name, numbers, failures) {
  const own = [fileURLToPath(import.meta.url), "--reader", name, "--seed", String(seed), "--only", numbers.join()];
  const again = spawnSync(process.execPath, ["--expose-gc", ...own], {
    encoding: "utf8",
    timeout: 600_000,
    killSignal: "SIGKILL",
  });
  if (again.status === 0) return;
  if (numbers.length === 1) {
    failures.push(`${name} ${numbers[0]}: ${again.stdout.trim() || again.stderr.trim() || "hangs"}`);
    return;
  }
  const half = numbers.length >> 1;
  confirm(name, numbers.slice(0, half), failures);
  confirm(name, numbers.slice(half), failures);
}

/** Resolves to the case in which the worker was ended, or to undefined when it came to the end. */
function runWorker(name, from, to, failures, suspects, counts) {
  return new Promise((finish) => {
    const resolve = (stopped) => {
      counts.read += now[2];
      counts.refused += now[3];
      finish(stopped);
    };
    // The case in work, when it began, and how many were read and refused.
    const shared = new SharedArrayBuffer(32);
    const now = new Float64Array(shared);
    now[0] = from;
    now[1] = Number.POSITIVE_INFINITY;
    const worker = new Worker(new URL("./worker.mjs", import.meta.url), {
      workerData: { name, seed, from, to, shared },
      resourceLimits: { maxOldGenerationSizeMb: 1024 },
      stderr: false,
    });
    let baseline;
    const watch = setInterval(() => {
      const rss = process.memoryUsage.rss();
      if (now[1] !== Number.POSITIVE_INFINITY) baseline ??= rss;
      const slow = Date.now() - now[1] > 16 * LIMITS.milliseconds;
      const large = baseline !== undefined && rss - baseline > 4 * LIMITS.bytes;
      if (slow || large) end(now[0]);
    }, 20);
    const end = (number) => {
      clearInterval(watch);
      worker.removeAllListeners("exit");
      void worker.terminate().then(() => resolve(number));
    };
    worker.on("message", (message) => {
      if (message.failure !== undefined) failures.push(message.failure);
      if (message.suspect !== undefined) suspects.add(message.suspect);
    });
    worker.on("error", (error) => {
      failures.push(`${name} ${now[0]}: the thread ended with ${error.message}`);
      end(now[0]);
    });
    worker.on("exit", () => {
      clearInterval(watch);
      resolve(undefined);
    });
  });
}

/** Cases by themselves; says what came of them. */
async function runAlone(name) {
  const numbers = options.only.split(",").map(Number);
  if (!numbers.every((number) => Number.isInteger(number) && number >= 0)) {
    console.error(`--only ${options.only} is no whole number, and no list of them`);
    process.exit(2);
  }
  // What the first read loads and compiles is not theirs.
  await runCase(name, seed, 0);
  const before = process.resourceUsage().maxRSS;
  const problems = [];
  let said = "";
  for (const number of numbers) {
    globalThis.gc?.();
    const cpu = process.cpuUsage();
    const { outcome, failure } = await runCase(name, seed, number);
    // Time of the processor: other work on the machine is no fault of a reader.
    const { user, system } = process.cpuUsage(cpu);
    const milliseconds = (user + system) / 1000;
    if (failure !== undefined) problems.push(failure);
    if (milliseconds > LIMITS.milliseconds) problems.push(`took ${Math.round(milliseconds)} ms`);
    said = `${outcome} in ${Math.round(milliseconds)} ms`;
  }
  const grown = 1024 * (process.resourceUsage().maxRSS - before);
  if (grown > LIMITS.bytes) problems.push(`took ${Math.round(grown / 2 ** 20)} MB`);
  const all = numbers.length > 1 ? `${numbers.length} cases` : said;
  console.log(problems.length > 0 ? problems.join("; ") : `${all}, ${Math.round(grown / 2 ** 20)} MB`);
  return problems.length > 0 ? 1 : 0;
}
