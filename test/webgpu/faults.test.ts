// What goes wrong on a device is caught and named, and never becomes a wrong value.
import { describe, expect, test } from "vitest";
import { setEngine } from "../../src/engine/engine.ts";
import { platform, setPlatform } from "../../src/engine/platform.ts";
import type { WebGpuEngine } from "../../src/engine/webgpu/engine.ts";
import { startWebGpu } from "../../src/engine/webgpu/start.ts";
import * as nb from "../../src/node.ts";
import { noDevice, whyNoDevice } from "./device.ts";

/** A new engine; tensors of the one before are of no use any more. */
async function restart(options: { maximumBytes?: number } = {}): Promise<WebGpuEngine> {
  const made = await startWebGpu(options);
  setEngine(made);
  return made;
}

describe.skipIf(noDevice !== undefined)(`faults of a device${whyNoDevice}`, () => {
  test("float64 is refused, and the engines that have it are named", () => {
    expect(() => nb.tensor([1], "float64")).toThrow(/no float64.*"wasm", or "native"/);
    expect(() => nb.cast(nb.tensor([1]), "float64")).toThrow(/no float64/);
  });

  test("an operation that there is not is named", () => {
    expect(() => nb.nonZero(nb.tensor([1, 0]).mul(1))).toThrow(/nonZero.*"webgpu".*"wasm"/s);
  });

  test("values that were computed can't be read at once; values that came from JavaScript can", () => {
    const x = nb.tensor([1, 2, 3]);
    expect([...x.dataSync()]).toEqual([1, 2, 3]);
    expect([...x.get("::-1").dataSync()]).toEqual([3, 2, 1]);
    expect(() => x.add(1).dataSync()).toThrow(/await tensor.data\(\)/);
    expect(() => x.sum().item()).toThrow(/\(await tensor.data\(\)\)\[0\]/);
  });

  test("an index out of range is told by the next read", async () => {
    const y = nb.embedding(nb.ones([4, 2]), nb.tensor([0, 9, 1], "int32"));
    await expect(y.data()).rejects.toThrow(/index 9 at position 1 is not in 0 to 3/);
    expect([...(await nb.ones([2]).data())]).toEqual([1, 1]);
  });

  test("an index out of range changes no other tensor", async () => {
    const before = nb.ones([64]);
    const w = nb.ones([4, 2]).requireGradient();
    const behind = nb.ones([64]);
    nb.scope(() => nb.backward(nb.embedding(w, nb.tensor([5, 1, 2000, -3, 40], "int32")).sum()));
    await expect(w.gradient!.data()).rejects.toThrow(/index \S+ at position \d+ is not in 0 to 3/);
    expect([...(await w.gradient!.data())]).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
    for (const x of [before, behind]) expect(new Set(await x.data())).toEqual(new Set([1]));
  });

  test("memory that is exhausted names the largest tensors", async () => {
    await restart({ maximumBytes: 1 << 20 });
    expect(() => nb.scope(() => nb.zeros([200_000]).add(nb.zeros([200_000])))).toThrow(/200000|memory/);
    expect([...(await nb.ones([2]).data())]).toEqual([1, 1]);
  });

  test("memory that the device grants not is told by the next read", async () => {
    const { device } = await restart();
    const { gpu } = device;
    const scopes = gpu.pushErrorScope.bind(gpu);
    const pop = gpu.popErrorScope.bind(gpu);
    // As a device answers that has none left; ours would have to be filled.
    gpu.pushErrorScope = (filter) => scopes(filter);
    gpu.popErrorScope = async () => {
      await pop();
      return { message: "no memory left" } as GPUError;
    };
    const x = nb.zeros([8 << 20]);
    await expect(x.get(0).data()).rejects.toThrow(/the device has no \d+ MiB of memory for tensors \(no memory left\)/);
  });

  test("a kernel that the device refuses is named", async () => {
    const made = await restart();
    made.each({ name: "broken", parameters: "n", body: "this is no WGSL" }, [1], 1);
    await expect(nb.ones([1]).data()).rejects.toThrow(/refused the kernel broken/);
  });

  test("a device that is lost is named", async () => {
    const { device } = await restart();
    const x = nb.ones([3]);
    await x.data();
    device.gpu.destroy();
    await device.gpu.lost;
    await expect(x.add(1).data()).rejects.toThrow(/the device is lost.*go on from a checkpoint/s);
  });

  test("without WebGPU, or without an adapter, it is said what is missing", async () => {
    const before = platform();
    try {
      setPlatform({
        ...before,
        gpu: async () => ({ reason: "the package webgpu is not installed", remedy: "npm install webgpu" }),
      });
      await expect(startWebGpu()).rejects.toThrow(/not installed\. npm install webgpu; or use the engine "wasm"/);
      setPlatform({ ...before, gpu: async () => ({ requestAdapter: async () => null }) as unknown as GPU });
      await expect(startWebGpu()).rejects.toThrow(/no adapter was found.*libvulkan/);
    } finally {
      setPlatform(before);
    }
    expect(nb.engineStatus().engine).toBe("webgpu");
  });

  test("it has to be awaited, and takes no options of the CPU's", async () => {
    expect(() => nb.configureEngine({ engine: "webgpu" })).toThrow(/await startEngine\(\{ engine: "webgpu" \}\)/);
    await expect(nb.startEngine({ engine: "webgpu", threads: 2 })).rejects.toThrow(
      /threads is an option of the engines "wasm" and "native".*leave it out/,
    );
    await expect(nb.startEngine({ engine: "webgpu", deterministic: true })).rejects.toThrow(/can't be deterministic/);
  });
});
