// Files that only the command line reads: a run's folder, and the results of a verification. The command runs in this thread, so that thousands
// of cases take minutes; what it prints is kept, and an error that it does not know as one of its own is told by its last line.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { encode } from "fast-png";
import { damageBytes, damageJson } from "../mutate.mjs";
import { emptyFolder, onDisk } from "./file.mjs";
import { damage } from "./safetensors.mjs";

const MAIN = new URL("../../../dist/cli/main.js", import.meta.url).href;
const NOT_OURS = "(run again with --debug to see where)";
let runs = 0;
/** Ink in the form of a bar. */
const SEVEN = Uint8Array.from({ length: 784 }, (_, k) => (k % 28 > 12 && k % 28 < 16 && k > 140 && k < 640 ? 255 : 0));

/** Runs `nabla ...words`. @throws Error of what it told where it did not end well */
async function nabla(...words) {
  const kept = { argv: process.argv, out: process.stdout.write, err: process.stderr.write, exit: process.exit };
  let [printed, told] = ["", ""];
  process.argv = [kept.argv[0], "nabla", ...words];
  process.stdout.write = (text) => (printed += text) !== "";
  process.stderr.write = (text) => (told += text) !== "";
  process.exit = (code) => {
    throw new Error(`undefined: the process was ended with ${code}`);
  };
  process.exitCode = 0;
  // Each command listens for closed outputs.
  for (const stream of [process.stdout, process.stderr]) stream.setMaxListeners(0);
  try {
    // Another address is another module: its commands run anew.
    await import(`${MAIN}?${runs++}`);
  } finally {
    process.argv = kept.argv;
    process.stdout.write = kept.out;
    process.stderr.write = kept.err;
    process.exit = kept.exit;
  }
  const code = process.exitCode;
  process.exitCode = 0;
  if (code !== 0) throw new Error(told.includes(NOT_OURS) ? `undefined: not an error of ours: ${told}` : told);
  return /undefined|NaN/.test(printed) ? `it printed ${printed.slice(0, 200)}` : undefined;
}

const text = (value) => new TextEncoder().encode(JSON.stringify(value));

function damageText(bytes, random) {
  if (random.chance(0.3)) return damageBytes(bytes, random);
  return text(damageJson(JSON.parse(new TextDecoder().decode(bytes)), random) ?? null);
}

const CHARTS = [
  { kind: "line", xAxis: { label: "epoch" }, yAxis: { format: "percent" }, series: [{ name: "a", y: [1, 2, 3] }] },
  { kind: "scatter", marks: [{ axis: "x", at: 1, label: "m" }], series: [{ name: "a", x: [1, 2], y: [3, 4] }] },
  { kind: "band", bands: [{ name: "a", low: [1, 2], high: [2, 3], middle: [1, 3] }] },
  { kind: "bar", categories: ["a", "b"], series: [{ name: "c", values: [1, 2] }] },
  { kind: "histogram", bins: 4, series: [{ name: "a", values: [1, 2, 2, 3] }] },
  { kind: "heat-map", rows: ["a"], columns: ["b", "c"], values: [[1, 2]] },
  {
    kind: "confusion",
    classes: ["a", "b"],
    counts: [
      [1, 2],
      [0, 3],
    ],
  },
  {
    kind: "contour",
    x: [1, 2],
    y: [1, 2],
    z: [
      [1, 2],
      [3, 4],
    ],
    levels: 3,
  },
  {
    kind: "surface",
    x: [1, 2],
    y: [1, 2],
    z: [
      [1, 2],
      [3, 4],
    ],
  },
  { kind: "images", images: [{ width: 2, height: 1, pixels: [0, 255] }] },
  {
    kind: "network",
    layers: [
      { name: "in", units: 2 },
      { name: "out", units: 1, weights: [[1, 2]] },
    ],
  },
];

export const results = {
  named: "results.json",
  /** Each case leaves a small module behind: a worker ends after so many. */
  atATime: 2000,
  make(random) {
    const figure = (name) => ({ name, chart: { title: { en: "t", zh: "t" }, ...random.pick(CHARTS) } });
    return text({
      machine: "m",
      date: "2026-11-28",
      records: [
        {
          id: "nndl/1.A",
          verdict: "reproduced",
          form: "quick",
          seed: 1,
          reported: { accuracy: 0.95 },
          measured: { accuracy: 0.94 },
          missed: [],
          unexplained: [],
          undecided: [],
          seconds: 1.5,
          figures: [figure("accuracy"), figure("by-epoch")],
          tables: [],
          notes: [],
        },
      ],
    });
  },
  damage: damageText,
  read(bytes) {
    const folder = emptyFolder("report");
    return nabla("book", "report", "--from", onDisk("report/results.json", bytes), "--out", `${folder}/docs`);
  },
};

let files;
/** The files of a run that the command itself makes, once: those that `nabla predict` reads. */
function runFiles() {
  if (files !== undefined) return files;
  const place = emptyFolder("source");
  const words = ["train", "--dataset", "digits", "--hidden", "4", "--batch", "500", "--epochs", "1", "--threads", "1"];
  const made = spawnSync(process.execPath, [fileURLToPath(MAIN), ...words, "--out", `${place}/run`], {
    encoding: "utf8",
  });
  if (made.status !== 0) throw new Error(`no run to begin with: ${made.stderr}`);
  files = new Map();
  for (const name of readdirSync(`${place}/run`, { recursive: true })) {
    if (!/(json|safetensors)$/.test(name)) continue;
    files.set(name, Uint8Array.from(readFileSync(`${place}/run/${name}`)));
  }
  return files;
}

let chosen;
let finished;
export const run = {
  named: "run",
  atATime: 2000,
  make(random) {
    chosen = random.pick([...runFiles().keys()]);
    // Without its finished model a run is read from its newest checkpoint.
    finished = random.chance(0.5);
    return runFiles().get(chosen);
  },
  damage: (bytes, random) => (chosen.endsWith("safetensors") ? damage : damageText)(bytes, random),
  async read(bytes) {
    const folder = emptyFolder("run");
    for (const [name, whole] of runFiles()) {
      if (name === "model.safetensors" && !finished && chosen !== name) continue;
      onDisk(`run/${name}`, name === chosen ? bytes : whole);
    }
    const picture = onDisk("seven.png", encode({ width: 28, height: 28, channels: 1, data: SEVEN }));
    return nabla("predict", folder, picture);
  },
};
