// The worker of a page: loads the module that a call names and runs its function. Nabla's own threads start from here, where the page is isolated.
import type { Reply, Request } from "./messages.ts";

type Module = Readonly<Record<string, (...values: unknown[]) => unknown>>;
type Stream = Iterator<unknown> | AsyncIterator<unknown>;

const modules = import.meta.glob<Module>("../**/work.ts");
const streams = new Map<number, Stream>();

function send(reply: Reply): void {
  postMessage(reply);
}

function streamOf(value: unknown): Stream | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (Symbol.asyncIterator in value) return (value as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  // Arrays and typed arrays are values; generators are streams.
  if (Symbol.iterator in value && "next" in value) return (value as Iterable<unknown>)[Symbol.iterator]();
  return undefined;
}

async function answer(request: Request): Promise<void> {
  const { id } = request;
  if (request.kind === "call") {
    const load = modules[`../${request.module}/work.ts`];
    if (load === undefined) throw new Error(`there is no work.ts in ${request.module}`);
    const work = (await load())[request.name];
    if (typeof work !== "function") throw new Error(`${request.module}/work.ts exports no function ${request.name}`);
    const value = await work(...request.values);
    const stream = streamOf(value);
    if (stream === undefined) {
      send({ kind: "value", id, value });
      return;
    }
    streams.set(id, stream);
    send({ kind: "started", id });
    return;
  }
  const stream = streams.get(id);
  if (stream === undefined) return;
  if (request.kind === "end") {
    streams.delete(id);
    await stream.return?.();
    return;
  }
  const { done, value } = await stream.next();
  if (done) {
    streams.delete(id);
    send({ kind: "done", id });
  } else if (streams.has(id)) {
    send({ kind: "frame", id, value });
  }
}

globalThis.addEventListener("message", ({ data }: MessageEvent<Request>) => {
  answer(data).catch((error: unknown) => {
    streams.delete(data.id);
    const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
    send({ kind: "error", id: data.id, name, message });
  });
});
