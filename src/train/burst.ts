// Many steps of training in one call. A step's program is compiled together with what comes before it, gathering its batch, and behind it, the optimiser's
// update, so that WebAssembly goes from step to step by itself: what a step of a small network costs in JavaScript is paid once for many. JavaScript
// writes down in advance what differs between the steps, which rows they take, what is drawn, and the optimiser's numbers; and counts afterwards what
// each has left. A step whose loss is not finite, or that some check stops, is where the call ends: the parameters are as before it.
import type { DType } from "../engine/dtype.ts";
import {
  type ArrayView,
  type CompiledSteps,
  type Engine,
  type EngineStep,
  engine,
  setEngine,
} from "../engine/engine.ts";
import type { Program } from "../engine/recording.ts";
import { Storage } from "../engine/storage.ts";
import type { ParameterBlock } from "../nn/parameters.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { empty, keep, type Tensor } from "../tensor/tensor.ts";
import type { Input } from "./replay.ts";

/** The most steps of one call. */
export const MOST_STEPS = 64;

/** Thrown by an update that does more than call kernels with numbers. */
class NotPlain extends Error {}

/** An update's calls: kernels, their arrays, and their numbers. */
interface Update {
  readonly calls: { name: string; dtype: DType; values: readonly (ArrayView | number | null)[] }[];
  readonly numbers: number[];
}

/** An engine that notes the calls of kernels, and can do nothing else. */
function noting(
  inner: Engine,
  note: (name: string, dtype: DType, values: Update["calls"][0]["values"]) => void,
): Engine {
  const refuse = (): never => {
    throw new NotPlain();
  };
  const refused = Object.fromEntries(
    ["allocate", "read", "readAsync", "readElement", "write", "window", "copy", "fill", "cast", "arange", "unary"]
      .concat(["binary", "binaryScalar", "where", "reduce", "matmul"])
      .map((name) => [name, refuse]),
  );
  return Object.assign(Object.create(inner) as Engine, refused, {
    kernel: (name: string, dtype: DType, ...values: (ArrayView | number | null)[]) => {
      note(name, dtype, values);
      return 0;
    },
  });
}

/** What an optimiser's step would call. Its count goes on, the parameters stay. */
function updateOf(optimizer: Optimizer, block: ParameterBlock): Update {
  const update: Update = { calls: [], numbers: [] };
  const inner = engine();
  setEngine(
    noting(inner, (name, dtype, values) => {
      update.calls.push({ name, dtype, values });
      for (const value of values) if (typeof value === "number") update.numbers.push(value);
    }),
  );
  try {
    optimizer.step(block);
  } finally {
    setEngine(inner);
  }
  return update;
}

/** Whether two updates are of the same kernels and arrays. */
function sameCalls(a: Update, b: Update): boolean {
  return (
    a.calls.length === b.calls.length &&
    a.calls.every(({ name, dtype, values }, i) => {
      const other = b.calls[i];
      return (
        name === other.name &&
        dtype === other.dtype &&
        values.length === other.values.length &&
        values.every((value, k) => {
          const second = other.values[k];
          if (typeof value !== "object" || value === null)
            return typeof value === typeof second && second !== undefined;
          if (typeof second !== "object" || second === null) return false;
          return value.storage === second.storage && value.offset === second.offset;
        })
      );
    })
  );
}

/** What a burst is made of. */
export interface BurstParts {
  readonly program: Program;
  /** What the program reads its batch from. */
  readonly inputs: readonly Input[];
  /** All samples, in the order of the inputs. */
  readonly tensors: readonly Tensor[];
  readonly batchSize: number;
  /** The order in which rows are taken, int32; null: as they lie. */
  readonly order: Tensor | null;
  readonly loss: Tensor;
  /** The class that each row is taken for, int32, where there are classes. */
  readonly predicted: Tensor | null;
  readonly optimizer: Optimizer;
  readonly block: ParameterBlock;
  /** What layers keep by themselves, and where it is kept as it was before the step. */
  readonly kept: readonly { readonly now: Tensor; readonly before: Tensor }[];
}

/** A view of an input's storage. */
function viewOf({ offset, shape, strides, size, dtype, contiguous }: Tensor, storage: Storage): ArrayView {
  return { storage, offset, shape, strides, size, dtype, contiguous };
}

export class Burst {
  /** Rows of the samples as the program reads them, where they have to be gathered. */
  private readonly gathered: readonly Tensor[];
  private readonly updates: readonly EngineStep[];
  private update: Update;
  /** The numbers that lie in every row. */
  private known: readonly number[] | undefined;
  private readonly lossType: DType;
  /** Steps of the last run. */
  taken = 0;

  private constructor(
    private readonly parts: BurstParts,
    private readonly compiled: CompiledSteps,
    { gathered, updates, update }: { gathered: readonly Tensor[]; updates: readonly EngineStep[]; update: Update },
  ) {
    this.gathered = gathered;
    this.updates = updates;
    this.update = update;
    this.lossType = parts.loss.dtype;
  }

  /** A burst; null where steps can't be taken in one call. The optimiser has to have taken a step. */
  static make(parts: BurstParts): Burst | null {
    const { program, inputs, tensors, batchSize, order, loss, predicted, optimizer, block, kept } = parts;
    const on = engine();
    if (on.compile === undefined || program.engine !== on || !program.stands) return null;
    if (tensors.some((x) => x.size === 0 || !x.contiguous)) return null;
    const { iterations } = optimizer;
    let update: Update;
    try {
      block.completeGradients();
      update = updateOf(optimizer, block);
    } catch (error) {
      if (error instanceof NotPlain) return null;
      throw error;
    } finally {
      optimizer.iterations = iterations;
    }
    const row = new Storage(64, 0, block.values.storage.owner, "row");
    const gathered =
      order === null ? [] : tensors.map((x) => keep(empty("batch", [batchSize, ...x.shape.slice(1)], x.dtype)));
    const places: Storage[] = [];
    const before: EngineStep[] = kept.map(({ now, before: to }) => ({ call: (engine) => engine.copy(now, to) }));
    if (order === null) for (const { tensor } of inputs) places.push(tensor.storage);
    else {
      const taken = new Storage(64, 4 * batchSize, block.values.storage.owner, "order");
      places.push(taken);
      const rows = { storage: taken, offset: 0, shape: [batchSize], strides: [1], size: batchSize } as const;
      const indices: ArrayView = { ...rows, dtype: "int32", contiguous: true };
      tensors.forEach((x, i) => {
        const to = gathered[i];
        before.push({
          call: (engine) => engine.kernel("gatherRows", x.dtype, x, indices, to, batchSize, to.size / batchSize),
        });
      });
      inputs.forEach((input, i) => {
        input.bind(gathered[i]);
      });
    }
    const lossBytes = 8;
    const after: EngineStep[] = [{ call: (engine) => engine.copy(loss, { ...viewOf(loss, row), offset: 0 }) }];
    if (predicted !== null) {
      const to = { ...viewOf(predicted, row), offset: lossBytes / 4 };
      after.push({ call: (engine) => engine.copy(predicted, to) });
    }
    after.push({ call: (engine) => engine.kernel("finiteAt", loss.dtype, loss), answer: 1 });
    const updates = update.calls.map(({ name, dtype, values }): EngineStep => {
      const numbers = values.filter((value) => typeof value === "number").length;
      return {
        numbers,
        call: (engine, given) => {
          let next = 0;
          return engine.kernel(
            name,
            dtype,
            ...values.map((value) => (typeof value === "number" ? given[next++] : value)),
          );
        },
      };
    });
    const compiled = on.compile({
      steps: [...before, ...program.steps, ...after, ...updates],
      inputs: places,
      row,
      rowBytes: lossBytes + (predicted === null ? 0 : 4 * predicted.size),
      rows: MOST_STEPS,
    });
    return compiled === null ? null : new Burst(parts, compiled, { gathered, updates, update });
  }

  /** Whether it is still of what it was made of. */
  isOf(program: Program): boolean {
    const { parts } = this;
    if (parts.program !== program || program.engine !== engine() || !program.stands) return false;
    if (this.gathered.some(({ storage }) => storage.address === 0)) return false;
    return parts.tensors.every(({ storage }) => storage.address !== 0);
  }

  /**
   * Takes steps on the batches from `first` on, `count` of them, at most `MOST_STEPS`; how many were taken. `rate` gives the learning rate of a step, by
   * the number of updates before it; undefined: it stays. -1 if the optimiser does something else by now. If it throws, `taken` were taken.
   */
  run(first: number, count: number, rate: ((iterations: number) => number) | undefined): number {
    const { parts, compiled, gathered } = this;
    const { program, inputs, tensors, batchSize, order, optimizer, block } = parts;
    const { iterations, learningRate } = optimizer;
    if (order !== null) {
      const at = order.storage.address + 4 * order.offset;
      for (let row = 0; row < count; row++) compiled.put(row, 0, at + 4 * batchSize * (first + row));
      for (let i = 0; i < inputs.length; i++) inputs[i].bind(gathered[i]);
    } else {
      for (let i = 0; i < inputs.length; i++) {
        inputs[i].bind(tensors[i]);
        const start = inputs[i].tensor.storage.address;
        const bytes = inputs[i].tensor.storage.bytes;
        for (let row = 0; row < count; row++) compiled.put(row, i, start + bytes * (first + row));
      }
    }
    this.taken = 0;
    let told = false;
    try {
      told = this.tellNumbers(count, rate);
    } finally {
      optimizer.iterations = iterations;
      if (!told) optimizer.learningRate = learningRate;
    }
    if (!told) return -1;
    this.draw(count);
    const { storage } = block.values;
    // Every update counts its write when its numbers are told; here they change in between.
    storage.uncounted = true;
    try {
      this.taken = program.writing(count, () => compiled.run(count));
    } catch (error) {
      this.taken = compiled.reached();
      throw error;
    } finally {
      storage.uncounted = false;
      optimizer.iterations = iterations + this.taken;
    }
    return this.taken;
  }

  /** Draws what the program draws, for so many steps. */
  draw(count: number): void {
    const { compiled, parts } = this;
    const { drawn } = parts.program;
    if (drawn.length === 0) return;
    for (let row = 0; row < count; row++) {
      for (let i = 0; i < drawn.length; i++) {
        const cell = compiled.cellOf(drawn[i]);
        const numbers = drawn[i].next!();
        for (let j = 0; j < numbers.length; j++) compiled.put(row, cell + j, numbers[j]);
      }
    }
  }

  /** Puts the optimiser's numbers into the rows; false if its calls are others than they were. */
  private tellNumbers(count: number, rate: ((iterations: number) => number) | undefined): boolean {
    const { optimizer, block } = this.parts;
    const same = optimizer.steady && rate === undefined;
    for (let row = 0; row < (same ? 1 : count); row++) {
      if (rate !== undefined) optimizer.learningRate = rate(optimizer.iterations);
      const update = updateOf(optimizer, block);
      if (!sameCalls(update, this.update)) return false;
      const { numbers } = update;
      if (!same) this.known = undefined;
      else if (this.known?.every((number, i) => number === numbers[i])) return true;
      for (let to = row; to < (same ? MOST_STEPS : row + 1); to++) this.putNumbers(to, numbers);
      if (same) this.known = numbers;
    }
    return true;
  }

  private putNumbers(row: number, numbers: readonly number[]): void {
    const { compiled, updates } = this;
    let next = 0;
    for (const step of updates) {
      const cell = compiled.cellOf(step);
      for (let j = 0; j < step.numbers!; j++) compiled.put(row, cell + j, numbers[next++]);
    }
  }

  /** The loss of a step of the last run. */
  loss(row: number): number {
    return this.compiled.left(row, 0, this.lossType);
  }

  /** How many rows of a step's batch were taken for the right class: `classes[rows[i]]`. */
  correct(row: number, classes: Int32Array, rows: Int32Array, from: number): number {
    const { compiled, parts } = this;
    let correct = 0;
    for (let i = 0; i < parts.batchSize; i++) {
      if (compiled.left(row, 8 + 4 * i, "int32") === classes[rows[from + i]]) correct += 1;
    }
    return correct;
  }
}
