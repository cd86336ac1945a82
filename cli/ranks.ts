// `mpirun -n N nabla train ...`: the first rank reads and writes the run's folder and speaks; the others are told what they need by it.
import { letFirstSpeak } from "../src/distributed/join.ts";
import type { DType } from "../src/engine/dtype.ts";
import { type Group, joinGroup } from "../src/engine/group.ts";
import { zeros } from "../src/tensor/create.ts";
import { keep, scope, type Tensor } from "../src/tensor/tensor.ts";
import { UserError } from "./errors.ts";

/** The processes that train a run together: one, or as many as were started. */
export class Ranks {
  private constructor(readonly group: Group | null) {}

  /** @throws UserError if others were started and can't be reached. */
  static join(): Ranks {
    try {
      return new Ranks(joinGroup());
    } catch (cause) {
      throw new UserError((cause as Error).message, { cause });
    }
  }

  get size(): number {
    return this.group?.size ?? 1;
  }

  /** Whether this one keeps the run's folder and speaks for all. */
  get first(): boolean {
    return (this.group?.rank ?? 0) === 0;
  }

  /** What the first rank makes, on all of them: what JSON holds of it. */
  async fromFirst<T>(make: () => T | Promise<T>, what: string): Promise<T> {
    const { group } = this;
    if (group === null) return make();
    const mine = group.rank === 0 ? await make() : undefined;
    const sent = new TextEncoder().encode(JSON.stringify({ value: mine }));
    const text = new TextDecoder().decode(group.broadcastBytes(sent, what));
    return group.rank === 0 ? (mine as T) : (JSON.parse(text) as { value: T }).value;
  }

  /** The first rank's tensors, on all of them. */
  async tensors(mine: Record<string, Tensor> | undefined, what: string): Promise<Record<string, Tensor>> {
    const { group } = this;
    if (group === null) return mine!;
    const list = await this.fromFirst(
      () =>
        Object.entries(mine!).map(([name, { dtype, shape }]) => ({ name, dtype: dtype as DType, shape: [...shape] })),
      what,
    );
    const all: Record<string, Tensor> = mine ?? {};
    for (const { name, dtype, shape } of list) {
      all[name] ??= keep(scope(() => zeros(shape, dtype)));
      group.broadcast(all[name], what);
    }
    return all;
  }
}

/**
 * Before an error is told: where ranks have the same one, the first tells it and ends the job; the others wait for that, and go on only if theirs is
 * their own. Gives what to say before the message.
 */
export function speakAsRank(group: Group | null): string {
  letFirstSpeak();
  return group === null ? "" : `rank ${group.rank} of ${group.size}: `;
}
