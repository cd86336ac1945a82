// Runs the built command as a user would, in a folder of its own.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
  /** The last line of standard output, parsed. */
  json(): Record<string, unknown>;
}

/** Environment without data, without npm and with a cache of its own, so that a test never sees the user's. */
export function environment(folder: string, extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const rest = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name !== "NABLA_DATA_DIR" && !name.startsWith("npm_")),
  );
  return { ...rest, NABLA_CACHE_DIR: join(folder, "cache"), ...extra };
}

/** A folder that is removed when the file's tests are done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "nabla-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function outcome(status: number | null, stdout: string, stderr: string): Outcome {
  return {
    status,
    stdout,
    stderr,
    json() {
      const last = stdout.trimEnd().split("\n").at(-1)!;
      return JSON.parse(last) as Record<string, unknown>;
    },
  };
}

/** Runs `nabla ...words` to its end; `under` is a command that runs what follows it. */
export function nabla(
  folder: string,
  words: readonly string[],
  extra: Record<string, string> = {},
  under: readonly string[] = [],
): Outcome {
  const [program, ...rest] = [...under, process.execPath, main, ...words];
  const result = spawnSync(program, rest, {
    cwd: folder,
    env: environment(folder, extra),
    encoding: "utf8",
    timeout: 300_000,
    maxBuffer: 1 << 28,
  });
  if (result.status === null) {
    const why = result.error?.message ?? result.signal;
    throw new Error(`nabla ${words.join(" ")} was ended by ${why}\n${result.stderr}`);
  }
  return outcome(result.status, result.stdout, result.stderr);
}

/** Starts `nabla ...words`; the caller ends it. */
export function startNabla(
  folder: string,
  words: readonly string[],
  extra: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<Outcome> } {
  const child = spawn(process.execPath, [main, ...words], { cwd: folder, env: environment(folder, extra) });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<Outcome>((resolve) => {
    child.on("close", (status) => resolve(outcome(status, stdout, stderr)));
  });
  return { child, ended };
}

/** Resolves when a run has printed this. */
export function printed(stream: NodeJS.ReadableStream, what: string): Promise<void> {
  return new Promise((resolve) => {
    let seen = "";
    stream.on("data", (chunk: Buffer) => {
      seen += chunk.toString();
      if (seen.includes(what)) resolve();
    });
  });
}
