// What experiments measure over many seeds: the ground on which bands stand.
//
//   npm run seeds -- nndl/3.2-dropout --seeds 1-10            the quick form
//   npm run seeds -- nndl/3.2-dropout --seeds 11-20 --full
//   npm run seeds -- --source nndl --jobs 2 --out seeds.json  the records too, added to those that the file holds
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { makeMirrors } from "./mirror.mjs";
import { ask, inParallel, start } from "./process.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string", default: "1-10" },
    full: { type: "boolean", default: false },
    source: { type: "string" },
    jobs: { type: "string", default: "1" },
    out: { type: "string" },
    seconds: { type: "string" },
  },
});

const [from, to = from] = options.seeds.split("-").map(Number);
const jobs = Number(options.jobs);
if (!(Number.isInteger(from) && Number.isInteger(to) && from <= to && Number.isInteger(jobs) && jobs > 0)) {
  console.error("--seeds takes a number or a range as 1-10, --jobs a number from 1");
  process.exit(2);
}
const form = options.full ? "full" : "quick";
const limit = Number(options.seconds ?? (options.full ? 3600 : 120));
const { mirrors, remove } = makeMirrors(1);
process.on("exit", remove);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));

const { allEntries, findEntry } = await import(pathToFileURL(join(mirrors[0], "book/library.js")).href);
const ids =
  positionals.length > 0
    ? positionals.map((id) => findEntry(id)?.experiment.id ?? id)
    : allEntries()
        .filter(({ source }) => options.source === undefined || source.id === options.source)
        .map(({ experiment }) => experiment.id);
const unknown = ids.filter((id) => findEntry(id) === undefined);
if (unknown.length > 0) {
  console.error(`there is no experiment ${unknown.join(", ")}`);
  process.exit(2);
}

const records =
  options.out !== undefined && existsSync(options.out) ? JSON.parse(readFileSync(options.out, "utf8")) : [];
const has = (id, seed) => records.some((record) => record.id === id && record.seed === seed && record.form === form);
let failed = 0;
await inParallel(ids, jobs, async (id) => {
  const child = start(mirrors[0]);
  for (let seed = from; seed <= to; seed++) {
    if (has(id, seed)) continue;
    records.push(await ask(child, { id, form, seed }, limit));
    if (options.out !== undefined) writeFileSync(options.out, JSON.stringify(records));
    if (child.exitCode !== null || child.signalCode !== null) break;
    const last = records.at(-1);
    // Nothing random in it: the second seed changes no number.
    if (
      seed === from + 1 &&
      same(
        records.find((r) => r.id === id && r.seed === from && r.form === form),
        last,
      )
    )
      break;
  }
  child.removeAllListeners("exit").kill();
  report(id);
});
process.exit(failed > 0 ? 1 : 0);

function same(a, b) {
  return a !== undefined && JSON.stringify(a.measured) === JSON.stringify(b.measured);
}

function report(id) {
  const mine = records.filter((record) => record.id === id && record.form === form);
  const bad = mine.filter(({ verdict, unexplained }) => verdict === "failed" || unexplained.length > 0);
  if (bad.length > 0) failed++;
  const seconds = Math.max(...mine.map((record) => record.seconds));
  console.log(`${id}: ${mine.length} seeds, ${bad.length} outside, at most ${seconds.toFixed(1)} s`);
  for (const { seed, unexplained, error } of bad) console.log(`  seed ${seed}: ${error ?? unexplained.join(", ")}`);
  for (const { measure, accept, reported } of findEntry(id).experiment.claims) {
    const values = mine.flatMap(({ measured }) => (measure in measured ? [measured[measure]] : []));
    if (same({ measured: values[0] }, { measured: values[1] }) && values.length === 2) continue;
    const band = "quick" in accept ? accept[form] : accept;
    console.log(
      `  ${measure}: ${summary(values)}; accepts ${JSON.stringify(band)}${reported === undefined ? "" : `; source ${JSON.stringify(reported)}`}`,
    );
  }
}

function summary(values) {
  if (values.some(Array.isArray)) {
    const length = Math.max(...values.map((value) => value.length));
    return Array.from({ length: Math.min(length, 12) }, (_, i) => summary(values.map((value) => value[i]))).join(" | ");
  }
  if (!values.every((value) => typeof value === "number")) return [...new Set(values.map(String))].join(" or ");
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1),
  );
  const show = (value) => String(Number(value.toPrecision(4)));
  return `${show(Math.min(...values))} to ${show(Math.max(...values))}, mean ${show(mean)} ± ${show(deviation)}`;
}
