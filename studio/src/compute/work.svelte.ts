// A page's side of its worker: `const work = openWork<typeof import("./work.ts")>("demos/07-toy-neurons")`, then `await work.call("train", 3)` or
// `for await (const frame of work.stream("run", settings))`. The types are those of the module; the page stays fluid while it computes.
import type { Reply, Request } from "./messages.ts";

type Frames<R> = R extends Iterable<infer T> | AsyncIterable<infer T> ? T : never;

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

/** A failure in the worker: its message, and the name of its class. */
export class WorkError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

export class Work<M> {
  readonly #module: string;
  #worker: Worker | undefined;
  #last = 0;
  readonly #waiting = new Map<number, Waiting>();

  constructor(module: string) {
    this.#module = module;
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: this.#module });
    worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
      const waiting = this.#waiting.get(data.id);
      if (waiting === undefined) return;
      this.#waiting.delete(data.id);
      if (data.kind === "error") waiting.reject(new WorkError(data.name, data.message));
      else waiting.resolve(data);
    });
    worker.addEventListener("error", (event) => {
      this.#fail(new WorkError("Error", event.message || "the worker could not be started"));
    });
    this.#worker = worker;
    return worker;
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #ask(request: Request): Promise<Reply> {
    const worker = this.#start();
    return new Promise((resolve, reject) => {
      this.#waiting.set(request.id, { resolve, reject });
      // What a page holds may be a proxy, which no message carries.
      worker.postMessage($state.snapshot(request));
    });
  }

  #begin(name: string, values: readonly unknown[]): Promise<Reply> {
    this.#last += 1;
    return this.#ask({ kind: "call", id: this.#last, module: this.#module, name, values });
  }

  /** Calls a function of the module and waits for what it returns. */
  async call<K extends keyof M & string>(
    name: K,
    ...values: M[K] extends (...values: infer V) => unknown ? V : never
  ): Promise<M[K] extends (...values: never[]) => infer R ? Awaited<R> : never> {
    const reply = await this.#begin(name, values);
    if (reply.kind !== "value") throw new WorkError("TypeError", `${name} returns a stream: take it with stream()`);
    return reply.value as never;
  }

  /** The values of a generator of the module. Leaving the loop ends it. */
  async *stream<K extends keyof M & string>(
    name: K,
    ...values: M[K] extends (...values: infer V) => unknown ? V : never
  ): AsyncGenerator<M[K] extends (...values: never[]) => infer R ? Frames<R> : never, void> {
    const begun = await this.#begin(name, values);
    if (begun.kind !== "started") throw new WorkError("TypeError", `${name} returns a value: take it with call()`);
    const { id } = begun;
    let over = false;
    try {
      for (;;) {
        const reply = await this.#ask({ kind: "next", id });
        if (reply.kind !== "frame") {
          over = true;
          return;
        }
        yield reply.value as never;
      }
    } catch (error) {
      over = true;
      throw error;
    } finally {
      if (!over) this.#worker?.postMessage({ kind: "end", id } satisfies Request);
    }
  }

  /** Ends the worker at once, and whatever it does. The next call starts another. */
  close(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#fail(new WorkError("AbortError", "the work was ended"));
  }
}

/** To be called while a component is set up: the worker ends with its page. `module` is the folder of work.ts, from studio/src. */
export function openWork<M>(module: string): Work<M> {
  const work = new Work<M>(module);
  $effect(() => () => work.close());
  return work;
}
