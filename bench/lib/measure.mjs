// One job, measured: every contestant prepares in a process of its own, then they take turns, A B A B, and each one's best turn counts. What the
// machine was busy with in between is measured too.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { rest } from "./machine.mjs";

/** Between two turns: long enough that threads which spin for work have gone to sleep. */
const PAUSE = 120;
/** A contestant gets as many turns as fit into this time, in seconds; at least one. */
const LONGEST = 12;
/** Rounds go on until in the last so many of them no best turn has fallen by more than this share. */
const [SETTLING, FALL] = [3, 0.02];
/** A side that says nothing for this long is given up, in milliseconds. */
const SILENCE = 180_000;

class Side {
  constructor(contestant, request) {
    const [command, ...words] = contestant.command;
    const environment = { ...process.env, ...contestant.environment };
    this.child = spawn(command, [...words, JSON.stringify(request)], { env: environment });
    this.complaints = "";
    this.child.stderr.on("data", (chunk) => {
      this.complaints = (this.complaints + chunk).slice(-4000);
    });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    this.ended = new Promise((resolve) => {
      this.child.on("error", (error) => {
        this.absent = error.code === "ENOENT";
        resolve(error.message);
      });
      this.child.on("close", (code) => resolve(`exit code ${code}`));
    });
    // A child that is gone can't be written to; `next` reports its end.
    this.child.stdin.on("error", () => {});
  }

  /** Its next message; an end without one becomes {failed}. */
  async next() {
    let timer;
    const silence = new Promise((resolve) => {
      timer = setTimeout(() => resolve({ failed: `no answer for ${SILENCE / 1000} s` }), SILENCE);
    });
    const message = this.lines.next().then(async ({ done, value }) => {
      if (!done) return JSON.parse(value);
      const reason = await this.ended;
      if (this.absent) return { missing: `${this.child.spawnfile} is not there` };
      const last = this.complaints.trim().split("\n").at(-1);
      return { failed: last ? `${reason}: ${last}` : reason };
    });
    const result = await Promise.race([message, silence]);
    clearTimeout(timer);
    return result;
  }

  take(seconds) {
    this.child.stdin.write(`${JSON.stringify({ seconds })}\n`);
    return this.next();
  }

  async end() {
    this.child.kill();
    await this.ended;
  }
}

/** Why a contestant has no figure, or undefined. */
function refusal({ missing, cannot, failed }) {
  if (missing !== undefined) return { kind: "missing", reason: missing };
  if (cannot !== undefined) return { kind: "cannot", reason: cannot };
  if (failed !== undefined) return { kind: "failed", reason: failed };
  return undefined;
}

/**
 * Measures a job. Returns for each contestant its seconds a step in every turn, the results of its first steps and its version; or why it has none;
 * and the mean share of the machine that others used.
 */
export async function measure(job, sides, settings) {
  const { data, nabla, rounds, mostRounds, seconds, warmUpSeconds, patience, onProgress } = settings;
  const entries = [];
  const busy = [];
  for (const contestant of sides) {
    onProgress?.(`${job.id}: ${contestant.name} prepares`);
    const { engine, threads, form } = contestant;
    const entry = { contestant, turns: [] };
    entries.push(entry);
    const request = { job, data, nabla, engine, threads, form, warmUpSeconds };
    if (job.kind === "startup") {
      await startups(entry, request, rounds);
      continue;
    }
    const side = new Side(contestant, request);
    const first = await side.next();
    entry.refusal = refusal(first);
    if (entry.refusal) await side.end();
    else Object.assign(entry, { side, results: first.results, version: first.version, pace: first.secondsPerStep });
  }
  const playing = entries.filter((entry) => entry.side);
  try {
    for (let round = 0; round < rounds || (round < mostRounds && !settled(playing)); round++) {
      for (const entry of playing) {
        const turn = Math.max(seconds, entry.pace);
        if (entry.refusal || (round > 0 && (round + 1) * turn > LONGEST)) continue;
        onProgress?.(`${job.id}: round ${round + 1} of ${rounds}, ${entry.contestant.name}`);
        busy.push(await rest(PAUSE, patience));
        const answer = await entry.side.take(seconds);
        entry.refusal = refusal(answer);
        if (!entry.refusal) entry.turns.push(answer.seconds / answer.steps);
      }
    }
  } finally {
    await Promise.all(playing.map((entry) => entry.side.end()));
  }
  for (const entry of entries) delete entry.side;
  return { job, entries, busy: busy.length > 0 ? busy.reduce((sum, share) => sum + share, 0) / busy.length : 0 };
}

/** Whether the best turns have stopped falling: on a machine that others use too, that takes more rounds. */
function settled(entries) {
  return entries.every(({ turns, refusal }) => {
    const earlier = turns.slice(0, -SETTLING);
    return refusal || earlier.length === 0 || Math.min(...turns) >= (1 - FALL) * Math.min(...earlier);
  });
}

/** Start-up needs a fresh process for every turn. */
async function startups(entry, request, rounds) {
  for (let round = 0; round < rounds && !entry.refusal; round++) {
    const side = new Side(entry.contestant, request);
    const answer = await side.next();
    await side.end();
    entry.refusal = refusal(answer);
    entry.version = answer.version;
    if (!entry.refusal) entry.turns.push(answer.milliseconds / 1000);
  }
}
