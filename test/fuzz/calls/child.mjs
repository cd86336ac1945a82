// Makes the programs of a range of numbers and runs them, one after the other, in a process that calls.mjs watches: before each it notes in a
// file which one is at work, so that one that hangs, or takes the process with it, has a name.
import { openSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Random } from "../random.mjs";
import { complaintAbout, complaintOf, fingerprint, pulse } from "./judge.mjs";
import { collect, LONG_BY_DEFAULT, programOf } from "./programs.mjs";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const nabla = await import("../../../dist/node.js");
const plot = await import("../../../dist/plot.js");
const inspect = await import("../../../dist/inspect-node.js");
const onnx = await import("../../../dist/onnx-node.js");
const play = await import("../../../dist/play-node.js");
const library = { ...nabla, ...plot, ...inspect, ...onnx, ...play };

const [seed, from, to] = process.argv.slice(2, 5).map(Number);
const noteFile = process.argv[5];
const progress = Number(process.argv[6]);
/** Most that a call may take: processor time, bytes of the process, bytes that tensors may have together. */
const LIMITS = { milliseconds: 2000, bytes: 512 * 2 ** 20 };

nabla.configureEngine({ threads: 1, maximumBytes: 256 * 2 ** 20 });
nabla.onEngineWarning(() => {});
Error.stackTraceLimit = 40;
globalThis.fetch = () => Promise.reject(new Error("mine: there is no network here"));
// Programs name what they use as a module does that imports it.
Object.assign(globalThis, library);
const silent = { ...console, log() {}, warn() {}, error() {}, info() {} };
const AsyncFunction = (async () => {}).constructor;
const run = (code) =>
  (/\bawait\b/.test(code) ? new AsyncFunction("console", code) : new Function("console", code))(silent);

const note = openSync(noteFile, "w");
const tell = (number, text) =>
  writeSync(note, Buffer.from(`${number}\n${text.slice(0, 3000)}\n\u0000`.padEnd(3100)), 0, undefined, 0);

let stray;
process.on("unhandledRejection", (error) => {
  stray ??= error;
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Lets a promise come to its end. Its time of the processor is judged later; by the clock it has more, since other work may keep it waiting. */
async function settled(value) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("hangs: its promise is never settled")), LIMITS.milliseconds * 60);
  });
  try {
    return await Promise.race([value, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What is wrong with a program's end, or undefined. */
async function complaintOfRun(code) {
  let value;
  try {
    value = run(code);
    if (value instanceof Promise) value = await settled(value);
    if (typeof value?.next === "function") for (let i = 0; i < 3; i++) value.next();
  } catch (error) {
    if (
      error instanceof SyntaxError &&
      /\bAsyncFunction\b|\bnew Function\b/.test(error.stack ?? "") &&
      !/dist/.test(error.stack)
    )
      return undefined;
    return complaintAbout(error);
  }
  return complaintOf(value, nabla.Tensor);
}

const parts = await collect(root, library, async (code) => settled(run(code)));
process.send({
  parts: { functions: parts.functions.length, methods: parts.methods.length, examples: parts.examples.length },
});
const whole = fingerprint(nabla);
let resting = nabla.memory().bytes;

for (let number = from; number < to; number++) {
  const code = programOf(new Random(seed, number), parts);
  tell(number, code);
  const began = process.cpuUsage();
  const before = process.memoryUsage.rss();
  let complaint = await complaintOfRun(code);
  const { user, system } = process.cpuUsage(began);
  const long = LONG_BY_DEFAULT.test(code) ? 10 : 1;
  if ((user + system) / 1000 > long * LIMITS.milliseconds)
    complaint ??= `took ${Math.round((user + system) / 1000)} ms`;
  const grown = process.memoryUsage.rss() - before;
  if (grown > LIMITS.bytes) complaint ??= `took ${Math.round(grown / 2 ** 20)} MB`;
  try {
    complaint ??= pulse(nabla);
  } catch (error) {
    complaint ??= `the engine fails behind it: ${error?.message}`;
  }
  const recover = complaint !== undefined;
  if (number % 50 === 0 || code.includes("await") || recover) await turn();
  if (stray !== undefined) {
    const about = complaintAbout(stray);
    if (about !== undefined) complaint ??= `unhandled: ${about}`;
    stray = undefined;
  }
  if (complaint !== undefined) process.send({ number, code, complaint });
  if ((number + 1) % progress === 0) process.send({ made: number + 1 });
  if (number % 500 === 499 || number === to - 1) {
    for (let i = 0; i < 3; i++) {
      globalThis.gc?.();
      await turn();
    }
    if (fingerprint(nabla) !== whole) {
      process.send({ number, code, complaint: "a known computation has another value since the last 500 calls" });
      break;
    }
    const { bytes } = nabla.memory();
    if (bytes - resting > 64 * 2 ** 20) {
      process.send({ number, code, complaint: `${bytes - resting} bytes of tensors stay since the last 500 calls` });
    }
    resting = bytes;
  }
}
tell(to, "");
process.send({ done: true }, () => process.exit(0));
