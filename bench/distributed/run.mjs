// Data-parallel training measured: `node bench/distributed/run.mjs`. Sides take turns, A B C A B C, each in processes of its own; the best turn of each counts.
//   one rank, one thread; two ranks of one thread; one rank of two threads; all at the same total batch
// then whether the simulator's prediction of N ranks on this machine holds, and what it predicts for clusters.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { JOBS } from "../jobs.mjs";
import { efficiency, fitNetwork, NETWORKS, stepSeconds } from "./simulate.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: {
    job: { type: "string", default: "J5,J6" },
    mpirun: { type: "string", default: "mpirun" },
    engine: { type: "string", default: "auto" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "2" },
    ranks: { type: "string", default: "2,3,4" },
    nabla: { type: "string", default: here("../../dist/node.js") },
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(`node bench/distributed/run.mjs [--job J5,J6] [--mpirun mpirun.openmpi] [--engine auto|wasm|native] [--rounds 5] [--seconds 2]
  [--ranks 2,3,4: those that the simulator is checked against] [--nabla dist/node.js] [--quick] [--json]`);
  process.exit(0);
}
const rounds = values.quick ? 2 : Number(values.rounds);
const seconds = values.quick ? 0.5 : Number(values.seconds);
const version = spawnSync(values.mpirun, ["--version"], { encoding: "utf8" });
if (version.status !== 0) {
  console.error(
    `error: ${values.mpirun} is not there; install Open MPI or MPICH, or name the launcher: --mpirun mpirun.mpich`,
  );
  process.exit(2);
}
const openmpi = /Open MPI|OpenRTE|open-mpi/.test(version.stdout);

/** What each rank of a measurement has found. */
function measure(ranks, settings) {
  const out = mkdtempSync(join(tmpdir(), "nabla-ranks-"));
  const all = {
    seconds,
    warmUp: seconds / 2,
    engine: values.engine,
    nabla: resolve(values.nabla),
    threads: 1,
    out,
    ...settings,
  };
  const before = openmpi ? ["--oversubscribe", "--bind-to", "none"] : [];
  const node = [process.execPath, here("rank.mjs"), JSON.stringify(all)];
  const [command, ...words] = ranks === 1 ? node : [values.mpirun, ...before, "-n", String(ranks), ...node];
  const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" };
  const { status, stderr } = spawnSync(command, words, { encoding: "utf8", env });
  try {
    if (status !== 0) throw new Error(stderr);
    return readdirSync(out)
      .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
      .map((name) => JSON.parse(readFileSync(join(out, name), "utf8")));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
/** Milliseconds a step: the median of the best half of a turn's steps, which other programs disturbed least. */
const typical = (times) => median(times.toSorted((a, b) => a - b).slice(0, Math.ceil(times.length / 2)));
/** Where ranks do steps together, each lasts until the slowest is done. */
const together = (found) =>
  found[0].times.map((_, i) => Math.max(...found.map(({ times }) => times[Math.min(i, times.length - 1)])));
const shown = (ms) => `${ms.toFixed(2)} ms`;

const off = (predicted, real) => `${predicted >= real ? "+" : ""}${(100 * (predicted / real - 1)).toFixed(0)}%`;

/**
 * The simulator against messages alone: ranks that only wait while they would compute get on with a processor between them, so that more of them than
 * processors behave as hosts of a cluster do. `whole`: milliseconds of steps of one rank alone with the whole batch.
 */
function checkPaced(ranks, job, whole, trace) {
  const total = trace.at(-1).milliseconds;
  const pieces = trace.map(({ bytes, milliseconds }) => ({ bytes, ready: Math.min(1, milliseconds / total) }));
  const compute = typical(whole) / 1000 / ranks;
  let [real, predicted] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < rounds; round++) {
    const sums = measure(ranks, { ...job, mode: "network" })[0];
    const network = fitNetwork(
      sums.map(({ bytes, typical: seconds }) => ({ bytes, seconds })),
      ranks,
    );
    predicted = Math.min(predicted, 1000 * stepSeconds(ranks, { compute, update: 0, pieces }, network));
    real = Math.min(real, typical(measure(ranks, { ...job, mode: "paced", compute, pieces })[0].times));
  }
  return { real, predicted };
}

const results = [];
for (const id of values.job.split(",")) {
  const job = JOBS.find((each) => each.id === id);
  if (job === undefined) throw new Error(`there is no job ${id}`);
  const { batch } = job;
  const train = (ranks, settings = {}) => measure(ranks, { job: id, mode: "train", batch, ...settings });
  const sides = {
    "1 rank, 1 thread": () => train(1),
    "2 ranks, 1 thread each": () => train(2),
    "1 rank, 2 threads": () => train(1, { threads: Math.min(2, availableParallelism()) }),
    "2 ranks, one piece": () => train(2, { distributed: { pieceBytes: 2 ** 30 } }),
    "2 ranks, bfloat16": () => train(2, { distributed: { gradients: "bfloat16" } }),
    "1 rank, deterministic": () => train(1, { deterministic: true }),
    "2 ranks, deterministic": () => train(2, { deterministic: true }),
  };
  const best = Object.fromEntries(Object.keys(sides).map((name) => [name, Number.POSITIVE_INFINITY]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, turn] of Object.entries(sides)) best[name] = Math.min(best[name], typical(turn()[0].times));
  }
  const [one, two, threads] = Object.values(best);
  console.log(`${id}, ${job.title}`);
  for (const [name, ms] of Object.entries(best)) console.log(`  ${name.padEnd(24)} ${shown(ms)} a step`);
  console.log(
    `  2 ranks are ${(one / two).toFixed(2)} times 1 rank (wanted 1.9), ${(threads / two).toFixed(2)} times 2 threads (wanted 1.0)`,
  );

  // The simulator against this machine: what it is told are times of shares computed side by side, and all-reduces of other sizes.
  const checks = [];
  const alone = train(1);
  let schedule;
  for (const ranks of values.ranks.split(",").map(Number)) {
    let [real, predicted] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    let pieces;
    for (let round = 0; round < rounds; round++) {
      const network = fitNetwork(measure(ranks, { job: id, mode: "network", batch })[0], ranks);
      const shares = measure(ranks, { job: id, mode: "compute", batch });
      const trained = measure(ranks, { job: id, mode: "train", batch });
      pieces = trained[0].pieces;
      const compute = typical(together(shares)) / 1000;
      // On one machine the processor that would move messages computes: nothing overlaps.
      const step = { compute, update: 0, pieces: pieces.map(({ bytes }) => ({ bytes, ready: 1 })) };
      predicted = Math.min(predicted, 1000 * stepSeconds(ranks, step, network, { overlap: false }));
      real = Math.min(real, typical(trained[0].times));
    }
    const crowded = ranks > availableParallelism() ? ", more ranks than processors" : "";
    console.log(
      `  ${ranks} ranks here: ${shown(real)} a step, predicted ${shown(predicted)} (${off(predicted, real)}${crowded})`,
    );
    schedule ??= pieces;
    const paced = checkPaced(ranks, { job: id, batch }, alone[0].times, pieces);
    checks.push({ ranks, real, predicted, paced });
    console.log(
      `  ${ranks} ranks that wait in place of computing: ${shown(paced.real)}, predicted ${shown(paced.predicted)} (${off(paced.predicted, paced.real)})`,
    );
  }

  // Clusters: hosts of 8 cores, whose step follows from one and two threads by Amdahl's law, at this job's batch a host.
  const serial = Math.min(1, Math.max(0, (2 * threads) / one - 1));
  const compute = (one / 1000) * (serial + (1 - serial) / 8);
  const total = schedule.at(-1).milliseconds;
  const step = {
    compute,
    update: 0,
    pieces: schedule.map(({ bytes, milliseconds }) => ({ bytes, ready: Math.min(1, milliseconds / total) })),
  };
  const bytes = schedule.reduce((sum, piece) => sum + piece.bytes, 0);
  console.log(
    `  hosts of 8 cores, ${batch} samples each, ${shown(1000 * compute)} a step, ${(bytes / 2 ** 20).toFixed(1)} MiB of gradients; hosts differ by 1%. Efficiency:`,
  );
  const hosts = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
  console.log(`    ${"".padEnd(34)}${hosts.map((n) => String(n).padStart(6)).join("")}`);
  const predictions = [];
  for (const [name, network] of Object.entries(NETWORKS)) {
    const ways = {
      "": {},
      ", nothing overlaps": { overlap: false },
      ", bfloat16": { wire: "bfloat16" },
      ", 4 batches an update": { accumulate: 4 },
    };
    for (const [way, options] of Object.entries(ways)) {
      const row = hosts.map((n) => efficiency(n, step, network, { spread: 0.01, ...options }));
      predictions.push({ network: name + way, hosts, efficiency: row });
      console.log(`    ${(name + way).padEnd(34)}${row.map((share) => share.toFixed(2).padStart(6)).join("")}`);
    }
  }
  results.push({ job: id, best, checks, predictions });
}
const load = loadavg()[0].toFixed(1);
console.log(
  `\n${cpus()[0].model}, ${availableParallelism()} processors, ${version.stdout.split("\n")[0]}; load ${load} at the end: ratios mean something where it is that of the ranks alone.`,
);
if (values.json) console.log(JSON.stringify({ load: loadavg(), results }));
