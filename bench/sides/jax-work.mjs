// jax-js's work, on whatever device it has: one compiled function a training step. Every use of an array but the last needs `.ref`.
import { parametersOf } from "../jobs.mjs";
import { ramp } from "../lib/ramp.mjs";

/** The outputs for a batch; takes ownership of `parameters` and `x`. */
function forward({ numpy: np, nn, lax }, job, parameters, x) {
  const activations = { none: (z) => z, relu: nn.relu, sigmoid: nn.sigmoid };
  let y = x;
  for (const [index, layer] of job.layers.entries()) {
    const own = parameters[index];
    if (layer.kind === "dense") y = activations[layer.activation](np.matmul(y, own.weights).add(own.bias));
    else if (layer.kind === "convolution") {
      const sides = [layer.padding, layer.padding];
      const z = lax.convGeneralDilated(y, own.weights, [1, 1], [sides, sides]);
      y = activations[layer.activation](z.add(own.bias.reshape([1, layer.filters, 1, 1])));
    } else if (layer.kind === "pool") {
      const [n, channels, height, width] = y.shape;
      y = np.max(y.reshape([n, channels, height / 2, 2, width / 2, 2]), [3, 5]);
    } else if (layer.kind === "flatten") y = y.reshape([y.shape[0], -1]);
    else if (layer.kind === "embedding") {
      const [steps, batch] = y.shape;
      const picked = np.matmul(nn.oneHot(y.reshape([-1]), layer.words), own.weights);
      y = picked.reshape([steps, batch, layer.size]);
    } else if (layer.kind === "lstm") y = lstm({ numpy: np, nn }, layer, own, y);
    else if (layer.kind === "rows") y = y.reshape([-1, y.shape.at(-1)]);
  }
  return y;
}

/** Step after step: it has no loop in compiled code. */
function lstm({ numpy: np, nn }, { inputs, size }, own, x) {
  const [steps, batch] = x.shape;
  const bias = own.inputBias.add(own.stateBias);
  const all = np.matmul(x.reshape([-1, inputs]), np.transpose(own.inputWeights)).add(bias);
  const parts = all.reshape([steps, batch, 4 * size]);
  const weights = np.transpose(own.stateWeights);
  let h = np.zeros([batch, size]);
  let c = np.zeros([batch, size]);
  const outputs = [];
  for (let t = 0; t < steps; t++) {
    const z = (t + 1 < steps ? parts.ref : parts).slice(t).add(np.matmul(h, t + 1 < steps ? weights.ref : weights));
    const gate = (k) => (k < 3 ? z.ref : z).slice([], [k * size, (k + 1) * size]);
    const [input, forget, candidate, output] = [0, 1, 2, 3].map(gate);
    c = nn
      .sigmoid(forget)
      .mul(c)
      .add(nn.sigmoid(input).mul(np.tanh(candidate)));
    h = nn.sigmoid(output).mul(np.tanh(t + 1 < steps ? c.ref : c));
    outputs.push(t + 1 < steps ? h.ref : h);
  }
  return np.stack(outputs);
}

function lossOf({ numpy: np, nn }, job, outputs, targets) {
  const n = targets.shape[0];
  switch (job.loss) {
    case "quadratic":
      return np
        .square(outputs.sub(targets))
        .sum()
        .mul(0.5 / n);
    case "meanSquaredError":
      return np.square(outputs.sub(targets)).mean();
    case "softmax":
      return nn
        .logSoftmax(outputs, -1)
        .mul(targets)
        .sum()
        .mul(-1 / n);
  }
}

/** The whole step as one function: [parameters, loss], or with Adam's memory [parameters, memory, loss]. */
export function stepOf(jax, job) {
  const { jit, numpy: np, tree, valueAndGrad } = jax;
  const value = (parameters, x, y) => lossOf(jax, job, forward(jax, job, parameters, x), y);
  const rate = job.learningRate;
  if (job.optimizer === "sgd") {
    return jit((parameters, x, y) => {
      const [loss, gradients] = valueAndGrad(value)(tree.ref(parameters), x, y);
      return [tree.map((p, g) => p.sub(g.mul(rate)), parameters, gradients), loss];
    });
  }
  // `corrections` are 1 - 0.9^t and 1 - 0.999^t.
  return jit((parameters, mean, variance, corrections, x, y) => {
    const [loss, gradients] = valueAndGrad(value)(tree.ref(parameters), x, y);
    const newMean = tree.map((m, g) => m.mul(0.9).add(g.mul(0.1)), mean, tree.ref(gradients));
    const newVariance = tree.map((v, g) => v.mul(0.999).add(np.square(g).mul(0.001)), variance, gradients);
    const next = tree.map(
      (p, m, v) => {
        const size = np.sqrt(v.div(corrections[1].ref)).add(1e-8);
        return p.sub(m.div(corrections[0].ref).div(size).mul(rate));
      },
      parameters,
      tree.ref(newMean),
      tree.ref(newVariance),
    );
    tree.dispose(corrections);
    return [next, newMean, newVariance, loss];
  });
}

function initialParameters(np, job, valuesOf) {
  return job.layers.map((layer, index) => {
    const names = parametersOf(layer).map(({ name }) => name);
    return Object.fromEntries(
      names.map((name) => {
        const { shape, values } = valuesOf(index, name);
        return [name, np.array(values, { shape })];
      }),
    );
  });
}

/** Inputs and targets, one hot, of every batch. */
function batchesOf(np, job, array) {
  const text = job.input === "text";
  const [inputs, labels] = (text ? [`tokens.${job.id}`, `next.${job.id}`] : ["images", "labels"]).map(
    (name) => array(name).values,
  );
  const shape = {
    images: [job.batch, 1, 28, 28],
    vectors: [job.batch, 784],
    text: text && array(`tokens.${job.id}`).shape.slice(1),
  };
  const classes = job.layers.at(-1).outputs;
  const size = text ? shape.text[0] * shape.text[1] : job.batch;
  const each = inputs.length / labels.length;
  return Array.from({ length: labels.length / size }, (_, i) => {
    const targets = new Float32Array(size * classes);
    for (let j = 0; j < size; j++) targets[j * classes + labels[i * size + j]] = 1;
    return {
      x: np.array(inputs.slice(i * size * each, (i + 1) * size * each), { shape: shape[job.input] }),
      y: np.array(targets, { shape: [size, classes] }),
    };
  });
}

/** `array` gives the job's arrays by name. */
export function training(jax, job, array) {
  const { blockUntilReady, numpy: np, tree } = jax;
  const batches = batchesOf(np, job, array);
  const step = stepOf(jax, job);
  const zeros = () =>
    initialParameters(np, job, (index, name) => {
      const { shape: size, values } = array(`${job.id}.${index}.${name}`);
      return { shape: size, values: new Float32Array(values.length) };
    });
  let parameters;
  let mean;
  let variance;
  let position = 0;
  return {
    start() {
      tree.dispose([parameters, mean, variance].filter(Boolean));
      parameters = initialParameters(np, job, (index, name) => array(`${job.id}.${index}.${name}`));
      if (job.optimizer === "adam") [mean, variance] = [zeros(), zeros()];
      position = 0;
    },
    async advance(count) {
      let loss;
      for (let i = 0; i < count; i++) {
        const { x, y } = batches[position % batches.length];
        position += 1;
        loss?.dispose();
        if (job.optimizer === "sgd") [parameters, loss] = step(parameters, x.ref, y.ref);
        else {
          const corrections = [1 - 0.9 ** position, 1 - 0.999 ** position].map((value) => np.array(value));
          [parameters, mean, variance, loss] = step(parameters, mean, variance, corrections, x.ref, y.ref);
        }
      }
      // What nobody waits for is not computed.
      await blockUntilReady(parameters);
      return (await loss.data())[0];
    },
  };
}

export function product({ jit, numpy: np }, job) {
  const shape = [job.size, job.size];
  const [a, b] = [7919, 104729].map((factor) => np.array(ramp(job.size ** 2, factor), { shape }));
  const multiply = jit((x, y) => np.matmul(x, y));
  return {
    async advance(count) {
      let c;
      for (let i = 0; i < count; i++) {
        c?.dispose();
        c = multiply(a.ref, b.ref);
        await c.blockUntilReady();
      }
      const values = await c.data();
      return [values[0], values.at(-1)];
    },
  };
}
