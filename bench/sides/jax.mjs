// jax-js's side, on its WebAssembly device, one compiled function a training step. Every use of an array but the last needs `.ref`.
import { ramp, readData } from "../lib/data.mjs";
import { Cannot, peer, serve } from "./serve.mjs";

const VERSION = "0.1.25, wasm, jit";

async function importJax() {
  const jax = await peer("@jax-js/jax");
  const devices = await jax.init("wasm");
  if (!devices.includes("wasm")) throw new Cannot("its WebAssembly device does not start here");
  jax.defaultDevice("wasm");
  return jax;
}

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
  }
  return y;
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
function stepOf(jax, job) {
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
    const names = ["dense", "convolution"].includes(layer.kind) ? ["weights", "bias"] : [];
    return Object.fromEntries(
      names.map((name) => {
        const { shape, values } = valuesOf(index, name);
        return [name, np.array(values, { shape })];
      }),
    );
  });
}

function training(jax, { job, data }) {
  const { blockUntilReady, numpy: np, tree } = jax;
  const array = readData(data);
  const images = array("images").values;
  const labels = array("labels").values;
  const shape = job.input === "images" ? [job.batch, 1, 28, 28] : [job.batch, 784];
  const batches = Array.from({ length: labels.length / job.batch }, (_, i) => {
    const targets = new Float32Array(job.batch * 10);
    for (let j = 0; j < job.batch; j++) targets[j * 10 + labels[i * job.batch + j]] = 1;
    const inputs = images.slice(i * job.batch * 784, (i + 1) * job.batch * 784);
    return { x: np.array(inputs, { shape }), y: np.array(targets, { shape: [job.batch, 10] }) };
  });
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
      return loss.item();
    },
  };
}

function product({ jit, numpy: np }, { job }) {
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

const KINDS = { training, product };

async function startup({ job: { model: job } }) {
  const start = performance.now();
  const jax = await importJax();
  const { numpy: np } = jax;
  const parameters = job.layers.map(({ inputs, outputs }) => ({
    weights: np.zeros([inputs, outputs]),
    bias: np.zeros([outputs]),
  }));
  const [, loss] = stepOf(jax, job)(parameters, np.zeros([job.batch, 784]), np.zeros([job.batch, 10]));
  loss.item();
  return { milliseconds: performance.now() - start, version: VERSION };
}

await serve(async (request) => {
  const { job } = request;
  if (job.kind === "startup") return startup(request);
  if (!(job.kind in KINDS)) throw new Cannot("not measured");
  if (job.input === "text") throw new Cannot("has no loop in compiled code for the 50 steps");
  const jax = await importJax();
  return { start() {}, ...KINDS[job.kind](jax, request), version: VERSION };
});
