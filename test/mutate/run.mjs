// Breaks the books' programs, one small edit at a time, and asks whether their verdicts notice: an experiment that says "reproduced" with its
// technique switched off would say so of anything.
//
//   npm run mutate                     every mutation of the table
//   npm run mutate -- --quick          those that continuous integration runs
//   npm run mutate -- --only ID,ID     some of them
//   npm run mutate -- --jobs 2         so many at a time (default 1)
//   npm run mutate -- --seconds 900    how long a run may take before it counts as hung, on a machine with much else to do
//
// The experiments on handwritten digits need MNIST, those on texts the texts: NABLA_DATA_DIR names the folder that holds mnist/ and text/. Mutations that
// need what is absent are skipped, and said to be.
//
// A mutation is caught when each experiment that it names says "differs" beyond every difference that is known, where the program as it is does
// not. The last line is `N caught, M survived`; the exit code is 1 where one survived or could not be judged.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { makeMirrors, prepare } from "./mirror.mjs";
import { MUTATIONS } from "./mutations.mjs";
import { ask, inParallel, start } from "./process.mjs";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    jobs: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    seconds: { type: "string" },
  },
});
const jobs = Number(options.jobs);
const seed = Number(options.seed);
if (!Number.isInteger(jobs) || jobs < 1 || !Number.isInteger(seed) || seed < 0) {
  console.error("--jobs takes a number from 1, --seed one from 0");
  process.exit(2);
}
if (options.seconds !== undefined && !(Number(options.seconds) > 0)) {
  console.error("--seconds takes a number above 0");
  process.exit(2);
}
const wanted = options.only?.split(",");
const unknown = wanted?.filter((id) => !MUTATIONS.some((mutation) => mutation.id === id)) ?? [];
if (unknown.length > 0) {
  console.error(`there is no mutation ${unknown.join(", ")}; there are ${MUTATIONS.map(({ id }) => id).join(", ")}`);
  process.exit(2);
}
const chosen = MUTATIONS.filter(({ id, ci }) =>
  wanted === undefined ? !options.quick || ci : wanted.includes(id),
).map(prepare);

/** Seconds after which a run counts as hung. */
const LIMIT = { quick: Number(options.seconds ?? 120), full: Number(options.seconds ?? 1200) };
const { mirrors, remove } = makeMirrors(jobs + 1);
// The last one stays as it is.
const whole = mirrors[jobs];
process.on("exit", remove);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

const book = (file) => import(pathToFileURL(join(whole, "book", file)).href);
const [{ findEntry }, { firstMissing }] = await Promise.all([book("library.js"), book("needs.js")]);

async function runIn(mirror, id, form) {
  const child = start(mirror);
  const record = await ask(child, { id, form, seed }, LIMIT[form]);
  child.removeAllListeners("exit").kill();
  return record;
}

/** How the experiments stand as they are: each is run once, by whoever asks for it first. */
const baselines = new Map();
function baseline(id, form) {
  const key = `${form} ${id}`;
  if (!baselines.has(key)) baselines.set(key, runIn(whole, id, form));
  return baselines.get(key);
}

/** What the mutation did to measures, for whoever looks for a band that notices. */
function moved(before, after) {
  const lines = Object.keys(before).flatMap((measure) => {
    const [was, is] = [before, after].map((measured) => JSON.stringify(measured[measure]) ?? "nothing");
    return was === is ? [] : [`${measure} ${was.slice(0, 100)} → ${is.slice(0, 100)}`];
  });
  return lines.length > 0 ? lines.join("; ") : "no measure moved";
}

const counts = { caught: 0, survived: 0, skipped: 0 };
const began = performance.now();
const survivors = [];
await inParallel(chosen, jobs, async (mutation, index) => {
  const { id, why, experiments, form = "quick" } = mutation;
  const missing = await firstMissing(experiments.flatMap((experiment) => findEntry(experiment).experiment.needs ?? []));
  if (missing !== undefined) {
    counts.skipped += 1;
    console.log(`skipped  ${id}: needs ${missing}, which is not on this machine`);
    return;
  }
  const since = performance.now();
  const troubles = [];
  const signs = [];
  mutation.put(mirrors[index]);
  for (const experiment of experiments) {
    const before = await baseline(experiment, form);
    const record = await runIn(mirrors[index], experiment, form);
    if (before.verdict === "failed" || before.unexplained.length > 0) {
      troubles.push(
        `${experiment} ${before.error ?? `differs in ${before.unexplained.join(", ")}`} without the mutation`,
      );
    } else if (record.verdict === "failed") {
      troubles.push(`${experiment} failed: ${record.error}`);
    } else if (record.unexplained.length === 0) {
      troubles.push(`${experiment} says ${record.verdict}: ${moved(before.measured, record.measured)}`);
    } else {
      signs.push(`${experiment}: ${record.unexplained.join(", ")}`);
    }
  }
  mutation.take(mirrors[index]);
  const caught = troubles.length === 0;
  counts[caught ? "caught" : "survived"] += 1;
  if (!caught) survivors.push(id);
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  console.log(`${caught ? "caught  " : "SURVIVED"} ${id} (${seconds} s): ${why}`);
  for (const line of [...signs, ...troubles]) console.log(`         ${line}`);
});
const minutes = ((performance.now() - began) / 60_000).toFixed(1);
if (survivors.length > 0) console.log(`survived: ${survivors.join(", ")}`);
console.log(`${minutes} minutes`);
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
console.log(`${counts.caught} caught, ${counts.survived} survived${skipped}`);
process.exit(counts.survived > 0 ? 1 : 0);
