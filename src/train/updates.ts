// An update of the parameters, and what goes with the optimiser's step: gradients of several batches that are gathered for it, constraints, averages.
import { engine } from "../engine/engine.ts";
import type { Model } from "../nn/model.ts";
import type { Parameter } from "../nn/parameters.ts";
import { clone } from "../ops/views.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { keep, scope, type Tensor } from "../tensor/tensor.ts";
import type { ParameterAverage } from "./average.ts";

export class Updates {
  /** What the gathered batches count so far, in full batches. */
  gathered = 0;
  /** The gathered gradients before the step. */
  private readonly before: Tensor | undefined;
  private readonly constrained: readonly Parameter[];

  constructor(
    private readonly model: Model,
    private readonly optimizer: Optimizer,
    /** Steps whose gradients are gathered for one update. */
    private readonly accumulate: number,
    private readonly average: ParameterAverage | undefined,
  ) {
    if (accumulate > 1) this.before = keep(scope(() => clone(model.block.gradients)));
    this.constrained = model.parameters.filter(({ options: { constraint } }) => constraint !== undefined);
  }

  /** Whether every step ends with the optimiser's, and nothing else changes. */
  get isPlain(): boolean {
    return this.accumulate === 1 && this.average === undefined && this.constrained.length === 0;
  }

  /** Whether the parameters change after this step. Steps that are gathered count by number: a short one is one of them. */
  completes(step: number, last: boolean): boolean {
    return this.accumulate === 1 || (step + 1) % this.accumulate === 0 || last;
  }

  /** Before a step: what is gathered is kept. */
  begin(): void {
    const { before, model } = this;
    if (before === undefined) return;
    const { block } = model;
    if (this.gathered === 0) {
      block.clearGradients();
      block.completeGradients();
    }
    engine().copy(block.gradients, before);
  }

  /** What was gathered before the step is again, so many full batches. */
  undo(gathered: number): void {
    if (this.before !== undefined) engine().copy(this.before, this.model.block.gradients);
    this.gathered = gathered;
  }

  /** Adds what was gathered before the step, where the step's gradients are alone in the block. */
  addBefore(): void {
    const { gradients } = this.model.block;
    if (this.before !== undefined) engine().binary("add", gradients, this.before, gradients);
  }

  /** The optimiser's step on the gradients that are there. */
  run(): void {
    const { optimizer, model, accumulate, gathered } = this;
    if (accumulate > 1) {
      const { gradients } = model.block;
      engine().kernel("scale", gradients.dtype, gradients, gradients.size, 1 / gathered);
      gradients.storage.version += 1;
    }
    optimizer.step(model.block);
    this.gathered = 0;
    for (const parameter of this.constrained) parameter.constrain();
    this.average?.update();
  }

  /** Goes on with gradients that were gathered before. */
  restore(gathered: Tensor): void {
    const { block } = this.model;
    block.clearGradients();
    block.completeGradients();
    engine().copy(gathered, block.gradients);
  }
}
