// Nabla's side of job J8: reads the commands of loop.py, "losses N" and "time N", and answers each with a line of JSON.
//   node side.mjs ENGINE THREADS DIST
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { BATCH, numbered, WIDTH } from "./treebank.mjs";

const [engine, threads, dist] = process.argv.slice(2);
const nabla = await import(pathToFileURL(dist).href);
const { AdaGrad, concat, embedding, forest, linear, scope, softmaxCrossEntropy, tensor, treeRnn, updateTensors } =
  nabla;
nabla.configureEngine({ engine, threads: Number(threads) });
const { trees, numbers, count } = numbered((await nabla.loadSst()).train);

// Made once, used in every epoch.
const batches = [];
for (let at = 0; at < trees.length; at += BATCH) {
  const batch = trees.slice(at, at + BATCH);
  const leaves = batch.map(({ words }) => words.length);
  const labels = [
    ...batch.flatMap(({ words, labels: all }) => [...all.subarray(0, words.length)]),
    ...batch.flatMap(({ words, labels: all }) => [...all.subarray(words.length)]),
  ];
  batches.push({
    plan: forest(
      batch.map(({ tree }) => tree),
      { leaves },
    ),
    words: tensor(Int32Array.from(batch.flatMap(numbers))),
    labels: tensor(Int32Array.from(labels)),
  });
}

const sines = (scale, ...shape) =>
  tensor(
    Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => Math.sin(0.37 * (i + 1)) * scale),
    { shape },
  );

const lossOf = (vectors, w, b, u, a, { plan, words, labels }) => {
  const leaves = embedding(vectors, words);
  const { nodes } = treeRnn(leaves, plan, w, b);
  return softmaxCrossEntropy(linear(concat([leaves, nodes]), u.T, a), labels);
};

function run(steps, watch) {
  const parameters = [
    sines(0.1, count, WIDTH),
    sines(0.2, WIDTH, 2 * WIDTH),
    nabla.zeros([WIDTH]),
    sines(0.2, 5, WIDTH),
    nabla.zeros([5]),
  ];
  const optimizer = new AdaGrad({ learningRate: 0.05 });
  const losses = [];
  const began = performance.now();
  for (let i = 0; i < steps; i++) {
    scope(() => {
      const step = nabla.valueAndGrad((...p) => lossOf(...p, batches[i % batches.length]));
      const [loss, gradients] = step(...parameters);
      updateTensors(optimizer, parameters, gradients);
      if (watch) losses.push(loss.item());
    });
  }
  // Until the last update is done.
  parameters[1].get(0, 0).item();
  return watch ? losses : (performance.now() - began) / 1000;
}

for await (const line of createInterface({ input: process.stdin })) {
  const [name, steps] = line.split(" ");
  console.log(JSON.stringify(run(Number(steps), name === "losses")));
}
