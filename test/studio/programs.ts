// Runs TypeScript that the studio exports, as a reader would: beside an installed package, its types taken off.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What `file` in `folder` prints; what it writes is there. */
export function runProgram(folder: string, file: string): string {
  const bundled = join(folder, "bundled.mjs");
  const script = `
    const { rolldown } = await import("rolldown");
    const bundle = await rolldown({ input: ${JSON.stringify(join(folder, file))}, external: [/^nabla/], platform: "node" });
    await bundle.write({ file: ${JSON.stringify(bundled)}, format: "esm" });`;
  const built = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { cwd: root, encoding: "utf8" });
  expect(built.stderr).toBe("");
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  if (!existsSync(join(folder, "node_modules/nabla"))) symlinkSync(root, join(folder, "node_modules/nabla"));
  const { stdout, stderr, status } = spawnSync(process.execPath, [bundled], { cwd: folder, encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return stdout;
}
