// Whether training stays where it is in memory: millions of steps in epochs of eight, the shortest that leave much behind if they leave anything.
// Prints live tensors and resident memory as it goes; without JavaScript's heap, whose room for young objects V8 doubles when it likes, both must
// be flat after the first part. Run it alone: node bench/memory/steps.mjs [--steps N] [--no-replay]
// Where V8 is given that room at once, resident memory is flat as a whole (5 MiB in ten million steps): before the file's name,
// --min-semi-space-size=16 --max-semi-space-size=16
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "10000000" },
    replay: { type: "boolean", default: true },
  },
  allowNegative: true,
});
const steps = Number(values.steps);
if (!Number.isInteger(steps) || steps < 100)
  throw new RangeError(`--steps must be a whole number from 100 on, got ${values.steps}`);

const nabla = await import(new URL("../../dist/node.js", import.meta.url).href);
const { Dense, lossFor, memory, random, Sequential, SGD, Trainer } = nabla;
nabla.configureEngine({ threads: 1 });

const x = random.uniform([80, 2], -1, 1);
const y = x.square().sum(1).less(0.5).cast("int32");
const layers = [new Dense(8, { activation: "tanh" }), new Dense(2, { activation: "softmax" })];
const model = new Sequential(layers, { inputShape: [2], seed: 1 });
const trainer = new Trainer(
  model,
  { x, y },
  {
    loss: lossFor("softmaxCrossEntropy"),
    optimizer: new SGD({ learningRate: 0.01 }),
    batchSize: 10,
    shuffle: true,
    seed: 1,
    replay: values.replay,
  },
);

const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(1).padStart(7);
/** Live tensors, and resident memory in bytes. */
function look(done) {
  const { tensors, bytes } = memory();
  const { rss, heapUsed, heapTotal } = process.memoryUsage();
  console.log(
    `${(done / 1e6).toFixed(2).padStart(6)} million steps  ${String(tensors).padStart(5)} tensors  ${mebibytes(bytes)} MiB in them` +
      `  ${mebibytes(heapUsed)} of ${mebibytes(heapTotal)} MiB JavaScript  ${mebibytes(rss)} MiB resident`,
  );
  return { tensors, rss, other: rss - heapTotal };
}

const PARTS = 20;
const perEpoch = trainer.stepsPerEpoch;
/** Each part's highest: JavaScript's own garbage comes and goes within one. */
const seen = [];
for (let part = 1; part <= PARTS; part++) {
  const end = Math.ceil(((steps / perEpoch) * part) / PARTS);
  while (trainer.epoch < end) await trainer.finishEpoch();
  seen.push(look(trainer.epoch * perEpoch));
}
// The first tenth warms up: compiled code, the collector's room.
const settled = seen.slice(PARTS / 10);
const growth = (of) => mebibytes(Math.max(...settled.map((each) => each[of])) - settled[0][of]).trim();
const tensors = new Set(settled.map((each) => each.tensors));
console.log(
  `replaying: ${trainer.replaying.active}; after the first tenth resident memory rose by ${growth("rss")} MiB at most, ` +
    `without JavaScript's heap by ${growth("other")} MiB, ` +
    `live tensors ${tensors.size === 1 ? "stayed the same" : `were ${[...tensors].join(", ")}`}`,
);
