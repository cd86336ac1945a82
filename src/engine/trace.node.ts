// NABLA_TRACE=1: every call of a kernel, in a file that Chrome's tracing and Perfetto open. It is written as it comes, so that also a process that is
// killed leaves what it did: the format lets the array's end be missing (Google, "Trace Event Format", JSON Array Format).
import { closeSync, existsSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { isMainThread, threadId } from "node:worker_threads";
import { watchEngines } from "./configure.ts";
import type { ArrayView, Engine, MatrixView } from "./engine.ts";
import { environment } from "./environment.node.ts";
import { timedEngine } from "./profile.ts";
import { warn } from "./warning.ts";

/** Events that wait to be written. */
const MOST_WAITING = 2000;

const isView = (value: unknown): value is ArrayView =>
  typeof value === "object" && value !== null && "storage" in value && "shape" in value;
const isMatrix = (value: unknown): value is MatrixView =>
  typeof value === "object" && value !== null && "rowStride" in value && "view" in value;

/** Shapes and dtypes of a call's arrays, and its numbers, in their order: "float32 64x784, float32 784x30, 64". */
function described(values: readonly unknown[]): string {
  const words: string[] = [];
  for (const value of values) {
    const view = isMatrix(value) ? value.view : value;
    if (isView(view)) words.push(`${view.dtype} ${view.shape.join("x") || "scalar"}`);
    else if (typeof view === "number") words.push(String(view));
  }
  return words.join(", ");
}

class TraceFile {
  private waiting: string[] = [];
  private calls = 0;
  private readonly file: number;

  constructor(private readonly path: string) {
    this.file = openSync(path, "w");
    writeSync(this.file, "[");
    this.name("process_name", `nabla ${process.argv.slice(1).join(" ")}`.trim());
    this.name("thread_name", isMainThread ? "main thread" : `worker ${threadId}`);
    process.on("exit", () => this.end());
  }

  private name(kind: string, name: string): void {
    this.put({ name: kind, ph: "M", pid: process.pid, tid: threadId, args: { name } });
  }

  private put(event: object): void {
    this.waiting.push(JSON.stringify(event));
    if (this.waiting.length === MOST_WAITING) this.flush();
  }

  private flush(): void {
    if (this.waiting.length === 0) return;
    // Whoever reads a file that breaks off takes what is whole.
    writeSync(this.file, `${this.waiting.join(",\n")},\n`);
    this.waiting = [];
  }

  watch(engine: Engine): Engine {
    return timedEngine(engine, (name, start, milliseconds, values) => {
      this.calls += 1;
      const ts = (performance.timeOrigin + start) * 1000;
      const times = { ts, dur: milliseconds * 1000, pid: process.pid, tid: threadId };
      this.put({ name, cat: engine.name, ph: "X", ...times, args: { arrays: described(values) } });
    });
  }

  private end(): void {
    const ts = (performance.timeOrigin + performance.now()) * 1000;
    this.flush();
    const last = { name: "end", ph: "i", s: "t", ts, pid: process.pid, tid: threadId };
    writeSync(this.file, `${JSON.stringify(last)}]\n`);
    closeSync(this.file);
    process.stderr.write(
      `nabla: ${this.calls} calls of kernels in ${this.path}; open it in ui.perfetto.dev or chrome://tracing\n`,
    );
  }
}

/** Begins to write a trace if the environment asks for one: NABLA_TRACE=1 for the current folder, else a folder's path. */
export function traceIfAsked(): void {
  const asked = environment["NABLA_TRACE"];
  if (asked === undefined || asked === "" || asked === "0") return;
  const folder = asked === "1" ? "." : asked;
  const path = join(folder, `nabla-trace-${process.pid}${isMainThread ? "" : `-${threadId}`}.json`);
  let trace: TraceFile;
  try {
    if (!existsSync(folder)) mkdirSync(folder);
    trace = new TraceFile(path);
  } catch (error) {
    warn(
      `NABLA_TRACE: no trace is written: ${(error as Error).message}; 1 writes it to the current folder, else name a folder`,
    );
    return;
  }
  watchEngines((engine) => trace.watch(engine));
}
