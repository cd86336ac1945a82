// Models of TensorFlow.js with random weights: model.json, its weights, an input and the output of each; and the same weights in HDF5, laid out as Keras 3 and
// Keras 2 have them (keras/src/saving/saving_lib.py, legacy_h5_format.py), since there is no Keras here to write them.
//
//   npm install --no-save --ignore-scripts @tensorflow/tfjs@4.22.0 h5wasm@0.10.3   in a folder of its own, then: node tfjs-models.mjs > tfjs-models.json
import * as tf from "@tensorflow/tfjs";
import * as h5wasm from "h5wasm";

await tf.setBackend("cpu");
const { FS } = await h5wasm.ready;
const { layers } = tf;
const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const numbers = (x) => ({ shape: x.shape, data: [...x.dataSync()].map((value) => Number(value.toPrecision(8))) });

const models = {
  dense: [layers.dense({ units: 4, activation: "tanh", inputShape: [3] }), layers.dense({ units: 2, useBias: false })],
  pictures: [
    layers.conv2d({ filters: 3, kernelSize: [3, 2], inputShape: [6, 5, 2] }),
    layers.batchNormalization(),
    layers.activation({ activation: "relu" }),
    layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2 }),
    layers.flatten(),
    layers.batchNormalization(),
    layers.dense({ units: 2 }),
  ],
  separable: [
    layers.separableConv2d({ filters: 3, kernelSize: 2, inputShape: [4, 4, 2] }),
    layers.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2 }),
  ],
  slopes: [layers.conv2d({ filters: 3, kernelSize: 1, inputShape: [3, 4, 2] }), layers.prelu({ sharedAxes: [1, 2] })],
  series: [
    layers.conv1d({ filters: 3, kernelSize: 2, inputShape: [5, 2] }),
    layers.layerNormalization({ epsilon: 1e-5 }),
  ],
  lstm: [
    layers.embedding({ inputDim: 5, outputDim: 3, inputLength: 4 }),
    layers.lstm({ units: 2, returnSequences: true, recurrentActivation: "sigmoid" }),
  ],
  gru: [
    layers.gru({
      units: 3,
      returnSequences: true,
      resetAfter: false,
      recurrentActivation: "sigmoid",
      inputShape: [4, 2],
    }),
  ],
  "both directions": [
    layers.bidirectional({
      layer: layers.lstm({ units: 2, returnSequences: true, recurrentActivation: "sigmoid" }),
      mergeMode: "concat",
      inputShape: [4, 3],
    }),
  ],
};

/** Class names as Keras' saving_lib writes them. */
const snake = (name) =>
  name
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .replace("PReLU", "p_re_lu")
    .replace("LSTM", "lstm")
    .replace("GRU", "gru")
    .toLowerCase();

function hdf5(name, write) {
  const path = `${name}.h5`;
  const file = new h5wasm.File(path, "w");
  write(file);
  file.close();
  return base64(FS.readFile(path));
}

function group(parent, path) {
  let at = parent;
  for (const part of path) {
    if (!at.keys().includes(part)) at.create_group(part);
    at = at.get(part);
  }
  return at;
}

function put(parent, name, x) {
  parent.create_dataset({ name, data: Float32Array.from(x.dataSync()), shape: x.shape, dtype: "<f" });
}

/** layers/CLASS_NUMBER/vars/0: numbered variables in the order in which a layer has them; a recurrent one has them in its cell. */
function keras3(model) {
  return hdf5("three", (file) => {
    const used = new Map();
    for (const layer of model.layers) {
      const kind = snake(layer.getClassName());
      const count = used.get(kind) ?? 0;
      used.set(kind, count + 1);
      const path = ["layers", count === 0 ? kind : `${kind}_${count}`];
      if (kind === "bidirectional") {
        for (const [direction, inner] of [
          ["forward_layer", layer.forwardLayer],
          ["backward_layer", layer.backwardLayer],
        ]) {
          const vars = group(file, [...path, direction, "cell", "vars"]);
          for (const [i, x] of inner.getWeights().entries()) put(vars, String(i), x);
        }
        continue;
      }
      const cell = kind === "lstm" || kind === "gru" ? ["cell"] : [];
      const vars = group(file, [...path, ...cell, "vars"]);
      for (const [i, x] of layer.getWeights().entries()) put(vars, String(i), x);
    }
    group(file, ["optimizer", "vars"]).create_dataset({ name: "0", data: BigInt64Array.of(2n ** 40n), shape: [1] });
  });
}

/** layer/layer/kernel:0, with the attribute layer_names. */
function keras2(model) {
  return hdf5("two", (file) => {
    const names = model.layers.filter((layer) => layer.getWeights().length > 0).map((layer) => layer.name);
    file.create_attribute("layer_names", names);
    file.create_attribute("keras_version", "2.4.0");
    for (const layer of model.layers) {
      layer.weights.forEach((weight, i) => {
        const path = weight.originalName.split("/");
        path[0] = path[0].replace(/_[A-Z][A-Za-z0-9]*$/, "");
        put(group(file, [layer.name, ...path.slice(0, -1)]), `${path.at(-1)}:0`, layer.getWeights()[i]);
      });
    }
  });
}

const cases = {};
for (const [name, parts] of Object.entries(models)) {
  const model = tf.sequential({ layers: parts });
  let seed = 0;
  for (const layer of model.layers) {
    layer.setWeights(
      layer.weights.map((weight) => {
        const x = tf.randomNormal(weight.shape, 0, 0.4, "float32", ++seed);
        return weight.originalName.endsWith("moving_variance") ? x.abs().add(0.5) : x;
      }),
    );
  }
  const shape = [2, ...model.inputs[0].shape.slice(1)];
  const x =
    name === "lstm"
      ? tf.tensor2d([
          [0, 4, 2, 1],
          [3, 3, 1, 0],
        ])
      : tf.randomNormal(shape, 0, 1, "float32", 99);
  let saved;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } };
    }),
  );
  const manifest = {
    format: "layers-model",
    generatedBy: "TensorFlow.js tfjs-layers v4.22.0",
    convertedBy: null,
    modelTopology: saved.modelTopology,
    weightsManifest: [{ paths: ["./model.weights.bin"], weights: saved.weightSpecs }],
  };
  cases[name] = {
    json: JSON.stringify(manifest),
    weights: base64(tf.io.CompositeArrayBuffer ? tf.io.CompositeArrayBuffer.join(saved.weightData) : saved.weightData),
    keras3: keras3(model),
    keras2: keras2(model),
    x: numbers(x),
    y: numbers(model.predict(x)),
  };
}
console.log(JSON.stringify({ source: `TensorFlow.js ${tf.version.tfjs}, h5wasm 0.10.3`, cases }, null, 1));
