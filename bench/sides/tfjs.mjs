// TensorFlow.js's side, on its WebAssembly backend (one thread: it has no more in Node).
import { readData } from "../lib/data.mjs";
import { Cannot, peer, serve } from "./serve.mjs";
import { forward, product, training } from "./tfjs-work.mjs";

async function importTensorflow() {
  const tf = (await peer("@tensorflow/tfjs")).default;
  await peer("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend("wasm");
  await tf.ready();
  return tf;
}

function overhead(tf, { job }) {
  if (job.recorded) throw new Cannot("records only inside tf.grad");
  const [x, y] = [tf.ones([1]), tf.ones([1])];
  return {
    advance(count) {
      for (let i = 0; i < count; i++) tf.add(x, y).dispose();
      return 2;
    },
  };
}

const KINDS = {
  training: (tf, { job, data }) => {
    const names = Object.keys(data.arrays).filter((name) => name.startsWith(`${job.id}.`));
    return training(tf, job, readData(data), names);
  },
  product: (tf, { job }) => product(tf, job),
  overhead,
};

async function startup({ job: { model: job } }) {
  const start = performance.now();
  const tf = await importTensorflow();
  const parameters = {};
  for (const [index, { inputs, outputs }] of job.layers.entries()) {
    parameters[`${index}.weights`] = tf.variable(tf.randomNormal([inputs, outputs]));
    parameters[`${index}.bias`] = tf.variable(tf.zeros([outputs]));
  }
  const optimizer = tf.train.sgd(job.learningRate);
  optimizer.minimize(() => tf.sum(tf.square(forward(tf, job, parameters, tf.zeros([job.batch, 784])))));
  return { milliseconds: performance.now() - start, version: tf.version_core };
}

await serve(async (request) => {
  const { job } = request;
  if (job.kind === "startup") return startup(request);
  if (!(job.kind in KINDS)) throw new Cannot("not measured");
  if (job.input === "images") throw new Cannot("no gradient kernel for the filters of a convolution");
  const tf = await importTensorflow();
  return { start() {}, ...KINDS[job.kind](tf, request), version: tf.version_core };
});
