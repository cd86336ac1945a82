// One process at a time writes to a run's folder. The lock is a file in the folder that names its holder, and it counts only while the holder
// lives: a run that was killed can be continued at once. A process is told from a later one with the same number by its start time; from one
// that can't be seen (another machine, another container) by a sign of life that the holder gives every few seconds.
//
// Locks are numbered. A newcomer makes the next number exclusively, so that of several that find a dead holder only one comes after it, and
// looks at the others again before it begins.
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { errorCode } from "../data/file.node.ts";

/** Milliseconds between two signs of life. */
const BEAT = 4000;
/** How long a sign of life is waited for. */
const PATIENCE = 3 * BEAT;
/** How long a lock may be empty: between its making and its writing. */
const HALF_MADE = 2000;

/** Who holds a lock. */
export interface Holder {
  token: string;
  pid: number;
  /** When the process started, in the platform's own words; null where it doesn't tell. */
  started: string | null;
  host: string;
  /** The running system and the container in it: a process number means something only there. */
  world: string;
  command: string;
  since: string;
}

/** The folder belongs to another process that lives. */
export class FolderInUse extends Error {
  override readonly name = "FolderInUse";
  constructor(
    readonly folder: string,
    readonly holder: Holder,
  ) {
    const place = holder.host === hostname() ? "" : ` on ${holder.host}`;
    super(
      `${folder} is in use by process ${holder.pid}${place} (${holder.command}), since ${holder.since}. ` +
        "Wait until it ends, or end it; or choose another folder",
    );
  }
}

function fileText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** When a process started; null if there is none, or the platform doesn't tell. A process that has ended but is still listed is none. */
export function startOf(pid: number): string | null {
  if (process.platform === "linux") {
    // `pid (name) state ...`: the name may hold spaces and brackets; the start time is the 22nd field.
    const fields = fileText(`/proc/${pid}/stat`)
      ?.replace(/^.*\) /s, "")
      .split(" ");
    return fields === undefined || /[ZX]/.test(fields[0]) ? null : fields[19];
  }
  if (process.platform === "win32") return null;
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || null;
  } catch {
    return null;
  }
}

function thisWorld(): string {
  if (process.platform !== "linux") return hostname();
  const container = ((): string => {
    try {
      return readlinkSync("/proc/self/ns/pid");
    } catch {
      return hostname();
    }
  })();
  return `${fileText("/proc/sys/kernel/random/boot_id")?.trim() ?? hostname()} ${container}`;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

function modified(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Whether the lock's file is touched, or goes, while one waits. */
async function givesSigns(path: string, patience: number): Promise<boolean> {
  const before = modified(path);
  const end = performance.now() + patience;
  while (performance.now() < end) {
    await pause(Math.min(200, patience / 4));
    const now = modified(path);
    if (now === undefined) return false;
    if (now !== before) return true;
  }
  return false;
}

async function lives(holder: Holder, path: string, patience: number): Promise<boolean> {
  if (holder.world !== thisWorld()) return givesSigns(path, patience);
  if (holder.started !== null) return startOf(holder.pid) === holder.started;
  return isRunning(holder.pid) && (await givesSigns(path, patience));
}

async function readHolder(path: string): Promise<Holder | null> {
  const end = performance.now() + HALF_MADE;
  for (;;) {
    const text = fileText(path);
    if (text === null) return null;
    try {
      return JSON.parse(text) as Holder;
    } catch {
      // Its maker was killed in between, or writes it now.
      const age = Date.now() - (modified(path) ?? 0);
      if (age > HALF_MADE || performance.now() > end) return null;
      await pause(20);
    }
  }
}

/** The number of a lock's file; 0 for any other file. */
function numberOf(path: string): number {
  return Number(/\.lock-(\d+)$/.exec(path)?.[1] ?? 0);
}

/** Paths of the locks in a folder, in the order of their numbers. */
function locksIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => numberOf(name) > 0)
    .sort((a, b) => numberOf(a) - numberOf(b))
    .map((name) => join(folder, name));
}

/** Who has a folder at the moment, and whether a signal from this process reaches them; null where nobody does. */
export async function holderOf(folder: string): Promise<{ holder: Holder; reachable: boolean } | null> {
  for (const path of locksIn(folder)) {
    const holder = await readHolder(path);
    if (holder === null) continue;
    const reachable = holder.world === thisWorld();
    // A holder elsewhere gives signs by touching the file; one is recent enough or it is not.
    const alive = reachable ? await lives(holder, path, PATIENCE) : Date.now() - (modified(path) ?? 0) < PATIENCE;
    if (alive) return { holder, reachable };
  }
  return null;
}

/** A lock that this process holds. */
export class FolderLock {
  private readonly beat: NodeJS.Timeout;
  private readonly atExit = (): void => this.release();

  constructor(
    private readonly path: string,
    private readonly holder: Holder,
  ) {
    this.beat = setInterval(() => this.giveSign(), BEAT).unref();
    process.on("exit", this.atExit);
  }

  private giveSign(): void {
    try {
      utimesSync(this.path, new Date(), new Date());
    } catch {
      // Its folder is gone: who saves next finds that out.
    }
  }

  /** Whether it is still there, and not another's. */
  get held(): boolean {
    return fileText(this.path)?.includes(this.holder.token) ?? false;
  }

  release(): void {
    clearInterval(this.beat);
    process.off("exit", this.atExit);
    try {
      if (this.held) rmSync(this.path, { force: true });
    } catch {
      // On a disk that can't be written to it stays, and its holder is dead.
    }
  }
}

/**
 * Takes the lock of a folder that exists.
 * @param command what this process does, for messages to others.
 * @param patience how long to wait for a sign of life, in milliseconds, of a holder that can't be seen.
 * @throws FolderInUse if another process holds it; what the file system says if it can't be written.
 */
export async function lockFolder(folder: string, command: string, patience = PATIENCE): Promise<FolderLock> {
  const holder: Holder = {
    token: randomUUID(),
    pid: process.pid,
    started: startOf(process.pid),
    host: hostname(),
    world: thisWorld(),
    command,
    since: new Date().toISOString(),
  };
  // By token: a number may be given again to one that lives.
  const dead = new Set<string>();
  const refuseIfHeld = async (paths: readonly string[]): Promise<void> => {
    for (const path of paths) {
      const other = await readHolder(path);
      if (other === null || dead.has(other.token)) continue;
      if (await lives(other, path, patience)) throw new FolderInUse(folder, other);
      dead.add(other.token);
    }
  };
  for (;;) {
    const others = locksIn(folder);
    await refuseIfHeld(others);
    const path = join(folder, `.lock-${numberOf(others.at(-1) ?? "") + 1}`);
    try {
      writeFileSync(path, JSON.stringify(holder), { flag: "wx" });
    } catch (error) {
      if (errorCode(error) === "EEXIST") continue;
      rmSync(path, { force: true });
      throw error;
    }
    try {
      const now = locksIn(folder);
      await refuseIfHeld(now.filter((other) => other !== path));
      for (const other of now) {
        const token = (await readHolder(other))?.token;
        if (token === undefined || dead.has(token)) rmSync(other, { force: true });
      }
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
    return new FolderLock(path, holder);
  }
}
