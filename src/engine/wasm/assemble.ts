// A program as one function of WebAssembly: the kernels' calls one after the other with their numbers written into it, so that a step costs one call from
// JavaScript instead of one for each kernel, and many steps may cost one together. What differs from run to run, the places of inputs and drawn
// numbers, lies in rows of memory, a row a run. Calls that WebAssembly can't make, of libraries and of functions, are made by JavaScript in between.
import type { DType } from "../dtype.ts";
import { type Engine, type EngineStep, rowStride, type StepsToCompile } from "../engine.ts";
import { Bytes, type Import, instantiate, OP, type Signature, TYPE } from "./writer.ts";

/** While calls are written down, an address from here on lies in an input: which one, and how far behind its beginning. */
const INPUT = 2 ** 43;
/** Addresses of one input. */
const REACH = 2 ** 33;
/** The input that is the row itself. */
const ROW = 100;
/** A number from here on stands for one that the row holds. */
const CELL = 2 ** 51;
const CELL_BYTES = 8;
/** More calls than these take longer to compile than is saved. */
const MOST_STEPS = 3000;

/** Thrown by what no instruction stands for: then JavaScript makes the call. */
export class Outside extends Error {}

/** What calls are written down to. */
export interface Writing {
  kernel(name: string, values: readonly number[]): number;
  scalar(value: number, dtype: DType): void;
  lists(lists: readonly (readonly number[])[]): void;
  copyBytes(to: number, from: number, bytes: number): void;
}

/** The engine as far as assembling sees it. */
export interface Assembly {
  readonly engine: Engine;
  readonly memory: WebAssembly.Memory;
  readonly shared: boolean;
  /** All kernels by their exported names, and their types. */
  readonly kernels: Readonly<Record<string, unknown>>;
  readonly signatures: ReadonlyMap<string, Signature>;
  /** Where a scalar, and lists of integers, are put for a kernel. */
  readonly scalarAddress: number;
  readonly listsAddress: number;
  /** An engine whose calls are written down. */
  writing(to: Writing): Engine;
  /** All of the memory. */
  cells(): Float64Array;
}

/** A function that stands for steps, and what it reads. */
export interface Assembled {
  /** Runs rows from this address on, so many; how many of them came to their end. */
  readonly run: (row: number, count: number) => number;
  /** For each step that has numbers of its own, its first cell. */
  readonly cells: ReadonlyMap<EngineStep, number>;
  /** Bytes from a row to the next, and from its beginning to what steps leave in it. */
  readonly stride: number;
  readonly results: number;
}

class Assembler implements Writing {
  readonly body = new Bytes();
  readonly imports: Import[] = [];
  private readonly indices = new Map<string, number>();
  /** Type of the result that the last call has left on the stack. */
  private last: number | undefined;

  constructor(
    private readonly assembly: Assembly,
    /** Bytes from a row's beginning to what steps leave in it. */
    private readonly results: number,
  ) {}

  /** An i32: a number, one that the row holds, or an address that it tells. */
  private integer(value: number): void {
    const { body } = this;
    if (value >= CELL) {
      this.cell(value - CELL);
      // Truncation that does not trap.
      body.put(0xfc, 2);
      return;
    }
    if (value < INPUT - REACH / 2) {
      body.i32(value);
      return;
    }
    const input = Math.floor((value - INPUT) / REACH + 0.5);
    let behind = value - INPUT - input * REACH;
    if (input === ROW) {
      body.put(OP.localGet, 0);
      behind += this.results;
    } else {
      this.cell(input);
      body.put(0xfc, 3);
    }
    if (behind !== 0) body.i32(behind).put(OP.i32Add);
  }

  private cell(index: number): void {
    this.body.put(OP.localGet, 0).at(OP.f64Load, 3, index * CELL_BYTES);
  }

  private dropLast(): void {
    if (this.last !== undefined) this.body.put(OP.drop);
    this.last = undefined;
  }

  kernel(name: string, values: readonly number[]): number {
    const { body } = this;
    const signature = this.assembly.signatures.get(name);
    if (signature === undefined || signature.parameters.includes(TYPE.i64)) throw new Outside();
    this.dropLast();
    signature.parameters.forEach((type, i) => {
      const value = values[i] ?? 0;
      if (type === TYPE.i32) this.integer(value);
      else if (value >= CELL) {
        this.cell(value - CELL);
        if (type === TYPE.f32) body.put(OP.f32FromF64);
      } else if (type === TYPE.f64) body.f64(value);
      else body.f32(value);
    });
    this.call(name, signature, this.assembly.kernels[name]);
    return 0;
  }

  private call(key: string, signature: Signature, call: unknown): void {
    let index = this.indices.get(key);
    if (index === undefined) {
      index = this.imports.push({ signature, call }) - 1;
      this.indices.set(key, index);
    }
    this.body.put(OP.call).unsigned(index);
    this.last = signature.results[0];
  }

  scalar(value: number, dtype: DType): void {
    if (value >= CELL) throw new Outside();
    const { body } = this;
    body.i32(this.assembly.scalarAddress);
    if (dtype === "float32") body.f32(value).at(OP.f32Store, 2, 0);
    else if (dtype === "float64") body.f64(value).at(OP.f64Store, 3, 0);
    else if (dtype === "int32") body.i32(value).at(OP.i32Store, 2, 0);
    else body.i32(value).at(OP.i32Store8, 0, 0);
  }

  lists(lists: readonly (readonly number[])[]): void {
    lists.forEach((list, i) => {
      list.forEach((value, k) => {
        const address = this.assembly.listsAddress + 64 * i + 4 * k;
        this.body.i32(address).i32(value).at(OP.i32Store, 2, 0);
      });
    });
  }

  copyBytes(to: number, from: number, bytes: number): void {
    const { body } = this;
    this.integer(to);
    this.integer(from);
    if (bytes === 4) body.at(OP.i32Load, 0, 0).at(OP.i32Store, 0, 0);
    else if (bytes === 8) body.at(OP.i64Load, 0, 0).at(OP.i64Store, 0, 0);
    else body.i32(bytes).put(0xfc, 10, 0, 0);
  }

  /** Goes on only if the last call answered so; undefined: in any case. */
  expect(answer: number | undefined): void {
    const { body, last } = this;
    if (answer === undefined) {
      this.dropLast();
      return;
    }
    this.last = undefined;
    if (last === TYPE.i32) body.i32(answer).put(OP.i32NotEqual);
    else if (last === TYPE.f64) body.f64(answer).put(OP.f64NotEqual);
    else throw new Outside();
    body.put(OP.if, OP.empty, OP.localGet, 2, OP.return, OP.end);
  }

  /** JavaScript's call, told the row; it answers 1 to go on. */
  outside(index: number, call: (row: number) => number): void {
    this.body.put(OP.localGet, 0);
    this.call(`outside ${index}`, { parameters: [TYPE.i32], results: [TYPE.i32] }, call);
    this.expect(1);
  }

  mark(): readonly [number, number, number] {
    return [this.body.values.length, this.imports.length, this.indices.size];
  }

  /** Takes back what was written since. */
  undo([values, imports, keys]: readonly [number, number, number]): void {
    this.body.values.length = values;
    this.imports.length = imports;
    for (const key of [...this.indices.keys()].slice(keys)) this.indices.delete(key);
    this.last = undefined;
  }
}

/** Assembles steps; null where that can't be done, or does not pay. `progress`: where it is told how many rows have come to their end. */
export function assemble(
  assembly: Assembly,
  { steps, inputs, row, rowBytes, progress }: StepsToCompile & { readonly progress: number | undefined },
): Assembled | null {
  if (steps.length > MOST_STEPS || inputs.length >= ROW) return null;
  let cellCount = inputs.length;
  for (const { numbers } of steps) cellCount += numbers ?? 0;
  const results = cellCount * CELL_BYTES;
  const stride = rowStride({ steps, inputs, rowBytes });
  const assembler = new Assembler(assembly, results);
  const writing = assembly.writing(assembler);
  const cells = new Map<EngineStep, number>();
  const moved = row === undefined ? inputs : [...inputs, row];
  const before = moved.map(({ address }) => address);
  let free = inputs.length;
  try {
    steps.forEach((step, index) => {
      const first = free;
      if (step.numbers !== undefined) cells.set(step, first);
      free += step.numbers ?? 0;
      const numbers = Array.from({ length: step.numbers ?? 0 }, (_, i) => CELL + first + i);
      const mark = assembler.mark();
      try {
        if (step.beside) throw new Outside();
        moved.forEach((storage, i) => {
          storage.address = INPUT + REACH * (i < inputs.length ? i : ROW);
        });
        step.call(writing, numbers);
        assembler.expect(step.answer);
      } catch (error) {
        // JavaScript knows nothing of numbers and results in rows.
        if (!(error instanceof Outside) || step.numbers !== undefined) throw error;
        assembler.undo(mark);
        assembler.outside(index, outsideCall(assembly, step, inputs));
      }
    });
  } catch (error) {
    if (error instanceof Outside) return null;
    throw error;
  } finally {
    moved.forEach((storage, i) => {
      storage.address = before[i];
    });
  }
  const body = new Bytes();
  body.put(OP.loop, OP.empty);
  body.put(OP.localGet, 2, OP.localGet, 1, OP.i32GreaterOrEqual, OP.if, OP.empty, OP.localGet, 2, OP.return, OP.end);
  if (progress !== undefined) body.i32(progress).put(OP.localGet, 2).at(OP.i32Store, 2, 0);
  body.append(assembler.body);
  body.put(OP.localGet, 0).i32(stride).put(OP.i32Add, OP.localSet, 0);
  body.put(OP.localGet, 2).i32(1).put(OP.i32Add, OP.localSet, 2);
  body.put(OP.br, 0, OP.end).i32(0);
  const memory = { shared: assembly.shared, value: assembly.memory };
  const run = instantiate({ imports: assembler.imports, body, locals: 1, memory });
  return { run, cells, stride, results };
}

/** A step as JavaScript makes it in the middle of the others. */
function outsideCall(
  { engine, cells }: Assembly,
  { call, answer }: EngineStep,
  inputs: StepsToCompile["inputs"],
): (row: number) => number {
  return (row) => {
    if (inputs.length > 0) {
      const all = cells();
      const first = (row >>> 0) / CELL_BYTES;
      for (let i = 0; i < inputs.length; i++) inputs[i].address = all[first + i];
    }
    const given = call(engine, []);
    return answer === undefined || given === answer ? 1 : 0;
  };
}

/** A table of kernels in which every kernel is written down in place of being run. */
export function writingTable<T extends object>(table: T, names: ReadonlyMap<unknown, string>, to: Writing): T {
  return new Proxy({} as T, {
    get: (_, key) => {
      const kernel = (table as Record<PropertyKey, unknown>)[key];
      const name = names.get(kernel);
      return name === undefined ? kernel : (...values: number[]) => to.kernel(name, values);
    },
  });
}
