// `nabla train --engine webgpu` and `nabla doctor` from the outside, on SwiftShader: a run ends as it does on the CPU, with all that belongs to it.
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { nabla, temporaryFolder } from "../cli/run.ts";
import { noDevice, whyNoDevice } from "./device.ts";

// Several runs of a device that the processor plays.
vi.setConfig({ testTimeout: 600_000 });

const folder = temporaryFolder();
// A process of its own finds the loader by its folder.
const device = { VK_ICD_FILENAMES: process.env["VK_ICD_FILENAMES"] ?? "", LD_LIBRARY_PATH: "/usr/lib/chromium" };
const words = [
  "train",
  "--dataset",
  "digits",
  "--hidden",
  "12",
  "--batch",
  "500",
  "--lr",
  "0.01",
  "--seed",
  "3",
  "--json",
];

describe.skipIf(noDevice !== undefined)(`the command line on webgpu${whyNoDevice}`, () => {
  test("a run has the figures of one on the CPU, and goes on from its checkpoint", () => {
    const expected = nabla(folder, [...words, "--epochs", "2", "--engine", "wasm", "--out", "cpu"]).json();
    const first = nabla(folder, [...words, "--epochs", "1", "--engine", "webgpu", "--out", "gpu"], device);
    expect(first.json()).toMatchObject({ engine: "webgpu", status: "finished", epochs: 1 });
    expect(readdirSync(join(folder, "gpu")).sort()).toEqual([
      "checkpoints",
      "config.json",
      "history.jsonl",
      "looks",
      "model.safetensors",
      "report.html",
    ]);
    const again = nabla(folder, ["train", "--resume", "gpu", "--epochs", "2", "--json"], device);
    expect(again.status).toBe(0);
    const result = again.json();
    expect(result).toMatchObject({ engine: "webgpu", status: "finished", epochs: 2 });
    for (const key of ["trainLoss", "trainAccuracy", "testLoss", "testAccuracy"]) {
      expect(Math.abs(Number(result[key]) - Number(expected[key])), key).toBeLessThan(2e-3);
    }
  });

  test("a device that is lost in the middle of a run: with --fallback another engine goes on, without it the run ends", () => {
    // Seen by the process before anything else: its device is closed with the sixtieth hand-over of work.
    writeFileSync(
      join(folder, "lose.mjs"),
      `import { globals } from ${JSON.stringify(import.meta.resolve("webgpu"))};
const { requestDevice } = globals.GPUAdapter.prototype;
let device;
globals.GPUAdapter.prototype.requestDevice = async function (...given) {
  device = await requestDevice.apply(this, given);
  return device;
};
const { submit } = globals.GPUQueue.prototype;
let count = 0;
globals.GPUQueue.prototype.submit = function (...given) {
  submit.apply(this, given);
  count += 1;
  if (count === 60) device.destroy();
};
`,
    );
    const losing = { ...device, NODE_OPTIONS: `--import ${join(folder, "lose.mjs")}` };
    const run = [...words, "--epochs", "2", "--engine", "webgpu"];
    const expected = nabla(folder, [...words, "--epochs", "2", "--engine", "wasm", "--out", "cpu2"]).json();
    const saved = nabla(folder, [...run, "--out", "saved", "--fallback", "wasm"], losing);
    expect(saved.stderr).toMatch(/the device is lost.*; training goes on on the engine "wasm"/);
    const result = saved.json();
    expect(result).toMatchObject({ engine: "wasm", status: "finished", epochs: 2 });
    for (const key of ["trainLoss", "trainAccuracy", "testLoss", "testAccuracy"]) {
      expect(Math.abs(Number(result[key]) - Number(expected[key])), key).toBeLessThan(2e-3);
    }
    const ended = nabla(folder, [...run, "--out", "ended"], losing);
    expect(ended.status).toBe(1);
    expect(ended.stderr).toMatch(/the device is lost/);
    const elsewhere = nabla(folder, [...words, "--engine", "wasm", "--fallback", "wasm", "--out", "no"], device);
    expect(elsewhere.status).toBe(2);
    expect(elsewhere.stderr).toMatch(/--fallback goes with --engine webgpu/);
  });

  test("doctor names the adapter and its limits", () => {
    const { stdout } = nabla(folder, ["doctor"], device);
    expect(stdout).toMatch(/webgpu +.*SwiftShader.* \(software\): \d+\.\d GiB for tensors, workgroups of \d+ threads/);
    expect(stdout).toContain("the CPU engines are faster");
  });

  test("what a device can't do is refused before anything is written", () => {
    for (const [option, value] of [["--save-every", "5"], ["--profile"]] as string[][]) {
      const refused = nabla(
        folder,
        [...words, "--engine", "webgpu", "--out", "no", option, ...(value ? [value] : [])],
        device,
      );
      expect(refused.status).toBe(2);
      expect(refused.stderr).toMatch(/leave it out/);
    }
    const missing = nabla(folder, [...words, "--engine", "webgpu", "--out", "no"], {
      VK_ICD_FILENAMES: "/nowhere.json",
      LD_LIBRARY_PATH: "/usr/lib/chromium",
    });
    expect(missing.status).toBe(1);
    expect(missing.stderr).toMatch(/no adapter was found/);
    expect(existsSync(join(folder, "no"))).toBe(false);
  });
});
