// The most that a device does: float32 multiply-adds a second, of numbers that stay in registers. What a product reaches of it says how well the product is
// cut, whatever the device.

/** Chains of four numbers that a thread has, so that no multiply-add waits for the one before. */
const CHAINS = 8;
const THREADS = 256;
const GROUPS = 4096;
const ROUNDS = 1024;

const names = Array.from({ length: CHAINS }, (_, i) => `a${i}`);
const CODE = `
@group(0) @binding(0) var<storage, read_write> data: array<vec4f>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = data[0];
  let y = data[1];
${names.map((name, i) => `  var ${name} = x + f32(id.x + ${i}u);`).join("\n")}
  for (var round = 0u; round < ${ROUNDS}u; round += 1u) {
${names.map((name) => `    ${name} = fma(${name}, x, y);`).join("\n")}
  }
  if (id.x < 2u) { data[2u + id.x] = ${names.join(" + ")}; }
}`;

/** What `info` tells of an adapter, and whether it is the processor that computes. */
export function describe({ info }) {
  const words = [info.vendor, info.architecture, info.description || info.device].filter(Boolean).join(" ");
  const software = info.isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|basic render/i.test(words);
  return { adapter: words || "unnamed", software };
}

/** The adapter of a WebGPU, or why there is none. */
export async function adapterOf(gpu) {
  if (gpu === undefined) return { missing: "no WebGPU" };
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  return adapter === null ? { missing: "no adapter" } : { ...describe(adapter), found: adapter };
}

/** Float32 operations a second, two of each multiply-add; the best of some tries. */
export async function limitOf(adapter) {
  const device = await adapter.requestDevice();
  // GPUBufferUsage.STORAGE.
  const buffer = device.createBuffer({ size: 64, usage: 128 });
  const pipeline = device.createComputePipeline({
    layout: "auto",
    compute: { module: device.createShaderModule({ code: CODE }), entryPoint: "main" },
  });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer } }],
  });
  const timed = async (count) => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let i = 0; i < count; i++) pass.dispatchWorkgroups(GROUPS);
    pass.end();
    const start = performance.now();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return (performance.now() - start) / 1000;
  };
  await timed(1);
  let count = 1;
  while ((await timed(count)) < 0.1 && count < 4096) count *= 2;
  let best = 0;
  for (let turn = 0; turn < 5; turn++) {
    const seconds = await timed(count);
    best = Math.max(best, (count * GROUPS * THREADS * ROUNDS * CHAINS * 4 * 2) / seconds);
  }
  device.destroy();
  return best;
}
