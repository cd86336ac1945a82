// npm run bench: Nabla and its peers side by side. See README.md.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { JOBS } from "./jobs.mjs";
import { contestants, python } from "./lib/contestants.mjs";
import { writeData } from "./lib/data.mjs";
import { writeNetworks } from "./lib/inference.mjs";
import { describeMachine } from "./lib/machine.mjs";
import { measure } from "./lib/measure.mjs";
import { resultsPage, summarise, tables, troubles } from "./lib/report.mjs";

const HELP = `npm run bench -- [options]

  --job J4,product     only these jobs, or those whose names begin so (--list shows them)
  --engine wasm        only these of Nabla's engines; default wasm,native
  --threads 1,2        numbers of threads; default 1 and 2
  --no-peers           Nabla alone
  --nabla FILE         another build's dist/node.js, to measure what a change has brought
  --quick              fewer and shorter turns: figures to look at, not to keep
  --json               the last line is one JSON object with all figures and ratios
  --write              also writes bench/RESULTS.md; needs a whole run
  --list               names of the jobs`;

const RESULTS = new URL("RESULTS.md", import.meta.url);

class UsageError extends Error {}

function options() {
  let values;
  try {
    values = parseArgs({
      options: {
        job: { type: "string" },
        engine: { type: "string" },
        threads: { type: "string" },
        "no-peers": { type: "boolean", default: false },
        nabla: { type: "string", default: fileURLToPath(new URL("../dist/node.js", import.meta.url)) },
        quick: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        write: { type: "boolean", default: false },
        list: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error.message);
  }
  if (
    values.write &&
    (values.job ?? values.engine ?? values.threads ?? (values.quick || values["no-peers"] || undefined))
  ) {
    throw new UsageError("--write keeps whole runs only: leave --job, --engine, --threads, --quick and --no-peers out");
  }
  return values;
}

function chosenJobs(names) {
  if (names === undefined) return JOBS;
  const wanted = names.split(",").map((name) => name.trim());
  for (const name of wanted) {
    if (!JOBS.some(({ id }) => id.startsWith(name))) {
      throw new UsageError(`there is no job ${JSON.stringify(name)}; there are ${JOBS.map(({ id }) => id).join(", ")}`);
    }
  }
  return JOBS.filter(({ id }) => wanted.some((name) => id.startsWith(name)));
}

function chosenEngines(names = "wasm,native") {
  const engines = names.split(",").map((name) => name.trim());
  const unknown = engines.find((engine) => !["wasm", "native"].includes(engine));
  if (unknown !== undefined)
    throw new UsageError(`there is no engine ${JSON.stringify(unknown)}; there are wasm, native`);
  return engines;
}

function chosenThreads(names = "1,2") {
  const counts = names.split(",").map(Number);
  if (counts.some((count) => !Number.isInteger(count) || count < 1)) {
    throw new UsageError(`--threads must be whole numbers from 1 on, got ${names}`);
  }
  const processors = availableParallelism();
  const possible = [...new Set(counts.map((count) => Math.min(count, processors)))];
  if (possible.length < counts.length) console.error(`this machine has ${processors} processors`);
  return possible;
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

async function main() {
  const values = options();
  if (values.help) return console.log(HELP);
  if (values.list) return console.log(JOBS.map(({ id, title }) => `${id.padEnd(20)} ${title}`).join("\n"));
  const jobs = chosenJobs(values.job);
  const threadCounts = chosenThreads(values.threads);
  const everyone = contestants({ engines: chosenEngines(values.engine), threadCounts, withPeers: !values["no-peers"] });
  const nabla = resolve(values.nabla);
  if (!existsSync(nabla)) throw new UsageError(`${nabla} is not there; npm run setup -- --build makes dist/node.js`);
  const settings = values.quick
    ? { rounds: 2, mostRounds: 2, seconds: 0.15, warmUpSeconds: 0.3, patience: 0 }
    : { rounds: 5, mostRounds: 20, seconds: 0.4, warmUpSeconds: 2, patience: 3000 };
  const folder = mkdtempSync(join(tmpdir(), "nabla-bench-"));
  const clear = () => rmSync(folder, { recursive: true, force: true });
  process.once("SIGINT", () => {
    clear();
    process.exit(130);
  });
  const summaries = [];
  try {
    progress("writing the data");
    const networks = join(folder, "networks");
    const withoutNetworks = writeNetworks(networks, jobs, python());
    const data = { ...writeData(join(folder, "data.bin"), jobs), networks };
    const missing = new Set();
    const copies = new Map();
    for (const job of jobs) {
      const sides = everyone.filter(
        ({ kinds, only, group }) =>
          kinds.includes(job.kind) && (only?.includes(job.id) ?? true) && (job.sides?.includes(group) ?? true),
      );
      if (job.network !== undefined && withoutNetworks !== undefined) {
        console.error(`${job.id}: ${withoutNetworks}`);
        continue;
      }
      const present = sides.filter((side) => !missing.has(side.name));
      const measured = await measure(job, present, { ...settings, data, nabla, onProgress: progress });
      for (const { contestant, refusal, turns } of measured.entries) {
        if (refusal?.kind === "missing") missing.add(contestant.name);
        if (contestant.group === "copy" && turns.length > 0) {
          copies.set(contestant.threads, { seconds: Math.min(...turns), bytes: job.bytes });
        }
      }
      progress("");
      summaries.push(summarise(measured, copies));
    }
    console.log(tables(summaries));
  } finally {
    clear();
  }
  const timed = summaries.filter(({ kind }) => kind !== "startup");
  const busy = timed.reduce((sum, summary) => sum + summary.busy, 0) / Math.max(1, timed.length);
  const run = { machine: describeMachine(), date: new Date().toISOString().slice(0, 10), busy, settings, summaries };
  if (values.write) {
    let before = "";
    try {
      before = readFileSync(RESULTS, "utf8");
    } catch {
      // The first run has no notes to keep.
    }
    writeFileSync(RESULTS, resultsPage(run, before));
  }
  console.log(`\nWhen turns began, other programs used ${Math.round(100 * busy)}% of the processors.`);
  const found = troubles(summaries);
  for (const trouble of found) console.error(`error: ${trouble}`);
  if (found.length > 0) process.exitCode = 1;
  if (values.json) console.log(JSON.stringify(run));
}

try {
  await main();
} catch (error) {
  console.error(`error: ${error.message}`);
  if (!(error instanceof UsageError)) console.error(error.stack);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
