// The way in: everything of this engine that others load, and they load it only when it is asked for.
import { adapterFacts, NoDeviceError, openDevice } from "./device.ts";
import { WebGpuEngine, type WebGpuOptions } from "./engine.ts";

export { adapterFacts, NoDeviceError };

/**
 * An engine on the best adapter.
 * @throws NoDeviceError where there is none.
 */
export async function startWebGpu(options: WebGpuOptions = {}): Promise<WebGpuEngine> {
  return new WebGpuEngine(await openDevice(), options);
}
