// A lock between processes on one machine, held until the process that took it ends: a file with its number. What a process left that was killed is
// taken away by whoever comes next.
import { linkSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";

const PAUSE = 100;
/** No build takes so long: after a restart of the machine the number may be that of another process. In milliseconds. */
const LONGEST = 30 * 60_000;
const held = new Set();

/** Returns once this process alone has the lock; again for one that it has, at once. Waits without an end, and says so once. */
export function oneAtATime(path, say = () => {}) {
  if (held.has(path)) return;
  const own = `${path}-${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    for (let waits = 0; !taken(own, path); waits++) {
      const found = holderOf(path);
      if (found === undefined) continue;
      if (found.age > LONGEST || !isAlive(found.pid)) {
        rmSync(path, { force: true });
        continue;
      }
      if (waits === 0) say(`waiting for process ${found.pid}, which builds`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
  } finally {
    rmSync(own, { force: true });
  }
  held.add(path);
  process.on("exit", () => rmSync(path, { force: true }));
}

/** A link is made whole, number and all, or not at all. */
function taken(own, path) {
  try {
    linkSync(own, path);
    utimesSync(path, new Date(), new Date());
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function holderOf(path) {
  try {
    return { pid: Number(readFileSync(path, "utf8")), age: Date.now() - statSync(path).mtimeMs };
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
