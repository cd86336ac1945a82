// ONNX Runtime's side of inference: `form` "node" is onnxruntime-node, "web" onnxruntime-web's WebAssembly in Node.
import { readFileSync } from "node:fs";
import { inputOf } from "../lib/inference.mjs";
import { peer, serve } from "./serve.mjs";

const OPTIONS = {
  node: ({ threads }) => ({ intraOpNumThreads: threads, interOpNumThreads: 1 }),
  web: () => ({ executionProviders: ["wasm"] }),
};

await serve(async ({ job, data, threads, form }) => {
  const module = await peer(form === "node" ? "onnxruntime-node" : "onnxruntime-web");
  const ort = module.default?.InferenceSession ? module.default : module;
  if (form === "web") ort.env.wasm.numThreads = threads;
  const load = () => {
    const model = new Uint8Array(readFileSync(`${data.networks}/${job.network}.onnx`));
    return ort.InferenceSession.create(model, OPTIONS[form]({ threads }));
  };
  const session = job.kind === "loading" ? undefined : await load();
  const { shape, values } = inputOf(job);
  const feeds = { x: new ort.Tensor("float32", values, shape) };
  return {
    start() {},
    async advance(count) {
      let outputs;
      for (let i = 0; i < count; i++) {
        const own = session ?? (await load());
        outputs = await own.run(feeds);
        if (session === undefined) await own.release();
      }
      return [...outputs.y.data.slice(0, 10)];
    },
    version: ort.env.versions[form],
  };
});
