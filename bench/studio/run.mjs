// How fast the studio is, in the Chromium of this machine: `node bench/studio/run.mjs`, after `npm run studio:build`. It wants a machine that does nothing else.
//
//   --peer FILE      nn.ts (or its JavaScript) of TensorFlow Playground, from a checkout of github.com/tensorflow/playground: measured beside the playground
//   --minutes N      then lets the playground train for so long, and tells the memory of the browser's processes every minute
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import ts from "typescript";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { values: options } = parseArgs({ options: { peer: { type: "string" }, minutes: { type: "string" } } });
const SECONDS = 5;
const ROUNDS = 3;
/** A machine that does something else too is slow, which the numbers say; milliseconds. */
const PATIENCE = 300_000;
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const say = (name, value) => console.log(`${name.padEnd(58)} ${value}`);
const count = (value) => Math.round(value).toLocaleString("en");

/** The command, and milliseconds until it said where it is. */
async function startStudio() {
  const began = performance.now();
  const child = spawn(process.execPath, [join(root, "dist/cli/main.js"), "studio", "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const address = await new Promise((resolve, reject) => {
    child.stdout.on("data", (data) => {
      const [found] = /http:\/\/\S+/.exec(String(data)) ?? [];
      if (found) resolve(found);
    });
    child.once("exit", () => reject(new Error("nabla studio ended; run npm run studio:build first")));
  });
  return { child, address, milliseconds: performance.now() - began };
}

/** The built files with the headers that allow threads, and an empty page. */
function serveBuild() {
  const types = { ".js": "text/javascript", ".html": "text/html" };
  const server = createServer(({ url }, response) => {
    const path = new URL(url, "http://localhost").pathname;
    response.writeHead(200, {
      "content-type": types[extname(path)] ?? "text/html",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
    });
    try {
      response.end(path === "/" ? "<!doctype html><title>bench</title>" : readFileSync(join(root, "dist", path)));
    } catch {
      response.end();
    }
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve({ server, address: `http://127.0.0.1:${server.address().port}/` }));
  });
}

const number = async (page, name) => Number(await page.locator(`[data-name="${name}"]`).getAttribute("data-number"));

/** Steps a second of the page's playground over some seconds, and how many frames a second were drawn meanwhile. */
async function playgroundPace(page) {
  const before = await number(page, "step");
  const [seconds, frames] = await page.evaluate(async (wanted) => {
    const began = performance.now();
    let drawn = 0;
    while (performance.now() - began < wanted * 1000) {
      await new Promise(requestAnimationFrame);
      drawn += 1;
    }
    return [(performance.now() - began) / 1000, drawn];
  }, SECONDS);
  return { steps: ((await number(page, "step")) - before) / seconds, frames: frames / seconds };
}

/** Samples a second of TensorFlow Playground's engine: the same network, batches of 10, without anything drawn. */
function peerPace(page) {
  return page.evaluate((seconds) => {
    const nn = globalThis.peer;
    const network = nn.buildNetwork([2, 4, 2, 1], nn.Activations.TANH, nn.Activations.TANH, null, ["x", "y"]);
    const points = Array.from({ length: 200 }, (_, i) => {
      const [x, y] = [5 * Math.sin(i * 12.9898), 5 * Math.sin(i * 78.233)];
      return { input: [x, y], label: x * x + y * y > 9 ? -1 : 1 };
    });
    const began = performance.now();
    let samples = 0;
    while (performance.now() - began < seconds * 1000) {
      for (const { input, label } of points) {
        nn.forwardProp(network, input);
        nn.backProp(network, label, nn.Errors.SQUARE);
        if (++samples % 10 === 0) nn.updateWeights(network, 0.03, 0);
      }
    }
    return samples / ((performance.now() - began) / 1000);
  }, SECONDS);
}

/** Milliseconds of an epoch of 784-30-10 on 10,000 pictures in batches of 10, the best of several; the same program in Node and in a page. */
async function bestEpoch(nabla, rounds) {
  const { Dense, digits, SGD, Sequential, toSamples, Trainer, lossFor } = nabla;
  const { train } = digits({ train: 10_000, test: 10 });
  const activation = "sigmoid";
  const model = new Sequential([new Dense(30, { activation }), new Dense(10, { activation })], { inputShape: [784] });
  const optimizer = new SGD({ learningRate: 3 });
  const trainer = new Trainer(model, toSamples(train), { loss: lossFor("quadratic"), optimizer, batchSize: 10 });
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < rounds; i++) {
    const began = performance.now();
    await trainer.finishEpoch();
    best = Math.min(best, performance.now() - began);
  }
  return best;
}

async function trainingPace(browser) {
  const { server, address } = await serveBuild();
  const nabla = await import(new URL("../../dist/node.js", import.meta.url).href);
  nabla.configureEngine({ engine: "wasm" });
  const page = await (await browser.newContext()).newPage();
  await page.goto(address);
  let [here, there] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < ROUNDS; round++) {
    here = Math.min(here, await bestEpoch(nabla, 5));
    const program = `import("./index.js").then(${bestEpoch.toString().replace("async function bestEpoch(nabla, rounds)", "async (nabla, rounds = 5) =>")})`;
    there = Math.min(there, await page.evaluate(program));
  }
  server.close();
  say("784-30-10, batch 10, 10,000 pictures, in Node", `${here.toFixed(0)} ms an epoch`);
  say(
    "the same in the page",
    `${there.toFixed(0)} ms an epoch, ${(here / there).toFixed(2)} of Node's speed (asked 0.8)`,
  );
}

/** First paint, and when the network can be started, of a browser that has seen nothing yet. */
async function firstPaint(browser, address) {
  const found = { paint: [], ready: [] };
  for (let round = 0; round < ROUNDS; round++) {
    const context = await browser.newContext({ serviceWorkers: "block" });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const began = performance.now();
    await page.goto(address.replace("#/", "#/playground"));
    await page.locator('[data-name="step"][data-number="0"]').waitFor();
    found.ready.push(performance.now() - began);
    found.paint.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime));
    await context.close();
  }
  say("first paint", `${Math.min(...found.paint).toFixed(0)} ms (asked 1000)`);
  say("playground ready, its network made", `${Math.min(...found.ready).toFixed(0)} ms (asked 2000)`);
}

/** Frames a second while a surface is turned by a step each, and, in the playground, while its network trains as fast as it goes. */
async function surfaces(browser, address) {
  const page = await (await browser.newContext({ serviceWorkers: "block" })).newPage();
  page.setDefaultTimeout(PATIENCE);
  const turned = (name) =>
    page.evaluate(
      async ([surface, wanted]) => {
        const drawing = document.querySelector(`[data-handle="${surface}"]`);
        const began = performance.now();
        let drawn = 0;
        while (performance.now() - began < wanted * 1000) {
          drawing.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
          await new Promise(requestAnimationFrame);
          drawn += 1;
        }
        return drawn / ((performance.now() - began) / 1000);
      },
      [name, SECONDS],
    );
  await page.goto(address.replace("#/", "#/demos/towers").replace("?", "?view=towers&n=10&"));
  await page.locator('[data-handle="surface"]').waitFor();
  await wait(500);
  say("100 towers and their goal, both turned", `${(await turned("surface")).toFixed(0)} frames a second (asked 60)`);
  await page.goto(`${address.replace("#/", "#/playground")}&speed=full&view=surface`);
  await page.locator('[data-name="step"][data-number="0"]').waitFor();
  await page.locator('[data-control="play"]').first().click();
  await wait(1000);
  const { steps, frames } = await playgroundPace(page);
  say("playground, its answer as a surface", `${frames.toFixed(0)} frames a second (asked 60), ${count(steps)} steps`);
  say("the same while it is turned", `${(await turned("answer")).toFixed(0)} frames a second (asked 60)`);
  await page.close();
}

async function playground(browser, address) {
  const page = await (await browser.newContext({ serviceWorkers: "block" })).newPage();
  page.setDefaultTimeout(PATIENCE);
  const peer = await (await browser.newContext()).newPage();
  if (options.peer) {
    const { outputText } = ts.transpileModule(readFileSync(options.peer, "utf8"), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    await peer.evaluate(
      `import("data:text/javascript;base64,${Buffer.from(outputText).toString("base64")}").then((all) => { globalThis.peer = all; })`,
    );
  }
  await page.goto(`${address.replace("#/", "#/playground")}&speed=full`);
  await page.locator('[data-name="step"][data-number="0"]').waitFor();
  const best = { steps: 0, frames: 0, peer: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    await page.bringToFront();
    await page.locator('[data-control="play"], button[data-control="play"]').first().click();
    await wait(500);
    const pace = await playgroundPace(page);
    if (pace.steps > best.steps) Object.assign(best, pace);
    await page.locator('[data-control="play"], button[data-control="play"]').first().click();
    if (options.peer) best.peer = Math.max(best.peer, await peerPace(peer));
  }
  say(
    "playground, steps of batch 10 a second",
    `${count(best.steps)} (asked 20,000), ${best.frames.toFixed(0)} frames a second`,
  );
  if (options.peer) {
    say("TensorFlow Playground's engine, samples a second", count(best.peer));
    say(
      "the playground's samples a second",
      `${count(10 * best.steps)}, ${((10 * best.steps) / best.peer).toFixed(1)} times (asked 5)`,
    );
  }
  await peer.close();
  return page;
}

/** Resident memory of all processes below one, in MiB. */
function residentBelow(pid) {
  const parents = new Map();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      const fields = readFileSync(`/proc/${name}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ");
      parents.set(Number(name), { parent: Number(fields[1]), pages: Number(fields[21]) });
    } catch {
      // It has ended meanwhile.
    }
  }
  const below = (child) => {
    for (let up = parents.get(child)?.parent; up > 1; up = parents.get(up)?.parent) if (up === pid) return true;
    return false;
  };
  let pages = 0;
  for (const [child, { pages: own }] of parents) if (below(child)) pages += own;
  return (pages * 4096) / 2 ** 20;
}

async function memory(page, minutes) {
  await page.bringToFront();
  await page.locator('[data-control="play"]').first().click();
  for (let minute = 0; minute <= minutes; minute++) {
    say(
      `memory of the browser after ${minute} min, ${count(await number(page, "step"))} steps`,
      `${residentBelow(process.pid).toFixed(0)} MiB`,
    );
    if (minute < minutes) await wait(60_000);
  }
}

const { child, address, milliseconds } = await startStudio();
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
try {
  say("nabla studio, from the call until it answers", `${milliseconds.toFixed(0)} ms (asked 2000)`);
  await firstPaint(browser, address);
  const page = await playground(browser, address);
  await surfaces(browser, address);
  await trainingPace(browser);
  if (options.minutes) await memory(page, Number(options.minutes));
} finally {
  await browser.close();
  child.kill();
}
