// What an agent has lived through: the newest transitions, from which batches are drawn, so that neighbours in time do not stand side by side.
import { callable, fields, numeric, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";

/** A step as it is kept. */
export interface Transition {
  readonly before: Float32Array;
  readonly action: number;
  readonly reward: number;
  /** What is seen behind it, or behind the last of the steps whose rewards are in `reward`. */
  readonly after: Float32Array;
  /** What the value of `after` counts: gamma, gamma^n behind n steps, 0 where the episode ended. */
  readonly ahead: number;
  /** 1 for each action that is allowed afterwards. */
  readonly legal: Uint8Array;
}

/** Transitions in arrays, [n, ...]. */
export interface TransitionBatch {
  readonly before: Float32Array;
  readonly actions: Int32Array;
  readonly rewards: Float32Array;
  readonly after: Float32Array;
  readonly ahead: Float32Array;
  readonly legal: Uint8Array;
}

/** Far more than a step of learning takes. */
const MOST_DRAWN = 2 ** 24;

/**
 * The newest `capacity` transitions; older ones are written over.
 * @throws RangeError for sizes that are none.
 * @example
 * ```ts
 * const buffer = new ReplayBuffer(2, 1, 2);
 * for (const reward of [1, 2, 3]) {
 *   const [before, after, legal] = [new Float32Array(1), new Float32Array(1), new Uint8Array(2)];
 *   buffer.add({ before, action: 0, reward, after, ahead: 0.9, legal });
 * }
 * buffer.length; // 2
 * [...buffer.draw(3, () => 0).rewards]; // [3, 3, 3]
 * ```
 */
export class ReplayBuffer {
  readonly capacity: number;
  private readonly size: number;
  private readonly kept: TransitionBatch;
  private readonly actionCount: number;
  private count = 0;

  /**
   * @param capacity how many it holds
   * @param size numbers in a picture
   * @param actions how many actions there are
   */
  constructor(capacity: number, size: number, actions: number) {
    this.capacity = whole("ReplayBuffer", "the capacity", capacity, 1);
    this.size = whole("ReplayBuffer", "the size of a picture", size, 1);
    this.actionCount = whole("ReplayBuffer", "the number of actions", actions, 1);
    this.kept = emptyBatch(capacity, size, actions);
  }

  /** How many it holds by now. */
  get length(): number {
    return Math.min(this.count, this.capacity);
  }

  /**
   * Keeps a transition.
   * @throws RangeError for pictures or actions of another size.
   */
  add(transition: Transition): void {
    const { before, action, reward, after, ahead, legal } = fields("ReplayBuffer.add", "the transition", transition);
    const { kept, size, actionCount } = this;
    if (before?.length !== size || after?.length !== size || legal?.length !== actionCount) {
      throw new RangeError(
        `ReplayBuffer.add: pictures have ${size} numbers and there are ${actionCount} actions, got ${quote(before?.length)}, ${quote(after?.length)} and ${quote(legal?.length)}`,
      );
    }
    whole("ReplayBuffer.add", "the action", action, 0);
    numeric("ReplayBuffer.add", "the reward", reward);
    numeric("ReplayBuffer.add", "what is ahead", ahead);
    const at = this.count % this.capacity;
    kept.before.set(before, at * size);
    kept.after.set(after, at * size);
    kept.legal.set(legal, at * actionCount);
    kept.actions[at] = action;
    kept.rewards[at] = reward;
    kept.ahead[at] = ahead;
    this.count += 1;
  }

  /**
   * Draws `n` of them, each anew from all.
   * @param below gives a whole number from 0 to below its argument
   * @throws Error where there are none; RangeError for a number that is none.
   */
  draw(n: number, below: (n: number) => number): TransitionBatch {
    whole("ReplayBuffer.draw", "the number of transitions", n, 1);
    if (n > MOST_DRAWN) throw new RangeError(`ReplayBuffer.draw: at most ${MOST_DRAWN} are drawn at once, got ${n}`);
    callable("ReplayBuffer.draw", "what gives a number below another", below);
    if (this.length === 0) throw new Error("ReplayBuffer.draw: there is nothing in it yet; add transitions first");
    const { kept, size, actionCount } = this;
    const batch = emptyBatch(n, size, actionCount);
    for (let i = 0; i < n; i++) {
      const from = below(this.length);
      batch.before.set(kept.before.subarray(from * size, (from + 1) * size), i * size);
      batch.after.set(kept.after.subarray(from * size, (from + 1) * size), i * size);
      batch.legal.set(kept.legal.subarray(from * actionCount, (from + 1) * actionCount), i * actionCount);
      batch.actions[i] = kept.actions[from];
      batch.rewards[i] = kept.rewards[from];
      batch.ahead[i] = kept.ahead[from];
    }
    return batch;
  }
}

function emptyBatch(n: number, size: number, actions: number): TransitionBatch {
  return {
    before: new Float32Array(n * size),
    actions: new Int32Array(n),
    rewards: new Float32Array(n),
    after: new Float32Array(n * size),
    ahead: new Float32Array(n),
    legal: new Uint8Array(n * actions),
  };
}
