// TensorFlow.js's side, on its WebAssembly backend (one thread: it has no more in Node).
import { ramp, readData } from "../lib/data.mjs";
import { Cannot, peer, serve } from "./serve.mjs";

async function importTensorflow() {
  const tf = (await peer("@tensorflow/tfjs")).default;
  await peer("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend("wasm");
  await tf.ready();
  return tf;
}

/** The outputs of the model for a batch, from its parameters: {"0.weights": variable, ...}. */
function forward(tf, job, parameters, x) {
  let y = x;
  for (const [index, layer] of job.layers.entries()) {
    const own = (name) => parameters[`${index}.${name}`];
    if (layer.kind === "dense") {
      y = tf.fused.matMul({
        a: y,
        b: own("weights"),
        bias: own("bias"),
        activation: layer.activation === "none" ? "linear" : layer.activation,
      });
    } else if (layer.kind === "embedding") {
      // Its kernel for gather has no gradient: rows are picked by a product with one-hot vectors.
      const [steps, batch] = y.shape;
      const picked = tf.matMul(tf.oneHot(y.reshape([-1]), layer.words).toFloat(), own("weights"));
      y = picked.reshape([steps, batch, layer.size]);
    } else if (layer.kind === "lstm") y = lstm(tf, layer, own, y);
  }
  return y;
}

function lstm(tf, { inputs, size }, own, x) {
  const [steps, batch] = x.shape;
  const bias = tf.add(own("inputBias"), own("stateBias"));
  const all = tf.add(tf.matMul(x.reshape([-1, inputs]), own("inputWeights"), false, true), bias);
  const parts = tf.split(all.reshape([steps, batch, 4 * size]), steps);
  let h = tf.zeros([batch, size]);
  let c = tf.zeros([batch, size]);
  const outputs = parts.map((part) => {
    const z = tf.add(part.reshape([batch, 4 * size]), tf.matMul(h, own("stateWeights"), false, true));
    const [input, forget, cell, output] = tf.split(z, 4, 1);
    c = tf.add(tf.mul(tf.sigmoid(forget), c), tf.mul(tf.sigmoid(input), tf.tanh(cell)));
    h = tf.mul(tf.sigmoid(output), tf.tanh(c));
    return h;
  });
  return tf.concat(outputs);
}

function training(tf, { job, data }) {
  const array = readData(data);
  const tensorOf = (name) => {
    const { shape, values } = array(name);
    return tf.tensor(values, shape, values instanceof Int32Array ? "int32" : "float32");
  };
  const classes = job.layers.at(-1).outputs;
  const text = job.input === "text";
  const [x, y] = text ? [tensorOf("tokens"), tensorOf("next")] : [tensorOf("images"), tensorOf("labels")];
  const size = text ? 1 : job.batch;
  const batches = Array.from({ length: x.shape[0] / size }, (_, i) =>
    tf.tidy(() => {
      const inputs = x.slice(i * size, size);
      const targets = tf.oneHot(y.slice(i * size, size).reshape([-1]), classes).toFloat();
      return { inputs: text ? inputs.reshape(inputs.shape.slice(1)) : inputs, targets };
    }),
  );
  const losses = {
    quadratic: (p, t) => tf.mul(tf.sum(tf.square(tf.sub(p, t))), 0.5 / t.shape[0]),
    meanSquaredError: (p, t) => tf.mean(tf.square(tf.sub(p, t))),
    softmax: (p, t) => tf.losses.softmaxCrossEntropy(t, p),
  };
  const lossOf = losses[job.loss];
  const names = Object.keys(data.arrays).filter((name) => name.startsWith(`${job.id}.`));
  const parameters = {};
  let optimizer;
  let position = 0;
  return {
    start() {
      tf.tidy(() => {
        for (const name of names) {
          const own = name.slice(job.id.length + 1);
          if (parameters[own]) parameters[own].assign(tensorOf(name));
          else parameters[own] = tf.keep(tf.variable(tensorOf(name)));
        }
      });
      optimizer?.dispose();
      const { learningRate } = job;
      optimizer = job.optimizer === "sgd" ? tf.train.sgd(learningRate) : tf.train.adam(learningRate, 0.9, 0.999, 1e-8);
      position = 0;
    },
    advance(count) {
      let loss;
      for (let i = 0; i < count; i++) {
        const { inputs, targets } = batches[position % batches.length];
        position += 1;
        loss?.dispose();
        loss = optimizer.minimize(() => lossOf(forward(tf, job, parameters, inputs), targets), true);
      }
      const value = loss.dataSync()[0];
      loss.dispose();
      return value;
    },
  };
}

function product(tf, { job }) {
  const [a, b] = [7919, 104729].map((factor) => tf.tensor(ramp(job.size ** 2, factor), [job.size, job.size]));
  return {
    advance(count) {
      let c;
      for (let i = 0; i < count; i++) {
        c?.dispose();
        c = tf.matMul(a, b);
      }
      const values = c.dataSync();
      c.dispose();
      return [values[0], values.at(-1)];
    },
  };
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

const KINDS = { training, product, overhead };

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
