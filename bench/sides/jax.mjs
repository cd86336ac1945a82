// jax-js's side, on its WebAssembly device.
import { readData } from "../lib/data.mjs";
import { product, stepOf, training } from "./jax-work.mjs";
import { Cannot, peer, serve } from "./serve.mjs";

const VERSION = "0.1.25, wasm, jit";

async function importJax() {
  const jax = await peer("@jax-js/jax");
  const devices = await jax.init("wasm");
  if (!devices.includes("wasm")) throw new Cannot("its WebAssembly device does not start here");
  jax.defaultDevice("wasm");
  return jax;
}

const KINDS = {
  training: (jax, { job, data }) => training(jax, job, readData(data)),
  product: (jax, { job }) => product(jax, job),
};

async function startup({ job: { model: job } }) {
  const start = performance.now();
  const jax = await importJax();
  const { numpy: np } = jax;
  const parameters = job.layers.map(({ inputs, outputs }) => ({
    weights: np.zeros([inputs, outputs]),
    bias: np.zeros([outputs]),
  }));
  const [, loss] = stepOf(jax, job)(parameters, np.zeros([job.batch, 784]), np.zeros([job.batch, 10]));
  loss.item();
  return { milliseconds: performance.now() - start, version: VERSION };
}

await serve(async (request) => {
  const { job } = request;
  if (job.kind === "startup") return startup(request);
  if (!(job.kind in KINDS)) throw new Cannot("not measured");
  if (job.input === "text") throw new Cannot("has no loop in compiled code for the 50 steps");
  const jax = await importJax();
  return { start() {}, ...KINDS[job.kind](jax, request), version: VERSION };
});
