// HDF5 of strangers, read in a thread that can be stopped: HDF5's library is another's, and on one damaged file in some hundreds h5wasm 0.10.3 never
// ends. A thread that has read a file waits for the next a while; each file has a library made anew, so nothing stays that a damaged one may have changed.
import { Worker } from "node:worker_threads";
import { type H5Wasm, type Hdf5Limits, type Hdf5Part, walkHdf5 } from "./hdf5.ts";
import type { OpenedKeras } from "./keras-file.ts";

/** Not a literal: bundlers would look for the package, which few need. */
export const H5WASM = "h5wasm";

/** What is missing, and the remedy. */
export function notInstalled(path: string, what: "read" | "write", cause: unknown): Error {
  const why = `to ${what} HDF5, the package h5wasm is needed, which is not installed`;
  return new Error(`${path}: ${why}: npm install h5wasm`, { cause });
}

/** Of JavaScript's own values; arrays and the library's memory are counted by themselves. */
const HEAP_MEGABYTES = 512;
/** What HDF5's library takes beside the arrays of a file. */
const LIBRARY_BYTES = 64 * 2 ** 20;
/** How long a thread waits for the next file, in milliseconds: files of one work follow each other at once. */
const PATIENCE = 1000;
/** Most memory that the library of a thread that waits may have come to. */
const KEPT_BYTES = 64 * 2 ** 20;
/** A program that was loaded stays in the list of what is loaded, about 0.1 MiB a time. */
const MOST_FILES = 256;
/** What a timer takes, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

interface Start {
  readonly kernels: WebAssembly.Module | undefined;
  readonly mostKept: number;
}

interface Surroundings {
  readonly start: Start;
  post(answer: Answer, given?: ArrayBuffer[]): void;
  listen(answer: (asked: Asked) => void): void;
  /** h5wasm; each time another one, if the thread may be kept. */
  load(): Promise<H5Wasm>;
}

/** First the library, so that nothing is given away to a thread that ends before it begins; then the file. */
type Asked =
  | { readonly kind: "library"; readonly memory: number }
  | { readonly kind: "file"; readonly content: Uint8Array; readonly limits: Hdf5Limits };

type Answer =
  | { readonly kind: "ready"; readonly kernels: WebAssembly.Module | undefined }
  | { readonly kind: "missing"; readonly error: unknown }
  | { readonly kind: "done"; readonly parts: Hdf5Part[]; readonly small: boolean };

/** The thread's work. It is given as text, so it refers to nothing outside itself. */
function work({ start: { kernels, mostKept }, post, listen, load }: Surroundings, walk: typeof walkHdf5): void {
  type Library = Record<"FS", object> & { readonly HEAPU8?: Uint8Array };
  type Use = (instance: WebAssembly.Instance, compiled: WebAssembly.Module) => void;
  // Compiling takes long. What one thread has compiled the next is given.
  let compiled = kernels;
  let memory = 0;
  let h5wasm: H5Wasm;
  let module: Library;
  const { instantiate } = WebAssembly as { instantiate(source: unknown, imports: unknown): Promise<unknown> };
  const keeping = async (source: unknown, imports: unknown): Promise<unknown> => {
    if (source instanceof WebAssembly.Module) return instantiate(source, imports);
    compiled ??= await WebAssembly.compile(source as BufferSource);
    return { module: compiled, instance: await instantiate(compiled, imports) };
  };
  Object.assign(WebAssembly, { instantiate: keeping });
  // A damaged size would have the library ask for all memory that there is. This is how it hears that there is none.
  const { grow } = WebAssembly.Memory.prototype;
  WebAssembly.Memory.prototype.grow = function (pages) {
    if (this.buffer.byteLength + 65536 * pages > memory) throw new RangeError("no more memory");
    return grow.call(this, pages);
  };
  // What the library has to say goes to the caller as an error, not to the process' output.
  for (const method of ["log", "warn", "error"] as const) console[method] = () => {};

  /** Where it is compiled, four million characters need not become its bytes again: Emscripten's hook, which h5wasm leaves no other way to give. */
  const hook = (known: WebAssembly.Module) => ({
    configurable: true,
    value: (imports: unknown, use: Use) => {
      void instantiate(known, imports).then((instance) => use(instance as WebAssembly.Instance, known));
      return {};
    },
  });

  async function begin(): Promise<void> {
    if (compiled !== undefined) Object.defineProperty(Object.prototype, "instantiateWasm", hook(compiled));
    try {
      h5wasm = await load();
      module = (await h5wasm.ready) as Library;
    } finally {
      Reflect.deleteProperty(Object.prototype, "instantiateWasm");
    }
  }

  function read(content: Uint8Array, limits: Hdf5Limits): void {
    const parts = [...walk(h5wasm, module, content, "nabla.h5", limits)];
    const small = (module.HEAPU8?.length ?? 0) <= mostKept;
    // Its program is never forgotten, and would keep its memory.
    for (const holder of [module.FS, module])
      for (const key of Reflect.ownKeys(holder)) Reflect.deleteProperty(holder, key);
    const given = parts.flatMap((part) => (part.kind === "array" ? [part.bytes.buffer as ArrayBuffer] : []));
    post({ kind: "done", parts, small }, given);
  }

  listen((asked) => {
    if (asked.kind === "file") return read(asked.content, asked.limits);
    memory = asked.memory;
    begin().then(
      () => post({ kind: "ready", kernels: compiled }),
      (error: unknown) => post({ kind: "missing", error }),
    );
  });
}

/**
 * A bare name is looked for from where this library lies, as an import in it would look for it: a program that is text lies nowhere. An address is another
 * program with each fragment behind it, though what it imports, nearly all of it, is the same.
 */
const PROGRAM = `
  // Compilers that keep functions' names write calls of this into them.
  const __name = (f) => f;
  const { parentPort, workerData: { start, found, place } } = require("node:worker_threads");
  const { constants, Script } = require("node:vm");
  const importModuleDynamically = constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  let times = 0;
  const load = () => {
    if (found.includes(":")) return import(found + "#" + times++);
    if (importModuleDynamically === undefined) return import(found);
    return new Script("import(" + JSON.stringify(found) + ")", { filename: place, importModuleDynamically }).runInThisContext();
  };
  const post = (answer, given) => parentPort.postMessage(answer, given);
  (${work})({ start, load, post, listen: (answer) => parentPort.on("message", answer) }, ${walkHdf5});
`;

/** The package's address, or its name where that can't be told. */
function addressOf(name: string): string {
  try {
    // A bundler that makes CommonJS of this leaves nothing of import.meta.
    return import.meta.resolve?.(name) ?? name;
  } catch {
    return name;
  }
}

/** What is compiled of h5wasm, once a thread has, by where it lies. */
const kernels = new Map<string, WebAssembly.Module>();

/** A thread with h5wasm's program, which reads one file at a time. */
interface Thread {
  readonly worker: Worker;
  readonly found: string;
  files: number;
  /** Told what comes from it, and how it ends; nobody while it waits. */
  answer(answer: Answer): void;
  ended(error?: NodeJS.ErrnoException): void;
}

/** The one that waits for the next file. */
let waiting: { readonly thread: Thread; readonly timer: NodeJS.Timeout; stop(): void } | undefined;

function startThread(found: string): Thread {
  // A bundler that makes CommonJS of this leaves no import.meta.url; there __filename says where the code is.
  const place = import.meta.url ?? __filename;
  const start: Start = { kernels: kernels.get(found), mostKept: KEPT_BYTES };
  const worker = new Worker(PROGRAM, {
    ...{ eval: true, workerData: { start, found, place } },
    // Without variables and options of the process, as the engine's threads (platform.node.ts).
    ...{ env: {}, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES } },
  });
  const thread: Thread = { worker, found, files: 0, answer() {}, ended() {} };
  worker.on("message", (answer: Answer) => thread.answer(answer));
  worker.on("error", (error: NodeJS.ErrnoException) => thread.ended(error));
  worker.on("exit", () => thread.ended());
  return thread;
}

/** The thread that waits, if it has the same program, else a new one. */
function takeThread(found: string): Thread {
  if (waiting?.thread.found !== found) return startThread(found);
  const { thread, timer } = waiting;
  waiting = undefined;
  clearTimeout(timer);
  thread.worker.ref();
  return thread;
}

/** Has a thread wait, without keeping the process, in place of another that waits; not if it can't be given another library. */
function keepThread(thread: Thread): boolean {
  if (thread.files >= MOST_FILES || !thread.found.includes(":")) return false;
  waiting?.stop();
  const stop = (): void => {
    if (waiting?.thread === thread) {
      clearTimeout(waiting.timer);
      waiting = undefined;
    }
    void thread.worker.terminate();
  };
  thread.answer = stop;
  thread.ended = stop;
  thread.worker.unref();
  waiting = { thread, stop, timer: setTimeout(stop, PATIENCE).unref() };
  return true;
}

/**
 * What `walkHdf5` finds. The bytes of `content` are given away.
 * @param timeLimit in seconds; the library's own start is not counted.
 * @param found where h5wasm lies.
 * @throws Error naming the file: h5wasm is missing, does not end, or ends its thread.
 */
export function walkInThread(
  { content, limits, damaged }: OpenedKeras,
  path: string,
  timeLimit: number,
  found = addressOf(H5WASM),
): Promise<Hdf5Part[]> {
  return new Promise((resolve, reject) => {
    const thread = takeThread(found);
    const { worker } = thread;
    let timer: NodeJS.Timeout | undefined;
    let ended = false;
    const end = (finish: () => void, keep = false): void => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      if (keep && keepThread(thread)) finish();
      else void worker.terminate().then(finish);
    };
    const fail = (error: Error): void => end(() => reject(error));
    const late = (): void =>
      fail(
        damaged(`HDF5's library, h5wasm, did not end within ${timeLimit} seconds and was stopped (option timeLimit)`),
      );
    thread.answer = (answer) => {
      if (answer.kind === "missing") fail(notInstalled(path, "read", answer.error));
      else if (answer.kind === "done") end(() => resolve(answer.parts), answer.small);
      else {
        if (answer.kernels !== undefined) kernels.set(found, answer.kernels);
        thread.files += 1;
        ask({ kind: "file", content, limits }, [content.buffer as ArrayBuffer]);
        // Where the caller's thread was busy for longer, the answer waits behind the timer: it is looked at first.
        if (timeLimit * 1000 <= LONGEST_TIMER && !ended) timer = setTimeout(() => setImmediate(late), timeLimit * 1000);
      }
    };
    thread.ended = (error) => {
      if (error === undefined) return fail(damaged("HDF5's library, h5wasm, ended its thread"));
      const memory = error.code === "ERR_WORKER_OUT_OF_MEMORY";
      const told = damaged(`HDF5's library, h5wasm, ${memory ? "fills memory with" : "fails on"} it`);
      fail(Object.assign(told, { cause: error }));
    };
    const ask = (asked: Asked, given?: ArrayBuffer[]): void => worker.postMessage(asked, given);
    ask({ kind: "library", memory: limits.bytes + LIBRARY_BYTES });
  });
}
