// Nabla's work, on whatever engine it has, on the public API of the built package. `form` "loop" is a training loop written by hand; "capture" the same with its
// step captured; "fit" is what `fit` does: the trainer, which also shuffles, gathers its batches, and counts loss and accuracy at every step. "layers" is
// `fit` with the library's own layers in place of those that the jobs bring.
import { ramp } from "../lib/ramp.mjs";
import { layersOn } from "./layers.mjs";
import { Cannot } from "./refusals.mjs";

export function makeModel(nabla, job, form) {
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
    lstm: (layer) => new own.Recurrent(layer),
    gru: (layer) => new own.Recurrent(layer),
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

export function makeOptimizer(nabla, { optimizer, learningRate }) {
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

/** `array` gives the job's arrays by name. */
export function training(nabla, job, form, array) {
  const tensorOf = (name) => {
    const { shape, values } = array(name);
    return nabla.tensor(values, values instanceof Int32Array ? "int32" : "float32").reshape(shape);
  };
  const layers = form === "layers";
  const model = makeModel(nabla, job, form);
  const samples =
    job.input === "text"
      ? { x: tensorOf(`tokens.${job.id}`), y: tensorOf(`next.${job.id}`) }
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

export function byHand(nabla, job, model, samples, reset, captured) {
  const later = () => nabla.engineStatus().engine === "webgpu";
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
    async advance(count) {
      // Nothing leaves the scope: what would leave it waits for the garbage collector.
      for (let i = 1; i < count; i++) {
        scope(() => {
          step();
        });
      }
      // Asked for inside, waited for outside: what crosses an await has no scope.
      let reading;
      const value = scope(() => {
        const loss = step();
        if (!later()) return loss.item();
        reading = loss.data();
        return undefined;
      });
      return reading === undefined ? value : (await reading)[0];
    },
  };
}

export function throughFit(nabla, job, model, samples, reset) {
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
      while (left > 0) {
        // What is asked for ahead of its figures counts when it is asked for.
        let asked = 0;
        const wanted = left;
        const remember = (info) => {
          last = info.loss;
          left -= 1;
        };
        await trainer.finishEpoch(remember, () => asked++ === wanted);
      }
      return last;
    },
  };
}

export function product(nabla, job) {
  const [a, b] = [7919, 104729].map((factor) =>
    nabla.tensor(ramp(job.size ** 2, factor)).reshape([job.size, job.size]),
  );
  return repeated(nabla, () => nabla.matmul(a, b));
}

export function repeated({ engineStatus, scope }, operation) {
  return {
    async advance(count) {
      for (let i = 1; i < count; i++) {
        scope(() => {
          operation();
        });
      }
      let reading;
      const values = scope(() => {
        const flat = operation().reshape([-1]);
        const ends = [flat.slice(0, 1), flat.slice(-1)];
        if (engineStatus().engine !== "webgpu") return ends.map((end) => end.item());
        reading = ends.map((end) => end.data());
        return undefined;
      });
      return values ?? (await Promise.all(reading)).map(([value]) => value);
    },
  };
}
