// What a device gives is limited: buffers, workgroups along an axis. The engine asks for nothing that a device need not have, uses
// what there is, and says where it ends.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { setEngine } from "../../src/engine/engine.ts";
import { platform, setPlatform } from "../../src/engine/platform.ts";
import { collectStorages } from "../../src/engine/storage.ts";
import { openDevice } from "../../src/engine/webgpu/device.ts";
import { WebGpuEngine } from "../../src/engine/webgpu/engine.ts";
import { startWebGpu } from "../../src/engine/webgpu/start.ts";
import * as nb from "../../src/node.ts";
import { type GoldenCase, goldenFound, readGolden, runCaseLater } from "../golden.ts";
import { goldenRunners } from "../golden-runners.ts";
import { noDevice, whyNoDevice } from "./device.ts";

// Tiles for graphics processors take long to compile for what stands in for one.
vi.setConfig({ testTimeout: 600_000 });

const MIB = 1 << 20;

/** An adapter that grants less than it has, and what was asked of it: the device's description, and sizes of buffers. */
function limited(limits: Record<string, number>): {
  asked: GPUDeviceDescriptor[];
  sizes: number[];
  restore: () => void;
} {
  const before = platform();
  const asked: GPUDeviceDescriptor[] = [];
  const sizes: number[] = [];
  setPlatform({
    ...before,
    async gpu() {
      const gpu = (await before.gpu()) as GPU;
      const adapter = (await gpu.requestAdapter())!;
      const requestDevice = async (description: GPUDeviceDescriptor): Promise<GPUDevice> => {
        asked.push(description);
        const device = await adapter.requestDevice(description);
        const createBuffer = device.createBuffer.bind(device);
        device.createBuffer = (each) => {
          sizes.push(each.size);
          return createBuffer(each);
        };
        return device;
      };
      const { info } = adapter;
      // Limits are no own properties.
      const granted = new Proxy(adapter.limits, {
        get: (all, name: string) => limits[name] ?? all[name as keyof GPUSupportedLimits],
      });
      return { requestAdapter: async () => ({ info, limits: granted, requestDevice }) } as unknown as GPU;
    },
  });
  return { asked, sizes, restore: () => setPlatform(before) };
}

const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);

describe.skipIf(noDevice !== undefined)(`limits of a device${whyNoDevice}`, () => {
  afterEach(() => collectStorages());

  test("no feature is asked for, and no limit but the sizes of buffers that the adapter has", async () => {
    const { asked, restore } = limited({ maxStorageBufferBindingSize: 128 * MIB, maxBufferSize: 256 * MIB });
    try {
      const { facts } = await openDevice();
      expect(asked).toEqual([{ requiredLimits: { maxStorageBufferBindingSize: 128 * MIB, maxBufferSize: 256 * MIB } }]);
      expect(facts.memoryBytes).toBe(128 * MIB);
    } finally {
      restore();
    }
  });

  test("no buffer is longer than a device gives, whatever is read", async () => {
    const { sizes, restore } = limited({ maxStorageBufferBindingSize: 40 * MIB - 4, maxBufferSize: 40 * MIB - 4 });
    try {
      setEngine(await startWebGpu());
      const x = nb.full([9 * MIB], 2);
      expect(sum(await x.data())).toBe(18 * MIB);
      expect(Math.max(...sizes)).toBeLessThan(40 * MIB);
      expect(() => nb.zeros([2 * MIB])).toThrow(/memory/);
    } finally {
      restore();
    }
  });

  test.each([1, 100_001, 999_999, 17_000_003])("a maximum of %i bytes", async (maximumBytes) => {
    setEngine(await startWebGpu({ maximumBytes }));
    // From here on to the end of what there is, in pieces that get smaller.
    const made: nb.Tensor[] = [];
    for (let size = 1 << 22; size >= 16; ) {
      try {
        made.push(nb.keep(nb.full([size], made.length + 1).add(0)));
      } catch (error) {
        expect(String(error)).toMatch(/memory/);
        size = Math.floor(size / 2);
      }
    }
    for (const [i, x] of made.entries()) expect(new Set(await x.data())).toEqual(new Set([i + 1]));
    if (maximumBytes > 1) expect(made.length).toBeGreaterThan(4);
  });

  describe("more tiles, products or places than an axis has workgroups", () => {
    beforeAll(async () => setEngine(await startWebGpu()));

    test("rows", async () => {
      const rows = 1_100_000;
      const x = Float32Array.from({ length: 2 * rows }, (_, i) => i % 7);
      const y = await nb.matmul(nb.tensor(x, { shape: [rows, 2] }), nb.tensor([[1], [10]])).data();
      for (const i of [0, 1, 524_287, 1_048_559, 1_048_560, rows - 1]) expect(y[i]).toBe(x[2 * i] + 10 * x[2 * i + 1]);
    });

    test("columns", async () => {
      const columns = 1_100_000;
      const x = Float32Array.from({ length: columns }, (_, i) => i % 11);
      const y = await nb.matmul(nb.tensor([[2]]), nb.tensor(x, { shape: [1, columns] })).data();
      for (const i of [0, 1_048_559, 1_048_560, columns - 1]) expect(y[i]).toBe(2 * x[i]);
    });

    test("products", async () => {
      const batch = 70_000;
      const x = Float32Array.from({ length: 2 * batch }, (_, i) => i % 5);
      const y = await nb.matmul(nb.tensor(x, { shape: [batch, 1, 2] }), nb.tensor(x, { shape: [batch, 2, 1] })).data();
      for (const i of [0, 65_534, 65_535, batch - 1]) expect(y[i]).toBe(x[2 * i] ** 2 + x[2 * i + 1] ** 2);
    });

    test("places of a convolution, and of its gradients", async () => {
      const [height, width] = [1100, 1000];
      const values = Float32Array.from({ length: height * width }, (_, i) => i % 3);
      const reads = nb.scope(() => {
        const x = nb.tensor(values, { shape: [1, 1, height, width] }).requireGradient();
        const w = nb.tensor([3], { shape: [1, 1, 1, 1] }).requireGradient();
        const y = nb.conv2d(x, w, null, {});
        nb.backward(y.sum());
        return [y, x.gradient!, w.gradient!].map((each) => each.data());
      });
      const [y, dx, dw] = await Promise.all(reads);
      for (const i of [0, 1_048_559, 1_048_560, y.length - 1]) expect(y[i]).toBe(3 * values[i]);
      expect(new Set(dx)).toEqual(new Set([3]));
      expect(Math.abs(Number(dw[0]) / sum(values) - 1)).toBeLessThan(1e-3);
    });

    test("of more than two axes hold a kernel is named, and nothing is asked for", async () => {
      const made = await startWebGpu();
      setEngine(made);
      const text = { name: "much", parameters: "n", body: "  if (wid.x < p.n) { return; }" };
      expect(() => made.groups(text, [1], 65_535 * 65_535 + 1)).toThrow(/much would take 4294836226 workgroups/);
      expect([...(await nb.ones([2]).data())]).toEqual([1, 1]);
    });
  });

  test("of many checks and many wrong indices the first is told, whenever it is read", async () => {
    setEngine(await startWebGpu());
    const wrong = Int32Array.from({ length: 1000 }, (_, i) => (i < 300 ? i % 4 : 1000 + i));
    const small = nb.ones([4, 1]);
    const large = nb.ones([20, 1]);
    const y = nb.embedding(small, nb.tensor(wrong));
    for (let i = 0; i < 600; i++)
      nb.scope(() => void nb.embedding(large, nb.tensor([i % 20, i === 599 ? 77 : 0], "int32")));
    await expect(y.data()).rejects.toThrow(/index 1300 at position 300 is not in 0 to 3/);
    expect([...(await nb.ones([2]).data())]).toEqual([1, 1]);
  });

  describe("what a graphics processor would be given, by size", () => {
    beforeAll(async () => {
      const device = await openDevice();
      setEngine(new WebGpuEngine({ ...device, facts: { ...device.facts, software: false } }));
    });
    afterAll(() => collectStorages());

    for (const family of ["linalg", "conv", "recurrent"] as const) {
      const { cases } = goldenFound ? readGolden<{ cases: GoldenCase[] }>(family) : { cases: [] };
      test.each(cases)(`${family}: $name`, (golden) => runCaseLater(golden, goldenRunners[family](golden)!));
    }
  });
});
