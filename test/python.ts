// Python with a package, where the machine has one: what is written is read by the real thing, and the other way round.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const COMMANDS = ["/usr/bin/python3", "python3"];
const found = new Map<string, string | undefined>();

/** The Python that has the package; undefined where none has. */
function pythonWith(name: string): string | undefined {
  if (!found.has(name)) {
    const command = COMMANDS.find((each) => spawnSync(each, ["-c", `import ${name}`]).status === 0);
    found.set(name, command);
  }
  return found.get(name);
}

/** Why there is nothing to compare with; undefined where there is. */
export function whyNoPython(name: string): string | undefined {
  return pythonWith(name) === undefined ? `no Python with ${name} on this machine` : undefined;
}

/** What a program prints, run in `folder`; throws with what it complains of. */
export function runPython(name: string, program: string, folder: string): string {
  const { status, stdout, stderr } = spawnSync(pythonWith(name)!, ["-c", program], { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(`Python ends with ${status}: ${stderr}`);
  return stdout;
}

/** Runs `body` with an empty folder, which is removed at the end. */
export async function inFolder<T>(body: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "nabla-python-"));
  try {
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
