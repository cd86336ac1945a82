// Brings kernels and dist up to date if their sources changed, so that `npx vitest` alone is enough while developing.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export default function setup(): void {
  const script = fileURLToPath(new URL("../scripts/setup.mjs", import.meta.url));
  const { status } = spawnSync(process.execPath, [script, "--build"], { stdio: "inherit" });
  if (status !== 0) throw new Error("the build failed; see above");
}
