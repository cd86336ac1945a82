// What training takes: resident memory after twenty steps of J9 (ResNet-18 on pictures of 32x32, batch 32), less that before the model, of Nabla
// and of PyTorch, each in a process of its own.
//
//   node bench/memory/training.mjs [--threads 2]
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { JOBS } from "../jobs.mjs";
import { python } from "../lib/contestants.mjs";
import { picturesOf, writeNetworks } from "../lib/inference.mjs";
import { networkOf } from "../sides/networks.mjs";

const STEPS = 20;
const job = JOBS.find(({ id }) => id === "J9");
const { values } = parseArgs({
  options: { threads: { type: "string", default: "2" }, engine: { type: "string" }, networks: { type: "string" } },
});

if (values.engine === undefined) compare();
else await nablaAlone();

async function nablaAlone() {
  const nabla = await import(new URL("../../dist/node.js", import.meta.url).href);
  nabla.configureEngine({ engine: values.engine, threads: Number(values.threads) });
  const bytes = readFileSync(join(values.networks, `${job.network}.safetensors`));
  const { shape, values: numbers, labels } = picturesOf(job);
  const [x, y] = [nabla.tensor(numbers).reshape(shape), nabla.tensor(labels, "int32")];
  const before = process.memoryUsage().rss;
  const model = networkOf(nabla, job, bytes);
  const loss = nabla.lossFor({
    name: "softmax",
    targets: "classes",
    compute: nabla.softmaxCrossEntropy,
    repeatable: true,
  });
  const optimizer = new nabla.SGD({ learningRate: job.learningRate });
  const trainer = new nabla.Trainer(model, { x, y }, { loss, optimizer, batchSize: job.batch, seed: 1 });
  for (let step = 0; step < STEPS; step++) trainer.takeStep();
  console.log(process.memoryUsage().rss - before);
}

function compare() {
  const temporary = mkdtempSync(join(tmpdir(), "nabla-memory-"));
  const folder = join(temporary, "networks");
  try {
    const missing = writeNetworks(folder, [job], python());
    if (missing !== undefined) throw new Error(missing);
    const run = (command, words) => {
      const { status, stdout, stderr } = spawnSync(command, words, {
        encoding: "utf8",
        env: { ...process.env, OMP_NUM_THREADS: values.threads },
      });
      if (status !== 0) throw new Error(stderr.trim().split("\n").at(-1));
      return Number(stdout) / 2 ** 20;
    };
    const script = fileURLToPath(new URL("training.py", import.meta.url));
    const peer = run(python(), [script, String(STEPS), String(job.batch), String(job.learningRate)]);
    console.log(`PyTorch       ${peer.toFixed(0).padStart(6)} MiB`);
    for (const engine of ["native", "wasm"]) {
      const own = run(process.execPath, [
        ...[fileURLToPath(import.meta.url), "--engine", engine],
        ...["--threads", values.threads, "--networks", folder],
      ]);
      console.log(
        `Nabla ${engine.padEnd(7)} ${own.toFixed(0).padStart(6)} MiB  ${(own / peer).toFixed(2)} of PyTorch's`,
      );
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
