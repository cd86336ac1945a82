// The experiments that are run on a page, one at a time, in its worker: what waits, what runs, and what came out.

import type { Form } from "../../../book/experiment.ts";
import { type Work, WorkError } from "../compute/work.svelte.ts";
import { messageOf } from "../language/problems.ts";
import type { Order, Ran } from "./work.ts";

export type RunState =
  | { readonly kind: "waiting"; readonly form: Form }
  | { readonly kind: "running"; readonly form: Form; readonly since: number }
  | { readonly kind: "failed"; readonly message: string }
  | Ran;

const MOST_LINES = 400;

export class Runs {
  /** By id. */
  states = $state.raw<Readonly<Record<string, RunState>>>({});
  /** Lines of progress, by id. */
  lines = $state.raw<Readonly<Record<string, readonly string[]>>>({});
  readonly #work: Work<typeof import("./work.ts")>;
  #queue: Order[] = [];
  #busy: Order | undefined;

  constructor(work: Work<typeof import("./work.ts")>) {
    this.#work = work;
  }

  get running(): boolean {
    return Object.values(this.states).some(({ kind }) => kind === "running" || kind === "waiting");
  }

  start(order: Order): void {
    this.#leave(order.id);
    this.#queue.push(order);
    this.#set(order.id, { kind: "waiting", form: order.form });
    this.#lines(order.id, []);
    void this.#next();
  }

  /** Ends a run, with the worker that is busy with it, or takes it out of those that wait. */
  stop(id: string): void {
    this.#leave(id);
    if (this.#busy?.id === id) this.#work.close();
    else this.#set(id, undefined);
  }

  /** Ends all, and forgets what came out. */
  clear(): void {
    this.#queue = [];
    if (this.#busy !== undefined) this.#work.close();
    this.states = {};
    this.lines = {};
  }

  #leave(id: string): void {
    this.#queue = this.#queue.filter((order) => order.id !== id);
  }

  #set(id: string, state: RunState | undefined): void {
    const { [id]: _, ...others } = this.states;
    this.states = state === undefined ? others : { ...others, [id]: state };
  }

  #lines(id: string, lines: readonly string[]): void {
    this.lines = { ...this.lines, [id]: lines };
  }

  async #next(): Promise<void> {
    if (this.#busy !== undefined) return;
    const order = this.#queue.shift();
    if (order === undefined) return;
    this.#busy = order;
    const { id, form } = order;
    this.#set(id, { kind: "running", form, since: Date.now() });
    const name = `experiment-${Date.now()}-${Math.random()}`;
    const channel = new BroadcastChannel(name);
    channel.onmessage = ({ data }: MessageEvent<string>) =>
      this.#lines(id, [...(this.lines[id] ?? []), data].slice(-MOST_LINES));
    let state: RunState | undefined;
    try {
      state = await this.#work.call("run", order, name);
    } catch (error) {
      const stopped = error instanceof WorkError && error.name === "AbortError";
      if (!stopped) {
        state = { kind: "failed", message: messageOf(error) };
        // A worker that ran out of memory answers nothing more.
        this.#work.close();
      }
    }
    channel.close();
    this.#busy = undefined;
    if (this.states[id]?.kind === "running") this.#set(id, state);
    void this.#next();
  }
}
