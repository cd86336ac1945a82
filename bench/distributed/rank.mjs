// One rank of a measurement: `node rank.mjs '{"job": "J5", "mode": "train", ...}'`, under mpirun or alone. Writes what it has found to a file.
//   train    steps of the job with distributed: true; where pieces of gradients stand in them
//   compute  the same steps on this rank's share alone, nothing exchanged
//   paced    steps whose computing is a wait of `compute` seconds, in which `pieces` of gradients, { bytes, ready }, are begun when they would be complete:
//            ranks that have a processor each, as on a cluster, whatever this machine has
//   network  all-reduces of several sizes
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { JOBS } from "../jobs.mjs";

const {
  job: id,
  mode,
  seconds,
  warmUp,
  threads,
  engine,
  out,
  batch,
  nabla: file,
  distributed = true,
  deterministic,
  compute,
  pieces: schedule,
} = JSON.parse(process.argv[2]);
const nabla = await import(pathToFileURL(file).href);
nabla.configureEngine({ engine, threads });
const { rank, size } = nabla.ranks();
const job = JOBS.find((each) => each.id === id);

function makeTrainer(share, together) {
  const { Conv2D, Dense, digits, Flatten, MaxPooling2D, Sequential, toSamples, Trainer } = nabla;
  const layers = job.layers.map(({ kind, outputs, activation, filters, size: side, padding }) => {
    if (kind === "dense") return new Dense(outputs, { activation: activation === "none" ? "softmax" : activation });
    if (kind === "convolution") return new Conv2D(filters, side, { padding, activation });
    return kind === "pool" ? new MaxPooling2D(2) : new Flatten();
  });
  const model = new Sequential(layers, { inputShape: [1, 28, 28], seed: 1 });
  const { x, y } = toSamples(digits({ train: 2560, test: 10 }).train);
  const optimizer = new nabla.SGD({ learningRate: job.learningRate });
  return new Trainer(
    model,
    { x: x.reshape([-1, 1, 28, 28]), y },
    { optimizer, batchSize: share, distributed: together, ...(deterministic && { deterministic }) },
  );
}

/** Steps for so many seconds; how long each took. Ranks do as many. */
function timed(trainer, duration) {
  const { group } = trainer;
  const first = performance.now();
  trainer.takeStep();
  const votes = Float64Array.of(
    rank === 0 ? Math.ceil((1000 * duration) / Math.max(0.1, performance.now() - first)) : 0,
  );
  group?.sum(votes, "the number of steps");
  const times = [];
  for (let left = Math.max(5, votes[0]); left > 0; left--) {
    const start = performance.now();
    trainer.takeStep();
    times.push(performance.now() - start);
  }
  return times;
}

let found;
if (mode === "network") {
  const trainer = makeTrainer(batch, true);
  const { group } = trainer;
  found = [];
  for (const bytes of [256, 4096, 65536, 262144, 1 << 20, 4 << 20]) {
    const t = nabla.keep(nabla.zeros([bytes / 4]));
    const times = [];
    for (let round = 0; round < 40; round++) {
      const start = performance.now();
      group.startSum(t);
      group.finish("a measurement");
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    // `typical`: the median of the better half, where ranks share processors and the best is a lucky one.
    found.push({ bytes, seconds: times[0] / 1000, typical: times[times.length >> 2] / 1000 });
  }
} else if (mode === "paced") {
  const { group } = makeTrainer(batch, true);
  const parts = schedule.map(({ bytes, ready }) => ({ ready, sums: nabla.keep(nabla.zeros([bytes / 4])) }));
  const figures = nabla.keep(nabla.zeros([16]));
  const clock = new Int32Array(new SharedArrayBuffer(4));
  const times = [];
  for (let steps = Math.max(20, Math.ceil(seconds / compute)); steps > 0; steps--) {
    const start = performance.now();
    const until = (share) => {
      // In small parts, between which messages move, as backward's operations let them.
      for (;;) {
        const left = start + 1000 * compute * share - performance.now();
        if (left <= 0) return;
        Atomics.wait(clock, 0, 0, Math.min(left, 0.5));
        group.progress();
      }
    };
    for (const { ready, sums } of parts) {
      until(ready);
      group.startSum(sums);
    }
    until(1);
    group.startSum(figures);
    group.finish("a paced step");
    times.push(performance.now() - start);
  }
  found = { times };
} else {
  const share = mode === "compute" ? Math.ceil(batch / size) : batch;
  const trainer = makeTrainer(share, mode === "compute" ? false : distributed);
  timed(trainer, warmUp);
  const exchange = trainer.parallel?.exchange;
  const times = timed(trainer, seconds);
  let pieces;
  if (exchange) {
    exchange.trace = [];
    const start = performance.now();
    trainer.takeStep();
    pieces = exchange.trace.map(({ at, bytes }) => ({ bytes, milliseconds: at - start }));
  }
  found = { times, pieces, parameters: trainer.model.parameterCount };
}
writeFileSync(`${out}/${rank}.json`, JSON.stringify(found));
