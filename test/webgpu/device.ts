// WebGPU in Node without a graphics processor: Dawn (the package webgpu) on SwiftShader, which Chromium's package carries. Where one of them is
// missing, tests are skipped and say so.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { startEngine } from "../../src/node.ts";

const FOLDER = "/usr/lib/chromium";
const require = createRequire(import.meta.url);

/** Dawn looks for a library by its name: one that is loaded already is found, wherever it lies. */
function loadVulkan(): string | undefined {
  if (!existsSync(`${FOLDER}/vk_swiftshader_icd.json`)) return `no SwiftShader in ${FOLDER}; apt-get install chromium`;
  process.env["VK_ICD_FILENAMES"] ??= `${FOLDER}/vk_swiftshader_icd.json`;
  try {
    (require("koffi") as { load(file: string): unknown }).load(`${FOLDER}/libvulkan.so.1`);
  } catch (error) {
    return `no Vulkan loader: ${(error as Error).message}`;
  }
  return undefined;
}

async function start(): Promise<string | undefined> {
  const why = loadVulkan();
  if (why !== undefined) return why;
  let last = "";
  // All that is needed is there: a busy machine may refuse a device once.
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await startEngine({ engine: "webgpu" });
      return undefined;
    } catch (error) {
      last = (error as Error).message;
    }
  }
  console.warn(`webgpu: no device, its tests are skipped: ${last}`);
  return last;
}

/** Why there is no device here, or undefined: then the engine is started, and tensors are on the device. */
export const noDevice: string | undefined = await start();
/** For the title of what is skipped. */
export const whyNoDevice = noDevice === undefined ? "" : ` (skipped: ${noDevice})`;
