// Steps on devices that answer late: the next ones are asked for before the figures of the first are there, and a step that should not have been is
// undone when its loss has been seen.
import { momentsEvery } from "../engine/configure.ts";
import { engine } from "../engine/engine.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { keep, scope, type Tensor } from "../tensor/tensor.ts";
import { NonFiniteLossError } from "./explosion.ts";
import type { StepInfo } from "./figures.ts";
import type { Moments } from "./moments.ts";
import { countedOf, readsOf, type StepResult, type StepValues } from "./step-result.ts";
import type { Work } from "./step-work.ts";
import type { Prepared } from "./targets.ts";
import type { TrainerState } from "./trainer-state.ts";

/** Steps that are asked for before the figures of the first of them are there. */
const AHEAD = 3;

/** A step that comes next. */
export interface NextStep {
  work: Work;
  /** Its number in the epoch. */
  step: number;
  /** Called when its batch is of no use any more. */
  done: () => void;
}

/** A run as these steps see it. */
export interface LateRun {
  readonly optimizer: Optimizer;
  /** Whether a step's loss has to be known before the parameters change. */
  readonly strict: boolean;
  readonly moments: Moments;
  /** The next step; null at the end of a dataset's epoch. A promise only where its batch has to be waited for. */
  next(): NextStep | Promise<NextStep | null>;
  /** What comes before a step. Gives what undoes it, but for an update of the parameters. */
  begin(): () => void;
  /** Forward and back. */
  differentiate(work: Work): StepResult;
  /** What follows once the gradients are there. */
  update(work: Work, step: number): void;
  /** The device has been asked for the step. */
  launched(): void;
  /** The step's figures are there. */
  settled(counted: Float64Array, step: number, loss: number): StepInfo;
  /** What to say of a loss that is not finite. */
  explosion(prepared: Prepared, batch: readonly Tensor[], step: number, loss: number): NonFiniteLossError;
  state(): TrainerState;
  /** Gives waiting events a turn; null where it isn't time yet. */
  turn(): Promise<void> | null;
}

/** A step that the device has been asked for. */
interface Launched extends NextStep {
  undo: () => void;
  reads: Promise<StepValues>;
  numbers: Int32Array | null;
}

export class LateSteps {
  /** Steps that were asked for and whose figures are not there yet. */
  underWay = 0;

  constructor(private readonly run: LateRun) {}

  /** One step; null at the end of a dataset's epoch. */
  async takeStep(): Promise<StepInfo | null> {
    const launched = await this.launchNext();
    return launched === null ? null : this.settle(launched);
  }

  /** Asks for the next step; null at the end of a dataset's epoch. */
  private async launchNext(): Promise<Launched | null> {
    const coming = this.run.next();
    const next = coming instanceof Promise ? await coming : coming;
    if (next === null) return null;
    try {
      return this.launch(next);
    } catch (error) {
      next.done();
      throw error;
    }
  }

  /**
   * Asks the device for a step, and for what is read of it. The parameters change at once, unless the loss is not finite: then neither they nor
   * the optimiser's memory change until the loss has been seen.
   */
  private launch({ work, step, done }: NextStep): Launched {
    const { run } = this;
    const { optimizer } = run;
    const { iterations } = optimizer;
    const back = run.begin();
    const undo = (): void => {
      back();
      optimizer.iterations = iterations;
    };
    try {
      let reads!: Promise<StepValues>;
      scope(() => {
        const result = run.differentiate(work);
        reads = readsOf(result);
        if (!run.strict) {
          engine().haltUnlessFinite?.(result.loss);
          run.update(work, step);
        }
      });
      run.launched();
      const numbers = work.rows.numbers(0, work.rows.count);
      return { work, step, undo, reads, numbers, done };
    } catch (error) {
      undo();
      throw error;
    }
  }

  /** The figures of a step that was asked for. */
  private async settle({ work, step, undo, reads, numbers, done }: Launched): Promise<StepInfo> {
    const { run } = this;
    const { prepared, rows } = work;
    try {
      const values = await reads;
      const { loss } = values;
      if (!Number.isFinite(loss)) {
        undo();
        engine().goOn?.();
        const batch = keep(scope(() => rows.all()));
        await engine().prefetch?.(batch);
        throw run.explosion(prepared, batch, step, loss);
      }
      if (run.strict) run.update(work, step);
      return run.settled(countedOf(prepared, values, rows.count, numbers), step, loss);
    } catch (error) {
      if (!(error instanceof NonFiniteLossError)) undo();
      throw error;
    } finally {
      done();
    }
  }

  /** Steps while there are more, a few of them ahead of what is known; false if `stop` became true. */
  async takeSteps(more: () => boolean, onStep?: (info: StepInfo) => void, stop?: () => boolean): Promise<boolean> {
    const { run } = this;
    const { moments } = run;
    const ahead = run.strict ? 0 : AHEAD;
    const every = momentsEvery();
    const launched: Launched[] = [];
    const settleFirst = async (): Promise<void> => {
      const info = await this.settle(launched.shift()!);
      this.underWay = launched.length;
      onStep?.(info);
    };
    let stopped = false;
    try {
      while (more()) {
        stopped = stop?.() ?? false;
        if (stopped) break;
        if (moments.since >= (every ?? Number.POSITIVE_INFINITY)) {
          while (launched.length > 0) await settleFirst();
          await moments.keep(() => run.state());
        }
        const next = await this.launchNext();
        if (next === null) break;
        launched.push(next);
        moments.since += 1;
        this.underWay = launched.length;
        if (launched.length > ahead) await settleFirst();
        const turn = run.turn();
        if (turn !== null) await turn;
      }
      while (launched.length > 0) await settleFirst();
    } catch (error) {
      for (const { reads, done } of launched) {
        done();
        // What comes of them is of no use any more.
        reads.catch(() => {});
      }
      this.underWay = 0;
      throw error;
    }
    return !stopped;
  }
}
