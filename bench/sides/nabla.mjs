// Nabla's side, on the public API of the built package. `form` "loop" is a training loop written by hand; "capture" the same with its step captured; "fit" is what
// `fit` does: the trainer, which also shuffles, gathers its batches, and counts loss and accuracy at every step. "layers" is `fit` with the library's own
// layers in place of those that the jobs bring.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { ramp, readData } from "../lib/data.mjs";
import { inputOf, picturesOf } from "../lib/inference.mjs";
import { layersOn } from "./layers.mjs";
import { fill, networkOf } from "./networks.mjs";
import { Cannot, Missing, serve } from "./serve.mjs";

async function importNabla({ nabla: file, engine, threads }) {
  const nabla = await import(pathToFileURL(file).href);
  let warning;
  nabla.onEngineWarning((message) => {
    warning = message;
  });
  try {
    nabla.configureEngine({ engine, threads });
  } catch (error) {
    throw new Missing(error.message.split("\n")[0]);
  }
  const status = nabla.engineStatus();
  if (status.threads !== threads) throw new Missing(warning ?? `${engine} runs with ${status.threads} threads`);
  return nabla;
}

async function workersUp(nabla, threads) {
  while (nabla.engineStatus().threadsReady < threads) await new Promise((resolve) => setTimeout(resolve, 2));
}

function describe({ library, relaxedSimd }) {
  return library ?? (relaxedSimd ? "relaxed SIMD" : "without relaxed SIMD");
}

function makeModel(nabla, job, form) {
  if (form === "layers") return withLayers(nabla, job);
  const { Dense, Flatten, Sequential } = nabla;
  const own = layersOn(nabla);
  const make = {
    dense: ({ outputs, activation }) =>
      new Dense(outputs, { activation: activation === "none" ? "linear" : activation }),
    convolution: (layer) => new own.Convolution(layer),
    pool: () => new own.Pool(),
    flatten: () => new Flatten(),
    embedding: (layer) => new own.Embedding(layer),
    lstm: (layer) => new own.Lstm(layer),
    rows: () => new own.Rows(),
  };
  const inputShape = { vectors: [784], images: [1, 28, 28], text: [job.batch] }[job.input];
  return new Sequential(
    job.layers.map((layer) => make[layer.kind](layer)),
    { inputShape },
  );
}

/** The same of the library's layers: those for sequences take batch before time. */
function withLayers(nabla, job) {
  const { Conv2D, Dense, Embedding, Flatten, LSTM, MaxPooling2D, Sequential } = nabla;
  const make = {
    dense: ({ outputs, activation }) =>
      new Dense(outputs, { activation: activation === "none" ? "linear" : activation }),
    convolution: ({ filters, size, padding, activation }) => new Conv2D(filters, size, { padding, activation }),
    pool: () => new MaxPooling2D(2),
    flatten: () => new Flatten(),
    embedding: ({ words, size }) => new Embedding(words, size),
    lstm: ({ size }) => new LSTM(size, { returnSequences: true }),
  };
  const layers = job.layers.flatMap((layer) => make[layer.kind]?.(layer) ?? []);
  return new Sequential(layers, { inputShape: { images: [1, 28, 28], text: [null] }[job.input] });
}

function makeOptimizer(nabla, { optimizer, learningRate }) {
  return new { sgd: nabla.SGD, adam: nabla.Adam }[optimizer]({ learningRate });
}

/** Gives the model the initial parameters that all sides share. */
function initialise(nabla, job, model, array) {
  nabla.scope(() => {
    for (const parameter of model.parameters) {
      const [index, , name] = parameter.name.split(".");
      const { shape, values } = array(`${job.id}.${index}.${name}`);
      parameter.assign(nabla.tensor(values).reshape(shape));
    }
  });
}

function training(nabla, { job, data, form }) {
  if (job.network !== undefined) return trainingOfNetwork(nabla, { job, data, form });
  const array = readData(data);
  const tensorOf = (name) => {
    const { shape, values } = array(name);
    return nabla.tensor(values, values instanceof Int32Array ? "int32" : "float32").reshape(shape);
  };
  const layers = form === "layers";
  const model = makeModel(nabla, job, form);
  const samples =
    job.input === "text"
      ? { x: tensorOf("tokens"), y: tensorOf("next") }
      : { x: tensorOf("images").reshape([-1, ...model.inputShape]), y: tensorOf("labels") };
  if (layers && job.input === "text") {
    // [batches, steps, batch] to [batches batch, steps]. Its LSTM has one bias where PyTorch's has two, so its numbers are its own.
    for (const name of ["x", "y"]) {
      const [, steps] = samples[name].shape;
      samples[name] = samples[name].transpose([0, 2, 1]).reshape([-1, steps]);
    }
    return { ...throughFit(nabla, job, model, samples, () => {}), compared: false };
  }
  const reset = () => initialise(nabla, job, model, array);
  if (form === "fit" && job.input === "text")
    throw new Cannot("the job's own layers take time before batch, fit's samples are rows");
  if (form === "fit" || layers) return throughFit(nabla, job, model, samples, reset);
  return byHand(nabla, job, model, samples, reset, form === "capture");
}

/** A network that PyTorch wrote. */
function trainingOfNetwork(nabla, { job, data, form }) {
  const bytes = readFileSync(`${data.networks}/${job.network}.safetensors`);
  const model = networkOf(nabla, job, bytes);
  const { shape, values, labels } = picturesOf(job);
  const samples = { x: nabla.keep(nabla.tensor(values).reshape(shape)), y: nabla.keep(nabla.tensor(labels, "int32")) };
  const reset = () => fill(nabla, model, bytes);
  if (form === "fit") return throughFit(nabla, job, model, samples, reset);
  return byHand(nabla, job, model, samples, reset, form === "capture");
}

function byHand(nabla, job, model, samples, reset, captured) {
  const { backward, keep, oneHot, scope, slice } = nabla;
  const lossOf = {
    quadratic: nabla.quadraticCost,
    meanSquaredError: nabla.meanSquaredError,
    softmax: nabla.softmaxCrossEntropy,
  }[job.loss];
  const text = job.input === "text";
  const size = text ? 1 : job.batch;
  const targets = job.loss === "softmax" ? samples.y : oneHot(samples.y, 10);
  const batches = Array.from({ length: samples.x.shape[0] / size }, (_, i) => {
    const [x, y] = [samples.x, targets].map((all) => slice(all, i * size, (i + 1) * size));
    return text ? { x: x.reshape(x.shape.slice(1)), y: y.reshape([-1]) } : { x, y };
  });
  keep(batches);
  let optimizer;
  let position = 0;
  const learn = (x, y) => {
    const loss = lossOf(model.call(x, { training: true }), y);
    model.block.clearGradients();
    backward(loss);
    optimizer.step(model.block);
    return loss;
  };
  let run = learn;
  const step = () => {
    const { x, y } = batches[position % batches.length];
    position += 1;
    return run(x, y);
  };
  return {
    start() {
      reset();
      optimizer = makeOptimizer(nabla, job);
      if (captured) run = nabla.capture(learn);
      position = 0;
    },
    advance(count) {
      // Nothing leaves the scope: what would leave it waits for the garbage collector.
      for (let i = 1; i < count; i++) {
        scope(() => {
          step();
        });
      }
      return scope(() => step().item());
    },
  };
}

function throughFit(nabla, job, model, samples, reset) {
  // The model ends in logits here, as all sides do; a loss of our own says that softmax is in it.
  const losses = {
    quadratic: "quadratic",
    meanSquaredError: "meanSquaredError",
    softmax: { name: "softmax", targets: "classes", compute: nabla.softmaxCrossEntropy, repeatable: true },
  };
  const options = { loss: nabla.lossFor(losses[job.loss]), batchSize: job.batch, seed: 1 };
  let trainer;
  return {
    /** Checked in the order of the data, as the others go; timed with the shuffling that `fit` does. */
    start(purpose) {
      reset();
      const optimizer = makeOptimizer(nabla, job);
      trainer = new nabla.Trainer(model, samples, { ...options, optimizer, shuffle: purpose !== "check" });
    },
    async advance(count) {
      let left = count;
      let last;
      const remember = (info) => {
        last = info.loss;
        left -= 1;
      };
      while (left > 0) await trainer.finishEpoch(remember, () => left === 0);
      return last;
    },
  };
}

/** As a user asks for outputs: a model called in a scope, without recording; in form "capture" its kernels alone. */
function inference(nabla, { job, data, form }) {
  if (form === "fit") throw new Cannot("inference is no training");
  const model =
    job.from === "onnx"
      ? imported(nabla, job, data)
      : networkOf(nabla, job, readFileSync(`${data.networks}/${job.network}.safetensors`));
  const { shape, values } = inputOf(job);
  const x = nabla.keep(nabla.tensor(values).reshape(shape));
  const call = (input) => model.call(input);
  const ask = form === "capture" ? nabla.capture(call) : call;
  const outputs = () => nabla.scope(() => nabla.noGrad(() => ask(x).dataSync()));
  return {
    advance(count) {
      let y;
      for (let i = 0; i < count; i++) y = outputs();
      return [...y.slice(0, 10)];
    },
  };
}

const imported = ({ importOnnx }, job, data) => importOnnx(readFileSync(`${data.networks}/${job.network}.onnx`));

/** From the file to the first answer, each time anew. */
function loading(nabla, { job, data }) {
  const { shape, values } = inputOf(job);
  const x = nabla.keep(nabla.tensor(values).reshape(shape));
  return {
    advance(count) {
      let y;
      for (let i = 0; i < count; i++) {
        const model = imported(nabla, job, data);
        y = nabla.scope(() => nabla.noGrad(() => model.call(x).dataSync()));
      }
      return [...y.slice(0, 10)];
    },
  };
}

function product(nabla, { job }) {
  const [a, b] = [7919, 104729].map((factor) =>
    nabla.tensor(ramp(job.size ** 2, factor)).reshape([job.size, job.size]),
  );
  return repeated(nabla, () => nabla.matmul(a, b));
}

function bandwidth(nabla, { job }) {
  const [x, y] = [7919, 104729].map((factor) => nabla.tensor(ramp(job.length, factor)));
  const square = x.reshape([2048, -1]);
  const operations = {
    copy: () => nabla.clone(x),
    add: () => nabla.add(x, y),
    scale: () => nabla.mul(x, 2),
    relu: () => nabla.relu(x),
    sum: () => nabla.sum(x),
    sumRows: () => nabla.sum(square, 1),
    sumColumns: () => nabla.sum(square, 0),
  };
  return repeated(nabla, operations[job.operation]);
}

function repeated({ scope }, operation) {
  return {
    advance(count) {
      for (let i = 1; i < count; i++) {
        scope(() => {
          operation();
        });
      }
      return scope(() => {
        const flat = operation().reshape([-1]);
        return [flat.slice(0, 1).item(), flat.slice(-1).item()];
      });
    },
  };
}

/** Operations between two ends of a scope: about as many as a training step has. */
const OPERATIONS = 100;

function overhead(nabla, { job }) {
  const x = nabla.ones([1]);
  const y = nabla.ones([1]);
  if (job.recorded) x.requireGradient();
  return {
    advance(count) {
      let value;
      for (let left = count; left > 0; left -= OPERATIONS) {
        nabla.scope(() => {
          let z;
          for (let i = Math.min(left, OPERATIONS); i > 0; i--) z = nabla.add(x, y);
          value = z.item();
        });
      }
      return value;
    },
  };
}

const KINDS = { training, inference, loading, product, bandwidth, overhead };

async function startup(request) {
  const start = performance.now();
  const nabla = await importNabla(request);
  const job = request.job.model;
  const model = makeModel(nabla, job);
  const optimizer = makeOptimizer(nabla, job);
  nabla.scope(() => {
    const outputs = model.call(nabla.zeros([job.batch, 784]), { training: true });
    nabla.backward(nabla.quadraticCost(outputs, nabla.zeros([job.batch, 10])));
    optimizer.step(model.block);
  });
  return { milliseconds: performance.now() - start, version: describe(nabla.engineStatus()) };
}

await serve(async (request) => {
  if (request.job.kind === "startup") return startup(request);
  let nabla = await importNabla(request);
  if (request.job.from === "onnx") {
    nabla = { ...nabla, ...(await import(new URL("onnx-node.js", pathToFileURL(request.nabla)).href)) };
  }
  await workersUp(nabla, request.threads);
  const work = KINDS[request.job.kind](nabla, request);
  return { start() {}, ...work, version: describe(nabla.engineStatus()) };
});
