// How a process becomes a rank, and how it ends as one: with MPI_Finalize where all went well, with MPI_Abort where it did not, whatever way it goes.
import { availableParallelism, cpus } from "node:os";
import { positive } from "../engine/checks.ts";
import { environment } from "../engine/environment.node.ts";
import type { GroupOptions } from "../engine/group.ts";
import { Calls } from "./calls.ts";
import { MpiGroup, say } from "./group.ts";
import { launchOf, processorsOfRank } from "./launcher.ts";
import { type LoadedMpi, loadMpi } from "./library.ts";

/** Seconds that ranks wait for each other, where nobody says. */
export const PATIENCE = 300;
/** Milliseconds by which ranks behind the first let it speak for all. */
const AFTER_FIRST = 2000;

let joined: { group: MpiGroup; calls: Calls } | null | undefined;

/** The job that the environment tells of, if this process is one of several. */
export function launchHere(): ReturnType<typeof launchOf> {
  const launch = launchOf(environment);
  return launch !== null && launch.size > 1 ? launch : null;
}

/** Processors for this process's threads. */
export function processorsHere(): number {
  const launch = launchHere();
  // Deno asks before it tells of the machine's processors: not where nobody needs to know.
  return launch === null ? availableParallelism() : processorsOfRank(launch, availableParallelism(), cpus().length);
}

/** Seconds of patience that the environment asks for. */
function patienceHere(): number {
  const text = environment["NABLA_MPI_PATIENCE"];
  if (!text) return PATIENCE;
  return positive("NABLA_MPI_PATIENCE", "the number of seconds", Number(text));
}

/**
 * The group of this process; null where it was started alone, or as the only rank. Begins MPI at the first call.
 * @throws Error if the library can't be had, or belongs to another launcher than the one that started the ranks.
 */
export function joinMpi({ patience }: GroupOptions = {}): MpiGroup | null {
  if (joined === undefined) {
    const launch = launchHere();
    joined = launch === null ? null : begin(launch);
  }
  if (joined === null) return null;
  joined.group.patience = patience ?? patienceHere();
  return joined.group;
}

function begin(launch: NonNullable<ReturnType<typeof launchHere>>): { group: MpiGroup; calls: Calls } {
  const patience = patienceHere();
  let mpi: LoadedMpi;
  try {
    mpi = loadMpi(launch.kind);
  } catch (error) {
    throw new Error(`distributed: ${launch.launcher} started ${launch.size} ranks, but ${(error as Error).message}`);
  }
  const calls = new Calls(mpi);
  calls.begin();
  const { size } = calls.place();
  if (size !== launch.size) {
    calls.end();
    throw new Error(
      `distributed: ${launch.launcher} started ${launch.size} ranks, and ${mpi.title} (${mpi.file}) sees ${size}: ` +
        "the library belongs to another launcher. Start the ranks with the mpirun of that library, or name the launcher's own: NABLA_MPI=/.../libmpi.so",
    );
  }
  const group = new MpiGroup(calls, calls.host(), patience);
  watchEnd(group, calls);
  return { group, calls };
}

/** Ends all ranks with a code; returns only if MPI is not there. Ranks behind the first let it speak, where all have the same to say. */
export function abortRanks(code: number): void {
  if (joined === undefined || joined === null) return;
  joined.calls.abort(code);
}

/** Waits, on a rank behind the first, until the first would have ended the job. */
export function letFirstSpeak(): void {
  const rank = joined?.group.rank ?? launchHere()?.rank ?? 0;
  if (rank > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, AFTER_FIRST);
}

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

function watchEnd(group: MpiGroup, calls: Calls): void {
  // Node tells of an error that nobody caught only when all is over, which for a rank is when it is ended.
  let uncaught: unknown;
  process.on("uncaughtExceptionMonitor", (error) => {
    uncaught = error;
  });
  process.on("exit", (code) => {
    if (calls.ended) return;
    const who = `rank ${group.rank} of ${group.size} (${group.host})`;
    const failed = code !== 0 && code !== INTERRUPTED;
    if (failed || group.busy) {
      if (failed) letFirstSpeak();
      if (uncaught !== undefined) say(`error: ${who}: ${inWords(uncaught)}`);
      else if (!failed) say(`error: ${who} ended in the middle of a training; so the job ends`);
      calls.abort(failed ? code : 1);
    }
    try {
      group.meet();
      calls.end();
    } catch (error) {
      say(`error: rank ${group.rank} (${group.host}): ${(error as Error).message}`);
      calls.abort(1);
    }
  });
  for (const [signal, number] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      // Who asked to be told of it ends the process himself.
      if (process.listenerCount(signal) === 1) process.exit(128 + number);
    });
  }
}

const inWords = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** Exit code of a run that was interrupted and saved: all ranks end with it, in order. */
const INTERRUPTED = 130;
