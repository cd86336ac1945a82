// Nabla's side in Node.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { readData } from "../lib/data.mjs";
import { inputOf, picturesOf } from "../lib/inference.mjs";
import { ramp } from "../lib/ramp.mjs";
import { byHand, makeModel, makeOptimizer, product, repeated, throughFit, training } from "./nabla-work.mjs";
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

/** A step is one move in every game. */
function search({ connectFour, PolicyValueNetwork, searchPlayer }, { job }) {
  const game = connectFour({ rows: 6, columns: 6 });
  let positions = [game.start()];
  for (let i = 0; i < job.opening; i++) {
    positions = positions.flatMap((position) => game.legalMoves(position).map((move) => game.play(position, move)));
  }
  const network = new PolicyValueNetwork(game, { seed: 1 });
  const player = searchPlayer(network, { simulations: job.simulations });
  return {
    compared: false,
    advance(count) {
      for (let i = 0; i < count; i++) {
        const before = network.evaluations;
        player(positions);
        const asked = network.evaluations - before;
        if (asked !== job.evaluations) throw new Error(`asked the network ${asked} times, not ${job.evaluations}`);
      }
    },
  };
}

const KINDS = {
  training: (nabla, request) =>
    request.job.network === undefined
      ? training(nabla, request.job, request.form, readData(request.data))
      : trainingOfNetwork(nabla, request),
  inference,
  loading,
  product: (nabla, { job }) => product(nabla, job),
  bandwidth,
  search,
  overhead,
};

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
  if (request.job.kind === "search") {
    nabla = { ...nabla, ...(await import(new URL("play-node.js", pathToFileURL(request.nabla)).href)) };
  }
  await workersUp(nabla, request.threads);
  const work = KINDS[request.job.kind](nabla, request);
  return { start() {}, ...work, version: describe(nabla.engineStatus()) };
});
