// A device that fails in the middle of a training, in every way that one can: where a fallback was asked for, the run ends as one that was on the CPU
// from the beginning; where not, the error says what happened.
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { engine } from "../../src/engine/engine.ts";
import { collectStorages } from "../../src/engine/storage.ts";
import type { WebGpuEngine } from "../../src/engine/webgpu/engine.ts";
import * as nb from "../../src/node.ts";
import { noDevice, whyNoDevice } from "./device.ts";

const EPOCHS = 3;
const SAMPLES = 80;
const BATCH = 16;

/** Made in JavaScript, so that all engines have the same. */
function samples(): { x: nb.Tensor; y: nb.Tensor } {
  const x = Float32Array.from({ length: SAMPLES * 6 }, (_, i) => Math.sin(1.7 * i * i + i));
  const y = Int32Array.from({ length: SAMPLES }, (_, i) => Number(x[6 * i] > 0) + 2 * Number(x[6 * i + 1] > 0));
  return { x: nb.tensor(x, { shape: [SAMPLES, 6] }), y: nb.tensor(y) };
}

/** Adam's memory, dropout's random numbers, batch normalisation's statistics, averages, and a learning rate that changes. */
const model = (): nb.Sequential =>
  new nb.Sequential(
    [
      new nb.Dense(12, { activation: "relu" }),
      new nb.BatchNormalization(),
      new nb.Dropout(0.1),
      new nb.Dense(4, { activation: "softmax" }),
    ],
    { inputShape: [6], seed: 1 },
  );

interface Run {
  losses: number[];
  outputs: number[];
  validation: number[];
}

async function run(callbacks: nb.Callback[] = []): Promise<Run> {
  const made = model();
  const data = samples();
  const history = await nb.fit(made, data, {
    ...{ epochs: EPOCHS, batchSize: BATCH, averageDecay: 0.9, validation: data, seed: 3 },
    schedule: nb.schedule.exponential(0.01, { factor: 0.9 }),
    callbacks,
  });
  const outputs = await nb.predict(made, data.x).data();
  return {
    losses: history.epochs.map(({ loss }) => loss),
    validation: history.epochs.map(({ validationLoss }) => validationLoss!),
    outputs: [...outputs.slice(0, 20)].map(Number),
  };
}

const device = (): WebGpuEngine => engine() as WebGpuEngine;

/** Ways for a device to fail, and what is said of each. */
const faults: [name: string, provoke: () => void, said: RegExp][] = [
  ["it is lost", () => device().device.gpu.destroy(), /the device is lost/],
  [
    "it refuses a kernel",
    () => device().each({ name: "broken", parameters: "n", body: "this is no WGSL" }, [1], 1),
    /refused the kernel broken/,
  ],
  [
    "it has no memory left",
    () => {
      const { gpu } = device().device;
      const pop = gpu.popErrorScope.bind(gpu);
      gpu.popErrorScope = async () => {
        await pop();
        return { message: "no memory left" } as GPUError;
      };
      // More than it has taken so far.
      nb.zeros([8 << 20]);
    },
    /the device has no \d+ MiB of memory/,
  ],
  [
    "a kernel would take more workgroups than it has",
    () => device().groups({ name: "much", parameters: "n", body: "" }, [1], 2 ** 32),
    /much would take 4294967296 workgroups, more than the 65535 x 65535 of a device/,
  ],
  [
    "tensors are larger than what it binds",
    () => {
      nb.zeros([2 ** 30 - 1]);
    },
    /no memory|memory/,
  ],
];

async function clean(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    collectStorages();
  }
}

describe.skipIf(noDevice !== undefined)(`a device that fails${whyNoDevice}`, () => {
  let expected: Run;
  let warnings: string[] = [];
  beforeAll(async () => {
    nb.onEngineWarning((message) => warnings.push(message));
    await clean();
    await nb.startEngine({ engine: "wasm", threads: 1 });
    expected = await run();
  });
  afterEach(async () => {
    warnings = [];
    await clean();
  });

  function expectSame(actual: Run): void {
    for (const key of ["losses", "validation", "outputs"] as const) {
      actual[key].forEach((value, i) => {
        expect(Math.abs(value - expected[key][i]), `${key} ${i}`).toBeLessThan(1e-3);
      });
      expect(actual[key].length).toBe(expected[key].length);
    }
  }

  /** Once, in the step with this number, counted from 0 over all epochs. */
  function at(step: number, provoke: () => void): nb.Callback {
    let done = false;
    return {
      onStep(info) {
        if (done || info.epoch * (SAMPLES / BATCH) + info.step !== step) return;
        done = true;
        provoke();
      },
    };
  }

  test.each(faults)("%s: training goes on from the last moment that was kept", async (_, provoke, said) => {
    await nb.startEngine({ engine: "webgpu", fallback: "wasm", fallbackEvery: 2 });
    expectSame(await run([at(7, provoke)]));
    expect(nb.engineStatus().engine).toBe("wasm");
    expect(warnings.join("\n")).toMatch(said);
    expect(warnings.join("\n")).toMatch(/training goes on on the engine "wasm"/);
  });

  test("before the first step has been updated, too", async () => {
    await nb.startEngine({ engine: "webgpu", fallback: "wasm" });
    expectSame(await run([onceOf(() => device().device.gpu.destroy())]));
    expect(nb.engineStatus().engine).toBe("wasm");
  });

  test("between the epochs, where figures are judged and callbacks are called", async () => {
    await nb.startEngine({ engine: "webgpu", fallback: "wasm" });
    const calls: number[] = [];
    const watching: nb.Callback = {
      async onEpochEnd({ epoch }, { model: trained }) {
        if (engine().name === "webgpu" && epoch === 2) device().device.gpu.destroy();
        // Reads: on the lost device it is rejected, and the callback is called again.
        await trained.parameters[0].tensor.add(0).data();
        calls.push(epoch);
      },
    };
    expectSame(await run([watching]));
    expect(calls).toEqual([1, 2, 3]);
  });

  test("nothing happens without a fault, and the moments change no figure", async () => {
    await nb.startEngine({ engine: "webgpu", fallback: "wasm", fallbackEvery: 1 });
    expectSame(await run());
    expect(nb.engineStatus().engine).toBe("webgpu");
    expect(warnings).toEqual([]);
  });

  test("a tensor that was made after the last moment is lost, and says so", async () => {
    await nb.startEngine({ engine: "webgpu", fallback: "wasm" });
    const before = nb.tensor([1, 2]).mul(2);
    const truth = nb.tensor([true, false, true]);
    let after: nb.Tensor | undefined;
    const callback = at(2, () => {
      after = nb.keep(before.mul(2));
      device().device.gpu.destroy();
    });
    await run([callback]);
    expect([...before.dataSync()]).toEqual([2, 4]);
    expect([...truth.dataSync()]).toEqual([1, 0, 1]);
    expect(() => after!.dataSync()).toThrow(/was lost with the device/);
    expect(() => after!.add(1)).toThrow(/was lost with the device/);
  });

  test("without a fallback the error is what comes of it", async () => {
    await nb.startEngine({ engine: "webgpu" });
    await expect(run([at(7, () => device().device.gpu.destroy())])).rejects.toThrow(
      /the device is lost.*fallback: "wasm"/s,
    );
  });

  test("an error that is not the device's ends training as always", async () => {
    await nb.startEngine({ engine: "webgpu", fallback: "wasm" });
    const failing = at(3, () => {
      throw new Error("the user's own");
    });
    await expect(run([failing])).rejects.toThrow("the user's own");
    expect(nb.engineStatus().engine).toBe("webgpu");
  });

  test("options that do not fit are refused", async () => {
    await expect(nb.startEngine({ engine: "webgpu", fallback: "webgpu" as never })).rejects.toThrow(
      /fallback must be "auto", "wasm" or "native", got "webgpu"/,
    );
    await expect(nb.startEngine({ engine: "webgpu", fallbackEvery: 3 })).rejects.toThrow(/goes with fallback/);
    await expect(nb.startEngine({ engine: "webgpu", fallback: "wasm", fallbackEvery: 0 })).rejects.toThrow(
      /at least 1, got 0/,
    );
    expect(() => nb.configureEngine({ engine: "wasm", fallback: "wasm" })).toThrow(/fallback goes with "webgpu"/);
  });
});

/** Once, before the first epoch. */
function onceOf(provoke: () => void): nb.Callback {
  let done = false;
  return {
    onEpochStart() {
      if (!done) provoke();
      done = true;
    },
  };
}
