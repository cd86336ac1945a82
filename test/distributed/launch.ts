// Starts programs as ranks, with every MPI that this machine has. Where there is none, the tests that need one are skipped and say so.
import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A launcher that is here. */
export interface Launcher {
  readonly name: "openmpi" | "mpich";
  readonly command: string;
}

/** Debian's names stand beside each other; elsewhere mpirun is one of the two. */
function find(name: Launcher["name"]): Launcher[] {
  for (const command of [`mpirun.${name}`, "mpirun"]) {
    const { status, stdout } = spawnSync(command, ["--version"], { encoding: "utf8" });
    if (status === 0 && (/Open MPI|OpenRTE|open-mpi/.test(stdout) ? "openmpi" : "mpich") === name)
      return [{ name, command }];
  }
  console.warn(
    `MPI: ${name} is not on this machine (apt-get install ${name === "openmpi" ? "openmpi-bin" : name}); its tests are skipped`,
  );
  return [];
}

export const LAUNCHERS: readonly Launcher[] = (["openmpi", "mpich"] as const).flatMap(find);

export const dist = fileURLToPath(new URL("../../dist/", import.meta.url));

/** A program of this folder. */
export const program = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

export interface HowToRun {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Is given what is said on standard output so far, and the launcher's process number; for those that interfere. */
  readonly watch?: (stdout: string, pid: number) => void;
}

/** Runs Node with these arguments as so many ranks; as one process, without a launcher, for null. */
export function runRanks(
  launcher: Launcher | null,
  size: number,
  args: readonly string[],
  { env = {}, cwd, watch }: HowToRun = {},
): Promise<Ended> {
  const oversubscribe = launcher?.name === "openmpi" ? ["--oversubscribe"] : [];
  const [command, ...before] =
    launcher === null ? [process.execPath] : [launcher.command, ...oversubscribe, "-n", String(size), process.execPath];
  const start = performance.now();
  const child = spawn(command, [...before, ...args], {
    cwd,
    env: {
      ...process.env,
      ...{
        OMPI_ALLOW_RUN_AS_ROOT: "1",
        OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
        NABLA_THREADS: "1",
        NABLA_MPI_PATIENCE: "60",
      },
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    watch?.(stdout, child.pid!);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr, seconds: (performance.now() - start) / 1000 }));
  });
}
