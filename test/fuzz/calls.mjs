// Calls everything that the package exports in wrong ways that a seed decides: each call must end in a value that holds together or in an error
// that the library wrote, in bounded time and memory, and leave the engine whole.
//
//   npm run fuzz -- --calls 200000 [--seed 7] [--from 120000]
//
// The calls run in a process of their own (calls/child.mjs), which is watched from here: one that hangs is ended and named, and a new process
// goes on behind it.
import { fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A call that takes so much of the processor hangs. Other work on the machine is no fault of a call. */
const STUCK = 30_000;
/** So does one that uses next to nothing of it for so long: it waits for what never comes. */
const WAITING = 600_000;
/** To load the package and run its examples takes longer than a call may. */
const NOT_STARTED = 10 * STUCK;
/** How often the sweep says how far it is. */
const PROGRESS = 5_000;
/** Calls that one process makes, at most. */
const CALLS_OF_A_PROCESS = 10_000;

/**
 * Makes the calls from `from` to `n`; `report(text)` is told each that ends wrongly, at once, with the program that repeats it. Returns how many there were of what.
 * @param only one number to make instead
 * @param onProgress is told every so many calls how many are made
 */
export async function fuzzCalls({ n, seed, report, only, from: first = 0, onProgress = () => {} }) {
  const folder = mkdtempSync(join(tmpdir(), "nabla-calls-"));
  const noteFile = join(folder, "now");
  let parts;
  const tell = ({ number, complaint, code }) => report(`call ${number}: ${complaint}\n    ${asProgram(code ?? "")}`);
  try {
    let from = only ?? first;
    const to = only === undefined ? n : only + 1;
    while (from < to) {
      // Profiles that calls begin are never ended: each sees all kernels of the calls behind it.
      const until = Math.min(to, from + CALLS_OF_A_PROCESS);
      const stopped = await runChild({ seed, from, to: until, noteFile, progress: PROGRESS }, (message) => {
        if (message.parts) parts = message.parts;
        if (message.complaint) tell(message);
        if (message.made) onProgress(message.made);
      });
      if (stopped === undefined) {
        from = until;
        continue;
      }
      tell(stopped);
      if (stopped.number === undefined) break;
      from = stopped.number + 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return parts;
}

/** Milliseconds of the processor that a process has used; undefined where the system does not tell. */
function processorTime(pid) {
  try {
    // Behind the name in parentheses: state, and from the 12th field on the ticks of a hundredth of a second in the program and in the system.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return 10 * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return undefined;
  }
}

/** The call in one line that Node runs from the package's folder. */
function asProgram(code) {
  const line = code
    .trim()
    .replaceAll(/^return /gm, "")
    .replaceAll(/\s*\n\s*/g, " ");
  return `import * as nabla from "nabla"; import * as plot from "nabla/plot"; import * as inspect from "nabla/inspect"; import * as onnx from "nabla/onnx"; import * as play from "nabla/play"; Object.assign(globalThis, nabla, plot, inspect, onnx, play); ${line}`;
}

/** Resolves to undefined at the end of the range, or to the call at which the process had to be ended. */
function runChild({ seed, from, to, noteFile, progress }, onMessage) {
  return new Promise((resolve) => {
    const child = fork(
      fileURLToPath(new URL("./calls/child.mjs", import.meta.url)),
      [seed, from, to, noteFile, progress].map(String),
      {
        // What calls write under a relative name goes with the folder.
        cwd: join(noteFile, ".."),
        execArgv: ["--expose-gc", "--max-old-space-size=1024"],
        stdio: ["ignore", "ignore", "pipe", "ipc"],
        env: {
          ...process.env,
          NABLA_DATA_DIR: join(noteFile, "..", "data"),
          XDG_CACHE_HOME: join(noteFile, "..", "cache"),
        },
      },
    );
    // Without times of the processor those of the clock must do.
    const clock = () => processorTime(child.pid) ?? Date.now();
    let [done, said, last, since, used] = [false, "", undefined, Date.now(), clock()];
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
      if (number !== last) [last, since, used] = [number, Date.now(), clock()];
      else if (clock() - used > (number === undefined ? NOT_STARTED : STUCK)) child.kill("SIGKILL");
      else if (Date.now() - since > (number === undefined ? 10 * WAITING : WAITING)) child.kill("SIGKILL");
    }, 500);
    child.on("exit", (code, signal) => {
      clearInterval(watch);
      if (done || code === 0) return resolve(undefined);
      const why =
        signal === "SIGKILL"
          ? `hangs (${STUCK / 1000} s of the processor, or ${WAITING / 1000} s of waiting)`
          : `ended the process (${signal ?? code}): ${said.slice(-600)}`;
      resolve({ ...now(), complaint: why });
    });
  });
}
