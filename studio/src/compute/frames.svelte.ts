// The frames of the newest question, one after the other as the worker sends them: a training, a curve that grows. A change of what the question
// depends on ends the stream and begins another.
import { messageOf } from "../language/problems.ts";

export class Frames<T> {
  /** Those of the stream so far. */
  values = $state.raw<readonly T[]>([]);
  /** Whether the stream has come to its end. */
  done = $state(false);
  /** The message of its failure; empty where there was none. */
  problem = $state("");

  /** `ask` reads what it depends on and returns what opens the stream, or undefined for none. To be made while a component is set up. */
  constructor(ask: () => (() => AsyncIterable<T>) | undefined) {
    $effect(() => {
      const open = ask();
      this.values = [];
      this.done = false;
      this.problem = "";
      if (open === undefined) return;
      let over = false;
      void this.#follow(open, () => over);
      return () => {
        over = true;
      };
    });
  }

  async #follow(open: () => AsyncIterable<T>, over: () => boolean): Promise<void> {
    try {
      for await (const frame of open()) {
        if (over()) return;
        this.values = [...this.values, frame];
      }
      if (!over()) this.done = true;
    } catch (error) {
      if (!over()) this.problem = messageOf(error);
    }
  }
}
