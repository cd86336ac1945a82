// Architectures of Keras and TensorFlow.js: the JSON of layers, with settings, calls and shapes that change type, go missing or grow. The weights are whole.
import { readFileSync } from "node:fs";
import { keep, kerasModel, readKeras, readTfjs, scope, zeros } from "../../../dist/node.js";
import { damageBytes, damageJson } from "../mutate.mjs";

const NAME = "model.json";
/** Elements of any layer's outputs in a model that is tried: what a network that can be would take is no reader's fault. */
const MOST_ELEMENTS = 100_000;
/** For axes that are open. */
const OPEN = 5;
const oracle = (name) => JSON.parse(readFileSync(new URL(`../../oracle/${name}.json`, import.meta.url), "utf8"));
const bytesOf = (base64) => new Uint8Array(Buffer.from(base64, "base64"));

const h5wasm = await import("h5wasm");
/** Each with its architecture as text, and what makes a file of such a text. */
const files = [];
for (const { keras } of Object.values(oracle("keras-models").cases)) {
  const { tensors, metadata } = await readKeras(bytesOf(keras), h5wasm);
  for (const x of Object.values(tensors)) keep(x);
  files.push({ text: metadata.config, fileOf: (config) => ({ tensors, metadata: { ...metadata, config } }) });
}
for (const { json, weights } of Object.values(oracle("tfjs-models").cases))
  files.push({ text: json, fileOf: (text) => readTfjs(text, [bytesOf(weights)], NAME) });

let chosen;

/** What the model makes of nothing but zeros, where its inputs are not too large. Its own errors are told as the file's. */
function tried(model) {
  const size = (shape) => shape.reduce((a, b) => a * (b ?? OPEN), 1);
  const shapes = [...model.inputs, ...model.summaryRows().map(({ outputShape }) => ({ shape: outputShape }))];
  if (shapes.some(({ shape }) => size(shape) > MOST_ELEMENTS)) return undefined;
  let outputs;
  try {
    outputs = model.callAll(
      model.inputs.map(({ shape, dtype }) => zeros([1, ...shape.map((length) => length ?? OPEN)], dtype)),
    );
  } catch (error) {
    throw new Error(`${NAME}: ${error.message}`, { cause: error });
  }
  const wrong = Object.values(outputs).find((y) => y.dataSync().length !== size(y.shape));
  return wrong && `an output of shape ${wrong.shape} has ${wrong.dataSync().length} elements`;
}

export const kerasArchitecture = {
  named: NAME,
  make(random) {
    chosen = random.pick(files);
    return new TextEncoder().encode(chosen.text);
  },
  damage(bytes, random) {
    if (random.chance(0.1)) return damageBytes(bytes, random);
    let value = JSON.parse(new TextDecoder().decode(bytes));
    for (let times = random.between(1, 3); times > 0; times--) value = damageJson(value, random);
    // A class may be called NaN, and an error that tells its name is none of the language's.
    return new TextEncoder().encode(JSON.stringify(value).replaceAll('"NaN"', '"none"'));
  },
  // Parameters of a model that is given up are left to the garbage collector.
  read: (bytes) =>
    scope(() => {
      const text = new TextDecoder().decode(bytes);
      return tried(kerasModel(chosen.fileOf(text), { name: NAME }).model);
    }),
};
