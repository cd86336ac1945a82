// Who takes part: for each, the command that starts its side, and the kinds of jobs it is asked to do. Whether it can, it says itself.
// PyTorch comes first: the others are compared with it.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { hasAvx512 } from "./machine.mjs";

const side = (name) => fileURLToPath(new URL(`../sides/${name}`, import.meta.url));

/** Debian's own, where its PyTorch is; elsewhere whatever is called python3. */
export function python() {
  return process.env.NABLA_BENCH_PYTHON || (existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3");
}

function pythonEnvironment(threads) {
  // Settings of the surrounding shell would change the figures.
  const inherited = Object.keys(process.env).filter((name) => name.startsWith("OPENBLAS_"));
  const counts = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"];
  return {
    ...Object.fromEntries(inherited.map((name) => [name, undefined])),
    ...Object.fromEntries(counts.map((name) => [name, String(threads)])),
    // OpenBLAS before 0.3.22 does not know the newest processors and falls back to AVX2.
    ...(hasAvx512() && { OPENBLAS_CORETYPE: "SkylakeX" }),
    PYTHONDONTWRITEBYTECODE: "1",
  };
}

const count = (threads) => `${threads} thread${threads === 1 ? "" : "s"}`;

function peersOf(threadCounts) {
  const command = [python()];
  const everything = ["training", "inference", "product", "bandwidth", "overhead", "startup"];
  return [
    ...threadCounts.map((threads) => ({
      name: `PyTorch, ${count(threads)}`,
      group: "pytorch",
      threads,
      command: [...command, side("pytorch.py")],
      environment: pythonEnvironment(threads),
      kinds: threads === threadCounts[0] ? everything : everything.filter((kind) => kind !== "overhead"),
    })),
    ...[
      { form: "book", name: "NumPy, the book's program" },
      { form: "matrix", name: "NumPy, batch as a matrix" },
    ].map(({ form, name }) => ({
      ...{ name, form, group: "numpy", threads: 1 },
      command: [...command, side("numpy_book.py")],
      environment: pythonEnvironment(1),
      kinds: ["training"],
      only: ["J1"],
    })),
    {
      ...{ name: "tfjs-wasm", group: "tfjs", threads: 1, command: [process.execPath, side("tfjs.mjs")] },
      kinds: ["training", "product", "overhead", "startup"],
    },
    {
      ...{ name: "jax-js", group: "jax", threads: 1, command: [process.execPath, side("jax.mjs")] },
      kinds: ["training", "product", "startup"],
    },
    ...threadCounts.map((threads) => ({
      ...{ name: `onnxruntime-node, ${count(threads)}`, group: "onnx-node", form: "node", threads },
      command: [process.execPath, side("onnxruntime.mjs")],
      kinds: ["inference", "loading"],
    })),
    ...threadCounts.map((threads) => ({
      ...{ name: `onnxruntime-web, ${count(threads)}`, group: "onnx-web", form: "web", threads },
      command: [process.execPath, side("onnxruntime.mjs")],
      kinds: ["inference", "loading"],
    })),
    ...threadCounts.map((threads) => ({
      ...{ name: `memcpy, ${count(threads)}`, group: "copy", threads },
      command: [process.execPath, side("copy.mjs")],
      kinds: ["bandwidth"],
      only: ["bandwidth-copy"],
    })),
  ];
}

/** Jobs that are measured through the library's own layers, too. */
const LAYERED = ["J4", "J5", "J7"];

function nablas(engines, threadCounts) {
  const command = [process.execPath, side("nabla.mjs")];
  return engines.flatMap((engine) =>
    threadCounts.flatMap((threads) => {
      const common = { group: "nabla", engine, threads, command };
      const name = `Nabla ${engine}, ${count(threads)}`;
      const kinds = ["training", "inference", "product", "bandwidth", "search", "startup"];
      // An operation on one element is not shared among threads: one figure is enough.
      if (threads === threadCounts[0]) kinds.push("overhead");
      return [
        { ...common, name, form: "loop", kinds: [...kinds, "loading"] },
        { ...common, name: `${name}, captured`, form: "capture", kinds: ["training", "inference"] },
        { ...common, name: `${name}, fit`, form: "fit", kinds: ["training"] },
        {
          ...common,
          name: `${name}, fit with the library's layers`,
          form: "layers",
          kinds: ["training"],
          only: LAYERED,
        },
      ];
    }),
  );
}

/** Everyone, in the order of the tables. */
export function contestants({ engines, threadCounts, withPeers }) {
  const all = [...(withPeers ? peersOf(threadCounts) : []), ...nablas(engines, threadCounts)];
  // `who` is the name without threads and form.
  return all.map((one) => ({ ...one, who: one.engine ? `Nabla ${one.engine}` : one.name.split(",")[0] }));
}
