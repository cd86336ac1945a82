// Capture and replay. While a function runs on a recording engine, the calls it makes are noted; the program that comes of it makes the same
// calls on the same storages again, without the function: no shapes, no graph, no tensors, and the memory of everything that lived only
// inside is planned once. Numbers that a call was given are part of the program; values in memory are not. So a program stands for its function
// only as long as the function would ask for the same calls: one that looks at values, or draws numbers that are not known to be random, is
// not made into a program at all.
import type { DType, TypedArray } from "./dtype.ts";
import {
  type ArrayView,
  type CompiledSteps,
  type Engine,
  type EngineStep,
  engine,
  type MatmulOptions,
  type MatrixView,
  rowStride,
  setEngine,
} from "./engine.ts";
import { planMemory } from "./plan.ts";
import { keepStorage, makeStorage, type Storage, type StorageOwner } from "./storage.ts";

/** Four numbers that a generator gave to a kernel, and how to get the next four. */
interface Draw {
  numbers: readonly number[];
  again: () => readonly number[];
}

/** What kernels answer when all is well: the others answer nothing. */
const GOOD_ANSWERS: Readonly<Record<string, number>> = { checkIndices: -1 };

/** Thrown where a function wants to see values while its calls are only listed. */
class Looks extends Error {}

/** Lends addresses for storages that are never written: no memory, and different from all that there are. */
class NoMemory implements StorageOwner {
  private next = 0;

  allocateBytes(): number {
    this.next -= 64;
    return this.next;
  }

  releaseBytes(): void {}
}

/** A call, and for one whose numbers are drawn, how to get the next ones. */
interface Step extends EngineStep {
  readonly next?: () => readonly number[];
}

const NO_NUMBERS: readonly number[] = [];

/** A program is compiled when it has run so often: one that runs a few times would not get the time back. */
const COMPILED_AFTER = 8;

let current: Recording | undefined;

/** What is told of a running function: the models that it runs, and the leaves that its backward passes reach. */
let watched: Set<object> | undefined;

/** Runs a function, and gives with its result what it was told to use. */
export function watching<R>(body: () => R): [R, Set<object>] {
  const [before, found] = [watched, new Set<object>()];
  watched = found;
  try {
    return [body(), found];
  } finally {
    watched = before;
  }
}

/** Models and backward passes tell what they use. */
export function noteUse(used: object): void {
  watched?.add(used);
}

/**
 * Runs a function whose numbers change from call to call, such as an optimiser's step: a program calls it again instead of the kernels that it
 * called. It may use storages from outside alone.
 */
export function callAgain(body: () => void): void {
  if (current === undefined) body();
  else current.beside(body);
}

/** Runs a function that makes what outlives a step, such as a buffer made at its first use: no recording sees it. */
export function outsideRecording<R>(body: () => R): R {
  return current === undefined ? body() : current.outside(body);
}

/** Generators call this with every draw: a program draws anew each time. */
export function noteDraw(numbers: readonly number[], again: () => readonly number[]): void {
  current?.drew({ numbers, again });
}

/** Records the calls that a function makes: `run` it once, and `finish` when the scope that it ran in has ended. */
export class Recording {
  /** Why there can be no program, if so. */
  obstacle: string | undefined;
  private readonly steps: Step[] = [];
  /** Storages that the function made. */
  private readonly made = new Set<Storage>();
  /** First and last step that used each storage. */
  private readonly uses = new Map<Storage, { first: number; last: number; version: number }>();
  private readonly views = new Map<ArrayView, ArrayView>();
  /** Names of the kernels that it called. */
  private readonly kernels = new Set<string>();
  private readonly inner: Engine;
  private draw: Draw | undefined;
  private written: [Storage, number][] = [];
  private recorder: Engine | undefined;
  /** Storages in the order in which they were first used, where calls are listed. */
  private readonly order = new Map<Storage, number>();
  /** The calls with all their numbers, where they are listed. */
  private readonly calls: string[] | null;
  /** Stands for the engine's memory where calls are noted and not made; else null. */
  private readonly nowhere: NoMemory | null;

  /**
   * `listed`: whether calls can be compared with those of another recording. `dry`: calls are noted and not made, so that the function needs no
   * memory; what it makes holds no values before the program has run.
   */
  constructor({ listed = false, dry = false }: { listed?: boolean; dry?: boolean } = {}) {
    this.inner = engine();
    this.calls = listed ? [] : null;
    this.nowhere = dry ? new NoMemory() : null;
  }

  /** Runs a function on the engine itself. */
  outside<R>(body: () => R): R {
    setEngine(this.inner);
    current = undefined;
    try {
      return body();
    } finally {
      current = this;
      setEngine(this.recorder!);
    }
  }

  /** Runs a function as it is, and has the program call it. */
  beside(body: () => void): void {
    if (this.nowhere === null) this.outside(body);
    this.calls?.push("a function");
    this.steps.push({ call: body, beside: true });
  }

  /** Why two recordings are not of the same calls, or undefined: numbers that change, or other tensors from outside. `inputs` may differ. */
  difference(other: Recording, inputs: ReadonlySet<Storage>): string | undefined {
    const [mine, others] = [this.calls ?? [], other.calls ?? []];
    const at = mine.findIndex((call, i) => call !== others[i]);
    if (at >= 0 || mine.length !== others.length) {
      const call = (mine[at] ?? others[mine.length] ?? "").split(" ")[0];
      return `it does not make the same calls every time: numbers that change between calls (in ${call}) have to be tensors`;
    }
    const theirs = [...other.order.keys()];
    const changed = [...this.order.keys()].findIndex(
      (storage, i) => storage !== theirs[i] && !this.made.has(storage) && !inputs.has(storage),
    );
    if (changed < 0) return undefined;
    return "it uses other tensors from outside than the time before: give them as arguments, or write into the same ones";
  }

  /** A call and its arguments as text: storages by the order of their use. */
  private list(name: string, values: readonly unknown[]): void {
    const shown = (value: unknown): string => {
      if (typeof value !== "object" || value === null) return String(value);
      if (ArrayBuffer.isView(value)) return `[${(value as unknown as ArrayLike<number> & { join(): string }).join()}]`;
      if (Array.isArray(value)) return `(${value.map(shown).join()})`;
      if ("storage" in value) {
        const { storage, offset, shape, strides, dtype } = value as ArrayView;
        const place = this.order.get(storage) ?? this.order.size;
        this.order.set(storage, place);
        return `#${place}+${offset}:${dtype}${shape.join("x")}/${strides.join()}`;
      }
      return Object.entries(value)
        .map(([key, each]) => `${key}=${shown(each)}`)
        .join();
    };
    this.calls?.push(`${name} ${values.map(shown).join(" ")}`);
  }

  /** Runs the function, recording; undefined if it wants to see values that are not there, and then there is an `obstacle`. */
  runDry<R>(body: () => R): R | undefined {
    try {
      return this.run(body);
    } catch (error) {
      if (!(error instanceof Looks)) throw error;
      return undefined;
    }
  }

  /** Runs the function, recording. */
  run<R>(body: () => R): R {
    if (current !== undefined) throw new Error("recording: one recording can't run inside another");
    this.recorder = Object.assign(Object.create(this.inner) as Engine, this.listing(this.methods()));
    setEngine(this.recorder);
    current = this;
    try {
      return body();
    } finally {
      current = undefined;
      setEngine(this.inner);
      for (const [storage, { version }] of this.uses) {
        if (storage.version !== version && !this.made.has(storage)) {
          this.written.push([storage, storage.version - version]);
        }
      }
    }
  }

  /**
   * The program, or null if there is an `obstacle`. To be called when the storages that the function made have ended: the program gives them
   * new places. `results` are read after it has run; everything else that was made may be overwritten before. `inputs` are storages that may lie
   * elsewhere at every run.
   */
  finish(results: readonly ArrayView[], inputs: readonly Storage[] = []): Program | null {
    const { steps, made, uses, inner } = this;
    for (const { storage } of results) {
      const use = uses.get(storage);
      if (use) use.last = steps.length;
    }
    if (this.draw) this.refuse("it draws random numbers outside a kernel");
    const storages: Storage[] = [];
    const lifetimes = [];
    for (const storage of made) {
      if (storage.address !== 0) this.refuse(`it keeps a tensor made by ${storage.label}`);
      const use = uses.get(storage);
      if (use === undefined) continue;
      storages.push(storage);
      lifetimes.push({ bytes: storage.bytes, first: use.first, last: use.last + (inner.delay ?? 0) });
    }
    if (this.obstacle !== undefined) return null;
    const { offsets, bytes: planned } = planMemory(lifetimes);
    // Behind it all, what a run tells compiled calls.
    const bytes = planned + (inner.compile === undefined ? 0 : rowStride({ steps, inputs, rowBytes: 0 }));
    let block: Storage | undefined;
    if (bytes > 0) {
      block = inner.allocate(bytes, "a training step", "int32", [bytes / 4]);
      keepStorage(block);
      block.uncounted = true;
      for (let i = 0; i < storages.length; i++) {
        storages[i].address = block.address + offsets[i];
        storages[i].uncounted = true;
      }
    }
    const outside = [...uses.keys()].filter((storage) => !made.has(storage) && !inputs.includes(storage));
    const endings: Storage[][] = [];
    if (inner.answering !== undefined && this.answers()) {
      for (const storage of storages) {
        const { last } = uses.get(storage)!;
        if (last < steps.length) (endings[last] ??= []).push(storage);
      }
    }
    const { written } = this;
    return new Program({ on: inner, steps, block, row: planned, written, inputs, outside, endings });
  }

  /** Whether it is a network's answers that it computes, with convolutions and without gradients. */
  private answers(): boolean {
    const { kernels, steps } = this;
    if (!kernels.has("convolution") || steps.some(({ beside }) => beside)) return false;
    return ![...kernels].some((name) => name.endsWith("Gradient"));
  }

  drew(draw: Draw): void {
    if (this.draw) this.refuse("it draws random numbers outside a kernel");
    this.draw = draw;
  }

  private refuse(why: string): void {
    this.obstacle ??= why;
  }

  /** A view for the program to hold: without the graph that a tensor may bring. Notes the use of its storage. */
  private hold(view: ArrayView): ArrayView {
    const step = this.steps.length;
    const { storage } = view;
    const use = this.uses.get(storage);
    if (use) use.last = step;
    else this.uses.set(storage, { first: step, last: step, version: storage.version });
    let held = this.views.get(view);
    if (held === undefined) {
      const { offset, shape, strides, size, dtype, contiguous } = view;
      held = { storage, offset, shape, strides, size, dtype, contiguous };
      this.views.set(view, held);
    }
    return held;
  }

  /** Runs a call, and adds it to the program. */
  private add(step: Step): void {
    this.steps.push(step);
    if (this.nowhere === null) step.call(this.inner, NO_NUMBERS);
  }

  private methods(): Partial<Engine> {
    const { inner } = this;
    const looks = (): void => {
      this.refuse("it looks at values while it runs");
      if (this.nowhere !== null) throw new Looks();
    };
    const always = (call: (on: Engine) => void): Step => ({ call });
    return {
      // It would make its calls beside the recording.
      answering: undefined,
      allocate: (bytes, label, dtype, shape) => {
        const { nowhere } = this;
        const storage =
          nowhere === null
            ? inner.allocate(bytes, label, dtype, shape)
            : makeStorage(nowhere, inner.bytesFor?.(bytes, dtype) ?? bytes, label, dtype, shape);
        this.made.add(storage);
        return storage;
      },
      read: (view) => {
        looks();
        return inner.read(view);
      },
      readAsync: (view) => {
        looks();
        return inner.readAsync(view);
      },
      readElement: (view, offset) => {
        looks();
        return inner.readElement(view, offset);
      },
      window: (view) => {
        looks();
        return inner.window(view);
      },
      write: (view, values) => {
        const [to, copy] = [this.hold(view), values.slice() as TypedArray];
        this.add(always((on) => on.write(to, copy)));
      },
      copy: (src, dst) => {
        const [from, to] = [this.hold(src), this.hold(dst)];
        this.add(always((on) => on.copy(from, to)));
      },
      // When the program runs again, there is something in it.
      isZeros: () => false,
      fill: (out, value) => {
        const to = this.hold(out);
        this.add(always((on) => on.fill(to, value)));
      },
      cast: (x, out) => {
        const [from, to] = [this.hold(x), this.hold(out)];
        this.add(always((on) => on.cast(from, to)));
      },
      arange: (out, start, step) => {
        const to = this.hold(out);
        this.add(always((on) => on.arange(to, start, step)));
      },
      unary: (op, x, out, a, b) => {
        const [from, to] = [this.hold(x), this.hold(out)];
        this.add(always((on) => on.unary(op, from, to, a, b)));
      },
      binary: (op, a, b, out) => {
        const [left, right, to] = [this.hold(a), this.hold(b), this.hold(out)];
        this.add(always((on) => on.binary(op, left, right, to)));
      },
      binaryScalar: (op, a, b, out, numberFirst) => {
        const [from, to] = [this.hold(a), this.hold(out)];
        this.add(always((on) => on.binaryScalar(op, from, b, to, numberFirst)));
      },
      where: (condition, a, b, out) => {
        const [test, left, right, to] = [this.hold(condition), this.hold(a), this.hold(b), this.hold(out)];
        this.add(always((on) => on.where(test, left, right, to)));
      },
      reduce: (op, x, out, outer, n, within) => {
        const [from, to] = [this.hold(x), this.hold(out)];
        this.add(always((on) => on.reduce(op, from, to, outer, n, within)));
      },
      matmul: (a, b, c, m, n, k, batch, options = {}) => {
        const [left, right, to] = [this.holdMatrix(a), this.holdMatrix(b), this.hold(c)];
        const how: MatmulOptions = { ...options, bias: options.bias && this.hold(options.bias) };
        this.add(always((on) => on.matmul(left, right, to, m, n, k, batch, how)));
      },
      kernel: (name, dtype, ...values) => this.kernel(name, dtype, values),
    };
  }

  /** The methods, which list their calls where that is asked for. Random draws are listed by their kernel, in `kernel`. */
  private listing(methods: Partial<Engine>): Partial<Engine> {
    if (this.calls === null) return methods;
    const listed = methods as Record<string, (...values: never[]) => unknown>;
    for (const [name, method] of Object.entries(listed)) {
      if (["answering", "allocate", "isZeros", "read", "readAsync", "readElement", "kernel"].includes(name)) continue;
      listed[name] = (...values) => {
        this.list(name, values);
        return method(...values);
      };
    }
    return listed as Partial<Engine>;
  }

  private holdMatrix({ view, offset, rowStride, columnStride, batchStride }: MatrixView): MatrixView {
    return { view: this.hold(view), offset, rowStride, columnStride, batchStride };
  }

  private kernel(name: string, dtype: DType, values: (ArrayView | number | null)[]): number {
    const { inner } = this;
    const held = values.map((value) => (value === null || typeof value === "number" ? value : this.hold(value)));
    const { draw } = this;
    this.draw = undefined;
    this.kernels.add(name);
    if (this.calls !== null) {
      this.list(name, [dtype, ...values.map((value) => (draw?.numbers.includes(value as number) ? "drawn" : value))]);
    }
    if (draw !== undefined) {
      const at = held.findIndex((_, i) => draw.numbers.every((number, j) => held[i + j] === number));
      if (at < 0) this.refuse(`it draws random numbers, but not for ${name}`);
      const [before, after] = [held.slice(0, at), held.slice(at + draw.numbers.length)];
      this.steps.push({
        call: (on, numbers) => on.kernel(name, dtype, ...before, ...numbers, ...after),
        numbers: draw.numbers.length,
        next: draw.again,
      });
      return this.nowhere === null ? inner.kernel(name, dtype, ...held) : 0;
    }
    const call = (on: Engine): number => on.kernel(name, dtype, ...held);
    if (this.nowhere !== null && values.some((value) => typeof value === "object" && value !== null)) {
      const good = GOOD_ANSWERS[name];
      this.steps.push({ call, answer: good });
      return good ?? 0;
    }
    // What a kernel returns is the answer to a check, on which the function went on as it did.
    const answer = call(inner);
    this.steps.push({ call, answer });
    return answer;
  }
}

/** What a program is made of. */
interface ProgramParts {
  readonly on: Engine;
  readonly steps: readonly Step[];
  /** Memory of everything that lives only while it runs. */
  readonly block: Storage | undefined;
  /** Where in it the row of compiled calls begins. */
  readonly row: number;
  /** Storages from outside that it writes to, and how many writes each counts. */
  readonly written: readonly (readonly [Storage, number])[];
  readonly inputs: readonly Storage[];
  /** Other storages from outside. */
  readonly outside: readonly Storage[];
  /** Of a program that computes a network's answers: the storages that a step is the last to use, by step. Else empty. */
  readonly endings: readonly (readonly Storage[])[];
}

/** Calls on an engine, to be made again and again. */
export class Program {
  /** The engine that it runs on: on another one its storages mean nothing. */
  readonly engine: Engine;
  /** Its calls in their order. */
  readonly steps: readonly Step[];
  /** The calls whose numbers are drawn, in their order. */
  readonly drawn: readonly Step[];
  /** It goes when the program does. */
  private readonly block: Storage | undefined;
  private readonly row: number;
  private readonly written: ProgramParts["written"];
  private readonly inputs: readonly Storage[];
  /** Storages from outside, and where they lay. */
  private readonly outside: readonly (readonly [Storage, number])[];
  private readonly endings: ProgramParts["endings"];
  private runs = 0;
  private compiled: CompiledSteps | null | undefined;

  constructor({ on, steps, block, row, written, inputs, outside, endings }: ProgramParts) {
    this.engine = on;
    this.endings = endings;
    this.steps = steps;
    this.block = block;
    this.row = row;
    this.written = written;
    this.inputs = inputs;
    this.outside = outside.map((storage) => [storage, storage.address]);
    this.drawn = steps.filter(({ next }) => next !== undefined);
  }

  /** Number of calls. */
  get length(): number {
    return this.steps.length;
  }

  /** Bytes of memory that it holds. */
  get bytes(): number {
    return this.block?.bytes ?? 0;
  }

  /** Makes all calls. False, at once, if a check answers otherwise than when it was recorded: then the function itself has to say what is wrong. */
  run(): boolean {
    return this.writing(1, () => {
      if (this.endings.length > 0) return this.engine.answering!((ended) => this.runSteps(engine(), ended));
      const compiled = this.compiledNow();
      return compiled === null ? this.runSteps(this.engine) : this.runCompiled(compiled);
    });
  }

  /** Runs what makes the program's calls so many times: writes into storages from outside are counted at the end. */
  writing<R>(times: number, body: () => R): R {
    const { written } = this;
    for (let i = 0; i < written.length; i++) written[i][0].uncounted = true;
    try {
      return body();
    } finally {
      for (let i = 0; i < written.length; i++) {
        written[i][0].version += times * written[i][1];
        written[i][0].uncounted = false;
      }
    }
  }

  private runSteps(on: Engine, ended?: (storage: Storage) => void): boolean {
    const { steps, endings } = this;
    for (let i = 0; i < steps.length; i++) {
      const { call, next, answer } = steps[i];
      const given = call(on, next === undefined ? NO_NUMBERS : next());
      if (answer !== undefined && given !== answer) return false;
      if (ended !== undefined) endings[i]?.forEach(ended);
    }
    return true;
  }

  private runCompiled(compiled: CompiledSteps): boolean {
    const { inputs, drawn } = this;
    for (let i = 0; i < inputs.length; i++) compiled.put(0, i, inputs[i].address);
    for (let i = 0; i < drawn.length; i++) {
      const first = compiled.cellOf(drawn[i]);
      const numbers = drawn[i].next!();
      for (let j = 0; j < numbers.length; j++) compiled.put(0, first + j, numbers[j]);
    }
    return compiled.run(1) === 1;
  }

  /** Whether everything lies where it lay when the program was made. */
  get stands(): boolean {
    const { outside } = this;
    for (let i = 0; i < outside.length; i++) if (outside[i][0].address !== outside[i][1]) return false;
    return true;
  }

  /** The compiled calls where there are some that can run; else null. */
  private compiledNow(): CompiledSteps | null {
    if (this.compiled === undefined) {
      this.runs += 1;
      if (this.runs < COMPILED_AFTER) return null;
      const { steps, inputs, engine, block, row } = this;
      if (block === undefined || !this.stands) return null;
      const address = block.address + row;
      this.compiled = engine.compile?.({ steps, inputs, rowBytes: 0, rows: 1, address }) ?? null;
    }
    return this.compiled !== null && this.stands ? this.compiled : null;
  }
}
