// A language model that reads on: what its layers keep of the symbols before stands in a memory, and a further symbol costs one step.
import { noGrad } from "../autograd/grad.ts";
import type { Model } from "../nn/model.ts";
import { StepMemory } from "../nn/step-memory.ts";
import { get } from "../ops/indexing.ts";
import { tensor } from "../tensor/create.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { type Captured, capture } from "./capture.ts";

/** Reads sequences side by side, and says after each step what comes next. */
export class Stepper {
  private memory = new StepMemory();
  private captured: Captured<[Tensor], Tensor> | undefined;
  private steps = 0;
  /** Whether symbols are read once; else all are read again for every step. */
  readonly remembers: boolean;
  private rows: number[][] = [];

  constructor(
    private readonly model: Model,
    /** The most symbols that the model is shown. */
    private readonly context: number | undefined,
  ) {
    this.remembers = model.isStepwise(model.inputs.length);
  }

  /** Begins with sequences of one length. Returns the logits of what comes next, a row of symbols for each. */
  begin(rows: readonly (readonly number[])[]): ArrayLike<number>[] {
    this.rows = rows.map((row) => [...row]);
    return this.reread();
  }

  /** Reads a further symbol of each sequence. */
  next(symbols: readonly number[]): ArrayLike<number>[] {
    this.rows.forEach((row, i) => {
      row.push(symbols[i]);
    });
    if (!this.remembers) return this.reread();
    // Beyond its context a model is shown another beginning.
    if (this.context !== undefined && this.rows[0].length > this.context) return this.reread();
    return this.read(
      symbols.map((symbol) => [symbol]),
      this.steps++ > 0 && !this.memory.grows,
    );
  }

  /** Goes on with these of the sequences, in this order. */
  select(rows: readonly number[]): void {
    this.rows = rows.map((row) => [...this.rows[row]]);
    this.memory.select(rows);
    this.captured = undefined;
    this.steps = 0;
  }

  private reread(): ArrayLike<number>[] {
    this.memory = new StepMemory();
    this.captured = undefined;
    this.steps = 0;
    const { context } = this;
    return this.read(
      this.rows.map((row) => (context === undefined ? row : row.slice(-context))),
      false,
    );
  }

  private read(rows: readonly (readonly number[])[], repeated: boolean): ArrayLike<number>[] {
    return scope(() =>
      noGrad(() => {
        const x = tensor(rows as number[][], "int32");
        if (repeated) this.captured ??= capture((symbols: Tensor) => this.step(symbols));
        const logits = (repeated ? this.captured! : (symbols: Tensor) => this.step(symbols))(x);
        this.memory.position += rows[0].length;
        const values = logits.dataSync() as Float32Array;
        const size = values.length / rows.length;
        return rows.length === 1 ? [values] : rows.map((_, i) => values.subarray(i * size, (i + 1) * size));
      }),
    );
  }

  /** [n, time] to the logits behind the last step, [n, symbols]. */
  private step(x: Tensor): Tensor {
    const { model, memory, remembers } = this;
    const context = model.contextFor(false);
    const given = remembers ? { ...context, memory } : context;
    return get(model.run(model.inOrder(x), given, [true]).outputs[0], ":", -1);
  }
}
