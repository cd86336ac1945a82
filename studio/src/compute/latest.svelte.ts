// The answer to the newest question. A slider asks faster than a worker answers: while one question is worked on, only the last of those that
// follow waits, so that no queue of stale ones grows.
import { messageOf } from "../language/problems.ts";

export class Latest<T> {
  /** The last answer; the one before stays until the next is there. */
  value = $state.raw<T | undefined>();
  /** The message of the last failure; empty where there was none. */
  problem = $state("");
  #waiting: (() => Promise<T>) | undefined;
  #busy = false;
  #over = false;

  /** `ask` reads what it depends on and returns what fetches the answer. To be made while a component is set up. */
  constructor(ask: () => () => Promise<T>) {
    $effect(() => {
      this.#waiting = ask();
      void this.#work();
    });
    $effect(() => () => {
      this.#over = true;
    });
  }

  async #work(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#waiting !== undefined && !this.#over) {
      const question = this.#waiting;
      this.#waiting = undefined;
      try {
        const answer = await question();
        if (this.#over) return;
        this.value = answer;
        this.problem = "";
      } catch (error) {
        if (this.#over) return;
        this.problem = messageOf(error);
      }
    }
    this.#busy = false;
  }
}
