// A thread that loads a native module must not be ended meanwhile: the module's start, cut short, ends the whole process (koffi 3.3.4: SIGABRT). So a thread
// tells when it loads, and who would end it, or the process, waits until it has loaded, or comes before it and forbids it.

/** A word that two threads share, and what it says. */
export const LOADING = { bytes: 4, notBegun: 0, loading: 1, done: 2, forbidden: 3 } as const;

/** How long to wait for a thread that loads, in milliseconds: beyond this something else is wrong. */
const PATIENCE = 20_000;

/** Runs `load` on the thread that owns the gate, and returns its result; undefined if the thread is to end. Runs from its source text (see thread.ts). */
export function loadBehind<T>(gate: Int32Array, words: typeof LOADING, load: () => T): T | undefined {
  if (Atomics.compareExchange(gate, 0, words.notBegun, words.loading) !== words.notBegun) return undefined;
  try {
    return load();
  } finally {
    Atomics.store(gate, 0, words.done);
    Atomics.notify(gate, 0);
  }
}

/** Gates of threads that may still come to load. */
const open = new Set<Int32Array>();

/** Returns once the thread behind the gate does not load, and will not. */
export function closeGate(gate: Int32Array): void {
  const { notBegun, loading, forbidden } = LOADING;
  if (Atomics.compareExchange(gate, 0, notBegun, forbidden) === loading) Atomics.wait(gate, 0, loading, PATIENCE);
  open.delete(gate);
}

let listening = false;

/** A gate for a thread that is about to start. It is closed when the process exits. */
export function makeGate(): Int32Array {
  if (!listening) {
    listening = true;
    process.on("exit", () => {
      for (const gate of open) closeGate(gate);
    });
  }
  const gate = new Int32Array(new SharedArrayBuffer(LOADING.bytes));
  open.add(gate);
  return gate;
}
