// Puts a new build in the place of the one before. A command that runs meanwhile keeps its files: it may load a part of its bundle hours after it
// was started. So what the new build no longer has stays for a day, and is named in .npmignore, so that no package holds it.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

/** How long files stay that the newest build has not, in milliseconds. */
const KEPT_FOR = 24 * 3600 * 1000;
const IGNORED = ".npmignore";

/** All files below a folder, with "/" between folders. What is hidden is the builder's own. */
function filesOf(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const { name } = entry;
    if (name.startsWith(".")) return [];
    return entry.isDirectory() ? filesOf(join(folder, name)).map((file) => `${name}/${file}`) : [name];
  });
}

/**
 * Moves the files of `fresh` to `dist`. Files of `dist` that are not in `fresh` are outdated: they are removed when they have been for a day.
 * `kept` are folders of `dist` that the build did not make anew and leaves alone.
 */
export function replaceBuild(fresh, dist, { kept = [], now = Date.now() } = {}) {
  const ignored = join(dist, IGNORED);
  const outdatedBefore = new Set(existsSync(ignored) ? readFileSync(ignored, "utf8").split("\n") : []);
  const files = filesOf(fresh);
  // The parts first, then the entries that load them: those exist already, under the same names.
  const order = [false, true].flatMap((there) => files.filter((file) => existsSync(join(dist, file)) === there));
  for (const file of order) {
    mkdirSync(dirname(join(dist, file)), { recursive: true });
    renameSync(join(fresh, file), join(dist, file));
  }
  const current = new Set(files);
  const outdated = filesOf(dist).filter((file) => !current.has(file) && !kept.includes(file.split("/")[0]));
  const remaining = outdated.filter((file) => {
    const path = join(dist, file);
    // From now on its time is when it went out of date.
    if (!outdatedBefore.has(`/${file}`)) utimesSync(path, now / 1000, now / 1000);
    if (now - statSync(path).mtimeMs < KEPT_FOR) return true;
    rmSync(path);
    return false;
  });
  writeFileSync(ignored, [".*", ...remaining.map((file) => `/${file}`), ""].join("\n"));
}
