// Where time goes: the engine is replaced by one that times every call before it passes it on. What is not inside a kernel is JavaScript: shapes,
// recording, dispatch, the caller's own code.
import { type Engine, engine, setEngine } from "./engine.ts";

/** An operation's share of a profile. */
export interface OperationProfile {
  /** The kernel's name: `matmul`, `sigmoid`, `adam`. */
  operation: string;
  calls: number;
  /** Time inside the kernel, in milliseconds. */
  milliseconds: number;
}

/** An event of Chrome's trace format, as chrome://tracing and Perfetto read it. Times in microseconds. */
export interface TraceEvent {
  name: string;
  ph: "X";
  ts: number;
  dur: number;
  pid: number;
  tid: number;
}

/** Methods that run kernels; those whose first argument names the operation are listed with `true`. */
const TIMED = {
  read: false,
  write: false,
  copy: false,
  fill: false,
  cast: false,
  arange: false,
  unary: true,
  binary: true,
  binaryScalar: true,
  where: false,
  reduce: true,
  matmul: false,
  kernel: true,
} as const;

/** An engine that tells how long each call of a kernel took before it gives back what came of it. */
export function timedEngine(
  inner: Engine,
  tell: (operation: string, start: number, milliseconds: number, values: readonly unknown[]) => void,
): Engine {
  // What is compiled calls no method.
  const timed: Record<string, unknown> = { compile: undefined };
  for (const [method, named] of Object.entries(TIMED)) {
    const call = (inner as unknown as Record<string, (...values: unknown[]) => unknown>)[method].bind(inner);
    timed[method] = (...values: unknown[]) => {
      const start = performance.now();
      const result = call(...values);
      tell(named ? (values[0] as string) : method, start, performance.now() - start, values);
      return result;
    };
  }
  // Everything else is the engine's own, untimed.
  return Object.assign(Object.create(inner) as Engine, timed);
}

/** A trace longer than this stops growing, so that a long run does not fill memory. */
const MOST_EVENTS = 200_000;

/**
 * A running or finished profile.
 * @example
 * ```ts
 * const profiler = startProfiling();
 * zeros([8, 8]).matmul(zeros([8, 8]));
 * console.log(String(profiler.stop()));
 * ```
 */
export class Profiler {
  private readonly totals = new Map<string, OperationProfile>();
  private readonly events: TraceEvent[] = [];
  private readonly inner: Engine;
  private readonly started = performance.now();
  private stopped: number | undefined;

  /** @internal Use `startProfiling`. */
  constructor(inner: Engine) {
    this.inner = inner;
    setEngine(timedEngine(inner, (operation, start, milliseconds) => this.add(operation, start, milliseconds)));
  }

  /** Adds a stretch of time under a name of the caller's: an epoch, loading. */
  add(operation: string, start: number, milliseconds: number): void {
    const total = this.totals.get(operation);
    if (total) {
      total.calls += 1;
      total.milliseconds += milliseconds;
    } else this.totals.set(operation, { operation, calls: 1, milliseconds });
    if (this.events.length < MOST_EVENTS) {
      this.events.push({ name: operation, ph: "X", ts: start * 1000, dur: milliseconds * 1000, pid: 1, tid: 1 });
    }
  }

  /** Ends profiling; the engine is as it was. */
  stop(): this {
    if (this.stopped === undefined) {
      this.stopped = performance.now();
      setEngine(this.inner);
    }
    return this;
  }

  /** Milliseconds from the start to the end, or to now. */
  get milliseconds(): number {
    return (this.stopped ?? performance.now()) - this.started;
  }

  /** Operations, the most costly first. */
  get operations(): OperationProfile[] {
    return [...this.totals.values()].sort((a, b) => b.milliseconds - a.milliseconds);
  }

  /** The calls one by one (the first 200,000), as JSON for chrome://tracing or Perfetto. */
  get trace(): { traceEvents: TraceEvent[] } {
    return { traceEvents: this.events };
  }

  /** A table: operation, calls, milliseconds, share of the whole, microseconds a call; what is left is JavaScript's. */
  toString(): string {
    const all = this.milliseconds;
    const operations = this.operations;
    const inside = operations.reduce((sum, each) => sum + each.milliseconds, 0);
    const row = (name: string, calls: number | null, ms: number): string[] => [
      name,
      calls === null ? "" : calls.toLocaleString("en"),
      ms.toFixed(1),
      `${((100 * ms) / all).toFixed(1)}%`,
      calls === null ? "" : ((1000 * ms) / calls).toFixed(2),
    ];
    const rows = [
      ["operation", "calls", "ms", "share", "us a call"],
      ...operations.map((each) => row(each.operation, each.calls, each.milliseconds)),
      row("outside kernels", null, all - inside),
      row("total", null, all),
    ];
    const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
    return rows
      .map((cells) =>
        cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join("  "),
      )
      .join("\n");
  }
}

/**
 * Begins to time every kernel, on the engine in use. Costs about a tenth of a microsecond a call.
 * @example
 * ```ts
 * const profiler = startProfiling();
 * tensor([1, 2]).exp().sum();
 * profiler.stop().operations.map(({ operation }) => operation).sort(); // ["exp", "sum", "write"]
 * ```
 */
export function startProfiling(): Profiler {
  return new Profiler(engine());
}
