// A contestant in Node: Nabla on Dawn (the package webgpu), asked by messages for what page.mjs does in a page.
import { create, globals } from "webgpu";
import { readData } from "../lib/data.mjs";
import { adapterOf, limitOf } from "./limit.mjs";

Object.assign(globalThis, globals);
await import("./counters.js");

/** Devices live as long as what they came from is referred to. */
const gpu = create([]);
let work;

const METHODS = {
  async adapter() {
    const { found: _, ...facts } = await adapterOf(gpu);
    return facts;
  },
  async limit() {
    return limitOf((await adapterOf(gpu)).found);
  },
  async prepare({ job, form, checked }, data) {
    const nabla = await import("../../dist/node.js");
    await nabla.startEngine({ engine: "webgpu" });
    const { product, training } = await import("../sides/nabla-work.mjs");
    work = job.kind === "product" ? product(nabla, job) : training(nabla, job, form, readData(data));
    const results = [];
    await work.start?.("check");
    for (let step = 0; step < checked; step++) results.push(await work.advance(1));
    return results.flat();
  },
  async steps(count) {
    const before = { ...globalThis.webgpuCounts };
    const start = performance.now();
    await work.advance(count);
    const milliseconds = performance.now() - start;
    const after = Object.entries(globalThis.webgpuCounts);
    return { milliseconds, counts: Object.fromEntries(after.map(([name, value]) => [name, value - before[name]])) };
  },
};

process.on("message", async ({ name, given }) => {
  try {
    process.send({ result: await METHODS[name](...given) });
  } catch (error) {
    process.send({ failed: error.message.split("\n")[0] });
  }
});
process.on("disconnect", () => process.exit(0));
