// Calls everything that the package exports in wrong ways that a seed decides: each call must end in a value that holds together or in an error
// that the library wrote, in bounded time and memory, and leave the engine whole.
//
//   npm run fuzz -- --calls 200000 [--seed 7]
//
// The calls run in a process of their own (calls/child.mjs), which is watched from here: one that hangs is ended and named, and a new process
// goes on behind it.
import { fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A process that does not get on for so long hangs, even on a busy machine. */
const STUCK = 30_000;
/** Nor does one that has made no call after this time. */
const NOT_STARTED = 10 * STUCK;

/**
 * Makes `n` calls; `report(text)` is told each that ends wrongly, with the program that repeats it. Returns how many there were of what.
 * @param only one number to make instead
 */
export async function fuzzCalls({ n, seed, report, only }) {
  const folder = mkdtempSync(join(tmpdir(), "nabla-calls-"));
  const noteFile = join(folder, "now");
  let parts;
  const failures = [];
  try {
    let from = only ?? 0;
    const to = only === undefined ? n : only + 1;
    while (from < to) {
      const stopped = await runChild({ seed, from, to, noteFile }, (message) => {
        if (message.parts) parts = message.parts;
        if (message.complaint) failures.push(message);
      });
      if (stopped === undefined) break;
      failures.push(stopped);
      if (stopped.number === undefined) break;
      from = stopped.number + 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  for (const { number, complaint, code } of failures)
    report(`call ${number}: ${complaint}\n    ${asProgram(code ?? "")}`);
  return parts;
}

/** The call in one line that Node runs from the package's folder. */
function asProgram(code) {
  const line = code
    .trim()
    .replaceAll(/^return /gm, "")
    .replaceAll(/\s*\n\s*/g, " ");
  return `import * as nabla from "nabla"; import * as plot from "nabla/plot"; import * as inspect from "nabla/inspect"; import * as onnx from "nabla/onnx"; Object.assign(globalThis, nabla, plot, inspect, onnx); ${line}`;
}

/** Resolves to undefined at the end of the range, or to the call at which the process had to be ended. */
function runChild({ seed, from, to, noteFile }, onMessage) {
  return new Promise((resolve) => {
    const child = fork(
      fileURLToPath(new URL("./calls/child.mjs", import.meta.url)),
      [seed, from, to, noteFile].map(String),
      {
        execArgv: ["--expose-gc", "--max-old-space-size=1024"],
        stdio: ["ignore", "ignore", "pipe", "ipc"],
        env: {
          ...process.env,
          NABLA_DATA_DIR: join(noteFile, "..", "data"),
          XDG_CACHE_HOME: join(noteFile, "..", "cache"),
        },
      },
    );
    let [done, said, last, since] = [false, "", undefined, Date.now()];
    child.stderr.on("data", (data) => {
      said = (said + data).slice(-4000);
    });
    child.on("message", (message) => {
      if (message.done) done = true;
      else onMessage(message);
    });
    const now = () => {
      try {
        const [number, ...code] = readFileSync(noteFile, "utf8").split("\u0000")[0].split("\n");
        // A process that is still starting has noted nothing.
        if (number === "") return { number: undefined, code: "" };
        return { number: Number(number), code: code.join("\n") };
      } catch {
        return { number: undefined, code: "" };
      }
    };
    const watch = setInterval(() => {
      const { number } = now();
      if (number !== last) [last, since] = [number, Date.now()];
      else if (Date.now() - since > (number === undefined ? NOT_STARTED : STUCK)) child.kill("SIGKILL");
    }, 500);
    child.on("exit", (code, signal) => {
      clearInterval(watch);
      if (done || code === 0) return resolve(undefined);
      const why =
        signal === "SIGKILL"
          ? `hangs (${STUCK / 1000} s)`
          : `ended the process (${signal ?? code}): ${said.slice(-600)}`;
      resolve({ ...now(), complaint: why });
    });
  });
}
