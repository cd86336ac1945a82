// The device: asked for once, with the largest buffers that its adapter grants, and described in the words of `nabla doctor`. What goes wrong
// on it is told by WebGPU later and elsewhere than it happened; the device keeps the first such fault, and every read throws it.
import { DeviceError } from "../device-error.ts";
import { platform } from "../platform.ts";

/** What is known of a graphics processor. */
export interface AdapterFacts {
  /** Vendor, architecture and description as far as the platform tells them. */
  adapter: string;
  /** Whether it is the processor itself that computes, which the engine "wasm" does faster. */
  software: boolean;
  /** Most bytes that all tensors may take together. */
  memoryBytes: number;
  /** Bytes that the threads of a workgroup share. */
  workgroupBytes: number;
  /** Threads of a workgroup. */
  workgroupThreads: number;
}

/** A device that works, and what it said so far. */
export interface Device {
  readonly gpu: GPUDevice;
  readonly facts: AdapterFacts;
  /** The first thing that went wrong, or undefined. */
  fault(): DeviceError | undefined;
  /** Notes what went wrong, if it is the first. */
  fail(error: DeviceError): void;
}

/** Why there is no device, and what to do about it. */
export class NoDeviceError extends Error {
  constructor(
    readonly reason: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(`webgpu: ${reason}. ${remedy}; or use the engine "wasm", or "native" in Node`, options);
    this.name = "NoDeviceError";
  }
}

/**
 * An adapter's facts, without keeping it; or why there is none.
 * @throws NoDeviceError where there is no WebGPU or no adapter.
 */
export async function adapterFacts(): Promise<AdapterFacts> {
  return factsOf(await findAdapter());
}

async function findAdapter(): Promise<GPUAdapter> {
  const found = await platform().gpu();
  if (typeof found !== "object" || "reason" in found) throw new NoDeviceError(found.reason, found.remedy);
  let adapter: GPUAdapter | null;
  try {
    adapter = await found.requestAdapter({ powerPreference: "high-performance" });
  } catch (cause) {
    throw new NoDeviceError(`no adapter: ${(cause as Error).message}`, NO_ADAPTER[platform().name], { cause });
  }
  if (adapter === null) throw new NoDeviceError("no adapter was found", NO_ADAPTER[platform().name]);
  return adapter;
}

/** What to look after where there is no adapter. */
const NO_ADAPTER = {
  node: "In Linux it is found through Vulkan: the graphics processor's driver for it and libvulkan.so.1 (Debian: apt-get install libvulkan1) must be there",
  browser: "It may be switched off, or blocked for this driver: chrome://gpu tells",
};

function factsOf(adapter: GPUAdapter): AdapterFacts {
  const { info, limits } = adapter;
  const words = [info.vendor, info.architecture, info.description || info.device].filter((word) => word !== "");
  const { isFallbackAdapter } = info as { isFallbackAdapter?: boolean };
  return {
    adapter: words.join(" ") || "unnamed",
    software: isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|basic render/i.test(words.join(" ")),
    memoryBytes: Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize, MOST_BYTES),
    workgroupBytes: limits.maxComputeWorkgroupStorageSize,
    workgroupThreads: limits.maxComputeInvocationsPerWorkgroup,
  };
}

/** Addresses are numbers of words in a u32 with room for sums of two. */
const MOST_BYTES = 2 ** 32 - 256;

/**
 * A device on the best adapter.
 * @throws NoDeviceError where there is none.
 */
export async function openDevice(): Promise<Device> {
  const adapter = await findAdapter();
  const facts = factsOf(adapter);
  const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
  let gpu: GPUDevice;
  try {
    gpu = await adapter.requestDevice({ requiredLimits: { maxStorageBufferBindingSize, maxBufferSize } });
  } catch (cause) {
    const why = `the adapter ${facts.adapter} gave no device: ${(cause as Error).message}`;
    throw new NoDeviceError(why, "Close what else uses it", { cause });
  }
  let first: DeviceError | undefined;
  // What follows from a first fault may be told before it.
  let refused: DeviceError | undefined;
  const fail = (error: DeviceError): void => {
    first ??= error;
  };
  void gpu.lost.then(({ reason, message }) => {
    const why = reason === "destroyed" ? "it was closed" : message || "the driver stopped, or was reset";
    fail(
      new DeviceError(
        "lost",
        `webgpu: the device is lost (${why}), and with it what was computed on it. Start an engine anew (await startEngine(...), ` +
          'or engine: "wasm"), and go on from a checkpoint; with startEngine({ engine: "webgpu", fallback: "wasm" }) fit does so by itself',
      ),
    );
  });
  gpu.addEventListener("uncapturederror", (event) => {
    const { error } = event as GPUUncapturedErrorEvent;
    refused ??= new DeviceError("command", `webgpu: the device refused a command: ${error.message}`);
  });
  return { gpu, facts, fault: () => first ?? refused, fail };
}
