// One process at a time in a run's folder. A lock is a file `.lock-N` that names its holder; the highest N counts. Whoever finds it held by a process that
// is no more makes the next one, and since a file can be made exclusively only once, of two that try one wins. So no lock outlives its process, and none is
// ever taken from a living one.
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { UserError } from "./errors.ts";

/** How often a holder shows that it lives, and how long without counts as dead where its process can't be looked up; milliseconds. */
const HEARTBEAT = 5_000;
const SILENCE = 60_000;

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** What tells it from a later process of the same number: when it started, where the system says so. */
  readonly start: string | null;
  /** When it took the lock. */
  readonly since: string;
}

/** Start of a process: the boot, and clock ticks since. null where there is no /proc, or no such process. */
function startOf(pid: number): string | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the command in brackets and may hold anything; the start is the twentieth after it.
    return `${boot} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
  } catch {
    return null;
  }
}

function isAlive(holder: Holder, path: string): boolean {
  // The process is of another machine or container: only its heartbeat can tell.
  if (holder.host !== hostname()) return Date.now() - statSync(path).mtimeMs < SILENCE;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: there is one, of another user.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return holder.start === null || startOf(holder.pid) === holder.start;
}

/** undefined: the file is gone, or not written to its end. */
function read(path: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, "utf8")) as Holder;
    return Number.isInteger(holder.pid) && typeof holder.host === "string" ? holder : undefined;
  } catch {
    return undefined;
  }
}

/** Numbers of the locks in a folder, ascending. */
function locks(folder: string): number[] {
  return readdirSync(folder)
    .map((name) => /^\.lock-(\d+)$/.exec(name)?.[1])
    .filter((number) => number !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

/** A lock that this process holds. */
export class RunLock {
  private readonly beat: NodeJS.Timeout;

  private constructor(
    private readonly folder: string,
    private number: number,
  ) {
    this.beat = setInterval(() => this.touch(), HEARTBEAT);
    // A lock keeps no process alive.
    this.beat.unref();
  }

  private get path(): string {
    return join(this.folder, `.lock-${this.number}`);
  }

  /**
   * Takes the lock of a folder that exists.
   * @throws UserError that names the process which holds it.
   */
  static take(folder: string): RunLock {
    for (;;) {
      const last = locks(folder).at(-1) ?? 0;
      refuseIfHeld(folder, last);
      const number = last + 1;
      if (!create(folder, number)) continue;
      // Between looking and making, another may have taken a higher one and a third removed what was seen.
      const newest = locks(folder).at(-1);
      if (newest !== number) {
        rmSync(join(folder, `.lock-${number}`), { force: true });
        continue;
      }
      for (const old of locks(folder)) if (old < number) rmSync(join(folder, `.lock-${old}`), { force: true });
      return new RunLock(folder, number);
    }
  }

  private touch(): void {
    try {
      utimesSync(this.path, new Date(), new Date());
    } catch {
      // The folder may be gone; whoever writes there next says so.
    }
  }

  /** Takes the lock again, where the folder was deleted and made anew. */
  renew(): void {
    if (!locks(this.folder).includes(this.number)) create(this.folder, this.number);
  }

  release(): void {
    clearInterval(this.beat);
    rmSync(this.path, { force: true });
  }
}

function refuseIfHeld(folder: string, number: number): void {
  if (number === 0) return;
  const path = join(folder, `.lock-${number}`);
  const holder = read(path);
  if (holder === undefined) {
    // Either its maker was killed between making and writing it, or is about to write.
    if (existsSync(path) && Date.now() - statSync(path).mtimeMs < HEARTBEAT) {
      throw new UserError(`${folder} is being taken by another process at this moment; try again in a few seconds`);
    }
    return;
  }
  if (!isAlive(holder, path)) return;
  const where = holder.host === hostname() ? "" : ` on ${holder.host}`;
  throw new UserError(
    `${folder} is in use: process ${holder.pid}${where} has been training there since ${holder.since}. ` +
      "Wait until it ends, or stop it (Ctrl-C, or kill with its number), or choose another folder with --out.",
  );
}

/** Whether the file could be made: not if another was faster. */
function create(folder: string, number: number): boolean {
  let file: number;
  try {
    file = openSync(join(folder, `.lock-${number}`), "wx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  const holder: Holder = {
    pid: process.pid,
    host: hostname(),
    start: startOf(process.pid),
    since: new Date().toISOString(),
  };
  writeSync(file, `${JSON.stringify(holder)}\n`);
  closeSync(file);
  return true;
}
