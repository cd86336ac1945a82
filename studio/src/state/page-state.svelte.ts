// The state of a page: values that controls bind to. Each change is written to the address, so that a link shows what one sees, and can be
// undone; changes in quick succession, as while a slider is dragged, are one.
import { untrack } from "svelte";
import { address } from "./address.svelte.ts";
import type { Field, Values } from "./fields.ts";

/** Milliseconds without a change, after which the next one is another. */
const PAUSE = 500;
const DEPTH = 200;

// biome-ignore lint/suspicious/noExplicitAny: a field's type is found again by Values.
type AnyFields = Readonly<Record<string, Field<any>>>;

export interface Undoable {
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly changed: boolean;
  undo(): void;
  redo(): void;
  reset(): void;
}

export class PageState<F extends AnyFields> implements Undoable {
  readonly #fields: F;
  readonly values: Values<F>;
  #past = $state.raw<string[]>([]);
  #future = $state.raw<string[]>([]);
  #shown = "";
  #settled = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts what came from the address or was undone: all values at once, and no control was moved. */
  restored = $state(0);

  constructor(fields: F) {
    this.#fields = fields;
    const values = $state(this.#read(address.query));
    this.values = values;
    this.#shown = this.#settled = this.#write();
    $effect(() => {
      const now = this.#write();
      untrack(() => this.#follow(now));
    });
    // An address that was typed, or reached by the browser's own buttons.
    $effect(() => {
      const { query } = address;
      untrack(() => {
        if (query === this.#shown) return;
        this.restored += 1;
        this.#assign(this.#read(query));
        this.#shown = this.#settled = this.#write();
      });
    });
    $effect(() => () => clearTimeout(this.#timer));
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  /** Whether anything differs from what the page begins with. */
  get changed(): boolean {
    return this.#write() !== "";
  }

  undo(): void {
    this.#settle();
    const before = this.#past.at(-1);
    if (before === undefined) return;
    this.#past = this.#past.slice(0, -1);
    this.#future = [...this.#future, this.#settled];
    this.#show(before);
  }

  redo(): void {
    this.#settle();
    const after = this.#future.at(-1);
    if (after === undefined) return;
    this.#future = this.#future.slice(0, -1);
    this.#past = [...this.#past, this.#settled];
    this.#show(after);
  }

  /** Back to what the page begins with; can be undone. */
  reset(): void {
    this.restored += 1;
    this.#assign(this.#read(""));
  }

  #show(query: string): void {
    this.restored += 1;
    this.#settled = this.#shown = query;
    this.#assign(this.#read(query));
    address.replaceQuery(query);
  }

  #follow(now: string): void {
    if (now === this.#shown) return;
    this.#shown = now;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#settle(), PAUSE);
  }

  /** Ends a change: the address says it, and it can be undone. */
  #settle(): void {
    clearTimeout(this.#timer);
    if (this.#shown === this.#settled) return;
    this.#past = [...this.#past, this.#settled].slice(-DEPTH);
    this.#future = [];
    this.#settled = this.#shown;
    address.replaceQuery(this.#shown);
  }

  #assign(values: Values<F>): void {
    for (const key of Object.keys(this.#fields) as (keyof F & string)[]) {
      const field = this.#fields[key];
      // Alike values are left in place: what depends on them need not be computed again.
      if (field.write(this.values[key]) !== field.write(values[key])) this.values[key] = values[key];
    }
  }

  /** Only what differs from the first values stands in the address. */
  #write(): string {
    const query = new URLSearchParams();
    for (const [key, field] of Object.entries(this.#fields)) {
      const written = field.write(this.values[key]);
      if (written !== field.write(field.initial)) query.set(key, written);
    }
    return query.toString();
  }

  #read(query: string): Values<F> {
    const given = new URLSearchParams(query);
    const values = Object.entries(this.#fields).map(([key, field]) => {
      const text = given.get(key);
      const value = text === null ? undefined : field.read(text);
      return [key, value ?? structuredClone(field.initial)] as const;
    });
    return Object.fromEntries(values) as Values<F>;
  }
}

/** To be called while a component is set up. */
export function pageState<F extends AnyFields>(fields: F): PageState<F> {
  return new PageState(fields);
}
