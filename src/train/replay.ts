// Steps without their JavaScript. All steps on batches of one shape make the same calls on the engine, so the trainer records those of one step
// and makes them again for the others, on other samples: see engine/recording. That is right only where layers and loss depend on nothing but
// their tensors and the model's generator. The library's own do; others say so, or run as they are.

import type { Samples } from "../data/batches.ts";
import { bytesOf } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { type Program, Recording } from "../engine/recording.ts";
import { Storage } from "../engine/storage.ts";
import type { Model } from "../nn/model.ts";
import { type GradientSlot, isRecording, type Node } from "../tensor/graph.ts";
import { reachOf, sameShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { isOwnLoss, type Loss } from "./losses.ts";

/** What a step computes: all that is read after it. */
export interface StepResult {
  /** The batch's loss. */
  loss: Tensor;
  /** The class each sample was taken for, where there are classes. */
  predicted: Tensor | null;
}

/** The step that is recorded; those before it run as they are. */
const RECORDED = 2;

/** Why steps of this model and loss have to run as they are; null if they may be replayed. */
function obstacleOf(model: Model, loss: Loss): string | null {
  if (model.obstacle !== null) return model.obstacle;
  if (isOwnLoss(loss) || loss.repeatable === true) return null;
  return `loss ${loss.name} does not say that it is repeatable`;
}

/** A storage whose place is told before every run: the batch that the program reads. */
class Input {
  readonly tensor: Tensor;
  /** Bytes that the first element lies behind the storage's beginning: strides may lead backwards. */
  private readonly lead: number;

  constructor(x: Tensor) {
    const { lowest, highest } = x.size > 0 ? reachOf(x.shape, x.strides) : { lowest: 0, highest: -1 };
    const bytes = bytesOf(x.dtype);
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
  return x.storage.address + x.offset * bytesOf(x.dtype);
}

/** A parameter as it was when the step was recorded. */
interface Known {
  value: Tensor;
  node: Node | null;
  slot: GradientSlot | null;
  /** Whether the step writes its gradient. */
  written: boolean;
}

/** What a program reads, what is read after it, and what it takes for granted. */
interface Recorded {
  inputs: Record<keyof Samples, Input>;
  result: StepResult;
  parameters: readonly Known[];
}

/** Runs the program on a batch; null if it can't, or a check in it failed: then the step itself has to say what is wrong. */
function replay(program: Program, { inputs, parameters, result }: Recorded, batch: Samples): StepResult | null {
  if (!inputs.x.fits(batch.x) || !inputs.y.fits(batch.y)) return null;
  inputs.x.bind(batch.x);
  inputs.y.bind(batch.y);
  if (!program.run()) return null;
  for (let i = 0; i < parameters.length; i++) {
    const { slot, written } = parameters[i];
    if (slot !== null) slot.fresh = !written;
  }
  return result;
}

/** The steps of one training run: recorded once, then replayed. */
export class Replay {
  /** Why steps run as they are, or null. */
  obstacle: string | null;
  private steps = 0;
  /** Recorded in the running step; becomes the program when its scope has ended. */
  private pending: { recording: Recording; recorded: Recorded } | null = null;
  private ready: { program: Program; recorded: Recorded } | null = null;

  constructor(
    private readonly model: Model,
    loss: Loss,
    private readonly batchSize: number,
    wanted: boolean,
  ) {
    this.obstacle = wanted ? obstacleOf(model, loss) : "the option replay is false";
  }

  /** Whether steps are replayed by now. */
  get active(): boolean {
    return this.ready !== null;
  }

  /** What `step` computes of this batch: by replaying an earlier call of it, or by calling it. `settle` is to be called when the scope has ended. */
  run(batch: Samples, step: (batch: Samples) => StepResult): StepResult {
    if (this.obstacle !== null || batch.x.shape[0] !== this.batchSize || !isRecording()) return step(batch);
    if (this.ready !== null) {
      const { program, recorded } = this.ready;
      if (program.engine === engine() && this.unchanged(recorded.parameters)) {
        return replay(program, recorded, batch) ?? step(batch);
      }
      this.ready = null;
      this.steps = 0;
    }
    this.steps += 1;
    return this.steps < RECORDED ? step(batch) : this.record(batch, step);
  }

  private record(batch: Samples, step: (batch: Samples) => StepResult): StepResult {
    const recording = new Recording();
    const inputs = { x: new Input(batch.x), y: new Input(batch.y) };
    const result = recording.run(() => step({ x: inputs.x.tensor, y: inputs.y.tensor }));
    const parameters = this.model.parameters.map(({ tensor: value }) => {
      const slot = value.node?.slot ?? null;
      return { value, node: value.node, slot, written: slot !== null && !slot.fresh };
    });
    this.pending = { recording, recorded: { inputs, result, parameters } };
    return result;
  }

  /** Makes a program of what was recorded in the scope that has just ended. */
  settle(): void {
    if (this.pending === null) return;
    const { recording, recorded } = this.pending;
    this.pending = null;
    const { loss, predicted } = recorded.result;
    // The graph has done its work.
    loss.node = null;
    try {
      const program = recording.finish(predicted === null ? [loss] : [loss, predicted]);
      if (program === null) this.obstacle = recording.obstacle ?? "it can't be recorded";
      else this.ready = { program, recorded };
    } catch (error) {
      // No memory for it all at once: steps go on as before.
      if (!(error instanceof RangeError)) throw error;
      this.obstacle = error.message;
    }
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
