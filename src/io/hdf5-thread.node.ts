// HDF5 of strangers, read in a thread that can be stopped: HDF5's library is another's, and on one damaged file in some hundreds h5wasm 0.10.3 never
// ends. One thread a file, gone when the file is read: it leaves nothing behind that a damaged file may have changed.
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
/** What a timer takes, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

interface Start {
  readonly content: Uint8Array;
  readonly limits: Hdf5Limits;
  readonly memory: number;
  readonly kernels: WebAssembly.Module | undefined;
}

interface Surroundings {
  readonly start: Start;
  post(answer: Answer, given: ArrayBuffer[]): void;
  load(): Promise<H5Wasm>;
}

type Answer =
  | { readonly kind: "ready"; readonly kernels: WebAssembly.Module | undefined }
  | { readonly kind: "missing"; readonly error: unknown }
  | { readonly kind: "done"; readonly parts: Hdf5Part[] };

/** The thread's work. It is given as text, so it refers to nothing outside itself. */
async function work({ start, post, load }: Surroundings, walk: typeof walkHdf5): Promise<void> {
  const { content, limits, memory, kernels } = start;
  // Compiling takes longest. What one thread has compiled the next is given.
  let compiled = kernels;
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
  let h5wasm: H5Wasm;
  let module: unknown;
  try {
    h5wasm = await load();
    module = await h5wasm.ready;
  } catch (error) {
    post({ kind: "missing", error }, []);
    return;
  }
  post({ kind: "ready", kernels: compiled }, []);
  const parts = [...walk(h5wasm, module, content, "nabla.h5", limits)];
  const given = parts.flatMap((part) => (part.kind === "array" ? [part.bytes.buffer as ArrayBuffer] : []));
  post({ kind: "done", parts }, given);
}

/** A bare name is looked for from where this library lies, as an import in it would look for it: a program that is text lies nowhere. */
const PROGRAM = `
  // Compilers that keep functions' names write calls of this into them.
  const __name = (f) => f;
  const { parentPort, workerData: { start, found, place } } = require("node:worker_threads");
  const { constants, Script } = require("node:vm");
  const importModuleDynamically = constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  const load = () =>
    found.includes(":") || importModuleDynamically === undefined
      ? import(found)
      : new Script("import(" + JSON.stringify(found) + ")", { filename: place, importModuleDynamically }).runInThisContext();
  (${work})({ start, load, post: (answer, given) => parentPort.postMessage(answer, given) }, ${walkHdf5});
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

/** What is compiled of h5wasm, once a thread has. */
let kernels: WebAssembly.Module | undefined;

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
    const start: Start = { content, limits, memory: limits.bytes + LIBRARY_BYTES, kernels };
    // A bundler that makes CommonJS of this leaves no import.meta.url; there __filename says where the code is.
    const place = import.meta.url ?? __filename;
    const worker = new Worker(PROGRAM, {
      ...{
        eval: true,
        workerData: { start, found, place },
        transferList: [content.buffer as ArrayBuffer],
      },
      // Without variables and options of the process, as the engine's threads (platform.node.ts).
      ...{ env: {}, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES } },
    });
    let timer: NodeJS.Timeout | undefined;
    let ended = false;
    const end = (finish: () => void): void => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      void worker.terminate().then(finish);
    };
    const fail = (error: Error): void => end(() => reject(error));
    const late = (): void =>
      fail(
        damaged(`HDF5's library, h5wasm, did not end within ${timeLimit} seconds and was stopped (option timeLimit)`),
      );
    worker.on("message", (answer: Answer) => {
      if (answer.kind === "missing") fail(notInstalled(path, "read", answer.error));
      else if (answer.kind === "done") end(() => resolve(answer.parts));
      else {
        kernels = answer.kernels;
        // Where the caller's thread was busy for longer, the answer waits behind the timer: it is looked at first.
        if (timeLimit * 1000 <= LONGEST_TIMER && !ended) timer = setTimeout(() => setImmediate(late), timeLimit * 1000);
      }
    });
    worker.on("error", (error: NodeJS.ErrnoException) => {
      const memory = error.code === "ERR_WORKER_OUT_OF_MEMORY";
      const told = damaged(`HDF5's library, h5wasm, ${memory ? "fills memory with" : "fails on"} it`);
      fail(Object.assign(told, { cause: error }));
    });
    worker.on("exit", () => fail(damaged("HDF5's library, h5wasm, ended its thread")));
  });
}
