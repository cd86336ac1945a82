// Where downloaded data lives on this machine.

import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fields, text } from "../engine/checks.ts";
import { type Environment, environment as ownEnvironment } from "../engine/environment.node.ts";

/** The folder for data that Nabla may keep between runs: `NABLA_CACHE_DIR` if set, else the platform's usual place
 * (`$XDG_CACHE_HOME/nabla` or `~/.cache/nabla`; `~/Library/Caches/nabla` on macOS; `%LOCALAPPDATA%\nabla\cache` on Windows).
 * @example
 * ```ts
 * cacheFolder({ NABLA_CACHE_DIR: "/data/nabla" }, "linux"); // "/data/nabla"
 * ```
 */
export function cacheFolder(
  environment: Environment = ownEnvironment,
  platform: string = process.platform,
  home: string = homedir(),
): string {
  for (const [name, value] of Object.entries(fields("cacheFolder", "the environment", environment))) {
    if (value !== undefined) text("cacheFolder", `the environment's ${name}`, value);
  }
  text("cacheFolder", "the home folder", home);
  if (environment.NABLA_CACHE_DIR) return resolve(environment.NABLA_CACHE_DIR);
  if (platform === "win32") return join(environment.LOCALAPPDATA || join(home, "AppData", "Local"), "nabla", "cache");
  if (platform === "darwin") return join(home, "Library", "Caches", "nabla");
  return join(environment.XDG_CACHE_HOME || join(home, ".cache"), "nabla");
}
