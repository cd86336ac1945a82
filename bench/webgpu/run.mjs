// Nabla, jax-js and TensorFlow.js on WebGPU in this machine's Chromium: `node bench/webgpu/run.mjs`, after a build and `npm install` in bench/.
// What each asks of the device in a step is counted, and steps are timed in turns. Without a graphics processor Chromium's SwiftShader computes: then
// times say how the processor copes, and the counts are what carries over.
//
//   --job J2,J5          only these; default J2, J5, J6, J7, product2048
//   --side nabla,jax     only these
//   --batch N            samples a step in place of the job's own: counts of dispatches are the same, and come sooner
//   --rounds N           turns of each side; default 3
//   --no-times           counts alone
//   --json               the last line is one JSON object
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { JOBS } from "../jobs.mjs";
import { writeData } from "../lib/data.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { values: options } = parseArgs({
  options: {
    job: { type: "string", default: "J2,J5,J6,J7,product2048" },
    side: { type: "string", default: "nabla,jax,tfjs" },
    batch: { type: "string" },
    rounds: { type: "string", default: "3" },
    "no-times": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    executable: { type: "string", default: "/usr/bin/chromium" },
  },
});
/** Nabla's forms; what `fit` does besides is reading loss and classes, shuffling and gathering. */
const CONTESTANTS = [
  { side: "nabla", form: "capture", name: "Nabla, a captured step" },
  { side: "nabla", form: "fit", name: "Nabla, fit" },
  { side: "jax", name: "jax-js, a compiled step" },
  { side: "tfjs", name: "TensorFlow.js" },
].filter(({ side }) => options.side.split(",").includes(side));
/** Steps whose difference is counted: what a turn has besides falls out. */
const [FEW, MANY] = [2, 6];

const product2048 = { ...JOBS.find(({ id }) => id === "product1024"), id: "product2048", size: 2048 };
product2048.title = "matrix product 2048 x 2048 x 2048";
const jobs = options.job.split(",").map((id) => {
  const job = [...JOBS, product2048].find((each) => each.id === id);
  if (job === undefined) throw new Error(`no job ${id}`);
  return options.batch === undefined || job.batch === undefined ? job : { ...job, batch: Number(options.batch) };
});

const folder = mkdtempSync(join(tmpdir(), "nabla-webgpu-"));
const data = writeData(
  join(folder, "data.bin"),
  jobs.filter(({ kind }) => kind === "training"),
);
const types = { ".js": "text/javascript", ".mjs": "text/javascript" };
const server = createServer(({ url }, response) => {
  const path = new URL(url, "http://localhost").pathname;
  try {
    const file = path === "/data.bin" ? data.file : join(root, path);
    const body = path === "/" ? "<!doctype html><title>bench</title>" : readFileSync(file);
    response.writeHead(200, { "content-type": types[extname(path)] ?? "text/html" }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const address = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({
  executablePath: options.executable,
  args: ["--no-sandbox", "--enable-unsafe-webgpu", "--disable-background-networking", "--no-first-run"],
});

const PAGE = "/bench/webgpu/page.mjs";
const call = (page, name, ...given) =>
  page.evaluate(
    async ([module, wanted, values]) => (await import(module))[wanted](...values),
    [`${address}${PAGE}`, name, given],
  );

const progress = (line) => process.stderr.write(`${line}\n`);

async function prepare(job, contestant) {
  progress(`${job.id}: ${contestant.name}`);
  const page = await browser.newPage();
  await page.addInitScript({ path: fileURLToPath(new URL("counters.js", import.meta.url)) });
  page.on("console", (message) => message.type() === "error" && progress(message.text()));
  await page.goto(address);
  const checked = job.kind === "training" ? 3 : 1;
  try {
    const results = await call(page, "prepare", { job, checked, ...contestant }, { arrays: data.arrays });
    return { ...contestant, page, results, best: Number.POSITIVE_INFINITY };
  } catch (error) {
    await page.close();
    return { ...contestant, failed: error.message.split("\n")[0] };
  }
}

/** What a step asks for: the difference between some steps and fewer. */
async function count(side, job) {
  if (job.kind === "product") {
    const { counts } = await call(side.page, "steps", 1);
    return counts;
  }
  const few = await call(side.page, "steps", FEW);
  const many = await call(side.page, "steps", MANY);
  return Object.fromEntries(
    Object.entries(many.counts).map(([name, value]) => [name, (value - few.counts[name]) / (MANY - FEW)]),
  );
}

const number = (value, digits = 0) =>
  value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const all = {};
for (const job of jobs) {
  const sides = [];
  for (const contestant of CONTESTANTS) {
    // Its loss is the same read as a step's: nothing is captured of a product, or trained.
    if (job.kind === "product" && contestant.form === "fit") continue;
    if (job.input === "text" && contestant.form === "fit") continue;
    sides.push(await prepare(job, contestant));
  }
  const able = sides.filter(({ page }) => page !== undefined);
  for (const side of able) side.counts = await count(side, job);
  if (!options["no-times"]) {
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const side of able) {
        const { milliseconds } = await call(side.page, "steps", job.kind === "product" ? 1 : FEW);
        side.best = Math.min(side.best, milliseconds / (job.kind === "product" ? 1 : FEW));
      }
    }
  }
  console.log(`\n### ${job.id}: ${job.title}\n`);
  console.log("| | dispatches | submits | bytes written | bytes read | bytes copied | ms | results |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
  for (const { name, counts, best, results, failed } of sides) {
    if (failed !== undefined) {
      console.log(`| ${name} | ${failed} |`);
      continue;
    }
    const cells = [counts.dispatches, counts.submits, counts.written, counts.read, counts.copied];
    const time = Number.isFinite(best) ? number(best, 1) : "";
    const shown = results.map((value) => value.toPrecision(6)).join(" ");
    console.log(`| ${name} | ${cells.map((value) => number(value)).join(" | ")} | ${time} | ${shown} |`);
  }
  all[job.id] = sides.map(({ page: _, ...rest }) => rest);
  for (const { page } of able) await page.close();
}
await browser.close();
server.close();
rmSync(folder, { recursive: true });
if (options.json) console.log(JSON.stringify(all));
