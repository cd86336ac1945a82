// Training of convolutional networks by processor time, one thread a side, with minimal filtering and without: what other programs do on the
// machine at the time counts for little. For the whole comparison, on a calm machine: npm run bench -- --job J6,J9.
//
//   node bench/convolutions/run.mjs [--job J6,J9] [--steps 20]
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { JOBS } from "../jobs.mjs";
import { python } from "../lib/contestants.mjs";

const { values } = parseArgs({
  options: {
    job: { type: "string", default: "J6,J9" },
    steps: { type: "string", default: "20" },
    side: { type: "string" },
  },
});
const SIDES = ["native", "native, plain sums", "wasm", "wasm, plain sums"];
const jobs = values.job.split(",").map((id) => {
  const job = JOBS.find((each) => each.id === id && (id === "J6" || id === "J9"));
  if (job === undefined) throw new Error(`--job takes J6 and J9, not ${id}`);
  return job;
});

if (values.side === undefined) compare();
else await nablaAlone(jobs[0], values.side);

function modelOf(nabla, job) {
  if (job.network !== undefined) {
    return nabla.resnet(18, { inputShape: [3, 32, 32], classes: 10, stem: "small" });
  }
  const layers = job.layers.map(({ kind, filters, size, padding, outputs, activation }) => {
    if (kind === "convolution") return new nabla.Conv2D(filters, size, { padding, activation });
    if (kind === "pool") return new nabla.MaxPooling2D(2);
    if (kind === "flatten") return new nabla.Flatten();
    return new nabla.Dense(outputs, { activation: activation === "none" ? "linear" : activation });
  });
  return new nabla.Sequential(layers, { inputShape: [1, 28, 28] });
}

async function nablaAlone(job, side) {
  const nabla = await import(new URL("../../dist/node.js", import.meta.url).href);
  const [engine, plain] = side.split(", ");
  nabla.configureEngine({ engine, threads: 1, winograd: plain === undefined });
  const shape = [4 * job.batch, ...(job.network === undefined ? [1, 28, 28] : [3, 32, 32])];
  const x = nabla.sub(nabla.random.uniform(shape), 0.5);
  const y = nabla.tensor(
    Int32Array.from({ length: shape[0] }, (_, i) => (i * 7) % 10),
    "int32",
  );
  const before = process.memoryUsage().rss;
  const loss = { name: "softmax", targets: "classes", compute: nabla.softmaxCrossEntropy, repeatable: true };
  const optimizer = new nabla.SGD({ learningRate: job.learningRate });
  const options = { loss: nabla.lossFor(loss), optimizer, batchSize: job.batch, seed: 1 };
  const trainer = new nabla.Trainer(modelOf(nabla, job), { x, y }, options);
  const times = [];
  for (let step = 0; step < Number(values.steps); step++) {
    const start = process.cpuUsage();
    trainer.takeStep();
    const { user, system } = process.cpuUsage(start);
    times.push((user + system) / 1000);
  }
  console.log(JSON.stringify({ milliseconds: Math.min(...times), bytes: process.memoryUsage().rss - before }));
}

function compare() {
  const run = (command, words) => {
    const { status, stdout, stderr } = spawnSync(command, words, {
      encoding: "utf8",
      env: { ...process.env, OMP_NUM_THREADS: "1" },
    });
    if (status !== 0) throw new Error(stderr.trim().split("\n").at(-1));
    return JSON.parse(stdout);
  };
  for (const job of jobs) {
    console.log(`${job.id}: ${job.title}; processor time of the fastest of ${values.steps} steps, one thread`);
    const script = fileURLToPath(new URL("side.py", import.meta.url));
    const peer = run(python(), [script, JSON.stringify(job), values.steps]);
    const line = (name, { milliseconds, bytes }) => {
      const [times, share] = [peer.milliseconds / milliseconds, bytes / peer.bytes].map((x) => x.toFixed(2));
      const memory = `${(bytes / 2 ** 20).toFixed(0).padStart(5)} MiB`;
      console.log(
        `  ${name.padEnd(22)} ${milliseconds.toFixed(0).padStart(6)} ms ${times} x ${memory} ${share} of PyTorch's`,
      );
    };
    line("PyTorch", peer);
    for (const side of SIDES) {
      const words = ["--job", job.id, "--side", side, "--steps", values.steps];
      line(`Nabla ${side}`, run(process.execPath, [fileURLToPath(import.meta.url), ...words]));
    }
  }
}
