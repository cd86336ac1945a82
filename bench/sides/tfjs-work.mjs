// TensorFlow.js's work, on whatever backend it has.
import { ramp } from "../lib/ramp.mjs";

/** The outputs of the model for a batch, from its parameters: {"0.weights": variable, ...}. */
export function forward(tf, job, parameters, x) {
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
    } else if (layer.kind === "convolution") {
      const [filter, bias] = [own("weights"), own("bias")];
      y = tf.fused.conv2d({ x: y, filter, strides: 1, pad: layer.padding, bias, activation: "relu" });
    } else if (layer.kind === "pool") y = tf.maxPool(y, 2, 2, "valid");
    else if (layer.kind === "flatten") y = y.reshape([y.shape[0], -1]);
    else if (layer.kind === "embedding") {
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

/** Its channels come last: filters [height, width, channels, filters], and rows of weights behind them in that order. */
function inItsLayout(job, [index, name], values) {
  const { kind, outputs } = job.layers[index];
  if (name !== "weights") return values;
  if (kind === "convolution") return values.transpose([2, 3, 1, 0]);
  if (job.layers[index - 1]?.kind !== "flatten") return values;
  const { filters: channels } = job.layers.slice(0, index).findLast((layer) => layer.kind === "convolution");
  const side = Math.sqrt(values.shape[0] / channels);
  return values.reshape([channels, side, side, outputs]).transpose([1, 2, 0, 3]).reshape([-1, outputs]);
}

/** `array` gives the job's arrays by name, `names` are those of its parameters. */
export function training(tf, job, array, names) {
  const tensorOf = (name) => {
    const { shape, values } = array(name);
    return tf.tensor(values, shape, values instanceof Int32Array ? "int32" : "float32");
  };
  const ownLayout = (name) => inItsLayout(job, name.split(".").slice(1), tensorOf(name));
  const classes = job.layers.at(-1).outputs;
  const text = job.input === "text";
  const [x, y] = text
    ? [tensorOf(`tokens.${job.id}`), tensorOf(`next.${job.id}`)]
    : [tensorOf("images"), tensorOf("labels")];
  const size = text ? 1 : job.batch;
  const batches = Array.from({ length: x.shape[0] / size }, (_, i) =>
    tf.tidy(() => {
      let inputs = x.slice(i * size, size);
      if (job.input === "images") inputs = inputs.reshape([size, 28, 28, 1]);
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
  const parameters = {};
  let optimizer;
  let position = 0;
  return {
    start() {
      tf.tidy(() => {
        for (const name of names) {
          const own = name.slice(job.id.length + 1);
          if (parameters[own]) parameters[own].assign(ownLayout(name));
          else parameters[own] = tf.keep(tf.variable(ownLayout(name)));
        }
      });
      optimizer?.dispose();
      const { learningRate } = job;
      optimizer = job.optimizer === "sgd" ? tf.train.sgd(learningRate) : tf.train.adam(learningRate, 0.9, 0.999, 1e-8);
      position = 0;
    },
    async advance(count) {
      let loss;
      for (let i = 0; i < count; i++) {
        const { inputs, targets } = batches[position % batches.length];
        position += 1;
        loss?.dispose();
        loss = optimizer.minimize(() => lossOf(forward(tf, job, parameters, inputs), targets), true);
      }
      const [value] = await loss.data();
      loss.dispose();
      return value;
    },
  };
}

export function product(tf, job) {
  const [a, b] = [7919, 104729].map((factor) => tf.tensor(ramp(job.size ** 2, factor), [job.size, job.size]));
  return {
    async advance(count) {
      let c;
      for (let i = 0; i < count; i++) {
        c?.dispose();
        c = tf.matMul(a, b);
      }
      const values = await c.data();
      c.dispose();
      return [values[0], values.at(-1)];
    },
  };
}
