// Compiles the kernels if their sources changed, so that `npx vitest` alone is enough while developing.
import { buildKernels } from "../scripts/build-kernels.mjs";

export default async function setup(): Promise<void> {
  await buildKernels();
}
