// A contestant in its page: the library on WebGPU, doing a job's steps as often as it is asked. `prepare` is called once, the others after it.
import { Cannot } from "../sides/refusals.mjs";
import { adapterOf, limitOf } from "./limit.mjs";

const script = (url) =>
  new Promise((resolve, reject) => {
    const element = document.createElement("script");
    Object.assign(element, { src: url, onload: resolve, onerror: () => reject(new Error(`no ${url}`)) });
    document.head.append(element);
  });

const SIDES = {
  async nabla({ job, form }, array) {
    const nabla = await import("/dist/index.js");
    await nabla.startEngine({ engine: "webgpu" });
    const { product, training } = await import("../sides/nabla-work.mjs");
    return job.kind === "product" ? product(nabla, job) : training(nabla, job, form, array);
  },
  async jax({ job }, array) {
    const jax = await import("/bench/node_modules/@jax-js/jax/dist/index.js");
    if (!(await jax.init("webgpu")).includes("webgpu")) throw new Cannot("its device does not start here");
    jax.defaultDevice("webgpu");
    const { product, training } = await import("../sides/jax-work.mjs");
    return job.kind === "product" ? product(jax, job) : training(jax, job, array);
  },
  async tfjs({ job }, array, names) {
    const folder = "/bench/node_modules/@tensorflow";
    await script(`${folder}/tfjs/dist/tf.min.js`);
    await script(`${folder}/tfjs-backend-webgpu/dist/tf-backend-webgpu.min.js`);
    const { tf } = globalThis;
    if (!(await tf.setBackend("webgpu"))) throw new Cannot("its device does not start here");
    await tf.ready();
    const { product, training } = await import("../sides/tfjs-work.mjs");
    return job.kind === "product" ? product(tf, job) : training(tf, job, array, names);
  },
};

let work;

/** The adapter that pages have here. */
export async function adapter() {
  const { found: _, ...facts } = await adapterOf(navigator.gpu);
  return facts;
}

/** Float32 operations a second of that adapter. */
export async function limit() {
  return limitOf((await adapterOf(navigator.gpu)).found);
}

/** Makes the work; `data` says where its arrays stand in /data.bin. Gives its first results. */
export async function prepare(request, data) {
  const bytes = request.job.kind === "product" ? undefined : await (await fetch("/data.bin")).arrayBuffer();
  const array = (name) => {
    const { dtype, shape, start } = data.arrays[name];
    const length = shape.reduce((product, side) => product * side, 1);
    const buffer = bytes.slice(start, start + 4 * length);
    return { shape, values: dtype === "int32" ? new Int32Array(buffer) : new Float32Array(buffer) };
  };
  const names = Object.keys(data.arrays).filter((name) => name.startsWith(`${request.job.id}.`));
  work = await SIDES[request.side](request, array, names);
  const results = [];
  await work.start?.("check");
  for (let step = 0; step < request.checked; step++) results.push(await work.advance(1));
  return results.flat();
}

/** So many steps: milliseconds, and what was asked of WebGPU meanwhile. */
export async function steps(count) {
  const before = { ...globalThis.webgpuCounts };
  const start = performance.now();
  await work.advance(count);
  const milliseconds = performance.now() - start;
  const counts = Object.fromEntries(
    Object.entries(globalThis.webgpuCounts).map(([name, value]) => [name, value - before[name]]),
  );
  return { milliseconds, counts };
}
