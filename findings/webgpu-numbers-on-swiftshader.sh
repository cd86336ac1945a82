#!/usr/bin/env bash
# One would expect: that a WebGPU device computes with NaN and infinities as IEEE 754 has it, at least where it has both in memory: a NaN is not equal
# to itself, the larger of NaN and 1 is not 1 without a word, tanh(100) is 1, log(0) is minus infinity.
#
# Instead, on SwiftShader (driver 5.0.0, of Debian's Chromium 156, through Dawn in webgpu 0.6.2): x != x is false for a NaN from memory, max(NaN, 1) is 1,
# tanh(100) is NaN, log(0) is about -88, and the double of a subnormal number is 0. WGSL allows all of it: "implementations may
# assume that overflow, infinities, and NaNs are not present during shader execution" ("Differences from IEEE-754").
#
# Without functions of its own, Nabla's engine webgpu would give a relu that swallows NaN, an LSTM whose states are NaN, and a loss of 88 where it is
# infinite.
set -u
command -v node >/dev/null || { echo "needs node"; exit 2; }
library=""
for folder in /usr/lib/chromium /usr/lib64/chromium /usr/lib/x86_64-linux-gnu /usr/lib64; do
  [ -e "$folder/libvulkan.so.1" ] && { library="$folder"; break; }
done
driver="${VK_ICD_FILENAMES:-/usr/lib/chromium/vk_swiftshader_icd.json}"
[ -n "$library" ] && [ -e "$driver" ] || { echo "needs Vulkan's loader and SwiftShader (Debian: apt-get install chromium)"; exit 2; }
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
npm install --prefix "$folder" --no-audit --no-fund --loglevel=error webgpu@0.6.2 >/dev/null 2>&1 || { echo "webgpu 0.6.2 could not be had"; exit 2; }
cat >"$folder/see.mjs" <<'PROGRAM'
import { create } from "webgpu";
const gpu = create([]);
const adapter = await gpu.requestAdapter();
if (adapter === null) process.exit(2);
const device = await adapter.requestDevice();
const code = `
@group(0) @binding(0) var<storage, read_write> x: array<f32>;
@compute @workgroup_size(1) fn main() {
  x[8] = select(0.0, 1.0, x[0] != x[0]);
  x[9] = max(x[0], 1.0);
  x[10] = tanh(x[1]);
  x[11] = log(x[2]);
  x[12] = x[3] * 2.0;
}`;
const memory = device.createBuffer({ size: 256, usage: 128 | 4 | 8 });
const result = device.createBuffer({ size: 256, usage: 1 | 8 });
device.queue.writeBuffer(memory, 0, new Float32Array([NaN, 100, 0, 1e-40]));
const module = device.createShaderModule({ code });
const pipeline = device.createComputePipeline({ layout: "auto", compute: { module } });
const entries = [{ binding: 0, resource: { buffer: memory } }];
const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
const encoder = device.createCommandEncoder();
const pass = encoder.beginComputePass();
pass.setPipeline(pipeline);
pass.setBindGroup(0, group);
pass.dispatchWorkgroups(1);
pass.end();
encoder.copyBufferToBuffer(memory, 0, result, 0, 256);
device.queue.submit([encoder.finish()]);
await result.mapAsync(1);
const [unequal, larger, tangent, logarithm, doubled] = new Float32Array(result.getMappedRange()).slice(8, 13);
console.log(`${adapter.info.description} (${adapter.info.device})`);
console.log({ "NaN != NaN": unequal, "max(NaN, 1)": larger, "tanh(100)": tangent, "log(0)": logarithm, "2 * 1e-40": doubled });
const described = unequal === 0 && larger === 1 && Number.isNaN(tangent) && logarithm > -100 && doubled === 0;
process.exit(described ? 0 : 1);
PROGRAM
VK_ICD_FILENAMES="$driver" LD_LIBRARY_PATH="$library${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" node "$folder/see.mjs" 2>&1
