// Steps without their JavaScript. All steps on batches of one shape make the same calls on the engine, so the trainer records those of one step
// and makes them again for the others, on other samples: see engine/recording. That is right only where layers and loss depend on nothing but
// their tensors and the model's generator. The library's own do; others say so, or run as they are.

import { bytesOf, type DType } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { type Program, Recording } from "../engine/recording.ts";
import { Storage } from "../engine/storage.ts";
import type { Model } from "../nn/model.ts";
import { type GradientSlot, isRecording, type Node } from "../tensor/graph.ts";
import { reachOf, sameShape } from "../tensor/shape.ts";
import { scope, Tensor } from "../tensor/tensor.ts";
import { isOwnLoss, type Loss } from "./losses.ts";

/** The call of a shape that is recorded where the first could not be listed without being made; those before it run as they are. */
const RECORDED = 2;

/** Shapes of batches that are recorded, each with memory of its own; batches of others run as they are. */
const MOST_PROGRAMS = 6;

/** Why steps of this model and these losses have to run as they are; null if they may be replayed. */
export function obstacleOf(model: Model, losses: readonly Loss[]): string | null {
  if (model.obstacle !== null) return model.obstacle;
  const other = losses.find((loss) => !isOwnLoss(loss) && loss.repeatable !== true);
  return other === undefined ? null : `loss ${other.name} does not say that it is repeatable`;
}

/** A storage whose place is told before every run: a tensor of the batch that the program reads. */
export class Input {
  readonly tensor: Tensor;
  /** Bytes that the first element lies behind the storage's beginning: strides may lead backwards. */
  private readonly lead: number;

  constructor(x: Tensor) {
    const { lowest, highest } = x.size > 0 ? reachOf(x.shape, x.strides) : { lowest: 0, highest: -1 };
    const bytes = elementBytes(x.dtype);
    this.lead = -lowest * bytes;
    const storage = new Storage(addressOf(x) - this.lead, (highest - lowest + 1) * bytes, x.storage.owner, "batch");
    this.tensor = new Tensor(storage, x.dtype, x.shape, x.size, -lowest, x.contiguous ? null : x.strides);
  }

  /** Whether the program can read x in its place. */
  fits(x: Tensor): boolean {
    const { tensor } = this;
    if (x.dtype !== tensor.dtype || x.contiguous !== tensor.contiguous || x.storage.address === 0) return false;
    return sameShape(x.shape, tensor.shape) && (x.contiguous || sameShape(x.strides, tensor.strides));
  }

  bind(x: Tensor): void {
    this.tensor.storage.address = addressOf(x) - this.lead;
  }
}

function addressOf(x: Tensor): number {
  return x.storage.address + x.offset * elementBytes(x.dtype);
}

/** Bytes of an element in the engine's memory. */
function elementBytes(dtype: DType): number {
  const bytes = bytesOf(dtype);
  return engine().bytesFor?.(bytes, dtype) ?? bytes;
}

/** Whether a program can read the batch. */
export function fit(inputs: readonly Input[], batch: readonly Tensor[]): boolean {
  if (inputs.length !== batch.length) return false;
  for (let i = 0; i < inputs.length; i++) if (!inputs[i].fits(batch[i])) return false;
  return true;
}

/** A parameter as it was when the step was recorded. */
export interface Known {
  value: Tensor;
  node: Node | null;
  slot: GradientSlot | null;
  /** Whether the step writes its gradient. */
  written: boolean;
}

/** What a program reads, what is read after it, and what it takes for granted. */
export interface Recorded<R> {
  inputs: readonly Input[];
  result: R;
  parameters: readonly Known[];
}

/** Runs the program on a batch; false if a check in it failed: then the step itself has to say what is wrong. */
function replay<R>(program: Program, { inputs, parameters }: Recorded<R>, batch: readonly Tensor[]): boolean {
  for (let i = 0; i < inputs.length; i++) inputs[i].bind(batch[i]);
  if (!program.run()) return false;
  markGradients(parameters);
  return true;
}

/** Notes which gradients a recorded step has written. */
export function markGradients(parameters: readonly Known[]): void {
  for (let i = 0; i < parameters.length; i++) {
    const { slot, written } = parameters[i];
    if (slot !== null) slot.fresh = !written;
  }
}

/** What tells batches of different shapes apart. */
export function shapesOf(batch: readonly Tensor[]): string {
  return batch.map(({ dtype, shape, contiguous }) => `${dtype}${shape.join("x")}${contiguous ? "" : "v"}`).join(" ");
}

/** The steps of one training run: recorded once for each shape of batch, then replayed. `R` is what a step computes: all that is read after it. */
export class Replay<R> {
  private hindrance: string | null;
  /** Batches of a shape that have run as they are. */
  private readonly seen = new Map<string, number>();
  /** Recorded in the running step; becomes a program when its scope has ended. */
  private pending: { recording: Recording; recorded: Recorded<R> } | null = null;
  private ready: { program: Program; recorded: Recorded<R> }[] = [];

  constructor(
    private readonly model: Model,
    losses: readonly Loss[],
    wanted: boolean,
    private readonly tensorsOf: (result: R) => readonly Tensor[],
  ) {
    this.hindrance = wanted ? obstacleOf(model, losses) : "the option replay is false";
  }

  /** Why steps run as they are, or null. */
  get obstacle(): string | null {
    return this.hindrance;
  }

  /** Whether steps are replayed by now. */
  get active(): boolean {
    return this.ready.length > 0;
  }

  /**
   * What `step` computes of this batch: by replaying an earlier call of it, or by calling it. `settle` is to be called when the scope has ended.
   */
  run(batch: readonly Tensor[], step: (batch: readonly Tensor[]) => R): R {
    if (this.hindrance !== null || !isRecording()) return step(batch);
    const { ready } = this;
    for (let i = 0; i < ready.length; i++) {
      const { program, recorded } = ready[i];
      if (program.engine !== engine() || !this.unchanged(recorded.parameters)) {
        this.ready = [];
        this.seen.clear();
        break;
      }
      if (!fit(recorded.inputs, batch)) continue;
      return replay(program, recorded, batch) ? recorded.result : step(batch);
    }
    if (this.ready.length >= MOST_PROGRAMS) return step(batch);
    const shapes = shapesOf(batch);
    const times = (this.seen.get(shapes) ?? 0) + 1;
    this.seen.set(shapes, times);
    if (times === 1) return this.list(batch, step) ?? step(batch);
    return times < RECORDED ? step(batch) : this.record(batch, step);
  }

  /**
   * Lists the calls of a step without making them, and replays the list: so no step needs more memory than the program's, which plans it once.
   * Null if that can't be done.
   */
  private list(batch: readonly Tensor[], step: (batch: readonly Tensor[]) => R): R | null {
    const { generator } = this.model;
    const random = generator.state();
    const recording = new Recording({ dry: true });
    const inputs = batch.map((x) => new Input(x));
    let recorded: Recorded<R> | undefined;
    try {
      scope(() => {
        const result = recording.runDry(() => step(inputs.map(({ tensor }) => tensor)));
        if (result !== undefined) recorded = { inputs, result, parameters: this.known() };
      });
    } catch {
      // The step itself will say what is wrong.
      return null;
    } finally {
      generator.restore(random);
    }
    if (recorded === undefined) {
      this.hindrance = recording.obstacle ?? "it can't be recorded";
      return null;
    }
    const program = this.programOf(recording, recorded);
    return program !== null && replay(program, recorded, batch) ? recorded.result : null;
  }

  private record(batch: readonly Tensor[], step: (batch: readonly Tensor[]) => R): R {
    const recording = new Recording();
    const inputs = batch.map((x) => new Input(x));
    const result = recording.run(() => step(inputs.map(({ tensor }) => tensor)));
    this.pending = { recording, recorded: { inputs, result, parameters: this.known() } };
    return result;
  }

  /** The parameters as they are at the end of a step. */
  private known(): Known[] {
    return this.model.parameters.map(({ tensor: value }) => {
      const slot = value.node?.slot ?? null;
      return { value, node: value.node, slot, written: slot !== null && !slot.fresh };
    });
  }

  /** Makes a program of what was recorded in the scope that has just ended. */
  settle(): void {
    if (this.pending === null) return;
    const { recording, recorded } = this.pending;
    this.pending = null;
    this.programOf(recording, recorded);
  }

  /** A program of calls whose scope has ended, ready for the next steps; null, and the reason kept, if there is none. */
  private programOf(recording: Recording, recorded: Recorded<R>): Program | null {
    const results = this.tensorsOf(recorded.result);
    // The graph has done its work.
    for (const result of results) result.node = null;
    try {
      const inputs = recorded.inputs.map(({ tensor }) => tensor.storage);
      const program = recording.finish(results, inputs);
      if (program === null) this.hindrance = recording.obstacle ?? "it can't be recorded";
      else this.ready.push({ program, recorded });
      return program;
    } catch (error) {
      // No memory for it all at once: steps go on as before.
      if (!(error instanceof RangeError)) throw error;
      this.hindrance = error.message;
      return null;
    }
  }

  /** Forgets what a step that failed had recorded. */
  discard(): void {
    this.pending = null;
  }

  /** The program of full batches, where it still stands for the step; null before there is one. */
  programFor(rows: number): { program: Program; recorded: Recorded<R> } | null {
    if (!isRecording()) return null;
    for (let i = 0; i < this.ready.length; i++) {
      const each = this.ready[i];
      if (each.program.engine !== engine() || !this.unchanged(each.recorded.parameters)) return null;
      const { inputs } = each.recorded;
      if (inputs.length > 0 && inputs.every(({ tensor }) => tensor.contiguous && tensor.shape[0] === rows)) return each;
    }
    return null;
  }

  /** Whether the model has the parameters that it had, watched or not as they were. */
  private unchanged(parameters: readonly Known[]): boolean {
    const now = this.model.parameters;
    for (let i = 0; i < now.length; i++) {
      const { value, node, slot } = parameters[i];
      const { tensor } = now[i];
      if (tensor !== value || tensor.node !== node || (node !== null && node.slot !== slot)) return false;
    }
    return true;
  }
}
