// Moments of a run that the engine was asked to keep: where the run goes on, on another engine, once its device has failed.
import { fallBack, momentsEvery } from "../engine/configure.ts";
import { engine } from "../engine/engine.ts";
import type { TrainerState } from "./trainer-state.ts";

export class Moments {
  /** The state at the last moment that was kept. */
  private moment: TrainerState | undefined;
  /** Steps since then. */
  since = 0;

  /** Keeps the moment, where the engine has a fallback. */
  async keep(stateOf: () => TrainerState): Promise<void> {
    if (momentsEvery() === undefined) return;
    const state = stateOf();
    await engine().keepMoment?.();
    this.moment = state;
    this.since = 0;
  }

  /**
   * The moment to go on from after an error that is the device's; the engine's fallback stands ready then.
   * @throws the error, where it is another, there is no fallback, or no moment was kept.
   */
  after(error: unknown): TrainerState {
    if (this.moment === undefined || !fallBack(error)) throw error;
    return this.moment;
  }
}
