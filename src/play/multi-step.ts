// Returns over several steps: what an action earned in the next n steps, and the picture behind them, from which the value takes over.
import type { ReplayBuffer } from "./replay-buffer.ts";

interface Begun {
  readonly before: Float32Array;
  readonly action: number;
  reward: number;
  /** What the next reward counts. */
  ahead: number;
}

/** Gathers the steps of environments side by side, and hands each on to a buffer when its n steps are together, or its episode is over. */
export class MultiStep {
  private readonly begun: Begun[][];
  private readonly buffer: ReplayBuffer;
  private readonly n: number;
  private readonly discount: number;

  constructor(buffer: ReplayBuffer, environments: number, n: number, discount: number) {
    this.buffer = buffer;
    this.begun = Array.from({ length: environments }, () => []);
    this.n = n;
    this.discount = discount;
  }

  /** Takes in a step of environment `i`; `terminated` and `truncated` as the step said. */
  add(
    i: number,
    before: Float32Array,
    action: number,
    reward: number,
    after: Float32Array,
    legal: Uint8Array,
    terminated: boolean,
    truncated: boolean,
  ): void {
    const queue = this.begun[i];
    queue.push({ before: before.slice(), action, reward: 0, ahead: 1 });
    for (const each of queue) {
      each.reward += each.ahead * reward;
      each.ahead *= this.discount;
    }
    const over = terminated || truncated;
    while (queue.length >= (over ? 1 : this.n)) {
      const first = queue.shift()!;
      this.buffer.add({ ...first, after, legal, ahead: terminated ? 0 : first.ahead });
    }
  }
}
