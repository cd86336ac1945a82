// Job J8: an epoch over the Stanford Sentiment Treebank, 8,544 trees, with a plain recursive network of width 30, batches of 25, AdaGrad: beside a
// straightforward loop over nodes in PyTorch. Needs the treebank (NABLA_DATA_DIR) and /usr/bin/python3 with torch; without torch Nabla runs alone.
//
//   node bench/trees/epoch.mjs                 both engines, one thread, turns alternating in one run
//   node bench/trees/epoch.mjs --turns 5 --threads 2 --nabla ../before/dist/node.js
//
// All sides begin from the same parameters; the losses of the first steps are compared before anything is timed. An epoch is 342 steps; the loop does
// some of them a turn, which say what an epoch takes. The best turn counts.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { BATCH, nodesOf, numbered, WIDTH } from "./treebank.mjs";

const { values: options } = parseArgs({
  options: {
    turns: { type: "string", default: "4" },
    threads: { type: "string", default: "1" },
    nabla: { type: "string" },
  },
});
const here = fileURLToPath(new URL(".", import.meta.url));
const dist = resolve(options.nabla ?? join(here, "../../dist/node.js"));
const python = process.env.NABLA_BENCH_PYTHON ?? "/usr/bin/python3";
const CHECKED = 5;
const LOOP_STEPS = 8;
const TARGETS = { native: 4, wasm: 8, ratio: 15 };

const { loadSst } = await import(pathToFileURL(dist).href);
const { trees, numbers, count } = numbered((await loadSst()).train);
const steps = Math.ceil(trees.length / BATCH);

const folder = mkdtempSync(join(tmpdir(), "nabla-j8-"));
const path = join(folder, "batches.json");
const batches = Array.from({ length: LOOP_STEPS }, (_, i) =>
  trees.slice(i * BATCH, (i + 1) * BATCH).map((tree) => ({
    words: numbers(tree),
    nodes: nodesOf(tree),
    labels: [...tree.labels],
  })),
);
writeFileSync(path, JSON.stringify({ width: WIDTH, words: count, batches }));

function start(command, words) {
  const child = spawn(command, words, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    end: () => child.stdin.end(),
    async ask(line) {
      child.stdin.write(`${line}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${command} ${words[0]} ended before it answered "${line}"`);
      return JSON.parse(value);
    },
  };
}

const side = join(here, "side.mjs");
const sides = {
  native: start(process.execPath, [side, "native", options.threads, dist]),
  wasm: start(process.execPath, [side, "wasm", options.threads, dist]),
};
if (spawnSync(python, ["-c", "import torch"]).status === 0) {
  sides.loop = start(python, [join(here, "loop.py"), path, options.threads]);
} else console.log(`${python} has no torch: Nabla runs alone`);

try {
  const losses = {};
  for (const [name, each] of Object.entries(sides)) losses[name] = await each.ask(`losses ${CHECKED}`);
  console.log(`losses of the first steps: ${losses.native.map((loss) => loss.toFixed(5)).join(" ")}`);
  for (const [name, own] of Object.entries(losses)) {
    const far = Math.max(...own.map((loss, i) => Math.abs(loss / losses.native[i] - 1)));
    if (far > 1e-3) throw new Error(`DIFFERS: ${name} by ${far.toExponential(1)}: ${own.join(" ")}`);
  }
  const best = {};
  for (let turn = 0; turn < Number(options.turns); turn++) {
    for (const [name, each] of Object.entries(sides)) {
      const own = name === "loop" ? LOOP_STEPS : steps;
      const seconds = ((await each.ask(`time ${own}`)) * steps) / own;
      best[name] = Math.min(best[name] ?? Number.POSITIVE_INFINITY, seconds);
    }
  }
  console.log(
    `an epoch of ${trees.length} trees, ${options.threads} thread(s), best of ${options.turns} turns, load ${loadavg()[0].toFixed(1)}:`,
  );
  for (const name of ["native", "wasm"]) {
    const ratio =
      best.loop === undefined
        ? ""
        : `, ${(best.loop / best[name]).toFixed(1)} times as fast as the loop (asked: ${TARGETS.ratio})`;
    console.log(`  ${name.padEnd(7)} ${best[name].toFixed(2)} s (asked: at most ${TARGETS[name]} s)${ratio}`);
  }
  if (best.loop !== undefined) console.log(`  PyTorch ${best.loop.toFixed(1)} s, a loop over nodes`);
} finally {
  for (const each of Object.values(sides)) each.end();
  rmSync(folder, { recursive: true, force: true });
}
