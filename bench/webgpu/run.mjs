// Nabla, jax-js and TensorFlow.js on WebGPU in this machine's browser, and Nabla in Node on Dawn: `node bench/webgpu/run.mjs`, after a build and
// `npm install` in bench/. What each asks of the device in a step is counted, and steps are timed in turns. The graphics processor is taken where the browser
// or Dawn finds one; the most float32 operations that it does in a second are measured beside. Without one Chromium's SwiftShader computes: then times say how
// the processor copes, and the counts are what carries over.
//
//   --job J2,J5          only these; default J2, J5, J6, J7, product2048, and product4096 on a graphics processor
//   --side nabla,jax     only these of nabla, jax, tfjs, node
//   --batch N            samples a step in place of the job's own: counts of dispatches are the same, and come sooner
//   --rounds N           turns of each side; default 3
//   --no-times           counts alone
//   --executable FILE    another browser
//   --out FILE           where the tables go besides; on a graphics processor bench/webgpu/RESULTS.md, else nowhere
//   --json               the last line is one JSON object
import { fork } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { JOBS } from "../jobs.mjs";
import { writeData } from "../lib/data.mjs";
import { describeMachine } from "../lib/machine.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { values: options } = parseArgs({
  options: {
    job: { type: "string" },
    side: { type: "string", default: "nabla,jax,tfjs,node" },
    batch: { type: "string" },
    rounds: { type: "string", default: "3" },
    "no-times": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    executable: { type: "string" },
    out: { type: "string" },
  },
});
const wanted = options.side.split(",");
/** Nabla's forms; what `fit` does besides is reading loss and classes, shuffling and gathering. */
const CONTESTANTS = [
  { side: "nabla", form: "capture", name: "Nabla, a captured step" },
  { side: "nabla", form: "fit", name: "Nabla, fit" },
  { side: "node", form: "capture", name: "Nabla in Node, a captured step" },
  { side: "node", form: "fit", name: "Nabla in Node, fit" },
  { side: "jax", name: "jax-js, a compiled step" },
  { side: "tfjs", name: "TensorFlow.js" },
].filter(({ side }) => wanted.includes(side));
/** Steps whose difference is counted: what a turn has besides falls out. */
const [FEW, MANY] = [2, 6];
/** Milliseconds that a turn is to take at least, where steps are short; and its most steps. */
const TURN = 400;
const MOST_STEPS = 2000;
/** Chromium's way to a graphics processor in Linux, which it takes for displays only otherwise; it is passed over where there is none. */
const HARDWARE =
  process.platform === "linux" ? ["--use-angle=vulkan", "--enable-features=Vulkan", "--ignore-gpu-blocklist"] : [];
const BROWSERS = [
  "/usr/bin/google-chrome",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/microsoft-edge",
  "/usr/bin/chromium-headless-shell",
];

const progress = (line) => process.stderr.write(`${line}\n`);

const template = JOBS.find(({ id }) => id === "product1024");
const larger = [2048, 4096].map((size) => ({
  ...{ ...template, id: `product${size}`, size },
  title: `matrix product ${size} x ${size} x ${size}`,
}));
const jobsOf = (list) =>
  list.split(",").map((id) => {
    const job = [...JOBS, ...larger].find((each) => each.id === id);
    if (job === undefined) throw new Error(`no job ${id}`);
    return options.batch === undefined || job.batch === undefined ? job : { ...job, batch: Number(options.batch) };
  });
const asked = jobsOf(options.job ?? "J2,J5,J6,J7,product2048,product4096");

const folder = mkdtempSync(join(tmpdir(), "nabla-webgpu-"));
const data = writeData(
  join(folder, "data.bin"),
  asked.filter(({ kind }) => kind === "training"),
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

async function launch(more) {
  const executablePath = options.executable ?? BROWSERS.find((path) => existsSync(path));
  const browser = await chromium.launch({
    // Elsewhere Chrome is where it always is.
    ...(executablePath === undefined ? { channel: "chrome" } : { executablePath }),
    args: ["--no-sandbox", "--enable-unsafe-webgpu", "--disable-background-networking", "--no-first-run", ...more],
  });
  const page = await browser.newPage();
  await page.goto(address);
  const facts = await call(page, "adapter");
  await page.close();
  return { browser, facts: { ...facts, version: `Chromium ${browser.version()}` } };
}

/** A browser with a graphics processor, or else with what stands in for one; `missing` says why there is neither. */
async function openBrowser() {
  let first;
  try {
    first = await launch(HARDWARE);
    if (first.facts.software === false || HARDWARE.length === 0) return first;
    await first.browser.close();
    return await launch([]);
  } catch (error) {
    await first?.browser.close();
    return { facts: { missing: `no browser: ${error.message.split("\n")[0]}` } };
  }
}

const PAGE = "/bench/webgpu/page.mjs";
const call = (page, name, ...given) =>
  page.evaluate(
    async ([module, method, values]) => (await import(module))[method](...values),
    [`${address}${PAGE}`, name, given],
  );

/** A process that answers for Node. */
function openNode() {
  const child = fork(fileURLToPath(new URL("dawn.mjs", import.meta.url)), {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ask = (name, ...given) =>
    new Promise((resolve, reject) => {
      const ended = () => reject(new Error("the process ended; is the package webgpu installed?"));
      child.once("exit", ended);
      child.once("message", ({ result, failed }) => {
        child.off("exit", ended);
        if (failed === undefined) resolve(result);
        else reject(new Error(failed));
      });
      child.send({ name, given });
    });
  return { ask, close: () => child.kill() };
}

async function inNode(name) {
  const node = openNode();
  try {
    return await node.ask(name);
  } catch (error) {
    return { missing: error.message };
  } finally {
    node.close();
  }
}

const opened = await openBrowser();
const { browser } = opened;
const places = {
  browser: opened.facts,
  node: { ...(await inNode("adapter")), version: `Node ${process.version}, Dawn` },
};
const placeOf = ({ side }) => (side === "node" ? places.node : places.browser);
const graphics = Object.values(places).some(({ software }) => software === false);
const lines = [];
const say = (line) => {
  lines.push(line);
  console.log(line);
};
say("# WebGPU: what is asked for, and how long it takes\n");
say("Written by `node bench/webgpu/run.mjs`.\n");
const { processor, cores, system } = describeMachine();
say(`- ${processor}, ${cores} processors, ${system}`);
for (const place of Object.values(places)) {
  const { version = "browser", adapter, software, missing } = place;
  if (software === false && !options["no-times"]) {
    progress(`${version}: float32 operations a second`);
    if (place === places.node) place.limit = await inNode("limit");
    else {
      const page = await browser.newPage();
      await page.goto(address);
      place.limit = await call(page, "limit");
      await page.close();
    }
  }
  const limit = place.limit > 0 ? `; at most ${(place.limit / 1e12).toFixed(2)} float32 TFLOP/s, measured` : "";
  say(`- ${version}: ${missing ?? `${adapter}${software ? " (software)" : ""}`}${limit}`);
}
if (!graphics) {
  say(
    "\nNo graphics processor was found: what is timed here is how the processor stands in for one. Only the counts carry over.",
  );
}
const able = CONTESTANTS.filter((contestant) => placeOf(contestant).missing === undefined);
if (able.length === 0) {
  say("\nThere is no WebGPU at all here, neither in a browser nor in Node: `npx nabla doctor` says what is missing.");
  await browser?.close();
  server.close();
  rmSync(folder, { recursive: true });
  process.exit(1);
}
const jobs = asked.filter(({ id }) => graphics || id !== "product4096" || options.job !== undefined);

async function prepare(job, contestant) {
  progress(`${job.id}: ${contestant.name}`);
  const request = { job, checked: job.kind === "training" ? 3 : 1, ...contestant };
  let place;
  try {
    if (contestant.side === "node") {
      place = openNode();
      place = { ...place, results: await place.ask("prepare", request, data) };
    } else {
      const page = await browser.newPage();
      place = { ask: (...given) => call(page, ...given), close: () => page.close() };
      await page.addInitScript({ path: fileURLToPath(new URL("counters.js", import.meta.url)) });
      page.on("console", (message) => message.type() === "error" && progress(message.text()));
      await page.goto(address);
      place.results = await place.ask("prepare", request, { arrays: data.arrays });
    }
    return { ...contestant, ...place, best: Number.POSITIVE_INFINITY };
  } catch (error) {
    await place?.close();
    return { ...contestant, failed: error.message.split("\n")[0] };
  }
}

/** What a step asks for: the difference between some steps and fewer. */
async function count(side, job) {
  if (job.kind === "product") {
    const { counts } = await side.ask("steps", 1);
    return counts;
  }
  // What is handed over once and stays on the device is there by then.
  await side.ask("steps", FEW);
  const few = await side.ask("steps", FEW);
  const many = await side.ask("steps", MANY);
  return Object.fromEntries(
    Object.entries(many.counts).map(([name, value]) => [name, (value - few.counts[name]) / (MANY - FEW)]),
  );
}

/** Milliseconds a step; as many steps as make a turn long enough. */
async function time(side, job) {
  side.steps ??= job.kind === "product" ? 1 : FEW;
  let { milliseconds } = await side.ask("steps", side.steps);
  while (milliseconds < TURN && side.steps < MOST_STEPS) {
    side.steps = Math.min(MOST_STEPS, Math.ceil((1.2 * side.steps * TURN) / Math.max(milliseconds, TURN / 10)));
    ({ milliseconds } = await side.ask("steps", side.steps));
  }
  side.best = Math.min(side.best, milliseconds / side.steps);
}

const number = (value, digits = 0) =>
  value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const all = {};
for (const job of jobs) {
  const sides = [];
  for (const contestant of able) {
    // Its loss is the same read as a step's: nothing is captured of a product, or trained.
    if (job.kind === "product" && contestant.form === "fit") continue;
    if (job.input === "text" && contestant.form === "fit") continue;
    sides.push(await prepare(job, contestant));
  }
  const running = sides.filter(({ ask }) => ask !== undefined);
  for (const side of running) side.counts = await count(side, job);
  for (let round = 0; round < (options["no-times"] ? 0 : Number(options.rounds)); round++) {
    for (const side of running) await time(side, job);
  }
  say(`\n## ${job.id}: ${job.title}\n`);
  const speed = job.kind === "product" ? " TFLOP/s | of the limit |" : "";
  say(`| | dispatches | submits | bytes written | bytes read | bytes copied | ms |${speed} results |`);
  say(`| --- | ---: | ---: | ---: | ---: | ---: | ---: |${speed === "" ? "" : " ---: | ---: |"} --- |`);
  for (const side of sides) {
    const { name, counts, best, results, failed } = side;
    if (failed !== undefined) {
      say(`| ${name} | ${failed} |`);
      continue;
    }
    const cells = [counts.dispatches, counts.submits, counts.written, counts.read, counts.copied].map((value) =>
      number(value),
    );
    cells.push(Number.isFinite(best) ? number(best, best < 10 ? 3 : 1) : "");
    if (job.kind === "product") {
      const rate = (2 * job.size ** 3) / (best / 1000);
      const { limit } = placeOf(side);
      cells.push(
        Number.isFinite(best) ? (rate / 1e12).toFixed(3) : "",
        limit > 0 ? `${number((100 * rate) / limit)}%` : "",
      );
    }
    say(`| ${name} | ${cells.join(" | ")} | ${results.map((value) => value.toPrecision(6)).join(" ")} |`);
  }
  all[job.id] = sides.map(({ ask: _, close: __, ...rest }) => rest);
  for (const { close } of running) await close();
}
await browser?.close();
server.close();
rmSync(folder, { recursive: true });
const out = options.out ?? (graphics ? fileURLToPath(new URL("RESULTS.md", import.meta.url)) : undefined);
if (out !== undefined) {
  writeFileSync(out, `${lines.join("\n")}\n`);
  progress(`written to ${out}`);
}
if (options.json) console.log(JSON.stringify({ places, jobs: all }));
